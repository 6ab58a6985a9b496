"""Compare palettes and indices with colors that are computed one by one."""

from itertools import pairwise

import numpy as np
import pytest

from animopt.video.palette import PaletteIndices

SHAPE = (24, 40, 3)


def shown(indices, palette):
    """The colors (height, width, 3) of indices, and the opacity (height, width)."""
    table = np.frombuffer(palette, dtype=np.uint8).reshape(256, 4)[indices]
    return table[..., 2::-1].astype(int), table[..., 3]


def test_few_colors_are_exact():
    colors = np.random.default_rng(1).integers(0, 256, (20, 3), dtype=np.uint8)
    frame = colors[np.arange(24 * 40).reshape(24, 40) % 20]
    indices = PaletteIndices([frame], 32, 0)
    drawn, opacity = shown(indices.of(frame), indices.palette)
    assert (drawn == frame).all()
    assert (opacity == 255).all()


@pytest.mark.parametrize("tolerance", [0, 3, 12])
@pytest.mark.parametrize("colors", [2, 16, 256])
def test_pixel_is_at_most_by_the_tolerance_worse_than_the_best_color(colors, tolerance):
    random = np.random.default_rng(2)
    frames = [random.integers(0, 256, SHAPE, dtype=np.uint8)]
    for _ in range(4):
        change = random.normal(0, 6, SHAPE)
        frames.append(np.clip(frames[-1] + change, 0, 255).astype(np.uint8))
    indices = PaletteIndices(frames[:2], colors, tolerance)
    table = np.frombuffer(indices.palette, dtype=np.uint8).reshape(256, 4)
    assert not table[colors - 1 :].any()
    before, kept = None, 0
    for frame in frames:
        now = indices.of(frame)
        assert now.max() < colors - 1
        error = ((shown(now, indices.palette)[0] - frame) ** 2).sum(axis=-1)
        every = ((table[: colors - 1, 2::-1].astype(int) - frame[..., None, :]) ** 2).sum(axis=-1)
        # Distances are compared in float32.
        assert (error <= every.min(axis=-1) + 3 * tolerance**2 + 0.1).all()
        kept += 0 if before is None else (now == before).sum()
        before = now.copy()
    if tolerance and colors > 2:
        exact = PaletteIndices(frames[:2], colors, 0)
        best = [exact.of(frame).copy() for frame in frames]
        assert kept > sum((a == b).sum() for a, b in pairwise(best))


def test_palette_does_not_depend_on_the_process():
    frames = np.random.default_rng(3).integers(0, 256, (3, *SHAPE), dtype=np.uint8)
    assert PaletteIndices(frames, 64, 3).palette == PaletteIndices(frames, 64, 3).palette
