"""The content of a slide."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from animopt.drawing.layout import content_inset
from animopt.drawing.theme import Theme


@dataclass(frozen=True)
class Slide:
    """A scene as a slide.

    `clip` is an MP4 file and `poster` a PNG file, both of `size` (width, height) in pixels; `alt` is the alt text of
    both. The clip is `seconds` long. `about` are paragraphs for the speaker's notes, and `beats` are the events of the
    race, each with its second of the clip. The slide has the background and the text color of the clip's `theme`.
    """

    name: str
    title: str
    lang: str
    clip: Path
    poster: Path
    size: tuple[int, int]
    seconds: float
    alt: str
    about: Sequence[str]
    beats: Sequence[tuple[float, str]]
    theme: Theme

    @property
    def inset(self) -> float:
        """Left margin of the clip's content and of the title, as a fraction of the clip's width."""
        return content_inset(*self.size)

    @property
    def ems(self) -> float:
        """Approximate width of the title, as a multiple of its font size."""
        # A letter is about half as wide as high; Chinese, Japanese and Korean characters are as wide as high.
        wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in self.title)
        return max(1.0, wide + 0.55 * (len(self.title) - wide))

    @property
    def notes(self) -> list[str]:
        """The speaker's notes, as paragraphs."""
        cues = [f"{second:.1f} s: {sentence}" for second, sentence in self.beats]
        return [*self.about, *(["Point at:"] if cues else []), *cues]


def plain_text(text: str) -> str:
    r"""Return a text in one line, without control characters and math: "β = 0.9" for `\(\beta = 0.9\)`."""
    text = re.sub(r"\\\((.+?)\\\)", lambda math: re.sub(r"\\([A-Za-z]+) ?", _greek_letter, math[1]), text)
    kept = (letter for letter in text if letter.isspace() or unicodedata.category(letter) not in ("Cc", "Cs"))
    return " ".join("".join(kept).split())


def _greek_letter(command: re.Match[str]) -> str:
    case = "CAPITAL" if command[1][0].isupper() else "SMALL"
    try:
        return unicodedata.lookup(f"GREEK {case} LETTER {command[1]}")
    except KeyError:
        return command[0]


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a docstring, each in one line."""
    return [plain_text(paragraph) for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip()]
