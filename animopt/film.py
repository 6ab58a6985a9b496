"""A recording and a clock as a sequence of frames."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from animopt.canvas import Canvas, Pixels
from animopt.clock import Clock
from animopt.errors import UsageError
from animopt.layout import LAYOUTS, PANELS, Box, arrange, best, names, unit
from animopt.look import THEMES, Look
from animopt.panels import Panel
from animopt.panels.card import Card
from animopt.panels.contour import Contour
from animopt.panels.formula import Formula
from animopt.panels.header import Header
from animopt.panels.loss import Loss
from animopt.panels.standings import Standings
from animopt.panels.state import State
from animopt.panels.wireframe import Wireframe
from animopt.recording import Recording
from animopt.typeface import legible, missing, remedy

RACE = ("wireframe", "contour", "loss", "standings")
"""The panels of a race, where a scene names none."""


@dataclass(frozen=True)
class Staging:
    """How a film looks, and what is written in it.

    The names of a theme, a layout ("auto" takes the one that suits the shape) and the panels; a caption, the text of
    a question, and the number of the racer whose formula and state are shown. Raises UsageError for unknown names.
    """

    theme: str = "light"
    layout: str = "auto"
    panels: tuple[str, ...] = RACE
    caption: str = ""
    question: str = ""
    focus: int = 0

    def __post_init__(self) -> None:
        for field, value, known in (
            ("theme", self.theme, THEMES),
            ("layout", self.layout, ("auto", *LAYOUTS)),
            *(("panel", panel, PANELS) for panel in self.panels),
        ):
            if value not in known:
                raise UsageError(f"{field} {value!r}: there is none of that name; use {', '.join(known)}")
        if not self.panels:
            raise UsageError(f"panels (): name at least one of {', '.join(PANELS)}")
        shown = names(self.layout) if self.layout in LAYOUTS else PANELS
        if not set(shown) & set(self.panels):
            raise UsageError(f"panels {list(self.panels)}: the layout {self.layout!r} has none; use {', '.join(shown)}")

    def cast(self, boxes: Mapping[str, Box], clock: Clock) -> dict[str, Panel]:
        """Every panel by its name, for a clip whose picture has these boxes."""
        return {
            "header": Header(self.caption, formula="formula" not in boxes),
            "wireframe": Wireframe(clock.track),
            "contour": Contour(clock.track),
            "loss": Loss(),
            "standings": Standings(),
            "formula": Formula(self.focus),
            "state": State(self.focus),
            "card": Card(self.caption, self.question),
        }


class Film:
    """A race as frames (height, width, 3) of uint8, each a function of its moment alone.

    `size` is (width, height) in pixels, `fps` frames a second.
    """

    def __init__(
        self, recording: Recording, clock: Clock, size: tuple[int, int], fps: float, staging: Staging = Staging()
    ) -> None:
        self.clock = clock
        self.size = size
        self.fps = fps
        recording, staging = _legible(recording, staging)
        look, boxes = _stage(recording, size, staging)
        self.canvas = Canvas(staging.cast(boxes, clock), [boxes], recording, size, look)

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


def page(
    recording: Recording, clock: Clock, seconds: Sequence[float], size: tuple[int, int], staging: Staging, suffix: str
) -> Pixels | bytes:
    """Several seconds of a clip side by side, in two columns where there is more than one, each of `size` pixels.

    Pixels (height, width, 3) for the suffix .png, the bytes of a file with vectors for .svg and .pdf.
    """
    recording, staging = _legible(recording, staging)
    look, boxes = _stage(recording, size, staging)
    columns = min(2, len(seconds))
    rows = -(-len(seconds) // columns)
    copies = [
        {
            name: replace(box, left=box.left + index % columns * size[0], top=box.top + index // columns * size[1])
            for name, box in boxes.items()
        }
        for index in range(len(seconds))
    ]
    canvas = Canvas(staging.cast(boxes, clock), copies, recording, (columns * size[0], rows * size[1]), look)
    moments = [clock.moment(second) for second in seconds]
    return canvas.draw(*moments) if suffix == ".png" else canvas.vectors(suffix, *moments)


def _legible(recording: Recording, staging: Staging) -> tuple[Recording, Staging]:
    """The same with a box for each letter that no font has, and a warning that tells what to install."""
    words = [recording.title, *recording.names, staging.caption, staging.question]
    if not (lacking := missing("".join(words))):
        return recording, staging
    warnings.warn(remedy(lacking), stacklevel=3)
    title, *names, caption, question = (legible(text, lacking) for text in words)
    return (
        replace(recording, title=title, names=tuple(names)),
        replace(staging, caption=caption, question=question),
    )


def _stage(recording: Recording, size: tuple[int, int], staging: Staging) -> tuple[Look, dict[str, Box]]:
    layout = best(*size) if staging.layout == "auto" else staging.layout
    look = THEMES[staging.theme].scaled(unit(*size), size[1])
    boxes = arrange(size, look, layout, staging.panels, recording.surface.aspect, len(recording.names))
    return look, boxes | {"card": Box(0, 0, *size)}
