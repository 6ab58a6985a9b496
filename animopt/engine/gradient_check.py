"""Catches, before the race, a function whose gradient autograd does not have in full."""

import ast
import builtins
import linecache
import sys
import warnings
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.overrides import TorchFunctionMode

from animopt.core.arrays import Array
from animopt.core.errors import Error, first_line, must_propagate
from animopt.engine.function import Function

POINTS = 24
"""At how many seeded points of the domain the gradient is compared, besides the starts."""

REACH = 1e-4
"""The longest difference, as a share of the domain."""

LENGTHS = (1, 0.13, 0.017, 0.002)
"""The differences' lengths, as shares of the longest: what is fine shows in the short, what is rough in the long."""

TOLERANCE = 1e-3
"""By what share of a slope autograd and the differences may differ."""

REMEDY = "write it in torch, as torch.sin for math.sin, without .item(), .detach() and NumPy"


def check_gradient(function: Function, starts: Sequence[tuple[float, float]]) -> None:
    """Compare autograd's gradient with finite differences, at and beside the starts and at seeded points.

    A disagreement counts where differences of four lengths agree with each other and autograd's slope lies outside
    those to the left and to the right, so that neither kinks, jumps, overflow nor rounding are taken for one; and
    only where there are two of them.
    Warns of a constant function. Raises Error where a part of the gradient is lost, or the function cannot be asked.
    """
    low, high = np.array([function.x, function.y]).T
    generator = np.random.default_rng(0)
    own = np.array(starts, dtype=np.float64).reshape(-1, 2)
    beside = own + (high - low) * generator.uniform(-0.01, 0.01, own.shape)
    points = np.concatenate([own, beside, generator.uniform(low, high, (POINTS, 2))])
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # What torch warns of here, a tensor made a number, is what is being checked.
        warnings.simplefilter("ignore")
        watch = _Watch()
        slopes = _slopes(function, points, watch)
        heights = function.values(points)
        if not np.array_equal(heights, function.values(points), equal_nan=True):
            return
        differences, wrong = _compare(function, points, heights, slopes, REACH * (high - low))
        stairs = _stairs(function, points, heights, slopes, differences)
    bad = wrong.any(axis=1)
    if bad.sum() > 1:
        first = int(bad.argmax())
        got, expected, place = (_pair(each[first]) for each in (slopes, differences, points))
        raise Error(
            f"{function.called}: autograd loses part of its gradient, {got} for {expected} at {place}; {watch.remedy}"
        )
    if watch.advice and stairs.any():
        axis = "xy"[int(stairs.argmax())]
        raise Error(f"{function.called}: its slope along {axis} is 0, though its values differ; {watch.remedy}")
    if (heights == heights[0]).all() and not slopes.any():
        warnings.warn(
            f"{function.called}: is {heights[0]:g} wherever it was tried, so that no racer moves; use x[0] and x[1]",
            stacklevel=2,
        )


def _slopes(function: Function, points: Array, watch: "_Watch") -> Array:
    """Autograd's gradients at points (n, 2)."""
    slopes = np.zeros_like(points)
    followed = False
    for row, point in zip(slopes, points, strict=True):
        x = torch.tensor(point, requires_grad=True)
        try:
            with watch:
                loss = function.loss(x)
        except Error as error:
            cut = "requires grad" in str(error)
            if not watch.advice or (error.__cause__ and not cut):
                raise
            what = f"{function.called}: autograd cannot follow it" if cut else str(error)
            raise Error(f"{what}; {watch.remedy}") from error
        if loss.requires_grad:
            followed = True
            try:
                (gradient,) = torch.autograd.grad(loss, x, allow_unused=True)
            except BaseException as error:
                if must_propagate(error):
                    raise
                raise Error(f"{function.called}: autograd cannot follow it: {first_line(error)}") from error
            row[:] = 0 if gradient is None else gradient
    if not followed:
        raise Error(f"{function.called}: autograd cannot follow it; {watch.remedy}")
    return slopes


def _compare(
    function: Function, points: Array, heights: Array, slopes: Array, reach: Array
) -> tuple[Array, NDArray[np.bool_]]:
    """Central differences at points (n, 2), and where (n, 2) autograd's slopes contradict them."""
    shares = np.array(LENGTHS)[:, None, None, None]
    steps = shares * np.maximum(reach, 1e-7 * abs(points))[..., None] * np.eye(2)
    after, before = points[:, None] + steps, points[:, None] - steps
    # The lengths as they are after rounding, (4, n, 2), in the order of the coordinates.
    up, down = (after - points[:, None]).sum(axis=-1), (points[:, None] - before).sum(axis=-1)
    above, below, here = function.values(after), function.values(before), heights[:, None]
    central = (above - below) / (up + down)
    right, left = (above - here)[-1] / up[-1], (here - below)[-1] / down[-1]
    differences = central.mean(axis=0)
    noise = 100 * np.finfo(np.float64).eps * np.maximum(abs(above), abs(below)).max(axis=0) / up[-1]
    outside = np.maximum(np.minimum(left, right) - slopes, slopes - np.maximum(left, right))
    allowed = TOLERANCE * np.maximum(abs(differences), abs(slopes)) + 10 * np.ptp(central, axis=0) + noise
    # A domain may be too small for the function's own precision, so that nothing moves at all.
    moves = (above != below).any(axis=0)
    # Where anything is not finite, the comparison is False.
    return differences, moves & np.isfinite(slopes) & (outside > allowed)


def _stairs(function: Function, points: Array, heights: Array, slopes: Array, differences: Array) -> NDArray[np.bool_]:
    """Along which coordinates (2,) the function is level, but for points on an edge, though its values differ."""
    level = ~slopes.any(axis=0) & (np.median(abs(differences), axis=0) == 0)
    rolled = np.where(np.eye(2)[:, None] == 1, np.roll(points, 1, axis=0), points)
    differ: NDArray[np.bool_] = (function.values(rolled) != heights).any(axis=1)
    return level & differ


def _pair(numbers: Array) -> str:
    return f"({numbers[0]:.3g}, {numbers[1]:.3g})"


class _Watch(TorchFunctionMode):
    """Notes where a function leaves torch, or autograd, while it is being asked."""

    def __init__(self) -> None:
        super().__init__()
        self.advice: dict[str, None] = {}

    @property
    def remedy(self) -> str:
        """What to write instead, by its lines."""
        return ", ".join(list(self.advice)[:3]) or REMEDY

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        if name == "__get__":
            name = getattr(getattr(func, "__self__", None), "__name__", "")
        if name in _METHODS or name in _CONVERSIONS or (name in _MAKERS and _made_of_tensors(args)):
            frame = sys._getframe(1)
            while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == "torch":
                frame = frame.f_back
            self.advice[f"line {frame.f_lineno}: {_advice(name, _called(frame))}"] = None
        return func(*args, **(kwargs or {}))


_METHODS = {
    **{name: f".{name}()" for name in ("item", "tolist", "detach", "detach_", "numpy")},
    **{name: f".{name}()" for name in ("round", "floor", "ceil", "trunc", "sign", "long", "int", "short", "byte")},
    "data": ".data",
    "floor_divide": "//",
    "__floordiv__": "//",
    "_set_grad_enabled": "torch.no_grad()",
}
"""What loses the gradient, and what it is called by one who writes it."""

_CONVERSIONS = {"__float__", "__int__", "__index__", "__array__"}
"""What Python and NumPy call on a tensor that they are handed."""

_MAKERS = {"tensor", "as_tensor", "asarray"}


def _made_of_tensors(args: Sequence[Any]) -> bool:
    return bool(args) and isinstance(args[0], (list, tuple)) and any(isinstance(each, torch.Tensor) for each in args[0])


def _called(frame: FrameType) -> str:
    """The name of what a frame is calling, as its source spells it; empty where there is no source."""
    positions = list(frame.f_code.co_positions())[frame.f_lasti // 2]
    line, last, left, right = positions
    if line is None or last is None or left is None or right is None:
        return ""
    lines = [linecache.getline(frame.f_code.co_filename, number).encode() for number in range(line, last + 1)]
    lines[-1] = lines[-1][:right]
    lines[0] = lines[0][left:]
    try:
        call = ast.parse(b"(" + b"".join(lines) + b")", mode="eval").body
    except SyntaxError:
        return ""
    return ast.unparse(call.func) if isinstance(call, ast.Call) else ""


def _advice(name: str, called: str) -> str:
    if name in _METHODS:
        return f"leave out {called if called.startswith('torch.') else _METHODS[name]}"
    if name in _MAKERS:
        return f"write torch.stack for torch.{name}"
    if not called or hasattr(builtins, called):
        return f"leave out {called or name}"
    last = called.rpartition(".")[2]
    return (
        f"write torch.{last} for {called}"
        if callable(getattr(torch, last, None))
        else f"write torch arithmetic for {called}"
    )
