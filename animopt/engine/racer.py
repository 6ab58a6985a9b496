"""Racers: any class of torch.optim, or any class with its interface, with its settings; and their labels."""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import count
from numbers import Real
from typing import Any

import attrs
import numpy as np
import torch

from animopt.core.errors import (
    MAX_COUNT,
    UsageError,
    built_in_text,
    check_integer,
    check_pair,
    check_texts,
    first_line,
    short_repr,
    single_line,
    suggestion,
)
from animopt.core.language import ENGLISH, Text, language, localized
from animopt.core.number_format import format_setting
from animopt.engine.construction import arguments_of, construct, takes_optimizer
from animopt.engine.training_loop import TrainingLoop, find_loop, requirement, trial
from animopt.engine.user_code import race_environment, user_code
from animopt.recording.update_rules import IMPLEMENTATION_SETTINGS

LABEL_DIGITS = 6
"""Maximum number of digits of a number in a label."""


@attrs.frozen(init=False, repr=False, eq=False, slots=False)
class Racer:
    """An optimizer that takes part in a race.

    Args:
        optimizer: A class with torch's interface, or the name of one in torch.optim, in capitals or not.
        name: The racer's label, or one for each language, as {"en": "Momentum", "ko": "모멘텀"}. Default: the class and
            the settings that differ from other racers of that class.
        start: Start (x, y) that replaces the scene's. Default: None.
        steps: Number of steps that replaces the scene's. Default: None.
        scheduler: Function of the optimizer that returns a learning-rate scheduler with torch's interface, which is
            stepped after each step. Default: None.
        **settings: Keyword arguments of the optimizer, spelled as torch spells them. Default: torch's own. An optimizer
            that wraps another one takes its class, its name in torch.optim, or a racer, and its settings, as
            `Racer(SAM, base_optimizer="SGD", lr=0.1)`.

    Raises:
        UsageError: A name that torch.optim does not have, a setting that the class does not take, or a class that
            cannot step on two numbers.

    Examples:
        >>> from animopt import Racer
        >>> Racer("sgd", lr=0.1, momentum=0.9)
        Racer('SGD', lr=0.1, momentum=0.9)
    """

    optimizer: type[Any]
    name: Text
    start: tuple[float, float] | None
    steps: int | None
    scheduler: Callable[[Any], Any] | None
    settings: Mapping[str, Any]

    def __init__(
        self,
        optimizer: str | type[Any],
        /,
        *,
        name: Text = "",
        start: Sequence[float] | None = None,
        steps: int | None = None,
        scheduler: Callable[[Any], Any] | None = None,
        **settings: Any,
    ) -> None:
        found = _by_name(built_in_text(optimizer)) if isinstance(optimizer, str) else optimizer
        if not isinstance(found, type):
            raise UsageError(f"racer {short_repr(optimizer)}: give a class, or its name in torch.optim, as 'Adam'")
        self.__attrs_init__(
            found,
            check_texts("racer name", name, "name='Adam'", lines=False),
            None if start is None else check_pair("racer start", start),
            None if steps is None else check_integer("racer steps", steps, maximum=MAX_COUNT),
            scheduler,
            {key: _converted(key, value) for key, value in settings.items()},
        )
        self.check_settings()
        self._check_step()

    def __repr__(self) -> str:
        given = {key: getattr(self, key) for key in ("name", "start", "steps") if getattr(self, key)}
        arguments = [f"{key}={_repr(value)}" for key, value in [*self.settings.items(), *given.items()]]
        return f"Racer({', '.join([repr(self.optimizer.__name__), *arguments])})"

    def replace(self, /, **changes: Any) -> "Racer":
        """Return this racer with other settings, or another name, start, number of steps or scheduler.

        Args:
            **changes: Keyword arguments of the constructor.

        Raises:
            UsageError: A change cannot be used.
        """
        own = {"name": self.name, "start": self.start, "steps": self.steps, "scheduler": self.scheduler}
        return Racer(self.optimizer, **{**own, **self.settings, **changes})

    def varied(self, settings: Mapping[str, Any]) -> "Racer":
        """Return this racer with other settings, without the checks of the constructor, for many racers at a time.

        It is stepped in the same way.
        """
        fields = {name: getattr(self, name) for name in ("name", "start", "steps", "scheduler")}
        other = _unchecked(self.optimizer, {**self.settings, **settings}, **fields)
        if "loop" in vars(self):
            vars(other)["loop"] = self.loop
        return other

    @race_environment()
    def build(self, parameter: torch.Tensor) -> Any:
        """Build a new optimizer of one parameter."""
        with user_code(f"racer {self.optimizer.__name__}", self._with_default, UsageError):
            return self._construct(parameter)

    def _construct(self, parameter: torch.Tensor) -> Any:
        own, inner = self._inner()
        settings = {
            name: value._construct(parameter) if isinstance(value, Racer) else value for name, value in own.items()
        }
        return construct(self.optimizer, parameter, settings, lambda: inner and inner._construct(parameter))

    def _inner(self) -> tuple[Mapping[str, Any], "Racer | None"]:
        """Return the optimizer's own settings, and the racer that it wraps."""
        arguments = arguments_of(self.optimizer)
        if not arguments.inner or arguments.inner not in self.settings:
            return self.settings, None
        own = {name: value for name, value in self.settings.items() if name in arguments.settings}
        wrapped = own.pop(arguments.inner)
        if isinstance(wrapped, Racer):
            return {name: value for name, value in self.settings.items() if name != arguments.inner}, wrapped
        others = {name: value for name, value in self.settings.items() if name not in arguments.settings}
        return own, _unchecked(wrapped, others)

    def _with_default(self, error: BaseException) -> str:
        """Return the reason of an exception, with the default of the setting that the reason names."""
        reason = first_line(error)
        known, _ = self.known_settings()
        # A reason that starts with one setting may name others.
        for key, value in sorted(self.settings.items(), key=lambda each: not reason.startswith(f"{each[0]}=")):
            if isinstance(value, Racer) and "not callable" in reason:
                return f"{reason}; give a class and its settings, as {key}={value.optimizer.__name__!r}"
            if isinstance(value, type) and "type object" in reason:
                return f"{reason}; give a racer, as {key}=Racer({value.__name__!r})"
            if key in reason and key in known:
                return f"{reason}; the default is {key}={known[key]!r}"
        return reason

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

    def known_settings(self) -> tuple[dict[str, Any], bool]:
        """Return the named settings with their defaults, and whether the optimizer may take others.

        They include those of the optimizers whose classes are settings.
        """
        arguments = arguments_of(self.optimizer)
        known, takes_any = dict(arguments.settings), arguments.takes_any
        for name, value in self.settings.items():
            if isinstance(value, type) and hasattr(value, "step") and (name in arguments.settings or takes_any):
                inner = arguments_of(value)
                known = {**inner.settings, **known}
                if name == arguments.inner:
                    takes_any = inner.takes_any
        return known, takes_any

    def check_settings(self) -> None:
        """Raise UsageError for a setting that is missing or unknown, or for a value that cannot be used."""
        known, takes_any = self.known_settings()
        required = arguments_of(self.optimizer).required
        called = f"racer {self.optimizer.__name__}"
        for key, value in self.settings.items():
            given = f"{called}: {key}={_repr(value)}"
            if key not in known and not takes_any:
                meant = [*known, "name", "start", "steps", "scheduler"]
                raise UsageError(
                    f"{given}: no such setting; " + suggestion(key, meant, f"it takes {', '.join(known) or 'none'}")
                )
            default = known.get(key, inspect.Parameter.empty)
            is_class = isinstance(value, type) and hasattr(value, "step")
            if key in required and takes_optimizer(key) and not is_class and not isinstance(value, Racer):
                raise UsageError(f"{given}: give a class, its name in torch.optim, or a racer, as {key}='SGD'")
            if remedy := _remedy(key, value, default):
                example = default if isinstance(default, (bool, int, float, tuple)) else 0.01
                raise UsageError(f"{given}: {remedy}, as {key}={example!r}")
        missing = [name for name in required if name not in self.settings]
        if missing and hasattr(self.optimizer, "step"):
            values = (f"{name}={repr('SGD') if takes_optimizer(name) else '...'}" for name in missing)
            raise UsageError(f"{called}: needs {' and '.join(missing)}; give {', '.join(values)}")

    @cached_property
    def loop(self) -> TrainingLoop:
        """How the optimizer is stepped."""
        called = f"racer {self.optimizer.__name__}"
        with (
            race_environment(),
            user_code(called, lambda error: self._failure(error, "a trial step failed: "), UsageError),
        ):
            try:
                return find_loop(self.optimizer, self._construct)
            except Exception:
                if issubclass(self.optimizer, torch.optim.Optimizer):
                    raise
                # The race reports the step that fails.
                return TrainingLoop()

    def _failure(self, error: BaseException, otherwise: str = "") -> str:
        """Return why the optimizer cannot be built or stepped: a need, or the reason of the error after some words."""
        need = requirement(error, self.optimizer, self._construct)
        return f"cannot run here: {need}" if need else otherwise + self._with_default(error)

    @race_environment()
    def _check_step(self) -> None:
        """Raise UsageError if the optimizer or scheduler cannot be built, or an optimizer of torch cannot step."""
        called = f"racer {self.optimizer.__name__}"
        with user_code(called, self._failure, UsageError):
            optimizer = self._construct(torch.ones(2, dtype=torch.float64, requires_grad=True))
        self.schedule(optimizer)
        if not callable(getattr(optimizer, "step", None)):
            raise UsageError(f"{called}: has no step; give a class with torch's interface, or a name, as 'Adam'")
        # A step of any other class may have side effects.
        if isinstance(optimizer, torch.optim.Optimizer):
            loop = self.loop
            if loop.native:
                with user_code(called, self._failure, UsageError):
                    trial(loop, self._construct, steps=1)


def _unchecked(optimizer: type[Any], settings: Mapping[str, Any], **fields: Any) -> Racer:
    """Return a racer without the checks of the constructor."""
    racer = Racer.__new__(Racer)
    racer.__attrs_init__(
        optimizer, **{"name": "", "start": None, "steps": None, "scheduler": None, **fields}, settings=settings
    )
    return racer


def _converted(name: str, value: Any) -> Any:
    """Return a setting with Python's numbers, and with the class of another optimizer that is given by its name."""
    if isinstance(value, str):
        text = built_in_text(value)
        return _by_name(text) if takes_optimizer(name) else text
    # The representation of a NumPy number differs from Python's.
    return value.item() if isinstance(value, np.generic) else value


def _repr(value: Any) -> str:
    return short_repr(value.__name__ if isinstance(value, type) else value)


def optimizer_names() -> list[str]:
    """Return the names of the optimizers in torch.optim."""
    classes = {value for value in vars(torch.optim).values() if isinstance(value, type)} - {torch.optim.Optimizer}
    return sorted(each.__name__ for each in classes if issubclass(each, torch.optim.Optimizer))


def optimizer_table() -> list[tuple[str, str, str]]:
    """Return each optimizer in torch.optim: its name, its default settings, and why it cannot run here, or ""."""
    return [_table_row(name) for name in optimizer_names()]


def _table_row(name: str) -> tuple[str, str, str]:
    settings = arguments_of(getattr(torch.optim, name)).settings
    defaults = ", ".join(
        f"{key}={value!r}"
        for key, value in settings.items()
        if value is not None and key not in IMPLEMENTATION_SETTINGS
    )
    try:
        Racer(name)
    except UsageError as error:
        return name, defaults, str(error).removeprefix(f"racer {name}: ")
    return name, defaults, ""


def _by_name(name: str) -> Any:
    known = {known.casefold(): known for known in optimizer_names()}
    if name.casefold() not in known:
        raise UsageError(
            f"racer {short_repr(name)}: no such optimizer; "
            + suggestion(name, known.values(), f"torch.optim has {', '.join(known.values())}")
        )
    return getattr(torch.optim, known[name.casefold()])


def _remedy(key: str, value: Any, default: Any) -> str:
    """Return the remedy for a value that does not suit the default of its setting, or "" if the value can be used."""
    if isinstance(default, tuple):
        if not isinstance(value, (tuple, list)) or len(value) != len(default):
            return f"give {len(default)} numbers"
        if any(_remedy("", each, own) for each, own in zip(value, default, strict=True)):
            return f"give {len(default)} finite numbers"
        outside = key == "betas" and any(each is not None and not 0 <= each < 1 for each in value)
        return "give numbers of at least 0 and less than 1" if outside else ""
    if isinstance(value, torch.Tensor) and value.numel() == 1:
        value = value.item()
    # Only a setting whose default is a bool, or which has none, may be a bool.
    is_number = key == "lr" or (isinstance(default, Real) and not isinstance(default, bool))
    is_real = isinstance(value, Real)
    if is_number and (isinstance(value, bool) or not is_real):
        return "give a number"
    if is_real and not abs(value) <= sys.float_info.max and value != default:
        return "give a finite number"
    if isinstance(default, bool) and not isinstance(value, bool):
        return "give True or False"
    return "give a number of at least 0" if key == "lr" and value < 0 else ""


def names_and_settings(
    racers: Sequence[Racer], code: str = ENGLISH, *, projected: bool = False
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return each racer's label in a language, and the settings that its label does not contain.

    The settings of racers that are `projected` onto a box say so.

    The label of a racer without a name is its class, followed by the settings that differ from other racers of that
    class. The learning rate is always shown, also when it is torch's default.
    """
    differing = [[] if racer.name else _differing(racer, racers) for racer in racers]
    labels = [
        single_line(localized(racer.name, code) or _label(racer, keys, code))
        for racer, keys in zip(racers, differing, strict=True)
    ]
    projection = [language(code).gettext("projected")] if projected else []
    texts = (
        ", ".join([*_settings(racer, keys, code), *projection]) for racer, keys in zip(racers, differing, strict=True)
    )
    return _numbered(labels), tuple(map(single_line, texts))


def _numbered(labels: Sequence[str]) -> tuple[str, ...]:
    """Return labels with a number after each that is there more than once, so that all are different."""
    used = {label for label in labels if labels.count(label) == 1}
    numbered = []
    for label in labels:
        name = label
        if labels.count(label) > 1:
            name = next(each for number in count(1) if (each := f"{label} ({number})") not in used)
            used.add(name)
        numbered.append(name)
    return tuple(numbered)


def setting_text(key: str, value: Any, code: str = ENGLISH) -> str:
    """Return a setting, a start or a number of steps, as a label shows it in a language."""
    if key == "start":
        return language(code).gettext(
            "from {point}", point=format_setting(check_pair("racer start", value), LABEL_DIGITS)
        )
    if key == "steps":
        return language(code).ngettext("for {count} step", "for {count} steps", value)
    if isinstance(value, type):
        value = value.__name__
    elif isinstance(value, Racer):
        value = f"({names_and_settings([value], code)[0][0]})"
    return key if value is True else f"{key} {format_setting(value, LABEL_DIGITS)}"


def _differing(racer: Racer, racers: Sequence[Racer]) -> list[str]:
    """Return the settings, and "scheduler", "start" or "steps", in which a racer differs from others of its class."""
    others = [other for other in racers if other.optimizer is racer.optimizer and not other.name]
    keys = [
        key for key in racer.settings if any(_differ(other.settings.get(key), racer.settings[key]) for other in others)
    ]
    for field in ("scheduler", "start", "steps"):
        own = getattr(racer, field)
        if own is not None and any(getattr(other, field) != own for other in others):
            # The number of steps is used only if nothing else differs.
            keys += [field] if field != "steps" or not keys else []
    return keys


def _differ(one: Any, other: Any) -> bool:
    """Return whether two values of a setting differ. Arrays are compared by their texts."""
    with suppress(Exception):
        return bool(one != other)
    return short_repr(one) != short_repr(other)


def _label(racer: Racer, differing: Sequence[str], code: str) -> str:
    values = {**racer.settings, "start": racer.start, "steps": racer.steps}
    parts = (
        _lr_and_scheduler(racer)[1] if key == "scheduler" else setting_text(key, values[key], code) for key in differing
    )
    return " ".join([racer.optimizer.__name__, *parts])


def _settings(racer: Racer, in_label: Sequence[str], code: str) -> Iterator[str]:
    """Yield a racer's settings that its label does not contain. The learning rate and the scheduler come first."""
    lr, scheduler = _lr_and_scheduler(racer)
    rate = [
        "" if lr is None or "lr" in in_label else setting_text("lr", lr, code),
        "" if "scheduler" in in_label else scheduler,
    ]
    others = (setting_text(key, value, code) for key, value in racer.settings.items() if key not in ("lr", *in_label))
    return (text for text in (" × ".join(filter(None, rate)), *others) if text and text != localized(racer.name, code))


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
