"""Racers' names beside their heads."""

from collections.abc import Callable, Sequence

import numpy as np

from animopt.core.arrays import Array
from animopt.drawing.artists import HEAD_SIZE, Markers
from animopt.drawing.label_placement import place_labels
from animopt.drawing.mpl import Artist, Axes, BoxStyle, IdentityTransform, Text
from animopt.drawing.text import shorten_names, text_box, text_width, write
from animopt.drawing.theme import Theme
from animopt.recording.timeline import Moment

WINDOW = 15
"""Number of sampled moments in which a name glides or fades."""

MAX_WIDTH = 5.5
"""Maximum width of a name in type sizes, above which the words that all names share are left off."""

PHASES = 4
"""Number of positions of a name within a pixel, along each axis. A few look smooth and keep the text cache small."""

PADDING = 0.12
"""Padding of the backing behind a name, in type sizes."""

MIN_OPACITY = 0.02
"""Opacity below which a name is not drawn."""


def draw_labels(
    axes: Axes,
    theme: Theme,
    names: Sequence[str],
    backing: str,
    moments: Sequence[Moment],
    heads: Callable[[Moment], Array],
    obstacles: Array,
) -> Callable[[Moment], Sequence[Artist]]:
    """Write the racers' names beside their heads. Return the function that moves them.

    Args:
        axes: The axes of the panel.
        theme: The theme of the picture.
        names: The racers' names. If there are none, nothing is drawn.
        backing: Color behind the names.
        moments: Moments of the clip at equal intervals, for which the names are planned. Without any, nothing is drawn.
        heads: Function that returns the heads at a moment, (racers, 2), in pixels from the figure's lower left.
        obstacles: Centers and sizes (obstacles, 4), in the same pixels, of other things to keep clear.
    """
    if not (names and moments):
        return lambda moment: ()
    box = axes.get_window_extent()
    corner = np.array([box.x0, box.y0])
    size = theme.text(14)
    style = {"ha": "center", "va": "center", "transform": IdentityTransform(), "animated": True}
    texts = [write(axes, 0, 0, name, size, theme.ink, **style) for name in names]
    shorten_names(texts, names, MAX_WIDTH * size)
    backings = [_backing(axes, text, backing) for text in texts]
    offsets, opacity = place_labels(
        np.stack([heads(moment) for moment in moments], axis=1) - corner,
        np.array([(text_width(text) + 2 * PADDING * size, (1.06 + 2 * PADDING) * size) for text in texts]),
        (box.width, box.height),
        theme.px(HEAD_SIZE) * 0.7,
        WINDOW,
        obstacles - np.append(corner, [0, 0]),
    )
    times = [moment.progress for moment in moments]

    def move(moment: Moment) -> Sequence[Artist]:
        sample = float(np.interp(moment.progress, times, np.arange(len(times))))
        before = int(sample)
        after = min(before + 1, len(moments) - 1)
        fraction = sample - before
        shown: list[Artist] = []
        for racer, (text, under, head) in enumerate(zip(texts, backings, heads(moment), strict=True)):
            alpha = (1 - fraction) * opacity[racer, before] + fraction * opacity[racer, after]
            if alpha > MIN_OPACITY and np.isfinite(head).all():
                center = head + (1 - fraction) * offsets[racer, before] + fraction * offsets[racer, after]
                text.set(position=np.rint(center * PHASES) / PHASES, alpha=alpha)
                under.set_pixels(center[None]).set_alpha(0.7 * alpha)
                shown += [under, text]
        return shown

    return move


def _backing(axes: Axes, text: Text, color: str) -> Markers:
    """Create the rounded rectangle behind a text that is at the figure's corner."""
    box = text_box(text)
    shape = BoxStyle.Round(PADDING)(box.x0, box.y0, box.width, box.height, float(text.get_fontsize()))
    return Markers(axes, shape, facecolor=color, linewidth=0, clip_on=False, animated=True)
