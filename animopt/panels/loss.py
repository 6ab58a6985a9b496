"""The loss of each racer against the step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from animopt.core.arrays import Array
from animopt.drawing.artists import TRAIL, graph, head_mark, trail_line
from animopt.drawing.height_scale import FINEST
from animopt.drawing.mpl import Artist, Axes, FixedLocator, LogLocator, MaxNLocator, StrMethodFormatter
from animopt.drawing.panel import Move
from animopt.drawing.path_thinning import CELL, thinned
from animopt.drawing.theme import Theme
from animopt.recording.recording import Recording, SurfacePath
from animopt.recording.timeline import Moment

DECADES = 10
"""How far below its highest value the gap is shown."""

LARGEST = 1e300
"""Values are told apart up to here: beyond it matplotlib finds no ticks."""


@final
@dataclass(frozen=True)
class Loss:
    """Each racer's loss so far: the gap to the lowest known minimum on a log scale, else the loss itself.

    `races` are the recordings that take turns on the axes, where there are several.
    """

    races: Sequence[Recording] = ()

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Paint the axes; the lines and heads move."""
        steps = recording.last_step
        races = self.races or [recording]
        logarithmic = all(race.gap is not None for race in races)
        values = np.clip(_values(recording, logarithmic), -LARGEST, LARGEST)
        low, high = _range(np.concatenate([_values(race, logarithmic)[race.in_view] for race in races]), logarithmic)
        # Below the axis there is nowhere to go: a gap of nothing runs along its foot.
        heights = np.maximum(values, low) if logarithmic else values
        box = axes.get_window_extent()
        labels = int(np.clip(box.height / (2.4 * theme.text(13)), 2, 6))
        axes.set_xlim(0, steps)
        axes.set_yscale("log" if logarithmic else "linear")
        axes.set_ylim(low, high)
        axes.xaxis.set_major_locator(
            MaxNLocator(int(np.clip(box.width / (4 * theme.text(13)), 2, 8)), integer=True, steps=[1, 2, 5, 10])
        )
        if not logarithmic:
            axes.yaxis.set_major_locator(MaxNLocator(labels - 1))
        elif high / low > 100:
            axes.yaxis.set_major_locator(LogLocator(numticks=labels))
        else:
            # Within two decades there would be one power of ten, or none.
            decades = 10.0 ** np.arange(np.floor(np.log10(low)), np.log10(high))
            ticks = np.outer(decades, [1, 2, 5]).ravel()
            ticks = ticks[(low <= ticks) & (ticks <= high)]
            axes.yaxis.set_major_locator(FixedLocator(ticks[:: -(-len(ticks) // labels)].tolist()))
            axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.minorticks_off()
        graph(axes, theme, "loss above the minimum" if logarithmic else "loss")
        racers = range(len(recording.names))
        lines = [trail_line(axes, theme, theme.hue(racer), 0.8 * TRAIL) for racer in racers]
        heads = [head_mark(axes, theme, racer, size=9) for racer in racers]

        numbers = np.arange(steps + 1.0)
        paths = [SurfacePath(numbers, axes.transData.transform(np.column_stack([numbers, row]))) for row in heights]
        drawn = [thinned(way, CELL) for way in paths]

        def move(moment: Moment) -> Sequence[Artist]:
            for racer, last in enumerate(np.minimum(moment.step, recording.steps)):
                head = paths[racer].head(last)
                lines[racer].put(np.vstack([drawn[racer].passed(last), head]))
                within = box.y0 - 1e-6 <= head[1] <= box.y1 + 1e-6
                heads[racer].put(head[None] if within else np.empty((0, 2)))
            return [*lines, *heads]

        return move


def _values(recording: Recording, gaps: bool) -> Array:
    return recording.gap if gaps and recording.gap is not None else recording.z


def _range(seen: Array, logarithmic: bool) -> tuple[float, float]:
    """The ends of the axis, from the values of the racers in view."""
    if logarithmic:
        positive = seen[seen > 0]
        if not positive.size:
            return 0.1, 1.0
        high = min(float(positive.max()), LARGEST)
        low = min(max(float(positive.min()), high * 10.0**-DECADES, 1 / LARGEST), LARGEST)
        return low / 1.5, max(high, low * 10) * 1.5
    low, high = (float(np.clip(end, -LARGEST, LARGEST)) for end in (seen.min(), seen.max()))
    # Where the values are all alike, matplotlib could not tell the ends apart.
    margin = max(0.06 * (high - low) or 1.0, FINEST * max(abs(low), abs(high)))
    return low - margin, high + margin
