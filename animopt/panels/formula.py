"""The function, and the update rule of one racer's optimizer."""

from dataclasses import dataclass
from typing import final

from animopt.drawing.artists import draw_racer_marker, use_pixel_units
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.mpl import Text
from animopt.drawing.text import LINE_HEIGHT, fit_text, formula_mathtext, set_numbers, text_width, write
from animopt.recording.update_rules import update_rule


@final
@dataclass(frozen=True)
class Formula:
    """One racer's update rule, and the numbers of the current step below or beside it if there is room."""

    racer: int = 0

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the racer's name, the function and the rule. The numbers move."""
        width, height = use_pixel_units(axes)
        largest = theme.text(18)
        rules = [update_rule(recording, self.racer, step) for step in range(int(recording.steps[self.racer]))]

        def typeset(mathtext: str, color: str) -> Text:
            return axes.text(0, 0, mathtext, fontsize=largest, color=color, va="baseline")

        symbols = [typeset(f"${line}$", theme.ink) for line in rules[0].lines]
        filled = zip(*(rule.filled for rule in rules if rule.filled), strict=True)
        # The longest numbers in each line, by an estimate from their mathtext.
        longest = [max(lines, key=lambda line: (line.count(r"\times"), len(line))) for lines in filled]
        numbers = [typeset(f"${line}$", theme.muted) for line in longest]
        symbols_width = max(map(text_width, symbols), default=0) + 1.5 * largest
        numbers_width = max(map(text_width, numbers), default=0)
        above = 2 if recording.formula else 1

        def type_size(wide: float, rows: int) -> float:
            """Return the type size for a number of rows that are `wide` in the largest type."""
            return min(largest, largest * width / wide, height / (rows * LINE_HEIGHT))

        # The numbers are beside the rule or below it, whichever allows the larger type.
        size, spacing = max(
            (type_size(symbols_width + numbers_width, above + len(symbols)), 1),
            (type_size(max(symbols_width, largest + numbers_width), above + 2 * len(symbols)), 2),
        )
        if size < theme.min_text:
            for text in numbers:
                text.remove()
            numbers = []
            size, spacing = type_size(symbols_width, above + len(symbols)), 1
        size = max(size, theme.min_text)
        left = size if spacing == 2 else symbols_width * size / largest

        def baseline(row: int) -> float:
            return (row + 0.7) * LINE_HEIGHT * size

        self._draw_name(axes, recording, theme, size, baseline(0))
        if recording.formula:
            function = typeset(formula_mathtext(recording.formula), theme.muted)
            function.set(y=baseline(1), fontsize=min(size, 0.98 * largest * width / text_width(function)))
            function.set_visible(float(function.get_fontsize()) >= theme.min_text)
        for index, text in enumerate(symbols):
            text.set(y=baseline(above + spacing * index), fontsize=size)
            text.set_visible(text.get_position()[1] <= height and text_width(text) <= width)
        for index, text in enumerate(numbers):
            text.set(x=left, y=baseline(above + spacing * (index + 1) - 1), animated=True)

        def move(moment: Moment) -> Artists:
            lines = rules[min(int(moment.step), len(rules) - 1)].filled
            for text, line in zip(numbers, lines, strict=False):
                # The longest line is not always the widest.
                set_numbers(text, f"${line}$", size, width - left, height, theme.min_text)
            return numbers if lines else []

        return move

    def _draw_name(self, axes: Axes, recording: Recording, theme: Theme, size: float, baseline: float) -> None:
        """Draw the racer's marker and name, and its settings if there is room."""
        width = axes.get_xlim()[1]
        draw_racer_marker(axes, theme, self.racer, 0.6 * size, baseline - 0.36 * size)
        left = 1.6 * size
        name = fit_text(
            write(axes, left, baseline, recording.names[self.racer], size, theme.ink, va="baseline"),
            width - left,
            theme.min_text,
        )
        left += text_width(name) + size
        settings = write(axes, left, baseline, recording.settings[self.racer], size, theme.muted, va="baseline")
        settings.set_visible(text_width(settings) <= width - left)
