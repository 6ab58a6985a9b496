"""Curves of the racers' losses on an axis that fits what they show, with an arrow where a curve leaves it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from animopt.core.arrays import Array
from animopt.core.language import language
from animopt.core.number_format import LARGEST, SMALLEST, format_number
from animopt.drawing.artists import Markers, plot_artists, style_plot, trail_cell
from animopt.drawing.geometry import MIN_KNEE, thin_path
from animopt.drawing.layout import PANELS
from animopt.drawing.mpl import (
    Artist,
    Axes,
    FixedFormatter,
    FixedLocator,
    IdentityTransform,
    LogLocator,
    MaxNLocator,
    Path,
    Rectangle,
)
from animopt.drawing.text import max_width, write
from animopt.drawing.theme import Theme
from animopt.recording.recording import SurfacePath
from animopt.recording.results import Results

MAX_DECADES = 8
"""Maximum number of powers of ten on the axis of gaps."""

LONE_SHARE, LONE_DECADES = 0.5, 3.0
"""Maximum range of the axis that only one racer reaches: a fraction of the range of the others, or powers of ten."""

MARGIN, MIN_MARGIN = 0.04, 0.03
"""Margin above and below the losses as a fraction of their range, and its minimum in powers of ten."""

MAX_LOSS = 1e300
"""Maximum absolute loss on the axis. matplotlib finds no ticks beyond it."""

FAR = 20.0
"""Distance from the axis, in its lengths, beyond which all losses have one height."""

BACKING_OPACITY = 0.75
"""Opacity of the background's color between a text and the curves."""

MAX_COVERED = 0.04
"""Maximum part of the curves that a text may cover."""

CURVE_SAMPLES = 200
"""Number of points of each curve that a text avoids covering."""

ARROW_LENGTH, ARROW_WIDTH = 14.0, 9.0
"""Length and width of an arrow where a curve leaves the axis, in pixels of a 1280 × 720 picture."""

EMPHASIS = 1.5
"""Factor of the width of the winner's curve."""

RECEDING_OPACITY = 0.6
"""Opacity of the other curves beside that of the winner."""


@dataclass(frozen=True)
class LossAxis:
    """An axis of losses from `low` to `high`."""

    low: float
    high: float
    logarithmic: bool

    def fractions(self, losses: Array) -> Array:
        """Return the positions of losses (any shape): 0 at the low end, 1 at the high end. NaN is far above."""
        low, high = self.low, self.high
        if self.logarithmic:
            with np.errstate(divide="ignore"):
                losses, low, high = np.log10(np.maximum(losses, 0)), np.log10(low), np.log10(high)
        with np.errstate(over="ignore"):
            places = (losses - low) / (high - low)
        return np.clip(np.where(np.isnan(losses), np.inf, places), -FAR, FAR)


def fit_axis(results: Results) -> LossAxis:
    """Return the axis that shows the losses of the racers while they are in view.

    It is logarithmic for gaps to a minimum, and then does not show all losses of a racer that is far below the others.
    """
    rows = results.in_view
    if not results.gaps:
        ends = [np.clip([row.min(), row.max()], -MAX_LOSS, MAX_LOSS) for row in rows] or [np.array([0.0, 1.0])]
        low, high = float(np.min(ends)), float(np.max(ends))
        # matplotlib needs a margin to separate the ends of nearly equal losses.
        margin = max(MARGIN * (high - low) or 1.0, MIN_KNEE * max(abs(low), abs(high)))
        return LossAxis(low - margin, high + margin, False)
    positive = [np.log10(np.clip(row[row > 0], 1 / MAX_LOSS, MAX_LOSS)) for row in rows]
    lows = sorted(float(row.min()) for row in positive if row.size) or [-1.0]
    high = max((float(row.max()) for row in positive if row.size), default=0.0)
    low = max(lows[0], high - MAX_DECADES)
    if len(lows) > 1:
        low = max(low, lows[1] - max(LONE_SHARE * (high - lows[1]), LONE_DECADES))
    margin = max(MARGIN * (high - low), MIN_MARGIN)
    return LossAxis(float(10 ** (low - margin)), float(10 ** (high + margin)), True)


class LossCurves:
    """The axis with the levels of higher minima, and each racer's curve up to a step.

    A curve ends in a head, or in an arrow where it leaves the axis. If `valued`, an arrow has the loss beside it.
    """

    def __init__(
        self, axes: Axes, theme: Theme, results: Results, *, ticked: bool = True, valued: bool = False
    ) -> None:
        self._results = results
        recording = results.recording
        racers, last = len(recording.names), results.last_step
        axis = fit_axis(results)
        axes.set(
            xlim=(0, last),
            yscale="log" if axis.logarithmic else "linear",
            ylim=(axis.low, axis.high),
            autoscale_on=False,
        )
        style_plot(axes, theme, results.heading)
        _set_ticks(axes, theme, axis, recording.language)
        if ticked:
            _label_steps(axes, theme, results.clock)
        else:
            axes.tick_params(labelleft=False, labelbottom=False)
        self._heights = axis.fractions(results.values)
        self._note = _draw_higher_minima(axes, theme, axis, results, self._heights)
        self._lines, self._heads = plot_artists(axes, theme, racers)
        self._winner: int | None = None
        self._width = float(self._lines[0].get_linewidth())
        self._shapes = {side: _arrow(theme, side) for side in (-1, 1)}
        self._arrows = [
            Markers(
                axes,
                self._shapes[1],
                facecolor=theme.hue(racer),
                edgecolor=theme.background,
                linewidth=max(0.8, theme.px(1.2)),
                clip_on=False,
                animated=True,
            )
            for racer in range(racers)
        ]
        self._values = [
            write(axes, 0, 0, "", theme.text(13), theme.ink, va="center", transform=IdentityTransform(), animated=True)
            for _ in range(racers * valued)
        ]
        self._box = axes.get_window_extent()
        self._line = 1.3 * theme.text(13)
        self._ends = [cut_path(row) for row in self._heights]
        for path in self._ends:
            path.xyz[:, 0] = self._box.x0 + self._box.width * path.xyz[:, 0] / last
            path.xyz[:, 1] = self._box.y0 + self._box.height * path.xyz[:, 1]
        outside = (np.where(path.xyz[:, 2:] == 0, path.xyz[:, :2], np.nan) for path in self._ends)
        cell = trail_cell(theme)
        self._trails = [
            thin_path(SurfacePath(path.step, xy), cell) for path, xy in zip(self._ends, outside, strict=True)
        ]

    def heights(self, step: float) -> Array:
        """Return the height of each curve at a step, (racers,), from 0 to 1 within the axis."""
        before = int(step)
        after = min(before + 1, self._heights.shape[1] - 1)
        return self._heights[:, before] + (step - before) * (self._heights[:, after] - self._heights[:, before])

    def ends(self, step: float) -> Array:
        """Return the end of each curve at a step, (racers, 2), in pixels from the figure's lower left."""
        return self._at(step)[:, :2]

    def _at(self, step: float) -> Array:
        """Return each curve's end, and the side on which it has left the axis, 0 if it has not, (racers, 3)."""
        steps = np.minimum(step, self._results.recording.steps)
        return np.array([path.head(last) for path, last in zip(self._ends, steps, strict=True)])

    def move(self, step: float, winner: int | None = None) -> Sequence[Artist]:
        """Draw the curves up to a step, and return their artists. The curve of the winner, if any, is emphasized."""
        if winner != self._winner:
            self._winner = winner
            for racer, line in enumerate(self._lines):
                factor = 1.0 if winner is None else EMPHASIS if winner == racer else 1 / EMPHASIS
                line.set(linewidth=self._width * factor, alpha=RECEDING_OPACITY if factor < 1 else 1.0)
        beside: dict[float, list[Artist]] = {-1: [], 1: []}
        for racer, (x, y, side) in enumerate(self._at(step)):
            end = np.array([[x, y]])
            nowhere = end[:0]
            passed = self._trails[racer].passed(min(step, self._results.recording.steps[racer]))
            self._lines[racer].set_pixels(np.vstack([passed, nowhere if side else end]))
            self._heads[racer].set_pixels(nowhere if side else end)
            self._arrows[racer].shape = self._shapes[np.sign(side) or 1]
            self._arrows[racer].set_pixels(end if side else nowhere)
            if self._values and side:
                stack = beside[np.sign(side)]
                stack.append(
                    self._place_value(racer, int(step), x, y - np.sign(side) * self._line * (len(stack) + 0.6))
                )
        return [*self._lines, *self._note, *self._arrows, *self._heads, *beside[-1], *beside[1]]

    def _place_value(self, racer: int, step: int, x: float, y: float) -> Artist:
        """Write a racer's loss beside its arrow, on the side that has more room."""
        to_right = x < self._box.x0 + self._box.width / 2
        text = self._values[racer]
        text.set(
            text=self._results.loss(racer, step),
            position=(x + (0.6 if to_right else -0.6) * self._line, y),
            ha="left" if to_right else "right",
        )
        return text


def cut_path(row: Array) -> SurfacePath:
    """Return the path of a curve's end, with columns for the step, the height, and the side on which it has left.

    The curve has the heights `row` (steps + 1,) as fractions of the axis. The side is 0 within the axis, -1 below it
    and 1 above it. There, the end remains where the curve left the axis.
    """
    steps = np.arange(len(row), dtype=np.float64)
    for edge in (0.0, 1.0):
        before = np.flatnonzero((row[:-1] - edge) * (row[1:] - edge) < 0)
        crossings = steps[before] + (edge - row[before]) / (row[before + 1] - row[before]) * np.diff(steps)[before]
        steps = np.insert(steps, before + 1, crossings)
        row = np.insert(row, before + 1, edge)
    side = 1.0 * (row > 1) - (row < 0)
    inside = np.maximum.accumulate(np.where(side == 0, np.arange(len(row)), 0))
    xyz = np.column_stack([steps[inside], np.clip(row[inside], 0, 1), side])
    # Where the curve returns, its end is at two places at once.
    back = np.flatnonzero((side[1:] == 0) & (side[:-1] != 0))
    return SurfacePath(np.insert(steps, back + 1, steps[back + 1]), np.insert(xyz, back + 1, xyz[back], axis=0))


def _arrow(theme: Theme, side: float) -> Path:
    """Return an arrow up or down whose tip is at the origin, in pixels."""
    length, half = (max(9.0, theme.px(ARROW_LENGTH)), max(3.5, theme.px(ARROW_WIDTH / 2)))
    stem, head = 0.3 * half, 0.55 * length
    x = [0, half, stem, stem, -stem, -stem, -half, 0]
    y = [0, -head, -head, -length, -length, -head, -head, 0]
    return Path(np.column_stack([x, side * np.array(y)]), closed=True)


def _label_steps(axes: Axes, theme: Theme, clock: str) -> None:
    """Write what is counted before the first tick label, if it fits beside the axes. The header has it, too."""
    size = theme.text(13)
    gap = 0.8 * size
    if max_width(axes, [clock], size) > PANELS["loss"].around(theme)[0] - gap:
        return
    axes.annotate(
        clock,
        (0, 0),
        xycoords="axes fraction",
        xytext=(-gap, -theme.px(6)),
        textcoords="offset pixels",
        ha="right",
        va="top",
        fontsize=size,
        color=theme.muted,
    )


def _draw_higher_minima(axes: Axes, theme: Theme, axis: LossAxis, results: Results, heights: Array) -> Sequence[Artist]:
    """Draw a dashed line at the level of each higher minimum. Return a text for the lowest, and what is behind it.

    The text is drawn over the curves, whose heights are fractions of the axis, (racers, steps + 1), where it covers
    little of them.
    """
    losses = np.array(results.higher_minima) - (results.lowest_minimum if axis.logarithmic else 0)
    shown = [(loss, level) for loss, level in zip(losses, axis.fractions(losses), strict=True) if 0 < level < 1]
    if not shown:
        return ()
    for loss, _ in shown:
        axes.axhline(loss, color=theme.muted, linewidth=max(0.8, theme.px(1)), linestyle=(0, (4, 3)), zorder=1)
    words = language(results.recording.language).ngettext("higher minimum", "higher minima", len(shown))
    size = theme.text(12)
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


def _set_ticks(axes: Axes, theme: Theme, axis: LossAxis, code: str) -> None:
    box, size = axes.get_window_extent(), theme.text(13)
    across = int(np.clip(box.width / (4 * size), 1, 8))
    up = int(np.clip(box.height / (2.4 * size), 2, 6))
    axes.xaxis.set_major_locator(MaxNLocator(across, integer=True, steps=[1, 2, 5, 10]))
    # The label of a lower tick would touch the labels of the steps.
    lowest = (0.75 * size - theme.px(6)) / box.height

    def inside(ticks: ArrayLike) -> Array:
        ticks = np.asarray(ticks, dtype=np.float64)
        fractions = axis.fractions(ticks)
        return ticks[(max(0.0, lowest) <= fractions) & (fractions <= 1)]

    if not axis.logarithmic:
        ticks = inside(MaxNLocator(up - 1).tick_values(axis.low, axis.high))
    elif axis.high / axis.low > 100:
        ticks = inside(LogLocator(numticks=up).tick_values(axis.low, axis.high))
    else:
        # Within two decades there would be at most one power of ten.
        powers = 10.0 ** np.arange(np.floor(np.log10(axis.low)), np.log10(axis.high))
        ticks = inside(np.outer(powers, [1, 2, 5]).ravel())
        if len(ticks) < 3:
            ticks = inside(MaxNLocator(up).tick_values(axis.low, axis.high))
        ticks = ticks[:: max(1, -(-len(ticks) // up))]
    axes.yaxis.set_major_locator(FixedLocator(ticks.tolist()))
    if axis.logarithmic and axis.high / axis.low <= 100:
        axes.yaxis.set_major_formatter(FixedFormatter([_tick_label(float(tick), code) for tick in ticks]))
    axes.minorticks_off()


def _tick_label(value: float, code: str) -> str:
    if SMALLEST <= value < LARGEST:
        return language(code).digits(f"{value:,.12g}")
    return format_number(value, None, code, digits=1)
