"""What one racer's optimizer carries from step to step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.drawing.artists import TRAIL, head_mark, in_pixels
from animopt.drawing.colors import blend
from animopt.drawing.mpl import Artist, Axes, Ellipse, FancyArrowPatch, Rectangle, Text
from animopt.drawing.panel import Move
from animopt.drawing.text import fit, text_arguments, text_width
from animopt.drawing.theme import Theme
from animopt.recording.recording import Recording
from animopt.recording.timeline import Moment
from animopt.recording.update_rules import format_mathtext, step_sizes, velocity

ROW = 1.5
"""The height of a line, in sizes of its type."""

USUAL = 0.9
"""Which part of all steps has its ellipse in the map; larger ones are cut at the map's edge."""


@final
@dataclass(frozen=True)
class State:
    """A map around one racer's head: its velocity as the step that it makes, its step sizes as an ellipse.

    Both are those of the step under way. Throughout a film one length stands for one velocity, and one for one step
    size.
    """

    racer: int = 0

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Paint the words and the map; the numbers, the arrow and the ellipse move."""
        width, height = in_pixels(axes)
        arrows = self._rows(recording, velocity(recording, self.racer))
        sizes = self._rows(recording, step_sizes(recording, self.racer))
        both = (("→ velocity, as a step", arrows), ("○ step sizes", sizes))
        shown = [(label, rows) for label, rows in both if rows is not None]
        size = max(theme.smallest, min(theme.text(18), height / (ROW * (1 + 2 * max(1, len(shown))))))
        column = 0.42 * width

        def write(line: int, words: str, colour: str, left: float = 0.0) -> Text:
            text = axes.text(
                left,
                (line + 0.7) * ROW * size,
                **text_arguments(words),
                fontsize=size,
                color=colour,
                va="baseline",
                math_fontfamily="stixsans",
            )
            fit(text, column - left, least=theme.smallest)
            text.set_visible(text.get_position()[1] <= height)
            return text

        mark = head_mark(axes, theme, self.racer, size=11)
        mark.place(np.array([[0.6 * size, (0.7 * ROW - 0.36) * size]])).set_animated(False)
        write(0, recording.names[self.racer], theme.ink, left=1.6 * size)
        if not shown:
            words, most = self._other(recording), int(height / (ROW * size)) - 1
            for line, word in enumerate(words if len(words) <= most else [*words[: most - 1], "…"], start=1):
                write(line, word, theme.ink if line == 1 else theme.muted)
        numbers = []
        for index, (label, _) in enumerate(shown):
            write(1 + 2 * index, label, theme.ink)
            numbers.append(write(2 + 2 * index, "", theme.muted))
            numbers[-1].set(parse_math=True, animated=True)

        left = column + size
        half = np.array([(width - left) / 2, height / 2])
        x, y = float(left + half[0]), height / 2
        thin = max(0.8, theme.px(1))
        frame = Rectangle(
            (left, 0), width - left, height, linewidth=0, facecolor=blend(theme.background, theme.rule, 0.4)
        )
        axes.add_patch(frame)
        axes.plot([left, width], [y, y], color=theme.rule, linewidth=thin)
        axes.plot([x, x], [0, height], color=theme.rule, linewidth=thin)
        hue = theme.hue(self.racer)
        tint = blend(theme.background, hue, 0.25)
        ellipse = Ellipse(
            (x, y), 0, 0, facecolor=tint, edgecolor=hue, linewidth=theme.trail(0.5 * TRAIL), animated=True
        )
        arrow = FancyArrowPatch(
            (x, y), (x, y), arrowstyle="-|>", shrinkA=0, shrinkB=0, color=hue, linewidth=theme.trail(TRAIL)
        )
        arrow.set_animated(True)
        for patch in (ellipse, arrow):
            axes.add_patch(patch)
            patch.set_clip_path(frame)
        head = head_mark(axes, theme, self.racer).place(np.array([[x, y]]))
        seen = recording.in_view[self.racer, :-1]
        reach = None if arrows is None else _pixels(arrows, seen, half, 1)
        radii = None if sizes is None else _pixels(sizes, seen, half, USUAL)

        def move(moment: Moment) -> Sequence[Artist]:
            after = min(int(moment.step) + 1, int(recording.steps[self.racer]))
            for text, (_, rows) in zip(numbers, shown, strict=True):
                there = np.isfinite(rows[after]).all()
                words = f"${format_mathtext(rows[after])}$" if there else "–"
                # matplotlib does not measure a text that is not visible.
                text.set(text=words, fontsize=size, visible=True)
                fits = size * min(1.0, 0.98 * column / text_width(text))
                text.set(
                    fontsize=max(theme.smallest, fits),
                    visible=fits >= theme.smallest and text.get_position()[1] <= height,
                )
            placed: list[Artist] = []
            if radii is not None and np.isfinite(radii[after]).all():
                ellipse.set(width=2 * radii[after, 0], height=2 * radii[after, 1])
                placed.append(ellipse)
            if reach is not None and (length := float(np.hypot(*reach[after]))) > 1:
                # The panel's y runs down.
                arrow.set_positions((x, y), (x + reach[after, 0], y - reach[after, 1]))
                arrow.set_mutation_scale(min(theme.px(20), length))
                placed.append(arrow)
            return [*placed, head, *numbers]

        return move

    def _rows(self, recording: Recording, rows: Array | None) -> Array | None:
        """The rows after each step, (steps + 1, 2), NaN where they or the racer are out of all numbers."""
        if rows is None:
            return None
        there = np.isfinite(rows).all(axis=1) & np.isfinite(recording.z[self.racer])
        return np.where(there[:, None], rows, np.nan)

    def _other(self, recording: Recording) -> list[str]:
        """What an optimizer carries that has neither a velocity nor step sizes, in lines."""
        if not recording.hyperparameters[self.racer]:
            return ["does not say", "what it carries"]
        return ["carries", *(recording.states[self.racer] or ["nothing"])]


def _pixels(rows: Array, seen: NDArray[np.bool_], half: Array, part: float) -> Array:
    """Rows (steps + 1, 2) in pixels: a part of those whose steps begin in view lies in nine tenths of `half` the map.

    `seen` (steps,) tells the steps, `half` is (2,).
    """
    lengths = np.abs(rows[1:][seen & np.isfinite(rows[1:, 0])])
    if not lengths.any():
        return rows
    most = np.maximum(np.quantile(lengths, part, axis=0), np.finfo(float).tiny)
    with np.errstate(over="ignore"):
        # What is far out of the map is as good at any distance, and the renderer does not take all.
        return np.clip(rows * np.min(0.9 * half / most), -1e4, 1e4)
