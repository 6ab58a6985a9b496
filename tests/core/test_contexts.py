"""Contexts that hold other contexts open."""

from contextlib import contextmanager

import pytest

from animopt.core.contexts import ContextStack

STEPS = ["open a", "open b"]


@contextmanager
def held(name, steps):
    steps.append(f"open {name}")
    try:
        yield
    finally:
        steps.append(f"close {name}")


class Pair(ContextStack):
    def __init__(self, failing=False):
        self.failing = failing
        self.steps = []

    def _enter(self, stack):
        stack.enter_context(held("a", self.steps))
        if self.failing:
            raise OSError("b cannot be opened")
        stack.enter_context(held("b", self.steps))


def test_contexts_are_closed_in_reverse_order():
    with Pair() as pair:
        assert pair.steps == STEPS
    assert pair.steps == [*STEPS, "close b", "close a"]


def test_exception_closes_contexts_and_propagates():
    pair = Pair()
    with pytest.raises(ZeroDivisionError), pair:
        _ = 1 / 0
    assert pair.steps == [*STEPS, "close b", "close a"]


def test_failed_entry_closes_what_was_opened():
    pair = Pair(failing=True)
    with pytest.raises(OSError, match="b cannot be opened"), pair:
        pass
    assert pair.steps == ["open a", "close a"]
