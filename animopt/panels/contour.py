"""The race from above."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from animopt.clock import Moment
from animopt.look import Look
from animopt.marks import mix, racer_marks, text_width
from animopt.names import beside
from animopt.panels import Move
from animopt.recording import Array, Recording
from animopt.relief import relief

VALLEY = 0.4
"""The part of the domain's area on which half of the levels lie."""


@final
@dataclass(frozen=True)
class Contour:
    """Tinted contour lines with the trails and heads on them, the minima and the starts marked.

    `moments` are those of the clip, evenly apart, for which the names beside the heads are planned.
    """

    moments: Sequence[Moment] = ()
    levels: int = 18

    def draw(self, axes: Axes, recording: Recording, look: Look) -> Move:
        """Paint the contour, the minima and the starts; the trails and heads move."""
        surface = recording.surface
        axes.set(xlim=surface.x[[0, -1]], ylim=surface.y[[0, -1]], autoscale_on=False)
        self._surface(axes, recording, look)
        landmarks = self._landmarks(axes, recording, look)
        racers = range(len(recording.names))
        marks = [racer_marks(axes, look, racer) for racer in racers]
        seen = np.where(recording.in_view[..., None], recording.xy, np.nan)

        def heads(moment: Moment) -> Array:
            return axes.transData.transform([way.head(moment.step)[:2] for way in recording.ways])

        backing = mix(look.low, look.high, 0.5)
        name = beside(axes, look, recording.names, backing, self.moments, heads, landmarks)

        def move(moment: Moment) -> Sequence[Artist]:
            placed = []
            for racer in racers:
                trail = recording.ways[racer].until(moment.step)
                placed.append(
                    marks[racer].place(trail[:, :2], seen[racer, : int(moment.step) + 1], trail[-1, :2]),
                )
            # All trails, then all points, then all heads: no trail covers a head.
            layers = [artist for layer in zip(*placed, strict=True) for artist in layer]
            return [*layers, *name(moment)]

        return move

    def _surface(self, axes: Axes, recording: Recording, look: Look) -> None:
        surface = recording.surface
        z = np.ma.masked_invalid(surface.z)
        heights = relief(surface.z, VALLEY).heights(self.levels + 1)
        tints = [mix(look.low, look.high, part) for part in np.linspace(0, 1, self.levels)]
        lines = [mix(look.level, look.background, 0.55 * part) for part in np.linspace(0, 1, self.levels - 1)]
        axes.set_facecolor(look.rule)
        axes.contourf(surface.x, surface.y, z, levels=heights, colors=tints)
        axes.contour(surface.x, surface.y, z, levels=heights[1:-1], colors=lines, linewidths=max(0.6, look.px(1)))

        axes.set_box_aspect(1 / surface.aspect)
        axes.apply_aspect()
        box = axes.get_window_extent()
        across, up = (int(np.clip(room / look.text(13), 1, 4)) for room in (box.width / 4, box.height / 2))
        axes.xaxis.set_major_locator(MaxNLocator(across, steps=[1, 2, 5, 10]))
        # The lowest one would stand on the toes of the other axis's first.
        axes.yaxis.set_major_locator(MaxNLocator(up, steps=[1, 2, 5, 10], prune="lower"))
        axes.tick_params(length=0, labelsize=look.text(13), labelcolor=look.muted, pad=look.px(6))
        axes.spines[:].set_visible(False)

    def _landmarks(self, axes: Axes, recording: Recording, look: Look) -> Array:
        """Mark the minima and the starts; what the marks take up, as centres and sizes in pixels (marks, 4)."""
        minima = recording.minima
        axes.plot(
            minima[:, 0],
            minima[:, 1],
            linestyle="none",
            marker="+",
            markersize=look.text(13),
            markeredgecolor=look.ink,
            markeredgewidth=look.trail(1.8),
        )
        starts = np.unique(recording.xy[:, 0], axis=0)
        axes.plot(
            starts[:, 0],
            starts[:, 1],
            linestyle="none",
            marker="o",
            markersize=look.text(15),
            markerfacecolor="none",
            markeredgecolor=look.ink,
            markeredgewidth=look.trail(1.8),
            clip_on=False,
        )
        places = axes.transData.transform(np.concatenate([minima[:, :2], starts]))
        marks = np.column_stack([places, np.full((len(places), 2), look.text(15))])
        if len(starts) == 1:
            marks = np.vstack([marks, self._name_start(axes, recording, look, starts[0])])
        return marks

    def _name_start(self, axes: Axes, recording: Recording, look: Look, start: Array) -> Array:
        """Write "start" on the side of it where the fewest trails pass; its centre and size in pixels, (4,)."""
        surface = recording.surface
        box = axes.get_window_extent()
        scale = np.array([box.width, box.height]) / (surface.high - surface.low)
        trails = np.vstack([way.xyz[:, :2] for way in recording.ways])
        trails = (trails[np.isfinite(trails).all(axis=1)] - start) * scale
        size = look.text(14)
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
            color=look.ink,
            ha="center",
            va="center",
        )
        return np.array([*axes.transData.transform(start) + centres[best], text_width(text), 1.2 * size])
