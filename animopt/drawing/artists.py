"""Artists that several panels draw: trails, heads, dots, badges, images."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.drawing.mpl import (
    Affine2D,
    Artist,
    Axes,
    IdentityTransform,
    Line2D,
    MarkerStyle,
    Path,
    PathPatch,
    RendererBase,
    Text,
    TransformedPath,
)
from animopt.drawing.text import text_width
from animopt.drawing.theme import Theme

HEAD_SIZE = 13.0
"""Size of a racer's head, in pixels of a 1280 × 720 picture."""

TRAIL_WIDTH = 3.0
"""Width of a racer's trail, in pixels of a 1280 × 720 picture."""

STEP_SIZE = 5.0
"""Diameter of the dot at each step, in pixels of a 1280 × 720 picture."""

# Markers of one nominal size differ in area. These factors make them look equally large.
_SIZE_FACTORS = {
    "o": 1.0,
    "s": 0.9,
    "^": 1.2,
    "v": 1.2,
    "<": 1.2,
    ">": 1.2,
    "D": 0.82,
    "P": 1.1,
    "X": 1.1,
    "*": 1.35,
}


class _PixelPath(PathPatch):
    """A path in pixels from the figure's lower left, which is drawn faster than matplotlib's own patches."""

    def __init__(self, axes: Axes, **style: Any) -> None:
        super().__init__(Path(np.empty((0, 2))), transform=IdentityTransform(), **style)
        axes.add_artist(self)

    def draw(self, renderer: RendererBase) -> None:
        """Draw the path."""
        path = self.get_path()
        if not (self.get_visible() and np.size(path.vertices)):
            return
        context = renderer.new_gc()
        if self.get_clip_on():
            context.set_clip_rectangle(self.get_clip_box())
            context.set_clip_path(cast("TransformedPath | None", self.get_clip_path()))
        context.set_foreground(self.get_edgecolor())
        context.set_linewidth(cast("float", renderer.points_to_pixels(float(self.get_linewidth()))))
        context.set_capstyle(self.get_capstyle())
        context.set_joinstyle(self.get_joinstyle())
        renderer.draw_path(context, path, IdentityTransform(), self.get_facecolor() if self.get_fill() else None)
        context.restore()


class Markers(_PixelPath):
    """One shape at several positions, which are not rounded to whole pixels as those of matplotlib's markers are.

    The argument `shape` is a path in pixels. The attribute `shape` holds its vertices (vertices, 2).
    """

    def __init__(self, axes: Axes, shape: Path, **style: Any) -> None:
        super().__init__(axes, joinstyle="miter", **style)
        self.shape = np.asarray(shape.vertices)
        self._codes = np.asarray(shape.codes)
        self._axes = axes

    def set_positions(self, positions: Array) -> "Markers":
        """Draw the shape at positions (any, 2) in the units of the axes. NaN is not drawn."""
        return self.set_pixels(self._axes.transData.transform(positions))

    def set_pixels(self, pixels: Array) -> "Markers":
        """Draw the shape at positions (any, 2) in pixels from the figure's lower left. NaN is not drawn."""
        pixels = pixels[np.isfinite(pixels).all(axis=1)]
        vertices = (pixels[:, None] + self.shape).reshape(-1, 2)
        if len(self._codes) < len(vertices):
            self._codes = np.tile(self._codes, -(-len(vertices) // len(self._codes)))
        self.set_path(Path(vertices, self._codes[: len(vertices)]))
        return self


class PixelLine(_PixelPath):
    """A moving line through points in pixels from the figure's lower left."""

    def __init__(self, axes: Axes, color: str, width: float) -> None:
        super().__init__(
            axes,
            fill=False,
            edgecolor=color,
            linewidth=width,
            capstyle="round",
            joinstyle="round",
            zorder=Line2D.zorder,
            animated=True,
        )

    def set_pixels(self, pixels: Array) -> "PixelLine":
        """Draw the line through points (any, 2). NaN breaks it."""
        self.set_path(Path(pixels))
        return self


class PixelImage(Artist):
    """Pixels drawn on an axes one to one. matplotlib's own images are resampled for each frame, which is too slow.

    `shape` is (height, width) in pixels.
    """

    def __init__(self, axes: Axes, *, animated: bool) -> None:
        super().__init__()
        box = axes.get_window_extent()
        self._left, self._bottom = round(box.x0), round(box.y0)
        self.shape = max(1, round(box.y1) - self._bottom), max(1, round(box.x1) - self._left)
        self._pixels = np.zeros((*self.shape, 4), dtype=np.uint8)
        self.set_animated(animated)
        axes.add_artist(self)

    def set_pixels(self, pixels: NDArray[np.uint8]) -> "PixelImage":
        """Show pixels (height, width, 4), the top row first."""
        self._pixels = pixels
        return self

    def draw(self, renderer: RendererBase) -> None:
        """Draw the pixels."""
        if self.get_visible():
            context = renderer.new_gc()
            renderer.draw_image(context, self._left, self._bottom, self._pixels[::-1])
            context.restore()


class RacerArtists:
    """A racer's trail, the dots at its steps and its head on one axes."""

    def __init__(self, axes: Axes, theme: Theme, racer: int) -> None:
        self._trail = PixelLine(axes, theme.hue(racer), theme.trail(TRAIL_WIDTH))
        self._steps = dots(axes, theme.hue(racer), theme.trail(STEP_SIZE))
        self._head = head_marker(axes, theme, racer)

    def set_pixels(self, trail: Array, steps: Array, head: Array) -> Sequence[Artist]:
        """Place the trail (any, 2), the steps (any, 2) and the head (2,), in pixels. NaN is not drawn."""
        return self._trail.set_pixels(trail), self._steps.set_pixels(steps), self._head.set_pixels(head[None])


def plot_artists(axes: Axes, theme: Theme, racers: int) -> tuple[Sequence[PixelLine], Sequence[Markers]]:
    """Create a line and a head for each racer, of the sizes that they have in a plot."""
    lines = [PixelLine(axes, theme.hue(racer), theme.trail(0.8 * TRAIL_WIDTH)) for racer in range(racers)]
    return lines, [head_marker(axes, theme, racer, size=9) for racer in range(racers)]


def in_layers(racers: Sequence[Sequence[Artist]]) -> list[Artist]:
    """Order the artists of all racers so that no trail covers a head: all first artists, then all second ones."""
    return [artist for layer in zip(*racers, strict=True) for artist in layer]


def dots(axes: Axes, color: str, diameter: float) -> Markers:
    """Create dots of a diameter in pixels."""
    circle = Path.unit_regular_polygon(16).transformed(Affine2D().scale(diameter / 2))
    return Markers(axes, circle, facecolor=color, linewidth=0, animated=True)


def head_marker(axes: Axes, theme: Theme, racer: int, size: float = HEAD_SIZE) -> Markers:
    """Create a racer's marker, with an edge of the background's color."""
    marker = theme.marker(racer)
    style = MarkerStyle(marker)
    path = style.get_path().transformed(style.get_transform())
    if marker in "^v<>":
        # matplotlib centers the box around a triangle. The eye sees its center of mass.
        vertices = np.asarray(path.vertices, dtype=np.float64)
        path = Path(vertices - vertices[:3].mean(axis=0), path.codes)
    pixels = max(7.0, theme.px(size)) * _SIZE_FACTORS.get(marker, 1.0)
    return Markers(
        axes,
        path.transformed(Affine2D().scale(pixels)),
        facecolor=theme.hue(racer),
        edgecolor=theme.background,
        linewidth=max(1.0, theme.px(1.4)),
        clip_on=False,
        animated=True,
    )


def draw_racer_marker(axes: Axes, theme: Theme, racer: int, x: float, y: float) -> None:
    """Draw a static marker of a racer beside its name."""
    head_marker(axes, theme, racer, size=11).set_positions(np.array([[x, y]])).set_animated(False)


def badge(
    axes: Axes, theme: Theme, center: Array, word: str, color: str, radius: float, *, animated: bool
) -> tuple[Markers, Text]:
    """Create a word on a disc with a colored edge, of at least `radius` pixels, at `center` (2,) of the axes."""
    size = max(theme.min_text, 1.3 * radius)
    x, y = axes.transData.transform(center)
    text = axes.text(
        x,
        # Half the height of a capital letter.
        y - 0.364 * size,
        word,
        fontsize=size,
        color=theme.ink,
        ha="center",
        va="baseline",
        transform=IdentityTransform(),
        animated=animated,
    )
    disc = Markers(
        axes,
        Path.unit_regular_polygon(48).transformed(Affine2D().scale(max(radius, 0.6 * text_width(text)))),
        facecolor=theme.background,
        edgecolor=color,
        linewidth=theme.trail(2),
        animated=animated,
    )
    return disc.set_positions(np.asarray(center, dtype=np.float64)[None]), text
