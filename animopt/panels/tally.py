"""What a map comes to in numbers, and what its colours stand for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from animopt.core.number_format import format_number, format_point, format_power, format_setting, rounded
from animopt.drawing.artists import chip, in_pixels
from animopt.drawing.colors import blend
from animopt.drawing.map_colors import STRIPES, VEIL, LossScale, bands, letter, loss_colours, loss_scale, shades
from animopt.drawing.mpl import Artist, Axes, Rectangle, Text, to_rgb
from animopt.drawing.panel import Move
from animopt.drawing.text import text_width
from animopt.drawing.theme import Theme
from animopt.recording.map_results import DIVERGED, UNDECIDED, Basins, Losses
from animopt.recording.recording import Recording
from animopt.recording.timeline import Moment

REST = -3
"""All the minima that have no row."""

ROW = 30.0
"""The height of a row, in pixels of a 1280 × 720 picture."""

LOWER = 0.1
"""How far under the middle of its line the middle of what is written lies, in sizes of its type."""

LEAST = 1.5
"""The least height of a row, in the smallest type."""

GAP = 1.2
"""The room between two columns, in sizes of their type."""


@final
@dataclass(frozen=True)
class Tally:
    """For starts a row for each minimum, with its part of them so far; for settings the best and a colour bar."""

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Paint the names and colours; the numbers move."""
        in_pixels(axes)
        match recording.map:
            case Basins() as basins:
                return _Table(axes, basins, theme).draw()
            case Losses() as losses:
                return _losses(axes, losses, theme)
        return lambda moment: ()


@dataclass(frozen=True)
class _Column:
    """A column's heading, its words row by row, and what they are at a step where they change."""

    heading: str
    words: Sequence[str]
    at: Callable[[int, float], str] | None = None


@dataclass(frozen=True)
class _Table:
    """The outcomes of a map of starts, in rows."""

    axes: Axes
    basins: Basins
    theme: Theme

    def draw(self) -> Move:
        axes, basins, theme = self.axes, self.basins, self.theme
        width, height = axes.get_xlim()[1], axes.get_ylim()[0]
        outcomes = [minimum for minimum in range(len(basins.minima)) if minimum not in self.rest]
        outcomes += [*([REST] if self.rest else []), *self._others()]
        least = LEAST * theme.smallest
        row = min(max(theme.px(ROW), least), height / (len(outcomes) + 1))
        size = min(theme.text(16), max(theme.smallest, 0.62 * row))

        def baseline(line: int) -> float:
            return (line + 0.5) * row

        left = 2.2 * size
        radius = min(0.42 * row, 0.8 * size)
        for line, outcome in enumerate(outcomes, start=1):
            place = np.array([size, baseline(line) + LOWER * size])
            if outcome >= 0:
                for artist in chip(axes, theme, place, letter(outcome), theme.hue(outcome), radius):
                    artist.set_animated(False)
            elif outcome != REST:
                _swatch(
                    axes,
                    theme,
                    outcome,
                    (size - radius, baseline(line) + LOWER * size - 0.8 * radius),
                    (2 * radius, 1.6 * radius),
                )
        columns = self._fitting(outcomes, size, width - left)
        moving: list[tuple[Text, Callable[[int, float], str], int]] = []
        x = left
        for index, column in enumerate(columns):
            # The first column is flush left, the others are flush right.
            x += 0 if index == 0 else self._wide(column, size) + GAP * size
            for line, word in enumerate([column.heading, *column.words]):
                text = axes.text(
                    x,
                    baseline(line),
                    word,
                    fontsize=size if line else self._small(size),
                    color=theme.ink if line else theme.muted,
                    ha="right" if index else "left",
                    va="center_baseline",
                    parse_math=False,
                )
                if line and column.at:
                    text.set_animated(True)
                    moving.append((text, column.at, outcomes[line - 1]))
            x += self._wide(column, size) if index == 0 else 0
        x += 1.5 * GAP * size
        hues = {baseline(line): theme.hue(outcome) for line, outcome in enumerate(outcomes, start=1) if outcome >= 0}
        ramp = self._ramp(size)
        if x + ramp <= width:
            self._shade(x, min(width - x, 1.5 * ramp), size, baseline(0), hues)
        elif (end := baseline(len(outcomes) + 2)) + 0.5 * row <= height:
            label = axes.text(
                left, end - row, "by step", fontsize=self._small(size), color=theme.muted, va="center_baseline"
            )
            x = left + text_width(label) + 0.5 * size
            self._shade(x, min(width - x, 1.5 * ramp), size, end - row, {end: theme.muted})
        return self._move(moving)

    def _others(self) -> list[int]:
        """The outcomes that are no minima, as far as there are any."""
        return [UNDECIDED, *([DIVERGED] if self.basins.count(DIVERGED, self.basins.steps) else [])]

    @cached_property
    def rest(self) -> list[int]:
        """The minima for which there is no room: those to which the fewest starts come."""
        minima = range(len(self.basins.minima))
        room = int(self.axes.get_ylim()[0] / (LEAST * self.theme.smallest)) - 1 - len(self._others())
        if len(minima) <= room:
            return []
        ordered = sorted(minima, key=lambda minimum: -self.basins.count(minimum, self.basins.steps))
        return ordered[max(1, room - 1) :]

    @staticmethod
    def _move(moving: Sequence[tuple[Text, Callable[[int, float], str], int]]) -> Move:
        def move(moment: Moment) -> Sequence[Artist]:
            for text, at, outcome in moving:
                text.set_text(at(outcome, moment.step))
            return [text for text, _, _ in moving]

        return move

    def _fitting(self, outcomes: Sequence[int], size: float, room: float) -> list[_Column]:
        """The columns that there is room for; the share of the starts and the places are worth most."""
        basins = self.basins
        names = {UNDECIDED: "undecided", DIVERGED: "diverged", REST: f"{len(self.rest)} more"}
        places = _Column(
            "minimum", [format_point(basins.minima[each, :2]) if each >= 0 else names[each] for each in outcomes]
        )
        shares = _Column("of starts", ["100.0 %"] * len(outcomes), self._share)
        steps = _Column("median step", [str(basins.steps)] * len(outcomes), self._median)
        heights = _Column("f", self._heights(outcomes))
        for columns in ([places, heights, shares, steps], [places, shares, steps], [places, shares]):
            wide = sum(self._wide(column, size) + GAP * size for column in columns) - GAP * size
            # Where all minima are equally low, their height is no news.
            if wide <= room and (heights not in columns or len(set(heights.words)) > 2):
                return columns
        return [_Column("", [names.get(each, "") for each in outcomes]), shares]

    def _heights(self, outcomes: Sequence[int]) -> list[str]:
        """The values at the minima, in figures that tell them apart."""
        values = rounded(self.basins.minima[:, 2], 9)
        decimals = 2 if np.abs(values).max() < 1e4 else None
        return [format_number(float(values[each]), decimals) if each >= 0 else "" for each in outcomes]

    def _share(self, outcome: int, step: float) -> str:
        counted = self.rest if outcome == REST else [outcome]
        count = sum(self.basins.count(each, step) for each in counted)
        return f"{100 * count / self.basins.minimum.size:.1f} %"

    def _median(self, outcome: int, step: float) -> str:
        median = np.nan if outcome == REST else self.basins.median(outcome, step)
        return "" if np.isnan(median) else f"{median:.0f}"

    def _bands(self) -> list[str]:
        """What the bands are called."""
        return [*(f"≤ {edge}" for edge in bands(self.basins)), "later"]

    def _ramp(self, size: float) -> float:
        """The least width of the bands' swatches."""
        words = self._bands()
        return len(words) * 1.15 * max(self._width(word, self._small(size)) for word in words)

    def _shade(self, left: float, width: float, size: float, top: float, hues: Mapping[float, str]) -> None:
        """The shades of hues, by the heights at which they stand, headed by the steps that they stand for."""
        words = self._bands()
        wide = width / len(words)
        for band, word in enumerate(words):
            self.axes.text(
                left + (band + 0.5) * wide,
                top,
                word,
                fontsize=self._small(size),
                color=self.theme.muted,
                ha="center",
                va="center_baseline",
            )
        ground = blend(self.theme.low, self.theme.high, 0.5)
        for middle, hue in hues.items():
            for band, shade in enumerate(shades(self.theme, hue, len(words))):
                corner = left + band * wide, middle + (LOWER - 0.55) * size
                colour = blend(ground, shade, VEIL)
                self.axes.add_patch(Rectangle(corner, wide, 1.1 * size, facecolor=colour, linewidth=0))

    def _wide(self, column: _Column, size: float) -> float:
        """How wide a column is."""
        return max(
            self._width(column.heading, self._small(size)),
            *(self._width(word, size) for word in set(column.words)),
        )

    def _small(self, size: float) -> float:
        """The type size of headings."""
        return max(self.theme.smallest, 0.85 * size)

    def _width(self, word: str, size: float) -> float:
        text = self.axes.text(0, 0, word, fontsize=size, parse_math=False)
        wide = text_width(text)
        text.remove()
        return wide


def _swatch(axes: Axes, theme: Theme, outcome: int, corner: tuple[float, float], extent: tuple[float, float]) -> None:
    """What the ground looks like where there is no minimum to name."""
    pale, deep = (blend(theme.background, theme.ink, part) for part in STRIPES)
    face, edge = (pale, deep) if outcome == DIVERGED else (blend(theme.low, theme.high, 0.5), theme.level)
    patch = Rectangle(corner, *extent, facecolor=face, edgecolor=edge, linewidth=max(0.8, theme.px(1)))
    if outcome == DIVERGED:
        patch.set(hatch="////", linewidth=0)
    axes.add_patch(patch)


def _losses(axes: Axes, losses: Losses, theme: Theme) -> Move:
    width, height = axes.get_xlim()[1], axes.get_ylim()[0]
    lines = 5.2
    size = min(theme.text(17), max(theme.smallest, height / (1.5 * lines)))
    row = min(1.6 * size, height / lines)

    def write(line: float, words: str, *, left: float = 0.0, muted: bool = False, align: str = "left") -> Text:
        return axes.text(
            left,
            (line + 0.5) * row,
            words,
            fontsize=size if not muted else max(theme.smallest, 0.85 * size),
            color=theme.muted if muted else theme.ink,
            ha=align,
            va="center_baseline",
            parse_math=False,
        )

    write(0, "best so far", muted=True)
    best = write(1, "")
    what = "loss above the minimum" if losses.gap else "loss"
    heading = write(2, what, muted=True)
    value = write(2, "", left=text_width(heading) + size)
    lost = write(0, "", left=width, align="right")
    scale = loss_scale(losses)
    colours = loss_colours(theme)
    bar = 3.2 * row
    axes.imshow(
        np.array([[to_rgb(colour) for colour in colours]]),
        extent=(0, width, bar + 0.75 * row, bar),
        aspect="auto",
        interpolation="nearest",
    )
    axes.set(xlim=(0, width), ylim=(height, 0))
    for tick in _bar_ticks(scale, int(np.clip(width / (5 * size), 2, 6))):
        part = float(scale.parts(np.array(tick)))
        words = format_power(round(np.log10(tick))) if scale.logarithmic else f"{tick:g}".replace("-", "−")
        if tick == scale.low:
            words = f"≤ {words}" if (losses.loss < tick).any() else words
        if tick == scale.high:
            words = f"≥ {words}" if (losses.loss > tick).any() else words
        text = write(3.9, words, left=part * width, muted=True, align="center")
        half = text_width(text) / 2
        text.set_x(float(np.clip(part * width, half, width - half)))
    moving = [best, value, lost]
    for text in moving:
        text.set_animated(True)

    def move(moment: Moment) -> Sequence[Artist]:
        cell = losses.best(moment.step)
        best.set_text("")
        value.set_text("")
        if cell and moment.step >= 1:
            row, column = cell
            pairs = zip(losses.names, (losses.values[0][column], losses.values[1][row]), strict=True)
            best.set_text(", ".join(f"{name} {format_setting(each)}" for name, each in pairs))
        if cell:
            value.set_text(format_number(float(losses.loss[int(moment.step)][cell]), None))
        lost.set_text(f"diverged {100 * losses.diverged(moment.step):.1f} %")
        return moving

    return move


def _bar_ticks(scale: LossScale, most: int) -> list[float]:
    """Losses to name on the colour bar, its ends among them."""
    if not scale.logarithmic:
        return [scale.low, scale.high]
    low, high = round(np.log10(scale.low)), round(np.log10(scale.high))
    span = high - low
    each = next(each for each in range(1, span + 1) if span % each == 0 and span // each < most)
    return [10.0**exponent for exponent in range(low, high + 1, each)]
