"""Numbers as they are written in a picture."""

from typing import Any

import numpy as np

from animopt.core.arrays import Array

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

LARGE = 1e15
"""A number of this size has no decimals."""


def rounded(values: Any, decimals: int) -> Array:
    """Numbers (any shape) to so many decimals, without negative zeros; of one too large to have any, all of it."""
    values = np.asarray(values, dtype=np.float64)
    # Adding zero makes a negative zero a positive one.
    with np.errstate(over="ignore"):
        return np.where(np.abs(values) < LARGE, np.round(values, decimals), values) + 0.0


def format_point(xy: Array, decimals: int = 2) -> str:
    """A place (2,), to so many decimals, without those that are all zeros."""
    told = (f"{coordinate:.{decimals}f}" for coordinate in rounded(xy, decimals))
    return f"({', '.join(told)})".replace("-", "−").replace("." + "0" * decimals, "")


def format_number(value: float, decimals: int | None) -> str:
    """A number with so many decimals, or to three digits times a power of ten; what is not finite in a word."""
    if not np.isfinite(value):
        return f"{value:g}".replace("-", "−")
    if decimals is not None:
        return f"{value:.{decimals}f}".replace("-", "−")
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa.replace('-', '−')} × {format_power(int(exponent))}"


def format_power(exponent: int) -> str:
    """A power of ten."""
    return f"10{str(exponent).translate(_SUPERSCRIPTS)}"


def format_setting(value: Any) -> str:
    """A setting's value, a number of any kind to three digits."""
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(format_setting, value))})"
    return f"{value:.3g}".replace("-", "−") if isinstance(value, float) else str(value)


def format_bytes(count: int) -> str:
    """How large a file is, to three digits."""
    for unit, size in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} bytes"
