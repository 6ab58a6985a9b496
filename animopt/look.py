"""How everything looks: colours, marks, type sizes, line widths, in pixels of a 1280 × 720 picture."""

from dataclasses import dataclass, replace

SMALLEST_TEXT = 10.0
THINNEST_TRAIL = 1.5


@dataclass(frozen=True)
class Look:
    """A theme at one scale.

    `low` and `high` tint the contour's valley and heights, `mesh` draws the wireframe; `hues` and `markers` tell
    racers apart, each on its own. `unit` is how many pixels of the picture make one of a 1280 × 720 one.
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
    markers: tuple[str, ...] = ("o", "s", "^", "D", "v", "X", "p", "*", "<", "h", ">", "P")
    unit: float = 1.0

    def scaled(self, unit: float) -> "Look":
        """The same look for a picture of another size."""
        return replace(self, unit=unit)

    def px(self, length: float) -> float:
        """A length in pixels of the picture."""
        return length * self.unit

    def text(self, size: float) -> float:
        """A type size in pixels of the picture, never too small to read."""
        return max(SMALLEST_TEXT, size * self.unit)

    def trail(self, width: float) -> float:
        """A coloured line's width in pixels of the picture, never so thin that video loses its hue."""
        return max(THINNEST_TRAIL, width * self.unit)

    def hue(self, racer: int) -> str:
        """A racer's colour."""
        return self.hues[racer % len(self.hues)]

    def marker(self, racer: int) -> str:
        """A racer's marker, in matplotlib's spelling."""
        return self.markers[racer % len(self.markers)]


LIGHT = Look(
    background="#fbfaf6",
    ink="#1f2328",
    muted="#656c76",
    rule="#dddcd6",
    low="#c3cedb",
    high="#eff0ee",
    level="#7189a3",
    mesh="#3c5a80",
    # Okabe and Ito's colour-blind-safe palette, without its yellow, which is too pale on paper.
    hues=("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6b4c9a", "#8c613c"),
)
