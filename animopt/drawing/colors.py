"""Colors between two others, and along a ramp."""

from dataclasses import replace

import numpy as np

from animopt.drawing.mpl import to_hex, to_rgb
from animopt.drawing.theme import Theme


def blend(first: str, second: str, part: float) -> str:
    """The colour that lies a part of the way from one to another."""
    red, green, blue = np.array(to_rgb(first)) * (1 - part) + np.array(to_rgb(second)) * part
    return to_hex((red, green, blue))


def ordered_theme(theme: Theme, count: int) -> Theme:
    """The same look for `count` racers that have an order: their hues lie along its ramp."""
    last = len(theme.ramp) - 1
    hues = []
    for place in np.linspace(0, last, max(1, count)):
        before = min(int(place), last - 1)
        hues.append(blend(theme.ramp[before], theme.ramp[before + 1], place - before))
    return replace(theme, hues=tuple(hues))
