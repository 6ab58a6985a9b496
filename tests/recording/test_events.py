"""The sentences about a race are true."""

import numpy as np
import pytest

from animopt import Function, Racer, Scene, StartsMap
from animopt.functions import himmelblau, ravine
from animopt.recording.events import alt_text, events


def race(*racers, function=ravine, start=(-7, 2), steps=40, **more):
    return Scene(function=function, racers=racers, start=start, steps=steps, title="A race", **more).record()


def test_minimum_is_reached_at_the_step_from_which_on_the_racer_is_near():
    # x is multiplied by 0.9 in each step: |-7| 0.9ⁿ is within a hundredth of the diagonal, √500 / 100, from n = 33 on.
    recording = race(
        Racer("SGD", lr=1.0),
        function=Function(lambda x: x[0] ** 2 / 20 + x[1] ** 2 / 4, x=(-10, 10), y=(-5, 5), minima=[(0, 0)]),
    )
    reached = [event for event in events(recording) if "reaches" in event.text]
    assert [(event.step, event.text, event.racer) for event in reached] == [
        (33, "SGD reaches the minimum at step 33", 0)
    ]
    distance = np.linalg.norm(recording.xy[0], axis=1)
    near = np.hypot(20, 10) / 100
    assert distance[33] <= near < distance[32]


def test_reached_minimum_is_named_if_there_are_several():
    recording = race(Racer("Adam", lr=0.1), function=himmelblau, start=(-0.5, -0.5), steps=200)
    assert "reaches the minimum (−2.81, 3.13)" in alt_text(recording)


def test_lost_racer_is_named_with_its_step():
    recording = race(Racer("SGD", lr=1.5), Racer("Adam", lr=0.3), steps=20)
    assert recording.lost(0, 20) == ("left view", 2)
    lost = [event for event in events(recording) if event.racer == 0]
    assert [(event.step, event.text) for event in lost] == [(2, "SGD leaves the picture at step 2")]


def test_racer_with_the_lowest_loss_is_named_at_the_end():
    recording = race(Racer("SGD", lr=0.95), Racer("SGD", lr=0.01, name="slow"))
    last = events(recording)[-1]
    assert last.step == 40
    assert last.racer is None
    assert last.text.startswith("at the end SGD is lowest")


@pytest.mark.parametrize(("rate", "zigzags"), [(0.95, True), (0.3, False)])
def test_racer_that_goes_back_and_forth_zigzags(rate, zigzags):
    assert ("SGD zigzags." in alt_text(race(Racer("SGD", lr=rate)))) is zigzags


def test_single_racer_that_reaches_no_minimum_has_an_end_point():
    # x is multiplied by 0.95 in each step, y by 0: 7 · 0.95²⁷ = 1.752.
    assert "It ends at (−1.75, 0), 1.8 from the minimum." in alt_text(race(Racer("SGD", lr=0.5), steps=27))


def test_many_racers_are_counted_instead_of_named():
    racers = [Racer("SGD", lr=0.01 * rate, name=f"rate {rate}") for rate in range(1, 10)]
    text = alt_text(race(*racers))
    assert "9 racers set out from (−7, 2)." in text
    assert text.count("rate") == 1


def test_shares_of_a_map_sum_to_100_percent():
    text = alt_text(race(Racer("Adam", lr=0.1), function=himmelblau, steps=100, start=(0, 0), map=StartsMap(16, 16)))
    assert "A map of 256 starts" in text
    shares = [int(word.removesuffix("%")) for word in text.split() if word.endswith("%")]
    assert 98 <= sum(shares) <= 102
