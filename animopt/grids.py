"""Evenly spaced values of a setting."""

from animopt.checks import number, whole
from animopt.errors import UsageError, shown

MOST = 10_000
"""As many values as there can be: each of them is a race."""


def logspace(low: float, high: float, count: int) -> tuple[float, ...]:
    """Numbers from `low` to `high`, evenly spaced in their logarithm and rounded to six digits, (count,).

    Raises UsageError where the ends are not positive and in order, or `count` is less than two or more than 10,000.
    """
    try:
        low = number("low", low, "", above=0)
        high = number("high", high, "", above=low)
        count = whole("count", count, 2, MOST)
    except UsageError:
        said = f"logspace({shown(low)}, {shown(high)}, {shown(count)})"
        raise UsageError(
            f"{said}: give two positive numbers in order and a count of at most {MOST}, as logspace(0.001, 0.1, 3)"
        ) from None
    parts = [step / (count - 1) for step in range(count)]
    return tuple(float(f"{low ** (1 - part) * high**part:.6g}") for part in parts)
