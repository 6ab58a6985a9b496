"""Racers: all of torch.optim and what has its interface, and what they are called."""

import re

import numpy as np
import pytest
import torch

from animopt.errors import Error, UsageError
from animopt.functions import ravine
from animopt.optimizers import Racer, names_and_settings
from animopt.record import record

OPTIMIZERS = [
    value
    for value in vars(torch.optim).values()
    if isinstance(value, type) and issubclass(value, torch.optim.Optimizer) and value is not torch.optim.Optimizer
]
# One wants sparse gradients, which a function of two variables does not have; the other a matrix to orthogonalize.
UNABLE = {"SparseAdam": "does not support dense gradients", "Muon": "only supports 2D parameters"}
SPELLINGS = {
    "class": lambda optimizer: optimizer,
    "name": lambda optimizer: optimizer.__name__,
    "small letters": lambda optimizer: optimizer.__name__.lower(),
}


def by_hand(optimizer, start, steps):
    """The points of a plain torch loop on the ravine."""
    x = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    stepper = optimizer([x])

    def closure():
        stepper.zero_grad()
        loss = x[0] ** 2 / 20 + x[1] ** 2
        loss.backward()
        return loss

    points = [start]
    for _ in range(steps):
        stepper.step(closure)
        points.append(x.tolist())
    return points


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda optimizer: optimizer.__name__)
def test_every_optimizer_of_torch_races_or_says_why_not(optimizer, spelling):
    def race():
        return record(ravine, [Racer(SPELLINGS[spelling](optimizer))], (-7, 2), 10)

    if optimizer.__name__ in UNABLE:
        with pytest.raises(Error, match=UNABLE[optimizer.__name__]) as caught:
            race()
        assert str(caught.value).startswith(f"racer {optimizer.__name__}: ")
        assert "\n" not in str(caught.value)
    else:
        recording = race()
        np.testing.assert_allclose(recording.xy[0], by_hand(optimizer, [-7, 2], 10), rtol=1e-12)
        assert recording.z[0, -1] < recording.z[0, 0]
        assert recording.names == (optimizer.__name__,)


def test_lbfgs_tells_how_many_gradients_it_takes():
    recording = record(ravine, [Racer("LBFGS", max_iter=5), Racer("SGD", lr=0.1)], (-7, 2), 10)
    lbfgs, sgd = recording.evaluations
    assert lbfgs[0] == 0
    assert lbfgs[-1] > 10
    assert (np.diff(lbfgs) >= 1).all()
    assert sgd.tolist() == list(range(11))
    np.testing.assert_allclose(recording.xy[0, -1], 0, atol=1e-4)


class Walker:
    """Nothing of torch's but a parameter and a step."""

    def __init__(self, parameters, stride):
        (self.parameter,) = parameters
        self.stride = stride

    def step(self, closure):
        closure()
        with torch.no_grad():
            self.parameter -= self.stride * self.parameter.grad


def test_a_home_made_class_races():
    recording = record(ravine, [Racer(Walker, stride=0.25)], (-7, 2), 8)
    step = np.arange(9)
    # The gradient is (x / 10, 2 y), so that each step shrinks x and y by constant factors.
    np.testing.assert_allclose(recording.xy[0], np.column_stack([-7 * 0.975**step, 2 * 0.5**step]), rtol=1e-14)
    assert recording.names == ("Walker",)
    assert recording.settings == ("stride 0.25",)


class Idler(Walker):
    def step(self, closure):
        pass


class Stumbler(Walker):
    def step(self, closure):
        closure()
        if self.parameter[0] < 0:
            raise ArithmeticError("a stone\nin the way")


class Stepless:
    def __init__(self, parameters):
        pass


@pytest.mark.parametrize(
    ("racer", "words"),
    [
        (Racer(Idler, stride=1), "racer Idler: its step(closure) never calls the closure"),
        (Racer(Stumbler, stride=1), "racer Stumbler: step 1 failed: a stone"),
        (Racer(Stepless), "racer Stepless: step 1 failed: 'Stepless' object has no attribute 'step'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_class_without_the_interface_is_an_error(racer, words):
    with pytest.raises(Error, match=re.escape(words)) as caught:
        record(ravine, [racer], (-7, 2), 8)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("optimizer", "fields", "words"),
    [
        ("Adm", {}, "racer 'Adm': no such optimizer; did you mean 'Adam'?"),
        ("zzz", {}, "racer 'zzz': no such optimizer; torch.optim has ASGD, Adadelta"),
        ("Optimizer", {}, "racer 'Optimizer': no such optimizer"),
        ("lr_scheduler", {}, "racer 'lr_scheduler': no such optimizer"),
        (3, {}, "racer 3: give a class, or its name in torch.optim"),
        ("SGD", {"lr": -1}, "racer SGD: Invalid learning rate: -1"),
        ("SGD", {"learning_rate": 1}, "unexpected keyword argument 'learning_rate'"),
        (Walker, {}, "racer Walker: "),
        ("SGD", {"start": (1, 2, 3)}, "racer start (1, 2, 3): give two numbers"),
        ("SGD", {"start": 1}, "racer start 1: give two numbers"),
        ("SGD", {"start": (1, np.inf)}, "racer start (1, inf): give two finite numbers"),
        ("SGD", {"steps": 0}, "racer steps 0: give a whole number of at least 1"),
        ("SGD", {"steps": 2.0}, "racer steps 2.0: give a whole number"),
        ("SGD", {"steps": True}, "racer steps True: give a whole number"),
    ],
    ids=str,
)
def test_a_wrong_field_is_named(optimizer, fields, words):
    with pytest.raises(UsageError, match=re.escape(words)) as caught:
        Racer(optimizer, **fields)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("racers", "names"),
    [
        ([Racer("SGD", lr=0.1)], ("SGD",)),
        ([Racer("sgd", lr=0.1), Racer("Adam", lr=0.1)], ("SGD", "Adam")),
        ([Racer("SGD", lr=0.1), Racer("SGD", lr=0.01)], ("SGD lr 0.1", "SGD lr 0.01")),
        ([Racer("SGD", lr=0.1), Racer("SGD", lr=0.1, momentum=0.9)], ("SGD", "SGD momentum 0.9")),
        ([Racer("SGD", start=(1, 1.2)), Racer("SGD", start=(0.5, -3))], ("SGD from (1, 1.2)", "SGD from (0.5, −3)")),
        ([Racer("SGD", lr=0.1, steps=5), Racer("SGD", lr=0.1, steps=9)], ("SGD for 5 steps", "SGD for 9 steps")),
        (
            [Racer("Adam", start=(0, -5), steps=10), Racer("Adam", start=(5, 2), steps=20)],
            ("Adam from (0, −5)", "Adam from (5, 2)"),
        ),
        ([Racer("SGD", lr=0.1), Racer("SGD", lr=0.1)], ("SGD (1)", "SGD (2)")),
        ([Racer("SGD", lr=0.1, name="Cauchy"), Racer("SGD", lr=0.2)], ("Cauchy", "SGD")),
        (
            [Racer("Adam", betas=(0.9, 0.9)), Racer("Adam", betas=(0.9, 0.99))],
            ("Adam betas (0.9, 0.9)", "Adam betas (0.9, 0.99)"),
        ),
    ],
    ids=str,
)
def test_names_say_what_differs(racers, names):
    assert names_and_settings(racers)[0] == names


@pytest.mark.parametrize(
    ("racers", "settings"),
    [
        ([Racer("SGD", momentum=0.9, lr=0.0011)], ("lr 0.0011, momentum 0.9",)),
        ([Racer("SGD", lr=1, momentum=0.9, nesterov=True)], ("lr 1, momentum 0.9, nesterov",)),
        ([Racer("Adam", lr=0.9, betas=(0.9, 0.9))], ("lr 0.9, betas (0.9, 0.9)",)),
        ([Racer("Adam", betas=(0.9, 0.99))], ("lr 0.001, betas (0.9, 0.99)",)),
        ([Racer("SGD", lr=0.1), Racer("SGD", lr=0.2, momentum=0.9)], ("", "")),
        ([Racer("SGD", lr=0.1, start=(1, 1)), Racer("SGD", lr=0.1, start=(2, 2))], ("lr 0.1", "lr 0.1")),
        ([Racer(Walker, stride=-2.5)], ("stride −2.5",)),
    ],
    ids=str,
)
def test_settings_are_what_the_name_does_not_tell(racers, settings):
    assert names_and_settings(racers)[1] == settings


def test_a_racer_can_be_read():
    racer = Racer("SGD", lr=0.1, start=(0, -5), steps=3, name="Cauchy")
    assert repr(racer) == "Racer('SGD', lr=0.1, name='Cauchy', start=(0.0, -5.0), steps=3)"
