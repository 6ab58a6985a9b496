"""The race from above."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from animopt.core.arrays import Array
from animopt.core.language import language
from animopt.drawing.artists import BOX_WIDTH, Trails, TrainingTrails, corners_of, draw_contours, trail_cell
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Overlay, Recording, Theme
from animopt.drawing.colors import contour_ground
from animopt.drawing.geometry import RacerPath, within
from animopt.drawing.insets import draw_locator, draw_magnifier
from animopt.drawing.labels import draw_labels, label_order
from animopt.drawing.motion import Motion
from animopt.drawing.text import text_width
from animopt.drawing.theme import LABEL_TEXT
from animopt.drawing.window import Window, race_window

MINIMUM_SIZE, START_SIZE, MARK_WIDTH = 13.0, 15.0, 1.8
"""Sizes of the marks at a minimum and at the start, and the width of their lines, in pixels of a 1280 × 720 picture."""

CORNER_WEIGHT = 10_000
"""Number of points of a trail that weigh as much as a key or the locator, in the choice of a free corner."""

SPACING = 4.0
"""Distance in pixels between the points of a trail that an inset should not cover."""

FAR = 10.0
"""Distance from a plot, in multiples of its sides, beyond which a trail does not matter."""


@final
@dataclass(frozen=True)
class Contour:
    """Tinted contour lines with the trails and heads on them, the edge of the box, and markers at minima and starts.

    `moments` are evenly spaced moments of the clip, for which the places of the names beside the heads are planned. The
    `window` is the part of the domain that is shown, by default the whole domain. `racer` is the one in focus, whose
    velocity and step sizes are shown with `motion`. A small picture says which part of the domain is shown, unless it
    is not `located`. The `overlays` are drawn for the racer in focus.
    """

    moments: Sequence[Moment] = ()
    racer: int = 0
    motion: bool = False
    window: Window | None = None
    located: bool = True
    overlays: Sequence[Overlay] = ()
    levels: int = 18

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the contour lines, the landmarks and the locator. The trails, heads and magnifier move."""
        window = self.window or race_window([recording], 0, "domain")
        draw_contours(axes, recording.surface, window, theme, self.levels)

        def to_pixels(points: Array) -> Array:
            return np.asarray(axes.transData.transform(points[:, :2]))

        cell = trail_cell(theme)
        training = TrainingTrails(axes, theme, recording, to_pixels, cell)
        trails = Trails(axes, theme, recording)
        paths = [RacerPath(recording, racer, to_pixels, cell) for racer in range(len(recording.names))]
        # The corners of the domain are inside, regardless of rounding.
        box = axes.get_window_extent().padded(1e-6)

        def clipped(places: Sequence[Array]) -> Array:
            """Return the places of heads in pixels (racers, 2), or NaN outside the axes: heads are not clipped."""
            pixels = np.array(places).reshape(-1, 2)
            return np.where(within(pixels, box.p0, box.p1)[:, None], pixels, np.nan)

        def heads(moment: Moment) -> Array:
            return clipped([path.whole.head(moment.step) for path in paths])

        below_trails, above_trails = (
            [
                each.draw(axes, recording, theme, self.racer)
                for each in self.overlays
                if each.above == above and recording.names
            ]
            for above in (False, True)
        )
        motion = Motion(axes, theme, recording, self.racer, self.moments) if self.motion else None

        def marks(moment: Moment) -> Array:
            return motion.marks(moment, heads(moment)[self.racer]) if motion else np.empty((0, 2))

        obstacles = self._draw_landmarks(axes, recording, theme)
        # Beyond the plot, a path can be very long.
        far = FAR * np.array(box.size)
        trail_points = [_evenly(np.clip(path.whole.xyz, box.p0 - far, box.p1 + far)) for path in paths]
        occupied = np.vstack([obstacles[:, :2], *trail_points, *map(marks, self.moments)])
        occupied = occupied[np.isfinite(occupied).all(axis=1)]
        keys = [
            each.reserved(axes, recording, theme, self.racer)
            for each in self.overlays
            if hasattr(each, "reserved") and recording.names
        ]
        occupied = np.vstack([occupied, *(np.repeat(key[:, :2], CORNER_WEIGHT, axis=0) for key in keys)])
        locator = draw_locator(axes, recording, theme, occupied) if self.located else np.empty((0, 4))
        obstacles = np.vstack([obstacles, *keys, locator])
        occupied = np.vstack([occupied, np.repeat(locator[:, :2], CORNER_WEIGHT, axis=0)])
        move_magnifier, magnifier = draw_magnifier(axes, recording, window.surfaces, theme, self.levels, occupied)
        obstacles = np.vstack([obstacles, magnifier])
        move_labels = draw_labels(
            axes,
            theme,
            recording.names,
            backing=contour_ground(theme),
            moments=self.moments,
            heads=heads,
            obstacles=obstacles,
            order=label_order(recording, self.racer),
            marks=marks,
        )

        def move(moment: Moment) -> Artists:
            parts = [path.parts(moment.step) for path in paths]
            places = clipped([part.recent[-1] for part in parts])
            below, above = motion.move(moment, places[self.racer]) if motion else ((), ())
            trails_and_heads = trails.place(parts, places, moment)
            faint = training.place(training.points(moment.step))
            return [
                *(artist for draw in below_trails for artist in draw(moment)),
                *below,
                *faint,
                *trails_and_heads,
                *above,
                *(artist for draw in above_trails for artist in draw(moment)),
                *move_labels(moment),
                *move_magnifier(moment),
            ]

        return move

    def _draw_landmarks(self, axes: Axes, recording: Recording, theme: Theme) -> Array:
        """Draw the edge of the box, and mark the minima and the starts.

        Returns:
            The centers and sizes of the marks in pixels, (marks, 4).
        """
        low, high = corners_of(axes)
        minima, starts = (
            points[within(points, low, high)]
            for points in (recording.minima[:, :2], np.unique(recording.xy[:, 0], axis=0))
        )
        if recording.box:
            axes.plot(*recording.box.xyz[:, :2].T, color=theme.ink, linewidth=theme.trail(BOX_WIDTH))
        axes.plot(
            *minima.T,
            linestyle="none",
            marker="+",
            markersize=theme.text(MINIMUM_SIZE),
            markeredgecolor=theme.ink,
            markeredgewidth=theme.trail(MARK_WIDTH),
        )
        axes.plot(
            *starts.T,
            linestyle="none",
            marker="o",
            markersize=theme.text(START_SIZE),
            markerfacecolor="none",
            markeredgecolor=theme.ink,
            markeredgewidth=theme.trail(MARK_WIDTH),
            clip_on=False,
        )
        centers = axes.transData.transform(np.concatenate([minima, starts]))
        marks = np.column_stack([centers, np.full((len(centers), 2), theme.text(START_SIZE))])
        if self.moments and len(starts) == 1:
            marks = np.vstack([marks, self._name_start(axes, recording, theme, starts[0])])
        return marks

    def _name_start(self, axes: Axes, recording: Recording, theme: Theme, start: Array) -> Array:
        """Write "start" beside the start, away from the trails. Return the word's center and size in pixels, (4,)."""
        corner, far = corners_of(axes)
        extent = np.array(axes.get_window_extent().size)
        scale = extent / (far - corner)
        trails = (np.vstack([path.xyz[:, :2] for path in recording.paths]) - start) * scale
        size = theme.text(LABEL_TEXT)
        reach = np.array([size * 2.2, size * 1.4])
        offsets = reach * [[0, 1], [0, -1], [-1, 0], [1, 0], [-1, 1], [1, 1], [-1, -1], [1, -1]]
        centers = (start - corner) * scale + offsets
        inside = (centers > reach / 2).all(axis=1) & (centers < extent - reach / 2).all(axis=1)
        room = np.array([np.nanmin(np.abs((trails - offset) / reach).max(axis=1)) for offset in offsets])
        best = offsets[int(np.where(inside, room, -1).argmax())]
        text = axes.annotate(
            language(recording.language).gettext("start"),
            tuple(start),
            xytext=tuple(best),
            textcoords="offset pixels",
            fontsize=size,
            color=theme.ink,
            ha="center",
            va="center",
        )
        return np.array([*axes.transData.transform(start) + best, text_width(text), 1.2 * size])


def _evenly(points: Array) -> Array:
    """Return points about SPACING pixels apart along a path (points, 2). NaN breaks it."""
    lengths = np.nan_to_num(np.linalg.norm(np.diff(points, axis=0), axis=1))
    length = np.append(0.0, np.cumsum(lengths))
    places = np.linspace(0.0, length[-1], 2 + int(length[-1] / SPACING))
    return np.column_stack([np.interp(places, length, axis) for axis in points.T]) if len(points) else points
