"""What several panels draw: trails, heads, discs, images."""

from collections.abc import Sequence
from dataclasses import dataclass
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

HEAD = 13.0


TRAIL = 3.0


POINT = 5.0


# Markers of one nominal size differ in area; these factors make them look alike.
_EVEN = {"o": 1.0, "s": 0.9, "^": 1.2, "v": 1.2, "<": 1.2, ">": 1.2, "D": 0.82, "P": 1.1, "X": 1.1, "*": 1.35}


_CIRCLE = Path.unit_regular_polygon(16)


class Stamp(PathPatch):
    """One shape in several places, to a fraction of a pixel, where matplotlib's own markers snap to whole ones.

    `path` counts in pixels, the places in the units of the axes.
    """

    def __init__(self, axes: Axes, path: Path, **style: Any) -> None:
        super().__init__(Path(np.empty((0, 2))), transform=IdentityTransform(), joinstyle="miter", **style)
        self._shape = path
        self._vertices = np.asarray(path.vertices)
        self._codes = np.full(len(self._vertices), Path.LINETO, dtype=Path.code_type)
        if path.codes is not None:
            self._codes[:] = path.codes
        self._codes[0] = Path.MOVETO
        self._axes = axes
        axes.add_artist(self)

    def place(self, places: Array) -> "Stamp":
        """Put the shape in places (any, 2) of the axes; NaN is not drawn."""
        return self.put(self._axes.transData.transform(places))

    def put(self, pixels: Array) -> "Stamp":
        """Put the shape in places (any, 2), in pixels from the figure's lower left; NaN is not drawn."""
        pixels = pixels[np.isfinite(pixels).all(axis=1)]
        vertices = (pixels[:, None] + self._vertices).reshape(-1, 2)
        if len(self._codes) < len(vertices):
            self._codes = np.tile(self._codes, -(-len(vertices) // len(self._codes)))
        self.set_path(Path(vertices, self._codes[: len(vertices)]))
        return self

    def draw(self, renderer: RendererBase) -> None:
        """Draw the shapes."""
        face = self.get_facecolor() if self.get_fill() else None
        _stroke(self, renderer, self.get_path(), self.get_edgecolor(), float(self.get_linewidth()), "butt", face)


class Trail(Line2D):
    """A line through places in pixels from the figure's lower left, drawn without what matplotlib's own may need."""

    def __init__(self, axes: Axes, colour: str, width: float) -> None:
        super().__init__(
            [],
            [],
            color=colour,
            linewidth=width,
            solid_capstyle="round",
            solid_joinstyle="round",
            transform=IdentityTransform(),
            animated=True,
        )
        self._pixels = Path(np.empty((0, 2)))
        axes.add_artist(self)
        self.set_clip_path(axes.patch)

    def put(self, pixels: Array) -> "Trail":
        """Lead the line through places (any, 2); NaN breaks it."""
        self._pixels = Path(pixels)
        return self

    def get_path(self) -> Path:
        """The line, in pixels."""
        return self._pixels

    def draw(self, renderer: RendererBase) -> None:
        """Draw the line."""
        _stroke(self, renderer, self._pixels, self.get_color(), float(self.get_linewidth()), "round")


def _stroke(
    artist: Artist, renderer: RendererBase, path: Path, colour: Any, width: float, ends: Any, face: Any = None
) -> None:
    """Draw a path in pixels as an artist of matplotlib's would that has no other properties than these."""
    if not (artist.get_visible() and np.size(path.vertices)):
        return
    context = renderer.new_gc()
    if artist.get_clip_on():
        context.set_clip_rectangle(artist.get_clip_box())
        context.set_clip_path(cast("TransformedPath | None", artist.get_clip_path()))
    context.set_foreground(colour)
    context.set_linewidth(cast("float", renderer.points_to_pixels(width)))
    context.set_capstyle(ends)
    context.set_joinstyle("round" if ends == "round" else "miter")
    renderer.draw_path(context, path, IdentityTransform(), face)
    context.restore()


class Sheet(Artist):
    """Pixels laid on an axes one to one, which matplotlib's own images, resampled for each frame, are too slow for.

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

    def lay(self, pixels: NDArray[np.uint8]) -> "Sheet":
        """Show pixels (height, width, 4), the uppermost row first."""
        self._pixels = pixels
        return self

    def draw(self, renderer: RendererBase) -> None:
        """Put the pixels in the picture."""
        if self.get_visible():
            context = renderer.new_gc()
            renderer.draw_image(context, self._left, self._bottom, self._pixels[::-1])
            context.restore()


@dataclass(frozen=True)
class RacerMarks:
    """A racer's trail, the points of its steps and its head on one axes."""

    trail: Trail
    points: Stamp
    head: Stamp

    def put(self, trail: Array, points: Array, head: Array) -> Sequence[Artist]:
        """Put the trail (any, 2), the points (any, 2) and the head (2,) in place, in pixels; NaN is not drawn."""
        return self.trail.put(trail), self.points.put(points), self.head.put(head[None])


def racer_marks(axes: Axes, theme: Theme, racer: int) -> RacerMarks:
    """The marks of one racer, empty."""
    trail = trail_line(axes, theme, theme.hue(racer))
    points = discs(axes, theme.hue(racer), theme.trail(POINT))
    points.set_clip_path(axes.patch)
    return RacerMarks(trail, points, head_mark(axes, theme, racer))


def discs(axes: Axes, colour: str, width: float) -> Stamp:
    """Discs of a width in pixels, in no place yet."""
    circle = _CIRCLE.transformed(Affine2D().scale(width / 2))
    return Stamp(axes, circle, facecolor=colour, linewidth=0, animated=True)


def trail_line(axes: Axes, theme: Theme, colour: str, width: float = TRAIL) -> Trail:
    """A line that moves, empty."""
    return Trail(axes, colour, theme.trail(width))


def head_mark(axes: Axes, theme: Theme, racer: int, size: float = HEAD) -> Stamp:
    """A racer's marker with a rim of the background's colour, in no place yet."""
    marker = theme.marker(racer)
    style = MarkerStyle(marker)
    path = style.get_path().transformed(style.get_transform())
    if marker in "^v<>":
        # Matplotlib centres a triangle's box; its weight is what the eye takes for its place.
        vertices = np.asarray(path.vertices, dtype=np.float64)
        path = Path(vertices - vertices[:3].mean(axis=0), path.codes)
    pixels = max(7.0, theme.px(size)) * _EVEN.get(marker, 1.0)
    return Stamp(
        axes,
        path.transformed(Affine2D().scale(pixels)),
        facecolor=theme.hue(racer),
        edgecolor=theme.background,
        linewidth=max(1.0, theme.px(1.4)),
        clip_on=False,
        animated=True,
    )


def chip(axes: Axes, theme: Theme, place: Array, word: str, colour: str, radius: float) -> tuple[Stamp, Text]:
    """A word on a disc with a coloured rim, at least `radius` pixels, around a place (2,) of the axes."""
    size = max(theme.smallest, 1.3 * radius)
    x, y = axes.transData.transform(place)
    text = axes.text(
        x,
        # Half of a capital's height.
        y - 0.364 * size,
        word,
        fontsize=size,
        color=theme.ink,
        ha="center",
        va="baseline",
        transform=IdentityTransform(),
        animated=True,
    )
    disc = Stamp(
        axes,
        Path.unit_regular_polygon(48).transformed(Affine2D().scale(max(radius, 0.6 * text_width(text)))),
        facecolor=theme.background,
        edgecolor=colour,
        linewidth=theme.trail(2),
        animated=True,
    )
    disc.place(np.asarray(place, dtype=np.float64)[None])
    return disc, text


def graph(axes: Axes, theme: Theme, heading: str) -> None:
    """Let nothing be seen of an axes but a grid, its labels and a heading above it."""
    axes.set_facecolor("none")
    axes.grid(color=theme.rule, linewidth=max(0.8, theme.px(1)))
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=theme.text(13), labelcolor=theme.muted, pad=theme.px(6))
    axes.spines[:].set_visible(False)
    axes.annotate(
        heading,
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, theme.px(7)),
        textcoords="offset pixels",
        fontsize=theme.text(14),
        color=theme.muted,
    )


def in_pixels(axes: Axes) -> tuple[float, float]:
    """Let an axes count in pixels from its upper left, with nothing drawn around it; its width and height."""
    box = axes.get_window_extent()
    axes.set_axis_off()
    axes.set(xlim=(0, box.width), ylim=(box.height, 0))
    return box.width, box.height
