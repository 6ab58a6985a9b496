"""The name, settings and loss of each racer."""

from collections.abc import Sequence
from typing import final

import numpy as np

from animopt.core.number_format import format_number, format_point
from animopt.drawing.artists import draw_racer_marker, use_pixel_units
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.mpl import Text
from animopt.drawing.text import fit_text, max_width, shorten_names, text_width, write


@final
class Standings:
    """A row for each racer, which keeps its place and shows its rank as a number."""

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the markers. The ranks, names, settings and losses move."""
        width, height = use_pixel_units(axes)
        decimals = common_decimals(recording)
        count = len(recording.names)
        # Widths are in type sizes.
        loss_width = max_width(axes, [_longest(recording, racer, decimals) for racer in range(count)], 100) / 100
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
            write(axes, *places[len(racers)], f"{count - len(racers)} more", size, theme.muted, va="center_baseline")

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

        def first_that_fits(choices: Sequence[tuple[Sequence[str], float, float]]) -> tuple[list[Text], int]:
            """Write the first words that fit between two positions for all racers. Also return their index."""
            for index, (words, left, right) in enumerate(choices):
                texts = write_column(left, words, scale=max(0.9, theme.min_text / size), color=theme.muted)
                if max(map(text_width, texts), default=0) <= right - left:
                    return texts, index
                for text in texts:
                    text.remove()
            return [], len(choices)

        settings, _ = first_that_fits([(_settings(recording), settings_left, losses_left)])
        wordings = zip(*(_outcome(recording, racer) for racer in range(count)), strict=True)
        # A tuple of phrases, one for each racer, for each wording.
        whole, parts = (list(zip(*phrases, strict=True)) for phrases in wordings)
        # A whole outcome is preferred to the loss, and the loss to the name, which is also beside the head.
        rooms = [(settings_left, losses_left), (settings_left, width), (names_left, width)]
        choices = [(words, *room) for room in rooms for words in whole]
        outcomes, fitting = first_that_fits([*choices, *((words, *rooms[0]) for words in parts)])
        # A racer that diverged or left the view shows that in place of its loss.
        lost = [text for racer, text in enumerate(losses) if recording.lost(racer, recording.last_step)]
        # There are fewer parts than whole outcomes, so that one index selects among all of them.
        beside = [[names, losses], [names, lost], [lost], [names, losses]][fitting // len(whole)]

        def move(moment: Moment) -> Artists:
            step = int(moment.step)
            ranked = recording.ranks(step)
            for racer in racers:
                ranks[racer].set_text("–" if np.isnan(recording.z[racer, step]) else str(ranked[racer]))
                losses[racer].set_text(format_standing(recording, racer, step, decimals))
            columns = [*beside, outcomes] if moment.hold_progress > 0 and outcomes else [names, losses, settings]
            return [*ranks, *(text for column in columns for text in column)]

        return move


def _settings(recording: Recording) -> list[str]:
    """Return each racer's settings, and its number of gradients if that is more than one per step."""
    return [
        ", ".join(filter(None, [words, f"{total} gradients" if total > steps else ""]))
        for words, total, steps in zip(recording.settings, recording.evaluations[:, -1], recording.steps, strict=True)
    ]


def _outcome(recording: Recording, racer: int) -> tuple[list[str], list[str]]:
    """Return wordings of a racer's end point, its distance from the nearest minimum, and its number of gradients.

    The four wordings in the first list contain all of this, the two in the second only a part. In both lists, they
    become shorter from first to last.
    """
    evaluations = recording.evaluations[racer, -1]
    gradients, short = f"{evaluations} gradients", f"{evaluations} ∇f"
    end = recording.xy[racer, -1]
    if recording.lost(racer, recording.last_step):
        return [gradients, gradients, short, short], [short, short]
    exact, rough = format_point(end), format_point(end, 1)
    if not len(recording.minima):
        return [
            f"ends at {exact}, {gradients}",
            f"{exact}, {gradients}",
            f"{exact}, {short}",
            f"{rough}, {short}",
        ], [exact, rough]
    distances = np.linalg.norm(recording.minima[:, :2] - end, axis=1)
    away, minimum = distances.min(), recording.minima[int(distances.argmin()), :2]
    near, roughly = f"{away:.2g} from {format_point(minimum)}", f"{away:.1g} from {format_point(minimum, 1)}"
    return [
        f"ends at {exact}, {away:.2g} from the minimum {format_point(minimum)}, {gradients}",
        f"{exact}, {near}, {gradients}",
        f"{exact}, {near}, {short}",
        f"{rough}, {roughly}, {short}",
    ], [f"{near}, {short}", roughly]


def format_standing(recording: Recording, racer: int, step: int, decimals: int | None, brief: bool = False) -> str:
    """Return a racer's loss after a step, or the reason why it is out of view, and unless `brief`, since which step."""
    if lost := recording.lost(racer, step):
        return lost[0] if brief else f"{lost[0]} at step {lost[1]}"
    return format_number(float(recording.z[racer, step]), decimals)


def _longest(recording: Recording, racer: int, decimals: int | None) -> str:
    """Return the longest text that is shown as a racer's loss."""
    z = np.where(recording.in_view[racer], recording.z[racer], np.nan)
    steps = [] if np.isnan(z).all() else [int(np.nanargmin(z)), int(np.nanargmax(z))]
    steps += np.flatnonzero(~recording.in_view[racer])[-1:].tolist()
    return max((format_standing(recording, racer, step, decimals) for step in steps), key=len)


def common_decimals(recording: Recording) -> int | None:
    """Return the number of decimals for all losses, so that a column aligns, or None for powers of ten."""
    losses = np.abs(recording.z[recording.in_view])
    if losses[losses > 0].min(initial=1) < 1e-3 or losses.max(initial=0) >= 1e6:
        return None
    return 2 if losses.max(initial=0) >= 100 else 4
