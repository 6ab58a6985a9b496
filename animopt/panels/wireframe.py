"""The race on the surface, seen by a camera that turns around it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import final

import numpy as np
from contourpy import contour_generator

from animopt.core.arrays import Array
from animopt.core.language import language
from animopt.drawing.artists import BOX_WIDTH, TRAIL_WIDTH, PixelLine, Trails, TrainingTrails, trail_cell
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.colors import blend
from animopt.drawing.geometry import Camera, RacerPath, TrailParts
from animopt.drawing.labels import draw_labels, label_order
from animopt.drawing.mesh import MESHES
from animopt.drawing.text import text_width
from animopt.drawing.theme import NOTE_TEXT
from animopt.drawing.viewpoint import HEIGHT, CameraSweep, ScaledSurface
from animopt.recording.recording import Surface

HIDDEN_TRAIL, HIDDEN_WIDTH = 0.55, 0.75
"""Opacity of a trail behind the surface, and its width as a fraction of a trail's."""

FLOOR_DEPTH, FLOOR_LEVELS = 0.22, 7
"""Depth of the floor below the lowest point of the surface, and number of contour levels on it."""

FLOOR_OPACITY, FLOOR_WIDTH, MIN_FLOOR_WIDTH = 0.42, 0.9, 0.5
"""Opacity of the lines on the floor, their width in pixels of a 1280 × 720 picture, and its minimum in pixels."""

FLOOR_TURN, FLOOR_SPACING = 0.2, 0.12
"""Angle in radians and length, in the camera's units, between two points of a line on the floor."""

MAX_SCALE = 1.3
"""Maximum scale of the projection, in the foreground. At the origin it is 1."""


@final
@dataclass(frozen=True)
class Wireframe:
    """A wireframe that fades with distance and hides what is behind it, with the trails and heads on it.

    The edge of a box onto which racers are projected is on it, too. `moments` are evenly spaced moments of the clip,
    for which the places of the names beside the heads are planned, and `sweep` is the camera's way. `racer` is the one
    in focus.
    """

    moments: Sequence[Moment] = ()
    sweep: CameraSweep = field(default_factory=CameraSweep)
    surface: str = "shaded"
    racer: int = 0

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Write a note if the heights are on a log scale. The wireframe turns, and the trails and heads move on it."""
        scaled = ScaledSurface(recording.surface)
        axes.set_axis_off()
        floor = floor_lines(recording.surface, scaled)
        to_pixels = axes.transData.transform
        floor_line = PixelLine(
            axes, blend(theme.background, theme.level, FLOOR_OPACITY), max(MIN_FLOOR_WIDTH, theme.px(FLOOR_WIDTH))
        )
        mesh = MESHES[self.surface](axes, theme, scaled.field, HEIGHT)
        _set_view(axes, np.concatenate([mesh.vertices, floor]), self.sweep.elevation)
        cell = trail_cell(theme) * np.diff(axes.get_xlim())[0] / axes.get_window_extent().width / MAX_SCALE
        racers = range(len(recording.names))
        paths = [RacerPath(recording, racer, scaled.to_camera, cell) for racer in racers]
        hidden_trails = [
            PixelLine(
                axes, blend(theme.background, theme.hue(racer), HIDDEN_TRAIL), theme.trail(HIDDEN_WIDTH * TRAIL_WIDTH)
            )
            for racer in racers
        ]
        box = scaled.to_camera(recording.box.xyz) if recording.box else np.empty((0, 3))
        box_line = PixelLine(axes, theme.ink, theme.trail(BOX_WIDTH))
        training = TrainingTrails(axes, theme, recording, scaled.to_camera, cell)
        artists = Trails(axes, theme, recording)

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
            order=label_order(recording, self.racer),
        )

        def move(moment: Moment) -> Artists:
            camera = self.sweep.camera(moment)
            trails = [path.parts(moment.step) for path in paths]
            faint = training.points(moment.step)
            parts = [mesh.vertices, floor, *(part for trail in trails for part in trail), *faint, box]
            points = np.concatenate(parts)
            seen = scaled.field.visibility(points, camera)
            projected, depth = camera.project(points)
            pixels = to_pixels(projected)
            count = len(mesh.vertices) + len(floor)
            ground = pixels[len(mesh.vertices) : count]
            if mesh.opaque:
                # The faces are drawn over the points beside the visible ones.
                below = seen.covered[len(mesh.vertices) : count].copy()
                below[1:-1] &= below[:-2] & below[2:]
                ground = np.where(below[:, None], np.nan, ground)
            visible = np.where(seen.hidden[count:, None], np.nan, pixels[count:])
            # A segment is hidden if one of its ends is.
            behind = seen.hidden[count:].copy()
            behind[1:] |= seen.hidden[count:-1]
            behind[:-1] |= seen.hidden[count + 1 :]
            covered = np.where(behind[:, None], pixels[count:], np.nan) if behind.any() else pixels[:0]
            places = np.cumsum([0, *(len(part) for trail in trails for part in trail)])
            shown = [
                TrailParts(*(visible[first:last] for first, last in pairwise(places[4 * racer : 4 * racer + 5])))
                for racer in racers
            ]
            for racer, line in enumerate(hidden_trails):
                line.set_pixels(covered[places[4 * racer] : places[4 * racer + 2]])
            ends = places[-1] + np.cumsum([0, *map(len, faint)])
            return [
                floor_line.set_pixels(ground),
                *mesh.place(camera, pixels, depth, seen),
                box_line.set_pixels(visible[len(visible) - len(box) :]),
                *training.place([visible[first:last] for first, last in pairwise(ends)]),
                *hidden_trails,
                *artists.place(shown, pixels[count + places[2::4] - 1], moment),
                *move_labels(moment),
            ]

        return move


def _draw_scale_note(axes: Axes, recording: Recording, theme: Theme) -> Array:
    """Write that the heights are on a log scale. Return the center and size of the note in pixels, (1, 4)."""
    size = theme.text(NOTE_TEXT)
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


def floor_lines(surface: Surface, scaled: ScaledSurface) -> Array:
    """Return contour lines on a floor under the surface, and the floor's edge, (points, 3), separated by NaN."""
    # Half of the rows and columns give lines that look the same, in less time.
    x, y, z = surface.x[::2], surface.y[::2], scaled.heights.fractions(surface.z[::2, ::2])
    lines = contour_generator(x, y, np.ma.masked_invalid(z))
    (left, bottom), (right, top) = surface.low, surface.high
    corners = np.array([(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)])
    edge = np.vstack([np.linspace(first, last, 101) for first, last in pairwise(corners)])
    levels = np.linspace(0, 1, FLOOR_LEVELS + 2)[1:-1]
    flat = [edge, *(np.array(line) for level in levels for line in lines.lines(level))]
    kept = [_spaced((line - scaled.middle) * scaled.scale) for line in flat]
    points = np.concatenate([np.vstack([line, np.full((1, 2), np.nan)]) for line in kept])
    return np.column_stack([points, np.full(len(points), -HEIGHT / 2 - FLOOR_DEPTH)])


def _spaced(line: Array) -> Array:
    """Return the points of a line (points, 2) between which it turns, or continues, far enough to be seen."""
    along = np.diff(line, axis=0)
    angles = np.unwrap(np.arctan2(along[:, 1], along[:, 0]))
    turns = np.abs(np.diff(angles, prepend=angles[0]))
    place = np.cumsum(turns) / FLOOR_TURN + np.cumsum(np.hypot(*along.T)) / FLOOR_SPACING
    return line[np.append(np.diff(np.floor(place), prepend=-1) > 0, True)]


def _set_view(axes: Axes, points: Array, elevation: float) -> None:
    """Set the axes' limits, with equal units, so that the points fit at every azimuth of the camera."""
    views = [Camera(azimuth, elevation).project(points)[0] for azimuth in range(0, 360, 15)]
    low, high = np.nanmin(views, axis=(0, 1)), np.nanmax(views, axis=(0, 1))
    pixels = np.array(axes.get_window_extent().size)
    # The margin of 3 % is for heads at the edge.
    half = pixels * ((high - low) / pixels).max() / 2 * 1.03
    middle = (low + high) / 2
    axes.set(xlim=(middle[0] - half[0], middle[0] + half[0]), ylim=(middle[1] - half[1], middle[1] + half[1]))
