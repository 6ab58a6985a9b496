"""The race on the surface, seen by a camera that turns around it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from contourpy import contour_generator
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.drawing.artists import TRAIL, Trail, racer_marks, trail_line
from animopt.drawing.camera import Camera, HeightField
from animopt.drawing.colors import blend
from animopt.drawing.height_scale import HeightScale, height_scale
from animopt.drawing.labels import beside
from animopt.drawing.mpl import Artist, Axes
from animopt.drawing.panel import Move
from animopt.drawing.path_thinning import CELL, seen, thinned
from animopt.drawing.text import text_width
from animopt.drawing.theme import Theme
from animopt.recording.recording import Recording, Surface
from animopt.recording.timeline import Moment

LINES = 24
"""Meshes along each side."""

SHADES = 8
"""Depths that the fading of the lines tells apart."""

LOFT = 0.25
"""How much of a line's fading comes from its height, and not from its distance."""

HEIGHT = 0.75
"""Of the surface, where the longer side of the domain is 2."""

VALLEY = 0.6
"""The part of the domain's area that the lower half of the wireframe shows."""

BEHIND_MESH, BEHIND_TRAIL = 0.16, 0.55
"""How much of its colour a line keeps that is seen through the surface."""

HIGHEST = 3.0
"""A racer is drawn at most so many times as high as the surface."""

FLOOR, FLOOR_LINES = 0.22, 7
"""How far under the surface's lowest point the floor lies, and how many contour lines are on it."""

NEAREST = 1.3
"""How much larger than at the middle something can look."""

MARGIN = 1.03
"""So that a head at the surface's very edge is not cut."""

NARROWEST = 0.4
"""A domain's shorter side is drawn at least this much of the longer one."""


@final
@dataclass(frozen=True)
class Wireframe:
    """A wireframe that fades with distance and hides what is behind it, with the trails and heads on it.

    `moments` are those of the clip, evenly apart, for which the names beside the heads are planned.
    """

    moments: Sequence[Moment] = ()
    elevation: float = 38.0

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Say how the heights are scaled; the wireframe turns, the trails and heads move on it."""
        scene = _Scene.of(recording.surface)
        mesh = _Mesh.of(scene)
        axes.set_axis_off()
        kept_clear = np.empty((0, 4))
        if scene.heights.bent:
            scale = axes.annotate(
                "heights on a log scale",
                (1, 0),
                xycoords="axes fraction",
                fontsize=theme.text(12),
                color=theme.muted,
                ha="right",
                va="bottom",
            )
            box = axes.get_window_extent()
            wide, high = text_width(scale), theme.text(12)
            kept_clear = np.array([[box.x1 - wide / 2, box.y0 + high / 2, wide, 1.2 * high]])
        floor = _floor(recording.surface, scene)
        _frame(axes, np.concatenate([mesh.vertices, floor]), self.elevation)
        to_pixels = axes.transData.transform
        shadow = Trail(axes, blend(theme.background, theme.level, 0.42), max(0.5, theme.px(0.9)))
        shades = (BEHIND_MESH, *np.linspace(0.22, 0.95, SHADES))
        widths = (0.8, *np.linspace(0.8, 1.2, SHADES))
        lines = [
            Trail(axes, blend(theme.background, theme.mesh, part), max(0.5, theme.px(width)))
            for part, width in zip(shades, widths, strict=True)
        ]
        racers = range(len(recording.names))
        behind = [
            trail_line(axes, theme, blend(theme.background, theme.hue(racer), BEHIND_TRAIL), 0.75 * TRAIL)
            for racer in racers
        ]
        marks = [racer_marks(axes, theme, racer) for racer in racers]
        cell = CELL * np.diff(axes.get_xlim())[0] / axes.get_window_extent().width / NEAREST
        paths = [replace(way, xyz=scene.place(way.xyz)) for way in recording.paths]
        trails = [thinned(way, cell) for way in paths]
        steps = [
            seen(recording, racer, scene.place(np.column_stack([recording.xy[racer], recording.z[racer]])), cell)
            for racer in racers
        ]

        def heads(moment: Moment) -> Array:
            places = np.array([way.head(moment.step) for way in paths])
            return to_pixels(Camera(moment.azimuth, self.elevation).project(places)[0])

        name = beside(axes, theme, recording.names, theme.background, self.moments, heads, kept_clear)

        def move(moment: Moment) -> Sequence[Artist]:
            camera = Camera(moment.azimuth, self.elevation)
            step = moment.step
            parts = [
                mesh.vertices,
                *(np.vstack([trails[racer].passed(step), paths[racer].head(step)]) for racer in racers),
                *(steps[racer].passed(step) for racer in racers),
            ]
            points = np.concatenate(parts)
            hidden = scene.field.hidden(points, camera)
            places, near = camera.project(np.concatenate([points, floor]))
            pixels = to_pixels(places)
            shadow.put(pixels[len(points) :])
            for line, places in zip(lines, mesh.lines(pixels, near, hidden), strict=True):
                line.put(places)
            ends = np.cumsum([len(part) for part in parts])[:-1]
            whole = np.split(pixels[: len(points)], ends)
            shown = np.split(np.where(hidden[:, None], np.nan, pixels[: len(points)]), ends)
            placed: list[Sequence[Artist]] = []
            for racer in racers:
                trail, point = 1 + racer, 1 + len(racers) + racer
                marked = marks[racer].put(shown[trail], shown[point], whole[trail][-1])
                placed.append([behind[racer].put(whole[trail]), *marked])
            layers = [artist for layer in zip(*placed, strict=True) for artist in layer]
            return [shadow, *lines, *layers, *name(moment)]

        return move


@dataclass(frozen=True, eq=False)
class _Scene:
    """The surface in the camera's units: the origin in the middle, the longer side of the domain 2 long."""

    middle: Array
    scale: Array
    heights: HeightScale
    field: HeightField

    @staticmethod
    def of(surface: Surface) -> "_Scene":
        sides = surface.high - surface.low
        half = np.maximum(sides / sides.max(), NARROWEST)
        heights = height_scale(surface.scale, VALLEY)
        field = HeightField(half, HEIGHT * (heights.parts(surface.z) - 0.5))
        return _Scene((surface.low + surface.high) / 2, 2 * half / sides, heights, field)

    def place(self, points: Array) -> Array:
        """Points (any, 3) of the surface in the camera's units."""
        flat = (points[:, :2] - self.middle) * self.scale
        # A spike between the surface's samples may be of any height, and would come to stand behind the camera.
        return np.column_stack([flat, HEIGHT * (np.minimum(self.heights.parts(points[:, 2]), HIGHEST) - 0.5)])


@dataclass(frozen=True, eq=False)
class _Mesh:
    """The wireframe's straight pieces, as indices (pieces, 2) into its vertices (vertices, 3)."""

    vertices: Array
    pieces: NDArray[np.intp]
    reach: float

    @staticmethod
    def of(scene: _Scene) -> "_Mesh":
        z = scene.field.z
        every = (z.shape[0] - 1) // (2 * LINES)
        z = z[::every, ::every]
        rows, columns = z.shape
        x, y = np.meshgrid(
            np.linspace(-scene.field.half[0], scene.field.half[0], columns),
            np.linspace(-scene.field.half[1], scene.field.half[1], rows),
        )
        index = np.arange(rows * columns).reshape(rows, columns)
        along = np.stack([index[::2, :-1], index[::2, 1:]], axis=-1).reshape(-1, 2)
        across = np.stack([index[:-1, ::2].T, index[1:, ::2].T], axis=-1).reshape(-1, 2)
        vertices = np.stack([x, y, z], axis=-1).reshape(-1, 3)
        pieces = np.concatenate([along, across])
        pieces = pieces[np.isfinite(vertices[pieces]).all(axis=(1, 2))]
        # Those between the lines are never drawn.
        used, pieces = np.unique(pieces, return_inverse=True)
        return _Mesh(vertices[used], pieces.reshape(-1, 2), float(np.hypot(*scene.field.half)))

    def lines(self, pixels: Array, near: Array, hidden: NDArray[np.bool_]) -> list[Array]:
        """The lines (places, 2) through the hidden pieces, then those of each shade, the farthest first.

        NaN is between two. `pixels` (vertices, 2) are where the vertices are, `near` (vertices,) how near they are;
        more may follow.
        """
        vertices = slice(len(self.vertices))
        through = hidden[self.pieces[:, 0]] | hidden[self.pieces[:, 1]]
        fade = (1 - LOFT) * (near[vertices] / self.reach + 1) / 2 + LOFT * (0.5 - self.vertices[:, 2] / HEIGHT)
        shade = np.clip(fade[self.pieces].mean(axis=1) * SHADES, 0, SHADES - 1).astype(int)
        bucket = np.where(through, 0, 1 + shade)
        order = np.argsort(bucket, kind="stable")
        bucket, pieces = bucket[order], self.pieces[order]
        # A piece that goes on where the one before it ended is one more place on its line.
        begins = np.ones(len(pieces), dtype=bool)
        begins[1:] = (pieces[1:, 0] != pieces[:-1, 1]) | (bucket[1:] != bucket[:-1])
        places = np.column_stack([np.full(len(pieces), -1), pieces])
        needed = np.column_stack([begins, begins, np.ones_like(begins)])
        places = np.vstack([pixels, np.full(2, np.nan)])[places[needed]]
        counts = np.bincount(bucket, weights=needed.sum(axis=1), minlength=SHADES + 1)
        return np.split(places, np.cumsum(counts[:-1]).astype(int))


def _floor(surface: Surface, scene: _Scene) -> Array:
    """The contour's lines on a floor under the surface, and the floor's edge, (points, 3), with NaN between them."""
    # Every second row and column draw as good lines, and faster.
    x, y, z = surface.x[::2], surface.y[::2], surface.z[::2, ::2]
    lines = contour_generator(x, y, np.ma.masked_invalid(z))
    levels = height_scale(surface.scale, VALLEY).heights(FLOOR_LINES + 2)[1:-1]
    edge = np.array([surface.low, (surface.high[0], surface.low[1]), surface.high, (surface.low[0], surface.high[1])])
    flat = [edge[[0, 1, 2, 3, 0]], *(np.array(line) for level in levels for line in lines.lines(level))]
    lifted = np.concatenate([np.vstack([line, np.full(2, np.nan)]) for line in flat])
    return np.column_stack([(lifted - scene.middle) * scene.scale, np.full(len(lifted), -HEIGHT / 2 - FLOOR)])


def _frame(axes: Axes, points: Array, elevation: float) -> None:
    """Set the axes' limits, with equal units, so that the points fit from wherever the camera looks."""
    views = [Camera(azimuth, elevation).project(points)[0] for azimuth in range(0, 360, 15)]
    low, high = np.nanmin(views, axis=(0, 1)), np.nanmax(views, axis=(0, 1))
    box = axes.get_window_extent()
    pixels = np.array([box.width, box.height])
    half = pixels * ((high - low) / pixels).max() / 2 * MARGIN
    middle = (low + high) / 2
    axes.set(xlim=(middle[0] - half[0], middle[0] + half[0]), ylim=(middle[1] - half[1], middle[1] + half[1]))
