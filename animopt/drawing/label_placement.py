"""Where the names beside moving heads stand, planned for the whole race so that they glide and never flicker."""

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Array

GAP = 2.0
"""Pixels between a label and what it must not touch."""

# The places around a head, in the order of the ring along which a label glides, and how little each is liked.
_SIDES = np.array([[1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0], [-1, -1], [0, -1], [1, -1]])
_DISLIKE = np.array([0, 4, 2, 5, 1, 7, 3, 6]) / 50
_PLACES = len(_SIDES)
_FOLDED = _PLACES
_STATES = _PLACES + 1

# What a plan costs: a folded label one a sample, and a change so many times the window.
_GLIDE = 0.6
_FADE = 1.5
_COVER = 0.6

# How many samples back a trail is looked at, and how many of every second one in a place make it as bad as can be.
_TRAIL, _TANGLE = 80, 6


def dodge(
    heads: Array, sizes: Array, box: tuple[float, float], radius: float, window: int, marks: Array | None = None
) -> tuple[Array, Array]:
    """Where each racer's label stands, and how opaque it is, so that none covers another, a head or the box's edge.

    `heads` (racers, samples, 2) are pixels from the box's lower left, NaN while a head is not seen; `sizes`
    (racers, 2) are the labels' widths and heights, `box` is the panel's, all in pixels. A head is a square of
    ±`radius` pixels; `marks` (marks, 4) are the centres and sizes of what else is to be kept clear. A label takes
    `window` samples, at least 1, to glide from one place to the next or to fade.
    Returns the offsets (racers, samples, 2) in pixels from each head to its label's centre, and the opacity
    (racers, samples) from 0 to 1. The first racers choose first. A label that finds no place for long enough folds
    away, as does that of a head that lies under a later racer's. Plans look ahead: labels settle beside heads that
    have come to rest if the samples go on for three windows after it.
    """
    racers, samples = heads.shape[:2]
    offsets, opacity = np.zeros(heads.shape), np.zeros((racers, samples))
    labels = np.full(heads.shape, np.nan)
    squares = np.full((racers, 2), 2 * radius)
    marks = np.empty((0, 4)) if marks is None else marks
    fixed = np.broadcast_to(marks[:, None, :2], (len(marks), samples, 2))
    for racer, head in enumerate(heads):
        others = np.arange(racers) != racer
        things = np.concatenate([heads[others], labels[:racer], fixed]) - head
        extents = np.concatenate([squares[others], sizes[:racer], marks[:, 2:]])
        centres, spans = _spots(sizes[racer], radius)
        free = _inside(head, centres, spans, box) & _clear(things, extents, centres, spans)
        free &= ~(np.abs(heads[racer + 1 :] - head) < radius / 2).all(axis=-1).any(axis=0)[:, None]
        before, after, part = _plan(free, _covered(heads, head, centres, spans), window)

        # A label fades where it stands.
        begin, end = np.where(before == _FOLDED, after, before), np.where(after == _FOLDED, before, after)
        places = np.vstack([centres[:_PLACES], np.zeros(2)])
        offsets[racer] = places[begin] + (places[end] - places[begin]) * part[:, None]
        opacity[racer] = np.where(before == _FOLDED, 0, 1 - part) + np.where(after == _FOLDED, 0, part)
        labels[racer] = np.where(opacity[racer, :, None] > 0, head + offsets[racer], np.nan)
    return offsets, opacity


def _spots(size: Array, radius: float) -> tuple[Array, Array]:
    """Centres and sizes (16, 2) of what a label takes up in each place, and on its way from each to the next."""
    places = _SIDES * (size / 2 + radius + GAP)
    following = np.roll(places, -1, axis=0)
    centres = np.concatenate([places, (places + following) / 2])
    spans = np.concatenate([np.tile(size, (_PLACES, 1)), size + np.abs(following - places)])
    return centres, spans


def _inside(head: Array, centres: Array, spans: Array, box: tuple[float, float]) -> NDArray[np.bool_]:
    """Whether each spot lies in the box, (samples, spots); none does beside a head that is not seen."""
    centres = head[:, None] + centres
    inside = np.abs(centres - np.array(box) / 2) <= (np.array(box) - spans) / 2 - GAP
    return np.all(inside, axis=-1)


def _clear(things: Array, extents: Array, centres: Array, spans: Array) -> NDArray[np.bool_]:
    """Whether each spot is clear of all things (things, samples, 2) of such extents (things, 2), (samples, spots)."""
    clear = np.ones((len(centres), things.shape[1]), dtype=bool)
    for thing, extent in zip(things, extents, strict=True):
        clear &= ~_touching(thing, centres, (extent + spans) / 2 + GAP)
    return clear.T


def _covered(heads: Array, head: Array, centres: Array, spans: Array) -> Array:
    """How much of the trails behind all heads a label in each place would cover, from 0 to 1, (samples, places)."""
    samples = len(head)
    covered = np.zeros((_PLACES, samples))
    for trail in heads:
        for lag in range(1, min(_TRAIL, samples), 2):
            covered[:, lag:] += _touching(trail[:-lag] - head[lag:], centres[:_PLACES], spans[:_PLACES] / 2)
    return np.minimum(1, covered / _TANGLE).T


def _touching(thing: Array, centres: Array, reach: Array) -> NDArray[np.bool_]:
    """Whether a thing (samples, 2) is within `reach` of each centre, both (spots, 2), as (spots, samples).

    What is not seen, NaN, is in nobody's way.
    """
    # One axis after the other, along the samples: NumPy is slow at the short sides of an array.
    across, up = (np.abs(thing[:, axis] - centres[:, axis, None]) < reach[:, axis, None] for axis in (0, 1))
    touching: NDArray[np.bool_] = across & up
    return touching


def _plan(free: NDArray[np.bool_], covered: Array, window: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
    """The cheapest plan through the spots while they are free (samples, spots).

    Returns for each sample the states between which the label is, and which part of the way it has gone, (samples,).
    """
    samples = len(free)
    lasts, cost = _changes(free, window)
    place = np.arange(_PLACES)
    cost[:, place, place] += _COVER * covered
    # Row `early` is the first sample; nothing begins before it.
    early = int(lasts.max())
    best = np.full((early + samples, _STATES), np.inf)
    best[early] = cost[0].diagonal()
    came = np.zeros((samples, _STATES), dtype=np.intp)
    back = np.arange(_STATES)[:, None] - _STATES * lasts
    flat = best.reshape(-1)
    for sample in range(1, samples):
        row = early + sample
        total = flat[back + _STATES * row] + cost[sample]
        came[sample] = total.argmin(axis=0)
        best[row] = total.min(axis=0)

    before, after, part = np.zeros(samples, dtype=np.intp), np.zeros(samples, dtype=np.intp), np.ones(samples)
    sample, state = samples - 1, int(best[-1].argmin())
    while sample > 0:
        origin = int(came[sample, state])
        span = slice(sample - lasts[origin, state] + 1, sample + 1)
        before[span], after[span] = origin, state
        part[span] = np.arange(1 - lasts[origin, state], 1) / window + 1
        sample, state = span.start - 1, origin
    before[0] = after[0] = state
    part = np.clip(part, 0, 1)
    return before, after, part * part * (3 - 2 * part)


def _changes(free: NDArray[np.bool_], window: int) -> tuple[NDArray[np.intp], Array]:
    """How many samples each change of state lasts (from, to), and its cost (samples, from, to) if it ends at each."""
    samples, spots = free.shape
    number = np.arange(samples)[:, None]
    run = number - np.maximum.accumulate(np.where(free, -1, number), axis=0)
    run = np.hstack([run, np.full((samples, 1), samples + window)])

    lasts = np.ones((_STATES, _STATES), dtype=np.intp)
    price = np.full((_STATES, _STATES), np.inf)
    spot = np.full((_STATES, _STATES), spots)
    place = np.arange(_PLACES)
    following = np.roll(place, -1)
    for origin, goal, where, duration, paid in (
        (place, place, place, 1, _DISLIKE),
        (place, following, place + _PLACES, window, _GLIDE * window),
        (following, place, place + _PLACES, window, _GLIDE * window),
        (place, _FOLDED, place, window, _FADE * window),
        # A label rests for a window before it unfolds, so that it does not blink.
        (_FOLDED, place, place, 2 * window, (_FADE + 1) * window),
        (_FOLDED, _FOLDED, spots, 1, 1),
    ):
        spot[origin, goal], lasts[origin, goal], price[origin, goal] = where, duration, paid
    needed = np.where(np.eye(_STATES, dtype=bool), 1, window + 1)
    return lasts, np.where(run[:, spot] >= needed, price, np.inf)
