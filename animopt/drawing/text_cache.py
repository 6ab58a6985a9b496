"""Texts as bitmaps, so that an unchanged text is not laid out again."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Pixels
from animopt.drawing.mpl import IdentityTransform, RendererAgg, Text

MAX_BITMAPS = 2000
"""Maximum number of cached bitmaps."""


class TextCache:
    """Bitmaps of texts. One bitmap serves all texts with the same words, style and position within a pixel.

    `size` (width, height) is that of the picture.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self._renderer = RendererAgg(*size, 72)
        self._bitmaps: dict[object, _Bitmap] = {}
        self._placed: dict[Text, tuple[_Bitmap, int, int]] = {}

    def draw(self, text: Text, picture: Pixels) -> None:
        """Draw a text on a picture (height, width, 4)."""
        if not (text.get_visible() and text.get_text()):
            return
        # Most texts are the same as in the previous frame.
        if text.stale or text not in self._placed:
            x, y = text.get_transform().transform(text.get_position())
            self._placed[text] = self._bitmap(text, (x % 1, y % 1)), int(x // 1), int(y // 1)
            text.stale = False
        bitmap, x, y = self._placed[text]
        bitmap.paste(picture, x, picture.shape[0] - y, text.get_alpha())

    def forget_positions(self) -> None:
        """Look up the bitmap and the position of every text anew when it is next drawn."""
        self._placed.clear()

    def _bitmap(self, text: Text, phase: tuple[float, float]) -> "_Bitmap":
        key = (
            text.get_text(),
            *phase,
            text.get_fontsize(),
            text.get_fontweight(),
            text.get_color(),
            text.get_horizontalalignment(),
            text.get_verticalalignment(),
            text.get_parse_math(),
            text.get_math_fontfamily(),
        )
        if key not in self._bitmaps:
            if len(self._bitmaps) > MAX_BITMAPS:
                self._bitmaps.clear()
            self._bitmaps[key] = self._rendered(text, phase)
        return self._bitmaps[key]

    def _rendered(self, text: Text, phase: tuple[float, float]) -> "_Bitmap":
        """Draw a text on an empty sheet, cut its bitmap out, and clear the sheet."""
        sheet = np.asarray(self._renderer.buffer_rgba())
        height, width = sheet.shape[:2]
        size = float(text.get_fontsize())
        # The position at which the sheet has the most room for the text.
        side = {"left": 0.0, "center": 0.5, "right": 1.0}[text.get_horizontalalignment()]
        x, y = round(size + side * (width - 2 * size)), height // 2
        transform, position, alpha = text.get_transform(), text.get_position(), text.get_alpha()
        text.set(transform=IdentityTransform(), position=(x + phase[0], y + phase[1]), alpha=None)
        text.draw(self._renderer)
        text.set(transform=transform, position=position, alpha=alpha)
        # No letter is wider than its size.
        high, wide = (round(size * (2 + count)) for count in (2 * text.get_text().count("\n"), len(text.get_text())))
        top, left = max(0, height - y - high), max(0, x - wide)
        around = sheet[top : height - y + high, left : x + wide]
        inked = around[..., 3] > 0
        rows, columns = (_extent(inked.any(axis=axis)) for axis in (1, 0))
        ink = around[rows, columns].astype(np.float32)
        around[...] = (255, 255, 255, 0)
        opacity = ink[..., 3:] / 255
        ink[..., :3] *= opacity
        clear = (1 - np.repeat(opacity, 4, axis=2)).astype(np.float32)
        return _Bitmap(rows.start + top - (height - y), columns.start + left - x, ink, clear)


@dataclass(frozen=True, eq=False)
class _Bitmap:
    """A text's pixels, whose top left is `top` below and `left` to the right of the text's position.

    `ink` is their colors times their opacity, `clear` their transparency, both (rows, columns, 4).
    """

    top: int
    left: int
    ink: NDArray[np.float32]
    clear: NDArray[np.float32]

    def paste(self, picture: Pixels, x: int, y: int, alpha: float | None) -> None:
        """Blend the bitmap over a picture (height, width, 4) for a text at x and y from its upper left."""
        top, left = y + self.top, x + self.left
        rows = slice(max(0, -top), min(self.ink.shape[0], picture.shape[0] - top))
        columns = slice(max(0, -left), min(self.ink.shape[1], picture.shape[1] - left))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        under = picture[top + rows.start : top + rows.stop, left + columns.start : left + columns.stop]
        ink, clear = self.ink[rows, columns], self.clear[rows, columns]
        if alpha is not None:
            ink, clear = alpha * ink, 1 - alpha * (1 - clear)
        under[...] = ink + clear * under + np.float32(0.5)


def _extent(inked: Any) -> slice:
    """Return the slice from the first true value to the last."""
    positions = np.flatnonzero(inked)
    return slice(int(positions[0]), int(positions[-1]) + 1) if positions.size else slice(0, 0)
