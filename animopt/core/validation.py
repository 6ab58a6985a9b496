"""Checks of values from the user. Each names the field, the value and the remedy, and returns a built-in type."""

from collections.abc import Collection, Mapping, Set
from itertools import islice
from math import inf, isfinite
from numbers import Integral, Real
from typing import Any

from animopt.core.errors import UsageError, short_repr
from animopt.core.terminal_text import CONTROLS

MAX_COUNT = 10**9
"""Maximum of any count. More than this is beyond any machine's time and memory."""


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
        limits = f"at least {minimum}" + ("" if maximum == inf else f" and at most {maximum}")
        raise UsageError(f"{field} {short_repr(value)}: give a whole number of {limits}")
    return int(value)


def check_pair(field: str, value: object) -> tuple[float, float]:
    """Return two finite numbers."""
    given = [_number(each) for each in _items(value, 3) or ()]
    numbers = [float(each) for each in given if each is not None]
    if len(given) != 2 or len(numbers) != 2:
        raise UsageError(f"{field} {short_repr(value)}: give two numbers, as (-7, 2)")
    if not all(map(isfinite, numbers)):
        raise UsageError(f"{field} {short_repr(value)}: give two finite numbers, as (-7, 2)")
    return numbers[0], numbers[1]


def check_list(field: str, value: object, remedy: str) -> list[Any]:
    """Return the items of a list, or of another iterable that has an order."""
    items = _items(value)
    if items is None:
        raise UsageError(f"{field}{short_repr(value)}: {remedy}")
    return items


def check_bool(field: str, value: object) -> bool:
    """Return True or False."""
    if not isinstance(value, bool):
        raise UsageError(f"{field} {short_repr(value)}: give True or False")
    return value


def check_choice(field: str, value: object, choices: Collection[str]) -> str:
    """Return a name that is one of `choices`."""
    if not isinstance(value, str) or value not in choices:
        raise UsageError(f"{field} {short_repr(value)}: unknown; use {', '.join(choices)}")
    return value


def check_text(field: str, value: object, example: str, *, lines: bool = False) -> str:
    """Return a text without control characters, in one line unless `lines` allows several."""
    if not isinstance(value, str):
        raise UsageError(f"{field} {short_repr(value)}: give a text, as {example}")
    wrong = next((each for each in CONTROLS.findall(value) if not (lines and each == "\n")), "")
    if wrong:
        raise UsageError(f"{field} {short_repr(value)}: leave out the control character {short_repr(wrong)}")
    return value


def check_texts(field: str, value: object, example: str) -> str | Mapping[str, str]:
    """Return a text, or a mapping of texts by language. Each text may have several lines."""
    if not isinstance(value, Mapping):
        return check_text(field, value, example, lines=True)
    for language, each in value.items():
        check_text(f"{field}'s language", language, "'en'")
        check_text(f"{field} in {short_repr(language)}", each, example, lines=True)
    return value


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


def _items(value: Any, count: int | None = None) -> list[Any] | None:
    """Return the items of an iterable that has an order, at most `count` of them, or None for anything else."""
    try:
        return None if isinstance(value, (str, bytes, Mapping, Set)) else list(islice(iter(value), count))
    except Exception:
        return None
