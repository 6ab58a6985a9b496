"""Races of several racers from a grid of starts, from which the viewer of a page can choose."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.core.errors import Error, UsageError
from animopt.core.language import ENGLISH, language
from animopt.engine.function import Function
from animopt.engine.maps import PROBE_OFFSET, PROBES, AloneTooSlowError, Cell, Races, diagonal, follow_races, run_starts
from animopt.engine.racer import Racer, names_and_settings
from animopt.engine.record import SHUFFLED, batches_of
from animopt.engine.user_code import race_environment, seeded
from animopt.recording.recording import DIVERGED, UNDECIDED
from animopt.recording.starts import FARTHEST, GRID, QUANTA, SMALLEST_GRID, AbsentRacer, LossScale, Note, Starts

MAX_STEPS = 10_000_000
"""Maximum number of steps of all racers from all starts. Six bytes are kept of each."""

ALONE_SECONDS = 10.0
"""Default number of seconds in which racers that cannot be run from all starts together are run one by one."""

GRID_SECONDS = 120.0
"""Default number of seconds above which the races from all starts are left out."""

STEP_SECONDS = 2e-4
"""Seconds for a step of an optimizer, without the function."""

TIMED_STARTS = 256
"""Number of starts from which the time for all starts is estimated."""

TIMED_CALLS, TIMED_SECONDS = 5, 0.2
"""Maximum number of calls of which the fastest counts for the estimate, and seconds after which there is no other one.
On a busy machine, a single call can take much longer."""

ELSEWHERE_PART = 0.05
"""Minimum distance, in diagonals of the domain, of two ends that are not at minima and are different places."""

ELSEWHERE_RATIO = 2.0
"""Minimum distance of such ends, as a multiple of the distance of their starts."""


@dataclass(frozen=True)
class _Frame:
    """The common measures of all races.

    Losses are measured from `lowest`, and are at least `floor`. `origin` and `quantum` (2,) are those of positions.
    """

    function: Function
    lowest: float
    floor: float
    origin: Array
    quantum: Array
    scale: LossScale


class _Races(NamedTuple):
    """The races of one racer, in the order of their starts.

    `positions` (2, steps + 1, races) and `losses` (steps + 1, races) are integers, `known` (races,) the number of known
    points, and `ends` (2, races) the last ones of them. `differ` (races,) says whether rounding moves a race.
    """

    positions: NDArray[np.int16]
    losses: NDArray[np.int16]
    known: NDArray[np.int64]
    ends: Array
    differ: NDArray[np.bool_]


@race_environment()
def run_dropped_starts(
    function: Function,
    racers: Sequence[Racer],
    rectangle: tuple[tuple[float, float], tuple[float, float]],
    steps: int,
    scale: LossScale,
    *,
    columns: int = GRID,
    rows: int = GRID,
    code: str = ENGLISH,
    noise: float = 0.0,
    batch: int | None = None,
    batch_order: str = SHUFFLED,
    seed: int = 0,
    alone_seconds: float = ALONE_SECONDS,
    grid_seconds: float = GRID_SECONDS,
) -> Starts:
    """Run each racer from the middle of each cell of a grid over a rectangle, given by its ends along x and along y.

    Other arguments are those of `animopt.engine.record.record`, and each race is the one that it records from that
    start, which replaces the racer's own. The losses are gaps to the lowest known minimum if the scale is logarithmic.
    If the function has a box, the grid is over the part of the rectangle in the box.

    A racer whose races differ if they are run together is run from one start at a time. It is absent if that is
    estimated to take more than `alone_seconds`. All racers are absent if they are estimated to take more than
    `grid_seconds` altogether. Warnings name the absent racers and the remedy. A grid with more than `MAX_STEPS` steps
    is reduced to half of its columns and rows, until it fits.

    A start is sensitive if the race from one of its eight neighbours ends elsewhere: only one of the two diverges or
    leaves, or they arrive at different minima. If one of the two arrives at no known minimum, their ends are more than
    `ELSEWHERE_PART` of the domain's diagonal apart, and more than `ELSEWHERE_RATIO` times as far apart as their starts.
    A start is also sensitive if rounding alone moves its race by more than a quantum. Each other race is the one that
    runs alone, to the accuracy of `Starts`.

    Raises:
        UsageError: The smallest grid has too many steps.
    """
    words = language(code)
    counts = [racer.steps or steps for racer in racers]
    longest = max(counts, default=0)
    notes: list[Note] = []
    asked = f"{columns} × {rows}"
    columns, rows = _reduced(columns, rows, sum(counts))
    grid = f"{columns} × {rows}"
    if grid != asked:
        sentence = words.gettext(
            "Starts snap to a grid of {grid}, because all races from {asked} starts have too many steps.",
            grid=grid,
            asked=asked,
        )
        notes.append(Note(sentence, "fewer steps allow more, with Scene(steps=...)"))
    x, y = (
        low + (np.arange(count) + 0.5) * ((high - low) / count)
        for (low, high), count in zip(_in_box(function, rectangle), (columns, rows), strict=True)
    )
    ends = np.array(rectangle, dtype=np.float64)
    lowest, floor = (_lowest_minimum(function), 0.0) if scale.logarithmic else (0.0, -inf)
    frame = _Frame(function, lowest, floor, ends.mean(axis=1), np.ptp(ends, axis=1) / QUANTA, scale)
    batches = None if batch is None else batches_of(function, batch, longest, batch_order, seed)
    starts = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    is_slow = _expected_seconds(function, starts, sum(counts)) > grid_seconds
    found: dict[int, _Races] = {}
    reasons: dict[int, Note] = {}
    smaller = f"a smaller grid takes less, as --grid {SMALLEST_GRID} or Output(grid={SMALLEST_GRID})"
    remedy = smaller if max(columns, rows) > SMALLEST_GRID else ""
    for index, (racer, count) in enumerate(zip(racers, counts, strict=True)):
        if is_slow:
            reason = words.gettext(
                "the races of all racers from {grid} starts take more than {count} seconds",
                grid=grid,
                count=round(grid_seconds),
            )
            reasons[index] = Note(reason, remedy)
            continue
        cells = [Cell(racer, start, noise, seed, batches) for start in starts]
        try:
            found[index] = _races(frame, cells, count, longest, alone_seconds)
        except AloneTooSlowError:
            reason = words.gettext(
                "it runs from one start at a time, and {grid} starts take more than {count} seconds",
                grid=grid,
                count=round(alone_seconds),
            )
            reasons[index] = Note(reason, remedy)
        except Error as error:
            reasons[index] = Note(str(error))
    names, _ = names_and_settings(racers, code)
    absent = []
    for index, note in reasons.items():
        sentence = words.gettext(
            "{name} cannot be run from dropped starts: {reason}.", name=names[index], reason=note.sentence.rstrip(".")
        )
        absent.append(AbsentRacer(index, replace(note, sentence=sentence)))
    grids = len(found), rows, columns
    return Starts(
        x=x,
        y=y,
        racers=tuple(found),
        absent=tuple(absent),
        notes=tuple(notes),
        origin=frame.origin,
        quantum=frame.quantum,
        positions=_joined([each.positions for each in found.values()], (2, longest + 1), grids, np.int16),
        scale=scale,
        losses=_joined([each.losses for each in found.values()], (longest + 1,), grids, np.int16),
        known=_joined([each.known for each in found.values()], (), grids, np.int64),
        sensitive=_joined(
            [_sensitive(function, x, y, each, longest) | each.differ for each in found.values()], (), grids, np.bool_
        ),
    )


def _joined(arrays: Sequence[NDArray[Any]], shape: tuple[int, ...], grids: tuple[int, int, int], kind: Any) -> Any:
    """Return arrays (*shape, starts), one of each racer, as one array (racers, *shape, rows, columns)."""
    return np.array(arrays, dtype=kind).reshape(grids[0], *shape, *grids[1:])


def _races(frame: _Frame, cells: Sequence[Cell], steps: int, longest: int, alone_seconds: float) -> _Races:
    """Run one racer from all starts, with positions up to the step `longest`."""
    together, follow = _TwoBatches(frame), partial(_quantised, frame=frame, longest=longest)
    parts = follow_races(
        "grid of starts", frame.function, cells, steps, len(cells), together.run, follow, alone_seconds
    )
    positions, losses, known, ends = (np.concatenate(each, axis=-1) for each in zip(*parts, strict=True))
    return _Races(positions, losses, known, ends, np.broadcast_to(together.differ, len(cells)))


def _reduced(columns: int, rows: int, steps: int) -> tuple[int, int]:
    """Return the numbers of columns and rows with which races with `steps` steps altogether fit into the limit."""
    asked = columns, rows
    while columns * rows * steps > MAX_STEPS:
        if min(columns, rows) < 2 * SMALLEST_GRID:
            raise UsageError(
                f"grid {asked[0]} × {asked[1]}: {steps} steps of all racers from {columns} × {rows} starts are more "
                f"than {MAX_STEPS}; give fewer steps or racers"
            )
        columns, rows = columns // 2, rows // 2
    return columns, rows


def _in_box(function: Function, rectangle: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """Return the ends, along x and along y, of the part of a rectangle in the function's box, or of the box."""
    box = function.box or rectangle
    inside = [(max(low, start), min(high, end)) for (low, high), (start, end) in zip(rectangle, box, strict=True)]
    return inside if all(low < high for low, high in inside) else [(low, high) for low, high in box]


def _lowest_minimum(function: Function) -> float:
    """Return the loss of the lowest known minimum at which the function has a value."""
    heights = function.values(np.array(function.minima, dtype=np.float64).reshape(-1, 2))
    return float(heights[np.isfinite(heights)].min())


def _expected_seconds(function: Function, starts: Array, steps: int) -> float:
    """Return the estimated time of the races with `steps` steps altogether from each start, run together.

    If the function cannot be computed at several points together, it is the time of the probes.
    """

    def seconds(compute: Callable[[torch.Tensor], torch.Tensor], count: int) -> float:
        fastest = inf
        began = time.perf_counter()
        for _ in range(TIMED_CALLS):
            parameter = torch.tensor(starts[:count].T, requires_grad=True)
            called = time.perf_counter()
            # A failure is reported by the races.
            with suppress(Exception):
                compute(parameter).sum().backward()
            now = time.perf_counter()
            fastest = min(fastest, now - called)
            if now - began > TIMED_SECONDS:
                break
        return fastest

    expected = PROBES * steps * (STEP_SECONDS + seconds(lambda points: function(points[:, 0]), 1))
    together = torch.vmap(function, in_dims=1)
    one, several = (seconds(together, count) for count in (1, TIMED_STARTS))
    each = max(0.0, several - one) / TIMED_STARTS
    return expected + steps * (STEP_SECONDS + one + each * 2 * len(starts))


class _TwoBatches:
    """Runs one racer from all starts, and from starts that are shifted as little as rounding could shift them.

    `differ` (races,) says of each race whether that moves one of its positions by more than a quantum.
    """

    def __init__(self, frame: _Frame) -> None:
        self._frame = frame
        self.differ: NDArray[np.bool_] = np.array(False)

    def run(self, function: Function, cells: Sequence[Cell], steps: int) -> Races:
        """Yield the points (2, races) of the races from the starts."""
        offset = PROBE_OFFSET * diagonal(function)
        shifted = [cell._replace(start=cell.start + offset) for cell in cells]
        origin, quantum = self._frame.origin[:, None], self._frame.quantum[:, None]
        # A race that is run alone has random numbers that follow from the seed.
        with seeded(cells[0].seed):
            for points in run_starts(function, [*cells, *shifted], steps):
                here, there = np.split(points, 2, axis=1)
                with np.errstate(over="ignore", invalid="ignore"):
                    known = np.abs(here - origin) <= FARTHEST * quantum
                    self.differ = self.differ | (known & ~(np.abs(here - there) <= quantum)).any(axis=0)
                yield here


def _quantised(
    races: Races, *, frame: _Frame, longest: int
) -> tuple[NDArray[np.int16], NDArray[np.int16], NDArray[np.int64], Array]:
    """Return the first four fields of races, with positions up to the step `longest`."""
    positions: list[NDArray[np.int16]] = []
    losses: list[NDArray[np.int16]] = []
    ends, known, alive = np.array(np.nan), np.array(0), np.array(True)
    origin, quantum = frame.origin[:, None], frame.quantum[:, None]
    for points in races:
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.maximum(frame.function.values(points.T) - frame.lowest, frame.floor)
            places = np.rint((points - origin) / quantum)
            alive = alive & (np.abs(places) <= FARTHEST).all(axis=0) & np.isfinite(values)
        last = (positions[-1], losses[-1]) if positions else (0, 0)
        positions.append(np.where(alive, places, last[0]).astype(np.int16))
        losses.append(np.where(alive, frame.scale.quantised(np.where(alive, values, 1.0)), last[1]).astype(np.int16))
        ends, known = np.where(alive, points, ends), known + alive
    for each in (positions, losses):
        each += each[-1:] * (longest + 1 - len(each))
    return np.stack(positions, axis=1), np.array(losses), np.where(alive, longest + 1, known), ends


def _sensitive(function: Function, x: Array, y: Array, races: _Races, longest: int) -> NDArray[np.bool_]:
    """Return whether the race from a neighbour of each start ends elsewhere, (races,).

    The starts are columns at `x` and rows at `y`.
    """
    shape = rows, columns = len(y), len(x)
    ends, lost = races.ends.reshape(2, *shape), races.known.reshape(shape) <= longest
    minimum = np.full(lost.shape, UNDECIDED)
    nearest = np.full(lost.shape, function.radius)
    for number, (across, up) in enumerate(function.minima):
        distance = np.hypot(ends[0] - across, ends[1] - up)
        minimum[distance <= nearest] = number
        nearest = np.minimum(nearest, distance)
    minimum[lost] = DIVERGED
    sensitive = np.zeros(lost.shape, np.bool_)
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        here = slice(0, rows - down), slice(max(0, -right), columns - max(0, right))
        there = slice(down, rows), slice(max(0, right), columns - max(0, -right))
        spacing = np.hypot(right * np.ptp(x) / max(1, columns - 1), down * np.ptp(y) / max(1, rows - 1))
        apart = np.hypot(*(ends[:, *here] - ends[:, *there])) > max(
            ELSEWHERE_PART * diagonal(function), ELSEWHERE_RATIO * spacing
        )
        one, other = minimum[here], minimum[there]
        is_open = ((one == UNDECIDED) | (other == UNDECIDED)) & (one != DIVERGED) & (other != DIVERGED)
        elsewhere = np.where(is_open, apart, one != other)
        sensitive[here] |= elsewhere
        sensitive[there] |= elsewhere
    return sensitive.ravel()
