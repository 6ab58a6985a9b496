"""How axes are scaled and styled."""

from typing import Literal

import numpy as np

from animopt.drawing.mpl import Axes, MaxNLocator
from animopt.drawing.theme import Theme


def use_pixel_units(axes: Axes) -> tuple[float, float]:
    """Scale an axes in pixels from its upper left, and draw nothing around it. Return its width and height."""
    box = axes.get_window_extent()
    axes.set_axis_off()
    axes.set(xlim=(0, box.width), ylim=(box.height, 0))
    return box.width, box.height


def tick_counts(axes: Axes, theme: Theme, spacing: tuple[float, float] = (4, 2), most: int = 4) -> tuple[int, int]:
    """Return the maximum numbers of tick intervals along x and y, each at least `spacing` type sizes long."""
    box = axes.get_window_extent()
    lengths = box.width / spacing[0], box.height / spacing[1]
    across, up = (int(np.clip(length / theme.text(13), 1, most)) for length in lengths)
    return across, up


def set_ticks(axes: Axes, across: int, up: int, prune: Literal["lower"] | None = None) -> None:
    """Set the maximum numbers of tick intervals along x and y. `prune` leaves out the lowest label of y."""
    axes.xaxis.set_major_locator(MaxNLocator(across, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(up, steps=[1, 2, 5, 10], prune=prune))


def style_ticks(axes: Axes, theme: Theme) -> None:
    """Draw nothing around an axes but its tick labels."""
    axes.tick_params(length=0, labelsize=theme.text(13), labelcolor=theme.muted, pad=theme.px(6))
    axes.spines[:].set_visible(False)


def style_plot(axes: Axes, theme: Theme, heading: str) -> None:
    """Draw nothing on an axes but a grid, its tick labels and a heading above it."""
    axes.set_facecolor("none")
    axes.grid(color=theme.rule, linewidth=max(0.8, theme.px(1)))
    axes.set_axisbelow(True)
    style_ticks(axes, theme)
    add_heading(axes, theme, heading, theme.muted)


def add_heading(axes: Axes, theme: Theme, heading: str, color: str) -> None:
    """Write a heading above the left end of an axes."""
    axes.annotate(
        heading,
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, theme.px(7)),
        textcoords="offset pixels",
        fontsize=theme.text(14),
        color=color,
    )
