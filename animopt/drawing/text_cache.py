"""Texts as bitmaps, so that an unchanged text is not laid out again."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Pixels
from animopt.drawing.mpl import IdentityTransform, RendererAgg, Text

MAX_TEXTS = 2000
"""As many texts are kept as pixels."""


class TextCache:
    """Texts as pixels: one that was drawn before, in the same style and place within a pixel, is not laid out again."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._renderer = RendererAgg(*size, 72)
        self._blocks: dict[object, _Block] = {}
        self._placed: dict[Text, tuple[_Block, int, int]] = {}

    def draw(self, text: Text, buffer: Pixels) -> None:
        """Lay a text over a picture (height, width, 4)."""
        if not (text.get_visible() and text.get_text()):
            return
        # Most texts are those of the frame before.
        if text.stale or text not in self._placed:
            x, y = text.get_transform().transform(text.get_position())
            self._placed[text] = self._block(text, (x % 1, y % 1)), int(x // 1), int(y // 1)
            text.stale = False
        block, right, up = self._placed[text]
        height, width = block.ink.shape[:2]
        top, left = buffer.shape[0] - up + block.top, right + block.left
        rows = slice(max(0, -top), min(height, buffer.shape[0] - top))
        columns = slice(max(0, -left), min(width, buffer.shape[1] - left))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        under = buffer[top + rows.start : top + rows.stop, left + columns.start : left + columns.stop]
        ink, clear = block.ink[rows, columns], block.clear[rows, columns]
        if (opacity := text.get_alpha()) is not None:
            ink, clear = opacity * ink, 1 - opacity * (1 - clear)
        under[...] = ink + clear * under + np.float32(0.5)

    def forget_places(self) -> None:
        """Look at every text again when it is next drawn."""
        self._placed.clear()

    def _block(self, text: Text, phase: tuple[float, float]) -> "_Block":
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
        if key not in self._blocks:
            if len(self._blocks) > MAX_TEXTS:
                self._blocks.clear()
            self._blocks[key] = self._drawn(text, phase)
        return self._blocks[key]

    def _drawn(self, text: Text, phase: tuple[float, float]) -> "_Block":
        sheet = np.asarray(self._renderer.buffer_rgba())
        height, width = sheet.shape[:2]
        size = float(text.get_fontsize())
        # Where the sheet has the most room for it.
        side = {"left": 0.0, "center": 0.5, "right": 1.0}[text.get_horizontalalignment()]
        right, up = round(size + side * (width - 2 * size)), height // 2
        transform, place, alpha = text.get_transform(), text.get_position(), text.get_alpha()
        text.set(transform=IdentityTransform(), position=(right + phase[0], up + phase[1]), alpha=None)
        text.draw(self._renderer)
        text.set(transform=transform, position=place, alpha=alpha)
        # No letter is wider than its size.
        high, wide = (round(size * (2 + count)) for count in (2 * text.get_text().count("\n"), len(text.get_text())))
        top, left = max(0, height - up - high), max(0, right - wide)
        around = sheet[top : height - up + high, left : right + wide]
        inked: NDArray[np.bool_] = around[..., 3] > 0
        rows, columns = (_extent(inked.any(axis=axis)) for axis in (1, 0))
        ink = around[rows, columns].astype(np.float32)
        around[...] = (255, 255, 255, 0)
        opacity = ink[..., 3:] / 255
        ink[..., :3] *= opacity
        clear = (1 - np.repeat(opacity, 4, axis=2)).astype(np.float32)
        return _Block(rows.start + top - (height - up), columns.start + left - right, ink, clear)


@dataclass(frozen=True, eq=False)
class _Block:
    """A text's pixels, whose upper left is `top` down and `left` to the right of the text's place.

    Its colours times their opacity, and how much shows of what is under it, both (rows, columns, 4).
    """

    top: int
    left: int
    ink: NDArray[np.float32]
    clear: NDArray[np.float32]


def _extent(inked: Any) -> slice:
    """From the first to the last that is true."""
    places = np.flatnonzero(inked)
    return slice(int(places[0]), int(places[-1]) + 1) if places.size else slice(0, 0)
