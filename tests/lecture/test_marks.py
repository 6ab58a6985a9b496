"""Marks in a spoken text."""

import pytest

from animopt import UsageError
from animopt.lecture.marks import Mark, split_marks, step_of
from animopt.recording.events import events


@pytest.mark.parametrize(
    ("text", "spoken", "words_after"),
    [
        ("It overshoots. {arrives} It is first.", "It overshoots. It is first.", ["It is first."]),
        ("{start} Go. Then {Adam:arrives}, x.", "Go. Then, x.", ["Go. Then, x.", ", x."]),
        ("one {ends}", "one", [""]),
        ("x {a} {b} y", "x y", ["y", "y"]),
        ("아담이 {arrives} 도착합니다.", "아담이 도착합니다.", ["도착합니다."]),
        ("no mark", "no mark", []),
        ("", "", []),
    ],
)
def test_marks_are_removed_and_found_before_their_words(text, spoken, words_after):
    found, marks = split_marks(text)
    assert found == spoken
    assert [found[mark.position :] for mark in marks] == words_after


def test_mark_keeps_its_name():
    assert split_marks("a { Adam:arrives } b")[1] == (Mark("Adam:arrives", 2),)


@pytest.mark.parametrize("text", ["a { b", "a } b", "{a {b}"])
def test_lone_brace_is_refused(text):
    with pytest.raises(UsageError, match=r"say: has a '[{}]' that belongs to no mark; write a mark as {arrives}"):
        split_marks(text)


def test_mark_is_the_first_event_of_its_kind(scenes, record):
    race = record(scenes["ravine_race"])
    arrivals = {
        name: min(each.step for each in events(race) if each.kind == "arrives" and race.names[each.racer] == name)
        for name in {race.names[each.racer] for each in events(race) if each.kind == "arrives"}
    }
    assert len(arrivals) > 1
    assert step_of("arrives", [race]) == min(arrivals.values())
    for name, step in arrivals.items():
        assert step_of(f"{name}:arrives", [race]) == step


def test_end_is_that_of_the_last_racer(scenes, record):
    race = record(scenes["quartic_adam"])
    assert sorted(race.steps) == [10, 20, 30]
    assert step_of("ends", [race]) == 30
    assert step_of(f"{race.names[0]}:ends", [race]) == race.steps[0]


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ("arives", r"mark {arives}: there is no such event; did you mean 'arrives'\?"),
        ("Adan:arrives", r"mark {Adan:arrives}: no racer has that name; did you mean 'Adam'\?"),
        ("diverges", "mark {diverges}: this does not happen in the race; remove the mark, or use one of arrives, "),
    ],
)
def test_mark_without_an_event_is_refused(scenes, record, mark, message):
    with pytest.raises(UsageError, match=message):
        step_of(mark, [record(scenes["ravine_race"])])
