"""One step of an optimizer or a scheduler, by the arguments that its `step` takes."""

import inspect
from collections.abc import Callable
from typing import Any

import torch

Closure = Callable[[], torch.Tensor]
"""Sets the gradient and returns the loss."""


def optimizer_step(optimizer: Any) -> Callable[[Closure], object]:
    """Return a function that takes one step, given a closure.

    An optimizer whose `step` takes no closure steps after one call of the closure.
    """
    if _positional(optimizer.step):
        return optimizer.step

    def step(closure: Closure) -> None:
        closure()
        optimizer.step()

    return step


def scheduler_step(scheduler: Any) -> Callable[[float], object]:
    """Return a function that takes one step of a scheduler, given the loss; without a scheduler it does nothing."""
    if scheduler is None:
        return lambda loss: None
    if any(parameter.default is parameter.empty for parameter in _positional(scheduler.step)):
        return scheduler.step
    return lambda loss: scheduler.step()


def _positional(method: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the parameters that can take a first positional argument."""
    kinds = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.VAR_POSITIONAL,
    )
    return [parameter for parameter in inspect.signature(method).parameters.values() if parameter.kind in kinds]
