"""The pace of a clip: steps pass faster as soon as little moves until the end."""

from dataclasses import replace

import numpy as np
import pytest

from animopt.engine.function import Function
from animopt.engine.racer import Racer
from animopt.engine.record import record as run
from animopt.recording.pace import MIN_PACE, pace_of
from animopt.recording.recording import UNDECIDED, Basins, Losses
from animopt.recording.timeline import Timeline

BOWL = Function(lambda x: x[0] ** 2 + x[1] ** 2, x=(-2, 2), y=(-2, 2), minima=[(0, 0)])


def race(*rates, steps=100):
    """Return the recording of racers with these learning rates in a bowl, from (1, 1)."""
    return run(BOWL, [Racer("SGD", lr=rate, name=f"rate {rate}") for rate in rates], (1, 1), steps)


def with_map(recording, decided):
    """Return the recording with a map of starts, whose outcomes hold from the given steps on, or are undecided."""
    step = np.array([[each or 0 for each in decided]])
    minimum = np.array([[UNDECIDED if each is None else 0 for each in decided]], dtype=np.int16)
    grid = np.arange(len(decided)), np.zeros(1)
    return replace(recording, map=Basins(*grid, minimum, step, recording.last_step, np.zeros((1, 3)), 0.1))


def test_race_that_moves_until_its_end_has_an_even_pace(ravine_race):
    assert set(pace_of(ravine_race)) == {1.0}
    assert set(pace_of(race(0.02))) == {1.0}


def test_race_that_is_over_early_has_a_bounded_and_smooth_pace():
    pace = np.array(pace_of(race(0.5, 0.45)))
    assert len(pace) == 100
    assert pace[:5].min() > 0.9
    assert pace[30:].max() == pace.min() == MIN_PACE
    assert (np.diff(pace) <= 0).all()
    assert np.abs(np.diff(pace)).max() < 0.2


def test_step_takes_its_full_time_as_long_as_one_racer_moves():
    assert min(pace_of(race(0.5, 0.02))) == 1.0


def test_race_that_rests_in_between_keeps_its_pace():
    recording = race(0.5)
    xy, z = recording.xy.copy(), recording.z.copy()
    xy[0, 80:] = 1, -1
    z[0, 80:] = 2
    recording = replace(recording, xy=xy, z=z)
    pace = pace_of(recording)
    assert pace[:75] == (1.0,) * 75
    assert pace[99] == MIN_PACE


def test_map_that_is_decided_early_takes_two_thirds_of_the_race():
    still = race(0.5)
    decided = [*range(1, 34)] * 3
    timeline = Timeline(100, 10, pace=pace_of(with_map(still, [*decided, None])))
    assert timeline.second_of(34) - timeline.start_duration > 0.6 * timeline.race_duration
    assert set(pace_of(with_map(still, [*range(1, 101)]))) == {1.0}
    assert max(pace_of(with_map(still, [None] * 4))[20:]) == MIN_PACE


def test_losses_of_a_map_that_change_take_their_full_time():
    recording = race(0.5)
    loss = np.geomspace(1, 1e-8, 101)[:, None, None] * np.ones((1, 2, 3))
    loss[50:, 0, 0] = np.nan
    settings = ("lr", "momentum"), ((1, 2, 3), (1, 2))
    assert min(pace_of(replace(recording, map=Losses(*settings, loss, gap=True)))) == 1.0
    loss[40:] = loss[40]
    assert max(pace_of(replace(recording, map=Losses(*settings, loss, gap=True)))[50:]) == MIN_PACE
    # A racer may run for longer than the map.
    assert len(pace_of(replace(recording, map=Losses(*settings, loss[:11], gap=False)))) == 100


@pytest.mark.filterwarnings("ignore")
def test_diverging_and_resting_races_have_a_pace():
    for recording in (race(30.0), race(1e200), race(0.0), race(0.0, 30.0, steps=1)):
        pace = np.array(pace_of(recording))
        assert len(pace) == recording.last_step
        assert ((pace >= MIN_PACE) & (pace <= 1)).all()
    assert pace_of(run(BOWL, [], (0, 0), 0)) == ()


@pytest.mark.parametrize(
    "scene", ["himmelblau_adam_basins", pytest.param("himmelblau_momentum_basins", marks=pytest.mark.long)]
)
@pytest.mark.long
def test_map_of_a_scene_is_not_decided_before_half_of_its_clip(scene, scenes, record):
    recording = record(scenes[scene])
    timeline = Timeline(recording.last_step, 10, pace=pace_of(recording))
    late = np.quantile(recording.map.step[recording.map.minimum != UNDECIDED], 0.99)
    assert timeline.second_of(late) > 0.5 * timeline.seconds
