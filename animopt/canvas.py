"""Panels to pixels: owns the figure and its still layer."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from animopt.clock import Moment
from animopt.layout import Box
from animopt.look import Look
from animopt.panels import Move, Panel
from animopt.recording import Recording

Pixels = NDArray[np.uint8]

_OWN = {key: value for key, value in matplotlib.rcParamsDefault.items() if not key.startswith(("backend", "toolbar"))}


@contextmanager
def own_settings() -> Iterator[None]:
    """Draw as matplotlib ships, whatever the user's matplotlibrc or style says."""
    with matplotlib.rc_context(_OWN):
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
    """A picture of `size` (width, height) pixels, whose still layer is painted once."""

    def __init__(
        self,
        panels: Mapping[str, Panel],
        boxes: Mapping[str, Box],
        recording: Recording,
        size: tuple[int, int],
        look: Look,
    ) -> None:
        width, height = size
        with own_settings():
            # At 72 dots an inch a point is a pixel, so that every length in the panels is one in pixels.
            self.figure = Figure(figsize=(width / 72, height / 72), dpi=72, facecolor=look.background)
            self._canvas = FigureCanvasAgg(self.figure)
            self._moves = paint(self.figure, panels, boxes, recording, look)
            self._canvas.draw()
            self._still: Pixels = np.array(self._canvas.buffer_rgba())

    def draw(self, moment: Moment) -> Pixels:
        """The picture at a moment, (height, width, 3)."""
        with own_settings():
            renderer = self._canvas.get_renderer()
            buffer = np.asarray(renderer.buffer_rgba())
            np.copyto(buffer, self._still)
            for move in self._moves:
                for artist in move(moment):
                    artist.draw(renderer)
        pixels = np.empty((*buffer.shape[:2], 3), dtype=np.uint8)
        for channel in range(3):
            # Five times faster than one copy of all three, which NumPy makes pixel by pixel.
            pixels[..., channel] = buffer[..., channel]
        return pixels
