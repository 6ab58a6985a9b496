"""Paths without the points that no pixel shows, so that late frames of a long race are as fast as early ones."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.recording.recording import Recording, SurfacePath

CELL = 0.5
"""Side in pixels of the square cells in which a path is drawn only once."""

MAX_SPAN = 10_000
"""Maximum span in cells of a segment whose cells are compared. Longer segments are always drawn."""

MAX_COORDINATE = 2.0**30
"""Maximum coordinate in cells. Points farther away are in no picture."""

MAX_TABLE = 2**26
"""Maximum number of cells in a lookup table. More cells are sorted, which is slower."""


class RacerPath:
    """A racer's path in the coordinates of a panel, and the parts of it that are drawn.

    `to_panel` converts points (points, 3) of the surface to these coordinates, (points, 2 or 3). The side of the cells
    of the thinned path is `cell`.
    """

    def __init__(self, recording: Recording, racer: int, to_panel: Callable[[Array], Array], cell: float) -> None:
        path = recording.paths[racer]
        self._whole = replace(path, xyz=to_panel(path.xyz))
        self._trail = thin_path(self._whole, cell)
        steps = np.flatnonzero(recording.in_view[racer])
        points = to_panel(np.column_stack([recording.xy[racer], recording.z[racer]]))[steps]
        first = first_in_cell(points[:, :2] / cell)
        self._steps = SurfacePath(steps[first].astype(np.float64), points[first])

    def head(self, step: float) -> Array:
        """Return the head at a fractional step, (2 or 3,)."""
        return self._whole.head(step)

    def trail(self, step: float) -> Array:
        """Return the trail up to a fractional step, (points, 2 or 3). Its last point is the head."""
        return np.vstack([self._trail.passed(step), self._whole.head(step)])

    def steps(self, step: float) -> Array:
        """Return the points of the steps up to a fractional step, (points, 2 or 3)."""
        return self._steps.passed(step)


def first_in_cell(positions: Array) -> NDArray[np.bool_]:
    """Return whether each position (any, 2), in cells, is the first in its cell. NaN and far positions never are."""
    first = np.zeros(len(positions), dtype=bool)
    near = np.flatnonzero((np.abs(positions) < MAX_COORDINATE).all(axis=1))
    if near.size:
        cells = np.floor(positions[near]).astype(np.int64)
        cells -= cells.min(axis=0)
        key = cells[:, 0] * (cells[:, 1].max() + 1) + cells[:, 1]
        if key.max() > MAX_TABLE:
            first[near[np.unique(key, return_index=True)[1]]] = True
            return first
        # NumPy keeps the last of several assignments to a cell. In reverse order, that is the first position.
        table = np.empty(key.max() + 1, dtype=np.intp)
        table[key[::-1]] = near[::-1]
        first[table[key]] = True
    return first


def thin_path(path: SurfacePath, cell: float) -> SurfacePath:
    """Remove the segments that only cross cells that the path has crossed before, so that its picture is the same.

    Cells are squares of the first two coordinates, with the side `cell`. A row of NaN replaces removed segments.
    """
    positions = path.xyz[:, :2] / cell
    moved = np.append(True, (np.floor(positions[1:]) != np.floor(positions[:-1])).any(axis=1))
    step, xyz, positions = path.step[moved], path.xyz[moved], positions[moved]
    span = np.abs(np.diff(positions, axis=0)).max(axis=1)
    long = span > MAX_SPAN
    # Each segment is sampled once per cell of its span.
    counts = np.where(long, 0, np.ceil(np.nan_to_num(span))).astype(np.intp)
    segment = np.repeat(np.arange(len(counts)), counts)
    fraction = (np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + 1) / counts[segment]
    first = first_in_cell(positions[segment] + fraction[:, None] * (positions[segment + 1] - positions[segment]))
    drawn = long | (np.bincount(segment, weights=first, minlength=len(counts)) > 0)
    needed = np.append(True, drawn) | np.append(drawn, False)
    gap = ~needed | np.isnan(xyz[:, 0])
    xyz = np.where(gap[:, None], np.nan, xyz)
    kept = ~gap | np.append(True, ~gap[:-1])
    return replace(path, step=step[kept], xyz=xyz[kept])
