"""The loss along each step is that of the function and of its derivative along the step."""

import numpy as np
import pytest
import torch

from animopt import Function, Racer, Scene
from animopt.functions import quartic, rosenbrock
from animopt.recording.evaluations import by_evaluations
from animopt.recording.rays import ray_of, step_of
from animopt.second_order import LineSearch


def race(function, racer, start, steps=4, **fields):
    return Scene(
        function=function, racers=[racer], start=start, steps=steps, panels=["contour", "ray"], **fields
    ).record()


def valley(x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def slope(x, y, along):
    rest = y - x**2
    return (-2 * (1 - x) - 400 * x * rest) * along[0] + 200 * rest * along[1]


def branching(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2 if x[0] < 5 else 2 * x[0]


@pytest.mark.parametrize(
    "function", [rosenbrock, pytest.param(Function(branching, x=(-2, 2), y=(-1, 3)), marks=pytest.mark.long)]
)
def test_samples_are_the_loss_and_its_slope(function):
    recording = race(function, Racer("SGD", lr=0.001), (-1.2, 1))
    for step in range(4):
        start, after = recording.xy[0, step : step + 2]
        parts, losses, slopes = recording.quantities["ray"][0, step].T
        points = start + parts[:, None] * (after - start)
        np.testing.assert_allclose(losses, valley(*points.T), rtol=1e-10)
        np.testing.assert_allclose(slopes, slope(*points.T, after - start), rtol=1e-8, atol=1e-8)
        assert parts[0] == 0
        assert (np.diff(parts) > 0).all()
        # The ray ends where the loss is not below that at 0, or soon after the step.
        assert parts[-1] >= 1.25
        assert losses[-1] >= losses[0] or parts[-1] == 4
    assert np.isnan(recording.quantities["ray"][0, 4]).all()


def test_step_length_of_gradient_descent_is_its_rate():
    recording = race(rosenbrock, Racer("SGD", lr=0.001), (-1.2, 1))
    assert ray_of(recording, 0, 2).length == pytest.approx(0.001)
    assert ray_of(recording, 0, 4) is None


def test_step_length_is_unknown_for_another_direction():
    assert np.isnan(ray_of(race(rosenbrock, Racer("Adam", lr=0.1), (-1.2, 1)), 0, 1).length)


def test_racer_that_stays_or_diverges_has_no_ray():
    assert ray_of(race(rosenbrock, Racer("SGD", lr=0.001), (1, 1)), 0, 0) is None
    diverged = race(quartic, Racer("SGD", lr=0.1), (-2, 2), 9)
    assert ray_of(diverged, 0, 0) is not None
    assert ray_of(diverged, 0, 8) is None


@pytest.mark.parametrize("c1", [0.0001, 0.1, 0.4])
@pytest.mark.parametrize("c2", [0.5, 0.9])
def test_intervals_are_those_of_a_fine_grid(c1, c2):
    """On φ(α) = cos 3α − α with slopes by hand, along x."""
    waves = Function(lambda p: torch.cos(3 * p[0] + 0.7) - p[0] + p[1] ** 2, x=(-1, 6), y=(-1, 1))
    recording = race(waves, Racer(LineSearch, c1=c1, c2=c2, first_step=0.5), (0, 0), 1)
    ray = ray_of(recording, 0, 0)
    grid = np.linspace(0, ray.parts[-1], 200_001)
    x = grid * recording.xy[0, 1, 0]
    losses = np.cos(3 * x + 0.7) - x
    slopes = (-3 * np.sin(3 * x + 0.7) - 1) * recording.xy[0, 1, 0]
    decreasing = losses <= losses[0] + c1 * grid * slopes[0]
    for found, expected in (
        (ray.decreasing(), decreasing),
        (ray.admissible(), decreasing & (abs(slopes) <= c2 * abs(slopes[0]))),
    ):
        inside = np.zeros_like(expected)
        for low, high in found:
            inside |= (low <= grid) & (grid <= high)
        assert (inside != expected).mean() < 0.01
    first = int(np.flatnonzero((slopes[:-1] < 0) & (slopes[1:] >= 0))[0])
    assert ray.minimum() == pytest.approx(grid[first], abs=1e-3)


def test_part_of_a_step_follows_the_clock_of_steps_and_of_gradients():
    recording = race(rosenbrock, Racer(LineSearch), (-1.2, 1))
    assert step_of(recording, 0, 1.25) == (1, 0.25)
    assert step_of(recording, 0, 4) == (3, 1)
    counts = recording.evaluations[0]
    clocked = by_evaluations(recording)
    index, part = step_of(clocked, 0, (counts[1] + counts[2]) / 2)
    assert part == pytest.approx(0.5, abs=0.1)
    assert ray_of(clocked, 0, index).losses[0] == recording.z[0, 1]
    assert ray_of(clocked, 0, index).length == recording.states[0]["step_length"][2]
