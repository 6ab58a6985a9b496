"""The title, the function, and how far the race is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from animopt.drawing.artists import in_pixels
from animopt.drawing.mpl import Artist, Axes
from animopt.drawing.panel import Move
from animopt.drawing.text import fit, formula_mathtext, text_arguments, text_width
from animopt.drawing.theme import Theme
from animopt.recording.recording import Recording
from animopt.recording.timeline import Moment


@final
@dataclass(frozen=True)
class Header:
    """The title on the left, the step on the right; below them the formula and a caption.

    One that is not `titled`, for a page that says the title itself, has the formula and the caption in its place.
    """

    caption: str = ""
    formula: bool = True
    titled: bool = True

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Paint the title, the formula and the caption; the step moves."""
        width, height = in_pixels(axes)
        steps = recording.last_step
        line = theme.text(30) if self.titled else theme.text(21)
        row = line + theme.text(34) if self.titled else line
        step = axes.text(
            width,
            line,
            f"step {steps} of {steps}",
            fontsize=theme.text(21),
            color=theme.muted,
            ha="right",
            va="baseline",
            animated=True,
        )
        beside = width - text_width(step) - theme.text(21)
        if self.titled:
            title = axes.text(
                0,
                line,
                **text_arguments(recording.title),
                fontsize=line,
                fontweight="bold",
                color=theme.ink,
                va="baseline",
            )
            fit(title, beside, least=theme.text(17))
        else:
            width = beside
        maths = formula_mathtext(recording.formula) if self.formula and recording.formula else ""
        formula = axes.text(
            0,
            row,
            maths,
            fontsize=theme.text(19),
            color=theme.muted,
            va="baseline",
            math_fontfamily="cm",
        )
        formula.set_visible(text_width(formula) <= width)
        left = text_width(formula) + theme.text(24) if maths else 0.0
        if said := " ".join(filter(None, [self.caption, recording.caption])):
            caption = axes.text(
                left,
                row,
                **text_arguments(said),
                fontsize=theme.text(17),
                color=theme.muted,
                va="baseline",
            )
            smallest = text_width(caption) * theme.text(0) / theme.text(17)
            below = row + 1.5 * theme.text(17)
            if text_width(caption) > width - left and below <= height:
                caption.set_position((0, below))
                left = 0.0
                if smallest > width and (last := below + 1.3 * theme.text(17)) <= height:
                    caption.set(y=last, text=_halved(caption.get_text()))
            elif smallest > width - left:
                formula.set_visible(False)
                caption.set_x(0)
                left = 0.0
            fit(caption, width - left, least=theme.text(0))

        def move(moment: Moment) -> Sequence[Artist]:
            if not recording.names:
                return ()
            step.set_text(f"step {int(moment.step)} of {steps}")
            return (step,)

        return move


def _halved(words: str) -> str:
    """Words in two lines, as equally long as they can be."""
    spaces = [place for place, letter in enumerate(words) if letter == " "]
    if "$" in words or not spaces:
        return words
    middle = min(spaces, key=lambda place: abs(place - len(words) / 2))
    return f"{words[:middle]}\n{words[middle + 1 :]}"
