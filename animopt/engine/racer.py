"""Racers: any class of torch.optim, or any class with its interface, with its settings."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from numbers import Real
from typing import Any, overload

import attrs
import numpy as np
import torch

from animopt.core.errors import UsageError, first_line, short_repr, suggestion
from animopt.core.validation import MAX_COUNT, check_integer, check_pair, check_text
from animopt.engine.steps import optimizer_step
from animopt.engine.torch_env import race_environment
from animopt.engine.user_code import user_code
from animopt.recording.update_rules import IMPLEMENTATION_SETTINGS

_REASONS = {
    "dense gradients": "takes only sparse gradients, and a function of two variables has dense ones; use Adam",
    "2D parameters": "takes only matrices, and a point (x, y) is a vector; use SGD with momentum",
}
"""Reason why an optimizer of torch cannot run here, by a part of torch's message."""


@attrs.frozen(init=False, repr=False, eq=False, slots=False)
class Racer:
    """An optimizer that takes part in a race.

    Args:
        optimizer: A class with torch's interface, or the name of one in torch.optim, in capitals or not.
        name: The racer's label. Default: the class and the settings that differ from other racers of that class.
        start: Start (x, y) that replaces the scene's. Default: None.
        steps: Number of steps that replaces the scene's. Default: None.
        scheduler: Function of the optimizer that returns a learning-rate scheduler with torch's interface, which is
            stepped after each step. Default: None.
        **settings: Keyword arguments of the optimizer, spelled as torch spells them. Default: torch's own.

    Raises:
        UsageError: A name that torch.optim does not have, a setting that the class does not take, or a class that
            cannot step on two numbers.

    Examples:
        >>> from animopt import Racer
        >>> Racer("sgd", lr=0.1, momentum=0.9)
        Racer('SGD', lr=0.1, momentum=0.9)
    """

    optimizer: type[Any]
    name: str
    start: tuple[float, float] | None
    steps: int | None
    scheduler: Callable[[Any], Any] | None
    settings: Mapping[str, Any]

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
        found = _by_name(optimizer) if isinstance(optimizer, str) else optimizer
        if not isinstance(found, type):
            raise UsageError(f"racer {short_repr(optimizer)}: give a class, or its name in torch.optim, as 'Adam'")
        self.__attrs_init__(
            found,
            check_text("racer name", name, "name='Adam'"),
            None if start is None else check_pair("racer start", start),
            None if steps is None else check_integer("racer steps", steps, maximum=MAX_COUNT),
            scheduler,
            # The representation of a NumPy number differs from Python's.
            {key: value.item() if isinstance(value, np.generic) else value for key, value in settings.items()},
        )
        self.check_settings()
        self._check_step()

    def __repr__(self) -> str:
        given = {key: getattr(self, key) for key in ("name", "start", "steps") if getattr(self, key)}
        arguments = [f"{key}={short_repr(value)}" for key, value in [*self.settings.items(), *given.items()]]
        return f"Racer({', '.join([repr(self.optimizer.__name__), *arguments])})"

    def replace(self, **changes: Any) -> "Racer":
        """Return this racer with other settings, or another name, start, number of steps or scheduler.

        Args:
            **changes: Keyword arguments of the constructor.

        Raises:
            UsageError: A change cannot be used.
        """
        own = {"name": self.name, "start": self.start, "steps": self.steps, "scheduler": self.scheduler}
        return Racer(self.optimizer, **{**own, **self.settings, **changes})

    def varied(self, settings: Mapping[str, Any]) -> "Racer":
        """Return this racer with other settings, without the checks of the constructor, for many racers at a time."""
        other = Racer.__new__(Racer)
        own = (self.optimizer, self.name, self.start, self.steps, self.scheduler)
        other.__attrs_init__(*own, {**self.settings, **settings})
        return other

    @race_environment()
    def build(self, parameter: torch.Tensor) -> Any:
        """Build a new optimizer of one parameter."""
        with user_code(f"racer {self.optimizer.__name__}", self._with_default, UsageError):
            return self.optimizer([parameter], **self.settings)

    def _with_default(self, error: BaseException) -> str:
        """Return the reason of an exception, with the default of the setting that the reason names."""
        reason = _reason(error)
        known, _ = known_settings(self.optimizer)
        defaults = (f"; the default is {key}={known[key]!r}" for key in self.settings if key in reason)
        return reason + next(defaults, "")

    def schedule(self, optimizer: Any) -> Any:
        """Build a new scheduler of an optimizer; None without a scheduler."""
        if self.scheduler is None:
            return None
        called = f"racer {self.optimizer.__name__}: scheduler"
        remedy = "give a function of the optimizer, as lambda optimizer: StepLR(optimizer, 10)"
        if not callable(self.scheduler):
            raise UsageError(f"{called}={short_repr(self.scheduler)}: {remedy}")
        with user_code(called, lambda error: f"{first_line(error)}; {remedy}", UsageError):
            scheduler = self.scheduler(optimizer)
        if not callable(getattr(scheduler, "step", None)):
            raise UsageError(f"{called}: returned {type(scheduler).__name__}, which has no step; {remedy}")
        return scheduler

    def check_settings(self) -> None:
        """Raise UsageError for a setting that the class does not take, or for a value that cannot be used."""
        known, takes_any = known_settings(self.optimizer)
        for key, value in self.settings.items():
            given = f"racer {self.optimizer.__name__}: {key}={short_repr(value)}"
            if key not in known and not takes_any:
                meant = [*known, "name", "start", "steps", "scheduler"]
                hint = suggestion(key, meant, f"it takes {', '.join(known) or 'none'}")
                raise UsageError(f"{given}: no such setting; {hint}")
            default = known.get(key, inspect.Parameter.empty)
            if remedy := _remedy(key, value, default):
                example = default if isinstance(default, (bool, int, float, tuple)) else 0.01
                raise UsageError(f"{given}: {remedy}, as {key}={example!r}")

    @race_environment()
    def _check_step(self) -> None:
        """Raise UsageError if the optimizer or scheduler cannot be built, or an optimizer of torch cannot step."""
        parameter = torch.ones(2, dtype=torch.float64, requires_grad=True)
        optimizer = self.build(parameter)
        self.schedule(optimizer)
        if not callable(getattr(optimizer, "step", None)):
            remedy = "give a class with torch's interface, or a name, as 'Adam'"
            raise UsageError(f"racer {self.optimizer.__name__}: has no step; {remedy}")
        # A step of any other class may have side effects.
        if not isinstance(optimizer, torch.optim.Optimizer):
            return

        def closure() -> torch.Tensor:
            with torch.enable_grad():
                parameter.grad = None
                loss = parameter.square().sum()
                loss.backward()
            return loss

        with user_code(f"racer {self.optimizer.__name__}", _reason, UsageError), torch.random.fork_rng(devices=[]):
            optimizer_step(optimizer)(closure)


@attrs.frozen(slots=False)
class Racers(Sequence[Racer]):
    """A sequence of racers."""

    racers: tuple[Racer, ...]

    def __len__(self) -> int:
        return len(self.racers)

    @overload
    def __getitem__(self, index: int) -> Racer: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Racer, ...]: ...
    def __getitem__(self, index: int | slice) -> Racer | tuple[Racer, ...]:
        """Return one racer, or a tuple of several."""
        return self.racers[index]


def optimizer_names() -> list[str]:
    """Return the names of the optimizers in torch.optim."""
    base = torch.optim.Optimizer
    classes = (value for value in vars(torch.optim).values() if isinstance(value, type))
    return sorted(each.__name__ for each in classes if issubclass(each, base) and each is not base)


def optimizer_table() -> list[tuple[str, str, str]]:
    """Return each optimizer in torch.optim: its name, its default settings, and why it cannot run here, or ""."""
    return [(name, _defaults(name), _why_not(name)) for name in optimizer_names()]


def known_settings(optimizer: type[Any]) -> tuple[dict[str, Any], bool]:
    """Return the named settings of a class with their defaults, and whether it may take others."""
    try:
        _, *rest = inspect.signature(optimizer).parameters.values()
    except (TypeError, ValueError):
        return {}, True
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in rest)
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {parameter.name: parameter.default for parameter in rest if parameter.kind not in variable}, takes_any


def _by_name(name: str) -> type[Any]:
    known = {known.casefold(): known for known in optimizer_names()}
    if name.casefold() not in known:
        hint = suggestion(name, known.values(), f"torch.optim has {', '.join(known.values())}")
        raise UsageError(f"racer {short_repr(name)}: no such optimizer; {hint}")
    found: type[Any] = getattr(torch.optim, known[name.casefold()])
    return found


def _defaults(name: str) -> str:
    settings, _ = known_settings(getattr(torch.optim, name))
    given = {key: value for key, value in settings.items() if value is not None and key not in IMPLEMENTATION_SETTINGS}
    return ", ".join(f"{key}={value!r}" for key, value in given.items())


def _why_not(name: str) -> str:
    try:
        Racer(name)
    except UsageError as error:
        return str(error).removeprefix(f"racer {name}: ")
    return ""


def _remedy(key: str, value: Any, default: Any) -> str:
    """Return the remedy for a value that does not suit the default of its setting, or "" if the value can be used."""
    if isinstance(default, tuple):
        if not isinstance(value, (tuple, list)) or len(value) != len(default):
            return f"give {len(default)} numbers"
        if any(_remedy("", each, own) for each, own in zip(value, default, strict=True)):
            return f"give {len(default)} finite numbers"
        outside = [each for each in value if each is not None and not 0 <= each < 1]
        return "give numbers of at least 0 and less than 1" if key == "betas" and outside else ""
    if isinstance(value, torch.Tensor) and value.numel() == 1:
        value = value.item()
    # Only a setting whose default is a bool, or which has none, may be a bool.
    is_number = key == "lr" or (isinstance(default, Real) and not isinstance(default, bool))
    if is_number and (isinstance(value, bool) or not isinstance(value, Real)):
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
    """Return the reason why an optimizer could not be built or stepped."""
    message = first_line(error)
    return next((f"cannot run here: {reason}" for words, reason in _REASONS.items() if words in message), message)
