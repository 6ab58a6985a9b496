"""The names beside the heads of a race, wherever there is room for them."""

from collections.abc import Callable, Sequence

import numpy as np

from animopt.core.arrays import Array
from animopt.drawing.artists import HEAD, Stamp
from animopt.drawing.label_placement import dodge
from animopt.drawing.mpl import Artist, Axes, BoxStyle, IdentityTransform, Text
from animopt.drawing.text import set_text, text_arguments, text_box, text_width, without_common_prefix
from animopt.drawing.theme import Theme
from animopt.recording.timeline import Moment

WINDOW = 15
"""Over how many of a clip's sampled moments a name glides or fades."""

LONG = 5.5
"""Names that are longer than this many sizes of their type hide the race; what all begin with is left off."""

PHASES = 4
"""In as many places within a pixel a name can stand, along each axis: few, and it does not seem to tremble."""

PADDING = 0.12
"""Of a name's backing, in sizes of its type."""


def beside(
    axes: Axes,
    theme: Theme,
    words: Sequence[str],
    backing: str,
    moments: Sequence[Moment],
    heads: Callable[[Moment], Array],
    marks: Array,
) -> Callable[[Moment], Sequence[Artist]]:
    """Write the names of racers beside their heads, planned for all `moments` of a clip, which are evenly apart.

    `heads` tells where the heads are at a moment, (racers, 2), in pixels from the figure's lower left; `marks`
    (marks, 4) are the centres and sizes of what else is to be kept clear. Returns what moves, for any moment between
    them; without moments there are no names.
    """
    if not (words and moments):
        return lambda moment: ()
    box = axes.get_window_extent()
    corner = np.array([box.x0, box.y0])
    size = theme.text(14)
    texts = [
        axes.text(
            0,
            0,
            **text_arguments(name),
            fontsize=size,
            color=theme.ink,
            ha="center",
            va="center",
            transform=IdentityTransform(),
            animated=True,
        )
        for name in words
    ]
    if max(map(text_width, texts)) > LONG * size:
        for text, short in zip(texts, without_common_prefix(words), strict=True):
            set_text(text, short)
    backings = [_backing(axes, text, backing) for text in texts]
    sizes = np.array([(text_width(text) + 2 * PADDING * size, (1.06 + 2 * PADDING) * size) for text in texts])
    offsets, opacity = dodge(
        np.stack([heads(moment) for moment in moments], axis=1) - corner,
        sizes,
        (box.width, box.height),
        theme.px(HEAD) * 0.7,
        WINDOW,
        marks - np.append(corner, [0, 0]),
    )

    parts = [moment.progress for moment in moments]

    def move(moment: Moment) -> Sequence[Artist]:
        sample = float(np.interp(moment.progress, parts, np.arange(len(parts))))
        before = int(sample)
        after = min(before + 1, len(moments) - 1)
        part = sample - before
        shown: list[Artist] = []
        for racer, (text, under, head) in enumerate(zip(texts, backings, heads(moment), strict=True)):
            alpha = (1 - part) * opacity[racer, before] + part * opacity[racer, after]
            if alpha > 0.02 and np.isfinite(head).all():
                place = head + (1 - part) * offsets[racer, before] + part * offsets[racer, after]
                text.set(position=np.rint(place * PHASES) / PHASES, alpha=alpha)
                under.put(place[None]).set_alpha(0.7 * alpha)
                shown += [under, text]
        return shown

    return move


def _backing(axes: Axes, text: Text, colour: str) -> Stamp:
    """What a text that stands at the figure's corner is to have behind it."""
    box = text_box(text)
    shape = BoxStyle.Round(PADDING)(box.x0, box.y0, box.width, box.height, float(text.get_fontsize()))
    return Stamp(axes, shape, facecolor=colour, linewidth=0, clip_on=False, animated=True)
