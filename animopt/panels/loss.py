"""The loss of each racer against the step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.loss_curves import LossCurves
from animopt.recording.results import Results


@final
@dataclass(frozen=True)
class Loss:
    """Each racer's loss so far: the gap to the lowest known minimum on a log scale, or else the loss itself.

    `races` are all recordings of the clip that share the axes. The default is only the one that is drawn.
    """

    races: Sequence[Recording] = ()

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the axes. The curves and their ends move."""
        curves = LossCurves(axes, theme, Results(recording, self.races), valued=True)

        def move(moment: Moment) -> Artists:
            return curves.move(moment.step, recording.winner if moment.hold_progress > 0 else None)

        return move
