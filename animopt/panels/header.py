"""The title, the function, and how far the race is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from matplotlib.artist import Artist
from matplotlib.axes import Axes

from animopt.clock import Moment
from animopt.look import Look
from animopt.marks import fit, function_maths, in_pixels, literal, text_width
from animopt.panels import Move
from animopt.recording import Recording


@final
@dataclass(frozen=True)
class Header:
    """The title on the left, the step on the right; below them the formula and a caption."""

    caption: str = ""
    formula: bool = True

    def draw(self, axes: Axes, recording: Recording, look: Look) -> Move:
        """Paint the title, the formula and the caption; the step moves."""
        width, height = in_pixels(axes)
        steps = recording.xy.shape[1] - 1
        line = look.text(30)
        step = axes.text(
            width,
            line,
            f"step {steps} of {steps}",
            fontsize=look.text(21),
            color=look.muted,
            ha="right",
            va="baseline",
            animated=True,
        )
        title = axes.text(
            0, line, **literal(recording.title), fontsize=line, fontweight="bold", color=look.ink, va="baseline"
        )
        fit(title, width - text_width(step) - look.text(21), least=look.text(17))
        left = 0.0
        if self.formula and recording.formula:
            formula = axes.text(
                0,
                line + look.text(34),
                function_maths(recording.formula),
                fontsize=look.text(19),
                color=look.muted,
                va="baseline",
                math_fontfamily="cm",
            )
            formula.set_visible(text_width(formula) <= width)
            left = text_width(formula) + look.text(24)
        if self.caption:
            caption = axes.text(
                left,
                line + look.text(34),
                **literal(self.caption),
                fontsize=look.text(17),
                color=look.muted,
                va="baseline",
            )
            below = line + look.text(34) + 1.5 * look.text(17)
            if text_width(caption) > width - left and below <= height:
                caption.set_position((0, below))
                left = 0.0
            fit(caption, width - left, least=look.text(0))

        def move(moment: Moment) -> Sequence[Artist]:
            if not recording.names:
                return ()
            step.set_text(f"step {int(moment.step)} of {steps}")
            return (step,)

        return move
