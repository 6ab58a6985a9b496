"""The Hessian of a function, by autograd, and its largest eigenvalue: the sharpness."""

import warnings

import numpy as np
import torch

from animopt.core.arrays import Array
from animopt.core.errors import Error, first_line
from animopt.core.number_format import format_point
from animopt.core.progress import tracked
from animopt.engine.function import Function
from animopt.engine.user_code import user_code

FLAT = 1e-9
"""Maximum ratio of the eigenvalues of a Hessian at a minimum that counts as singular."""

CHECKED_POINTS = 12
"""Number of points at which the Hessian is compared with differences of the gradient."""

DIFFERENCES = 1e-5, -1e-5, 1e-6, -1e-6
"""Lengths of the differences, as fractions of the domain."""

TOLERANCE = 1e-2
"""Maximum relative difference between a Hessian from autograd and one from differences of the gradient."""


def sharpness(function: Function, points: Array, drawn: str) -> Array:
    """Return the largest eigenvalue of the Hessian at points (..., 2), as (...). It is NaN where a point is NaN.

    Source: Cohen et al. 2021, Gradient descent on neural networks typically occurs at the edge of stability. Raises as
    `hessians`.
    """
    (a, b), (c, d) = np.moveaxis(hessians(function, points, drawn), (-2, -1), (0, 1))
    with np.errstate(all="ignore"):
        largest: Array = a / 2 + d / 2 + np.hypot(a / 2 - d / 2, b / 2 + c / 2)
    return largest


def hessians(function: Function, points: Array, drawn: str) -> Array:
    """Return the Hessians at points (..., 2), as (..., 2, 2). They are NaN where a point is NaN.

    `drawn` is what messages call the panel or the overlay that draws them.

    Raises:
        Error: Autograd loses second derivatives of the function, or it has none.
    """
    remedy = f"or leave out the {drawn}"
    flat = points.reshape(-1, 2)
    found = hessians_at(function, flat, remedy)
    finite = np.isfinite(flat).all(axis=1)
    if unknown := [index for index in _inside(function, flat) if np.isnan(found[index]).any()]:
        raise Error(
            f"{function.called}: has no second derivatives at {format_point(flat[unknown[0]])}, to which a racer "
            f"comes; start elsewhere, {remedy}"
        )
    if finite.any() and not found[finite].any():
        raise Error(
            f"{function.called}: its second derivatives are 0 at every point of the race; "
            f"give a function that bends, {remedy}"
        )
    return found.reshape(*points.shape, 2)


def hessian_at_minimum(function: Function, minimum: Array, remedy: str) -> Array:
    """Return the Hessian (2, 2) at a minimum (2,). Raises Error if it is not known."""
    (hessian,) = hessians_at(function, minimum[None], remedy)
    if not np.isfinite(hessian).all():
        raise Error(
            f"{function.called}: has no second derivatives at the minimum {format_point(minimum)}; "
            f"give another minimum, {remedy}"
        )
    return (hessian + hessian.T) / 2


def hessians_at(function: Function, points: Array, remedy: str) -> Array:
    """Return the Hessians at points (n, 2), as (n, 2, 2), NaN where the function has none.

    Raises Error if autograd cannot compute them, or loses a part of them.
    """
    found = np.full((len(points), 2, 2), np.nan)
    finite = np.flatnonzero(np.isfinite(points).all(axis=1))
    with tracked(f"{function.called}: the second derivatives along the race", len(finite)) as advance:
        for index in finite:
            found[index] = _hessian(function, points[index], remedy)
            advance(1)
    known = [index for index in _inside(function, points) if not np.isnan(found[index]).any()]
    _check(function, points[known], found[known], remedy)
    return found


def _inside(function: Function, points: Array) -> list[int]:
    """Return the indices of the points (n, 2) in the domain."""
    return [index for index, (x, y) in enumerate(points) if function.contains((x, y))]


def _hessian(function: Function, point: Array, remedy: str) -> Array:
    """Return the second derivatives (2, 2) at a point (2,)."""

    def failure(error: BaseException) -> str:
        return f"{first_line(error).rstrip('.')}; write it in operations that torch can differentiate twice, {remedy}"

    # Unlike torch.func.hessian, this follows every definition that a race follows, also one that branches on values.
    with warnings.catch_warnings(), user_code(f"{function.called}: autograd has no second derivatives of it", failure):
        warnings.simplefilter("ignore")
        hessian = torch.autograd.functional.hessian(function.loss, torch.from_numpy(point.copy()))
    return hessian.double().numpy()


@np.errstate(all="ignore")
def _check(function: Function, points: Array, hessians: Array, remedy: str) -> None:
    """Raise Error if autograd's Hessians (n, 2, 2) at points (n, 2) contradict differences of its gradients.

    At a kink, differences on both sides and of two lengths contradict each other, which does not count.
    """
    chosen = np.unique(np.linspace(0, len(points) - 1, min(CHECKED_POINTS, len(points))).astype(int))
    extents = np.diff([function.x, function.y]).ravel()
    for point, hessian in ((points[index], hessians[index]) for index in chosen):
        here = _gradient(function, point)
        differences = np.array(
            [
                [(_gradient(function, point + step) - here) / step.sum() for step in np.diag(length * extents)]
                for length in DIFFERENCES
            ]
        )
        rounding = 100 * np.finfo(np.float64).eps * abs(here).max() / (min(map(abs, DIFFERENCES)) * extents.min())
        allowed = TOLERANCE * max(abs(hessian).max(), abs(differences).max()) + rounding
        # A comparison with NaN is False.
        if np.ptp(differences, axis=0).max() < allowed / 4 and abs(hessian - differences[0]).max() > allowed:
            raise Error(
                f"{function.called}: autograd loses part of its second derivatives at {format_point(point)}; "
                f"write it in torch arithmetic on x, without .detach() and NumPy, {remedy}"
            )


def _gradient(function: Function, point: Array) -> Array:
    x = torch.from_numpy(point).requires_grad_()
    with user_code(f"{function.called}: autograd cannot follow it"):
        (gradient,) = torch.autograd.grad(function.loss(x), x, allow_unused=True)
    return np.zeros(2) if gradient is None else gradient.double().numpy()
