"""The names that tell racers apart, and the settings beside them."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch

from animopt.core.terminal_text import single_line
from animopt.core.validation import check_pair
from animopt.engine.racer import Racer
from animopt.engine.torch_env import default_torch


def names_and_settings(racers: Sequence[Racer]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What to call each racer, and the settings that its name does not tell.

    A racer without a name of its own is called by its class and what sets it apart from the others of its class. The
    learning rate is told even where it is torch's own.
    """
    apart = [[] if racer.name else _apart(racer, racers) for racer in racers]
    called = [single_line(racer.name or _call(racer, keys)) for racer, keys in zip(racers, apart, strict=True)]
    numbered = tuple(
        name if called.count(name) == 1 else f"{name} ({called[:index].count(name) + 1})"
        for index, name in enumerate(called)
    )
    told = tuple(single_line(", ".join(_told(racer, keys))) for racer, keys in zip(racers, apart, strict=True))
    return numbered, told


def setting_text(key: str, value: Any) -> str:
    """A setting, a start or a number of steps, as a racer's name tells it."""
    if key == "start":
        return f"from {_value(check_pair('racer start', value))}"
    if key == "steps":
        return f"for {value} steps"
    return key if value is True else f"{key} {_value(value)}"


def _apart(racer: Racer, racers: Sequence[Racer]) -> list[str]:
    """The racer's settings, or else "scheduler", "start" or "steps", that others of its class have otherwise."""
    same = [other for other in racers if other.optimizer is racer.optimizer and not other.name]
    keys = [key for key in racer.settings if any(other.settings.get(key) != racer.settings[key] for other in same)]
    for field in ("scheduler", "start", "steps"):
        mine = getattr(racer, field)
        if mine is not None and any(getattr(other, field) != mine for other in same):
            # A number of steps is no name while anything else tells the racers apart.
            keys += [field] if field != "steps" or not keys else []
    return keys


def _call(racer: Racer, apart: Sequence[str]) -> str:
    own = {**racer.settings, "start": racer.start, "steps": racer.steps}
    told = [_lr_and_scheduler(racer)[1] if key == "scheduler" else setting_text(key, own[key]) for key in apart]
    return " ".join([racer.optimizer.__name__, *told])


def _told(racer: Racer, apart: Sequence[str]) -> Iterable[str]:
    """A racer's settings but for those that its name tells; the learning rate, and the scheduler beside it, first."""
    lr, scheduler = _lr_and_scheduler(racer)
    first = ["" if lr is None or "lr" in apart else setting_text("lr", lr), "" if "scheduler" in apart else scheduler]
    rest = (setting_text(key, value) for key, value in racer.settings.items() if key not in ("lr", *apart))
    return (told for told in (" × ".join(filter(None, first)), *rest) if told and told != racer.name)


@default_torch()
def _lr_and_scheduler(racer: Racer) -> tuple[Any, str]:
    """The learning rate with which a racer sets out, scheduled or not, and its scheduler's name; None, "" without."""
    optimizer = racer.build(torch.zeros(2, dtype=torch.float64, requires_grad=True))
    scheduler = racer.schedule(optimizer)
    lr = getattr(optimizer, "defaults", {}).get("lr", racer.settings.get("lr"))
    if scheduler is None:
        return lr, ""
    # Some schedulers have learning rates of their own.
    return getattr(optimizer, "param_groups", [{}])[0].get("initial_lr", lr), type(scheduler).__name__


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}".replace("-", "−") if value < 0 else f"{value:g}"
    if isinstance(value, (tuple, list)):
        return f"({', '.join(_value(each) for each in value)})"
    return str(value)
