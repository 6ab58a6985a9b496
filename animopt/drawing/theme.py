"""Colors, markers, type sizes and line widths.

Lengths and sizes are in pixels of a picture of 1280 × 720, and scale with the picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

MIN_TEXT_SIZE = 10.0
"""Minimum type size in pixels."""

MIN_TEXT_FRACTION = 0.016
"""Minimum type size as a fraction of the picture's height."""

MAX_TEXT_HEIGHT = 3.0
"""Height of a picture, in multiples of its width, up to which the minimum type size grows with the height."""

MIN_TRAIL_WIDTH = 1.5
"""Minimum width in pixels of a colored line."""


NOTE_TEXT, TICK_TEXT, LABEL_TEXT, HEADING_TEXT = 12, 13, 14, 14
"""Type sizes of notes, of tick labels, of names beside heads and of headings."""


@dataclass(frozen=True)
class Theme:
    """A theme at one scale.

    `low` and `high` tint the valleys and the peaks of a contour plot, `level` its lines; `mesh` draws the wireframe.
    Racers differ in `hues` and in `markers` (matplotlib's names). `ramp` holds the hues of racers that have an order,
    from cold to hot and from dark to light. `arrows` holds the hues of the parts of a step. `unit` is the number of
    pixels in a pixel of a 1280 × 720 picture, `min_text` the minimum type size in pixels. `right` is the right edge of
    the panels' part of the picture, in pixels.
    """

    background: str
    ink: str
    muted: str
    rule: str
    low: str
    high: str
    level: str
    mesh: str
    valley: str
    peak: str
    ambient: float
    diffuse: float
    gloss: float
    hues: tuple[str, ...]
    ramp: tuple[str, ...]
    arrows: tuple[str, ...]
    markers: tuple[str, ...] = ("o", "s", "^", "D", "v", "X", "p", "*", "<", "h", ">", "P")
    unit: float = 1.0
    min_text: float = 720 * MIN_TEXT_FRACTION
    right: float = inf

    def scaled(self, unit: float, size: tuple[float, float]) -> "Theme":
        """Return this theme for a picture of another size (width, height) in pixels."""
        width, height = size
        text = MIN_TEXT_FRACTION * min(height, MAX_TEXT_HEIGHT * width)
        return replace(self, unit=unit, min_text=max(MIN_TEXT_SIZE, text))

    def with_colors(self, indices: Sequence[int]) -> "Theme":
        """Return the theme whose racers have the colors and markers of the racers with other indices."""
        return replace(self, hues=tuple(map(self.hue, indices)), markers=tuple(map(self.marker, indices)))

    def px(self, length: float) -> float:
        """Scale a length."""
        return length * self.unit

    def text(self, size: float) -> float:
        """Scale a type size, but keep it legible."""
        return max(self.min_text, size * self.unit)

    def trail(self, width: float) -> float:
        """Scale the width of a colored line, but keep it wide enough for video, which stores color at half size."""
        return max(MIN_TRAIL_WIDTH, width * self.unit)

    def hue(self, racer: int) -> str:
        """Return a racer's color."""
        return self.hues[racer % len(self.hues)]

    def marker(self, racer: int) -> str:
        """Return a racer's marker."""
        return self.markers[racer % len(self.markers)]


LIGHT = Theme(
    background="#fbfaf6",
    ink="#1f2328",
    muted="#5d646e",
    rule="#dddcd6",
    low="#c3cedb",
    high="#eff0ee",
    level="#7189a3",
    mesh="#3c5a80",
    valley="#86b4ea",
    peak="#d6d6d8",
    ambient=0.66,
    diffuse=0.42,
    gloss=0.10,
    # The palette of Okabe and Ito for the color-blind, without its yellow, which is too pale on paper.
    hues=("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6b4c9a", "#8c613c"),
    ramp=("#0a2560", "#682180", "#a82c46", "#b5530a", "#b08a10"),
    arrows=("#00735a", "#b0227a", "#8f5300"),
)

DARK = Theme(
    background="#0f1317",
    ink="#e9ebee",
    muted="#9aa5b1",
    rule="#2a3038",
    low="#141d29",
    high="#2c333c",
    level="#8ba0b8",
    mesh="#a9bfd8",
    valley="#2f6298",
    peak="#3f434d",
    ambient=0.42,
    diffuse=0.75,
    gloss=0.12,
    # The same hues, brightened for a dark background.
    hues=("#4ea8e8", "#ff8b3d", "#2bd4a0", "#f28cc4", "#ffc93c", "#a5dcff", "#b59be8", "#cda37d"),
    ramp=("#1c78d6", "#a897fb", "#ffa8c6", "#ffc98c", "#faf26c"),
    arrows=("#2bd4a0", "#ff7cc8", "#ffc93c"),
)

PRINT = replace(
    LIGHT,
    background="#ffffff",
    ink="#000000",
    muted="#4a4f57",
    rule="#d4d4d4",
    low="#cfd6de",
    high="#ffffff",
    level="#5f7389",
    mesh="#2f4866",
)

THEMES = {"light": LIGHT, "dark": DARK, "print": PRINT}
