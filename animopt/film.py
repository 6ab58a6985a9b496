"""A recording and a clock as a sequence of frames."""

from collections.abc import Iterator, Mapping
from typing import Final

from animopt.canvas import Canvas, Pixels
from animopt.clock import Clock
from animopt.layout import arrange, unit
from animopt.look import LIGHT
from animopt.panels import Panel
from animopt.panels.contour import Contour
from animopt.panels.header import Header
from animopt.panels.loss import Loss
from animopt.panels.standings import Standings
from animopt.panels.wireframe import Wireframe
from animopt.recording import Recording

PANELS: Final[Mapping[str, Panel]] = {
    "header": Header(),
    "wireframe": Wireframe(),
    "contour": Contour(),
    "loss": Loss(),
    "standings": Standings(),
}


class Film:
    """A race as frames (height, width, 3) of uint8, each a function of its moment alone.

    `size` is (width, height) in pixels, `fps` frames a second.
    """

    def __init__(self, recording: Recording, clock: Clock, size: tuple[int, int], fps: float) -> None:
        self.clock = clock
        self.size = size
        self.fps = fps
        boxes = arrange(*size, recording.surface.aspect)
        self.canvas = Canvas(PANELS, boxes, recording, size, LIGHT.scaled(unit(*size)))

    def __len__(self) -> int:
        return max(1, round(self.clock.seconds * self.fps))

    def frame(self, index: int) -> Pixels:
        """The frame with a number, from 0."""
        return self.at(index / self.fps)

    def at(self, second: float) -> Pixels:
        """The frame at a second of the clip."""
        return self.canvas.draw(self.clock.moment(second))

    def frames(self) -> Iterator[Pixels]:
        """All frames in order."""
        return map(self.frame, range(len(self)))
