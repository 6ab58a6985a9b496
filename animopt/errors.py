"""What animopt raises: one line that names the field, the value and the remedy."""

import difflib
import unicodedata
from collections.abc import Iterable


class Error(Exception):
    """Something in a scene, or on the disk, stops the work."""

    def _render_traceback_(self) -> list[str]:
        """The one line that IPython shows in place of a traceback."""
        return [f"{type(self).__name__}: {' '.join(str(self).split())}"]


class UsageError(Error, ValueError):
    """A value that was asked for cannot be used."""


def one_line(text: str) -> str:
    """A text with a space for each character that ends a line, or only tells a terminal what to do."""
    return "".join(" " if unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} else each for each in text)


def first_line(error: BaseException) -> str:
    """What an exception says, in one line."""
    said = str(error).strip().splitlines()
    return said[0] if said else type(error).__name__


def suggestion(name: str, known: Iterable[str], otherwise: str) -> str:
    """Which of the known names may have been meant, as a question, or else something else to say."""
    folded = {each.casefold(): each for each in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=1)
    return f"did you mean {folded[close[0]]!r}?" if close else otherwise
