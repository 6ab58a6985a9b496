"""How far long work has come: shown by a listener of the caller, and announced with the time that it will take."""

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

ANNOUNCED_SECONDS = 10.0
"""Seconds of work from which its time is announced."""

MEASURED_SECONDS = 2.0
"""Seconds of work from which its remaining time is estimated."""

SHOWN_SECONDS = 0.1
"""Minimum number of seconds between two states of a work that are shown."""


@dataclass(frozen=True)
class Listener:
    """Shows progress: `announce` a sentence, and `show` the finished part of a work, its total and its name."""

    announce: Callable[[str], object]
    show: Callable[[int, int, str], object] = lambda done, total, work: None


def _warn(sentence: str) -> None:
    warnings.warn(sentence, stacklevel=2)


WARNS = Listener(_warn)
"""The listener of programs without one: sentences are warnings."""

_listener: ContextVar[Listener] = ContextVar("listener", default=WARNS)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send progress to a listener in the context."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def announce(sentence: str) -> None:
    """Announce work that takes noticeable time."""
    _listener.get().announce(sentence)


@contextmanager
def tracked(work: str, total: int, seconds: float | None = None, remedy: str = "") -> Iterator[Callable[[int], None]]:
    """Report the progress of work in the context; the yielded function receives the number of finished parts.

    Long work is announced with its time and the remedy. The time is `seconds`, or estimated from the first parts.
    """
    listener, start, done, shown = _listener.get(), time.monotonic(), 0, 0.0
    is_open = seconds is None
    if seconds is not None and seconds >= ANNOUNCED_SECONDS:
        listener.announce(f"{work} takes about {duration(seconds)}{remedy}")

    def advance(count: int = 1) -> None:
        nonlocal done, is_open, shown
        done += count
        now = time.monotonic()
        if is_open and now - start >= MEASURED_SECONDS:
            is_open = False
            if (expected := (now - start) * total / done) >= ANNOUNCED_SECONDS:
                listener.announce(f"{work} takes about {duration(expected)}{remedy}")
        if now - shown >= SHOWN_SECONDS:
            shown = now
            listener.show(min(done, total), total, work)

    yield advance


def duration(seconds: float) -> str:
    """Return a time in its largest unit, as "20 seconds" or "3.5 minutes"."""
    for unit, length in (("years", 3.15e7), ("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.2g} {unit}" if seconds < 100 * length else f"{seconds / length:.0f} {unit}"
    return f"{max(1, round(seconds))} seconds"
