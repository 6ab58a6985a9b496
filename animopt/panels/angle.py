"""The angle between each racer's position and a direction, against the logarithm of the step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from animopt.core.language import language
from animopt.core.number_format import format_number, format_point
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.curves import Curves, fit_values
from animopt.recording.results import Results


@final
@dataclass(frozen=True)
class Angle:
    """The angle at the origin between each racer and the function's direction so far, in degrees from 0 to 180.

    A racer at the origin, which has no direction, has the angle of its next point. `races` are all recordings of the
    clip that share the axes. The default is only the one that is drawn.
    """

    needs: ClassVar = "direction", "the function has none; give it one, as direction=(1, 0)"
    """Field of the recording that the panel needs, and the problem if it is None."""

    races: Sequence[Recording] = ()

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the axes. The curves and their ends move."""
        results, words = Results(recording, self.races), language(recording.language)
        assert recording.direction is not None
        values = recording.angles
        known = [angles[np.isfinite(angles)] for angles in (race.angles for race in results.races)]
        heading = (
            words.gettext("angle to the largest margin")
            if recording.classes
            else words.gettext("angle to {point}", point=format_point(recording.direction, words.code))
        )
        curves = Curves(
            axes,
            theme,
            recording,
            values,
            fit_values(np.concatenate([[0.0], *known]), logarithmic=False),
            heading=heading,
            clock=results.clock,
            last_step=results.last_step,
            value_text=lambda racer, step: format_number(float(values[racer, step]), None, words.code),
            logarithmic_steps=True,
            unit="°",
        )

        def move(moment: Moment) -> Artists:
            return curves.move(moment.step, recording.winner if moment.hold_progress > 0 else None)

        return move
