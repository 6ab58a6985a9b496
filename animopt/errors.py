"""What animopt raises: one line that names the field, the value and the remedy."""

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class Error(Exception):
    """Something in a scene, or on the disk, stops the work."""

    def _render_traceback_(self) -> list[str]:
        """The one line that IPython shows in place of a traceback."""
        return [f"{type(self).__name__}: {' '.join(str(self).split())}"]


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


def first_line(error: BaseException) -> str:
    """What an exception says, in one line."""
    said = str(error).strip().splitlines()
    return said[0] if said else type(error).__name__


def suggestion(name: str, known: Iterable[str], otherwise: str) -> str:
    """Which of the known names may have been meant, as a question, or else something else to say."""
    folded = {each.casefold(): each for each in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=1)
    return f"did you mean {folded[close[0]]!r}?" if close else otherwise
