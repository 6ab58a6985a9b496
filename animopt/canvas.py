"""Panels to pixels: owns the figure and its still layer."""

import io
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray

from animopt.clock import Moment
from animopt.layout import Box
from animopt.look import Look
from animopt.panels import Move, Panel
from animopt.recording import Array, Recording
from animopt.typeface import FAMILY, family

Pixels = NDArray[np.uint8]

MOST_TEXTS = 2000
"""As many texts are kept as pixels."""

_OWN: dict[Any, Any] = {
    key: value for key, value in matplotlib.rcParamsDefault.items() if not key.startswith(("backend", "toolbar"))
}
_OWN |= {
    "text.hinting": "no_hinting",
    "mathtext.fontset": "custom",
    "mathtext.fallback": "stixsans",
    **{f"mathtext.{style}": FAMILY for style in ("rm", "it", "sf", "tt", "cal")},
    **{f"mathtext.{style}": f"{FAMILY}:bold" for style in ("bf", "bfit")},
    "svg.hashsalt": "animopt",
    "pdf.fonttype": 42,
}


@contextmanager
def own_settings() -> Iterator[None]:
    """Draw as matplotlib ships but with our typeface, whatever the user's matplotlibrc or style says."""
    own = {**_OWN, "font.family": family()}
    # Setting all three hundred takes milliseconds, and mostly few of them differ.
    with matplotlib.rc_context({key: value for key, value in own.items() if matplotlib.rcParams[key] != value}):
        yield


@dataclass(frozen=True)
class Stage:
    """A recording, the panels that show it, by name, the box of each that is shown, and the look of all."""

    recording: Recording
    panels: Mapping[str, Panel]
    boxes: Mapping[str, Box]
    look: Look

    def paint(self, figure: Figure) -> list[Move]:
        """Put every panel that has a box on a figure, whose points are pixels; what moves in each."""
        width, height = figure.get_size_inches() * figure.dpi
        moves = []
        for name, box in self.boxes.items():
            place = (box.left / width, 1 - (box.top + box.height) / height, box.width / width, box.height / height)
            axes = figure.add_axes(place, label=name)
            moves.append(self.panels[name].draw(axes, self.recording, self.look))
        return moves


class Canvas:
    """A picture of `size` (width, height) pixels, whose still layer is painted once.

    `stages` has one for each moment that the picture shows side by side.
    """

    def __init__(self, stages: Sequence[Stage], size: tuple[int, int]) -> None:
        width, height = size
        with own_settings():
            # At 72 dots an inch a point is a pixel, so that every length in the panels is one in pixels.
            self.figure = Figure(figsize=(width / 72, height / 72), dpi=72, facecolor=stages[0].look.background)
            self._canvas = FigureCanvasAgg(self.figure)
            self._moves = [stage.paint(self.figure) for stage in stages]
            self._canvas.draw()
            self._still: Pixels = np.array(self._canvas.buffer_rgba())
            self._letters = _Letters(size)

    def draw(self, *moments: Moment) -> Pixels:
        """The picture at a moment for each stage, (height, width, 3)."""
        with own_settings():
            renderer = self._canvas.get_renderer()
            buffer = np.asarray(renderer.buffer_rgba())
            np.copyto(buffer, self._still)
            for artist in self.moved(*moments):
                # A text with a patch behind it is a label that glides, seldom twice in one place.
                if isinstance(artist, Text) and artist.get_bbox_patch() is None:
                    self._letters.draw(artist, buffer)
                else:
                    artist.draw(renderer)
        pixels = np.empty((*buffer.shape[:2], 3), dtype=np.uint8)
        for channel in range(3):
            # Five times faster than one copy of all three, which NumPy makes pixel by pixel.
            pixels[..., channel] = buffer[..., channel]
        return pixels

    def vectors(self, suffix: str, *moments: Moment) -> bytes:
        """The same picture as an .svg or .pdf file, whose lines and letters are lines and letters."""
        file = io.BytesIO()
        with own_settings():
            moving = self.figure.findobj(lambda artist: artist.get_animated())
            moved = list(self.moved(*moments))
            for order, artist in enumerate(moved):
                artist.set_zorder(100 + order)
            resting = set(moving) - set(moved)
            for artist in resting:
                artist.set_visible(False)
            # A date in the file would make it another one each time.
            date = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}[suffix]
            logger = logging.getLogger("fontTools")
            level = logger.level
            try:
                # Of fonts whose dates fontTools finds odd, nobody here need hear.
                logger.setLevel(logging.ERROR)
                self.figure.savefig(file, format=suffix[1:], metadata=date, facecolor=self.figure.get_facecolor())
            finally:
                logger.setLevel(level)
                for artist in resting:
                    artist.set_visible(True)
        return file.getvalue()

    def moved(self, *moments: Moment) -> Iterator[Artist]:
        """What moves, in its place and in the order in which it is drawn."""
        for moves, moment in zip(self._moves, moments, strict=True):
            for move in moves:
                yield from move(moment)


class _Letters:
    """Texts as pixels: one that was drawn before, in the same place and style, is not laid out again."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._renderer = RendererAgg(*size, 72)
        self._blocks: dict[object, tuple[tuple[slice, slice], Array, Array]] = {}

    def draw(self, text: Text, buffer: Pixels) -> None:
        """Lay a text over a picture (height, width, 4)."""
        if not (text.get_visible() and text.get_text()):
            return
        place, colour, alpha = self._block(text)
        under = buffer[place][..., :3]
        under[...] = np.rint(colour + (1 - alpha) * under)

    def _block(self, text: Text) -> tuple[tuple[slice, slice], Array, Array]:
        """Where a text is, its colours times their opacity (rows, columns, 3), and its opacity (rows, columns, 1)."""
        key = (
            text.get_text(),
            *text.get_transform().transform(text.get_position()),
            text.get_fontsize(),
            text.get_fontweight(),
            text.get_color(),
            text.get_alpha(),
            text.get_horizontalalignment(),
            text.get_verticalalignment(),
            text.get_math_fontfamily(),
        )
        if key not in self._blocks:
            if len(self._blocks) > MOST_TEXTS:
                self._blocks.clear()
            sheet = np.asarray(self._renderer.buffer_rgba())
            text.draw(self._renderer)
            box = text.get_window_extent(self._renderer).padded(3)
            top, bottom = (int(np.clip(sheet.shape[0] - y, 0, sheet.shape[0])) for y in (box.y1, box.y0))
            left, right = (int(np.clip(x, 0, sheet.shape[1])) for x in (box.x0, box.x1))
            place = slice(top, bottom), slice(left, right)
            block = sheet[place].astype(np.float32)
            self._renderer.clear()
            alpha = block[..., 3:] / 255
            self._blocks[key] = place, block[..., :3] * alpha, alpha
        return self._blocks[key]
