"""Long work is announced with its time, and its progress is shown by a listener."""

import pytest

from animopt.core import progress
from animopt.core.progress import Listener, duration, listening, tracked


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def heard():
    """The sentences and the states that a listener receives."""
    sentences, states = [], []
    with listening(Listener(sentences.append, lambda *state: states.append(state))):
        yield sentences, states


def test_known_time_is_announced_at_once(heard):
    with tracked("the race", 10, 40.0):
        assert heard[0] == ["the race takes about 40 seconds"]


def test_time_follows_from_the_first_parts(heard, clock):
    with tracked("the race", 100) as advance:
        for _ in range(100):
            clock[0] += 1.5
            advance()
    assert heard[0] == ["the race takes about 2.5 minutes"]
    assert heard[1] == [(done, 100, "the race") for done in range(1, 101)]


def test_short_work_is_not_announced(heard, clock):
    with tracked("the race", 10, 5.0) as advance:
        clock[0] += 60
        advance()
    with tracked("the race", 10) as advance:
        for _ in range(10):
            clock[0] += 0.9
            advance()
    assert heard[0] == []


def test_states_are_shown_at_most_ten_times_a_second(heard, clock):
    with tracked("the race", 1000) as advance:
        for _ in range(1000):
            clock[0] += 0.001
            advance()
    assert 9 <= len(heard[1]) <= 11


def test_without_a_listener_long_work_is_a_warning():
    with pytest.warns(UserWarning, match="^the race takes about 40 seconds$"), tracked("the race", 10, 40.0):
        pass


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 seconds"), (20, "20 seconds"), (210, "3.5 minutes"), (7300, "2 hours")]
)
def test_duration_has_its_largest_unit(seconds, text):
    assert duration(seconds) == text
