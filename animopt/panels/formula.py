"""The function, and how one racer's optimizer takes its steps on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from animopt.drawing.artists import head_mark, in_pixels
from animopt.drawing.mpl import Artist, Axes, Text
from animopt.drawing.panel import Move
from animopt.drawing.text import fit, formula_mathtext, text_arguments, text_width
from animopt.drawing.theme import Theme
from animopt.recording.recording import Recording
from animopt.recording.timeline import Moment
from animopt.recording.update_rules import update_rule

ROW = 1.5
"""The height of a line, in sizes of its type."""


@final
@dataclass(frozen=True)
class Formula:
    """One racer's update rule, and with it the numbers of the step under way, where there is room for them."""

    racer: int = 0

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Paint the racer's name, the function and the rule; the numbers move."""
        width, height = in_pixels(axes)
        largest = theme.text(18)
        rules = [update_rule(recording, self.racer, step) for step in range(int(recording.steps[self.racer]))]
        filled = [each.filled for each in rules if each.filled]

        def write(maths: str, colour: str) -> Text:
            return axes.text(0, 0, maths, fontsize=largest, color=colour, va="baseline", math_fontfamily="stixsans")

        symbols = [write(_math(line), theme.ink) for line in rules[0].lines]
        numbers = [write(_math(max(column, key=_length)), theme.muted) for column in zip(*filled, strict=True)]
        column = max(map(text_width, symbols), default=0) + 1.5 * largest
        figures = max(map(text_width, numbers), default=0)
        above = 2 if recording.formula else 1

        def size_of(wide: float, rows: int) -> float:
            """The type size in which so many rows, `wide` in the largest type, fit."""
            return min(largest, largest * width / wide, height / (rows * ROW))

        # The numbers stand beside the rule or under it, whichever allows the larger type.
        beside = size_of(column + figures, above + len(symbols))
        under = size_of(max(column, largest + figures), above + 2 * len(symbols))
        size, each = max((beside, 1), (under, 2))
        if size < theme.smallest:
            for text in numbers:
                text.remove()
            numbers = []
            size, each = size_of(column, above + len(symbols)), 1
        size = max(size, theme.smallest)
        left = size if each == 2 else column * size / largest

        def baseline(row: int) -> float:
            return (row + 0.7) * ROW * size

        self._heading(axes, recording, theme, size, baseline(0))
        if recording.formula:
            function = write(formula_mathtext(recording.formula), theme.muted)
            function.set(y=baseline(1), fontsize=min(size, 0.98 * largest * width / text_width(function)))
            function.set_visible(float(function.get_fontsize()) >= theme.smallest)
        for index, text in enumerate(symbols):
            text.set(y=baseline(above + each * index), fontsize=size)
            text.set_visible(text.get_position()[1] <= height and text_width(text) <= width)
        for index, text in enumerate(numbers):
            text.set(x=left, y=baseline(above + each * (index + 1) - 1), animated=True)

        def move(moment: Moment) -> Sequence[Artist]:
            lines = rules[min(int(moment.step), len(rules) - 1)].filled or [""] * len(numbers)
            for text, line in zip(numbers, lines, strict=False):
                # matplotlib does not measure a text that is not visible.
                text.set(text=_math(line), fontsize=size, visible=True)
                # The longest line is not always the widest.
                fits = size * min(1.0, 0.98 * (width - left) / max(1.0, text_width(text)))
                text.set(
                    fontsize=max(theme.smallest, fits),
                    visible=fits >= theme.smallest and text.get_position()[1] <= height,
                )
            return numbers

        return move

    def _heading(self, axes: Axes, recording: Recording, theme: Theme, size: float, baseline: float) -> None:
        """The racer's marker and name, and its settings where there is room."""
        width = axes.get_xlim()[1]
        mark = head_mark(axes, theme, self.racer, size=11)
        mark.place(np.array([[0.6 * size, baseline - 0.36 * size]])).set_animated(False)
        words = ((recording.names[self.racer], theme.ink), (recording.settings[self.racer], theme.muted))
        left = 1.6 * size
        for word, colour in words:
            text = axes.text(left, baseline, **text_arguments(word), fontsize=size, color=colour, va="baseline")
            if colour == theme.muted and text_width(text) > width - left:
                text.remove()
                break
            fit(text, width - left, least=theme.smallest)
            left += text_width(text) + size


def _math(line: str) -> str:
    return f"${line}$" if line else ""


def _length(line: str) -> tuple[int, int]:
    """How long a line of numbers is, told from its mathtext."""
    return line.count(r"\times"), len(line)
