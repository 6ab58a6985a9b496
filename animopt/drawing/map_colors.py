"""What the colours of a map stand for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.drawing.colors import blend
from animopt.drawing.mpl import MaxNLocator, to_hex, to_rgb
from animopt.drawing.theme import Theme
from animopt.recording.map_results import Basins, Losses

BANDS = 4
"""How many shades of a colour tell after how many steps a minimum was reached."""

PALEST = 0.66
"""Which part of the shade of those that came last is the background's."""

VEIL = 0.86
"""How opaque a basin's colour lies on the contour lines."""

DECADES = 6
"""How far below its highest value a gap is told apart."""

STRIPE = 4.0
"""The width of the stripes on what has diverged, in pixels of a 1280 × 720 picture."""

STRIPES = 0.16, 0.42
"""Which parts of them are the ink's."""

LEVELS = 255
"""How many colours the scale of a loss has."""


def letter(minimum: int) -> str:
    """What a minimum is called: A to Z, then AA, AB and so on."""
    before, last = divmod(minimum, 26)
    return (letter(before - 1) if before else "") + chr(ord("A") + last)


def bands(basins: Basins) -> list[int]:
    """The steps, ascending, at which one band ends and the next begins; the last band has no end."""
    reached = basins.step[basins.minimum >= 0]
    # The few that come late would leave one band for all the others.
    high = float(np.quantile(reached, 0.95)) if reached.size else 1.0
    ticks = MaxNLocator(BANDS, integer=True, steps=[1, 2, 2.5, 5, 10]).tick_values(0, max(1.0, high))
    return [int(tick) for tick in ticks if 0 < tick < high][: BANDS - 1] or [1]


def shades(theme: Theme, hue: str, count: int) -> list[str]:
    """The shades of a hue, for so many bands, from the soonest to the last."""
    return [blend(hue, theme.background, part) for part in np.linspace(0, PALEST, count)]


def stripes(theme: Theme, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """What has diverged, as pixels (height, width, 3): stripes that no basin has."""
    pair = np.array([bytes_of(blend(theme.background, theme.ink, part)) for part in STRIPES])
    rows, columns = np.indices(shape)
    return pair[(rows + columns) // max(2, round(theme.px(STRIPE))) % 2]


def bytes_of(colour: str) -> NDArray[np.uint8]:
    """A colour as (3,) bytes."""
    return np.rint(255 * np.array(to_rgb(colour))).astype(np.uint8)


@dataclass(frozen=True)
class LossScale:
    """From the loss that is told apart at the lowest to the highest, by powers of ten where it is a gap."""

    low: float
    high: float
    logarithmic: bool

    def parts(self, loss: Array) -> Array:
        """Where losses stand on the scale, from 0 at its low end to 1."""
        if not self.logarithmic:
            return np.clip((loss - self.low) / (self.high - self.low), 0, 1)
        decades = np.log10(self.high / self.low)
        return np.clip(np.log10(np.maximum(loss, self.low) / self.low) / decades, 0, 1)


def loss_scale(losses: Losses) -> LossScale:
    """The scale for all steps: up to the loss at the start, above which no two settings need be told apart."""
    seen = losses.loss[np.isfinite(losses.loss)]
    high = float(np.nanmax(losses.loss[0], initial=-np.inf)) if seen.size else 1.0
    if not losses.gap:
        low = float(seen.min(initial=high - 1))
        return LossScale(low, high if high > low else low + 1, False)
    # Whole powers of ten, so that the ends of the colour bar can be named.
    top = np.ceil(np.log10(high)) if high > 0 else 0.0
    last = losses.loss[-1]
    least = last[last > 0].min(initial=10.0**top / 10)
    bottom = np.floor(max(np.log10(least), top - DECADES))
    return LossScale(float(10.0 ** min(bottom, top - 1)), float(10.0**top), True)


def loss_colours(theme: Theme) -> list[str]:
    """The scale's colours from low to high, equally far apart in lightness: what is low stands out from the ground."""
    ends = [blend(theme.ink, theme.hue(0), 0.25), theme.hue(0), blend(theme.background, theme.hue(0), 0.1)]
    return ramp(ends, LEVELS)


def ramp(stops: Sequence[str], count: int) -> list[str]:
    """`count` colours through the stops, equally far apart in lightness.

    Lightness is that of Oklab (Ottosson 2020, "A perceptual color space for image processing"), in which the colours
    between two stops are mixed. The stops must go one way from light to dark or from dark to light.
    """
    colours = np.array([to_rgb(stop) for stop in stops])
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    places = np.cbrt(linear @ _TO_CONES.T) @ _TO_OKLAB.T
    lightness = places[:, 0]
    order = np.argsort(lightness)
    wanted = np.linspace(lightness[0], lightness[-1], count)
    mixed = np.column_stack([np.interp(wanted, lightness[order], axis[order]) for axis in places.T])
    linear = np.clip((mixed @ np.linalg.inv(_TO_OKLAB).T) ** 3 @ np.linalg.inv(_TO_CONES).T, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return [to_hex(tuple(colour)) for colour in encoded]


_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
