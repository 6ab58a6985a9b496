"""Classification: the loss of a linear model with two weights on labeled points, as a function."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from animopt.core.arrays import Array
from animopt.core.errors import UsageError
from animopt.engine.function import Function

REACH = 8.0
"""Largest coordinate of the default domain, in multiples of 1 divided by the largest margin."""

BEHIND = 0.15
"""Part of the default domain on the other side of the origin, relative to the part on its own side."""

TOLERANCE = 1e-12
"""Maximum rounding error of a distance, relative to the largest one."""


def logistic(
    points: Sequence[Sequence[float]],
    labels: Sequence[float],
    *,
    x: tuple[float, float] | None = None,
    y: tuple[float, float] | None = None,
) -> Function:
    """Build the logistic loss of the linear classifier x u + y v on points (u, v) with labels −1 and 1.

    The function is (1/n) Σᵢ log(1 + exp(−tᵢ (x uᵢ + y vᵢ))). It is above 0 everywhere, and tends to 0 along each
    direction that separates the labels. Its `direction` is the one with the largest margin.

    Source: Soudry et al. 2018, The implicit bias of gradient descent on separable data.

    Args:
        points: The points, (rows, 2), which a line through the origin separates by their labels.
        labels: The labels, (rows,), each −1 or 1.
        x: The two ends of the domain of the first weight. Default: towards the direction with the largest margin.
        y: The two ends of the domain of the second weight. Default: likewise.

    Returns:
        The function, with its data, the scores of the model, and the direction with the largest margin.

    Raises:
        UsageError: Data that are not points with labels, or that no line through the origin separates.

    Examples:
        >>> from animopt.classification import logistic
        >>> logistic([(3, 4), (-6, -8)], [1, -1]).direction
        (0.6, 0.8)
    """
    function = Function(_logistic_loss, data=(points, labels))
    if [each.ndim for each in function.data] != [2, 1] or function.data[0].shape[1] != 2:
        raise UsageError("points: give pairs of numbers, and one label for each, as [(1, 0), (0, -1)] and [1, -1]")
    # With the scores, the labels are checked.
    function = function.replace(predict=_scores)
    given, signs = (column.numpy() for column in function.data)
    found = largest_margin(signs[:, None] * given)
    if found is None:
        raise UsageError("labels: no line through the origin separates them; move points, or change labels")
    direction, margin = found
    if x is None or y is None:
        reach = REACH / margin * np.sign(direction.round(9))
        sides = [sorted((-BEHIND * end, end)) if end else [-REACH / margin, REACH / margin] for end in reach]
        x, y = x or tuple(sides[0]), y or tuple(sides[1])
    return Function(
        _logistic_loss,
        x=x,
        y=y,
        formula=r"\Sigma_i\,\log\left(1 + e^{-t_i (x\,u_i + y\,v_i)}\right)/n",
        name="a classifier's logistic loss",
        source="Soudry et al. 2018, The implicit bias of gradient descent on separable data",
        data=(points, labels),
        predict=_scores,
        direction=tuple(direction.tolist()),
    )


def largest_margin(points: Array) -> tuple[Array, float] | None:
    """Return the direction (2,) whose smallest product with points (rows, 2) is largest, and this product.

    It is None if no direction has a positive product with all points. The problem is solved for a few points, to which
    the point with the smallest product is added until it is one of them. In two dimensions the solution is the
    direction of a point, or one with equal products with two points.
    """
    allowed = TOLERANCE * float(np.linalg.norm(points, axis=1).max())
    chosen = [int(np.linalg.norm(points, axis=1).argmin())]
    while True:
        few = points[chosen]
        differences = (few[:, None] - few[None, :]).reshape(-1, 2)
        directions = np.vstack([few, differences[:, ::-1] * [-1, 1]])
        lengths = np.linalg.norm(directions, axis=1)
        directions = directions[lengths > allowed] / lengths[lengths > allowed, None]
        if not len(directions):
            return None
        products = (directions @ few.T).min(axis=1)
        direction, margin = directions[products.argmax()], float(products.max())
        if margin <= allowed:
            return None
        worst = int((points @ direction).argmin())
        if worst in chosen or points[worst] @ direction >= margin - allowed:
            return direction, margin
        chosen.append(worst)


def _scores(x: Tensor, points: Tensor) -> Tensor:
    return x[0] * points[:, 0] + x[1] * points[:, 1]


def _logistic_loss(x: Tensor, points: Tensor, labels: Tensor) -> Tensor:
    return torch.nn.functional.softplus(-labels * _scores(x, points)).mean()
