"""The loss curves, and at their ends the name, loss, settings and outcome of each racer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import final

import numpy as np

from animopt.core.arrays import Array
from animopt.drawing.artists import PixelLine, add_heading, head_marker, use_pixel_units
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.colors import legible
from animopt.drawing.curves import RECEDING_OPACITY
from animopt.drawing.layout import PANELS, Box
from animopt.drawing.loss_curves import LossCurves
from animopt.drawing.mpl import Artist, Text
from animopt.drawing.ranking import plan_ranks, spread
from animopt.drawing.text import TextWidths, fit_text, max_width, without_common_prefix, write
from animopt.panels.loss import Loss
from animopt.panels.standings import Standings, choose_rows
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

SLACK = 0.3
"""Maximum part of the distance between two texts that they use if they are wider than measured, in type sizes."""

MAX_PITCH = 1.6
"""Maximum distance of two entries whose curves end together, in heights of an entry."""

CUT_NAME, CUT_SETTINGS = 4.0, 8.0
"""Minimum widths of a cut name and of cut settings, in their type sizes."""

LEADER_WIDTH, LEADER_OPACITY = 1.3, 0.6
"""Width in pixels of a 1280 × 720 picture, and opacity, of the line from a curve's end to its entry."""


@final
@dataclass(frozen=True)
class Scoreboard:
    """The loss curves. A line leads from each curve's end to the racer's marker, name, loss, settings and outcome.

    The entries have the order of the curves' ends. `moments` are the moments of the clip for which their places are
    planned. Without any, they have the order of the end. `races` are all recordings of the clip, which share the axes.
    """

    moments: Sequence[Moment] = ()
    races: Sequence[Recording] = ()

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the axes of the curves. The curves, the entries and the lines between them move."""
        width, height = use_pixel_units(axes)
        results = Results(recording, self.races)
        form = _choose_form(axes, theme, results, (width, height))
        if form is None:
            return self._draw_list(axes, recording, theme, (width, height))
        margin = 0.0 if form.ticked else PANELS["scoreboard"].around(theme)[0]
        plot_width = width - form.column - _gutter(theme)
        plot = axes.inset_axes(Box(-margin, 0, margin + plot_width, height).as_fractions(width, height), label="curves")
        curves = LossCurves(plot, theme, results, ticked=form.ticked)
        gradients = _write_gradients(axes, theme, results, width, margin)
        entries = [_Entry(axes, theme, results, form, racer) for racer in range(len(recording.names))]

        moments = self.moments or [Moment(recording.last_step)]
        times = [moment.progress for moment in moments]
        ranks = plan_ranks(np.stack([curves.heights(moment.step) for moment in moments], axis=1))
        highest, lowest = form.above, height - form.below
        spacing = min(MAX_PITCH * form.height, (lowest - highest) / max(1, len(entries) - 1))
        ends = np.sort(curves.heights(recording.last_step))[::-1]
        # The lowest rank is at the bottom.
        slots = spread(height * (1 - np.clip(ends, 0, 1)), spacing, highest, lowest)[::-1]
        right = axes.get_window_extent().x0 + plot_width + 0.3 * form.size

        def move(moment: Moment) -> Artists:
            planned = [np.interp(moment.progress, times, row) for row in ranks]
            places = spread(np.interp(planned, np.arange(len(slots)), slots), form.height, highest, lowest)
            winner = recording.winner if moment.hold_progress > 0 else None
            curve_ends = curves.ends(moment.step)
            leaders: list[Artist] = []
            texts: list[Artist] = []
            for entry, place, end in zip(entries, places, curve_ends, strict=True):
                texts += entry.move(moment, place, winner)
                leaders.append(entry.lead(np.array([end, [right, end[1]]]), place))
            ended = gradients if moment.hold_progress > 0 else ()
            return [*leaders, *curves.move(moment.step, winner), *texts, *ended]

        return move

    def _draw_list(self, axes: Axes, recording: Recording, theme: Theme, size: tuple[float, float]) -> Move:
        """Draw the standings, and above them the curves if there is room."""
        width, height = size
        margin, _, below = PANELS["scoreboard"].around(theme)
        results = Results(recording, self.races)
        gap, least = theme.px(8), 7 * theme.min_text
        rows = choose_rows(axes, theme, results, (width + margin, height - least - gap))
        list_height = rows.height if rows and rows.losses else height + below
        box = Box(-margin, height + below - list_height, width + margin, list_height)
        standings = axes.inset_axes(box.as_fractions(width, height), label="standings")
        moves = [Standings(self.races).draw(standings, recording, theme)]
        if list_height < height:
            plot_box = Box(0, 0, width, height - list_height - gap)
            plot = axes.inset_axes(plot_box.as_fractions(width, height), label="curves")
            moves.append(Loss(self.races).draw(plot, recording, theme))
        elif (rows := choose_rows(axes, theme, results, (width + margin, list_height))) and rows.losses:
            add_heading(standings, theme, results.heading, theme.muted)
        return lambda moment: [artist for each in moves for artist in each(moment)]


@dataclass(frozen=True)
class _Form:
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


def _gutter(theme: Theme) -> float:
    """Return the width between the curves and the entries."""
    return max(theme.px(40), 1.6 * theme.min_text)


def _choose_form(axes: Axes, theme: Theme, results: Results, room: tuple[float, float]) -> _Form | None:
    """Return the form that shows most in a room (width, height), or None if there is none beside curves.

    In this order give way: outcomes, tick labels, the ends of long settings, settings, the ends of long names.
    """
    recording, (width, height) = results.recording, room
    if len(recording.names) > MAX_ENTRIES:
        return None
    widths = _Widths(axes, results)
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
        form = _Form(size, max(theme.min_text, SMALL * size), names, settings, outcomes, beside, brief, ticked)
        # Names are worth more than wide curves.
        wide, narrow = (80, 4) if any(settings) else (60, 2.5)
        wide, narrow = (130, 6) if ticked else (wide, narrow)
        plot = max(theme.px(wide), narrow * theme.min_text)
        margin = 0.0 if ticked else PANELS["scoreboard"].around(theme)[0]
        most = width + margin - plot - _gutter(theme)
        needed = widths.column(form, cut=cut)
        if len(names) * form.height <= height and needed <= most:
            return replace(form, column=most if cut else needed, aside=widths.aside(form), losses=widths.losses(form))
    return None


class _Widths:
    """Widths of the texts of entries in pixels. The winner's name and all losses may be bold and larger."""

    def __init__(self, axes: Axes, results: Results) -> None:
        self._ems = TextWidths(axes)
        self._winner = results.recording.winner
        racers = range(len(results.recording.names))
        self._numbers, self._reasons = {}, {}
        for brief in (False, True):
            numbers = (text for racer in racers for text in results.numbers(racer, brief=brief))
            self._numbers[brief] = WINNER_SIZE * self._ems.widest(numbers, "bold")
            self._reasons[brief] = [self._ems(results.reason(racer, brief=brief)) for racer in racers]

    def losses(self, form: _Form) -> list[float]:
        """Return the width of each racer's longest loss, or reason for a missing one, in pixels."""
        return [max(form.size * self._numbers[form.brief], form.small * each) for each in self._reasons[form.brief]]

    def _names(self, form: _Form) -> list[float]:
        return [
            WINNER_SIZE * self._ems(name, "bold") if racer == self._winner else self._ems(name)
            for racer, name in enumerate(form.names)
        ]

    def aside(self, form: _Form) -> float:
        """Return the distance in pixels from the left edge of an entry to settings beside the names."""
        return form.size * (INDENT + max(self._names(form)) + GAP)

    def column(self, form: _Form, *, cut: bool) -> float:
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


class _Entry:
    """A racer's entry: its marker and texts, and the line that leads to it."""

    def __init__(self, axes: Axes, theme: Theme, results: Results, form: _Form, racer: int) -> None:
        self._theme, self._results, self._form, self._racer = theme, results, form, racer
        self._box = axes.get_window_extent()
        self._left = self._box.width - form.column
        self._hue = legible(theme, theme.hue(racer))
        self._marker = head_marker(axes, theme, racer, size=11)
        self._leader = PixelLine(axes, theme.hue(racer), max(1.0, theme.px(LEADER_WIDTH)))
        self._shown: object = None
        left, room = self._left + INDENT * form.size, form.column - INDENT * form.size

        def line(words: str, size: float, x: float, align: str = "left") -> Text:
            return write(axes, x, 0, words, size, theme.muted, ha=align, va="center_baseline", animated=True)

        self._loss = line("", form.size, self._box.width, align="right")
        self._name = line(form.names[racer], form.size, left)
        if racer == results.recording.winner:
            self._name.set(fontsize=form.size * WINNER_SIZE, fontweight="bold")
        # Widths are not quite proportional to type sizes.
        free = room - (GAP - SLACK) * form.size - form.losses[racer]
        fit_text(self._name, free, float(self._name.get_fontsize()))
        self._settings = line(form.settings[racer], form.small, self._left + form.aside if form.beside else left)
        if form.beside:
            room = form.column - form.aside - GAP * form.size - form.losses[racer]
        fit_text(self._settings, room + SLACK * form.size, form.small)
        self._outcome = line(form.outcomes[racer], form.small, left)

    def move(self, moment: Moment, place: float, winner: int | None) -> Sequence[Artist]:
        """Show the entry with the middle of its name at a place below the upper edge. Return its artists."""
        step, size, line = int(moment.step), self._form.size, self._form.small * LINE
        # At whole pixels, an entry that glides keeps its bitmaps.
        y = round(place)
        first = winner == self._racer
        shown = (y, step, winner)
        if shown != self._shown:
            self._shown = shown
            loss = self._results.loss(self._racer, step, brief=self._form.brief)
            lost = self._results.recording.lost(self._racer, step) is not None
            style = {
                "fontsize": size * WINNER_SIZE if first else size,
                "fontweight": "bold" if first else "normal",
                "y": y,
            }
            receding = winner is not None and not first
            self._name.set(color=self._theme.muted if receding else self._theme.ink, **style)
            self._loss.set(text=loss, color=self._hue, **style)
            if lost:
                self._loss.set(fontsize=self._form.small, color=self._theme.muted)
            below = y + self._form.above + line / 2
            self._settings.set_y(y if self._form.beside else below)
            self._outcome.set_y(below if self._form.beside or not any(self._form.settings) else below + line)
            self._marker.set_positions(np.array([(self._left + 0.6 * size, y + 0.06 * size)]))
            self._leader.set_alpha(LEADER_OPACITY * (RECEDING_OPACITY if receding else 1.0))
        return [
            self._marker,
            self._name,
            self._loss,
            self._settings,
            *([self._outcome] if moment.hold_progress else []),
        ]

    def lead(self, start: Array, place: float) -> Artist:
        """Draw the line from points (any, 2), in pixels from the figure's lower left, to the entry. Return it."""
        y = self._box.y1 - place
        left = self._box.x0 + self._left - 0.1 * self._form.size
        bend = [[left - 0.35 * self._form.size, y], [left, y]]
        return self._leader.set_pixels(np.vstack([start, bend]))


def _write_gradients(axes: Axes, theme: Theme, results: Results, width: float, margin: float) -> Sequence[Artist]:
    """Write at the right end of the heading how many gradients each racer needed, if there is room."""
    size = theme.text(14)
    words = results.equal_gradients
    if max_width(axes, [results.heading], size) + max_width(axes, [words], size) + 2 * size > width + margin:
        return ()
    return (write(axes, width, -theme.px(7), words, size, theme.muted, ha="right", va="baseline", animated=True),)
