"""The title, the function, and the number of the step."""

from dataclasses import dataclass
from typing import final

from animopt.drawing.axes_style import use_pixel_units
from animopt.drawing.mpl import Text
from animopt.drawing.panel import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.text import fit_text, formula_mathtext, text_width, write


@final
@dataclass(frozen=True)
class Header:
    """The title on the left and the step on the right; below them the formula and a caption.

    A header that is not `titled`, for a page that shows the title itself, has the formula and the caption in its place.
    """

    caption: str = ""
    formula: bool = True
    titled: bool = True

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the title, the formula and the caption. The step moves."""
        width, height = use_pixel_units(axes)
        steps = recording.last_step
        line = theme.text(30) if self.titled else theme.text(21)
        row = line + theme.text(34) if self.titled else line
        words, size = f"step {steps} of {steps}", theme.text(21)
        step = write(axes, width, line, words, size, theme.muted, ha="right", va="baseline", animated=True)
        room = width - text_width(step) - size
        if self.titled:
            title = write(axes, 0, line, recording.title, line, theme.ink, fontweight="bold", va="baseline")
            fit_text(title, room, theme.text(17))
        mathtext = formula_mathtext(recording.formula) if self.formula and recording.formula else ""
        formula = axes.text(
            0, row, mathtext, fontsize=theme.text(19), color=theme.muted, va="baseline", math_fontfamily="cm"
        )
        self._draw_caption(axes, recording, theme, formula, width if self.titled else room, height)

        def move(moment: Moment) -> Artists:
            if not recording.names:
                return ()
            step.set_text(f"step {int(moment.step)} of {steps}")
            return (step,)

        return move

    def _draw_caption(
        self, axes: Axes, recording: Recording, theme: Theme, formula: Text, width: float, height: float
    ) -> None:
        """Write the caption beside the formula, or below it, or in its place, whichever shows more."""
        formula.set_visible(text_width(formula) <= width)
        left = text_width(formula) + theme.text(24) if formula.get_text() else 0.0
        words = " ".join(filter(None, [self.caption, recording.caption]))
        if not words:
            return
        _, row = formula.get_position()
        size = theme.text(17)
        caption = write(axes, left, row, words, size, theme.muted, va="baseline")
        smallest = text_width(caption) * theme.min_text / size
        below = row + 1.5 * size
        if text_width(caption) > width - left and below <= height:
            left = 0.0
            caption.set_position((left, below))
            if smallest > width and (last := below + 1.3 * size) <= height:
                caption.set(y=last, text=_halved(caption.get_text()))
        elif smallest > width - left:
            left = 0.0
            formula.set_visible(False)
            caption.set_x(left)
        fit_text(caption, width - left, theme.min_text)


def _halved(words: str) -> str:
    """Split words into two lines of nearly the same length. Mathtext is not split."""
    spaces = [index for index, letter in enumerate(words) if letter == " "]
    if "$" in words or not spaces:
        return words
    middle = min(spaces, key=lambda index: abs(index - len(words) / 2))
    return f"{words[:middle]}\n{words[middle + 1 :]}"
