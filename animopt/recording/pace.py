"""The pace of a clip: steps pass faster as soon as little moves until the end."""

from math import inf

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.recording.recording import UNDECIDED, Basins, Losses, Recording

MIN_PACE = 0.16
"""Minimum time of a step, as a fraction of the maximum."""

FULL_ACTIVITY = 0.8
"""Activity of a step that takes the maximum time, if all steps were like it.

An activity of 1 in a race moves a head as far as the trails extend, moves a loss along its whole axis, or decides a
whole map.
"""

WINDOW_SHARE = 0.1
"""Width of the window that smooths the pace, as a fraction of the race."""

MIN_EXTENT = 0.05
"""Minimum extent of the trails, as a fraction of the domain."""

MAX_DECADES = 10
"""Maximum number of powers of ten of the axis on which changes of losses are measured."""


def pace_of(recording: Recording) -> tuple[float, ...]:
    """Return the time of each step as a fraction of the maximum, from 1 down to MIN_PACE at the least."""
    steps = recording.last_step
    if not steps:
        return ()
    result = recording.map
    activity = _movement(recording) + (
        _change_of_losses(recording) if result is None else _change_of_map(result, steps)
    )
    pace = np.clip(_smooth(activity) * steps / FULL_ACTIVITY, MIN_PACE, 1)
    # A race that rests before it moves again is shown as it is.
    pace = np.maximum.accumulate(pace[::-1])[::-1]
    # Means of equal numbers differ in their last digits.
    return tuple(np.round(_smooth(pace), 6).tolist())


def _smooth(values: Array) -> Array:
    """Return the weighted means of values (steps,) in a window around each step."""
    half = max(1, round(WINDOW_SHARE * len(values) / 2))
    window = np.hanning(2 * half + 3)[1:-1]
    return np.convolve(np.pad(values, half, mode="edge"), window / window.sum(), mode="valid")


def _movement(recording: Recording) -> Array:
    """Return the longest way of a head in each step, (steps,), as a fraction of the extent of the trails."""
    if not recording.names:
        return np.zeros(recording.last_step)
    surface = recording.surface
    places = np.clip((recording.xy - surface.low) / (surface.high - surface.low), 0, 1)
    extent = (np.nanmax(places, axis=(0, 1)) - np.nanmin(places, axis=(0, 1))).max()
    ways: Array = np.linalg.norm(np.diff(places, axis=1), axis=-1)
    return np.nan_to_num(ways).max(axis=0) / max(extent, MIN_EXTENT)


def _change_of_losses(recording: Recording) -> Array:
    """Return the largest change of a loss in each step, (steps,), as a fraction of the axis."""
    gap = recording.gap
    losses = _on_axis(recording.z if gap is None else gap, recording.in_view, logarithmic=gap is not None)
    return np.abs(np.diff(losses, axis=1)).max(axis=0, initial=0.0)


def _change_of_map(result: Basins | Losses, steps: int) -> Array:
    """Return the share of a map that is decided in each step, or the mean change of its losses, (steps,)."""
    if isinstance(result, Basins):
        decided = result.step[result.minimum != UNDECIDED]
        return np.bincount(decided, minlength=steps + 1)[1 : steps + 1] / result.step.size
    losses = _on_axis(result.loss, np.isfinite(result.loss), logarithmic=result.gap)
    change = np.abs(np.diff(losses, axis=0)).mean(axis=(1, 2))
    return np.pad(change, (0, max(0, steps - len(change))))[:steps]


@np.errstate(all="ignore")
def _on_axis(losses: Array, shown: NDArray[np.bool_], *, logarithmic: bool) -> Array:
    """Return the positions of losses (any shape) on an axis with those that are shown, from 0 to 1. NaN is at 1."""
    seen = losses[shown & (losses > 0) if logarithmic else shown]
    low, high = np.array([seen.min(initial=inf), seen.max(initial=-inf)])
    if logarithmic:
        losses, low, high = np.log10(losses), max(np.log10(low), np.log10(high) - MAX_DECADES), np.log10(high)
    if not low < high:
        return np.zeros(losses.shape)
    return np.clip(np.nan_to_num((losses - low) / (high - low), nan=1.0), 0, 1)
