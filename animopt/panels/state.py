"""The state that one racer's optimizer keeps from step to step."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.core.language import language, translatable
from animopt.drawing.artists import TRAIL_WIDTH, draw_racer_marker, head_marker, use_pixel_units
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.colors import blend
from animopt.drawing.mpl import Ellipse, FancyArrowPatch, Rectangle, Text
from animopt.drawing.text import LINE_HEIGHT, fit_text, set_numbers, write
from animopt.recording.update_rules import format_mathtext, step_sizes, velocity

VELOCITY, STEP_SIZES = translatable("→ velocity, as a step"), translatable("○ step sizes")
"""Labels of what is shown."""

SHOWN_SIZES = 0.9
"""Fraction of the steps whose ellipse fits in the map. Larger ellipses are cut at its edge."""

MAX_LENGTH = 1e4
"""Maximum length in pixels of an arrow or an ellipse. The renderer does not accept all larger ones."""


@final
@dataclass(frozen=True)
class State:
    """A map around one racer's head: its velocity, as the step that it makes, and its step sizes, as an ellipse.

    Both are those of the current step. Their scales stay the same throughout a film.
    """

    racer: int = 0

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the words and the map. The numbers, the arrow and the ellipse move."""
        width, height = use_pixel_units(axes)
        known = {VELOCITY: velocity(recording, self.racer), STEP_SIZES: step_sizes(recording, self.racer)}
        finite = np.isfinite(recording.z[self.racer])
        shown = {
            label: np.where((np.isfinite(rows).all(axis=1) & finite)[:, None], rows, np.nan)
            for label, rows in known.items()
            if rows is not None
        }
        size = max(theme.min_text, min(theme.text(18), height / (LINE_HEIGHT * (1 + 2 * max(1, len(shown))))))
        column = 0.42 * width
        numbers = self._draw_words(axes, recording, theme, list(shown), size, column)

        left = column + size
        half = np.array([(width - left) / 2, height / 2])
        x, y = float(left + half[0]), height / 2
        frame = axes.add_patch(
            Rectangle((left, 0), width - left, height, linewidth=0, facecolor=blend(theme.background, theme.rule, 0.4))
        )
        axes.plot([left, width], [y, y], [x, x], [0, height], color=theme.rule, linewidth=max(0.8, theme.px(1)))
        hue = theme.hue(self.racer)
        ellipse = Ellipse(
            (x, y),
            0,
            0,
            facecolor=blend(theme.background, hue, 0.25),
            edgecolor=hue,
            linewidth=theme.trail(0.5 * TRAIL_WIDTH),
        )
        arrow = FancyArrowPatch(
            (x, y), (x, y), arrowstyle="-|>", shrinkA=0, shrinkB=0, color=hue, linewidth=theme.trail(TRAIL_WIDTH)
        )
        for patch in (ellipse, arrow):
            axes.add_patch(patch).set(animated=True, clip_path=frame)
        head = head_marker(axes, theme, self.racer).set_positions(np.array([[x, y]]))
        in_view = recording.in_view[self.racer, :-1]
        absent = np.full_like(recording.xy[self.racer], np.nan)
        reach = _to_pixels(shown.get(VELOCITY, absent), in_view, half, 1)
        radii = _to_pixels(shown.get(STEP_SIZES, absent), in_view, half, SHOWN_SIZES)

        def move(moment: Moment) -> Artists:
            after = min(int(moment.step) + 1, int(recording.steps[self.racer]))
            for text, rows in zip(numbers, shown.values(), strict=True):
                words = f"${format_mathtext(rows[after])}$" if np.isfinite(rows[after]).all() else "–"
                set_numbers(text, words, size, column, height, theme.min_text)
            wide, high = 2 * radii[after]
            ellipse.set(width=wide, height=high, visible=np.isfinite(wide + high))
            # The panel's y points down.
            arrow.set_positions((x, y), (x + reach[after, 0], y - reach[after, 1]))
            length = float(np.hypot(*reach[after]))
            arrow.set(mutation_scale=min(theme.px(20), length), visible=length > 1)
            return [ellipse, arrow, head, *numbers]

        return move

    def _draw_words(
        self, axes: Axes, recording: Recording, theme: Theme, labels: list[str], size: float, column: float
    ) -> list[Text]:
        """Draw the racer's name and the labels in a column. Return the texts for the numbers below the labels."""
        height = axes.get_ylim()[0]

        def write_line(line: int, words: str, color: str, left: float = 0.0, *, animated: bool = False) -> Text:
            y = (line + 0.7) * LINE_HEIGHT * size
            text = write(axes, left, y, words, size, color, va="baseline", animated=animated)
            text.set_visible(y <= height)
            return fit_text(text, column - left, theme.min_text)

        draw_racer_marker(axes, theme, self.racer, 0.6 * size, (0.7 * LINE_HEIGHT - 0.36) * size)
        write_line(0, recording.names[self.racer], theme.ink, left=1.6 * size)
        words = language(recording.language)
        if not labels:
            state = list(recording.states[self.racer])
            if not recording.hyperparameters[self.racer]:
                lines = [words.gettext("its state is unknown")]
            elif state:
                lines = [words.gettext("its state:"), *state]
            else:
                lines = [words.gettext("no state")]
            room = int(height / (LINE_HEIGHT * size)) - 1
            for line, word in enumerate(lines if len(lines) <= room else [*lines[: room - 1], "…"], start=1):
                write_line(line, word, theme.ink if line == 1 else theme.muted)
        for index, label in enumerate(labels):
            write_line(1 + 2 * index, words.gettext(label), theme.ink)
        return [write_line(2 + 2 * index, "", theme.muted, animated=True) for index in range(len(labels))]


def _to_pixels(rows: Array, in_view: NDArray[np.bool_], half: Array, fraction: float) -> Array:
    """Scale rows (steps + 1, 2) so that a `fraction` of those in view fits in the map.

    `half` (2,) is half the size of the map, of which nine tenths are used. `in_view` (steps,) says whether each step
    starts in view.
    """
    lengths = np.abs(rows[1:][in_view & np.isfinite(rows[1:, 0])])
    if not lengths.any():
        return rows
    most = np.maximum(np.quantile(lengths, fraction, axis=0), np.finfo(float).tiny)
    with np.errstate(over="ignore"):
        return np.clip(rows * np.min(0.9 * half / most), -MAX_LENGTH, MAX_LENGTH)
