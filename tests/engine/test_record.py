"""Recordings hold the numbers of torch, which agree with the formulas of textbooks."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from animopt.core.errors import Error
from animopt.engine.function import Function
from animopt.engine.racer import Racer
from animopt.engine.record import record
from animopt.functions import quartic, ravine
from animopt.regression import line
from animopt.scene.scene import load_scene

TESTS = Path(__file__).parents[1]
CASES = json.loads((TESTS / "data" / "ravine.json").read_bytes())["cases"]
SCENES = {path.stem: load_scene(path) for path in sorted((TESTS.parent / "scenes").glob("quartic_*.py"))}


def racer_of(case):
    settings = dict(case["settings"])
    if "b1" in settings:
        settings["betas"] = settings.pop("b1"), settings.pop("b2")
    if case["optimizer"] == "Nesterov":
        settings["nesterov"] = True
    name = {"Momentum": "SGD", "Nesterov": "SGD"}.get(case["optimizer"], case["optimizer"])
    return Racer(name, **{{"mu": "momentum", "a": "alpha"}.get(key, key): value for key, value in settings.items()})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["optimizer"])
def test_ravine_agrees_with_sixty_digit_arithmetic(case):
    recording = record(ravine, [racer_of(case)], case["start"], case["steps"])
    np.testing.assert_allclose(recording.xy[0], case["full"], rtol=0, atol=1e-12)


def height(xy):
    x, y = xy[..., 0], xy[..., 1]
    return x**4 + y**4 + 5 * x**3 - 40 * (x - 1) ** 2 - 40 * (y - 1) ** 2


def slope(xy):
    x, y = xy[..., 0], xy[..., 1]
    return np.stack([4 * x**3 + 15 * x**2 - 80 * (x - 1), 4 * y**3 - 80 * (y - 1)], axis=-1)


def sgd(gradients, lr, momentum=0.0):
    velocity = np.zeros(2)
    for gradient in gradients:
        velocity = momentum * velocity - lr * gradient
        yield velocity


def adagrad(gradients, lr):
    total = np.zeros(2)
    for gradient in gradients:
        total = total + gradient**2
        yield -lr * gradient / (np.sqrt(total) + 1e-10)


def rmsprop(gradients, lr, alpha):
    square = np.zeros(2)
    for gradient in gradients:
        square = alpha * square + (1 - alpha) * gradient**2
        yield -lr * gradient / (np.sqrt(square) + 1e-8)


def adam(gradients, lr, betas):
    mean, square = np.zeros((2, 2))
    for step, gradient in enumerate(gradients, start=1):
        mean = betas[0] * mean + (1 - betas[0]) * gradient
        square = betas[1] * square + (1 - betas[1]) * gradient**2
        yield -lr * (mean / (1 - betas[0] ** step)) / (np.sqrt(square / (1 - betas[1] ** step)) + 1e-8)


TEXTBOOK = {"SGD": sgd, "Adagrad": adagrad, "RMSprop": rmsprop, "Adam": adam}


@pytest.mark.sampled(8)
@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_every_step_on_the_quartic_is_the_textbook_step(scene):
    recording = scene.record()
    assert scene.functions == (quartic,)
    for racer, xy, taken in zip(scene.racers, recording.xy, recording.steps, strict=True):
        here, there = xy[:taken], xy[1 : taken + 1]
        # Chaos separates whole races but not single steps, so each step is predicted from the point before it.
        # A diverged racer has no more points.
        kept = np.isfinite(there).all(axis=1)
        assert kept[0]
        steps = list(TEXTBOOK[racer.optimizer.__name__](slope(here[kept]), **racer.settings))
        np.testing.assert_allclose(there[kept], here[kept] + steps, rtol=1e-9, atol=1e-11)
        np.testing.assert_array_equal(here[0], racer.start or scene.start)


def test_quartic_race_takes_forty_steps():
    assert SCENES["quartic_race"].record().steps.tolist() == [40] * 5


@pytest.mark.parametrize("start", [(1.1, 1.2), (4.8, -2.8), (0.3, 3)], ids=str)
def test_momentum_descends(start):
    recording = record(quartic, [Racer("SGD", lr=0.0011, momentum=0.9)], start, 2)
    first, second = np.diff(recording.xy[0], axis=0)
    uphill = slope(recording.xy[0])
    np.testing.assert_allclose(first, -0.0011 * uphill[0], rtol=1e-12)
    np.testing.assert_allclose(second, 0.9 * first - 0.0011 * uphill[1], rtol=1e-12)
    assert (np.diff(recording.z[0]) < 0).all()


def test_recording_holds_every_point_and_its_loss():
    recording = record(quartic, [Racer("SGD", lr=0.001), Racer("Adam", lr=0.5)], (5, -2.5), 12, title="two")
    assert recording.title == "two"
    assert recording.formula == quartic.formula
    assert recording.xy.shape == (2, 13, 2)
    assert recording.z.shape == (2, 13)
    assert recording.xy.dtype == recording.z.dtype == np.float64
    assert recording.steps.tolist() == [12, 12]
    assert recording.evaluations.tolist() == [list(range(13))] * 2
    np.testing.assert_array_equal(recording.xy[:, 0], [(5, -2.5)] * 2)
    np.testing.assert_allclose(recording.z, height(recording.xy), rtol=1e-12)
    assert (np.diff(recording.xy, axis=1) != 0).all()


def test_racers_do_not_affect_each_other():
    racers = [Racer("SGD", lr=0.001), Racer("Adam", lr=0.5), Racer("SGD", lr=0.001)]
    together = record(quartic, racers, (5, -2.5), 12)
    for index, racer in enumerate(racers):
        np.testing.assert_array_equal(together.xy[index], record(quartic, [racer], (5, -2.5), 12).xy[0])


def test_racers_own_start_and_steps_are_used():
    short = Racer("SGD", lr=0.001, start=(1, 1), steps=3)
    racers = [short, Racer("SGD", lr=0.001), Racer("SGD", lr=0.001, steps=9)]
    recording = record(quartic, racers, (5, -2.5), 6)
    assert recording.steps.tolist() == [3, 6, 9]
    np.testing.assert_array_equal(recording.xy[:, 0], [(1, 1), (5, -2.5), (5, -2.5)])
    np.testing.assert_array_equal(recording.xy[1, :7], recording.xy[2, :7])
    for xy, z, evaluations, steps in zip(
        recording.xy, recording.z, recording.evaluations, recording.steps, strict=True
    ):
        assert (xy[steps:] == xy[steps]).all()
        assert (z[steps:] == z[steps]).all()
        assert (evaluations[steps:] == steps).all()
        assert (np.diff(xy[: steps + 1], axis=0) != 0).all()


def test_rows_of_the_surface_follow_y():
    surface = record(Function(lambda x: x[0] + 10 * x[1], x=(-1, 3), y=(5, 7)), [], (0, 0), 1).surface
    assert surface.x[[0, -1]].tolist() == [-1, 3]
    assert surface.y[[0, -1]].tolist() == [5, 7]
    np.testing.assert_allclose(surface.z, surface.x[None, :] + 10 * surface.y[:, None], rtol=1e-13)


def test_minima_have_their_values():
    minima = record(quartic, [], (0, 0), 1).minima
    np.testing.assert_array_equal(minima[:, :2], quartic.minima)
    np.testing.assert_allclose(minima[:, 2], [-2689.94, -1979.21], atol=5e-3)


def first_lost(lr, start, steps):
    """The step at which gradient descent on the quartic is no longer finite."""
    xy = np.array(start, dtype=np.float64)
    with np.errstate(all="ignore"):
        for step in range(steps + 1):
            if not (np.isfinite(xy).all() and np.isfinite(height(xy))):
                return step
            xy = xy - lr * slope(xy)
    raise AssertionError("it did not diverge")


@pytest.mark.parametrize(("lr", "start"), [(0.1, (5, -2.5)), (0.03, (9, 9)), (1.0, (-7, 2)), (1e60, (3, 3))], ids=str)
def test_diverged_race_is_nan_from_that_step(lr, start):
    recording = record(quartic, [Racer("SGD", lr=lr), Racer("SGD", lr=0.001)], start, 20)
    lost = first_lost(lr, start, 20)
    assert np.isfinite(recording.xy[0, :lost]).all()
    assert np.isfinite(recording.z[0, :lost]).all()
    assert np.isnan(recording.xy[0, lost:]).all()
    assert np.isnan(recording.z[0, lost:]).all()
    assert recording.lost(0, lost) == recording.lost(0, 20) == ("diverged", lost)
    assert "diverged" not in (recording.lost(0, lost - 1) or ())
    assert np.isfinite(recording.xy[1]).all()
    assert recording.ranks(20).tolist() == [2, 1]


@pytest.mark.parametrize("lr", [1e200, 1e308])
def test_huge_finite_step_only_leaves_view(lr):
    recording = record(Function(lambda x: 0 * x[1] - x[0].abs()), [Racer("SGD", lr=lr)], (1, 2), 1)
    np.testing.assert_array_equal(recording.xy[0], [(1, 2), (lr, 2)])
    assert recording.lost(0, 1) == ("left view", 1)
    np.testing.assert_allclose(recording.paths[0].xyz[-2], (10, 2, -10))


RACERS = [Racer("SGD", lr=0.01), Racer("Adam", lr=0.5), Racer("LBFGS", lr=0.1, max_iter=3)]


def test_noise_follows_from_the_seed():
    one, other, third = (record(ravine, RACERS, (-7, 2), 20, noise=0.5, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.xy, other.xy)
    np.testing.assert_array_equal(one.gradients, other.gradients)
    assert (one.xy[:, 1] != third.xy[:, 1]).any()


def test_zero_noise_changes_nothing():
    quiet, plain = record(ravine, RACERS, (-7, 2), 20, noise=0.0, seed=5), record(ravine, RACERS, (-7, 2), 20)
    np.testing.assert_array_equal(quiet.xy, plain.xy)


@pytest.mark.long
def test_noise_is_equal_for_every_racer_with_the_given_deviation():
    racers = [Racer("SGD", lr=0.01), Racer("Adam", lr=0.5)]
    recording = record(ravine, racers, (-7, 2), 4000, noise=0.5, seed=3)
    points = recording.xy[:, :-1]
    noise = recording.gradients[:, :-1] - np.stack([points[..., 0] / 10, 2 * points[..., 1]], axis=-1)
    np.testing.assert_allclose(noise[0], noise[1], atol=1e-12)
    # Standard errors of 4000 numbers: 0.008 of the mean, 0.0056 of the deviation, 0.016 of the correlation.
    np.testing.assert_allclose(noise[0].mean(axis=0), 0, atol=0.032)
    np.testing.assert_allclose(noise[0].std(axis=0), 0.5, atol=0.023)
    assert abs(np.corrcoef(noise[0].T)[0, 1]) < 0.064
    assert abs(np.corrcoef(noise[0, 1:, 0], noise[0, :-1, 0])[0, 1]) < 0.064


def test_step_uses_the_noisy_gradient():
    recording = record(ravine, [Racer("SGD", lr=0.1)], (-7, 2), 20, noise=2.0)
    np.testing.assert_allclose(np.diff(recording.xy[0], axis=0), -0.1 * recording.gradients[0, :-1], atol=1e-12)
    np.testing.assert_allclose(recording.z[0], recording.xy[0, :, 0] ** 2 / 20 + recording.xy[0, :, 1] ** 2)


@pytest.mark.filterwarnings("ignore:racer .* never moves")
def test_every_gradient_of_a_step_has_new_noise():
    asked = []

    class Twice:
        def __init__(self, parameters):
            (self.parameter,) = parameters

        def step(self, closure):
            for _ in range(2):
                closure()
                asked.append(self.parameter.grad.numpy().copy())

    racers = [Racer(Twice), Racer("SGD", lr=0.0)]
    # The trial steps find out how the class is stepped.
    assert racers[0].loop.closure
    asked.clear()
    recording = record(ravine, racers, (-7, 2), 4, noise=1.0)
    # Neither racer moves, so the fourth gradient of both has the same noise.
    np.testing.assert_array_equal(recording.gradients[1, :4], asked[:4])
    assert len({tuple(gradient) for gradient in asked}) == 8


INPUTS = np.array([-1.0, 0, 0.5, 1, 2, 3, 4, 5, 6, 8])
TARGETS = np.array([2.0, 1, 3, 0, 5, 4, 7, 5, 9, 8])


@pytest.mark.parametrize(("size", "steps"), [(1, 25), (3, 10), (4, 9), (10, 4), (6, 5)])
def test_gradient_of_a_step_is_that_of_its_batch(size, steps):
    racers = [Racer("SGD", lr=0.003), Racer("Adam", lr=0.1, steps=3)]
    recording = record(line(INPUTS, TARGETS), racers, (0, 0), steps, batch=size, seed=7)
    batches = recording.sample.batches
    assert batches.shape == (steps, size)
    for racer in range(2):
        for step in range(recording.steps[racer]):
            x, y = recording.xy[racer, step]
            inputs, targets = INPUTS[batches[step]], TARGETS[batches[step]]
            errors = x + y * inputs - targets
            expected = 2 * errors.mean(), 2 * (errors * inputs).mean()
            np.testing.assert_allclose(recording.gradients[racer, step], expected, rtol=1e-9, atol=1e-12)
    # The recorded loss is that of all rows.
    x, y = (recording.xy[..., axis, None] for axis in (0, 1))
    np.testing.assert_allclose(recording.z, ((x + y * INPUTS - TARGETS) ** 2).mean(axis=-1), rtol=1e-12)
    # An epoch contains no row twice, and epochs differ in their order.
    whole = 10 // size
    epochs = [batches[first : first + whole].ravel() for first in range(0, steps - whole + 1, whole)]
    for epoch in epochs:
        assert len(set(epoch)) == whole * size
    assert len({tuple(epoch) for epoch in epochs}) == len(epochs)


def test_batches_follow_from_the_seed():
    def rows(seed):
        return record(line(INPUTS, TARGETS), RACERS, (0, 0), 9, batch=3, seed=seed).sample.batches.tolist()

    assert rows(1) == rows(1)
    assert rows(1) != rows(2)


@pytest.mark.parametrize(("size", "steps"), [(1, 25), (3, 8), (10, 2), (4, 1)])
def test_cyclic_batches_are_the_rows_in_their_order(size, steps):
    racers = [Racer("SGD", lr=0.01)]
    recording = record(line(INPUTS, TARGETS), racers, (0, 0), steps, batch=size, batch_order="cyclic", seed=7)
    rows = [row for _ in range(3) for row in range(10)]
    assert recording.sample.batches.tolist() == [rows[size * step : size * (step + 1)] for step in range(steps)]
    inputs, targets = INPUTS[:size], TARGETS[:size]
    np.testing.assert_allclose(recording.gradients[0, 0], [-2 * targets.mean(), -2 * (targets * inputs).mean()])


def test_every_step_uses_all_rows_without_a_batch():
    function = line(INPUTS, TARGETS)
    recording = record(function, RACERS, (0, 0), 5)
    assert recording.sample.batches.tolist() == [list(range(10))] * 5
    batch = record(function, RACERS, (0, 0), 5, batch=10)
    np.testing.assert_allclose(batch.xy, recording.xy, rtol=1e-9, atol=1e-9)


def test_sample_holds_each_racers_predictions():
    recording = record(line(INPUTS, TARGETS), RACERS, (0, 0), 5)
    sample = recording.sample
    np.testing.assert_array_equal(sample.inputs, INPUTS)
    np.testing.assert_array_equal(sample.targets, TARGETS)
    assert (sample.grid[0], sample.grid[-1]) == (-1, 8)
    np.testing.assert_allclose(np.diff(sample.grid), 9 / (len(sample.grid) - 1))
    x, y = (recording.xy[..., axis, None] for axis in (0, 1))
    np.testing.assert_allclose(sample.predictions, x + y * sample.grid, rtol=1e-12, atol=1e-12)
    assert record(ravine, RACERS, (-7, 2), 2).sample is None


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_start_without_a_finite_value_is_an_error(value):
    function = Function(lambda x: x[0] + x[1] + value)
    with pytest.raises(Error, match=f"racer SGD: the function is {value} at its start; start elsewhere"):
        record(function, [Racer("SGD", lr=0.1)], (1, 1), 3)


def test_race_uses_one_thread_and_restores_the_number():
    threads = torch.get_num_threads()
    seen = []

    def bowl(x):
        seen.append(torch.get_num_threads())
        return (x**2).sum()

    torch.set_num_threads(2)
    try:
        record(Function(bowl), [Racer("SGD", lr=0.1)], (1, 2), 3)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert set(seen) == {1}
