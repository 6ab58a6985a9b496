"""A recording and a clock as a sequence of frames."""

import warnings
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from animopt.core.arrays import Pixels
from animopt.core.errors import UsageError
from animopt.core.validation import check_choice
from animopt.drawing.canvas import Canvas, Stage
from animopt.drawing.colors import ordered_theme
from animopt.drawing.fonts import font_remedy, missing_letters, replace_missing
from animopt.drawing.layout import LAYOUTS, PANELS, Box, arrange_panels, choose_layout, panel_names, pixel_unit
from animopt.drawing.panel import Panel
from animopt.drawing.rc_context import drawing_settings
from animopt.drawing.text import formula_mathtext, text_arguments
from animopt.drawing.theme import THEMES
from animopt.panels.card import Card
from animopt.panels.contour import Contour
from animopt.panels.fit import Fit
from animopt.panels.formula import Formula
from animopt.panels.header import Header
from animopt.panels.loss import Loss
from animopt.panels.map import Map
from animopt.panels.multiples import Multiples
from animopt.panels.standings import Standings
from animopt.panels.state import State
from animopt.panels.tally import Tally
from animopt.panels.wireframe import Wireframe
from animopt.recording.recording import Recording
from animopt.recording.timeline import Moment, Timeline
from animopt.video.frame_stream import stream_frames

RACE_PANELS = ("wireframe", "contour", "loss", "standings", "multiples")
"""The panels of a race, where a scene names none."""

MAP_PANELS = ("wireframe", "map", "tally")
"""The panels of a map, where a scene names none."""

NEEDS = {
    "fit": ("sample", "the function has no data and model of them; use animopt.regression"),
    "map": ("map", "the scene has none; give it one, as map=StartsMap()"),
    "tally": ("map", "the scene has no map; give it one, as map=StartsMap()"),
}
"""What of a recording some panels cannot do without, and what to do where it is not there."""

_DRAWING = Lock()
"""Threads draw one frame at a time: matplotlib's settings are the whole process's."""


@dataclass(frozen=True)
class Staging:
    """How a film looks, and what is written in it.

    The names of a theme, a layout ("auto" takes the one that suits the shape) and the panels; a caption, the text of a
    question, the number of the racer whose formula and state are shown, whether the racers have an order, which their
    colours tell, whether the header has the title, and whether the picture goes without its ground.
    Raises UsageError for unknown names.
    """

    theme: str = "light"
    layout: str = "auto"
    panels: tuple[str, ...] = RACE_PANELS
    caption: str = ""
    question: str = ""
    focus: int = 0
    ordered: bool = False
    titled: bool = True
    transparent: bool = False

    def __post_init__(self) -> None:
        check_choice("theme", self.theme, THEMES)
        check_choice("layout", self.layout, ("auto", *LAYOUTS))
        for panel in self.panels:
            check_choice("panel", panel, PANELS)
        if not self.panels:
            raise UsageError(f"panels (): name at least one of {', '.join(PANELS)}")
        there = panel_names(self.layout) if self.layout in LAYOUTS else PANELS
        if not set(there) & set(self.panels):
            raise UsageError(f"panels {list(self.panels)}: the layout {self.layout!r} has none; use {', '.join(there)}")

    def cast(self, boxes: Mapping[str, Box], moments: Sequence[Moment], races: Sequence[Recording]) -> dict[str, Panel]:
        """Every panel by its name, for a picture with these boxes, at these moments, in a film of these races."""
        return {
            "header": Header(self.caption, "formula" not in boxes, self.titled),
            "wireframe": Wireframe(moments),
            "contour": Contour(moments),
            "loss": Loss(races),
            "standings": Standings(),
            "formula": Formula(self.focus),
            "state": State(self.focus),
            "fit": Fit(),
            "multiples": Multiples(),
            "map": Map(),
            "tally": Tally(),
            "card": Card(self.caption, self.question),
        }


class Film:
    """A race, or several after each other, as frames (height, width, channels) of uint8, each a function of its moment.

    There are 3 channels, or 4 with the opacity of a transparent one. `size` is (width, height) in pixels, `fps` frames
    a second. Several races are shown in the order in which the clock has them. A film pickles: to its arguments, of
    which another process makes the same frames.
    """

    def __init__(
        self,
        recording: Recording | Sequence[Recording],
        timeline: Timeline,
        size: tuple[int, int],
        fps: float,
        staging: Staging = Staging(),
    ) -> None:
        self.timeline = timeline
        self.size = size
        self.fps = fps
        self._races, self._staging = _legible(recording, staging)
        _check(self._races, self._staging)
        self._canvases: dict[int, Canvas] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return Film, (self._races, self.timeline, self.size, self.fps, self._staging)

    @property
    def channels(self) -> int:
        """How many numbers a pixel has."""
        return 4 if self._staging.transparent else 3

    def __len__(self) -> int:
        return max(1, round(self.timeline.seconds * self.fps))

    def frame(self, index: int) -> Pixels:
        """The frame with a number, from 0."""
        return self.at(index / self.fps)

    def at(self, second: float) -> Pixels:
        """The frame at a second of the clip."""
        moment = self.timeline.moment(second)
        with _DRAWING:
            return self._canvas(moment.race).draw(moment)

    def frames(self, executor: Executor | None = None) -> Generator[Pixels, None, None]:
        """All frames in order, drawn in this process or by an executor, bit for bit alike.

        Of an executor's frames a few for each worker are drawn ahead. Raises what drawing one raises, Error where a
        worker dies.
        """
        return self.sample(range(len(self)), executor)

    def sample(self, indices: Sequence[int], executor: Executor | None = None) -> Generator[Pixels, None, None]:
        """The frames with these numbers, in their order, drawn as `frames` does."""
        yield from stream_frames(self, indices, executor) if executor else map(self.frame, indices)

    @property
    def canvas(self) -> Canvas:
        """The picture of the first race."""
        return self._canvas(0)

    def _canvas(self, race: int) -> Canvas:
        if race not in self._canvases:
            # Each holds a picture's pixels; the first one and the last one asked for are kept.
            self._canvases = {kept: canvas for kept, canvas in self._canvases.items() if kept == 0}
            stage = _stage(self._races, race, self.timeline, self.size, self._staging)
            self._canvases[race] = Canvas([stage], self.size, transparent=self._staging.transparent)
        return self._canvases[race]


def draw_page(
    recording: Recording | Sequence[Recording],
    timeline: Timeline,
    seconds: Sequence[float],
    size: tuple[int, int],
    staging: Staging,
    suffix: str,
    recipe: str = "",
) -> Pixels | bytes:
    """Several seconds of a clip side by side, in two columns where there is more than one, each of `size` pixels.

    Pixels (height, width, channels) for the suffix .png, the bytes of a file with vectors, and the recipe, for .svg and
    .pdf.
    """
    races, staging = _legible(recording, staging)
    _check(races, staging)
    columns = min(2, len(seconds))
    rows = -(-len(seconds) // columns)
    moments = [timeline.moment(second) for second in seconds]
    stages = []
    for index, moment in enumerate(moments):
        stage = _stage(races, moment.race, timeline, size, staging)
        right, down = index % columns * size[0], index // columns * size[1]
        boxes = {name: replace(box, left=box.left + right, top=box.top + down) for name, box in stage.boxes.items()}
        stages.append(replace(stage, boxes=boxes))
    canvas = Canvas(stages, (columns * size[0], rows * size[1]), transparent=staging.transparent)
    return canvas.draw(*moments) if suffix == ".png" else canvas.vectors(suffix, *moments, recipe=recipe)


def _legible(recording: Recording | Sequence[Recording], staging: Staging) -> tuple[list[Recording], Staging]:
    """The races with a box for each letter that no font has, and a warning that tells what to install."""
    races = [recording] if isinstance(recording, Recording) else list(recording)
    said = [staging.caption, staging.question]
    said += [words for race in races for words in (race.title, race.caption, *race.names, *race.settings)]
    if lacking := missing_letters("".join(dict.fromkeys(said))):
        warnings.warn(font_remedy(lacking), stacklevel=3)
    shown = {words: replace_missing(words, lacking) for words in said}
    if all(words == seen for words, seen in shown.items()):
        return races, staging
    return (
        [
            replace(
                race,
                title=shown[race.title],
                caption=shown[race.caption],
                names=tuple(shown[name] for name in race.names),
                settings=tuple(shown[words] for words in race.settings),
            )
            for race in races
        ],
        replace(staging, caption=shown[staging.caption], question=shown[staging.question]),
    )


def check_panels(panels: Sequence[str], has: Mapping[str, bool]) -> None:
    """Raise UsageError for panels of what there is not; `has` tells whether each field of a recording is there."""
    for panel, (field, reason) in NEEDS.items():
        if panel in panels and not has[field]:
            raise UsageError(f"panel {panel!r}: {reason}, or leave out {panel!r}")


def check_mathtexts(texts: Sequence[str], formulas: Sequence[str]) -> None:
    """Raise UsageError for texts, and formulas of functions, whose maths matplotlib cannot typeset."""
    with drawing_settings():
        for words in texts:
            text_arguments(replace_missing(words, ""))
        for formula in filter(None, formulas):
            formula_mathtext(formula)


def _check(races: Sequence[Recording], staging: Staging) -> None:
    fields = {field for field, _ in NEEDS.values()}
    check_panels(staging.panels, {field: all(getattr(race, field) is not None for race in races) for field in fields})


def _stage(races: Sequence[Recording], race: int, timeline: Timeline, size: tuple[int, int], staging: Staging) -> Stage:
    """One of the races, as it is shown in a picture."""
    recording = races[race]
    layout = choose_layout(staging.layout, size, staging.panels)
    theme = THEMES[staging.theme].scaled(pixel_unit(*size), size[1])
    if staging.ordered:
        theme = ordered_theme(theme, len(recording.names))
    aspect, racers = recording.surface.aspect, len(recording.names)
    boxes = arrange_panels(size, theme, layout, staging.panels, aspect, racers, staging.titled)
    moments = [moment for moment in timeline.samples if moment.race == race]
    return Stage(recording, staging.cast(boxes, moments, races), boxes | {"card": Box(0, 0, *size)}, theme)
