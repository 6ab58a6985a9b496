"""Seconds of film as moments of a race."""

import numpy as np
import pytest

from animopt.clock import HOLD, Clock

LENGTHS = [0.5, 1, 4, 6, 8, 10, 30]


@pytest.mark.parametrize("seconds", LENGTHS)
def test_the_race_runs_evenly_and_then_holds_its_end(seconds):
    hold = 2.0 if seconds > 8 else seconds / 4
    clock = Clock(steps=20, seconds=seconds)
    times = np.linspace(0, seconds, 201)
    steps = [clock.moment(second).step for second in times]
    np.testing.assert_allclose(steps, np.clip(20 * times / (seconds - hold), 0, 20), rtol=1e-12)
    assert steps[0] == 0
    assert steps[-1] == 20


def test_the_hold_is_two_seconds():
    assert HOLD == 2


@pytest.mark.parametrize("seconds", LENGTHS)
def test_the_camera_turns_evenly_and_through_the_hold(seconds):
    clock = Clock(steps=20, seconds=seconds)
    turns = np.diff([clock.moment(second).azimuth for second in np.linspace(0, seconds, 201)])
    np.testing.assert_allclose(turns, turns[0], rtol=1e-9)
    assert turns[0] > 0


def test_the_camera_is_as_fast_in_every_clip():
    def turn(seconds):
        return Clock(steps=20, seconds=seconds).moment(1).azimuth - Clock(steps=20, seconds=seconds).moment(0).azimuth

    assert turn(3) == turn(30)


def test_a_moment_depends_on_nothing_but_its_second():
    clock = Clock(steps=7, seconds=10)
    assert [clock.moment(3.3) for _ in (0, clock.moment(9), clock.moment(0))] == [clock.moment(3.3)] * 3
