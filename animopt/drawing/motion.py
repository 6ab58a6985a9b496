"""The state of an optimizer at its head: the velocity as an arrow, and the step sizes as an ellipse."""

from collections.abc import Callable, Sequence

import numpy as np

from animopt.core.arrays import Array
from animopt.drawing.artists import HEAD_SIZE, Markers
from animopt.drawing.colors import blend
from animopt.drawing.labels import PHASES
from animopt.drawing.mpl import Affine2D, Artist, Axes, IdentityTransform, Path, to_rgb
from animopt.drawing.text import write
from animopt.drawing.theme import Theme
from animopt.recording.recording import Recording
from animopt.recording.timeline import SAMPLE_RATE, Moment
from animopt.recording.update_rules import STEP_SIZES, VELOCITY, motion

ARROW = (34.0, 0.4)
"""Minimum length of an arrow in pixels of a 1280 × 720 picture, and maximum as a fraction of the shorter side."""

ELLIPSE = (16.0, 0.22)
"""The same for the longer half axis of an ellipse."""

ENVELOPE_SECONDS = 1.0
"""Seconds around a step in which a scale fits the largest length, so that it does not follow each oscillation."""

MAX_LENGTH = 1e4
"""Maximum length in pixels that is drawn. The renderer does not accept all larger ones."""

FILL = 0.2
"""Opacity of the ellipse."""

MoveMotion = Callable[[Moment, Array], tuple[Sequence[Artist], Sequence[Artist]]]


def draw_motion(axes: Axes, theme: Theme, recording: Recording, racer: int, moments: Sequence[Moment]) -> MoveMotion:
    """Create the arrow and the ellipse of a racer. Return the function that moves them.

    The arrow is the velocity as a step, at the scale of the axes. Where it would be too small or too large, it is
    scaled, and its label has the factor. So is the ellipse, whose half axes are the step sizes for a gradient of 1.

    Args:
        axes: The axes of a contour plot, with its limits set.
        theme: The theme of the picture.
        recording: The race.
        racer: Index of the racer.
        moments: Evenly spaced moments of the clip, for which the scales are chosen.

    Returns:
        A function of a moment and the head (2,) in pixels. It returns the artists to draw below the trails, and those
        above.
    """
    steps = int(recording.steps[racer])
    unit = axes.transData.transform([[1, 1]]) - axes.transData.transform([[0, 0]])
    side = min(axes.get_window_extent().size)
    around = round(ENVELOPE_SECONDS * SAMPLE_RATE * recording.last_step / max(len(moments), 1)) if moments else 0

    shown = motion(recording, racer)

    def scaled(name: str, least: float, most: float) -> tuple[Array, Array]:
        """Return rows in pixels (steps + 1, 2), scaled, and their factors (steps + 1,)."""
        pixels = shown.get(name, np.full((steps + 1, 2), np.nan))[: steps + 1] * unit
        lengths = np.hypot(*pixels.T)
        factors = choose_factors(lengths, theme.px(least), max(3 * theme.px(least), most * side), around)
        with np.errstate(over="ignore", invalid="ignore"):
            return np.clip(pixels * factors[:, None], -MAX_LENGTH, MAX_LENGTH), factors

    arrows, arrow_factors = scaled(VELOCITY, *ARROW)
    radii, ellipse_factors = scaled(STEP_SIZES, *ELLIPSE)
    hue = theme.hue(racer)
    arrow = Markers(
        axes, Path(np.empty((0, 2))), facecolor=hue, edgecolor=theme.background, linewidth=theme.px(1.4), animated=True
    )
    ellipse = Markers(
        axes,
        Path(np.empty((0, 2))),
        facecolor=(*to_rgb(hue), FILL),
        edgecolor=hue,
        linewidth=theme.trail(1.5),
        animated=True,
    )
    place_ellipse_label, place_arrow_label = (_label(axes, theme) for _ in range(2))
    circle, size, start = Path.unit_circle(), theme.text(14), 0.75 * theme.px(HEAD_SIZE)

    def move(moment: Moment, head: Array) -> tuple[Sequence[Artist], Sequence[Artist]]:
        step = min(moment.step, steps)
        after = int(np.ceil(step))
        part = 1 - (after - step)
        part = part * part * (3 - 2 * part)

        def between(rows: Array) -> Array:
            # Before the first step there is no state. It grows from 0.
            before = np.nan_to_num(rows[max(after - 1, 0)])
            return before + (rows[after] - before) * part

        if not np.isfinite(head).all():
            return [], []
        below: list[Artist] = []
        above: list[Artist] = []
        half_axes, vector = between(radii), between(arrows)
        length = float(np.nan_to_num(np.hypot(*vector)))
        direction = vector / length if length > 1.3 * start else np.array([1.0, 0.0])
        if np.isfinite(half_axes).all() and half_axes.max() > 1:
            ellipse.shape = circle.transformed(Affine2D().scale(*np.maximum(half_axes, 0.5)))
            below.append(ellipse.set_pixels(head[None]))
            # To the right of the arrow, which has its label at its tip.
            side = np.array([direction[1], -direction[0]])
            distance = 1 / np.hypot(*(side / np.maximum(half_axes, 0.5))) + size
            below += place_ellipse_label(ellipse_factors[after], head + side * distance)
        if length > 1.3 * start:
            arrow.shape = _arrow(direction, start, length, theme.trail(3.5))
            above.append(arrow.set_pixels(head[None]))
            above += place_arrow_label(arrow_factors[after], head + direction * (length + size))
        return below, above

    return move


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
            factor = (
                1.0 if least <= largest <= most else power * max(each for each in (1, 2, 5) if each * power <= wanted)
            )
        factors[step] = factor
    return factors


def _label(axes: Axes, theme: Theme) -> Callable[[float, Array], list[Artist]]:
    """Create a label for a factor. Return the function that places it in the axes, and shows it if it is not 1."""
    size = theme.text(14)
    text = write(
        axes, 0, 0, "", size, theme.ink, ha="center", va="center", transform=IdentityTransform(), animated=True
    )
    backing = Markers(
        axes, Path(np.empty((0, 2))), facecolor=blend(theme.low, theme.high, 0.5), alpha=0.7, linewidth=0, animated=True
    )
    box = axes.get_window_extent()

    def place(factor: float, center: Array) -> list[Artist]:
        if factor == 1:
            return []
        words = f"×{factor:g}"
        half = size * np.array([0.34 * len(words), 0.65])
        x, y = np.rint(np.clip(center, box.p0 + half, box.p1 - half) * PHASES) / PHASES
        backing.shape = Path(half * [[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]], closed=True)
        text.set(text=words, position=(float(x), float(y)))
        return [backing.set_pixels(np.array([[x, y]])), text]

    return place


def _arrow(direction: Array, start: float, length: float, width: float) -> Path:
    """Return an arrow that points in a direction (2,), from `start` to `length` in pixels."""
    head = min(3.2 * width, 0.6 * (length - start))
    along = np.array([start, length - head, length - head, length])
    across = np.array([0.5, 0.5, 1.6, 0.0]) * width * min(1.0, head / (2 * width))
    outline = np.concatenate([np.column_stack([along, across]), np.column_stack([along, -across])[::-1]])
    turn = np.array([direction, [-direction[1], direction[0]]])
    vertices = outline @ turn
    return Path(np.vstack([vertices, vertices[:1]]), closed=True)
