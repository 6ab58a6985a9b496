"""The loss along the ray of a step, and the conditions of a line search on it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from animopt.core.arrays import Array
from animopt.recording.recording import Recording

QUANTITY = "ray"
"""Name of the quantity that the recording must have."""

DEFAULT_C1, DEFAULT_C2 = 1e-4, 0.9
"""Parts of the slope for racers without such settings. Source: Nocedal and Wright 2006, section 3.1."""

PARALLEL = 1e-9
"""Maximum distance of a step from the direction against the gradient, as a part of its length."""

Interval = tuple[float, float]


@dataclass(frozen=True, eq=False)
class StepRay:
    """The loss along a step.

    Attributes:
        parts: Parts of the step, ascending from 0, (samples,). The step ends at 1.
        losses: The loss at each, (samples,).
        slopes: The slope of the loss by the part, (samples,).
        length: The step length α of the whole step, or NaN if it is not known.
        c1: Part of the slope at 0 that the loss must decrease.
        c2: Part of the slope at 0 that may remain.
    """

    parts: Array
    losses: Array
    slopes: Array
    length: float
    c1: float
    c2: float

    @property
    def goes_down(self) -> bool:
        """Whether the loss decreases at 0, so that the conditions have a meaning."""
        return bool(self.slopes[0] < 0)

    def decrease(self, part: float) -> float:
        """Return the loss of the line below which the decrease is sufficient, φ(0) + c1 α φ′(0), at a part."""
        return float(self.losses[0] + self.c1 * part * self.slopes[0])

    def decreasing(self) -> Sequence[Interval]:
        """Return the parts with sufficient decrease, equation 3.4."""
        return _intervals(self.parts, self._decrease)

    def admissible(self) -> Sequence[Interval]:
        """Return the parts that meet the strong Wolfe conditions, equations 3.7."""
        flat = self.c2 * abs(self.slopes[0]) - np.abs(self.slopes)
        # Both are as steep as the slope at 0, so that the smaller one is 0 where either is.
        return _intervals(self.parts, np.minimum(self._decrease, flat))

    @property
    def _decrease(self) -> Array:
        margin: Array = self.losses[0] + self.c1 * self.parts * self.slopes[0] - self.losses
        return margin

    def minimum(self) -> float:
        """Return the part of the first minimum, NaN without one."""
        ends = np.flatnonzero((self.slopes[:-1] < 0) & (self.slopes[1:] >= 0))
        return _root(self.parts, self.slopes, int(ends[0])) if self.goes_down and ends.size else np.nan

    def loss(self, part: float) -> float:
        """Return the loss at a part."""
        return float(np.interp(part, self.parts, self.losses))


def ray_of(recording: Recording, racer: int, step: int) -> StepRay | None:
    """Return the ray of the step that leaves a point, None if no step leaves it."""
    parts, losses, slopes = recording.quantities[QUANTITY][racer, step].T
    if not np.isfinite(losses[0]) or not np.isfinite(slopes[0]):
        return None
    settings = recording.hyperparameters[racer]
    c1, c2 = (
        value if isinstance(value := settings.get(name), float) and 0 < value < 1 else default
        for name, default in (("c1", DEFAULT_C1), ("c2", DEFAULT_C2))
    )
    return StepRay(parts, losses, slopes, _length(recording, racer, step), c1, c2)


def step_of(recording: Recording, racer: int, step: float) -> tuple[int, float]:
    """Return the index of the point that a racer leaves at a fractional step, and the part of that step it has made."""
    values = recording.quantities[QUANTITY][racer]
    last = int(recording.steps[racer])
    index = min(int(step), max(0, last - 1))
    # A race by gradients repeats the row of a step with several of them.
    first, after = index, index + 1
    while first and np.array_equal(values[first - 1], values[index]):
        first -= 1
    while after < last and np.array_equal(values[after], values[index]):
        after += 1
    return index, float(np.clip((step - first) / (after - first), 0, 1))


def _length(recording: Recording, racer: int, step: int) -> float:
    """Return α of a step: what the optimizer's state says, or the factor of the negative gradient."""
    lengths = recording.states[racer].get("step_length")
    following = np.flatnonzero((recording.xy[racer, step + 1 :] != recording.xy[racer, step]).any(axis=1))
    if not following.size:
        return np.nan
    after = step + 1 + int(following[0])
    if lengths is not None and lengths.ndim == 1:
        return float(lengths[after])
    move, gradient = recording.xy[racer, after] - recording.xy[racer, step], recording.gradients[racer, step]
    with np.errstate(all="ignore"):
        factor = -float(move @ gradient) / float(gradient @ gradient)
        is_parallel = np.hypot(*(move + factor * gradient)) <= PARALLEL * np.hypot(*move)
    return factor if is_parallel and factor > 0 else np.nan


def _intervals(parts: Array, margins: Array) -> list[Interval]:
    """Return where margins (samples,), interpolated, are at least 0, without single points."""
    inside = margins >= 0
    found = []
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(int)))
    for first, after in edges.reshape(-1, 2):
        low = parts[0] if first == 0 else _root(parts, margins, first - 1)
        high = parts[-1] if after == len(parts) else _root(parts, margins, after - 1)
        if high > low:
            found.append((float(low), float(high)))
    return found


def _root(parts: Array, values: Array, before: int) -> float:
    """Return where the straight line through the samples `before` and after it is 0."""
    (low, high), (first, last) = values[before : before + 2], parts[before : before + 2]
    if not (np.isfinite(low) and np.isfinite(high)) or low == high:
        return float(first)
    return float(first - low * (last - first) / (high - low))
