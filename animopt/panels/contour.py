"""The race from above."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from animopt.core.arrays import Array
from animopt.core.language import language
from animopt.drawing.artists import Trails, draw_contours
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.colors import blend
from animopt.drawing.geometry import CELL, RacerPath
from animopt.drawing.labels import draw_labels
from animopt.drawing.motion import Motion
from animopt.drawing.text import text_width


@final
@dataclass(frozen=True)
class Contour:
    """Tinted contour lines with the trails and heads on them, and markers at the minima and the starts.

    `moments` are evenly spaced moments of the clip, for which the places of the names beside the heads are planned.
    """

    moments: Sequence[Moment] = ()
    racer: int = 0
    motion: bool = False
    levels: int = 18

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the contour lines, the minima and the starts. The trails and heads move."""
        draw_contours(axes, recording.surface, theme, self.levels)
        trails = Trails(axes, theme, recording)
        paths = [
            RacerPath(recording, racer, lambda points: axes.transData.transform(points[:, :2]), CELL)
            for racer in range(len(recording.names))
        ]

        def heads(moment: Moment) -> Array:
            return np.array([path.whole.head(moment.step) for path in paths])

        motion = Motion(axes, theme, recording, self.racer, self.moments) if self.motion else None
        move_labels = draw_labels(
            axes,
            theme,
            recording.names,
            backing=blend(theme.low, theme.high, 0.5),
            moments=self.moments,
            heads=heads,
            obstacles=self._draw_landmarks(axes, recording, theme),
            marks=lambda moment: motion.marks(moment, heads(moment)[self.racer]) if motion else np.empty((0, 2)),
        )

        def move(moment: Moment) -> Artists:
            parts = [path.parts(moment.step) for path in paths]
            places = heads(moment)
            below, above = motion.move(moment, places[self.racer]) if motion else ((), ())
            return [*below, *trails.place(parts, places, moment), *above, *move_labels(moment)]

        return move

    def _draw_landmarks(self, axes: Axes, recording: Recording, theme: Theme) -> Array:
        """Mark the minima and the starts. Return the centers and sizes of the marks in pixels, (marks, 4)."""
        minima = recording.minima[:, :2]
        starts = np.unique(recording.xy[:, 0], axis=0)
        axes.plot(
            *minima.T,
            linestyle="none",
            marker="+",
            markersize=theme.text(13),
            markeredgecolor=theme.ink,
            markeredgewidth=theme.trail(1.8),
        )
        axes.plot(
            *starts.T,
            linestyle="none",
            marker="o",
            markersize=theme.text(15),
            markerfacecolor="none",
            markeredgecolor=theme.ink,
            markeredgewidth=theme.trail(1.8),
            clip_on=False,
        )
        centers = axes.transData.transform(np.concatenate([minima, starts]))
        marks = np.column_stack([centers, np.full((len(centers), 2), theme.text(15))])
        if self.moments and len(starts) == 1:
            marks = np.vstack([marks, self._name_start(axes, recording, theme, starts[0])])
        return marks

    def _name_start(self, axes: Axes, recording: Recording, theme: Theme, start: Array) -> Array:
        """Write "start" beside the start, away from the trails. Return the word's center and size in pixels, (4,)."""
        surface = recording.surface
        extent = np.array(axes.get_window_extent().size)
        scale = extent / (surface.high - surface.low)
        trails = (np.vstack([path.xyz[:, :2] for path in recording.paths]) - start) * scale
        size = theme.text(14)
        reach = np.array([size * 2.2, size * 1.4])
        offsets = reach * [[0, 1], [0, -1], [-1, 0], [1, 0], [-1, 1], [1, 1], [-1, -1], [1, -1]]
        centers = (start - surface.low) * scale + offsets
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
