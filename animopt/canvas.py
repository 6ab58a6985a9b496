"""Panels to pixels: owns the figure and its still layer."""

import io
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from animopt.clock import Moment
from animopt.layout import Box
from animopt.look import Look
from animopt.panels import Move, Panel
from animopt.recording import Recording
from animopt.typeface import FAMILY, family

Pixels = NDArray[np.uint8]

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
    with matplotlib.rc_context({**_OWN, "font.family": family()}):
        yield


def paint(
    figure: Figure, panels: Mapping[str, Panel], boxes: Mapping[str, Box], recording: Recording, look: Look
) -> list[Move]:
    """Put every panel that has a box on a figure, whose points are pixels; what moves in each."""
    width, height = figure.get_size_inches() * figure.dpi
    moves = []
    for name, box in boxes.items():
        place = (box.left / width, 1 - (box.top + box.height) / height, box.width / width, box.height / height)
        moves.append(panels[name].draw(figure.add_axes(place, label=name), recording, look))
    return moves


class Canvas:
    """A picture of `size` (width, height) pixels, whose still layer is painted once.

    `copies` are the boxes of the panels, once for each moment that the picture shows side by side.
    """

    def __init__(
        self,
        panels: Mapping[str, Panel],
        copies: Sequence[Mapping[str, Box]],
        recording: Recording,
        size: tuple[int, int],
        look: Look,
    ) -> None:
        width, height = size
        with own_settings():
            # At 72 dots an inch a point is a pixel, so that every length in the panels is one in pixels.
            self.figure = Figure(figsize=(width / 72, height / 72), dpi=72, facecolor=look.background)
            self._canvas = FigureCanvasAgg(self.figure)
            self._moves = [paint(self.figure, panels, boxes, recording, look) for boxes in copies]
            self._canvas.draw()
            self._still: Pixels = np.array(self._canvas.buffer_rgba())

    def draw(self, *moments: Moment) -> Pixels:
        """The picture at a moment for each copy of the panels, (height, width, 3)."""
        with own_settings():
            renderer = self._canvas.get_renderer()
            buffer = np.asarray(renderer.buffer_rgba())
            np.copyto(buffer, self._still)
            for artist in self.moved(*moments):
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
            # Of fonts whose dates fontTools finds odd, nobody here need hear.
            logging.getLogger("fontTools").setLevel(logging.ERROR)
            self.figure.savefig(file, format=suffix[1:], metadata=date, facecolor=self.figure.get_facecolor())
            for artist in resting:
                artist.set_visible(True)
        return file.getvalue()

    def moved(self, *moments: Moment) -> Iterator[Artist]:
        """What moves, in its place and in the order in which it is drawn."""
        for moves, moment in zip(self._moves, moments, strict=True):
            for move in moves:
                yield from move(moment)
