"""Regression: the loss of a model with two weights on data, as a function."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from animopt.core.errors import UsageError
from animopt.engine.function import Function

EXTENT = 2.0
"""Distance from the best weights to the edge of the domain, relative to the spread of the data."""

MAX_MAGNITUDE = 1e100
"""Largest magnitude of a number in the data, whose squares must be finite."""


def line(
    inputs: Sequence[float],
    targets: Sequence[float],
    *,
    x: tuple[float, float] | None = None,
    y: tuple[float, float] | None = None,
) -> Function:
    """Build the mean squared error of the line x + y · input on data.

    The function is (1/n) Σᵢ (tᵢ − x − y uᵢ)². Its minimum is the least-squares line (Gauss 1809, Theoria motus).

    Args:
        inputs: The inputs u, (rows,), at least two of them different.
        targets: The targets t, (rows,).
        x: The two ends of the domain of the intercept. Default: around the minimum.
        y: The two ends of the domain of the slope. Default: around the minimum.

    Returns:
        The function, with its data and its predictions.

    Raises:
        UsageError: Data that are not numbers, or that do not determine a line.

    Examples:
        >>> from animopt.regression import line
        >>> line([0, 1, 2], [1, 3, 5])((1, 2))
        0.0
    """
    given, wanted = (column.numpy() for column in Function(_mean_squared_error, data=(inputs, targets)).data)
    for name, column in (("inputs", given), ("targets", wanted)):
        if column.ndim != 1:
            raise UsageError(f"{name}: have {column.ndim} dimensions; give one number for each row")
        if np.abs(column).max() > MAX_MAGNITUDE:
            raise UsageError(f"{name}: reach {np.abs(column).max():g}; give numbers of at most {MAX_MAGNITUDE:g}")
    # The standard deviation of inputs that hardly differ may be 0, too.
    if np.ptp(given) == 0 or given.std() == 0:
        raise UsageError(f"inputs: are all {given[0]:g}; give at least two different ones")
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


def _line(x: Tensor, inputs: Tensor) -> Tensor:
    return x[0] + x[1] * inputs


def _mean_squared_error(x: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
    return ((_line(x, inputs) - targets) ** 2).mean()
