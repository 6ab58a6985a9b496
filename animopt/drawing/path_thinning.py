"""What of a racer's way its picture needs: a late frame of a long race costs no more than that."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.recording.recording import Recording, SurfacePath

CELL = 0.5
"""How coarsely trails are told apart, in pixels."""

LONGEST = 10_000
"""Of a piece that leads over more cells than this, nobody asks which."""

FARTHEST = 2.0**30
"""So many cells away no picture reaches."""

TABLE = 2**26
"""As many cells can each have a place in a table, which is faster than to sort them."""


def fresh(places: Array) -> NDArray[np.bool_]:
    """Whether each place (any, 2), counted in cells, is the first in its cell; NaN and what is far away are in none."""
    seen = np.zeros(len(places), dtype=bool)
    known = np.flatnonzero((np.abs(places) < FARTHEST).all(axis=1))
    if known.size:
        cells = np.floor(places[known]).astype(np.int64)
        cells -= cells.min(axis=0)
        key = cells[:, 0] * (cells[:, 1].max() + 1) + cells[:, 1]
        if key.max() > TABLE:
            seen[known[np.unique(key, return_index=True)[1]]] = True
            return seen
        # Of several the last one is kept, so that backwards it is the first.
        first = np.empty(key.max() + 1, dtype=np.intp)
        first[key[::-1]] = known[::-1]
        seen[first[key]] = True
    return seen


def thinned(way: SurfacePath, cell: float) -> SurfacePath:
    """The way without the pieces that lead only over cells where it has been, so that its picture is the same.

    Cells are squares of its first two coordinates, `cell` wide. What is left out is a row of NaN; where the way ends
    at a step between two, that is for the whole way to tell.
    """
    places = way.xyz[:, :2] / cell
    moved = np.append(True, (np.floor(places[1:]) != np.floor(places[:-1])).any(axis=1))
    step, xyz, places = way.step[moved], way.xyz[moved], places[moved]
    span = np.abs(np.diff(places, axis=0)).max(axis=1)
    long = span > LONGEST
    counts = np.where(long, 0, np.ceil(np.nan_to_num(span))).astype(np.intp)
    piece = np.repeat(np.arange(len(counts)), counts)
    part = (np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + 1) / counts[piece]
    led = fresh(places[piece] + part[:, None] * (places[piece + 1] - places[piece]))
    drawn = long | (np.bincount(piece, weights=led, minlength=len(counts)) > 0)
    needed = np.append(True, drawn) | np.append(drawn, False)
    lifted = ~needed | np.isnan(xyz[:, 0])
    xyz = np.where(lifted[:, None], np.nan, xyz)
    kept = ~lifted | np.append(True, ~lifted[:-1])
    return replace(way, step=step[kept], xyz=xyz[kept])


def seen(recording: Recording, racer: int, places: Array, cell: float) -> SurfacePath:
    """A racer's steps that are in view, at these places (steps + 1, any), but for those in the cell of one before."""
    steps = np.flatnonzero(recording.in_view[racer])
    steps = steps[fresh(places[steps, :2] / cell)]
    return SurfacePath(steps.astype(np.float64), places[steps])
