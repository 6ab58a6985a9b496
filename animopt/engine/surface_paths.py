"""The surface on a grid, and each racer's path over it."""

from itertools import pairwise

import numpy as np

from animopt.core.arrays import Array
from animopt.core.errors import Error
from animopt.engine.function import Function
from animopt.recording.recording import Surface, SurfacePath

GRID = 241
"""Number of samples of the surface along each side."""

PIECES = 96
"""Number of straight pieces into which a step across the whole domain is divided, so that it follows the surface."""


def sample_surface(function: Function) -> Surface:
    """Evaluate a function on a grid over its domain. Raises Error if it has no finite value there."""
    x, y = np.linspace(*function.x, GRID), np.linspace(*function.y, GRID)
    z = _finite(function.values(np.stack(np.meshgrid(x, y), axis=-1)))
    if np.isnan(z).all():
        raise Error(f"{function.called}: has no finite value for x={function.x}, y={function.y}; move the domain")
    return Surface(x, y, z, scale=z)


def _finite(z: Array) -> Array:
    return np.where(np.isfinite(z), z, np.nan)


def surface_path(function: Function, points: Array, surface: Surface) -> SurfacePath:
    """Return the path through recorded points (steps + 1, 2) over a surface, with gaps outside the domain."""
    low, high = surface.low, surface.high
    gap = np.full((1, 2), np.nan)
    in_view = bool(((points[0] >= low) & (points[0] <= high)).all())
    steps: list[Array] = [np.zeros(1)]
    places: list[Array] = [points[:1] if in_view else gap]

    def add_gap(step: float) -> None:
        steps.append(np.array([step]))
        places.append(gap)

    for index, (here, there) in enumerate(pairwise(points)):
        enter, leave = _inside(here, there, low, high)
        if enter > leave:
            if in_view:
                add_gap(index + 1)
            in_view = False
            continue
        if not in_view:
            add_gap(np.nextafter(index + enter, -np.inf))
        first, last = here + enter * (there - here), here + leave * (there - here)
        pieces = max(1, int(np.ceil(np.linalg.norm((last - first) / (high - low)) * PIECES)))
        part = np.linspace(enter, leave, pieces + 1)
        # An end inside the domain is exactly the recorded point.
        place = np.where(part[:, None] < 1, here + part[:, None] * (there - here), there)
        steps.append(index + part)
        places.append(np.clip(place, low, high))
        in_view = leave == 1
        if not in_view:
            add_gap(np.nextafter(index + leave, np.inf))
    step, xy = np.concatenate(steps), np.concatenate(places)
    return SurfacePath(step, np.column_stack([xy, _finite(function.values(xy))]))


def _inside(here: Array, there: Array, low: Array, high: Array) -> tuple[float, float]:
    """Return the part of a straight step inside a box, as two fractions of the step, or (1, 0) if there is none.

    Source: Liang and Barsky 1984, A new concept and method for line clipping.
    """
    if not np.isfinite(there - here).all():
        return 1.0, 0.0
    enter, leave = 0.0, 1.0
    for start, end, lowest, highest in zip(here, there, low, high, strict=True):
        if start == end:
            if not lowest <= start <= highest:
                return 1.0, 0.0
            continue
        first, last = sorted(((lowest - start) / (end - start), (highest - start) / (end - start)))
        enter, leave = max(enter, first), min(leave, last)
    return (enter, leave) if enter <= leave else (1.0, 0.0)
