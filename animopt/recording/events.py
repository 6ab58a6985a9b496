"""What happens in a race, in words: for captions, and for those who cannot see the clip."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from animopt.core.arrays import Array
from animopt.core.number_format import format_number, format_point
from animopt.recording.map_results import DIVERGED, UNDECIDED, Basins, reach_radius
from animopt.recording.recording import Recording

ZIGZAG = 0.4
"""A racer zigzags if more than this part of its steps go back against the one before."""

LEAST = 5
"""Fewer steps than this show no habit."""

MOST = 6
"""As many racers are told of one by one; of more, only who is lowest."""

ALT_TEXT_START = "An animation of"
"""Stands in each text for those who cannot see the clip."""


@dataclass(frozen=True)
class Event:
    """What happens at a step: a sentence without its full stop, and the number of its racer, None for all of them."""

    step: int
    text: str
    racer: int | None = None


def events(recording: Recording) -> list[Event]:
    """What happens in a race, by the step: its start, who reaches which minimum or is lost, and who ends lowest.

    A minimum is reached from the step on after which the racer stays near it until its end.
    """
    recording = _spoken(recording)
    racers = range(len(recording.names))
    told = [Event(0, _start(recording))] if racers else []
    ends = (_end(recording, racer) for racer in racers)
    told += [event for event in ends if event]
    told += [Event(recording.xy.shape[1] - 1, _lowest(recording))] if len(racers) > 1 else []
    return sorted(told, key=lambda event: event.step)


def headlines(recording: Recording) -> list[Event]:
    """The events that are told one by one: of many racers, only those of all of them."""
    return [event for event in events(recording) if event.racer is None or len(recording.names) <= MOST]


def alt_text(recording: Recording) -> str:
    """What the clip of a race shows and how it ends, in one paragraph."""
    recording = _spoken(recording)
    steps = recording.xy.shape[1] - 1
    title = recording.title.strip()
    title += "" if not title or title.endswith((".", "?", "!")) else "."
    said = [f"{title} {ALT_TEXT_START} {steps} steps, on contour lines and on the surface".strip()]
    told = headlines(recording)
    ends = [event for event in told if event.racer is None and event.step > 0]
    said += [event.text for event in told if event not in ends]
    if len(recording.names) <= MOST:
        said.append(_under_way(recording, told))
        zigzagging = [recording.names[racer] for racer in _zigzagging(recording)]
        said += [f"{_listed(zigzagging)} {'zigzags' if len(zigzagging) == 1 else 'zigzag'}" if zigzagging else ""]
    said += [event.text for event in ends]
    if isinstance(recording.map, Basins):
        said.append(_basins(recording.map))
    elif recording.map and (best := recording.map.best(len(recording.map.loss) - 1)):
        across, up = (values[place] for values, place in zip(recording.map.values, best[::-1], strict=True))
        named = ", ".join(f"{name} {value:.3g}" for name, value in zip(recording.map.names, (across, up), strict=True))
        said.append(f"A map of the settings: the lowest loss comes with {named}")
    return " ".join(f"{sentence[0].upper()}{sentence[1:]}." for sentence in said if sentence)


def _start(recording: Recording) -> str:
    starts = np.unique(recording.xy[:, 0], axis=0)
    where = f"from {format_point(starts[0])}" if len(starts) == 1 else f"from {len(starts)} places"
    return f"{_listed(recording.names)} {'sets' if len(recording.names) == 1 else 'set'} out {where}"


def _end(recording: Recording, racer: int) -> Event | None:
    """What becomes of a racer, None for one of several that neither reaches a minimum nor is lost."""
    name, last = recording.names[racer], recording.xy.shape[1] - 1
    if trouble := recording.trouble(racer, last):
        what, _, when = trouble.rpartition(" at step ")
        return Event(int(when), f"{name} {'leaves the picture' if 'view' in what else what} at step {when}", racer)
    if not len(recording.minima):
        return None
    surface = recording.surface
    minima = recording.minima[:, :2]
    near = reach_radius(float(np.linalg.norm(surface.high - surface.low)), minima)
    away = np.linalg.norm(minima - recording.xy[racer, -1], axis=1)
    minimum = int(away.argmin())
    if away[minimum] > near:
        if len(recording.names) > 1:
            return None
        return Event(
            last, f"it ends at {format_point(recording.xy[0, -1])}, {away[minimum]:.2g} from the minimum", racer
        )
    outside = np.linalg.norm(recording.xy[racer] - minima[minimum], axis=1) > near
    step = len(outside) - int(outside[::-1].argmax()) if outside.any() else 0
    which = "the minimum" if len(minima) == 1 else f"the minimum {format_point(minima[minimum])}"
    return Event(step, f"{name} reaches {which} at step {step}", racer)


def _under_way(recording: Recording, told: Sequence[Event]) -> str:
    """Who of several has come to no minimum and is not lost."""
    under_way = [name for racer, name in enumerate(recording.names) if racer not in {event.racer for event in told}]
    if not len(recording.minima) or len(recording.names) == 1 or not under_way:
        return ""
    which = "the minimum" if len(recording.minima) == 1 else "a minimum"
    return f"{_listed(under_way)} {'does' if len(under_way) == 1 else 'do'} not reach {which}"


def _lowest(recording: Recording) -> str:
    last = recording.xy.shape[1] - 1
    ranks = recording.ranks(last)
    if not np.isfinite(recording.z[:, last]).any():
        return "at the end all have diverged"
    best = np.flatnonzero(ranks == 1)
    loss = _loss(float(recording.z[best[0], last]))
    names = _listed([recording.names[racer] for racer in best])
    return f"at the end {names} {'is' if len(best) == 1 else 'are'} lowest, with a loss of {loss}"


def _loss(value: float) -> str:
    """A number to three digits, in figures alone where these are few: powers of ten are hard to hear."""
    if value and not 1e-4 <= abs(value) < 1e6:
        return format_number(value, None)
    return f"{float(f'{value:.3g}') + 0.0:,.9g}".replace("-", "−")


def _zigzagging(recording: Recording) -> list[int]:
    """The racers of whose steps many go back against the one before."""
    found = []
    for racer, steps in enumerate(recording.steps):
        with np.errstate(over="ignore", invalid="ignore"):
            moves: Array = np.diff(recording.xy[racer, : steps + 1], axis=0)
            moves = moves[np.isfinite(moves).all(axis=1)]
            turned = (moves[1:] * moves[:-1]).sum(axis=1) < 0
        if len(turned) >= LEAST and turned.mean() > ZIGZAG:
            found.append(racer)
    return found


def _basins(basins: Basins) -> str:
    cells = basins.minimum.size
    ends = [
        (basins.count(outcome, basins.steps) / cells, what)
        for outcome, what in [
            *((number, f"come to the minimum {format_point(place[:2])}") for number, place in enumerate(basins.minima)),
            (DIVERGED, "diverge"),
            (UNDECIDED, "come to none"),
        ]
    ]
    told = [f"{part:.0%} {what}" for part, what in sorted(ends, reverse=True) if part >= 0.005]
    return f"A map of {cells:,} starts: of them {_listed(told)}"


def _listed(words: Sequence[str]) -> str:
    """Words as they are listed in a sentence; of many, how many there are."""
    if len(words) > MOST:
        return f"{len(words)} racers"
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def _spoken(recording: Recording) -> Recording:
    """The same with its title and names as they are read, without the signs around maths."""

    def plain(text: str) -> str:
        printed = "".join(letter if letter.isprintable() else " " for letter in re.sub(r"\\[()]", "", text))
        return " ".join(printed.split())

    return replace(recording, title=plain(recording.title), names=tuple(map(plain, recording.names)))
