"""The exceptions that animopt raises. Each message is one line that names the field, the value and the remedy."""

import builtins
import difflib
import reprlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from animopt.core.terminal_text import escape_controls

PACKAGE = Path(__file__).parent.parent
"""The folder of animopt's own code."""

MAX_VALUE_LENGTH = 80
"""Maximum number of characters of a value in a message."""

MAX_QUOTE_LENGTH = 200
"""Maximum number of characters of another library's message in a message of animopt."""


class Error(Exception):
    """An error in a scene or on the disk. The message is one line without control characters."""

    def __str__(self) -> str:
        return escape_controls(super().__str__())

    def _render_traceback_(self) -> list[str]:
        """Return the line that IPython shows instead of a traceback."""
        return [f"{type(self).__name__}: {escape_controls(' '.join(str(self).split()))}"]


class UsageError(Error, ValueError):
    """A value that the user gave cannot be used."""


class Failures:
    """The errors of several tasks, of which a failed one does not stop the others."""

    def __init__(self) -> None:
        self.errors: list[Error] = []

    @contextmanager
    def collect(self) -> Iterator[None]:
        """Add the Error that ends this context to `errors` instead of raising it."""
        try:
            yield
        except Error as error:
            self.errors.append(error)

    def message(self) -> str:
        """Return the distinct messages in one line, or "" if nothing failed."""
        return "; ".join(dict.fromkeys(map(str, self.errors)))

    def raise_if_any(self) -> None:
        """Raise the only error, or one error with the messages of all."""
        if len(self.errors) == 1:
            raise self.errors[0]
        if self.errors:
            kind = UsageError if all(isinstance(error, UsageError) for error in self.errors) else Error
            raise kind(self.message())


class _ShortRepr(reprlib.Repr):
    """Short representations, also of values whose own representation is long or raises."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxdict = 3, 4
        self.maxstring = self.maxother = MAX_VALUE_LENGTH - 8

    def repr_int(self, x: int, level: int) -> str:
        try:
            return super().repr_int(x, level)
        except ValueError:
            # Python refuses to convert an int of thousands of digits.
            return f"<an int of {x.bit_length()} bits>"

    def repr_instance(self, x: Any, level: int) -> str:
        text = _convert(builtins.repr, x, f"<{type(x).__name__}>")
        return _shorten(" ".join(text.split()), self.maxother)


_SHORT_REPR = _ShortRepr()


def short_repr(value: object) -> str:
    """Return a value's representation in one line of at most 80 characters. Never raises."""
    return _shorten(_convert(_SHORT_REPR.repr, value, f"<{type(value).__name__}>"), MAX_VALUE_LENGTH)


def first_line(error: BaseException) -> str:
    """Return the first line of an exception's message, shortened, or the name of its type if it has no message."""
    if isinstance(error, Error):
        return str(error)
    lines = _convert(str, error, "").strip().splitlines()
    return _shorten(lines[0], MAX_QUOTE_LENGTH) if lines else type(error).__name__


def _convert(convert: Callable[[Any], str], value: object, fallback: str) -> str:
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
    if isinstance(error, Exception):
        return False
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    # The handler of a signal raises in animopt's own files.
    raised_here = trace is not None and PACKAGE in Path(trace.tb_frame.f_code.co_filename).parents
    return isinstance(error, KeyboardInterrupt) or raised_here


def suggestion(name: str, known: Iterable[str], otherwise: str) -> str:
    """Return "did you mean …?" with the closest of the known names, or `otherwise` if none is close."""
    folded = {each.casefold(): each for each in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=1)
    return f"did you mean {folded[close[0]]!r}?" if close else otherwise
