"""The events of a race as captions of its clip, in WebVTT."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from animopt.clock import Clock
from animopt.recording import Recording
from animopt.telling import headlines

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


def cues(races: Sequence[Recording], clock: Clock) -> list[Cue]:
    """What is told of the first race, and that others follow, as captions in their order, none over another.

    Each stays for four seconds, or until the next one comes, and the last until the clip's end. What happens within 1.5 s of a caption comes that much later, or where there
    is no room, in that caption.
    """
    told = [(clock.second_of(event.step), event.text) for event in headlines(races[0])]
    if len(races) > 1:
        told.append((clock.others, f"then {len(races) - 1} more functions, and how the race ends on each"))
    groups: list[tuple[float, list[str]]] = []
    end = round(clock.seconds, 3)
    for second, text in sorted(told, key=lambda each: each[0]):
        start, line = round(second, 3), " ".join(text.split())
        earliest = round(groups[-1][0] + LEAST, 3) if groups else 0.0
        late = earliest > start
        if groups and (start == groups[-1][0] or (late and (earliest - start > LEAST or earliest + LEAST > end))):
            groups[-1][1].append(line)
        else:
            groups.append((max(start, earliest), [line]))
    ends = [*(min(after, before + MOST) for (before, _), (after, _) in pairwise(groups)), end]
    return [
        Cue(start, until, tuple(f"{line[:1].upper()}{line[1:]}" for line in lines))
        for (start, lines), until in zip(groups, ends, strict=True)
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
