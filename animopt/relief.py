"""A scale for heights on which both the valley and the walls can be seen."""

from dataclasses import dataclass

import numpy as np

from animopt.recording import Array

VALLEY = 0.4
"""The part of the domain's area that the lower half of the scale shows."""


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
    if low == high:
        return Relief(low - 0.5, high + 0.5, np.inf)
    middle = float(np.quantile(finite, VALLEY)) - low
    span = high - low
    # log(1 + middle/knee) is half of log(1 + span/knee) exactly here; a middle above half asks for no bending.
    knee = middle**2 / (span - 2 * middle) if 0 < middle < span / 2 else np.inf
    return Relief(low, high, knee)
