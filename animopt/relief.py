"""A scale for heights on which both the valley and the walls can be seen."""

from dataclasses import dataclass

import numpy as np

from animopt.recording import Array

VALLEY = 0.4
"""The part of the domain's area that the lower half of the scale shows."""

FINEST = 1e-12
"""The smallest knee, in parts of the heights: below it levels would fall on one number."""


@dataclass(frozen=True)
class Relief:
    """Equal steps of log(1 + (z - low) / knee) from `low` to `high`: linear below the knee, logarithmic above it.

    An infinite knee makes the scale linear.
    """

    low: float
    high: float
    knee: float

    def heights(self, count: int) -> Array:
        """`count` heights, equally far apart on the scale, from its low end to its high end."""
        part = np.linspace(0, 1, count)
        span = self.high - self.low
        if np.isinf(self.knee):
            return self.low + part * span
        return self.low + self.knee * np.expm1(part * np.log1p(span / self.knee))


def relief(z: Array) -> Relief:
    """The scale for a surface's heights (any shape, not always finite) on which its valley fills the lower half."""
    finite = z[np.isfinite(z)]
    if not finite.size:
        return Relief(0.0, 1.0, np.inf)
    low, high = float(finite.min()), float(finite.max())
    margin = max(abs(low), abs(high)) * FINEST
    if high - low <= margin:
        margin = max(0.5, margin)
        return Relief(low - margin, high + margin, np.inf)
    middle = float(np.quantile(finite, VALLEY)) - low
    span = high - low
    if not 0 < middle < span / 2:
        return Relief(low, high, np.inf)
    # log(1 + middle/knee) is half of log(1 + span/knee) exactly here.
    knee = middle * (middle / (span - 2 * middle))
    return Relief(low, high, max(knee, FINEST * span, FINEST * abs(low)))
