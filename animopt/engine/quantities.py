"""The quantities of a function that a recording stores because a panel asks for them."""

from collections.abc import Callable, Mapping

from animopt.core.arrays import Array
from animopt.engine.function import Function
from animopt.engine.sharpness import sharpness

QUANTITIES: Mapping[str, Callable[[Function, Array], Array]] = {"sharpness": sharpness}
"""Each computes a quantity of a function at points (racers, steps + 1, 2), as (racers, steps + 1). Points are NaN after
a racer diverged."""
