"""A picture: the panels that draw it, its static layer, and the artists that move."""

import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from animopt.core.arrays import Pixels
from animopt.core.contexts import ForkSafeLock, quiet_logger
from animopt.core.errors import UsageError, short_repr
from animopt.drawing.fonts import FAMILY, font_family
from animopt.drawing.layout import Box
from animopt.drawing.mpl import (
    Artist,
    Axes,
    Figure,
    FigureCanvasAgg,
    IdentityTransform,
    RendererAgg,
    Text,
    matplotlib,
    open_pdf,
)
from animopt.drawing.theme import Theme
from animopt.recording.recording import Recording
from animopt.recording.timeline import Moment

__all__ = [
    "DRAWING_LOCK",
    "Artists",
    "Axes",
    "Canvas",
    "Moment",
    "Move",
    "Overlay",
    "Panel",
    "Recording",
    "Stage",
    "Theme",
    "drawing_settings",
]

Artists = Sequence[Artist]

Move = Callable[[Moment], Artists]
"""A function that places the moving artists for a moment, and returns them in the order in which they are drawn.

It sets every property that it touches, so that a frame depends only on its moment.
"""

_SETTINGS: dict[Any, Any] = {
    **{key: value for key, value in matplotlib.rcParamsDefault.items() if not key.startswith(("backend", "toolbar"))},
    "text.hinting": "no_hinting",
    "mathtext.fontset": "custom",
    "mathtext.fallback": "stixsans",
    **{f"mathtext.{style}": FAMILY for style in ("rm", "sf", "tt", "cal")},
    **{f"mathtext.{style}": f"{FAMILY}:bold" for style in ("bf", "bfit")},
    "mathtext.it": f"{FAMILY}:italic",
    "svg.hashsalt": "animopt",
    "pdf.fonttype": 42,
}

DRAWING_LOCK = ForkSafeLock()
"""A lock that lets threads draw one at a time, because the settings belong to the whole process."""

MAX_BITMAPS = 2000
"""Maximum number of cached bitmaps."""


@contextmanager
def drawing_settings() -> Iterator[None]:
    """Draw with matplotlib's defaults and the typeface of animopt, regardless of the user's matplotlibrc and style."""
    # matplotlib documents `_get` and `_set` as stable API. `rc_context` copies and validates all settings, which takes
    # 0.3 ms a frame. One context cannot span several frames: the caller's code runs between them.
    settings = {**_SETTINGS, "font.family": font_family()}
    with DRAWING_LOCK:
        user_values = {key: value for key, own in settings.items() if (value := matplotlib.rcParams._get(key)) != own}
        for key in user_values:
            matplotlib.rcParams._set(key, settings[key])
        try:
            yield
        finally:
            for key, value in user_values.items():
                matplotlib.rcParams._set(key, value)


class Panel(Protocol):
    """Something that draws one aspect of a race."""

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the static parts on the axes, and return the function that moves the rest."""
        ...


class Overlay(Protocol):
    """Something that draws one aspect of a racer on the contour lines of a panel.

    An overlay that draws a key has `reserved`, which has the arguments of `draw` and returns the centers and sizes of
    the boxes in pixels, (boxes, 4), that labels and insets do not cover.
    """

    above: bool
    """Whether the moving artists are drawn above the trails."""

    def draw(self, axes: Axes, recording: Recording, theme: Theme, racer: int) -> Move:
        """Draw the static parts for a racer, and return the function that moves the rest."""
        ...


class Painter(Protocol):
    """Something that paints a picture, or a part of it, on a figure."""

    @property
    def theme(self) -> Theme:
        """The theme, whose background the picture has."""

    def paint(self, figure: Figure) -> list[Move]:
        """Draw on a figure of 72 dots per inch, and return the functions that move the rest."""
        ...


@dataclass(frozen=True)
class Stage:
    """A recording and how it is shown: its panels by name, the box of each panel that is drawn, and the theme."""

    recording: Recording
    panels: Mapping[str, Panel]
    boxes: Mapping[str, Box]
    theme: Theme

    def paint(self, figure: Figure) -> list[Move]:
        """Draw the panels on a figure of 72 dots per inch. Return the function that moves each of them."""
        axes = {
            name: figure.add_axes(box.as_fractions(*72 * figure.get_size_inches()), label=name)
            for name, box in self.boxes.items()
        }
        return [self.panels[name].draw(each, self.recording, self.theme) for name, each in axes.items()]


class Canvas:
    """A picture of `size` (width, height) pixels, whose static layer is drawn only once.

    `stages` are shown together, each at its own moment. A `transparent` picture has no background.
    """

    def __init__(self, stages: Sequence[Painter], size: tuple[int, int], *, transparent: bool = False) -> None:
        self.transparent = transparent
        self._static_layers: list[Pixels] = []
        self._texts = TextCache(size)
        with drawing_settings():
            # At 72 dots per inch a point is a pixel, so panels give all lengths in pixels.
            self.figure = Figure(figsize=(size[0] / 72, size[1] / 72), dpi=72)
            self._canvas = FigureCanvasAgg(self.figure)
            self._moves = [stage.paint(self.figure) for stage in stages]
            # A transparent picture is drawn on black and on white. Its opacity is computed from the difference.
            for background in ("#000000", "#ffffff") if transparent else (stages[0].theme.background,):
                self.figure.set_facecolor(background)
                self._canvas.draw()
                self._static_layers.append(np.array(self._canvas.buffer_rgba()))

    def draw(self, *moments: Moment, out: Pixels | None = None) -> Pixels:
        """Draw the picture at a moment for each stage, (height, width, 3), or (height, width, 4) if transparent.

        Its pixels are written to `out` of this shape, or to a new array.
        """
        with drawing_settings():
            artists = list(self.moving_artists(*moments))
            if not self.transparent:
                return without_alpha(self._drawn(self._static_layers[0], artists), out)
            on_black, on_white = (without_alpha(self._drawn(layer, artists)) for layer in self._static_layers)
        picture = with_alpha(on_black, on_white)
        if out is None:
            return picture
        np.copyto(out, picture)
        return out

    def _drawn(self, static_layer: Pixels, artists: Sequence[Artist]) -> Pixels:
        """Return the buffer of the renderer, (height, width, 4), after drawing artists on a static layer."""
        renderer = self._canvas.get_renderer()
        buffer = np.asarray(renderer.buffer_rgba())
        np.copyto(buffer, static_layer)
        for artist in artists:
            if isinstance(artist, Text):
                self._texts.draw(artist, buffer)
            else:
                artist.draw(renderer)
        return buffer

    def vectors(self, suffix: str, *moments: Moment, recipe: str = "") -> bytes:
        """Draw the picture as an .svg or .pdf file with vector graphics, and embed a recipe in it."""
        _check_date()
        file = io.BytesIO()
        # Without a date, equal pictures are equal files.
        date, place = {".svg": ("Date", "Description"), ".pdf": ("CreationDate", "Subject")}[suffix]
        metadata = {date: None} | ({place: recipe} if recipe else {})
        # fontTools warns of fonts with odd dates.
        with drawing_settings(), quiet_logger("fontTools"):
            shown = list(self.moving_artists(*moments))
            for order, artist in enumerate(shown):
                artist.set_zorder(100 + order)
            hidden = set(self.figure.findobj(lambda artist: artist.get_animated())) - set(shown)
            for artist in hidden:
                artist.set_visible(False)
            self.figure.savefig(
                file, format=suffix[1:], metadata=metadata, facecolor="none" if self.transparent else "auto"
            )
            for artist in hidden:
                artist.set_visible(True)
        # matplotlib has reset `stale`, by which the cache knows whether a text has changed.
        self._texts = TextCache(self._canvas.get_width_height())
        return file.getvalue()

    def moving_artists(self, *moments: Moment) -> Iterator[Artist]:
        """Place the artists that move, and yield them in the order in which they are drawn."""
        for moves, moment in zip(self._moves, moments, strict=True):
            for move in moves:
                yield from move(moment)


def vector_pages(figures: Iterable[Figure], title: str) -> bytes:
    """Return figures as the pages of a PDF with a title. Equal figures give equal bytes."""
    _check_date()
    file = io.BytesIO()
    with (
        drawing_settings(),
        quiet_logger("fontTools"),
        open_pdf(file, {"CreationDate": None, "Title": title}) as pages,
    ):
        for figure in figures:
            pages.savefig(figure)
    return file.getvalue()


def _check_date() -> None:
    """Raise UsageError for a date of builds that matplotlib reads, though no picture contains it, and cannot use."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH", "")
    try:
        datetime.fromtimestamp(int(seconds or 0), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f"SOURCE_DATE_EPOCH {short_repr(seconds)}: unset this environment variable, or give it seconds since 1970"
        ) from error


def without_alpha(picture: Pixels, out: Pixels | None = None) -> Pixels:
    """Return the first three channels of a picture (height, width, 4), in `out` (height, width, 3) or a new array."""
    if out is None:
        out = np.empty((*picture.shape[:2], 3), dtype=np.uint8)
    pixels = picture.view(np.uint32).reshape(-1)[:-1]
    # The first byte of each pixel replaces the fourth of the one before. This takes a third of the time that copying
    # one channel after the other takes.
    np.ndarray(len(pixels), np.uint32, out, strides=(3,))[:] = pixels
    out[-1, -1] = picture[-1, -1, :3]
    return out


def with_alpha(on_black: Pixels, on_white: Pixels) -> Pixels:
    """Return the picture with straight alpha, (height, width, 4), that looks like these two on black and on white."""
    alpha = np.clip(255 - np.rint(np.mean(on_white.astype(np.int16) - on_black, axis=2)), 0, 255)
    with np.errstate(divide="ignore", invalid="ignore"):
        colors = np.where(alpha[..., None] > 0, 255.0 * on_black / alpha[..., None], 0)
    return np.dstack([np.clip(np.rint(colors), 0, 255), alpha]).astype(np.uint8)


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
        first_column, first_row, last_column, last_row = Image.fromarray(around[..., 3]).getbbox() or (0, 0, 0, 0)
        ink = around[first_row:last_row, first_column:last_column].astype(np.float32)
        around[...] = (255, 255, 255, 0)
        opacity = ink[..., 3:] / 255
        ink[..., :3] *= opacity
        clear = (1 - np.repeat(opacity, 4, axis=2)).astype(np.float32)
        return _Bitmap(first_row + top - (height - y), first_column + left - x, ink, clear)


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
