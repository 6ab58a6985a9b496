"""Finds a function whose gradient autograd loses, before the race is run."""

import builtins
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.overrides import TorchFunctionMode

from animopt.core.arrays import Array
from animopt.core.errors import Error
from animopt.engine.function import Function
from animopt.engine.function_errors import ARRAY_MAKERS, TYPE_REMEDY, torch_advice
from animopt.engine.repeat_check import check_repeats, check_unchanged
from animopt.engine.user_code import user_code
from animopt.engine.user_lines import UserLine, calling_line, line_phrase

SAMPLED_POINTS = 24
"""Number of seeded points of the domain at which the gradient is checked, besides the starts."""

MIN_SAMPLED_POINTS = 4
"""Number of seeded points at which the gradient of a slow function is checked."""

SLOPE_SECONDS = 0.25
"""Seconds in which autograd computes the gradients that are checked. Checking them takes twenty times longer."""

LONGEST_DIFFERENCE = 1e-4
"""Length of the longest finite difference, as a fraction of the domain."""

LENGTHS = (1, 0.13, 0.017, 0.002)
"""Lengths of the differences relative to the longest: short ones resolve fine detail, long ones avoid rounding."""

TOLERANCE = 1e-3
"""Maximum relative difference between a slope from autograd and one from finite differences."""

SAME_VALUE, SAME_SHARE = 1e-4, 1e-6
"""Maximum difference between a value with a gradient and one without, relative to the values and to their range."""


def check_gradient(function: Function, starts: Sequence[tuple[float, float]]) -> float:
    """Compare autograd's gradient with finite differences, at and near the starts and at seeded points.

    A point counts as wrong when differences of four lengths agree with each other, and autograd's slope lies outside
    the slopes to the left and to the right. Kinks, jumps, overflow and rounding therefore do not count. Only two or
    more wrong points are an error. A slow function is checked at fewer points. A constant function causes a warning,
    and one with less precision than float64.

    Returns:
        The time of a gradient in seconds.

    Raises:
        Error: Autograd loses a part of the gradient, or the function cannot be evaluated, has two values for a point,
            or changes its argument.
    """
    low, high = np.array([function.x, function.y]).T
    generator = np.random.default_rng(0)
    at_starts = np.array(starts, dtype=np.float64).reshape(-1, 2)
    near_starts = at_starts + (high - low) * generator.uniform(-0.01, 0.01, at_starts.shape)
    points = np.concatenate([at_starts, near_starts, generator.uniform(low, high, (SAMPLED_POINTS, 2))])
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # torch warns of tensors that become numbers, which this function reports itself.
        warnings.simplefilter("ignore")
        watch = _Watch()
        slopes, values, seconds = _slopes(function, points, watch, least=2 * len(at_starts) + MIN_SAMPLED_POINTS)
        points = points[: len(slopes)]
        check_repeats(function, points, values, gradients=True)
        heights = function.values(points)
        _check_same(function, points, values, heights)
        differences, wrong = _compare(function, points, heights, slopes, LONGEST_DIFFERENCE * (high - low))
        # Along a flat axis, all slopes are 0 although the values differ, as with rounding.
        rolled = np.where(np.eye(2)[:, None] == 1, np.roll(points, 1, axis=0), points)
        level = ~slopes.any(axis=0) & (np.median(abs(differences), axis=0) == 0)
        flat = level & (function.values(rolled) != heights).any(axis=1)
    bad = wrong.any(axis=1)
    if bad.sum() > 1:
        first = int(bad.argmax())
        got, expected, place = (f"({x:.3g}, {y:.3g})" for x, y in (slopes[first], differences[first], points[first]))
        raise Error(
            f"{function.called}: autograd loses part of its gradient, {got} for {expected} at {place}; {watch.remedy}"
        )
    if watch.advice and flat.any():
        raise Error(
            f"{function.called}: its slope along {'xy'[int(flat.argmax())]} is 0, though its values differ; "
            f"{watch.remedy}"
        )
    if watch.number_type != torch.float64:
        name = str(watch.number_type).removeprefix("torch.")
        warnings.warn(
            f"{function.called}{line_phrase(watch.narrow_line)}: computes in {name} in place of float64; {TYPE_REMEDY}",
            stacklevel=2,
        )
    if (heights == heights[0]).all() and not slopes.any():
        warnings.warn(
            f"{function.called}: is {heights[0]:g} at every sampled point, so that no racer moves; use x[0] and x[1]",
            stacklevel=2,
        )
    return seconds


def _check_same(function: Function, points: Array, values: Array, heights: Array) -> None:
    """Raise Error if a function has other values (n,) at points (n, 2) than its heights (n,) without a gradient."""
    allowed = SAME_VALUE * (abs(values) + abs(heights)) + SAME_SHARE * np.ptp(values)
    # A comparison with NaN is False.
    if (different := abs(values - heights) > allowed).any():
        first = int(different.argmax())
        x, y = points[first]
        raise Error(
            f"{function.called}: gives two values for one point, {values[first]:.6g} with a gradient and "
            f"{heights[first]:.6g} without one at ({x:.3g}, {y:.3g}); let it depend on x alone"
        )


def _slopes(function: Function, points: Array, watch: "_Watch", least: int) -> tuple[Array, Array, float]:
    """Return autograd's gradients (n, 2), the values (n,) at points (n, 2), and the time of a gradient in seconds.

    It stops early at a slow function, after at least a number of points.
    """
    slopes, values = np.zeros_like(points), np.empty(len(points))
    times: list[float] = []
    followed = False
    for row, (slope, point) in enumerate(zip(slopes, points, strict=True)):
        if row >= least and sum(times) > SLOPE_SECONDS:
            slopes, values = slopes[:row], values[:row]
            break
        x = torch.tensor(point, requires_grad=True)
        start = time.perf_counter()
        try:
            with watch:
                loss = function.loss(x)
        except Error as error:
            cut = "requires grad" in str(error)
            if not watch.advice or (error.__cause__ and not cut):
                raise
            problem = f"{function.called}: autograd cannot follow it" if cut else error
            raise Error(f"{problem}; {watch.remedy}") from error
        check_unchanged(function, x, point)
        values[row] = loss.item()
        watch.number_type = loss.dtype
        if loss.requires_grad:
            followed = True
            with user_code(f"{function.called}: autograd cannot follow it"):
                (gradient,) = torch.autograd.grad(loss, x, allow_unused=True)
            slope[:] = 0 if gradient is None else gradient
        times.append(time.perf_counter() - start)
    if not followed:
        raise Error(f"{function.called}: autograd cannot follow it; {watch.remedy}")
    return slopes, values, min(times)


def _compare(
    function: Function, points: Array, heights: Array, slopes: Array, reach: Array
) -> tuple[Array, NDArray[np.bool_]]:
    """Central differences at points (n, 2), and where (n, 2) autograd's slopes contradict them."""
    steps = np.array(LENGTHS)[:, None, None, None] * np.maximum(reach, 1e-7 * abs(points))[..., None] * np.eye(2)
    after, before = points[:, None] + steps, points[:, None] - steps
    # The lengths after rounding, (4, n, 2), in the order of the coordinates.
    up, down = (after - points[:, None]).sum(axis=-1), (points[:, None] - before).sum(axis=-1)
    above, below, here = function.values(after), function.values(before), heights[:, None]
    central = (above - below) / (up + down)
    right, left = (above - here)[-1] / up[-1], (here - below)[-1] / down[-1]
    differences = central.mean(axis=0)
    noise = 100 * np.finfo(np.float64).eps * np.maximum(abs(above), abs(below)).max(axis=0) / up[-1]
    outside = np.maximum(np.minimum(left, right) - slopes, slopes - np.maximum(left, right))
    allowed = TOLERANCE * np.maximum(abs(differences), abs(slopes)) + 10 * np.ptp(central, axis=0) + noise
    # On a very small domain the values may not differ at all in float64.
    moves = (above != below).any(axis=0)
    # A comparison with NaN is False.
    return differences, moves & np.isfinite(slopes) & (outside > allowed)


class _Watch(TorchFunctionMode):
    """Collects advice about each line on which a function leaves torch or autograd.

    `number_type` is that of the function's value, `narrow_line` the first line that makes a tensor of fewer digits.
    """

    def __init__(self) -> None:
        super().__init__()
        self.advice: dict[tuple[object, ...], str] = {}
        self.number_type = torch.float64
        self.narrow_line: UserLine | None = None

    @property
    def remedy(self) -> str:
        """Replacements for at most three lines, or general advice."""
        return ", ".join([*dict.fromkeys(self.advice.values())][:3]) or (
            "write it in torch, as torch.sin for math.sin, without .item(), .detach() and NumPy"
        )

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        if name == "__get__":
            name = getattr(getattr(func, "__self__", None), "__name__", "")
        copied = args[0] if name in ARRAY_MAKERS and args and isinstance(args[0], (list, tuple)) else ()
        if name in _METHODS or name in _CONVERSIONS or any(isinstance(each, torch.Tensor) for each in copied):
            line = calling_line()
            key = (line and line.key, name)
            if key not in self.advice:
                self.advice[key] = f"{line}: {_advice(name, line)}" if line else _advice(name, line)
        result = func(*args, **(kwargs or {}))
        if self.narrow_line is None and isinstance(result, torch.Tensor) and result.dtype in NARROW:
            self.narrow_line = calling_line()
        return result


_METHODS = {
    **{name: f".{name}()" for name in ("item", "tolist", "detach", "detach_", "numpy")},
    **{name: f".{name}()" for name in ("round", "floor", "ceil", "trunc", "sign", "long", "int", "short", "byte")},
    "data": ".data",
    "floor_divide": "//",
    "__floordiv__": "//",
    "_set_grad_enabled": "torch.no_grad()",
}
"""Operations that lose the gradient, and how a user spells them."""

NARROW = {torch.float32, torch.float16, torch.bfloat16}
"""Number types with fewer digits than float64."""

_CONVERSIONS = {"__float__", "__int__", "__index__", "__array__"}
"""Methods that Python and NumPy call on a tensor argument."""


def _advice(name: str, line: UserLine | None) -> str:
    if foreign := line.foreign_calls() if line else []:
        return torch_advice(foreign[0])
    called = line.called() if line else ""
    if name in _METHODS:
        return f"leave out {called if called.startswith('torch.') else _METHODS[name]}"
    if name in ARRAY_MAKERS:
        return torch_advice(f"torch.{name}")
    return torch_advice(called) if called and not hasattr(builtins, called) else f"leave out {called or name}"
