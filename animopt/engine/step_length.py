"""Searches for a step length along a ray. Source: Nocedal and Wright 2006, Numerical Optimization, chapter 3."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

TRIALS = 60
"""Maximum number of trials of a search."""

PRECISION = 1e-13
"""Relative precision of the length of an exact search."""

CUBIC_MARGIN, QUADRATIC_MARGIN = 0.2, 0.1
"""Minimum distance of an interpolated length from both ends of an interval, as a fraction of the interval.

They are those of SciPy's `line_search`.
"""


@dataclass(frozen=True)
class Ray:
    """The loss φ along a ray.

    `along` returns φ(α) and φ′(α). `loss` and `slope` are those at 0, and `c1` and `c2` the parts of the slope in the
    strong Wolfe conditions.
    """

    along: Callable[[float], tuple[float, float]]
    loss: float
    slope: float
    c1: float
    c2: float

    def decreases_enough(self, length: float, loss: float) -> bool:
        """Return whether a length has sufficient decrease, equation 3.4."""
        return loss <= self.loss + self.c1 * length * self.slope

    def is_flat_enough(self, slope: float) -> bool:
        """Return whether a slope meets the strong curvature condition, equation 3.7b."""
        return abs(slope) <= self.c2 * abs(self.slope)


@dataclass(frozen=True)
class _Trial:
    length: float
    loss: float
    slope: float


def _armijo(ray: Ray, first: float, shrink: float) -> float:
    """Return the first of the lengths `first`, `first` · `shrink`, … with sufficient decrease, or 0. Algorithm 3.1."""
    for power in range(TRIALS):
        length = first * shrink**power
        if ray.decreases_enough(length, ray.along(length)[0]):
            return length
    return 0.0


def _wolfe(ray: Ray, first: float, _: float) -> float:
    """Return a length that meets the strong Wolfe conditions. Algorithms 3.5 and 3.6.

    If there is none in so many trials, it is the longest one with sufficient decrease, or 0.
    """
    before, length = _Trial(0.0, ray.loss, ray.slope), first
    for _ in range(TRIALS):
        trial = _Trial(length, *ray.along(length))
        if not ray.decreases_enough(length, trial.loss) or (trial.loss >= before.loss and before.length):
            return _zoom(ray, before, trial)
        if ray.is_flat_enough(trial.slope):
            return length
        if trial.slope >= 0:
            return _zoom(ray, trial, before)
        before, length = trial, 2 * length
    return before.length


def _zoom(ray: Ray, low: _Trial, high: _Trial) -> float:
    """Return a length between two that meets the conditions. Algorithm 3.6. `low` has sufficient decrease."""
    rejected: _Trial | None = None
    for _ in range(TRIALS):
        length = _interpolated(low, high, rejected)
        trial = _Trial(length, *ray.along(length))
        if not ray.decreases_enough(length, trial.loss) or trial.loss >= low.loss:
            rejected, high = high, trial
            continue
        if ray.is_flat_enough(trial.slope):
            return length
        if trial.slope * (high.length - low.length) >= 0:
            rejected, high = high, low
        else:
            rejected = low
        low = trial
    return low.length


def _interpolated(low: _Trial, high: _Trial, third: _Trial | None) -> float:
    """Return the minimum of a cubic or a quadratic through trials if it is well between two, or else their middle."""
    extent = high.length - low.length
    slope = low.slope
    ends = sorted((low.length, high.length))

    def is_inside(length: float, margin: float) -> bool:
        return ends[0] + margin * abs(extent) <= length <= ends[1] - margin * abs(extent)

    # φ(low) + slope·t + b·t² + a·t³ through the losses of the others.
    quadratic = (high.loss - low.loss - slope * extent) / extent**2
    other = third.length - low.length if third else 0.0
    if third and other not in (0.0, extent):
        from_other = (third.loss - low.loss - slope * other) / other**2
        a = (quadratic - from_other) / (extent - other)
        b = quadratic - a * extent
        root = b * b - 3 * a * slope
        if a and root >= 0:
            length = low.length + (-b + root**0.5) / (3 * a)
            if is_inside(length, CUBIC_MARGIN):
                return length
    if quadratic > 0:
        length = low.length - slope / (2 * quadratic)
        if is_inside(length, QUADRATIC_MARGIN):
            return length
    return low.length + extent / 2


def _exact(ray: Ray, first: float, _: float) -> float:
    """Return the length of a minimum below φ(0), usually of the first one.

    The search doubles the length until the slope is not negative or the loss is above φ(0), and finds the root of the
    slope by false position with the Illinois factor. Source: Dowell and Jarratt 1971, A modified regula falsi method
    for computing the root of an equation, BIT 11. Where the loss is above φ(0), it halves the interval instead. If the
    curve goes down in so many trials, it is the longest length. It misses the first minimum if no trial is on the slope
    behind it.
    """

    def goes_down(trial: _Trial) -> bool:
        return trial.slope < 0 and trial.loss <= ray.loss

    low, high = _Trial(0.0, ray.loss, ray.slope), _Trial(first, *ray.along(first))
    for _ in range(TRIALS):
        if not goes_down(high):
            break
        low, high = high, _Trial(2 * high.length, *ray.along(2 * high.length))
    else:
        return low.length
    left, right, side = low.slope, high.slope, 0
    for _ in range(TRIALS):
        extent = high.length - low.length
        if not extent > PRECISION * high.length:
            break
        part = left / (left - right) if right > 0 else 0.5
        # Rounding and slopes without a value leave no part inside.
        length = low.length + extent * (part if 0 < part < 1 else 0.5)
        if length in (low.length, high.length):
            break
        trial = _Trial(length, *ray.along(length))
        if trial.slope == 0 and trial.loss <= ray.loss:
            return length
        if goes_down(trial):
            low, left, right = trial, trial.slope, right / 2 if side < 0 else right
            side = -1
        else:
            high, right, left = trial, trial.slope, left / 2 if side > 0 else left
            side = 1
    return high.length if abs(high.slope) < abs(low.slope) and high.loss <= ray.loss else low.length


SEARCHES: Mapping[str, Callable[[Ray, float, float], float]] = {"armijo": _armijo, "wolfe": _wolfe, "exact": _exact}
"""Searches by name. Each returns a step length, given a ray, the first length and the factor of a smaller one."""
