"""Racers' names beside their moving heads, placed for the whole clip so that they glide and never flicker.

A label is in one of nine states: at one of eight places around its head, or folded, which means hidden. Between two
neighboring places it glides. While it changes from or to the folded state, it is hidden. The plan with the lowest cost
is found by dynamic programming over the samples of the clip.

A visible label occupies one of 16 spots, which must be free. The first eight spots are the places. The other eight are
the areas that the label sweeps as it glides from each place to the next.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.drawing.artists import HEAD_SIZE, Markers
from animopt.drawing.mpl import Artist, Axes, BoxStyle, IdentityTransform, Text
from animopt.drawing.text import shorten_names, text_width, write
from animopt.drawing.theme import LABEL_TEXT, Theme
from animopt.recording.recording import Recording
from animopt.recording.timeline import Moment

WINDOW = 15
"""Number of sampled moments in which a name glides or folds."""

MAX_WIDTH = 5.5
"""Maximum width of a name in type sizes, above which the words that all names share are left off."""

PHASES = 4
"""Number of positions of a name within a pixel, along each axis. A few look smooth and keep the text cache small."""

MARK_SIZE = 2.6
"""Side of the square around a mark that is kept clear, in type sizes."""

PADDING = 0.12
"""Padding of the backing behind a name, in type sizes."""

BACKING_OPACITY = 0.7
"""Opacity of the backing behind a name."""

GAP = 2.0
"""Minimum distance in pixels between a label and anything else."""

# The places around a head, counterclockwise, and the cost of each per sample.
_SIDES = np.array([[1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0], [-1, -1], [0, -1], [1, -1]])
_PLACE_COST = np.array([0, 4, 2, 5, 1, 7, 3, 6]) / 50
_PLACES = len(_SIDES)
_FOLDED = _PLACES
_STATES = _PLACES + 1

# Other costs per sample: of a glide, of folding, and of a label that covers trails. A folded label costs 1.
_GLIDE_COST = 0.6
_FOLD_COST = 1.5
_COVER_COST = 0.6

_TRAIL_SAMPLES = 80
"""Number of past samples of a trail that a label avoids covering. Every second one is compared."""

_TANGLE = 6
"""Number of compared samples under a label above which the cost of covering them no longer rises."""


def draw_labels(
    axes: Axes,
    theme: Theme,
    names: Sequence[str],
    backing: str,
    moments: Sequence[Moment],
    heads: Callable[[Moment], Array],
    obstacles: Array,
    order: Sequence[int] = (),
    marks: Callable[[Moment], Array] = lambda moment: np.empty((0, 2)),
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
        order: The racers, those whose names have the first choice of a place first. Default: as in `names`.
        marks: Function that returns the centers (marks, 2), in the same pixels, of moving things to keep clear.
    """
    if not (names and moments):
        return lambda moment: ()
    box = axes.get_window_extent()
    size = theme.text(LABEL_TEXT)
    texts = [
        write(axes, 0, 0, name, size, theme.ink, ha="center", va="center", transform=IdentityTransform(), animated=True)
        for name in names
    ]
    shorten_names(texts, names, MAX_WIDTH * size)
    backings = [_backing(axes, text, backing) for text in texts]
    offsets, shown = place_labels(
        np.stack([heads(moment) for moment in moments], axis=1) - box.p0,
        np.array([(text_width(text) + 2 * PADDING * size, (1.06 + 2 * PADDING) * size) for text in texts]),
        box.size,
        theme.px(HEAD_SIZE) * 0.7,
        WINDOW,
        obstacles - np.append(box.p0, [0, 0]),
        order,
        np.stack([marks(moment) for moment in moments], axis=1) - box.p0,
        MARK_SIZE * size,
    )
    times = [moment.progress for moment in moments]

    def move(moment: Moment) -> Sequence[Artist]:
        sample = float(np.interp(moment.progress, times, np.arange(len(times))))
        before = int(sample)
        after = min(before + 1, len(moments) - 1)
        fraction = sample - before
        drawn: list[Artist] = []
        for racer, (text, under, head) in enumerate(zip(texts, backings, heads(moment), strict=True)):
            if shown[racer, before] and shown[racer, after] and np.isfinite(head).all():
                center = head + (1 - fraction) * offsets[racer, before] + fraction * offsets[racer, after]
                text.set_position(np.rint(center * PHASES) / PHASES)
                drawn += [under.set_pixels(center[None]), text]
        return drawn

    return move


def label_order(recording: Recording, focus: int) -> list[int]:
    """Return the racers in the order in which names get their places: the winner, the one in focus, and the others."""
    first = [racer for racer in (recording.winner, focus) if racer is not None]
    return list(dict.fromkeys([*first, *range(len(recording.names))]))


def _backing(axes: Axes, text: Text, color: str) -> Markers:
    """Create the rounded rectangle behind a text that is at the figure's corner."""
    box = text.get_window_extent()
    shape = BoxStyle.Round(PADDING)(box.x0, box.y0, box.width, box.height, float(text.get_fontsize()))
    return Markers(axes, shape, facecolor=color, alpha=BACKING_OPACITY, linewidth=0, clip_on=False, animated=True)


def place_labels(
    heads: Array,
    sizes: Array,
    box: tuple[float, float],
    radius: float,
    window: int,
    obstacles: Array,
    order: Sequence[int] = (),
    marks: Array | None = None,
    mark_size: float = 0.0,
) -> tuple[Array, NDArray[np.bool_]]:
    """Place each racer's label so that it covers no other label, no head and no edge of the box.

    Labels are placed one after the other. A label folds if no place is free for long enough, or if its head
    is under the head of a later racer. Plans look ahead: labels settle beside heads that have come to rest if the
    samples continue for three windows after that.

    Args:
        heads: Positions (racers, samples, 2) in pixels from the box's lower left, NaN while a head is not visible.
        sizes: Widths and heights (racers, 2) of the labels in pixels.
        box: Width and height of the panel in pixels.
        radius: Half the side, in pixels, of the square around a head.
        window: Number of samples, at least 1, in which a label glides from one place to the next or folds.
        obstacles: Centers and sizes (obstacles, 4) of other things to keep clear, in pixels.
        order: The racers in the order in which their labels are placed. Default: their own.
        marks: Centers (marks, samples, 2) of moving things to keep clear, NaN while they are not visible.
        mark_size: Side of the square around a mark.

    Returns:
        The offsets (racers, samples, 2) in pixels from each head to its label's center, and whether each label is shown
        (racers, samples).
    """
    racers, samples = heads.shape[:2]
    marks = np.empty((0, samples, 2)) if marks is None else marks
    fixed = np.repeat(obstacles[:, None, :2], samples, axis=1)
    offsets, shown = np.zeros(heads.shape), np.zeros((racers, samples), dtype=bool)
    labels = np.full(heads.shape, np.nan)
    for racer in order or range(racers):
        # Labels that are not placed yet are NaN.
        head, others = heads[racer], np.arange(racers) != racer
        things = np.concatenate([heads[others], labels[others], fixed, marks]) - head
        extents = np.concatenate(
            [np.full((racers - 1, 2), 2 * radius), sizes[others], obstacles[:, 2:], np.full((len(marks), 2), mark_size)]
        )
        centers, spans = _spots(sizes[racer], radius)
        # Beside a head that is not visible, no spot is inside.
        inside = np.abs(head[:, None] + centers - np.array(box) / 2) <= (np.array(box) - spans) / 2 - GAP
        free = inside.all(axis=-1) & _clear(things, extents, centers, spans)
        free &= ~(np.abs(heads[racer + 1 :] - head) < radius / 2).all(axis=-1).any(axis=0)[:, None]
        before, after, fraction = _plan(free, _covered(heads, head, centers, spans), window)

        places = np.vstack([centers[:_PLACES], np.zeros(2)])
        offsets[racer] = places[before] + (places[after] - places[before]) * fraction[:, None]
        shown[racer] = (before != _FOLDED) & (after != _FOLDED)
        labels[racer] = np.where(shown[racer, :, None], head + offsets[racer], np.nan)
    return offsets, shown


def _spots(size: Array, radius: float) -> tuple[Array, Array]:
    """Return the centers and sizes (16, 2) of the spots of a label."""
    places = _SIDES * (size / 2 + radius + GAP)
    following = np.roll(places, -1, axis=0)
    spans = np.concatenate([np.tile(size, (_PLACES, 1)), size + np.abs(following - places)])
    return np.concatenate([places, (places + following) / 2]), spans


def _clear(things: Array, extents: Array, centers: Array, spans: Array) -> NDArray[np.bool_]:
    """Return whether each spot is clear of all things (things, samples, 2) of these extents, (samples, spots)."""
    clear = np.ones((len(centers), things.shape[1]), dtype=bool)
    for thing, extent in zip(things, extents, strict=True):
        clear &= ~_touching(thing, centers, (extent + spans) / 2 + GAP)
    return clear.T


def _covered(heads: Array, head: Array, centers: Array, spans: Array) -> Array:
    """Return the trail samples that a label in each place covers, in units of _TANGLE, at most 1, (samples, places)."""
    covered = np.zeros((_PLACES, len(head)))
    for trail in heads:
        for lag in range(1, min(_TRAIL_SAMPLES, len(head)), 2):
            covered[:, lag:] += _touching(trail[:-lag] - head[lag:], centers[:_PLACES], spans[:_PLACES] / 2)
    return np.minimum(1, covered / _TANGLE).T


def _touching(thing: Array, centers: Array, reach: Array) -> NDArray[np.bool_]:
    """Return whether a thing (samples, 2) is within `reach` of each center, both (spots, 2), as (spots, samples).

    A thing that is not visible is NaN, and touches nothing.
    """
    # One axis at a time, along the samples: NumPy is slow along short axes.
    across, up = (np.abs(thing[:, axis] - centers[:, axis, None]) < reach[:, axis, None] for axis in (0, 1))
    touching: NDArray[np.bool_] = across & up
    return touching


def _plan(free: NDArray[np.bool_], covered: Array, window: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
    """Find the plan with the lowest cost while spots are free (samples, spots).

    Returns three arrays (samples,): the states before and after the change that the label makes at each sample, and the
    fraction of the change that is done.
    """
    samples = len(free)
    durations, cost = _changes(free, window)
    cost[:, range(_PLACES), range(_PLACES)] += _COVER_COST * covered
    # Row `first` is the first sample. Rows before it are changes that would begin before the clip.
    first = int(durations.max())
    best = np.full((first + samples, _STATES), np.inf)
    best[first] = cost[0].diagonal()
    origins = np.zeros((samples, _STATES), dtype=np.intp)
    back = np.arange(_STATES)[:, None] - _STATES * durations
    flat = best.reshape(-1)
    for sample in range(1, samples):
        total = flat[back + _STATES * (first + sample)] + cost[sample]
        origins[sample] = total.argmin(axis=0)
        best[first + sample] = total.min(axis=0)

    before, after, fraction = np.zeros(samples, dtype=np.intp), np.zeros(samples, dtype=np.intp), np.ones(samples)
    sample, state = samples - 1, int(best[-1].argmin())
    while sample > 0:
        origin = int(origins[sample, state])
        span = slice(sample - durations[origin, state] + 1, sample + 1)
        before[span], after[span] = origin, state
        fraction[span] = np.arange(1 - durations[origin, state], 1) / window + 1
        sample, state = span.start - 1, origin
    before[0] = after[0] = state
    fraction = np.clip(fraction, 0, 1)
    return before, after, fraction * fraction * (3 - 2 * fraction)


def _changes(free: NDArray[np.bool_], window: int) -> tuple[NDArray[np.intp], Array]:
    """Return the duration in samples of each change (from, to), and its cost (samples, from, to) by its last sample.

    To stay in a state counts as a change that lasts one sample. A change that is not possible costs infinity.
    """
    samples, spots = free.shape
    number = np.arange(samples)[:, None]
    # Number of samples for which each spot has been free. The last column is the folded state, which is always free.
    run = number - np.maximum.accumulate(np.where(free, -1, number), axis=0)
    run = np.hstack([run, np.full((samples, 1), samples + window)])

    durations = np.ones((_STATES, _STATES), dtype=np.intp)
    costs = np.full((_STATES, _STATES), np.inf)
    spot = np.full((_STATES, _STATES), spots)
    place = np.arange(_PLACES)
    following = np.roll(place, -1)
    for origin, goal, needed_spot, duration, cost in (
        (place, place, place, 1, _PLACE_COST),
        (place, following, place + _PLACES, window, _GLIDE_COST * window),
        (following, place, place + _PLACES, window, _GLIDE_COST * window),
        (place, _FOLDED, place, window, _FOLD_COST * window),
        # A label stays folded for another window before it unfolds, so that it does not blink.
        (_FOLDED, place, place, 2 * window, (_FOLD_COST + 1) * window),
        (_FOLDED, _FOLDED, spots, 1, 1),
    ):
        spot[origin, goal], durations[origin, goal], costs[origin, goal] = needed_spot, duration, cost
    possible = run[:, spot] >= np.where(np.eye(_STATES, dtype=bool), 1, window + 1)
    return durations, np.where(possible, costs, np.inf)
