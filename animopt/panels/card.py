"""The title card, and a question to the class."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from animopt.drawing.artists import in_pixels
from animopt.drawing.mpl import Artist, Axes, FancyBboxPatch, Rectangle
from animopt.drawing.panel import Move
from animopt.drawing.text import fit, text_arguments, text_width
from animopt.drawing.theme import Theme
from animopt.recording.recording import Recording
from animopt.recording.timeline import Moment


@final
@dataclass(frozen=True)
class Card:
    """Over the whole picture: the title and the caption on a card of their own, or a question above the race."""

    caption: str = ""
    question: str = ""

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Nothing stays still; the card and the question come and go."""
        width, height = in_pixels(axes)
        sheet = Rectangle((0, 0), width, height, facecolor=theme.background, animated=True)
        axes.add_patch(sheet)
        title, caption, question = (
            axes.text(
                width / 2,
                height / 2 + down,
                **text_arguments(words),
                fontsize=size,
                fontweight="bold" if bold else "normal",
                color=theme.ink,
                ha="center",
                va="center_baseline",
                animated=True,
            )
            for words, size, down, bold in (
                (recording.title, theme.text(48), -theme.text(20), True),
                (self.caption, theme.text(24), theme.text(36), False),
                (self.question, theme.text(34), 0.0, True),
            )
        )
        for text in (title, caption, question):
            fit(text, 0.86 * width, least=theme.text(20))
        pad = theme.text(34)
        frame = FancyBboxPatch(
            (width / 2 - text_width(question) / 2 - pad / 2, height / 2 - pad),
            text_width(question) + pad,
            2 * pad,
            boxstyle=f"round,pad=0,rounding_size={pad / 3}",
            facecolor=theme.background,
            edgecolor=theme.rule,
            linewidth=max(1.0, theme.px(1.5)),
            animated=True,
        )
        axes.add_patch(frame)

        def move(moment: Moment) -> Sequence[Artist]:
            shown: list[Artist] = []
            for opacity, artists in (
                (moment.question_opacity, (frame, question)),
                (moment.card_opacity, (sheet, title, caption)),
            ):
                for artist in artists if opacity > 0 else ():
                    artist.set_alpha(opacity)
                    shown.append(artist)
            return shown

        return move
