"""The limit of stability is that of the recorded steps."""

from functools import partial

import numpy as np
import pytest
import torch

from animopt import Function, Racer, Scene
from animopt.recording.stability import stability_limit

MOMENTUM, NESTEROV = {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}


class Descent(torch.optim.Optimizer):
    """Gradient descent of the user."""

    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure):
        closure()
        for group in self.param_groups:
            for x in group["params"]:
                x -= group["lr"] * x.grad


def limit(racer, curvature=1.0, steps=12):
    bowl = Function(lambda x: curvature * x[0] ** 2 / 2 + x[1] ** 2 / 10)
    race = Scene(function=bowl, racers=[racer], start=(3, 2), steps=steps).record()
    return race, stability_limit(race, 0)


@pytest.mark.parametrize(
    ("racer", "value", "formula"),
    [
        (Racer("SGD", lr=0.1), 20, "2/lr"),
        (Racer(Descent, lr=0.1), 20, "2/lr"),
        (Racer("SGD", lr=0.1, **MOMENTUM), 38, "(2 + 2β)/lr"),
        (Racer("SGD", lr=0.1, **NESTEROV), 38 / 2.8, "(2 + 2β)/(1 + 2β)/lr"),
    ],
)
def test_limit_of_gradient_descent(racer, value, formula):
    _, found = limit(racer)
    assert found.value == pytest.approx(value)
    assert found.formula == formula


@pytest.mark.parametrize("settings", [{}, MOMENTUM, NESTEROV], ids=str)
def test_quadratic_above_the_limit_diverges_and_one_below_does_not(settings):
    _, found = limit(Racer("SGD", lr=0.1, **settings))
    for factor, grows in ((0.98, False), (1.02, True)):
        race, _ = limit(Racer("SGD", lr=0.1, **settings), found.value * factor, steps=400)
        assert (abs(race.xy[0, -1, 0]) > abs(race.xy[0, 0, 0])) == grows


@pytest.mark.parametrize(
    "racer",
    [
        Racer("Adam", lr=0.1),
        Racer("RMSprop", lr=0.1),
        Racer("SGD", lr=0.1, weight_decay=0.1),
        Racer("SGD", lr=0.1, maximize=True),
        Racer("SGD", lr=0.1, momentum=0.9, dampening=0.5),
        Racer("SGD", lr=0.1, scheduler=partial(torch.optim.lr_scheduler.StepLR, step_size=5)),
    ],
    ids=str,
)
def test_other_steps_have_no_limit(racer):
    assert limit(racer)[1] is None


def test_steps_of_a_race_that_diverges_decide_as_well():
    cubic = Function(lambda x: x[0] ** 4 + x[1] ** 2)
    for decay in (0, 0.1):
        race = Scene(function=cubic, racers=[Racer("SGD", lr=0.1, weight_decay=decay)], start=(3, 2), steps=9).record()
        assert np.isnan(race.z[0, -1])
        assert (stability_limit(race, 0) is None) == bool(decay)
