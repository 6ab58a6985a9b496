"""Maps: races from a grid of starts, or with a grid of settings, run together wherever that changes nothing."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import prod
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.core.errors import UsageError, short_repr, suggestion
from animopt.core.validation import MAX_COUNT, check_integer, check_list, check_number
from animopt.engine.function import Function
from animopt.engine.racer import Racer
from animopt.engine.record import run
from animopt.engine.steps import optimizer_step, scheduler_step
from animopt.engine.torch_env import default_torch, one_thread
from animopt.recording.map_results import DIVERGED, RADIUS_SHARE, UNDECIDED, Basins, Losses, reach_radius

FAR = 1000.0
"""A race so many of the domain's diagonals away from its middle has diverged."""

BLOCK = 16_000
"""As many starts are one batch: torch shares larger ones out among threads, which a busy machine keeps waiting."""

PROBES = 8
"""How many races of a map are run alone, too, to see whether those together are the same."""

HAIR = 1e-12
"""How far from a probe's start another sets out, in parts of the domain's diagonal, to see what rounding may do."""

SLACK = 1e-9
"""How far rounding may always move a race, in parts of the domain's diagonal."""


SHARE = 64
"""As many races are run alone before what comes of them is worked out, to keep no more than their points."""

Cell = tuple[Racer, Array]
"""A race of a map: its racer and its start (2,)."""

Races = Iterator[Array]
"""The points (2, races) of several races before the first step and after each."""

Result = TypeVar("Result")


class _ApartError(Exception):
    """Races that were run together are not what each of them is alone."""


@dataclass(frozen=True)
class StartsMap:
    """A map of starts: which minimum one racer comes to from each cell of a grid over the domain, and when.

    A minimum is reached from the step on after which the race stays near it until its end: within the part `within`
    of the domain's diagonal. Raises UsageError for counts that are not whole and positive, or such a part.
    """

    columns: int = 256
    rows: int = 256
    within: float = RADIUS_SHARE

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", check_integer("map columns", self.columns, maximum=MAX_COUNT))
        object.__setattr__(self, "rows", check_integer("map rows", self.rows, maximum=MAX_COUNT))
        remedy = "give a part of the domain's diagonal, as within=0.01"
        object.__setattr__(self, "within", check_number("map within", self.within, remedy, above=0, below=1))

    @property
    def cells(self) -> int:
        """How many races it takes."""
        return self.columns * self.rows

    def check(self, function: Function, racer: Racer) -> None:
        """Raise UsageError where there can be no such map: where the function has no known minima."""
        if not function.minima:
            raise UsageError(f"map: {function.called} has no minima to come to; give it some, as minima=[(0, 0)]")

    @default_torch()
    @one_thread()
    def record(self, function: Function, racer: Racer, start: tuple[float, float], steps: int) -> Basins:
        """Run the racer from every cell's middle, whatever `start` is, for its own number of steps or `steps`.

        Raises UsageError as `check` does, Error where the optimizer or the function cannot do the work.
        """
        self.check(function, racer)
        steps = racer.steps or steps
        x, y = (
            low + (np.arange(count) + 0.5) * ((high - low) / count)
            for (low, high), count in ((function.x, self.columns), (function.y, self.rows))
        )
        cells = [(racer, start) for start in np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)]
        minima = np.array(function.minima)
        near = reach_radius(_diagonal(function), minima, self.within)
        parts = _followed(
            function,
            cells,
            BLOCK,
            steps,
            _step_all,
            partial(_outcomes, function=function, minima=minima, radius=near),
        )
        minimum, step = (np.concatenate(each).reshape(self.rows, self.columns) for each in zip(*parts, strict=True))
        return Basins(x, y, minimum, step, steps, np.column_stack([minima, function.values(minima)]), near)


class SettingsMap:
    """A map of two settings: the loss of one racer with each value of the one and each of the other.

    The first keyword is the map's columns, the second its rows; both are the optimizer's own, each with at least two
    values: SettingsMap(lr=logspace(0.001, 1, 64), momentum=[0, 0.5, 0.9]).
    Raises UsageError for other than two keywords, or too few values.
    """

    def __init__(self, **settings: Sequence[Any]) -> None:
        if len(settings) != 2:
            given = ", ".join(settings) or "none"
            raise UsageError(f"map settings {given}: give two, as SettingsMap(lr=[0.01, 0.1], momentum=[0, 0.9])")
        found = {}
        for name, values in settings.items():
            if name in inspect.signature(Racer).parameters:
                raise UsageError(f"map settings {name!r}: is the racer's own; vary two of its optimizer's, as lr=[...]")
            remedy = f"give at least two values, as {name}=[0.01, 0.1]"
            found[name] = tuple(check_list(f"map settings {name}=", values, remedy))
            if len(found[name]) < 2:
                raise UsageError(f"map settings {name}={short_repr(values)}: {remedy}")
        self.settings: Mapping[str, tuple[Any, ...]] = found

    def __repr__(self) -> str:
        return f"SettingsMap({', '.join(f'{name}={list(values)}' for name, values in self.settings.items())})"

    @property
    def cells(self) -> int:
        """How many races it takes."""
        return prod(map(len, self.settings.values()))

    def check(self, function: Function, racer: Racer) -> None:
        """Raise UsageError where the racer's optimizer does not take a setting, or one of the values."""
        self._racers(racer)

    @default_torch()
    @one_thread()
    def record(self, function: Function, racer: Racer, start: tuple[float, float], steps: int) -> Losses:
        """Run the racer with every pair of values, from its own start or `start`, for its own steps or `steps`.

        Raises UsageError as `check` does, Error where the optimizer or the function cannot do the work.
        """
        (first, columns), (second, rows) = self.settings.items()
        place = np.array(racer.start or start, dtype=np.float64)
        cells = [(each, place) for each in self._racers(racer)]
        # A row at a time: torch takes ever longer to add a group to those that an optimizer has.
        parts = _followed(function, cells, len(columns), racer.steps or steps, _step_groups, lambda races: list(races))
        points = np.concatenate([np.array(part) for part in parts], axis=-1)
        points = np.moveaxis(points, 1, -1).reshape(len(points), len(rows), len(columns), 2)
        with np.errstate(over="ignore", invalid="ignore"):
            loss = function.values(points)
        lost = _lost(function, np.moveaxis(points, -1, 0)) | ~np.isfinite(loss)
        loss = np.where(np.maximum.accumulate(lost, axis=0), np.nan, loss)
        heights = function.values(np.array(function.minima, dtype=np.float64).reshape(-1, 2))
        heights = heights[np.isfinite(heights)]
        if heights.size:
            loss = np.maximum(loss - heights.min(), 0)
        return Losses((first, second), (columns, rows), loss, bool(heights.size))

    def _racers(self, racer: Racer) -> list[Racer]:
        """The racer with every pair of values, row by row."""
        parameters = inspect.signature(racer.optimizer).parameters
        open_ended = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
        for name in self.settings:
            if name not in parameters and not open_ended:
                hint = suggestion(name, parameters, f"it takes {', '.join(list(parameters)[1:])}")
                raise UsageError(f"map settings {name!r}: {racer.optimizer.__name__} does not take it; {hint}")
        (first, columns), (second, rows) = self.settings.items()
        for name, values in self.settings.items():
            for value in values:
                try:
                    racer.varied({name: value}).check_settings()
                except UsageError as error:
                    raise UsageError(f"map settings: {error}") from error
        return [_with(racer, {first: column, second: row}) for row, column in product(rows, columns)]


def _with(racer: Racer, settings: Mapping[str, Any]) -> Racer:
    """The same racer with other settings."""
    other = racer.varied(settings)
    try:
        other.build(torch.zeros(2, dtype=torch.float64, requires_grad=True))
    except UsageError as error:
        cell = ", ".join(f"{name}={short_repr(value)}" for name, value in settings.items())
        raise UsageError(f"map settings {cell}: {error}") from error
    return other


def _followed(
    function: Function,
    cells: Sequence[Cell],
    most: int,
    steps: int,
    together: Callable[[Function, Sequence[Cell], int], Races],
    follow: Callable[[Races], Result],
) -> list[Result]:
    """What `follow` makes of the cells' races, part by part.

    They are run `together`, `most` at a time, if several of them turn out as they do alone; else each is run alone.
    """
    probed = np.linspace(0, len(cells) - 1, PROBES).round().astype(int)
    probes = {cell: _probe(function, cells[cell], steps) for cell in probed.tolist()}
    try:
        return [
            follow(
                _checked(
                    together(function, part, steps),
                    {cell - first: probes[cell] for cell in probes if 0 <= cell - first < len(part)},
                )
            )
            for first, part in _split(cells, most)
        ]
    except _ApartError:
        return [follow(_alone(function, part, steps)) for _, part in _split(cells, SHARE)]


def _split(cells: Sequence[Cell], most: int) -> Iterator[tuple[int, Sequence[Cell]]]:
    """The cells in parts of at most so many, each with the number of its first."""
    return ((first, cells[first : first + most]) for first in range(0, len(cells), most))


def _step_all(function: Function, cells: Sequence[Cell], steps: int) -> Races:
    """The races of one racer, whose starts are one parameter of one optimizer."""
    parameter = torch.tensor(np.stack([start for _, start in cells], axis=1), requires_grad=True)

    def closure() -> torch.Tensor:
        with torch.enable_grad():
            parameter.grad = None
            loss = torch.vmap(function, in_dims=1)(parameter).sum()
            loss.backward()
        return loss

    racer, _ = cells[0]
    return _stepped(racer, lambda: racer.build(parameter), closure, parameter, steps)


def _step_groups(function: Function, cells: Sequence[Cell], steps: int) -> Races:
    """The races of one class's racers, each of them a group of one optimizer with settings of its own."""
    points = torch.tensor(np.stack([start for _, start in cells], axis=1))
    parameters = [point.requires_grad_() for point in points.T]

    def closure() -> torch.Tensor:
        with torch.enable_grad():
            copies = points.clone().requires_grad_()
            loss = torch.vmap(function, in_dims=1)(copies).sum()
            (gradients,) = torch.autograd.grad(loss, copies)
        for parameter, gradient in zip(parameters, gradients.T, strict=True):
            parameter.grad = gradient
        return loss

    groups = [
        {"params": [parameter], **racer.settings} for parameter, (racer, _) in zip(parameters, cells, strict=True)
    ]
    first, _ = cells[0]
    return _stepped(first, lambda: first.optimizer(groups, **first.settings), closure, points, steps)


def _stepped(
    racer: Racer, build: Callable[[], Any], closure: Callable[[], torch.Tensor], points: torch.Tensor, steps: int
) -> Races:
    losses: list[float] = []

    def noting() -> torch.Tensor:
        loss = closure()
        losses.append(float(loss.detach()))
        return loss

    # Built at the first step, so that what `_checked` makes of a failure holds for this one, too.
    optimizer = build()
    step_scheduler = scheduler_step(racer.schedule(optimizer))
    step_optimizer = optimizer_step(optimizer)
    yield points.detach().numpy().copy()
    for _ in range(steps):
        losses.clear()
        step_optimizer(noting)
        step_scheduler(losses[0])
        yield points.detach().numpy().copy()


def _alone(function: Function, cells: Sequence[Cell], steps: int) -> Races:
    """The races, each run by itself."""
    return iter(np.stack([_points(function, racer, start, steps) for racer, start in cells], axis=-1))


def _points(function: Function, racer: Racer, start: Array, steps: int) -> Array:
    """One race, (steps + 1, 2)."""
    return run(function, racer, racer.optimizer.__name__, (float(start[0]), float(start[1])), steps).points


def _probe(function: Function, cell: Cell, steps: int) -> tuple[Array, Array]:
    """The points of a race alone (steps + 1, 2), and how far off they may be when it is not alone (steps + 1,).

    A race from a hair beside the start tells how far rounding may move it, which where the race is chaotic is far.
    """
    racer, start = cell
    diagonal = _diagonal(function)
    points = _points(function, racer, start, steps)
    beside = _points(function, racer, start + HAIR * diagonal, steps)
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(points - beside).max(axis=1)
    apart[_lost(function, points.T) | _lost(function, beside.T)] = np.inf
    return points, SLACK * diagonal + 10 * np.maximum.accumulate(apart)


def _checked(together: Races, probes: Mapping[int, tuple[Array, Array]]) -> Races:
    """The same races; raises _ApartError where a probe, by its place among them, is elsewhere, or none can be run."""
    step = 0
    while True:
        try:
            points = next(together, None)
        except Exception as error:
            # What is at fault, if anything, is told by a race alone.
            raise _ApartError from error
        if points is None:
            return
        for place, (alone, allowed) in probes.items():
            if np.isfinite(allowed[step]) and not np.abs(points[:, place] - alone[step]).max() <= allowed[step]:
                raise _ApartError
        yield points
        step += 1


def _outcomes(
    races: Races, *, function: Function, minima: Array, radius: float
) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
    """Where each race ends, and from which step on it is there, both (races,)."""
    outcome, since = np.empty(0, dtype=np.int16), np.empty(0, dtype=np.int64)
    lost: NDArray[np.bool_] = np.empty(0, dtype=np.bool_)
    for step, (x, y) in enumerate(races):
        if step == 0:
            outcome, since = np.full(len(x), UNDECIDED, dtype=np.int16), np.zeros(len(x), dtype=np.int64)
            lost = np.zeros(len(x), dtype=np.bool_)
        now = np.full(len(x), UNDECIDED, dtype=np.int16)
        with np.errstate(over="ignore", invalid="ignore"):
            for number, minimum in enumerate(minima):
                now[(x - minimum[0]) ** 2 + (y - minimum[1]) ** 2 <= radius**2] = number
            lost |= _lost(function, np.stack([x, y]))
        now[lost] = DIVERGED
        since[now != outcome] = step
        outcome = now
    return outcome, since


def _lost(function: Function, points: Array) -> NDArray[np.bool_]:
    """Whether points (2, ...) are too far from the domain to come back, or no numbers."""
    reach = FAR * _diagonal(function)
    x, y = (np.abs(values - sum(ends) / 2) <= reach for values, ends in zip(points, _ends(function), strict=True))
    return ~(x & y)


def _diagonal(function: Function) -> float:
    width, height = (high - low for low, high in _ends(function))
    return float(np.hypot(width, height))


def _ends(function: Function) -> tuple[tuple[float, float], tuple[float, float]]:
    return function.x, function.y
