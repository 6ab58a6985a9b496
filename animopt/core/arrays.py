"""Array types."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
"""Floating-point numbers of any shape and precision."""

Pixels = NDArray[np.uint8]
"""An image, (height, width, channels)."""
