"""A picture: its figure, the static layer, and the artists that move."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from animopt.core.arrays import Pixels
from animopt.core.contexts import quiet_logger
from animopt.drawing.layout import Box
from animopt.drawing.mpl import Artist, Figure, FigureCanvasAgg, Text
from animopt.drawing.panel import Move, Panel
from animopt.drawing.rc_context import drawing_settings
from animopt.drawing.text_cache import TextCache
from animopt.drawing.theme import Theme
from animopt.recording.recording import Recording
from animopt.recording.timeline import Moment

BLACK_AND_WHITE = "#000000", "#ffffff"
"""Backgrounds on which a transparent picture is drawn. Its opacity is computed from the difference."""


@dataclass(frozen=True)
class Stage:
    """A recording and how it is shown: its panels by name, the box of each panel that is drawn, and the theme."""

    recording: Recording
    panels: Mapping[str, Panel]
    boxes: Mapping[str, Box]
    theme: Theme

    def paint(self, figure: Figure) -> list[Move]:
        """Draw the panels on a figure of 72 dots per inch. Return the function that moves each of them."""
        width, height = figure.get_size_inches() * figure.dpi
        axes = {name: figure.add_axes(box.as_fractions(width, height), label=name) for name, box in self.boxes.items()}
        return [self.panels[name].draw(each, self.recording, self.theme) for name, each in axes.items()]


class Canvas:
    """A picture of `size` (width, height) pixels, whose static layer is drawn only once.

    `stages` are shown together, each at its own moment. A `transparent` picture has no background.
    """

    def __init__(self, stages: Sequence[Stage], size: tuple[int, int], *, transparent: bool = False) -> None:
        width, height = size
        self.transparent = transparent
        background = stages[0].theme.background
        with drawing_settings():
            # At 72 dots per inch a point is a pixel, so panels give all lengths in pixels.
            self.figure = Figure(figsize=(width / 72, height / 72), dpi=72, facecolor=background)
            self._canvas = FigureCanvasAgg(self.figure)
            self._moves = [stage.paint(self.figure) for stage in stages]
            backgrounds = BLACK_AND_WHITE if transparent else (background,)
            self._static_layers = [self._static_layer(color) for color in backgrounds]
            self._texts = TextCache(size)

    def _static_layer(self, background: str) -> Pixels:
        self.figure.set_facecolor(background)
        self._canvas.draw()
        return np.array(self._canvas.buffer_rgba())

    def draw(self, *moments: Moment) -> Pixels:
        """Draw the picture at a moment for each stage, (height, width, 3), or (height, width, 4) if transparent."""
        with drawing_settings():
            artists = list(self.moving_artists(*moments))
            drawn = [self._drawn(layer, artists) for layer in self._static_layers]
        return with_alpha(*drawn) if self.transparent else drawn[0]

    def _drawn(self, static_layer: Pixels, artists: Sequence[Artist]) -> Pixels:
        renderer = self._canvas.get_renderer()
        buffer = np.asarray(renderer.buffer_rgba())
        np.copyto(buffer, static_layer)
        for artist in artists:
            if isinstance(artist, Text):
                self._texts.draw(artist, buffer)
            else:
                artist.draw(renderer)
        pixels = np.empty((*buffer.shape[:2], 3), dtype=np.uint8)
        for channel in range(3):
            # Five times faster than copying all channels at once.
            pixels[..., channel] = buffer[..., channel]
        return pixels

    def vectors(self, suffix: str, *moments: Moment, recipe: str = "") -> bytes:
        """Draw the picture as an .svg or .pdf file with vector graphics, and embed a recipe in it."""
        file = io.BytesIO()
        background = "none" if self.transparent else self.figure.get_facecolor()
        # Without a date, equal pictures are equal files.
        date, place = {".svg": ("Date", "Description"), ".pdf": ("CreationDate", "Subject")}[suffix]
        metadata = {date: None} | ({place: recipe} if recipe else {})
        with drawing_settings():
            shown = list(self.moving_artists(*moments))
            for order, artist in enumerate(shown):
                artist.set_zorder(100 + order)
            hidden = set(self.figure.findobj(lambda artist: artist.get_animated())) - set(shown)
            for artist in hidden:
                artist.set_visible(False)
            try:
                # fontTools warns of fonts with odd dates.
                with quiet_logger("fontTools"):
                    self.figure.savefig(file, format=suffix[1:], metadata=metadata, facecolor=background)
            finally:
                for artist in hidden:
                    artist.set_visible(True)
                # matplotlib has reset `stale`, by which the cache knows whether a text has changed.
                self._texts.forget_positions()
        return file.getvalue()

    def moving_artists(self, *moments: Moment) -> Iterator[Artist]:
        """Place the artists that move, and yield them in the order in which they are drawn."""
        for moves, moment in zip(self._moves, moments, strict=True):
            for move in moves:
                yield from move(moment)


def with_alpha(on_black: Pixels, on_white: Pixels) -> Pixels:
    """Return the picture with straight alpha, (height, width, 4), that looks like these two on black and on white."""
    difference = on_white.astype(np.int16) - on_black
    alpha = np.clip(255 - np.rint(difference.mean(axis=2)), 0, 255)
    with np.errstate(divide="ignore", invalid="ignore"):
        colors = np.where(alpha[..., None] > 0, 255.0 * on_black / alpha[..., None], 0)
    return np.dstack([np.clip(np.rint(colors), 0, 255), alpha]).astype(np.uint8)
