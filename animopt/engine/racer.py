"""Racers: any class of torch.optim, or any class with its interface, with its settings."""

import copy
import inspect
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from numbers import Real
from typing import Any

import numpy as np
import torch

from animopt.core.errors import UsageError, first_line, must_propagate, short_repr, suggestion
from animopt.core.validation import MAX_COUNT, check_integer, check_pair, check_text
from animopt.engine.steps import optimizer_step
from animopt.engine.torch_env import default_torch
from animopt.recording.update_rules import IMPLEMENTATION_SETTINGS

_REASONS = {
    "dense gradients": "takes sparse gradients alone, and a function of two variables has dense ones; use Adam",
    "2D parameters": "takes matrices alone, and a point (x, y) is a vector; use SGD with momentum",
}
"""Why an optimizer of torch cannot run here, by what it says itself."""


class Racer:
    """An optimizer that takes part in a race.

    `optimizer` is a class with torch's interface, or the name of one in torch.optim; `settings` are its own keywords,
    spelled as torch spells them. `start`, `steps` and `name` stand in for the scene's. `scheduler` is a function that
    takes the optimizer and returns a learning-rate scheduler with torch's interface, which is stepped after each step.
    Raises UsageError for a name that torch.optim does not have, settings that the class does not take, and a class
    that cannot step on two numbers.
    """

    def __init__(
        self,
        optimizer: str | type[Any],
        *,
        name: str = "",
        start: Sequence[float] | None = None,
        steps: int | None = None,
        scheduler: Callable[[Any], Any] | None = None,
        **settings: Any,
    ) -> None:
        self.optimizer = _by_name(optimizer) if isinstance(optimizer, str) else optimizer
        if not isinstance(self.optimizer, type):
            raise UsageError(f"racer {short_repr(optimizer)}: give a class, or its name in torch.optim, as 'Adam'")
        self.name = check_text("racer name", name, "name='Adam'")
        self.start = None if start is None else check_pair("racer start", start)
        self.steps = None if steps is None else check_integer("racer steps", steps, maximum=MAX_COUNT)
        self.scheduler = scheduler
        # NumPy's numbers are written otherwise than they were given.
        self.settings: Mapping[str, Any] = {
            key: value.item() if isinstance(value, np.generic) else value for key, value in settings.items()
        }
        self.check_settings()
        self._try()

    def __repr__(self) -> str:
        given = {key: getattr(self, key) for key in ("name", "start", "steps") if getattr(self, key)}
        told = [f"{key}={short_repr(value)}" for key, value in [*self.settings.items(), *given.items()]]
        return f"Racer({', '.join([repr(self.optimizer.__name__), *told])})"

    def replace(self, **changes: Any) -> "Racer":
        """The same racer but for some of its settings, or for its name, start, steps or scheduler.

        Raises UsageError as the class itself does.
        """
        own = {"name": self.name, "start": self.start, "steps": self.steps, "scheduler": self.scheduler}
        return Racer(self.optimizer, **{**own, **self.settings, **changes})

    def varied(self, settings: Mapping[str, Any]) -> "Racer":
        """The same racer with other settings, which are not looked at before it is built: for many at a time."""
        other = copy.copy(self)
        other.settings = {**self.settings, **settings}
        return other

    @default_torch()
    def build(self, parameter: torch.Tensor) -> Any:
        """A fresh optimizer of one parameter."""
        try:
            return self.optimizer([parameter], **self.settings)
        except BaseException as error:
            if must_propagate(error):
                raise
            said = _reason(error)
            known = _settings_of(self.optimizer) or {}
            usual = next((f"; the default is {key}={known[key]!r}" for key in self.settings if key in said), "")
            raise UsageError(f"racer {self.optimizer.__name__}: {said}{usual}") from error

    def schedule(self, optimizer: Any) -> Any:
        """A fresh scheduler of an optimizer, or None where the racer has none."""
        if self.scheduler is None:
            return None
        called = f"racer {self.optimizer.__name__}: scheduler"
        remedy = "give a function of the optimizer, as lambda optimizer: StepLR(optimizer, 10)"
        if not callable(self.scheduler):
            raise UsageError(f"{called}={short_repr(self.scheduler)}: {remedy}")
        try:
            scheduler = self.scheduler(optimizer)
        except BaseException as error:
            if must_propagate(error):
                raise
            raise UsageError(f"{called}: {first_line(error)}; {remedy}") from error
        if not callable(getattr(scheduler, "step", None)):
            raise UsageError(f"{called}: returned {type(scheduler).__name__}, which has no step; {remedy}")
        return scheduler

    def check_settings(self) -> None:
        """Raise UsageError for a setting that the class does not have, or whose value no class can use."""
        called = self.optimizer.__name__
        known = _settings_of(self.optimizer)
        for key, value in self.settings.items():
            given = f"racer {called}: {key}={short_repr(value)}"
            if known is not None and key not in known:
                meant = [*known, "name", "start", "steps", "scheduler"]
                hint = suggestion(key, meant, f"it takes {', '.join(known) or 'none'}")
                raise UsageError(f"{given}: no such setting; {hint}")
            default = (known or {}).get(key, inspect.Parameter.empty)
            if remedy := _remedy(key, value, default):
                example = default if isinstance(default, (bool, int, float, tuple)) else 0.01
                raise UsageError(f"{given}: {remedy}, as {key}={example!r}")

    @default_torch()
    def _try(self) -> None:
        """Raise UsageError where the optimizer or its scheduler cannot be built, or torch's cannot step from (1, 1)."""
        parameter = torch.ones(2, dtype=torch.float64, requires_grad=True)
        optimizer = self.build(parameter)
        self.schedule(optimizer)
        if not callable(getattr(optimizer, "step", None)):
            remedy = "give a class with torch's interface, or a name, as 'Adam'"
            raise UsageError(f"racer {self.optimizer.__name__}: has no step; {remedy}")
        # What another class does in a step, and whether it may do so twice, is its own business.
        if not isinstance(optimizer, torch.optim.Optimizer):
            return

        def closure() -> torch.Tensor:
            with torch.enable_grad():
                parameter.grad = None
                loss = parameter.square().sum()
                loss.backward()
            return loss

        try:
            with torch.random.fork_rng(devices=[]):
                optimizer_step(optimizer)(closure)
        except BaseException as error:
            if must_propagate(error):
                raise
            raise UsageError(f"racer {self.optimizer.__name__}: {_reason(error)}") from error


def optimizer_names() -> list[str]:
    """The names of the optimizers in torch.optim."""
    base = torch.optim.Optimizer
    classes = (value for value in vars(torch.optim).values() if isinstance(value, type))
    return sorted(each.__name__ for each in classes if issubclass(each, base) and each is not base)


def optimizer_table() -> list[tuple[str, str, str]]:
    """Each optimizer in torch.optim: its name, its default settings as they would be given, why it cannot run here.

    The last is empty for those that can.
    """
    return [(name, _defaults(name), _why_not(name)) for name in optimizer_names()]


def _by_name(name: str) -> type[Any]:
    known = {known.casefold(): known for known in optimizer_names()}
    if name.casefold() in known:
        found: type[Any] = getattr(torch.optim, known[name.casefold()])
        return found
    hint = suggestion(name, known.values(), f"torch.optim has {', '.join(known.values())}")
    raise UsageError(f"racer {short_repr(name)}: no such optimizer; {hint}")


def _defaults(name: str) -> str:
    settings = _settings_of(getattr(torch.optim, name)) or {}
    told = {key: value for key, value in settings.items() if value is not None and key not in IMPLEMENTATION_SETTINGS}
    return ", ".join(f"{key}={value!r}" for key, value in told.items())


def _why_not(name: str) -> str:
    try:
        Racer(name)
    except UsageError as error:
        return str(error).removeprefix(f"racer {name}: ")
    return ""


def _settings_of(optimizer: type[Any]) -> dict[str, Any] | None:
    """The settings that a class takes beside the parameters, with their defaults; None where it does not say."""
    try:
        _, *rest = inspect.signature(optimizer).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in rest):
        return None
    return {parameter.name: parameter.default for parameter in rest if parameter.kind is not parameter.VAR_POSITIONAL}


def _remedy(key: str, value: Any, default: Any) -> str:
    """What to give in place of a setting's value, told by what the class has itself; empty where it will do."""
    if isinstance(default, tuple):
        if not isinstance(value, (tuple, list)) or len(value) != len(default):
            return f"give {len(default)} numbers"
        if any(_remedy("", each, own) for each, own in zip(value, default, strict=True)):
            return f"give {len(default)} finite numbers"
        outside = [each for each in value if each is not None and not 0 <= each < 1]
        return "give numbers of at least 0 and less than 1" if key == "betas" and outside else ""
    if isinstance(value, torch.Tensor) and value.numel() == 1:
        value = value.item()
    # Where the class itself has a bool, or nothing, a bool may be meant.
    counts = key == "lr" or (isinstance(default, Real) and not isinstance(default, bool))
    if counts and (isinstance(value, bool) or not isinstance(value, Real)):
        return "give a number"
    if isinstance(value, Real) and not _finite(value) and value != default:
        return "give a finite number"
    if isinstance(default, bool) and not isinstance(value, bool):
        return "give True or False"
    return "give a number of at least 0" if key == "lr" and value < 0 else ""


def _finite(value: Any) -> bool:
    try:
        return isfinite(value)
    except OverflowError:
        return False


def _reason(error: BaseException) -> str:
    """Why an optimizer did not come about, or did not step."""
    said = first_line(error)
    return next((f"cannot run here: {reason}" for words, reason in _REASONS.items() if words in said), said)
