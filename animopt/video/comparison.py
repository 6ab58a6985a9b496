"""Two or four races in one picture, as a sequence of frames."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import attrs
import numpy as np

from animopt.core.arrays import Pixels
from animopt.core.errors import UsageError
from animopt.drawing.artists import use_pixel_units
from animopt.drawing.canvas import DRAWING_LOCK, Artists, Axes, Canvas, Moment, Move, Panel, Stage
from animopt.drawing.layout import Box, pixel_unit
from animopt.drawing.theme import THEMES, Theme
from animopt.drawing.viewpoint import choose_sweep
from animopt.panels.card import Card
from animopt.recording.recording import Recording, Surface
from animopt.recording.timeline import Timeline
from animopt.video.film import Staging, make_stage, prepare
from animopt.video.frame_sequence import FrameSequence

PART_COUNTS = (2, 4)
"""Numbers of races that a comparison can show."""

RULE_INSET = 22.0
"""Distance of a line between two parts from the edges of the picture, in pixels of a 1280 × 720 picture."""


class Comparison(FrameSequence):
    """Two races beside or below each other, or four in two rows, at the same step. Each has its own titles and panels.

    A race with fewer steps waits at its end. The cameras turn together. Races on one surface share the camera, the
    part of the domain that is shown, and the axis of losses. Racers with the same optimizer share color and marker.

    Args:
        races: The recordings of two or four races.
        timeline: Assigns a moment to each second. It has the steps of the longest race.
        size: Width and height in pixels.
        fps: Frames per second.
        stagings: How each race looks, all in one theme. The question of the first one is shown for all.
    """

    def __init__(
        self,
        races: Sequence[Recording],
        timeline: Timeline,
        size: tuple[int, int],
        fps: float,
        stagings: Sequence[Staging],
    ) -> None:
        super().__init__(timeline, size, fps)
        self.races, self._stagings = _prepare_parts(races, stagings, timeline)
        self._canvas: Canvas | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Comparison, (self.races, self.timeline, self.size, self.fps, self._stagings)

    @property
    def channels(self) -> int:
        """Number of values of a pixel: 3, or 4 with the opacity of a transparent comparison."""
        return 4 if self._stagings[0].transparent else 3

    @property
    def canvas(self) -> Canvas:
        """The canvas with all parts."""
        if self._canvas is None:
            stages = [*(self._part(index) for index in range(len(self.races))), self._frame()]
            self._canvas = Canvas(stages, self.size, transparent=self.channels == 4)
        return self._canvas

    def at(self, second: float, out: Pixels | None = None) -> Pixels:
        """Return the frame at a second of the clip, in the array `out` or a new one."""
        with DRAWING_LOCK:
            return self.canvas.draw(*self._moments(second), out=out)

    def still(self, second: float, suffix: str, recipe: str = "") -> Pixels | bytes:
        """Return the frame at a second as pixels for the suffix .png, or as the bytes of an .svg or .pdf file."""
        if suffix == ".png":
            return self.at(second)
        with DRAWING_LOCK:
            return self.canvas.vectors(suffix, *self._moments(second), recipe=recipe)

    def _moments(self, second: float) -> list[Moment]:
        """Return the moment of each part, and of what is drawn over them."""
        moment = self.timeline.moment(second)
        return [*(_waiting(moment, race) for race in self.races), replace(moment, card_opacity=0.0)]

    def _part(self, index: int) -> Stage:
        race, box = self.races[index], part_boxes(self.size, len(self.races))[index]
        return make_stage(
            _on_one_surface(self.races, race),
            0,
            [_waiting(moment, race) for moment in self.timeline.samples],
            (round(box.width), round(box.height)),
            self._stagings[index],
            corner=(round(box.left), round(box.top)),
            whole=self.size,
        )

    def _frame(self) -> Stage:
        """Return what is drawn over the parts: the lines between them, and the question."""
        whole = Box(0, 0, *self.size)
        theme = THEMES[self._stagings[0].theme].scaled(pixel_unit(*self.size), self.size)
        panels: dict[str, Panel] = {
            "rules": _Rules(len(self.races)),
            "card": Card(question=self._stagings[0].question),
        }
        return Stage(self.races[0], panels, dict.fromkeys(panels, whole), theme)


def check_count(scenes: int) -> None:
    """Raise UsageError for a number of scenes that a comparison cannot show."""
    if scenes not in PART_COUNTS:
        counts = " or ".join(map(str, PART_COUNTS))
        raise UsageError(f"scenes {scenes}: a comparison shows {counts} scenes; give {counts}")


def part_boxes(size: tuple[int, int], count: int) -> list[Box]:
    """Return the rectangles of two or four parts in a picture, in rows from its upper left."""
    width, height = size
    columns = 1 if count == 2 and height >= width else 2
    rows = count // columns
    lefts = [round(width * column / columns) for column in range(columns + 1)]
    tops = [round(height * row / rows) for row in range(rows + 1)]
    return [
        Box(left, top, right - left, bottom - top) for top, bottom in pairwise(tops) for left, right in pairwise(lefts)
    ]


def _prepare_parts(
    races: Sequence[Recording], stagings: Sequence[Staging], timeline: Timeline
) -> tuple[list[Recording], list[Staging]]:
    """Return the races and the stagings with what the parts share: the sweeps of the cameras and the colors."""
    colors = [staging.colors for staging in stagings]
    if not any(colors):
        # The colors of racers that have an order, and of the minima of a map, have a meaning of their own.
        colors = shared_colors(
            [
                [] if staging.ordered or race.map is not None else list(zip(race.optimizers, race.names, strict=True))
                for race, staging in zip(races, stagings, strict=True)
            ]
        )
    turn = next((staging.turn for staging in stagings if staging.turn is not None), None)
    prepared = []
    for race, staging, indices in zip(races, stagings, colors, strict=True):
        if "wireframe" in staging.panels:
            turns = (timeline.turn, -timeline.turn) if turn is None else (turn,)
            together = _merged(_on_one_surface(races, race))
            sweep = choose_sweep([together], timeline.samples, turns, staging.azimuth, staging.elevation)
            turn = sweep.turn
            staging = attrs.evolve(staging, azimuth=sweep.azimuth, elevation=sweep.elevation)
        (own,), staging = prepare(race, attrs.evolve(staging, turn=turn, colors=indices), timeline)
        prepared.append((own, staging))
    return [race for race, _ in prepared], [staging for _, staging in prepared]


def shared_colors(parts: Sequence[Sequence[tuple[str, str]]]) -> list[tuple[int, ...]]:
    """Return the index of the color and the marker of each racer in each part.

    A racer is the name of its optimizer's class and its own name. One with the class and the name of a racer of an
    earlier part has the index of that racer, or else one of the same class if both are named after their class.
    """
    known: list[tuple[str, str]] = []
    colors = []
    for part in parts:
        indices: dict[int, int] = {}
        for same in (_are_equal, _share_class):
            for racer, identity in enumerate(part):
                if racer not in indices:
                    free = (index for index in range(len(known)) if index not in indices.values())
                    found = next((index for index in free if same(known[index], identity)), None)
                    if found is not None:
                        indices[racer] = found
        for racer in [racer for racer in range(len(part)) if racer not in indices]:
            indices[racer] = len(known)
            known.append(part[racer])
        colors.append(tuple(indices[racer] for racer in range(len(part))))
    return colors


def _are_equal(one: tuple[str, str], other: tuple[str, str]) -> bool:
    return one == other


def _share_class(one: tuple[str, str], other: tuple[str, str]) -> bool:
    return one[0] == other[0] and all(name.startswith(optimizer) for optimizer, name in (one, other))


def _on_one_surface(races: Sequence[Recording], race: Recording) -> list[Recording]:
    """Return the races on the surface of a race, this one first."""
    others = [each for each in races if each is not race and _are_same(each.surface, race.surface)]
    return [race, *others]


def _are_same(one: Surface, other: Surface) -> bool:
    pairs = ((one.x, other.x), (one.y, other.y), (one.z, other.z))
    return all(np.array_equal(*pair, equal_nan=True) for pair in pairs)


def _merged(races: Sequence[Recording]) -> Recording:
    """Return one race on a surface with the racers of several ones. It has only what a camera sees."""
    return replace(
        races[0],
        names=tuple(name for race in races for name in race.names),
        paths=tuple(path for race in races for path in race.paths),
    )


def _waiting(moment: Moment, race: Recording) -> Moment:
    """Return the moment for a part, without the question, which is shown for all parts."""
    return replace(moment, step=min(moment.step, race.last_step), question_opacity=0.0)


@dataclass(frozen=True)
class _Rules:
    """The lines between the parts."""

    parts: int

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the lines, which do not move."""
        width, height = use_pixel_units(axes)
        inset = theme.px(RULE_INSET)
        *_, last = part_boxes((round(width), round(height)), self.parts)
        style: dict[str, Any] = {"color": theme.rule, "linewidth": max(1.0, theme.px(1.5))}
        if last.left:
            axes.plot([last.left] * 2, [inset, height - inset], **style)
        if last.top:
            axes.plot([inset, width - inset], [last.top] * 2, **style)

        def move(moment: Moment) -> Artists:
            return ()

        return move
