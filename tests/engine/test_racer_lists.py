"""Lists of racers: sweeps, logarithmically spaced values, and fair races."""

import re
import sys

import numpy as np
import pytest
import torch

from animopt import Function, Racer, Scene, Sweep, UsageError, logspace, tuned
from animopt.core.errors import Error
from animopt.engine.racer import names_and_settings
from animopt.functions import ravine, rosenbrock, saddle


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
    assert list(names_and_settings(sweep)[0]) == names


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


STARTS = [(-7, 2), (3, -4)]


def final_score(starts, steps, lr, momentum=0.0):
    """The objective on the ravine in NumPy: gradient descent with torch's momentum."""
    scores = []
    for start in starts:
        x, velocity = np.array(start, dtype=float), np.zeros(2)
        for _ in range(steps):
            velocity = momentum * velocity + x * (0.1, 2)
            x = x - lr * velocity
        scores.append(np.log10(x[0] ** 2 / 20 + x[1] ** 2 + 1e-12))
    return np.mean(scores)


@pytest.mark.long
def test_search_beats_the_default_and_a_coarse_grid():
    (racer,), *_ = tuned([Racer("SGD")], trials=40, starts=STARTS).resolve(ravine, (-7, 2), 30)
    lr = racer.settings["lr"]
    found = final_score(STARTS, 30, lr)
    default = torch.optim.SGD([torch.zeros(2)]).defaults["lr"]
    with np.errstate(all="ignore"):
        grid = [final_score(STARTS, 30, each) for each in 10 ** np.linspace(-4, 1, 21)]
    assert found < final_score(STARTS, 30, default) - 1
    assert found < np.nanmin(grid) + np.log10(2)
    # Gradient descent on the ravine converges for rates below 2 / 2, and is best near that rate.
    assert 0.5 < lr < 1


def test_caption_shows_the_budget_and_notes_show_the_score():
    (racer,), caption, notes = tuned([Racer("SGD", momentum=0.5)], trials=8, starts=STARTS).resolve(ravine, (-7, 2), 12)
    score = f"{final_score(STARTS, 12, racer.settings['lr'], 0.5):.1f}".replace("-", "−")
    assert caption == "Each with the best of 8 learning rates, tried from 2 starts"
    assert notes == f"Found, with the mean of log₁₀ of the gap: SGD lr {racer.settings['lr']:g} ({score})"


@pytest.mark.long
def test_settings_follow_from_the_seed():
    racers = [Racer("SGD"), Racer("Adam")]

    def picks(seed):
        found, *_ = tuned(racers, trials=6, seed=seed).resolve(ravine, (-7, 2), 10)
        return [racer.settings for racer in found]

    assert picks(3) == picks(3)
    assert picks(3) != picks(4)


class Counting(torch.optim.SGD):
    """Counts its instances and its steps."""

    made = 0
    taken = 0

    def __init__(self, params, lr=1e-3, momentum=0.0):
        type(self).made += 1
        super().__init__(params, lr=lr, momentum=momentum)

    def step(self, closure=None):
        type(self).taken += 1
        return super().step(closure)


def test_every_racer_uses_exactly_the_budget():
    one, other = (type(name, (Counting,), {"made": 0, "taken": 0}) for name in ("One", "Other"))
    racers = [Racer(one), Racer(other, lr=0.1)]
    for each in (one, other):
        each.made = each.taken = 0
    tuned(racers, trials=7, starts=[*STARTS, (1, 1)], momentum=(0, 0.9)).resolve(ravine, (-7, 2), 5)
    assert (one.taken, other.taken) == (7 * 3 * 5, 7 * 3 * 5)


def test_range_applies_to_racers_that_take_it_and_do_not_fix_it():
    racers = [Racer("SGD"), Racer("SGD", momentum=0.5), Racer("Adam", name="mine"), Racer("SGD", lr=0.01)]
    found, caption, notes = tuned(racers, trials=3, momentum=(0.1, 0.9), lr=(0.1, 0.2)).resolve(ravine, (-7, 2), 5)
    assert [sorted(racer.settings) for racer in found] == [
        ["lr", "momentum"],
        ["lr", "momentum"],
        ["lr"],
        ["lr", "momentum"],
    ]
    assert found[1].settings["momentum"] == 0.5
    assert found[3].settings["lr"] == 0.01
    assert found[2].name == "mine"
    assert all(0.1 <= racer.settings["lr"] <= 0.2 for racer in found[:3])
    assert all(0.1 <= found[index].settings["momentum"] <= 0.9 for index in (0, 3))
    for racer in found:
        for key, value in racer.settings.items():
            assert float(f"{value:.3g}") == value, key
    assert caption == "Each with the best of 3 settings"
    assert "mine lr 0.1" in notes
    assert [racer.settings for racer in racers] == [{}, {"momentum": 0.5}, {}, {"lr": 0.01}]


def test_wide_range_is_searched_logarithmically():
    tried = []

    class Noting(torch.optim.SGD):
        def __init__(self, params, lr=1e3):
            tried.append(lr)
            super().__init__(params, lr=lr)

    def share_below(low, high):
        tried.clear()
        tuned([Racer(Noting)], trials=10, lr=(low, high)).resolve(ravine, (-7, 2), 1)
        return np.mean([lr < (low * high) ** 0.5 for lr in tried if low <= lr <= high])

    # In a linear search, one in a thousand would lie below the geometric mean, or one in ten.
    assert share_below(1e-6, 1) > 0.1
    assert share_below(0.1, 9) < 0.3


def test_trial_that_diverges_or_cannot_be_built_scores_worst():
    (racer,), _, notes = tuned([Racer("SGD")], trials=3, lr=(1e50, 1e60)).resolve(ravine, (-7, 2), 40)
    assert "(diverged)" in notes
    (racer,), *_ = tuned([Racer("SGD", lr=0.1, nesterov=True, momentum=0.5)], trials=3, dampening=(-1e-9, 0.5)).resolve(
        ravine, (-7, 2), 2
    )
    assert "dampening" in racer.settings


def test_scenes_start_is_used_without_starts():
    _, caption, notes = tuned([Racer("Adam")], trials=2).resolve(rosenbrock, rosenbrock.start, 3)
    assert caption == "Each with the best of 2 learning rates"
    assert notes.startswith("Found, with the mean of log₁₀ of the gap: Adam lr ")


def test_search_prints_nothing(capfd):
    tuned([Racer("SGD")], trials=2).resolve(ravine, (-7, 2), 2)
    assert capfd.readouterr() == ("", "")


def test_missing_optuna_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(Error, match=re.escape('tuned: needs optuna; install it with pip install "animopt[tuning]"')):
        tuned([Racer("SGD")]).resolve(ravine, (-7, 2), 2)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"racers": []}, "tuned racers []: give at least one"),
        ({"racers": ["Adam"]}, "tuned racers ['Adam']: give at least one"),
        ({"racers": [Racer("Adam", steps=3)]}, "has steps of its own; leave it out"),
        ({"racers": [Racer("Adam", start=(1, 1))]}, "has start of its own; leave it out"),
        ({"racers": [Racer("Adam", lr=1)]}, "tuned: Racer('Adam', lr=1) has no setting to search"),
        ({"trials": 0}, "tuned trials 0: give a whole number of at least 1"),
        ({"trials": 2.5}, "tuned trials 2.5: give a whole number"),
        ({"seed": -1}, "tuned seed -1: give a whole number of at least 0"),
        ({"starts": []}, "tuned starts []: give at least one"),
        ({"starts": [3]}, "tuned starts 3: give two numbers"),
        ({"starts": [(1, np.nan)]}, "tuned starts (1, nan): give two finite numbers"),
        ({"lr": 0.1}, "tuned lr 0.1: give two numbers"),
        ({"lr": (1, 0.1)}, "tuned lr (1, 0.1): give the lower end first"),
        ({"lr": (0.1, np.inf)}, "tuned lr (0.1, inf): give two finite numbers"),
        ({"momentun": (0, 0.9)}, "tuned momentun: no racer takes it, or all have fixed it; did you mean 'momentum'?"),
        ({"qqq": (0, 0.9)}, "tuned qqq: no racer takes it, or all have fixed it; they take lr, momentum"),
    ],
    ids=str,
)
def test_wrong_search_is_refused(fields, message):
    with pytest.raises(UsageError, match=re.escape(message)) as caught:
        tuned(**{"racers": [Racer("SGD")]} | fields)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("function", "start", "message"),
    [
        (ravine, (0, 9), r"tuned starts \(0, 9\): lies outside x=\(-10.0, 10.0\)"),
        (saddle, (1, 1), "tuned: function a saddle has no known minima"),
    ],
    ids=["outside", "no minima"],
)
def test_start_outside_and_missing_minima_are_refused(function, start, message):
    with pytest.raises(UsageError, match=message):
        tuned([Racer("SGD")]).resolve(function, start, 3)
