"""Finds a function that gives two values for one point, or that changes its argument, and the line that does it."""

import inspect
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from animopt.core.arrays import Array
from animopt.core.errors import Error
from animopt.engine.function import Function
from animopt.engine.function_errors import CHANGED
from animopt.engine.user_code import user_code
from animopt.engine.user_lines import UserLine, is_library, line_phrase

POINTS = 3
"""Number of points at which a function without a race is called twice."""

TRACED_CALLS = 9
"""Number of calls that are compared line by line. Two calls may be equal by chance."""

MAX_EVENTS = 100_000
"""Maximum number of executed lines that are compared."""

MAX_BYTES = 1_000_000
"""Maximum number of bytes of an array that is compared."""


def check_values(function: Function) -> None:
    """Call the function twice at each of a few seeded points. Raises Error if it changes its argument or its value."""
    low, high = np.array([function.x, function.y]).T
    points = np.random.default_rng(0).uniform(low, high, (POINTS, 2))
    values = np.empty(POINTS)
    with torch.no_grad():
        for row, point in enumerate(points):
            x = torch.tensor(point)
            values[row] = function.loss(x).item()
            check_unchanged(function, x, point)
        check_repeats(function, points, values, gradients=False)


def check_unchanged(function: Function, x: torch.Tensor, point: Array) -> None:
    """Raise Error if a call of the function with `x`, a copy of a point, has changed it."""
    if not np.array_equal(x.detach().numpy(), point):
        raise Error(f"{function.called}{line_phrase(_changing_line(function, point, x.requires_grad))}: {CHANGED}")


def check_repeats(function: Function, points: Array, values: Array, *, gradients: bool) -> None:
    """Compare the values (n,) at points (n, 2) with those of a second call, at copies of the points.

    With `gradients`, autograd follows the calls. Raises Error if a point has two values.
    """
    for index, (point, first) in enumerate(zip(points, values, strict=True)):
        loss = function.loss(torch.tensor(point, requires_grad=gradients))
        if index == 0 and loss.requires_grad:
            # It fails for a tensor that the function has kept.
            with user_code(f"{function.called}: autograd cannot follow it"):
                loss.backward()
        second = loss.item()
        if second != first and not (np.isnan(first) and np.isnan(second)):
            line = line_phrase(_differing_line(function, point, gradients))
            digits = 6 if f"{first:.6g}" != f"{second:.6g}" else 17
            x, y = point
            values_text = f"{first:.{digits}g} and {second:.{digits}g} at ({x:.3g}, {y:.3g})"
            raise Error(
                f"{function.called}{line}: gives two values for one point, {values_text}; {_remedy(function, point)}"
            )


def _remedy(function: Function, point: Array) -> str:
    with suppress(Error), _DropoutWatch() as watch:
        function.loss(torch.tensor(point))
    if watch.found:
        return "call .eval() on the model, which switches its dropout off"
    return (
        "let it depend on x alone, with random numbers drawn once, outside it; for noise in the gradients, give the "
        "scene noise=0.5"
    )


class _DropoutWatch(TorchFunctionMode):
    """Notices dropout."""

    found = False

    def __torch_function__(self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.found |= "dropout" in getattr(func, "__name__", "")
        return func(*args, **(kwargs or {}))


def _changing_line(function: Function, point: Array, gradients: bool) -> str:
    """Return the line after which the function's argument differs from the point, or "" if it is unknown."""
    x = torch.tensor(point, requires_grad=gradients)
    before = _content(x)
    events = _trace(function, x, lambda frame, returned: _content(x))
    return next((line for line, after in events if after != before), "")


def _differing_line(function: Function, point: Array, gradients: bool) -> str:
    """Return the line after which two calls with one point differ, or "" if it is unknown."""
    events: list[list[tuple[str, object]]] = []
    for _ in range(TRACED_CALLS):
        events.append(_trace(function, torch.tensor(point, requires_grad=gradients), _state))
        pairs = zip(events[0], events[-1], strict=False)
        if line := next((line for (line, before), (_, after) in pairs if before != after), ""):
            return line
    return ""


def _trace(
    function: Function, x: torch.Tensor, observe: Callable[[FrameType, Any], object]
) -> list[tuple[str, object]]:
    """Call the function, and return each line of the user that it executes, with an observation after the line."""
    events: list[tuple[str, object]] = []
    # The line that each frame executes.
    current: dict[FrameType | None, str] = {}

    def trace(frame: FrameType, event: str, returned: Any) -> Any:
        if is_library(frame.f_code.co_filename) or len(events) >= MAX_EVENTS:
            return None
        here = str(UserLine(frame, inspect.getframeinfo(frame, context=0)))
        # A call belongs to the line that makes it.
        line = here if event == "return" else current.get(frame.f_back if event == "call" else frame, here)
        events.append((line, observe(frame, returned if event == "return" else None)))
        current[frame] = here
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        with suppress(Error):
            function.loss(x)
    finally:
        sys.settrace(before)
    return events


def _state(frame: FrameType, returned: Any) -> object:
    """Return the line of a frame, and the contents of its variables and of what it returns."""
    return frame.f_lineno, {name: _content(value) for name, value in frame.f_locals.items()}, _content(returned)


def _content(value: Any, depth: int = 2) -> object:
    """Return what can be compared in numbers, texts, arrays, tensors and lists of them, and None for anything else."""
    if isinstance(value, torch.Tensor) and not value.is_sparse:
        value = value.detach().numpy()
    if isinstance(value, (np.ndarray, np.generic)) and value.nbytes <= MAX_BYTES:
        return value.tobytes()
    if isinstance(value, (int, float, complex, str)):
        return repr(value)
    if isinstance(value, (list, tuple)) and depth:
        return [_content(each, depth - 1) for each in value]
    return None
