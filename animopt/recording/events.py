"""The events of a race as sentences, for captions and for alt text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from animopt.core.arrays import Array
from animopt.core.number_format import format_number, format_point
from animopt.recording.recording import DIVERGED, UNDECIDED, Basins, Losses, Recording, reach_radius

ZIGZAG_SHARE = 0.4
"""Minimum share of reversed steps of a racer that zigzags."""

MIN_TURNS = 5
"""Minimum number of pairs of steps from which zigzagging is concluded."""

MAX_NAMES = 6
"""Maximum number of racers that are named one by one. More racers are only counted."""

ALT_TEXT_START = "An animation of"
"""Words that every alt text contains."""


@dataclass(frozen=True)
class Event:
    """An event at a step, as a sentence without a full stop. `racer` is its index, or None for all racers."""

    step: int
    text: str
    racer: int | None = None


def events(recording: Recording) -> list[Event]:
    """Return the events of a race in the order of their steps: start, reached minima, lost racers, lowest loss.

    A racer reaches a minimum at the step from which on it remains near it.
    """
    recording = _with_plain_text(recording)
    racers = range(len(recording.names))
    found = [
        Event(0, _start(recording)) if racers else None,
        *(_end(recording, racer) for racer in racers),
        Event(recording.last_step, _lowest(recording)) if len(racers) > 1 else None,
    ]
    return sorted(filter(None, found), key=lambda event: event.step)


def headlines(recording: Recording) -> list[Event]:
    """Return the events to show. If there are many racers, events of a single racer are left out."""
    return [event for event in events(recording) if event.racer is None or len(recording.names) <= MAX_NAMES]


def alt_text(recording: Recording) -> str:
    """Return one paragraph that describes the clip of a race and its result."""
    recording = _with_plain_text(recording)
    # A title without a full stop gets one.
    title = re.sub(r"(?<=[^.?!])$", ".", recording.title)
    found = headlines(recording)
    results = [event for event in found if event.racer is None and event.step > 0]
    sentences = [
        f"{title} {ALT_TEXT_START} {recording.last_step} steps, on contour lines and on the surface".strip(),
        *(event.text for event in found if event not in results),
        *([_not_reached(recording, found), _zigzags(recording)] if len(recording.names) <= MAX_NAMES else []),
        *(event.text for event in results),
        _map(recording.map),
    ]
    return " ".join(f"{sentence[0].upper()}{sentence[1:]}." for sentence in sentences if sentence)


def _start(recording: Recording) -> str:
    starts = np.unique(recording.xy[:, 0], axis=0)
    where = f"from {format_point(starts[0])}" if len(starts) == 1 else f"from {len(starts)} places"
    return f"{_listed(recording.names)} {'sets' if len(recording.names) == 1 else 'set'} out {where}"


def _end(recording: Recording, racer: int) -> Event | None:
    """Return how a racer ends, or None for one of several racers that reaches no minimum and is not lost."""
    name = recording.names[racer]
    if lost := recording.lost(racer, recording.last_step):
        reason, step = lost
        return Event(step, f"{name} {'leaves the picture' if reason == 'left view' else reason} at step {step}", racer)
    if not len(recording.minima):
        return None
    minima = recording.minima[:, :2]
    radius = reach_radius(float(np.linalg.norm(recording.surface.high - recording.surface.low)), minima)
    end = recording.xy[racer, -1]
    distances = np.linalg.norm(minima - end, axis=1)
    minimum = int(distances.argmin())
    if distances[minimum] > radius:
        text = f"it ends at {format_point(end)}, {distances[minimum]:.2g} from the minimum"
        return Event(recording.last_step, text, racer) if len(recording.names) == 1 else None
    outside = np.linalg.norm(recording.xy[racer] - minima[minimum], axis=1) > radius
    step = len(outside) - int(outside[::-1].argmax()) if outside.any() else 0
    which = "the minimum" if len(minima) == 1 else f"the minimum {format_point(minima[minimum])}"
    return Event(step, f"{name} reaches {which} at step {step}", racer)


def _not_reached(recording: Recording, found: Sequence[Event]) -> str:
    """Name those of several racers that reach no minimum and are not lost."""
    names = [name for racer, name in enumerate(recording.names) if racer not in {event.racer for event in found}]
    if not len(recording.minima) or len(recording.names) == 1 or not names:
        return ""
    which = "the minimum" if len(recording.minima) == 1 else "a minimum"
    return f"{_listed(names)} {'does' if len(names) == 1 else 'do'} not reach {which}"


def _lowest(recording: Recording) -> str:
    losses = recording.z[:, -1]
    if not np.isfinite(losses).any():
        return "at the end all have diverged"
    best = np.flatnonzero(recording.ranks(recording.last_step) == 1)
    names = _listed([recording.names[racer] for racer in best])
    return f"at the end {names} {'is' if len(best) == 1 else 'are'} lowest, with a loss of {_loss(losses[best[0]])}"


def _loss(value: float) -> str:
    """Write a loss with three digits, and with a power of ten only if it is very small or large."""
    if value and not 1e-4 <= abs(value) < 1e6:
        return format_number(value, None)
    return f"{float(f'{value:.3g}') + 0.0:,.9g}".replace("-", "−")


@np.errstate(over="ignore", invalid="ignore")
def _zigzags(recording: Recording) -> str:
    """Name the racers whose steps often go back against the step before."""
    names = []
    for name, xy, steps in zip(recording.names, recording.xy, recording.steps, strict=True):
        moves: Array = np.diff(xy[: steps + 1], axis=0)
        moves = moves[np.isfinite(moves).all(axis=1)]
        reversed_ = (moves[1:] * moves[:-1]).sum(axis=1) < 0
        if len(reversed_) >= MIN_TURNS and reversed_.mean() > ZIGZAG_SHARE:
            names.append(name)
    return f"{_listed(names)} {'zigzags' if len(names) == 1 else 'zigzag'}" if names else ""


def _map(result: Basins | Losses | None) -> str:
    if isinstance(result, Basins):
        outcomes = {DIVERGED: "diverge", UNDECIDED: "come to none"} | {
            index: f"come to the minimum {format_point(xyz[:2])}" for index, xyz in enumerate(result.minima)
        }
        shares = [
            (result.count(outcome, result.steps) / result.minimum.size, text) for outcome, text in outcomes.items()
        ]
        parts = [f"{share:.0%} {text}" for share, text in sorted(shares, reverse=True) if share >= 0.005]
        return f"A map of {result.minimum.size:,} starts: of them {_listed(parts)}"
    if result and (best := result.best(len(result.loss) - 1)):
        chosen = [
            f"{name} {values[cell]:.3g}"
            for name, values, cell in zip(result.names, result.values, best[::-1], strict=True)
        ]
        return f"A map of the settings: the lowest loss comes with {', '.join(chosen)}"
    return ""


def _listed(words: Sequence[str]) -> str:
    """Join words as in a sentence, or return the number of racers if there are too many words."""
    if len(words) > MAX_NAMES:
        return f"{len(words)} racers"
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def _with_plain_text(recording: Recording) -> Recording:
    """Return the recording with its title and names as they are read aloud, without the marks around mathtext."""

    def plain(text: str) -> str:
        return " ".join("".join(each if each.isprintable() else " " for each in re.sub(r"\\[()]", "", text)).split())

    return replace(recording, title=plain(recording.title), names=tuple(map(plain, recording.names)))
