"""The exceptions that animopt raises, checks of values from the user, and text that cannot control the terminal.

Each message is one line that names the field, the value and the remedy. Each check returns a built-in type.
"""

import builtins
import difflib
import json
import re
import reprlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice
from math import inf, isfinite
from numbers import Integral, Real
from pathlib import Path
from traceback import walk_tb
from typing import Any

PACKAGE = Path(__file__).parent.parent
"""The folder of animopt's own code."""

MAX_VALUE_LENGTH = 80
"""Maximum number of characters of a value in a message."""

MAX_QUOTE_LENGTH = 200
"""Maximum number of characters of another library's message in a message of animopt."""

MAX_COUNT = 10**9
"""Maximum of any count. More than this is beyond any machine's time and memory."""

BYTE_ORDER_MARK = "\ufeff"
"""The mark with which some editors begin a text."""

MAX_ITEMS = 1000
"""Maximum number of items of a list, such as racers, panels or minima."""

CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
"""Control characters, line and paragraph separators, bidirectional controls, and codes that are no characters.

XML, and thus an SVG or a .pptx, cannot contain the last ones.
"""


class Error(Exception):
    """An error in a scene or on the disk. The message is one line without control characters."""

    def __str__(self) -> str:
        return escape_controls(super().__str__())

    def _render_traceback_(self) -> list[str]:
        """Return the line that IPython shows instead of a traceback."""
        return [f"{type(self).__name__}: {escape_controls(' '.join(str(self).split()))}"]


class UsageError(Error, ValueError):
    """A value that the user gave cannot be used."""


class MissingExtraError(Error):
    """A package of one of animopt's extras is not installed."""

    def __init__(self, message: str, extra: str = "") -> None:
        super().__init__(message)
        self.extra = extra


@contextmanager
def required_extra(extra: str, place: str, package: str) -> Iterator[None]:
    """Turn an ImportError of the context into an error that says how to install the package of an extra."""
    try:
        yield
    except ImportError as error:
        message = f"{place}: needs {package}; install it with {install_command(extra)}"
        raise MissingExtraError(message, extra) from error


def install_command(extra: str) -> str:
    """Return the command that installs an extra, in any folder."""
    return f'pip install "animopt[{extra}]"'


class Failures(list[Error]):
    """The errors of several tasks, of which a failed one does not stop the others."""

    @contextmanager
    def collect(self) -> Iterator[None]:
        """Append the Error that ends this context instead of raising it."""
        try:
            yield
        except Error as error:
            self.append(error)

    def message(self) -> str:
        """Return the distinct messages in one line, or "" if nothing failed."""
        return "; ".join(dict.fromkeys(map(str, self)))

    def raise_if_any(self) -> None:
        """Raise the only error, or one error with the messages of all."""
        if len(self) == 1:
            raise self[0]
        if self:
            kind = UsageError if all(isinstance(error, UsageError) for error in self) else Error
            raise kind(self.message())


class _ShortRepr(reprlib.Repr):
    """Short representations, also of values whose own representation is long or raises."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxdict = 3, 4
        self.maxstring = self.maxother = MAX_VALUE_LENGTH - 8

    def repr_int(self, x: int, level: int) -> str:
        # Python refuses to convert an int of thousands of digits.
        return converted(partial(super().repr_int, level=level), x, f"<an int of {x.bit_length()} bits>")

    def repr_instance(self, x: Any, level: int) -> str:
        text = converted(builtins.repr, x, f"<{type(x).__name__}>")
        return _shorten(" ".join(text.split()), self.maxother)


def short_repr(value: object) -> str:
    """Return a value's representation in one line of at most 80 characters. Never raises."""
    return _shorten(converted(_ShortRepr().repr, value, f"<{type(value).__name__}>"), MAX_VALUE_LENGTH)


def first_line(error: BaseException) -> str:
    """Return the first line of an exception's message, shortened, or the name of its type if it has no message."""
    if isinstance(error, Error):
        return str(error)
    lines = converted(str, error, "").strip().splitlines()
    return _shorten(lines[0], MAX_QUOTE_LENGTH) if lines else type(error).__name__


def with_type(error: BaseException) -> str:
    """Return the type and the first line of an exception."""
    return f"{type(error).__name__}: {first_line(error)}"


def converted(convert: Callable[[Any], str], value: object, fallback: str) -> str:
    """Return a value as text, or the fallback if the user's `__repr__` or `__str__` raises."""
    try:
        return convert(value)
    except (Exception, SystemExit):
        return fallback


def _shorten(text: str, length: int) -> str:
    # Twice: the first time because escaping a very long text is slow, the second because escaping lengthens it.
    return _omit_middle(escape_controls(_omit_middle(text, length)), length)


def _omit_middle(text: str, length: int) -> str:
    tail = (length - 3) // 3
    return text if len(text) <= length else f"{text[: length - 3 - tail]}...{text[-tail:]}"


def must_propagate(error: BaseException) -> bool:
    """Return whether an exception from a user's code must end the program: an interrupt, or a signal.

    Any other exception, such as the SystemExit of a function that calls sys.exit, is a mistake in the user's code.
    """
    last_frame = [frame for frame, _ in walk_tb(error.__traceback__)][-1:]
    # The handler of a signal raises in animopt's own files.
    raised_here = any(PACKAGE in Path(frame.f_code.co_filename).parents for frame in last_frame)
    return not isinstance(error, Exception) and (raised_here or isinstance(error, KeyboardInterrupt))


def suggestion(name: str, known: Iterable[str], otherwise: str) -> str:
    """Return "did you mean …?" with the closest of the known names, or `otherwise` if none is close."""
    folded = {each.casefold(): each for each in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=1)
    return f"did you mean {folded[close[0]]!r}?" if close else otherwise


def check_number(
    field: str,
    value: object,
    remedy: str,
    *,
    minimum: float = -inf,
    maximum: float = inf,
    above: float = -inf,
    below: float = inf,
) -> float:
    """Return a finite number from `minimum` to `maximum` that is greater than `above` and less than `below`."""
    number = _number(value)
    if number is None or not isfinite(number) or not (minimum <= number <= maximum and above < number < below):
        raise UsageError(f"{field} {short_repr(value)}: {remedy}")
    return number


def check_integer(field: str, value: object, minimum: int = 1, maximum: float = inf) -> int:
    """Return a whole number from `minimum` to `maximum`."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < minimum or not value <= maximum:
        remedy = f"give a whole number of at least {minimum}" + ("" if maximum == inf else f" and at most {maximum}")
        raise UsageError(f"{field} {short_repr(value)}: {remedy}")
    return int(value)


def check_pair(field: str, value: object) -> tuple[float, float]:
    """Return two finite numbers."""
    given = [_number(each) for each in check_list(f"{field} ", value, "give two numbers, as (-7, 2)")]
    finite = [float(number) for number in given if number is not None and isfinite(number)]
    if len(given) == len(finite) == 2:
        return finite[0], finite[1]
    kind = "finite numbers" if len(given) == 2 and None not in given else "numbers"
    raise UsageError(f"{field} {short_repr(value)}: give two {kind}, as (-7, 2)")


def check_list(field: str, value: Any, remedy: str, maximum: int = MAX_ITEMS) -> list[Any]:
    """Return the items of a list, or of another iterable that has an order and at most `maximum` items."""
    items = None
    with suppress(Exception):
        if not isinstance(value, (str, bytes, Mapping, Set)):
            # An iterator may be endless.
            items = list(islice(value, maximum + 1))
    if items is None:
        raise UsageError(f"{field}{short_repr(value)}: {remedy}")
    if len(items) > maximum:
        raise UsageError(f"{field}{short_repr(value)}: has more than {maximum} items; {remedy}")
    return items


def check_bool(field: str, value: object) -> bool:
    """Return True or False."""
    if not isinstance(value, bool):
        raise UsageError(f"{field} {short_repr(value)}: give True or False")
    return value


def built_in_text(value: str) -> str:
    """Return a text as Python's own type. The methods of a subclass can do anything, for example raise."""
    return str.__str__(value)


def check_choice(field: str, value: object, choices: Collection[str]) -> str:
    """Return a name that is one of `choices`."""
    if not isinstance(value, str) or built_in_text(value) not in choices:
        raise UsageError(f"{field} {short_repr(value)}: unknown; use {', '.join(choices)}")
    return built_in_text(value)


def check_text(field: str, value: object, example: str, *, lines: bool = False) -> str:
    """Return a text without control characters, in one line unless `lines` allows several."""
    if not isinstance(value, str):
        raise UsageError(f"{field} {short_repr(value)}: give a text, as {example}")
    # The mark is invisible, and matplotlib cannot write it into a PDF.
    value = built_in_text(value).replace(BYTE_ORDER_MARK, "")
    if wrong := CONTROLS.search(value.replace("\n", "") if lines else value):
        raise UsageError(f"{field} {short_repr(value)}: leave out the control character {short_repr(wrong[0])}")
    return value


def check_size(field: str, value: object) -> tuple[int, int]:
    """Return the width and the height in a text such as "1280x720"."""
    found = re.fullmatch(r"(\d{1,6})x(\d{1,6})", value.lower()) if isinstance(value, str) else None
    if not found:
        raise UsageError(f"{field} {short_repr(value)}: give a width and a height, as 1280x720")
    return int(found[1]), int(found[2])


def check_texts(field: str, value: object, example: str, *, lines: bool = True) -> str | Mapping[str, str]:
    """Return a text, or a mapping of texts by language, each in one line unless `lines` allows several."""
    if not isinstance(value, Mapping):
        return check_text(field, value, example, lines=lines)
    try:
        texts = dict(value.items())
    except Exception as error:
        raise UsageError(f"{field} {short_repr(value)}: {with_type(error)}; give a dictionary of texts") from error
    return {
        check_text(f"{field}'s language", language, "'en'"): check_text(
            f"{field} in {short_repr(language)}", each, example, lines=lines
        )
        for language, each in texts.items()
    }


def _number(value: object) -> float | None:
    """Return a real number as an int or a float, infinity if it is too large for a float, None for anything else."""
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        # An array or a tensor without dimensions, such as an element of an array.
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:
        return inf
    return int(value) if isinstance(value, Integral) else number


def escape_controls(text: str, *, keep: str = "") -> str:
    r"""Escape the control characters in a text as Python does, except for those in `keep`: `\x1b`, `\n`, `\u202e`.

    Letters of all scripts and emoji, with the characters that join them, remain as they are.
    """
    return CONTROLS.sub(
        lambda found: found[0] if found[0] in keep else found[0].encode("unicode_escape").decode("ascii"), text
    )


def single_line(text: str) -> str:
    """Replace each control character in a text by a space."""
    return CONTROLS.sub(" ", text)


def escaped_json(value: object) -> str:
    """Return a value as JSON in one line without control characters."""
    return CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def encode_exactly(error: UnicodeError) -> tuple[str | bytes, int]:
    """Encode the raw bytes in a file name as they are, and a character that the stream cannot encode as `?`.

    This is an error handler for `codecs.register_error`.
    """
    assert isinstance(error, UnicodeEncodeError)
    code = ord(error.object[error.start])
    # Python decodes a byte that is not valid text to a surrogate.
    return bytes([code - 0xDC00]) if 0xDC80 <= code <= 0xDCFF else b"?", error.start + 1
