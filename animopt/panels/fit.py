"""The data behind the surface, and each racer's model of them."""

from typing import ClassVar, final

import numpy as np

from animopt.core.arrays import Array
from animopt.core.language import language
from animopt.drawing.artists import dots, plot_artists, set_ticks, style_plot, tick_counts
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme

MARGIN = 0.08
"""Margin around the data and the lines, as a fraction of the data's extent."""

REACH = 0.25
"""Distance from the data up to which the lines are shown, as a fraction of the data's extent."""


@final
class Fit:
    """The data as dots, those in the batch of the current step larger, and each racer's model as a line."""

    needs: ClassVar = "sample", "the function has no data and model of them; use animopt.regression"
    """Field of the recording that the panel needs, and the problem if it is None."""

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the axes and the data. The batch, the lines and their heads move."""
        sample = recording.sample
        assert sample is not None
        points = np.column_stack([sample.inputs, sample.targets])
        (left, low), (right, high) = _limits(points, sample.predictions)
        axes.set(xlim=(left, right), ylim=(low, high), autoscale_on=False)
        set_ticks(axes, *tick_counts(axes, theme, spacing=(5, 3), most=6))
        size = sample.batches.shape[1]
        words = language(recording.language)
        batches = words.ngettext("data, ● batch of {count}, and fits", "data, ● batch of {count}, and fits", size)
        style_plot(axes, theme, words.gettext("data and fits") if size == len(points) else batches)
        dots(axes, theme.muted, max(2.5, theme.px(5))).set_positions(points).set_animated(False)
        batch = dots(axes, theme.ink, max(4.0, theme.px(9)))
        lines, heads = plot_artists(axes, theme, len(recording.names))
        inset = 0.3 * MARGIN * (high - low)

        def move(moment: Moment) -> Artists:
            # After the last step, its batch remains.
            rows = sample.batches[min(int(moment.step), len(sample.batches) - 1)]
            batch.set_positions(points[rows] if size < len(points) else points[:0])
            for line, head, predictions in zip(lines, heads, sample.predictions, strict=True):
                fitted = _interpolate(predictions, moment.step)
                line.set_pixels(axes.transData.transform(np.column_stack([sample.grid, fitted])))
                head.set_positions(_right_end(sample.grid, fitted, low + inset, high - inset)[None])
            return [batch, *lines, *heads]

        return move


def _limits(points: Array, predictions: Array) -> tuple[Array, Array]:
    """Return two corners (2,) of an axes that shows points (points, 2), and the predictions (any) near them."""
    low, high = points.min(axis=0), points.max(axis=0)
    extent = np.where(high > low, high - low, 1.0)
    fitted = np.clip(predictions[np.isfinite(predictions)], low[1] - REACH * extent[1], high[1] + REACH * extent[1])
    low[1], high[1] = min(low[1], fitted.min()), max(high[1], fitted.max())
    return low - MARGIN * extent, high + MARGIN * extent


def _interpolate(rows: Array, step: float) -> Array:
    """Return the row at a fractional step. This is exact for a model that is linear in its parameters."""
    before = int(step)
    return rows[before] if step == before else rows[before] + (step - before) * (rows[before + 1] - rows[before])


def _right_end(inputs: Array, fitted: Array, low: float, high: float) -> Array:
    """Return the right end (2,) of the part of a line between two heights, or NaN if there is no such part."""
    visible = np.flatnonzero((low <= fitted) & (fitted <= high))
    if not visible.size:
        return np.full(2, np.nan)
    last = visible[-1]
    if last == len(fitted) - 1:
        return np.array([inputs[last], fitted[last]])
    edge = high if fitted[last + 1] > high else low
    fraction = (edge - fitted[last]) / (fitted[last + 1] - fitted[last])
    return np.array([inputs[last] + fraction * (inputs[last + 1] - inputs[last]), edge])
