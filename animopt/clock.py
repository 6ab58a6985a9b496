"""The one place that turns a second of film into a moment of the race."""

from dataclasses import dataclass

HOLD = 2.0
"""Seconds for which the finished race stays in the picture, where the clip is long enough."""

AZIMUTH = 200.0
"""Degrees, the lecture notebook's view; the camera sets out from it."""

TURN = 9.0
"""Degrees a second."""


@dataclass(frozen=True)
class Moment:
    """What a frame depends on: the step, fractional between two, and the camera's azimuth in degrees."""

    step: float
    azimuth: float


@dataclass(frozen=True)
class Clock:
    """A race of `steps` steps in a clip of `seconds` seconds."""

    steps: int
    seconds: float

    def moment(self, second: float) -> Moment:
        """The moment at a second of the clip; the race ends before the clip, the camera turns to its end."""
        race = self.seconds - min(HOLD, self.seconds / 4)
        return Moment(
            step=self.steps * min(second / race, 1.0),
            azimuth=AZIMUTH + TURN * second,
        )
