"""Labels that distinguish racers, and their remaining settings as text."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from animopt.core.terminal_text import single_line
from animopt.core.validation import check_pair
from animopt.engine.racer import Racer
from animopt.engine.torch_env import race_environment


def names_and_settings(racers: Sequence[Racer]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return each racer's label, and the settings that its label does not contain.

    The label of a racer without a name is its class, followed by the settings that differ from other racers of that
    class. The learning rate is always shown, also when it is torch's default.
    """
    differing = [[] if racer.name else _differing(racer, racers) for racer in racers]
    labels = [single_line(racer.name or _label(racer, keys)) for racer, keys in zip(racers, differing, strict=True)]
    numbered = tuple(
        label if labels.count(label) == 1 else f"{label} ({labels[:index].count(label) + 1})"
        for index, label in enumerate(labels)
    )
    texts = (", ".join(_settings(racer, keys)) for racer, keys in zip(racers, differing, strict=True))
    return numbered, tuple(map(single_line, texts))


def setting_text(key: str, value: Any) -> str:
    """Return a setting, a start or a number of steps, as a label shows it."""
    if key == "start":
        return f"from {_value(check_pair('racer start', value))}"
    if key == "steps":
        return f"for {value} steps"
    return key if value is True else f"{key} {_value(value)}"


def _differing(racer: Racer, racers: Sequence[Racer]) -> list[str]:
    """Return the settings, and "scheduler", "start" or "steps", in which a racer differs from others of its class."""
    others = [other for other in racers if other.optimizer is racer.optimizer and not other.name]
    keys = [key for key in racer.settings if any(other.settings.get(key) != racer.settings[key] for other in others)]
    for field in ("scheduler", "start", "steps"):
        own = getattr(racer, field)
        if own is not None and any(getattr(other, field) != own for other in others):
            # The number of steps is used only if nothing else differs.
            keys += [field] if field != "steps" or not keys else []
    return keys


def _label(racer: Racer, differing: Sequence[str]) -> str:
    values = {**racer.settings, "start": racer.start, "steps": racer.steps}
    parts = (_lr_and_scheduler(racer)[1] if key == "scheduler" else setting_text(key, values[key]) for key in differing)
    return " ".join([racer.optimizer.__name__, *parts])


def _settings(racer: Racer, in_label: Sequence[str]) -> Iterator[str]:
    """Yield a racer's settings that its label does not contain. The learning rate and the scheduler come first."""
    lr, scheduler = _lr_and_scheduler(racer)
    rate = [
        "" if lr is None or "lr" in in_label else setting_text("lr", lr),
        "" if "scheduler" in in_label else scheduler,
    ]
    others = (setting_text(key, value) for key, value in racer.settings.items() if key not in ("lr", *in_label))
    return (text for text in (" × ".join(filter(None, rate)), *others) if text and text != racer.name)


@race_environment()
def _lr_and_scheduler(racer: Racer) -> tuple[Any, str]:
    """Return a racer's initial learning rate, or None, and the name of its scheduler's class, or ""."""
    optimizer = racer.build(torch.zeros(2, dtype=torch.float64, requires_grad=True))
    scheduler = racer.schedule(optimizer)
    lr = getattr(optimizer, "defaults", {}).get("lr", racer.settings.get("lr"))
    if scheduler is None:
        return lr, ""
    # Some schedulers replace the learning rate.
    return getattr(optimizer, "param_groups", [{}])[0].get("initial_lr", lr), type(scheduler).__name__


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}".replace("-", "−") if value < 0 else f"{value:g}"
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(_value, value))})"
    return str(value)
