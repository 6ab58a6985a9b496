"""How an optimizer is built: the arguments of its class, and those of them that animopt gives."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch

from animopt.core.errors import first_line

POINTS, NAMED_POINTS, MODEL = "points", "named points", "model"
"""Forms in which an optimizer takes the parameters of a network: a list, a list with names, or a module."""

_GIVEN = {"params": POINTS, "parameters": POINTS, "model": MODEL, "module": MODEL}
"""Form of a required argument with this name. The first argument takes the parameters under any name."""


@dataclass(frozen=True)
class Arguments:
    """The arguments of an optimizer's class.

    Attributes:
        first: Form of the first argument, or "" if it is another optimizer.
        given: Forms of the other arguments that animopt gives, by their names.
        settings: The arguments that the user gives, with their defaults.
        takes_any: Whether the class may take other settings.
    """

    first: str
    given: Mapping[str, str]
    settings: Mapping[str, Any]
    takes_any: bool

    @property
    def inner(self) -> str:
        """The name of the first argument if it is another optimizer, or ""."""
        return "" if self.first else next(iter(self.settings))

    @property
    def required(self) -> list[str]:
        """The settings without a default."""
        return [name for name, default in self.settings.items() if default is inspect.Parameter.empty]


def _arguments_of(optimizer: type[Any]) -> Arguments:
    """Return the arguments of an optimizer's class."""
    try:
        first, *rest = inspect.signature(optimizer).parameters.values()
    except (TypeError, ValueError):
        return Arguments(POINTS, {}, {}, takes_any=True)
    named = [each for each in rest if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
    given = {each.name: _GIVEN[each.name] for each in named if each.default is each.empty and each.name in _GIVEN}
    role = _GIVEN.get(first.name, POINTS)
    if "named" in first.name:
        role = NAMED_POINTS
    elif first.name not in _GIVEN and takes_optimizer(first.name, first.annotation):
        role, named = "", [first, *named]
    return Arguments(
        role,
        given,
        {each.name: each.default for each in named if each.name not in given},
        any(each.kind is each.VAR_KEYWORD for each in rest),
    )


arguments_of: Callable[[Any], Arguments] = lru_cache(maxsize=256)(_arguments_of)
"""Returns the arguments of an optimizer's class, which a map asks for thousands of times."""


def takes_optimizer(name: str, annotation: Any = "") -> bool:
    """Return whether an argument is another optimizer, by its name or its annotation."""
    return "optimizer" in name.casefold() or name in ("base", "inner") or "Optimizer" in str(annotation)


def construct(
    optimizer: type[Any], parameter: torch.Tensor, settings: Mapping[str, Any], inner: Callable[[], Any]
) -> Any:
    """Return a new optimizer of one parameter. `inner` builds the optimizer that it wraps."""
    arguments = arguments_of(optimizer)
    given = {name: _forms(role, parameter)[0] for name, role in arguments.given.items()}
    if not arguments.first:
        return optimizer(inner(), **given, **settings)
    first, *others = _forms(arguments.first, parameter)
    try:
        return optimizer(first, **given, **settings)
    except Exception as error:
        problem = error
    for form in others:
        try:
            return optimizer(form, **given, **settings)
        except Exception as error:
            last = error
    if others and str(last) != str(problem):
        need = f"needs parameter groups with settings of their own ({first_line(last).rstrip('.')})"
        raise TypeError(f"{need}, and a race has one point; use Adam") from last
    raise problem


def _forms(role: str, parameter: torch.Tensor) -> list[Any]:
    """Return the forms in which an optimizer may take its parameter, the usual one first."""
    named = [("point", parameter)]
    if role == MODEL:
        return [_Point(parameter)]
    if role == NAMED_POINTS:
        return [named, [parameter]]
    return [[parameter], named, [{"params": [parameter]}]]


class _Point(torch.nn.Module):
    """A model whose only parameter is the point of a race."""

    def __init__(self, parameter: torch.Tensor) -> None:
        super().__init__()
        self.point = parameter

    def named_parameters(self, *args: Any, **kwargs: Any) -> Iterator[tuple[str, Any]]:
        """Yield the point, which need not be an `nn.Parameter`."""
        yield "point", self.point
