"""Evenly spaced values of a setting."""

from animopt.errors import UsageError


def logspace(low: float, high: float, count: int) -> tuple[float, ...]:
    """Numbers from `low` to `high`, evenly spaced in their logarithm and rounded to six digits, (count,).

    Raises UsageError where the ends are not positive and in order, or `count` is less than two.
    """
    numbers = all(isinstance(end, (int, float)) and not isinstance(end, bool) for end in (low, high))
    whole = isinstance(count, int) and not isinstance(count, bool)
    if not (numbers and whole and 0 < low < high < float("inf") and count >= 2):
        said = f"logspace({low!r}, {high!r}, {count!r})"
        raise UsageError(f"{said}: give two positive numbers in order and a count, as logspace(0.001, 0.1, 3)")
    parts = [step / (count - 1) for step in range(count)]
    return tuple(float(f"{low ** (1 - part) * high**part:.6g}") for part in parts)
