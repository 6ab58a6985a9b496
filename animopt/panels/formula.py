"""The update rule of one racer's optimizer, one line at a time."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, product
from typing import final

import numpy as np

from animopt.core.language import Language, language
from animopt.drawing.artists import Markers, draw_racer_marker, use_pixel_units
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.mpl import Path, Text
from animopt.drawing.rule_page import (
    Contents,
    Page,
    Row,
    RulePages,
    contents_by_preference,
    longest_numbers,
    mathtext_widths,
    stacked,
    wrapped,
)
from animopt.drawing.text import fit_text, text_width, write
from animopt.recording.update_rules import UpdateRule, format_setting, motion
from animopt.recording.walk import plan_walk

LARGEST, FAIR = 22.0, 18.0
"""Largest type size, and the one down to which as much as possible is shown, in pixels of a picture whose shorter side
has 720 pixels."""

TIGHT, LOOSE, LOOSEST = 1.2, 1.36, 1.5
"""Minimum height of a row in type sizes if nothing else has room, otherwise, and its maximum."""


@final
@dataclass(frozen=True)
class Formula:
    """One racer's update rule with the meanings of its symbols, and the numbers of a step.

    While the race goes from one step to the next, the lines of the rule are lit one after the other. Where the steps
    are too short for this, the panel stays at one step while the race takes several. `moments` are evenly spaced
    moments of the clip, from which these steps are chosen; without any, every step is shown. The legend can
    `explain_motion`, which the contour shows. Type sizes are for a picture whose shorter side has `side` pixels.
    """

    racer: int = 0
    moments: Sequence[Moment] = ()
    explain_motion: bool = False
    side: float = 720.0

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the racer's name, the rule and the legend. The lit line, the numbers and the step move."""
        width, height = use_pixel_units(axes)
        words = language(recording.language)
        rule = UpdateRule(recording, self.racer)
        walk = plan_walk(self.moments, int(recording.steps[self.racer]), len(rule.lines))
        widths = mathtext_widths(axes)
        drawn = [words.gettext(label) for label in motion(recording, self.racer)] if self.explain_motion else []
        lay_out = RulePages(rule, longest_numbers(rule, walk.shown, widths), words, widths, drawn).pages
        pages: list[Page] = []
        for contents, size, least in self._candidates(theme, len(rule.lines)):
            pages = lay_out(contents, width / size, height / (least * size))
            if pages:
                break
        else:
            settings = [*_all_settings(recording, self.racer), *drawn]
            size = max(theme.min_text, min(LARGEST * self.side / 720, height / (LOOSEST * (1 + len(settings)))))
        rows = max((page.rows for page in pages), default=1.0)
        row_height = size * float(np.clip(height / (rows * size), TIGHT, LOOSEST))

        def baseline(row: float) -> float:
            return (row + 0.5) * row_height + 0.33 * size

        def write_row(row: Row, color: str, *, animated: bool = False) -> Text:
            text = write(axes, row.indent * size, baseline(row.row), "", size, color, va="baseline", animated=animated)
            text.set(text=row.source, parse_math=True)
            return text

        label = self._draw_name(
            axes, recording, theme, size, baseline(0), recording.settings[self.racer] if pages else ""
        )
        if not pages:
            for number, setting in enumerate(settings, start=1):
                if baseline(number) <= height:
                    text = write(axes, 1.6 * size, baseline(number), setting, size, theme.muted, va="baseline")
                    fit_text(text, width - 1.6 * size, theme.min_text)
            return lambda moment: ()
        # The rows of the legend that all pages have do not move.
        shared = Counter(chain.from_iterable(page.legend for page in pages))
        entries = {row: write_row(row, theme.muted, animated=count < len(pages)) for row, count in shared.items()}
        lines = [[write_row(row, theme.muted, animated=True) for row in pages[i].lines[i]] for i in range(len(pages))]
        # The numbers of a step may need fewer rows than the longest ones.
        most = max(sum(count for _, count in page.numbers.values()) for page in pages)
        figures = [write_row(Row(pages[0].indent, 0, ""), theme.ink, animated=True) for _ in range(most)]
        bar = _bar(axes, theme, self.racer, size)
        filled = cache(rule.filled)

        @cache
        def typeset(step: int, index: int, first: float) -> list[Row]:
            indent = pages[0].indent
            return stacked(wrapped(filled(step)[index], width / size - indent, widths), indent, first)

        def place_lines(page: Page, lit: int | None) -> Iterator[Text]:
            for index, rows in page.lines.items():
                for text, row in zip(lines[index], rows, strict=True):
                    text.set_y(baseline(row.row))
                    text.set_color(theme.ink if index == lit else theme.muted)
                    yield text

        def move(moment: Moment) -> Artists:
            step, lit = walk.at(moment)
            page = pages[lit]
            label.set_text(_step_label(words, step))
            if not filled(step):
                # The racer has diverged.
                return [label, *place_lines(page, None)]
            bar.set_positions(np.array([[0.0, baseline(row.row)] for row in page.lines[lit]]))
            shown = [
                bar,
                label,
                *place_lines(page, lit),
                *(entries[row] for row in page.legend if shared[row] < len(pages)),
            ]
            free = iter(figures)
            for index, (first, count) in page.numbers.items():
                for row, text in zip(typeset(step, index, first)[:count], free, strict=False):
                    text.set(text=row.source, parse_math=True, y=baseline(row.row))
                    text.set_color(theme.ink if index == lit else theme.muted)
                    shown.append(text)
            return shown

        return move

    def _candidates(self, theme: Theme, lines: int) -> Iterator[tuple[Contents, float, float]]:
        """Yield contents with a type size and a height of rows, in order of preference.

        Down to the fair size, contents are preferred to size.
        """
        if not lines:
            return
        largest, fair = (max(theme.min_text, each * self.side / 720) for each in (LARGEST, FAIR))
        large, small = np.linspace(largest, fair, 5), np.linspace(fair, theme.min_text, 10)
        with_legend, without, rule = contents_by_preference(lines)
        yield from product(with_legend, large, [LOOSE])
        yield from ((contents, size, TIGHT) for size, contents in product(small, with_legend))
        for contents in (without, rule):
            yield from product(contents, [*large, *small], [TIGHT])

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


def _step_label(words: Language, step: int) -> str:
    return words.gettext("step {step} → {following}", step=step, following=step + 1)


def _all_settings(recording: Recording, racer: int) -> list[str]:
    """Return a racer's settings: first those that were given, then torch's other numbers."""
    given = [each for each in re.split(r", (?![^(]*\))", recording.settings[racer]) if each]
    others = (
        (name, value)
        for name, value in recording.hyperparameters[racer].items()
        if all(isinstance(each, (int, float)) for each in (value if isinstance(value, tuple) else [value]))
        and not isinstance(value, bool)
    )
    known = {each.split()[0] for each in given}
    return [*given, *(rf"{name} \({format_setting(value)}\)" for name, value in others if name not in known)]


def _bar(axes: Axes, theme: Theme, racer: int, size: float) -> Markers:
    """Create the bar to the left of the lit line."""
    width, above, below = max(2.0, 0.16 * size), 0.95 * size, 0.35 * size
    shape = Path([[0, -below], [width, -below], [width, above], [0, above], [0, -below]], closed=True)
    return Markers(axes, shape, facecolor=theme.hue(racer), linewidth=0, animated=True)
