"""The state that one racer's optimizer keeps from step to step."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.drawing.artists import TRAIL_WIDTH, draw_racer_marker, head_marker
from animopt.drawing.axes_style import use_pixel_units
from animopt.drawing.colors import blend
from animopt.drawing.mpl import Artist, Ellipse, FancyArrowPatch, Rectangle, Text
from animopt.drawing.panel import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.text import fit_text, set_numbers, write
from animopt.recording.update_rules import format_mathtext, step_sizes, velocity

ROW = 1.5
"""Height of a line in type sizes."""

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
        velocities = self._finite(recording, velocity(recording, self.racer))
        sizes = self._finite(recording, step_sizes(recording, self.racer))
        labeled = {"→ velocity, as a step": velocities, "○ step sizes": sizes}
        shown = {label: rows for label, rows in labeled.items() if rows is not None}
        size = max(theme.min_text, min(theme.text(18), height / (ROW * (1 + 2 * max(1, len(shown))))))
        column = 0.42 * width
        numbers = self._draw_words(axes, recording, theme, list(shown), size, column)

        left = column + size
        half = np.array([(width - left) / 2, height / 2])
        x, y = float(left + half[0]), height / 2
        ground = blend(theme.background, theme.rule, 0.4)
        frame = axes.add_patch(Rectangle((left, 0), width - left, height, linewidth=0, facecolor=ground))
        for xs, ys in (([left, width], [y, y]), ([x, x], [0, height])):
            axes.plot(xs, ys, color=theme.rule, linewidth=max(0.8, theme.px(1)))
        hue = theme.hue(self.racer)
        tint, edge = blend(theme.background, hue, 0.25), theme.trail(0.5 * TRAIL_WIDTH)
        ellipse = Ellipse((x, y), 0, 0, facecolor=tint, edgecolor=hue, linewidth=edge)
        arrow = FancyArrowPatch(
            (x, y), (x, y), arrowstyle="-|>", shrinkA=0, shrinkB=0, color=hue, linewidth=theme.trail(TRAIL_WIDTH)
        )
        for patch in (ellipse, arrow):
            axes.add_patch(patch).set(animated=True, clip_path=frame)
        head = head_marker(axes, theme, self.racer).set_positions(np.array([[x, y]]))
        in_view = recording.in_view[self.racer, :-1]
        reach = None if velocities is None else _to_pixels(velocities, in_view, half, 1)
        radii = None if sizes is None else _to_pixels(sizes, in_view, half, SHOWN_SIZES)

        def move(moment: Moment) -> Artists:
            after = min(int(moment.step) + 1, int(recording.steps[self.racer]))
            for text, rows in zip(numbers, shown.values(), strict=True):
                words = f"${format_mathtext(rows[after])}$" if np.isfinite(rows[after]).all() else "–"
                fits = set_numbers(text, words, size, column, theme.min_text)
                text.set_visible(fits and text.get_position()[1] <= height)
            patches: list[Artist] = []
            if radii is not None and np.isfinite(radii[after]).all():
                ellipse.set(width=2 * radii[after, 0], height=2 * radii[after, 1])
                patches.append(ellipse)
            if reach is not None and (length := float(np.hypot(*reach[after]))) > 1:
                # The panel's y points down.
                arrow.set_positions((x, y), (x + reach[after, 0], y - reach[after, 1]))
                arrow.set_mutation_scale(min(theme.px(20), length))
                patches.append(arrow)
            return [*patches, head, *numbers]

        return move

    def _draw_words(
        self, axes: Axes, recording: Recording, theme: Theme, labels: list[str], size: float, column: float
    ) -> list[Text]:
        """Draw the racer's name and the labels in a column. Return the texts for the numbers below the labels."""
        height = axes.get_ylim()[0]

        def write_line(line: int, words: str, color: str, left: float = 0.0) -> Text:
            y = (line + 0.7) * ROW * size
            text = write(axes, left, y, words, size, color, va="baseline", math_fontfamily="stixsans")
            fit_text(text, column - left, theme.min_text)
            text.set_visible(y <= height)
            return text

        draw_racer_marker(axes, theme, self.racer, 0.6 * size, (0.7 * ROW - 0.36) * size)
        write_line(0, recording.names[self.racer], theme.ink, left=1.6 * size)
        if not labels:
            words, room = self._other_state(recording), int(height / (ROW * size)) - 1
            for line, word in enumerate(words if len(words) <= room else [*words[: room - 1], "…"], start=1):
                write_line(line, word, theme.ink if line == 1 else theme.muted)
        numbers = []
        for index, label in enumerate(labels):
            write_line(1 + 2 * index, label, theme.ink)
            numbers.append(write_line(2 + 2 * index, "", theme.muted))
            numbers[-1].set(parse_math=True, animated=True)
        return numbers

    def _finite(self, recording: Recording, rows: Array | None) -> Array | None:
        """Return rows after each step, (steps + 1, 2), with NaN for rows in which they or the loss are not finite."""
        if rows is None:
            return None
        finite = np.isfinite(rows).all(axis=1) & np.isfinite(recording.z[self.racer])
        return np.where(finite[:, None], rows, np.nan)

    def _other_state(self, recording: Recording) -> list[str]:
        """Return the lines about an optimizer that has neither a velocity nor step sizes."""
        if not recording.hyperparameters[self.racer]:
            return ["does not say", "what it carries"]
        return ["carries", *(recording.states[self.racer] or ["nothing"])]


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
