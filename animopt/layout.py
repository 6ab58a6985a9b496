"""Where each panel stands in a picture of any shape."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels, its corner counted from the picture's upper left."""

    left: float
    top: float
    width: float
    height: float


def unit(width: int, height: int) -> float:
    """How many pixels of a picture make one of a 1280 × 720 one, or of a 720 wide one where it is not wide."""
    return min(height, width * (720 / 1280 if _is_wide(width, height) else 1)) / 720


def arrange(width: int, height: int, aspect: float) -> dict[str, Box]:
    """A box for each panel by its name, in pixels, for a picture of a size and a domain `aspect` times wide as high."""
    u = unit(width, height)
    wide, tall = width / u, height / u
    if _is_wide(width, height):
        boxes = _wide(wide, tall, aspect)
    elif tall < 1000:
        boxes = _square(wide, tall, aspect)
    else:
        boxes = _tall(wide, tall, aspect)
    return {name: Box(*(length * u for length in box)) for name, box in boxes.items()}


def _is_wide(width: int, height: int) -> bool:
    return width >= 1.35 * height


_Boxes = dict[str, tuple[float, float, float, float]]


def _fit(width: float, height: float, aspect: float) -> tuple[float, float]:
    """The largest rectangle of an aspect in another one."""
    return min(width, height * aspect), min(height, width / aspect)


def _wide(width: float, height: float, aspect: float) -> _Boxes:
    wide, high = _fit(width * 0.46, height - 282, aspect)
    column = max(wide, width * 0.34)
    left = width - 45 - column
    below = 90 + high + 62
    return {
        "header": (45, 22, width - 90, 84),
        "wireframe": (24, 92, left - 74, height - 258),
        "contour": (left + (column - wide) / 2, 90, wide, high),
        "standings": (45, height - 152, left - 120, 130),
        "loss": (left, below, column, height - 46 - below),
    }


def _square(width: float, height: float, aspect: float) -> _Boxes:
    row = (height - 108) * 0.58
    wide, high = _fit(width * 0.46, row - 40, aspect)
    left = width - 30 - width * 0.46
    below = 108 + row
    return {
        "header": (30, 22, width - 60, 84),
        "wireframe": (6, 108, left - 50, row - 30),
        "contour": (width - 30 - wide, 108 + (row - 40 - high) / 2, wide, high),
        "standings": (30, below + 24, width * 0.54 - 30, height - below - 54),
        "loss": (width * 0.64, below + 30, width * 0.36 - 30, height - below - 76),
    }


def _tall(width: float, height: float, aspect: float) -> _Boxes:
    rest = height - 108 - 370
    wide, high = _fit(width - 106, rest * 0.52, aspect)
    return {
        "header": (36, 28, width - 72, 84),
        "wireframe": (10, 112, width - 20, rest * 0.95 - high),
        "contour": (70 + (width - 106 - wide) / 2, 112 + rest - high, wide, high),
        "loss": (70, height - 310, width - 106, 120),
        "standings": (36, height - 152, width - 72, 130),
    }
