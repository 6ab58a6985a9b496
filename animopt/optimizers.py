"""Racers: any class of torch.optim, or any class with its interface, with its settings."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from animopt.errors import UsageError, first_line
from animopt.functions import pair


class Racer:
    """An optimizer that takes part in a race.

    `optimizer` is a class with torch's interface, or the name of one in torch.optim; `settings` are its own keywords,
    spelled as torch spells them. `start`, `steps` and `name` stand in for the scene's.
    Raises UsageError for a name that torch.optim does not have, or settings that the class does not take.
    """

    def __init__(
        self,
        optimizer: str | type[Any],
        *,
        name: str = "",
        start: Sequence[float] | None = None,
        steps: int | None = None,
        **settings: Any,
    ) -> None:
        self.optimizer = _by_name(optimizer) if isinstance(optimizer, str) else optimizer
        if not isinstance(self.optimizer, type):
            raise UsageError(f"racer {optimizer!r}: give a class, or its name in torch.optim, as 'Adam'")
        self.name = name
        self.start = None if start is None else pair("racer start", start)
        self.steps = None if steps is None else whole("racer steps", steps)
        self.settings: Mapping[str, Any] = settings
        self.build(torch.zeros(2, dtype=torch.float64, requires_grad=True))

    def __repr__(self) -> str:
        given = {key: getattr(self, key) for key in ("name", "start", "steps") if getattr(self, key)}
        words = [f"{key}={value!r}" for key, value in [*self.settings.items(), *given.items()]]
        return f"Racer({', '.join([repr(self.optimizer.__name__), *words])})"

    def build(self, parameter: torch.Tensor) -> Any:
        """A fresh optimizer of one parameter."""
        try:
            return self.optimizer([parameter], **self.settings)
        except Exception as error:
            raise UsageError(f"racer {self.optimizer.__name__}: {first_line(error)}") from error


def optimizer_names() -> list[str]:
    """The names of the optimizers in torch.optim."""
    base = torch.optim.Optimizer
    classes = (value for value in vars(torch.optim).values() if isinstance(value, type))
    return sorted(each.__name__ for each in classes if issubclass(each, base) and each is not base)


def names_and_settings(racers: Sequence[Racer]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What to call each racer, and the settings that its name does not tell.

    A racer without a name of its own is called by its class and what sets it apart from the others of its class. The
    learning rate is told even where it is torch's own.
    """
    apart = [[] if racer.name else _apart(racer, racers) for racer in racers]
    called = [racer.name or _call(racer, keys) for racer, keys in zip(racers, apart, strict=True)]
    numbered = tuple(
        name if racer.name or called.count(name) == 1 else f"{name} ({called[:index].count(name) + 1})"
        for index, (name, racer) in enumerate(zip(called, racers, strict=True))
    )
    told = tuple(
        ", ".join(_setting(key, value) for key, value in _with_lr(racer).items() if key not in keys)
        for racer, keys in zip(racers, apart, strict=True)
    )
    return numbered, told


def whole(field: str, value: Any, least: int = 1) -> int:
    """A whole number of at least `least`; raises UsageError, naming the field, for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise UsageError(f"{field} {value!r}: give a whole number of at least {least}")
    return value


def _by_name(name: str) -> type[Any]:
    known = {known.casefold(): known for known in optimizer_names()}
    if name.casefold() in known:
        found: type[Any] = getattr(torch.optim, known[name.casefold()])
        return found
    close = difflib.get_close_matches(name.casefold(), known, n=1)
    hint = f"did you mean {known[close[0]]!r}?" if close else f"torch.optim has {', '.join(known.values())}"
    raise UsageError(f"racer {name!r}: no such optimizer; {hint}")


def _apart(racer: Racer, racers: Sequence[Racer]) -> list[str]:
    """The racer's settings, or else "start" or "steps", that others of its class have otherwise."""
    same = [other for other in racers if other.optimizer is racer.optimizer and not other.name]
    keys = [key for key in racer.settings if any(other.settings.get(key) != racer.settings[key] for other in same)]
    for field in ("start", "steps"):
        mine = getattr(racer, field)
        if mine is not None and any(getattr(other, field) != mine for other in same):
            # A number of steps is no name while anything else tells the racers apart.
            keys += [field] if field == "start" or not keys else []
    return keys


def _call(racer: Racer, apart: Sequence[str]) -> str:
    words = [_setting(key, racer.settings[key]) for key in apart if key in racer.settings]
    if "start" in apart:
        words.append(f"from {_value(racer.start)}")
    if "steps" in apart:
        words.append(f"for {racer.steps} steps")
    return " ".join([racer.optimizer.__name__, *words])


def _with_lr(racer: Racer) -> Mapping[str, Any]:
    defaults = getattr(racer.build(torch.zeros(2, dtype=torch.float64, requires_grad=True)), "defaults", {})
    return {key: defaults[key] for key in ("lr",) if key in defaults} | dict(racer.settings)


def _setting(key: str, value: Any) -> str:
    if value is True:
        return key
    return f"{key} {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}".replace("-", "−") if value < 0 else f"{value:g}"
    if isinstance(value, (tuple, list)):
        return f"({', '.join(_value(each) for each in value)})"
    return str(value)
