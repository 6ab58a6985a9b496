"""The title, the function, and the number of the step or gradient, or what distinguishes a race from the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from animopt.core.language import language
from animopt.drawing.artists import use_pixel_units
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.mpl import Text
from animopt.drawing.text import fit_text, formula_mathtext, text_width, write

MAX_LETTERS = 7
"""Maximum number of letters of what distinguishes a race, such as an angle, if it is larger than the title."""

MAX_DIFFERENCE = 0.4
"""Maximum width of what distinguishes a race, as a fraction of the header's width."""


@final
@dataclass(frozen=True)
class Header:
    """The title on the left and the step on the right; below them the formula and a caption.

    A header that is not `titled`, for a page that shows the title itself, has the formula and the caption in its place.
    All recordings of a clip are its `races`. After the first one, what distinguishes the race is in place of the step.
    """

    caption: str = ""
    titled: bool = True
    races: Sequence[Recording] = ()

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the title, the formula and the caption. The step moves."""
        width, height = use_pixel_units(axes)
        line = theme.text(30) if self.titled else theme.text(21)
        row = line + theme.text(34) if self.titled else line
        words, last = language(recording.language), recording.last_step

        def position(step: int) -> str:
            if recording.clock == "evaluations":
                return words.gettext("gradient {count} of {total}", count=step, total=last)
            return words.gettext("step {step} of {steps}", step=step, steps=last)

        longest, size = position(last), theme.text(21)
        step = write(axes, width, line, longest, size, theme.muted, ha="right", va="baseline", animated=True)
        room = width - max(text_width(step), self._write_difference(axes, theme, recording, width, line)) - size
        if self.titled:
            title = write(axes, 0, line, recording.title, line, theme.ink, fontweight="bold", va="baseline")
            fit_text(title, room, theme.text(17))
            room = width
        formula = axes.text(
            0,
            row,
            formula_mathtext(recording.formula) if recording.formula else "",
            fontsize=theme.text(19),
            color=theme.muted,
            va="baseline",
        )
        formula.set_visible(text_width(formula) <= room)
        if caption := ". ".join(filter(None, [self.caption, recording.caption])):
            self._draw_caption(axes, theme, formula, caption, room, height)

        def move(moment: Moment) -> Artists:
            step.set_text(position(int(moment.step)))
            return [step] if recording.names and moment.race == 0 else []

        return move

    def _write_difference(self, axes: Axes, theme: Theme, recording: Recording, width: float, line: float) -> float:
        """Write what distinguishes a race after the first one. Return the width for the longest of these texts."""
        others = self.races[1:]
        longest_words = max((race.difference for race in others), key=len, default="")
        large = self.titled and len(longest_words) <= MAX_LETTERS
        size, down = (theme.text(48), theme.text(17)) if large else (line, 0.0)

        def write_fitting(words: str) -> Text:
            text = write(axes, width, line + down, words, size, theme.ink, ha="right", va="baseline", fontweight="bold")
            return fit_text(text, MAX_DIFFERENCE * width, theme.text(21))

        longest = write_fitting(longest_words)
        room = text_width(longest)
        longest.remove()
        if recording in others:
            write_fitting(recording.difference)
        return room

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
