"""The geometry of a picture: a scale of heights, projection of points, hidden points, and thinned paths."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.recording.recording import Recording, SurfacePath

MIN_KNEE = 1e-12
"""Minimum knee of a scale as a fraction of its heights. With a smaller one, several levels would be the same number."""

MAX_HEIGHT = 4e307
"""Maximum absolute height on a scale. The difference of two larger heights may overflow."""

DISTANCE = 6.0
"""Distance from the camera to the middle of the scene, whose width is 2."""

RAY_SAMPLES = 24
"""Number of points along a ray to the camera at which its height is compared with the surface."""

CLEARANCE = 0.012
"""Height of a ray's start above its point. Without it, the facet on which a point lies would hide the point."""

MIN_DEPTH = 0.024
"""Minimum depth of a ray that emerges from below the surface. Less can be an effect of the samples."""

# Samples are dense near the point, where the ray is low.
_RAY_FRACTIONS = ((np.arange(1, RAY_SAMPLES + 1) / RAY_SAMPLES) ** 1.5).astype(np.float32)[:, None]

MAX_SPAN = 10_000
"""Maximum span in cells of a segment whose cells are compared. Longer segments are always drawn."""

MAX_COORDINATE = 2.0**30
"""Maximum coordinate in cells. Points farther away are in no picture."""


RECENT_PART, MIN_RECENT_STEPS = 0.15, 4.0
"""Length of the recent part of a trail as a fraction of the racer's steps, and its minimum number of steps."""


@dataclass(frozen=True)
class HeightScale:
    """Equal steps of log(1 + (z - low) / knee) from `low` to `high`: linear below the knee, logarithmic above it.

    An infinite knee makes the scale linear.
    """

    low: float
    high: float
    knee: float

    @property
    def is_nonlinear(self) -> bool:
        """Whether the lower half of the scale covers less than a third of the heights."""
        return float(self.heights(3)[1] - self.low) < (self.high - self.low) / 3

    def heights(self, count: int) -> Array:
        """Return `count` heights in equal steps of the scale, from its low end to its high end."""
        fraction = np.linspace(0, 1, count)
        span = self.high - self.low
        above = fraction * span if np.isinf(self.knee) else self.knee * np.expm1(fraction * np.log1p(span / self.knee))
        return self.low + above

    def fractions(self, z: Array) -> Array:
        """Return the positions of heights z (any shape) on the scale: 0 at its low end, 1 at its high end."""
        above = np.maximum(np.clip(z, -MAX_HEIGHT, MAX_HEIGHT) - self.low, 0)
        span = self.high - self.low
        return above / span if np.isinf(self.knee) else np.log1p(above / self.knee) / np.log1p(span / self.knee)


def height_scale(z: Array, valley: float) -> HeightScale:
    """Return the scale for a surface's heights (any shape, NaN is ignored).

    Its lower half covers the fraction `valley`, 0 to 1, of the surface's area. If the lower half of a linear scale
    covers more, the scale is linear.
    """
    finite = z[np.isfinite(z)]
    if not finite.size:
        return HeightScale(0.0, 1.0, np.inf)
    low, high = (float(np.clip(end, -MAX_HEIGHT, MAX_HEIGHT)) for end in (finite.min(), finite.max()))
    margin = max(abs(low), abs(high)) * MIN_KNEE
    if high - low <= margin:
        margin = max(0.5, margin)
        return HeightScale(low - margin, high + margin, np.inf)
    middle = float(np.quantile(np.clip(finite, low, high), valley)) - low
    span = high - low
    if not 0 < middle < span / 2:
        return HeightScale(low, high, np.inf)
    # With the first knee, log(1 + middle/knee) is exactly half of log(1 + span/knee).
    return HeightScale(low, high, max(middle * (middle / (span - 2 * middle)), MIN_KNEE * span, MIN_KNEE * abs(low)))


@dataclass(frozen=True)
class Camera:
    """A camera that looks at the origin. `azimuth` and `elevation` are in degrees, as in mplot3d."""

    azimuth: float
    elevation: float

    @cached_property
    def basis(self) -> Array:
        """Unit vectors to the right, up, and towards the camera, as rows (3, 3)."""
        azimuth, elevation = np.radians([self.azimuth, self.elevation])
        sine, cosine = np.sin(azimuth), np.cos(azimuth)
        up, along = np.sin(elevation), np.cos(elevation)
        return np.array([[-sine, cosine, 0], [-cosine * up, -sine * up, along], [cosine * along, sine * along, up]])

    def project(self, points: Array) -> tuple[Array, Array]:
        """Project points (..., 3) to the picture (..., 2). Also return their distance (...) in front of the origin."""
        turned = points @ self.basis.T
        depth = turned[..., 2]
        return turned[..., :2] * (DISTANCE / (DISTANCE - depth))[..., None], depth


class Visibility(NamedTuple):
    """How points are seen: whether the surface hides each one, and whether an upper side of it does, (points,) each."""

    hidden: NDArray[np.bool_]
    covered: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class HeightField:
    """A surface over the rectangle ±`half` (2,), as a table of heights `z` (rows, columns) along y and x."""

    half: Array
    z: Array

    @cached_property
    def _peak(self) -> np.float32:
        return np.float32(np.nanmax(self.z))

    @cached_property
    def _table(self) -> NDArray[np.float32]:
        return self.z.astype(np.float32)

    def hidden(self, points: Array, camera: Camera) -> NDArray[np.bool_]:
        """Return whether the surface hides each point (points, 3) on it from the camera, (points,)."""
        return self.visibility(points, camera).hidden

    def visibility(self, points: Array, camera: Camera) -> Visibility:
        """Return how points (points, 3) on the surface are seen from the camera."""
        # In single precision, which halves the time.
        xyz = points.T.astype(np.float32, order="C")
        finite = np.isfinite(xyz.sum(axis=0))
        xyz[:, ~finite] = 0
        eye = (camera.basis[2] * DISTANCE).astype(np.float32)
        rays = eye[:, None] - xyz
        # A ray is clear once it is above the highest point, or outside the rectangle.
        half = self.half.astype(np.float32)[:, None]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            above = np.where(rays[2] > 0, (self._peak - xyz[2]) / rays[2], np.inf)
            outside = (np.copysign(half, rays[:2]) - xyz[:2]) / rays[:2]
        reach = np.fmin(np.fmin(above, 1), np.fmin(*outside))
        rows, columns = self.z.shape
        # In cells of the table.
        cells = np.array([[columns - 1], [rows - 1]], dtype=np.float32) / (2 * half)
        x, y = (xyz[:2] + half) * cells + np.float32(0.5)
        along, across = rays[:2] * reach * cells
        column = (x + _RAY_FRACTIONS * along).astype(np.int32)
        row = (y + _RAY_FRACTIONS * across).astype(np.int32)
        ray = xyz[2] + np.float32(CLEARANCE) + _RAY_FRACTIONS * (rays[2] * reach)
        depth = self._table.take(row * columns + column, mode="clip") - ray
        below = depth > 0
        hidden = below.any(axis=0) & finite
        # A ray that emerges has passed through the upper side. Others end below the edge of the surface.
        emerges = ((depth[:-1] > MIN_DEPTH) & ~below[1:]).any(axis=0)
        return Visibility(hidden, hidden & (emerges | ~below[-1]))


def within(points: Array, low: Array, high: Array) -> NDArray[np.bool_]:
    """Return whether each point (points, 2) is in the rectangle between two corners (2,), (points,). NaN never is."""
    inside: NDArray[np.bool_] = np.all((low <= points) & (points <= high), axis=1)
    return inside


class RacerPath:
    """A racer's path in the coordinates of a panel, and the parts of it that are drawn.

    `to_panel` converts points (points, 3) of the surface to these coordinates, (points, 2 or 3). The side of the cells
    of the thinned path is `cell`. `whole` is the path.
    """

    def __init__(self, recording: Recording, racer: int, to_panel: Callable[[Array], Array], cell: float) -> None:
        path = recording.paths[racer]
        self.whole = replace(path, xyz=to_panel(path.xyz))
        moved = _moved(self.whole.xyz[:, :2] / cell)
        # In a recent part that follows an older one, both are seen. So only the older one is thinned.
        self._fine = replace(path, step=path.step[moved], xyz=self.whole.xyz[moved])
        self._thinned = thin_path(self.whole, cell)
        steps = np.flatnonzero(recording.in_view[racer])
        points = to_panel(np.column_stack([recording.xy[racer], recording.z[racer]]))[steps]
        first = first_in_cell(points[:, :2] / cell)
        moved = _moved(points[:, :2] / cell)
        self._steps = SurfacePath(steps[first].astype(np.float64), points[first])
        self._fine_steps = SurfacePath(steps[moved].astype(np.float64), points[moved])
        self._last = int(recording.steps[racer])
        self._recent = max(MIN_RECENT_STEPS, RECENT_PART * self._last)

    def parts(self, step: float) -> "TrailParts":
        """Return the parts of the trail at a fractional step. The last point of the recent part is the head."""
        start = min(step, self._last) - self._recent
        joint = self.whole.head(start)[None]
        old = np.concatenate([self._thinned.passed(start), joint]) if start > 0 else joint[:0]
        recent = [joint[: len(old)], self._fine.between(start, step), self.whole.head(step)[None]]
        return TrailParts(old, np.concatenate(recent), self._steps.passed(start), self._fine_steps.between(start, step))


class TrailParts(NamedTuple):
    """The older and the recent part of a trail, and the points of the steps on each, (any, 2 or 3)."""

    old: Array
    recent: Array
    old_steps: Array
    recent_steps: Array


def _moved(positions: Array) -> NDArray[np.bool_]:
    """Return whether each position (any, 2), in cells, is in another cell than the one before. NaN always is."""
    return np.append(True, (np.floor(positions[1:]) != np.floor(positions[:-1])).any(axis=1))[: len(positions)]


def first_in_cell(positions: Array) -> NDArray[np.bool_]:
    """Return whether each position (any, 2), in cells, is the first in its cell. NaN and far positions never are."""
    near = np.flatnonzero((np.abs(positions) < MAX_COORDINATE).all(axis=1))
    columns, rows = np.floor(positions[near]).astype(np.int64).T
    first = np.zeros(len(positions), dtype=bool)
    first[near[np.unique(columns * 2**32 + rows, return_index=True)[1]]] = True
    return first


def thin_path(path: SurfacePath, cell: float) -> SurfacePath:
    """Remove the segments that only cross cells that the path has crossed before, so that its picture is the same.

    Cells are squares of the first two coordinates, with the side `cell`. A row of NaN replaces removed segments.
    """
    positions = path.xyz[:, :2] / cell
    moved = _moved(positions)
    step, xyz, positions = path.step[moved], path.xyz[moved], positions[moved]
    span = np.abs(np.diff(positions, axis=0)).max(axis=1)
    long = span > MAX_SPAN
    # Each segment is sampled once per cell of its span.
    counts = np.where(long, 0, np.ceil(np.nan_to_num(span))).astype(np.intp)
    segment = np.repeat(np.arange(len(counts)), counts)
    fraction = (np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + 1) / counts[segment]
    first = first_in_cell(positions[segment] + fraction[:, None] * (positions[segment + 1] - positions[segment]))
    drawn = long | (np.bincount(segment, weights=first, minlength=len(counts)) > 0)
    # A point is needed if the segment before it or the segment after it is drawn.
    gap = ~(np.append(True, drawn) | np.append(drawn, False)) | np.isnan(xyz[:, 0])
    kept = ~gap | np.append(True, ~gap[:-1])
    return replace(path, step=step[kept], xyz=np.where(gap[:, None], np.nan, xyz)[kept])
