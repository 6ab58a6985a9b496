"""The quantities of a function that a recording stores because a panel or an overlay draws them."""

from collections.abc import Callable, Mapping

from animopt.core.arrays import Array
from animopt.engine.function import Function
from animopt.engine.hessian import hessians, sharpness
from animopt.engine.modes import modes
from animopt.engine.rays import rays

QUANTITIES: Mapping[str, Callable[[Function, Array, str], Array]] = {
    "sharpness": sharpness,
    "hessian": hessians,
    "modes": modes,
    "ray": rays,
}
"""Each computes a quantity of a function at points (racers, steps + 1, 2), as (racers, steps + 1, ...). Points are NaN
after a racer diverged. The last argument is what messages call the panel or the overlay that draws the quantity."""
