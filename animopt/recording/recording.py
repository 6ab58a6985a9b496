"""A race as numbers: all that a panel may ask, without torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.recording.map_results import Basins, Losses

NARROW = 2.5
"""A domain whose one side is longer than this many times the other is drawn square, in unequal units."""


@dataclass(frozen=True, eq=False)
class Surface:
    """The function sampled on a grid: `x` (columns,), `y` (rows,), `z` (rows, columns), NaN where it has no value.

    `scale` (any shape) are all the heights that are drawn on one scale with these, else it is `z`.
    """

    x: Array
    y: Array
    z: Array
    scale: Array = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        if not self.scale.size:
            object.__setattr__(self, "scale", self.z)

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
        """How many times as wide as high the domain is drawn: in equal units, unless it is too narrow for that."""
        width, height = self.high - self.low
        return float(width / height) if 1 / NARROW <= width / height <= NARROW else 1.0


@dataclass(frozen=True, eq=False)
class SurfacePath:
    """A racer's way over the surface, as far as it lies in the domain.

    `step` (points,) ascends and is fractional between two steps; `xyz` (points, 3) lies on the surface.
    A row of NaN in `xyz` stands wherever the way leaves the domain.
    """

    step: Array
    xyz: Array

    def until(self, step: float) -> Array:
        """The way up to a fractional step, (points, 3), ending in the head itself."""
        return np.vstack([self.passed(step), self.head(step)])

    def passed(self, step: float) -> Array:
        """The points of the way that are passed at a fractional step, (points, 3)."""
        return self.xyz[: int(np.searchsorted(self.step, step, side="right"))]

    def head(self, step: float) -> Array:
        """The place at a fractional step, (3,); NaN while it is out of the domain."""
        after = int(np.searchsorted(self.step, step, side="right"))
        if after == 0:
            return np.full(self.xyz.shape[1], np.nan)
        before = after - 1
        if after == len(self.step) or self.step[before] == step or np.isnan(self.xyz[after, 0]):
            return self.xyz[before]
        part = (step - self.step[before]) / (self.step[after] - self.step[before])
        return self.xyz[before] + part * (self.xyz[after] - self.xyz[before])


@dataclass(frozen=True, eq=False)
class Sample:
    """The data behind a surface, and what each racer's model makes of them.

    `inputs` and `targets` are (rows,), `batches` (steps, size) the numbers of the rows from which each step has its
    gradient. `predictions` (racers, steps + 1, points) are those on `grid` (points,), even over the inputs, NaN where
    the racer is.
    """

    inputs: Array
    targets: Array
    batches: NDArray[np.int64]
    grid: Array
    predictions: Array


@dataclass(frozen=True, eq=False)
class Recording:
    """One race on one surface.

    `names`, `settings`, `optimizers` (their classes' names) and `hyperparameters` (as the optimizers hold them) are
    (racers,); a hyperparameter that changes is an array (steps + 1, ...) of what it was in the step to each point, at
    the start as in the first. `xy` (racers, steps + 1, 2) and `z` (racers, steps + 1) are float64, hold what torch
    computed, and are NaN from a racer's first non-finite value on. `gradients` (racers, steps + 1, 2) are those with
    which each step set out, NaN where none did. `states` (racers,) are what each optimizer carries after each step, by
    its own names, (steps + 1, 2) or (steps + 1,), NaN where it carries nothing yet. `steps` (racers,) is the number
    that each racer takes itself, after which it holds its last point and state; `evaluations` (racers, steps + 1)
    counts the gradients that it has asked for. `minima` (minima, 3) are the known ones, with their heights. `caption`
    tells how the race came about, where that is not plain; `sample` is there where the function has data and a model
    of them; `map`, if there is one, is what comes of many more races.
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
    caption: str = ""
    sample: Sample | None = None
    map: Basins | Losses | None = None

    @cached_property
    def gap(self) -> Array | None:
        """How far each loss is above the lowest known minimum, (racers, steps + 1), or None where none is known."""
        # The function may have no value there.
        heights = self.minima[np.isfinite(self.minima[:, 2]), 2]
        if not heights.size:
            return None
        with np.errstate(over="ignore"):
            return np.maximum(self.z - heights.min(), 0)

    @cached_property
    def in_view(self) -> NDArray[np.bool_]:
        """Whether each recorded point lies in the domain, (racers, steps + 1)."""
        inside = (self.xy >= self.surface.low) & (self.xy <= self.surface.high)
        return inside[..., 0] & inside[..., 1]

    def only(self, racer: int) -> "Recording":
        """The same race with one of its racers alone."""
        each = ("names", "settings", "optimizers", "hyperparameters", "xy", "z", "gradients", "states", "steps")
        fields = (*each, "evaluations", "paths")
        return replace(self, **{field: getattr(self, field)[racer : racer + 1] for field in fields})

    def ranks(self, step: int) -> NDArray[np.int64]:
        """Each racer's place by its loss after a step, (racers,), from 1; equal losses share one, NaN comes last."""
        z = np.where(np.isnan(self.z[:, step]), np.inf, self.z[:, step])
        return 1 + (z[None, :] < z[:, None]).sum(axis=1)

    def trouble(self, racer: int, step: int) -> str:
        """What keeps a racer out of the picture after a step, as a phrase; empty while it is in view."""
        lost = ~np.isfinite(self.z[racer, : step + 1])
        if lost.any():
            return f"diverged at step {int(lost.argmax())}"
        inside = self.in_view[racer, : step + 1]
        if inside[-1]:
            return ""
        return f"left view at step {len(inside) - int(inside[::-1].argmax()) if inside.any() else 0}"
