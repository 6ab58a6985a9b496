"""Samples the surface of a function: every point of the grid, or of a slow function, points where it bends."""

import time
from dataclasses import dataclass
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.core.errors import Error
from animopt.core.progress import announce, duration, tracked
from animopt.engine.function import Function
from animopt.recording.recording import Surface

GRID = 241
"""Number of samples of the surface along each side."""

STRIDE = 16
"""Distance of the first points of a slow function, in points of the grid. Each further grid halves it."""

EXACT_SECONDS = 25.0
"""Maximum number of seconds for all points of the grid. A function that takes longer is interpolated."""

SAMPLES = (32768, 16384, 8192, 4096, 2048, 1024)
"""Maximum numbers of points of a slow function. The largest one is used that takes no longer than the whole grid."""

TOLERANCE = 1e-3
"""Error of the interpolation that needs no further points, relative to the height above the lowest point."""

LOW_SHARE = 0.01
"""Part of the range of heights that is added to the height when errors are compared, so that it is never 0."""

ERROR_DECAY = 8
"""Factor by which the error of the interpolation is expected to fall from one grid to the next."""

NODES = 6
"""Number of samples from which a value between them is interpolated along each axis."""

CHUNK_SECONDS = 0.2
"""Seconds between two reports of the progress."""

TIMED_CALLS = 3
"""Number of calls of which the fastest one is the time of a call."""

TIMED_POINTS = (16, 256, 4096)
"""Numbers of points whose times tell whether many points are computed faster together."""

EXACT_PATH_SECONDS = 1.0
"""Maximum number of seconds in which the heights of a path are computed. Those of a longer one are interpolated."""


@dataclass(frozen=True)
class SampledSurface:
    """A surface, whether it is computed at all points, its function, and the time in seconds of a point."""

    surface: Surface
    is_exact: bool
    function: Function
    seconds: float

    def heights(self, step: Array, xy: Array, points: Array, z: Array) -> Array:
        """Return the heights (n,) of a path at fractional steps (n,) and places xy (n, 2).

        They are computed, or if that takes long, interpolated on the surface and moved to the heights (steps + 1,) that
        are known at the points (steps + 1, 2) of the race.
        """
        if self.is_exact and self.seconds * len(xy) <= EXACT_PATH_SECONDS:
            return finite(self.function.values(xy))
        steps = np.arange(len(points))
        moved = np.nan_to_num(z - self._between(points), nan=0.0)
        heights = self._between(xy) + np.interp(step, steps, moved)
        at_steps = np.isin(step, steps) & ~np.isnan(xy[:, 0])
        heights[at_steps] = z[step[at_steps].astype(int)]
        return finite(heights)

    def _between(self, points: Array) -> Array:
        """Return the heights (n,) of the surface at points (n, 2), linear between its samples, and NaN outside."""
        places = (points - self.surface.low) / (self.surface.high - self.surface.low) * (GRID - 1)
        inside = np.all((places >= 0) & (places <= GRID - 1), axis=1)
        places = np.where(inside[:, None], places, 0)
        column, row = np.minimum(places.astype(int), GRID - 2).T
        right, up = places[:, 0] - column, places[:, 1] - row
        z = self.surface.z
        lower = z[row, column] * (1 - right) + z[row, column + 1] * right
        upper = z[row + 1, column] * (1 - right) + z[row + 1, column + 1] * right
        return np.where(inside, lower * (1 - up) + upper * up, np.nan)


def finite(z: Array) -> Array:
    """Return heights with NaN in place of infinity."""
    return np.where(np.isfinite(z), z, np.nan)


def sample_surface(function: Function) -> SampledSurface:
    """Evaluate a function on a grid over its domain. Raises Error if it has no finite value there."""
    x, y = np.linspace(*function.x, GRID), np.linspace(*function.y, GRID)
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    seconds, is_quick = _time_of_point(function, grid)
    with np.errstate(over="ignore", invalid="ignore"):
        if is_quick:
            start = time.perf_counter()
            with tracked(f"{function.called}: sampling its surface", GRID**2) as advance:
                z = finite(function.values(grid, advance))
            seconds = min(seconds, (time.perf_counter() - start) / GRID**2)
        else:
            z = _interpolated(function, grid, seconds)
    if np.isnan(z).all():
        raise Error(f"{function.called}: has no finite value for x={function.x}, y={function.y}; move the domain")
    return SampledSurface(Surface(x, y, z, scale=z), is_quick, function, seconds)


def _time_of_point(function: Function, grid: Array) -> tuple[float, bool]:
    """Return the time in seconds of a point, and whether the whole grid is computed in time."""
    points = grid.reshape(-1, 2)
    seconds = min(_call_seconds(function, points[len(points) // 2 + call]) for call in range(TIMED_CALLS))
    for count in TIMED_POINTS:
        if seconds * len(points) <= EXACT_SECONDS:
            return seconds, True
        start = time.perf_counter()
        function.values(points[:: len(points) // count][:count])
        together = (time.perf_counter() - start) / count
        if together > seconds / 2:
            break
        seconds = together
    return seconds, seconds * len(points) <= EXACT_SECONDS


def _call_seconds(function: Function, point: Array) -> float:
    """Return the time in seconds of a call with one point."""
    x = torch.tensor(point)
    start = time.perf_counter()
    with torch.no_grad():
        function.loss(x)
    return time.perf_counter() - start


def _interpolated(function: Function, grid: Array, seconds: float) -> Array:
    """Return the heights (GRID, GRID) of a slow function, computed on a coarse grid and where that is not enough.

    Each grid has half the stride of the one before. Its points that lie where the interpolation of the one before was
    least exact are computed, the others interpolated.
    """
    samples = next((count for count in SAMPLES if count * seconds <= EXACT_SECONDS), SAMPLES[-1])
    announce(
        f"{function.called}: takes {1000 * seconds:.2g} ms for a point; its surface is interpolated between at most "
        f"{samples:,} points, in about {duration(samples * seconds)}; with torch.where in place of if it may be faster"
    )
    with tracked(f"{function.called}: sampling its surface", samples, 0) as advance:

        def computed(points: Array) -> Array:
            chunk = max(1, int(CHUNK_SECONDS / seconds))
            parts = [points[first : first + chunk] for first in range(0, len(points), chunk)]
            values = []
            for part in parts:
                values.append(function.values(part))
                advance(len(part))
            return finite(np.concatenate([np.empty(0), *values]))

        stride = STRIDE
        coarse = grid[::stride, ::stride]
        z = computed(coarse.reshape(-1, 2)).reshape(coarse.shape[:2])
        left = samples - z.size
        # All points of the second grid are computed.
        errors = np.full(z.shape, np.inf)
        while stride > 1:
            stride //= 2
            points = grid[::stride, ::stride]
            guess = _refined(z)
            scores = _spread(errors)
            scores[::2, ::2] = 0
            # At the edge of a hole, the interpolation has no value.
            scores[np.isnan(guess)] = np.where(_spread(np.isfinite(z)), np.inf, 0)[np.isnan(guess)]
            rows, columns = np.unravel_index(np.argsort(-scores, axis=None, kind="stable")[: max(0, left)], guess.shape)
            chosen = scores[rows, columns] > TOLERANCE
            rows, columns = rows[chosen], columns[chosen]
            z, errors = guess.copy(), np.zeros(guess.shape)
            z[rows, columns] = computed(points[rows, columns])
            left -= len(rows)
            errors[rows, columns] = _errors(z, guess)[rows, columns] / ERROR_DECAY
    return z


def _errors(z: Array, guess: Array) -> Array:
    """Return the errors of a guess relative to the heights, infinite where only one of both has a value."""
    if np.isnan(z).all():
        return np.full(z.shape, np.inf)
    low, high = np.nanmin(z), np.nanmax(z)
    errors = abs(guess - z) / np.maximum(z - low + LOW_SHARE * (high - low), np.finfo(np.float64).tiny)
    return np.where(np.isnan(z) & np.isnan(guess), 0, np.where(np.isnan(errors), np.inf, errors))


def _spread(errors: Array) -> Array:
    """Return the largest error near each point of the next grid."""
    padded = np.pad(errors, 1)
    rows, columns = errors.shape
    near = np.max([padded[row : row + rows, column : column + columns] for row in range(3) for column in range(3)], 0)
    finer = np.repeat(np.repeat(near, 2, axis=0), 2, axis=1)
    # A point between two others belongs to both.
    return np.maximum.reduce([finer[a : 2 * rows - 1 + a, b : 2 * columns - 1 + b] for a in (0, 1) for b in (0, 1)])


def _refined(z: Array) -> Array:
    """Return heights with interpolated ones between them, (2 * rows - 1, 2 * columns - 1).

    Between samples without a value, the interpolation uses fewer samples, and has no value without two of them.
    """
    finer = np.full((2 * z.shape[0] - 1, 2 * z.shape[1] - 1), np.nan)
    gaps = np.isnan(z)
    for nodes in (NODES, 2):
        across, along = _weights(z.shape[0], nodes), _weights(z.shape[1], nodes)
        between = across @ np.where(gaps, 0, z) @ along.T
        has_gap = (across != 0).astype(float) @ gaps @ (along != 0).T.astype(float) > 0
        finer = np.where(np.isnan(finer) & ~has_gap, between, finer)
    finer[::2, ::2] = z
    return finer


def _weights(count: int, nodes: int) -> NDArray[np.float64]:
    """Return the weights (2 * count - 1, count) that interpolate a row of samples by polynomials through `nodes`."""
    weights = np.zeros((2 * count - 1, count))
    for row, place in zip(weights, np.arange(2 * count - 1) / 2, strict=True):
        first = int(np.clip(np.floor(place) - nodes // 2 + 1, 0, count - nodes))
        near = range(first, first + nodes)
        row[first : first + nodes] = [
            prod((place - other) / (node - other) for other in near if other != node) for node in near
        ]
    return weights
