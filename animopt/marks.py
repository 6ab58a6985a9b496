"""What several panels draw alike: trails and heads, colours between two others, text that fits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.lines import Line2D
from matplotlib.text import Text

from animopt.look import Look
from animopt.recording import Array

HEAD = 13.0
TRAIL = 3.0
POINT = 5.0

# Markers of one nominal size differ in area; these factors make them look alike.
_EVEN = {"o": 1.0, "s": 0.9, "^": 1.08, "v": 1.08, "<": 1.08, ">": 1.08, "D": 0.82, "P": 1.1, "X": 1.1, "*": 1.35}


@dataclass(frozen=True)
class RacerMarks:
    """A racer's trail, the points of its steps and its head on one axes."""

    trail: Line2D
    points: Line2D
    head: Line2D

    def place(self, trail: Array, points: Array, head: Array) -> Sequence[Artist]:
        """Put the trail (any, 2), the steps' points (any, 2) and the head (2,) in place; NaN is not drawn."""
        self.trail.set_data(trail[:, 0], trail[:, 1])
        self.points.set_data(points[:, 0], points[:, 1])
        self.head.set_data([head[0]], [head[1]])
        return self.trail, self.points, self.head


def racer_marks(axes: Axes, look: Look, racer: int) -> RacerMarks:
    """The marks of one racer, empty."""
    hue = look.hue(racer)
    (trail,) = axes.plot(
        [], [], color=hue, linewidth=look.trail(TRAIL), solid_capstyle="round", solid_joinstyle="round", animated=True
    )
    (points,) = axes.plot(
        [], [], linestyle="none", marker="o", color=hue, markersize=look.trail(POINT), markeredgewidth=0, animated=True
    )
    return RacerMarks(trail, points, head_mark(axes, look, racer))


def head_mark(axes: Axes, look: Look, racer: int, size: float = HEAD) -> Line2D:
    """A racer's marker with a rim of the background's colour, in no place yet."""
    marker = look.marker(racer)
    (head,) = axes.plot(
        [],
        [],
        linestyle="none",
        marker=marker,
        markersize=max(7.0, look.px(size)) * _EVEN.get(marker, 1.0),
        markerfacecolor=look.hue(racer),
        markeredgecolor=look.background,
        markeredgewidth=max(1.0, look.px(1.4)),
        clip_on=False,
        animated=True,
    )
    return head


def mix(first: str, second: str, part: float) -> str:
    """The colour that lies a part of the way from one to another."""
    red, green, blue = np.array(to_rgb(first)) * (1 - part) + np.array(to_rgb(second)) * part
    return to_hex((red, green, blue))


def in_pixels(axes: Axes) -> tuple[float, float]:
    """Let an axes count in pixels from its upper left, with nothing drawn around it; its width and height."""
    box = axes.get_window_extent()
    axes.set_axis_off()
    axes.set(xlim=(0, box.width), ylim=(box.height, 0))
    return box.width, box.height


def text_width(text: Text) -> float:
    """How wide a text is, in pixels."""
    figure = text.get_figure(root=True)
    assert figure is not None
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    return text.get_window_extent(canvas.get_renderer()).width


def fit(text: Text, width: float, least: float) -> None:
    """Set a text smaller, to `least` pixels, then elide it, until it is no wider than `width` pixels."""
    if (wide := text_width(text)) > width:
        text.set_fontsize(max(least, float(text.get_fontsize()) * width / wide))
    words = text.get_text()
    shown = len(words)
    while text_width(text) > width and shown > 1:
        shown = min(shown - 1, int(shown * width / text_width(text)) + 1)
        text.set_text(words[:shown].rstrip(" ,") + "…")
