"""Panels to pixels: owns the figure and its still layer."""

import io
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from animopt.clock import Moment
from animopt.layout import Box
from animopt.look import Look
from animopt.panels import Move, Panel
from animopt.plotting import Artist, Figure, FigureCanvasAgg, IdentityTransform, RendererAgg, Text, matplotlib
from animopt.recording import Recording
from animopt.typeface import FAMILY, family

Pixels = NDArray[np.uint8]

BLACK_AND_WHITE = "#000000", "#ffffff"
"""What is transparent is drawn on both grounds: how much of them shows is how transparent it is."""

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
    # Setting all three hundred takes milliseconds, and mostly few of them differ; all are known to be valid.
    users = {key: dict.__getitem__(matplotlib.rcParams, key) for key in own}
    changed = [key for key, value in own.items() if users[key] != value]
    dict.update(matplotlib.rcParams, {key: own[key] for key in changed})
    try:
        yield
    finally:
        dict.update(matplotlib.rcParams, {key: users[key] for key in changed})


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

    `stages` has one for each moment that the picture shows side by side. A `transparent` one has no ground.
    """

    def __init__(self, stages: Sequence[Stage], size: tuple[int, int], *, transparent: bool = False) -> None:
        width, height = size
        self.transparent = transparent
        with own_settings():
            # At 72 dots an inch a point is a pixel, so that every length in the panels is one in pixels.
            self.figure = Figure(figsize=(width / 72, height / 72), dpi=72, facecolor=stages[0].look.background)
            self._canvas = FigureCanvasAgg(self.figure)
            self._moves = [stage.paint(self.figure) for stage in stages]
            grounds = BLACK_AND_WHITE if transparent else (stages[0].look.background,)
            self._stills = [self._still(ground) for ground in grounds]
            self._letters = _Letters(size)

    def _still(self, ground: str) -> Pixels:
        self.figure.set_facecolor(ground)
        self._canvas.draw()
        return np.array(self._canvas.buffer_rgba())

    def draw(self, *moments: Moment) -> Pixels:
        """The picture at a moment for each stage, (height, width, 3), or with its opacity (height, width, 4)."""
        with own_settings():
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
        with own_settings():
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
            logger = logging.getLogger("fontTools")
            level = logger.level
            try:
                # Of fonts whose dates fontTools finds odd, nobody here need hear.
                logger.setLevel(logging.ERROR)
                self.figure.savefig(file, format=suffix[1:], metadata=told, facecolor=ground)
            finally:
                logger.setLevel(level)
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


class _Letters:
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
            if len(self._blocks) > MOST_TEXTS:
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
