"""A function of two variables, and how it is asked for its values."""

import inspect
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from animopt.core.arrays import Array
from animopt.core.errors import Error, UsageError, first_line, must_propagate, short_repr
from animopt.core.validation import check_list, check_pair, check_text
from animopt.engine.torch_env import default_torch

MARGIN = 0.05
"""How far beyond a point outside of it a domain is widened, in parts of its extent."""

CHUNK = 2**22
"""At how many numbers, points times rows of data, a surface is computed at once."""


@dataclass(frozen=True)
class Function:
    """A function of two variables on a rectangle.

    `definition` takes one tensor and reads `x[0]` and `x[1]`, in any torch arithmetic. `x` and `y` are the ends of
    the domain, `minima` and `saddles` the known ones as (x, y) pairs, `start` (x, y) is where a race begins unless
    the scene says otherwise, `formula` the right-hand side in mathtext, without dollars, and `source` tells where all
    that was published. Where there is `data`, arrays (rows, ...), the definition is called with them too, as
    `definition(x, *data)`. Where these are (inputs, targets), both (rows,), `predict(x, inputs)` may tell what a model
    makes of inputs (any,).
    Raises UsageError for a domain with no extent, for a minimum, a saddle or a start outside it, and for data that are
    no rows of numbers.
    """

    definition: Callable[..., Any]
    x: tuple[float, float] = (-10, 10)
    y: tuple[float, float] = (-10, 10)
    minima: Sequence[tuple[float, float]] = ()
    formula: str = ""
    name: str = ""
    saddles: Sequence[tuple[float, float]] = ()
    start: tuple[float, float] | None = None
    source: str = ""
    data: Sequence[Any] = field(default=(), repr=False)
    predict: Callable[[Any, Any], Any] | None = None

    def __post_init__(self) -> None:
        if not callable(self.definition):
            raise UsageError(f"function {short_repr(self.definition)}: give something that can be called with a tensor")
        for name, example in (("name", "name='ravine'"), ("formula", "formula=r'x^2'"), ("source", "source='a book'")):
            check_text(f"function {name}", getattr(self, name), example)
        for axis in ("x", "y"):
            low_high = check_pair(f"function {axis}", getattr(self, axis))
            if not low_high[0] < low_high[1]:
                raise UsageError(f"function {axis}={low_high}: give the lower end first, as {axis}=(-10, 10)")
            if not np.isfinite(low_high[1] - low_high[0]):
                raise UsageError(f"function {axis}={low_high}: is too wide; give a smaller domain, as {axis}=(-10, 10)")
            object.__setattr__(self, axis, low_high)
        for name in ("minima", "saddles"):
            points = check_list(f"function {name} ", getattr(self, name), "give a list of pairs, as [(0, 0)]")
            object.__setattr__(self, name, tuple(self._inside(name, point) for point in points))
        if self.start is not None:
            object.__setattr__(self, "start", self._inside("start", self.start))
        object.__setattr__(self, "data", _columns(self.data))
        if self.predict is not None and not callable(self.predict):
            raise UsageError(
                f"function predict {short_repr(self.predict)}: give a function, as predict=lambda x, inputs: ..."
            )
        if self.predict is not None and [column.ndim for column in self.data] != [1, 1]:
            raise UsageError("function predict: has nothing to go by; give data=(inputs, targets), two rows of numbers")
        if not self.name:
            name = getattr(self.definition, "__name__", "")
            object.__setattr__(self, "name", name.replace("_", " ").strip() if name.isidentifier() else "")
        self._check_signature()

    def __call__(self, x: Any) -> Any:
        """The values at points (2, ...), as (...): a tensor for a tensor; for numbers a float, else an array.

        Raises UsageError for what is neither a tensor nor numbers (2, ...).
        """
        if isinstance(x, torch.Tensor):
            return self.definition(x, *self.data)
        try:
            points = np.array(x, dtype=np.float64)
        except (TypeError, ValueError):
            points = np.zeros(0)
        if points.shape[:1] != (2,):
            raise UsageError(f"{self.called} at {short_repr(x)}: give x and y, as (3, 2)")
        value = self(torch.from_numpy(points))
        return (value.numpy() if value.ndim else value.item()) if isinstance(value, torch.Tensor) else value

    def _check_signature(self) -> None:
        """Raise UsageError for a definition that does not take what it is called with."""
        names = ["x", *(f"column {number}" for number in range(1, len(self.data) + 1))]
        try:
            signature = inspect.signature(self.definition)
        except (TypeError, ValueError):
            # Not every callable says what it takes.
            return
        try:
            signature.bind(*names)
        except TypeError as error:
            takes = f"x, a tensor of two numbers{', and the data' if self.data else ''}"
            raise UsageError(
                f"{self.called}: {first_line(error)}; let it take {takes}, as lambda x: x[0] ** 2 + x[1] ** 2"
            ) from None

    def _inside(self, field: str, value: Any) -> tuple[float, float]:
        point = check_pair(f"function {field}", value)
        if not self.contains(point):
            raise UsageError(f"function {field} {point}: lies outside x={self.x}, y={self.y}; widen the domain")
        return point

    def on(self, rows: Any) -> "Function":
        """The same with only these rows of its data."""
        return replace(self, data=[column[rows] for column in self.data])

    def widened(self, points: Iterable[tuple[float, float]]) -> "Function":
        """The same on a domain that holds these points too, with a margin beyond those that lay outside."""
        xs, ys = zip(*points, strict=True)
        return replace(self, x=_stretched(self.x, xs), y=_stretched(self.y, ys))

    @property
    def called(self) -> str:
        """What an error calls the function."""
        return f"function {self.name}" if self.name else "the function"

    def contains(self, point: tuple[float, float]) -> bool:
        """Whether a point lies in the domain."""
        return self.x[0] <= point[0] <= self.x[1] and self.y[0] <= point[1] <= self.y[1]

    def loss(self, point: torch.Tensor) -> torch.Tensor:
        """The value at one point (2,), as a scalar tensor that autograd can follow.

        Raises Error where the definition returns anything else.
        """
        try:
            value = self(point)
        except BaseException as error:
            if must_propagate(error):
                raise
            said = f"{type(error).__name__}: {first_line(error)}"
            remedy = "; leave x as it is, and work on x.clone()" if "in-place operation" in said else ""
            raise Error(f"{self.called}{self._line(error)}: {said}{remedy}") from error
        if value is None:
            raise Error(f"{self.called}: returned None; end it with return and the value")
        if not isinstance(value, torch.Tensor):
            raise Error(f"{self.called}: returned {type(value).__name__}; write it in torch arithmetic")
        if value.numel() != 1:
            raise Error(f"{self.called}: returned shape {tuple(value.shape)} at one point; return one number")
        if value.is_complex():
            raise Error(f"{self.called}: returned a complex number; return a real one, as its .abs() or .real")
        if not value.is_floating_point():
            raise Error(
                f"{self.called}: returned {value.dtype}; return a floating-point number, without int or .long()"
            )
        return value.reshape(())

    def _line(self, error: BaseException) -> str:
        """Where in the definition's own file an exception arose, as a phrase; empty where that is not known."""
        path = getattr(getattr(self.definition, "__code__", None), "co_filename", "")
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
        # What a notebook's cell has for a file is none.
        where = f" of {Path(path).name}" if Path(path).is_file() else ""
        return f", line {lines[-1]}{where}" if lines else ""

    def values(self, points: Array) -> Array:
        """The values at points (..., 2), as float64 (...)."""
        if not points.size:
            return np.zeros(points.shape[:-1])
        flat = torch.from_numpy(np.ascontiguousarray(points.reshape(-1, 2), dtype=np.float64))
        with torch.no_grad():
            try:
                values = torch.vmap(self, chunk_size=self._chunk)(flat).reshape(len(flat))
            except BaseException as error:
                if must_propagate(error):
                    raise
                values = None
            if values is None or not values.is_floating_point():
                # A definition that branches on its values, or is at fault, is asked for one point at a time.
                values = torch.stack([self.loss(point).double() for point in flat])
        return values.double().numpy().reshape(points.shape[:-1])

    def predictions(self, points: Array, inputs: Array) -> Array:
        """What `predict` makes of inputs (any,) at points (..., 2), as float64 (..., any).

        Raises Error where it returns anything else.
        """
        assert self.predict is not None
        given = torch.from_numpy(np.ascontiguousarray(inputs, dtype=np.float64))
        rows = []
        with torch.no_grad():
            for point in torch.from_numpy(np.ascontiguousarray(points.reshape(-1, 2), dtype=np.float64)):
                try:
                    rows.append(torch.as_tensor(self.predict(point, given), dtype=torch.float64).expand(len(given)))
                except BaseException as error:
                    if must_propagate(error):
                        raise
                    raise Error(f"{self.called}: predict: {type(error).__name__}: {first_line(error)}") from error
        return np.array([row.numpy() for row in rows]).reshape(*points.shape[:-1], len(inputs))

    @property
    def _chunk(self) -> int | None:
        return max(1, CHUNK // max(1, self.data[0].numel())) if self.data else None


@default_torch()
def _columns(data: Any) -> tuple[torch.Tensor, ...]:
    """Data as tensors of float64; raises UsageError for what are no rows of numbers, or not as many of each."""
    try:
        columns = tuple(torch.from_numpy(_real(column).astype(np.float64)) for column in data)
    except Exception:
        raise UsageError("function data: is not all numbers; give arrays, as data=(inputs, targets)") from None
    if any(column.ndim == 0 or not len(column) for column in columns):
        raise UsageError("function data: has no rows; give arrays, as data=(inputs, targets)")
    if len({len(column) for column in columns}) > 1:
        rows = ", ".join(str(len(column)) for column in columns)
        raise UsageError(f"function data: has {rows} rows; give as many of each")
    if not all(bool(column.isfinite().all()) for column in columns):
        raise UsageError("function data: holds numbers that are not finite; leave those rows out")
    return columns


def _real(column: Any) -> Array:
    found = np.asarray(column)
    if np.iscomplexobj(found):
        raise TypeError
    return found


def _stretched(ends: tuple[float, float], numbers: Sequence[float]) -> tuple[float, float]:
    """Ends between which numbers lie, with a margin where they would lie outside of the old ones."""
    low, high = ends
    least, most = min(low, *numbers), max(high, *numbers)
    margin = MARGIN * (most - least)
    return least - margin if least < low else low, most + margin if most > high else high
