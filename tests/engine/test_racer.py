"""Racers: every optimizer of torch.optim, other classes with its interface, and labels."""

import inspect
import re
from functools import partial

import numpy as np
import pytest
import torch
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    OneCycleLR,
    ReduceLROnPlateau,
    StepLR,
)

from animopt.core.errors import Error, UsageError
from animopt.engine.racer import Racer, names_and_settings, optimizer_table
from animopt.engine.record import record
from animopt.functions import ravine

OPTIMIZERS = [
    value
    for value in vars(torch.optim).values()
    if isinstance(value, type) and issubclass(value, torch.optim.Optimizer) and value is not torch.optim.Optimizer
]
# SparseAdam needs sparse gradients, which a function of two variables does not have; Muon needs a matrix.
UNABLE = {
    "SparseAdam": "cannot run here: takes only sparse gradients, and a function of two variables has dense ones; "
    "use Adam",
    "Muon": "cannot run here: takes only matrices, and a point (x, y) is a vector; use SGD with momentum",
}
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
def test_every_optimizer_of_torch_races_or_gives_a_reason(optimizer, spelling):
    if optimizer.__name__ in UNABLE:
        with pytest.raises(UsageError) as caught:
            Racer(SPELLINGS[spelling](optimizer))
        assert str(caught.value) == f"racer {optimizer.__name__}: {UNABLE[optimizer.__name__]}"
    else:
        recording = record(ravine, [Racer(SPELLINGS[spelling](optimizer))], (-7, 2), 10)
        np.testing.assert_allclose(recording.xy[0], by_hand(optimizer, [-7, 2], 10), rtol=1e-12)
        assert recording.z[0, -1] < recording.z[0, 0]
        assert recording.names == (optimizer.__name__,)


def test_table_lists_every_optimizer_of_torch():
    shown = {name: (settings, why_not) for name, settings, why_not in optimizer_table()}
    assert set(shown) == {optimizer.__name__ for optimizer in OPTIMIZERS}
    assert {name: why_not for name, (_, why_not) in shown.items() if why_not} == UNABLE
    assert shown["SGD"][0] == "lr=0.001, momentum=0, dampening=0, weight_decay=0, nesterov=False, maximize=False"
    for optimizer in OPTIMIZERS:
        defaults = eval(f"dict({shown[optimizer.__name__][0]})")
        assert defaults["lr"] == inspect.signature(optimizer).parameters["lr"].default
        if optimizer.__name__ not in UNABLE:
            assert defaults.items() <= optimizer([torch.zeros(2, requires_grad=True)]).defaults.items()


def test_evaluations_count_every_gradient_of_lbfgs():
    recording = record(ravine, [Racer("LBFGS", max_iter=5), Racer("SGD", lr=0.1)], (-7, 2), 10)
    lbfgs, sgd = recording.evaluations
    assert lbfgs[0] == 0
    assert lbfgs[-1] > 10
    assert (np.diff(lbfgs) >= 1).all()
    assert sgd.tolist() == list(range(11))
    np.testing.assert_allclose(recording.xy[0, -1], 0, atol=1e-4)


class Walker:
    """An optimizer without torch's base class."""

    def __init__(self, parameters, stride):
        (self.parameter,) = parameters
        self.stride = stride

    def step(self, closure):
        closure()
        with torch.no_grad():
            self.parameter -= self.stride * self.parameter.grad


def test_class_without_torchs_base_races():
    recording = record(ravine, [Racer(Walker, stride=0.25)], (-7, 2), 8)
    step = np.arange(9)
    # The gradient is (x / 10, 2 y), so that each step shrinks x and y by constant factors.
    np.testing.assert_allclose(recording.xy[0], np.column_stack([-7 * 0.975**step, 2 * 0.5**step]), rtol=1e-14)
    assert recording.names == ("Walker",)
    assert recording.settings == ("stride 0.25",)


class Quiet:
    """Its step takes no closure and returns a value; its state is a float."""

    def __init__(self, params, /, lr, *, momentum=0.5):
        self.param_groups = [{"params": list(params), "lr": lr}]
        (self.parameter,) = self.param_groups[0]["params"]
        self.state = {self.parameter: {"taken": 0.0}}
        self.momentum = momentum

    def step(self):
        self.state[self.parameter]["taken"] += 0.5
        with torch.no_grad():
            self.parameter -= self.param_groups[0]["lr"] * self.parameter.grad
        return "done"


def test_class_whose_step_takes_no_closure_races():
    recording = record(ravine, [Racer(Quiet, lr=0.25)], (-7, 2), 8)
    step = np.arange(9)
    np.testing.assert_allclose(recording.xy[0], np.column_stack([-7 * 0.975**step, 2 * 0.5**step]), rtol=1e-14)
    np.testing.assert_array_equal(recording.states[0]["taken"], step / 2)
    np.testing.assert_array_equal(recording.evaluations[0], step)


class Dicer(torch.optim.SGD):
    """Adds random numbers of torch."""

    def step(self, closure):
        super().step(closure)
        with torch.no_grad():
            self.param_groups[0]["params"][0].add_(torch.randn(2, dtype=torch.float64))


def test_random_optimizer_repeats_with_its_seed():
    before = torch.random.get_rng_state()
    one, other = (record(ravine, [Racer(Dicer, lr=0.1)], (-7, 2), 8, seed=seed).xy for seed in (3, 3))
    np.testing.assert_array_equal(one, other)
    assert (one != record(ravine, [Racer(Dicer, lr=0.1)], (-7, 2), 8, seed=4).xy).any()
    assert torch.equal(torch.random.get_rng_state(), before)


SCHEDULERS = {
    "StepLR": lambda optimizer: StepLR(optimizer, 4, 0.5),
    "partial": partial(StepLR, step_size=3),
    "LambdaLR": lambda optimizer: LambdaLR(optimizer, lambda step: 1 / (1 + step)),
    "ExponentialLR": lambda optimizer: ExponentialLR(optimizer, 0.9),
    "CosineAnnealingLR": lambda optimizer: CosineAnnealingLR(optimizer, 12),
    "OneCycleLR": lambda optimizer: OneCycleLR(optimizer, 0.3, total_steps=13),
    "CyclicLR": lambda optimizer: CyclicLR(optimizer, 0.01, 0.2, step_size_up=3, base_momentum=0.6),
    "ReduceLROnPlateau": lambda optimizer: ReduceLROnPlateau(optimizer, factor=0.5, patience=1),
}


@pytest.mark.parametrize("name", SCHEDULERS)
@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_scheduled_race_equals_a_plain_loop(optimizer, name):
    settings = {"lr": 0.4} | ({"momentum": 0.9} if optimizer == "SGD" else {})
    recording = record(ravine, [Racer(optimizer, scheduler=SCHEDULERS[name], **settings)], (-7, 2), 12)
    x = torch.tensor((-7, 2), dtype=torch.float64, requires_grad=True)
    stepper = getattr(torch.optim, optimizer)([x], **settings)
    scheduler = SCHEDULERS[name](stepper)
    points, used = [x.tolist()], []
    for _ in range(12):
        group = stepper.param_groups[0]
        used.append((group["lr"], group.get("momentum", group.get("betas"))))
        stepper.zero_grad()
        loss = x[0] ** 2 / 20 + x[1] ** 2
        loss.backward()
        stepper.step()
        scheduler.step(loss.item()) if name == "ReduceLROnPlateau" else scheduler.step()
        points.append(x.tolist())
    np.testing.assert_array_equal(recording.xy[0], points)
    recorded = recording.hyperparameters[0]
    lr, momentum = (np.array(each) for each in zip(*used, strict=True))
    assert np.ptp(lr) > 0
    np.testing.assert_array_equal(recorded["lr"], [lr[0], *lr])
    values = recorded["momentum" if optimizer == "SGD" else "betas"]
    np.testing.assert_array_equal(np.broadcast_to(values, (13, *momentum.shape[1:]))[1:], momentum)
    assert (np.ndim(values) > np.ndim(momentum[0])) == (name in ("OneCycleLR", "CyclicLR"))


def test_scheduler_that_ends_early_is_an_error():
    racer = Racer("SGD", lr=0.1, scheduler=lambda optimizer: OneCycleLR(optimizer, 0.3, total_steps=5))
    with pytest.raises(Error, match=r"^racer SGD: scheduler failed after step 6: Tried to step 6 times") as caught:
        record(ravine, [racer], (-7, 2), 8)
    assert "\n" not in str(caught.value)


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
        (Racer(Stumbler, stride=1), "racer Stumbler: step 1 failed: a stone"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_class_without_torchs_interface_is_an_error(racer, words):
    with pytest.raises(Error, match=re.escape(words)) as caught:
        record(ravine, [racer], (-7, 2), 8)
    assert "\n" not in str(caught.value)


class Descent(torch.optim.Optimizer):
    """Gradient descent that reads the gradient and ignores the closure, as most optimizers outside torch do."""

    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter -= group["lr"] * parameter.grad


class Clearing(Descent):
    """Clears the gradient, in the parameter's own tensor, before it calls the closure."""

    def step(self, closure=None):
        self.zero_grad(set_to_none=False)
        closure()
        super().step()


class Looking(Descent):
    """Computes the gradient half a step ahead."""

    def step(self, closure=None):
        ((parameter,),) = ([*group["params"]] for group in self.param_groups)
        before, gradient = parameter.detach().clone(), parameter.grad.clone()
        with torch.no_grad():
            parameter -= 0.05 * gradient
        closure()
        with torch.no_grad():
            parameter.copy_(before)
        super().step()


def test_optimizer_may_ignore_the_closure_or_clear_the_gradient_first():
    racers = [Racer("SGD", lr=0.1), Racer(Descent, lr=0.1), Racer(Clearing, lr=0.1)]
    recording = record(ravine, racers, (-7, 2), 8)
    sgd, *others = recording.xy
    for xy in others:
        np.testing.assert_allclose(xy, sgd, rtol=0, atol=1e-15)
    assert (recording.evaluations[:, -1] == 8).all()


def test_gradient_elsewhere_is_computed_again():
    recording = record(ravine, [Racer(Looking, lr=0.1)], (-7, 2), 8)
    assert recording.evaluations[0, -1] == 16
    point = np.array([-7.0, 2.0])
    for recorded in recording.xy[0]:
        np.testing.assert_allclose(recorded, point, rtol=1e-12)
        ahead = point - 0.05 * point * [0.1, 2]
        point = point - 0.1 * ahead * [0.1, 2]


@pytest.mark.parametrize(
    ("optimizer", "fields", "words"),
    [
        ("Adm", {}, "racer 'Adm': no such optimizer; did you mean 'Adam'?"),
        ("zzz", {}, "racer 'zzz': no such optimizer; torch.optim has ASGD, Adadelta"),
        ("Optimizer", {}, "racer 'Optimizer': no such optimizer"),
        ("lr_scheduler", {}, "racer 'lr_scheduler': no such optimizer"),
        (3, {}, "racer 3: give a class, or its name in torch.optim"),
        ("SGD", {"momentun": 0.9}, "racer SGD: momentun=0.9: no such setting; did you mean 'momentum'?"),
        ("SGD", {"stepps": 9}, "racer SGD: stepps=9: no such setting; did you mean 'steps'?"),
        ("SGD", {"learning_rate": 1}, "racer SGD: learning_rate=1: no such setting; it takes lr, momentum, dampening"),
        (Walker, {"stride": 1, "zzz": 1}, "racer Walker: zzz=1: no such setting; it takes stride"),
        ("SGD", {"lr": -1}, "racer SGD: lr=-1: give a number of at least 0, as lr=0.001"),
        ("SGD", {"lr": np.float64(-1)}, "racer SGD: lr=-1.0: give a number of at least 0, as lr=0.001"),
        ("SGD", {"lr": np.nan}, "racer SGD: lr=nan: give a finite number, as lr=0.001"),
        ("Adam", {"lr": np.inf}, "racer Adam: lr=inf: give a finite number, as lr=0.001"),
        ("Adam", {"lr": torch.tensor(np.inf)}, "racer Adam: lr=tensor(inf): give a finite number, as lr=0.001"),
        ("SGD", {"lr": True}, "racer SGD: lr=True: give a number, as lr=0.001"),
        ("SGD", {"lr": "fast"}, "racer SGD: lr='fast': give a number, as lr=0.001"),
        ("SGD", {"lr": None}, "racer SGD: lr=None: give a number, as lr=0.001"),
        (Quiet, {"lr": True}, "racer Quiet: lr=True: give a number, as lr=0.01"),
        ("SGD", {"momentum": np.nan}, "racer SGD: momentum=nan: give a finite number, as momentum=0"),
        ("SGD", {"momentum": True}, "racer SGD: momentum=True: give a number, as momentum=0"),
        ("SGD", {"momentum": -0.5}, "racer SGD: Invalid momentum value: -0.5; the default is momentum=0"),
        ("SGD", {"nesterov": True}, "racer SGD: Nesterov momentum requires a momentum and zero dampening"),
        ("Adam", {"betas": 0.9}, "racer Adam: betas=0.9: give 2 numbers, as betas=(0.9, 0.999)"),
        ("Adam", {"betas": (0.9,)}, "racer Adam: betas=(0.9,): give 2 numbers, as betas=(0.9, 0.999)"),
        ("Adam", {"betas": "ab"}, "racer Adam: betas='ab': give 2 numbers, as betas=(0.9, 0.999)"),
        ("Adam", {"betas": (0.9, True)}, "racer Adam: betas=(0.9, True): give 2 finite numbers, as betas="),
        ("Adam", {"betas": (0.9, np.nan)}, "racer Adam: betas=(0.9, nan): give 2 finite numbers, as betas="),
        ("Adam", {"betas": (0.9, 1.0)}, "racer Adam: betas=(0.9, 1.0): give numbers of at least 0 and less than 1, as"),
        ("Adam", {"betas": (-0.1, 0.9)}, "racer Adam: betas=(-0.1, 0.9): give numbers of at least 0 and less than 1"),
        ("Rprop", {"etas": (0.5,)}, "racer Rprop: etas=(0.5,): give 2 numbers, as etas=(0.5, 1.2)"),
        ("LBFGS", {"max_iter": "9"}, "racer LBFGS: max_iter='9': give a number, as max_iter=20"),
        ("SGD", {"name": 3}, "racer name 3: give a text, as name='Adam'"),
        ("SGD", {"scheduler": 3}, "racer SGD: scheduler=3: give a function of the optimizer, as lambda optimizer: "),
        (
            "SGD",
            {"scheduler": StepLR},
            "racer SGD: scheduler: StepLR.__init__() missing 1 required positional argument",
        ),
        ("SGD", {"scheduler": lambda optimizer: None}, "racer SGD: scheduler: returned NoneType, which has no step; "),
        (
            Walker,
            {"stride": 1, "scheduler": partial(StepLR, step_size=3)},
            "racer Walker: scheduler: Walker is not an Optimizer; give a function",
        ),
        (Walker, {}, "racer Walker: "),
        (Stepless, {}, "racer Stepless: has no step; give a class with torch's interface, or a name, as 'Adam'"),
        ("SGD", {"start": (1, 2, 3)}, "racer start (1, 2, 3): give two numbers"),
        ("SGD", {"start": 1}, "racer start 1: give two numbers"),
        ("SGD", {"start": (1, np.inf)}, "racer start (1, inf): give two finite numbers"),
        ("SGD", {"steps": 0}, "racer steps 0: give a whole number of at least 1"),
        ("SGD", {"steps": 2.0}, "racer steps 2.0: give a whole number"),
        ("SGD", {"steps": True}, "racer steps True: give a whole number"),
        ("SGD", {"steps": -1}, "racer steps -1: give a whole number of at least 1 and at most 1000000000"),
        ("SGD", {"steps": 1e9}, "racer steps 1000000000.0: give a whole number of at least 1 and at most 1000000000"),
    ],
    ids=lambda value: re.sub(" at 0x[0-9a-f]+", "", str(value)),
)
def test_wrong_field_is_refused(optimizer, fields, words):
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
        ([Racer("SGD", name="A"), Racer("Adam", name="A"), Racer("SGD")], ("A (1)", "A (2)", "SGD")),
        ([Racer("SGD"), Racer("Adam", name="SGD")], ("SGD (1)", "SGD (2)")),
        ([Racer("SGD"), Racer("SGD"), Racer("Adam", name="SGD (2)")], ("SGD (1)", "SGD (3)", "SGD (2)")),
        ([Racer("SGD", lr=0.1), Racer("SGD", lr=0.1, scheduler=SCHEDULERS["StepLR"])], ("SGD", "SGD StepLR")),
        ([Racer("SGD", lr=0.1, name="Cauchy"), Racer("SGD", lr=0.2)], ("Cauchy", "SGD")),
        (
            [Racer("Adam", betas=(0.9, 0.9)), Racer("Adam", betas=(0.9, 0.99))],
            ("Adam betas (0.9, 0.9)", "Adam betas (0.9, 0.99)"),
        ),
    ],
    ids=str,
)
def test_labels_contain_the_differing_settings(racers, names):
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
        ([Racer("SGD", momentum=0.9, lr=0.1, scheduler=SCHEDULERS["StepLR"])], ("lr 0.1 × StepLR, momentum 0.9",)),
        (
            [Racer("SGD", lr=0.1, scheduler=SCHEDULERS["OneCycleLR"], momentum=0.9)],
            ("lr 0.012 × OneCycleLR, momentum 0.9",),
        ),
        ([Racer("SGD", lr=0.1), Racer("SGD", lr=0.1, scheduler=SCHEDULERS["StepLR"])], ("lr 0.1", "lr 0.1")),
        ([Racer("SGD", lr=0.1), Racer("SGD", lr=0.2, scheduler=SCHEDULERS["StepLR"])], ("", "")),
    ],
    ids=str,
)
def test_settings_omit_those_in_the_label(racers, settings):
    assert names_and_settings(racers)[1] == settings


def test_repr_is_the_constructor_call():
    racer = Racer("SGD", lr=0.1, start=(0, -5), steps=3, name="Cauchy")
    assert repr(racer) == "Racer('SGD', lr=0.1, name='Cauchy', start=(0.0, -5.0), steps=3)"
