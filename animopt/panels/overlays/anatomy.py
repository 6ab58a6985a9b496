"""The anatomy of a racer's step as arrows."""

from collections.abc import Mapping, Sequence
from typing import final

import numpy as np

from animopt.core.arrays import Array
from animopt.core.errors import UsageError
from animopt.core.language import language
from animopt.drawing.arrows import arrow_path
from animopt.drawing.artists import Markers
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.colors import blend, contour_ground
from animopt.drawing.insets import free_corner
from animopt.drawing.mpl import Affine2D, IdentityTransform, Path, Rectangle
from animopt.drawing.text import max_width, write
from animopt.recording.anatomy import ASCENT, GRADIENT, LOOK_AHEAD, STEP, VELOCITY, StepAnatomy, step_anatomy

WIDTHS: Mapping[str, float] = {VELOCITY: 4.0, GRADIENT: 4.0, ASCENT: 4.0, STEP: 3.0}
"""Width of each arrow in pixels of a 1280 × 720 picture."""

PALE = 0.55
"""Part of the ground's color in an arrow that leads to where the step starts."""

MIN_LENGTH, MAX_COORDINATE = 1.5, 1e4
"""Minimum length of an arrow that is drawn, and maximum distance of its ends from the picture's corner, in pixels."""

RING = 9.0
"""Radius of the ring at a look-ahead point, in pixels of a 1280 × 720 picture."""

KEY_PART = 0.5
"""Maximum width and height of the key, as a part of those of the plot."""


@final
class Anatomy:
    """The arrows of a racer's current step, in the units of the domain, and a key.

    `animopt.recording.anatomy` says which arrows they are. torch computes Nesterov's momentum in the reformulated
    form, in which the recorded positions are the look-ahead points of the classical one (Bengio,
    Boulanger-Lewandowski and Pascanu 2013, section 3.5): the velocity leads to a position, where a ring is drawn and
    the gradient is computed.
    """

    above = True

    @staticmethod
    def check(races: Sequence[Recording]) -> None:
        """Raise UsageError for a racer whose steps cannot be taken apart."""
        for race in races:
            for racer, name in enumerate(race.names):
                if step_anatomy(race, racer) is None:
                    raise UsageError(
                        f"overlay 'anatomy': the steps of racer {name} cannot be taken apart; use SGD, with momentum "
                        "or without, and no box, dampening, maximize or weight_decay, or an optimizer whose state has "
                        "'perturbation' and 'perturbed_gradient', as SAM, or leave out 'anatomy'"
                    )

    def reserved(self, axes: Axes, recording: Recording, theme: Theme, racer: int) -> Array:
        """Return the center and the size of the key in pixels, (1, 4), or (0, 4) if there is no room for one."""
        anatomy = step_anatomy(recording, racer)
        corners = _key_corners(axes, recording, theme, anatomy) if anatomy else None
        if corners is None:
            return np.empty((0, 4))
        return np.concatenate([corners.mean(axis=0), corners[1] - corners[0]])[None]

    def draw(self, axes: Axes, recording: Recording, theme: Theme, racer: int) -> Move:
        """Draw the key. The arrows move."""
        anatomy = step_anatomy(recording, racer)
        if anatomy is None:
            return lambda moment: ()
        corners = _key_corners(axes, recording, theme, anatomy)
        if corners is not None:
            _draw_key(axes, recording, theme, anatomy, corners)
        last, xy = int(recording.steps[racer]), recording.xy[racer]
        shapes = [_arrow(axes, theme, each.name, pale=each.is_earlier) for each in anatomy.arrows]
        ring = _ring(axes, theme) if anatomy.looks_ahead else None

        def pixels(points: Array) -> Array:
            return np.clip(axes.transData.transform(points), -MAX_COORDINATE, MAX_COORDINATE)

        def move(moment: Moment) -> Artists:
            step = min(int(moment.step) + 1, last)
            moved = []
            for arrow, shape in zip(anatomy.arrows, shapes, strict=True):
                start, end = pixels(np.array([arrow.start[step], arrow.start[step] + arrow.vector[step]]))
                length = float(np.hypot(*(end - start)))
                # Also if the length is NaN.
                if not length >= theme.px(MIN_LENGTH):
                    continue
                shape.shape = arrow_path((end - start) / length, 0.0, length, theme.trail(WIDTHS[arrow.name]))
                moved.append(shape.set_pixels(start[None]))
            return [*moved, ring.set_positions(xy[max(0, step - 1), None])] if ring else moved

        return move


def _arrow(axes: Axes, theme: Theme, name: str, *, pale: bool = False, animated: bool = True) -> Markers:
    """Create an arrow with a casing, which has no length yet."""
    hues = dict(zip((VELOCITY, GRADIENT, ASCENT, STEP), (*theme.arrows, theme.ink), strict=True))
    color = blend(hues[name], contour_ground(theme), PALE) if pale else hues[name]
    return Markers(
        axes,
        Path(np.empty((0, 2))),
        facecolor=color,
        edgecolor=theme.background,
        linewidth=max(0.8, theme.px(1.2)),
        animated=animated,
    )


def _ring(axes: Axes, theme: Theme, *, animated: bool = True) -> Markers:
    return Markers(
        axes,
        Path.unit_regular_polygon(32).transformed(Affine2D().scale(max(5.0, theme.px(RING)))),
        facecolor="none",
        edgecolor=theme.arrows[0],
        linewidth=theme.trail(2.2),
        animated=animated,
    )


def _key_names(anatomy: StepAnatomy) -> list[str]:
    """Return the names in the key, the step after its parts."""
    names = {each.name for each in anatomy.arrows} | ({LOOK_AHEAD} if anatomy.looks_ahead else set())
    return [name for name in (VELOCITY, LOOK_AHEAD, ASCENT, GRADIENT, STEP) if name in names]


def _key_corners(axes: Axes, recording: Recording, theme: Theme, anatomy: StepAnatomy) -> Array | None:
    """Return the lower left and the upper right (2, 2) of the key in pixels, or None if there is no room for it."""
    words, size = language(recording.language), theme.text(13)
    names = _key_names(anatomy)
    width = 3.2 * size + max_width(axes, map(words.gettext, names), size)
    extent = np.array([width, (1.4 * len(names) + 0.5) * size])
    if (extent > KEY_PART * np.array(axes.get_window_extent().size)).any():
        return None
    ends = [each.start + part * each.vector for each in anatomy.arrows for part in (0, 1)]
    points = np.concatenate([*(path.xyz[:, :2] for path in recording.paths), *ends])
    points = axes.transData.transform(points[np.isfinite(points).all(axis=1)])
    return free_corner(axes, extent, theme, points)


def _draw_key(axes: Axes, recording: Recording, theme: Theme, anatomy: StepAnatomy, corners: Array) -> None:
    """Draw a row for each arrow with its name."""
    words, size = language(recording.language), theme.text(13)
    axes.add_patch(
        Rectangle(
            tuple(corners[0]),
            *(corners[1] - corners[0]),
            transform=IdentityTransform(),
            facecolor=contour_ground(theme),
            alpha=0.85,
            zorder=4,
        )
    )
    left, top = corners[0, 0] + 0.6 * size, corners[1, 1] - 0.25 * size
    for row, name in enumerate(_key_names(anatomy)):
        middle = top - (row + 0.5) * 1.4 * size
        if name == LOOK_AHEAD:
            mark = _ring(axes, theme, animated=False).set_pixels(np.array([[left + 0.8 * size, middle]]))
        else:
            mark = _arrow(axes, theme, name, animated=False)
            mark.shape = arrow_path(np.array([1.0, 0.0]), 0.0, 1.6 * size, theme.trail(WIDTHS[name]))
            mark.set_pixels(np.array([[left, middle]]))
        mark.set_zorder(5)
        write(
            axes,
            left + 2.1 * size,
            middle,
            words.gettext(name),
            size,
            theme.ink,
            va="center_baseline",
            transform=IdentityTransform(),
            zorder=5,
        )
