"""The outline of an arrow."""

import numpy as np

from animopt.core.arrays import Array
from animopt.drawing.mpl import Path


def arrow_path(direction: Array, start: float, length: float, width: float) -> Path:
    """Return an arrow that points in a direction (2,), from `start` to `length` in pixels."""
    head = min(3.2 * width, 0.6 * (length - start))
    along = np.array([start, length - head, length - head, length])
    across = np.array([0.5, 0.5, 1.6, 0.0]) * width * min(1.0, head / (2 * width))
    outline = np.concatenate([np.column_stack([along, across]), np.column_stack([along, -across])[::-1]])
    turn = np.array([direction, [-direction[1], direction[0]]])
    vertices = outline @ turn
    return Path(np.vstack([vertices, vertices[:1]]), closed=True)
