"""How everything looks: colours, marks, type sizes, line widths, in pixels of a 1280 × 720 picture."""

from dataclasses import dataclass, replace

SMALLEST_TEXT = 10.0
SMALLEST_PART = 0.016
"""The smallest type, in parts of the picture's height."""

THINNEST_TRAIL = 1.5


@dataclass(frozen=True)
class Theme:
    """A theme at one scale.

    `low` and `high` tint the contour's valley and heights, `mesh` draws the wireframe; `hues` and `markers` tell
    racers apart, each on its own; along `ramp`, from cold to hot and from dark to light, lie the hues of racers that
    have an order. `unit` is how many pixels of the picture make one of a 1280 × 720 one, `smallest`
    the least type size in pixels of the picture.
    """

    background: str
    ink: str
    muted: str
    rule: str
    low: str
    high: str
    level: str
    mesh: str
    hues: tuple[str, ...]
    ramp: tuple[str, ...]
    markers: tuple[str, ...] = ("o", "s", "^", "D", "v", "X", "p", "*", "<", "h", ">", "P")
    unit: float = 1.0
    smallest: float = 720 * SMALLEST_PART

    def scaled(self, unit: float, height: float) -> "Theme":
        """The same look for a picture of another size, `height` pixels high."""
        return replace(self, unit=unit, smallest=max(SMALLEST_TEXT, height * SMALLEST_PART))

    def px(self, length: float) -> float:
        """A length in pixels of the picture."""
        return length * self.unit

    def text(self, size: float) -> float:
        """A type size in pixels of the picture, never too small to read."""
        return max(self.smallest, size * self.unit)

    def trail(self, width: float) -> float:
        """A coloured line's width in pixels of the picture, never so thin that video loses its hue."""
        return max(THINNEST_TRAIL, width * self.unit)

    def hue(self, racer: int) -> str:
        """A racer's colour."""
        return self.hues[racer % len(self.hues)]

    def marker(self, racer: int) -> str:
        """A racer's marker, in matplotlib's spelling."""
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
    # Okabe and Ito's colour-blind-safe palette, without its yellow, which is too pale on paper.
    hues=("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6b4c9a", "#8c613c"),
    ramp=("#10125e", "#502db4", "#b84a96", "#cc7a10"),
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
    # The same hues, lit: each keeps its place on the colour circle and gains what the ground takes.
    hues=("#4ea8e8", "#ff8b3d", "#2bd4a0", "#f28cc4", "#ffc93c", "#a5dcff", "#b59be8", "#cda37d"),
    ramp=("#7468f2", "#b97cf0", "#f79ab8", "#ffc27a", "#fff0a0"),
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
