"""The events of a race, from which every sentence about it is made.

A racer is near a minimum while its distance is at most the recording's `radius`. This radius belongs to the function:
it is the same for all racers and for clips of any length.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from math import inf, nan
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.recording.recording import Recording

SETTLED_SHARE, MIN_SETTLED_STEPS = 0.1, 5
"""Minimum share of its steps, and minimum number of steps, that a racer that settles is near a minimum at its end."""

ZIGZAG_SHARE, MIN_TURNS = 0.4, 5
"""Minimum share of reversed steps of a racer that zigzags, and minimum number of pairs of steps that are compared."""


class Kind(StrEnum):
    """Kinds of events."""

    START = "start"
    """The racer is at its start."""

    ARRIVES = "arrives"
    """The racer is near a minimum for the first time. It can arrive at several minima."""

    LEAVES = "leaves"
    """The racer is no longer near a minimum at which it has arrived, for the first time."""

    SETTLES = "settles"
    """The racer is near a minimum from this step to its last one, a tenth of its steps and at least five."""

    NEAREST = "nearest"
    """The racer has its smallest distance from any minimum."""

    OVERTAKES = "overtakes"
    """The racer has a lower loss than another one, which had the lower loss before, for the first time."""

    DIVERGES = "diverges"
    """The racer's position or loss is no longer finite."""

    LEAVES_PICTURE = "leaves the picture"
    """The racer is outside the domain for the first time, or again."""

    ZIGZAGS = "zigzags"
    """At least two of five steps of the racer go back against the step before."""

    ENDS = "ends"
    """The racer has made its last step."""


@dataclass(frozen=True)
class Event:
    """An event of one racer.

    Attributes:
        kind: Kind of the event.
        racer: Index of the racer.
        step: The step after which it happens.
        point: Position of the racer, (2,).
        loss: Loss of the racer.
        minimum: Index of the minimum that the racer is closest to, None if no minimum is known.
        distance: Distance from this minimum, NaN if no minimum is known.
        other: Index of the racer that is overtaken.
    """

    kind: Kind
    racer: int
    step: int
    point: tuple[float, float]
    loss: float
    minimum: int | None = None
    distance: float = nan
    other: int | None = None


_FOUND: WeakKeyDictionary[Recording, tuple[Event, ...]] = WeakKeyDictionary()
"""The events of the recordings that are in use. Pictures, sentences and claims all ask for them."""


def events(recording: Recording) -> tuple[Event, ...]:
    """Return the events of all racers in the order of their steps."""
    if recording not in _FOUND:
        with np.errstate(all="ignore"):
            found = [event for racer in range(len(recording.names)) for event in _events_of(recording, racer)]
        _FOUND[recording] = tuple(sorted(found, key=lambda event: event.step))
    return _FOUND[recording]


def _events_of(recording: Recording, racer: int) -> Iterator[Event]:
    last = int(recording.steps[racer])
    xy, z = recording.xy[racer, : last + 1], recording.z[racer, : last + 1]
    minima = recording.minima[:, :2]
    distances: Array = np.linalg.norm(xy[:, None] - minima, axis=-1)

    def event(kind: Kind, step: int, minimum: int | None = None, other: int | None = None) -> Event:
        if minimum is None and len(minima) and np.isfinite(recording.xy[racer, step]).all():
            minimum = int(distances[min(step, last)].argmin())
        return Event(
            kind,
            racer,
            step,
            (float(recording.xy[racer, step, 0]), float(recording.xy[racer, step, 1])),
            float(recording.z[racer, step]),
            minimum,
            nan if minimum is None else float(distances[min(step, last), minimum]),
            other,
        )

    yield event(Kind.START, 0)
    near = (distances <= recording.radius) & (distances == distances.min(axis=1, keepdims=True, initial=inf))
    for minimum in range(len(minima)):
        if not near[:, minimum].any():
            continue
        arrival = int(near[:, minimum].argmax())
        yield event(Kind.ARRIVES, arrival, minimum)
        if not near[arrival:, minimum].all():
            yield event(Kind.LEAVES, arrival + int(near[arrival:, minimum].argmin()), minimum)
        since = last + 1 - int((~near[::-1, minimum]).argmax()) if not near[:, minimum].all() else 0
        if near[last, minimum] and last - since >= max(SETTLED_SHARE * last, MIN_SETTLED_STEPS):
            yield event(Kind.SETTLES, since, minimum)
    if np.isfinite(distances).any():
        yield event(Kind.NEAREST, int(np.nanargmin(distances.min(axis=1))))
    for other, step in enumerate(_overtakings(recording, racer)):
        if step:
            yield event(Kind.OVERTAKES, int(step), other=other)
    if not np.isfinite(z).all():
        yield event(Kind.DIVERGES, int((~np.isfinite(z)).argmax()))
    outside = ~recording.in_view[racer, : last + 1] & np.isfinite(z)
    for exit_ in np.flatnonzero(outside & ~np.concatenate([[False], outside[:-1]])):
        yield event(Kind.LEAVES_PICTURE, int(exit_))
    if _zigzags(xy):
        yield event(Kind.ZIGZAGS, 0)
    yield event(Kind.ENDS, last)


def _overtakings(recording: Recording, racer: int) -> NDArray[np.int64]:
    """Return the first step after which a racer has the lower loss, after having had the higher one, (racers,).

    It is 0 for a racer that is never overtaken: at the start, nobody has been behind before.
    """
    losses = np.nan_to_num(recording.z, nan=inf)
    behind = np.logical_or.accumulate(losses < losses[racer], axis=1)
    return (behind & (losses > losses[racer])).argmax(axis=1)


def _zigzags(xy: Array) -> bool:
    """Return whether the steps of a path (points, 2) often go back against the step before."""
    moves: Array = np.diff(xy, axis=0)
    moves = moves[np.isfinite(moves).all(axis=1)]
    turned = (moves[1:] * moves[:-1]).sum(axis=1) < 0
    return len(turned) >= MIN_TURNS and float(turned.mean()) > ZIGZAG_SHARE
