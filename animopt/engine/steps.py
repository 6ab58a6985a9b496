"""One step of an optimizer, and of a scheduler."""

import inspect
from collections.abc import Callable
from typing import Any

import torch


def take_step(optimizer: Any, closure: Callable[[], torch.Tensor]) -> None:
    """One step, with the closure where the optimizer's `step` takes one, and after a call of it where not."""
    if _positional(optimizer.step):
        optimizer.step(closure)
    else:
        closure()
        optimizer.step()


def take_scheduler_step(scheduler: Any, loss: float) -> None:
    """One step of a scheduler, which is given the loss where its `step` cannot do without."""
    if any(parameter.default is parameter.empty for parameter in _positional(scheduler.step)):
        scheduler.step(loss)
    else:
        scheduler.step()


def _positional(method: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters to which a first argument can go."""
    kinds = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.VAR_POSITIONAL,
    )
    return [parameter for parameter in inspect.signature(method).parameters.values() if parameter.kind in kinds]
