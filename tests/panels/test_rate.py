"""The panel draws the learning rate of each racer over the steps."""

from functools import partial

import numpy as np
import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, StepLR

from animopt import Racer, Scene, Sweep, UsageError
from animopt.drawing.artists import Markers
from animopt.functions import ravine
from animopt.scene.races import staging_of, timeline_of
from animopt.video.film import Film

STEPS = 40


class Steps(torch.optim.Optimizer):
    """An optimizer whose setting has another name."""

    def __init__(self, params, size):
        super().__init__(params, {"size": size})

    @torch.no_grad()
    def step(self, closure):
        closure()
        for group in self.param_groups:
            for x in group["params"]:
                x -= group["size"] * x.grad


def scene(racers, **fields):
    return Scene(function=ravine, racers=racers, start=(-7, 2), steps=STEPS, panels=["contour", "rate"], **fields)


def plot(shown):
    """The axes of the panel, and the rate at each racer's head at the end, NaN without a head."""
    film = Film(shown.record(), timeline_of(shown), (1280, 720), 25, staging_of(shown))
    moving = film.canvas().moving_artists(film.timeline.moment(shown.seconds))
    axes = next(each for each in film.canvas().figure.axes if each.get_label() == "rate")
    heads = [each for each in axes.get_children() if isinstance(each, Markers) and each in moving]
    places = [each.get_path().vertices for each in heads if len(each.get_path())]
    rates = sorted(
        float(axes.transData.inverted().transform((place.min(axis=0) + place.max(axis=0)) / 2)[1]) for place in places
    )
    return axes, rates


@pytest.mark.long
def test_curves_end_at_the_rate_of_the_last_step():
    racers = [
        Racer("SGD", lr=0.8),
        Racer("SGD", lr=0.8, scheduler=partial(StepLR, step_size=10, gamma=0.5)),
        Racer("SGD", lr=0.8, scheduler=partial(CosineAnnealingLR, T_max=STEPS)),
    ]
    axes, rates = plot(scene(racers))
    # Each rate is that of the step to the last point.
    expected = [0.4 * (1 + np.cos(np.pi * (STEPS - 1) / STEPS)), 0.8 * 0.5**3, 0.8]
    assert rates == pytest.approx(expected, abs=0.02)
    assert axes.get_yscale() == "linear"
    assert any(text.get_text() == "learning rate" for text in axes.texts)


@pytest.mark.long
def test_rates_of_different_powers_of_ten_have_a_logarithmic_axis():
    axes, rates = plot(scene(Sweep(Racer("SGD"), lr=[0.0001, 0.01, 0.9]), lang="ko"))
    assert axes.get_yscale() == "log"
    assert rates == pytest.approx([0.0001, 0.01, 0.9], rel=0.1)
    assert any(text.get_text() == "학습률" for text in axes.texts)


@pytest.mark.long
def test_racer_without_a_rate_has_no_curve():
    _, rates = plot(scene([Racer("SGD", lr=0.5), Racer(Steps, size=0.1)]))
    assert rates == pytest.approx([0.5], abs=0.01)


def test_race_without_any_rate_is_refused():
    with pytest.raises(UsageError, match=r"^panel 'rate': no racer has the setting lr; leave out 'rate'$"):
        plot(scene([Racer(Steps, size=0.1)]))
