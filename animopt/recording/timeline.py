"""Turns a second of the clip into a moment of the race."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, log, sqrt

import attrs
import numpy as np

from animopt.core.arrays import Array
from animopt.core.errors import UsageError, check_choice, check_number, check_texts, short_repr

START_SECONDS, START_SHARE = 0.8, 1 / 6
"""Seconds for which the start of the race is shown, and their maximum share of the seconds for the start and the races.
"""

HOLD_SECONDS = 2.0
"""Seconds for which the end of the race is shown, at most a quarter of the clip."""

TURN_RATE = 9.0
"""Speed of the camera, in degrees per second."""

EASE_SECONDS = 1.0
"""Seconds in which the race accelerates, and in which the camera accelerates and stops. Each is at most a quarter of
the seconds of the race or of the turn."""

SAMPLE_RATE, MAX_SAMPLES = 50, 2000
"""Samples of the clip per second, and their maximum number, for plans that cover the whole clip."""

FADE_SECONDS = 0.3
"""Seconds in which a title card or a question appears or disappears."""

MAX_ROUNDING = 1e-9
"""Maximum distance of a step from a whole one that counts as rounding."""

LOOPS = ("plain", "seamless")
"""Values of `loop`."""


@attrs.frozen(init=False, slots=False)
class Question:
    """A question to the audience: the race pauses while it is shown.

    Args:
        text: The question, or the question in several languages, as {"en": "Which wins?", "ko": "누가 이길까?"}.
        step: The step at which the race pauses, at least 0. It may be fractional.
        seconds: Length of the pause in seconds, greater than 0.

    Raises:
        UsageError: The text is empty or not a text, or a number is out of its range.

    >>> Question("Which one arrives first?", step=3)
    Question(text='Which one arrives first?', step=3, seconds=2.0)
    """

    text: str | Mapping[str, str]
    step: float
    seconds: float

    def __init__(self, text: str | Mapping[str, str], step: float = 0.0, seconds: float = 2.0) -> None:
        example = "Question('Which one arrives first?')"
        checked = check_texts("question", text, example)
        if not checked:
            raise UsageError(f"question {short_repr(text)}: give a text, as {example}")
        self.__attrs_init__(
            checked,
            check_number("question step", step, "give the step at which the race pauses, as step=3", minimum=0),
            check_number("question seconds", seconds, "give the length of the pause, as seconds=2", above=0),
        )


@attrs.frozen(init=False, slots=False)
class SlowMotion:
    """Slow motion: the race takes several times as long between two steps.

    Args:
        first: The step at which slow motion begins, at least 0.
        last: The step at which it ends, greater than `first`. float("inf") is the end of the race.
        times: How many times as long the steps take, greater than 0.

    Raises:
        UsageError: The steps are not in their order, or a number is out of its range.

    >>> SlowMotion(3, 6, times=2)
    SlowMotion(first=3, last=6, times=2)
    """

    first: float
    last: float
    times: float

    def __init__(self, first: float, last: float, times: float = 3.0) -> None:
        remedy = "give two steps in their order, and how many times as long they take, as SlowMotion(3, 6, times=2)"
        self.__attrs_init__(
            check_number("slow first", first, remedy, minimum=0),
            last if last == inf else check_number("slow last", last, remedy, above=first),
            check_number("slow times", times, remedy, above=0),
        )


@dataclass(frozen=True)
class Moment:
    """The values on which a frame depends.

    `step` is the step of the race, fractional between two steps, and `race` the index of the race that is shown.
    The others are from 0 to 1: `turned` is the part of the camera's turn that is done, `progress` the part of the clip
    that has passed, `hold_progress` the part of the hold at the end of the race, and the opacities are those of the
    title card and of the question.
    """

    step: float
    turned: float = 0.0
    hold_progress: float = 0.0
    card_opacity: float = 0.0
    question_opacity: float = 0.0
    progress: float = 0.0
    race: int = 0


@dataclass(frozen=True)
class Timeline:
    """A race of `steps` steps in a clip of `seconds` seconds.

    The title card is shown for the first `card` seconds, then the start of the race. The race accelerates, and step k
    takes a time in proportion to `pace[k]`. All steps take the same time without a pace. Of several `races`, the first
    one runs. Then the results of the others are shown one after another, and the camera does not move. At the end of a
    clip with `loop` "seamless", the camera has turned once around and the racers return to their starts along their
    trails, so that the last moment equals the first one.

    Raises UsageError for another `loop`, and if the card and the question leave no time for the race.
    """

    steps: int
    seconds: float
    loop: str = "plain"
    card: float = 0.0
    question: Question | None = None
    slow: Sequence[SlowMotion] = ()
    races: int = 1
    pace: Sequence[float] = ()

    def __post_init__(self) -> None:
        check_choice("loop", self.loop, LOOPS)
        check_number("card", self.card, "give the seconds for which the title card is shown, as card=1", minimum=0)
        if self.race_duration <= 0:
            raise UsageError(f"seconds {self.seconds:g}: the card and the question leave none for the race; give more")

    @property
    def hold_duration(self) -> float:
        """Seconds for which the end of the race is shown."""
        return min(HOLD_SECONDS, self.seconds / 4)

    @property
    def start_duration(self) -> float:
        """Seconds for which the start of the race is shown, without the pause for the question."""
        return min(START_SECONDS, self._free_seconds * START_SHARE)

    @property
    def race_duration(self) -> float:
        """Seconds that the first race takes, without the pause for the question. The others together take as long."""
        return (self._free_seconds - self.start_duration) / min(self.races, 2)

    @property
    def other_races_start(self) -> float:
        """The second from which on the results of the other races are shown, if there are any."""
        return self.seconds - self.hold_duration - self.race_duration

    @property
    def turn(self) -> float:
        """Angle in degrees by which the camera turns, in either direction, unless another one is given."""
        return 360.0 if self.loop == "seamless" else TURN_RATE * self._turning_seconds(self.seconds)

    @property
    def result_second(self) -> float:
        """The second that shows the result of the race best: the last one of a plain clip."""
        return self.seconds if self.loop == "plain" else self.seconds - 0.75 * self.hold_duration

    def second_of(self, step: float) -> float:
        """Return the first second at which the race is at a step."""
        if step <= 0:
            return self.card
        paused = self._pause if step > self._question_step else 0.0
        return self.card + self.start_duration + paused + self._running_second(step)

    def overview(self, count: int) -> list[float]:
        """Return `count` seconds: evenly spaced ones of the first race, as far as its pace is even, and of the others.

        They do not depend on how the race accelerates.
        """
        running = count if self.races == 1 else (count + 1) // 2
        steps, even_seconds = self._knots
        return [
            *(
                self.second_of(float(np.interp(part * even_seconds[-1], even_seconds, steps)))
                for part in np.linspace(0, 1, running)
            ),
            *(
                self.other_races_start + self.race_duration * part
                for part in np.linspace(0, 1, count - running + 1)[1:]
            ),
        ]

    def moment(self, second: float) -> Moment:
        """Return the moment at a second of the clip."""
        step = self._step(second)
        left = self.seconds - self.hold_duration - second
        hold = max(0.0, -left / self.hold_duration)
        others = _ramp(1 - left / self.race_duration) if self.races > 1 else 0.0
        progress = min(1.0, second / self.seconds)
        turned = self._turning_seconds(second) / self._turning_seconds(self.seconds)
        if self.loop == "seamless":
            # The second half of the hold rewinds the race.
            rewound = 1 - _ramp(2 * hold - 1)
            step, others = step * rewound, others * rewound
            hold = max(0.0, 1 - abs(1 - 4 * hold))
            progress %= 1.0
            turned = turned % 1.0 if self.races > 1 else progress
        return Moment(
            step,
            turned,
            hold_progress=hold,
            card_opacity=self._looped(self._card_opacity, second),
            question_opacity=self._looped(self._question_opacity, second),
            progress=progress,
            race=round(others * (self.races - 1)),
        )

    @cached_property
    def samples(self) -> tuple[Moment, ...]:
        """Evenly spaced moments of the whole clip. In a loop, the last one is left out: it equals the first one."""
        count = max(1, min(MAX_SAMPLES, round(self.seconds * SAMPLE_RATE)))
        return tuple(self.moment(self.seconds * index / count) for index in range(count + (self.loop == "plain")))

    @property
    def _pause(self) -> float:
        return self.question.seconds if self.question else 0.0

    @property
    def _free_seconds(self) -> float:
        """Seconds for the start of the race and for the races."""
        return self.seconds - self.hold_duration - self.card - self._pause

    @property
    def _race_ease(self) -> float:
        """Seconds in which the race accelerates."""
        return min(EASE_SECONDS, self.race_duration / 4)

    @property
    def _question_step(self) -> float:
        return min(self.question.step, self.steps) if self.question else 0.0

    def _looped(self, opacity: Callable[[float], float], second: float) -> float:
        """Return an opacity. Near the end of a seamless loop, it becomes that of the beginning."""
        own = opacity(second)
        if self.loop == "plain":
            return own
        return max(own, opacity(0.0) * _ramp(1 - (self.seconds - second) / FADE_SECONDS))

    def _card_opacity(self, second: float) -> float:
        return _ramp((self.card - second) / FADE_SECONDS)

    def _question_opacity(self, second: float) -> float:
        if not self.question:
            return 0.0
        start = self.second_of(self._question_step)
        opacity = _ramp((start + self.question.seconds - second) / FADE_SECONDS)
        # A clip that begins with the question shows it at once.
        return opacity * _ramp((second - start) / FADE_SECONDS) if self.question.step or self.card else opacity

    def _step(self, second: float) -> float:
        """Return the step of the first race at a second of the clip."""
        running = second - self.card - self.start_duration
        running -= min(max(0.0, running - self._running_second(self._question_step)), self._pause)
        running = min(max(0.0, running), self.race_duration)
        steps, even_seconds = self._knots
        step = float(np.interp(_eased(running, self._race_ease), even_seconds, steps))
        # Pictures show the number of whole steps. Rounding must not lower it.
        return float(round(step)) if abs(step - round(step)) < MAX_ROUNDING else step

    def _running_second(self, step: float) -> float:
        """Return the second of the first race, without the pause for the question, at which it is at a step."""
        steps, even_seconds = self._knots
        even, ease = float(np.interp(step, steps, even_seconds)), self._race_ease
        return sqrt(2 * ease * even) if even < ease / 2 else even + ease / 2

    @cached_property
    def _knots(self) -> tuple[Array, Array]:
        """The steps, ascending, between which the pace is even, and their seconds in a race that does not accelerate.

        This race takes the seconds in which a race that accelerates runs as far.
        """
        edges = [edge for slow in self.slow for edge in (slow.first, slow.last) if edge <= self.steps]
        steps = np.unique([0.0, self.steps, *edges, *np.arange(len(self.pace))])
        middles = (steps[:-1] + steps[1:]) / 2
        weights = np.diff(steps)
        if len(self.pace):
            weights *= np.asarray(self.pace)[middles.astype(int)]
        # Logarithms, because the factors of a step can have a product that is too large or too small for a number.
        slowness = np.zeros(len(middles))
        for slow in self.slow:
            slowness[(slow.first < middles) & (middles < slow.last)] += log(slow.times)
        weights *= np.exp(slowness - slowness.max(initial=-inf))
        passed = np.append(0.0, np.cumsum(weights))
        return steps, _eased(self.race_duration, self._race_ease) * passed / passed[-1]

    def _turning_seconds(self, second: float) -> float:
        """Return the seconds in which a camera without easing, at TURN_RATE, makes its turn up to a second.

        It turns from the beginning of the race to the end of the clip, or until other races are shown.
        """
        begin = self.card + self.start_duration
        duration = (self.other_races_start if self.races > 1 else self.seconds) - begin
        turning = min(max(0.0, second - begin), duration)
        ease = min(EASE_SECONDS, duration / 4)
        left = duration - turning
        if left < ease:
            return duration - ease - left**2 / (2 * ease)
        return _eased(turning, ease)


def _eased(seconds: float, ease: float) -> float:
    """Return the seconds in which something even goes as far as something that accelerates for `ease` seconds."""
    return seconds**2 / (2 * ease) if seconds < ease else seconds - ease / 2


def frame_count(seconds: float, fps: float) -> int:
    """Return the number of frames of a clip."""
    return max(1, round(seconds * fps))


def _ramp(part: float) -> float:
    """Return the smoothstep of a number, from 0 at 0 to 1 at 1, which has no slope at either end."""
    part = min(1.0, max(0.0, part))
    return part * part * (3 - 2 * part)
