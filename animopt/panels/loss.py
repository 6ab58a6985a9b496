"""The loss of each racer against the step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from animopt.core.arrays import Array
from animopt.core.language import language
from animopt.drawing.artists import plot_artists, style_plot
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.geometry import CELL, MIN_KNEE, thin_path
from animopt.drawing.mpl import FixedLocator, LogLocator, MaxNLocator, StrMethodFormatter
from animopt.recording.recording import SurfacePath

MAX_DECADES = 10
"""Maximum number of powers of ten on the axis of gaps."""

MAX_LOSS = 1e300
"""Maximum absolute loss on the axis. matplotlib finds no ticks beyond it."""


@final
@dataclass(frozen=True)
class Loss:
    """Each racer's loss so far: the gap to the lowest known minimum on a log scale, or else the loss itself.

    `races` are all recordings of the clip that share the axes. The default is only the one that is drawn.
    """

    races: Sequence[Recording] = ()

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the axes. The lines and heads move."""
        races = [recording, *self.races]
        logarithmic = all(race.gap is not None for race in races)
        losses = [race.gap if logarithmic and race.gap is not None else race.z for race in races]
        in_view = np.concatenate([rows[race.in_view] for rows, race in zip(losses, races, strict=True)])
        low, high = _range(in_view, logarithmic)
        # On a log scale, a gap of zero is drawn at the lower end.
        heights = np.clip(losses[0], low if logarithmic else -MAX_LOSS, MAX_LOSS)
        axes.set(xlim=(0, recording.last_step), yscale="log" if logarithmic else "linear", ylim=(low, high))
        _set_ticks(axes, theme, low, high, logarithmic)
        words = language(recording.language)
        style_plot(axes, theme, words.gettext("loss above the minimum") if logarithmic else words.gettext("loss"))
        lines, heads = plot_artists(axes, theme, len(recording.names))
        numbers = np.arange(recording.last_step + 1.0)
        paths = [SurfacePath(numbers, axes.transData.transform(np.column_stack([numbers, row]))) for row in heights]
        trails = [thin_path(path, CELL) for path in paths]
        box = axes.get_window_extent()

        def move(moment: Moment) -> Artists:
            for racer, last in enumerate(np.minimum(moment.step, recording.steps)):
                head = paths[racer].head(last)
                lines[racer].set_pixels(np.vstack([trails[racer].passed(last), head]))
                heads[racer].set_pixels(head[None] if box.y0 - 1e-6 <= head[1] <= box.y1 + 1e-6 else np.empty((0, 2)))
            return [*lines, *heads]

        return move


def _range(losses: Array, logarithmic: bool) -> tuple[float, float]:
    """Return the ends of the axis for the losses of the racers in view."""
    if logarithmic:
        positive = losses[losses > 0]
        if not positive.size:
            return 0.1, 1.0
        high = min(float(positive.max()), MAX_LOSS)
        low = min(max(float(positive.min()), high * 10.0**-MAX_DECADES, 1 / MAX_LOSS), MAX_LOSS)
        return low / 1.5, max(high, low * 10) * 1.5
    low, high = (float(np.clip(end, -MAX_LOSS, MAX_LOSS)) for end in (losses.min(), losses.max()))
    # matplotlib needs a margin to separate the ends of nearly equal losses.
    margin = max(0.06 * (high - low) or 1.0, MIN_KNEE * max(abs(low), abs(high)))
    return low - margin, high + margin


def _set_ticks(axes: Axes, theme: Theme, low: float, high: float, logarithmic: bool) -> None:
    box = axes.get_window_extent()
    across = int(np.clip(box.width / (4 * theme.text(13)), 2, 8))
    up = int(np.clip(box.height / (2.4 * theme.text(13)), 2, 6))
    axes.xaxis.set_major_locator(MaxNLocator(across, integer=True, steps=[1, 2, 5, 10]))
    if not logarithmic:
        axes.yaxis.set_major_locator(MaxNLocator(up - 1))
    elif high / low > 100:
        axes.yaxis.set_major_locator(LogLocator(numticks=up))
    else:
        # Within two decades there would be at most one power of ten.
        ticks = np.outer(10.0 ** np.arange(np.floor(np.log10(low)), np.log10(high)), [1, 2, 5]).ravel()
        ticks = ticks[(low <= ticks) & (ticks <= high)]
        axes.yaxis.set_major_locator(FixedLocator(ticks[:: -(-len(ticks) // up)].tolist()))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.minorticks_off()
