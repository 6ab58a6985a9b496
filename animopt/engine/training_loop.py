"""The training loop of an optimizer: its closure, its gradients and its modes, found by trial steps."""

import inspect
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any, cast

import torch

from animopt.engine.user_code import seeded

Closure = Callable[[], torch.Tensor]
"""Sets the gradient and returns the loss."""

TRIAL_STEPS = 3
"""Default number of steps of a trial."""

LONG_TRIAL_STEPS = 12
"""Number of steps of a trial of an optimizer that does not move in the first steps."""

TRIAL_START = -1.5, 1.0
"""Start of a trial."""

Build = Callable[[torch.Tensor], Any]
"""Builds an optimizer of a parameter."""

Start = Callable[[], torch.Tensor]
"""Returns a new parameter."""

_NEEDS = {
    "dense gradients": "takes only sparse gradients, and a function of two variables has dense ones; use Adam",
    "CUDA": "needs a GPU with CUDA, and a race runs on the CPU; use Adam",
    "NVIDIA": "needs a GPU with CUDA, and a race runs on the CPU; use Adam",
    "torch.distributed": "needs several processes, and a race runs in one; use Adam",
}
"""Needs of an optimizer that a race does not meet, by a part of the optimizer's message."""

_OTHER_PARAMETERS = {
    ((2, 2), torch.float64): "takes only matrices, and a point (x, y) is a vector; use SGD with momentum",
    ((2,), torch.float32): "computes only in float32, and a race is in float64; use Adam",
}
"""Need of an optimizer that runs only with a parameter of this shape and type."""


class _ParameterChangedError(Exception):
    """A step changes more than the values of its parameter."""


@dataclass(frozen=True)
class TrainingLoop:
    """The needs of an optimizer around each step.

    Attributes:
        closure: Whether the step is given the closure.
        gradient_first: Whether the gradient is computed before the step.
        graph: Whether gradients have a graph, for an optimizer that differentiates them.
        modes: Whether the optimizer has a mode in which it computes gradients and one with the point that it returns.
        native: Whether the step is one of torch's own, which call the closure first and change only values.
    """

    closure: bool = True
    gradient_first: bool = True
    graph: bool = False
    modes: bool = False
    native: bool = False

    def gradient_closure(
        self, optimizer: Any, parameter: torch.Tensor, loss_at: Callable[[torch.Tensor], torch.Tensor]
    ) -> Closure:
        """Return a closure that sets the gradient of a parameter; it remains None if autograd cannot follow the loss.

        It clears the gradient and computes it by the optimizer's own methods, if it has some.
        """

        def closure() -> torch.Tensor:
            with torch.enable_grad():
                parameter.grad = None
                loss = loss_at(parameter)
                if loss.requires_grad:
                    loss.backward()
            return loss

        if self.native:
            return closure
        clear, backward = getattr(optimizer, "zero_grad", None), _own_backward(optimizer)

        def own_closure() -> torch.Tensor:
            with torch.enable_grad():
                if clear:
                    clear()
                parameter.grad = None
                loss = loss_at(parameter)
                if loss.requires_grad and backward:
                    backward(loss)
                elif loss.requires_grad and self.graph:
                    # With a graph, backward() warns of a reference cycle.
                    (parameter.grad,) = torch.autograd.grad(loss, parameter, create_graph=True)
                elif loss.requires_grad:
                    loss.backward()
            return loss.detach()

        return own_closure

    def step(self, optimizer: Any, parameter: torch.Tensor) -> Callable[[Closure], None]:
        """Return a function that takes one step of an optimizer, given a closure that sets the parameter's gradient.

        Raises an exception if the step changes more than values of the parameter.
        """
        if self.native:
            # The copies and checks of other steps take a quarter of a step's time.
            return cast("Callable[[Closure], None]", optimizer.step)
        if self.modes:
            optimizer.train()
        name = _closure_argument(optimizer.step)[0] if self.closure else None
        shape, dtype, has_groups = parameter.shape, parameter.dtype, bool(getattr(optimizer, "param_groups", None))

        def call(closure: Closure) -> None:
            if name is None:
                optimizer.step()
            elif name:
                optimizer.step(**{name: closure})
            else:
                optimizer.step(closure)

        def step(closure: Closure) -> None:
            call(_first_known(parameter, closure, graph=self.graph) if self.gradient_first else closure)
            if parameter.shape != shape:
                raise _ParameterChangedError(
                    f"it changed the parameter's shape from {tuple(shape)} to {tuple(parameter.shape)}; "
                    "change only its values, as with copy_()"
                )
            if parameter.dtype != dtype:
                raise _ParameterChangedError(
                    f"it changed the parameter's type from {dtype} to {parameter.dtype}; "
                    "change only its values, as with copy_()"
                )
            if not parameter.requires_grad:
                raise _ParameterChangedError("it switched the parameter's requires_grad off; leave it on")
            if has_groups and not optimizer.param_groups:
                raise _ParameterChangedError("it cleared its param_groups; leave its parameter there")

        return step

    def position(self, optimizer: Any, read: Callable[[], Any], training: list[Any]) -> Callable[[], Any]:
        """Return a function that returns the point that is shown, given one that reads the parameter.

        It adds the point at which gradients are computed to `training`, if that is another one.
        """
        if not self.modes:
            return read

        def position() -> Any:
            training.append(read())
            optimizer.eval()
            shown = read()
            optimizer.train()
            return shown

        return position


def _first_known(parameter: torch.Tensor, closure: Closure, *, graph: bool) -> Closure:
    """Compute the gradient, and return a closure that does not compute it again at the same point.

    Many optimizers read the gradient and ignore the closure. Others clear the gradient, or move the parameter, before
    they call it.
    """
    loss = closure()
    point, gradient, is_first = parameter.detach().clone(), parameter.grad, True
    if gradient is not None and not graph:
        gradient = gradient.clone()

    def first_known() -> torch.Tensor:
        nonlocal is_first
        if not is_first or not torch.equal(parameter, point):
            return closure()
        is_first, parameter.grad = False, gradient
        return loss

    return first_known


def is_native(optimizer: type[Any]) -> bool:
    """Return whether the step of a class is one of torch's own."""
    return getattr(getattr(optimizer, "step", None), "__module__", "").startswith("torch.optim.")


def _start() -> torch.Tensor:
    return torch.tensor(TRIAL_START, dtype=torch.float64, requires_grad=True)


def find_loop(optimizer: type[Any], build: Build, start: Start = _start) -> TrainingLoop:
    """Return the training loop of an optimizer's class: the first whose trial succeeds.

    Raises the exception of the first trial if all fail.
    """
    if is_native(optimizer):
        return TrainingLoop(gradient_first=False, native=True)
    sample = build(start())
    name, required = _closure_argument(sample.step)
    modes = all(callable(getattr(sample, mode, None)) for mode in ("train", "eval"))
    problem: Exception | None = None
    for closure, mode, graph in product([True, False], [True, False], [False, True]):
        if (closure and name is None) or (required and not closure) or (mode and not modes):
            continue
        loop = TrainingLoop(closure, graph=graph, modes=mode)
        try:
            points, _ = trial(loop, build, start)
        except Exception as error:
            problem = problem or error
            continue
        return _without_unused_gradient(loop, build, start, points, required=required)
    assert problem is not None
    raise problem


def trial(
    loop: TrainingLoop, build: Build, start: Start = _start, *, steps: int = TRIAL_STEPS, poison: bool = False
) -> tuple[list[torch.Tensor], int]:
    """Return the points of a few steps, and how often the closure was called.

    With `poison`, the gradient is NaN before each step. Raises any exception of the optimizer.
    """
    parameter, calls = start(), 0
    with seeded(0), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optimizer = build(parameter)
        set_gradient = loop.gradient_closure(optimizer, parameter, _trial_loss)

        def closure() -> torch.Tensor:
            nonlocal calls
            calls += 1
            return set_gradient()

        step, points = loop.step(optimizer, parameter), [parameter.detach().clone()]
        for _ in range(steps):
            if poison:
                parameter.grad = torch.full_like(parameter, torch.nan)
            step(closure)
            points.append(parameter.detach().clone())
    return points, calls


def _without_unused_gradient(
    loop: TrainingLoop, build: Build, start: Start, points: list[torch.Tensor], *, required: bool
) -> TrainingLoop:
    """Return a loop without the gradient before each step if the optimizer, which took these steps, does not use it."""
    other = replace(loop, gradient_first=False)
    try:
        if torch.equal(points[0], points[-1]):
            # Some optimizers wait before they move.
            points, _ = trial(loop, build, start, steps=LONG_TRIAL_STEPS)
        poisoned, calls = trial(other, build, start, steps=len(points) - 1, poison=True)
    except Exception:
        return loop
    if torch.equal(points[0], points[-1]):
        return loop
    # An optimizer whose closure is not required may call it in some steps only, and use the gradient in others.
    return other if (required or not calls) and all(map(torch.equal, points, poisoned)) else loop


def _trial_loss(point: torch.Tensor) -> torch.Tensor:
    return point[0].square().sum() + 2 * point[1].square().sum()


def _closure_argument(step: Callable[..., Any]) -> tuple[str | None, bool]:
    """Return a step's closure, and whether it is required: its name, "" if it is positional, None if there is none."""
    arguments = [each for each in inspect.signature(step).parameters.values() if each.kind is not each.VAR_KEYWORD]
    if arguments and arguments[0].kind is not inspect.Parameter.KEYWORD_ONLY:
        first = arguments[0]
        return "", first.kind is not first.VAR_POSITIONAL and first.default is first.empty
    return next(
        ((each.name, each.default is each.empty) for each in arguments if "closure" in each.name), (None, False)
    )


def _own_backward(optimizer: Any) -> Callable[[torch.Tensor], Any] | None:
    """Return the method of an optimizer that replaces `loss.backward()`, or None."""
    method = getattr(optimizer, "backward", None)
    if not callable(method):
        return None
    required = [each for each in inspect.signature(method).parameters.values() if each.default is each.empty]
    return method if len([each for each in required if each.kind is each.POSITIONAL_OR_KEYWORD]) == 1 else None


def requirement(error: BaseException, optimizer: type[Any], build: Build) -> str:
    """Return the need of a failing optimizer that a race does not meet, or "" if it is not known."""
    if isinstance(error, _ParameterChangedError):
        return ""
    found = next((need for words, need in _NEEDS.items() if words in str(error)), "")
    if found:
        return found
    if isinstance(error, NotImplementedError):
        own = next((name for name in dir(optimizer) if "backward" in name and not name.startswith("_")), "")
        return f"needs a loop that calls its {own}(), and a race calls step(); use Adam" if own else ""
    for (shape, dtype), need in _OTHER_PARAMETERS.items():
        with suppress(Exception):
            start = partial(torch.ones, shape, dtype=dtype, requires_grad=True)
            trial(find_loop(optimizer, build, start), build, start, steps=1)
            return need
    return ""
