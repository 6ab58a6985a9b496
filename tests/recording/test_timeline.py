"""Seconds of the clip as moments of the race."""

from math import inf

import numpy as np
import pytest

from animopt.core.errors import UsageError
from animopt.recording.timeline import (
    EASE_SECONDS,
    HOLD_SECONDS,
    LOOPS,
    TURN_RATE,
    Question,
    SlowMotion,
    Timeline,
)

LENGTHS = [0.5, 1, 4, 6, 8, 10, 30]


@pytest.mark.parametrize("seconds", LENGTHS)
def test_clip_shows_the_start_then_the_race_and_then_its_end(seconds):
    timeline = Timeline(steps=20, seconds=seconds)
    start, hold = min(0.8, seconds / 8), min(2, seconds / 4)
    times = np.linspace(0, seconds, 2001)
    steps = np.array([timeline.moment(second).step for second in times])
    assert (steps[times <= start] == 0).all()
    assert (steps[times > start + 1e-9] > 0).all()
    np.testing.assert_allclose(steps[times >= seconds - hold], 20, rtol=1e-12)
    assert steps[-1] == 20


@pytest.mark.parametrize("seconds", LENGTHS)
def test_race_accelerates_and_then_runs_evenly(seconds):
    timeline = Timeline(steps=20, seconds=seconds)
    running = np.linspace(0, timeline.race_duration, 2001)
    steps = np.array([timeline.moment(timeline.start_duration + second).step for second in running])
    speeds, middles = np.diff(steps), (running[1:] + running[:-1]) / 2
    ease = min(EASE_SECONDS, timeline.race_duration / 4)
    np.testing.assert_allclose(speeds, speeds[-1] * np.clip(middles / ease, 0, 1), rtol=2e-3)


CLOCKS = {
    "plain": {},
    "short": {"seconds": 0.2},
    "card": {"card": 1.5},
    "question first": {"question": Question("Which?")},
    "question": {"card": 1, "question": Question("Which?", step=2.5, seconds=1)},
    "slow": {"slow": [SlowMotion(0, 1), SlowMotion(4, inf, times=2)]},
    "several races": {"races": 5},
    "pace": {"pace": (1.0, 0.5, *[0.2] * 17, 0.7)},
    "all": {"card": 1, "question": Question("Which?", step=2.5), "slow": [SlowMotion(2, 7)], "pace": [0.5, 1.0] * 10},
}


@pytest.mark.parametrize("name", CLOCKS)
def test_second_of_a_step_is_the_first_at_which_the_race_is_there(name):
    timeline = Timeline(**{"steps": 20, "seconds": 10} | CLOCKS[name])
    for step in np.linspace(0, 20, 41):
        second = timeline.second_of(step)
        assert timeline.moment(second).step == pytest.approx(step, abs=1e-9)
        assert step == 0 or timeline.moment(second - 1e-3).step < step
    assert timeline.second_of(0) == timeline.card
    steps = [timeline.moment(second).step for second in np.linspace(0, timeline.seconds, 1001)]
    assert (np.diff(steps) >= 0).all()


def test_start_is_shown_after_the_card_and_the_first_question():
    question = Question("Which?", seconds=2)
    timeline = Timeline(steps=20, seconds=20, card=1, question=question)
    assert timeline.moment(1 + 2 + 0.8).step == 0
    assert timeline.moment(1 + 2 + 0.81).step > 0
    assert timeline.moment(1).card_opacity == timeline.moment(3).question_opacity == 0
    assert timeline.moment(2).question_opacity == 1


def test_steps_take_times_in_proportion_to_the_pace():
    timeline = Timeline(steps=6, seconds=10, pace=(1, 1, 1, 0.5, 0.25, 1))
    times = np.diff([timeline.second_of(step) for step in range(1, 7)])
    np.testing.assert_allclose(times / times[-1], [1, 1, 0.5, 0.25, 1])
    assert timeline.moment(timeline.second_of(4.5)).step == pytest.approx(4.5)


def test_hold_takes_two_seconds():
    assert HOLD_SECONDS == 2


@pytest.mark.parametrize("seconds", LENGTHS)
def test_camera_starts_with_the_race_turns_evenly_and_stops_at_the_end(seconds):
    timeline = Timeline(steps=20, seconds=seconds)
    begin = timeline.start_duration
    ease = min(EASE_SECONDS, (seconds - begin) / 4)
    turned = np.array([timeline.moment(second).turned for second in np.linspace(0, seconds, 2001)])
    speeds = np.diff(timeline.turn * turned) * 2000 / seconds
    times = (np.arange(2000) + 0.5) * seconds / 2000
    expected = TURN_RATE * np.clip(np.minimum(times - begin, seconds - times) / ease, 0, 1)
    np.testing.assert_allclose(speeds, expected, atol=0.03)
    assert (turned[0], turned[-1]) == (0, 1)


@pytest.mark.parametrize("loop", LOOPS)
def test_camera_does_not_move_while_other_races_are_shown(loop):
    timeline = Timeline(20, 12, loop, races=5)
    moments = [timeline.moment(second) for second in np.linspace(0, 12, 601)]
    assert {moment.turned % 1 for moment in moments if moment.race > 0} == {0}
    assert len({moment.turned for moment in moments if 0 < moment.step < 20}) > 100
    assert (moments[-1] == moments[0]) == (loop == "seamless")


def test_seamless_clip_ends_with_its_first_moment():
    timeline = Timeline(steps=20, seconds=10, loop="seamless")
    times = np.linspace(0, 10, 2001)
    moments = [timeline.moment(second) for second in times]
    assert moments[-1] == moments[0]
    turned = np.unwrap([timeline.turn * moment.turned for moment in moments], period=360)
    np.testing.assert_allclose(turned, 36 * times, atol=1e-9)
    steps = np.array([moment.step for moment in moments])
    assert (np.diff(steps[times <= 8]) >= 0).all()
    assert (steps[(times >= 8) & (times <= 9)] == 20).all()
    rewind = steps[times >= 9]
    assert (np.diff(rewind) <= 0).all()
    assert np.abs(np.diff(rewind)).max() < 1.6 * 20 / 200


def test_unknown_loop_is_refused():
    with pytest.raises(UsageError, match=r"'endless'.*plain, seamless"):
        Timeline(steps=20, seconds=10, loop="endless")


def test_moment_depends_only_on_its_second():
    timeline = Timeline(steps=7, seconds=10)
    assert [timeline.moment(3.3) for _ in (0, timeline.moment(9), timeline.moment(0))] == [timeline.moment(3.3)] * 3


@pytest.mark.parametrize("loop", LOOPS)
def test_other_races_follow_the_first_in_their_order(loop):
    timeline = Timeline(30, 12, loop, races=10)
    moments = [timeline.moment(second) for second in np.linspace(0, 12 - timeline.hold_duration, 500)]
    races = [moment.race for moment in moments]
    assert races == sorted(races)
    assert set(races) == set(range(10))
    assert all(moment.step == 30 for moment in moments if moment.race > 0)
    assert timeline.moment(12).race == (9 if loop == "plain" else 0)
    assert timeline.moment(timeline.second_of(30)).race == 0
    assert Timeline(30, 12, loop).moment(11).race == 0


def test_overview_has_even_steps_and_then_even_races():
    timeline = Timeline(30, 12)
    assert [timeline.moment(second).step for second in timeline.overview(6)] == pytest.approx([0, 6, 12, 18, 24, 30])
    timeline = Timeline(30, 12, races=10)
    moments = [timeline.moment(second) for second in timeline.overview(6)]
    assert [moment.step for moment in moments] == pytest.approx([0, 15, 30, 30, 30, 30])
    assert [moment.race for moment in moments][:3] == [0, 0, 0]
    assert moments[-1].race == 9
    assert 0 < moments[3].race < moments[4].race < 9


def test_question_and_slow_motion_convert_numbers():
    question, slow = Question("Which?", np.int64(3), np.float32(0.5)), SlowMotion(np.float64(1), np.array(2))
    assert [type(value) for value in (question.step, question.seconds, slow.first, slow.last)] == [
        int,
        float,
        float,
        int,
    ]
