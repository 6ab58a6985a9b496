"""Where a point of the scene falls in the picture, how near it is, and whether the surface hides it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Array

DISTANCE = 6.0
"""From the camera to the middle of the scene, which is two wide."""

SAMPLES = 24
"""How many places along the ray to the camera are asked whether the surface is above them."""

_PARTS = ((np.arange(1, SAMPLES + 1) / SAMPLES) ** 1.5).astype(np.float32)[:, None]


@dataclass(frozen=True)
class Camera:
    """A camera that looks at the origin; `azimuth` and `elevation` in degrees, as mplot3d counts them."""

    azimuth: float
    elevation: float

    @property
    def axes(self) -> Array:
        """Unit vectors to the right, up, and towards the camera, as rows (3, 3)."""
        azimuth, elevation = np.radians([self.azimuth, self.elevation])
        sine, cosine = np.sin(azimuth), np.cos(azimuth)
        up, along = np.sin(elevation), np.cos(elevation)
        return np.array([[-sine, cosine, 0], [-cosine * up, -sine * up, along], [cosine * along, sine * along, up]])

    def project(self, points: Array) -> tuple[Array, Array]:
        """Points (..., 3) to places in the picture (..., 2), and how much nearer than the origin they are (...)."""
        turned = points @ self.axes.T
        near = turned[..., 2]
        return turned[..., :2] * (DISTANCE / (DISTANCE - near))[..., None], near


@dataclass(frozen=True, eq=False)
class HeightField:
    """A surface over the rectangle ±`half` (2,), as a table of heights `z` (rows, columns) along y and x."""

    half: Array
    z: Array

    def hidden(self, points: Array, camera: Camera) -> NDArray[np.bool_]:
        """Whether the surface stands between each point (points, 3) near it and the camera, (points,)."""
        known = np.isfinite(points[:, 0] + points[:, 1] + points[:, 2])
        points = np.where(known[:, None], points, 0.0)
        towards = camera.axes[2] * DISTANCE - points
        # A ray is clear once it is higher than everything, or past the rectangle.
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.minimum.reduce(
                [
                    np.where(towards[:, 2] > 0, (self._top - points[:, 2]) / towards[:, 2], np.inf),
                    *(_leaves(points[:, axis], towards[:, axis], self.half[axis]) for axis in (0, 1)),
                    np.ones(len(points)),
                ]
            )
        rows, columns = self.z.shape
        # In cells of the table and single precision, which halves the time.
        cells = np.array([(columns - 1) / 2, (rows - 1) / 2]) / self.half
        x, y = ((points[:, :2] + self.half) * cells + 0.5).astype(np.float32).T
        along, across, rise = (towards * reach[:, None] * [*cells, 1]).astype(np.float32).T
        column = (x + _PARTS * along).astype(np.int32)
        row = (y + _PARTS * across).astype(np.int32)
        # A hair's breadth above, or every point would be hidden by the facet that it lies on.
        ray = (points[:, 2] + 0.012).astype(np.float32) + _PARTS * rise
        under = self._heights.take(row * columns + column, mode="clip") > ray
        hidden: NDArray[np.bool_] = under.any(axis=0) & known
        return hidden

    @cached_property
    def _top(self) -> float:
        return float(np.nanmax(self.z))

    @cached_property
    def _heights(self) -> NDArray[np.float32]:
        return self.z.astype(np.float32).ravel()


def _leaves(start: Array, speed: Array, half: float) -> Array:
    """When something that moves from `start` passes ±half; never, where it stands still."""
    return np.where(speed == 0, np.inf, (np.copysign(half, speed) - start) / speed)
