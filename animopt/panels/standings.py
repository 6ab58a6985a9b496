"""The name, settings and loss of each racer."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import final

import numpy as np

from animopt.core.language import language
from animopt.drawing.artists import draw_racer_marker, use_pixel_units
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.mpl import Text
from animopt.drawing.text import TextWidths, fit_text, text_width, without_common_prefix, write
from animopt.recording.results import Results

LINE = 1.3
"""Minimum height of a row in its type size."""

RANK, MARKER, GAP = 1.8, 1.4, 1.0
"""Widths of a rank and of a marker, and distance between two texts, in type sizes."""

SLACK = 0.3
"""Maximum part of the distance between two texts that they use if they are wider than measured, in type sizes."""

COLUMN_GAP = 2.0
"""Distance between two columns in type sizes."""


@final
@dataclass(frozen=True)
class Standings:
    """A row for each racer, which keeps its place and shows its rank as a number.

    `races` are all recordings of the clip, which show the same quantity. The default is only the one that is drawn.
    """

    races: Sequence[Recording] = ()

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the markers. The ranks, names, settings and losses move."""
        width, height = use_pixel_units(axes)
        results = Results(recording, self.races)
        count, winner = len(recording.names), recording.winner
        rows = choose_rows(axes, theme, results, (width, height)) or _most_rows(theme, count, (width, height))
        size = rows.size
        # If not all racers fit, the last row shows the number of the others.
        racers = range(count if count <= rows.rows * rows.columns else rows.rows * rows.columns - 1)
        row = min(max(theme.px(26), rows.height / rows.rows), height / rows.rows)
        across = rows.width + COLUMN_GAP * size
        places = [(racer // rows.rows * across, (racer % rows.rows + 0.5) * row) for racer in range(count)]
        if len(racers) < count:
            more = language(recording.language).ngettext("{count} more", "{count} more", count - len(racers))
            write(axes, *places[len(racers)], more, size, theme.muted, va="center_baseline")

        def write_column(
            x: float, words: Sequence[str], *, scale: float = 1.0, align: str = "left", color: str = theme.ink
        ) -> list[Text]:
            """Write a text for each racer, at `x` in its column."""
            return [
                write(axes, left + x, middle, word, size * scale, color, ha=align, va="center_baseline", animated=True)
                for (left, middle), word in zip(places, words[: len(racers)], strict=False)
            ]

        indent = size * RANK * rows.ranked
        ranks = write_column(indent - 0.4 * size, [""] * count, align="right", color=theme.muted)
        losses = write_column(rows.width, [""] * count, align="right")
        for racer, (left, middle) in zip(racers, places, strict=False):
            draw_racer_marker(axes, theme, racer, left + indent + 0.5 * size, middle + 0.1 * size)
        indent += MARKER * size
        names = write_column(indent, rows.names or without_common_prefix(recording.names))
        widths = _loss_widths(TextWidths(axes), results, brief=rows.brief)
        longest = [size * width * rows.losses for width in widths]
        for racer, name in enumerate(names):
            # A bold name is wider.
            name.set_fontweight("bold" if racer == winner else "normal")
            # Widths are not quite proportional to type sizes.
            fit_text(name, rows.width - indent - (GAP - SLACK) * size - longest[racer], theme.min_text)
        small = max(0.9, theme.min_text / size)
        left, right = (
            indent + max(map(text_width, names), default=0) + GAP * size,
            rows.width - max(longest) - GAP * size,
        )

        def first_that_fits(wordings: Sequence[Sequence[str]]) -> list[Text]:
            """Write the first words, one text for each racer, that fit between the names and the losses."""
            for words in wordings:
                texts = write_column(left, words, scale=small, color=theme.muted)
                if max(map(text_width, texts), default=0) <= right - left:
                    return texts
                for text in texts:
                    text.remove()
            return []

        settings = first_that_fits([recording.settings])
        left += max(map(text_width, settings), default=-GAP * size) + GAP * size
        outcomes = first_that_fits(results.outcomes)

        def move(moment: Moment) -> Artists:
            step = int(moment.step)
            ranked = recording.ranks(step)
            ended = moment.hold_progress > 0 and winner is not None
            for racer in racers:
                ranks[racer].set_text("–" if np.isnan(recording.z[racer, step]) else str(ranked[racer]))
                losses[racer].set_text(results.loss(racer, step, brief=rows.brief))
                names[racer].set_fontweight("bold" if ended and racer == winner else "normal")
                names[racer].set_color(theme.muted if ended and racer != winner else theme.ink)
            return [
                *(ranks if rows.ranked else ()),
                *names,
                *(losses if rows.losses else ()),
                *settings,
                *(outcomes if moment.hold_progress > 0 else ()),
            ]

        return move


@dataclass(frozen=True)
class _Rows:
    """The rows of the standings: their number in each of some columns, and what they show.

    `height` is that of all rows, `width` that of a column, and `size` the type size, in pixels. `names` are the shown
    names, `ranked` whether there are ranks, and `losses` whether there are losses. `brief` reasons for a missing loss
    leave out their step.
    """

    rows: int
    columns: int
    size: float
    width: float
    names: Sequence[str]
    ranked: bool
    losses: bool
    brief: bool

    @property
    def height(self) -> float:
        return self.rows * self.size * LINE


def choose_rows(axes: Axes, theme: Theme, results: Results, room: tuple[float, float]) -> _Rows | None:
    """Return the rows that show most of each racer in a room (width, height), or None if the names do not fit."""
    recording, (width, height) = results.recording, room
    count = len(recording.names)
    ems = TextWidths(axes)
    spellings = dict.fromkeys((recording.names, tuple(without_common_prefix(recording.names))))
    sizes = sorted({theme.min_text, *(theme.text(size) for size in (17, 15, 13))}, reverse=True)
    weights = ["bold" if racer == recording.winner else "normal" for racer in range(count)]
    widths = {names: np.array(list(map(ems, names, weights))) for names in spellings}
    losses = {brief: np.array(_loss_widths(ems, results, brief=brief)) for brief in (False, True)}
    settings = ems.widest(recording.settings)
    contents = (True, True, True), (False, True, True), (True, False, True), (False, False, True), (False, False, False)
    for (ranked, with_settings, with_losses), names, brief, size, columns in product(
        contents, spellings, (False, True), sizes, range(1, count + 1)
    ):
        rows = _Rows(
            -(-count // columns),
            columns,
            size,
            (width + COLUMN_GAP * size) / columns - COLUMN_GAP * size,
            names,
            ranked,
            with_losses,
            brief,
        )
        loss = with_losses * losses[brief]
        needed = RANK * ranked + MARKER + GAP + (widths[names] + loss).max()
        if with_settings:
            small = max(0.9, theme.min_text / size)
            needed = max(needed, RANK * ranked + MARKER + widths[names].max() + 2 * GAP + small * settings + loss.max())
        # The height of an axes is rounded.
        if rows.height <= height + 0.01 and size * needed <= rows.width:
            return rows
    return None


def _most_rows(theme: Theme, count: int, room: tuple[float, float]) -> _Rows:
    """Return rows for as much of the racers as a room (width, height) can hold in the smallest type."""
    width, height = room
    size = theme.min_text
    max_rows = max(1, int(height / (LINE * size)))
    columns = min(-(-count // max_rows), max(1, int((width / size + COLUMN_GAP) / (COLUMN_GAP + 10))))
    column = (width + COLUMN_GAP * size) / columns - COLUMN_GAP * size
    return _Rows(min(-(-count // columns), max_rows), columns, size, column, (), False, False, True)


def _loss_widths(ems: TextWidths, results: Results, *, brief: bool) -> list[float]:
    """Return the width of each racer's longest loss in its type size."""
    racers = range(len(results.recording.names))
    return [ems.widest([*results.numbers(racer, brief=brief), results.reason(racer, brief=brief)]) for racer in racers]
