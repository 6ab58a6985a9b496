"""The state that one racer's optimizer keeps from step to step."""

from dataclasses import dataclass
from functools import cache
from typing import final

import numpy as np

from animopt.core.language import language
from animopt.core.number_format import format_number
from animopt.drawing.artists import draw_racer_marker, use_pixel_units
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.mpl import Text
from animopt.drawing.text import fit_text, text_width, write
from animopt.recording.update_rules import motion

LARGEST = 18.0
"""Largest type size in pixels of a 1280 × 720 picture."""

ROW_HEIGHT = 1.4
"""Height of a row in type sizes."""

NUMBERS_WIDTH = 11.0
"""Width in type sizes that is kept for a pair of numbers. Longer numbers are smaller."""


@final
@dataclass(frozen=True)
class State:
    """One racer's velocity, as the step that it makes, and its step sizes, both as numbers of the current step.

    The contour shows them at the racer's head.
    """

    racer: int = 0

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the words. The numbers move."""
        width, height = use_pixel_units(axes)
        words = language(recording.language)
        shown = {words.gettext(label): rows for label, rows in motion(recording, self.racer).items()}
        labels = list(shown) or self._other_state(recording)
        # The numbers are beside the labels or below them, whichever allows the larger type.
        largest = theme.text(LARGEST)
        probe = [write(axes, 0, 0, label, largest, theme.ink) for label in labels]
        column = max(map(text_width, probe)) / largest + 1
        for text in probe:
            text.remove()
        beside = min(largest, width / (column + NUMBERS_WIDTH), height / (ROW_HEIGHT * (1 + len(labels))))
        below = min(largest, height / (ROW_HEIGHT * (1 + 2 * len(labels))))
        in_columns = not shown or beside >= below
        size = max(theme.min_text, beside if in_columns else below)

        def write_row(row: int, line: str, color: str, left: float = 0.0, *, animated: bool = False) -> Text:
            y = (row + 0.7) * ROW_HEIGHT * size
            text = write(axes, left, y, line, size, color, va="baseline", animated=animated)
            text.set_visible(y <= height)
            return fit_text(text, width - left, theme.min_text)

        draw_racer_marker(axes, theme, self.racer, 0.6 * size, (0.7 * ROW_HEIGHT - 0.36) * size)
        write_row(0, recording.names[self.racer], theme.ink, left=1.6 * size)
        left = column * size if in_columns else 0.0
        rows_each = 1 if in_columns else 2
        for index, label in enumerate(labels):
            write_row(1 + rows_each * index, label, theme.ink if shown or index == 0 else theme.muted)
        numbers = [
            write_row(rows_each * (index + 1), "", theme.muted, left, animated=True) for index in range(len(shown))
        ]
        probe_text = write(axes, 0, 0, "", size, theme.ink, animated=True)

        @cache
        def typeset(label: str, step: int) -> tuple[str, float]:
            """Return the numbers of a step, and the type size at which they fit."""
            row = shown[label][step]
            pair = ", ".join(format_number(each, code=words.code, digits=3) for each in row)
            source = f"({pair})" if np.isfinite(row).all() else "–"
            probe_text.set_text(source)
            fitting = size * min(1.0, 0.98 * (width - left) / max(1.0, text_width(probe_text)))
            probe_text.set_text("")
            return source, fitting

        def move(moment: Moment) -> Artists:
            step = min(int(np.ceil(moment.step)), int(recording.steps[self.racer]))
            visible = []
            for text, label in zip(numbers, shown, strict=True):
                source, fitting = typeset(label, step)
                text.set(text=source, fontsize=max(theme.min_text, fitting))
                if fitting >= theme.min_text:
                    visible.append(text)
            return visible

        return move

    def _other_state(self, recording: Recording) -> list[str]:
        """Return words on a state that has neither a velocity nor step sizes."""
        words, state = language(recording.language), list(recording.states[self.racer])
        if not recording.hyperparameters[self.racer]:
            return [words.gettext("its state is unknown")]
        return [words.gettext("its state:"), *state] if state else [words.gettext("no state")]
