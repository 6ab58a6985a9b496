"""The update rule of one racer's optimizer, one line at a time."""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, product
from typing import final

import numpy as np

from animopt.core.arrays import Array
from animopt.core.language import Language, language, translatable
from animopt.drawing.artists import Markers, draw_racer_marker, use_pixel_units
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.mpl import Path, Text
from animopt.drawing.text import fit_text, text_width, write
from animopt.recording.timeline import SAMPLE_RATE
from animopt.recording.update_rules import UpdateRule, format_setting, motion

LIT_SECONDS = 0.4
"""Minimum number of seconds for which a line is lit, on average."""

LARGEST, FAIR = 22.0, 18.0
"""Largest type size, and the one down to which as much as possible is shown, in pixels of a 1280 × 720 picture."""

ROW_HEIGHTS = (1.36, 1.5)
"""Minimum and maximum height of a row in type sizes."""

GAP = 0.4
"""Height of the gaps between the rule, the numbers and the legend, in rows."""

ROOT = 0.25
"""Additional height of a line with a root, and of its numbers, in rows."""

INDENT, NUMBERS_INDENT, SPACE = 0.6, 1.6, 1.2
"""Indents of the lines and of their numbers, and the space between entries of the legend, in type sizes."""

TIGHT = 1.25
"""Factor by which the longest numbers may be wider than their room, which makes them smaller, beside a short legend."""

MAX_SHARE = 0.55
"""Maximum part of the width that is to the left of a legend beside the lines."""

BY_COORDINATE = translatable("Squares, roots and quotients act on each coordinate.")

_ALL, _LIT, _SIDE, _NONE = "all", "lit", "side", "none"
"""The numbers that are shown: those of all lines, or those of the lit line, below the rule or to the right of it."""

_BELOW, _BESIDE, _LINE, _SYMBOLS, _NOWHERE = "below", "beside", "line", "symbols", "nowhere"
"""The place of the legend: below everything, also to the right of the rule, so for the lit line only, or so for its
symbols only."""

_CONTENTS = (
    *((_ALL, _BELOW), (_ALL, _BESIDE)),
    *((_LIT, _BELOW), (_LIT, _BESIDE), (_SIDE, _BESIDE)),
    *((_LIT, _LINE), (_SIDE, _LINE), (_LIT, _SYMBOLS), (_SIDE, _SYMBOLS), (_LIT, _NOWHERE), (_SIDE, _NOWHERE)),
)
"""Numbers and legends that are shown with the rule, in order of preference. The rule is shown alone if none fits."""

_GLYPHS = {"leftarrow": "←", "times": "×", "cdot": "·", "sqrt": "√", "max": "max", "quad": "  "}
"""Characters as wide as commands of mathtext. The other commands are Greek letters."""

Widths = Callable[[str], float]
"""A function that returns the width of a text in type sizes."""


@final
@dataclass(frozen=True)
class Formula:
    """One racer's update rule with the meanings of its symbols, and the numbers of a step.

    While the race goes from one step to the next, the lines of the rule are lit one after the other. Where the steps
    are too short for this, the panel stays at one step while the race takes several. `moments` are evenly spaced
    moments of the clip, from which these steps are chosen; without any, every step is shown. The legend can
    `explain_motion`, which the contour shows.
    """

    racer: int = 0
    moments: Sequence[Moment] = ()
    explain_motion: bool = False

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the racer's name, the rule and the legend. The lit line, the numbers and the step move."""
        width, height = use_pixel_units(axes)
        words = language(recording.language)
        rule = UpdateRule(recording, self.racer)
        walk = plan_walk(self.moments, int(recording.steps[self.racer]), len(rule.lines))
        widths = _widths(axes)
        drawn = [words.gettext(label) for label in motion(recording, self.racer)] if self.explain_motion else []
        longest = _longest_numbers(rule, walk.starts)
        lay_out = _Layout(rule, longest, width, theme.text(FAIR), theme.min_text, words, widths, drawn).page
        for contents, size in _candidates(theme):
            page = lay_out(contents, size)
            if page.width <= width and page.rows * ROW_HEIGHTS[0] * size <= height:
                break
        is_shown = bool(rule.lines) and page.width <= width
        row_height = size * float(np.clip(height / (page.rows * size), *ROW_HEIGHTS))

        def write_row(indent: float, row: float, source: str, color: str, *, animated: bool = False) -> Text:
            y = (row + 0.5) * row_height + 0.3 * size
            text = write(axes, indent * size, y, "", size, color, va="baseline", animated=animated)
            text.set(text=source, parse_math=True, visible=y <= height)
            return text

        settings = recording.settings[self.racer] if is_shown else ""
        label = self._draw_name(axes, recording, theme, size, 0.5 * row_height + 0.3 * size, settings)
        if not is_shown:
            for number, setting in enumerate([*_all_settings(recording, self.racer), *drawn], start=1):
                fit_text(write_row(1.6, number, setting, theme.muted), width - 1.6 * size, theme.min_text)
            return lambda moment: ()
        entries: dict[int | None, list[Text]] = defaultdict(list)
        for entry in page.legend:
            text = write_row(entry.indent, entry.row, entry.words, theme.muted, animated=entry.line is not None)
            entries[entry.line].append(text)
        lines = [
            write_row(INDENT, row, f"${line}$", theme.muted, animated=True)
            for line, row in zip(rule.lines, page.lines, strict=True)
        ]
        places = {
            row: write_row(page.indent, row, "", theme.ink, animated=True)
            for row in dict.fromkeys(chain.from_iterable(page.numbers))
        }
        bar = _bar(axes, theme, self.racer, size)
        filled = cache(rule.filled)

        @cache
        def typeset(step: int, index: int) -> tuple[list[str], float]:
            """Return the rows of a line's numbers for matplotlib, and the type size at which they fit."""
            room, count = width / size - page.indent, len(page.numbers[index])
            # The numbers for which there is room are the longest by an estimate.
            for scale in 1.04 ** np.arange(20):
                rows = _wrapped(filled(step)[index], scale * room, widths)
                if len(rows) <= count and max(map(widths, rows)) <= scale * room:
                    break
            return rows if size / scale >= theme.min_text - 1e-9 else [], size / scale

        def move(moment: Moment) -> Artists:
            step, lit = walk.at(moment)
            label.set_text(_step_label(words, step))
            numbers = filled(step)
            for index, text in enumerate(lines):
                text.set_color(theme.ink if numbers and index == lit else theme.muted)
            if not numbers:
                # The racer has diverged.
                return [label, *lines]
            bar.set_positions(np.array([[0.0, lines[lit].get_position()[1]]]))
            shown = [label, *lines, *entries.get(lit, [])]
            # With the numbers of one line only, all lines share their places.
            for index in range(len(lines)) if page.one_place_each else [lit]:
                rows, numbers_size = typeset(step, index) if page.numbers[index] else ((), size)
                for row, source in zip(page.numbers[index], rows, strict=False):
                    places[row].set(text=source, parse_math=True, fontsize=numbers_size)
                    places[row].set_color(theme.ink if index == lit else theme.muted)
                    shown.append(places[row])
            return [bar, *shown]

        return move

    def _draw_name(self, axes: Axes, recording: Recording, theme: Theme, size: float, y: float, settings: str) -> Text:
        """Draw the racer's marker and name, and settings if there is room. Return the text of the step."""
        width = axes.get_xlim()[1]
        draw_racer_marker(axes, theme, self.racer, 0.6 * size, y - 0.36 * size)
        longest = _step_label(language(recording.language), recording.last_step)
        label = write(axes, width, y, longest, size, theme.muted, ha="right", va="baseline", animated=True)
        left, right = 1.6 * size, width - text_width(label) - size
        name = write(axes, left, y, recording.names[self.racer], size, theme.ink, va="baseline")
        if left + text_width(name) > right:
            # The name is more important than the step, which is also in the header.
            label.set_visible(False)
            right = width
        left += text_width(fit_text(name, right - left, theme.min_text)) + size
        text = write(axes, left, y, settings, size, theme.muted, va="baseline")
        text.set_visible(text_width(text) <= right - left)
        return label


@dataclass(frozen=True)
class _Walk:
    """The steps that are shown one after the other, each line by line.

    `starts` are these steps, ascending, from 0 to `steps` - 1, and `lit_from` (starts × lines,) the fractional steps
    from which each line is lit. `end` is the progress of the clip after which a loop rewinds the race.
    """

    starts: Sequence[int]
    steps: int
    lines: int
    lit_from: Array
    end: float

    def at(self, moment: Moment) -> tuple[int, int]:
        """Return the step that is shown at a moment, and the index of the lit line."""
        if moment.progress > self.end:
            return 0, 0
        if moment.step >= self.steps:
            return self.steps - 1, self.lines - 1
        start, line = divmod(int(np.searchsorted(self.lit_from, moment.step, side="right")) - 1, self.lines)
        return self.starts[start], line


def plan_walk(moments: Sequence[Moment], steps: int, lines: int) -> _Walk:
    """Choose the steps from evenly spaced moments of the clip, so that each line is lit for long enough."""
    if not moments:
        return _Walk(range(steps), steps, lines, np.arange(steps * lines) / max(lines, 1), np.inf)
    reached = np.array([moment.step for moment in moments])
    last = len(reached) - 1 - int(reached[::-1].argmax())
    reached = np.maximum.accumulate(reached[: last + 1])
    # Pauses do not count. Otherwise a line would be skipped that is lit during one.
    seconds = np.append(0, np.cumsum(np.diff(reached) > 0)) / SAMPLE_RATE
    reached_at = np.interp(np.arange(steps + 1), reached, seconds)
    starts = [0]
    for step in range(1, steps):
        if min(reached_at[step] - reached_at[starts[-1]], reached_at[steps] - reached_at[step]) >= LIT_SECONDS * lines:
            starts.append(step)
    begin, length = reached_at[starts, None], np.diff(reached_at[[*starts, steps]])[:, None]
    lit_from = np.interp(begin + length * np.arange(lines) / max(lines, 1), seconds, reached)
    # The exact start of a step may be lost in rounding.
    lit_from[:, :1] = np.array(starts)[:, None]
    return _Walk(starts, steps, lines, lit_from.ravel(), moments[last].progress)


@dataclass(frozen=True)
class _Entry:
    """An entry of the legend, with its indent in type sizes, and the only line for which it is shown, if any."""

    indent: float
    row: float
    words: str
    line: int | None


@dataclass(frozen=True)
class _Page:
    """The rows of the panel in one type size, counted from the racer's name. A row may be a fraction.

    Attributes:
        lines: The row of each line.
        numbers: The rows for the numbers of each line.
        indent: Indent of the numbers in type sizes.
        one_place_each: Whether the numbers of each line have rows of their own.
        legend: The entries of the legend.
        rows: Number of rows.
        width: Width of the widest row in pixels.
    """

    lines: Sequence[float]
    numbers: Sequence[Sequence[float]]
    indent: float
    one_place_each: bool
    legend: Sequence[_Entry]
    rows: float
    width: float


@dataclass(frozen=True)
class _Layout:
    """Lays out pages `width` pixels wide.

    `longest` are the longest numbers of each line, and `others` the entries of the legend that belong to no line.
    """

    rule: UpdateRule
    longest: Sequence[str]
    width: float
    fair_size: float
    min_size: float
    words: Language
    widths: Widths
    others: Sequence[str]

    def page(self, contents: tuple[str, str], size: float) -> _Page:
        """Return the page with some contents in a type size."""
        numbers, place = contents
        smallest = self.fair_size if size > self.fair_size else self.min_size
        room, lines = self.width / size, self.rule.lines
        ends = [INDENT + self.widths(line) + 2 * SPACE for line in lines]
        indent = max(ends, default=0.0) if numbers == _SIDE else NUMBERS_INDENT
        # The longest numbers, which are rare, may be typeset smaller so that the symbols can be explained.
        across = (room - indent) * (TIGHT if (numbers, place) == (_SIDE, _SYMBOLS) else 1.0)
        filled = [_wrapped(line, across, self.widths) if numbers != _NONE else [] for line in self.longest]
        # The height of a row of each line, and of all its numbers.
        steps = [1 + ROOT if r"\sqrt" in line else 1.0 for line in lines]
        tall = [step * len(rows) for step, rows in zip(steps, filled, strict=True)]
        heights = [step + (height if numbers == _ALL else 0) for step, height in zip(steps, tall, strict=True)]
        line_rows = [1.0 + sum(heights[:index]) + step - 1 for index, step in enumerate(steps)]
        end = 1.0 + sum(heights)
        if numbers == _ALL:
            first_rows = [row + step for row, step in zip(line_rows, steps, strict=True)]
        else:
            first_rows = [step + (end - 1 + GAP if numbers == _LIT else 0) for step in steps]
            last_rows = (first - step + height for first, step, height in zip(first_rows, steps, tall, strict=True))
            end = max([end, *(row + 1 for row in last_rows)])
        legend: list[_Entry] = []
        for line in [] if place == _NOWHERE else range(len(lines)) if place in (_LINE, _SYMBOLS) else [None]:
            slots: list[tuple[float, float]] = []
            if numbers == _SIDE:
                first = 1.0 + GAP + (max(tall) if line is None else tall[line])
                slots = [(row, indent) for row in np.arange(first, end - 1 + 1e-9)]
            elif place != _BELOW:
                column = max((each for each in ends if each < MAX_SHARE * room), default=0.0)
                slots = [(row, column) for row, each in zip(line_rows, ends, strict=True) if each <= column]
            legend += _flow(self._entries(line, place), slots, end, room, self.widths, line)
        widest = [
            *(INDENT + self.widths(line) for line in lines),
            # Numbers that are wider are typeset smaller, down to the fair size if the rule is larger than that. In the
            # smallest size, numbers that do not fit are hidden.
            *(indent + self.widths(row) * smallest / size for row in chain.from_iterable(filled) if size > smallest),
            *(entry.indent + self.widths(entry.words) for entry in legend),
        ]
        return _Page(
            line_rows,
            [
                [first + each * step for each in range(len(rows))]
                for first, step, rows in zip(first_rows, steps, filled, strict=True)
            ],
            indent,
            numbers == _ALL,
            legend,
            max([end, *(entry.row + 1 for entry in legend)]),
            size * max(widest, default=0.0),
        )

    def _entries(self, line: int | None, place: str) -> list[str]:
        """Return the entries of the legend for a line, or for all lines."""
        entries = [f"${', '.join(symbols)}$: {self.words.gettext(each)}" for symbols, each in self.rule.legend(line)]
        if place == _SYMBOLS:
            return entries
        by_coordinate = any(r"\sqrt" in each for each in (self.rule.lines if line is None else [self.rule.lines[line]]))
        return [*entries, *([self.words.gettext(BY_COORDINATE)] if by_coordinate else []), *self.others]


def _flow(
    entries: Sequence[str],
    slots: Sequence[tuple[float, float]],
    end: float,
    room: float,
    widths: Widths,
    line: int | None = None,
) -> list[_Entry]:
    """Place each entry in the first row in which it fits: in `slots` (row, indent), or from the row `end` on."""
    free = [*slots, *((end + GAP + row, INDENT) for row in range(len(entries)))]
    places = []
    for words in entries:
        index = next((index for index, (_, x) in enumerate(free) if x == INDENT or x + widths(words) <= room))
        row, indent = free[index]
        places.append(_Entry(indent, row, words, line))
        free[index] = row, indent + widths(words) + SPACE
    return places


def _candidates(theme: Theme) -> list[tuple[tuple[str, str], float]]:
    """Return contents with type sizes, in order of preference: down to the fair size, contents before size."""
    fair, smallest = theme.text(FAIR), theme.min_text
    large = np.linspace(theme.text(LARGEST), fair, 5)
    small = np.linspace(fair, smallest, 6)
    return [
        *product(_CONTENTS, large),
        *((contents, size) for size, contents in product(small, _CONTENTS)),
        *(((_NONE, _NOWHERE), size) for size in [*large, *small, smallest]),
    ]


def _step_label(words: Language, step: int) -> str:
    return words.gettext("step {step} → {following}", step=step, following=step + 1)


def _all_settings(recording: Recording, racer: int) -> list[str]:
    """Return a racer's settings: first those that were given, then torch's other numbers."""
    given = [each for each in re.split(r", (?![^(]*\))", recording.settings[racer]) if each]
    others = (
        (name, value)
        for name, value in recording.hyperparameters[racer].items()
        if isinstance(value, (int, float, tuple)) and not isinstance(value, bool)
    )
    known = {each.split()[0] for each in given}
    return [*given, *(rf"{name} \({format_setting(value)}\)" for name, value in others if name not in known)]


def _longest_numbers(rule: UpdateRule, steps: Sequence[int]) -> list[str]:
    """Return the longest numbers of each line, by an estimate from their mathtext."""
    filled = [lines for lines in map(rule.filled, steps) if lines] or [rule.lines]
    return [max(numbers, key=lambda line: (line.count(r"\times"), len(line))) for numbers in zip(*filled, strict=True)]


def _wrapped(line: str, width: float, widths: Widths) -> list[str]:
    """Split the mathtext of a line into rows that are at most `width` type sizes wide, if possible."""
    if widths(line) <= width:
        return [f"${line}$"]
    rows: list[str] = []
    for equation in line.split(r",\quad "):
        first, *others = _pieces(equation)
        rows.append(first)
        for piece in others:
            if widths(rows[-1] + piece) <= width:
                rows[-1] += piece
            else:
                # After an empty group, an operator has its space.
                rows.append(f"{{}}{piece}")
    return [f"${row}$" for row in rows]


def _pieces(equation: str) -> list[str]:
    """Split mathtext before the operators that are not in parentheses, and before a divisor in parentheses."""
    pieces: list[str] = []
    for part in re.split(r"(?= [=+-] |/\()", equation):
        if pieces and sum(map(pieces[-1].count, "({")) > sum(map(pieces[-1].count, ")}")):
            pieces[-1] += part
        else:
            pieces.append(part)
    return pieces


def _widths(axes: Axes) -> Widths:
    """Return a function that estimates widths without parsing mathtext, which takes some milliseconds for each line."""
    size = 20.0
    text = axes.text(0, 0, "", fontsize=size, parse_math=False, animated=True)

    @cache
    def width(mathtext: str) -> float:
        plain = re.sub(r"\\hat|\\mathbf|[{}_^$]", "", mathtext).replace(r"\,", " ")
        text.set_text(re.sub(r"\\([a-z]+)", lambda found: _GLYPHS.get(found[1], "β"), plain).replace("-", "−"))
        measured = 1.01 * text_width(text) / size
        text.set_text("")
        return measured

    return width


def _bar(axes: Axes, theme: Theme, racer: int, size: float) -> Markers:
    """Create the bar to the left of the lit line."""
    width, above, below = max(2.0, 0.16 * size), 0.95 * size, 0.35 * size
    shape = Path([[0, -below], [width, -below], [width, above], [0, above], [0, -below]], closed=True)
    return Markers(axes, shape, facecolor=theme.hue(racer), linewidth=0, animated=True)
