"""Maps: races of one racer from a grid of starts, or with a grid of two settings.

The races of a map run in batches, if each of them has the same result as when it is run alone.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import product
from math import inf, prod
from typing import Any, NamedTuple

import attrs
import numpy as np
import torch
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.core.errors import MAX_COUNT, UsageError, check_integer, check_list, short_repr
from animopt.core.progress import tracked
from animopt.engine.function import Function
from animopt.engine.racer import Racer
from animopt.engine.racer_lists import MAX_VALUES
from animopt.engine.record import run
from animopt.engine.training_loop import Closure
from animopt.engine.user_code import race_environment, scheduler_step
from animopt.recording.recording import DIVERGED, UNDECIDED, Basins, Losses

BATCH_STARTS = 32_768
"""Number of starts in one batch. A larger one does not fit in the caches of a processor."""

DIVERGED_DISTANCE = 1000.0
"""Distance from the middle of the domain, in diagonals of the domain, beyond which a race has diverged."""

PROBES = 8
"""Number of races of a map that are also run alone, to check the batch."""

PROBE_OFFSET = 1e-12
"""Offset, in diagonals of the domain, of the second race of a probe, which shows how much rounding may change."""

ROUNDING = 1e-9
"""Distance, in diagonals of the domain, by which rounding may always move a race."""

RACES_ALONE = 64
"""Number of races run alone whose points are kept in memory at a time."""


class Cell(NamedTuple):
    """A race: its racer, its start (2,), and the standard deviation and the seed of the noise in its gradients.

    `batches` (steps, size) are the rows of data that each step uses; None means all rows.
    """

    racer: Racer
    start: Array
    noise: float = 0.0
    seed: int = 0
    batches: NDArray[np.int64] | None = None


Races = Iterator[Array]
"""The points (2, races) of several races, before the first step and after each step."""


class _DifferentError(Exception):
    """Races in a batch differ from the same races run alone."""


class AloneTooSlowError(Exception):
    """Races have to be run alone, which takes longer than allowed."""


@attrs.frozen(init=False, slots=False)
class StartsMap:
    """A map of starts: the minimum that one racer reaches from each cell of a grid over the domain, and when.

    A race has reached a minimum at the first step after which it stays within the function's `radius` of the minimum.

    Args:
        columns: Number of starts along x. Default: 256.
        rows: Number of starts along y. Default: 256.

    Raises:
        UsageError: A count that is not a positive whole number.

    Examples:
        >>> from animopt import StartsMap
        >>> StartsMap(64, 32).cells
        2048
    """

    columns: int
    rows: int

    def __init__(self, columns: int = 256, rows: int = 256) -> None:
        self.__attrs_init__(
            check_integer("map columns", columns, maximum=MAX_COUNT),
            check_integer("map rows", rows, maximum=MAX_COUNT),
        )

    @property
    def cells(self) -> int:
        """Number of races."""
        return self.columns * self.rows

    def check(self, function: Function, racer: Racer) -> None:
        """Raise UsageError if the function has no known minima, or starts outside its box."""
        if not function.minima:
            raise UsageError(f"map: {function.called} has no known minima; give it some, as minima=[(0, 0)]")
        if function.box not in (None, (function.x, function.y)):
            x, y = function.box
            raise UsageError(f"map: {function.called} has starts outside its box; give it the domain x={x}, y={y}")

    @race_environment()
    def record(self, function: Function, racer: Racer, start: tuple[float, float], steps: int) -> Basins:
        """Run the racer from the middle of every cell, for its own number of steps or `steps`; `start` is not used.

        Raises:
            UsageError: The function has no known minima, or starts outside its box.
            Error: The optimizer or the function fails.
        """
        self.check(function, racer)
        steps = racer.steps or steps
        x, y = (
            low + (np.arange(count) + 0.5) * ((high - low) / count)
            for (low, high), count in ((function.x, self.columns), (function.y, self.rows))
        )
        cells = [Cell(racer, each) for each in np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)]
        minima = np.array(function.minima)
        outcomes = partial(_outcomes, function=function, minima=minima, radius=function.radius)
        parts = follow_races("map", function, cells, steps, BATCH_STARTS, run_starts, outcomes)
        minimum, step = (np.concatenate(each).reshape(self.rows, self.columns) for each in zip(*parts, strict=True))
        return Basins(x, y, minimum, step, steps, np.column_stack([minima, function.values(minima)]), function.radius)


def run_starts(function: Function, cells: Sequence[Cell], steps: int) -> Races:
    """Run one racer from all starts, as one parameter of one optimizer, with the noise of each start's seed.

    The batches of all races are those of the first one.
    """
    parameter = torch.tensor(np.stack([cell.start for cell in cells], axis=1), requires_grad=True)
    racer, noise, batches = cells[0].racer, cells[0].noise, cells[0].batches
    optimizer = racer.build(parameter)
    current = function
    set_gradient = racer.loop.gradient_closure(
        optimizer, parameter, lambda points: torch.vmap(current, in_dims=1)(points).sum()
    )
    seeds = [cell.seed for cell in cells] if noise else []
    # Races with one seed share their noise.
    sources = [np.random.default_rng([seed, 0]) for seed in (seeds if len({*seeds}) > 1 else seeds[:1])]

    def closure() -> torch.Tensor:
        loss = set_gradient()
        if sources and parameter.grad is not None:
            drawn = np.stack([source.standard_normal(2) for source in sources], axis=1)
            parameter.grad = parameter.grad + torch.from_numpy(noise * drawn)
        return loss

    for step, points in enumerate(_batch_races(function, racer, optimizer, closure, parameter, steps)):
        if batches is not None and step < steps:
            current = function.on(batches[step])
        yield points


def _outcomes(
    races: Races, *, function: Function, minima: Array, radius: float
) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
    """Return the final outcome of each race, and the first step from which it keeps that outcome, both (races,)."""
    outcome: NDArray[np.int16] = np.array(UNDECIDED, dtype=np.int16)
    since: NDArray[np.int64] = np.array(0)
    lost: NDArray[np.bool_] = np.array(False)
    for step, (x, y) in enumerate(races):
        now = np.full(len(x), UNDECIDED, dtype=np.int16)
        nearest = np.ones(len(x))
        with np.errstate(over="ignore", invalid="ignore"):
            # In units of the radius, whose square could be 0.
            across, up = x / radius, y / radius
            # Of two minima that are equally near, it is the first one, as in the events of a race.
            for number, minimum in reversed([*enumerate(minima / radius)]):
                square = (across - minimum[0]) ** 2
                square += (up - minimum[1]) ** 2
                near = square <= nearest
                np.copyto(now, number, where=near)
                np.copyto(nearest, square, where=near)
            lost = lost | _diverged(function, np.stack([x, y]))
        now[lost] = DIVERGED
        since = np.where(now != outcome, step, since)
        outcome = now
    return outcome, since


@attrs.frozen(init=False, repr=False, eq=False, slots=False)
class SettingsMap:
    """A map of two settings: the loss of one racer with each value of one and each value of the other.

    Args:
        **settings: Two settings of the racer's optimizer, each with at least two values. The first is drawn along the
            map's columns, the second along its rows.

    Raises:
        UsageError: More or fewer than two settings, or a setting with fewer than two values.

    Examples:
        >>> from animopt import SettingsMap
        >>> SettingsMap(lr=[0.01, 0.1, 1], momentum=[0, 0.9]).cells
        6
    """

    settings: Mapping[str, tuple[Any, ...]]

    def __init__(self, **settings: Iterable[Any]) -> None:
        if len(settings) != 2:
            raise UsageError(
                f"map settings {', '.join(settings) or 'none'}: give two, as "
                "SettingsMap(lr=[0.01, 0.1], momentum=[0, 0.9])"
            )
        found = {}
        for name, values in settings.items():
            if name in ("name", "start", "steps", "scheduler"):
                raise UsageError(f"map settings {name!r}: is the racer's own; vary two of its optimizer's, as lr=[...]")
            remedy = f"give at least two values, as {name}=[0.01, 0.1]"
            found[name] = tuple(check_list(f"map settings {name}=", values, remedy, MAX_VALUES))
            if len(found[name]) < 2:
                raise UsageError(f"map settings {name}={short_repr(values)}: {remedy}")
        self.__attrs_init__(found)

    def __repr__(self) -> str:
        return f"SettingsMap({', '.join(f'{name}={list(values)}' for name, values in self.settings.items())})"

    @property
    def cells(self) -> int:
        """Number of races."""
        return prod(map(len, self.settings.values()))

    def check(self, function: Function, racer: Racer) -> None:
        """Raise UsageError if the racer's optimizer refuses a setting, a value or a pair of values."""
        self._racers(racer)

    @race_environment()
    def record(self, function: Function, racer: Racer, start: tuple[float, float], steps: int) -> Losses:
        """Run the racer with every pair of values, from its own start or `start`, for its own steps or `steps`.

        Raises:
            UsageError: The optimizer refuses a setting, a value or a pair of values.
            Error: The optimizer or the function fails.
        """
        (first, columns), (second, rows) = self.settings.items()
        cells = [Cell(each, np.array(racer.start or start, dtype=np.float64)) for each in self._racers(racer)]
        # A batch has one row, because adding a group to an optimizer takes longer with each group that it has.
        parts = follow_races("map", function, cells, racer.steps or steps, len(columns), _run_settings, list)
        points = np.moveaxis(np.concatenate(parts, axis=-1), 1, -1).reshape(-1, len(rows), len(columns), 2)
        with np.errstate(over="ignore", invalid="ignore"):
            loss = function.values(points)
        lost = _diverged(function, np.moveaxis(points, -1, 0)) | ~np.isfinite(loss)
        loss = np.where(np.maximum.accumulate(lost, axis=0), np.nan, loss)
        minima = np.array(function.minima, dtype=np.float64).reshape(-1, 2)
        heights = [height for height in function.values(minima) if np.isfinite(height)]
        if heights:
            loss = np.maximum(loss - min(heights), 0)
        return Losses((first, second), (columns, rows), loss, bool(heights))

    def _racers(self, racer: Racer) -> list[Racer]:
        """Return the racer with every pair of values, row by row."""
        (first, columns), (second, rows) = self.settings.items()
        try:
            for name, value in [*product([first], columns), *product([second], rows)]:
                racer.varied({name: value}).check_settings()
        except UsageError as error:
            raise UsageError(f"map settings: {error}") from error
        racers = [racer.varied({first: column, second: row}) for row, column in product(rows, columns)]
        for each in racers:
            try:
                each.build(torch.zeros(2, dtype=torch.float64, requires_grad=True))
            except UsageError as error:
                cell = ", ".join(f"{name}={short_repr(each.settings[name])}" for name in self.settings)
                raise UsageError(f"map settings {cell}: {error}") from error
        return racers


def _run_settings(function: Function, cells: Sequence[Cell], steps: int) -> Races:
    """Run racers of one class as parameter groups of one optimizer."""
    points = torch.tensor(np.stack([cell.start for cell in cells], axis=1))
    parameters = [point.requires_grad_() for point in points.T]

    def closure() -> torch.Tensor:
        with torch.enable_grad():
            copies = points.clone().requires_grad_()
            loss = torch.vmap(function, in_dims=1)(copies).sum()
            (gradients,) = torch.autograd.grad(loss, copies)
        for parameter, gradient in zip(parameters, gradients.T, strict=True):
            parameter.grad = gradient
        return loss

    groups = [{"params": [parameter], **cell.racer.settings} for parameter, cell in zip(parameters, cells, strict=True)]
    first = cells[0].racer
    yield from _batch_races(function, first, first.optimizer(groups, **first.settings), closure, points, steps)


def follow_races(
    name: str,
    function: Function,
    cells: Sequence[Cell],
    steps: int,
    batch_size: int,
    run_batch: Callable[[Function, Sequence[Cell], int], Races],
    follow: Callable[[Races], Any],
    alone_seconds: float = inf,
) -> list[Any]:
    """Return the results of `follow` for the races of all cells, batch by batch.

    `name` is what announcements of long work call the races. They are run with `run_batch` if the probes among them
    agree with the same races run alone. Otherwise every race is run alone, or AloneTooSlowError is raised if that is
    estimated to take more than `alone_seconds`.
    """
    work, remedy = f"{function.called}: the {name}", f"; a {name} with fewer races takes less"
    probes, start = {}, time.perf_counter()
    for cell in np.linspace(0, len(cells) - 1, PROBES).round().astype(int).tolist():
        probes[cell] = _Probe(function, cells[cell], steps)
    race_seconds = (time.perf_counter() - start) / len(probes)
    results = []
    try:
        with tracked(work, len(cells) * (steps + 1), remedy=remedy) as advance:
            for first in range(0, len(cells), batch_size):
                batch = cells[first : first + batch_size]
                here = {cell - first: probe for cell, probe in probes.items() if 0 <= cell - first < len(batch)}
                races = _checked(run_batch(function, batch, steps), here)
                results.append(follow(_counted(races, partial(advance, len(batch)))))
    except _DifferentError:
        # The races of a function that branches on its values cannot be run together.
        if len(cells) * race_seconds > alone_seconds:
            raise AloneTooSlowError from None
        with tracked(work, len(cells), len(cells) * race_seconds, remedy) as advance:
            parts = (cells[first : first + RACES_ALONE] for first in range(0, len(cells), RACES_ALONE))
            return [follow(_alone(function, part, steps, advance)) for part in parts]
    return results


def _counted(races: Races, advance: Callable[[], None]) -> Races:
    """Yield the points of the races, and report each step."""
    for points in races:
        yield points
        advance()


def _batch_races(
    function: Function, racer: Racer, optimizer: Any, closure: Closure, points: torch.Tensor, steps: int
) -> Races:
    """Yield the points of all races, (2, races), at the start and after each step of one optimizer that moves them."""
    losses: list[torch.Tensor] = []

    def recorded() -> torch.Tensor:
        losses.append(closure())
        return losses[-1]

    step_scheduler = scheduler_step(racer.schedule(optimizer))
    step_optimizer = racer.loop.step(optimizer, points)
    position = racer.loop.position(optimizer, lambda: points.detach().numpy().copy(), [])
    yield points.detach().numpy().copy()
    for _ in range(steps):
        losses.clear()
        step_optimizer(recorded)
        function.project(points)
        step_scheduler(losses[0].item())
        yield position()


def diagonal(function: Function) -> float:
    """Return the length of the diagonal of a function's domain."""
    return float(np.hypot(*np.ptp([function.x, function.y], axis=1)))


def _diverged(function: Function, points: Array) -> NDArray[np.bool_]:
    """Return whether points (2, ...) are far outside the domain, or not finite."""
    reach = DIVERGED_DISTANCE * diagonal(function)
    x, y = (np.abs(each - sum(ends) / 2) <= reach for each, ends in zip(points, (function.x, function.y), strict=True))
    return ~(x & y)


def _alone(function: Function, cells: Sequence[Cell], steps: int, advance: Callable[[int], None]) -> Races:
    """Yield the points of races that are each run alone. `advance` receives the number of finished races."""
    races = []
    for cell in cells:
        races.append(_points(function, cell, steps))
        advance(1)
    yield from np.stack(races, axis=-1)


def _points(function: Function, cell: Cell, steps: int) -> Array:
    """Return the points (steps + 1, 2) of one race."""
    x, y = cell.start.tolist()
    name = cell.racer.optimizer.__name__
    return run(function, cell.racer, name, (x, y), steps, cell.noise, cell.batches, cell.seed).points


class _Probe:
    """A race of a map that is run alone, with which the same race in a batch has to agree.

    A second race from a slightly different start shows how far rounding can move the points. In a chaotic race, that
    is far. It is run only when the batch differs by more than rounding may always move a race.

    `points` are those of the race, (steps + 1, 2).
    """

    def __init__(self, function: Function, cell: Cell, steps: int) -> None:
        self._function, self._cell, self._steps = function, cell, steps
        self._diagonal = diagonal(function)
        self.points = _points(function, cell, steps)

    @cached_property
    def _tolerance(self) -> Array:
        """The distances, (steps + 1,), by which rounding may move the race."""
        start = self._cell.start + PROBE_OFFSET * self._diagonal
        shifted = _points(self._function, self._cell._replace(start=start), self._steps)
        with np.errstate(invalid="ignore", over="ignore"):
            apart = np.abs(self.points - shifted).max(axis=1)
        apart[_diverged(self._function, self.points.T) | _diverged(self._function, shifted.T)] = np.inf
        return ROUNDING * self._diagonal + 10 * np.maximum.accumulate(apart)

    def agrees(self, point: Array, step: int) -> bool:
        """Return whether a point (2,) of the race in a batch is that of the race alone, apart from rounding."""
        with np.errstate(invalid="ignore", over="ignore"):
            apart = np.abs(point - self.points[step]).max()
        if apart <= ROUNDING * self._diagonal:
            return True
        allowed = self._tolerance[step]
        return not np.isfinite(allowed) or apart <= allowed


def _checked(races: Races, probes: Mapping[int, _Probe]) -> Races:
    """Yield the points of the races. Raise _DifferentError if a race differs from its probe, or if the batch fails.

    `probes` are by the index of the race.
    """
    try:
        for step, points in enumerate(races):
            if not all(probe.agrees(points[:, index], step) for index, probe in probes.items()):
                raise _DifferentError
            yield points
    except Exception as error:
        # If the error is not one of the batch, the races that are run alone raise it again.
        raise _DifferentError from error
