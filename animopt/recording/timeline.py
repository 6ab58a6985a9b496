"""The one place that turns a second of film into a moment of the race."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from animopt.core.arrays import Array
from animopt.core.errors import UsageError, short_repr
from animopt.core.validation import check_choice, check_number, check_texts

HOLD = 2.0
"""Seconds for which the finished race stays in the picture, where the clip is long enough."""

AZIMUTH = 200.0
"""Degrees, the lecture notebook's view; the camera sets out from it."""

TURN = 9.0
"""Degrees a second, at the camera's even speed."""

EASE = 1.0
"""Seconds in which the camera comes to its speed, and to rest, where the clip is long enough."""

TRACK, MOST_TRACK = 50, 2000
"""How many moments a second, and how many at most, are looked at for what must be planned for the whole clip."""

FADE = 0.3
"""Seconds in which a card or a question comes and goes."""

LOOPS = ("plain", "seamless")


@dataclass(frozen=True)
class Question:
    """A question to the class: the race stands still for `seconds` at a step while the text is shown.

    Raises UsageError for no text, for a step that is no number of at least 0, and for a pause of no length.
    """

    text: str | Mapping[str, str]
    step: float = 0.0
    seconds: float = 2.0

    def __post_init__(self) -> None:
        check_texts("question", self.text, "Question('Which one arrives first?')")
        if not self.text:
            raise UsageError(f"question {short_repr(self.text)}: give a text, as Question('Which one arrives first?')")
        step = check_number(
            "question step", self.step, "give the step at which the race stands still, as step=3", minimum=0
        )
        object.__setattr__(self, "step", step)
        seconds = check_number("question seconds", self.seconds, "give the length of the pause, as seconds=2", above=0)
        object.__setattr__(self, "seconds", seconds)


@dataclass(frozen=True)
class SlowMotion:
    """Slow motion: from the step `first` to the step `last` the race takes `times` as long.

    Raises UsageError for steps in the wrong order, or for a factor that is not positive.
    """

    first: float
    last: float
    times: float = 3.0

    def __post_init__(self) -> None:
        remedy = "give two steps in their order, and how many times as long they take, as SlowMotion(3, 6, times=2)"
        object.__setattr__(self, "first", check_number("slow first", self.first, remedy, minimum=0))
        if self.last != float("inf"):
            object.__setattr__(self, "last", check_number("slow last", self.last, remedy, above=self.first))
        object.__setattr__(self, "times", check_number("slow times", self.times, remedy, above=0))


@dataclass(frozen=True)
class Moment:
    """What a frame depends on.

    The step, fractional between two; the camera's azimuth in degrees; from 0 to 1, how much of the hold after the
    race has passed, how opaque the title card and the question are, and how much of the whole clip has passed; and
    the number of the race, where several follow each other.
    """

    step: float
    azimuth: float
    held: float = 0.0
    card: float = 0.0
    question: float = 0.0
    part: float = 0.0
    race: int = 0


@dataclass(frozen=True)
class Timeline:
    """A race of `steps` steps in a clip of `seconds` seconds, plain or seamless.

    A seamless clip ends in the moment with which it begins: the camera goes once around, and the racers return to
    their starts along their trails. `card` is for how many seconds the title card stands before all else. Of several
    `races` the first is run; then the others pass by, finished.
    Raises UsageError for a loop of another name, and where the card and the questions leave no time for the race.
    """

    steps: int
    seconds: float
    loop: str = "plain"
    card: float = 0.0
    question: Question | None = None
    slow: Sequence[SlowMotion] = ()
    races: int = 1

    def __post_init__(self) -> None:
        check_choice("loop", self.loop, LOOPS)
        check_number("card", self.card, "give the seconds for which the title card stands, as card=1", minimum=0)
        if self.race <= 0:
            raise UsageError(f"seconds {self.seconds:g}: the card and the question leave none for the race; give more")

    @property
    def hold(self) -> float:
        """For how many seconds the finished race is held."""
        return min(HOLD, self.seconds / 4)

    @property
    def race(self) -> float:
        """How many seconds of the clip the race itself takes, without the question's pause."""
        return self._running - self._passing

    @property
    def _running(self) -> float:
        return self.seconds - self.hold - self.card - (self.question.seconds if self.question else 0)

    @property
    def _passing(self) -> float:
        """For how many seconds the races after the first pass by."""
        return self._running / 2 if self.races > 1 else 0.0

    @property
    def finished(self) -> float:
        """The second of the clip that says most of how the race ended."""
        # A seamless clip has gone back to its beginning when it ends.
        return self.seconds if self.loop == "plain" else self.seconds - 0.75 * self.hold

    @property
    def others(self) -> float:
        """The second of the clip from which on the races after the first pass by."""
        return self.seconds - self.hold - self._passing

    def second_of(self, step: float) -> float:
        """The first second of the clip at which the race is at a step."""
        seconds, steps = self._keys
        after = int(np.searchsorted(steps, step))
        if after == 0:
            return float(seconds[0])
        part = (step - steps[after - 1]) / (steps[after] - steps[after - 1])
        return float(seconds[after - 1] + part * (seconds[after] - seconds[after - 1]))

    def told(self, count: int) -> list[float]:
        """So many seconds of the clip that tell the story: even steps of the race, and then of the other races."""
        running = count if self.races == 1 else (count + 1) // 2
        return [
            *(self.second_of(self.steps * part) for part in np.linspace(0, 1, running)),
            *(self.others + self._passing * part for part in np.linspace(0, 1, count - running + 1)[1:]),
        ]

    def moment(self, second: float) -> Moment:
        """The moment at a second of the clip; the race ends before the clip, the camera turns to its end."""
        step = float(np.interp(second, *self._keys))
        left = self.seconds - self.hold - second
        held = max(0.0, -left / self.hold)
        passed = _ramp(1 - left / self._passing) if self.races > 1 else 0.0
        card = _ramp((self.card - second) / FADE)
        question = 0.0
        if self.question:
            asked = self.second_of(min(self.question.step, self.steps))
            left = asked + self.question.seconds - second
            question = _ramp((second - asked) / FADE) * _ramp(left / FADE)
            if self.question.step == 0 and not self.card:
                question = _ramp(left / FADE)
        part = min(1.0, second / self.seconds)
        if self.loop == "seamless":
            # The second half of the hold rewinds the race.
            rewound = 1 - _smooth(max(0.0, 2 * held - 1))
            step, passed = step * rewound, passed * rewound
            held = max(0.0, 1 - abs(1 - 4 * held))
            part %= 1.0
            azimuth = AZIMUTH + 360 * part
        else:
            azimuth = AZIMUTH + TURN * self._turned(second)
        return Moment(step, azimuth, held, card, question, part, round(passed * (self.races - 1)))

    @cached_property
    def track(self) -> tuple[Moment, ...]:
        """Moments evenly apart, from the first of the clip to its last, or to the one before it is the first again."""
        count = max(1, min(MOST_TRACK, round(self.seconds * TRACK)))
        last = count + (self.loop == "plain")
        return tuple(self.moment(self.seconds * index / count) for index in range(last))

    @cached_property
    def _keys(self) -> tuple[Array, Array]:
        """The seconds, ascending, and the steps between which the race runs evenly."""
        ends = {0.0, float(self.steps), *(edge for slow in self.slow for edge in (slow.first, slow.last))}
        if self.question:
            ends.add(min(self.question.step, self.steps))
        steps = np.array(sorted(end for end in ends if end <= self.steps))
        middles = (steps[:-1] + steps[1:]) / 2
        weights = np.diff(steps)
        for slow in self.slow:
            weights = np.where((slow.first < middles) & (middles < slow.last), weights * slow.times, weights)
        seconds = self.card + self.race * np.concatenate([[0.0], np.cumsum(weights)]) / weights.sum()
        if self.question:
            at = int(np.searchsorted(steps, min(self.question.step, self.steps)))
            seconds = np.concatenate([seconds[: at + 1], seconds[at:] + self.question.seconds])
            steps = np.insert(steps, at, steps[at])
        return seconds, steps

    def _turned(self, second: float) -> float:
        """For how many seconds at its even speed the camera has turned."""
        ease = min(EASE, self.seconds / 4)
        rest = self.seconds - second
        if second < ease:
            return second**2 / (2 * ease)
        if rest < ease:
            return self.seconds - ease - rest**2 / (2 * ease)
        return second - ease / 2


def _ramp(part: float) -> float:
    return _smooth(min(1.0, max(0.0, part)))


def _smooth(part: float) -> float:
    """From 0 to 1 with no speed at either end."""
    return part * part * (3 - 2 * part)
