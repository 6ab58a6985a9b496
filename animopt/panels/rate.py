"""The learning rate of each racer against the step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from animopt.core.arrays import Array
from animopt.core.errors import UsageError
from animopt.core.language import language
from animopt.core.number_format import format_setting
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.curves import LOGARITHMIC, Curves, ValueAxis, fit_values
from animopt.recording.results import Results


@final
@dataclass(frozen=True)
class Rate:
    """Each racer's learning rate in the step that led to its point. A racer without one has no curve.

    `races` are all recordings of the clip that share the axes. The default is only the one that is drawn.
    """

    races: Sequence[Recording] = ()

    @staticmethod
    def check(races: Sequence[Recording]) -> None:
        """Raise UsageError if no racer has a learning rate."""
        if races[0].names and not any(np.isfinite(_rates(race)).any() for race in races):
            raise UsageError("panel 'rate': no racer has the setting lr; leave out 'rate'")

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the axes. The curves and their ends move."""
        results = Results(recording, self.races)
        values = _rates(recording)
        curves = Curves(
            axes,
            theme,
            recording,
            values,
            _fit_axis(results.races),
            heading=language(recording.language).gettext("learning rate"),
            clock=results.clock,
            last_step=results.last_step,
            value_text=lambda racer, step: format_setting(float(values[racer, step])),
        )

        def move(moment: Moment) -> Artists:
            return curves.move(moment.step, recording.winner if moment.hold_progress > 0 else None)

        return move


def _fit_axis(races: Sequence[Recording]) -> ValueAxis:
    """Return an axis of all rates. It has powers of ten only if the highest rates of the racers span some."""
    rows = [row for race in races for row in _rates(race) if np.isfinite(row).all()]
    peaks = np.array([row.max() for row in rows])
    if peaks.size and 0 < peaks.min() < peaks.max() / LOGARITHMIC:
        return fit_values(peaks)
    return fit_values(np.array(rows), logarithmic=False)


def _rates(recording: Recording) -> Array:
    """Return the learning rate of each racer after each step, (racers, steps + 1). NaN if it has none."""
    rates = np.full(recording.z.shape, np.nan)
    for row, settings in zip(rates, recording.hyperparameters, strict=True):
        lr = settings.get("lr")
        if isinstance(lr, (int, float)) or (isinstance(lr, np.ndarray) and lr.ndim == 1):
            row[:] = lr
    return rates
