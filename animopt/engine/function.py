"""Functions of two variables: the definition, the domain, and what is known about them."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from copy import copy
from functools import cached_property
from itertools import combinations
from math import dist, hypot, inf
from typing import Any, overload

import attrs
import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from animopt.core.arrays import Array
from animopt.core.errors import (
    Error,
    UsageError,
    check_list,
    check_number,
    check_pair,
    check_text,
    first_line,
    must_propagate,
    short_repr,
    with_type,
)
from animopt.core.language import language
from animopt.engine.function_errors import explained
from animopt.engine.user_code import race_environment, user_code

Pair = tuple[float, float]
"""A point (x, y), or the two ends of an interval."""

MARGIN = 0.05
"""Margin beyond a point that widens a domain, as a fraction of the widened extent."""

TURNED = ", turned by "
"""Words between the name of a function and the angle by which it is rotated."""

RADIUS_SHARE = 0.01
"""Distance at which a racer has arrived at a minimum, as a share of the domain's diagonal."""

MIN_WIDTH, MIN_RELATIVE_WIDTH = 1e-300, 1e-13
"""Minimum width of a domain, and minimum ratio of its width to its ends, so that its samples are different numbers."""

MAX_BATCH_NUMBERS = 2**22
"""Maximum number of values, points times rows of data, that are computed in one batch."""


def _interval(axis: str, ends: Any) -> Pair:
    low, high = check_pair(f"function {axis}", ends)
    if not low < high:
        raise UsageError(f"function {axis}={(low, high)}: give the lower end first, as {axis}=(-10, 10)")
    # The squares and sums of distances are computed, too.
    if not np.isfinite(4 * (high - low)):
        raise UsageError(f"function {axis}={(low, high)}: is too wide; give a smaller domain, as {axis}=(-10, 10)")
    if high - low < max(MIN_WIDTH, MIN_RELATIVE_WIDTH * max(abs(low), abs(high))):
        raise UsageError(f"function {axis}={(low, high)}: is too narrow; give a larger domain, as {axis}=(-10, 10)")
    return low, high


def _points(field: str, points: Any) -> tuple[Pair, ...]:
    return tuple(
        check_pair(f"function {field}", point)
        for point in check_list(f"function {field} ", points, "give a list of pairs, as [(0, 0)]")
    )


def _box(box: Any, domain: tuple[Pair, Pair]) -> tuple[Pair, Pair] | None:
    """Return the two intervals of a box, which must be inside the domain."""
    if box is None:
        return None
    remedy = "give the ends along x and along y, as box=((-1, 1), (-1, 1))"
    intervals = check_list("function box ", box, remedy)
    if len(intervals) != 2:
        raise UsageError(f"function box {short_repr(box)}: {remedy}")
    x, y = (check_pair("function box", ends) for ends in intervals)
    if not (x[0] < x[1] and y[0] < y[1]):
        raise UsageError(f"function box {(x, y)}: give the lower end first, as box=((-1, 1), (-1, 1))")
    if not all(low <= start and end <= high for (low, high), (start, end) in zip(domain, (x, y), strict=True)):
        raise UsageError(f"function box {(x, y)}: is not inside x={domain[0]}, y={domain[1]}; widen the domain")
    return x, y


def _direction(direction: Any) -> Pair | None:
    """Return a direction, whose length must be above 0."""
    if direction is None:
        return None
    pair = check_pair("function direction", direction)
    if not 0 < hypot(*pair) < inf:
        raise UsageError(f"function direction {pair}: its length must be above 0; give it as direction=(1, 0)")
    return pair


@race_environment()
def _columns(data: Iterable[Any]) -> tuple[torch.Tensor, ...]:
    """Copy the columns of data to float64 tensors."""
    columns = check_list("function data ", data, "give arrays, as data=(inputs, targets)")
    try:
        given = [np.asarray(column) for column in columns]
        if any(map(np.iscomplexobj, given)):
            raise TypeError
        tensors = tuple(torch.from_numpy(column.astype(np.float64)) for column in given)
    except Exception:
        raise UsageError("function data: is not all numbers; give arrays, as data=(inputs, targets)") from None
    if any(column.ndim == 0 or not len(column) for column in tensors):
        raise UsageError("function data: has no rows; give arrays, as data=(inputs, targets)")
    rows = [len(column) for column in tensors]
    if len(set(rows)) > 1:
        raise UsageError(f"function data: has {', '.join(map(str, rows))} rows; give columns of the same length")
    if not all(bool(column.isfinite().all()) for column in tensors):
        raise UsageError("function data: has numbers that are not finite; leave those rows out")
    return tensors


@attrs.frozen(init=False, slots=False)
class Function:
    """A function of two variables on a rectangular domain.

    Calling it evaluates the definition at one point or at many.

    Args:
        definition: Function of one tensor `x`, which reads `x[0]` and `x[1]` and returns one number, in torch
            arithmetic. With `data` it is called as `definition(x, *data)`.
        x: The two ends of the domain along x. Default: (-10, 10).
        y: The two ends of the domain along y. Default: (-10, 10).
        minima: The known local minima as (x, y) pairs, all inside the domain. Default: none.
        formula: The right-hand side in mathtext, without dollar signs. Default: "", which shows none.
        name: The name in titles and messages. Default: the name of the definition, "" for a lambda.
        saddles: The known saddle points as (x, y) pairs, all inside the domain. Default: none.
        start: The start (x, y) of a race whose scene gives none. Default: None.
        source: The publication from which the function, its domain and its minima come. Default: "".
        data: Arrays (rows, ...) of equal length, which are copied. Default: none.
        predict: Function of `x` and inputs (n,) that returns the predictions (n,) of a model; it needs
            `data=(inputs, targets)`, both (rows,). With `data=(points, labels)`, points (rows, 2) and labels −1 or
            1, it returns the scores (n,) of a linear classifier for points (n, 2), which separates them where it is 0.
            Default: None.
        radius: Distance from a minimum within which a racer has arrived at it; `replace` and a wider domain keep it.
            Default: a hundredth of the domain's diagonal, and at most half the distance between the closest minima.
        box: The two ends along x and along y of a box inside the domain, as ((-1, 1), (-1, 1)). After each step, every
            racer is moved to the nearest point of the box (projected gradient descent). Starts must be in it.
            Default: None.
        direction: A direction (x, y), of any length above 0, with which the panel "angle" compares positions.
            Default: None.

    Raises:
        UsageError: A definition that does not take these arguments, an empty domain, a point outside the domain,
            a box that is not inside the domain, or data that are not rows of finite numbers.

    Examples:
        >>> from animopt import Function
        >>> bowl = Function(lambda x: x[0] ** 2 + x[1] ** 2, x=(-5, 5), y=(-5, 5), minima=[(0, 0)], name="a bowl")
        >>> bowl((3, 2))
        13.0
    """

    definition: Callable[..., Any]
    x: Pair
    y: Pair
    minima: tuple[Pair, ...]
    formula: str
    name: str
    saddles: tuple[Pair, ...]
    start: Pair | None
    source: str
    data: tuple[torch.Tensor, ...] = attrs.field(
        repr=False, eq=lambda columns: tuple(column.tolist() for column in columns), hash=False
    )
    predict: Callable[[Any, Any], Any] | None
    radius: float
    box: tuple[Pair, Pair] | None
    direction: Pair | None

    def __init__(
        self,
        definition: Callable[..., Any],
        x: Sequence[float] = (-10, 10),
        y: Sequence[float] = (-10, 10),
        minima: Iterable[Sequence[float]] = (),
        formula: str = "",
        name: str = "",
        saddles: Iterable[Sequence[float]] = (),
        start: Sequence[float] | None = None,
        source: str = "",
        data: Iterable[Any] = (),
        predict: Callable[[Any, Any], Any] | None = None,
        radius: float | None = None,
        box: Sequence[Sequence[float]] | None = None,
        direction: Sequence[float] | None = None,
    ) -> None:
        if not callable(definition):
            raise UsageError(f"function {short_repr(definition)}: give something that can be called with a tensor")
        own_name = _own_name(definition)
        domain = _interval("x", x), _interval("y", y)
        known_minima = _points("minima", minima)
        self.__attrs_init__(
            definition,
            *domain,
            minima=known_minima,
            formula=check_text("function formula", formula, "formula=r'x^2'"),
            name=check_text("function name", name, "name='ravine'") or own_name.replace("_", " ").strip(),
            saddles=_points("saddles", saddles),
            start=None if start is None else check_pair("function start", start),
            source=check_text("function source", source, "source='a book'"),
            data=_columns(data),
            predict=predict,
            radius=_arrival_radius(domain, known_minima)
            if radius is None
            else check_number("function radius", radius, "give a distance, as radius=0.1", above=0),
            box=_box(box, domain),
            direction=_direction(direction),
        )
        for field, points in {"minima": self.minima, "saddles": self.saddles, "start": [self.start]}.items():
            for point in points:
                if point and not self.contains(point):
                    raise UsageError(f"function {field} {point}: lies outside x={self.x}, y={self.y}; widen the domain")
        if self.start:
            self.check_box("function start", self.start)
        if predict is not None and not callable(predict):
            raise UsageError(
                f"function predict {short_repr(predict)}: give a function, as predict=lambda x, inputs: ..."
            )
        if predict is not None and [column.ndim for column in self.data] != [1, 1]:
            if not self.classifies:
                raise UsageError("function predict: needs data; give data=(inputs, targets), two rows of numbers")
            if not bool((self.data[1].abs() == 1).all()):
                raise UsageError("function data: has labels that are neither -1 nor 1; give each point one of them")
        try:
            signature = inspect.signature(definition)
        except Exception:
            # Some built-in callables have no signature, and an attribute of an object may raise.
            return
        try:
            signature.bind("x", *self.data)
        except TypeError as error:
            example = "x[0] ** 2 + x[1] ** 2"
            if not self.data and (count := _required(definition)) > 1:
                example = f"{own_name or 'f'}(x[0], x[1]{', 1.0' * (count - 2)})"
            raise UsageError(
                f"{self.called}: {first_line(error)}; let it take x, a tensor of two numbers"
                f"{', and the data' if self.data else ''}, as lambda x: {example}"
            ) from None

    @overload
    def __call__(self, x: torch.Tensor) -> torch.Tensor: ...
    @overload
    def __call__(self, x: Sequence[float]) -> float: ...
    @overload
    def __call__(self, x: Array | Sequence[Array] | Sequence[Sequence[float]]) -> Array: ...
    def __call__(self, x: Any) -> Any:
        """Evaluate the function.

        Args:
            x: One point (2,) or points (2, ...), as numbers, arrays or a tensor.

        Returns:
            A tensor (...) for a tensor, a float for one point, otherwise a float64 array (...).

        Raises:
            UsageError: The argument is neither a tensor nor numbers (2, ...).
        """
        if isinstance(x, torch.Tensor):
            return self.definition(x, *self.data)
        try:
            points = np.array(x, dtype=np.float64)
        except (TypeError, ValueError):
            points = np.zeros(0)
        if points.shape[:1] != (2,):
            raise UsageError(f"{self.called} at {short_repr(x)}: give x and y, as (3, 2)")
        with race_environment():
            value = self(torch.from_numpy(points))
        return (value.numpy() if value.ndim else value.item()) if isinstance(value, torch.Tensor) else value

    def replace(self, **changes: Any) -> "Function":
        """Return this function with other arguments.

        Args:
            **changes: Keyword arguments of the constructor.

        Raises:
            UsageError: A change that the constructor refuses.
        """
        # A subclass may have another constructor.
        other = copy(self)
        vars(other).pop("_largest", None)
        fields = {name: getattr(self, name) for name in attrs.fields_dict(Function)}
        Function.__init__(other, **fields | changes)
        return other

    def on(self, rows: Any) -> "Function":
        """Return this function with only the given rows of its data."""
        return self.replace(data=[column[rows] for column in self.data])

    def widened(self, points: Iterable[Pair]) -> "Function":
        """Return this function on a domain that contains the points, with a margin beyond those outside."""
        xs, ys = zip(*points, strict=True)
        return self.replace(x=_widened(self.x, xs), y=_widened(self.y, ys))

    @property
    def called(self) -> str:
        """The name of the function in error messages."""
        return f"function {self.name}" if self.name else "the function"

    def contains(self, point: Pair) -> bool:
        """Return whether a point is in the domain or on its edge."""
        return self.x[0] <= point[0] <= self.x[1] and self.y[0] <= point[1] <= self.y[1]

    @property
    def classifies(self) -> bool:
        """Whether `predict` returns the scores of a classifier of points (rows, 2) with labels (rows,)."""
        return self.predict is not None and [(each.ndim, *each.shape[1:]) for each in self.data] == [(2, 2), (1,)]

    def check_box(self, field: str, point: Pair) -> None:
        """Raise UsageError if a point of a field lies outside the box."""
        if self.box and not all(low <= place <= high for (low, high), place in zip(self.box, point, strict=True)):
            raise UsageError(f"{field} {point}: lies outside the box {self.box} of {self.called}; start inside it")

    def project(self, points: torch.Tensor) -> None:
        """Move points (2, ...) to the nearest ones of the box, in place, if there is a box."""
        with torch.no_grad():
            for axis, (low, high) in enumerate(self.box or ()):
                points[axis].clamp_(low, high)

    def loss(self, point: torch.Tensor) -> torch.Tensor:
        """Evaluate at one point (2,) and return a scalar tensor that autograd can follow.

        Raises:
            Error: The definition fails or returns anything else than one real number.
        """
        try:
            value = self(point)
        except BaseException as error:
            if must_propagate(error):
                raise
            raise Error(f"{self.called}{explained(error)}") from error
        if not isinstance(value, torch.Tensor):
            raise Error(
                f"{self.called}: returned None; end it with return and the value"
                if value is None
                else f"{self.called}: returned {type(value).__name__}; write it in torch arithmetic"
            )
        if value.numel() != 1:
            raise Error(f"{self.called}: returned shape {tuple(value.shape)} at one point; return one number")
        if not value.is_floating_point():
            raise Error(
                f"{self.called}: returned a complex number; return a real one, as its .abs() or .real"
                if value.is_complex()
                else f"{self.called}: returned {value.dtype}; return a floating-point number, without int or .long()"
            )
        return value.reshape(())

    def values(self, points: Array, advance: Callable[[int], object] = lambda count: None) -> Array:
        """Evaluate at points (..., 2) and return float64 (...).

        `advance` receives the number of points that are computed.
        """
        if not points.size:
            return np.zeros(points.shape[:-1])
        flat = _point_tensor(points)
        values: torch.Tensor | None = None
        with torch.no_grad():
            with suppress(Error), user_code("vmap"):
                chunk_size = max(1, MAX_BATCH_NUMBERS // self._largest)
                together = torch.vmap(self, chunk_size=chunk_size if chunk_size < len(flat) else None)
                values = together(flat).reshape(len(flat))
            if values is not None and values.is_floating_point():
                advance(len(flat))
            else:
                # A definition that branches on its values, or that fails, is evaluated at one point at a time.
                each = []
                for point in flat:
                    each.append(self.loss(point).double())
                    advance(1)
                values = torch.stack(each)
        return values.double().numpy().reshape(points.shape[:-1])

    @cached_property
    def _largest(self) -> int:
        """Number of values in the largest tensor that a call computes."""
        sizes = _Sizes()
        with suppress(Error), torch.no_grad(), sizes:
            self.loss(torch.tensor([sum(ends) / 2 for ends in (self.x, self.y)], dtype=torch.float64))
        return sizes.largest

    def predictions(self, points: Array, inputs: Array) -> Array:
        """Return the predictions for inputs (n,) or (n, 2) at points (..., 2), as float64 (..., n).

        Raises:
            Error: `predict` fails or returns anything else.
        """
        assert self.predict is not None
        given = torch.from_numpy(np.ascontiguousarray(inputs, dtype=np.float64))
        with torch.no_grad(), user_code(f"{self.called}: predict", with_type):
            rows = [
                torch.as_tensor(self.predict(point, given), dtype=torch.float64).expand(len(given)).numpy()
                for point in _point_tensor(points)
            ]
        return np.array(rows).reshape(*points.shape[:-1], len(inputs))


class _Sizes(TorchFunctionMode):
    """Notices the size of the largest tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.largest = 1

    def __torch_function__(self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor):
            self.largest = max(self.largest, result.numel())
        return result


def _own_name(definition: Callable[..., Any]) -> str:
    """Return the name with which a definition was written, or "" if it has none, as a lambda."""
    with suppress(Exception):
        name = definition.__name__
        if isinstance(name, str) and name.isidentifier():
            return name
    return ""


def _required(definition: Callable[..., Any]) -> int:
    """Return the number of arguments that a definition must be given."""
    parameters = inspect.signature(definition).parameters.values()
    return sum(
        each.default is each.empty and each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
        for each in parameters
    )


def _point_tensor(points: Array) -> torch.Tensor:
    """Copy points (..., 2) to a float64 tensor (n, 2), because a definition may change its argument."""
    return torch.from_numpy(np.array(points.reshape(-1, 2), dtype=np.float64, order="C"))


def function_name(function: Function, code: str) -> str:
    """Return the name of a function in a language, as far as its catalog has it."""
    name, turned, degrees = function.name.partition(TURNED)
    words = language(code)
    known = words.gettext(name) if name else ""
    return words.gettext("{function}, turned by {degrees}", function=known, degrees=degrees) if turned else known


def differences(functions: Sequence[Function], code: str) -> list[str]:
    """Return a short name for each of several functions: its angle, its own name, or else its number."""
    parts = [function.name.partition(TURNED) for function in functions]
    if all(turned for _, turned, _ in parts) and len({name for name, _, _ in parts}) == 1:
        return [degrees for _, _, degrees in parts]
    names, count = [function_name(function, code) for function in functions], len(functions)
    if all(names) and len(set(names)) == count:
        return names
    words = language(code)
    return [words.gettext("function {number} of {count}", number=number, count=count) for number in range(1, count + 1)]


def _arrival_radius(domain: tuple[Pair, Pair], minima: Sequence[Pair]) -> float:
    """Return a share of the domain's diagonal, or half the distance between the closest minima if that is less."""
    closest = min((dist(*pair) for pair in combinations(set(minima), 2)), default=inf)
    return min(RADIUS_SHARE * hypot(*(high - low for low, high in domain)), closest / 2)


def _widened(ends: Pair, numbers: Sequence[float]) -> Pair:
    """Return an interval widened to contain the numbers, with a margin at each end that moved."""
    low, high = ends
    lowest, highest = min(low, *numbers), max(high, *numbers)
    margin = MARGIN * (highest - lowest)
    return lowest - margin if lowest < low else low, highest + margin if highest > high else high
