"""The basins of a surface: from where the way down leads to which minimum."""

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.recording.recording import Surface


def basins(surface: Surface, minima: Array) -> NDArray[np.int64]:
    """Return the minimum to which the steepest way down leads from each sample of a surface, (rows, columns).

    The way goes from a sample to the neighbor to which it is steepest, of eight, and ends at a sample without a lower
    neighbor. It leads to the minimum that is the nearest to this sample. Source: Vincent and Soille 1991, Watersheds in
    digital spaces.

    Args:
        surface: The function on a grid. A sample without a value is above all others.
        minima: Places of the minima, (minima, 2).

    Returns:
        Indices into `minima`.
    """
    z = np.where(np.isfinite(surface.z), surface.z, np.inf)
    rows, columns = z.shape
    spacing = np.array([surface.y[1] - surface.y[0], surface.x[1] - surface.x[0]])
    padded = np.pad(z, 1, constant_values=np.inf)
    places = np.arange(z.size).reshape(z.shape)
    lower, steepest = places.copy(), np.zeros(z.shape)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            if down or right:
                neighbor = padded[1 + down : rows + 1 + down, 1 + right : columns + 1 + right]
                with np.errstate(invalid="ignore"):
                    slope = (z - neighbor) / np.hypot(*(spacing * (down, right)))
                steeper = slope > steepest
                steepest[steeper] = slope[steeper]
                lower[steeper] = (places + down * columns + right)[steeper]
    ends = lower.ravel()
    while not np.array_equal(further := ends[ends], ends):
        ends = further
    points = np.stack(np.meshgrid(surface.x, surface.y), axis=-1).reshape(-1, 2)[ends]
    distances = np.linalg.norm((points[:, None] - minima) / (surface.high - surface.low), axis=-1)
    return distances.argmin(axis=1).reshape(z.shape)


def basins_at(surface: Surface, minima: Array, points: Array) -> NDArray[np.int64]:
    """Return the basin of points (..., 2) as an index into `minima`, or -1 outside the domain, (...)."""
    found = basins(surface, minima)
    shape = np.array(found.shape[::-1])
    with np.errstate(invalid="ignore", over="ignore"):
        places = (points - surface.low) / (surface.high - surface.low)
        inside = np.all((places >= 0) & (places <= 1), axis=-1)
    cells = np.rint(np.where(inside[..., None], places, 0) * (shape - 1)).astype(np.int64)
    return np.where(inside, found[cells[..., 1], cells[..., 0]], -1)
