"""The position of each racer along the two eigenvectors of the Hessian at the minimum, against the step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from animopt.core.arrays import Array
from animopt.core.language import Language, language
from animopt.core.number_format import format_number, format_setting
from animopt.drawing.artists import use_pixel_units
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.curves import Curves, ValueAxis, fit_values
from animopt.drawing.layout import PANELS, Box
from animopt.drawing.text import max_width
from animopt.recording.heavy_ball import heavy_ball
from animopt.recording.results import Results

GHOST_PIECES = 8
"""Number of points per step of the continuous limit."""


@final
@dataclass(frozen=True)
class Modes:
    """Two axes, one above the other: the steep and the flat direction at the minimum, each with a curve for each racer.

    The dashed curves are the continuous limit of gradient descent with momentum, for racers that make its steps.
    `races` are all recordings of the clip that share the axes. The default is only the one that is drawn.
    """

    quantity: ClassVar = "modes"
    """Quantity that the recording must have."""

    races: Sequence[Recording] = ()

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the axes. The curves and their ends move."""
        results = Results(recording, [race for race in self.races if self.quantity in race.quantities])
        races, words = results.races, language(recording.language)
        modes, racers = recording.quantities[self.quantity], range(len(recording.names))
        times = np.linspace(0, recording.last_step, GHOST_PIECES * recording.last_step + 1)
        balls = [heavy_ball(recording, racer) for racer in racers]

        def direction(place: Axes, mode: int) -> Curves:
            values, eigenvalues = modes[..., mode, 0], modes[:, 0, mode, 1]

            def value_text(racer: int, step: int) -> str:
                if recording.lost(racer, step):
                    return results.loss(racer, step)
                return format_number(float(values[racer, step]), None, words.code)

            curves = Curves(
                place,
                theme,
                recording,
                values,
                _fit_axis(races, mode),
                heading=_heading(place, theme, mode, eigenvalues, words, limit=any(balls)),
                clock=results.clock,
                last_step=results.last_step,
                counted=mode == 1,
                value_text=value_text,
            )
            place.axhline(0, color=theme.muted, linewidth=max(0.8, theme.px(1)), zorder=1)
            nothing = np.full(len(times), np.nan)
            ghosts = [
                ball.continuous_limit(float(eigenvalues[racer]), float(values[racer, 0]), times) if ball else nothing
                for racer, ball in enumerate(balls)
            ]
            curves.add_ghosts(place, theme, times, np.array(ghosts).reshape(-1, len(times)))
            return curves

        both = [direction(place, mode) for mode, place in enumerate(_halves(axes, theme))]

        def move(moment: Moment) -> Artists:
            winner = recording.winner if moment.hold_progress > 0 else None
            return [artist for curves in both for artist in curves.move(moment.step, winner)]

        return move


def _halves(axes: Axes, theme: Theme) -> tuple[Axes, Axes]:
    """Return two axes in the room of one, one above the other, with room for a heading above each."""
    width, height = use_pixel_units(axes)
    heading = PANELS["modes"].around(theme)[1]
    half = max(1.0, (height - heading) / 2)
    upper, lower = (
        axes.inset_axes(Box(0, top, width, half).as_fractions(width, height), label=label)
        for top, label in ((0.0, "steep"), (height - half, "flat"))
    )
    return upper, lower


def _heading(axes: Axes, theme: Theme, mode: int, eigenvalues: Array, words: Language, *, limit: bool) -> str:
    """Return the name of a direction, its eigenvalue if all racers share it, and what the dashed curves are.

    If there is no room for all of this, the name is left out.
    """
    parts = [words.gettext("flat direction") if mode else words.gettext("steep direction")]
    if len({*eigenvalues.tolist()}) == 1:
        parts.append(f"λ = {words.digits(format_setting(float(f'{eigenvalues[0]:.3g}')))}")
    if limit and not mode:
        name = words.gettext("continuous limit")
        parts.append(f"– – {name}")
    heading = ", ".join(parts)
    is_wide = max_width(axes, [heading], theme.text(14)) <= axes.get_window_extent().width
    return heading if is_wide or len(parts) < 3 else ", ".join(parts[1:])


def _fit_axis(races: Sequence[Recording], mode: int) -> ValueAxis:
    """Return an axis that shows 0 and a coordinate of the racers while they are in view."""
    shown = [race.quantities[Modes.quantity][race.in_view][:, mode, 0] for race in races]
    return fit_values(np.concatenate([[0.0], *(each[np.isfinite(each)] for each in shown)]), logarithmic=False)
