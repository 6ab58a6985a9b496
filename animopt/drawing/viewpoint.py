"""The camera's sweep around the surface, chosen so that the surface hides as little of the race as possible."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from animopt.core.arrays import Array
from animopt.drawing.geometry import Camera, HeightField, height_scale
from animopt.recording.recording import Recording, Surface
from animopt.recording.timeline import Moment

HEIGHT = 0.75
"""Height of the surface. The longer side of the domain is 2."""

VALLEY = 0.6
"""Fraction of the domain's area that the lower half of the wireframe covers."""

MAX_HEIGHT = 3.0
"""Maximum height at which a racer is drawn, in heights of the surface."""

MIN_ASPECT = 0.4
"""Minimum length of the shorter side of the domain, as a fraction of the longer side."""

AZIMUTH, ELEVATION = 200.0, 38.0
"""Azimuth at the start and elevation, in degrees, if every sweep shows the race equally well."""

AZIMUTHS, ELEVATIONS = np.arange(0.0, 360.0, 12.0), np.arange(25.0, 61.0, 7.0)
"""Azimuths and elevations in degrees for which the visibility is computed, and among which a sweep is chosen."""

MAX_POINTS = 160
"""Maximum number of points of all trails whose visibility is computed."""

MAX_MOMENTS = 40
"""Maximum number of moments at which a sweep is judged."""

MAX_RACES = 3
"""Maximum number of races by which a sweep is judged."""

HEAD_WEIGHT, SPREAD_WEIGHT, TILT_WEIGHT, TURN_WEIGHT = 3.0, 0.25, 0.02, 0.02
"""Weights in the cost of a sweep: of hidden heads, of the extent of the trails in the picture, and of differences from
ELEVATION and AZIMUTH. The weight of hidden trails is 1."""


@dataclass(frozen=True)
class CameraSweep:
    """How the camera turns: its azimuth at the start, the angle by which it turns, and its elevation, in degrees.

    A positive turn is counterclockwise, seen from above.
    """

    azimuth: float = AZIMUTH
    turn: float = 0.0
    elevation: float = ELEVATION

    def camera(self, moment: Moment) -> Camera:
        """Return the camera at a moment."""
        return Camera(self.azimuth + self.turn * moment.turned, self.elevation)


class ScaledSurface:
    """The surface in the camera's units: the origin is in the middle, and the longer side of the domain is 2 long."""

    def __init__(self, surface: Surface) -> None:
        sides = surface.high - surface.low
        half = np.maximum(sides / sides.max(), MIN_ASPECT)
        self.middle = (surface.low + surface.high) / 2
        self.scale = 2 * half / sides
        self.heights = height_scale(surface.scale, VALLEY)
        self.field = HeightField(half, HEIGHT * (self.heights.fractions(surface.z) - 0.5))

    def to_camera(self, points: Array) -> Array:
        """Convert points (any, 3) of the surface to the camera's units."""
        flat = (points[:, :2] - self.middle) * self.scale
        # A spike between the samples of the surface could reach behind the camera.
        return np.column_stack([flat, HEIGHT * (np.minimum(self.heights.fractions(points[:, 2]), MAX_HEIGHT) - 0.5)])


def choose_sweep(
    races: Sequence[Recording],
    moments: Sequence[Moment],
    turns: Sequence[float],
    azimuth: float | None = None,
    elevation: float | None = None,
) -> CameraSweep:
    """Return the sweep that hides the least of the heads and trails, with more weight towards the end of the clip.

    Args:
        races: The races of the clip.
        moments: Moments of the clip at equal intervals.
        turns: Angles in degrees by which the camera may turn.
        azimuth: Azimuth at the start in degrees. Default: chosen.
        elevation: Elevation in degrees. Default: chosen.
    """
    azimuths = AZIMUTHS if azimuth is None else np.array([azimuth])
    elevations = ELEVATIONS if elevation is None else np.array([elevation])
    if len(turns) * len(azimuths) * len(elevations) == 1 or not races[0].names:
        return CameraSweep(AZIMUTH if azimuth is None else azimuth, turns[0], elevation or ELEVATION)
    samples = [moments[index] for index in np.unique(np.linspace(0, len(moments) - 1, MAX_MOMENTS).astype(int))]
    shown = np.unique(np.linspace(0, len(races) - 1, MAX_RACES).astype(int))
    judged = [int(np.abs(shown - moment.race).argmin()) for moment in samples]
    weights = np.array([0.1 + moment.progress**2 for moment in samples])
    steps = np.array([moment.step for moment in samples])
    turned = np.array([moment.turned for moment in samples])
    best = np.inf, CameraSweep()
    views = [_View(races[race], steps) for race in shown]
    for height in elevations:
        tables = np.stack([view.costs(float(height)) for view in views])
        for turn, start in product(turns, azimuths):
            columns = np.rint((start + turn * turned) * len(AZIMUTHS) / 360).astype(int) % len(AZIMUTHS)
            cost = weights @ tables[judged, columns, np.arange(len(samples))] / weights.sum()
            cost += TILT_WEIGHT * abs(height - ELEVATION) / 20
            cost += TURN_WEIGHT * abs((start - AZIMUTH + 180) % 360 - 180) / 180
            if cost < best[0]:
                best = cost, CameraSweep(float(start), turn, float(height))
    return best[1]


class _View:
    """A race at some steps (steps,), as cameras see it."""

    def __init__(self, recording: Recording, steps: Array) -> None:
        scaled = ScaledSurface(recording.surface)
        self._field = scaled.field
        count = max(8, MAX_POINTS // len(recording.names))
        trails = [_even_points(path.step, scaled.to_camera(path.xyz), count) for path in recording.paths]
        every_step = np.concatenate([step for step, _ in trails])
        order = np.argsort(every_step, kind="stable")
        self._points = np.concatenate([points for _, points in trails])[order]
        self._passed = np.searchsorted(every_step[order], steps, side="right")
        # The head of a racer is the last of its points that it has passed.
        places = np.argsort(order)
        first = np.cumsum([0, *(len(step) for step, _ in trails)])
        self._heads = np.array(
            [
                places[start + np.maximum(np.searchsorted(step, steps, side="right") - 1, 0)]
                for start, (step, _) in zip(first, trails, strict=False)
                if len(step)
            ]
        )

    def costs(self, elevation: float) -> Array:
        """Return the cost of each azimuth at each step, (azimuths, steps): the hidden shares of trails and heads."""
        rows = []
        for azimuth in AZIMUTHS:
            camera = Camera(float(azimuth), elevation)
            hidden = self._field.hidden(self._points, camera)
            spread = np.sqrt(np.prod(np.ptp(camera.project(self._points)[0], axis=0)))
            trails = np.append(0, np.cumsum(hidden))[self._passed] / np.maximum(self._passed, 1)
            rows.append(trails + HEAD_WEIGHT * hidden[self._heads].mean(axis=0) - SPREAD_WEIGHT * spread)
        return np.array(rows)


def _even_points(step: Array, points: Array, count: int) -> tuple[Array, Array]:
    """Return up to `count` points (any, 3) of a path that are evenly spaced along it, and the step at each."""
    finite = np.isfinite(points).all(axis=1)
    step, points = step[finite], points[finite]
    if len(points) < 2:
        return step, points
    length = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1)))
    chosen = np.unique(np.searchsorted(length, np.linspace(0, length[-1], count)).clip(0, len(points) - 1))
    return step[chosen], points[chosen]
