"""Maps: batched races equal separate races, and agree with arithmetic."""

import numpy as np
import pytest
import torch

from animopt import Function, Racer, SettingsMap, StartsMap, UsageError
from animopt.engine import maps
from animopt.engine.record import record
from animopt.recording.recording import DIVERGED, UNDECIDED

# Himmelblau 1972, "Applied Nonlinear Programming", p. 428; the minima to six decimals.
MINIMA = [(3, 2), (-2.805118, 3.131312), (-3.779310, -3.283186), (3.584428, -1.848126)]


def himmelblau(x):
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


def bowl(x):
    return x[0] ** 2 + x[1] ** 2


def well(x):
    return x[1] ** 4 / 4 - x[1] ** 2 / 2 + x[0] ** 2


VALLEYS = Function(himmelblau, x=(-5, 5), y=(-5, 5), minima=MINIMA)
BOWL = Function(bowl, x=(-4, 4), y=(-3, 3), minima=[(0, 0)])

ELEMENTWISE = [
    ("SGD", {"lr": 0.005, "momentum": 0.9, "nesterov": True}),
    ("Adam", {"lr": 0.3}),
    ("AdamW", {"lr": 0.3, "amsgrad": True}),
    ("NAdam", {"lr": 0.3}),
    ("RMSprop", {"lr": 0.05}),
    ("Adagrad", {"lr": 0.9}),
    ("Rprop", {"lr": 0.1}),
    ("Adadelta", {"lr": 5.0}),
]
NOT_ELEMENTWISE = [("LBFGS", {"lr": 0.5}), ("Adafactor", {"lr": 0.3})]


def plain(definition, optimizer, settings, start, steps):
    """One race (steps + 1, 2), with the loop of torch's manual."""
    parameter = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    racer = getattr(torch.optim, optimizer)([parameter], **settings)

    def closure():
        racer.zero_grad()
        loss = definition(parameter)
        loss.backward()
        return loss

    points = [parameter.detach().clone().numpy()]
    for _ in range(steps):
        racer.step(closure)
        points.append(parameter.detach().clone().numpy())
    return np.array(points)


def outcome(points, minima, radius):
    """The final outcome of one race (steps + 1, 2), and its first step, found backwards from the end."""
    near = np.linalg.norm(points[:, None] - np.array(minima), axis=-1) <= radius
    which = int(near[-1].argmax()) if near[-1].any() else UNDECIDED
    stays = near[:, which] if which >= 0 else ~near.any(axis=1)
    return which, len(stays) - int(np.append(~stays[::-1], True).argmax())


def compare(found, optimizer, settings, steps):
    radius = 0.01 * np.hypot(10, 10)
    for row, y in enumerate(found.y):
        for column, x in enumerate(found.x):
            expected = outcome(plain(himmelblau, optimizer, settings, (x, y), steps), MINIMA, radius)
            assert (found.minimum[row, column], found.step[row, column]) == expected, (x, y)


def never(*arguments):
    raise AssertionError("run alone")


@pytest.mark.parametrize(("optimizer", "settings"), ELEMENTWISE, ids=str)
@pytest.mark.sampled(2)
def test_batched_starts_equal_separate_races(optimizer, settings, monkeypatch):
    monkeypatch.setattr(maps, "_alone", never)
    found = StartsMap(5, 4).record(VALLEYS, Racer(optimizer, **settings), (0, 0), 40)
    assert (found.minimum >= 0).any()
    compare(found, optimizer, settings, 40)


@pytest.mark.long
@pytest.mark.parametrize(("optimizer", "settings"), NOT_ELEMENTWISE, ids=str)
def test_optimizer_that_is_not_elementwise_runs_each_race_alone(optimizer, settings, monkeypatch):
    called = []
    alone = maps._alone
    monkeypatch.setattr(maps, "_alone", lambda *arguments: called.append(1) or alone(*arguments))
    found = StartsMap(5, 4).record(VALLEYS, Racer(optimizer, **settings), (0, 0), 25)
    assert called
    compare(found, optimizer, settings, 25)


class Clipped(torch.optim.SGD):
    """Elementwise, except for rare large gradients."""

    def step(self, closure):
        with torch.enable_grad():
            loss = closure()
        torch.nn.utils.clip_grad_norm_(self.param_groups[0]["params"], 60.0)
        super().step()
        return loss


@pytest.mark.long
def test_norm_over_all_starts_is_detected():
    racer = Racer(Clipped, lr=0.01)
    found = StartsMap(6, 5).record(VALLEYS, racer, (0, 0), 30)
    recording = record(VALLEYS, [Racer(Clipped, lr=0.01, start=(x, y)) for y in found.y for x in found.x], (0, 0), 30)
    for cell, points in enumerate(recording.xy):
        expected = outcome(points, MINIMA, 0.01 * np.hypot(10, 10))
        assert (found.minimum.flat[cell], found.step.flat[cell]) == expected


@pytest.mark.long
def test_chaotic_races_stay_in_a_batch(monkeypatch):
    # If gradient descent never stops overshooting, rounding alone separates two races.
    monkeypatch.setattr(maps, "_alone", never)
    StartsMap(16, 16).record(VALLEYS, Racer("SGD", lr=0.018), (0, 0), 200)


def test_definition_that_branches_on_values_runs_each_race_alone():
    def branching(x):
        return bowl(x) if float(x[0].detach()) > 0 else 2 * bowl(x)

    function = Function(branching, x=(-4, 4), y=(-3, 3), minima=[(0, 0)])
    found = StartsMap(2, 1).record(function, Racer("SGD", lr=0.1), (0, 0), 60)
    # x shrinks by 1 - 4 lr on the left and by 1 - 2 lr on the right, from 2 to a hundredth of the diagonal, 10.
    assert found.step.tolist() == [[int(np.ceil(np.log(0.05) / np.log(rate))) for rate in (0.6, 0.8)]]


@pytest.mark.long
def test_several_batches_make_the_same_map(monkeypatch):
    racer = Racer("Adam", lr=0.2)
    whole = StartsMap(9, 7).record(VALLEYS, racer, (0, 0), 50)
    monkeypatch.setattr(maps, "BATCH_STARTS", 10)
    parts = StartsMap(9, 7).record(VALLEYS, racer, (0, 0), 50)
    assert np.array_equal(whole.minimum, parts.minimum)
    assert np.array_equal(whole.step, parts.step)


def test_starts_are_the_middles_of_the_cells():
    found = StartsMap(4, 3).record(BOWL, Racer("SGD", lr=0.1), (0, 0), 1)
    assert found.x.tolist() == [-3, -1, 1, 3]
    assert found.y.tolist() == [-2, 0, 2]


@pytest.mark.parametrize("lr", [0.05, 0.2, 0.8])
def test_steps_to_the_minimum_of_a_bowl_follow_the_formula(lr):
    found = StartsMap(10, 8).record(BOWL.replace(radius=0.2), Racer("SGD", lr=lr), (0, 0), 80)
    distance = np.hypot(*np.meshgrid(found.x, found.y))
    steps = np.ceil(np.log(0.2 / distance) / np.log(abs(1 - 2 * lr)))
    assert (found.minimum == 0).all()
    assert np.array_equal(found.step, np.maximum(steps, 0))


def test_divergence_above_two_over_l_follows_the_formula():
    # L is 2, so that each step multiplies the point by 1 - 2 lr.
    found = StartsMap(6, 4).record(BOWL, Racer("SGD", lr=1.5), (0, 0), 60)
    farthest = np.maximum(*np.meshgrid(np.abs(found.x), np.abs(found.y)))
    assert (found.minimum == DIVERGED).all()
    assert np.array_equal(found.step, np.ceil(np.log(1000 * 10 / farthest) / np.log(2)))
    assert found.count(DIVERGED, 60) == 24


def test_race_to_nan_has_diverged():
    function = Function(lambda x: torch.sqrt(x[0]) + x[1] ** 2, x=(-1, 1), minima=[(0.5, 0)])
    found = StartsMap(2, 1).record(function, Racer("SGD", lr=0.001), (0, 0), 3)
    assert found.minimum.tolist() == [[DIVERGED, 0]]
    assert found.step.tolist() == [[1, 0]]


@pytest.mark.long
def test_the_sign_of_y_decides_in_a_double_well():
    function = Function(well, x=(-2, 2), y=(-2, 2), minima=[(0, -1), (0, 1)])
    found = StartsMap(8, 9).record(function, Racer("SGD", lr=0.1), (0, 0), 300)
    expected = np.where(found.y > 1e-9, 1, np.where(found.y < -1e-9, 0, UNDECIDED))
    assert np.array_equal(found.minimum, np.repeat(expected[:, None], 8, axis=1))
    assert found.count(UNDECIDED, 300) == 8
    assert found.count(UNDECIDED, 0) + found.count(0, 0) + found.count(1, 0) == 72


def test_counts_and_medians_include_steps_so_far():
    found = StartsMap(10, 8).record(BOWL, Racer("SGD", lr=0.1), (0, 0), 80)
    for step in (0, 5, 9.5, 20, 80):
        reached = found.step[found.step <= step]
        assert found.count(0, step) == len(reached)
        assert found.count(UNDECIDED, step) == 80 - len(reached)
        if len(reached):
            assert found.median(0, step) == np.median(reached)
        else:
            assert np.isnan(found.median(0, step))


@pytest.mark.parametrize(
    ("optimizer", "axes", "fixed"),
    [
        ("SGD", {"lr": [0.001, 0.005, 0.01], "momentum": [0.0, 0.5, 0.9, 0.95]}, {}),
        ("SGD", {"momentum": [0.5, 0.9], "dampening": [0.0, 0.1, 0.5]}, {"lr": 0.005}),
        ("Adam", {"lr": [0.01, 0.1, 1.0], "betas": [(0.9, 0.999), (0.5, 0.9)]}, {}),
        ("RMSprop", {"alpha": [0.9, 0.99], "lr": [0.01, 0.1]}, {}),
        ("Adagrad", {"lr": [0.5, 1.0], "initial_accumulator_value": [0.0, 0.1]}, {}),
        ("LBFGS", {"lr": [0.5, 1.0], "max_iter": [2, 4]}, {}),
    ],
    ids=str,
)
@pytest.mark.sampled(2)
def test_batched_settings_equal_separate_races(optimizer, axes, fixed):
    found = SettingsMap(**axes).record(VALLEYS, Racer(optimizer, **fixed), (-1, 2), 20)
    (first, columns), (second, rows) = axes.items()
    assert found.names == (first, second)
    assert found.loss.shape == (21, len(rows), len(columns))
    heights = [float(himmelblau(np.array(minimum))) for minimum in MINIMA]
    for row, column in np.ndindex(len(rows), len(columns)):
        settings = {**fixed, first: columns[column], second: rows[row]}
        points = plain(himmelblau, optimizer, settings, (-1, 2), 20)
        expected = np.maximum(himmelblau(points.T) - min(heights), 0)
        np.testing.assert_allclose(found.loss[:, row, column], expected, rtol=1e-9, atol=1e-9)


def test_divergence_of_settings_follows_the_formula():
    rates = [0.25, 0.75, 1.25, 1.5, 2.0]
    found = SettingsMap(lr=rates, weight_decay=[0.0, 0.1]).record(BOWL, Racer("SGD"), (2, 1), 40)
    # Each step multiplies the point by 1 - (2 + decay) lr; it has diverged beyond a thousand diagonals of 10.
    for row, decay in enumerate([0.0, 0.1]):
        for column, rate in enumerate(rates):
            x = 2 * (1 - (2 + decay) * rate) ** np.arange(41.0)
            lost = np.abs(x) > 10_000
            assert np.array_equal(np.isnan(found.loss[:, row, column]), lost)
            np.testing.assert_allclose(found.loss[~lost, row, column], x[~lost] ** 2 * 1.25, rtol=1e-9)
    assert found.diverged(40) == np.isnan(found.loss[40]).mean() > 0.3
    row, column = found.best(40)
    assert found.loss[40, row, column] == np.nanmin(found.loss[40])


def test_racers_own_start_and_steps_replace_the_scenes():
    found = SettingsMap(lr=[0.1, 0.2], momentum=[0.0, 0.5]).record(BOWL, Racer("SGD", start=(1, 1), steps=3), (2, 2), 9)
    assert found.loss.shape[0] == 4
    assert (found.loss[0] == 2).all()


def test_map_without_minima_holds_the_loss_itself():
    found = SettingsMap(lr=[0.1, 0.2], momentum=[0.0, 0.5]).record(Function(bowl), Racer("SGD"), (2, 2), 1)
    assert not found.gap
    np.testing.assert_allclose(found.loss[:, 0, 0], [8, 8 * 0.8**2])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: StartsMap(columns=0), r"map columns 0: "),
        (lambda: StartsMap(rows=2.5), r"map rows 2\.5: "),
        (lambda: StartsMap(columns=True), r"map columns True: "),
        (lambda: SettingsMap(lr=[0.1, 0.2]), r"map settings lr: give two"),
        (lambda: SettingsMap(), r"map settings none: give two"),
        (lambda: SettingsMap(lr=[0.1], momentum=[0, 0.9]), r"map settings lr=\[0\.1\]: give at least two"),
        (lambda: SettingsMap(lr=0.1, momentum=[0, 0.9]), r"map settings lr=0\.1: give at least two"),
        (lambda: SettingsMap(lr=[0.1, 0.2], steps=[1, 2]), r"map settings 'steps': is the racer's own"),
        (
            lambda: SettingsMap(lr=[0.1, 0.2], momentun=[0, 0.9]).check(BOWL, Racer("SGD")),
            r"map settings: racer SGD: momentun=0: no such setting; did you mean 'momentum'\?",
        ),
        (
            lambda: SettingsMap(lr=[0.1, -1], momentum=[0, 0.9]).check(BOWL, Racer("SGD")),
            r"map settings: racer SGD: lr=-1: give a number of at least 0",
        ),
        (
            lambda: StartsMap(2, 2).record(Function(bowl), Racer("SGD"), (0, 0), 1),
            r"map: function bowl has no known minima; .*minima=\[\(0, 0\)\]",
        ),
    ],
)
def test_wrong_map_is_refused_in_one_line(make, message):
    with pytest.raises(UsageError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.fixture
def batched(monkeypatch):
    """Fail the test if races are run alone."""

    def alone(*_):
        raise AssertionError("the races are run alone")

    monkeypatch.setattr(maps, "_alone", alone)


def test_schedulers_step_in_batches(batched):
    def halved(optimizer):
        return torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)

    function = Function(bowl, x=(-4, 4), y=(-4, 4), minima=[(0, 0)])
    racer = Racer("SGD", lr=0.25, scheduler=halved)
    # On x² + y² a step multiplies by 1 - 2 lr.
    reached = np.prod([1 - 2 * 0.25 * 0.5**step for step in range(3)])
    found = SettingsMap(lr=[0.25, 0.125], momentum=[0.0, 0.5]).record(function, racer, (2, 2), 3)
    np.testing.assert_allclose(found.loss[3, 0, 0], 8 * reached**2, rtol=1e-12)
    StartsMap(columns=8, rows=8).record(function, racer, (2, 2), 3)


@pytest.mark.long
def test_function_of_data_is_batched(batched):
    inputs = np.array([0.0, 1.0, 2.0])
    function = Function(
        lambda x, inputs: ((x[0] + x[1] * inputs) ** 2).mean(),
        x=(-1, 1),
        y=(-1, 1),
        minima=[(0, 0)],
        data=[inputs],
        radius=0.14,
    )
    found = StartsMap(columns=6, rows=5).record(function, Racer("SGD", lr=0.2), (0, 0), 400)
    assert (found.minimum == 0).all()


def test_nearest_minimum_counts_if_the_radius_covers_several():
    two = Function(
        lambda x: (x[0] ** 2 - 1) ** 2 + x[1] ** 2, x=(-3, 3), y=(-2, 2), minima=[(-1, 0), (1, 0)], radius=2.5
    )
    assert StartsMap(2, 1).record(two, Racer("SGD", lr=0.01), (0, 0), 80).minimum.tolist() == [[0, 1]]
