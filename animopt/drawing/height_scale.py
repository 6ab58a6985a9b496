"""A scale of heights on which both valleys and walls can be seen."""

from dataclasses import dataclass

import numpy as np

from animopt.core.arrays import Array

MIN_KNEE = 1e-12
"""Minimum knee as a fraction of the heights. With a smaller one, several levels would be the same number."""

MAX_HEIGHT = 4e307
"""Maximum absolute height on a scale. The difference of two larger heights may overflow."""


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
        if np.isinf(self.knee):
            return self.low + fraction * span
        return self.low + self.knee * np.expm1(fraction * np.log1p(span / self.knee))

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
    # With this knee, log(1 + middle/knee) is exactly half of log(1 + span/knee).
    knee = middle * (middle / (span - 2 * middle))
    return HeightScale(low, high, max(knee, MIN_KNEE * span, MIN_KNEE * abs(low)))
