"""Panels to pixels: owns the figure and its still layer."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from animopt.core.arrays import Pixels
from animopt.core.loggers import quiet_logger
from animopt.drawing.layout import Box
from animopt.drawing.mpl import Artist, Figure, FigureCanvasAgg, Text
from animopt.drawing.panel import Move, Panel
from animopt.drawing.rc_context import drawing_settings
from animopt.drawing.text_cache import TextCache
from animopt.drawing.theme import Theme
from animopt.recording.recording import Recording
from animopt.recording.timeline import Moment

BLACK_AND_WHITE = "#000000", "#ffffff"
"""What is transparent is drawn on both grounds: how much of them shows is how transparent it is."""


@dataclass(frozen=True)
class Stage:
    """A recording, the panels that show it, by name, the box of each that is shown, and the look of all."""

    recording: Recording
    panels: Mapping[str, Panel]
    boxes: Mapping[str, Box]
    theme: Theme

    def paint(self, figure: Figure) -> list[Move]:
        """Put every panel that has a box on a figure, whose points are pixels; what moves in each."""
        width, height = figure.get_size_inches() * figure.dpi
        moves = []
        for name, box in self.boxes.items():
            place = (box.left / width, 1 - (box.top + box.height) / height, box.width / width, box.height / height)
            axes = figure.add_axes(place, label=name)
            moves.append(self.panels[name].draw(axes, self.recording, self.theme))
        return moves


class Canvas:
    """A picture of `size` (width, height) pixels, whose still layer is painted once.

    `stages` has one for each moment that the picture shows side by side. A `transparent` one has no ground.
    """

    def __init__(self, stages: Sequence[Stage], size: tuple[int, int], *, transparent: bool = False) -> None:
        width, height = size
        self.transparent = transparent
        with drawing_settings():
            # At 72 dots an inch a point is a pixel, so that every length in the panels is one in pixels.
            self.figure = Figure(figsize=(width / 72, height / 72), dpi=72, facecolor=stages[0].theme.background)
            self._canvas = FigureCanvasAgg(self.figure)
            self._moves = [stage.paint(self.figure) for stage in stages]
            grounds = BLACK_AND_WHITE if transparent else (stages[0].theme.background,)
            self._stills = [self._still(ground) for ground in grounds]
            self._letters = TextCache(size)

    def _still(self, ground: str) -> Pixels:
        self.figure.set_facecolor(ground)
        self._canvas.draw()
        return np.array(self._canvas.buffer_rgba())

    def draw(self, *moments: Moment) -> Pixels:
        """The picture at a moment for each stage, (height, width, 3), or with its opacity (height, width, 4)."""
        with drawing_settings():
            artists = list(self.moved(*moments))
            drawn = [self._drawn(still, artists) for still in self._stills]
        return seen_through(*drawn) if self.transparent else drawn[0]

    def _drawn(self, still: Pixels, artists: Sequence[Artist]) -> Pixels:
        renderer = self._canvas.get_renderer()
        buffer = np.asarray(renderer.buffer_rgba())
        np.copyto(buffer, still)
        for artist in artists:
            if isinstance(artist, Text):
                self._letters.draw(artist, buffer)
            else:
                artist.draw(renderer)
        pixels = np.empty((*buffer.shape[:2], 3), dtype=np.uint8)
        for channel in range(3):
            # Five times faster than one copy of all three, which NumPy makes pixel by pixel.
            pixels[..., channel] = buffer[..., channel]
        return pixels

    def vectors(self, suffix: str, *moments: Moment, recipe: str = "") -> bytes:
        """The same picture as an .svg or .pdf file, whose lines and letters are lines and letters, with a recipe."""
        file = io.BytesIO()
        ground = "none" if self.transparent else self.figure.get_facecolor()
        with drawing_settings():
            moving = self.figure.findobj(lambda artist: artist.get_animated())
            moved = list(self.moved(*moments))
            for order, artist in enumerate(moved):
                artist.set_zorder(100 + order)
            resting = set(moving) - set(moved)
            for artist in resting:
                artist.set_visible(False)
            # A date in the file would make it another one each time.
            date, place = {".svg": ("Date", "Description"), ".pdf": ("CreationDate", "Subject")}[suffix]
            told = {date: None} | ({place: recipe} if recipe else {})
            try:
                # fontTools warns of fonts with odd dates.
                with quiet_logger("fontTools"):
                    self.figure.savefig(file, format=suffix[1:], metadata=told, facecolor=ground)
            finally:
                for artist in resting:
                    artist.set_visible(True)
                # What matplotlib has drawn itself, it no longer tells apart from what stands where it stood.
                self._letters.forget_places()
        return file.getvalue()

    def moved(self, *moments: Moment) -> Iterator[Artist]:
        """What moves, in its place and in the order in which it is drawn."""
        for moves, moment in zip(self._moves, moments, strict=True):
            for move in moves:
                yield from move(moment)


def seen_through(on_black: Pixels, on_white: Pixels) -> Pixels:
    """The picture (height, width, 4), with straight alpha, that looks like these (height, width, 3) on both grounds."""
    shown = on_white.astype(np.int16) - on_black
    alpha = np.clip(255 - np.rint(shown.mean(axis=2)), 0, 255)
    with np.errstate(divide="ignore", invalid="ignore"):
        colours = np.where(alpha[..., None] > 0, 255.0 * on_black / alpha[..., None], 0)
    return np.dstack([np.clip(np.rint(colours), 0, 255), alpha]).astype(np.uint8)
