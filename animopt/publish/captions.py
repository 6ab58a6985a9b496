"""The events of a race as captions of its clip, in WebVTT."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from animopt.recording.events import headlines
from animopt.recording.recording import Recording
from animopt.recording.timeline import Timeline

LEAST = 1.5
"""Seconds for which a caption can be read at a glance; also the most by which one may come late."""

MOST = 4.0
"""Seconds after which a caption, but for the last, gives the picture free."""

MARK = "NOTE animopt"
"""Stands in each file of captions, so that animopt knows its own."""


@dataclass(frozen=True)
class Cue:
    """A caption: its lines, and the seconds of the clip from which and until which it is shown."""

    start: float
    end: float
    lines: tuple[str, ...]


@dataclass
class _Group:
    """Lines that are shown from `start` on, the first of which should have been at the second `first`."""

    start: float
    first: float
    lines: list[str]


def cues(races: Sequence[Recording], timeline: Timeline) -> list[Cue]:
    """What is told of the first race, and that others follow, as captions in their order, none over another.

    Each stays for four seconds, or until the next one comes, and the last until the clip's end. One that has no 1.5
    seconds of its own comes by as much later as it must, alone or with others, but never before what it tells.
    """
    told = [(timeline.second_of(event.step), event.text) for event in headlines(races[0])]
    if len(races) > 1:
        told.append(
            (timeline.other_races_start, f"then {len(races) - 1} more functions, and how the race ends on each")
        )
    groups: list[_Group] = []
    end = round(timeline.seconds, 3)
    for second, text in sorted(told, key=lambda each: each[0]):
        start, line = round(second, 3), " ".join(text.split())
        last = groups[-1] if groups else None
        earliest = round(last.start + LEAST, 3) if last else start
        if last and start <= last.start:
            last.lines.append(line)
        elif start >= earliest or earliest + LEAST <= end:
            groups.append(_Group(max(start, earliest), start, [line]))
        elif last and len(groups) > 1 and start - last.first <= LEAST:
            # Both are told with the later one: never before it happens.
            last.start = start
            last.lines.append(line)
        else:
            groups.append(_Group(start, start, [line]))
    ends = [*(min(after.start, before.start + MOST) for before, after in pairwise(groups)), end]
    return [
        Cue(group.start, until, tuple(f"{line[:1].upper()}{line[1:]}" for line in group.lines))
        for group, until in zip(groups, ends, strict=True)
    ]


def webvtt(captions: Sequence[Cue]) -> str:
    """Captions as the text of a WebVTT file."""
    blocks = [
        f"{_time(cue.start)} --> {_time(cue.end)}\n" + "\n".join(escape(line, quote=False) for line in cue.lines)
        for cue in captions
    ]
    return "\n\n".join(["WEBVTT", MARK, *blocks]) + "\n"


def _time(second: float) -> str:
    minutes, thousandths = divmod(round(1000 * second), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{thousandths // 1000:02}.{thousandths % 1000:03}"
