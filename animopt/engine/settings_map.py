"""A map of settings: races of one racer with a grid of two settings."""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

import attrs
import numpy as np
import torch

from animopt.core.errors import UsageError, short_repr
from animopt.core.validation import check_list
from animopt.engine.batched_races import Cell, Races, batch_races, diverged, follow_races
from animopt.engine.function import Function
from animopt.engine.racer import Racer
from animopt.engine.torch_env import race_environment
from animopt.recording.map_results import Losses


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
        place = np.array(racer.start or start, dtype=np.float64)
        cells = [(each, place) for each in self._racers(racer)]
        # A batch has one row, because adding a group to an optimizer takes longer with each group that it has.
        parts: list[list[Any]] = follow_races(function, cells, racer.steps or steps, len(columns), _run_batch, list)
        points = np.concatenate([np.array(part) for part in parts], axis=-1)
        points = np.moveaxis(points, 1, -1).reshape(len(points), len(rows), len(columns), 2)
        with np.errstate(over="ignore", invalid="ignore"):
            loss = function.values(points)
        lost = diverged(function, np.moveaxis(points, -1, 0)) | ~np.isfinite(loss)
        loss = np.where(np.maximum.accumulate(lost, axis=0), np.nan, loss)
        heights = function.values(np.array(function.minima, dtype=np.float64).reshape(-1, 2))
        heights = heights[np.isfinite(heights)]
        if heights.size:
            loss = np.maximum(loss - heights.min(), 0)
        return Losses((first, second), (columns, rows), loss, bool(heights.size))

    def _racers(self, racer: Racer) -> list[Racer]:
        """Return the racer with every pair of values, row by row."""
        (first, columns), (second, rows) = self.settings.items()
        try:
            for name, value in [*product([first], columns), *product([second], rows)]:
                racer.varied({name: value}).check_settings()
        except UsageError as error:
            raise UsageError(f"map settings: {error}") from error
        return [_with(racer, {first: column, second: row}) for row, column in product(rows, columns)]


def _with(racer: Racer, settings: Mapping[str, Any]) -> Racer:
    """Return the same racer with other settings. Raises UsageError if its optimizer cannot be built."""
    other = racer.varied(settings)
    try:
        other.build(torch.zeros(2, dtype=torch.float64, requires_grad=True))
    except UsageError as error:
        cell = ", ".join(f"{name}={short_repr(value)}" for name, value in settings.items())
        raise UsageError(f"map settings {cell}: {error}") from error
    return other


def _run_batch(function: Function, cells: Sequence[Cell], steps: int) -> Races:
    """Run racers of one class as parameter groups of one optimizer."""
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
    yield from batch_races(first, first.optimizer(groups, **first.settings), closure, points, steps)
