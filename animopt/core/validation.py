"""What values may be: each check names the field, the value and the remedy, and returns Python's own type."""

from collections.abc import Mapping, Set
from itertools import islice
from math import inf, isfinite
from numbers import Integral, Real
from typing import Any

from animopt.core.errors import UsageError, short_repr
from animopt.core.terminal_text import CONTROLS

MAX_COUNT = 10**9
"""More than this of anything is beyond any machine's time and memory."""


def check_number(
    field: str,
    value: Any,
    remedy: str,
    *,
    least: float = -inf,
    above: float = -inf,
    below: float = inf,
    most: float = inf,
) -> float:
    """A finite number, `least` to `most`, greater than `above`, less than `below`, or UsageError with the remedy."""
    found = _number(value)
    if found is None or not isfinite(found) or not (least <= found <= most and above < found < below):
        raise UsageError(f"{field} {short_repr(value)}: {remedy}")
    return found


def check_integer(field: str, value: Any, least: int = 1, most: int | None = None) -> int:
    """A whole number of at least `least`, at most `most`; raises UsageError, naming the field, for anything else."""
    fits = isinstance(value, Integral) and not isinstance(value, bool)
    if not fits or value < least or (most is not None and value > most):
        ends = f"at least {least}" if most is None else f"at least {least} and at most {most}"
        raise UsageError(f"{field} {short_repr(value)}: give a whole number of {ends}")
    return int(value)


def check_pair(field: str, value: Any) -> tuple[float, float]:
    """Two finite numbers; raises UsageError, naming the field, for anything else."""
    numbers = [_number(each) for each in _first(value, 3)]
    if len(numbers) != 2 or None in numbers:
        raise UsageError(f"{field} {short_repr(value)}: give two numbers, as (-7, 2)")
    first, second = (0.0 if each is None else float(each) for each in numbers)
    if not (isfinite(first) and isfinite(second)):
        raise UsageError(f"{field} {short_repr(value)}: give two finite numbers, as (-7, 2)")
    return first, second


def check_list(field: str, value: Any, remedy: str) -> list[Any]:
    """What is in a list, or in anything that has an order; raises UsageError with the remedy for anything else."""
    try:
        if isinstance(value, (str, bytes, Mapping, Set)):
            raise TypeError
        return list(value)
    except Exception:
        raise UsageError(f"{field}{short_repr(value)}: {remedy}") from None


def check_bool(field: str, value: Any) -> bool:
    """True or False; raises UsageError, naming the field, for anything else."""
    if not isinstance(value, bool):
        raise UsageError(f"{field} {short_repr(value)}: give True or False")
    return value


def check_text(field: str, value: Any, example: str, *, lines: bool = False) -> str:
    """A text without control characters, in one line unless it may have several `lines`; raises UsageError else."""
    if not isinstance(value, str):
        raise UsageError(f"{field} {short_repr(value)}: give a text, as {example}")
    wrong = next((each for each in CONTROLS.findall(value) if not (lines and each == "\n")), "")
    if wrong:
        raise UsageError(f"{field} {short_repr(value)}: leave out the control character {short_repr(wrong)}")
    return value


def check_texts(field: str, value: Any, example: str) -> Any:
    """A text, or texts by language, as `text` has them; raises UsageError for anything else."""
    if isinstance(value, Mapping):
        for language, each in value.items():
            check_text(f"{field}'s language", language, "'en'")
            check_text(f"{field} in {short_repr(language)}", each, example, lines=True)
        return value
    return check_text(field, value, example, lines=True)


def _number(value: Any) -> float | None:
    """A real number as an int or a float, infinite where it is too large for one; None for what is none, as a bool."""
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        # An array or a tensor of no dimensions, as one gets by taking an array apart.
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        found = float(value)
    except OverflowError:
        return inf
    return int(value) if isinstance(value, Integral) else found


def _first(value: Any, count: int) -> list[Any]:
    """The first few things in a value that has an order, none of any other."""
    try:
        return [] if isinstance(value, (str, bytes, Mapping, Set)) else list(islice(iter(value), count))
    except Exception:
        return []
