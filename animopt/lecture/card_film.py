"""A card as frames: words on an empty picture."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from animopt.core.arrays import Pixels
from animopt.drawing.artists import use_pixel_units
from animopt.drawing.canvas import DRAWING_LOCK, Canvas, Move
from animopt.drawing.fonts import font_remedy, missing_letters, replace_missing
from animopt.drawing.layout import pixel_unit
from animopt.drawing.mpl import Figure
from animopt.drawing.text import TextWidths, fit_text, write
from animopt.drawing.theme import THEMES, Theme
from animopt.recording.timeline import Moment
from animopt.video.film import check_mathtexts

SIZES = (64.0, 54.0, 45.0, 38.0, 32.0)
"""Type sizes of the words. The largest with which they need few lines is taken."""

MAX_LINES = 4
"""Maximum number of lines, unless the words do not fit in the smallest type."""

WIDTH = 0.8
"""Maximum width of a line as a fraction of the picture's width."""


@dataclass(frozen=True)
class CardPainter:
    """Paints the words in the middle of a picture, and a smaller caption below them."""

    text: str
    caption: str
    theme: Theme

    def paint(self, figure: Figure) -> list[Move]:
        """Draw the words. Nothing moves."""
        axes = figure.add_axes((0, 0, 1, 1))
        width, height = use_pixel_units(axes)
        theme, widths = self.theme, TextWidths(axes)
        room = WIDTH * width
        for each in SIZES:
            size = theme.text(each)
            lines = wrapped(self.text, lambda line, size=size: size * widths(line, "bold"), room)
            if len(lines) <= MAX_LINES:
                break
        small = theme.text(24)
        captions = wrapped(self.caption, lambda line: small * widths(line), room) if self.caption else []
        pitch, small_pitch = 1.25 * size, 1.45 * small
        gap = 0.8 * small if captions else 0.0
        top = (height - pitch * len(lines) - gap - small_pitch * len(captions)) / 2
        for number, line in enumerate(lines):
            style: dict[str, Any] = {"ha": "center", "va": "center_baseline", "fontweight": "bold"}
            fit_text(write(axes, width / 2, top + (number + 0.5) * pitch, line, size, theme.ink, **style), room, size)
        top += pitch * len(lines) + gap
        for number, line in enumerate(captions):
            style = {"ha": "center", "va": "center_baseline"}
            row = top + (number + 0.5) * small_pitch
            fit_text(write(axes, width / 2, row, line, small, theme.muted, **style), room, small)
        return []


def wrapped(text: str, width_of: Any, room: float) -> list[str]:
    """Divide a text into as few lines as possible that are at most `room` wide, of about the same width.

    `width_of` returns the width of a line. Line breaks in the text are kept, and mathtext is not divided.
    """
    return [line for paragraph in text.splitlines() for line in _balanced(_words(paragraph), width_of, room)]


def _words(paragraph: str) -> list[str]:
    """Return the words of a paragraph. A mathtext with spaces is one word."""
    words: list[str] = []
    for word in paragraph.split():
        if words and words[-1].count(r"\(") > words[-1].count(r"\)"):
            words[-1] += f" {word}"
        else:
            words.append(word)
    return words


def _balanced(words: Sequence[str], width_of: Any, room: float) -> list[str]:
    lines = _filled(words, width_of, room)
    # The narrowest room with which there are not more lines.
    narrow, wide = 0.0, room
    for _ in range(12):
        middle = (narrow + wide) / 2
        if len(_filled(words, width_of, middle)) > len(lines):
            narrow = middle
        else:
            wide = middle
    return _filled(words, width_of, wide)


def _filled(words: Sequence[str], width_of: Any, room: float) -> list[str]:
    lines: list[str] = []
    for word in words:
        if lines and width_of(f"{lines[-1]} {word}") <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]


class CardFilm:
    """A card of `size` (width, height) pixels, which does not move.

    Raises UsageError for words with mathtext that cannot be typeset.
    """

    def __init__(self, text: str, caption: str, size: tuple[int, int], theme: str) -> None:
        self.size = size
        self._words, self._theme = (text, caption), theme
        check_mathtexts(self._words, [])
        if missing := missing_letters("".join(self._words)):
            warnings.warn(font_remedy(missing), stacklevel=2)
        self._painter = CardPainter(
            replace_missing(text, missing),
            replace_missing(caption, missing),
            THEMES[theme].scaled(pixel_unit(*size), size),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return CardFilm, (*self._words, self.size, self._theme)

    def at(self, second: float, out: Pixels | None = None) -> Pixels:
        """Return the frame at any second, in the array `out` or a new one."""
        with DRAWING_LOCK:
            return Canvas([self._painter], self.size).draw(Moment(0.0), out=out)
