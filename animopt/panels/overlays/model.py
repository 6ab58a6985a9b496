"""The quadratic model of the function at a racer."""

from typing import ClassVar, final

import numpy as np

from animopt.core.arrays import Array
from animopt.drawing.artists import PixelLine
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme

POINTS = 180
"""Number of points of an ellipse."""

FRACTIONS = 1 / 3, 2 / 3, 1.0
"""Sizes of the ellipses, as fractions of the one through the racer."""

WIDTH = 1.6
"""Width of an ellipse, in pixels of a 1280 × 720 picture."""


@final
class Model:
    """Level lines of the second-order Taylor polynomial at a racer, and a cross at its minimum.

    m(p) = f(x) + gᵀ(p − x) + ½ (p − x)ᵀH(p − x), with the gradient g and the Hessian H at the racer's last point x.
    The outer line goes through x. A model without a minimum has no lines. Source: Nocedal and Wright 2006, Numerical
    Optimization, section 2.2.
    """

    quantity: ClassVar = "hessian"
    """Quantity that the recording must have."""

    above = False

    def draw(self, axes: Axes, recording: Recording, theme: Theme, racer: int) -> Move:
        """Draw nothing that does not move. The ellipses and the cross move with the racer."""
        line = PixelLine(axes, theme.hue(racer), theme.trail(WIDTH))
        turn = np.linspace(0, 2 * np.pi, POINTS)
        circle = np.column_stack([np.cos(turn), np.sin(turn)])
        gradients, hessians = recording.gradients[racer], recording.quantities[self.quantity][racer]

        def ellipses(step: int) -> Array:
            """Return the points of the lines (points, 2), separated by NaN."""
            values, vectors = np.linalg.eigh(np.nan_to_num(hessians[step]))
            if values[0] <= 0 or not np.isfinite(gradients[step]).all():
                return np.empty((0, 2))
            gradient = vectors.T @ gradients[step]
            center = recording.xy[racer, step] - vectors @ (gradient / values)
            radii = np.sqrt((gradient**2 / values).sum() / values)
            outer = circle * radii @ vectors.T
            gap = np.full((1, 2), np.nan)
            return np.concatenate([part for fraction in FRACTIONS for part in (center + fraction * outer, gap)])

        def move(moment: Moment) -> Artists:
            return [line.set_pixels(axes.transData.transform(ellipses(int(moment.step))))]

        return move
