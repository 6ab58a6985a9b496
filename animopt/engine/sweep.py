"""A sweep: one setting, several values, one racer each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from animopt.core.errors import UsageError, short_repr
from animopt.core.validation import check_integer, check_list, check_number
from animopt.engine.racer import Racer
from animopt.engine.racer_names import setting_text


@dataclass(frozen=True, init=False)
class Sweep(Sequence[Racer]):
    """The same racer once for each value of one setting, in the order of the values: a sequence of those racers.

    `Sweep(Racer("SGD", momentum=0.9), lr=[0.001, 0.01, 0.1])`: the keyword is a setting of the racer's class as torch
    spells it, or "start" or "steps". The racers are named by the values.
    Raises UsageError for more or fewer than one keyword, for no values, for one that stands twice, and for what the
    racer's class does not take.
    """

    setting: str
    racers: tuple[Racer, ...]

    def __init__(self, racer: Racer, **values: Iterable[Any]) -> None:
        if not isinstance(racer, Racer):
            raise UsageError(f"sweep {short_repr(racer)}: give a racer, as Sweep(Racer('SGD'), lr=[0.1, 0.9])")
        if len(values) != 1 or {"name", "scheduler"} & values.keys():
            given = ", ".join(values) or "nothing"
            raise UsageError(f"sweep of {given}: give one setting and its values, as lr=[0.001, 0.01, 0.1]")
        [(setting, each)] = values.items()
        each = check_list(f"sweep {setting}=", each, "give a list of values, as lr=[0.001, 0.01, 0.1]")
        if not each:
            raise UsageError(f"sweep {setting}=[]: give a list of values, as lr=[0.001, 0.01, 0.1]")
        racers = [racer.replace(**{setting: value}) for value in each]
        names = [setting_text(setting, value) for value in each]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise UsageError(f"sweep {setting}={short_repr(each)}: {name!r} is there twice; give each value once")
        object.__setattr__(self, "setting", setting)
        named = (racer.replace(name=name) for racer, name in zip(racers, names, strict=True))
        object.__setattr__(self, "racers", tuple(named))

    def __len__(self) -> int:
        return len(self.racers)

    def __getitem__(self, index: Any) -> Any:
        return self.racers[index]


MOST = 10_000
"""As many values as there can be: each of them is a race."""


def logspace(low: float, high: float, count: int) -> tuple[float, ...]:
    """Numbers from `low` to `high`, evenly spaced in their logarithm and rounded to six digits, (count,).

    Raises UsageError where the ends are not positive and in order, or `count` is less than two or more than 10,000.
    """
    try:
        low = check_number("low", low, "", above=0)
        high = check_number("high", high, "", above=low)
        count = check_integer("count", count, 2, MOST)
    except UsageError:
        said = f"logspace({short_repr(low)}, {short_repr(high)}, {short_repr(count)})"
        raise UsageError(
            f"{said}: give two positive numbers in order and a count of at most {MOST}, as logspace(0.001, 0.1, 3)"
        ) from None
    parts = [step / (count - 1) for step in range(count)]
    return tuple(float(f"{low ** (1 - part) * high**part:.6g}") for part in parts)
