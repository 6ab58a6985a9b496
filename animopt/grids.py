"""Values for a setting that is varied."""

import numpy as np

from animopt.errors import UsageError
from animopt.optimizers import whole


def logspace(low: float, high: float, count: int) -> tuple[float, ...]:
    """`count` values from `low` to `high`, each the same multiple of the one before.

    Raises UsageError for ends that are not two positive numbers, or a count below 2.
    """
    whole("logspace count", count, least=2)
    if not all(isinstance(end, (int, float)) and 0 < end < np.inf for end in (low, high)):
        raise UsageError(f"logspace {low!r} to {high!r}: give two positive numbers, as logspace(0.001, 1, 4)")
    return tuple(np.geomspace(low, high, count).tolist())
