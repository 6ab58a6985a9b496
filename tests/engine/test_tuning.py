"""Fair races: the same budget for every racer, and settings that are better than the defaults."""

import re
import sys

import numpy as np
import pytest
import torch

from animopt.core.errors import Error, UsageError
from animopt.engine.racer import Racer
from animopt.engine.tuning import tuned
from animopt.functions import ravine, rosenbrock, saddle

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


def test_search_beats_the_default_and_a_coarse_grid():
    (racer,), _ = tuned([Racer("SGD")], trials=40, starts=STARTS).resolve(ravine, (-7, 2), 30)
    lr = racer.settings["lr"]
    found = final_score(STARTS, 30, lr)
    default = torch.optim.SGD([torch.zeros(2)]).defaults["lr"]
    with np.errstate(all="ignore"):
        grid = [final_score(STARTS, 30, each) for each in 10 ** np.linspace(-4, 1, 21)]
    assert found < final_score(STARTS, 30, default) - 1
    assert found < np.nanmin(grid) + np.log10(2)
    # Gradient descent on the ravine converges for rates below 2 / 2, and is best near that rate.
    assert 0.5 < lr < 1


def test_caption_shows_the_score():
    (racer,), caption = tuned([Racer("SGD", momentum=0.5)], trials=8, starts=STARTS).resolve(ravine, (-7, 2), 12)
    score = final_score(STARTS, 12, racer.settings["lr"], 0.5)
    assert caption == (
        f"Tuned in 8 trials each from 2 starts (mean log10 gap): SGD lr {racer.settings['lr']:g} ({score:.1f})"
    )


def test_settings_follow_from_the_seed():
    racers = [Racer("SGD"), Racer("Adam")]

    def picks(seed):
        found, _ = tuned(racers, trials=6, seed=seed).resolve(ravine, (-7, 2), 10)
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
    found, caption = tuned(racers, trials=3, momentum=(0.1, 0.9), lr=(0.1, 0.2)).resolve(ravine, (-7, 2), 5)
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
    assert "mine lr 0.1" in caption
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
    (racer,), caption = tuned([Racer("SGD")], trials=3, lr=(1e50, 1e60)).resolve(ravine, (-7, 2), 40)
    assert "(400.0)" in caption
    (racer,), _ = tuned([Racer("SGD", lr=0.1, nesterov=True, momentum=0.5)], trials=3, dampening=(-1e-9, 0.5)).resolve(
        ravine, (-7, 2), 2
    )
    assert "dampening" in racer.settings


def test_scenes_start_is_used_without_starts():
    _, caption = tuned([Racer("Adam")], trials=2).resolve(rosenbrock, rosenbrock.start, 3)
    assert caption.startswith("Tuned in 2 trials each (mean log10 gap): Adam lr ")


def test_search_prints_nothing(capfd):
    tuned([Racer("SGD")], trials=2).resolve(ravine, (-7, 2), 2)
    assert capfd.readouterr() == ("", "")


def test_missing_optuna_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(
        Error, match=re.escape('tuned: needs optuna; install it with pip install -c constraints.txt ".[tuning]"')
    ):
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
