"""Sweeps: one racer for each value of a setting; and logarithmically spaced values."""

import numpy as np
import pytest
import torch

from animopt import Function, Racer, Scene, Sweep, UsageError, logspace
from animopt.functions import ravine


class Plain(torch.optim.Optimizer):
    """Gradient descent that takes any keyword."""

    def __init__(self, parameters, **settings):
        super().__init__(parameters, {"lr": 0.1} | settings)

    def step(self, closure=None):
        loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.data -= group["lr"] * parameter.grad
        return loss


def test_sweep_has_one_racer_for_each_value():
    sweep = Sweep(Racer("SGD", momentum=0.9, nesterov=True), lr=[0.001, 0.01, 0.1])
    assert sweep.setting == "lr"
    assert len(sweep) == 3
    assert [racer.settings for racer in sweep] == [
        {"momentum": 0.9, "nesterov": True, "lr": lr} for lr in (0.001, 0.01, 0.1)
    ]
    assert {racer.optimizer for racer in sweep.racers} == {torch.optim.SGD}


@pytest.mark.parametrize(
    ("sweep", "names"),
    [
        (Sweep(Racer("SGD"), lr=logspace(0.001, 0.1, 3)), ["lr 0.001", "lr 0.01", "lr 0.1"]),
        (Sweep(Racer("SGD", lr=0.1), momentum=[0, 0.9]), ["momentum 0", "momentum 0.9"]),
        (Sweep(Racer("RMSprop"), alpha=iter([0.5, 0.99])), ["alpha 0.5", "alpha 0.99"]),
        (Sweep(Racer("Adam"), betas=[(0.9, 0.9), (0.9, 0.999)]), ["betas (0.9, 0.9)", "betas (0.9, 0.999)"]),
        (Sweep(Racer("SGD", lr=0.1, momentum=0.9), nesterov=[False, True]), ["nesterov False", "nesterov"]),
        (Sweep(Racer("Adam", start=(1, 1)), start=[(-7, 2), [3, 4]]), ["from (−7, 2)", "from (3, 4)"]),
        (Sweep(Racer("Adam", name="mine"), steps=(5, 50)), ["for 5 steps", "for 50 steps"]),
        (Sweep(Racer(Plain), anything=["a", "b"]), ["anything a", "anything b"]),
    ],
    ids=lambda value: getattr(value, "setting", ""),
)
def test_racers_are_named_by_their_values(sweep, names):
    assert [racer.name for racer in sweep] == names


def test_starts_and_steps_can_be_swept():
    assert [racer.start for racer in Sweep(Racer("Adam"), start=[(-7, 2), [3, 4]])] == [(-7, 2), (3, 4)]
    assert [racer.steps for racer in Sweep(Racer("Adam", steps=3), steps=[5, 50])] == [5, 50]
    assert [racer.steps for racer in Sweep(Racer("Adam", steps=3), lr=[5.0, 50.0])] == [3, 3]


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("SGD", {}, "sweep of nothing: give one setting and its values"),
        ("SGD", {"lr": [1], "momentum": [0.5]}, "sweep of lr, momentum: give one setting"),
        ("SGD", {"name": ["a", "b"]}, "sweep of name: give one setting"),
        ("SGD", {"lr": []}, r"sweep lr=\[\]: give a list of values"),
        ("SGD", {"lr": 0.1}, "sweep lr=0.1: give a list of values"),
        ("SGD", {"lr": "0.1"}, "sweep lr='0.1': give a list of values"),
        ("SGD", {"lr": [0.1, 0.5, 0.1]}, r"sweep lr=\[0.1, 0.5, 0.1\]: 'lr 0.1' is there twice; give each value once"),
        ("Adam", {"start": [(1, 2), [1.0, 2.0]]}, r"sweep start=.*'from \(1, 2\)' is there twice"),
        ("SGD", {"momentun": [0.5]}, "racer SGD: momentun=0.5: no such setting; did you mean 'momentum'"),
        ("Adam", {"momentum": [0.5]}, "racer Adam: momentum=0.5: no such setting; it takes lr, betas"),
        ("SGD", {"lr": [-1]}, "racer SGD: .*-1"),
        ("SGD", {"start": [(1, 2, 3)]}, r"racer start \(1, 2, 3\): give two numbers"),
        ("SGD", {"steps": [10, 0]}, "racer steps 0: give a whole number"),
    ],
    ids=str,
)
def test_wrong_sweep_is_refused_in_one_line(name, values, message):
    with pytest.raises(UsageError, match=message) as caught:
        Sweep(Racer(name), **values)
    assert "\n" not in str(caught.value)


def test_sweep_refuses_anything_but_a_racer():
    with pytest.raises(UsageError, match=r"sweep 'SGD': give a racer, as Sweep\(Racer"):
        Sweep("SGD", lr=[0.1])


def test_scene_keeps_the_order_of_a_sweep():
    function = Function(lambda x: x[0] ** 2 + x[1] ** 2)
    scene = Scene(function=function, racers=Sweep(Racer("SGD", momentum=0.5), lr=[0.1, 0.2, 0.4]), start=(3, 4))
    assert scene.ordered
    assert scene.replace(seconds=3).ordered
    assert not Scene(function=function, racers=list(scene.racers), start=(3, 4)).ordered
    recording = scene.record()
    assert recording.names == ("lr 0.1", "lr 0.2", "lr 0.4")
    # The settings omit those in the label.
    assert recording.settings == ("momentum 0.5",) * 3
    # The first step is the gradient, (6, 8), times the rate.
    np.testing.assert_allclose(recording.xy[:, 1], [[2.4, 3.2], [1.8, 2.4], [0.6, 0.8]])


def test_swept_start_outside_the_domain_widens_it():
    with pytest.warns(UserWarning, match=r"start \(3.0, 40.0\): outside .*the view is widened"):
        scene = Scene(function=ravine, racers=Sweep(Racer("SGD"), start=[(3, 4), (3, 40)]))
    assert scene.functions[0].contains((3, 40))


@pytest.mark.parametrize(
    ("low", "high", "count", "values"),
    [
        (0.001, 0.1, 3, (0.001, 0.01, 0.1)),
        (0.01, 1, 5, (0.01, 0.0316228, 0.1, 0.316228, 1.0)),
        (1, 1024, 11, tuple(2.0**power for power in range(11))),
        (1e-300, 1e300, 3, (1e-300, 1.0, 1e300)),
        (0.3, 0.7, 2, (0.3, 0.7)),
    ],
)
def test_logspace_is_even_in_the_logarithm(low, high, count, values):
    assert logspace(low, high, count) == values


@pytest.mark.parametrize(
    "arguments",
    [
        (0, 1, 3),
        (-1, 1, 3),
        (1, 0.1, 3),
        (1, 1, 3),
        (0.1, float("inf"), 3),
        (float("nan"), 1, 3),
        (0.1, 1, 1),
        (0.1, 1, 2.5),
        (0.1, 1, True),
        ("0.1", 1, 3),
    ],
    ids=str,
)
def test_logspace_refuses_wrong_arguments(arguments):
    with pytest.raises(UsageError, match=r"^logspace\(.*\): give two positive numbers in order and a count") as caught:
        logspace(*arguments)
    assert "\n" not in str(caught.value)
