"""The surface of a slow function is interpolated between few points, that of any other function is exact."""

import re
import time

import numpy as np
import pytest
import torch

from animopt import Racer, StartsMap, tuned
from animopt.core import progress
from animopt.core.errors import Error
from animopt.core.progress import Listener, listening
from animopt.engine import gradient_check, sampling
from animopt.engine.function import Function
from animopt.engine.gradient_check import check_gradient
from animopt.engine.record import record
from animopt.engine.sampling import GRID, sample_surface
from animopt.functions import rastrigin, rosenbrock


class Branching:
    """A function that branches on its values, and so is computed point by point, with its calls."""

    def __init__(self, function):
        self.function, self.points = function, []

    def __call__(self, x):
        self.points.append(x.detach().numpy().tobytes())
        return self.function(x) if x[0] > 0 else 1 * self.function(x)


@pytest.fixture
def slow(monkeypatch):
    """A function that makes another one slow, and the calls of that one. All announcements are expected."""
    monkeypatch.setattr(sampling, "EXACT_SECONDS", 0)
    monkeypatch.setattr(sampling, "SAMPLES", (1100,))

    def make(function):
        calls = Branching(function)
        return function.replace(definition=calls, name="slow"), calls

    with listening(Listener(lambda sentence: None)):
        yield make


def grid_of(function):
    return np.stack(np.meshgrid(np.linspace(*function.x, GRID), np.linspace(*function.y, GRID)), axis=-1)


@pytest.mark.parametrize(("function", "largest"), [(rosenbrock, 1e-12), (rastrigin, 1e-3)])
def test_interpolated_surface_is_close_to_the_exact_one(function, largest, slow, monkeypatch):
    monkeypatch.setattr(sampling, "SAMPLES", (4096,))
    sampled = sample_surface(slow(function)[0])
    exact = function.values(grid_of(function))
    assert not sampled.is_exact
    assert abs(sampled.surface.z - exact).max() <= largest * np.ptp(exact)


def test_smooth_function_needs_fewer_points_and_none_is_computed_twice(slow):
    function, calls = slow(rosenbrock)
    function.values(np.zeros((1, 2)))
    calls.points.clear()
    sampling._interpolated(function, grid_of(function), 1.0)
    assert len(calls.points) == len(set(calls.points)) == 961


def test_interpolation_keeps_within_its_number_of_points(slow):
    function, calls = slow(rastrigin)
    sample_surface(function)
    # The first ones measure the time of a call.
    assert 1100 <= len(calls.points) <= 1130


def test_edge_of_a_hole_is_sampled(slow):
    function = Function(lambda x: torch.log(9 - x[0] ** 2 - x[1] ** 2) + x[0], x=(-4, 4), y=(-4, 4))
    exact = function.values(grid_of(function))
    z = sample_surface(slow(function)[0]).surface.z
    assert np.isnan(z[~np.isfinite(exact)]).all()
    assert np.isnan(z).sum() < 1.1 * np.isnan(exact).sum()
    everywhere = Function(lambda x: torch.log(-1 - x[0] ** 2))
    with pytest.raises(Error, match="has no finite value for x="):
        sample_surface(slow(everywhere)[0])


@pytest.mark.long
def test_path_over_an_interpolated_surface_meets_the_race_and_computes_nothing(slow):
    function, calls = slow(rosenbrock)
    racers = [Racer("SGD", lr=0.001, momentum=0.9), Racer("Adam", lr=0.5)]
    recording = record(function, racers, (-1.5, 2), 20)
    assert len(calls.points) < 2500
    expected = record(rosenbrock, racers, (-1.5, 2), 20)
    np.testing.assert_allclose(recording.xy, expected.xy)
    for path, same, z in zip(recording.paths, expected.paths, recording.z, strict=True):
        np.testing.assert_array_equal(path.step, same.step)
        at_steps = np.isin(path.step, range(21)) & np.isfinite(path.xyz[:, 2])
        np.testing.assert_array_equal(path.xyz[at_steps, 2], z[path.step[at_steps].astype(int)])
        np.testing.assert_allclose(path.xyz, same.xyz, atol=2e-3 * np.ptp(expected.surface.z))


def test_quick_function_is_computed_at_every_point():
    sampled = sample_surface(rastrigin)
    assert sampled.is_exact
    np.testing.assert_array_equal(sampled.surface.z, rastrigin.values(grid_of(rastrigin)))


def test_slow_function_of_many_points_at_once_is_computed_at_every_point():
    def waits(x):
        time.sleep(0.005)
        return (x**2).sum()

    sampled = sample_surface(Function(waits))
    assert sampled.is_exact
    np.testing.assert_array_equal(sampled.surface.z, Function(lambda x: (x**2).sum()).values(grid_of(Function(waits))))


def test_large_tensors_are_computed_for_few_points_at_once():
    calls = []

    def integral(x):
        calls.append(x)
        return (x[0] * torch.linspace(0, 1, 10**6, dtype=torch.float64)).mean() + x[1]

    values = Function(integral).values(np.ones((10, 2)))
    np.testing.assert_allclose(values, 1.5)
    # One call measures the tensors; 2²² numbers have room for 4 points.
    assert len(calls) == 1 + 3


def test_gradient_of_a_slow_function_is_checked_at_fewer_points(monkeypatch, slow):
    function, calls = slow(rosenbrock)
    monkeypatch.setattr(gradient_check, "SLOPE_SECONDS", np.inf)
    check_gradient(function, [(0, 0)])
    usual = len(calls.points)
    monkeypatch.setattr(gradient_check, "SLOPE_SECONDS", 0)
    calls.points.clear()
    check_gradient(function, [(0, 0)])
    assert len(calls.points) < usual / 2


@pytest.mark.parametrize("ask", ["surface", "race", "tuned", "map"])
def test_work_of_a_slow_function_is_announced(ask, slow, monkeypatch):
    monkeypatch.setattr(progress, "ANNOUNCED_SECONDS", 0)
    monkeypatch.setattr(progress, "MEASURED_SECONDS", 0)
    function, _ = slow(rosenbrock)
    said, shown = [], []
    with listening(Listener(said.append, lambda *state: shown.append(state))):
        if ask == "surface":
            sample_surface(function)
        elif ask == "race":
            record(function, [Racer("SGD", lr=1e-4)], (0, 0), 5)
        elif ask == "tuned":
            pytest.importorskip("optuna")
            tuned([Racer("SGD")], trials=2).resolve(function, (0, 0), 3)
        else:
            StartsMap(3, 3).record(function, Racer("SGD", lr=1e-4), (0, 0), 3)
    expected = {
        "surface": "function slow: takes .* ms for a point; its surface is interpolated between at most 1,100 points",
        "race": "function slow: the race takes about ",
        "tuned": "tuned: the search takes about ",
        "map": "function slow: the map takes about .*; a map with fewer races takes less$",
    }[ask]
    assert any(re.match(expected, sentence) for sentence in said)
    assert shown
