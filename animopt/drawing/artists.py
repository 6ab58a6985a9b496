"""Parts that several panels draw: axes, contour lines, and artists such as trails, heads, dots, badges and images."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.drawing.colors import blend
from animopt.drawing.geometry import TrailParts, height_scale, thin_path
from animopt.drawing.layout import PANELS
from animopt.drawing.mpl import (
    Affine2D,
    Artist,
    Axes,
    FixedLocator,
    GraphicsContextBase,
    IdentityTransform,
    MarkerStyle,
    MaxNLocator,
    Path,
    PathPatch,
    RendererAgg,
    RendererBase,
)
from animopt.drawing.text import fit_text
from animopt.drawing.theme import HEADING_TEXT, TICK_TEXT, Theme
from animopt.drawing.window import Window, crop
from animopt.recording.recording import Recording, Surface, SurfacePath
from animopt.recording.timeline import Moment

HEAD_SIZE = 13.0
"""Size of a racer's head, in pixels of a 1280 × 720 picture."""

TRAIL_WIDTH = 3.0
"""Width of a racer's trail, in pixels of a 1280 × 720 picture."""

MIN_HEAD = 7.0
"""Minimum size of a marker in pixels."""

PLOT_HEAD, ENTRY_HEAD = 9.0, 11.0
"""Sizes of a racer's marker at the end of a curve, and beside its name, in pixels of a 1280 × 720 picture."""

HEAD_EDGE, MIN_HEAD_EDGE = 1.4, 1.0
"""Width of the edge of a marker in pixels of a 1280 × 720 picture, and its minimum in pixels."""

PLOT_TRAIL = 0.8
"""Width of a curve as a fraction of a trail's."""

TRAIL_CELL = 1 / 3
"""Side of the cells in which a trail is drawn only once, as a fraction of its width."""

LEVEL_WIDTH, MIN_LEVEL_WIDTH = 1.0, 0.6
"""Width of a contour line in pixels of a 1280 × 720 picture, and its minimum in pixels."""

RULE, MIN_RULE = 1.0, 0.8
"""Width of a plot's grid lines in pixels of a 1280 × 720 picture, and its minimum in pixels."""

TICK_GAP, HEADING_GAP = 6.0, 7.0
"""Distances of tick labels and of a heading from their axes, in pixels of a 1280 × 720 picture."""

BOX_WIDTH = 1.4
"""Width of the edge of the box onto which racers are projected, in pixels of a 1280 × 720 picture."""

STEP_SIZE = 5.0
"""Diameter of the dot at each step, in pixels of a 1280 × 720 picture."""

OLD_WIDTH, OLD_OPACITY, MIN_OPACITY = 0.7, 0.85, 0.5
"""Width and opacity of the older part of a trail, as fractions of those of its recent part, and the minimum opacity."""

AGES = OLD_WIDTH, 1.0
"""Sizes of the dots on the two parts of a trail, as fractions of STEP_SIZE."""

CROSS = 6.0
"""Half the width of a diagonal cross, in pixels of a 1280 × 720 picture."""

CASING = 1.5
"""Width by which a trail's casing is wider than the trail, in pixels of a 1280 × 720 picture."""

FAINT_WIDTH, FAINT_OPACITY = 0.5, 0.6
"""Width and opacity of a line through the points at which gradients are computed, as fractions of a trail's."""

EMPHASIS_PART = 0.25
"""Part of the hold at the end in which the emphasis on the winner grows."""

HEADING_MARGIN = 12.0
"""Distance of a heading from the right edge of the picture, in pixels of a 1280 × 720 picture."""

VALLEY = 0.4
"""Fraction of the domain's area that the lower half of the contour lines' levels covers."""

_PIXELS = IdentityTransform()

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


def use_pixel_units(axes: Axes) -> tuple[float, float]:
    """Scale an axes in pixels from its upper left, and draw nothing around it. Return its width and height."""
    width, height = axes.get_window_extent().size
    axes.set_axis_off()
    axes.set(xlim=(0, width), ylim=(height, 0))
    return width, height


def tick_counts(axes: Axes, theme: Theme, spacing: tuple[float, float] = (4, 2), most: int = 4) -> tuple[int, int]:
    """Return the maximum numbers of tick intervals along x and y, each at least `spacing` type sizes long."""
    width, height = axes.get_window_extent().size
    return (
        int(np.clip(width / spacing[0] / theme.text(TICK_TEXT), 1, most)),
        int(np.clip(height / spacing[1] / theme.text(TICK_TEXT), 1, most)),
    )


def set_ticks(axes: Axes, across: int, up: int) -> None:
    """Set the maximum numbers of tick intervals along x and y."""
    axes.xaxis.set_major_locator(MaxNLocator(across, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(up, steps=[1, 2, 5, 10]))


def style_ticks(axes: Axes, theme: Theme) -> None:
    """Draw nothing around an axes but its tick labels."""
    axes.tick_params(length=0, labelsize=theme.text(TICK_TEXT), labelcolor=theme.muted, pad=theme.px(TICK_GAP))
    axes.spines[:].set_visible(False)


def style_plot(axes: Axes, theme: Theme, heading: str) -> None:
    """Draw nothing on an axes but a grid, its tick labels and a heading above it."""
    axes.set_facecolor("none")
    axes.grid(color=theme.rule, linewidth=max(MIN_RULE, theme.px(RULE)))
    axes.set_axisbelow(True)
    style_ticks(axes, theme)
    add_heading(axes, theme, heading, theme.muted)


def add_heading(axes: Axes, theme: Theme, heading: str, color: str) -> None:
    """Write a heading above the left end of an axes, which ends in the panels' part of the picture."""
    text = axes.annotate(
        heading,
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, theme.px(HEADING_GAP)),
        textcoords="offset pixels",
        fontsize=theme.text(HEADING_TEXT),
        color=color,
    )
    figure = axes.get_figure(root=True)
    assert figure is not None
    right = min(figure.bbox.width, theme.right)
    fit_text(text, right - axes.get_window_extent().x0 - theme.px(HEADING_MARGIN), theme.min_text)


def corners_of(axes: Axes) -> tuple[Array, Array]:
    """Return the lower left and the upper right corner (2,) of what an axes shows."""
    low, high = np.array([axes.get_xlim(), axes.get_ylim()]).T
    return low, high


def fill_contours(axes: Axes, surface: Surface, scale: Array, theme: Theme, levels: int) -> Array:
    """Fill the areas between contour levels with tints. Return their heights, (levels + 1,).

    The levels are those of the heights `scale` (any shape).
    """
    heights = height_scale(scale, VALLEY).heights(levels + 1)
    axes.contourf(
        surface.x, surface.y, np.ma.masked_invalid(surface.z), levels=heights, colors=contour_tints(theme, levels)
    )
    return heights


def contour_tints(theme: Theme, levels: int) -> list[str]:
    """Return the color of the area between each contour level and the next, (levels,)."""
    return [blend(theme.low, theme.high, fraction) for fraction in np.linspace(0, 1, levels)]


def contour_hues(theme: Theme, levels: int) -> list[str]:
    """Return the color of the line at each contour level between two areas, (levels - 1,)."""
    return [blend(theme.level, theme.background, 0.55 * fraction) for fraction in np.linspace(0, 1, levels - 1)]


def draw_contours(axes: Axes, surface: Surface, window: Window, theme: Theme, levels: int) -> None:
    """Scale an axes to the window that fits it, and draw the surface's tinted contour lines there."""
    width, height = axes.get_window_extent().size
    low, high = window.corners(width / height)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), autoscale_on=False)
    axes.set_facecolor(theme.rule)
    shown = crop(surface, low, high)
    heights = fill_contours(axes, shown, window.scale(low, high), theme, levels)
    z, hues = np.ma.masked_invalid(shown.z), contour_hues(theme, levels)
    axes.contour(
        shown.x, shown.y, z, levels=heights[1:-1], colors=hues, linewidths=max(MIN_LEVEL_WIDTH, theme.px(LEVEL_WIDTH))
    )

    axes.set_box_aspect(1 / window.aspect(high - low))
    axes.apply_aspect()
    set_ticks(axes, *tick_counts(axes, theme))
    # A label of y near the lower edge would touch the first label of x.
    lowest = low[1] + theme.text(TICK_TEXT) * (high[1] - low[1]) / axes.get_window_extent().height
    ticks = axes.yaxis.get_major_locator().tick_values(low[1], high[1])
    axes.yaxis.set_major_locator(FixedLocator([tick for tick in ticks if lowest <= tick <= high[1]]))
    style_ticks(axes, theme)
    has_ticks = PANELS["contour"].has_ticks(theme)
    axes.tick_params(labelleft=has_ticks, labelbottom=has_ticks)


class _PixelPath(PathPatch):
    """A path in pixels from the figure's lower left."""

    def __init__(self, axes: Axes, **style: Any) -> None:
        super().__init__(Path(np.empty((0, 2))), transform=_PIXELS, **style)
        self._context: GraphicsContextBase | None = None
        axes.add_artist(self)

    def set_vertices(self, vertices: Array, codes: Any = None) -> None:
        """Replace the path. A new `Path` would be checked, which takes longer than drawing a short one."""
        path = self.get_path()
        if not len(path) and not len(vertices):
            return
        path.vertices = vertices
        if codes is not path.codes:
            path.codes = codes

    def draw(self, renderer: RendererBase) -> None:
        """Draw the path. Unlike that of other patches, its SVG is not in a group of its own."""
        if self.get_visible() and len(self.get_path()):
            face = self.get_facecolor() if self.get_fill() else None
            if isinstance(renderer, RendererAgg):
                # The style rarely changes from frame to frame.
                if self.stale or self._context is None:
                    self._context = self._styled(renderer)
                    self.stale = False
                renderer.draw_path(self._context, self.get_path(), _PIXELS, face)
            else:
                context = self._styled(renderer)
                renderer.draw_path(context, self.get_path(), _PIXELS, face)
                context.restore()

    def _styled(self, renderer: RendererBase) -> GraphicsContextBase:
        context = renderer.new_gc()
        if self.get_clip_on():
            context.set_clip_rectangle(self.get_clip_box())
        context.set_foreground(self.get_edgecolor())
        context.set_linewidth(self.get_linewidth())
        context.set_capstyle(self.get_capstyle())
        context.set_joinstyle(self.get_joinstyle())
        return context


class Markers(_PixelPath):
    """One shape at several positions, which are not rounded to whole pixels as those of matplotlib's markers are.

    `shape` is a path in pixels.
    """

    def __init__(self, axes: Axes, shape: Path, **style: Any) -> None:
        super().__init__(axes, joinstyle="miter", **style)
        self._axes = axes
        self._codes = np.empty(0, dtype=np.uint8)
        self.shape = shape

    def set_positions(self, positions: Array) -> "Markers":
        """Draw the shape at positions (any, 2) in the units of the axes. NaN is not drawn."""
        return self.set_pixels(self._axes.transData.transform(positions))

    def set_pixels(self, pixels: Array) -> "Markers":
        """Draw the shape at positions (any, 2) in pixels from the figure's lower left. NaN is not drawn."""
        pixels = pixels[~np.isnan(pixels[:, 0])]
        vertices = (pixels[:, None] + np.asarray(self.shape.vertices)).reshape(-1, 2)
        if len(self._codes) != len(vertices):
            self._codes = np.tile(np.asarray(self.shape.codes), len(pixels))
        self.set_vertices(vertices, self._codes)
        return self


class PixelLine(_PixelPath):
    """A moving line through points in pixels from the figure's lower left."""

    def __init__(
        self,
        axes: Axes,
        color: str | tuple[float, ...],
        width: float,
        joinstyle: Literal["round", "bevel"] = "round",
        dashes: tuple[float, float] | None = None,
    ) -> None:
        """Make a line. `dashes` are the lengths in pixels of a dash and of the gap after it."""
        super().__init__(
            axes,
            fill=False,
            edgecolor=color,
            linewidth=width,
            capstyle="butt" if dashes else "round",
            joinstyle=joinstyle,
            zorder=2,
            animated=True,
        )
        self._dashes = dashes

    def set_pixels(self, pixels: Array) -> "PixelLine":
        """Draw the line through points (any, 2). NaN breaks it."""
        self.set_vertices(pixels)
        return self

    def _styled(self, renderer: RendererBase) -> GraphicsContextBase:
        context = super()._styled(renderer)
        if self._dashes:
            context.set_dashes(0, self._dashes)
        return context


class PixelArea(_PixelPath):
    """A moving filled area, whose outline has points in pixels from the figure's lower left."""

    def __init__(self, axes: Axes, color: str | tuple[float, ...]) -> None:
        super().__init__(axes, facecolor=color, edgecolor="none", linewidth=0, zorder=2, animated=True)

    def set_pixels(self, pixels: Array) -> "PixelArea":
        """Fill the area within an outline (any, 2)."""
        self.set_vertices(pixels)
        return self


def cross_lines(theme: Theme) -> Array:
    """Return the two lines of a diagonal cross around the origin, (5, 2), in pixels, separated by NaN."""
    return theme.px(CROSS) * np.array([[-1, -1], [1, 1], [np.nan, np.nan], [-1, 1], [1, -1]])


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
            renderer.draw_image(renderer.new_gc(), self._left, self._bottom, self._pixels[::-1])


class StillArtists(Artist):
    """Artists of an axes that do not change: drawn once as pixels for all frames, and one by one in vector graphics."""

    def __init__(self, axes: Axes, artists: Sequence[Artist]) -> None:
        super().__init__()
        self._artists, self._box = artists, axes.get_window_extent()
        self._pixels: NDArray[np.uint8] | None = None
        axes.add_artist(self)
        for artist in (self, *artists):
            artist.set_animated(True)

    def draw(self, renderer: RendererBase) -> None:
        """Draw the artists with the opacity that is set."""
        if not self.get_visible():
            return
        opacity = self.get_alpha()
        if not isinstance(renderer, RendererAgg):
            self._draw_each(renderer, opacity)
            return
        left, bottom = int(self._box.x0), int(self._box.y0)
        if self._pixels is None:
            sheet = RendererAgg(renderer.width, renderer.height, 72)
            self._draw_each(sheet, None)
            top, right = int(np.ceil(self._box.y1)) + 1, int(np.ceil(self._box.x1)) + 1
            self._pixels = np.asarray(sheet.buffer_rgba())[::-1][bottom:top, left:right].copy()
        pixels = self._pixels
        if opacity is not None and opacity < 1:
            pixels = pixels.copy()
            pixels[..., 3] = np.rint(opacity * pixels[..., 3])
        renderer.draw_image(renderer.new_gc(), left, bottom, pixels)

    def _draw_each(self, renderer: RendererBase, opacity: float | None) -> None:
        for artist in self._artists:
            # In vector graphics, all moving artists that a moment does not show are invisible.
            visible = artist.get_visible()
            artist.set(visible=True, alpha=opacity)
            artist.draw(renderer)
            artist.set_visible(visible)


class Trails:
    """All racers' trails on casings, with dots at their steps, and their heads, on one axes.

    The older part of a trail recedes.
    """

    def __init__(self, axes: Axes, theme: Theme, recording: Recording) -> None:
        self._theme, self._recording = theme, recording
        racers = range(len(recording.names))
        # A dot covers each corner, so the lines need no round joins, which take longer.
        self._casings = [PixelLine(axes, theme.background, 1.0, joinstyle="bevel") for _ in racers]
        self._lines = [[PixelLine(axes, theme.hue(racer), 1.0, joinstyle="bevel") for racer in racers] for _ in AGES]
        self._dots = [[dots(axes, theme.hue(racer), theme.trail(age * STEP_SIZE)) for racer in racers] for age in AGES]
        self._heads = [head_marker(axes, theme, racer) for racer in racers]
        self._prominences = [0.0 for _ in racers]
        for racer in racers:
            self._set_prominence(racer, 0.0)

    def place(self, trails: Sequence[TrailParts], heads: Array, moment: Moment) -> Sequence[Artist]:
        """Place the trails and the heads (racers, 2), in pixels. NaN is not drawn."""
        for racer, parts in enumerate(trails):
            if (shown := prominence(self._recording, racer, moment)) != self._prominences[racer]:
                self._set_prominence(racer, shown)
            self._casings[racer].set_pixels(np.concatenate(parts[:2]))
            for lines, points, marks, steps in zip(self._lines, parts[:2], self._dots, parts[2:], strict=True):
                lines[racer].set_pixels(points)
                marks[racer].set_pixels(steps)
            self._heads[racer].set_pixels(heads[racer, None])
        layers = zip(self._lines, self._dots, strict=True)
        return [*self._casings, *(artist for lines, marks in layers for artist in (*lines, *marks)), *self._heads]

    def _set_prominence(self, racer: int, shown: float) -> None:
        self._prominences[racer] = shown
        emphasis, recession = max(0.0, shown), max(0.0, -shown)
        opacities = OLD_OPACITY + (1 - OLD_OPACITY) * emphasis, 1.0
        widths = OLD_WIDTH + (1 - OLD_WIDTH) * emphasis, 1 + (OLD_WIDTH - 1) * recession
        for lines, marks, opacity, width in zip(self._lines, self._dots, opacities, widths, strict=True):
            receded = opacity + (MIN_OPACITY - opacity) * recession
            color = blend(self._theme.background, self._theme.hue(racer), receded)
            lines[racer].set_edgecolor(color)
            lines[racer].set_linewidth(self._theme.trail(width * TRAIL_WIDTH))
            marks[racer].set_facecolor(color)
        mean = (widths[0] + widths[1]) / 2
        self._casings[racer].set_linewidth(self._theme.trail(mean * TRAIL_WIDTH) + self._theme.px(CASING))


class TrainingTrails:
    """Faint lines through the points at which racers compute their gradients, if they are not their positions.

    `cell` is the side of the cells of the thinned paths, and `to_panel` converts points (points, 3) of the surface.
    """

    def __init__(
        self, axes: Axes, theme: Theme, recording: Recording, to_panel: Callable[[Array], Array], cell: float
    ) -> None:
        self._paths: list[tuple[SurfacePath, SurfacePath]] = []
        self._lines: list[PixelLine] = []
        for racer, path in enumerate(recording.training):
            if path is not None:
                whole = replace(path, xyz=to_panel(path.xyz))
                self._paths.append((thin_path(whole, cell), whole))
                color = blend(theme.background, theme.hue(racer), FAINT_OPACITY)
                self._lines.append(PixelLine(axes, color, theme.trail(FAINT_WIDTH * TRAIL_WIDTH)))

    def points(self, step: float) -> list[Array]:
        """Return the points of each line up to a fractional step, (points, 2 or 3)."""
        return [np.vstack([thinned.passed(step), whole.head(step)]) for thinned, whole in self._paths]

    def place(self, pixels: Sequence[Array]) -> Sequence[Artist]:
        """Draw each line through points (points, 2) in pixels. NaN breaks it."""
        return [line.set_pixels(points) for line, points in zip(self._lines, pixels, strict=True)]


def prominence(recording: Recording, racer: int, moment: Moment) -> float:
    """Return how prominent a racer is: 1 for the winner at the end, 0 during the race, -1 for one that is not in view.

    At the end, racers that are in view and have not won recede half as much as others.
    """
    if recording.lost(racer, int(moment.step)):
        return -1.0
    if recording.winner is None:
        return 0.0
    shown = min(1.0, moment.hold_progress / EMPHASIS_PART)
    return shown if racer == recording.winner else -0.5 * shown


def plot_artists(axes: Axes, theme: Theme, racers: int) -> tuple[Sequence[PixelLine], Sequence[Markers]]:
    """Create a line and a head for each racer, of the sizes that they have in a plot."""
    lines = [PixelLine(axes, theme.hue(racer), theme.trail(PLOT_TRAIL * TRAIL_WIDTH)) for racer in range(racers)]
    return lines, [head_marker(axes, theme, racer, size=PLOT_HEAD) for racer in range(racers)]


def dots(axes: Axes, color: str, diameter: float) -> Markers:
    """Create dots of a diameter in pixels."""
    circle = Path.unit_regular_polygon(10).transformed(Affine2D().scale(diameter / 2))
    return Markers(axes, circle, facecolor=color, linewidth=0, animated=True)


def trail_cell(theme: Theme) -> float:
    """Return the side in pixels of the square cells in which a trail is drawn only once: a third of its width."""
    return theme.trail(TRAIL_WIDTH) * TRAIL_CELL


def head_size(theme: Theme, size: float = HEAD_SIZE) -> float:
    """Return the size of a racer's marker in pixels."""
    return max(MIN_HEAD, theme.px(size))


def head_shape(marker: str, pixels: float) -> Path:
    """Return the outline of a marker (matplotlib's name) around the origin, with a size in pixels."""
    style = MarkerStyle(marker)
    path = style.get_path().transformed(style.get_transform())
    if marker in "^v<>":
        # matplotlib centers the box around a triangle. The eye sees its center of mass.
        vertices = np.asarray(path.vertices, dtype=np.float64)
        path = Path(vertices - vertices[:3].mean(axis=0), path.codes)
    return path.transformed(Affine2D().scale(pixels * _SIZE_FACTORS.get(marker, 1.0)))


def head_marker(axes: Axes, theme: Theme, racer: int, size: float = HEAD_SIZE) -> Markers:
    """Create a racer's marker, with an edge of the background's color."""
    return Markers(
        axes,
        head_shape(theme.marker(racer), head_size(theme, size)),
        facecolor=theme.hue(racer),
        edgecolor=theme.background,
        linewidth=max(MIN_HEAD_EDGE, theme.px(HEAD_EDGE)),
        clip_on=False,
        animated=True,
    )


def draw_racer_marker(axes: Axes, theme: Theme, racer: int, x: float, y: float) -> None:
    """Draw a static marker of a racer beside its name."""
    head_marker(axes, theme, racer, size=ENTRY_HEAD).set_positions(np.array([[x, y]])).set_animated(False)
