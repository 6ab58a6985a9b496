"""The surface as a mesh: only its lines, or lines on shaded faces."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.drawing.artists import PixelLine
from animopt.drawing.colors import blend
from animopt.drawing.geometry import DISTANCE, Camera, HeightField, Visibility
from animopt.drawing.mpl import Artist, Axes, IdentityTransform, RendererAgg, RendererBase, to_rgb
from animopt.drawing.theme import Theme

WIRE_CELLS = 24
"""Number of cells along each side of a mesh without faces."""

SHADES = 8
"""Number of shades in which the lines of a mesh without faces fade with their depth."""

HEIGHT_WEIGHT = 0.25
"""Fraction of a line's fading that depends on its height. The rest depends on its distance."""

CELLS = 20
"""Number of cells along the longer side of a mesh on faces."""

MAX_FACES = 120
"""Maximum number of faces along a side."""

FACES_PER_CELL = 1, 2, 3, 4, 6, 8, 12
"""Numbers of faces along the side of a cell. The first one with which the faces follow the surface is used."""

MAX_ERROR = 0.003
"""Maximum distance of the faces from the surface on 99 % of its area, in the camera's units, for 1280 × 720 pixels."""

SMOOTHING = 2.0
"""Width of the window over which the slope of a face is averaged, in faces.

Without it, a sharp rim that runs across the faces would look like the teeth of a saw.
"""

GLASS = 0.3
"""Opacity of the faces whose lower sides are seen."""

DEPTHS = -0.25, 0.25
"""Depths, in the camera's units, at which the opacity of mesh lines on faces changes."""

LINE_OPACITIES = 0.12, 0.22, 0.30, 0.38
"""Opacities of mesh lines: seen through glass, then on faces from the farthest to the nearest."""

LINE_WIDTH, MIN_LINE_WIDTH, OUTLINE_WIDTH, MIN_OUTLINE_WIDTH = 0.9, 0.6, 1.3, 1.0
"""Widths of mesh lines on faces and of the outline, in pixels of a 1280 × 720 picture, and their minima in pixels."""

OUTLINE_OPACITY = 0.6
"""Opacity of the edge of the surface and of its rims, which hides the stairs at the ends of faces."""

HIGHLIGHT_SQUARINGS = 4
"""Number of times that the highlight is squared: the larger it is, the smaller is the highlight."""


def _unit(x: float, y: float, z: float) -> Array:
    return np.array([x, y, z]) / np.linalg.norm([x, y, z])


LIGHT = _unit(-0.55, 0.5, 0.67)
"""Direction to the light, from the camera's view to the right, up and towards the camera: the upper left."""

HIGHLIGHT = _unit(*(LIGHT + _unit(0, 0, 1)))
"""Direction of the faces that reflect the light to the camera."""


class Mesh(Protocol):
    """A mesh on one axes.

    `vertices` (vertices, 3) are the points of which it needs the pixels and the visibility. It is `opaque` if it hides
    what is behind it.
    """

    opaque: bool
    vertices: Array

    def place(self, camera: Camera, pixels: Array, depth: Array, seen: Visibility) -> Sequence[Artist]:
        """Place the mesh. The pixels, the depth and the visibility begin with those of the vertices."""
        ...


class MeshLines:
    """Lines through a grid of vertices (rows, columns, 3): every `row_stride`-th row and `column_stride`-th column.

    `segments` (segments, 2) are indices of the grid's vertices in one row.
    """

    def __init__(self, grid: Array, row_stride: int, column_stride: int) -> None:
        index = np.arange(grid.shape[0] * grid.shape[1]).reshape(grid.shape[:2])
        # Pairs of neighbors along each row, then along each column.
        rows, columns = index[::row_stride], index[:, ::column_stride]
        pairs = (rows[:, :-1], rows[:, 1:]), (columns[:-1].T, columns[1:].T)
        segments = np.concatenate([np.stack(pair, axis=-1).reshape(-1, 2) for pair in pairs])
        self.segments = segments[np.isfinite(grid.reshape(-1, 3)[segments]).all(axis=(1, 2))]

    def split(self, pixels: Array, bucket: NDArray[np.intp], count: int) -> list[Array]:
        """Return the lines (points, 2) through the segments of each of `count` buckets. A row of NaN separates lines.

        `pixels` begins with those of the vertices, and `bucket` (segments,) is the bucket of each segment.
        """
        order = np.argsort(bucket, kind="stable")
        bucket, segments = bucket[order], self.segments[order]
        # A segment that starts where the previous one ends only adds a point to its line.
        starts = np.ones(len(segments), dtype=bool)
        starts[1:] = (segments[1:, 0] != segments[:-1, 1]) | (bucket[1:] != bucket[:-1])
        points = np.column_stack([np.full(len(segments), -1), segments])
        needed = np.column_stack([starts, starts, np.ones_like(starts)])
        lines = np.vstack([pixels, np.full(2, np.nan)])[points[needed]]
        counts = np.bincount(bucket, weights=needed.sum(axis=1), minlength=count)
        return np.split(lines, np.cumsum(counts[:-1]).astype(int))


class WireMesh:
    """Mesh lines that fade with distance. Lines behind the surface are faint."""

    opaque = False

    def __init__(self, axes: Axes, theme: Theme, field: HeightField, height: float) -> None:
        stride = (field.z.shape[0] - 1) // (2 * WIRE_CELLS)
        grid = _grid(field, field.z[::stride, ::stride])
        lines = MeshLines(grid, 2, 2)
        # Vertices between the lines are in no segment.
        used, lines.segments = np.unique(lines.segments, return_inverse=True)
        lines.segments = lines.segments.reshape(-1, 2)
        self._lines = lines
        self.vertices = grid.reshape(-1, 3)[used]
        self._height = height
        self._radius = float(np.hypot(*field.half))
        self._artists = [
            PixelLine(axes, blend(theme.background, theme.mesh, opacity), max(0.5, theme.px(width)))
            # The first opacity and width are those of lines behind the surface.
            for opacity, width in zip(
                (0.16, *np.linspace(0.22, 0.95, SHADES)), (0.8, *np.linspace(0.8, 1.2, SHADES)), strict=True
            )
        ]

    def place(self, camera: Camera, pixels: Array, depth: Array, seen: Visibility) -> Sequence[Artist]:
        """Place the lines, as described for `Mesh`."""
        distance = (depth[: len(self.vertices)] / self._radius + 1) / 2
        fade = (1 - HEIGHT_WEIGHT) * distance + HEIGHT_WEIGHT * (0.5 - self.vertices[:, 2] / self._height)
        segments = self._lines.segments
        shade = np.clip(fade[segments].mean(axis=1) * SHADES, 0, SHADES - 1).astype(int)
        bucket = np.where(seen.hidden[segments].any(axis=1), 0, 1 + shade)
        lines = self._lines.split(pixels, bucket, SHADES + 1)
        return [artist.set_pixels(line) for artist, line in zip(self._artists, lines, strict=True)]


class FaceGrid(NamedTuple):
    """The faces that follow a surface.

    Attributes:
        rows, columns: Indices of the rows and the columns of the surface's heights at which the vertices are.
        vertices: The vertices, (rows, columns, 3).
        normals: Unit vectors that point up from the faces, averaged over their surroundings,
            (rows - 1, columns - 1, 3).
        strides: Number of faces along y and x from one mesh line to the next.
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    vertices: Array
    normals: Array
    strides: tuple[int, int]


def face_grid(field: HeightField, max_error: float, max_faces: int | None = None) -> FaceGrid:
    """Return faces that are at most `max_error` from the surface, on 99 % of its area, or the best of `max_faces`."""
    # The cells of the mesh are about as wide as they are long.
    cells = [CELLS if side > field.half.max() / np.sqrt(2) else CELLS // 2 for side in field.half[::-1]]
    counts = [_face_count(z, count, max_error) for z, count in zip((field.z, field.z.T), cells, strict=True)]
    while max_faces and counts[0] * counts[1] > max_faces:
        most = counts.index(max(counts))
        counts[most] -= cells[most]
    rows, columns = (_samples(size, count) for size, count in zip(field.z.shape, counts, strict=True))
    return FaceGrid(
        rows,
        columns,
        _grid(field, field.z[np.ix_(rows, columns)]),
        _normals(field, *counts),
        (counts[0] // cells[0], counts[1] // cells[1]),
    )


class ShadedMesh:
    """Shaded faces, drawn from back to front, under mesh lines and an outline.

    Walls near the camera whose outer sides face it are of glass.
    """

    opaque = True

    def __init__(self, axes: Axes, theme: Theme, field: HeightField, height: float) -> None:
        self._theme = theme
        self._half = field.half
        faces = face_grid(field, MAX_ERROR / theme.unit)
        self._grid, self._normals = faces.vertices, faces.normals
        self.vertices = self._grid.reshape(-1, 3)
        z = self._grid[..., 2]
        level = (z[:-1, :-1] + z[:-1, 1:] + z[1:, :-1] + z[1:, 1:]) / 4 / height + 0.5
        valley, peak = np.array(to_rgb(theme.valley)), np.array(to_rgb(theme.peak))
        self._tints = valley + np.clip(level, 0, 1)[..., None] * (peak - valley)
        self._lines = MeshLines(self._grid, *faces.strides)
        self._edge = MeshLines(self._grid, *(count - 1 for count in self._grid.shape[:2])).segments
        self._faces = Faces(axes)
        width = max(MIN_LINE_WIDTH, theme.px(LINE_WIDTH))
        self._line_artists = [PixelLine(axes, (*to_rgb(theme.mesh), opacity), width) for opacity in LINE_OPACITIES]
        outline = blend(theme.background, theme.mesh, OUTLINE_OPACITY)
        self._outline = PixelLine(axes, outline, max(MIN_OUTLINE_WIDTH, theme.px(OUTLINE_WIDTH)))

    def place(self, camera: Camera, pixels: Array, depth: Array, seen: Visibility) -> Sequence[Artist]:
        """Place the faces and the lines, as described for `Mesh`."""
        count = len(self.vertices)
        pixels, depth, hidden, covered = pixels[:count], depth[:count], seen.hidden[:count], seen.covered[:count]
        shape = self._grid.shape[:2]
        corners = pixels.reshape(*shape, 2)
        first, second = corners[1:, 1:] - corners[:-1, :-1], corners[1:, :-1] - corners[:-1, 1:]
        upper = first[..., 0] * second[..., 1] > first[..., 1] * second[..., 0]
        # Also the far side of a hill shows its lower side, behind the hill's upper side.
        glass = ~upper & _any_corner(hidden.reshape(shape)) & ~_any_corner(covered.reshape(shape))
        self._faces.set_faces(corners, self._colors(camera, glass), self._from_back_to_front(camera))
        near = np.digitize(depth, DEPTHS)
        nothing = len(LINE_OPACITIES)
        bucket = np.where(covered, nothing, np.where(hidden, 0, 1 + near))[self._lines.segments]
        bucket = np.where((bucket == nothing).any(axis=1), nothing, bucket.min(axis=1))
        lines = self._lines.split(pixels, bucket, nothing + 1)[:nothing]
        return [
            self._faces,
            *(artist.set_pixels(line) for artist, line in zip(self._line_artists, lines, strict=True)),
            self._outline.set_pixels(self._outline_of(pixels, upper, covered)),
        ]

    def _colors(self, camera: Camera, glass: NDArray[np.bool_]) -> Array:
        """Return the colors of the faces (rows, columns, 4) of which some are of glass."""
        theme = self._theme
        light = self._normals @ (np.column_stack([LIGHT, HIGHLIGHT]).T @ camera.basis).T
        diffuse, highlight = np.maximum(np.where(glass[..., None], -light, light), 0).transpose(2, 0, 1)
        for _ in range(HIGHLIGHT_SQUARINGS):
            highlight = highlight * highlight
        colors = np.empty((*glass.shape, 4))
        colors[..., :3] = self._tints * (theme.ambient + theme.diffuse * diffuse)[..., None]
        colors[..., :3] += theme.gloss * highlight[..., None]
        colors[..., 3] = np.where(glass, GLASS, 1)
        # A face without a height is not drawn.
        return np.clip(np.nan_to_num(colors * np.isfinite(self._tints[..., :1])), 0, 1)

    def _from_back_to_front(self, camera: Camera) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Return the rows and the columns of vertices in blocks, in the order in which the camera needs them drawn."""
        counts = np.array(self._grid.shape[1::-1]) - 1
        foot = (camera.basis[2, :2] * DISTANCE + self._half) / (2 * self._half) * counts
        return list(product(_runs(counts[1], foot[1]), _runs(counts[0], foot[0])))

    def _outline_of(self, pixels: Array, upper: NDArray[np.bool_], covered: NDArray[np.bool_]) -> Array:
        """Return the edge of the surface, and its rims, where an upper side meets a lower side (points, 2)."""
        index = np.arange(len(pixels)).reshape(self._grid.shape[:2])
        beside = upper[:, 1:] != upper[:, :-1]
        above = upper[1:] != upper[:-1]
        segments = np.concatenate(
            [
                self._edge,
                np.column_stack([index[:-1, 1:-1][beside], index[1:, 1:-1][beside]]),
                np.column_stack([index[1:-1, :-1][above], index[1:-1, 1:][above]]),
            ]
        )
        segments = segments[~covered[segments].any(axis=1)]
        return np.insert(pixels[segments], 2, np.nan, axis=1).reshape(-1, 2)


class Faces(Artist):
    """Faces between the vertices of a grid in pixels."""

    def __init__(self, axes: Axes) -> None:
        super().__init__()
        self.set_animated(True)
        axes.add_artist(self)

    def set_faces(
        self, corners: Array, colors: Array, blocks: Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]]
    ) -> None:
        """Draw faces of given colors (rows, columns, 4) between the corners (rows + 1, columns + 1, 2).

        Each block has the rows and the columns of its corners in the order in which they are drawn.
        """
        self._corners, self._colors, self._blocks = corners, colors, blocks

    def draw(self, renderer: RendererBase) -> None:
        """Draw the faces. Antialiasing would leave a gap between two of them."""
        if not self.get_visible():
            return
        context = renderer.new_gc()
        context.set_clip_rectangle(self.get_clip_box())
        context.set_antialiased(False)
        # Viewers of vector graphics use antialiasing, so there an edge of each face covers the gap.
        context.set_linewidth(0.5)
        still = IdentityTransform()
        for rows, columns in self._blocks:
            faces = np.ix_(np.minimum(rows[:-1], rows[1:]), np.minimum(columns[:-1], columns[1:]))
            colors = self._colors[faces].reshape(-1, 4)
            edges: Any = np.empty((0, 4)) if isinstance(renderer, RendererAgg) else colors
            corners = self._corners[np.ix_(rows, columns)]
            shape = len(columns) - 1, len(rows) - 1
            renderer.draw_quad_mesh(context, still, *shape, corners, np.zeros((1, 2)), still, colors, False, edges)
        context.restore()


def _runs(cells: int, foot: float) -> list[NDArray[np.intp]]:
    """Return runs of the vertices along one side, each from the farthest to the nearest to the camera's foot.

    The cell that contains the foot is in front of all others.
    """
    own = int(np.clip(np.floor(foot), -1, cells))
    runs = [np.arange(own + 1), np.arange(cells, own, -1)]
    if 0 <= own < cells:
        runs.append(np.array([own, own + 1]))
    return [run for run in runs if len(run) > 1]


def _grid(field: HeightField, z: Array) -> Array:
    """Return evenly spaced vertices (rows, columns, 3) with the heights z."""
    y, x = (np.linspace(-half, half, count) for half, count in zip(field.half[::-1], z.shape, strict=True))
    return np.stack([*np.meshgrid(x, y), z], axis=-1)


def _any_corner(corners: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return whether one of the corners of each face is true."""
    return corners[1:, 1:] | corners[1:, :-1] | corners[:-1, 1:] | corners[:-1, :-1]


def _samples(size: int, faces: int) -> NDArray[np.intp]:
    """Return the indices of the rows of a table between which there are as many faces."""
    return np.rint(np.linspace(0, size - 1, faces + 1)).astype(np.intp)


def _face_count(z: Array, cells: int, max_error: float) -> int:
    """Return the number of faces along the first axis, a multiple of `cells`, with which they follow the heights z."""
    for faces in [cells * each for each in FACES_PER_CELL if cells * each < MAX_FACES]:
        place = np.linspace(0, faces, len(z))
        before = np.minimum(place.astype(int), faces - 1)
        knots, part = z[_samples(len(z), faces)], (place - before)[:, None]
        error = np.abs((1 - part) * knots[before] + part * knots[before + 1] - z)
        if not np.isfinite(error).any() or np.nanquantile(error, 0.99) <= max_error:
            return faces
    return MAX_FACES


def _normals(field: HeightField, rows: int, columns: int) -> Array:
    """Return the unit vectors (rows, columns, 3) that point up from the faces, averaged over their surroundings."""
    known = np.isfinite(field.z)
    shape = np.array(field.z.shape) - 1
    widths = [SMOOTHING * size / count for size, count in zip(shape, (rows, columns), strict=True)]
    heights, weights = np.where(known, field.z, 0), _blurred(known.astype(np.float64), widths)
    # Where a surface ends beside the edge of its domain, weights can be 0 or negative. The heights remain there.
    smooth = np.divide(_blurred(heights, widths), weights, out=heights, where=weights > 0.1)
    slopes: list[Array] = list(np.gradient(smooth, *(2 * field.half[::-1] / shape)))
    middles = np.ix_(
        *(
            ((np.arange(count) + 0.5) * size / count).astype(int)
            for count, size in zip((rows, columns), shape, strict=True)
        )
    )
    along_y, along_x = (slope[middles] for slope in slopes)
    normals = np.stack([-along_x, -along_y, np.ones((rows, columns))], axis=-1)
    return normals / np.linalg.norm(normals, axis=-1, keepdims=True)


def _blurred(z: Array, widths: Sequence[float]) -> Array:
    """Return a table after taking averages twice, over windows with these widths along its axes."""
    for width in (*widths, *widths):
        reach = max(1, round(width / 2))
        # Continued in this way, the table keeps its slope at the edge.
        padded = np.pad(z, [(reach + 1, reach), (0, 0)], mode="reflect", reflect_type="odd")
        sums = np.cumsum(padded, axis=0, dtype=np.float64)
        z = (sums[2 * reach + 1 :, :] - sums[: -2 * reach - 1, :]).T / (2 * reach + 1)
    return z


MESHES: dict[str, Callable[[Axes, Theme, HeightField, float], Mesh]] = {"shaded": ShadedMesh, "mesh": WireMesh}
"""Ways of drawing the surface, by name."""
