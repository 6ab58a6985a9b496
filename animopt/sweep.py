"""A sweep: one setting, several values, one racer each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from animopt.checks import items
from animopt.errors import UsageError, shown
from animopt.optimizers import Racer, words


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
            raise UsageError(f"sweep {shown(racer)}: give a racer, as Sweep(Racer('SGD'), lr=[0.1, 0.9])")
        if len(values) != 1 or {"name", "scheduler"} & values.keys():
            given = ", ".join(values) or "nothing"
            raise UsageError(f"sweep of {given}: give one setting and its values, as lr=[0.001, 0.01, 0.1]")
        [(setting, each)] = values.items()
        each = items(f"sweep {setting}=", each, "give a list of values, as lr=[0.001, 0.01, 0.1]")
        if not each:
            raise UsageError(f"sweep {setting}=[]: give a list of values, as lr=[0.001, 0.01, 0.1]")
        racers = [racer.replace(**{setting: value}) for value in each]
        names = [words(setting, value) for value in each]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise UsageError(f"sweep {setting}={shown(each)}: {name!r} is there twice; give each value once")
        object.__setattr__(self, "setting", setting)
        named = (racer.replace(name=name) for racer, name in zip(racers, names, strict=True))
        object.__setattr__(self, "racers", tuple(named))

    def __len__(self) -> int:
        return len(self.racers)

    def __getitem__(self, index: Any) -> Any:
        return self.racers[index]
