"""Projection of points to the picture, and points that the surface hides."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Array

DISTANCE = 6.0
"""Distance from the camera to the middle of the scene, whose width is 2."""

RAY_SAMPLES = 24
"""Number of points along a ray to the camera at which its height is compared with the surface."""

CLEARANCE = 0.012
"""Height of a ray's start above its point. Without it, the facet on which a point lies would hide the point."""

# Samples are dense near the point, where the ray is low.
_RAY_FRACTIONS = ((np.arange(1, RAY_SAMPLES + 1) / RAY_SAMPLES) ** 1.5).astype(np.float32)[:, None]


@dataclass(frozen=True)
class Camera:
    """A camera that looks at the origin. `azimuth` and `elevation` are in degrees, as in mplot3d."""

    azimuth: float
    elevation: float

    @property
    def basis(self) -> Array:
        """Unit vectors to the right, up, and towards the camera, as rows (3, 3)."""
        azimuth, elevation = np.radians([self.azimuth, self.elevation])
        sine, cosine = np.sin(azimuth), np.cos(azimuth)
        up, along = np.sin(elevation), np.cos(elevation)
        return np.array([[-sine, cosine, 0], [-cosine * up, -sine * up, along], [cosine * along, sine * along, up]])

    def project(self, points: Array) -> tuple[Array, Array]:
        """Project points (..., 3) to the picture (..., 2). Also return their distance (...) in front of the origin."""
        turned = points @ self.basis.T
        depth = turned[..., 2]
        return turned[..., :2] * (DISTANCE / (DISTANCE - depth))[..., None], depth


@dataclass(frozen=True, eq=False)
class HeightField:
    """A surface over the rectangle ±`half` (2,), as a table of heights `z` (rows, columns) along y and x."""

    half: Array
    z: Array

    def hidden(self, points: Array, camera: Camera) -> NDArray[np.bool_]:
        """Return whether the surface hides each point (points, 3) on it from the camera, (points,)."""
        finite = np.isfinite(points[:, 0] + points[:, 1] + points[:, 2])
        points = np.where(finite[:, None], points, 0.0)
        rays = camera.basis[2] * DISTANCE - points
        # A ray is clear once it is above the highest point, or outside the rectangle.
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.minimum.reduce(
                [
                    np.where(rays[:, 2] > 0, (self._top - points[:, 2]) / rays[:, 2], np.inf),
                    *(_exit_fractions(points[:, axis], rays[:, axis], self.half[axis]) for axis in (0, 1)),
                    np.ones(len(points)),
                ]
            )
        rows, columns = self.z.shape
        # In cells of the table, and in single precision, which halves the time.
        cells = np.array([(columns - 1) / 2, (rows - 1) / 2]) / self.half
        x, y = ((points[:, :2] + self.half) * cells + 0.5).astype(np.float32).T
        along, across, rise = (rays * reach[:, None] * [*cells, 1]).astype(np.float32).T
        column = (x + _RAY_FRACTIONS * along).astype(np.int32)
        row = (y + _RAY_FRACTIONS * across).astype(np.int32)
        ray = (points[:, 2] + CLEARANCE).astype(np.float32) + _RAY_FRACTIONS * rise
        below = self._heights.take(row * columns + column, mode="clip") > ray
        hidden: NDArray[np.bool_] = below.any(axis=0) & finite
        return hidden

    @cached_property
    def _top(self) -> float:
        return float(np.nanmax(self.z))

    @cached_property
    def _heights(self) -> NDArray[np.float32]:
        return self.z.astype(np.float32).ravel()


def _exit_fractions(start: Array, ray: Array, half: float) -> Array:
    """Return the fraction of each ray at which it passes ±`half`; infinity for a ray that is parallel to the edge."""
    return np.where(ray == 0, np.inf, (np.copysign(half, ray) - start) / ray)
