"""The loss curves, and at their ends the name, loss, settings and outcome of each racer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from animopt.core.arrays import Array
from animopt.drawing.artists import ENTRY_HEAD, HEADING_GAP, PixelLine, add_heading, head_marker, use_pixel_units
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.colors import legible
from animopt.drawing.curves import RECEDING_OPACITY
from animopt.drawing.entries import GAP, INDENT, LINE, WINNER_SIZE, Form, choose_form, gutter
from animopt.drawing.layout import PANELS, Box
from animopt.drawing.loss_curves import LossCurves
from animopt.drawing.mpl import Artist, Text
from animopt.drawing.ranking import plan_ranks, spread
from animopt.drawing.text import fit_text, max_width, write
from animopt.drawing.theme import HEADING_TEXT
from animopt.panels.loss import Loss
from animopt.panels.standings import Standings, choose_rows
from animopt.recording.results import Results

SLACK = 0.3
"""Maximum part of the distance between two texts that they use if they are wider than measured, in type sizes."""

MAX_PITCH = 1.6
"""Maximum distance of two entries whose curves end together, in heights of an entry."""

LEADER_WIDTH, MIN_LEADER_WIDTH, LEADER_OPACITY = 1.3, 1.0, 0.6
"""Width in pixels of a 1280 × 720 picture, minimum width in pixels, and opacity, of the line from a curve's end to its
entry."""


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
        form = choose_form(axes, theme, results, (width, height))
        if form is None:
            return self._draw_list(axes, recording, theme, (width, height))
        margin = 0.0 if form.ticked else PANELS["scoreboard"].around(theme)[0]
        plot_width = width - form.column - gutter(theme)
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


class _Entry:
    """A racer's entry: its marker and texts, and the line that leads to it."""

    def __init__(self, axes: Axes, theme: Theme, results: Results, form: Form, racer: int) -> None:
        self._theme, self._results, self._form, self._racer = theme, results, form, racer
        self._box = axes.get_window_extent()
        self._left = self._box.width - form.column
        self._hue = legible(theme, theme.hue(racer))
        self._marker = head_marker(axes, theme, racer, size=ENTRY_HEAD)
        self._leader = PixelLine(axes, theme.hue(racer), max(MIN_LEADER_WIDTH, theme.px(LEADER_WIDTH)))
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
    size = theme.text(HEADING_TEXT)
    words = results.equal_gradients
    if max_width(axes, [results.heading], size) + max_width(axes, [words], size) + 2 * size > width + margin:
        return ()
    return (
        write(axes, width, -theme.px(HEADING_GAP), words, size, theme.muted, ha="right", va="baseline", animated=True),
    )
