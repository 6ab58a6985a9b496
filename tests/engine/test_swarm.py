"""Each run of a swarm is the race that its seed has alone."""

import numpy as np
import pytest

from animopt import Function, Racer, Scene, UsageError
from animopt.functions import himmelblau
from animopt.regression import line

RACERS = {
    "SGD": Racer("SGD", lr=0.01),
    "momentum": Racer("SGD", lr=0.01, momentum=0.9),
    "Adam": Racer("Adam", lr=0.1),
    "LBFGS": Racer("LBFGS", lr=0.1, max_iter=2),
}


def scene(racer, **fields):
    return Scene(**{"function": himmelblau, "racers": [racer], "start": (0, 0), "steps": 12, "noise": 2.0} | fields)


@pytest.mark.parametrize("name", RACERS)
@pytest.mark.sampled(1)
def test_runs_are_those_of_their_seeds(name):
    swarm = scene(RACERS[name], swarm=5, seed=3).record().swarm
    assert swarm.xy.shape == (5, 13, 2)
    for number, run in enumerate(swarm.xy):
        alone = scene(RACERS[name], seed=3 + number).record()
        np.testing.assert_allclose(run, alone.xy[0], rtol=1e-9, atol=1e-9)
    assert len(np.unique(swarm.xy[:, -1, 0])) == 5


@pytest.mark.long
def test_function_that_branches_is_run_alone():
    function = Function(lambda p: p[0] ** 2 if p[0] > 0 else 3 * p[0] ** 2 + p[1] ** 2, minima=[(0, 0)])
    swarm = scene(Racer("SGD", lr=0.1), function=function, start=(1, 1), swarm=3).record().swarm
    alone = scene(Racer("SGD", lr=0.1), function=function, start=(1, 1), seed=2).record()
    np.testing.assert_array_equal(swarm.xy[2], alone.xy[0])


def test_batches_of_a_swarm_are_those_of_its_seeds():
    function = line(np.arange(6.0), np.arange(6.0) ** 2)
    fields = {"function": function, "start": (0, 0), "noise": 0.0, "batch": 2, "steps": 9}
    swarm = scene(Racer("SGD", lr=0.01), swarm=3, **fields).record().swarm
    for seed, run in enumerate(swarm.xy):
        np.testing.assert_array_equal(run, scene(Racer("SGD", lr=0.01), seed=seed, **fields).record().xy[0])


def test_swarm_is_of_the_racer_in_focus():
    fields = {"racers": [RACERS["SGD"], RACERS["Adam"]], "focus": "Adam", "swarm": 2}
    race = scene(None, **fields).record()
    np.testing.assert_allclose(race.swarm.xy[0], race.xy[1], rtol=1e-9)
    assert race.single(0).swarm is None
    assert race.single(1).swarm.racer == 0


@pytest.mark.long
def test_shares_have_the_standard_error_of_a_binomial_distribution():
    swarm = scene(RACERS["SGD"], swarm=40, steps=60).record().swarm
    shares = swarm.shares(4)
    assert shares.shape == (4, 61)
    assert (shares.sum(axis=0) <= 1).all()
    share = (swarm.basin[:, -1] == 0).mean()
    assert shares[0, -1] == share
    assert swarm.error(shares)[0, -1] == pytest.approx(np.sqrt(share * (1 - share) / 40))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"swarm": 3, "noise": 0.0},
            "swarm 3: all runs would be the same; give the scene noise, as noise=0.5, or a batch",
        ),
        ({"swarm": -1}, "swarm -1: "),
        ({"swarm": 2001}, "swarm 2001: "),
        (
            {"swarm": 3, "function": Function(lambda p: p[0] ** 2, name="f")},
            "swarm 3: function f has no known minima; ",
        ),
        ({"overlays": ["swarm"]}, "overlay 'swarm': the scene has none; give it a number of runs, as swarm=200, or "),
        ({"panels": ["contour", "swarm"]}, "panel 'swarm': the scene has none; give it a number of runs, as swarm=200"),
        ({"swarm": 2000, "steps": 300}, "steps 600300: more than 500000, it would take about "),
    ],
)
def test_swarm_that_cannot_be_run_is_refused(fields, message):
    with pytest.raises(UsageError) as caught:
        scene(RACERS["SGD"], **fields).record()
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
