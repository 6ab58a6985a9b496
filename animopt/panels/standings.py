"""Who is where: name, settings and loss of each racer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from animopt.core.arrays import Array
from animopt.core.number_format import format_number, format_point
from animopt.drawing.artists import head_mark, in_pixels
from animopt.drawing.mpl import Artist, Axes, Text
from animopt.drawing.panel import Move
from animopt.drawing.text import fit, set_text, text_arguments, text_width, without_common_prefix
from animopt.drawing.theme import Theme
from animopt.recording.recording import Recording
from animopt.recording.timeline import Moment

ROW = 26.0


@final
@dataclass(frozen=True)
class Standings:
    """A row for each racer, which keeps its place and shows its rank as a number."""

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Paint the markers, names and settings; the ranks and the losses move."""
        width, height = in_pixels(axes)
        decimals = common_decimals(recording)
        loss = self._widest(axes, [_widest(recording, racer, decimals) for racer in range(len(recording.names))])
        count = len(recording.names)
        indent = 2.9 if count < 10 else 3.4
        # As many columns as there must be, and no more than have room for a rank, a marker and a loss.
        most = max(1, int(height / (1.3 * theme.text(9))))
        columns = min(-(-count // most), max(1, int((width / theme.smallest + 2) / (indent + loss + 2))))
        rows = min(-(-count // columns), most)
        row = min(max(theme.px(ROW), 1.3 * theme.text(0)), height / rows)
        size = min(theme.text(17), max(theme.text(0), row * 0.7))
        width = (width + 2 * size) / columns - 2 * size
        # Where not all have a place, the last one tells of the others.
        racers = range(count if count <= rows * columns else rows * columns - 1)
        places = [(racer // rows * (width + 2 * size), (racer % rows + 0.5) * row) for racer in range(count)]
        if len(racers) < count:
            left, middle = places[len(racers)]
            axes.text(
                left, middle, f"{count - len(racers)} more", fontsize=size, color=theme.muted, va="center_baseline"
            )

        if not racers:
            return lambda moment: ()

        def write(
            x: float, words: Sequence[str], *, scale: float = 1.0, right: bool = False, muted: bool = False
        ) -> list[Text]:
            """A word for each racer, at `x` in its column."""
            return [
                axes.text(
                    left + x,
                    middle,
                    **text_arguments(word),
                    fontsize=size * scale,
                    color=theme.muted if muted else theme.ink,
                    ha="right" if right else "left",
                    va="center_baseline",
                )
                for (left, middle), word in zip(places, words, strict=False)
            ]

        ranks = write(size * (indent - 2.15), [""] * len(racers), right=True, muted=True)
        losses = write(width, [""] * len(racers), right=True)
        losses_left = width - (loss + 1) * size
        for text in ranks + losses:
            text.set_animated(True)

        for racer in racers:
            mark = head_mark(axes, theme, racer, size=11)
            left, middle = places[racer]
            mark.place(np.array([[left + size * (indent - 1.15), middle + 0.1 * size]])).set_animated(False)
        names_left = size * indent
        names = write(names_left, recording.names[: len(racers)])
        if max(map(text_width, names), default=0) > losses_left - names_left:
            for name, short in zip(names, without_common_prefix(recording.names), strict=False):
                set_text(name, short)
        for name in names:
            fit(name, losses_left - names_left, least=theme.text(13))
            # Of a name that is all dots the marker tells more.
            name.set_visible(text_width(name) <= losses_left - names_left and len(name.get_text()) > 2)
        settings_left = names_left + max(map(text_width, names), default=0) + size
        for text in names:
            text.set_animated(True)

        def first_that_fits(choices: Sequence[tuple[Sequence[str], float, float]]) -> tuple[list[Text], int]:
            """The first words of which each racer's fit from one place to another, and which these are."""
            for index, (words, left, right) in enumerate(choices):
                texts = write(left, words[: len(racers)], scale=max(0.9, theme.smallest / size), muted=True)
                if max(map(text_width, texts), default=0) <= right - left:
                    for text in texts:
                        text.set_animated(True)
                    return texts, index
                for text in texts:
                    text.remove()
            return [], len(choices)

        settings, _ = first_that_fits([(_settings(recording), settings_left, losses_left)])
        whole, parts = _outcomes(recording)
        # The whole outcome is worth more than the loss beside it, and that more than the name, which heads have too.
        rooms = [(settings_left, losses_left), (settings_left, width), (names_left, width)]
        choices = [(words, *room) for room in rooms for words in whole]
        outcomes, fitting = first_that_fits([*choices, *((words, *rooms[0]) for words in parts)])
        # What kept a racer from an end stands where its loss did.
        troubles = [text for racer, text in enumerate(losses) if recording.lost(racer, recording.last_step)]
        told = [names, losses]
        if fitting < len(choices):
            told = [[names, losses], [names, troubles], [troubles]][fitting // len(whole)]

        def move(moment: Moment) -> Sequence[Artist]:
            step = int(moment.step)
            ranked = recording.ranks(step)
            for racer in racers:
                ranks[racer].set_text("–" if np.isnan(recording.z[racer, step]) else str(ranked[racer]))
                losses[racer].set_text(standing(recording, racer, step, decimals))
            columns = [*told, outcomes] if moment.hold_progress > 0 and outcomes else [names, losses, settings]
            return [*ranks, *(text for column in columns for text in column)]

        return move

    @staticmethod
    def _widest(axes: Axes, words: Sequence[str]) -> float:
        """The width of the widest words, in sizes of their type."""
        text = axes.text(0, 0, "", fontsize=100)
        widths = []
        for each in words:
            text.set_text(each)
            widths.append(text_width(text) / 100)
        text.remove()
        return max(widths)


def _settings(recording: Recording) -> list[str]:
    """Each racer's settings, and how often it asked for the gradient where that is more than once a step."""
    totals = recording.evaluations[:, -1]
    return [
        ", ".join(filter(None, [words, f"{total} gradients" if total > steps else ""]))
        for words, total, steps in zip(recording.settings, totals, recording.steps, strict=True)
    ]


def _outcomes(recording: Recording) -> tuple[list[list[str]], list[list[str]]]:
    """Where each racer ended, how far from which minimum, and after how many gradients.

    All of it in ever fewer letters, and parts of it in ever fewer; each wording is a phrase for each racer.
    """
    phrases = [_outcome(recording, racer) for racer in range(len(recording.names))]
    whole, parts = (zip(*each, strict=True) for each in zip(*phrases, strict=True))
    return [list(wording) for wording in whole], [list(wording) for wording in parts]


def _outcome(recording: Recording, racer: int) -> tuple[list[str], list[str]]:
    evaluations = recording.evaluations[racer, -1]
    gradients, short = f"{evaluations} gradients", f"{evaluations} ∇f"
    end = recording.xy[racer, -1]
    if recording.lost(racer, recording.last_step):
        return [gradients, gradients, short, short], [short, short]
    if not len(recording.minima):
        told = [
            f"ends at {format_point(end)}, {gradients}",
            f"{format_point(end)}, {gradients}",
            f"{format_point(end)}, {short}",
        ]
        return [*told, f"{format_point(end, 1)}, {short}"], [format_point(end), format_point(end, 1)]
    distances = np.linalg.norm(recording.minima[:, :2] - end, axis=1)
    away, minimum = distances.min(), recording.minima[int(distances.argmin()), :2]
    near, rough = f"{away:.2g} from {format_point(minimum)}", f"{away:.1g} from {format_point(minimum, 1)}"
    return [
        f"ends at {format_point(end)}, {away:.2g} from the minimum {format_point(minimum)}, {gradients}",
        f"{format_point(end)}, {near}, {gradients}",
        f"{format_point(end)}, {near}, {short}",
        f"{format_point(end, 1)}, {rough}, {short}",
    ], [f"{near}, {short}", rough]


def standing(recording: Recording, racer: int, step: int, decimals: int | None) -> str:
    """A racer's loss after a step, or what keeps it out of the picture."""
    if lost := recording.lost(racer, step):
        return "{} at step {}".format(*lost)
    return format_number(float(recording.z[racer, step]), decimals)


def _widest(recording: Recording, racer: int, decimals: int | None) -> str:
    """The longest standing that a racer comes to have."""
    z = np.where(recording.in_view[racer], recording.z[racer], np.nan)
    steps = [] if np.isnan(z).all() else [int(np.nanargmin(z)), int(np.nanargmax(z))]
    steps += np.flatnonzero(~recording.in_view[racer])[-1:].tolist()
    return max((standing(recording, racer, step, decimals) for step in steps), key=len)


def common_decimals(recording: Recording) -> int | None:
    """One number of decimals for every loss, or None for powers of ten, so that the column keeps its shape."""
    seen: Array = np.abs(recording.z[recording.in_view])
    seen = seen[seen > 0]
    if seen.size and (seen.min() < 1e-3 or seen.max() >= 1e6):
        return None
    return 2 if seen.size and seen.max() >= 100 else 4
