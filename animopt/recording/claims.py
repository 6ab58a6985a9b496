"""Claims about a race, which a scene's texts make, in a form that the recording can refute."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Any, ClassVar

import attrs
import numpy as np

from animopt.core.errors import (
    UsageError,
    check_bool,
    check_list,
    check_text,
    converted,
    must_propagate,
    short_repr,
    single_line,
    with_type,
)
from animopt.recording.events import Event, Kind, events
from animopt.recording.recording import Recording

__all__ = [
    "Arrives",
    "Claim",
    "Diverges",
    "EndsNearest",
    "Holds",
    "Leaves",
    "LeavesPicture",
    "Not",
    "Overtakes",
    "Settles",
    "Wins",
    "Zigzags",
]


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(check_text("claim racer", name, "'Adam'") for name in names)


class Claim(ABC):
    """A claim about a race. The racers' names are the English ones."""

    @property
    @abstractmethod
    def racers(self) -> Sequence[str]:
        """The names in the claim."""

    @abstractmethod
    def objection(self, races: Sequence[Recording], names: Sequence[str]) -> str:
        """Return how the races of racers with these names refute the claim, or "" if they do not.

        A claim is about the race on the first function, except `Holds` with several functions. Raises an exception if
        the claim cannot be checked.
        """

    def parts(self, names: Sequence[str]) -> "Sequence[Claim]":
        """Return the claims about single racers of which this one consists."""
        return [self]


@attrs.frozen(init=False, repr=False)
class _Happens(Claim):
    """Racers to which an event happens; with `first` or `last`, before or after it happens to any other racer.

    Args:
        *racers: Names of racers. Default: all racers of the scene.
        first: Whether it happens to them before it happens to any other racer. Default: False.
        last: Whether it happens to them after it has happened to all others. Default: False.
    """

    kind: ClassVar[Kind]
    racers: tuple[str, ...]
    first: bool
    last: bool

    def __init__(self, *racers: str, first: bool = False, last: bool = False) -> None:
        self.__attrs_init__(_names(racers), check_bool("claim first", first), check_bool("claim last", last))

    def __repr__(self) -> str:
        order = [f"{name}=True" for name in ("first", "last") if getattr(self, name)]
        return f"{type(self).__name__}({', '.join([*map(repr, self.racers), *order])})"

    def objection(self, races: Sequence[Recording], names: Sequence[str]) -> str:
        """Return how the race refutes the claim."""
        claimed = self.racers or names
        steps = {names[event.racer]: event.step for event in reversed(events(races[0])) if event.kind == self.kind}
        if missing := [name for name in claimed if name not in steps]:
            return f"{missing[0]} never {self.kind}"
        others = [name for name in names if name not in claimed]
        own = [steps[name] for name in claimed]
        for name in others:
            step = steps.get(name, inf)
            if self.first and step <= max(own):
                return f"{name} {self.kind} at step {step}"
            if self.last and step >= min(own):
                return f"{name} never {self.kind}" if step == inf else f"{name} {self.kind} at step {step}"
        return ""

    def parts(self, names: Sequence[str]) -> Sequence[Claim]:
        """Return the claim for each racer."""
        return [type(self)(name, first=self.first, last=self.last) for name in self.racers or names]


class Arrives(_Happens):
    """Racers that come within the function's radius of a minimum."""

    kind = Kind.ARRIVES


class Leaves(_Happens):
    """Racers that leave a minimum at which they have arrived."""

    kind = Kind.LEAVES


class Settles(_Happens):
    """Racers that are within the function's radius of a minimum to the end."""

    kind = Kind.SETTLES


class Diverges(_Happens):
    """Racers whose position or loss becomes infinite."""

    kind = Kind.DIVERGES


class LeavesPicture(_Happens):
    """Racers that leave the domain."""

    kind = Kind.LEAVES_PICTURE


class Zigzags(_Happens):
    """Racers whose steps often go back against the step before."""

    kind = Kind.ZIGZAGS


@attrs.frozen(init=False, repr=False)
class Overtakes(Claim):
    """A racer that comes to a lower loss than others, which had a lower loss before.

    Args:
        racer: Name of the racer.
        *others: Names of the racers that it overtakes. Default: all others.
    """

    racer: str
    others: tuple[str, ...]

    def __init__(self, racer: str, *others: str) -> None:
        self.__attrs_init__(_names([racer])[0], _names(others))

    def __repr__(self) -> str:
        return f"Overtakes({', '.join(map(repr, self.racers))})"

    @property
    def racers(self) -> Sequence[str]:
        """The names in the claim."""
        return (self.racer, *self.others)

    def objection(self, races: Sequence[Recording], names: Sequence[str]) -> str:
        """Return how the race refutes the claim."""
        overtaken = {
            names[event.other]
            for event in events(races[0])
            if event.kind == Kind.OVERTAKES and event.other is not None and names[event.racer] == self.racer
        }
        missing = [name for name in self._overtaken(names) if name not in overtaken]
        return f"{self.racer} never overtakes {missing[0]}" if missing else ""

    def parts(self, names: Sequence[str]) -> Sequence[Claim]:
        """Return the claim for each racer that is overtaken."""
        return [Overtakes(self.racer, name) for name in self._overtaken(names)]

    def _overtaken(self, names: Sequence[str]) -> Sequence[str]:
        return self.others or [name for name in names if name != self.racer]


@attrs.frozen(init=False, repr=False)
class _EndsBest(Claim):
    """Racers that have the smallest value of a kind at the end, in the given order.

    Args:
        *racers: Names of racers, the best first.
    """

    quantity: ClassVar[str]
    racers: tuple[str, ...]

    def __init__(self, *racers: str) -> None:
        if not racers:
            raise UsageError(f"claim {type(self).__name__}: names no racer; name at least one, as 'Adam'")
        names = _names(racers)
        if len(set(names)) < len(names):
            raise UsageError(f"claim {type(self).__name__}{short_repr(racers)}: names a racer twice; name each once")
        self.__attrs_init__(names)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.racers))})"

    @abstractmethod
    def value(self, end: Event) -> float:
        """Return the value at the end of a racer."""

    def objection(self, races: Sequence[Recording], names: Sequence[str]) -> str:
        """Return how the race refutes the claim."""
        values = {names[each.racer]: self.value(each) for each in events(races[0]) if each.kind == Kind.ENDS}
        finite = {name: value if np.isfinite(value) else inf for name, value in values.items()}
        order = sorted(names, key=lambda name: finite[name])
        for place, name in enumerate(self.racers):
            if finite[order[place]] != finite[name] or finite[name] == inf:
                return self._taken(order[place], place, finite[order[place]])
        return ""

    def _taken(self, name: str, place: int, value: float) -> str:
        """Return the objection that a racer with another value has a place, or that the claimed racer has no value."""
        if value == inf:
            return f"{name} diverges"
        return f"{name} has the {self.quantity} number {place + 1}, {value:.3g}"


class Wins(_EndsBest):
    """Racers with the lowest losses at the end."""

    quantity = "lowest loss"

    def value(self, end: Event) -> float:
        """Return the loss."""
        return end.loss


class EndsNearest(_EndsBest):
    """Racers that are nearest to a minimum at the end."""

    quantity = "smallest distance from a minimum"

    def value(self, end: Event) -> float:
        """Return the distance from the nearest minimum."""
        return end.distance

    def objection(self, races: Sequence[Recording], names: Sequence[str]) -> str:
        """Return how the race refutes the claim."""
        return super().objection(races, names) if len(races[0].minima) else "the function has no known minima"


@attrs.frozen(repr=False)
class Not(Claim):
    """The contrary of a claim, for each of its racers: `Not(Settles("Adam", "SGD"))` means that neither settles.

    Args:
        claim: The claim that is not true of any of its racers.
    """

    claim: Claim = attrs.field()

    @claim.validator
    def _check(self, _: object, value: object) -> None:
        if not isinstance(value, Claim):
            raise UsageError(f"claim Not({short_repr(value)}): give a claim, as Not(Arrives('Adam'))")

    def __repr__(self) -> str:
        return f"Not({self.claim!r})"

    @property
    def racers(self) -> Sequence[str]:
        """The names in the claim."""
        return self.claim.racers

    def objection(self, races: Sequence[Recording], names: Sequence[str]) -> str:
        """Return how the race refutes the claim."""
        parts = self.claim.parts(names)
        return next((f"{each} is true" for each in parts if not each.objection(races, names)), "")


def _holds_text(value: str) -> str:
    return check_text("claim Holds", value, "'SGD ends below 0.1'")


@attrs.frozen(repr=False)
class Holds(Claim):
    """Any other claim.

    Args:
        text: The claim in words.
        check: Function of the recorded race, or with several functions of the list of their races, that returns whether
            the claim is true.
    """

    text: str = attrs.field(converter=_holds_text)
    check: Callable[[Any], object] = attrs.field()

    @check.validator
    def _check_callable(self, _: object, value: object) -> None:
        if not callable(value):
            remedy = "give a function, as lambda race: race.z[0, -1] < 0.1"
            raise UsageError(f"claim Holds({self.text!r}, {short_repr(value)}): {remedy}")

    def __repr__(self) -> str:
        return f"Holds({self.text!r})"

    @property
    def racers(self) -> Sequence[str]:
        """The names in the claim: none."""
        return ()

    def objection(self, races: Sequence[Recording], names: Sequence[str]) -> str:
        """Return how the race refutes the claim."""
        return "" if self.check(races[0] if len(races) == 1 else races) else "that is not true"


def refutations(claims: Iterable[Claim], races: Sequence[Recording], names: Sequence[str]) -> list[str]:
    """Return each claim that the races of racers with these names refute, or that cannot be checked, with the reason.

    The methods of a claim may be the user's.
    """
    found = []
    for claim in claims:
        try:
            objection = claim.objection(races, names)
        except BaseException as error:
            if must_propagate(error):
                raise
            objection = f"cannot be checked: {with_type(error)}"
        if objection:
            text = converted(repr, claim, type(claim).__name__)
            found.append(single_line(f"claim {text}: {objection}"))
    return found


def check_claims(claims: object, names: Sequence[str]) -> tuple[Claim, ...]:
    """Return claims about racers with these names. Raises UsageError for anything else."""
    remedy = "give a list of claims, as claims=[Arrives('Adam', first=True)]"
    found = tuple(check_list("claims ", claims, remedy))
    for claim in found:
        if not isinstance(claim, Claim):
            raise UsageError(f"claims {short_repr(claim)}: {remedy}")
        if unknown := [name for name in claim.racers if name not in names]:
            raise UsageError(f"claims {short_repr(claim)}: no racer is called {unknown[0]!r}; use {', '.join(names)}")
    return found
