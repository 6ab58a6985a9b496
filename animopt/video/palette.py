"""Frames of few colors: a palette of a film's colors, and the index of each pixel's color, which changes rarely."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from animopt.core.arrays import Array, Pixels

MAX_SAMPLED_PIXELS = 100_000
"""Maximum number of pixels of a frame from which the palette is computed. More take longer and change it little."""

ROUNDS = 10
"""Number of rounds in which the colors of the palette move to the means of the pixels that they represent."""

COLORS_AT_ONCE = 20_000
"""Number of colors whose distances to a palette are in memory at a time."""


class PaletteIndices:
    """Converts frames to indices of a palette. The last color is transparent, and no pixel has it.

    A pixel keeps its index while the new color is not much better than the one it shows, because it then takes no
    bytes in a GIF.

    Args:
        samples: Frames (height, width, 3) that show the colors of the film.
        colors: Number of colors with the transparent one, from 2 to 256.
        tolerance: Difference of each of the three components, of 255, that is not much.

    Attributes:
        palette: 256 colors, each as bytes of blue, green, red and opacity.
    """

    def __init__(self, samples: Iterable[Pixels], colors: int, tolerance: float) -> None:
        chosen = np.random.default_rng(0)
        self._colors = _clustered(np.concatenate([_some(frame, chosen) for frame in samples]), colors - 1)
        self._allowed = 3 * tolerance**2
        table = np.zeros((256, 4), dtype=np.uint8)
        table[: len(self._colors)] = np.insert(self._colors[:, ::-1], 3, 255, axis=1)
        self.palette = table.tobytes()
        # The index of each color that was seen, by its bits. -1 for others.
        self._known = np.full(2**24, -1, dtype=np.int16)
        self._shown: NDArray[np.uint8] | None = None

    def of(self, frame: Pixels) -> NDArray[np.uint8]:
        """Return the indices (height, width) of the pixels of the next frame (height, width, 3)."""
        best = self._best(frame)
        if self._shown is not None:
            differs = np.nonzero(best != self._shown)
            drawn, before, now = frame[differs].astype(np.int32), self._shown[differs], best[differs]
            kept = self._error(drawn, before) <= self._error(drawn, now) + self._allowed
            best[differs] = np.where(kept, before, now)
        self._shown = best
        return best

    def _best(self, frame: Pixels) -> NDArray[np.uint8]:
        bits = _bits(frame)
        indices = self._known[bits]
        if (unknown := indices < 0).any():
            new = np.unique(bits[unknown])
            self._known[new] = _nearest(_components(new), self._colors)
            indices = self._known[bits]
        return indices.astype(np.uint8)

    def _error(self, drawn: NDArray[np.int32], indices: NDArray[np.uint8]) -> NDArray[np.int32]:
        """Return the squares of the distances (n,) between colors (n, 3) and those of indices (n,)."""
        return ((self._colors[indices] - drawn) ** 2).sum(axis=1)


def _some(frame: Pixels, chosen: np.random.Generator) -> Pixels:
    """Return some pixels (n, 3) of a frame, chosen at random, or all if they are few."""
    pixels = frame.reshape(-1, 3)
    return pixels[chosen.choice(len(pixels), min(len(pixels), MAX_SAMPLED_PIXELS), replace=False)]


def _clustered(pixels: Pixels, count: int) -> Pixels:
    """Return at most `count` colors (colors, 3) that represent the pixels (n, 3) with little error.

    They are those of an octree, improved by Lloyd's algorithm (S. P. Lloyd, Least squares quantization in PCM, 1982).
    """
    octree = Image.fromarray(pixels[None]).quantize(count, method=Image.Quantize.FASTOCTREE)
    colors = np.array(octree.getpalette(), dtype=np.float64).reshape(-1, 3)[:count]
    bits, counts = np.unique(_bits(pixels), return_counts=True)
    points = _components(bits)
    for _ in range(ROUNDS):
        nearest = _nearest(points, colors)
        total = np.bincount(nearest, counts, len(colors))
        sums = [np.bincount(nearest, counts * component, len(colors)) for component in points.T]
        used = total > 0
        colors[used] = np.stack(sums, axis=1)[used] / total[used, None]
    return np.rint(colors).astype(np.uint8)


def _nearest(points: Array, colors: Array | Pixels) -> NDArray[np.intp]:
    """Return the index (n,) of the color (colors, 3) that is nearest to each point (n, 3)."""
    # The square of the distance to each color, without the part that all have.
    squares, double = (colors.astype(np.float32) ** 2).sum(axis=1), 2 * colors.astype(np.float32).T
    parts = np.array_split(points, -(-len(points) // COLORS_AT_ONCE))
    return np.concatenate([(squares - part @ double).argmin(axis=1) for part in parts])


def _bits(pixels: Pixels) -> NDArray[np.int32]:
    """Return each color (..., 3) as one number (...)."""
    return (pixels[..., 0].astype(np.int32) << 16) | (pixels[..., 1].astype(np.int32) << 8) | pixels[..., 2]


def _components(bits: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return the components (n, 3) of colors that are numbers (n,)."""
    return np.stack([bits >> 16, bits >> 8 & 255, bits & 255], axis=1).astype(np.float32)
