"""The part of the domain that a contour plot shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from animopt.core.arrays import Array
from animopt.recording.recording import Recording, Surface

View = Literal["race", "domain"] | tuple[tuple[float, float], tuple[float, float]]
"""The view of a contour plot: where the racers go, the whole domain, or the limits of x and of y."""

VIEWS = ("race", "domain")
"""Values of `view` that are not limits."""

MARGIN = 0.07
"""Margin around the trails on each side, as a fraction of their extent."""

MIN_TRAILS = 0.7
"""Minimum extent of the trails in width or in height, as a fraction of a window that also shows minima."""

MIN_SAMPLES = 100
"""Minimum number of samples along each side of a window, so that contour lines are smooth."""

MIN_EXTENT = 0.002
"""Minimum extent of what is shown, as a fraction of the domain's."""


@dataclass(frozen=True, eq=False)
class Window:
    """The parts of a domain that can be shown, one for each shape of the picture, in equal units along both axes.

    Attributes:
        surfaces: The functions on this domain, whose contour lines share one scale.
        low, high: Corners (2,) of what is always shown: the trails, or the given limits.
        minima: Minima (minima, 2) that are shown if the trails remain large, the most important ones first.
        fixed: Whether nothing else is shown.
    """

    surfaces: Sequence[Surface]
    low: Array
    high: Array
    minima: Array
    fixed: bool

    @property
    def aspects(self) -> tuple[float, float]:
        """The smallest and the largest width divided by height that the window can have."""
        if self.fixed:
            aspect = self.aspect(self.high - self.low)
            return aspect, aspect
        low, high = self._with_margin(self.low, self.high)
        extent, domain = high - low, self._domain[1] - self._domain[0]
        return self.aspect(np.array([extent[0], domain[1]])), self.aspect(np.array([domain[0], extent[1]]))

    def aspect(self, extent: Array) -> float:
        """Return the width divided by the height with which an extent (2,) is drawn."""
        domain = self._domain[1] - self._domain[0]
        return float(extent[0] / extent[1] * self.surfaces[0].aspect * domain[1] / domain[0])

    def corners(self, aspect: float) -> tuple[Array, Array]:
        """Return the corners (2,) of the window in a picture that is `aspect` times as wide as high, or as near to it.

        Outside the domain there are no values, so the window does not leave it.
        """
        if self.fixed:
            return self.low, self.high
        for count in range(len(self.minima), -1, -1):
            points = np.vstack([self.low, self.high, self.minima[:count]])
            low, high = self._fitted(points.min(axis=0), points.max(axis=0), aspect)
            if ((self.high - self.low) / (high - low)).max() >= MIN_TRAILS:
                break
        return low, high

    def scale(self, low: Array, high: Array) -> Array:
        """Return the values of all functions between two corners, (any,)."""
        return np.concatenate([crop(surface, low, high).z.ravel() for surface in self.surfaces])

    @property
    def _domain(self) -> tuple[Array, Array]:
        return self.surfaces[0].low, self.surfaces[0].high

    def _with_margin(self, low: Array, high: Array) -> tuple[Array, Array]:
        left, right = self._domain
        extent = np.maximum(high - low, MIN_EXTENT * (right - left))
        middle = (low + high) / 2
        half = extent * (0.5 + MARGIN)
        return np.maximum(middle - half, left), np.minimum(middle + half, right)

    def _fitted(self, low: Array, high: Array, aspect: float) -> tuple[Array, Array]:
        """Widen a rectangle with a margin to an aspect, as far as the domain goes."""
        left, right = self._domain
        low, high = self._with_margin(low, high)
        extent = high - low
        ratio = aspect / self.aspect(extent)
        extent = np.minimum(extent * [max(1.0, ratio), max(1.0, 1 / ratio)], right - left)
        low = np.clip((low + high - extent) / 2, left, right - extent)
        return low, low + extent


def race_window(races: Sequence[Recording], race: int, view: View) -> Window:
    """Return the window of a race, which is that of all races on its domain."""
    surface = races[race].surface
    same = [
        each for each in races if (each.surface.low == surface.low).all() and (each.surface.high == surface.high).all()
    ]
    surfaces = [each.surface for each in same]
    trails = np.vstack([path.xyz[:, :2] for each in same for path in each.paths] or [np.empty((0, 2))])
    trails = trails[np.isfinite(trails).all(axis=1)]
    if not isinstance(view, str):
        low, high = np.array(view).T
        return Window(surfaces, low, high, np.empty((0, 2)), fixed=True)
    if view == "domain" or len(trails) < 2:
        return Window(surfaces, surface.low, surface.high, np.empty((0, 2)), fixed=True)
    return Window(surfaces, trails.min(axis=0), trails.max(axis=0), _nearest_minima(same), fixed=False)


@np.errstate(over="ignore")
def _nearest_minima(races: Sequence[Recording]) -> Array:
    """Return the minima (minima, 2) to which a racer is closest at its end, those of most racers first."""
    ends = [
        race.minima[np.linalg.norm(race.minima[:, :2] - end, axis=1).argmin(), :2]
        for race in races
        for end in race.xy[:, -1]
        if len(race.minima) and np.isfinite(end).all()
    ]
    if not ends:
        return np.empty((0, 2))
    minima, counts = np.unique(ends, axis=0, return_counts=True)
    inside = ((minima >= races[0].surface.low) & (minima <= races[0].surface.high)).all(axis=1)
    return minima[inside][np.argsort(-counts[inside], kind="stable")]


def crop(surface: Surface, low: Array, high: Array) -> Surface:
    """Return the part of a surface between two corners (2,), and a cell more, with at least MIN_SAMPLES on each side.

    Between the samples, it is interpolated by cubic convolution (Keys 1981, "Cubic convolution interpolation for
    digital image processing").
    """
    columns = _range(surface.x, low[0], high[0])
    rows = _range(surface.y, low[1], high[1])
    x, y, z = surface.x[columns], surface.y[rows], surface.z[rows, columns]
    times = [-(-MIN_SAMPLES // len(samples)) for samples in (x, y)]
    refined = _refined(_refined(z, times[1]).T, times[0]).T
    return Surface(_evenly(x, times[0]), _evenly(y, times[1]), refined, surface.scale)


def _range(samples: Array, low: float, high: float) -> slice:
    first = int(np.searchsorted(samples, low, side="right")) - 1
    last = int(np.searchsorted(samples, high, side="left"))
    return slice(max(0, min(first, len(samples) - 2)), max(last, 1) + 1)


def _evenly(samples: Array, times: int) -> Array:
    return np.linspace(samples[0], samples[-1], (len(samples) - 1) * times + 1)


def _beyond(rows: Array) -> Array:
    """Return the row (1, columns) before three rows of a parabola. Fewer rows are those of a straight line."""
    if len(rows) < 3:
        return 2 * rows[:1] - rows[1:2]
    return 3 * rows[:1] - 3 * rows[1:2] + rows[2:3]


def _refined(z: Array, times: int) -> Array:
    """Interpolate the rows of a table, so that there are `times` as many steps between the first and the last one."""
    if times < 2:
        return z
    count = (len(z) - 1) * times + 1
    before, part = np.divmod(np.arange(count), times)
    part = (part / times)[:, None]
    # Beyond the ends, the table goes on as a parabola. The last row only has the weight 0.
    padded = np.vstack([_beyond(z[:3]), z, _beyond(z[:-4:-1]), z[-1:]])
    weights = (
        part * (-1 + part * (2 - part)) / 2,
        1 + part**2 * (-5 + 3 * part) / 2,
        part * (1 + part * (4 - 3 * part)) / 2,
        part**2 * (part - 1) / 2,
    )
    # A sample without a value would otherwise remove its neighbors.
    sums = sum(np.where(weight == 0, 0, weight * padded[before + index]) for index, weight in enumerate(weights))
    return np.asarray(sums)
