"""Stretching a clip to the length of what is said."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from animopt import Question, UsageError
from animopt.lecture.schedule import MAX_PAUSE, MAX_RACE, MIN_RACE, Anchor, sections_of, stretched
from animopt.recording.timeline import Timeline

PLAIN = Timeline(steps=20, seconds=10)
PAUSED = Timeline(steps=20, seconds=14, card=1, question=Question("Which?", step=5))


@pytest.mark.parametrize("timeline", [PLAIN, PAUSED])
def test_clip_without_words_takes_its_own_time(timeline):
    warp = stretched(sections_of(timeline), 0)
    assert warp.length == pytest.approx(timeline.seconds)
    for second in (0, 1.3, 5, timeline.seconds):
        assert warp.at(second) == pytest.approx(second)


@pytest.mark.parametrize("timeline", [PLAIN, PAUSED])
@given(spoken=st.floats(0.1, 60))
def test_part_is_as_long_as_the_words_within_the_limits(timeline, spoken):
    sections = sections_of(timeline)
    low, high = sum(each.low for each in sections), sum(each.high for each in sections)
    if spoken > high:
        with pytest.raises(UsageError, match="are spoken, and the scene can take"):
            stretched(sections, spoken)
        return
    warp = stretched(sections, spoken)
    assert warp.length == pytest.approx(max(low, spoken))
    assert (warp.clip_seconds[0], warp.clip_seconds[-1]) == (0, timeline.seconds)
    for (begin, end), (first, last) in zip(pairwise(warp.seconds), pairwise(warp.clip_seconds), strict=True):
        assert begin < end
        assert first <= last


def test_race_is_not_faster_or_slower_than_its_limits():
    begin, end = PLAIN.start_duration, PLAIN.seconds - PLAIN.hold_duration
    for spoken in (1, 5, 30, 45):
        warp = stretched(sections_of(PLAIN), spoken)
        taken = warp.seconds[2] - warp.seconds[1]
        assert warp.clip_seconds[1:3] == (begin, end)
        assert MIN_RACE * (end - begin) - 1e-6 <= taken <= MAX_RACE * (end - begin) + 1e-6


def test_given_hold_is_kept_while_the_race_can_take_the_words():
    warp = stretched(sections_of(PLAIN, hold=5), 0)
    assert warp.length == pytest.approx(13)
    assert warp.seconds[-1] - warp.seconds[-2] == pytest.approx(5)
    assert stretched(sections_of(PLAIN, hold=0), 0).length == pytest.approx(8)


def test_anchor_is_reached_at_its_second():
    arrival = PLAIN.second_of(12)
    warp = stretched(sections_of(PLAIN), 15, [Anchor(9.5, arrival, "mark {arrives}", given=True)])
    assert warp.at(9.5) == pytest.approx(arrival, abs=1e-9)
    assert warp.length == 15


def test_estimated_anchor_moves_into_the_limits():
    arrival = PLAIN.second_of(12)
    warp = stretched(sections_of(PLAIN), 15, [Anchor(0.1, arrival, "mark {arrives}", given=False)])
    assert warp.length == 15
    reached = warp.seconds[warp.clip_seconds.index(arrival)]
    assert MIN_RACE * (arrival - PLAIN.start_duration) < reached < arrival


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (1.0, r"mark {arrives}: the picture reaches it at \d\.\d s at the earliest, and it is said at 1\.0 s; "),
        (40.0, r"mark {arrives}: the picture reaches it at \d\d\.\d s at the latest, and it is said at 40\.0 s; "),
    ],
)
def test_given_anchor_out_of_reach_is_refused(second, message):
    with pytest.raises(UsageError, match=message):
        stretched(sections_of(PLAIN), 45, [Anchor(second, PLAIN.second_of(12), "mark {arrives}", given=True)])


def test_marks_in_the_wrong_order_are_refused():
    late, early = (
        Anchor(5, PLAIN.second_of(12), "mark {a}", given=False),
        Anchor(6, PLAIN.second_of(3), "b", given=False),
    )
    with pytest.raises(UsageError, match="b: happens before the mark in front of it; put the marks in the order"):
        stretched(sections_of(PLAIN), 10, [late, early])


def test_picture_waits_between_two_marks_of_one_event():
    arrival = PLAIN.second_of(12)
    anchors = [Anchor(6, arrival, "a", given=True), Anchor(9, arrival, "b", given=True)]
    warp = stretched(sections_of(PLAIN), 15, anchors)
    assert warp.at(6) == warp.at(7.5) == warp.at(9) == arrival
    with pytest.raises(UsageError, match="at the latest"):
        stretched(sections_of(PLAIN), 60, [anchors[0], Anchor(6.1 + MAX_PAUSE, arrival, "b", given=True)])
