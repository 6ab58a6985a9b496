"""Races from dropped starts are those that torch runs from the same starts alone, to the stated accuracy."""

import re

import numpy as np
import pytest
import torch

from animopt import Function, Racer, UsageError
from animopt.engine import dropped_starts
from animopt.engine.dropped_starts import run_dropped_starts
from animopt.engine.record import batches_of, run
from animopt.functions import himmelblau
from animopt.recording.starts import LossScale, Note
from animopt.regression import line

DOMAIN = himmelblau.x, himmelblau.y
GAPS = LossScale.of_gaps()
RACERS = {
    "SGD": Racer("SGD", lr=0.01),
    "momentum": Racer("SGD", lr=0.003, momentum=0.9),
    "Adagrad": Racer("Adagrad", lr=1.0),
    "RMSprop": Racer("RMSprop", lr=0.05),
    "Adam": Racer("Adam", lr=0.3),
}


class Nudged(torch.optim.SGD):
    """Draws one random number in each step, which all starts share."""

    def step(self, closure=None):
        super().step(closure)
        with torch.no_grad():
            self.param_groups[0]["params"][0].add_(0.05 * torch.randn((), dtype=torch.float64))


class ScheduleFree(torch.optim.Optimizer):
    """Computes gradients at one point, and shows the average of its points in the mode of evaluation."""

    def __init__(self, params, lr=0.01):
        super().__init__(params, {"lr": lr})
        (self.point,) = self.param_groups[0]["params"]
        self.average, self.count, self.kept = self.point.detach().clone(), 0, None

    def step(self, closure=None):
        if self.kept is not None:
            raise RuntimeError("step in the mode of evaluation")
        with torch.no_grad():
            self.point -= self.param_groups[0]["lr"] * self.point.grad
            self.count += 1
            self.average += (self.point - self.average) / (self.count + 1)

    def eval(self):
        if self.kept is None:
            self.kept = self.point.detach().clone()
            self.point.data.copy_(self.average)

    def train(self):
        if self.kept is not None:
            self.point.data.copy_(self.kept)
            self.kept = None


class Refuses(torch.optim.SGD):
    """Steps only on one point."""

    def step(self, closure=None):
        if self.param_groups[0]["params"][0].numel() != 2:
            raise RuntimeError("give one point")
        return super().step(closure)


def starts_of(racers, function=himmelblau, rectangle=DOMAIN, steps=20, scale=GAPS, **settings):
    return run_dropped_starts(
        function, racers, rectangle, steps, scale, **{"columns": 8, "rows": 6, "code": "en", **settings}
    )


def compare(starts, racers, function=himmelblau, steps=20, *, noise=0.0, batches=None, seed=0, every=5):
    """Compare each `every`-th race with one that is run alone."""
    lowest = min(function.values(np.array(function.minima, dtype=float).reshape(-1, 2)), default=0)
    rectangle = starts.quantum * 512
    for position, racer in enumerate(starts.racers):
        count = racers[racer].steps or steps
        for cell in range(0, starts.x.size * starts.y.size, every):
            row, column = divmod(cell, starts.x.size)
            start = float(starts.x[column]), float(starts.y[row])
            alone = run(function, racers[racer], "a racer", start, count, noise, batches, seed).points
            alone = np.concatenate([alone, np.repeat(alone[-1:], starts.steps - count, axis=0)])
            points, losses = starts.race(position, row, column)
            known = starts.known[position, row, column]
            assert np.isnan(points[known:]).all()
            assert (np.abs(points - alone)[:known] <= rectangle / 1000).all(), (racer, cell)
            values = function.values(alone[:known]) - lowest * starts.scale.logarithmic
            if starts.scale.logarithmic:
                assert (
                    np.abs(losses[:known] - values.clip(0)) == pytest.approx(0, abs=1e-9)
                    or (np.abs(np.log(losses[:known] / values.clip(1e-300))) <= 0.0247).all()
                )
            else:
                assert (np.abs(losses[:known] - values) <= starts.scale.quantum * 0.51).all()


@pytest.mark.parametrize("name", RACERS)
@pytest.mark.sampled(2)
def test_races_are_those_of_the_same_starts_alone(name, monkeypatch):
    racers = [RACERS[name]]
    starts = starts_of(racers, steps=40, alone_seconds=0.0)
    assert (starts.racers, starts.absent, starts.notes) == ((0,), (), ())
    compare(starts, racers, steps=40)


@pytest.mark.long
def test_rounding_does_not_accumulate():
    racers = [Racer("SGD", lr=3e-5)]
    starts = starts_of(racers, steps=200)
    # Each step is much smaller than a quantum.
    alone = run(himmelblau, racers[0], "", (float(starts.x[2]), float(starts.y[1])), 200).points
    assert np.abs(np.diff(alone[-50:], axis=0)).max() < starts.quantum.min() / 5
    points, _ = starts.race(0, 1, 2)
    assert np.abs(points - alone).max() <= starts.quantum.max() / 2 * (1 + 1e-9)
    assert np.abs(points[-1] - points[0]).max() > 3 * starts.quantum.max()


def test_starts_are_the_middles_of_cells_of_the_rectangle():
    starts = starts_of([RACERS["SGD"]], rectangle=((-4, 4), (0, 3)), steps=1)
    assert starts.x.tolist() == [-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5]
    assert starts.y.tolist() == [0.25, 0.75, 1.25, 1.75, 2.25, 2.75]
    np.testing.assert_allclose(starts.race(0, 1, 2)[0][0], (-1.5, 0.75), atol=starts.quantum.max() / 2)


@pytest.mark.long
def test_noise_is_that_of_the_seed():
    racers = [*RACERS.values()]
    starts = starts_of(racers, noise=3.0, seed=7)
    compare(starts, racers, noise=3.0, seed=7, every=23)
    assert (starts.positions != starts_of(racers, noise=3.0, seed=8).positions).any()


@pytest.mark.parametrize("order", ["shuffled", "cyclic"])
@pytest.mark.sampled(1)
def test_batches_are_those_of_the_seed(order):
    function = line(np.arange(6.0), 1 + np.arange(6.0) * 2)
    racers = [Racer("SGD", lr=0.01), Racer("Adam", lr=0.2, steps=25)]
    starts = starts_of(
        racers, function, (function.x, function.y), batch=2, batch_order=order, seed=3, alone_seconds=0.0
    )
    assert starts.racers == (0, 1)
    assert starts.steps == 25
    compare(starts, racers, function, batches=batches_of(function, 2, 25, order, 3))


def test_racers_with_fewer_steps_remain_at_their_last_point():
    racers = [Racer("SGD", lr=0.01, steps=5, start=(1, 1)), RACERS["Adam"]]
    starts = starts_of(racers)
    assert starts.positions.shape == (2, 2, 21, 6, 8)
    assert (starts.positions[0, :, 5:] == starts.positions[0, :, 5:6]).all()
    compare(starts, racers)


@pytest.mark.long
def test_races_are_projected_onto_the_box():
    function = himmelblau.replace(box=((-1, 2), (-2, 1)))
    racers = [RACERS["SGD"], RACERS["Adam"]]
    starts = starts_of(racers, function)
    assert (starts.x.min(), starts.x.max()) == (-1 + 3 / 16, 2 - 3 / 16)
    assert (starts.y.min(), starts.y.max()) == (-2 + 3 / 12, 1 - 3 / 12)
    compare(starts, racers, function)
    ends = np.array([starts.race(0, row, column)[0][-1] for row in range(6) for column in range(8)])
    assert np.isclose(ends, (2, 1), atol=starts.quantum.max()).any()


def test_grid_outside_of_the_box_is_over_the_box():
    function = himmelblau.replace(box=((-1, 2), (-2, 1)))
    starts = starts_of([RACERS["SGD"]], function, ((3, 5), (-5, 5)))
    assert (starts.x > -1).all()
    assert (starts.x < 2).all()


@pytest.mark.parametrize("optimizer", [Nudged, ScheduleFree], ids=lambda optimizer: optimizer.__name__)
def test_own_optimizer_is_run_from_all_starts_together(optimizer):
    racers = [Racer(optimizer, lr=0.005)]
    starts = starts_of(racers, alone_seconds=0.0)
    assert starts.racers == (0,)
    compare(starts, racers)


@pytest.mark.parametrize("racer", [Racer("LBFGS", lr=0.1, max_iter=2), Racer(Refuses, lr=0.01)], ids=str)
@pytest.mark.sampled(1)
def test_racer_that_runs_alone_is_within_the_budget_or_absent(racer):
    racers = [RACERS["SGD"], racer]
    starts = starts_of(racers, steps=8)
    assert starts.racers == (0, 1)
    compare(starts, racers, steps=8)
    name = racer.optimizer.__name__
    starts = starts_of(racers, columns=9, steps=8, alone_seconds=1e-3)
    assert starts.racers == (0,)
    (absent,) = starts.absent
    assert absent.racer == 1
    assert str(absent.reason) == (
        f"{name} cannot be run from dropped starts: it runs from one start at a time, and 9 × 6 starts take more than "
        "0 seconds; a smaller grid takes less, as --grid 8 or Output(grid=8)"
    )


def test_reason_is_in_the_language_of_the_scene():
    starts = starts_of([Racer("LBFGS")], steps=3, alone_seconds=1e-3, code="ko")
    assert starts.positions.shape == (0, 2, 4, 6, 8)
    assert re.fullmatch(r"LBFGS는 .* 8 × 6개에 0초 넘게 걸립니다\.", starts.absent[0].reason.sentence)


def test_racer_that_fails_is_absent():
    class Fails(torch.optim.SGD):
        def step(self, closure=None):
            point = self.param_groups[0]["params"][0].detach()
            if point.numel() > 2 or float(point[0]) > 4:
                raise ValueError("too far")
            return super().step(closure)

    starts = starts_of([Racer(Fails, lr=0.01), RACERS["SGD"]], steps=3)
    assert starts.racers == (1,)
    assert starts.absent[0].reason == Note(
        "Fails cannot be run from dropped starts: racer Fails: step 1 failed: too far."
    )


@pytest.mark.long
def test_diverged_race_has_no_position_from_then_on():
    bowl = Function(lambda x: x[0] ** 2 + x[1] ** 2, x=(-1, 1), y=(-1, 1), minima=[(0, 0)])
    racers = [Racer("SGD", lr=1.5)]
    starts = starts_of(racers, bowl, (bowl.x, bowl.y), 30)
    # Each step multiplies the point by -2, and a position is known up to 30,000 quanta, each a 256th, from the middle.
    farthest = np.maximum(*np.meshgrid(np.abs(starts.x), np.abs(starts.y)))
    np.testing.assert_array_equal(starts.known[0], np.floor(np.log2(30_000.5 / 256 / farthest)) + 1)
    compare(starts, racers, bowl, 30, every=1)
    assert not starts.sensitive.any()


def test_start_without_a_value_has_no_position():
    function = Function(lambda x: torch.sqrt(x[0]) + x[1] ** 2, x=(-1, 1), y=(-1, 1), minima=[(0.1, 0)])
    starts = starts_of([Racer("SGD", lr=0.001)], function, (function.x, function.y), 3)
    assert (starts.known[0, :, :4] == 0).all()
    assert (starts.known[0, :, 4:] == 4).all()
    # The starts on both sides of the edge end elsewhere.
    assert starts.sensitive[0].any(axis=0).tolist() == [False, False, False, True, True, False, False, False]


@pytest.mark.long
def test_starts_beside_a_watershed_are_sensitive():
    wells = Function(
        lambda x: x[1] ** 4 / 4 - x[1] ** 2 / 2 + x[0] ** 2, x=(-2, 2), y=(-2, 2), minima=[(0, -1), (0, 1)]
    )
    racers = [Racer("SGD", lr=0.1)]
    starts = starts_of(racers, wells, (wells.x, wells.y), 100)
    assert starts.sensitive[0].all(axis=1).tolist() == [False, False, True, True, False, False]
    assert starts.sensitive[0].any(axis=1).tolist() == [False, False, True, True, False, False]
    # Without known minima, the distance of the ends decides.
    unknown = wells.replace(minima=[])
    starts = starts_of(racers, unknown, (wells.x, wells.y), 100, LossScale.of_losses(-1, 3))
    assert starts.sensitive[0].any(axis=1).tolist() == [False, False, True, True, False, False]
    assert not starts_of(racers, unknown, (wells.x, wells.y), 1, LossScale.of_losses(-1, 3)).sensitive.any()


@pytest.mark.parametrize(("doublings", "expected"), [(3, False), (45, True)])
def test_start_whose_race_rounding_moves_is_sensitive(doublings, expected):
    class Doubles(torch.optim.SGD):
        """Doubles x modulo 1, and ends at 0."""

        count = 0

        def step(self, closure=None):
            super().step(closure)
            self.count += 1
            with torch.no_grad():
                point = self.param_groups[0]["params"][0]
                point.mul_(2).remainder_(1) if self.count <= doublings else point.zero_()

    starts = starts_of([Racer(Doubles, lr=1e-9)], rectangle=((0.1, 1.02), (0.1, 1.03)), steps=doublings + 1)
    assert (starts.sensitive == expected).all()


def test_losses_without_known_minima_are_on_a_linear_scale():
    saddle = Function(lambda x: x[0] ** 2 - x[1] ** 2, x=(-1, 1), y=(-1, 1))
    racers = [Racer("SGD", lr=0.05)]
    starts = starts_of(racers, saddle, (saddle.x, saddle.y), 10, LossScale.of_losses(-2, 1))
    compare(starts, racers, saddle, 10)


def test_function_that_branches_is_run_alone():
    function = Function(
        lambda x: x[0] ** 2 + x[1] ** 2 if float(x[0].detach()) > 0 else 2 * (x[0] ** 2 + x[1] ** 2),
        x=(-1, 1),
        y=(-1, 1),
        minima=[(0, 0)],
    )
    racers = [Racer("SGD", lr=0.1)]
    starts = starts_of(racers, function, (function.x, function.y), 5)
    compare(starts, racers, function, 5)


def test_grid_of_a_slow_function_is_left_out():
    starts = starts_of([RACERS["SGD"], RACERS["Adam"]], grid_seconds=1e-3)
    assert starts.racers == ()
    assert [each.racer for each in starts.absent] == [0, 1]
    assert starts.absent[1].reason == Note(
        "Adam cannot be run from dropped starts: the races of all racers from 8 × 6 starts take more than 0 seconds."
    )


def test_grid_with_too_many_steps_is_reduced_or_refused(monkeypatch):
    monkeypatch.setattr(dropped_starts, "MAX_STEPS", 32 * 16 * 40)
    starts = starts_of([RACERS["SGD"], RACERS["Adam"]], columns=64, rows=32)
    assert starts.losses.shape == (2, 21, 16, 32)
    (note,) = starts.notes
    assert str(note) == (
        "Starts snap to a grid of 32 × 16, because all races from 64 × 32 starts have too many steps; fewer steps "
        "allow more, with Scene(steps=...)"
    )
    monkeypatch.setattr(dropped_starts, "MAX_STEPS", 8 * 8 * 40 - 1)
    with pytest.raises(UsageError) as caught:
        starts_of([RACERS["SGD"], RACERS["Adam"]], columns=64, rows=64)
    assert str(caught.value) == (
        "grid 64 × 64: 40 steps of all racers from 8 × 8 starts are more than 2559; give fewer steps or racers"
    )


@pytest.mark.long
def test_random_starts_of_a_full_grid_end_where_torch_ends():
    racers = [*RACERS.values()]
    starts = starts_of(racers, columns=64, rows=64, steps=100)
    compare(starts, racers, steps=100, every=97)
