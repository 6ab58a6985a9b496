"""Regression: the loss of a model of two weights on data, as a function to race on."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from animopt.core.errors import UsageError
from animopt.engine.function import Function

EXTENT = 2.0
"""How far from the best weights the domain reaches, in the units in which the data vary by 1."""

LARGEST = 1e100
"""The largest number in data."""


def line(
    inputs: Sequence[float],
    targets: Sequence[float],
    *,
    x: tuple[float, float] | None = None,
    y: tuple[float, float] | None = None,
) -> Function:
    """The mean squared error of the line x + y · input on data, with its least-squares solution as the minimum.

    `inputs` and `targets` are (rows,); `x`, the intercept's, and `y`, the slope's, are the ends of the domain, around
    the minimum unless they are given. Raises UsageError for data to which no single line fits best.
    """
    function = Function(_mean_squared_error, data=(inputs, targets), predict=_line)
    given, wanted = (column.numpy() for column in function.data)
    # Beyond it squares are no numbers any more.
    for name, column in (("inputs", given), ("targets", wanted)):
        if np.abs(column).max() > LARGEST:
            raise UsageError(f"{name}: reach {np.abs(column).max():g}; give numbers of at most {LARGEST:g}")
    # Where they hardly differ their spread may be 0 as well.
    if np.ptp(given) == 0 or given.std() == 0:
        raise UsageError(f"inputs: are all {given[0]:g}; give at least two different ones")
    # Gauss 1809: the line with the least squares.
    best = np.linalg.lstsq(np.column_stack([np.ones_like(given), given]), wanted)[0]
    spread = EXTENT * (wanted.std() or 1.0) * np.array([1.0, 1 / given.std()])
    (low_x, low_y), (high_x, high_y) = best - spread, best + spread
    return Function(
        _mean_squared_error,
        x=x or (low_x, high_x),
        y=y or (low_y, high_y),
        minima=[tuple(best)],
        formula=r"\frac{1}{n}\,\Sigma_i\,(t_i - x - y\,u_i)^2",
        name="a line's mean squared error",
        data=(inputs, targets),
        predict=_line,
    )


def _line(x: Any, inputs: Any) -> Any:
    return x[0] + x[1] * inputs


def _mean_squared_error(x: Any, inputs: Any, targets: Any) -> Any:
    return ((_line(x, inputs) - targets) ** 2).mean()
