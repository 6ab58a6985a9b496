"""What animopt raises: one line that names the field, the value and the remedy."""

import builtins
import difflib
import reprlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from animopt.core.terminal_text import escape_controls

PACKAGE = Path(__file__).parent.parent
"""The folder of animopt's own code."""

MOST_SHOWN = 80
"""As many characters of a value are shown in a message at most."""

MOST_SAID = 200
"""As many characters of another's message are shown in one of ours at most."""


class Error(Exception):
    """Something in a scene, or on the disk, stops the work; its message is one line, without control characters."""

    def __str__(self) -> str:
        return escape_controls(super().__str__())

    def _render_traceback_(self) -> list[str]:
        """The one line that IPython shows in place of a traceback."""
        return [f"{type(self).__name__}: {escape_controls(' '.join(str(self).split()))}"]


class UsageError(Error, ValueError):
    """A value that was asked for cannot be used."""


class Failures:
    """What fails of several things, each of which is done whether or not another one fails."""

    def __init__(self) -> None:
        self.errors: list[Error] = []

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the Error that ends this context."""
        try:
            yield
        except Error as error:
            self.errors.append(error)

    def told(self) -> str:
        """What they all say, once each, in one line; "" where nothing failed."""
        return "; ".join(dict.fromkeys(map(str, self.errors)))

    def check(self) -> None:
        """Raise what was kept: the error itself, or one that tells of all."""
        if len(self.errors) == 1:
            raise self.errors[0]
        if self.errors:
            kind = UsageError if all(isinstance(error, UsageError) for error in self.errors) else Error
            raise kind(self.told())


class _Short(reprlib.Repr):
    """Short representations, also of values whose own is long or raises."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxdict = 3, 4
        self.maxstring = self.maxother = MOST_SHOWN - 8

    def repr_int(self, x: int, level: int) -> str:
        try:
            return super().repr_int(x, level)
        except ValueError:
            # Python writes no number of thousands of digits.
            return f"<an int of {x.bit_length()} bits>"

    def repr_instance(self, x: Any, level: int) -> str:
        try:
            told = " ".join(builtins.repr(x).split())
        except (Exception, SystemExit):
            return f"<{type(x).__name__}>"
        return _short(told, self.maxother)


_SHORT = _Short()


def short_repr(value: object) -> str:
    """A value as a message shows it: its representation, in one line of at most 80 characters; raises nothing."""
    try:
        told = _SHORT.repr(value)
    except (Exception, SystemExit):
        told = f"<{type(value).__name__}>"
    return _short(told, MOST_SHOWN)


def first_line(error: BaseException) -> str:
    """What an exception says, in one line that is not too long."""
    if isinstance(error, Error):
        return str(error)
    try:
        said = str(error).strip().splitlines()
    except (Exception, SystemExit):
        said = []
    return _short(said[0], MOST_SAID) if said else type(error).__name__


def must_propagate(error: BaseException) -> bool:
    """Whether an exception that came through a user's code is to end the program: an interrupt, or one of ours.

    What else is no Exception, as the SystemExit of a function that calls sys.exit, is the user's mistake.
    """
    if isinstance(error, Exception):
        return False
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    # What a signal makes us raise is raised in our own files.
    ours = trace is not None and PACKAGE in Path(trace.tb_frame.f_code.co_filename).parents
    return isinstance(error, KeyboardInterrupt) or ours


def _short(text: str, most: int) -> str:
    # First, for a text may be very long, and then because escaping makes it longer.
    return _middle_left_out(escape_controls(_middle_left_out(text, most)), most)


def _middle_left_out(text: str, most: int) -> str:
    tail = (most - 3) // 3
    return text if len(text) <= most else f"{text[: most - 3 - tail]}...{text[-tail:]}"


def suggestion(name: str, known: Iterable[str], otherwise: str) -> str:
    """Which of the known names may have been meant, as a question, or else something else to say."""
    folded = {each.casefold(): each for each in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=1)
    return f"did you mean {folded[close[0]]!r}?" if close else otherwise
