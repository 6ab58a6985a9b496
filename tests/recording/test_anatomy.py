"""The arrows of a step add up to the recorded step, and other steps have none."""

import numpy as np
import pytest
import torch

from animopt import Function, Racer, Scene
from animopt.recording.anatomy import ASCENT, GRADIENT, STEP, VELOCITY, step_anatomy

EXACT = {"rtol": 0, "atol": 1e-14}

bowl = Function(lambda x: x[0] ** 2 / 4 + x[1] ** 2, x=(-4, 2), y=(-2, 3), name="bowl")


def race(*racers, function=bowl, **fields):
    return Scene(function=function, racers=racers, start=(-3, 1), steps=8, **fields).record()


def arrow(anatomy, name, *, earlier=False):
    (found,) = (each for each in anatomy.arrows if each.name == name and each.is_earlier == earlier)
    return found


class Ascending(torch.optim.Optimizer):
    """Sharpness-aware minimization without momentum."""

    def __init__(self, params, lr=0.1, radius=0.5):
        super().__init__(params, {"lr": lr, "radius": radius})

    def step(self, closure):
        (group,) = self.param_groups
        (point,) = group["params"]
        closure()
        ascent = group["radius"] * point.grad / point.grad.norm()
        with torch.no_grad():
            point.add_(ascent)
        closure()
        with torch.no_grad():
            point.sub_(ascent).sub_(group["lr"] * point.grad)
        self.state[point].update(perturbation=ascent, perturbed_gradient=point.grad.clone())


@pytest.mark.parametrize("settings", [{}, {"momentum": 0.8}, {"momentum": 0.8, "nesterov": True}])
@pytest.mark.parametrize("noise", [0, 0.5])
def test_arrows_of_sgd_add_up_to_the_recorded_step(settings, noise):
    recording = race(Racer("SGD", lr=0.2, **settings), noise=noise)
    np.testing.assert_allclose(step_anatomy(recording, 0).sum[1:], np.diff(recording.xy[0], axis=0), **EXACT)


@pytest.mark.parametrize("nesterov", [False, True])
def test_arrows_of_a_scheduled_rate_add_up(nesterov):
    def halved(optimizer):
        return torch.optim.lr_scheduler.StepLR(optimizer, step_size=3, gamma=0.5)

    recording = race(Racer("SGD", lr=0.2, momentum=0.8, nesterov=nesterov, scheduler=halved))
    np.testing.assert_allclose(step_anatomy(recording, 0).sum[1:], np.diff(recording.xy[0], axis=0), **EXACT)


def test_velocity_of_momentum_is_part_of_the_last_step():
    recording = race(Racer("SGD", lr=0.2, momentum=0.8))
    velocity = arrow(step_anatomy(recording, 0), VELOCITY).vector
    np.testing.assert_array_equal(velocity[1], 0)
    np.testing.assert_allclose(velocity[2:], 0.8 * np.diff(recording.xy[0], axis=0)[:-1], **EXACT)


def test_velocity_of_nesterov_leads_to_the_look_ahead_point():
    """The classical form, in arithmetic of its own: the gradient is that of the point after the velocity."""
    recording = race(Racer("SGD", lr=0.2, momentum=0.8, nesterov=True))
    anatomy = step_anatomy(recording, 0)
    earlier, gradient = arrow(anatomy, VELOCITY, earlier=True), arrow(anatomy, GRADIENT)
    point, velocity = np.array([-3.0, 1.0]), np.zeros(2)
    for step in range(1, 9):
        np.testing.assert_allclose(earlier.start[step], point, **EXACT)
        np.testing.assert_allclose(earlier.vector[step], 0.8 * velocity, **EXACT)
        ahead = point + 0.8 * velocity
        np.testing.assert_allclose(recording.xy[0, step - 1], ahead, **EXACT)
        downhill = -0.2 * ahead * [0.5, 2]
        np.testing.assert_allclose(gradient.vector[step], downhill, **EXACT)
        velocity = 0.8 * velocity + downhill
        point = point + velocity
    assert anatomy.looks_ahead


def test_ascent_leads_to_the_point_of_the_gradient():
    recording = race(Racer(Ascending))
    anatomy = step_anatomy(recording, 0)
    ascent, gradient = arrow(anatomy, ASCENT), arrow(anatomy, GRADIENT)
    np.testing.assert_allclose(np.linalg.norm(ascent.vector[1:], axis=1), 0.5, rtol=1e-14)
    above = recording.xy[0, :-1] + ascent.vector[1:]
    np.testing.assert_allclose(gradient.start[1:], above, **EXACT)
    np.testing.assert_allclose(gradient.vector[1:], -0.1 * above * [0.5, 2], **EXACT)
    np.testing.assert_allclose(anatomy.sum[1:], np.diff(recording.xy[0], axis=0), **EXACT)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("Adam", {}),
        ("SGD", {"weight_decay": 0.1}),
        ("SGD", {"momentum": 0.8, "dampening": 0.5}),
        ("SGD", {"maximize": True}),
    ],
)
def test_steps_with_other_parts_have_no_anatomy(name, settings):
    assert step_anatomy(race(Racer(name, lr=0.01, **settings)), 0) is None


def test_steps_that_a_box_shortens_have_no_anatomy():
    boxed = Function(lambda x: x[0] ** 2, x=(-4, 2), y=(-2, 3), box=((-3, -2), (0, 2)), name="boxed")
    assert step_anatomy(race(Racer("SGD", lr=0.4), function=boxed), 0) is None


def test_only_finite_steps_have_arrows():
    """The first point has no step, and the last finite one has."""
    recording = race(Racer("SGD", lr=1e80, momentum=0.8), Racer("SGD", lr=0.2, momentum=0.8, steps=3))
    diverged, short = (arrow(step_anatomy(recording, racer), STEP).vector for racer in range(2))
    assert np.isfinite(diverged).all(axis=1).tolist() == [False, *np.isfinite(recording.xy[0, 1:, 0])]
    assert np.isfinite(short).all(axis=1).tolist() == [False, True, True, True, *[False] * 5]
