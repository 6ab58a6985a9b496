"""The title card, and a question to the class."""

from dataclasses import dataclass
from typing import final

from animopt.drawing.artists import use_pixel_units
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.mpl import FancyBboxPatch, Rectangle
from animopt.drawing.text import fit_text, text_width, write


@final
@dataclass(frozen=True)
class Card:
    """Over the whole picture: a card with the title and the caption, or a question above the race."""

    caption: str = ""
    question: str = ""

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw nothing that does not move. The card and the question fade in and out."""
        width, height = use_pixel_units(axes)
        card = axes.add_patch(Rectangle((0, 0), width, height, facecolor=theme.background, animated=True))
        texts = (
            write(
                axes,
                width / 2,
                height / 2 + down,
                words,
                size,
                theme.ink,
                fontweight=weight,
                ha="center",
                va="center_baseline",
                animated=True,
            )
            for words, size, down, weight in (
                (recording.title, theme.text(48), -theme.text(20), "bold"),
                (self.caption, theme.text(24), theme.text(36), "normal"),
                (self.question, theme.text(34), 0.0, "bold"),
            )
        )
        title, caption, question = (fit_text(text, 0.86 * width, theme.text(20)) for text in texts)
        pad = theme.text(34)
        frame = axes.add_patch(
            FancyBboxPatch(
                (width / 2 - text_width(question) / 2 - pad / 2, height / 2 - pad),
                text_width(question) + pad,
                2 * pad,
                boxstyle=f"round,pad=0,rounding_size={pad / 3}",
                facecolor=theme.background,
                edgecolor=theme.rule,
                linewidth=max(1.0, theme.px(1.5)),
                animated=True,
            )
        )

        def move(moment: Moment) -> Artists:
            opacities = dict.fromkeys([frame, question], moment.question_opacity)
            opacities |= dict.fromkeys([card, title, caption], moment.card_opacity)
            for artist, opacity in opacities.items():
                artist.set_alpha(opacity)
            return [artist for artist, opacity in opacities.items() if opacity > 0]

        return move
