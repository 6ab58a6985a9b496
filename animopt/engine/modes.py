"""The modes of a race: the positions along the eigenvectors of the Hessian at a minimum."""

import numpy as np

from animopt.core.arrays import Array
from animopt.core.errors import Error, UsageError
from animopt.core.number_format import format_number, format_point
from animopt.engine.function import Function
from animopt.engine.hessian import FLAT, hessian_at_minimum


def modes(function: Function, points: Array, drawn: str) -> Array:
    """Return the modes of racers at points (racers, steps + 1, 2), as (racers, steps + 1, 2, 2).

    The first row of each has the steepest eigenvector, the one with the largest eigenvalue. The columns are the
    coordinate along the eigenvector, measured from the minimum, and the eigenvalue. The Hessian is that at the known
    minimum nearest to the last point of a racer, so that racers may have different ones. The largest component of an
    eigenvector is positive. Coordinates are NaN where a point is NaN. `drawn` is what messages call the panel that
    draws them.

    Source: Goh 2017, Why momentum really works, Distill.

    Raises:
        Error: The function has no known minimum, no second derivatives there, or a direction without curvature.
    """
    remedy = f"or leave out the {drawn}"
    if not function.minima:
        raise UsageError(f"{function.called}: has no known minima; give it some, as minima=[(0, 0)], {remedy}")
    minima, found = np.array(function.minima), np.full((*points.shape, 2), np.nan)
    for path, row in zip(points, found, strict=True):
        last = path[np.isfinite(path).all(axis=1)][-1]
        center = minima[np.linalg.norm(minima - last, axis=1).argmin()]
        eigenvalues, eigenvectors = _eigenbasis(function, center, remedy)
        row[..., 0] = (path - center) @ eigenvectors
        row[..., 1] = eigenvalues
    return found


def _eigenbasis(function: Function, center: Array, remedy: str) -> tuple[Array, Array]:
    """Return the eigenvalues (2,) of the Hessian at a minimum, the largest first, and the eigenvectors as columns."""
    eigenvalues, eigenvectors = np.linalg.eigh(hessian_at_minimum(function, center, remedy))
    if not eigenvalues[0] > FLAT * eigenvalues[1]:
        high, low = (format_number(float(value), None) for value in eigenvalues[::-1])
        raise Error(
            f"{function.called}: its Hessian at the minimum {format_point(center)} has the eigenvalues "
            f"{high} and {low}; give a function that bends up in each direction, {remedy}"
        )
    largest = np.abs(eigenvectors).round(9).argmax(axis=0)
    return eigenvalues[::-1], (eigenvectors * np.sign(eigenvectors[largest, [0, 1]]))[:, ::-1]
