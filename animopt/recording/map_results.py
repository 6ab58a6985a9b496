"""The results of many races: the minimum that each start leads to, or the loss that each pair of settings reaches."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Array

UNDECIDED, DIVERGED = -1, -2
"""Outcomes of a race in place of the index of a minimum."""


RADIUS_SHARE = 0.01
"""Distance at which a minimum counts as reached, as a share of the domain's diagonal."""


def reach_radius(diagonal: float, minima: Array, within: float = RADIUS_SHARE) -> float:
    """Return the distance at which a minimum counts as reached.

    Args:
        diagonal: Length of the domain's diagonal.
        minima: Positions of the minima, (minima, 2).
        within: Share of the diagonal.

    Returns:
        `within` times the diagonal, or half the distance of the closest minima if that is less.
    """
    distances = np.linalg.norm(minima[:, None] - minima, axis=-1)
    return min(within * diagonal, float(np.min(distances[distances > 0], initial=np.inf)) / 2)


@dataclass(frozen=True, eq=False)
class Basins:
    """The minima to which the races from a grid of starts lead.

    Attributes:
        x: Coordinates of the columns, (columns,).
        y: Coordinates of the rows, (rows,).
        minimum: Outcome of each start: an index into `minima`, UNDECIDED or DIVERGED, (rows, columns).
        step: The step from which on the outcome holds, (rows, columns).
        steps: Number of steps of each race.
        minima: Known minima and their losses, (minima, 3).
        radius: Distance at which a minimum counts as reached, in the units of the domain.
    """

    x: Array
    y: Array
    minimum: NDArray[np.int16]
    step: NDArray[np.int64]
    steps: int
    minima: Array
    radius: float

    def count(self, outcome: int, step: float) -> int:
        """Return the number of starts with an outcome after a step."""
        if outcome == UNDECIDED:
            return self.minimum.size - sum(self.count(other, step) for other in (DIVERGED, *range(len(self.minima))))
        return int(np.searchsorted(self._steps[outcome], step, side="right"))

    def median(self, outcome: int, step: float) -> float:
        """Return the median step at which starts reached an outcome, up to a step, or NaN if none reached it."""
        if outcome == UNDECIDED or not (count := self.count(outcome, step)):
            return np.nan
        return float(np.median(self._steps[outcome][:count]))

    @cached_property
    def _steps(self) -> dict[int, NDArray[np.int64]]:
        """By outcome, the first step from which each start keeps it, ascending, (starts,)."""
        outcomes = (DIVERGED, *range(len(self.minima)))
        return {outcome: np.sort(self.step[self.minimum == outcome]) for outcome in outcomes}


@dataclass(frozen=True, eq=False)
class Losses:
    """The losses of races with a grid of settings.

    Attributes:
        names: The settings of the columns and of the rows, by torch's names.
        values: Values of the columns and of the rows.
        loss: Loss after each step, (steps + 1, rows, columns). NaN after a race diverged.
        gap: Whether `loss` is measured from the lowest known minimum.
    """

    names: tuple[str, str]
    values: tuple[tuple[Any, ...], tuple[Any, ...]]
    loss: Array
    gap: bool

    def best(self, step: float) -> tuple[int, int] | None:
        """Return the row and the column of the lowest loss after a step, or None if all races have diverged."""
        loss = self.loss[int(step)]
        if np.isnan(loss).all():
            return None
        row, column = np.unravel_index(np.nanargmin(loss), loss.shape)
        return int(row), int(column)

    def diverged(self, step: float) -> float:
        """Return the share of the races that have diverged after a step."""
        return float(np.isnan(self.loss[int(step)]).mean())
