"""The sharpness is the largest eigenvalue of the Hessian, and functions without second derivatives are refused."""

import numpy as np
import pytest
import torch

from animopt import Error, Function, Racer, Scene
from animopt.engine.hessian import sharpness
from animopt.engine.user_code import race_environment
from animopt.functions import beale, himmelblau, quartic, ravine, rosenbrock


def constant(value, xy):
    return np.broadcast_to(np.array(value, dtype=float), (*xy.shape[:-1], 2, 2))


def hessian(xx, xy, yy):
    return np.moveaxis(np.array([[xx, xy], [xy, yy]]), (0, 1), (-2, -1))


def beale_hessian(x, y):
    total = 0.0
    for constant_term, power in ((1.5, 1), (2.25, 2), (2.625, 3)):
        rest, factor = constant_term - x + x * y**power, y**power - 1
        slope, bend = x * power * y ** (power - 1), x * power * (power - 1) * y ** max(power - 2, 0)
        cross = power * y ** (power - 1)
        total += 2 * hessian(factor**2, factor * slope + rest * cross, slope**2 + rest * bend)
    return total


ANALYTIC = {
    "ravine": (ravine, lambda x, y: hessian(0 * x + 0.1, 0 * x, 0 * x + 2)),
    "quartic": (quartic, lambda x, y: hessian(12 * x**2 + 30 * x - 80, 0 * x, 12 * y**2 - 80)),
    "rosenbrock": (rosenbrock, lambda x, y: hessian(2 + 1200 * x**2 - 400 * y, -400 * x, 0 * x + 200)),
    "himmelblau": (
        himmelblau,
        lambda x, y: hessian(12 * x**2 + 4 * y - 42, 4 * (x + y), 12 * y**2 + 4 * x - 26),
    ),
    "beale": (beale, beale_hessian),
    "branches": (
        Function(lambda x: x[0] ** 4 if x[0] > 0 else 3 * x[0] ** 2 + x[1] ** 2),
        lambda x, y: hessian(np.where(x > 0, 12 * x**2, 6.0), 0 * x, np.where(x > 0, 0.0, 2.0)),
    ),
}
"""Functions with their Hessians by hand."""


def sharpness_of(function, points):
    with race_environment():
        return sharpness(function, points, "panel 'sharpness'")


@pytest.mark.parametrize("name", ANALYTIC)
def test_sharpness_is_that_of_the_analytic_hessian(name):
    function, by_hand = ANALYTIC[name]
    low, high = np.array([function.x, function.y]).T
    points = np.random.default_rng(0).uniform(low, high, (2, 20, 2))
    expected = np.linalg.eigvalsh(by_hand(points[..., 0], points[..., 1]))[..., -1]
    np.testing.assert_allclose(sharpness_of(function, points), expected, rtol=1e-10, atol=1e-10)


def test_sharpness_is_recorded_for_each_racer_until_it_diverges():
    racers = [Racer("SGD", lr=0.02), Racer("SGD", lr=0.1, steps=5)]
    race = Scene(function=quartic, racers=racers, start=(1, 1), steps=12, panels=["sharpness"]).record()
    found = race.quantities["sharpness"]
    assert found.shape == race.z.shape
    assert (np.isnan(found) == np.isnan(race.z)).all()
    assert np.isnan(found).any()
    x, y = np.moveaxis(race.xy, -1, 0)
    expected = np.maximum(12 * x**2 + 30 * x - 80, 12 * y**2 - 80)
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    assert np.array_equal(race.single(1).quantities["sharpness"], found[1:], equal_nan=True)
    with pytest.raises(ValueError, match="read-only"):
        found[0, 0] = 1


def test_quantities_are_recorded_only_for_what_draws_them():
    scene = Scene(function=ravine, racers=[Racer("SGD", lr=0.1)], start=(1, 1))
    assert not scene.record().quantities
    assert list(scene.replace(overlays=["model"]).record().quantities) == ["hessian"]


def test_hessians_of_the_overlay_are_recorded():
    race = Scene(function=quartic, racers=[Racer("SGD", lr=0.02)], start=(1, 1), steps=5, overlays=["model"]).record()
    x, y = np.moveaxis(race.xy, -1, 0)
    expected = hessian(12 * x**2 + 30 * x - 80, 0 * x, 12 * y**2 - 80)
    np.testing.assert_allclose(race.quantities["hessian"], expected, rtol=1e-10)


def half_followed(x):
    """The sum of fourth powers. Autograd follows its gradient only in part."""
    squares = x**2
    if squares.requires_grad:
        squares.register_hook(lambda slope: slope.detach())
    return (squares**2).sum()


REFUSED = {
    "twice": (
        lambda x: torch.cdist(x[None], torch.ones(1, 2, dtype=torch.float64), p=3.0).sum(),
        "autograd has no second derivatives of it: the derivative for '_cdist_backward' is not implemented; write",
    ),
    "once": (half_followed, "autograd loses part of its second derivatives at ("),
    "kinks": (lambda x: x.abs().sum(), "its second derivatives are 0 at every point of the race; give a function"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_function_without_second_derivatives_is_refused(name):
    definition, message = REFUSED[name]
    scene = Scene(
        function=Function(definition, name=name), racers=[Racer("SGD", lr=0.01)], start=(2, 0.5), panels=["sharpness"]
    )
    with pytest.raises(Error) as caught:
        scene.record()
    text = str(caught.value)
    assert text.startswith(f"function {name}: {message}")
    assert text.endswith("or leave out the panel 'sharpness'")
    assert "\n" not in text
    # The race itself needs no second derivatives.
    scene.replace(panels=["contour", "loss"]).record()


def test_point_without_second_derivatives_is_named():
    with pytest.raises(Error, match=r"^function cone: has no second derivatives at \(0, 0\), to which a racer comes; "):
        sharpness_of(Function(lambda x: x.norm(), name="cone"), np.array([[[1.0, 1.0], [0.0, 0.0]]]))


def test_kinks_between_pieces_are_allowed():
    huber = Function(lambda x: torch.where(x[0].abs() < 1, x[0] ** 2 / 2, x[0].abs() - 0.5) + x[1] ** 2)
    points = np.column_stack([np.linspace(-2, 2, 41), np.ones(41)])
    assert (sharpness_of(huber, points) == 2).all()
