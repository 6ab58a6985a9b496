"""A scale for heights on which both the valley and the walls can be seen."""

from dataclasses import dataclass

import numpy as np

from animopt.core.arrays import Array

FINEST = 1e-12
"""The smallest knee, in parts of the heights: below it levels would fall on one number."""

LARGEST = 4e307
"""Heights are told apart up to here: beyond it a difference of two may be no number any more."""


@dataclass(frozen=True)
class HeightScale:
    """Equal steps of log(1 + (z - low) / knee) from `low` to `high`: linear below the knee, logarithmic above it.

    An infinite knee makes the scale linear.
    """

    low: float
    high: float
    knee: float

    @property
    def bent(self) -> bool:
        """Whether the scale is far from an even one: whether its lower half is less than a third of the heights."""
        return float(self.heights(3)[1] - self.low) < (self.high - self.low) / 3

    def heights(self, count: int) -> Array:
        """`count` heights, equally far apart on the scale, from its low end to its high end."""
        part = np.linspace(0, 1, count)
        span = self.high - self.low
        if np.isinf(self.knee):
            return self.low + part * span
        return self.low + self.knee * np.expm1(part * np.log1p(span / self.knee))

    def parts(self, z: Array) -> Array:
        """Where heights z (any shape) stand on the scale, 0 at its low end and 1 at its high end."""
        above = np.maximum(np.clip(z, -LARGEST, LARGEST) - self.low, 0)
        span = self.high - self.low
        return above / span if np.isinf(self.knee) else np.log1p(above / self.knee) / np.log1p(span / self.knee)


def height_scale(z: Array, valley: float) -> HeightScale:
    """The scale for a surface's heights (any shape, not always finite) whose lower half shows a part of its area.

    `valley` is that part, 0 to 1; where the heights fill the lower half of an even scale with more, it stays even.
    """
    finite = z[np.isfinite(z)]
    if not finite.size:
        return HeightScale(0.0, 1.0, np.inf)
    low, high = (float(np.clip(end, -LARGEST, LARGEST)) for end in (finite.min(), finite.max()))
    margin = max(abs(low), abs(high)) * FINEST
    if high - low <= margin:
        margin = max(0.5, margin)
        return HeightScale(low - margin, high + margin, np.inf)
    middle = float(np.quantile(np.clip(finite, low, high), valley)) - low
    span = high - low
    if not 0 < middle < span / 2:
        return HeightScale(low, high, np.inf)
    # log(1 + middle/knee) is half of log(1 + span/knee) exactly here.
    knee = middle * (middle / (span - 2 * middle))
    return HeightScale(low, high, max(knee, FINEST * span, FINEST * abs(low)))
