"""Where a point of the scene falls in the picture, how near it is, and whether the surface hides it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from animopt.recording import Array

DISTANCE = 6.0
"""From the camera to the middle of the scene, which is two wide."""

SAMPLES = 24
"""How many places along the ray to the camera are asked whether the surface is above them."""


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
        towards = camera.axes[2] * DISTANCE - points
        top = np.nanmax(self.z)
        # A ray is clear once it is higher than everything, or past the rectangle.
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.minimum.reduce(
                [
                    np.where(towards[:, 2] > 0, (top - points[:, 2]) / towards[:, 2], np.inf),
                    *(_leaves(points[:, axis], towards[:, axis], self.half[axis]) for axis in (0, 1)),
                    np.ones(len(points)),
                ]
            )
        part = (np.arange(1, SAMPLES + 1) / SAMPLES) ** 1.5
        rays = points[:, None] + (reach[:, None] * part)[..., None] * towards[:, None]
        rows, columns = self.z.shape
        column = _index(rays[..., 0], self.half[0], columns)
        row = _index(rays[..., 1], self.half[1], rows)
        # A hair's breadth above, or every point would be hidden by the facet that it lies on.
        hidden: NDArray[np.bool_] = (self.z.ravel()[row * columns + column] > rays[..., 2] + 0.012).any(axis=1)
        return hidden


def _leaves(start: Array, speed: Array, half: float) -> Array:
    """When something that moves from `start` passes ±half; never, where it stands still."""
    return np.where(speed == 0, np.inf, (np.copysign(half, speed) - start) / speed)


def _index(coordinate: Array, half: float, count: int) -> NDArray[np.intp]:
    scaled = (coordinate / half + 1) * ((count - 1) / 2) + 0.5
    return np.clip(np.nan_to_num(scaled), 0, count - 1).astype(np.intp)
