"""The loss along the ray of each step of a race."""

from contextlib import suppress

import numpy as np
import torch

from animopt.core.arrays import Array
from animopt.core.errors import Error
from animopt.core.progress import tracked
from animopt.engine.function import Function
from animopt.engine.user_code import user_code

SAMPLES = 161
"""Number of points on a ray."""

LENGTHS = 1.25 * 2 ** (np.arange(8) / 2)
"""Lengths of rays, as multiples of the step. A ray has the first of them at which the loss is not below that at 0."""

OPEN_LENGTH = 4.0
"""Length of a ray, as a multiple of the step, on which the loss remains below that at 0."""


def rays(function: Function, points: Array, drawn: str) -> Array:
    """Return the loss along the step from each point (racers, steps + 1, 2), as (racers, steps + 1, SAMPLES, 3).

    The columns are a part of the step, where 1 is the next point, the loss there, and the slope of the loss by that
    part. They are NaN where no step leaves a point. Source: Nocedal and Wright 2006, Numerical Optimization, section
    3.1.
    """
    starts, steps = points[:, :-1], np.diff(points, axis=1)
    found = np.full((*points.shape[:2], SAMPLES, 3), np.nan)
    with np.errstate(all="ignore"):
        moved = np.argwhere(np.isfinite(steps).all(axis=-1) & steps.any(axis=-1))
        with tracked(f"{function.called}: the losses along the steps, for the {drawn}", len(moved)) as advance:
            for racer, step in moved:
                found[racer, step] = _ray(function, starts[racer, step], steps[racer, step])
                advance(1)
    return found


def _ray(function: Function, start: Array, step: Array) -> Array:
    losses = function.values(start + np.append(0.0, LENGTHS)[:, None] * step)
    risen = np.flatnonzero(~(losses[1:] < losses[0]))
    parts = np.linspace(0, LENGTHS[risen[0]] if risen.size else OPEN_LENGTH, SAMPLES)
    losses, gradients = _losses_and_gradients(function, start + parts[:, None] * step)
    return np.column_stack([parts, losses, gradients @ step])


def _losses_and_gradients(function: Function, points: Array) -> tuple[Array, Array]:
    """Return the losses (n,) and the gradients (n, 2) at points (n, 2)."""
    place = torch.tensor(points, dtype=torch.float64, requires_grad=True)
    losses: torch.Tensor | None = None
    with suppress(Error), user_code("vmap"):
        losses = torch.vmap(function)(place).reshape(len(points)).double()
    if losses is None:
        # A definition that branches on its values is evaluated at one point at a time.
        losses = torch.stack([function.loss(each).double() for each in place])
    (gradients,) = torch.autograd.grad(losses.sum(), place)
    return losses.detach().numpy(), gradients.numpy()
