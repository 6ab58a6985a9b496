"""Many races in one batch, if each of them has the same result as when it is run alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.engine.function import Function
from animopt.engine.racer import Racer
from animopt.engine.record import run
from animopt.engine.steps import Closure, optimizer_step, scheduler_step

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

Cell = tuple[Racer, Array]
"""A race of a map: its racer and its start (2,)."""

Races = Iterator[Array]
"""The points (2, races) of several races, before the first step and after each step."""

Result = TypeVar("Result")


class _DifferentError(Exception):
    """Races in a batch differ from the same races run alone."""


def follow_races(
    function: Function,
    cells: Sequence[Cell],
    steps: int,
    batch_size: int,
    run_batch: Callable[[Function, Sequence[Cell], int], Races],
    follow: Callable[[Races], Result],
) -> list[Result]:
    """Return the results of `follow` for the races of all cells, batch by batch.

    The races are run with `run_batch` if the probes among them agree with the same races run alone. Otherwise every
    race is run alone.
    """
    probed = np.linspace(0, len(cells) - 1, PROBES).round().astype(int)
    probes = {cell: _probe(function, cells[cell], steps) for cell in probed.tolist()}
    results = []
    try:
        for first in range(0, len(cells), batch_size):
            batch = cells[first : first + batch_size]
            here = {cell - first: probe for cell, probe in probes.items() if 0 <= cell - first < len(batch)}
            results.append(follow(_checked(run_batch(function, batch, steps), here)))
    except _DifferentError:
        parts = (cells[first : first + RACES_ALONE] for first in range(0, len(cells), RACES_ALONE))
        return [follow(_alone(function, part, steps)) for part in parts]
    return results


def batch_races(racer: Racer, optimizer: Any, closure: Closure, points: torch.Tensor, steps: int) -> Races:
    """Yield the points of all races, (2, races), at the start and after each step of one optimizer that moves them."""
    losses: list[float] = []

    def recorded() -> torch.Tensor:
        loss = closure()
        losses.append(float(loss.detach()))
        return loss

    step_scheduler = scheduler_step(racer.schedule(optimizer))
    step_optimizer = optimizer_step(optimizer)
    yield points.detach().numpy().copy()
    for _ in range(steps):
        losses.clear()
        step_optimizer(recorded)
        step_scheduler(losses[0])
        yield points.detach().numpy().copy()


def diagonal(function: Function) -> float:
    """Return the length of the diagonal of a function's domain."""
    width, height = (high - low for low, high in (function.x, function.y))
    return float(np.hypot(width, height))


def diverged(function: Function, points: Array) -> NDArray[np.bool_]:
    """Return whether points (2, ...) are far outside the domain, or not finite."""
    reach = DIVERGED_DISTANCE * diagonal(function)
    domain = (function.x, function.y)
    x, y = (np.abs(values - sum(ends) / 2) <= reach for values, ends in zip(points, domain, strict=True))
    return ~(x & y)


def _alone(function: Function, cells: Sequence[Cell], steps: int) -> Races:
    """Yield the points of races that are each run alone."""
    return iter(np.stack([_points(function, racer, start, steps) for racer, start in cells], axis=-1))


def _points(function: Function, racer: Racer, start: Array, steps: int) -> Array:
    """Return the points (steps + 1, 2) of one race."""
    return run(function, racer, racer.optimizer.__name__, (float(start[0]), float(start[1])), steps).points


def _probe(function: Function, cell: Cell, steps: int) -> tuple[Array, Array]:
    """Return the points (steps + 1, 2) of a race run alone, and its tolerance (steps + 1,) in a batch.

    A second race from a slightly different start shows how far rounding can move the points. In a chaotic race, that
    is far.
    """
    racer, start = cell
    points = _points(function, racer, start, steps)
    shifted = _points(function, racer, start + PROBE_OFFSET * diagonal(function), steps)
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(points - shifted).max(axis=1)
    apart[diverged(function, points.T) | diverged(function, shifted.T)] = np.inf
    return points, ROUNDING * diagonal(function) + 10 * np.maximum.accumulate(apart)


def _checked(races: Races, probes: Mapping[int, tuple[Array, Array]]) -> Races:
    """Yield the points of the races. Raise _DifferentError if a race differs from its probe, or if the batch fails.

    `probes` are by the index of the race.
    """
    try:
        for step, points in enumerate(races):
            for index, (alone, allowed) in probes.items():
                if np.isfinite(allowed[step]) and not np.abs(points[:, index] - alone[step]).max() <= allowed[step]:
                    raise _DifferentError
            yield points
    except Exception as error:
        # If the error is not one of the batch, the races that are run alone raise it again.
        raise _DifferentError from error
