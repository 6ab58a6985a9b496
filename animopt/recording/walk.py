"""The order in which the lines of an update rule are lit while the race goes from step to step."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from animopt.core.arrays import Array
from animopt.recording.timeline import SAMPLE_RATE, Moment

LIT_SECONDS = 0.4
"""Minimum number of seconds for which a line is lit, on average."""


@dataclass(frozen=True)
class Walk:
    """The steps that are shown one after the other, each line by line.

    `starts` are these steps, ascending, from 0 to `steps` - 1, and `lit_from` (starts × lines,) the fractional steps
    from which each line is lit. `end` is the progress of the clip after which a loop rewinds the race.
    """

    starts: Sequence[int]
    steps: int
    lines: int
    lit_from: Array
    end: float

    @property
    def shown(self) -> Sequence[int]:
        """The steps that are shown at any moment, ascending."""
        return sorted({*self.starts, max(0, self.steps - 1)})

    def at(self, moment: Moment) -> tuple[int, int]:
        """Return the step that is shown at a moment, and the index of the lit line."""
        if moment.progress > self.end:
            return 0, 0
        if moment.step >= self.steps:
            return self.steps - 1, self.lines - 1
        start, line = divmod(int(np.searchsorted(self.lit_from, moment.step, side="right")) - 1, self.lines)
        return self.starts[start], line


def plan_walk(moments: Sequence[Moment], steps: int, lines: int) -> Walk:
    """Choose the steps from evenly spaced moments of the clip, so that each line is lit for long enough."""
    if not moments:
        return Walk(range(steps), steps, lines, np.arange(steps * lines) / max(lines, 1), np.inf)
    reached = np.array([moment.step for moment in moments])
    last = len(reached) - 1 - int(reached[::-1].argmax())
    reached = np.maximum.accumulate(reached[: last + 1])
    # Pauses do not count. Otherwise a line would be skipped that is lit during one.
    seconds = np.append(0, np.cumsum(np.diff(reached) > 0)) / SAMPLE_RATE
    reached_at = np.interp(np.arange(steps + 1), reached, seconds)
    starts = [0]
    for step in range(1, steps):
        if min(reached_at[step] - reached_at[starts[-1]], reached_at[steps] - reached_at[step]) >= LIT_SECONDS * lines:
            starts.append(step)
    begin, length = reached_at[starts, None], np.diff(reached_at[[*starts, steps]])[:, None]
    lit_from = np.interp(begin + length * np.arange(lines) / max(lines, 1), seconds, reached)
    # The exact start of a step may be lost in rounding.
    lit_from[:, :1] = np.array(starts)[:, None]
    return Walk(starts, steps, lines, lit_from.ravel(), moments[last].progress)
