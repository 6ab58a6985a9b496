"""The race in its own coordinates and in those of a preconditioner."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, final

import numpy as np

from animopt.core.language import language
from animopt.core.number_format import format_setting
from animopt.drawing.artists import use_pixel_units
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Overlay, Recording, Theme
from animopt.drawing.layout import arrange_tiles, heading_height
from animopt.drawing.text import fit_text, write
from animopt.drawing.window import Window, race_window
from animopt.panels.contour import Contour

ASPECTS = 0.7, 1.6
"""Minimum and maximum width divided by height of both contours."""


@final
@dataclass(frozen=True)
class Coordinates:
    """Two contours with one race: at the points p, and at √P p, with the preconditioner P.

    Above each is the condition number of the Hessian at the minimum in its coordinates: the ratio of the largest to the
    smallest eigenvalue. The `window` is the part of the domain that the first contour shows, by default the whole
    domain. `moments`, `racer` and `overlays` are those of the contours.
    """

    needs: ClassVar = "preconditioned", "the scene has no preconditioner; give it one, as ((0.1, 0), (0, 2))"
    """Field of the recording that the panel needs, and the problem if it is None."""

    moments: Sequence[Moment] = ()
    racer: int = 0
    window: Window | None = None
    overlays: Sequence[Overlay] = ()

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the contours and their headings. The racers move."""
        width, height = use_pixel_units(axes)
        views, words = recording.preconditioned, language(recording.language)
        assert views is not None
        boxes, _ = arrange_tiles((width, height), theme, ASPECTS, 2)
        # Letters without a font are replaced in the names of the race itself.
        races = recording, replace(views.race, names=recording.names, language=recording.language)
        windows = self.window or race_window([recording], 0, "domain"), race_window([views.race], 0, "race")
        names = (
            words.gettext("at (x, y): condition number {condition}", condition=_rounded(views.conditions[0])),
            words.gettext("at √P (x, y): condition number {condition}", condition=_rounded(views.conditions[1])),
        )
        moves = []
        for race, window, name, box in zip(races, windows, names, boxes, strict=True):
            tile = axes.inset_axes(box.as_fractions(width, height), label="coordinates")
            overlays = self.overlays if race is recording else ()
            contour = Contour(self.moments, self.racer, window=window, located=False, overlays=overlays)
            moves.append(contour.draw(tile, race, theme))
            # The contour may be smaller than its box.
            drawn = tile.get_window_extent()
            left, top = axes.transData.inverted().transform((drawn.x0, drawn.y1))
            heading = write(
                axes, left, top - 0.3 * heading_height(theme), name, theme.text(15), theme.ink, va="baseline"
            )
            fit_text(heading, box.width, theme.min_text)

        def move(moment: Moment) -> Artists:
            return [artist for each in moves for artist in each(moment)]

        return move


def _rounded(condition: float) -> str:
    return format_setting(float(np.format_float_positional(condition, 3, fractional=False)))
