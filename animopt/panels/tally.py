"""A map in numbers, and the key to its colors."""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, final

import numpy as np

from animopt.core.language import Language, language
from animopt.core.number_format import (
    format_column,
    format_number,
    format_point,
    format_power,
    format_setting,
    rounded,
)
from animopt.drawing.artists import use_pixel_units
from animopt.drawing.badges import badge
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.colors import (
    BASIN_OPACITY,
    LossScale,
    band_tints,
    blend,
    contour_ground,
    loss_colors,
    loss_scale,
    minimum_letter,
    step_bands,
    stripe_colors,
)
from animopt.drawing.mpl import Rectangle, Text, to_rgb
from animopt.drawing.text import max_width, text_width, write
from animopt.recording.recording import DIVERGED, UNDECIDED, Basins, Losses

REST = -3
"""Outcome that represents all minima without a row."""

TEXT_SHIFT = 0.1
"""Distance in type sizes from the middle of a line down to the middle of its text."""

LOSS_LINES = 5.2
"""Height of the tally of losses in lines."""


@final
class Tally:
    """For starts, a row for each minimum with its share of the starts; for settings, the best and a color bar."""

    needs: ClassVar = "map", "the scene has no map; give it one, as map=StartsMap()"
    """Field of the recording that the panel needs, and the problem if it is None."""

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the names and colors. The numbers move."""
        width, height = use_pixel_units(axes)
        words = language(recording.language)
        match recording.map:
            case Basins() as basins:
                return _Table(axes, basins, theme, width, height, words).draw()
            case Losses() as losses:
                return _draw_losses(axes, losses, theme, width, height, words)
        return lambda moment: ()


class _Table:
    """The outcomes of a map of starts, in rows."""

    def __init__(self, axes: Axes, basins: Basins, theme: Theme, width: float, height: float, words: Language) -> None:
        self.words = words
        self.axes, self.basins, self.theme, self.width, self.height = axes, basins, theme, width, height
        others = [UNDECIDED, *([DIVERGED] if basins.count(DIVERGED, basins.steps) else [])]
        minima = sorted(range(len(basins.minima)), key=lambda minimum: -basins.count(minimum, basins.steps))
        room = int(height / (1.5 * theme.min_text)) - 1 - len(others)
        # Minima without room for a row share one. They are those that the fewest starts reach.
        shown = len(minima) if len(minima) <= room else max(1, room - 1)
        self.rest = minima[shown:]
        self.outcomes = [*sorted(minima[:shown]), *([REST] if self.rest else []), *others]
        self.row = min(max(theme.px(30), 1.5 * theme.min_text), height / (len(self.outcomes) + 1))
        self.size = min(theme.text(16), max(theme.min_text, 0.62 * self.row))
        self.small = max(theme.min_text, 0.85 * self.size)
        self.gap = 1.2 * self.size

    def draw(self) -> Move:
        """Draw the table. Return what moves its numbers."""
        for line, outcome in enumerate(self.outcomes, start=1):
            self._draw_symbol(outcome, self._middle(line) + TEXT_SHIFT * self.size)
        left = x = 2.2 * self.size
        numbers = {self.words.gettext("of starts"): self._share, self.words.gettext("median step"): self._median}
        moving: list[tuple[Text, Callable[[int, float], str], int]] = []
        for heading, words in self._fitting_columns(self.width - left).items():
            # The first column is aligned to the left, the others to the right.
            right = x + self._column_width(heading, words)
            place, align = (x, "left") if x == left else (right, "right")
            self._write(place, self._middle(0), heading, self.small, self.theme.muted, align)
            texts = [
                self._write(
                    place, self._middle(line), word, self.size, self.theme.ink, align, animated=heading in numbers
                )
                for line, word in enumerate(words, start=1)
            ]
            if heading in numbers:
                moving += [(text, numbers[heading], each) for text, each in zip(texts, self.outcomes, strict=True)]
            x = right + self.gap
        self._draw_key(left, x + 0.5 * self.gap)

        def move(moment: Moment) -> Artists:
            for text, number, outcome in moving:
                text.set_text(number(outcome, moment.step))
            return [text for text, _, _ in moving]

        return move

    def _middle(self, line: int) -> float:
        return (line + 0.5) * self.row

    def _write(
        self, x: float, y: float, words: str, size: float, color: str, align: str = "left", *, animated: bool = False
    ) -> Text:
        return write(self.axes, x, y, words, size, color, ha=align, va="center_baseline", animated=animated)

    def _draw_symbol(self, outcome: int, y: float) -> None:
        """Draw the letter of a minimum, or how the map looks for an outcome without one."""
        theme, radius = self.theme, min(0.42 * self.row, 0.8 * self.size)
        if outcome >= 0:
            letter, center = minimum_letter(outcome), np.array([self.size, y])
            badge(self.axes, theme, center, letter, theme.hue(outcome), radius, animated=False)
        elif outcome != REST:
            swatch = Rectangle(
                (self.size - radius, y - 0.8 * radius),
                2 * radius,
                1.6 * radius,
                facecolor=contour_ground(theme),
                edgecolor=theme.level,
                linewidth=max(0.8, theme.px(1)),
            )
            if outcome == DIVERGED:
                pale, dark = stripe_colors(theme)
                swatch.set(facecolor=pale, edgecolor=dark, hatch="////", linewidth=0)
            self.axes.add_patch(swatch)

    def _fitting_columns(self, room: float) -> Mapping[str, Sequence[str]]:
        """Return the words in each row of the columns for which there is room, by the columns' headings.

        The shares and the places of the minima are the last to go. Numbers that move have their longest words.
        """
        minima, outcomes = self.basins.minima, self.outcomes
        code, gettext = self.words.code, self.words.gettext
        names = {
            UNDECIDED: gettext("undecided"),
            DIVERGED: gettext("diverged"),
            REST: self.words.ngettext("{count} more", "{count} more", len(self.rest)),
        }
        values = rounded(minima[:, 2], 9)
        heights = format_column(values.tolist(), code)
        minimum, of_starts, median_step = gettext("minimum"), gettext("of starts"), gettext("median step")
        words = {
            "": [names.get(each, "") for each in outcomes],
            minimum: [format_point(minima[each, :2], code) if each >= 0 else names[each] for each in outcomes],
            "f": [heights[each] if each >= 0 else "" for each in outcomes],
            of_starts: [self._percent(100)] * len(outcomes),
            median_step: [str(self.basins.steps)] * len(outcomes),
        }
        # Heights are left out if all minima have the same.
        choices = [(minimum, "f", of_starts, median_step)] if len(set(words["f"])) > 2 else []
        for headings in (*choices, (minimum, of_starts, median_step), (minimum, of_starts)):
            if sum(self._column_width(each, words[each]) + self.gap for each in headings) - self.gap <= room:
                return {each: words[each] for each in headings}
        return {each: words[each] for each in ("", of_starts)}

    def _share(self, outcome: int, step: float) -> str:
        count = sum(self.basins.count(each, step) for each in (self.rest if outcome == REST else [outcome]))
        return self._percent(100 * count / self.basins.minimum.size)

    def _percent(self, share: float) -> str:
        return f"{format_number(share, 1, self.words.code)} %"

    def _median(self, outcome: int, step: float) -> str:
        median = np.nan if outcome == REST else self.basins.median(outcome, step)
        return "" if np.isnan(median) else f"{median:.0f}"

    def _column_width(self, heading: str, words: Sequence[str]) -> float:
        return max(max_width(self.axes, [heading], self.small), max_width(self.axes, words, self.size))

    def _draw_key(self, left: float, right: float) -> None:
        """Draw the key to the tints beside the table, from `right` on, or else below it, if there is room."""
        words = [*(f"≤ {edge}" for edge in step_bands(self.basins)), self.words.gettext("later")]
        least = len(words) * 1.15 * max_width(self.axes, words, self.small)
        if right + least <= self.width:
            rows = enumerate(self.outcomes, start=1)
            hues = {self._middle(line): self.theme.hue(outcome) for line, outcome in rows if outcome >= 0}
            self._draw_tints(words, right, min(self.width - right, 1.5 * least), self._middle(0), hues)
        elif (below := self._middle(len(self.outcomes) + 2)) + 0.5 * self.row <= self.height:
            y = below - self.row
            label = self._write(left, y, self.words.gettext("by step"), self.small, self.theme.muted)
            x = left + text_width(label) + 0.5 * self.size
            self._draw_tints(words, x, min(self.width - x, 1.5 * least), y, {below: self.theme.muted})

    def _draw_tints(self, words: Sequence[str], left: float, width: float, y: float, hues: Mapping[float, str]) -> None:
        """Draw the tints of each hue at its height, and at `y` the steps for which they stand."""
        wide = width / len(words)
        ground = contour_ground(self.theme)
        for band, word in enumerate(words):
            self._write(left + (band + 0.5) * wide, y, word, self.small, self.theme.muted, "center")
            for middle, hue in hues.items():
                corner = left + band * wide, middle + (TEXT_SHIFT - 0.55) * self.size
                color = blend(ground, band_tints(self.theme, hue, len(words))[band], BASIN_OPACITY)
                self.axes.add_patch(Rectangle(corner, wide, 1.1 * self.size, facecolor=color, linewidth=0))


def _draw_losses(axes: Axes, losses: Losses, theme: Theme, width: float, height: float, words: Language) -> Move:
    size = min(theme.text(17), max(theme.min_text, height / (1.5 * LOSS_LINES)))
    row = min(1.6 * size, height / LOSS_LINES)

    def write_line(line: float, text: str, left: float = 0.0, *, muted: bool = True, align: str = "left") -> Text:
        """Write a heading, or if it is not muted, a text that moves."""
        type_size, color = (max(theme.min_text, 0.85 * size), theme.muted) if muted else (size, theme.ink)
        y = (line + 0.5) * row
        return write(axes, left, y, text, type_size, color, ha=align, va="center_baseline", animated=not muted)

    write_line(0, words.gettext("best so far"))
    heading = write_line(2, words.gettext("loss above the minimum") if losses.gap else words.gettext("loss"))
    best = write_line(1, "", muted=False)
    loss = write_line(2, "", text_width(heading) + size, muted=False)
    diverged = write_line(0, "", width, muted=False, align="right")
    scale = loss_scale(losses)
    top = 3.2 * row
    axes.imshow(
        np.array([[to_rgb(color) for color in loss_colors(theme)]]),
        extent=(0, width, top + 0.75 * row, top),
        aspect="auto",
        interpolation="nearest",
    )
    axes.set(xlim=(0, width), ylim=(height, 0))
    signs = {
        scale.low: "≤ " if (losses.loss < scale.low).any() else "",
        scale.high: "≥ " if (losses.loss > scale.high).any() else "",
    }
    for tick in _color_bar_ticks(scale, int(np.clip(width / (5 * size), 2, 6))):
        number = format_power(round(np.log10(tick))) if scale.logarithmic else f"{tick:g}".replace("-", "−")
        text = write_line(3.9, signs.get(tick, "") + number, align="center")
        half = text_width(text) / 2
        text.set_x(float(np.clip(scale.fractions(np.array(tick)) * width, half, width - half)))

    def move(moment: Moment) -> Artists:
        cell = losses.best(moment.step)
        best.set_text(_format_settings(losses, cell) if cell and moment.step >= 1 else "")
        loss.set_text(format_number(float(losses.at(moment.step)[cell]), None, words.code) if cell else "")
        share = format_number(100 * losses.diverged(moment.step), 1, words.code)
        diverged.set_text(words.gettext("diverged {share} %", share=share))
        return best, loss, diverged

    return move


def _format_settings(losses: Losses, cell: tuple[int, int]) -> str:
    row, column = cell
    pairs = zip(losses.names, (losses.values[0][column], losses.values[1][row]), strict=True)
    return ", ".join(f"{name} {format_setting(value)}" for name, value in pairs)


def _color_bar_ticks(scale: LossScale, most: int) -> list[float]:
    """Return at most `most` losses to label on the color bar. Both ends are among them."""
    if not scale.logarithmic:
        return [scale.low, scale.high]
    low, high = round(np.log10(scale.low)), round(np.log10(scale.high))
    span = high - low
    each = next(each for each in range(1, span + 1) if span % each == 0 and span // each < most)
    return [10.0**exponent for exponent in range(low, high + 1, each)]
