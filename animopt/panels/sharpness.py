"""The sharpness of the surface at each racer against the step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from animopt.core.arrays import Array
from animopt.core.language import Language, language
from animopt.core.number_format import format_number, format_setting
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.curves import Curves, ValueAxis, fit_values
from animopt.recording.results import Results
from animopt.recording.stability import StabilityLimit, stability_limit

REACH = 3.0
"""Maximum ratio of a limit that the axis shows to the values of the curves."""


@final
@dataclass(frozen=True)
class Sharpness:
    """The largest eigenvalue of the Hessian at each racer so far, and the limits of gradient descent as dashed lines.

    `races` are all recordings of the clip that share the axes. The default is only the one that is drawn.
    """

    quantity: ClassVar = "sharpness"
    """Quantity that the recording must have."""

    races: Sequence[Recording] = ()

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the axes. The curves and their ends move."""
        results = Results(recording, [race for race in self.races if self.quantity in race.quantities])
        races, words = results.races, language(recording.language)
        values = recording.quantities[self.quantity]
        found = [[stability_limit(race, racer) for racer in range(len(race.names))] for race in races]
        axis = _fit_axis(races, [limit.value for limits in found for limit in limits if limit])
        # Those outside the axis are not drawn.
        limits = [limit if limit and axis.low < limit.value < axis.high else None for limit in found[0]]
        shown = [limit for limit in limits if limit]

        def value_text(racer: int, step: int) -> str:
            if recording.lost(racer, step):
                return results.loss(racer, step)
            return format_number(float(values[racer, step]), None, words.code)

        curves = Curves(
            axes,
            theme,
            recording,
            values,
            axis,
            heading=_heading(shown, words),
            clock=results.clock,
            last_step=results.last_step,
            value_text=value_text,
        )
        for value in dict.fromkeys(limit.value for limit in shown):
            racers = [racer for racer, limit in enumerate(limits) if limit and limit.value == value]
            alone = len(racers) == 1 < len(shown)
            curves.add_level(axes, theme, value, theme.hue(racers[0]) if alone else theme.ink)

        def move(moment: Moment) -> Artists:
            return curves.move(moment.step, recording.winner if moment.hold_progress > 0 else None)

        return move


def _heading(limits: Sequence[StabilityLimit], words: Language) -> str:
    """Return the name of the quantity, and what the dashed lines are."""
    formulas = {limit.formula for limit in limits}
    if not formulas:
        return words.gettext("sharpness")
    formula = formulas.pop() if len(formulas) == 1 else words.gettext("limit of stability")
    values = {limit.value for limit in limits}
    if len(values) == 1:
        formula = f"{formula} = {format_setting(values.pop())}"
    return words.gettext("sharpness, – – {limit}", limit=formula)


def _fit_axis(races: Sequence[Recording], limits: Sequence[float]) -> ValueAxis:
    """Return an axis that shows the sharpness of the racers while they are in view, and the limits near it."""
    shown: Array = np.concatenate(
        [
            row[inside & np.isfinite(row)]
            for race in races
            for row, inside in zip(race.quantities[Sharpness.quantity], race.in_view, strict=True)
        ]
    )
    if not shown.size:
        return fit_values(shown)
    near = [limit for limit in limits if shown.min() / REACH <= limit <= shown.max() * REACH]
    return fit_values(np.append(shown, near))
