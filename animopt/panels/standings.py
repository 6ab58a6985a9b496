"""The name, settings and loss of each racer."""

from collections.abc import Sequence
from typing import final

import numpy as np

from animopt.core.language import language
from animopt.core.number_format import format_column, format_number, format_point
from animopt.drawing.artists import draw_racer_marker, use_pixel_units
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.mpl import Text
from animopt.drawing.text import fit_text, max_width, shorten_names, text_width, write
from animopt.recording.events import Kind, events


@final
class Standings:
    """A row for each racer, which keeps its place and shows its rank as a number."""

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the markers. The ranks, names, settings and losses move."""
        width, height = use_pixel_units(axes)
        decimals = common_decimals(recording)
        count = len(recording.names)
        # Widths are in type sizes.
        longest = [longest_standing(recording, racer, decimals) for racer in range(count)]
        loss_width = max_width(axes, longest, 100) / 100
        indent = 2.9 if count < 10 else 3.4
        # The number of columns is limited: each needs room for a rank, a marker and a loss.
        max_rows = max(1, int(height / (1.3 * theme.min_text)))
        columns = min(-(-count // max_rows), max(1, int((width / theme.min_text + 2) / (indent + loss_width + 2))))
        rows = min(-(-count // columns), max_rows)
        row = min(max(theme.px(26), 1.3 * theme.min_text), height / rows)
        size = min(theme.text(17), max(theme.min_text, row * 0.7))
        width = (width + 2 * size) / columns - 2 * size
        # If not all racers fit, the last row shows the number of the others.
        racers = range(count if count <= rows * columns else rows * columns - 1)
        places = [(racer // rows * (width + 2 * size), (racer % rows + 0.5) * row) for racer in range(count)]
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

        ranks = write_column(size * (indent - 2.15), [""] * count, align="right", color=theme.muted)
        losses = write_column(width, [""] * count, align="right")
        for racer, (left, middle) in zip(racers, places, strict=False):
            draw_racer_marker(axes, theme, racer, left + size * (indent - 1.15), middle + 0.1 * size)
        names_left, losses_left = size * indent, width - (loss_width + 1) * size
        names = write_column(names_left, recording.names)
        shorten_names(names, recording.names, losses_left - names_left)
        for name in names:
            fit_text(name, losses_left - names_left, theme.text(13))
            # A name of which only dots are left is hidden. The marker remains.
            name.set_visible(text_width(name) <= losses_left - names_left and len(name.get_text()) > 2)
        settings_left = names_left + max(map(text_width, names), default=0) + size

        def first_that_fits(wordings: Sequence[Sequence[str]]) -> list[Text]:
            """Write the first words, one text for each racer, that fit between the names and the losses."""
            for words in wordings:
                texts = write_column(settings_left, words, scale=max(0.9, theme.min_text / size), color=theme.muted)
                if max(map(text_width, texts), default=0) <= losses_left - settings_left:
                    return texts
                for text in texts:
                    text.remove()
            return []

        settings = first_that_fits([_settings(recording)])
        outcomes = first_that_fits(_outcomes(recording))

        def move(moment: Moment) -> Artists:
            step = int(moment.step)
            ranked = recording.ranks(step)
            for racer in racers:
                ranks[racer].set_text("–" if np.isnan(recording.z[racer, step]) else str(ranked[racer]))
                losses[racer].set_text(format_standing(recording, racer, step, decimals))
            beside = outcomes if moment.hold_progress > 0 and outcomes else settings
            return [*ranks, *names, *losses, *beside]

        return move


def _settings(recording: Recording) -> list[str]:
    """Return each racer's settings, and its number of gradients if that is more than one per step."""
    return [
        ", ".join(filter(None, [words, _gradients(recording, racer) if total > steps else ""]))
        for racer, (words, total, steps) in enumerate(
            zip(recording.settings, recording.evaluations[:, -1], recording.steps, strict=True)
        )
    ]


def _gradients(recording: Recording, racer: int) -> str:
    count = int(recording.evaluations[racer, -1])
    return language(recording.language).ngettext("{count} gradient", "{count} gradients", count)


def _outcomes(recording: Recording) -> list[list[str]]:
    """Return wordings of each racer's distance from the nearest minimum, and of its number of gradients, longest first.

    The distances have equal precision. Without known minima, the end points are in their place.
    """
    words = language(recording.language)
    # Events are in the order of their steps, and racers can have steps of their own.
    ends = sorted((each for each in events(recording) if each.kind == Kind.ENDS), key=lambda each: each.racer)
    distances = format_column([event.distance for event in ends], words.code)
    gradients = [_gradients(recording, event.racer) for event in ends]
    places, short_places = [], []
    for event, distance in zip(ends, distances, strict=True):
        place = short = ""
        if not recording.lost(event.racer, recording.last_step):
            point = format_point(event.point, words.code)
            if event.minimum is None:
                place, short = words.gettext("ends at {point}", point=point), point
            else:
                place = words.gettext("{distance} from the minimum", distance=distance)
                short = words.gettext("{distance} away", distance=distance)
        places.append(place)
        short_places.append(short)
    complete = [", ".join(filter(None, pair)) for pair in zip(places, gradients, strict=True)]
    return [complete, places, short_places]


def format_standing(recording: Recording, racer: int, step: int, decimals: int | None, brief: bool = False) -> str:
    """Return a racer's loss after a step, or the reason why it is out of view, and unless `brief`, since which step."""
    words = language(recording.language)
    match recording.lost(racer, step):
        case None:
            return format_number(float(recording.z[racer, step]), decimals, words.code)
        case ("diverged", since):
            return words.gettext("diverged") if brief else words.gettext("diverged at step {step}", step=since)
        case (_, since):
            return words.gettext("left view") if brief else words.gettext("left view at step {step}", step=since)


def longest_standing(recording: Recording, racer: int, decimals: int | None, brief: bool = False) -> str:
    """Return the longest of the texts that `format_standing` returns for a racer."""
    z = np.where(recording.in_view[racer], recording.z[racer], np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Losses with one sign and one power of ten have texts of one length.
        kinds = np.sign(z) * (1000 + np.floor(np.log10(np.abs(z))))
    steps = np.unique(kinds, return_index=True)[1].tolist()
    steps += np.flatnonzero(~recording.in_view[racer])[-1:].tolist()
    return max((format_standing(recording, racer, step, decimals, brief) for step in steps), key=len)


def common_decimals(recording: Recording) -> int | None:
    """Return the number of decimals for all losses, so that a column aligns, or None if some need powers of ten."""
    losses = np.abs(recording.z[recording.in_view])
    if losses[losses > 0].min(initial=1) < 1e-3 or losses.max(initial=0) >= 1e6:
        return None
    return 2 if losses.max(initial=0) >= 100 else 4
