"""The form of the scoreboard's entries that shows most in its room."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from animopt.drawing.layout import PANELS
from animopt.drawing.mpl import Axes
from animopt.drawing.text import TextWidths, without_common_prefix
from animopt.drawing.theme import Theme
from animopt.recording.results import Results

MAX_ENTRIES = 8
"""Maximum number of racers with an entry at the end of their curves. More racers have a list."""

LINE = 1.3
"""Height of a line of an entry in its type sizes."""

WINNER_SIZE = 1.12
"""Factor of the type size of the winner's name and loss."""

SMALL = 0.82
"""Type size of settings and outcomes as a fraction of that of names."""

INDENT, GAP = 1.5, 0.9
"""Width of an entry's marker, and distance between the texts of a line, in type sizes of the name."""

CUT_NAME, CUT_SETTINGS = 4.0, 8.0
"""Minimum widths of a cut name and of cut settings, in their type sizes."""


@dataclass(frozen=True)
class Form:
    """The form of all entries: type sizes in pixels, and the texts that are shown, one for each racer or "".

    Settings are `beside` the names or below them. `brief` reasons for a missing loss leave out their step. The axes of
    the curves may be `ticked`. In pixels, `column` is the width of an entry, `aside` the distance from its left edge to
    settings beside the names, and `losses` the width of each racer's loss.
    """

    size: float
    small: float
    names: Sequence[str]
    settings: Sequence[str]
    outcomes: Sequence[str]
    beside: bool
    brief: bool
    ticked: bool
    column: float = 0.0
    aside: float = 0.0
    losses: Sequence[float] = ()

    @property
    def above(self) -> float:
        """Height of an entry above the middle of its name."""
        return self.size * LINE / 2

    @property
    def below(self) -> float:
        """Height of an entry below the middle of its name."""
        lines = (any(self.settings) and not self.beside) + any(self.outcomes)
        return self.above + lines * self.small * LINE

    @property
    def height(self) -> float:
        """Height of an entry."""
        return self.above + self.below


def gutter(theme: Theme) -> float:
    """Return the width between the curves and the entries."""
    return max(theme.px(40), 1.6 * theme.min_text)


def choose_form(axes: Axes, theme: Theme, results: Results, room: tuple[float, float]) -> Form | None:
    """Return the form that shows most in a room (width, height), or None if there is none beside curves.

    In this order give way: outcomes, tick labels, the ends of long settings, settings, the ends of long names.
    """
    recording, (width, height) = results.recording, room
    if len(recording.names) > MAX_ENTRIES:
        return None
    widths = _Widths(axes, results, ())
    settings, nothing = recording.settings, ("",) * len(recording.names)
    contents: list[tuple[Sequence[str], bool, Sequence[str], bool]] = [
        *((outcomes, True, settings, False) for outcomes in results.outcomes),
        (nothing, True, settings, False),
        (nothing, False, settings, False),
        (nothing, False, settings, True),
        (nothing, True, nothing, False),
        (nothing, False, nothing, False),
        (nothing, False, nothing, True),
    ]
    spellings = dict.fromkeys((recording.names, tuple(without_common_prefix(recording.names))))
    sizes = sorted({theme.text(size) for size in (17, 15, 13)}, reverse=True)
    for (outcomes, ticked, settings, cut), names, brief, size, beside in product(
        contents, spellings, (False, True), sizes, (False, True)
    ):
        form = Form(size, max(theme.min_text, SMALL * size), names, settings, outcomes, beside, brief, ticked)
        # Names are worth more than wide curves.
        wide, narrow = (80, 4) if any(settings) else (60, 2.5)
        wide, narrow = (130, 6) if ticked else (wide, narrow)
        plot = max(theme.px(wide), narrow * theme.min_text)
        margin = 0.0 if ticked else PANELS["scoreboard"].around(theme)[0]
        most = width + margin - plot - gutter(theme)
        needed = widths.column(form, cut=cut)
        if len(names) * form.height <= height and needed <= most:
            return replace(form, column=most if cut else needed, aside=widths.aside(form), losses=widths.losses(form))
    return None


def extra_width(axes: Axes, results: Results, form: Form, loss: str) -> float:
    """Return by how many pixels the entries of a form must be wider for another text of a loss."""
    without, with_it = (_Widths(axes, results, losses).column(form, cut=False) for losses in ((), (loss,)))
    return with_it - without


class _Widths:
    """Widths of the texts of entries in pixels. The winner's name and all losses may be bold and larger."""

    def __init__(self, axes: Axes, results: Results, losses: Sequence[str]) -> None:
        self._ems = TextWidths(axes)
        self._winner = results.recording.winner
        racers = range(len(results.recording.names))
        self._numbers, self._reasons = {}, {}
        for brief in (False, True):
            numbers = (text for racer in racers for text in results.numbers(racer, brief=brief))
            self._numbers[brief] = WINNER_SIZE * self._ems.widest([*numbers, *losses], "bold")
            self._reasons[brief] = [self._ems(results.reason(racer, brief=brief)) for racer in racers]

    def losses(self, form: Form) -> list[float]:
        """Return the width of each racer's longest loss, or reason for a missing one, in pixels."""
        return [max(form.size * self._numbers[form.brief], form.small * each) for each in self._reasons[form.brief]]

    def _names(self, form: Form) -> list[float]:
        return [
            WINNER_SIZE * self._ems(name, "bold") if racer == self._winner else self._ems(name)
            for racer, name in enumerate(form.names)
        ]

    def aside(self, form: Form) -> float:
        """Return the distance in pixels from the left edge of an entry to settings beside the names."""
        return form.size * (INDENT + max(self._names(form)) + GAP)

    def column(self, form: Form, *, cut: bool) -> float:
        """Return the width in pixels that entries need, at least if their settings or else their names are `cut`."""
        size, small = form.size, form.small
        names = size * np.array(self._names(form))
        settings = small * self._ems.widest(form.settings)
        if cut and settings:
            settings = min(settings, CUT_SETTINGS * small)
        elif cut:
            names = np.minimum(names, CUT_NAME * size)
        losses = np.array(self.losses(form))
        if form.beside and settings:
            first = names.max() + 2 * GAP * size + settings + losses.max()
        else:
            first = max(float((names + GAP * size + losses).max()), settings)
        return float(INDENT * size + max(first, small * self._ems.widest(form.outcomes)))
