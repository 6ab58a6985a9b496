"""The race on the surface, seen by a camera that turns around it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np
from contourpy import contour_generator
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.core.language import language
from animopt.drawing.artists import TRAIL_WIDTH, PixelLine, RacerArtists, in_layers
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.colors import blend
from animopt.drawing.geometry import CELL, Camera, RacerPath
from animopt.drawing.labels import draw_labels
from animopt.drawing.text import text_width
from animopt.drawing.viewpoint import HEIGHT, CameraSweep, ScaledSurface
from animopt.recording.recording import Surface

MESH_LINES = 24
"""Number of mesh cells along each side."""

SHADES = 8
"""Number of shades in which lines fade with their depth."""

HEIGHT_WEIGHT = 0.25
"""Fraction of a line's fading that depends on its height. The rest depends on its distance."""

HIDDEN_TRAIL = 0.55
"""Opacity of a trail behind the surface."""

FLOOR_DEPTH, FLOOR_LEVELS = 0.22, 7
"""Depth of the floor below the lowest point of the surface, and number of contour levels on it."""

MAX_SCALE = 1.3
"""Maximum scale of the projection, in the foreground. At the origin it is 1."""


@final
@dataclass(frozen=True)
class Wireframe:
    """A wireframe that fades with distance and hides what is behind it, with the trails and heads on it.

    `moments` are evenly spaced moments of the clip, for which the places of the names beside the heads are planned, and
    `sweep` is the camera's way.
    """

    moments: Sequence[Moment] = ()
    sweep: CameraSweep = field(default_factory=CameraSweep)

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Write a note if the heights are on a log scale. The wireframe turns, and the trails and heads move on it."""
        scaled = ScaledSurface(recording.surface)
        mesh = _Mesh(scaled)
        axes.set_axis_off()
        floor = _floor(recording.surface, scaled)
        _set_view(axes, np.concatenate([mesh.vertices, floor]), self.sweep.elevation)
        to_pixels = axes.transData.transform
        floor_line = PixelLine(axes, blend(theme.background, theme.level, 0.42), max(0.5, theme.px(0.9)))
        mesh_lines = [
            PixelLine(axes, blend(theme.background, theme.mesh, opacity), max(0.5, theme.px(width)))
            # The first opacity and width are those of lines behind the surface.
            for opacity, width in zip(
                (0.16, *np.linspace(0.22, 0.95, SHADES)), (0.8, *np.linspace(0.8, 1.2, SHADES)), strict=True
            )
        ]
        cell = CELL * np.diff(axes.get_xlim())[0] / axes.get_window_extent().width / MAX_SCALE
        racers = range(len(recording.names))
        paths = [RacerPath(recording, racer, scaled.to_camera, cell) for racer in racers]
        hidden_trails = [
            PixelLine(axes, blend(theme.background, theme.hue(racer), HIDDEN_TRAIL), theme.trail(0.75 * TRAIL_WIDTH))
            for racer in racers
        ]
        artists = [RacerArtists(axes, theme, racer) for racer in racers]

        def heads(moment: Moment) -> Array:
            camera = self.sweep.camera(moment)
            return to_pixels(camera.project(np.array([path.whole.head(moment.step) for path in paths]))[0])

        move_labels = draw_labels(
            axes,
            theme,
            recording.names,
            backing=theme.background,
            moments=self.moments,
            heads=heads,
            obstacles=_draw_scale_note(axes, recording, theme) if scaled.heights.is_nonlinear else np.empty((0, 4)),
        )

        def move(moment: Moment) -> Artists:
            camera = self.sweep.camera(moment)
            parts = [
                mesh.vertices,
                *(path.trail(moment.step) for path in paths),
                *(path.steps.passed(moment.step) for path in paths),
            ]
            points = np.concatenate(parts)
            hidden = scaled.field.hidden(points, camera)
            projected, depth = camera.project(points)
            pixels = to_pixels(projected)
            ends = np.cumsum([len(part) for part in parts])[:-1]
            trails = np.split(pixels, ends)[1:]
            visible = np.split(np.where(hidden[:, None], np.nan, pixels), ends)[1:]
            placed = [
                [behind.set_pixels(trail), *racer.set_pixels(visible_trail, visible_steps, trail[-1])]
                for behind, racer, trail, visible_trail, visible_steps in zip(
                    hidden_trails, artists, trails, visible, visible[len(paths) :], strict=False
                )
            ]
            return [
                floor_line.set_pixels(to_pixels(camera.project(floor)[0])),
                *map(PixelLine.set_pixels, mesh_lines, mesh.lines(pixels, depth, hidden)),
                *in_layers(placed),
                *move_labels(moment),
            ]

        return move


class _Mesh:
    """The wireframe: its vertices (vertices, 3), and its segments as indices (segments, 2) of vertices."""

    def __init__(self, scaled: ScaledSurface) -> None:
        stride = (scaled.field.z.shape[0] - 1) // (2 * MESH_LINES)
        z = scaled.field.z[::stride, ::stride]
        half = scaled.field.half
        x, y = np.meshgrid(np.linspace(-half[0], half[0], z.shape[1]), np.linspace(-half[1], half[1], z.shape[0]))
        index = np.arange(z.size).reshape(z.shape)
        vertices = np.stack([x, y, z], axis=-1).reshape(-1, 3)
        # Pairs of neighbors along each line of constant y, then along each line of constant x.
        pairs = (index[::2, :-1], index[::2, 1:]), (index[:-1, ::2].T, index[1:, ::2].T)
        segments = np.concatenate([np.stack(pair, axis=-1).reshape(-1, 2) for pair in pairs])
        segments = segments[np.isfinite(vertices[segments]).all(axis=(1, 2))]
        # Vertices between the lines are in no segment.
        used, segments = np.unique(segments, return_inverse=True)
        self.vertices, self.segments = vertices[used], segments.reshape(-1, 2)
        self.radius = float(np.hypot(*half))

    def lines(self, pixels: Array, depth: Array, hidden: NDArray[np.bool_]) -> list[Array]:
        """Return the lines (points, 2) of the hidden segments, then those of each shade, the farthest first.

        A row of NaN separates two lines. `pixels`, `depth` and `hidden` begin with those of the vertices.
        """
        distance = (depth[: len(self.vertices)] / self.radius + 1) / 2
        fade = (1 - HEIGHT_WEIGHT) * distance + HEIGHT_WEIGHT * (0.5 - self.vertices[:, 2] / HEIGHT)
        shade = np.clip(fade[self.segments].mean(axis=1) * SHADES, 0, SHADES - 1).astype(int)
        bucket = np.where(hidden[self.segments].any(axis=1), 0, 1 + shade)
        order = np.argsort(bucket, kind="stable")
        bucket, segments = bucket[order], self.segments[order]
        # A segment that starts where the previous one ends only adds a point to its line.
        starts = np.ones(len(segments), dtype=bool)
        starts[1:] = (segments[1:, 0] != segments[:-1, 1]) | (bucket[1:] != bucket[:-1])
        points = np.column_stack([np.full(len(segments), -1), segments])
        needed = np.column_stack([starts, starts, np.ones_like(starts)])
        lines = np.vstack([pixels, np.full(2, np.nan)])[points[needed]]
        counts = np.bincount(bucket, weights=needed.sum(axis=1), minlength=SHADES + 1)
        return np.split(lines, np.cumsum(counts[:-1]).astype(int))


def _draw_scale_note(axes: Axes, recording: Recording, theme: Theme) -> Array:
    """Write that the heights are on a log scale. Return the center and size of the note in pixels, (1, 4)."""
    size = theme.text(12)
    note = axes.annotate(
        language(recording.language).gettext("heights on a log scale"),
        (1, 0),
        xycoords="axes fraction",
        fontsize=size,
        color=theme.muted,
        ha="right",
        va="bottom",
    )
    box, width = axes.get_window_extent(), text_width(note)
    return np.array([[box.x1 - width / 2, box.y0 + size / 2, width, 1.2 * size]])


def _floor(surface: Surface, scaled: ScaledSurface) -> Array:
    """Return contour lines on a floor under the surface, and the floor's edge, (points, 3), separated by NaN."""
    # Half of the rows and columns give lines that look the same, in less time.
    x, y, z = surface.x[::2], surface.y[::2], surface.z[::2, ::2]
    lines = contour_generator(x, y, np.ma.masked_invalid(z))
    (left, bottom), (right, top) = surface.low, surface.high
    edge = np.array([(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)])
    flat = [
        edge,
        *(np.array(line) for level in scaled.heights.heights(FLOOR_LEVELS + 2)[1:-1] for line in lines.lines(level)),
    ]
    points = np.concatenate([np.vstack([line, np.full(2, np.nan)]) for line in flat])
    return np.column_stack([(points - scaled.middle) * scaled.scale, np.full(len(points), -HEIGHT / 2 - FLOOR_DEPTH)])


def _set_view(axes: Axes, points: Array, elevation: float) -> None:
    """Set the axes' limits, with equal units, so that the points fit at every azimuth of the camera."""
    views = [Camera(azimuth, elevation).project(points)[0] for azimuth in range(0, 360, 15)]
    low, high = np.nanmin(views, axis=(0, 1)), np.nanmax(views, axis=(0, 1))
    pixels = np.array(axes.get_window_extent().size)
    # The margin of 3 % is for heads at the edge.
    half = pixels * ((high - low) / pixels).max() / 2 * 1.03
    middle = (low + high) / 2
    axes.set(xlim=(middle[0] - half[0], middle[0] + half[0]), ylim=(middle[1] - half[1], middle[1] + half[1]))
