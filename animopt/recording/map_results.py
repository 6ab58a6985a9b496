"""What comes of many races: the minimum that each start leads to, the loss that each pair of settings reaches."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

UNDECIDED, DIVERGED = -1, -2
"""What stands in the place of a minimum's number."""


RADIUS_SHARE = 0.01
"""How near a minimum counts as reached, in parts of the domain's diagonal."""


def reach_radius(diagonal: float, minima: NDArray[np.floating[Any]], within: float = RADIUS_SHARE) -> float:
    """How near to one of the minima (minima, 2) a race has reached it: within a part of the domain's diagonal.

    Never so near to two of them at once.
    """
    distances = np.linalg.norm(minima[:, None] - minima, axis=-1)
    return min(within * diagonal, float(np.min(distances[distances > 0], initial=np.inf)) / 2)


@dataclass(frozen=True, eq=False)
class Basins:
    """Where the races from a grid of starts end.

    `x` (columns,) and `y` (rows,) are the coordinates of the starts. `minimum` (rows, columns) is a row of `minima`
    (minima, 3), UNDECIDED or DIVERGED; `step` (rows, columns) is the step from which on that is so, until the last,
    `steps`. A minimum is reached within `radius`, in the domain's units.
    """

    x: NDArray[np.floating[Any]]
    y: NDArray[np.floating[Any]]
    minimum: NDArray[np.int16]
    step: NDArray[np.int64]
    steps: int
    minima: NDArray[np.floating[Any]]
    radius: float

    def count(self, outcome: int, step: float) -> int:
        """How many starts have come to a minimum, or are UNDECIDED or DIVERGED, after a step."""
        if outcome == UNDECIDED:
            return self.minimum.size - sum(self.count(other, step) for other in (DIVERGED, *range(len(self.minima))))
        return int(np.searchsorted(self._steps[outcome], step, side="right"))

    def median(self, outcome: int, step: float) -> float:
        """After how many steps half of the starts that have an outcome after a step had come to it; NaN for none."""
        if outcome == UNDECIDED or not (count := self.count(outcome, step)):
            return np.nan
        return float(np.median(self._steps[outcome][:count]))

    @cached_property
    def _steps(self) -> dict[int, NDArray[np.int64]]:
        """The steps after which starts come to each outcome, ascending."""
        outcomes = (DIVERGED, *range(len(self.minima)))
        return {outcome: np.sort(self.step[self.minimum == outcome]) for outcome in outcomes}


@dataclass(frozen=True, eq=False)
class Losses:
    """How the races with a grid of settings go.

    `names` are the two settings as torch spells them, `values` what each column and each row has. `loss`
    (steps + 1, rows, columns) is the loss after each step, above the lowest known minimum where `gap` says so, NaN
    from the step on at which a race has diverged.
    """

    names: tuple[str, str]
    values: tuple[tuple[Any, ...], tuple[Any, ...]]
    loss: NDArray[np.floating[Any]]
    gap: bool

    def best(self, step: float) -> tuple[int, int] | None:
        """The row and the column of the lowest loss after a step, None where all have diverged."""
        loss = self.loss[int(step)]
        if np.isnan(loss).all():
            return None
        row, column = np.unravel_index(np.nanargmin(loss), loss.shape)
        return int(row), int(column)

    def diverged(self, step: float) -> float:
        """Which part of the races has diverged after a step."""
        return float(np.isnan(self.loss[int(step)]).mean())
