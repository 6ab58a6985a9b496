"""Thinned paths are shorter and look the same at every step."""

import numpy as np
import pytest

from animopt.drawing.path_thinning import first_in_cell, thin_path
from animopt.recording.recording import SurfacePath


def walk(seed, points, spread):
    """A path that crosses a square of ±`spread` many times."""
    angles = np.random.default_rng(seed).uniform(0, 2 * np.pi, (2, 4, 1))
    time = np.linspace(0, 60, points)
    xy = np.sin(np.array([[0.7], [1.1], [1.9], [3.1]]) * time + angles).mean(axis=1) * spread
    return SurfacePath(np.arange(points, dtype=float), np.column_stack([*xy, np.zeros(points)]))


def cells(path, step, cell):
    """The cells that a path crosses up to a step."""
    places = path.xyz[path.step <= step, :2] / cell
    parts = np.linspace(0, 1, 50)[:, None, None]
    between = places[:-1] + parts * (places[1:] - places[:-1])
    between = between.reshape(-1, 2)
    return {tuple(place) for place in np.floor(between[np.isfinite(between).all(axis=1)]).astype(int)}


@pytest.mark.parametrize("seed", range(3))
def test_thinned_path_crosses_the_same_cells(seed):
    path = walk(seed, 6000, 20)
    short = thin_path(path, 0.5)
    # Rows of NaN replace removed points, and the order stays.
    assert np.isfinite(short.xyz[:, 0]).sum() < 0.9 * len(path.step)
    assert (np.diff(short.step) > 0).all()
    for step in (0, 100, 2500, 5999):
        whole, drawn = cells(path, step, 0.5), cells(short, step, 0.5)
        assert len(drawn - whole) <= 0.01 * len(whole) + 2
        assert len(whole - drawn) <= 0.02 * len(whole) + 2


def test_path_that_never_returns_keeps_all_points():
    line = SurfacePath(np.arange(50.0), np.column_stack([np.arange(50.0), np.arange(50.0) * 2, np.zeros(50)]))
    short = thin_path(line, 0.5)
    np.testing.assert_array_equal(short.xyz, line.xyz)
    np.testing.assert_array_equal(short.step, line.step)


def test_path_that_does_not_move_becomes_a_point():
    short = thin_path(SurfacePath(np.arange(9.0), np.ones((9, 3))), 0.5)
    assert np.isfinite(short.xyz[:, 0]).sum() == 1


def test_gap_outside_the_domain_remains():
    path = walk(1, 400, 300)
    path.xyz[100:120] = np.nan
    short = thin_path(path, 0.5)
    after = np.searchsorted(short.step, 119, side="right")
    assert np.isnan(short.xyz[(short.step >= 100) & (short.step < 120), 0]).all()
    assert np.isnan(short.xyz[:after, 0]).any()
    assert np.isfinite(short.xyz[after, 0])


def test_first_position_in_each_cell_is_marked():
    places = np.array([[0.1, 0.2], [0.9, 0.9], [1.1, 0.5], [np.nan, 1], [-0.1, 0.5], [0.5, 0.5], [1.9, 0.1]])
    assert first_in_cell(places).tolist() == [True, False, True, False, True, False, False]
    assert first_in_cell(np.zeros((0, 2))).tolist() == []
