"""Runs the racers, and returns their races over the surface as a Recording."""

import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.core.errors import Error, built_in_text, short_repr
from animopt.core.language import ENGLISH
from animopt.core.progress import tracked
from animopt.engine.function import Function, function_name
from animopt.engine.gradient_check import check_gradient
from animopt.engine.quantities import QUANTITIES
from animopt.engine.racer import Racer, names_and_settings
from animopt.engine.repeat_check import check_values
from animopt.engine.sampling import SampledSurface, sample_surface
from animopt.engine.user_code import race_environment, scheduler_step, seeded, user_code
from animopt.recording.recording import PIECES, Classes, Recording, Sample, SurfacePath

BATCH_ORDERS = SHUFFLED, CYCLIC = "shuffled", "cyclic"
"""Orders in which steps use the rows of data: in shuffled epochs without an incomplete batch, or one after the other,
and after the last row the first one again."""

PREDICTED_INPUTS = 49
"""Number of inputs, from the smallest to the largest, at which the predictions of a model are recorded."""


@dataclass(frozen=True)
class Run:
    """One racer's race.

    `points` and `gradients` are (steps + 1, 2), and `evaluations` is (steps + 1,). Each array of `state` has one of
    these shapes. `training` (steps + 1, 2) are the points at which gradients are computed, if they are others. A
    hyperparameter that changes is an array (steps + 1, ...).
    """

    points: Array
    training: Array | None
    gradients: Array
    evaluations: NDArray[np.int64]
    hyperparameters: Mapping[str, Any]
    state: Mapping[str, Array]


@race_environment()
def record(
    function: Function,
    racers: Sequence[Racer],
    start: tuple[float, float],
    steps: int,
    title: str = "",
    *,
    code: str = ENGLISH,
    noise: float = 0.0,
    batch: int | None = None,
    batch_order: str = SHUFFLED,
    seed: int = 0,
    quantities: Mapping[str, str] = {},
) -> Recording:
    """Run every racer on a function.

    Names are in the language with a code.

    A racer's own start and number of steps replace `start` and `steps`. Gradients come from autograd in float64, with
    Gaussian noise with the standard deviation `noise` in each component. With `batch`, each step uses that number of
    rows of the function's data, in an order of `BATCH_ORDERS`. Noise and batches follow from `seed` and are the same
    for every racer. If the function has a box, each racer is projected onto it after each step. Without racers, the
    recording holds only the surface. `quantities` are names from `QUANTITIES`, which are computed at each position, on
    all rows of the data, each with what messages call the panel or the overlay that draws it.

    Raises:
        Error: The function has no value at a start or loses its gradient, an optimizer fails, or a quantity cannot be
            computed.
    """
    names, settings = names_and_settings(racers, code, projected=function.box is not None)
    starts = [racer.start or start for racer in racers]
    gradient_seconds = 0.0
    if racers:
        gradient_seconds = check_gradient(function, starts)
    else:
        check_values(function)
    longest = max((racer.steps or steps for racer in racers), default=0)
    batches = None if batch is None else batches_of(function, batch, longest, batch_order, seed)
    runs = []
    total = sum(racer.steps or steps for racer in racers)
    with tracked(f"{function.called}: the race", total, total * gradient_seconds) as advance:
        for racer, name, own in zip(racers, names, starts, strict=True):
            runs.append(run(function, racer, name, own, racer.steps or steps, noise, batches, seed))
            advance(racer.steps or steps)
    for racer, name, own_run in zip(racers, names, runs, strict=True):
        _warn_of_idleness(racer, name, own_run)
    shape = len(runs), longest + 1
    xy = np.array([_padded(each.points, longest) for each in runs]).reshape(*shape, 2)
    gradients = np.array([_padded(each.gradients, longest) for each in runs]).reshape(*shape, 2)
    with tracked(f"{function.called}: the losses of the race", xy.size // 2) as advance:
        z = function.values(xy, advance)
    lost = np.maximum.accumulate(~(np.isfinite(xy).all(axis=-1) & np.isfinite(z)), axis=1)
    if lost[:, 0].any():
        first = int(lost[:, 0].argmax())
        raise Error(f"racer {names[first]}: the function is {z[first, 0]:g} at its start; start elsewhere")
    for each in (xy, z, gradients):
        each[lost] = np.nan

    step_counts = np.array([len(each.points) - 1 for each in runs], dtype=np.int64)
    sampled = sample_surface(function)
    minima = np.array(function.minima, dtype=np.float64).reshape(-1, 2)
    with np.errstate(over="ignore", invalid="ignore"):
        paths = tuple(
            _surface_path(sampled, points[: count + 1], heights[: count + 1])
            for points, heights, count in zip(xy, z, step_counts, strict=True)
        )
        training = tuple(
            None
            if each.training is None or np.array_equal(each.training, each.points)
            else _surface_path(sampled, each.training, function.values(each.training))
            for each in runs
        )
    return Recording(
        title=title,
        formula=function.formula,
        names=names,
        settings=settings,
        optimizers=tuple(racer.optimizer.__name__ for racer in racers),
        hyperparameters=tuple(
            {
                name: _padded(value, longest) if isinstance(value, np.ndarray) else value
                for name, value in each.hyperparameters.items()
            }
            for each in runs
        ),
        xy=xy,
        z=z,
        gradients=gradients,
        states=tuple({name: _padded(values, longest) for name, values in each.state.items()} for each in runs),
        steps=step_counts,
        evaluations=np.array([_padded(each.evaluations, longest) for each in runs], dtype=np.int64).reshape(shape),
        surface=sampled.surface,
        paths=paths,
        minima=np.column_stack([minima, function.values(minima)]),
        radius=function.radius,
        training=training,
        function=function_name(function, code),
        language=code,
        sample=_sample(function, xy, batches),
        classes=_classes(function, xy),
        direction=_unit_vector(function),
        quantities={name: QUANTITIES[name](function, xy, drawn) for name, drawn in quantities.items()},
        box=_box_path(function, sampled),
    )


def _box_path(function: Function, sampled: SampledSurface) -> SurfacePath | None:
    """Return the edge of the function's box, from its lower left corner and back to it."""
    if not function.box:
        return None
    (left, right), (bottom, top) = function.box
    corners = np.array([(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)])
    return _surface_path(sampled, corners, function.values(corners))


def batches_of(function: Function, size: int, steps: int, order: str, seed: int) -> NDArray[np.int64]:
    """Return the rows of data that each step uses, (steps, size), in an order of `BATCH_ORDERS`, from a seed."""
    rows = len(function.data[0])
    if order == CYCLIC:
        return np.arange(steps * size).reshape(steps, size) % rows
    source = np.random.default_rng([seed, 1])
    epochs = -(-steps // (rows // size))
    shuffled = [source.permutation(rows)[: rows // size * size].reshape(-1, size) for _ in range(epochs)]
    return np.concatenate([np.empty((0, size), dtype=np.int64), *shuffled])[:steps]


def _sample(function: Function, xy: Array, batches: NDArray[np.int64] | None) -> Sample | None:
    if function.predict is None or function.classifies:
        return None
    inputs, targets = (column.numpy().copy() for column in function.data)
    if batches is None:
        batches = np.broadcast_to(np.arange(len(inputs)), (xy.shape[1] - 1, len(inputs)))
    grid = np.linspace(inputs.min(), inputs.max(), PREDICTED_INPUTS)
    return Sample(inputs, targets, batches, grid, function.predictions(xy, grid))


def _classes(function: Function, xy: Array) -> Classes | None:
    """Return the labeled points of a linear classifier, and the lines on which its score is 0."""
    if not function.classifies:
        return None
    points, labels = (column.numpy().copy() for column in function.data)
    # Scores are linear in the point, so that three of them are enough.
    constant, right, up = np.moveaxis(function.predictions(xy, np.array([(0, 0), (1, 0), (0, 1)])), -1, 0)
    return Classes(points, labels, np.stack([constant, right - constant, up - constant], axis=-1))


def _unit_vector(function: Function) -> Array | None:
    """Return the function's direction with the length 1."""
    return None if function.direction is None else np.array(function.direction) / np.hypot(*function.direction)


@race_environment()
def run(
    function: Function,
    racer: Racer,
    name: str,
    start: tuple[float, float],
    steps: int,
    noise: float = 0.0,
    batches: NDArray[np.int64] | None = None,
    seed: int = 0,
) -> Run:
    """Run one racer from a start for a number of steps.

    `noise` is the standard deviation of the noise in each component of a gradient. `batches` (steps, size) are the
    rows of data that each step uses; None means all rows. The noise comes from PCG64, which is the same on every
    machine. Raises Error if the optimizer fails.
    """
    # The seed makes an optimizer that draws random numbers repeatable.
    with seeded(seed):
        source = np.random.default_rng([seed, 0])
        parameter = torch.tensor(start, dtype=torch.float64, requires_grad=True)
        # Finding the loop builds other optimizers of this class.
        loop, optimizer = racer.loop, racer.build(parameter)
        with user_code(f"racer {name}"):
            # A scheduler adds entries of its own to the settings.
            own_settings, states = set(_hyperparameters(optimizer)), [_state(optimizer, parameter)]
        scheduler = racer.schedule(optimizer)
        current = function
        # The gradient and the loss of each call of the closure.
        computed: list[tuple[list[float], float]] = []
        set_gradient = loop.gradient_closure(optimizer, parameter, lambda point: current.loss(point))

        def closure() -> torch.Tensor:
            loss = set_gradient()
            if parameter.grad is None:
                raise Error(f"{function.called}: autograd cannot follow it; write it in torch arithmetic on x")
            if noise:
                parameter.grad = parameter.grad + torch.from_numpy(noise * source.standard_normal(2))
            computed.append((parameter.grad.tolist(), loss.item()))
            return loss

        with user_code(f"racer {name}"):
            step_optimizer, step_scheduler = loop.step(optimizer, parameter), scheduler_step(scheduler)
            training: list[Any] = []
            position = loop.position(optimizer, parameter.tolist, training)
        points = [parameter.tolist()]
        evaluations = [0]
        hyperparameters = []
        for step in range(1, steps + 1):
            if batches is not None:
                current = function.on(batches[step - 1])
            with user_code(f"racer {name}: step {step} failed"):
                hyperparameters.append(_hyperparameters(optimizer))
                step_optimizer(closure)
                function.project(parameter)
                points.append(position())
                states.append(_state(optimizer, parameter))
            with user_code(f"racer {name}: scheduler failed after step {step}"):
                first = evaluations[-1]
                step_scheduler(computed[first][1] if first < len(computed) else current.loss(parameter).item())
                if scheduler and own_settings and not _has(optimizer, parameter):
                    raise ValueError("it took the parameter out of the optimizer's param_groups; leave it there")
            evaluations.append(len(computed))
    return Run(
        points=np.array(points),
        training=np.array([points[0], *training]) if training else None,
        # The gradient of a point is the first one of the step from it; no step leaves the last point.
        gradients=np.array(
            [computed[first][0] if first < last else [np.nan, np.nan] for first, last in pairwise(evaluations)]
            + [[np.nan, np.nan]]
        ),
        evaluations=np.array(evaluations),
        hyperparameters={
            key: _over_time([each.get(key) for each in hyperparameters])
            for key in hyperparameters[0]
            if key in own_settings
        },
        state=_stacked(states),
    )


def _warn_of_idleness(racer: Racer, name: str, race: Run) -> None:
    """Warn of an optimizer that never moves or uses no gradient, and of an average that never changes."""
    for kind, key in ((torch.optim.RMSprop, "alpha"), (torch.optim.Adadelta, "rho")):
        if issubclass(racer.optimizer, kind) and racer.settings.get(key) == 1:
            warnings.warn(
                f"racer {name}: with {key}=1 it never forgets, and its average of squared gradients remains 0; "
                f"give less than 1, as {key}={0.9 if key == 'rho' else 0.99}",
                stacklevel=3,
            )
    if (race.points == race.points[0]).all():
        if race.gradients[0].any():
            warnings.warn(
                f"racer {name}: never moves, though the gradient at its start is not 0; check its settings",
                stacklevel=3,
            )
    elif not race.evaluations[-1]:
        warnings.warn(
            f"racer {name}: asks for no gradient; read the parameter's grad in its step, or call the closure",
            stacklevel=3,
        )


def _has(optimizer: Any, parameter: torch.Tensor) -> bool:
    """Return whether a parameter is in one of an optimizer's groups."""
    return any(each is parameter for group in optimizer.param_groups for each in group["params"])


def _over_time(values: Sequence[Any]) -> Any:
    """Return a constant setting as it is, a changing one as an array (steps + 1, ...) that repeats its first value."""
    with suppress(TypeError, ValueError, OverflowError):
        if any(value != values[0] for value in values):
            return np.array([values[0], *values], dtype=np.float64)
    return values[0]


def _hyperparameters(optimizer: Any) -> dict[str, Any]:
    """Return the settings that an optimizer stores as torch does, as Python's own types or as text."""
    match getattr(optimizer, "param_groups", None):
        case [Mapping() as group, *_]:
            return {_plain(name): _plain(value) for name, value in group.items() if name != "params"}
    return {}


def _plain(value: Any) -> Any:
    """Return a value that can be unpickled without torch and the user's modules."""
    if value is None or type(value) in _BUILT_IN:
        return value
    with suppress(Exception):
        if isinstance(value, (list, tuple)):
            return tuple(map(_plain, value))
        if isinstance(value, (torch.Tensor, np.ndarray, np.generic)):
            return _plain(value.tolist())
        for kind in _BUILT_IN:
            if isinstance(value, kind):
                # A member of an enumeration, for example.
                return built_in_text(value) if kind is str else kind(value)
    return short_repr(value)


_BUILT_IN: tuple[type[Any], ...] = bool, int, float, complex, str
"""Types of settings."""


def _state(optimizer: Any, parameter: torch.Tensor) -> dict[str, Array]:
    """Return an optimizer's state of a parameter: copies of its numbers and of its tensors with one or two elements."""
    states = getattr(optimizer, "state", None)
    entries = states.get(parameter) if isinstance(states, Mapping) else None
    copies = {}
    for name, value in entries.items() if isinstance(entries, Mapping) else ():
        is_tensor = isinstance(value, torch.Tensor) and value.numel() in (1, 2) and not value.is_complex()
        if is_tensor or isinstance(value, (int, float)):
            # A tensor may have another layout, or no values.
            with suppress(Exception):
                copy = torch.as_tensor(value, dtype=torch.float64).detach().clone().flatten().numpy()
                copies[_plain(name)] = copy
    return copies


def _stacked(states: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    """Return one array for each name, (states, 2) or (states,). It is NaN for states without that name."""
    stacked = {}
    for name in dict.fromkeys(name for state in states for name in state):
        found = [state.get(name, np.full(1, np.nan)) for state in states]
        size = max(map(len, found))
        stacked[name] = np.array([np.broadcast_to(each, size) for each in found]).squeeze(axis=() if size == 2 else 1)
    return stacked


def _padded(rows: Any, last: int) -> Any:
    """Return rows (n, ...) with the last one repeated up to the index `last`."""
    return np.pad(rows, [(0, last + 1 - len(rows)), *[(0, 0)] * (rows.ndim - 1)], mode="edge")


def _surface_path(sampled: SampledSurface, points: Array, z: Array) -> SurfacePath:
    """Return the path through recorded points (steps + 1, 2) over a surface, with gaps outside the domain.

    `z` are the heights (steps + 1,) of the points.
    """
    low, high = sampled.surface.low, sampled.surface.high
    gap = np.full((1, 2), np.nan)
    in_view = bool(((points[0] >= low) & (points[0] <= high)).all())
    # The steps (n,) and the places (n, 2) of each part of the path.
    parts: list[tuple[Any, Array]] = [([0.0], points[:1] if in_view else gap)]
    for index, (here, there) in enumerate(pairwise(points)):
        enter, leave = _inside(here, there, low, high)
        if enter > leave:
            if in_view:
                parts.append(([index + 1.0], gap))
            in_view = False
            continue
        if not in_view:
            parts.append(([np.nextafter(index + enter, -np.inf)], gap))
        first, last = here + enter * (there - here), here + leave * (there - here)
        pieces = max(1, int(np.ceil(np.linalg.norm((last - first) / (high - low)) * PIECES)))
        part = np.linspace(enter, leave, pieces + 1)
        # An end inside the domain is exactly the recorded point.
        place = np.where(part[:, None] < 1, here + part[:, None] * (there - here), there)
        parts.append((index + part, np.clip(place, low, high)))
        in_view = leave == 1
        if not in_view:
            parts.append(([np.nextafter(index + leave, np.inf)], gap))
    step, xy = map(np.concatenate, zip(*parts, strict=True))
    return SurfacePath(step, np.column_stack([xy, sampled.heights(step, xy, points, z)]))


def _inside(here: Array, there: Array, low: Array, high: Array) -> tuple[float, float]:
    """Return the part of a straight step inside a box, as two fractions of the step, or (1, 0) if there is none.

    Source: Liang and Barsky 1984, A new concept and method for line clipping.
    """
    if not np.isfinite(there - here).all():
        return 1.0, 0.0
    enter, leave = 0.0, 1.0
    for start, end, lowest, highest in zip(here, there, low, high, strict=True):
        if start == end:
            if not lowest <= start <= highest:
                return 1.0, 0.0
            continue
        first, last = sorted(((lowest - start) / (end - start), (highest - start) / (end - start)))
        enter, leave = max(enter, first), min(leave, last)
    return (enter, leave) if enter <= leave else (1.0, 0.0)
