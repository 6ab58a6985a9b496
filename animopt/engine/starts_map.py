"""A map of starts: races of one racer from a grid of starts."""

from collections.abc import Sequence
from functools import partial

import attrs
import numpy as np
import torch
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.core.errors import UsageError
from animopt.core.validation import MAX_COUNT, check_integer, check_number
from animopt.engine.batched_races import Cell, Races, batch_races, diagonal, diverged, follow_races
from animopt.engine.function import Function
from animopt.engine.racer import Racer
from animopt.engine.torch_env import race_environment
from animopt.recording.map_results import DIVERGED, RADIUS_SHARE, UNDECIDED, Basins, reach_radius

BATCH_STARTS = 16_000
"""Number of starts in one batch. torch would divide a larger one among threads, which wait on a busy machine."""


@attrs.frozen(init=False, slots=False)
class StartsMap:
    """A map of starts: the minimum that one racer reaches from each cell of a grid over the domain, and when.

    A race has reached a minimum at the first step after which it stays near the minimum to its end.

    Args:
        columns: Number of starts along x. Default: 256.
        rows: Number of starts along y. Default: 256.
        within: Distance from a minimum that counts as near, as a fraction of the domain's diagonal. Default: 0.01.

    Raises:
        UsageError: A count that is not a positive whole number, or a fraction that is not between 0 and 1.

    Examples:
        >>> from animopt import StartsMap
        >>> StartsMap(64, 32).cells
        2048
    """

    columns: int
    rows: int
    within: float

    def __init__(self, columns: int = 256, rows: int = 256, within: float = RADIUS_SHARE) -> None:
        self.__attrs_init__(
            check_integer("map columns", columns, maximum=MAX_COUNT),
            check_integer("map rows", rows, maximum=MAX_COUNT),
            check_number(
                "map within", within, "give a part of the domain's diagonal, as within=0.01", above=0, below=1
            ),
        )

    @property
    def cells(self) -> int:
        """Number of races."""
        return self.columns * self.rows

    def check(self, function: Function, racer: Racer) -> None:
        """Raise UsageError if the function has no known minima."""
        if not function.minima:
            raise UsageError(f"map: {function.called} has no known minima; give it some, as minima=[(0, 0)]")

    @race_environment()
    def record(self, function: Function, racer: Racer, start: tuple[float, float], steps: int) -> Basins:
        """Run the racer from the middle of every cell, for its own number of steps or `steps`; `start` is not used.

        Raises:
            UsageError: The function has no known minima.
            Error: The optimizer or the function fails.
        """
        self.check(function, racer)
        steps = racer.steps or steps
        x, y = (
            low + (np.arange(count) + 0.5) * ((high - low) / count)
            for (low, high), count in ((function.x, self.columns), (function.y, self.rows))
        )
        cells = [(racer, each) for each in np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)]
        minima = np.array(function.minima)
        radius = reach_radius(diagonal(function), minima, self.within)
        follow = partial(_outcomes, function=function, minima=minima, radius=radius)
        parts = follow_races(function, cells, steps, BATCH_STARTS, _run_batch, follow)
        minimum, step = (np.concatenate(each).reshape(self.rows, self.columns) for each in zip(*parts, strict=True))
        return Basins(x, y, minimum, step, steps, np.column_stack([minima, function.values(minima)]), radius)


def _run_batch(function: Function, cells: Sequence[Cell], steps: int) -> Races:
    """Run one racer from all starts, as one parameter of one optimizer."""
    parameter = torch.tensor(np.stack([start for _, start in cells], axis=1), requires_grad=True)

    def closure() -> torch.Tensor:
        with torch.enable_grad():
            parameter.grad = None
            loss = torch.vmap(function, in_dims=1)(parameter).sum()
            loss.backward()
        return loss

    racer, _ = cells[0]
    yield from batch_races(racer, racer.build(parameter), closure, parameter, steps)


def _outcomes(
    races: Races, *, function: Function, minima: Array, radius: float
) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
    """Return the final outcome of each race, and the first step from which it keeps that outcome, both (races,)."""
    outcome: NDArray[np.int16] = np.array(UNDECIDED, dtype=np.int16)
    since: NDArray[np.int64] = np.array(0)
    lost: NDArray[np.bool_] = np.array(False)
    for step, (x, y) in enumerate(races):
        now = np.full(len(x), UNDECIDED, dtype=np.int16)
        with np.errstate(over="ignore", invalid="ignore"):
            for number, minimum in enumerate(minima):
                now[(x - minimum[0]) ** 2 + (y - minimum[1]) ** 2 <= radius**2] = number
            lost = lost | diverged(function, np.stack([x, y]))
        now[lost] = DIVERGED
        since = np.where(now != outcome, step, since)
        outcome = now
    return outcome, since
