"""The race on the surface, seen by a camera that turns around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.path import Path
from numpy.typing import NDArray

from animopt.clock import Moment
from animopt.look import Look
from animopt.marks import TRAIL, mix, racer_marks
from animopt.panels import Move
from animopt.projection import Camera, HeightField
from animopt.recording import Array, Recording, Surface

LINES = 24
"""Meshes along each side."""

SHADES = 8
"""Depths that the fading of the lines tells apart."""

HEIGHT = 0.75
"""Of the surface, where the longer side of the domain is 2."""

BEHIND_MESH, BEHIND_TRAIL = 0.16, 0.55
"""How much of its colour a line keeps that is seen through the surface."""

MARGIN = 1.03
"""So that a head at the surface's very edge is not cut."""

NARROWEST = 0.4
"""A domain's shorter side is drawn at least this much of the longer one."""


@final
@dataclass(frozen=True)
class Wireframe:
    """A wireframe that fades with distance and hides what is behind it, with the trails and heads on it."""

    elevation: float = 38.0

    def draw(self, axes: Axes, recording: Recording, look: Look) -> Move:
        """Nothing stays still; the wireframe turns, the trails and heads move on it."""
        scene = _Scene.of(recording.surface)
        mesh = _Mesh.of(scene)
        axes.set_axis_off()
        _frame(axes, mesh, self.elevation)
        shades = np.linspace(0.22, 0.95, SHADES)
        lines = PathCollection(
            [],
            facecolors="none",
            edgecolors=[mix(look.background, look.mesh, part) for part in (BEHIND_MESH, *shades)],
            linewidths=[max(0.5, look.px(width)) for width in (0.8, *np.linspace(0.8, 1.2, SHADES))],
            capstyle="round",
            animated=True,
        )
        axes.add_collection(lines, autolim=False)
        racers = range(len(recording.names))
        behind = [
            axes.plot(
                [],
                [],
                color=mix(look.background, look.hue(racer), BEHIND_TRAIL),
                linewidth=look.trail(0.75 * TRAIL),
                solid_capstyle="round",
                solid_joinstyle="round",
                animated=True,
            )[0]
            for racer in racers
        ]
        marks = [racer_marks(axes, look, racer) for racer in racers]
        steps = [
            scene.place(np.where(seen[:, None], np.column_stack([xy, z]), np.nan))
            for xy, z, seen in zip(recording.xy, recording.z, recording.in_view, strict=True)
        ]

        def move(moment: Moment) -> Sequence[Artist]:
            camera = Camera(moment.azimuth, self.elevation)
            lines.set_paths(mesh.paths(camera))
            placed: list[Sequence[Artist]] = []
            for racer in racers:
                way = scene.place(recording.ways[racer].until(moment.step))
                trail, _ = camera.project(way)
                points, _ = camera.project(steps[racer][: int(moment.step) + 1])
                behind[racer].set_data(trail[:, 0], trail[:, 1])
                seen = _seen(trail, scene.field.hidden(way, camera))
                shown = np.where(scene.field.hidden(steps[racer][: len(points)], camera)[:, None], np.nan, points)
                placed.append([behind[racer], *marks[racer].place(seen, shown, trail[-1])])
            return [lines, *(artist for layer in zip(*placed, strict=True) for artist in layer)]

        return move


@dataclass(frozen=True, eq=False)
class _Scene:
    """The surface in the camera's units: the origin in the middle, the longer side of the domain 2 long."""

    middle: Array
    scale: Array
    field: HeightField

    @staticmethod
    def of(surface: Surface) -> "_Scene":
        bottom, top = np.nanmin(surface.z), np.nanmax(surface.z)
        sides = surface.high - surface.low
        half = np.maximum(sides / sides.max(), NARROWEST)
        middle = np.append((surface.low + surface.high) / 2, (bottom + top) / 2)
        scale = np.append(2 * half / sides, HEIGHT / (top - bottom) if top > bottom else 1.0)
        return _Scene(middle, scale, HeightField(half, (surface.z - middle[2]) * scale[2]))

    def place(self, points: Array) -> Array:
        """Points (any, 3) of the surface in the camera's units."""
        return (points - self.middle) * self.scale


@dataclass(frozen=True, eq=False)
class _Mesh:
    """The wireframe's straight pieces, as indices (pieces, 2) into its vertices (vertices, 3)."""

    vertices: Array
    pieces: NDArray[np.intp]
    field: HeightField

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
        across = np.stack([index[:-1, ::2], index[1:, ::2]], axis=-1).reshape(-1, 2)
        vertices = np.stack([x, y, z], axis=-1).reshape(-1, 3)
        pieces = np.concatenate([along, across])
        return _Mesh(vertices, pieces[np.isfinite(vertices[pieces]).all(axis=(1, 2))], scene.field)

    def paths(self, camera: Camera) -> list[Path]:
        """The hidden pieces as one path, then the others as one path for each shade, the farthest first."""
        flat, near = camera.project(self.vertices)
        hidden = self.field.hidden(self.vertices, camera)[self.pieces].any(axis=1)
        reach = float(np.hypot(*self.field.half))
        shade = np.clip((near[self.pieces].mean(axis=1) / reach + 1) / 2 * SHADES, 0, SHADES - 1).astype(int)
        bucket = np.where(hidden, 0, 1 + shade)
        order = np.argsort(bucket, kind="stable")
        ends = np.searchsorted(bucket[order], np.arange(SHADES + 2))
        points = flat[self.pieces[order]]
        return [_broken(points[first:last]) for first, last in pairwise(ends)]


def _broken(pieces: Array) -> Path:
    codes = np.tile(np.array([Path.MOVETO, Path.LINETO], dtype=Path.code_type), len(pieces))
    return Path(pieces.reshape(-1, 2), codes)


def _seen(trail: Array, hidden: NDArray[np.bool_]) -> Array:
    """The trail with NaN where the surface is before it."""
    return np.where(hidden[:, None], np.nan, trail)


def _frame(axes: Axes, mesh: _Mesh, elevation: float) -> None:
    """Set the axes' limits, with equal units, so that the wireframe fits from wherever the camera looks."""
    views = [Camera(azimuth, elevation).project(mesh.vertices)[0] for azimuth in range(0, 360, 15)]
    low, high = np.nanmin(views, axis=(0, 1)), np.nanmax(views, axis=(0, 1))
    box = axes.get_window_extent()
    pixels = np.array([box.width, box.height])
    half = pixels * ((high - low) / pixels).max() / 2 * MARGIN
    middle = (low + high) / 2
    axes.set(xlim=(middle[0] - half[0], middle[0] + half[0]), ylim=(middle[1] - half[1], middle[1] + half[1]))
