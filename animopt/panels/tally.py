"""A map in numbers, and the key to its colors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from animopt.core.number_format import format_number, format_point, format_power, format_setting, rounded
from animopt.drawing.artists import badge
from animopt.drawing.axes_style import use_pixel_units
from animopt.drawing.colors import blend
from animopt.drawing.map_colors import (
    BASIN_OPACITY,
    LossScale,
    band_tints,
    loss_colors,
    loss_scale,
    minimum_letter,
    step_bands,
    stripe_colors,
)
from animopt.drawing.mpl import Rectangle, Text, to_rgb
from animopt.drawing.panel import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.text import max_width, text_width, write
from animopt.recording.map_results import DIVERGED, UNDECIDED, Basins, Losses

REST = -3
"""Outcome that represents all minima without a row."""

ROW, MIN_ROW = 30.0, 1.5
"""Height of a row, in pixels of a 1280 × 720 picture, and its minimum in the smallest type size."""

TEXT_SHIFT = 0.1
"""Distance in type sizes from the middle of a line down to the middle of its text."""

COLUMN_GAP = 1.2
"""Distance between two columns in type sizes."""

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
        match recording.map:
            case Basins() as basins:
                return _Table(axes, basins, theme, width, height).draw()
            case Losses() as losses:
                return _draw_losses(axes, losses, theme, width, height)
        return lambda moment: ()


@dataclass(frozen=True)
class _Column:
    """A column's heading, its text in each row, and the text at a step if that changes."""

    heading: str
    words: Sequence[str]
    at_step: Callable[[int, float], str] | None = None


class _Table:
    """The outcomes of a map of starts, in rows."""

    def __init__(self, axes: Axes, basins: Basins, theme: Theme, width: float, height: float) -> None:
        self.axes, self.basins, self.theme, self.width, self.height = axes, basins, theme, width, height
        least = MIN_ROW * theme.min_text
        others = [UNDECIDED, *([DIVERGED] if basins.count(DIVERGED, basins.steps) else [])]
        shown, self.rest = self._split_minima(int(height / least) - 1 - len(others))
        self.outcomes = [*shown, *([REST] if self.rest else []), *others]
        self.row = min(max(theme.px(ROW), least), height / (len(self.outcomes) + 1))
        self.size = min(theme.text(16), max(theme.min_text, 0.62 * self.row))
        self.small = max(theme.min_text, 0.85 * self.size)

    def _split_minima(self, room: int) -> tuple[list[int], list[int]]:
        """Return the minima that have a row, and those without room for one, which the fewest starts reach."""
        minima = list(range(len(self.basins.minima)))
        if len(minima) <= room:
            return minima, []
        ordered = sorted(minima, key=lambda minimum: -self.basins.count(minimum, self.basins.steps))
        return sorted(ordered[: max(1, room - 1)]), ordered[max(1, room - 1) :]

    def draw(self) -> Move:
        """Draw the table. Return what moves its numbers."""
        for line, outcome in enumerate(self.outcomes, start=1):
            self._draw_symbol(outcome, self._middle(line) + TEXT_SHIFT * self.size)
        left = x = 2.2 * self.size
        moving: list[tuple[Text, Callable[[int, float], str], int]] = []
        for index, column in enumerate(self._fitting_columns(self.width - left)):
            # The first column is aligned to the left, the others to the right.
            x += 0 if index == 0 else self._column_width(column) + COLUMN_GAP * self.size
            align = "right" if index else "left"
            self._write(x, self._middle(0), column.heading, self.small, self.theme.muted, align)
            for line, (outcome, word) in enumerate(zip(self.outcomes, column.words, strict=True), start=1):
                text = self._write(x, self._middle(line), word, self.size, self.theme.ink, align)
                if column.at_step:
                    text.set_animated(True)
                    moving.append((text, column.at_step, outcome))
            x += self._column_width(column) if index == 0 else 0
        self._draw_key(left, x + 1.5 * COLUMN_GAP * self.size)

        def move(moment: Moment) -> Artists:
            for text, at_step, outcome in moving:
                text.set_text(at_step(outcome, moment.step))
            return [text for text, _, _ in moving]

        return move

    def _middle(self, line: int) -> float:
        return (line + 0.5) * self.row

    def _write(self, x: float, y: float, words: str, size: float, color: str, align: str = "left") -> Text:
        return write(self.axes, x, y, words, size, color, ha=align, va="center_baseline")

    def _draw_symbol(self, outcome: int, y: float) -> None:
        """Draw the letter of a minimum, or how the map looks for an outcome without one."""
        theme, radius = self.theme, min(0.42 * self.row, 0.8 * self.size)
        if outcome >= 0:
            center = np.array([self.size, y])
            for artist in badge(self.axes, theme, center, minimum_letter(outcome), theme.hue(outcome), radius):
                artist.set_animated(False)
        elif outcome != REST:
            face, edge = blend(theme.low, theme.high, 0.5), theme.level
            if outcome == DIVERGED:
                face, edge = stripe_colors(theme)
            corner, extent = (self.size - radius, y - 0.8 * radius), (2 * radius, 1.6 * radius)
            swatch = Rectangle(corner, *extent, facecolor=face, edgecolor=edge, linewidth=max(0.8, theme.px(1)))
            if outcome == DIVERGED:
                swatch.set(hatch="////", linewidth=0)
            self.axes.add_patch(swatch)

    def _fitting_columns(self, room: float) -> Sequence[_Column]:
        """Return the columns for which there is room. The shares and the places of the minima are the last to go."""
        basins, outcomes = self.basins, self.outcomes
        names = {UNDECIDED: "undecided", DIVERGED: "diverged", REST: f"{len(self.rest)} more"}
        points = [format_point(basins.minima[each, :2]) if each >= 0 else names[each] for each in outcomes]
        places = _Column("minimum", points)
        shares = _Column("of starts", ["100.0 %"] * len(outcomes), self._share)
        steps = _Column("median step", [str(basins.steps)] * len(outcomes), self._median)
        heights = _Column("f", self._heights())
        # Heights are left out if all minima have the same.
        choices = [(places, heights, shares, steps)] if len(set(heights.words)) > 2 else []
        for columns in (*choices, (places, shares, steps), (places, shares)):
            gap = COLUMN_GAP * self.size
            if sum(self._column_width(column) + gap for column in columns) - gap <= room:
                return columns
        return _Column("", [names.get(each, "") for each in outcomes]), shares

    def _heights(self) -> list[str]:
        """Return the values at the minima, with enough digits to differ."""
        values = rounded(self.basins.minima[:, 2], 9)
        decimals = 2 if np.abs(values).max() < 1e4 else None
        return [format_number(float(values[each]), decimals) if each >= 0 else "" for each in self.outcomes]

    def _share(self, outcome: int, step: float) -> str:
        count = sum(self.basins.count(each, step) for each in (self.rest if outcome == REST else [outcome]))
        return f"{100 * count / self.basins.minimum.size:.1f} %"

    def _median(self, outcome: int, step: float) -> str:
        median = np.nan if outcome == REST else self.basins.median(outcome, step)
        return "" if np.isnan(median) else f"{median:.0f}"

    def _column_width(self, column: _Column) -> float:
        heading = max_width(self.axes, [column.heading], self.small)
        return max(heading, max_width(self.axes, column.words, self.size))

    def _draw_key(self, left: float, right: float) -> None:
        """Draw the key to the tints beside the table, from `right` on, or else below it, if there is room."""
        words = [*(f"≤ {edge}" for edge in step_bands(self.basins)), "later"]
        least = len(words) * 1.15 * max_width(self.axes, words, self.small)
        rows = list(enumerate(self.outcomes, start=1))
        if right + least <= self.width:
            hues = {self._middle(line): self.theme.hue(outcome) for line, outcome in rows if outcome >= 0}
            self._draw_tints(words, right, min(self.width - right, 1.5 * least), self._middle(0), hues)
        elif (below := self._middle(len(rows) + 2)) + 0.5 * self.row <= self.height:
            y = below - self.row
            label = self._write(left, y, "by step", self.small, self.theme.muted)
            x = left + text_width(label) + 0.5 * self.size
            self._draw_tints(words, x, min(self.width - x, 1.5 * least), y, {below: self.theme.muted})

    def _draw_tints(self, words: Sequence[str], left: float, width: float, y: float, hues: Mapping[float, str]) -> None:
        """Draw the tints of each hue at its height, and at `y` the steps for which they stand."""
        wide = width / len(words)
        ground = blend(self.theme.low, self.theme.high, 0.5)
        for band, word in enumerate(words):
            self._write(left + (band + 0.5) * wide, y, word, self.small, self.theme.muted, "center")
            for middle, hue in hues.items():
                corner = left + band * wide, middle + (TEXT_SHIFT - 0.55) * self.size
                color = blend(ground, band_tints(self.theme, hue, len(words))[band], BASIN_OPACITY)
                self.axes.add_patch(Rectangle(corner, wide, 1.1 * self.size, facecolor=color, linewidth=0))


def _draw_losses(axes: Axes, losses: Losses, theme: Theme, width: float, height: float) -> Move:
    size = min(theme.text(17), max(theme.min_text, height / (1.5 * LOSS_LINES)))
    row = min(1.6 * size, height / LOSS_LINES)

    def write_line(line: float, words: str, left: float = 0.0, *, muted: bool = True, align: str = "left") -> Text:
        """Write a heading, or if it is not muted, a text that moves."""
        small, color = (max(theme.min_text, 0.85 * size), theme.muted) if muted else (size, theme.ink)
        style = {"ha": align, "va": "center_baseline", "animated": not muted}
        return write(axes, left, (line + 0.5) * row, words, small, color, **style)

    write_line(0, "best so far")
    heading = write_line(2, "loss above the minimum" if losses.gap else "loss")
    moving = [
        write_line(1, "", muted=False),
        write_line(2, "", text_width(heading) + size, muted=False),
        write_line(0, "", width, muted=False, align="right"),
    ]
    scale = loss_scale(losses)
    top = 3.2 * row
    axes.imshow(
        np.array([[to_rgb(color) for color in loss_colors(theme)]]),
        extent=(0, width, top + 0.75 * row, top),
        aspect="auto",
        interpolation="nearest",
    )
    axes.set(xlim=(0, width), ylim=(height, 0))
    for tick in _color_bar_ticks(scale, int(np.clip(width / (5 * size), 2, 6))):
        words = format_power(round(np.log10(tick))) if scale.logarithmic else f"{tick:g}".replace("-", "−")
        if tick == scale.low and (losses.loss < tick).any():
            words = f"≤ {words}"
        if tick == scale.high and (losses.loss > tick).any():
            words = f"≥ {words}"
        x = float(scale.fractions(np.array(tick))) * width
        text = write_line(3.9, words, x, align="center")
        half = text_width(text) / 2
        text.set_x(float(np.clip(x, half, width - half)))

    def move(moment: Moment) -> Artists:
        cell = losses.best(moment.step)
        settings = loss = ""
        if cell:
            loss = format_number(float(losses.loss[int(moment.step)][cell]), None)
        if cell and moment.step >= 1:
            row, column = cell
            pairs = zip(losses.names, (losses.values[0][column], losses.values[1][row]), strict=True)
            settings = ", ".join(f"{name} {format_setting(each)}" for name, each in pairs)
        words = settings, loss, f"diverged {100 * losses.diverged(moment.step):.1f} %"
        for text, shown in zip(moving, words, strict=True):
            text.set_text(shown)
        return moving

    return move


def _color_bar_ticks(scale: LossScale, most: int) -> list[float]:
    """Return at most `most` losses to label on the color bar. Both ends are among them."""
    if not scale.logarithmic:
        return [scale.low, scale.high]
    low, high = round(np.log10(scale.low)), round(np.log10(scale.high))
    span = high - low
    each = next(each for each in range(1, span + 1) if span % each == 0 and span // each < most)
    return [10.0**exponent for exponent in range(low, high + 1, each)]
