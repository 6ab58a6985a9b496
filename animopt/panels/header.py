"""The title, the function, and the number of the step."""

from dataclasses import dataclass
from typing import final

from animopt.core.language import language
from animopt.drawing.artists import use_pixel_units
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.mpl import Text
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
        line = theme.text(30) if self.titled else theme.text(21)
        row = line + theme.text(34) if self.titled else line
        words, last = language(recording.language), recording.last_step

        def position(step: int) -> str:
            return words.gettext("step {step} of {steps}", step=step, steps=last)

        longest, size = position(last), theme.text(21)
        step = write(axes, width, line, longest, size, theme.muted, ha="right", va="baseline", animated=True)
        room = width - text_width(step) - size
        if self.titled:
            title = write(axes, 0, line, recording.title, line, theme.ink, fontweight="bold", va="baseline")
            fit_text(title, room, theme.text(17))
            room = width
        formula = axes.text(
            0,
            row,
            formula_mathtext(recording.formula) if self.formula and recording.formula else "",
            fontsize=theme.text(19),
            color=theme.muted,
            va="baseline",
        )
        formula.set_visible(text_width(formula) <= room)
        if caption := ". ".join(filter(None, [self.caption, recording.caption])):
            self._draw_caption(axes, theme, formula, caption, room, height)

        def move(moment: Moment) -> Artists:
            step.set_text(position(int(moment.step)))
            return [step] if recording.names else []

        return move

    def _draw_caption(self, axes: Axes, theme: Theme, formula: Text, words: str, width: float, height: float) -> None:
        """Write the caption beside the formula, or below it, or in its place, whichever shows more."""
        left = text_width(formula) + theme.text(24) if formula.get_text() else 0.0
        _, row = formula.get_position()
        size = theme.text(17)
        caption = write(axes, left, row, words, size, theme.muted, va="baseline")
        smallest = text_width(caption) * theme.min_text / size
        below = row + 1.5 * size
        if text_width(caption) > width - left and below <= height:
            caption.set_position((0, below))
            if smallest > width and (last := below + 1.3 * size) <= height:
                caption.set(y=last, text=_halved(caption.get_text()))
        elif smallest > width - left:
            formula.set_visible(False)
            caption.set_x(0)
        fit_text(caption, width - caption.get_position()[0], theme.min_text)


def _halved(words: str) -> str:
    """Split words into two lines of nearly the same length. Mathtext is not split."""
    if "$" in words or " " not in words:
        return words
    spaces = (index for index, letter in enumerate(words) if letter == " ")
    middle = min(spaces, key=lambda index: abs(index - len(words) / 2))
    return f"{words[:middle]}\n{words[middle + 1 :]}"
