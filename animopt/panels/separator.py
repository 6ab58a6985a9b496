"""The labeled points of a linear classifier, and the line at which each racer's classifier separates them."""

from typing import ClassVar, final

import numpy as np

from animopt.core.arrays import Array
from animopt.core.language import language
from animopt.drawing.artists import TRAIL_WIDTH, PixelLine, dots, set_ticks, style_plot, tick_counts
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.text import max_width

MARGIN = 0.12
"""Margin around the points, as a fraction of their extent."""

SIZE = 9.0
"""Diameter of a point, in pixels of a 1280 × 720 picture."""

HOLE = 0.55
"""Diameter of the hole in a point with the label −1, as a fraction of that of the point."""


@final
class Separator:
    """The points, full with the label 1 and hollow with −1, and for each racer the line on which its score is 0.

    If the function has a direction, a dashed line is perpendicular to it, in a band as wide as the margin allows.
    """

    needs: ClassVar = "classes", "the function has no labeled points and model of them; use animopt.classification"
    """Field of the recording that the panel needs, and the problem if it is None."""

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the axes, the points and the margin. The lines move."""
        classes, words = recording.classes, language(recording.language)
        assert classes is not None
        low, high = _limits(classes.points, np.array(axes.get_window_extent().size))
        axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), autoscale_on=False)
        set_ticks(axes, *tick_counts(axes, theme, spacing=(5, 3), most=6))
        heading = words.gettext("labels ● 1, ○ −1")
        if recording.direction is not None:
            heading = words.gettext("● 1, ○ −1, – – largest margin")
            self._draw_margin(axes, theme, recording.direction, float(classes.margin(recording.direction)))
        if max_width(axes, [heading], theme.text(14)) > axes.get_window_extent().width:
            heading = "● 1, ○ −1"
        style_plot(axes, theme, heading)
        size = max(4.0, theme.px(SIZE))
        dots(axes, theme.ink, size).set_positions(classes.points).set_animated(False)
        hollow = classes.points[classes.labels < 0]
        dots(axes, theme.background, HOLE * size).set_positions(hollow).set_animated(False)
        lines = [
            PixelLine(axes, theme.hue(racer), theme.trail(0.8 * TRAIL_WIDTH)) for racer in range(len(recording.names))
        ]
        corners = low, high

        def move(moment: Moment) -> Artists:
            before = int(moment.step)
            after = min(before + 1, classes.separators.shape[1] - 1)
            for line, rows in zip(lines, classes.separators, strict=True):
                coefficients = rows[before] + (moment.step - before) * (rows[after] - rows[before])
                line.set_pixels(axes.transData.transform(_ends(coefficients, *corners)))
            return lines

        return move

    def _draw_margin(self, axes: Axes, theme: Theme, direction: Array, margin: float) -> None:
        """Draw the line through the origin that is perpendicular to a direction, and the band around it."""
        across = np.array([-direction[1], direction[0]])
        far = 2 * float(np.abs(np.array([axes.get_xlim(), axes.get_ylim()])).max()) * across
        if margin > 0:
            band = margin * direction
            axes.fill(*np.array([-far - band, far - band, far + band, -far + band]).T, color=theme.rule, linewidth=0)
        axes.plot(*np.array([-far, far]).T, color=theme.ink, linewidth=max(1.2, theme.px(1.6)), linestyle=(0, (5, 3)))


def _limits(points: Array, size: Array) -> tuple[Array, Array]:
    """Return two corners (2,) of an axes of a size (2,) in pixels that shows points and the origin in equal units."""
    shown = np.vstack([points, np.zeros(2)])
    low, high = shown.min(axis=0), shown.max(axis=0)
    extent = np.maximum(high - low, 1e-12) * (1 + 2 * MARGIN)
    half = size * (extent / size).max() / 2
    middle = (low + high) / 2
    return middle - half, middle + half


def _ends(coefficients: Array, low: Array, high: Array) -> Array:
    """Return the ends (2, 2) of the line c + a u + b v = 0 between two corners, or nothing (0, 2).

    `coefficients` are c, a and b.
    """
    constant, normal = coefficients[0], coefficients[1:]
    length = float(np.linalg.norm(normal))
    if not (np.isfinite(coefficients).all() and length > 0):
        return np.empty((0, 2))
    normal, constant = normal / length, constant / length
    middle, along = (low + high) / 2, np.array([-normal[1], normal[0]])
    foot = middle - (middle @ normal + constant) * normal
    # The part of the line within each pair of sides.
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.sort(np.array([(low - foot) / along, (high - foot) / along]), axis=0)
    outside = (along == 0) & ((foot < low) | (foot > high))
    parts[:, along == 0] = [[-np.inf], [np.inf]]
    first, last = parts[0].max(), parts[1].min()
    if outside.any() or first >= last:
        return np.empty((0, 2))
    return foot + np.array([[first], [last]]) * along
