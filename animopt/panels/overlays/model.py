"""The quadratic model of the function at a racer, and the radius within which the racer trusts it."""

from typing import ClassVar, final

import numpy as np

from animopt.core.arrays import Array
from animopt.drawing.artists import CASING, Markers, PixelLine, cross_lines
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.mpl import Path, to_rgb
from animopt.recording.update_rules import trust_radii

POINTS = 181
"""Number of points of an ellipse, and of each branch of a hyperbola."""

FRACTIONS = 1 / 3, 2 / 3, 1.0
"""Sizes of the ellipses, as fractions of the one through the racer."""

REACH = 8.0
"""Maximum hyperbolic angle of a point of a hyperbola. Its branches are then about 1,500 half axes long."""

FLAT = 1e-12
"""Minimum ratio of the eigenvalues of a Hessian whose model has lines."""

WIDTH = 1.8
"""Width of a line, in pixels of a 1280 × 720 picture."""

FILL = 0.16
"""Opacity of the area within the trust radius."""

DASH = 13.0
"""Length of a dash and a gap of the trust radius, in pixels of a 1280 × 720 picture."""

DASHED = 0.58
"""Length of a dash as a fraction of that."""

MAX_DASHES = 400
"""Maximum number of dashes."""

MAX_PIXELS = 1e5
"""Maximum distance from the picture's corner that is drawn, in pixels. The renderer does not accept all larger ones."""


@final
class Model:
    """Level lines of the second-order Taylor polynomial at a racer, and a cross at its minimum.

    m(p) = f(x) + gᵀ(p − x) + ½ (p − x)ᵀH(p − x), with the gradient g and the Hessian H at the racer's last point x.
    The outer ellipse goes through x. If H is indefinite, the model has no minimum, and the line is the hyperbola
    through x. A model without a single stationary point, or with a maximum, has no lines. If the optimizer's state has
    a `radius`, a dashed line shows the trust region of the next step. With noise or batches, g is the gradient that the
    racer gets and H that of the loss without noise, on all rows. Source: Nocedal and Wright 2006, Numerical
    Optimization, sections 2.2 and 4.1.
    """

    quantity: ClassVar = "hessian"
    """Quantity that the recording must have."""

    above = False

    def draw(self, axes: Axes, recording: Recording, theme: Theme, racer: int) -> Move:
        """Draw nothing that does not move. The lines, the cross and the trust region move with the racer."""
        hue, width = theme.hue(racer), theme.trail(WIDTH)
        wide = width + 2 * theme.px(CASING)
        region = Markers(axes, Path(np.empty((0, 2))), facecolor=(*to_rgb(hue), FILL), linewidth=0, animated=True)
        edges = [PixelLine(axes, theme.background, wide), PixelLine(axes, hue, width)]
        lines = [PixelLine(axes, theme.background, wide), PixelLine(axes, hue, width)]
        crosses = [PixelLine(axes, theme.background, 1.5 * wide), PixelLine(axes, theme.ink, 1.5 * width)]
        cross = cross_lines(theme)
        radii = trust_radii(recording, racer)
        gradients, hessians = recording.gradients[racer], recording.quantities[self.quantity][racer]
        points = recording.xy[racer]
        last = int(recording.steps[racer])

        def pixels(places: Array) -> Array:
            return np.clip(axes.transData.transform(places), -MAX_PIXELS, MAX_PIXELS)

        def move(moment: Moment) -> Artists:
            step = min(int(moment.step), last)
            shown: list[Artists] = []
            if radii is not None and radii[step] > 0 and np.isfinite(points[step]).all():
                edge = pixels(points[step] + radii[step] * _circle())
                region.shape = Path(edge, closed=True)
                shown += [
                    [region.set_pixels(np.zeros((1, 2)))],
                    [each.set_pixels(_dashes(edge, theme.px(DASH))) for each in edges],
                ]
            outline, minimum = level_lines(points[step], gradients[step], hessians[step])
            if len(outline):
                shown.append([each.set_pixels(pixels(outline)) for each in lines])
            if minimum is not None:
                shown.append([each.set_pixels(pixels(minimum[None]) + cross) for each in crosses])
            return [artist for artists in shown for artist in artists]

        return move


def level_lines(point: Array, gradient: Array, hessian: Array) -> tuple[Array, Array | None]:
    """Return level lines of the model at a point (2,) as points (n, 2) with NaN between lines, and its minimum (2,).

    The minimum is None if the model has none.
    """
    nothing = np.empty((0, 2))
    if not (np.isfinite(point).all() and np.isfinite(gradient).all() and np.isfinite(hessian).all()):
        return nothing, None
    values, vectors = np.linalg.eigh(hessian)
    if np.abs(values).min() <= FLAT * np.abs(values).max() or values[1] <= 0:
        return nothing, None
    # In the coordinates of the eigenvectors, from the stationary point: Σ λᵢ uᵢ² = level.
    parts = vectors.T @ gradient
    center = point - vectors @ (parts / values)
    level = float((parts**2 / values).sum())
    half_axes = np.sqrt(np.abs(level / values))
    if values[0] > 0:
        shapes = [fraction * _circle() * half_axes for fraction in FRACTIONS]
    else:
        angle = np.linspace(-REACH, REACH, POINTS)
        branch = np.column_stack([np.sinh(angle), np.cosh(angle)][:: 1 if level > 0 else -1])
        shapes = [branch * half_axes, -branch * half_axes]
    gap = np.full((1, 2), np.nan)
    outline: Array = np.concatenate([part for shape in shapes for part in (center + shape @ vectors.T, gap)])
    return outline, center if values[0] > 0 else None


def _dashes(outline: Array, length: float) -> Array:
    """Return a closed line (n, 2) in pixels as dashes of a length with its gap, separated by NaN."""
    lengths = np.append(0.0, np.cumsum(np.hypot(*np.diff(outline, axis=0).T)))
    count = int(np.clip(lengths[-1] / length, 8, MAX_DASHES))
    parts = np.append(np.linspace(0, DASHED, 5), np.nan)
    places = ((np.arange(count)[:, None] + parts) * lengths[-1] / count).ravel()
    return np.column_stack([np.interp(places, lengths, axis) for axis in outline.T])


def _circle() -> Array:
    turn = np.linspace(0, 2 * np.pi, POINTS)
    return np.column_stack([np.cos(turn), np.sin(turn)])
