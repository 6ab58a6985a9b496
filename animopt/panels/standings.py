"""Who is where: name, settings and loss of each racer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.text import Text

from animopt.clock import Moment
from animopt.look import Look
from animopt.marks import fit, head_mark, in_pixels, text_width
from animopt.panels import Move
from animopt.recording import Array, Recording

ROW = 26.0


@final
@dataclass(frozen=True)
class Standings:
    """A row for each racer, which keeps its place and shows its rank as a number."""

    def draw(self, axes: Axes, recording: Recording, look: Look) -> Move:
        """Paint the markers, names and settings; the ranks and the losses move."""
        width, height = in_pixels(axes)
        count = len(recording.names)
        most = max(1, int(height / (1.3 * look.text(9))))
        columns = -(-count // most)
        rows = -(-count // columns)
        row = min(max(look.px(ROW), 1.3 * look.text(0)), height / rows)
        size = min(look.text(17), max(look.text(0), row * 0.7))
        width = (width + 2 * size) / columns - 2 * size
        racers = range(count)
        lefts = [racer // rows * (width + 2 * size) for racer in racers]
        middles = [(racer % rows + 0.5) * row for racer in racers]
        decimals = _decimals(recording)

        def write(
            x: float, words: Sequence[str], *, scale: float = 1.0, right: bool = False, muted: bool = False
        ) -> list[Text]:
            """A word for each racer, at `x` in its column."""
            return [
                axes.text(
                    left + x,
                    middle,
                    word,
                    fontsize=size * scale,
                    color=look.muted if muted else look.ink,
                    ha="right" if right else "left",
                    va="center_baseline",
                    parse_math=False,
                )
                for left, middle, word in zip(lefts, middles, words, strict=True)
            ]

        ranks = write(size * 0.75, [""] * count, right=True, muted=True)
        losses = write(width, [_widest(recording, racer, decimals) for racer in racers], right=True)
        losses_left = width - max(map(text_width, losses)) - size
        for text in ranks + losses:
            text.set_animated(True)

        for racer in racers:
            mark = head_mark(axes, look, racer, size=11)
            mark.place(np.array([[lefts[racer] + size * 1.75, middles[racer] + 0.1 * size]])).set_animated(False)
        names_left = size * 2.9
        names = write(names_left, recording.names)
        for name in names:
            fit(name, losses_left - names_left, least=look.text(13))
        settings_left = names_left + max(map(text_width, names)) + size
        room = losses_left - settings_left
        # The first words that fit in every row are shown; where none do, there are none.
        settings, outcomes = (
            self._first_that_fits(
                [write(settings_left, each, scale=max(0.9, look.smallest / size), muted=True) for each in words], room
            )
            for words in ([_settings(recording)], _outcomes(recording))
        )

        def move(moment: Moment) -> Sequence[Artist]:
            step = int(moment.step)
            for racer, place in enumerate(recording.ranks(step)):
                ranks[racer].set_text("–" if np.isnan(recording.z[racer, step]) else str(place))
                losses[racer].set_text(_standing(recording, racer, step, decimals))
            return [*ranks, *losses, *(outcomes if moment.held > 0 and outcomes else settings)]

        return move

    @staticmethod
    def _first_that_fits(choices: Sequence[list[Text]], room: float) -> list[Text]:
        chosen: list[Text] = []
        for texts in choices:
            if not chosen and max(map(text_width, texts)) <= room:
                chosen = texts
                for text in texts:
                    text.set_animated(True)
            else:
                for text in texts:
                    text.remove()
        return chosen


def _settings(recording: Recording) -> list[str]:
    """Each racer's settings, and how often it asked for the gradient where that is more than once a step."""
    totals = recording.evaluations[:, -1]
    return [
        ", ".join(filter(None, [words, f"{total} gradients" if total > steps else ""]))
        for words, total, steps in zip(recording.settings, totals, recording.steps, strict=True)
    ]


def _outcomes(recording: Recording) -> list[list[str]]:
    """Where each racer ended, how far from which minimum, and after how many gradients; in ever fewer words."""
    choices: list[list[str]] = [[], [], [], []]
    for racer, evaluations in enumerate(recording.evaluations[:, -1]):
        cost = f"{evaluations} gradients"
        end = recording.xy[racer, -1]
        if recording.trouble(racer, recording.xy.shape[1] - 1):
            words = [cost] * 4
        elif not len(recording.minima):
            words = [f"ends at {_point(end)}, {cost}", f"{_point(end)}, {cost}", _point(end), _point(end)]
        else:
            distances = np.linalg.norm(recording.minima[:, :2] - end, axis=1)
            nearest = _point(recording.minima[int(distances.argmin()), :2])
            away = f"{distances.min():.2g}"
            words = [
                f"ends at {_point(end)}, {away} from the minimum {nearest}, {cost}",
                f"{_point(end)}, {away} from {nearest}, {cost}",
                f"{away} from {nearest}, {cost}",
                f"{away} from {nearest}",
            ]
        for choice, phrase in zip(choices, words, strict=True):
            choice.append(phrase)
    return choices


def _point(xy: Array) -> str:
    # Adding zero makes a negative zero a positive one.
    return "({:.2f}, {:.2f})".format(*(np.round(xy, 2) + 0.0)).replace("-", "−")


def _standing(recording: Recording, racer: int, step: int, decimals: int | None) -> str:
    return recording.trouble(racer, step) or _written(float(recording.z[racer, step]), decimals)


def _widest(recording: Recording, racer: int, decimals: int | None) -> str:
    """The longest standing that a racer comes to have."""
    z = np.where(recording.in_view[racer], recording.z[racer], np.nan)
    steps = [] if np.isnan(z).all() else [int(np.nanargmin(z)), int(np.nanargmax(z))]
    steps += np.flatnonzero(~recording.in_view[racer])[-1:].tolist()
    return max((_standing(recording, racer, step, decimals) for step in steps), key=len)


def _decimals(recording: Recording) -> int | None:
    """One number of decimals for every loss, or None for powers of ten, so that the column keeps its shape."""
    seen: Array = np.abs(recording.z[recording.in_view])
    seen = seen[seen > 0]
    if seen.size and (seen.min() < 1e-3 or seen.max() >= 1e6):
        return None
    return 2 if seen.size and seen.max() >= 100 else 4


_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _written(loss: float, decimals: int | None) -> str:
    if decimals is not None:
        return f"{loss:.{decimals}f}".replace("-", "−")
    mantissa, exponent = f"{loss:.2e}".split("e")
    return f"{mantissa.replace('-', '−')} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
