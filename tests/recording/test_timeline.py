"""Seconds of the clip as moments of the race."""

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
def test_race_runs_evenly_and_then_holds_its_end(seconds):
    hold = 2.0 if seconds > 8 else seconds / 4
    timeline = Timeline(steps=20, seconds=seconds)
    times = np.linspace(0, seconds, 201)
    steps = [timeline.moment(second).step for second in times]
    np.testing.assert_allclose(steps, np.clip(20 * times / (seconds - hold), 0, 20), rtol=1e-12)
    assert steps[0] == 0
    assert steps[-1] == 20


def test_hold_takes_two_seconds():
    assert HOLD_SECONDS == 2


@pytest.mark.parametrize("seconds", LENGTHS)
def test_camera_accelerates_turns_evenly_and_stops_at_the_end(seconds):
    timeline = Timeline(steps=20, seconds=seconds)
    ease = min(EASE_SECONDS, seconds / 4)
    turned = np.array([timeline.moment(second).turned for second in np.linspace(0, seconds, 2001)])
    speeds = np.diff(timeline.turn * turned) * 2000 / seconds
    times = (np.arange(2000) + 0.5) * seconds / 2000
    np.testing.assert_allclose(speeds, TURN_RATE * np.clip(np.minimum(times, seconds - times) / ease, 0, 1), atol=0.02)
    assert (turned[0], turned[-1]) == (0, 1)


def test_seamless_clip_ends_with_its_first_moment():
    timeline = Timeline(steps=20, seconds=10, loop="seamless")
    times = np.linspace(0, 10, 2001)
    moments = [timeline.moment(second) for second in times]
    assert moments[-1] == moments[0]
    turned = np.unwrap([timeline.turn * moment.turned for moment in moments], period=360)
    np.testing.assert_allclose(turned, 36 * times, atol=1e-9)
    steps = np.array([moment.step for moment in moments])
    np.testing.assert_allclose(steps[times <= 8], 20 * times[times <= 8] / 8)
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
