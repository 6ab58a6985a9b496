"""The data behind the surface, and each racer's model of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from animopt.core.arrays import Array
from animopt.drawing.artists import TRAIL, discs, graph, head_mark, trail_line
from animopt.drawing.mpl import Artist, Axes, MaxNLocator
from animopt.drawing.panel import Move
from animopt.drawing.theme import Theme
from animopt.recording.recording import Recording
from animopt.recording.timeline import Moment

DOT, BATCH = 5.0, 9.0
"""The widths of a row of data, and of one in the step's batch."""

MARGIN = 0.08
"""The room around what is shown, in parts of the data's extent."""

REACH = 0.25
"""How far from the data the lines are followed, in parts of the data's extent."""


@final
@dataclass(frozen=True)
class Fit:
    """The data as points, those that the step under way sees larger, and each racer's model as a line through them."""

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Paint the axes and the data; the batch, the lines and their heads move."""
        sample = recording.sample
        assert sample is not None
        points = np.column_stack([sample.inputs, sample.targets])
        (left, low), (right, high) = _around(points, sample.predictions)
        box = axes.get_window_extent()
        across, up = (int(np.clip(room / theme.text(13), 1, 6)) for room in (box.width / 5, box.height / 3))
        axes.set(xlim=(left, right), ylim=(low, high), autoscale_on=False)
        axes.xaxis.set_major_locator(MaxNLocator(across, steps=[1, 2, 5, 10]))
        axes.yaxis.set_major_locator(MaxNLocator(up, steps=[1, 2, 5, 10]))
        size = sample.batches.shape[1]
        graph(axes, theme, "data and fits" if size == len(points) else f"data, ● batch of {size}, and fits")
        discs(axes, theme.muted, max(2.5, theme.px(DOT))).place(points).set_animated(False)
        batch = discs(axes, theme.ink, max(4.0, theme.px(BATCH)))
        racers = range(len(recording.names))
        inset = 0.3 * MARGIN * (high - low)
        lines = [trail_line(axes, theme, theme.hue(racer), 0.8 * TRAIL) for racer in racers]
        heads = [head_mark(axes, theme, racer, size=9) for racer in racers]

        def move(moment: Moment) -> Sequence[Artist]:
            # After the last step there is none under way.
            rows = sample.batches[min(int(moment.step), len(sample.batches) - 1)]
            batch.place(points[rows] if size < len(points) else points[:0])
            for racer in racers:
                fitted = _between(sample.predictions[racer], moment.step)
                lines[racer].put(axes.transData.transform(np.column_stack([sample.grid, fitted])))
                heads[racer].place(_end(sample.grid, fitted, low + inset, high - inset)[None])
            return [batch, *lines, *heads]

        return move


def _around(points: Array, predictions: Array) -> tuple[Array, Array]:
    """The corners of an axes that shows points (points, 2), and what is not far from them of predictions (any)."""
    low, high = points.min(axis=0), points.max(axis=0)
    extent = np.where(high > low, high - low, 1.0)
    fitted = np.clip(predictions[np.isfinite(predictions)], low[1] - REACH * extent[1], high[1] + REACH * extent[1])
    low[1], high[1] = min(low[1], fitted.min()), max(high[1], fitted.max())
    return low - MARGIN * extent, high + MARGIN * extent


def _between(rows: Array, step: float) -> Array:
    """The row at a fractional step; as the model is at the point between two steps, where it is linear in the point."""
    before = int(step)
    after = min(before + 1, len(rows) - 1)
    return rows[before] if step == before else rows[before] + (step - before) * (rows[after] - rows[before])


def _end(inputs: Array, fitted: Array, low: float, high: float) -> Array:
    """The right end, (2,), of what is seen of a line between two heights; NaN where nothing is."""
    seen = np.flatnonzero((low <= fitted) & (fitted <= high))
    if not seen.size:
        return np.full(2, np.nan)
    last = seen[-1]
    if last == len(fitted) - 1:
        return np.array([inputs[last], fitted[last]])
    edge = high if fitted[last + 1] > high else low
    part = (edge - fitted[last]) / (fitted[last + 1] - fitted[last])
    return np.array([inputs[last] + part * (inputs[last + 1] - inputs[last]), edge])
