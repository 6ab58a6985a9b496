"""Colors between two others, and along a theme's ramp."""

from dataclasses import replace

import numpy as np

from animopt.drawing.mpl import to_hex, to_rgb
from animopt.drawing.theme import Theme


def blend(first: str, second: str, fraction: float) -> str:
    """Mix two colors: 0 gives the first, 1 the second."""
    red, green, blue = np.array(to_rgb(first)) * (1 - fraction) + np.array(to_rgb(second)) * fraction
    return to_hex((red, green, blue))


def ordered_theme(theme: Theme, count: int) -> Theme:
    """Return the theme for `count` racers that have an order: their hues lie along its ramp."""
    last = len(theme.ramp) - 1
    hues = []
    for position in np.linspace(0, last, max(1, count)):
        before = min(int(position), last - 1)
        hues.append(blend(theme.ramp[before], theme.ramp[before + 1], position - before))
    return replace(theme, hues=tuple(hues))
