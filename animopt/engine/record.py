"""Runs the racers, returns a Recording."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.core.errors import Error, first_line, must_propagate
from animopt.engine.function import Function
from animopt.engine.gradient_check import check_gradient
from animopt.engine.racer import Racer
from animopt.engine.racer_names import names_and_settings
from animopt.engine.steps import optimizer_step, scheduler_step
from animopt.engine.surface_paths import sample_surface, surface_path
from animopt.engine.torch_env import default_torch, one_thread
from animopt.recording.recording import Recording, Sample

FITTED = 49
"""At how many inputs, from the least to the greatest, a model of data is recorded."""


@dataclass(frozen=True)
class Chance:
    """What is left to chance, the same for every racer.

    `noise` is the standard deviation of what is added to a gradient; `batches` (steps, size) are the rows of data that
    each step sees, None where it sees all. Numbers come from PCG64, which is the same on every machine.
    """

    noise: float = 0.0
    batches: NDArray[np.int64] | None = None
    seed: int = 0

    def noises(self) -> Iterator[torch.Tensor]:
        """What is added to each gradient in turn, (2,)."""
        source = np.random.default_rng([self.seed, 0])
        while True:
            yield torch.from_numpy(self.noise * source.standard_normal(2))


@dataclass(frozen=True)
class Run:
    """One racer's race.

    `points` and `gradients` are (steps + 1, 2), `evaluations` is (steps + 1,), the arrays in `state` are either. What
    changes of the hyperparameters is (steps + 1, ...).
    """

    points: Array
    gradients: Array
    evaluations: NDArray[np.int64]
    hyperparameters: Mapping[str, Any]
    state: Mapping[str, Array]


@default_torch()
def record(
    function: Function,
    racers: Sequence[Racer],
    start: tuple[float, float],
    steps: int,
    title: str = "",
    *,
    noise: float = 0.0,
    batch: int | None = None,
    seed: int = 0,
) -> Recording:
    """Run every racer on a function, each from its own start or the common one, for its own number of steps or `steps`.

    Every gradient is autograd's, in float64, at `batch` rows of the function's data, or at all, and with Gaussian
    noise of the standard deviation `noise` in each component. Rows come in shuffled epochs, of which what makes no
    whole batch is left out. A gradient's noise and a step's batch are the same for every racer, and follow from `seed`.
    With no racers, the recording holds the surface alone.
    Raises Error where the function has no value at a start or loses its gradient, or an optimizer cannot do the work.
    """
    names, settings = names_and_settings(racers)
    starts = [racer.start or start for racer in racers]
    if racers:
        check_gradient(function, starts)
    longest = max((racer.steps or steps for racer in racers), default=0)
    chance = Chance(noise, None if batch is None else _batches(function, batch, longest, seed), seed)
    runs = [
        run(function, racer, name, own, racer.steps or steps, chance)
        for racer, name, own in zip(racers, names, starts, strict=True)
    ]
    taken = np.array([len(ran.points) - 1 for ran in runs], dtype=np.int64)
    length = int(taken.max(initial=0)) + 1
    xy, gradients = np.empty((2, len(runs), length, 2))
    evaluations = np.empty((len(runs), length), dtype=np.int64)
    for racer, ran in enumerate(runs):
        xy[racer] = _held(ran.points, length)
        gradients[racer] = _held(ran.gradients, length)
        evaluations[racer] = _held(ran.evaluations, length)
    z = function.values(xy)
    lost = np.maximum.accumulate(~(np.isfinite(xy).all(axis=-1) & np.isfinite(z)), axis=1)
    if lost[:, 0].any():
        first = int(lost[:, 0].argmax())
        raise Error(f"racer {names[first]}: the function is {z[first, 0]:g} at its start; start elsewhere")
    xy[lost] = np.nan
    z[lost] = np.nan
    gradients[lost] = np.nan

    surface = sample_surface(function)
    minima = np.array(function.minima, dtype=np.float64).reshape(-1, 2)
    with np.errstate(over="ignore", invalid="ignore"):
        paths = tuple(
            surface_path(function, points[: count + 1], surface) for points, count in zip(xy, taken, strict=True)
        )
    return Recording(
        title=title,
        formula=function.formula,
        names=names,
        settings=settings,
        optimizers=tuple(racer.optimizer.__name__ for racer in racers),
        hyperparameters=tuple(
            {name: _held(each, length) if isinstance(each, np.ndarray) else each for name, each in kept.items()}
            for kept in (ran.hyperparameters for ran in runs)
        ),
        xy=xy,
        z=z,
        gradients=gradients,
        states=tuple({name: _held(values, length) for name, values in ran.state.items()} for ran in runs),
        steps=taken,
        evaluations=evaluations,
        surface=surface,
        paths=paths,
        minima=np.column_stack([minima, function.values(minima)]),
        sample=_sample(function, xy, chance.batches),
    )


def _batches(function: Function, size: int, steps: int, seed: int) -> NDArray[np.int64]:
    """Which rows of data each step sees, (steps, size): shuffled epochs, without what makes no whole batch."""
    rows = len(function.data[0])
    source = np.random.default_rng([seed, 1])
    epochs = -(-steps // (rows // size))
    shuffled = [source.permutation(rows)[: rows // size * size].reshape(-1, size) for _ in range(epochs)]
    return np.concatenate([np.empty((0, size), dtype=np.int64), *shuffled])[:steps]


def _sample(function: Function, xy: Array, batches: NDArray[np.int64] | None) -> Sample | None:
    if function.predict is None:
        return None
    inputs, targets = (column.numpy().copy() for column in function.data)
    if batches is None:
        batches = np.broadcast_to(np.arange(len(inputs)), (xy.shape[1] - 1, len(inputs)))
    grid = np.linspace(inputs.min(), inputs.max(), FITTED)
    return Sample(inputs, targets, batches, grid, function.predictions(xy, grid))


@default_torch()
@one_thread()
def run(
    function: Function, racer: Racer, name: str, start: tuple[float, float], steps: int, chance: Chance = Chance()
) -> Run:
    """One racer's race, from a start for a number of steps. Raises Error where the optimizer cannot do the work."""
    # An optimizer that throws dice throws the same ones in every film.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(chance.seed)
        return _race(function, racer, name, start, steps, chance)


def _race(function: Function, racer: Racer, name: str, start: tuple[float, float], steps: int, chance: Chance) -> Run:
    parameter = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = racer.build(parameter)
    # A scheduler leaves notes of its own among the settings.
    own = set(_hyperparameters(optimizer))
    scheduler = racer.schedule(optimizer)
    noises = chance.noises()
    seen = function
    asked: list[torch.Tensor] = []
    losses: list[float] = []

    def closure() -> torch.Tensor:
        with torch.enable_grad():
            parameter.grad = None
            loss = seen.loss(parameter)
            if loss.requires_grad:
                loss.backward()
        if parameter.grad is None:
            raise Error(f"{function.called}: autograd cannot follow it; write it in torch arithmetic on x")
        if chance.noise:
            parameter.grad = parameter.grad + next(noises)
        asked.append(parameter.grad.clone())
        losses.append(loss.item())
        return loss

    step_optimizer, step_scheduler = optimizer_step(optimizer), scheduler_step(scheduler)
    points = np.empty((steps + 1, 2))
    gradients = np.full((steps + 1, 2), np.nan)
    evaluations = np.zeros(steps + 1, dtype=np.int64)
    points[0] = parameter.detach().numpy()
    states = [_state(optimizer, parameter)]
    hyperparameters = []
    for step in range(1, steps + 1):
        before = len(asked)
        if chance.batches is not None:
            seen = function.on(chance.batches[step - 1])
        hyperparameters.append(_hyperparameters(optimizer))
        # Whoever wants a gradient has to ask for it.
        parameter.grad = None
        try:
            step_optimizer(closure)
        except Error:
            raise
        except BaseException as error:
            if must_propagate(error):
                raise
            raise Error(f"racer {name}: step {step} failed: {first_line(error)}") from error
        if len(asked) == before:
            raise Error(f"racer {name}: its step(closure) never calls the closure; it needs torch's interface")
        points[step] = parameter.detach().numpy()
        gradients[step - 1] = asked[before].numpy()
        evaluations[step] = len(asked)
        states.append(_state(optimizer, parameter))
        try:
            step_scheduler(losses[before])
        except BaseException as error:
            if must_propagate(error):
                raise
            raise Error(f"racer {name}: scheduler failed after step {step}: {first_line(error)}") from error
    changing = {key: _over_time([each[key] for each in hyperparameters]) for key in hyperparameters[0] if key in own}
    return Run(points, gradients, evaluations, changing, _stacked(states))


def _over_time(values: Sequence[Any]) -> Any:
    """A setting that never changes as it is, one that does as an array (steps + 1, ...), its first value twice."""
    if all(value == values[0] for value in values):
        return values[0]
    try:
        return np.array([values[0], *values], dtype=np.float64)
    except (TypeError, ValueError):
        return values[0]


def _hyperparameters(optimizer: Any) -> dict[str, Any]:
    """The settings that an optimizer keeps as torch does, in Python's own types or as their representation."""
    match getattr(optimizer, "param_groups", None):
        case [Mapping() as group, *_]:
            return {name: _plain(value) for name, value in group.items() if name != "params"}
    return {}


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(map(_plain, value))
    if isinstance(value, (torch.Tensor, np.ndarray, np.generic)):
        return _plain(value.tolist())
    # Whatever else it is may need torch, or a lecturer's own module, to be read again.
    return value if isinstance(value, (bool, int, float, complex, str, NoneType)) else repr(value)


def _state(optimizer: Any, parameter: torch.Tensor) -> dict[str, Array]:
    """A copy of what an optimizer carries for a parameter as torch does: its numbers, and its tensors of one or two."""
    states = getattr(optimizer, "state", None)
    carried = states.get(parameter) if isinstance(states, Mapping) else None
    if not isinstance(carried, Mapping):
        return {}
    copies = {
        name: torch.as_tensor(value, dtype=torch.float64).detach().clone().flatten().numpy()
        for name, value in carried.items()
        if isinstance(value, (int, float, torch.Tensor))
    }
    return {name: copy for name, copy in copies.items() if len(copy) in (1, 2)}


def _stacked(states: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    """One array for each name, (states, 2) or (states,), NaN where a state does not have it."""
    stacked = {}
    for name in dict.fromkeys(name for state in states for name in state):
        found = [state.get(name, np.full(1, np.nan)) for state in states]
        size = max(map(len, found))
        stacked[name] = np.array([np.broadcast_to(each, size) for each in found]).squeeze(axis=() if size == 2 else 1)
    return stacked


def _held(rows: Any, length: int) -> Any:
    """Rows (any, ...), of which the last is held until there are `length`."""
    return np.pad(rows, [(0, length - len(rows)), *[(0, 0)] * (rows.ndim - 1)], mode="edge")
