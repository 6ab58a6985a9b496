"""The loss along the step of the racer in focus, with the conditions of a line search."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, final

import numpy as np

from animopt.core.arrays import Array
from animopt.core.language import Language, language
from animopt.core.number_format import format_setting
from animopt.drawing.artists import CASING, Markers, PixelArea, PixelLine, cross_lines, head_marker, style_plot
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.colors import blend
from animopt.drawing.mpl import Affine2D, IdentityTransform, Path
from animopt.drawing.text import max_width, text_width, write
from animopt.recording.rays import QUANTITY, Interval, StepRay, ray_of, step_of

MARGIN = 0.12
"""Margin above and below the curve, as a fraction of its range."""

RISE = 0.25
"""Maximum height of the curve above the loss at 0, as a fraction of its range, unless the step ends higher."""

DECREASE_TINT, ADMISSIBLE_TINT = 0.13, 0.36
"""Part of the racer's color where the decrease is sufficient, and where the slope is flat enough, too."""

TANGENT = 26.0
"""Half the length of a tangent, in pixels of a 1280 × 720 picture."""

RING = 8.0
"""Radius of the ring at the end of the step, in pixels of a 1280 × 720 picture."""

DASHES, DASHED = 22, 0.6
"""Number of dashes of the line of sufficient decrease, and their length as a fraction of that with a gap."""


@final
@dataclass(frozen=True)
class Ray:
    """The loss φ(α) along the present step of the racer in focus, from the point that the step leaves.

    A dashed line is that of sufficient decrease, φ(0) + c1 α φ′(0). Where the curve is below it, the plot is tinted,
    and more strongly where the slope is flat enough, too: |φ′(α)| ≤ c2 |φ′(0)|. Tangents are at the ends of these
    parts. A cross is at the first minimum, where an exact line search usually ends, and, once the racer moves, a ring
    at the end of the step. c1 and c2 are settings of the racer, or 0.0001 and 0.9. The axes are those of one step.
    Source: Nocedal and Wright 2006, Numerical Optimization, section 3.1.
    """

    quantity: ClassVar = QUANTITY
    """Quantity that the recording must have."""

    racer: int = 0

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the heading and the axis. The rest moves."""
        words = language(recording.language)
        axes.set(xlim=(0, 1), ylim=(0, 1), autoscale_on=False)
        style_plot(axes, theme, _heading(axes, theme, recording, self.racer, words))
        axes.tick_params(labelleft=False, labelbottom=False)
        axes.grid(visible=False)
        if not recording.names:
            return lambda moment: []
        axes.axhline(0, color=theme.muted, linewidth=max(0.8, theme.px(1.2)), clip_on=False)
        box, hue, size = axes.get_window_extent(), theme.hue(self.racer), theme.text(13)
        areas = [PixelArea(axes, blend(theme.background, hue, tint)) for tint in (DECREASE_TINT, ADMISSIBLE_TINT)]
        width = theme.trail(2)
        dashes = PixelLine(axes, theme.ink, max(1.2, theme.px(1.6)))
        curve, tangents = PixelLine(axes, hue, theme.trail(2.6)), PixelLine(axes, theme.ink, width)
        crosses = [
            PixelLine(axes, theme.background, width + 2 * theme.px(CASING)),
            PixelLine(axes, theme.ink, width),
        ]
        cross = cross_lines(theme)
        ring = Markers(
            axes,
            Path.unit_circle().transformed(Affine2D().scale(max(4.5, theme.px(RING)))),
            facecolor="none",
            edgecolor=theme.ink,
            linewidth=width,
            clip_on=False,
            animated=True,
        )
        head = head_marker(axes, theme, self.racer, size=9)
        drop = PixelLine(axes, theme.ink, max(1.0, theme.px(1.2)))
        style = {"va": "top", "transform": IdentityTransform(), "animated": True}
        zero = write(axes, box.x0, box.y0 - theme.px(6), "0", size, theme.muted, ha="left", **style)
        label = write(axes, 0, 0, "", size, theme.ink, ha="left", **style)

        @lru_cache(maxsize=4)
        def plot_of(step: int) -> "_Plot | None":
            ray = ray_of(recording, self.racer, step)
            return None if ray is None else _plot(ray)

        def pixels(places: Array) -> Array:
            return box.p0 + places * box.size

        def move(moment: Moment) -> Artists:
            step, part = step_of(recording, self.racer, moment.step)
            plot = plot_of(step)
            if plot is None:
                return []
            for area, shape in zip(areas, (plot.decreasing, plot.admissible), strict=True):
                area.set_pixels(pixels(shape))
            dashes.set_pixels(pixels(plot.dashes))
            curve.set_pixels(pixels(plot.curve))
            tangents.set_pixels(_tangents(pixels(plot.ends), plot.slopes * box.height / box.width, theme.px(TANGENT)))
            for each in crosses:
                each.set_pixels(pixels(plot.minimum) + cross)
            end = pixels(plot.at(1.0))
            ring.set_pixels(end)
            head.set_pixels(pixels(plot.at(part)))
            drop.set_pixels(np.vstack([end, [end[0, 0], box.y0]]))
            label.set_text(plot.label)
            reach = text_width(label)
            left = float(np.clip(end[0, 0] - reach / 2, box.x0, box.x1 - reach))
            label.set_position((left, box.y0 - theme.px(6)))
            shown = [zero] if left > box.x0 + 1.5 * size else []
            if not part:
                # A class may be asked where the step ends.
                return [*areas, dashes, curve, tangents, *crosses, head, zero]
            return [*areas, dashes, drop, curve, tangents, *crosses, ring, head, label, *shown]

        return move


@dataclass(frozen=True, eq=False)
class _Plot:
    """The lines and areas of a ray. Points (n, 2) are fractions of the axes; NaN separates lines.

    `slopes` (n,) are those of the curve at the `ends` (n, 2) of its admissible parts, in such fractions.
    """

    curve: Array
    dashes: Array
    decreasing: Array
    admissible: Array
    ends: Array
    slopes: Array
    minimum: Array
    parts: Array
    label: str

    def at(self, part: float) -> Array:
        """Return the point of the curve at a part of the step, (1, 2), at the edge where the curve leaves the axes."""
        return np.array([[part / self.parts[-1], np.clip(np.interp(part, self.parts, self.curve[:, 1]), 0, 1)]])


def _plot(ray: StepRay) -> _Plot:
    known = ray.losses[np.isfinite(ray.losses)]
    low, start, end = float(known.min()), float(ray.losses[0]), ray.loss(1.0)
    extent = start - low if start > low else float(np.ptp(known)) or 1.0
    high = max(start, min(float(known.max()), start + RISE * extent))
    if np.isfinite(end):
        high = max(high, end)
    extent = (high - low) or 1.0
    low, high = low - MARGIN * extent, high + MARGIN * extent
    width = float(ray.parts[-1])

    def heights(losses: Array) -> Array:
        # Beyond the axes, all losses are equal.
        return np.clip((losses - low) / (high - low), -2, 3)

    def areas(intervals: Sequence[Interval]) -> Array:
        corners = [
            np.array([[first, 0], [last, 0], [last, 1], [first, 1], [first, 0], [np.nan, np.nan]])
            for first, last in (np.array(each) / width for each in intervals)
        ]
        return np.concatenate([np.empty((0, 2)), *corners])

    nothing: Array = np.empty((0, 2))
    dashes = ends = decreasing = admissible = nothing
    slopes: Array = np.empty(0)
    minimum = ray.minimum()
    if ray.goes_down:
        places = np.linspace(0, 1, DASHES + 1)[:-1, None] + np.array([0, DASHED / DASHES, np.nan])
        line = ray.losses[0] + ray.c1 * places.ravel() * width * ray.slopes[0]
        dashes = np.column_stack([places.ravel(), heights(line)])
        decreasing, admissible = areas(ray.decreasing()), areas(ray.admissible())
        known_ends = np.array([part for each in ray.admissible() for part in each if 0 < part < width])
        ends = np.column_stack([known_ends / width, heights(np.interp(known_ends, ray.parts, ray.losses))])
        slopes = np.interp(known_ends, ray.parts, ray.slopes) * width / (high - low)
    alpha = f"α = {format_setting(ray.length, 3)}" if np.isfinite(ray.length) else ""
    return _Plot(
        curve=np.column_stack([ray.parts / width, heights(ray.losses)]),
        dashes=dashes,
        decreasing=decreasing,
        admissible=admissible,
        ends=ends,
        slopes=slopes,
        minimum=np.column_stack([np.array([minimum]) / width, heights(np.array([ray.loss(minimum)]))]),
        parts=ray.parts,
        label=alpha,
    )


def _tangents(places: Array, slopes: Array, length: float) -> Array:
    """Return lines (n, 2) in pixels through places (m, 2) with slopes (m,) and half a length, separated by NaN."""
    ways = np.column_stack([np.ones_like(slopes), slopes]) / np.hypot(1, slopes)[:, None]
    sides = np.array([-length, length, np.nan])
    lines: Array = places[:, None] + sides[:, None] * ways[:, None]
    return lines.reshape(-1, 2)


def _heading(axes: Axes, theme: Theme, recording: Recording, racer: int, words: Language) -> str:
    """Return the name of the quantity, and, if there is room, what the line and the dark parts are."""
    brief = words.gettext("loss along the step")
    rays = (ray_of(recording, racer, step) for step in range(recording.xy.shape[1] if recording.names else 0))
    ray = next((each for each in rays if each is not None), None)
    if ray is None:
        return brief
    constants = {"c1": format_setting(ray.c1), "c2": format_setting(ray.c2)}
    headings = (
        words.gettext("loss along the step, – – decrease c1 = {c1}, dark: slope c2 = {c2}", **constants),
        words.gettext("loss, – – c1 = {c1}, dark: c2 = {c2}", **constants),
    )
    room = axes.get_window_extent().width
    return next((each for each in headings if max_width(axes, [each], theme.text(14)) <= room), brief)
