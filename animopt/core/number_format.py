"""Numbers as text. Functions for texts that a viewer reads take the code of a language."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from animopt.core.language import ENGLISH, language

SMALLEST, LARGEST = 1e-4, 1e6
"""Smallest and largest absolute value without a power of ten."""

POINT_DECIMALS = 4
"""Maximum number of decimals of a coordinate."""


@np.errstate(over="ignore")
def rounded(values: ArrayLike, decimals: int) -> NDArray[np.float64]:
    """Round numbers of any shape to a number of decimals, without negative zeros."""
    values = np.asarray(values, dtype=np.float64)
    # Numbers from 1e15 on have no decimals. Adding zero turns a negative zero into a positive one.
    return np.where(np.abs(values) < 1e15, np.round(values, decimals), values) + 0.0


def format_number(value: float, decimals: int | None = None, code: str = ENGLISH) -> str:
    """Write a number in a language.

    Args:
        value: The number.
        decimals: Number of decimals. Default: two from 1 on, two significant digits below, as "6.45" and "0.0017", and
            a power of ten for numbers below 0.0001 or from a million on, as "2.7 × 10⁻⁸".
        code: Code of the language.
    """
    if decimals is None and np.isfinite(value) and value:
        if not SMALLEST <= abs(value) < LARGEST:
            mantissa, exponent = f"{value:.1e}".split("e")
            return f"{language(code).digits(mantissa)} × {format_power(int(exponent))}"
        decimals = significant_decimals(value)
    return language(code).digits(f"{float(rounded(value, decimals or 0)):,.{decimals or 0}f}")


def significant_decimals(value: float) -> int:
    """Return the number of decimals of a number that is not 0: two from 1 on, two significant digits below."""
    # Rounding may carry 0.996 to 1.
    return max(2, 1 - int(f"{abs(value):.1e}".partition("e")[2]))


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
