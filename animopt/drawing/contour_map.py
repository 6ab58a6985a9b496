"""The domain from above, as several panels show it."""

import numpy as np

from animopt.drawing.axes_style import set_ticks, style_ticks, tick_counts
from animopt.drawing.colors import blend
from animopt.drawing.height_scale import height_scale
from animopt.drawing.mpl import Axes
from animopt.drawing.theme import Theme
from animopt.recording.recording import Surface

VALLEY = 0.4
"""Fraction of the domain's area that the lower half of the levels covers."""


def draw_contours(axes: Axes, surface: Surface, theme: Theme, levels: int) -> None:
    """Scale an axes to the domain and draw the surface's tinted contour lines on it."""
    axes.set(xlim=surface.x[[0, -1]], ylim=surface.y[[0, -1]], autoscale_on=False)
    z = np.ma.masked_invalid(surface.z)
    heights = height_scale(surface.scale, VALLEY).heights(levels + 1)
    tints = [blend(theme.low, theme.high, fraction) for fraction in np.linspace(0, 1, levels)]
    lines = [blend(theme.level, theme.background, 0.55 * fraction) for fraction in np.linspace(0, 1, levels - 1)]
    axes.set_facecolor(theme.rule)
    axes.contourf(surface.x, surface.y, z, levels=heights, colors=tints)
    axes.contour(surface.x, surface.y, z, levels=heights[1:-1], colors=lines, linewidths=max(0.6, theme.px(1)))

    axes.set_box_aspect(1 / surface.aspect)
    axes.apply_aspect()
    # The lowest label of y would touch the first label of x.
    set_ticks(axes, *tick_counts(axes, theme), prune="lower")
    style_ticks(axes, theme)
