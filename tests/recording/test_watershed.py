"""The basin of each sample is that of the minimum to which the way down leads."""

import numpy as np

from animopt.recording.recording import Surface
from animopt.recording.watershed import basins, basins_at

MINIMA = np.array([[-1.0, 0.0], [1.0, 0.0]])


def surface_of(function, x=(-2, 2), y=(-1, 1), samples=(81, 61)):
    columns, rows = (np.linspace(*ends, count) for ends, count in zip((x, y), samples, strict=True))
    z = function(*np.meshgrid(columns, rows))
    return Surface(columns, rows, z, z)


def double_well(x, y):
    return (x**2 - 1) ** 2 + y**2


def test_ridge_divides_the_domain():
    found = basins(surface_of(double_well), MINIMA)
    assert (found[:, :40] == 0).all()
    assert (found[:, 41:] == 1).all()


def test_narrow_basin_beside_a_wide_one():
    """The ridge is at x = −0.5, where both parabolas have the same height; the nearest minimum would divide at 0."""
    surface = surface_of(lambda x, y: np.minimum(9 * ((x + 1) ** 2 + y**2), (x - 1) ** 2 + y**2))
    points = np.array([[-0.6, 0], [-0.4, 0], [-0.2, 0.1], [-1, 0.45], [-1, 0.9]])
    assert basins_at(surface, MINIMA, points).tolist() == [0, 1, 1, 0, 1]


def test_points_outside_the_domain_are_in_no_basin():
    points = np.array([[[5.0, 0], [-1.5, 0]], [[np.nan, 0], [np.inf, 0]]])
    assert basins_at(surface_of(double_well), MINIMA, points).tolist() == [[-1, 0], [-1, -1]]


def test_samples_without_a_value_do_not_lead_anywhere_else():
    surface = surface_of(lambda x, y: np.where(np.abs(x) < 0.2, np.nan, double_well(x, y)))
    found = basins(surface, MINIMA)
    assert (found[:, :36] == 0).all()
    assert (found[:, 45:] == 1).all()
