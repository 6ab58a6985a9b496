"""The state of an optimizer at its head: the velocity as an arrow, and the step sizes as an ellipse."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from animopt.core.arrays import Array
from animopt.drawing.arrows import arrow_path
from animopt.drawing.artists import HEAD_SIZE, Markers
from animopt.drawing.colors import contour_ground
from animopt.drawing.labels import PHASES
from animopt.drawing.mpl import Affine2D, Artist, Axes, IdentityTransform, Path, to_rgb
from animopt.drawing.text import write
from animopt.drawing.theme import Theme
from animopt.recording.recording import Recording
from animopt.recording.timeline import SAMPLE_RATE, Moment
from animopt.recording.update_rules import STEP_SIZES, VELOCITY, motion

ARROW = (34.0, 0.33)
"""Minimum length of an arrow in pixels of a 1280 × 720 picture, and maximum as a fraction of the shorter side."""

ELLIPSE = (16.0, 0.22)
"""The same for the longer half axis of an ellipse."""

ENVELOPE_SECONDS = 1.0
"""Seconds around a step in which a scale fits the largest length, so that it does not follow each oscillation."""

MAX_LENGTH = 1e4
"""Maximum length in pixels that is drawn. The renderer does not accept all larger ones."""

FILL = 0.2
"""Opacity of the ellipse."""


class Motion:
    """The arrow and the ellipse of a racer on a contour plot, whose limits are set.

    The arrow is the velocity as a step, at the scale of the axes. Where it would be too small or too large, it is
    scaled, and its label has the factor. So is the ellipse, whose half axes are the step sizes for a gradient of 1.
    The factors are chosen for `moments`, evenly spaced moments of the clip.
    """

    def __init__(self, axes: Axes, theme: Theme, recording: Recording, racer: int, moments: Sequence[Moment]) -> None:
        self._steps = int(recording.steps[racer])
        self._size, self._start = theme.text(14), 0.75 * theme.px(HEAD_SIZE)
        self._width = theme.trail(3.5)
        unit = axes.transData.transform([[1, 1]]) - axes.transData.transform([[0, 0]])
        side = min(axes.get_window_extent().size)
        around = round(ENVELOPE_SECONDS * SAMPLE_RATE * recording.last_step / len(moments)) if moments else 0
        shown = motion(recording, racer)

        def scaled(name: str, least: float, most: float) -> tuple[Array, Array]:
            """Return rows in pixels (steps + 1, 2), scaled, and their factors (steps + 1,)."""
            pixels = shown.get(name, np.full_like(recording.xy[racer], np.nan))[: self._steps + 1] * unit
            lengths = np.hypot(*pixels.T)
            factors = choose_factors(lengths, theme.px(least), max(3 * theme.px(least), most * side), around)
            with np.errstate(over="ignore", invalid="ignore"):
                return np.clip(pixels * factors[:, None], -MAX_LENGTH, MAX_LENGTH), factors

        self._arrows, self._arrow_factors = scaled(VELOCITY, *ARROW)
        self._radii, self._ellipse_factors = scaled(STEP_SIZES, *ELLIPSE)
        hue = theme.hue(racer)
        nothing = Path(np.empty((0, 2)))
        self._arrow = Markers(
            axes, nothing, facecolor=hue, edgecolor=theme.background, linewidth=theme.px(1.4), animated=True
        )
        self._ellipse = Markers(
            axes, nothing, facecolor=(*to_rgb(hue), FILL), edgecolor=hue, linewidth=theme.trail(1.5), animated=True
        )
        self._arrow_label, self._ellipse_label = _Label(axes, theme), _Label(axes, theme)

    def marks(self, moment: Moment, head: Array) -> Array:
        """Return the points (4, 2) in pixels to keep clear: two on the arrow, and the labels. NaN is not drawn."""
        pose = self._pose(moment)
        labels = [
            place if factor != 1 else np.full(2, np.nan)
            for place, factor in (
                (pose.direction * (pose.length + self._size), pose.arrow_factor),
                (pose.side * (pose.breadth + self._size), pose.ellipse_factor),
            )
        ]
        return head + np.array([pose.direction * 0.6 * pose.length, pose.direction * pose.length, *labels])

    def move(self, moment: Moment, head: Array) -> tuple[Sequence[Artist], Sequence[Artist]]:
        """Place the arrow and the ellipse at a head (2,) in pixels. Return what is below the trails, and above them."""
        pose = self._pose(moment)
        below: list[Artist] = []
        above: list[Artist] = []
        if np.isfinite(head).all() and np.isfinite(pose.breadth):
            self._ellipse.shape = Path.unit_circle().transformed(Affine2D().scale(*pose.half_axes))
            below.append(self._ellipse.set_pixels(head[None]))
            above += self._ellipse_label.place(pose.ellipse_factor, head + pose.side * (pose.breadth + self._size))
        if np.isfinite(head).all() and np.isfinite(pose.length):
            self._arrow.shape = arrow_path(pose.direction, self._start, pose.length, self._width)
            above.append(self._arrow.set_pixels(head[None]))
            above += self._arrow_label.place(pose.arrow_factor, head + pose.direction * (pose.length + self._size))
        return below, above

    def _pose(self, moment: Moment) -> "_Pose":
        step = min(moment.step, self._steps)
        after = int(np.ceil(step))
        part = 1 - (after - step)
        part = part * part * (3 - 2 * part)

        def between(rows: Array) -> Array:
            # Before the first step there is no state. It grows from 0.
            before = np.nan_to_num(rows[max(after - 1, 0)])
            between_steps: Array = before + (rows[after] - before) * part
            return between_steps

        half_axes, vector = np.maximum(between(self._radii), 0.5), between(self._arrows)
        length = float(np.hypot(*vector))
        drawn = length > 1.3 * self._start
        direction = vector / length if drawn else np.array([1.0, 0.0])
        # The right side of the arrow, which has its own label at its tip.
        side = np.array([direction[1], -direction[0]])
        return _Pose(
            direction,
            length if drawn else np.nan,
            float(self._arrow_factors[after]),
            half_axes,
            side,
            float(1 / np.hypot(*(side / half_axes))) if half_axes.max() > 1 else np.nan,
            float(self._ellipse_factors[after]),
        )


@dataclass(frozen=True)
class _Pose:
    """The arrow and the ellipse at a moment, in pixels from the head.

    `direction` (2,) and `length` are those of the arrow, `half_axes` (2,) those of the ellipse. `side` (2,) is the
    direction of the ellipse's label, and `breadth` the radius of the ellipse in that direction. The length or the
    breadth is NaN if there is no arrow or no ellipse.
    """

    direction: Array
    length: float
    arrow_factor: float
    half_axes: Array
    side: Array
    breadth: float
    ellipse_factor: float


class _Label:
    """A factor on a backing, which is shown if it is not 1."""

    def __init__(self, axes: Axes, theme: Theme) -> None:
        self._size, self._box = theme.text(14), axes.get_window_extent()
        style = {"ha": "center", "va": "center", "transform": IdentityTransform(), "animated": True}
        self._text = write(axes, 0, 0, "", self._size, theme.ink, **style)
        color = contour_ground(theme)
        self._backing = Markers(axes, Path(np.empty((0, 2))), facecolor=color, alpha=0.7, linewidth=0, animated=True)

    def place(self, factor: float, center: Array) -> list[Artist]:
        """Place the label at a center (2,) in pixels, inside the axes, and return its artists."""
        if factor == 1:
            return []
        words = f"×{factor:g}"
        half = self._size * np.array([0.34 * len(words), 0.65])
        x, y = np.rint(np.clip(center, self._box.p0 + half, self._box.p1 - half) * PHASES) / PHASES
        self._backing.shape = Path(half * [[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]], closed=True)
        self._text.set(text=words, position=(float(x), float(y)))
        return [self._backing.set_pixels(np.array([[x, y]])), self._text]


def choose_factors(lengths: Array, least: float, most: float, around: int) -> Array:
    """Choose factors that keep lengths (steps + 1,) readable, and change rarely.

    Each factor is 1, 2 or 5 times a power of 10. It is 1 as long as the largest length of `around` steps before and
    after is between `least` and `most`.
    """
    padded = np.pad(np.where(np.isfinite(lengths), lengths, 0), around)
    envelope = np.lib.stride_tricks.sliding_window_view(padded, 2 * around + 1).max(axis=1)
    factors = np.ones(len(lengths))
    for step in range(len(lengths)):
        factor = factors[max(step - 1, 0)]
        largest = envelope[step]
        if largest > 0 and not least <= largest * factor <= most:
            # A length that shrinks has its whole range before it.
            wanted = most / largest if largest * factor < least else np.sqrt(least * most) / largest
            power = 10.0 ** np.floor(np.log10(wanted))
            rounded = power * max(each for each in (1, 2, 5) if each * power <= wanted)
            factor = 1.0 if least <= largest <= most else rounded
        factors[step] = factor
    return factors
