"""Badges: words on discs, and the letters of minima on them."""

from collections.abc import Sequence

import numpy as np

from animopt.core.arrays import Array
from animopt.drawing.artists import Markers
from animopt.drawing.colors import minimum_letter
from animopt.drawing.mpl import Affine2D, Artist, Axes, IdentityTransform, Path, Text
from animopt.drawing.text import text_width
from animopt.drawing.theme import Theme


def badge(
    axes: Axes, theme: Theme, center: Array, word: str, color: str, radius: float, *, animated: bool
) -> tuple[Markers, Text]:
    """Create a word on a disc with a colored edge, of at least `radius` pixels, at `center` (2,) of the axes."""
    size = max(theme.min_text, 1.3 * radius)
    x, y = axes.transData.transform(center)
    text = axes.text(
        x,
        # Half the height of a capital letter.
        y - 0.364 * size,
        word,
        fontsize=size,
        color=theme.ink,
        ha="center",
        va="baseline",
        transform=IdentityTransform(),
        animated=animated,
    )
    return Markers(
        axes,
        Path.unit_regular_polygon(48).transformed(Affine2D().scale(max(radius, 0.6 * text_width(text)))),
        facecolor=theme.background,
        edgecolor=color,
        linewidth=theme.trail(2),
        animated=animated,
    ).set_positions(np.asarray(center, dtype=np.float64)[None]), text


def minimum_badges(axes: Axes, theme: Theme, minima: Array, hues: Sequence[str]) -> list[Artist]:
    """Create the letters of minima (minima, 2), each in its color, without those that would touch an earlier one."""
    radius = max(theme.px(10.5), 0.8 * theme.min_text)
    centers = axes.transData.transform(minima)
    shown: list[int] = []
    for minimum, center in enumerate(centers):
        if all(np.hypot(*(center - centers[other])) > 2 * radius for other in shown):
            shown.append(minimum)
    return [
        artist
        for minimum in shown
        for artist in badge(axes, theme, minima[minimum], minimum_letter(minimum), hues[minimum], radius, animated=True)
    ]
