"""The scale of heights on which both valleys and walls can be seen."""

import numpy as np
import pytest

from animopt.drawing.height_scale import height_scale


def sampled(height, x, y):
    return height(*np.meshgrid(np.linspace(*x, 121), np.linspace(*y, 121)))


def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def goldstein_price(x, y):
    first = 1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)
    return first * (30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2))


SURFACES = {
    "ravine": sampled(lambda x, y: x**2 / 20 + y**2, (-10, 10), (-5, 5)),
    "rosenbrock": sampled(rosenbrock, (-2, 2), (-1, 3)),
    "goldstein-price": sampled(goldstein_price, (-2, 2), (-2, 2)),
    "plane": sampled(lambda x, y: x + y, (-1, 1), (-1, 1)),
    "plateau": sampled(lambda x, y: np.maximum(0, x**2 + y**2 - 80), (-10, 10), (-10, 10)),
    "dome": sampled(lambda x, y: -(x**2) - y**2, (-1, 1), (-1, 1)),
    "forty decades": sampled(lambda x, y: np.exp(x**2), (-10, 10), (-10, 10)),
    "three hundred decades": sampled(lambda x, y: np.exp(70 * x), (-10, 10), (-10, 10)),
    "steep walls": sampled(lambda x, y: x**300 + y**2, (-10, 10), (-10, 10)),
    "far from zero": sampled(lambda x, y: 1e6 + x**2 + y**2, (-1, 1), (-1, 1)),
}


@pytest.mark.parametrize("count", [2, 18, 31])
@pytest.mark.parametrize("surface", SURFACES)
def test_heights_ascend_from_the_lowest_to_the_highest_point(surface, count):
    z = SURFACES[surface]
    heights = height_scale(z, 0.4).heights(count)
    assert heights.shape == (count,)
    assert (np.diff(heights) > 0).all()
    np.testing.assert_allclose(heights[[0, -1]], [z.min(), z.max()], rtol=1e-12)


@pytest.mark.parametrize("surface", ["ravine", "rosenbrock", "goldstein-price"])
def test_lower_half_of_the_scale_covers_the_given_fraction_of_the_area(surface):
    z = SURFACES[surface]
    middle = height_scale(z, 0.4).heights(3)[1]
    assert np.mean(z <= middle) == pytest.approx(0.4, abs=0.01)


@pytest.mark.parametrize("surface", ["ravine", "rosenbrock", "goldstein-price"])
def test_lower_half_of_the_area_has_a_third_of_the_levels(surface):
    z = SURFACES[surface]
    assert np.sum(height_scale(z, 0.4).heights(18) < np.median(z)) >= 18 / 3


def test_dome_has_a_linear_scale():
    np.testing.assert_allclose(np.diff(height_scale(SURFACES["dome"], 0.4).heights(9)), 0.25)


@pytest.mark.parametrize(
    "holes", [[np.nan], [np.inf], [-np.inf], [np.nan, np.inf, -np.inf]], ids=["nan", "inf", "minus inf", "all"]
)
def test_values_that_are_not_finite_are_ignored(holes):
    z = SURFACES["rosenbrock"]
    np.testing.assert_array_equal(
        height_scale(np.append(z, holes), 0.4).heights(18), height_scale(z.ravel(), 0.4).heights(18)
    )


@pytest.mark.parametrize("z", [[[3.0, 3.0]], [[0.0, 0.0]], [[np.nan, np.inf]], [[-1e20, -1e20]]], ids=str)
def test_flat_surface_has_ascending_levels(z):
    heights = height_scale(np.array(z), 0.4).heights(18)
    assert np.isfinite(heights).all()
    assert (np.diff(heights) > 0).all()
