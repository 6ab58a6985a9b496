"""A sweep: one racer for each of several values of one setting."""

from collections.abc import Iterable
from typing import Any

import attrs

from animopt.core.errors import UsageError, short_repr
from animopt.core.validation import check_integer, check_list, check_number
from animopt.engine.racer import Racer, Racers
from animopt.engine.racer_names import setting_text


@attrs.frozen(init=False, slots=False)
class Sweep(Racers):
    """The same racer once for each value of one setting, in the order of the values.

    A sweep is a sequence of racers, which are named by their values. A scene draws them in an ordered color scale.

    Args:
        racer: The racer that is repeated.
        **values: One keyword: a setting of the racer's optimizer, "start" or "steps", with a list of values.

    Raises:
        UsageError: More or fewer than one keyword, no values, a repeated value, or a value that the racer refuses.

    Examples:
        >>> from animopt import Racer, Sweep
        >>> sweep = Sweep(Racer("SGD", momentum=0.9), lr=[0.001, 0.01, 0.1])
        >>> [racer.name for racer in sweep]
        ['lr 0.001', 'lr 0.01', 'lr 0.1']
        >>> sweep[0]
        Racer('SGD', momentum=0.9, lr=0.001, name='lr 0.001')
    """

    setting: str

    def __init__(self, racer: Racer, **values: Iterable[Any]) -> None:
        if not isinstance(racer, Racer):
            raise UsageError(f"sweep {short_repr(racer)}: give a racer, as Sweep(Racer('SGD'), lr=[0.1, 0.9])")
        if len(values) != 1 or {"name", "scheduler"} & values.keys():
            given = ", ".join(values) or "nothing"
            raise UsageError(f"sweep of {given}: give one setting and its values, as lr=[0.001, 0.01, 0.1]")
        ((setting, given_values),) = values.items()
        remedy = "give a list of values, as lr=[0.001, 0.01, 0.1]"
        listed = check_list(f"sweep {setting}=", given_values, remedy)
        if not listed:
            raise UsageError(f"sweep {setting}=[]: {remedy}")
        racers = [racer.replace(**{setting: value}) for value in listed]
        names = [setting_text(setting, value) for value in listed]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise UsageError(f"sweep {setting}={short_repr(listed)}: {name!r} is there twice; give each value once")
        named = tuple(racer.replace(name=name) for racer, name in zip(racers, names, strict=True))
        self.__attrs_init__(named, setting)


MAX_VALUES = 10_000
"""Maximum number of values that `logspace` returns; each of them is a race."""


def logspace(low: float, high: float, count: int) -> tuple[float, ...]:
    """Return numbers that are evenly spaced in their logarithm, rounded to six significant digits.

    Args:
        low: The first number, greater than 0.
        high: The last number, greater than `low`.
        count: How many numbers, 2 to 10,000.

    Returns:
        The numbers, (count,).

    Raises:
        UsageError: The ends are not positive and in order, or the count is out of range.

    Examples:
        >>> from animopt import logspace
        >>> logspace(0.001, 0.1, 3)
        (0.001, 0.01, 0.1)
    """
    try:
        low = check_number("low", low, "", above=0)
        high = check_number("high", high, "", above=low)
        count = check_integer("count", count, 2, MAX_VALUES)
    except UsageError:
        call = f"logspace({short_repr(low)}, {short_repr(high)}, {short_repr(count)})"
        remedy = f"give two positive numbers in order and a count of at most {MAX_VALUES}, as logspace(0.001, 0.1, 3)"
        raise UsageError(f"{call}: {remedy}") from None
    parts = [step / (count - 1) for step in range(count)]
    return tuple(float(f"{low ** (1 - part) * high**part:.6g}") for part in parts)
