"""Small pictures in the corners of a contour plot: where its window lies in the domain, and the finish, magnified."""

from collections.abc import Callable, Sequence

import numpy as np

from animopt.core.arrays import Array
from animopt.drawing.artists import (
    PixelLine,
    StillArtists,
    Trails,
    corners_of,
    draw_contours,
    fill_contours,
    head_size,
)
from animopt.drawing.geometry import TrailParts, within
from animopt.drawing.mpl import Artist, Axes, Rectangle
from animopt.drawing.theme import Theme
from animopt.drawing.window import Window
from animopt.recording.recording import Recording, Surface, SurfacePath
from animopt.recording.timeline import Moment

LOCATED_AREA = 0.5
"""Part of the domain's area below which a locator says which part is shown."""

LOCATOR_SIZE, LOCATOR_LEVELS = 0.26, 6
"""Side of the locator as a fraction of the plot's sides, and the number of its contour levels."""

MAGNIFIER_SIZE = 0.4
"""Side of the magnifier as a fraction of the plot's sides."""

CROWD_DISTANCE = 1.6
"""Distance between two heads, in their size, below which they stand close together."""

SAME_PLACE = 0.005
"""Distance between two heads, as a fraction of the plot's sides, up to which they are at the same place."""

MAGNIFIED_PART = 0.5
"""Part of the magnifier's sides that the crowd fills."""

MIN_ZOOM, MAX_ZOOM = 1.8, 60.0
"""Minimum and maximum magnification."""

HEAD_WEIGHT = 200
"""Number of points of a trail that weigh as much as a head, in the choice of the magnifier's corner."""

SHOWN_STEPS, MIN_SHOWN_STEPS = 0.06, 3
"""Part of the steps whose trails the magnifier shows, the last ones, and the minimum number of these steps."""

OPENING = 0.9, 0.94
"""Parts of the steps between which the magnifier opens."""


def draw_locator(axes: Axes, recording: Recording, theme: Theme, trails: Array) -> Array:
    """Draw a small picture of the whole domain, with the part that the axes show, if that is less than half of it.

    `trails` (points, 2) are in pixels. Returns the centers and sizes of what was drawn in pixels, (boxes, 4).
    """
    surface = recording.surface
    low, high = corners_of(axes)
    extent = np.minimum(high, surface.high) - np.maximum(low, surface.low)
    if np.prod(extent / (surface.high - surface.low)) >= LOCATED_AREA:
        return np.empty((0, 4))
    sides = LOCATOR_SIZE * np.array(axes.get_window_extent().size)
    across = min(sides[0], sides[1] * surface.aspect)
    corner = free_corner(axes, np.array([across, across / surface.aspect]), theme, trails)
    inset = _inset(axes, corner, "locator")
    inset.set(xlim=surface.x[[0, -1]], ylim=surface.y[[0, -1]], xticks=[], yticks=[])
    inset.spines[:].set(color=theme.muted, linewidth=max(0.8, theme.px(1)))
    fill_contours(inset, surface, surface.scale, theme, LOCATOR_LEVELS)
    inset.add_patch(
        Rectangle(
            tuple(low),
            *(high - low),
            facecolor="none",
            edgecolor=theme.ink,
            linewidth=max(1.0, theme.px(1.5)),
            clip_on=False,
        )
    )
    return _center_and_size(corner)


def draw_magnifier(
    axes: Axes, recording: Recording, surfaces: Sequence[Surface], theme: Theme, levels: int, occupied: Array
) -> tuple[Callable[[Moment], Sequence[Artist]], Array]:
    """Magnify the heads that end close together, if they do not end at the same place.

    Args:
        axes: The axes of the contour plot.
        recording: The race.
        surfaces: The functions whose contour lines share one scale.
        theme: The theme of the picture.
        levels: Number of contour levels.
        occupied: Points (points, 2), in pixels from the figure's lower left, that it should not cover.

    Returns:
        The function that moves the racers in the magnifier, which opens at the end of the race, and the centers and
        sizes of the magnifier in pixels, (boxes, 4).
    """
    box = axes.get_window_extent()
    heads = _heads_at_the_end(axes, recording)
    crowd = _crowd(heads, CROWD_DISTANCE * head_size(theme))
    size = MAGNIFIER_SIZE * np.array(box.size)
    extent = np.ptp(crowd, axis=0) if len(crowd) else np.zeros(2)
    if np.hypot(*extent) <= SAME_PLACE * max(box.size):
        return lambda moment: (), np.empty((0, 4))
    zoom = min(MAX_ZOOM, float((MAGNIFIED_PART * size / np.maximum(extent, 1e-9)).min()))
    if zoom < MIN_ZOOM:
        return lambda moment: (), np.empty((0, 4))
    middle = (crowd.min(axis=0) + crowd.max(axis=0)) / 2
    seen = np.array([middle - size / zoom / 2, middle + size / zoom / 2])
    low, high = axes.transData.inverted().transform(seen)
    corner = free_corner(axes, size, theme, np.vstack([occupied, np.repeat(heads, HEAD_WEIGHT, axis=0)]))
    inset = _inset(axes, corner, "magnifier")
    draw_contours(inset, recording.surface, Window(surfaces, low, high, np.empty((0, 2)), fixed=True), theme, levels)
    inset.set_aspect("auto")
    for axis in (inset.xaxis, inset.yaxis):
        axis.set_visible(False)
    # An axes draws its own background also where it is not shown yet.
    inset.set_facecolor("none")
    background = inset.add_patch(Rectangle((0, 0), 1, 1, transform=inset.transAxes, facecolor=theme.rule, zorder=0))
    ground = StillArtists(inset, [background, *inset.collections])
    frames = [PixelLine(axes, theme.ink, max(1.0, theme.px(1.3))) for _ in range(2)]
    inside = inset.get_window_extent()
    outlines = [_outline(seen[0], seen[1]), _outline(inside.p0, inside.p1)]
    trails = Trails(inset, theme, recording)
    paths = [_last_steps(inset, recording, racer) for racer in range(len(recording.names))]
    nothing = np.empty((0, 2))

    def move(moment: Moment) -> Sequence[Artist]:
        opening = (moment.step / max(1, recording.last_step) - OPENING[0]) / (OPENING[1] - OPENING[0])
        if opening <= 0:
            return ()
        ground.set_alpha(min(1.0, opening))
        if opening < 1:
            return [ground]
        heads = np.array([path.head(moment.step) for path, _ in paths])
        parts = [
            TrailParts(nothing, np.vstack([path.passed(moment.step), head]), nothing, steps.passed(moment.step))
            for (path, steps), head in zip(paths, heads, strict=True)
        ]
        # Heads are not clipped.
        heads[~within(heads, inside.p0, inside.p1)] = np.nan
        return [
            ground,
            *trails.place(parts, heads, moment),
            *(frame.set_pixels(outline) for frame, outline in zip(frames, outlines, strict=True)),
        ]

    return move, _center_and_size(corner)


def _last_steps(axes: Axes, recording: Recording, racer: int) -> tuple[SurfacePath, SurfacePath]:
    """Return a racer's path over its last steps, and the points of these steps alone, in pixels."""
    last = int(recording.steps[racer])
    first = last - max(MIN_SHOWN_STEPS, SHOWN_STEPS * last)
    path = recording.paths[racer]
    recent = path.step >= first
    steps = np.arange(max(0, int(np.ceil(first))), last + 1)
    return (
        SurfacePath(path.step[recent], axes.transData.transform(path.xyz[recent, :2])),
        SurfacePath(steps.astype(np.float64), axes.transData.transform(recording.xy[racer, steps])),
    )


def _heads_at_the_end(axes: Axes, recording: Recording) -> Array:
    """Return the last positions of the heads that the axes show, in pixels, (heads, 2)."""
    last = recording.last_step
    pixels = axes.transData.transform(recording.xy[recording.in_view[:, last], last])
    box = axes.get_window_extent()
    return pixels[within(pixels, box.p0, box.p1)]


def _crowd(heads: Array, distance: float) -> Array:
    """Return the largest group (heads, 2) of heads (any, 2) that are connected by distances below a limit.

    It is empty if there is no such pair.
    """
    close = np.linalg.norm(heads[:, None] - heads, axis=-1) < distance
    for _ in range(len(heads).bit_length()):
        # Heads that are close to a common head belong together.
        close = (close.astype(int) @ close) > 0
    most = close.sum(axis=1)
    if most.max(initial=0) < 2:
        return np.empty((0, 2))
    group: Array = heads[close[most.argmax()]]
    return group


def _outline(low: Array, high: Array) -> Array:
    """Return the closed outline of a rectangle, (5, 2)."""
    (left, bottom), (right, top) = low, high
    return np.array([(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)])


def free_corner(axes: Axes, size: Array, theme: Theme, points: Array) -> Array:
    """Return the lower left and upper right (2, 2), in pixels, of a box in the corner that covers the fewest points."""
    box = axes.get_window_extent()
    gap = theme.px(8)
    lows = [
        np.array([left, bottom])
        for bottom in (box.y0 + gap, box.y1 - gap - size[1])
        for left in (box.x1 - gap - size[0], box.x0 + gap)
    ]
    covered = [within(points, low - gap, low + size + gap).sum() for low in lows]
    low = lows[int(np.argmin(covered))]
    return np.array([low, low + size])


def _inset(axes: Axes, corners: Array, label: str) -> Axes:
    """Create axes at two corners (2, 2) in pixels, on top of other axes."""
    box = axes.get_window_extent()
    (left, bottom), (width, height) = (corners[0] - box.p0) / box.size, (corners[1] - corners[0]) / box.size
    return axes.inset_axes((left, bottom, width, height), label=label)


def _center_and_size(corners: Array) -> Array:
    """Return the center and the size of a box as (1, 4)."""
    return np.concatenate([corners.mean(axis=0), corners[1] - corners[0]])[None]
