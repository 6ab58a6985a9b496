"""Captions of a clip in WebVTT: the events of its race."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from animopt.recording.events import headlines
from animopt.recording.recording import Recording
from animopt.recording.timeline import Timeline

MIN_SECONDS = 1.5
"""Minimum duration of a caption in seconds, and its maximum delay."""

MAX_SECONDS = 4.0
"""Maximum duration of a caption in seconds. The last one may be longer."""

MARK = "NOTE animopt"
"""Comment in each file of captions by which animopt recognizes it."""


@dataclass(frozen=True)
class Cue:
    """The lines of a caption, and the seconds of the clip at which it appears and disappears."""

    start: float
    end: float
    lines: tuple[str, ...]


@dataclass
class _Group:
    """Lines that appear together at `start`. The first line's event is at the second `event`."""

    start: float
    event: float
    lines: list[str]


def cues(races: Sequence[Recording], timeline: Timeline) -> list[Cue]:
    """Return captions with the events of the first race, and with the beginning of the other races.

    Captions do not overlap. Each is shown for four seconds, or until the next one, and the last one until the end. A
    caption that would be shown for less than 1.5 seconds appears later, alone or with others, but not before its event.
    """
    texts = [(timeline.second_of(event.step), event.text) for event in headlines(races[0])]
    if len(races) > 1:
        texts.append(
            (timeline.other_races_start, f"then {len(races) - 1} more functions, and how the race ends on each")
        )
    groups: list[_Group] = []
    end = round(timeline.seconds, 3)
    for second, text in sorted(texts, key=lambda each: each[0]):
        start, line = round(second, 3), " ".join(text.split())
        last = groups[-1] if groups else None
        earliest = round(last.start + MIN_SECONDS, 3) if last else start
        if last and start <= last.start:
            last.lines.append(line)
        elif start >= earliest or earliest + MIN_SECONDS <= end:
            groups.append(_Group(max(start, earliest), start, [line]))
        elif last and len(groups) > 1 and start - last.event <= MIN_SECONDS:
            # Both appear at the later event, so that neither appears before its event.
            last.start = start
            last.lines.append(line)
        else:
            groups.append(_Group(start, start, [line]))
    ends = [*(min(after.start, before.start + MAX_SECONDS) for before, after in pairwise(groups)), end]
    return [
        Cue(group.start, until, tuple(f"{line[:1].upper()}{line[1:]}" for line in group.lines))
        for group, until in zip(groups, ends, strict=True)
    ]


def webvtt(captions: Sequence[Cue]) -> str:
    """Return captions as the text of a WebVTT file."""
    blocks = [
        f"{_timestamp(cue.start)} --> {_timestamp(cue.end)}\n"
        + "\n".join(escape(line, quote=False) for line in cue.lines)
        for cue in captions
    ]
    return "\n\n".join(["WEBVTT", MARK, *blocks]) + "\n"


def _timestamp(second: float) -> str:
    minutes, thousandths = divmod(round(1000 * second), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{thousandths // 1000:02}.{thousandths % 1000:03}"
