"""A race in the coordinates of a preconditioner."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch

from animopt.core.arrays import Array
from animopt.core.errors import Error, UsageError
from animopt.core.number_format import format_point
from animopt.engine.function import Function
from animopt.engine.hessian import FLAT, hessian_at_minimum
from animopt.engine.sampling import sample_surface
from animopt.engine.user_code import race_environment
from animopt.recording.recording import Preconditioned, Recording, SurfacePath


@race_environment()
def preconditioned(recording: Recording, function: Function, preconditioner: Array) -> Preconditioned:
    """Return a race in the coordinates q = √P p of a preconditioner P.

    Gradient descent in q is p − lr P⁻¹ ∇f(p) in p: a preconditioner is a change of coordinates. Source: Nocedal and
    Wright 2006, Numerical Optimization, section 5.1, Preconditioning.

    Args:
        recording: The race.
        function: Its function.
        preconditioner: P, symmetric and positive definite, (2, 2).

    Raises:
        UsageError: The function has no known minimum.
        Error: The function has no second derivatives at the minimum, or its Hessian there is singular.
    """
    if not len(recording.minima):
        raise UsageError(f"preconditioner: {function.called} has no known minima; give it some, as minima=[(0, 0)]")
    values, vectors = np.linalg.eigh(preconditioner)
    root, inverse = ((vectors * values**power) @ vectors.T for power in (0.5, -0.5))
    ends = np.nan_to_num(recording.xy[:, -1])
    distances = np.linalg.norm(ends[:, None] - recording.minima[:, :2], axis=-1)
    nearest = recording.minima[int(distances.min(axis=0).argmin()), :2]
    remedy = "or leave out the preconditioner"
    hessian = hessian_at_minimum(function, nearest, remedy)
    sizes = np.abs(np.linalg.eigvalsh(hessian))
    if not sizes.min() > FLAT * sizes.max():
        raise Error(
            f"{function.called}: its Hessian at the minimum {format_point(nearest)} is singular and has no condition "
            f"number; give a function that bends in each direction, {remedy}"
        )
    conditions = [float(np.linalg.cond(each)) for each in (hessian, inverse @ hessian @ inverse)]
    corners = np.stack(np.meshgrid(function.x, function.y), axis=-1).reshape(-1, 2) @ root
    (left, right), (bottom, top) = zip(corners.min(axis=0).tolist(), corners.max(axis=0).tolist(), strict=True)
    changed = function.replace(
        definition=partial(_changed, function.definition, inverse),
        x=(left, right),
        y=(bottom, top),
        minima=(),
        saddles=(),
        start=None,
        box=None,
        direction=None,
    )

    def moved(path: SurfacePath) -> SurfacePath:
        return replace(path, xyz=np.column_stack([path.xyz[:, :2] @ root, path.xyz[:, 2]]))

    race = replace(
        recording,
        xy=recording.xy @ root,
        gradients=recording.gradients @ inverse,
        surface=sample_surface(changed).surface,
        paths=tuple(map(moved, recording.paths)),
        training=tuple(path and moved(path) for path in recording.training),
        minima=np.column_stack([recording.minima[:, :2] @ root, recording.minima[:, 2]]),
        box=recording.box and moved(recording.box),
        sample=None,
        classes=None,
        direction=None,
        map=None,
        swarm=None,
        quantities={},
    )
    return Preconditioned(race, (conditions[0], conditions[1]))


def _changed(definition: Callable[..., Any], inverse: Array, x: Any, *data: Any) -> Any:
    """Return the value of a definition at a point of the new coordinates."""
    (a, b), (c, d) = inverse.tolist()
    return definition(torch.stack([a * x[0] + b * x[1], c * x[0] + d * x[1]]), *data)
