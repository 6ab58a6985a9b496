"""Where each panel stands in a picture of any shape."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from animopt.look import Look

Columns = Sequence[Sequence[tuple[str, ...]]]

LAYOUTS: Mapping[str, Columns] = {
    "wide": (
        (("wireframe",), ("state",), ("fit",), ("standings",)),
        (("contour",), ("formula",), ("loss",)),
    ),
    "square": ((("wireframe", "contour"), ("state", "formula"), ("fit", "loss"), ("standings",)),),
    "tall": ((("wireframe",), ("contour",), ("state",), ("formula",), ("fit", "loss"), ("standings",)),),
    "contour-only": ((("contour",),),),
}
"""The columns of each layout, from left to right; in each, bands from top to bottom, of panels side by side."""

PANELS = ("wireframe", "contour", "loss", "standings", "formula", "state", "fit")
"""Every panel that a layout has a place for, beside the header."""

LEAST = {"wireframe": 150, "contour": 150, "loss": 108, "formula": 190, "state": 150, "fit": 130}
"""The least height of a panel."""

LINES = {"loss": 6.0, "formula": 10.5, "state": 7.5, "fit": 6.0}
"""The least height of a panel that is read, in the smallest type."""

DROPPED = ("state", "formula", "loss", "fit", "standings")
"""Who goes, in this order, from a column in which not all can be read."""

TIGHTEST = 0.8
"""How far panels may shrink under their least heights before one of them goes."""

GREEDY = ("wireframe", "contour", "fit", "loss", "state", "formula")
"""Who takes the room that is left in a column: the first of these that is in it."""

TICKED = ("contour", "loss", "fit")
"""Who has tick labels around its axes."""

HEADED = ("loss", "fit")
"""Who has a heading above its axes."""

ROWS = 5
"""As many standings as this stand under each other before they need a second column."""


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels, its corner counted from the picture's upper left."""

    left: float
    top: float
    width: float
    height: float


def unit(width: int, height: int) -> float:
    """How many pixels of a picture make one of a 1280 × 720 one, or of a 720 wide one where it is not wide."""
    return min(height, width * (720 / 1280 if best(width, height) == "wide" else 1)) / 720


def best(width: int, height: int) -> str:
    """The layout that suits a picture's shape."""
    if width >= 1.35 * height:
        return "wide"
    return "square" if height < 1.35 * width else "tall"


def arrange(
    size: tuple[int, int], look: Look, layout: str, panels: Sequence[str], aspect: float, racers: int
) -> dict[str, Box]:
    """A box for the header and for each of the panels that the layout has and that there is room for, by name.

    `size` (width, height) in pixels; the domain is drawn `aspect` times as wide as high.
    """
    width, height = size
    margin = look.px(45 if layout == "wide" else 32)
    top = look.px(22) + look.text(30) + look.text(34)
    if layout in ("square", "tall") and "formula" not in panels:
        # The function's formula and the caption need a line each.
        top += 1.6 * look.text(17)
    boxes = {"header": Box(margin, look.px(22), width - 2 * margin, top - look.px(22))}
    columns = [_shown(column, panels) for column in LAYOUTS[layout]]
    columns = [column for column in columns if column]
    # The uppermost tick label stands half above its axes.
    top += max(look.px(12), 0.85 * look.text(13))
    room = Box(margin, top, width - 2 * margin, height - top - look.px(28))
    gap = look.px(44)
    left = room.left
    for index, column in enumerate(columns):
        wide = room.width
        if len(columns) == 2:
            right = _column_width(room, look, columns[1], aspect)
            wide = room.width - gap - right if index == 0 else right
        boxes |= _stack(column, Box(left, room.top, wide, room.height), look, aspect, racers)
        left += wide + gap
    return boxes


def names(layout: str) -> list[str]:
    """Every panel that a layout has a place for."""
    return [name for column in LAYOUTS[layout] for band in column for name in band]


def _shown(column: Sequence[tuple[str, ...]], panels: Sequence[str]) -> list[tuple[str, ...]]:
    bands = [tuple(name for name in band if name in panels) for band in column]
    return [band for band in bands if band]


def _ticks(look: Look) -> tuple[float, float]:
    """The room that tick labels take to the left of an axes, and under it."""
    return look.text(13) * 3.0, look.text(13) * 1.25 + look.px(6)


def _above(name: str, look: Look) -> float:
    """The room that a panel's own heading takes above its axes."""
    return look.text(14) * 1.45 if name in HEADED else 0.0


def _column_width(room: Box, look: Look, column: Sequence[tuple[str, ...]], aspect: float) -> float:
    """How wide the second of two columns is, so that a contour in it fills it."""
    if ("contour",) not in column:
        return room.width * 0.42
    others = sum(_least(band, look, 0) + look.px(20) for band in column if band != ("contour",))
    left, under = _ticks(look)
    full = (room.height - others - under) * aspect + left
    # A formula with its numbers is wide.
    least = 0.5 if ("formula",) in column else 0.38
    return min(max(full, room.width * least), room.width * 0.5)


def _least(band: tuple[str, ...], look: Look, racers: int) -> float:
    """The least height of a band."""
    heights = []
    for name in band:
        if name == "standings":
            heights.append(min(racers, ROWS) * max(look.px(26), 1.35 * look.smallest))
        else:
            under = _ticks(look)[1] if name in TICKED else 0.0
            least = max(look.px(LEAST[name]), LINES.get(name, 0) * look.smallest)
            heights.append(least + under + _above(name, look))
    return max(heights)


def _stack(column: Sequence[tuple[str, ...]], room: Box, look: Look, aspect: float, racers: int) -> dict[str, Box]:
    """Bands under each other; panels with tick labels keep room for them."""
    gap = look.px(20)
    left, under = _ticks(look)
    heights = {band: _least(band, look, racers) for band in column}
    whole = room.height - gap * (len(column) - 1)
    shrunk = min(1.0, whole / sum(heights.values()))
    going = [band for name in DROPPED for band in column if name in band]
    if shrunk < TIGHTEST and len(column) > 1 and going:
        return _stack([band for band in column if band != going[0]], room, look, aspect, racers)
    heights = {band: height * shrunk for band, height in heights.items()}
    spare = whole - sum(heights.values())
    for band in column:
        if "contour" in band:
            # As high as it can be filled, and where a wireframe shares the column, no more than that one gets.
            fills = ((room.width - gap * (len(band) - 1)) / len(band) - left) / aspect + under
            share = spare / 2 if ("wireframe",) in column else spare
            more = max(0.0, min(fills - heights[band], share))
            heights[band] += more
            spare -= more
    takers = [band for name in GREEDY for band in column if name in band and (band != ("contour",) or len(column) == 1)]
    if takers:
        heights[takers[0]] += max(0.0, spare)
    boxes = {}
    top = room.top
    for band in column:
        wide = (room.width - gap * (len(band) - 1)) / len(band)
        for index, name in enumerate(band):
            box = Box(room.left + index * (wide + gap), top, wide, heights[band])
            if name in TICKED:
                above = _above(name, look)
                box = Box(box.left + left, box.top + above, box.width - left, box.height - under - above)
            boxes[name] = box
        top += heights[band] + gap
    return boxes
