"""The rows of an update rule, of a step's numbers and of a legend, in the room of a panel.

Indents and widths are in type sizes. Rows are counted from the racer's name, and may be fractions.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import NamedTuple

import numpy as np

from animopt.core.language import Language, translatable
from animopt.drawing.mpl import Axes
from animopt.drawing.text import text_width
from animopt.recording.update_rules import UpdateRule

GAP = 0.15
"""Height of the gaps between the rule, the numbers and the legend, in rows."""

ROOT, TALL_ROOT = 0.2, 0.35
"""Additional height of a row with a root, and with one of a symbol with a hat or of a power, in rows."""

INDENT, NUMBERS_INDENT = 0.5, 1.6
"""Indents of the lines, and of numbers between them."""

SPACE, COLUMN_SPACE = 1.2, 1.8
"""Space between entries of the legend, and to the right of the lines."""

MAX_SHARE = 0.55
"""Maximum part of the width that is to the left of a legend beside the lines."""

BY_COORDINATE = translatable("Squares, roots and quotients act on each coordinate.")

ALL, LIT, SIDE, NONE = "all", "lit", "side", "none"
"""The numbers that are shown: those of all lines, or those of the lit line, below the rule or to the right of it."""

BELOW, BESIDE, LINE, SYMBOLS, NOWHERE = "below", "beside", "line", "symbols", "nowhere"
"""The place of the legend: below everything, also to the right of the rule, so for the lit line only, or so for its
symbols only."""

_GLYPHS = {
    "leftarrow": "←",
    "times": "×",
    "cdot": "·",
    "sqrt": "√",
    "max": "max",
    **dict.fromkeys(("hat", "mathbf", "quad", ","), ""),
}
"""Characters as wide as commands of mathtext. The other commands are Greek letters."""

_SPACES = {r" (?=[=+-] |\\leftarrow|\\cdot)": 0.35, ", ": 0.17, r"\\,": 0.14, r"\\quad": 1.05, r"\\sqrt": 0.56}
"""Width of the spaces that mathtext adds, by what is replaced with them or followed by them."""

_SCRIPT = re.compile(r"[_^](\{[^{}]*\}|.)")
"""A subscript or a superscript."""

SCRIPT_SIZE = 0.76
"""Type size of subscripts and superscripts, relative to that of the text."""

Widths = Callable[[str], float]
"""A function that returns the width of a text."""


class Contents(NamedTuple):
    """The numbers and the legend that are shown, and the number of lines around the lit one."""

    numbers: str
    legend: str
    lines: int


def contents_by_preference(lines: int) -> tuple[list[Contents], list[Contents], list[Contents]]:
    """Return what can be shown of a rule, in order of preference: with a legend, without it, and the rule alone."""
    whole = [(ALL, BELOW), (ALL, BESIDE), (LIT, BELOW), (LIT, BESIDE), (SIDE, BESIDE), (LIT, LINE), (SIDE, LINE)]
    return (
        [
            *(Contents(*each, lines) for each in whole),
            *(Contents(LIT, LINE, count) for count in range(lines - 1, 2, -1)),
            *(Contents(numbers, SYMBOLS, lines) for numbers in (LIT, SIDE)),
            *(Contents(LIT, SYMBOLS, count) for count in range(lines - 1, 0, -1)),
        ],
        [Contents(numbers, NOWHERE, count) for count in range(lines, 0, -1) for numbers in (LIT, SIDE)],
        [Contents(NONE, NOWHERE, count) for count in range(lines, 0, -1)],
    )


class Row(NamedTuple):
    """A text with its place."""

    indent: float
    row: float
    source: str


@dataclass(frozen=True)
class Page:
    """The rows that are shown while one line is lit.

    Attributes:
        lines: The rows of each line that is shown, by its index.
        numbers: The first row for the numbers of a line, by its index, and how many there can be.
        indent: Indent of the numbers.
        legend: The rows of the legend.
        rows: Number of rows.
        width: Width of the widest row.
    """

    lines: Mapping[int, Sequence[Row]]
    numbers: Mapping[int, tuple[float, int]]
    indent: float
    legend: Sequence[Row]
    rows: float
    width: float


@dataclass(frozen=True)
class RulePages:
    """Lays out a rule in a room.

    `longest` are the longest numbers of each line, and `others` the entries of the legend that belong to no line.
    """

    rule: UpdateRule
    longest: Sequence[str]
    words: Language
    widths: Widths
    others: Sequence[str]

    def pages(self, contents: Contents, width: float, rows: float) -> list[Page]:
        """Return the page of each line in a room of a width and a number of rows, or nothing if one does not fit."""
        whole = [wrapped(line, width - INDENT, self.widths) for line in self.rule.lines]
        pages = []
        for lit in range(len(whole)):
            page = self._page(contents, width, whole, lit)
            if page.width > width or page.rows > rows:
                return []
            pages.append(page)
        return pages

    def _page(self, contents: Contents, room: float, whole: Sequence[Sequence[str]], lit: int) -> Page:
        numbers, place, count = contents
        every = range(len(whole))
        ends = [INDENT + max(map(self.widths, rows)) + COLUMN_SPACE for rows in whole]
        indent = {SIDE: max(ends), ALL: NUMBERS_INDENT}.get(numbers, INDENT)
        is_still = place in (BELOW, BESIDE)
        # The numbers of the other lines are not needed if neither they nor what is below them are still.
        filled = [
            wrapped(line, room - indent, self.widths)
            if numbers == ALL or (numbers != NONE and (is_still or index == lit))
            else []
            for index, line in enumerate(self.longest)
        ]
        high, tall = ([sum(map(height, rows)) for rows in lines] for lines in (whole, filled))
        needed = max(tall) if is_still else tall[lit]
        lines: dict[int, list[Row]] = {}
        places: dict[int, tuple[float, int]] = {}
        end = 1.0
        for index in _window(lit, count, len(every)):
            lines[index] = stacked(whole[index], INDENT, end)
            end += high[index]
            if numbers == ALL:
                places[index] = end, len(filled[index])
                end += tall[index]
        if numbers != ALL:
            # What follows the lines stays at its place, whichever of them are shown.
            end = 1 + max(sum(high[index] for index in _window(each, count, len(every))) for each in every)
        slots: list[tuple[float, float]] = []
        if numbers == SIDE:
            places[lit] = 1.0, len(filled[lit])
            slots = [(row, indent) for row in np.arange(1 + GAP + needed, end - 1 + 1e-9)]
            end = max(end, 1 + needed)
        elif place != BELOW:
            beside = [ends[index] for index in lines]
            column = max((each for each in beside if each < MAX_SHARE * room), default=min(beside))
            slots = [(each.row, column) for index, rows in lines.items() if ends[index] <= column for each in rows]
        if numbers == LIT:
            places[lit] = end + GAP, len(filled[lit])
            end += GAP + needed
        entries = [] if place == NOWHERE else self._entries(None if is_still else lit, place)
        # Long entries first may need fewer rows.
        orders = (entries, sorted(entries, key=self.widths, reverse=True))
        legend = min((self._flow(each, slots, end, room) for each in orders), key=lambda rows: _end(rows, end))
        shown = [
            *((each.indent, each.source) for each in chain(legend, *lines.values())),
            *((indent, source) for index in places for source in filled[index]),
        ]
        width = max(left + self.widths(source) for left, source in shown)
        return Page(lines, places, indent, legend, _end(legend, end), width)

    def _entries(self, line: int | None, place: str) -> list[str]:
        """Return the entries of the legend for a line, or for all lines."""
        entries = [f"${', '.join(symbols)}$: {self.words.gettext(each)}" for symbols, each in self.rule.legend(line)]
        if place == SYMBOLS:
            return entries
        by_coordinate = any(r"\sqrt" in each for each in (self.rule.lines if line is None else [self.rule.lines[line]]))
        return [*entries, *([self.words.gettext(BY_COORDINATE)] if by_coordinate else []), *self.others]

    def _flow(self, entries: Sequence[str], slots: Sequence[tuple[float, float]], end: float, room: float) -> list[Row]:
        """Place each entry in the first row in which it fits: in `slots` (row, indent), or from the row `end` on."""
        free = dict(slots)
        below = end + GAP
        placed = []
        for entry in entries:
            width = self.widths(entry)
            row = next((row for row, left in free.items() if left + width <= room), None)
            if row is not None:
                placed.append(Row(free[row], row, entry))
                free[row] += width + SPACE
                continue
            for part in self._split(entry, room - INDENT):
                placed.append(Row(INDENT, below, part))
                free[below] = INDENT + self.widths(part) + SPACE
                below += 1
        return placed

    def _split(self, entry: str, width: float) -> list[str]:
        """Split an entry between words, not in its mathtext, into rows that are at most so wide, if possible."""
        first, *others = re.split(r" (?![^$]*\$[^$]*$)", entry)
        rows = [first]
        for word in others:
            if self.widths(f"{rows[-1]} {word}") <= width:
                rows[-1] += f" {word}"
            else:
                rows.append(word)
        return rows


def _end(rows: Sequence[Row], end: float) -> float:
    return max([end, *(each.row + 1 for each in rows)])


def height(source: str) -> float:
    """Return the height of a row of mathtext, in rows."""
    if r"\sqrt" not in source:
        return 1.0
    return 1 + (TALL_ROOT if re.search(r"\\sqrt\{(\\hat|[^+]*\^)", source) else ROOT)


def stacked(sources: Sequence[str], indent: float, first: float) -> list[Row]:
    """Place rows below each other. A root is at the bottom of its row."""
    ends = first + np.cumsum([height(source) for source in sources])
    return [Row(indent, end - 1, source) for end, source in zip(ends, sources, strict=True)]


def _window(lit: int, count: int, lines: int) -> range:
    """Return the indices of `count` of a rule's lines around the one that is lit."""
    first = min(max(0, lit - count // 2), lines - count)
    return range(first, first + count)


def longest_numbers(rule: UpdateRule, steps: Sequence[int], widths: Widths) -> list[str]:
    """Return each line with the widest numbers of some steps at each place, in mathtext without dollar signs."""
    filled = [lines for lines in map(rule.filled, steps) if lines] or [rule.lines]
    return [
        r",\quad ".join(
            "".join(
                max(pieces, key=lambda piece: widths(f"${piece}$"))
                for pieces in zip(*map(_pieces, equations), strict=True)
            )
            for equations in zip(*(line.split(r",\quad ") for line in lines), strict=True)
        )
        for lines in zip(*filled, strict=True)
    ]


def wrapped(line: str, width: float, widths: Widths) -> list[str]:
    """Split the mathtext of a line into rows that are at most so wide, if possible."""

    def fits(maths: str) -> bool:
        return widths(f"${maths}$") <= width

    if fits(line):
        return [f"${line}$"]
    rows: list[str] = []
    for equation in line.split(r",\quad "):
        starts = len(rows)
        for piece in _pieces(equation):
            # Only a piece that is too wide is split between its factors.
            for part in [piece] if fits(piece) else re.split(r"(?=\\,)", piece):
                if len(rows) == starts:
                    rows.append(part)
                elif fits(rows[-1] + part):
                    rows[-1] += part
                else:
                    # After an empty group, an operator has its space.
                    rows.append(f"{{}}{part}")
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


def mathtext_widths(axes: Axes) -> Widths:
    """Return a function that estimates widths without parsing mathtext, which takes some milliseconds for each line."""
    size = 20.0
    text = axes.text(0, 0, "", fontsize=size, parse_math=False, animated=True)

    @cache
    def width(source: str) -> float:
        parts = source.split("$")
        words, maths = "".join(parts[::2]), "".join(parts[1::2])
        scripts = "".join(re.findall(_SCRIPT, maths))
        measured = (
            plain_width(re.sub(_SCRIPT, "", maths)) + SCRIPT_SIZE * plain_width(scripts) + 1.012 * words_width(words)
        )
        spaces = sum(space * len(re.findall(pattern, maths)) for pattern, space in _SPACES.items())
        return float(measured / size + spaces)

    def plain_width(maths: str) -> float:
        glyphs = re.sub(r"\\([a-z]+|,)", lambda found: _GLYPHS.get(found[1], "β"), maths)
        return words_width(re.sub(r"[{} ]", "", glyphs).replace("-", "−"))

    def words_width(words: str) -> float:
        text.set_text(words)
        measured = text_width(text) if words else 0.0
        text.set_text("")
        return measured

    return width
