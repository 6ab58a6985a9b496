"""A recorded race, and the results of a map, as NumPy arrays: everything that a panel needs, without torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.core.language import ENGLISH

MAX_SIDE_RATIO = 2.5
"""Maximum ratio of a domain's sides that is drawn in equal units. A longer domain is drawn as a square."""

PIECES = 96
"""Number of straight pieces into which a step across the whole domain is divided, so that it follows the surface."""

UNDECIDED, DIVERGED = -1, -2
"""Outcomes of a race in place of the index of a minimum."""


@dataclass(frozen=True, eq=False)
class Surface:
    """A function sampled on a grid.

    Attributes:
        x: Coordinates of the columns, ascending, (columns,).
        y: Coordinates of the rows, ascending, (rows,).
        z: Values of the function, (rows, columns). NaN if it has none.
        scale: All values that share one scale of heights with `z`, of any shape. `z` itself if there are no others.
    """

    x: Array
    y: Array
    z: Array
    scale: Array

    @property
    def low(self) -> Array:
        """The corner of the domain with the smallest coordinates, (2,)."""
        return np.array([self.x[0], self.y[0]])

    @property
    def high(self) -> Array:
        """The corner of the domain with the largest coordinates, (2,)."""
        return np.array([self.x[-1], self.y[-1]])

    @property
    def aspect(self) -> float:
        """Width of the drawn domain divided by its height."""
        width, height = self.high - self.low
        return float(width / height) if 1 / MAX_SIDE_RATIO <= width / height <= MAX_SIDE_RATIO else 1.0


@dataclass(frozen=True, eq=False)
class SurfacePath:
    """The path of a racer over the surface.

    Attributes:
        step: Step at each point, ascending, (points,). It is fractional between two steps.
        xyz: Points on the surface, in the units of the domain, (points, 3). A row of NaN separates the parts of a path
            that leaves the domain and returns.
    """

    step: Array
    xyz: Array

    def passed(self, step: float) -> Array:
        """Return the points of the path up to a fractional step, (points, 3)."""
        return self.xyz[: self.step.searchsorted(step, side="right")]

    def between(self, first: float, last: float) -> Array:
        """Return the points of the path after a fractional step and up to another one, (points, 3)."""
        start, end = self.step.searchsorted([first, last], side="right")
        return self.xyz[start:end]

    def head(self, step: float) -> Array:
        """Return the point at a fractional step, (3,). It is NaN while the racer is outside the domain."""
        after = int(self.step.searchsorted(step, side="right"))
        if after == 0:
            return np.full(self.xyz.shape[1], np.nan)
        before = after - 1
        if after == len(self.step) or self.step[before] == step or np.isnan(self.xyz[after, 0]):
            return self.xyz[before]
        part = (step - self.step[before]) / (self.step[after] - self.step[before])
        return self.xyz[before] + part * (self.xyz[after] - self.xyz[before])


@dataclass(frozen=True, eq=False)
class Sample:
    """The data behind a surface, and the predictions of each racer's model.

    Attributes:
        inputs: Inputs of the data, (rows,).
        targets: Targets of the data, (rows,).
        batches: Indices of the rows with which the gradient of each step is computed, (steps, batch size).
        grid: Evenly spaced inputs, (points,).
        predictions: Predictions on `grid` after each step, (racers, steps + 1, points). NaN after a racer diverged.
    """

    inputs: Array
    targets: Array
    batches: NDArray[np.int64]
    grid: Array
    predictions: Array


@dataclass(frozen=True, eq=False)
class Classes:
    """The labeled points behind a surface, and the line at which each racer's classifier separates them.

    Attributes:
        points: The points, (rows, 2).
        labels: The label of each, −1 or 1, (rows,).
        separators: Coefficients c, a and b of the score c + a u + b v of a point (u, v) after each step,
            (racers, steps + 1, 3). NaN after a racer diverged.
    """

    points: Array
    labels: Array
    separators: Array

    def margin(self, direction: Array) -> float:
        """Return the smallest distance of a point from the line through the origin perpendicular to a unit vector (2,).

        It is negative if a point is on the side of the other label.
        """
        return float((self.labels * (self.points @ direction)).min())


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
        radius: Distance from a minimum within which a race has arrived at it.
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
            return self.minimum.size - sum(self.count(other, step) for other in self._steps)
        return int(np.searchsorted(self._steps[outcome], step, side="right"))

    def median(self, outcome: int, step: float) -> float:
        """Return the median step at which starts reached an outcome, up to a step, or NaN if none reached it."""
        if outcome == UNDECIDED or not (count := self.count(outcome, step)):
            return np.nan
        return float(np.median(self._steps[outcome][:count]))

    @cached_property
    def _steps(self) -> dict[int, NDArray[np.int64]]:
        """By decided outcome, the first step from which each start keeps it, ascending, (starts,)."""
        return {
            outcome: np.sort(self.step[self.minimum == outcome]) for outcome in (DIVERGED, *range(len(self.minima)))
        }


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

    def at(self, step: float) -> Array:
        """Return the losses after a step, (rows, columns). After their last step, they are those of the last step."""
        return self.loss[min(int(step), len(self.loss) - 1)]

    def best(self, step: float) -> tuple[int, int] | None:
        """Return the row and the column of the lowest loss after a step, or None if all races have diverged."""
        loss = self.at(step)
        if np.isnan(loss).all():
            return None
        return divmod(int(np.nanargmin(loss)), loss.shape[1])

    def diverged(self, step: float) -> float:
        """Return the share of the races that have diverged after a step."""
        return float(np.isnan(self.at(step)).mean())


@dataclass(frozen=True, eq=False)
class Swarm:
    """Many runs of one racer, each with noise and batches of its own.

    Attributes:
        racer: Index of the racer.
        xy: Positions after each step, (runs, steps + 1, 2).
        basin: The minimum in whose basin each position is, as its index, or -1 outside the domain, (runs, steps + 1).
    """

    racer: int
    xy: Array
    basin: NDArray[np.int64]

    def shares(self, minima: int) -> Array:
        """Return the share of the runs in the basin of each of several minima after each step, (minima, steps + 1)."""
        return np.array([(self.basin == minimum).mean(axis=0) for minimum in range(minima)])

    def error(self, share: Array) -> Array:
        """Return the standard error of shares (any shape), that of a binomial distribution: √(p (1 − p)/n)."""
        return np.sqrt(share * (1 - share) / len(self.xy))


@dataclass(frozen=True, eq=False)
class Preconditioned:
    """A race in the coordinates of a preconditioner P, in which a point p is at √P p.

    Attributes:
        race: The race in these coordinates. It has no data, no map, no swarm and no quantities of its own.
        conditions: Condition number of the Hessian at the nearest minimum, before and after the change of coordinates.
    """

    race: "Recording"
    conditions: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Recording:
    """A race of several racers on one surface.

    Positions are in the units of the domain, losses in those of the function.

    Attributes:
        title: The title of the scene.
        formula: The function as text with mathtext.
        names: Name of each racer, (racers,).
        settings: Settings of each racer as text, (racers,).
        optimizers: Name of each optimizer's class, (racers,).
        hyperparameters: Hyperparameters of each optimizer by torch's names, (racers,). One that changes during the
            race is an array (steps + 1, ...): its values in the steps that led to each point. The start has those of
            the first step.
        xy: Positions after each step as torch computed them, float64, (racers, steps + 1, 2). NaN from the first
            non-finite value on.
        z: Losses at `xy`, float64, (racers, steps + 1). NaN from the first non-finite value on.
        gradients: Gradients at `xy` with which the next step was computed, (racers, steps + 1, 2). NaN if there is
            none.
        states: State of each optimizer after each step by torch's names, (racers,): arrays (steps + 1, 2) or
            (steps + 1,). NaN before torch creates the state.
        steps: Number of steps of each racer, (racers,). Afterwards it remains at its last point.
        evaluations: Number of gradients computed for each racer after each step, (racers, steps + 1). A gradient that
            the racer has before a step and asks for again at the same point is computed once.
        surface: The function on a grid.
        paths: Path of each racer over the surface, (racers,).
        minima: Known minima and their losses, (minima, 3).
        radius: Distance from a minimum within which a racer has arrived at it.
        training: Path over the surface of the points at which a racer computes its gradients, (racers,). None if they
            are its positions, as they are except with schedule-free optimizers.
        function: Name of the function, or "".
        difference: What distinguishes this race from the others of its clip, such as an angle, or "".
        language: Code of the language of the texts.
        caption: A remark on the race, such as the budget of its tuning, or "".
        notes: Numbers for the speaker, such as the settings that the tuning found, or "".
        sample: The data of a function that is the loss of a model.
        classes: The data of a function that is the loss of a linear classifier.
        direction: The direction of the function with which positions are compared, a unit vector (2,), or None.
        map: The result of many more races, if the scene has a map.
        swarm: Many runs of one racer, if the scene has them.
        preconditioned: The race in the coordinates of a preconditioner, if the scene has one.
        box: The edge of the box onto which each racer is projected after each step, as a path over the surface, or
            None.
        clock: "step", or "evaluations" if the race was converted so that its steps are computed gradients.
        quantities: Quantities of the function at `xy` that panels and overlays ask for, by name,
            (racers, steps + 1, ...). NaN after a racer diverged. "hessian" has the second derivatives (..., 2, 2),
            "sharpness" their largest eigenvalue, and "modes" the coordinate and the eigenvalue (..., 2, 2) of each
            eigenvector at the minimum that is nearest to the racer's end, the steepest one first.
    """

    title: str
    formula: str
    names: tuple[str, ...]
    settings: tuple[str, ...]
    optimizers: tuple[str, ...]
    hyperparameters: tuple[Mapping[str, Any], ...]
    xy: Array
    z: Array
    gradients: Array
    states: tuple[Mapping[str, Array], ...]
    steps: NDArray[np.int64]
    evaluations: NDArray[np.int64]
    surface: Surface
    paths: tuple[SurfacePath, ...]
    minima: Array
    radius: float
    training: tuple[SurfacePath | None, ...] = ()
    function: str = ""
    difference: str = ""
    language: str = ENGLISH
    caption: str = ""
    notes: str = ""
    sample: Sample | None = None
    classes: Classes | None = None
    direction: Array | None = None
    map: Basins | Losses | None = None
    swarm: Swarm | None = None
    preconditioned: Preconditioned | None = None
    box: SurfacePath | None = None
    clock: str = "step"
    quantities: Mapping[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # The user's checks of claims read the recording that is drawn.
        values = [*vars(self).values(), *vars(self.surface).values()]
        values += [each for state in (*self.states, *self.hyperparameters) for each in state.values()]
        values += self.quantities.values()
        for each in values:
            if isinstance(each, np.ndarray):
                each.setflags(write=False)

    @property
    def last_step(self) -> int:
        """Number of steps of the longest race."""
        return self.xy.shape[1] - 1

    @cached_property
    @np.errstate(over="ignore")
    def gap(self) -> Array | None:
        """Losses above the lowest known minimum, (racers, steps + 1), or None if no minimum is known."""
        # The function may have no value at a given minimum.
        heights = self.minima[np.isfinite(self.minima[:, 2]), 2]
        return np.maximum(self.z - heights.min(), 0) if heights.size else None

    @cached_property
    def angles(self) -> Array:
        """The angle in degrees at the origin between each position and the direction, (racers, steps + 1).

        The origin itself has no angle, and gets that of the next position. NaN without a direction.
        """
        if self.direction is None:
            return np.full(self.z.shape, np.nan)
        along, across = self.xy @ self.direction, self.xy @ [-self.direction[1], self.direction[0]]
        angles: Array = np.degrees(np.arctan2(np.abs(across), along))
        for row, points in zip(angles, self.xy, strict=True):
            for step in np.flatnonzero(~points.any(axis=1))[::-1]:
                row[step] = row[step + 1] if step + 1 < len(row) else np.nan
        return angles

    @cached_property
    def in_view(self) -> NDArray[np.bool_]:
        """Whether each position is in the domain, (racers, steps + 1)."""
        return np.all((self.xy >= self.surface.low) & (self.xy <= self.surface.high), axis=-1)

    @cached_property
    def winner(self) -> int | None:
        """Index of the racer with the lowest loss at the last step among those in view, or None.

        There is none without another racer, and none if several racers share the lowest loss.
        """
        loss = np.where(self.in_view[:, -1] & np.isfinite(self.z[:, -1]), self.z[:, -1], np.inf)
        if len(loss) < 2 or np.isinf(loss.min()) or (loss == loss.min()).sum() > 1:
            return None
        return int(loss.argmin())

    def single(self, racer: int) -> "Recording":
        """Return the recording of one racer."""
        shared = (
            "title",
            "formula",
            "surface",
            "minima",
            "radius",
            "function",
            "difference",
            "language",
            "caption",
            "notes",
            "sample",
            "classes",
            "direction",
            "map",
            "box",
            "clock",
        )
        own = (
            each.name for each in fields(self) if each.name not in (*shared, "quantities", "swarm", "preconditioned")
        )
        quantities = {name: values[racer : racer + 1] for name, values in self.quantities.items()}
        swarm = replace(self.swarm, racer=0) if self.swarm and self.swarm.racer == racer else None
        views = self.preconditioned and replace(self.preconditioned, race=self.preconditioned.race.single(racer))
        sliced = {name: getattr(self, name)[racer : racer + 1] for name in own}
        return replace(self, quantities=quantities, swarm=swarm, preconditioned=views, **sliced)

    def ranks(self, step: int) -> NDArray[np.int64]:
        """Return each racer's rank by its loss after a step, from 1, (racers,). Equal losses share one, NaN is last."""
        z = np.where(np.isnan(self.z[:, step]), np.inf, self.z[:, step])
        return 1 + (z[None, :] < z[:, None]).sum(axis=1)

    def lost(self, racer: int, step: int) -> tuple[str, int] | None:
        """Return why a racer is not in view after a step, and since which step, or None if it is in view.

        The reason is "diverged" or "left view".
        """
        diverged = ~np.isfinite(self.z[racer, : step + 1])
        if diverged.any():
            return "diverged", int(diverged.argmax())
        inside = self.in_view[racer, : step + 1]
        if inside[-1]:
            return None
        return "left view", len(inside) - int(inside[::-1].argmax()) if inside.any() else 0
