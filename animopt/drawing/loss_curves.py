"""Curves of the racers' losses on an axis that fits them, and the levels of higher minima."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from animopt.core.arrays import Array
from animopt.core.language import language
from animopt.drawing.artists import MIN_RULE, RULE
from animopt.drawing.curves import MAX_VALUE, Curves, ValueAxis
from animopt.drawing.geometry import MIN_KNEE
from animopt.drawing.mpl import Artist, Axes, Rectangle
from animopt.drawing.text import max_width, write
from animopt.drawing.theme import NOTE_TEXT, Theme
from animopt.recording.results import Results

MAX_DECADES = 8
"""Maximum number of powers of ten on the axis of gaps."""

LONE_SHARE, LONE_DECADES = 0.5, 3.0
"""Maximum range of the axis that only one racer reaches: a fraction of the range of the others, or powers of ten."""

MARGIN, MIN_MARGIN = 0.04, 0.03
"""Margin above and below the losses as a fraction of their range, and its minimum in powers of ten."""

BACKING_OPACITY = 0.75
"""Opacity of the background's color between a text and the curves."""

MAX_COVERED = 0.04
"""Maximum part of the curves that a text may cover."""

CURVE_SAMPLES = 200
"""Number of points of each curve that a text avoids covering."""


def fit_axis(results: Results) -> ValueAxis:
    """Return the axis that shows the losses of the racers while they are in view.

    It is logarithmic for gaps to a minimum, and then does not show all losses of a racer that is far below the others.
    """
    rows = results.in_view
    if not results.gaps:
        ends = [np.clip([row.min(), row.max()], -MAX_VALUE, MAX_VALUE) for row in rows] or [np.array([0.0, 1.0])]
        low, high = float(np.min(ends)), float(np.max(ends))
        # matplotlib needs a margin to separate the ends of nearly equal losses.
        margin = max(MARGIN * (high - low) or 1.0, MIN_KNEE * max(abs(low), abs(high)))
        return ValueAxis(low - margin, high + margin, False)
    positive = [np.log10(np.clip(row[row > 0], 1 / MAX_VALUE, MAX_VALUE)) for row in rows]
    lows = sorted(float(row.min()) for row in positive if row.size) or [-1.0]
    high = max((float(row.max()) for row in positive if row.size), default=0.0)
    low = max(lows[0], high - MAX_DECADES)
    if len(lows) > 1:
        low = max(low, lows[1] - max(LONE_SHARE * (high - lows[1]), LONE_DECADES))
    margin = max(MARGIN * (high - low), MIN_MARGIN)
    return ValueAxis(float(10 ** (low - margin)), float(10 ** (high + margin)), True)


class LossCurves(Curves):
    """The axis with the levels of higher minima, and each racer's curve of its loss.

    If `valued`, the arrow of a curve that has left the axis has the loss beside it.
    """

    def __init__(
        self, axes: Axes, theme: Theme, results: Results, *, ticked: bool = True, valued: bool = False
    ) -> None:
        axis = fit_axis(results)
        super().__init__(
            axes,
            theme,
            results.recording,
            results.values,
            axis,
            heading=results.heading,
            clock=results.clock,
            last_step=results.last_step,
            ticked=ticked,
            value_text=results.loss if valued else None,
        )
        self._notes = _draw_higher_minima(axes, theme, axis, results, self._heights)


def _draw_higher_minima(
    axes: Axes, theme: Theme, axis: ValueAxis, results: Results, heights: Array
) -> Sequence[Artist]:
    """Draw a dashed line at the level of each higher minimum. Return a text for the lowest, and what is behind it.

    The text is drawn over the curves, whose heights are fractions of the axis, (racers, steps + 1), where it covers
    little of them.
    """
    losses = results.higher_levels
    shown = [(loss, level) for loss, level in zip(losses, axis.fractions(losses), strict=True) if 0 < level < 1]
    if not shown:
        return ()
    for loss, _ in shown:
        axes.axhline(loss, color=theme.muted, linewidth=max(MIN_RULE, theme.px(RULE)), linestyle=(0, (4, 3)), zorder=1)
    words = language(results.recording.language).ngettext("higher minimum", "higher minima", len(shown))
    size = theme.text(NOTE_TEXT)
    box = axes.get_window_extent()
    width, height = max_width(axes, [words], size) / box.width, 1.3 * size / box.height
    steps = np.arange(heights.shape[1])
    across = np.linspace(0, 1, CURVE_SAMPLES)
    curves = np.array([np.interp(across * results.last_step, steps, row, right=np.nan) for row in heights])

    def covered(left: float, bottom: float) -> float:
        """Return the part of the curves under a text, or infinity if it leaves the axes."""
        if left < 0 or left + width > 1 or bottom < 0 or bottom + height > 1:
            return np.inf
        inside = (across >= left) & (across <= left + width) & (curves >= bottom) & (curves <= bottom + height)
        return float(inside.mean())

    places = [
        (left, bottom) for bottom in (shown[0][1] - height, shown[0][1]) for left in np.linspace(0.02, 0.98 - width, 5)
    ]
    left, bottom = min(places, key=lambda place: covered(*place))
    if covered(left, bottom) > MAX_COVERED:
        return ()
    style: dict[str, Any] = {"transform": axes.transAxes, "animated": True}
    behind = Rectangle((left, bottom), width, height, facecolor=theme.background, alpha=BACKING_OPACITY, **style)
    axes.add_patch(behind)
    return behind, write(axes, left, bottom + height / 2, words, size, theme.muted, va="center_baseline", **style)
