"""Colors: between two others, of racers that have an order, and of maps."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.drawing.mpl import MaxNLocator, to_hex, to_rgb
from animopt.drawing.theme import Theme
from animopt.recording.recording import Basins, Losses, Recording

MAX_BANDS = 4
"""Maximum number of bands: ranges of steps in which a minimum is reached. Each has its tint of the basin's hue."""

PALEST_TINT = 0.66
"""Fraction of the background's color in the tint of the last band."""

BASIN_OPACITY = 0.86
"""Opacity of a basin's color over the contour lines."""

MAX_DECADES = 6
"""Maximum number of powers of ten on the scale of losses."""

STRIPE_WIDTH = 4.0
"""Width of the stripes where racers diverge, in pixels of a 1280 × 720 picture."""

STRIPE_TINTS = 0.16, 0.42
"""Fractions of the ink's color in the two colors of the stripes."""

MIN_CONTRAST = 4.5
"""Minimum contrast ratio of a text and its background, by WCAG 2.1."""

LOSS_COLORS = 255
"""Number of colors on the scale of losses."""


def blend(first: str, second: str, fraction: float) -> str:
    """Mix two colors: 0 gives the first, 1 the second."""
    return to_hex(tuple(np.array(to_rgb(first)) * (1 - fraction) + np.array(to_rgb(second)) * fraction))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colors, by WCAG 2.1."""
    darker, lighter = sorted(float(_linear(np.array(to_rgb(each))) @ (0.2126, 0.7152, 0.0722)) for each in (one, other))
    return (lighter + 0.05) / (darker + 0.05)


def legible(theme: Theme, hue: str) -> str:
    """Mix a hue with as much of the ink's color as a text of it needs to be legible on the background."""
    mixed = (blend(hue, theme.ink, fraction) for fraction in np.linspace(0, 1, 21))
    return next((color for color in mixed if contrast(color, theme.background) >= MIN_CONTRAST), theme.ink)


def contour_ground(theme: Theme) -> str:
    """Return the middle of the tints of a contour plot."""
    return blend(theme.low, theme.high, 0.5)


def ordered_theme(theme: Theme, count: int) -> Theme:
    """Return the theme for `count` racers that have an order: their hues lie along its ramp."""
    last = len(theme.ramp) - 1
    places = [(min(int(place), last - 1), place) for place in np.linspace(0, last, max(1, count))]
    hues = [blend(theme.ramp[before], theme.ramp[before + 1], place - before) for before, place in places]
    return replace(theme, hues=tuple(hues))


def minimum_letter(minimum: int) -> str:
    """Return the letter of a minimum: A to Z, then AA, AB and so on."""
    before, last = divmod(minimum, 26)
    return (minimum_letter(before - 1) if before else "") + chr(ord("A") + last)


def basin_hues(theme: Theme, recording: Recording) -> list[str]:
    """Return the color of each minimum beside those of the racers."""
    return [theme.hue(len(recording.names) + minimum) for minimum in range(len(recording.minima))]


def step_bands(basins: Basins) -> list[int]:
    """Return the last step of each band, ascending, without the last band, which has no end."""
    reached = basins.step[basins.minimum >= 0]
    # The few starts that arrive late would take most of the range.
    high = float(np.quantile(reached, 0.95)) if reached.size else 1.0
    ticks = MaxNLocator(MAX_BANDS, integer=True, steps=[1, 2, 2.5, 5, 10]).tick_values(0, max(1.0, high))
    return [int(tick) for tick in ticks if 0 < tick < high][: MAX_BANDS - 1] or [1]


def band_tints(theme: Theme, hue: str, bands: int) -> list[str]:
    """Return the tints of a hue, from the first band to the last."""
    return [blend(hue, theme.background, fraction) for fraction in np.linspace(0, PALEST_TINT, bands)]


def stripe_colors(theme: Theme) -> tuple[str, str]:
    """Return the two colors of the stripes where racers diverge."""
    pale, dark = STRIPE_TINTS
    return blend(theme.background, theme.ink, pale), blend(theme.background, theme.ink, dark)


def stripes(theme: Theme, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Return diagonal stripes, which mark divergence, as pixels (height, width, 3)."""
    pair = np.array([color_bytes(color) for color in stripe_colors(theme)])
    return pair[np.indices(shape).sum(axis=0) // max(2, round(theme.px(STRIPE_WIDTH))) % 2]


def color_bytes(color: str) -> NDArray[np.uint8]:
    """Return a color as (3,) bytes."""
    return np.rint(255 * np.array(to_rgb(color))).astype(np.uint8)


@dataclass(frozen=True)
class LossScale:
    """A scale of losses from `low` to `high`."""

    low: float
    high: float
    logarithmic: bool

    def fractions(self, loss: Array) -> Array:
        """Return the positions of losses (any shape) on the scale, from 0 at its low end to 1."""
        if not self.logarithmic:
            return np.clip((loss - self.low) / (self.high - self.low), 0, 1)
        return np.clip(np.log10(np.maximum(loss, self.low) / self.low) / np.log10(self.high / self.low), 0, 1)


def loss_scale(losses: Losses) -> LossScale:
    """Return the scale for all steps, up to the loss at the start. It is logarithmic for gaps to a minimum."""
    finite = losses.loss[np.isfinite(losses.loss)]
    high = float(np.nanmax(losses.loss[0], initial=-np.inf)) if finite.size else 1.0
    if not losses.gap:
        low = float(finite.min(initial=high - 1))
        return LossScale(low, high if high > low else low + 1, False)
    # Whole powers of ten make short labels for the ends of the color bar.
    top = np.ceil(np.log10(high)) if high > 0 else 0.0
    last = losses.loss[-1]
    least = last[last > 0].min(initial=10.0**top / 10)
    bottom = np.floor(max(np.log10(least), top - MAX_DECADES))
    return LossScale(float(10.0 ** min(bottom, top - 1)), float(10.0**top), True)


def loss_colors(theme: Theme) -> list[str]:
    """Return the colors of the scale of losses. Low losses contrast most with the background."""
    hue = theme.hue(0)
    return uniform_ramp([blend(theme.ink, hue, 0.25), hue, blend(theme.background, hue, 0.1)], LOSS_COLORS)


def uniform_ramp(stops: Sequence[str], count: int) -> list[str]:
    """Return `count` colors through the stops, in even steps of lightness.

    Lightness is that of Oklab (Ottosson 2020, "A perceptual color space for image processing"), in which the colors
    are mixed. The lightness of the stops must ascend or descend.
    """
    colors = np.array([to_rgb(stop) for stop in stops])
    oklab = np.cbrt(_linear(colors) @ _TO_CONES.T) @ _TO_OKLAB.T
    lightness = oklab[:, 0]
    order = np.argsort(lightness)
    wanted = np.linspace(lightness[0], lightness[-1], count)
    mixed = np.column_stack([np.interp(wanted, lightness[order], axis[order]) for axis in oklab.T])
    linear = np.clip((mixed @ np.linalg.inv(_TO_OKLAB).T) ** 3 @ np.linalg.inv(_TO_CONES).T, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return [to_hex(tuple(color)) for color in encoded]


def _linear(rgb: Array) -> Array:
    """Return the linear values of colors in RGB, of any shape, by IEC 61966-2-1."""
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


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
