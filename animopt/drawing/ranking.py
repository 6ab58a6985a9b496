"""The order of entries in a column, planned for the whole clip so that they glide and never overlap.

The planned rank of an entry is fractional while it glides. Two entries pass each other where their ranks are equal: as
their distance is at least that of two texts, each of them hops over the other between two frames.
"""

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Array

WINDOW = 15
"""Number of sampled moments whose majority decides the order of two entries, so that frantic racers do not shuffle."""

CLEAR_MAJORITY = 0.2
"""Minimum mean of the window's signs, from -1 to 1, at which two entries change their order."""

GLIDE = 20
"""Number of sampled moments in which an entry glides to its new place."""


def plan_ranks(heights: Array) -> Array:
    """Return the planned rank of each entry (entries, samples) at each sampled moment. Rank 0 is the lowest.

    `heights` (entries, samples) are the values by which entries are ordered. Ranks follow their order smoothly, and are
    whole where it holds for long enough before and after. Equal heights have the order that comes next.
    """
    count = len(heights)
    one, other = heights[:, None], heights[None]
    ahead = _filled(1.0 * (one > other) - (one < other))
    majority = _smoothed(ahead, WINDOW)
    ahead = _filled(np.where(np.abs(majority) > CLEAR_MAJORITY, np.sign(majority), 0))
    # Entries that are equal in the whole clip have their own order.
    own = np.sign(np.arange(count)[:, None] - np.arange(count))[..., None]
    ranks = (np.where(ahead == 0, own, ahead) > 0).sum(axis=1)
    return _smoothed(_smoothed(ranks, GLIDE // 2), GLIDE // 2)


def _filled(signs: Array) -> Array:
    """Replace zeros by the next sign along the last axis, or at its end by the previous one."""
    samples = signs.shape[-1]
    number = np.arange(samples)
    later = np.minimum.accumulate(np.where(signs != 0, number, samples)[..., ::-1], axis=-1)[..., ::-1]
    earlier = np.maximum.accumulate(np.where(signs != 0, number, 0), axis=-1)
    return np.take_along_axis(signs, np.where(later < samples, later, earlier), axis=-1)


def _smoothed(rows: Array, window: int) -> Array:
    """Return the mean of a window around each sample of rows (..., samples). The ends continue beyond the clip."""
    before = window // 2
    padding = [(0, 0)] * (rows.ndim - 1) + [(before + 1, window - 1 - before)]
    sums = np.cumsum(np.pad(rows.astype(np.float64), padding, mode="edge"), axis=-1)
    return (sums[..., window:] - sums[..., :-window]) / window


def spread(targets: Array, spacing: float, low: float, high: float) -> Array:
    """Return places (entries,) from `low` to `high` that are nearest to the targets and at least `spacing` apart.

    Places have the order of the targets. If there is too little room, the first place is `low`.
    """
    order = np.argsort(targets, kind="stable")
    offsets = spacing * np.arange(len(targets))
    fitted = np.clip(_isotonic(targets[order] - offsets), low, max(low, high - offsets[-1]))
    places = np.empty(len(targets))
    places[order] = fitted + offsets
    return places


def _isotonic(values: Array) -> Array:
    """Return the ascending sequence that is nearest to values (any,), by least squares."""
    count = len(values)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    first, last = np.indices((count, count))
    inside: NDArray[np.bool_] = first <= last
    means = np.where(inside, (sums[last + 1] - sums[first]) / np.maximum(last + 1 - first, 1), np.inf)
    lowest = np.minimum.accumulate(means[:, ::-1], axis=1)[:, ::-1]
    return np.where(inside, lowest, -np.inf).max(axis=0)
