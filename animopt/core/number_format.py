"""Numbers as text."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


@np.errstate(over="ignore")
def rounded(values: ArrayLike, decimals: int) -> NDArray[np.float64]:
    """Round numbers of any shape to a number of decimals, without negative zeros."""
    values = np.asarray(values, dtype=np.float64)
    # Numbers from 1e15 on have no decimals. Adding zero turns a negative zero into a positive one.
    return np.where(np.abs(values) < 1e15, np.round(values, decimals), values) + 0.0


def format_point(xy: ArrayLike, decimals: int = 2) -> str:
    """Write a point (2,) with a number of decimals, or with none if all are zeros."""
    coordinates = (f"{coordinate:.{decimals}f}" for coordinate in rounded(xy, decimals))
    return f"({', '.join(coordinates)})".replace("-", "−").replace("." + "0" * decimals, "")


def format_number(value: float, decimals: int | None) -> str:
    """Write a number with a number of decimals, or if that is None, as three digits times a power of ten."""
    if decimals is None and np.isfinite(value):
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{mantissa.replace('-', '−')} × {format_power(int(exponent))}"
    return f"{value:.{decimals or 0}f}".replace("-", "−")


def format_power(exponent: int) -> str:
    """Write a power of ten with its exponent in superscript."""
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def format_setting(value: object) -> str:
    """Write the value of a setting, its numbers with three digits."""
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(format_setting, value))})"
    return f"{value:.3g}".replace("-", "−") if isinstance(value, float) else str(value)


def format_bytes(count: int) -> str:
    """Write the size of a file with three digits and a unit."""
    units = {"TB": 10**12, "GB": 10**9, "MB": 10**6, "kB": 10**3}
    return next((f"{count / size:.3g} {unit}" for unit, size in units.items() if count >= size), f"{count} bytes")
