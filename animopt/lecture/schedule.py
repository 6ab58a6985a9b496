"""How a scene's clip is stretched to the length of what is said, so that events happen when they are spoken of."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from animopt.core.arrays import Array
from animopt.core.errors import UsageError
from animopt.recording.timeline import Timeline

MIN_RACE, MAX_RACE = 0.75, 3.0
"""Limits of the time that a race takes, in relation to its time in the scene's clip."""

MAX_PAUSE = 15.0
"""Seconds by which the start, a question, the end, or one moment of the race can become longer."""

MIN_HOLD = 0.5
"""Minimum time for which the start, a question or the end is shown, in relation to its time in the scene's clip."""


@dataclass(frozen=True)
class Section:
    """A section of a clip, from one second to another, and how long it may take in the lecture.

    Usually it takes `usual` seconds, at least `low` and at most `high`.
    """

    begin: float
    end: float
    usual: float
    low: float
    high: float

    def part(self, begin: float, end: float) -> "Section | None":
        """Return the part of this section between two seconds of the clip, or None if there is nothing between them."""
        begin, end = max(begin, self.begin), min(end, self.end)
        if begin >= end:
            return None
        share = (end - begin) / (self.end - self.begin)
        return Section(begin, end, share * self.usual, share * self.low, share * self.high)


@dataclass(frozen=True)
class Anchor:
    """A second of the clip that is shown at a second of the part. It is `given`, or estimated and may move.

    `name` is what messages call it.
    """

    second: float
    clip_second: float
    name: str
    given: bool


@dataclass(frozen=True)
class Warp:
    """The second of a scene's clip for each second of a part: linear between `seconds` and `clip_seconds`."""

    seconds: tuple[float, ...]
    clip_seconds: tuple[float, ...]

    @property
    def length(self) -> float:
        """Length of the part in seconds."""
        return self.seconds[-1]

    def at(self, second: float) -> float:
        """Return the second of the clip at a second of the part."""
        return float(np.interp(second, self.seconds, self.clip_seconds))


def sections_of(timeline: Timeline, hold: float | None = None) -> list[Section]:
    """Return the sections of a clip. Its end is shown for `hold` seconds if they are given."""
    start = timeline.card + timeline.start_duration
    question = timeline.question
    pauses = [timeline.second_of(min(question.step, timeline.steps))] if question else []
    ends = timeline.seconds - timeline.hold_duration
    edges = [0.0, timeline.card, start]
    kinds = ["still", "still"]
    if question:
        edges += [pauses[0], pauses[0] + question.seconds]
        kinds += ["race", "still"]
    edges += [ends, timeline.seconds]
    kinds += ["race", "end"]
    made = []
    for (begin, end), kind in zip(pairwise(edges), kinds, strict=True):
        length = end - begin
        if length <= 0:
            continue
        if kind == "race":
            made.append(Section(begin, end, length, MIN_RACE * length, MAX_RACE * length))
        elif kind == "end" and hold is not None:
            made.append(Section(begin, end, hold, hold, max(hold, length + MAX_PAUSE)))
        else:
            made.append(Section(begin, end, length, MIN_HOLD * length, length + MAX_PAUSE))
    return made


def stretched(sections: Sequence[Section], spoken: float, anchors: Sequence[Anchor] = ()) -> Warp:
    """Return how the sections of a clip pass while something is spoken.

    The sections between two anchors become longer or shorter at one rate, within their limits. The part takes longer
    than the words if the limits require it.

    Args:
        sections: The sections of the clip.
        spoken: Seconds for which is spoken, 0 for none: the sections then take their usual time.
        anchors: Seconds of the clip that are shown at seconds of the part, in the order of the part.

    Raises:
        UsageError: The words take longer than the clip, or a mark is too early, too late, or in the wrong order.
    """
    end = sections[-1].end
    seconds, clip_seconds = [0.0], [sections[0].begin]
    for anchor in anchors:
        _check_order(anchor, clip_seconds[-1], seconds[-1])
        between = _between(sections, clip_seconds[-1], anchor.clip_second)
        low, high = _limits(between)
        second = anchor.second
        if not low <= second - seconds[-1] <= high:
            if anchor.given:
                limit = seconds[-1] + (low if second - seconds[-1] < low else high)
                side = "earliest" if second - seconds[-1] < low else "latest"
                raise UsageError(
                    f"{anchor.name}: the picture reaches it at {limit:.1f} s at the {side}, and it is said at "
                    f"{second:.1f} s; change the text, or the scene's steps or seconds"
                )
            second = seconds[-1] + min(max(low, second - seconds[-1]), high)
        _extend(seconds, clip_seconds, between, second - seconds[-1], anchor.clip_second)
    between = _between(sections, clip_seconds[-1], end)
    low, high = _limits(between)
    usual = sum(section.usual for section in between)
    left = spoken - seconds[-1] if spoken else usual
    if left > high:
        raise UsageError(
            f"{spoken:.1f} s are spoken, and the scene can take {seconds[-1] + high:.1f} s at most; "
            "give the scene more seconds, or hold=, or divide the text into two parts"
        )
    _extend(seconds, clip_seconds, between, max(left, low), end)
    return Warp(tuple(seconds), tuple(clip_seconds))


def _check_order(anchor: Anchor, clip_second: float, second: float) -> None:
    if anchor.clip_second < clip_second or (anchor.second < second and anchor.given):
        raise UsageError(
            f"{anchor.name}: happens before the mark in front of it; put the marks in the order of the race"
        )


def _between(sections: Sequence[Section], begin: float, end: float) -> list[Section]:
    parts = [part for section in sections if (part := section.part(begin, end))]
    # At one moment of the clip, the picture waits.
    return parts or [Section(begin, end, 0.0, 0.0, MAX_PAUSE)]


def _limits(sections: Sequence[Section]) -> tuple[float, float]:
    return sum(section.low for section in sections), sum(section.high for section in sections)


def _extend(
    seconds: list[float], clip_seconds: list[float], sections: Sequence[Section], length: float, clip_end: float
) -> None:
    """Append the sections, which together take `length` seconds."""
    begin = seconds[-1]
    for taken, section in zip(_shares(sections, length), sections, strict=True):
        if taken > 0:
            seconds.append(seconds[-1] + float(taken))
            clip_seconds.append(section.end)
    if seconds[-1] > begin:
        # Without the rounding of the sum.
        seconds[-1] = begin + length
        clip_seconds[-1] = clip_end


def _shares(sections: Sequence[Section], length: float) -> Array:
    """Return the seconds of each section (sections,): all at one rate, within their limits, `length` together."""
    usual, low, high = np.array([[each.usual, each.low, each.high] for each in sections]).T
    # A section without a usual length, as a wait, only takes what the others cannot.
    slowest, fastest = 0.0, 1e6

    def taken(rate: float) -> Array:
        return np.clip(rate * usual, low, high)

    for _ in range(200):
        rate = (slowest + fastest) / 2
        slowest, fastest = (rate, fastest) if taken(rate).sum() < length else (slowest, rate)
    shares = taken(fastest)
    waits = usual == 0
    if waits.any():
        shares[waits] = low[waits] + (length - shares.sum()) / waits.sum()
    return shares
