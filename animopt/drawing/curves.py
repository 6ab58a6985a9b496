"""Curves of a quantity of each racer on an axis, with an arrow where a curve leaves it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from animopt.core.arrays import Array
from animopt.core.language import language
from animopt.core.number_format import LARGEST, SMALLEST, format_number
from animopt.drawing.artists import TICK_GAP, Markers, PixelLine, plot_artists, style_plot, trail_cell
from animopt.drawing.geometry import thin_path
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
)
from animopt.drawing.text import max_width, write
from animopt.drawing.theme import TICK_TEXT, Theme
from animopt.recording.recording import Recording, SurfacePath

MAX_VALUE = 1e300
"""Maximum absolute value on an axis. matplotlib finds no ticks beyond it."""

FAR = 20.0
"""Distance from the axis, in its lengths, beyond which all losses have one height."""

ARROW_LENGTH, ARROW_WIDTH = 14.0, 9.0
"""Length and width of an arrow where a curve leaves the axis, in pixels of a 1280 × 720 picture."""

MIN_ARROW_LENGTH, MIN_ARROW_WIDTH = 9.0, 7.0
"""Minimum length and width of such an arrow in pixels."""

EMPHASIS = 1.5
"""Factor of the width of the winner's curve."""

CASING_OPACITY = 0.6
"""Opacity of the background's color around a dashed line over the curves."""

GHOST_WIDTH, GHOST_DASHES = 1.4, (4.0, 3.0)
"""Width of a dashed curve over that of a racer, and lengths of a dash and a gap, in pixels of a 1280 × 720 picture."""

RECEDING_OPACITY = 0.6
"""Opacity of the other curves beside that of the winner."""

MARGIN = 0.08
"""Margin above and below the curves, as a fraction of their range."""

LEVEL_MARGIN = 0.02
"""Minimum margin above and below the curves, as a fraction of their values. Nearly equal values are a level line."""

LOGARITHMIC = 100.0
"""Minimum ratio of the largest to the smallest value on a logarithmic axis."""

MAX_TICKS = 6
"""Maximum number of ticks on the axis of the quantity."""

TICK_DISTANCE = 1.7
"""Minimum distance of two ticks on a linear axis, in type sizes of their labels."""


@dataclass(frozen=True)
class ValueAxis:
    """An axis of a quantity from `low` to `high`."""

    low: float
    high: float
    logarithmic: bool

    def fractions(self, values: Array) -> Array:
        """Return the positions of values (any shape): 0 at the low end, 1 at the high end. NaN is far above."""
        low, high = self.low, self.high
        if self.logarithmic:
            with np.errstate(divide="ignore"):
                values, low, high = np.log10(np.maximum(values, 0)), np.log10(low), np.log10(high)
        with np.errstate(over="ignore"):
            places = (values - low) / (high - low)
        return np.clip(np.where(np.isnan(values), np.inf, places), -FAR, FAR)


def fit_values(values: Array, *, logarithmic: bool = True) -> ValueAxis:
    """Return an axis that shows finite values (any shape). It is logarithmic if they span orders of magnitude.

    It is not if `logarithmic` is False.
    """
    shown = np.clip(values, -MAX_VALUE, MAX_VALUE)
    low, high = (float(shown.min()), float(shown.max())) if shown.size else (0.0, 1.0)
    if logarithmic and low > 0 and high / low > LOGARITHMIC:
        factor = (high / low) ** MARGIN
        return ValueAxis(low / factor, high * factor, True)
    margin = max(MARGIN * (high - low), LEVEL_MARGIN * max(abs(low), abs(high))) or 1.0
    return ValueAxis(low - margin, high + margin, False)


class Curves:
    """Each racer's curve of a quantity up to a step, on an axis.

    A curve ends in a head, or in an arrow where it leaves the axis.

    Args:
        axes: Where the curves are drawn.
        theme: Theme of the picture.
        recording: The race.
        values: The quantity of each racer after each step, (racers, steps + 1). NaN is far above the axis. A racer
            with nothing else has no curve.
        axis: The axis of the quantity.
        heading: Name of the quantity.
        clock: What the steps count.
        last_step: Number of steps of the longest race of the clip.
        ticked: Whether the axes have tick labels.
        counted: Whether the steps have tick labels on axes that are ticked.
        logarithmic_steps: Whether the distances of the steps, from the first one on, are those of their logarithms.
        unit: What follows a number at a tick of the quantity.
        value_text: Returns the text beside the arrow of a racer at a step. Default: none.
    """

    def __init__(
        self,
        axes: Axes,
        theme: Theme,
        recording: Recording,
        values: Array,
        axis: ValueAxis,
        *,
        heading: str,
        clock: str,
        last_step: int,
        ticked: bool = True,
        counted: bool = True,
        logarithmic_steps: bool = False,
        unit: str = "",
        value_text: Callable[[int, int], str] | None = None,
    ) -> None:
        self._recording, self._value_text = recording, value_text
        racers, last = len(recording.names), last_step
        self._first = 1 if logarithmic_steps else 0
        axes.set(
            xscale="log" if logarithmic_steps else "linear",
            xlim=(self._first, max(last, self._first + 1)),
            yscale="log" if axis.logarithmic else "linear",
            ylim=(axis.low, axis.high),
            autoscale_on=False,
        )
        style_plot(axes, theme, heading)
        _set_ticks(axes, theme, axis, recording.language, unit)
        axes.tick_params(labelleft=ticked, labelbottom=ticked and counted)
        if ticked and counted:
            label_steps(axes, theme, clock)
        self._heights = axis.fractions(values)
        self._shown = np.flatnonzero(~np.isnan(values).all(axis=1)).tolist()
        self._notes: Sequence[Artist] = ()
        self._ghosts: Sequence[tuple[PixelLine, SurfacePath]] = ()
        self._axis, self._last = axis, last
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
            write(
                axes,
                0,
                0,
                "",
                theme.text(TICK_TEXT),
                theme.ink,
                va="center",
                transform=IdentityTransform(),
                animated=True,
            )
            for _ in range(racers if value_text else 0)
        ]
        self._box = axes.get_window_extent()
        self._line = 1.3 * theme.text(TICK_TEXT)
        self._ends = [cut_path(row) for row in self._heights]
        for path in self._ends:
            path.xyz[:, 0] = self._across(path.xyz[:, 0])
            path.xyz[:, 1] = self._box.y0 + self._box.height * path.xyz[:, 1]
        outside = (np.where(path.xyz[:, 2:] == 0, path.xyz[:, :2], np.nan) for path in self._ends)
        cell = trail_cell(theme)
        self._trails = [
            thin_path(SurfacePath(path.step, xy), cell) for path, xy in zip(self._ends, outside, strict=True)
        ]

    def _across(self, steps: Array) -> Array:
        """Return the horizontal positions of steps (any,) in pixels."""
        if self._first:
            return self._box.x0 + self._box.width * np.log(np.maximum(steps, 1)) / np.log(max(self._last, 2))
        return self._box.x0 + self._box.width * steps / self._last

    def add_level(self, axes: Axes, theme: Theme, value: float, color: str) -> None:
        """Draw a dashed line over the curves at a value."""
        width = max(1.2, theme.px(1.6))
        casing = axes.axhline(value, color=theme.background, linewidth=2 * width, alpha=CASING_OPACITY, animated=True)
        line = axes.axhline(value, color=color, linewidth=width, linestyle=(0, (5, 3)), animated=True)
        self._notes = [*self._notes, casing, line]

    def add_ghosts(self, axes: Axes, theme: Theme, times: Array, values: Array) -> None:
        """Draw a thin dashed curve over that of each racer, up to the same step.

        It has the `values` (racers, times), in the units of the axis, at `times` (times,), counted in steps. A row of
        NaN is not drawn.
        """
        fractions = np.where(np.isnan(values), np.nan, self._axis.fractions(values))
        inside = np.where((fractions >= 0) & (fractions <= 1), fractions, np.nan)
        x = self._across(times)
        self._ghosts = [
            (
                PixelLine(
                    axes,
                    theme.ink,
                    max(1.0, theme.px(GHOST_WIDTH)),
                    dashes=(theme.px(GHOST_DASHES[0]), theme.px(GHOST_DASHES[1])),
                ),
                SurfacePath(times, np.column_stack([x, self._box.y0 + self._box.height * row])),
            )
            for row in inside[~np.isnan(inside).all(axis=1)]
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
        steps = np.minimum(step, self._recording.steps)
        return np.array([path.head(last) for path, last in zip(self._ends, steps, strict=True)])

    def move(self, step: float, winner: int | None = None) -> Sequence[Artist]:
        """Draw the curves up to a step, and return their artists. The curve of the winner, if any, is emphasized."""
        if winner != self._winner:
            self._winner = winner
            for racer, line in enumerate(self._lines):
                factor = 1.0 if winner is None else EMPHASIS if winner == racer else 1 / EMPHASIS
                line.set(linewidth=self._width * factor, alpha=RECEDING_OPACITY if factor < 1 else 1.0)
        beside: dict[float, list[Artist]] = {-1: [], 1: []}
        ends = self._at(step)
        for racer in self._shown:
            x, y, side = ends[racer]
            end = np.array([[x, y]])
            nowhere = end[:0]
            passed = self._trails[racer].passed(min(step, self._recording.steps[racer]))
            self._lines[racer].set_pixels(np.vstack([passed, nowhere if side else end]))
            self._heads[racer].set_pixels(nowhere if side else end)
            self._arrows[racer].shape = self._shapes[np.sign(side) or 1]
            self._arrows[racer].set_pixels(end if side else nowhere)
            if self._values and side:
                stack = beside[np.sign(side)]
                stack.append(
                    self._place_value(racer, int(step), x, y - np.sign(side) * self._line * (len(stack) + 0.6))
                )
        ghosts = [line.set_pixels(path.passed(step)) for line, path in self._ghosts]
        return [*self._lines, *self._notes, *ghosts, *self._arrows, *self._heads, *beside[-1], *beside[1]]

    def _place_value(self, racer: int, step: int, x: float, y: float) -> Artist:
        """Write a racer's value beside its arrow, on the side that has more room."""
        to_right = x < self._box.x0 + self._box.width / 2
        text = self._values[racer]
        text.set(
            text=self._value_text(racer, step) if self._value_text else "",
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
    length, half = (max(MIN_ARROW_LENGTH, theme.px(ARROW_LENGTH)), max(MIN_ARROW_WIDTH, theme.px(ARROW_WIDTH)) / 2)
    stem, head = 0.3 * half, 0.55 * length
    x = [0, half, stem, stem, -stem, -stem, -half, 0]
    y = [0, -head, -head, -length, -length, -head, -head, 0]
    return Path(np.column_stack([x, side * np.array(y)]), closed=True)


def label_steps(axes: Axes, theme: Theme, clock: str) -> None:
    """Write what is counted before the first tick label, if it fits beside the axes. The header has it, too."""
    size = theme.text(TICK_TEXT)
    gap = 0.8 * size
    if max_width(axes, [clock], size) > PANELS["loss"].around(theme)[0] - gap:
        return
    axes.annotate(
        clock,
        (0, 0),
        xycoords="axes fraction",
        xytext=(-gap, -theme.px(TICK_GAP)),
        textcoords="offset pixels",
        ha="right",
        va="top",
        fontsize=size,
        color=theme.muted,
    )


def _set_ticks(axes: Axes, theme: Theme, axis: ValueAxis, code: str, unit: str) -> None:
    box, size = axes.get_window_extent(), theme.text(TICK_TEXT)
    across = int(np.clip(box.width / (4 * size), 1, 8))
    up = int(np.clip(box.height / (2.4 * size), 2, MAX_TICKS))
    if axes.get_xscale() == "log":
        first, last = axes.get_xlim()
        steps = [float(each) for each in LogLocator(numticks=across + 1).tick_values(first, last)]
        steps = [step for step in steps if first <= step <= last]
        axes.xaxis.set_major_locator(FixedLocator(steps))
        axes.xaxis.set_major_formatter(FixedFormatter([_tick_label(step, code) for step in steps]))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(across, integer=True, steps=[1, 2, 5, 10]))
    # The label of a lower tick would touch the labels of the steps.
    lowest = (0.75 * size - theme.px(TICK_GAP)) / box.height

    def inside(ticks: ArrayLike) -> Array:
        ticks = np.asarray(ticks, dtype=np.float64)
        fractions = axis.fractions(ticks)
        return ticks[(max(0.0, lowest) <= fractions) & (fractions <= 1)]

    if not axis.logarithmic:
        # Of round numbers, the most whose labels have room.
        candidates = (
            inside(MaxNLocator(count, steps=[1, 2, 2.5, 5, 10], min_n_ticks=1).tick_values(axis.low, axis.high))
            for count in range(MAX_TICKS, 0, -1)
        )
        ticks = next(
            (each for each in candidates if (np.diff(axis.fractions(each)) * box.height >= TICK_DISTANCE * size).all()),
            np.zeros(0),
        )
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
    elif unit:
        axes.yaxis.set_major_formatter(FixedFormatter([f"{_tick_label(float(tick), code)}{unit}" for tick in ticks]))
    axes.minorticks_off()


def _tick_label(value: float, code: str) -> str:
    if SMALLEST <= value < LARGEST:
        return language(code).digits(f"{value:,.12g}")
    return format_number(value, None, code, digits=1)
