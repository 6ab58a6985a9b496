"""Races of several racers from a grid of starts, with positions and losses as 16-bit integers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Array

GRID, SMALLEST_GRID = 64, 8
"""Default number of starts along each side of a grid, and the smallest one."""

QUANTA = 512
"""Number of quanta of a position in a side of the grid's rectangle. A position is accurate to half a quantum."""

FARTHEST = 30_000
"""Maximum distance, in quanta, of a known position from the middle of the rectangle along each axis."""

LOSS_STEP = 1.05
"""Ratio of two neighbouring losses on a logarithmic scale. A loss is accurate to half of the step, 2.5 %. Gaps that are
as small as the rounding of the function are not."""

LOSS_QUANTA = 2000
"""Number of quanta of a loss in the range of a linear axis."""

SMALLEST_LOSS, LARGEST_LOSS = 1e-300, 1e300
"""Smallest and largest loss on a logarithmic scale."""


@dataclass(frozen=True)
class LossScale:
    """A scale from losses to 16-bit integers.

    Attributes:
        logarithmic: Whether the integers are those of the logarithm of a loss that is never negative.
        quantum: Difference of two neighbouring losses, or of their natural logarithms.
        origin: Loss, or its natural logarithm, whose integer is 0.
        lowest: Integer of all losses at or below the lower end of the scale, 0 among them.
        highest: Integer of all losses at or above the upper end of the scale.
    """

    logarithmic: bool
    quantum: float
    origin: float
    lowest: int
    highest: int

    @staticmethod
    def of_gaps(low: float = SMALLEST_LOSS) -> "LossScale":
        """Return a logarithmic scale of gaps, which does not distinguish gaps below `low`.

        A `low` above the rounding of the function keeps its noise out of the losses.
        """
        quantum = float(np.log(LOSS_STEP))
        lowest, highest = (
            round(float(np.log(min(max(loss, SMALLEST_LOSS), LARGEST_LOSS))) / quantum) for loss in (low, LARGEST_LOSS)
        )
        return LossScale(True, quantum, 0.0, lowest, highest)

    @staticmethod
    def of_losses(low: float, high: float) -> "LossScale":
        """Return a linear scale of losses, which are drawn on an axis from `low` to `high`."""
        return LossScale(False, (high - low) / LOSS_QUANTA, low, -FARTHEST, FARTHEST)

    def quantised(self, losses: Array) -> NDArray[np.int16]:
        """Return the integers of losses, which are not NaN."""
        with np.errstate(divide="ignore", over="ignore"):
            scaled = ((np.log(losses) if self.logarithmic else losses) - self.origin) / self.quantum
        return np.rint(scaled.clip(self.lowest, self.highest)).astype(np.int16)

    def losses(self, quantised: NDArray[np.int16]) -> Array:
        """Return the losses of integers."""
        values = self.origin + self.quantum * quantised.astype(np.float64)
        return np.exp(values) if self.logarithmic else values


@dataclass(frozen=True)
class Note:
    """A sentence for viewers, and what the author of the scene can do about it, or nothing."""

    sentence: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.sentence.removesuffix('.')}; {self.remedy}" if self.remedy else self.sentence.removesuffix(".")


@dataclass(frozen=True)
class AbsentRacer:
    """A racer that is not run from a grid of starts, by its index, and the reason."""

    racer: int
    reason: Note


@dataclass(frozen=True, eq=False)
class Starts:
    """Races of several racers from the middle of each cell of a grid over a rectangle.

    A position is `origin` plus `quantum` times two 16-bit integers. Each position is rounded by itself, so that
    rounding does not accumulate from step to step.

    Attributes:
        x: Coordinates of the columns, (columns,).
        y: Coordinates of the rows, (rows,).
        racers: Index of each racer, (racers,).
        absent: The racers that were not run.
        notes: How the grid differs from the one that was asked for.
        origin: Middle of the rectangle, (2,).
        quantum: Distance of two neighbouring positions along each axis, (2,).
        positions: Integers of the positions after each step, (racers, 2, steps + 1, rows, columns). A racer with fewer
            steps remains at its last point.
        scale: The scale of the losses.
        losses: Integers of the losses after each step, (racers, steps + 1, rows, columns).
        known: Number of known points of each race, (racers, rows, columns). From this step on, the race has no
            position: it diverged, or is more than `FARTHEST` quanta away. The integers are then those of the last
            known point.
        sensitive: Whether the race from a neighbouring start ends elsewhere, or rounding alone moves the race,
            (racers, rows, columns).
    """

    x: Array
    y: Array
    racers: tuple[int, ...]
    absent: tuple[AbsentRacer, ...]
    notes: tuple[Note, ...]
    origin: Array
    quantum: Array
    positions: NDArray[np.int16]
    scale: LossScale
    losses: NDArray[np.int16]
    known: NDArray[np.int64]
    sensitive: NDArray[np.bool_]

    @property
    def steps(self) -> int:
        """Number of steps of the longest race."""
        return self.losses.shape[1] - 1

    def nearest(self, point: Array) -> tuple[int, int]:
        """Return the row and the column of the start that is nearest to a point (2,)."""
        return int(np.abs(self.y - point[1]).argmin()), int(np.abs(self.x - point[0]).argmin())

    def race(self, racer: int, row: int, column: int) -> tuple[Array, Array]:
        """Return the points (steps + 1, 2) and the losses (steps + 1,) of a race, NaN where they are not known.

        `racer` is an index into `racers`.
        """
        points = self.origin + self.quantum * self.positions[racer, :, :, row, column].T
        losses = self.scale.losses(self.losses[racer, :, row, column])
        known = self.known[racer, row, column]
        points[known:], losses[known:] = np.nan, np.nan
        return points, losses
