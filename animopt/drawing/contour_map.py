"""The domain seen from above, as more than one panel shows it."""

import numpy as np

from animopt.drawing.colors import blend
from animopt.drawing.height_scale import height_scale
from animopt.drawing.mpl import Axes, MaxNLocator
from animopt.drawing.theme import Theme
from animopt.recording.recording import Surface

VALLEY = 0.4
"""The part of the domain's area on which half of the levels lie."""


def paint_ground(axes: Axes, surface: Surface, theme: Theme, levels: int) -> None:
    """Give an axes the domain's shape and ends, and paint the surface's tinted contour lines on it."""
    axes.set(xlim=surface.x[[0, -1]], ylim=surface.y[[0, -1]], autoscale_on=False)
    z = np.ma.masked_invalid(surface.z)
    heights = height_scale(surface.scale, VALLEY).heights(levels + 1)
    tints = [blend(theme.low, theme.high, part) for part in np.linspace(0, 1, levels)]
    lines = [blend(theme.level, theme.background, 0.55 * part) for part in np.linspace(0, 1, levels - 1)]
    axes.set_facecolor(theme.rule)
    axes.contourf(surface.x, surface.y, z, levels=heights, colors=tints)
    axes.contour(surface.x, surface.y, z, levels=heights[1:-1], colors=lines, linewidths=max(0.6, theme.px(1)))

    axes.set_box_aspect(1 / surface.aspect)
    axes.apply_aspect()
    across, up = tick_room(axes, theme)
    axes.xaxis.set_major_locator(MaxNLocator(across, steps=[1, 2, 5, 10]))
    # The lowest one would stand on the toes of the other axis's first.
    axes.yaxis.set_major_locator(MaxNLocator(up, steps=[1, 2, 5, 10], prune="lower"))
    style_ticks(axes, theme)


def tick_room(axes: Axes, theme: Theme) -> tuple[int, int]:
    """Into how many parts ticks may cut each side of an axes."""
    box = axes.get_window_extent()
    across, up = (int(np.clip(room / theme.text(13), 1, 4)) for room in (box.width / 4, box.height / 2))
    return across, up


def style_ticks(axes: Axes, theme: Theme) -> None:
    """Let nothing be seen of an axes but its labels."""
    axes.tick_params(length=0, labelsize=theme.text(13), labelcolor=theme.muted, pad=theme.px(6))
    axes.spines[:].set_visible(False)
