"""What a slide says and shows, whatever file it is in."""

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

    Its `name`; its `title`, in the language `lang`; the files of its clip, an MP4, and of a still of it, a PNG, both of
    `size` (width, height) pixels; the clip's length in `seconds`; a text for those who cannot see the clip; what the
    speaker is told of the scene, as paragraphs, and what there is to point at, as pairs of a second and a sentence;
    and the look of the clip, whose background is the slide's own.
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
        """Where the clip's contents begin, in parts of its width; the title begins there too."""
        return content_inset(*self.size)

    @property
    def ems(self) -> float:
        """About how long the title is, in parts of its type size."""
        # A letter is about as wide as half its height, one of Chinese, Japanese or Korean as its height.
        wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in self.title)
        return max(1.0, wide + 0.55 * (len(self.title) - wide))

    @property
    def notes(self) -> list[str]:
        """The speaker's notes, as paragraphs."""
        cues = [f"{second:.1f} s: {sentence}" for second, sentence in self.beats]
        return [*self.about, *(["Point at:"] if cues else []), *cues]


def plain_text(words: str) -> str:
    r"""Words in one line, without control characters and the marks of maths: "β = 0.9" for `\(\beta = 0.9\)`."""
    words = re.sub(r"\\\((.+?)\\\)", lambda maths: re.sub(r"\\([A-Za-z]+) ?", _letter, maths[1]), words)
    kept = (letter for letter in words if letter.isspace() or unicodedata.category(letter) not in ("Cc", "Cs"))
    return " ".join("".join(kept).split())


def _letter(command: re.Match[str]) -> str:
    case = "CAPITAL" if command[1][0].isupper() else "SMALL"
    try:
        return unicodedata.lookup(f"GREEK {case} LETTER {command[1]}")
    except KeyError:
        return command[0]


def paragraphs(words: str) -> list[str]:
    """The paragraphs of a docstring, each in one line."""
    return [plain_text(paragraph) for paragraph in re.split(r"\n\s*\n", words) if paragraph.strip()]
