"""The race from above."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from animopt.core.arrays import Array
from animopt.drawing.artists import racer_marks
from animopt.drawing.colors import blend
from animopt.drawing.contour_map import paint_ground
from animopt.drawing.labels import beside
from animopt.drawing.mpl import Artist, Axes
from animopt.drawing.panel import Move
from animopt.drawing.path_thinning import CELL, seen, thinned
from animopt.drawing.text import text_width
from animopt.drawing.theme import Theme
from animopt.recording.recording import Recording
from animopt.recording.timeline import Moment


@final
@dataclass(frozen=True)
class Contour:
    """Tinted contour lines with the trails and heads on them, the minima and the starts marked.

    `moments` are those of the clip, evenly apart, for which the names beside the heads are planned.
    """

    moments: Sequence[Moment] = ()
    levels: int = 18

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Paint the contour, the minima and the starts; the trails and heads move."""
        paint_ground(axes, recording.surface, theme, self.levels)
        landmarks = self._landmarks(axes, recording, theme)
        racers = range(len(recording.names))
        marks = [racer_marks(axes, theme, racer) for racer in racers]
        paths = [replace(way, xyz=axes.transData.transform(way.xyz[:, :2])) for way in recording.paths]
        trails = [thinned(way, CELL) for way in paths]
        steps = [seen(recording, racer, axes.transData.transform(recording.xy[racer]), CELL) for racer in racers]

        def heads(moment: Moment) -> Array:
            return np.array([way.head(moment.step)[:2] for way in paths])

        backing = blend(theme.low, theme.high, 0.5)
        name = beside(axes, theme, recording.names, backing, self.moments, heads, landmarks)

        def move(moment: Moment) -> Sequence[Artist]:
            placed = []
            for racer, head in enumerate(heads(moment)):
                trail = np.vstack([trails[racer].passed(moment.step), head])
                placed.append(marks[racer].put(trail, steps[racer].passed(moment.step), head))
            # All trails, then all points, then all heads: no trail covers a head.
            layers = [artist for layer in zip(*placed, strict=True) for artist in layer]
            return [*layers, *name(moment)]

        return move

    def _landmarks(self, axes: Axes, recording: Recording, theme: Theme) -> Array:
        """Mark the minima and the starts; what the marks take up, as centres and sizes in pixels (marks, 4)."""
        minima = recording.minima
        axes.plot(
            minima[:, 0],
            minima[:, 1],
            linestyle="none",
            marker="+",
            markersize=theme.text(13),
            markeredgecolor=theme.ink,
            markeredgewidth=theme.trail(1.8),
        )
        starts = np.unique(recording.xy[:, 0], axis=0)
        axes.plot(
            starts[:, 0],
            starts[:, 1],
            linestyle="none",
            marker="o",
            markersize=theme.text(15),
            markerfacecolor="none",
            markeredgecolor=theme.ink,
            markeredgewidth=theme.trail(1.8),
            clip_on=False,
        )
        places = axes.transData.transform(np.concatenate([minima[:, :2], starts]))
        marks = np.column_stack([places, np.full((len(places), 2), theme.text(15))])
        if self.moments and len(starts) == 1:
            marks = np.vstack([marks, self._name_start(axes, recording, theme, starts[0])])
        return marks

    def _name_start(self, axes: Axes, recording: Recording, theme: Theme, start: Array) -> Array:
        """Write "start" on the side of it where the fewest trails pass; its centre and size in pixels, (4,)."""
        surface = recording.surface
        box = axes.get_window_extent()
        scale = np.array([box.width, box.height]) / (surface.high - surface.low)
        trails = np.vstack([way.xyz[:, :2] for way in recording.paths])
        trails = (trails[np.isfinite(trails).all(axis=1)] - start) * scale
        size = theme.text(14)
        reach = np.array([size * 2.2, size * 1.4])
        sides = np.array([[0, 1], [0, -1], [-1, 0], [1, 0], [-1, 1], [1, 1], [-1, -1], [1, -1]], dtype=float)
        centres = sides * reach
        corner = (start - surface.low) * scale + centres
        inside = (corner > reach / 2).all(axis=1) & (corner < np.array([box.width, box.height]) - reach / 2).all(axis=1)
        room = np.array([np.abs((trails - centre) / reach).max(axis=1).min() for centre in centres])
        best = int(np.where(inside, room, -1).argmax())
        text = axes.annotate(
            "start",
            tuple(start),
            xytext=tuple(centres[best]),
            textcoords="offset pixels",
            fontsize=size,
            color=theme.ink,
            ha="center",
            va="center",
        )
        return np.array([*axes.transData.transform(start) + centres[best], text_width(text), 1.2 * size])
