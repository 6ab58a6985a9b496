"""Races by the number of computed gradients."""

import numpy as np
import pytest

from animopt import Racer, Scene
from animopt.functions import ravine
from animopt.recording.evaluations import by_evaluations, counts_steps_as_gradients
from animopt.recording.results import Results


@pytest.fixture(scope="module")
def race():
    """A race of optimizers that need one, two to four, and many gradients for a step."""
    racers = [
        Racer("SGD", lr=0.9),
        Racer("LBFGS", lr=0.5, max_iter=4),
        Racer("LBFGS", line_search_fn="strong_wolfe", steps=3, name="Line search"),
    ]
    return Scene(function=ravine, racers=racers, start=(-7, 2), steps=10, panels=["contour", "sharpness"]).record()


def test_racer_has_the_values_of_its_last_whole_step(race):
    converted = by_evaluations(race)
    assert converted.last_step == race.evaluations[:, -1].max()
    assert converted.clock == "evaluations"
    for racer, counts in enumerate(race.evaluations):
        own = counts[: race.steps[racer] + 1]
        for count in range(converted.last_step + 1):
            step = max(each for each in range(len(own)) if own[each] <= count)
            assert (converted.xy[racer, count] == race.xy[racer, step]).all()
            assert converted.z[racer, count] == race.z[racer, step]
            assert converted.quantities["sharpness"][racer, count] == race.quantities["sharpness"][racer, step]
            assert converted.evaluations[racer, count] == min(count, own[-1])
            for name, values in race.states[racer].items():
                assert np.array_equal(converted.states[racer][name][count], values[step], equal_nan=True)
        assert converted.steps[racer] == own[-1]


def test_path_is_between_two_steps_while_their_gradients_are_computed(race):
    converted = by_evaluations(race)
    for racer in range(3):
        counts = race.evaluations[racer, : race.steps[racer] + 1]
        for step in np.linspace(0, race.steps[racer], 21):
            count = np.interp(step, np.arange(len(counts)), counts)
            if (np.diff(counts) > 0).all():
                assert converted.paths[racer].head(count) == pytest.approx(race.paths[racer].head(step))
        assert (converted.paths[racer].head(converted.last_step) == race.paths[racer].xyz[-1]).all()


def test_line_search_moves_more_slowly_than_one_gradient_a_step(race):
    converted = by_evaluations(race)
    assert (race.evaluations[:, 1] == [1, *race.evaluations[1:, 1]]).all()
    assert (race.evaluations[1:, 1] > 1).all()
    after_one = converted.xy[:, 1]
    assert (after_one[0] == race.xy[0, 1]).all()
    assert (after_one[1:] == race.xy[1:, 0]).all()


def test_race_with_one_gradient_a_step_is_the_same(race, ravine_race):
    assert counts_steps_as_gradients(ravine_race)
    assert not counts_steps_as_gradients(race)
    converted = by_evaluations(ravine_race)
    assert converted.xy is ravine_race.xy
    assert converted.clock == "evaluations"


def test_words_count_gradients(race):
    assert Results(race).clock == "step"
    assert Results(by_evaluations(race)).clock == "gradient"
    wild = Scene(function=ravine, racers=[Racer("SGD", lr=3.0)], start=(-7, 2), steps=10).record()
    assert Results(wild).loss(0, 10) == "left view at step 1"
    assert Results(by_evaluations(wild)).loss(0, 10) == "left view at gradient 1"
