"""Numbers as text. Functions for texts that a viewer reads take the code of a language."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from animopt.core.language import ENGLISH, language

SMALLEST, LARGEST = 1e-4, 1e6
"""Smallest and largest absolute value without a power of ten."""

POINT_DECIMALS = 4
"""Maximum number of decimals of a coordinate."""

MAX_DIGITS = 6
"""Maximum number of digits of the largest number of a column, as 1.00023 or 123.456."""

MAX_SIGNIFICANT = 4
"""Maximum number of significant digits of the numbers of a column that have no common decimals."""

NOTICEABLE_LOSS = 0.01
"""Largest absolute value from which on a column of losses has common decimals."""

NOTICEABLE = 0.01, 0.005
"""Smallest difference of two numbers that a column shows, as fractions of the smaller one and of the column's range."""


@np.errstate(over="ignore")
def rounded(values: ArrayLike, decimals: int) -> NDArray[np.float64]:
    """Round numbers of any shape to a number of decimals, without negative zeros."""
    values = np.asarray(values, dtype=np.float64)
    # Numbers from 1e15 on have no decimals. Adding zero turns a negative zero into a positive one.
    return np.where(np.abs(values) < 1e15, np.round(values, decimals), values) + 0.0


def format_number(value: float, decimals: int | None = None, code: str = ENGLISH, digits: int = 2) -> str:
    """Write a number in a language.

    Args:
        value: The number.
        decimals: Number of decimals. Default: two from 1 on, two significant digits below, as "6.45" and "0.0017", and
            a power of ten for numbers below 0.0001 or from a million on, as "2.7 × 10⁻⁸".
        code: Code of the language.
        digits: Number of significant digits of a number without given decimals.
    """
    if decimals is None and np.isfinite(value) and value:
        if not SMALLEST <= abs(value) < LARGEST:
            mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
            return f"{language(code).digits(mantissa)} × {format_power(int(exponent))}"
        decimals = significant_decimals(value, digits)
    return language(code).digits(f"{float(rounded(value, decimals or 0)):,.{decimals or 0}f}")


def significant_decimals(value: float, digits: int = 2) -> int:
    """Return the number of decimals of a number that is not 0: two from 1 on, `digits` significant digits below."""
    return max(2, digits - 1 - _exponent(value, digits))


def _exponent(value: float, digits: int = 2) -> int:
    """Return the exponent of a number that is rounded to significant digits. Rounding may carry 0.996 to 1."""
    return int(f"{value:.{digits - 1}e}".partition("e")[2])


@dataclass(frozen=True)
class NumberColumn:
    """The form of the numbers of a column: with equal decimals, or without common decimals with `digits` each."""

    decimals: int | None
    digits: int = 2

    def text(self, value: float, code: str = ENGLISH, *, brief: bool = False) -> str:
        """Write a number of the column in a language. If `brief`, a power of ten has no factor."""
        decimals = None if abs(value) >= LARGEST else self.decimals
        if brief and decimals is None and value > 0 and not SMALLEST <= value < LARGEST:
            return format_power(round(float(np.log10(value))))
        return format_number(value, decimals, code, self.digits)


def number_column(values: Sequence[float], *, gaps: bool) -> NumberColumn:
    """Return the shortest form in which numbers that differ noticeably have different texts.

    `gaps` are distances from zero, of which the smallest has two significant digits if there is room.
    """
    values = [value for value in values if np.isfinite(value)]
    largest = max(map(abs, values), default=0.0)
    if not largest:
        return NumberColumn(2)
    relative, of_range = NOTICEABLE
    extent = max(values) - min(values)
    pairs = [
        (one, other)
        for one, other in combinations(values, 2)
        if abs(one - other) > min(relative * min(abs(one), abs(other)), of_range * extent)
    ]
    smallest = min((abs(value) for value in values if value), default=largest)
    most = max(0, min(MAX_DIGITS - 1, MAX_DIGITS - 1 - _exponent(largest)))
    least = 2 if largest < 100 else 0
    if gaps:
        least = max(least, 1 - _exponent(smallest))
    # Hundredths would not tell small losses from 0.
    common = gaps or largest >= NOTICEABLE_LOSS
    for decimals in range(min(least, most), most + 1) if common else ():
        column = NumberColumn(decimals)
        visible = not gaps or smallest >= 10.0**-decimals
        if visible and all(column.text(one) != column.text(other) for one, other in pairs):
            return column
    if common and not gaps:
        return NumberColumn(most)
    forms = [NumberColumn(None, digits) for digits in range(2, MAX_SIGNIFICANT + 1)]
    return next((each for each in forms if all(each.text(one) != each.text(other) for one, other in pairs)), forms[-1])


def format_column(values: Sequence[float], code: str = ENGLISH) -> list[str]:
    """Write numbers with equal precision: with the decimals of the smallest, or each with two significant digits."""
    sizes = [abs(value) for value in values if value and np.isfinite(value)]
    plain = all(SMALLEST <= size < LARGEST for size in sizes)
    decimals = significant_decimals(min(sizes)) if sizes and plain else 0 if plain else None
    return [format_number(value, decimals, code) for value in values]


def format_point(xy: ArrayLike, code: str = ENGLISH) -> str:
    """Write a point (2,), each coordinate with two decimals or two significant digits, without zeros at the end."""
    return f"({', '.join(_coordinate(float(each), code) for each in np.asarray(xy))})"


def _coordinate(value: float, code: str) -> str:
    decimals = min(POINT_DECIMALS, significant_decimals(value)) if value and np.isfinite(value) else 0
    number = f"{float(rounded(value, decimals)):,.{decimals}f}"
    return language(code).digits(number.rstrip("0").rstrip(".") if "." in number else number)


def format_power(exponent: int) -> str:
    """Write a power of ten with its exponent in superscript."""
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def format_setting(value: object, digits: int = 3) -> str:
    """Write the value of a setting as in Python, but its numbers as "0.05", "−1" and "2.5 × 10⁻⁵".

    A floating-point number has at most `digits` digits.
    """
    if isinstance(value, (tuple, list)):
        return f"({', '.join(format_setting(each, digits) for each in value)})"
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        return str(value)
    number = f"{value:.{digits}g}" if isinstance(value, (float, np.floating)) else str(value)
    mantissa, exponential, power = number.replace("-", "−").partition("e")
    if not exponential:
        return mantissa
    factor = mantissa.removesuffix("1") if mantissa in ("1", "−1") else f"{mantissa} × "
    return factor + format_power(int(power.replace("−", "-")))


def format_bytes(count: int) -> str:
    """Write the size of a file with three digits and a unit."""
    units = {"TB": 10**12, "GB": 10**9, "MB": 10**6, "kB": 10**3}
    return next((f"{count / size:.3g} {unit}" for unit, size in units.items() if count >= size), f"{count} bytes")
