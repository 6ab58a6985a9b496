"""Where each panel stands in a picture of any shape."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from animopt.drawing.theme import Theme

Columns = Sequence[Sequence[tuple[str, ...]]]

LAYOUTS: Mapping[str, Columns] = {
    "wide": (
        (("wireframe",), ("state",), ("fit",), ("tally",), ("standings",)),
        (("contour",), ("map",), ("formula",), ("loss",)),
    ),
    "square": ((("map",), ("wireframe", "contour", "tally"), ("state", "formula"), ("fit", "loss"), ("standings",)),),
    "tall": (
        (
            ("map",),
            ("wireframe",),
            ("contour",),
            ("state",),
            ("formula",),
            ("fit", "loss"),
            ("tally",),
            ("standings",),
        ),
    ),
    "contour-only": ((("contour",),),),
    "multiples": ((("multiples",), ("loss",)),),
}
"""The columns of each layout, from left to right; in each, bands from top to bottom, of panels side by side."""

PANELS = ("wireframe", "contour", "loss", "standings", "formula", "state", "fit", "multiples", "map", "tally")
"""Every panel that a layout has a place for, beside the header."""

LEAST = {
    "wireframe": 150,
    "contour": 150,
    "loss": 108,
    "formula": 190,
    "state": 150,
    "fit": 130,
    "multiples": 380,
    "map": 200,
    "tally": 190,
}
"""The least height of a panel."""

LINES = {"loss": 6.0, "formula": 10.5, "state": 7.5, "fit": 6.0, "multiples": 18.0, "map": 10.0, "tally": 11.0}
"""The least height of a panel that is read, in the smallest type."""

DROPPED = ("state", "formula", "loss", "fit", "standings", "tally")
"""Who goes, in this order, from a column in which not all can be read."""

TIGHTEST = 0.8
"""How far panels may shrink under their least heights before one of them goes."""

GREEDY = ("wireframe", "contour", "map", "fit", "loss", "state", "formula", "multiples", "tally")
"""Who takes the room that is left in a column: the first of these that is in it."""

MARGIN, MARGINS = 32, {"wide": 45}
"""How far from a picture's left and right edges its panels stand."""

FROM_ABOVE = (("contour",), ("map",))
"""The bands that show the domain in its own shape."""

TICKED = ("contour", "map", "loss", "fit")
"""Who has tick labels around its axes."""

HEADED = ("loss", "fit", "map")
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


def pixel_unit(width: int, height: int) -> float:
    """How many pixels of a picture make one of a 1280 × 720 one, or of a 720 wide one where it is not wide."""
    return min(height, width * (720 / 1280 if layout_for_shape(width, height) == "wide" else 1)) / 720


def content_inset(width: int, height: int) -> float:
    """Where the panels of a picture begin in the layout that suits its shape, in parts of its width."""
    return MARGINS.get(layout_for_shape(width, height), MARGIN) * pixel_unit(width, height) / width


def layout_for_shape(width: int, height: int) -> str:
    """The layout that suits a picture's shape."""
    if width >= 1.35 * height:
        return "wide"
    return "square" if height < 1.35 * width else "tall"


def choose_layout(layout: str, size: tuple[int, int], panels: Sequence[str]) -> str:
    """The layout of a name, and for "auto" the one that suits a picture of `size` (width, height) and its panels."""
    if layout != "auto":
        return layout
    return (
        "multiples" if "multiples" in panels and not {"wireframe", "contour"} & set(panels) else layout_for_shape(*size)
    )


def arrange_panels(
    size: tuple[int, int],
    theme: Theme,
    layout: str,
    panels: Sequence[str],
    aspect: float,
    racers: int,
    titled: bool = True,
) -> dict[str, Box]:
    """A box for the header and for each of the panels that the layout has and that there is room for, by name.

    `size` (width, height) in pixels; the domain is drawn `aspect` times as wide as high. A picture that is not `titled`
    has a lower header.
    """
    width, height = size
    shape = layout_for_shape(*size) if layout == "multiples" else layout
    margin = theme.px(MARGINS.get(shape, MARGIN))
    top = theme.px(22) + (theme.text(30) + theme.text(34) if titled else theme.text(21))
    if shape in ("square", "tall") and "formula" not in panels:
        # The function's formula and the caption need a line each, in a tall picture a long caption two.
        top += (1.6 if shape == "square" else 2.9) * theme.text(17)
    boxes = {"header": Box(margin, theme.px(22), width - 2 * margin, top - theme.px(22))}
    columns = [_shown(column, panels) for column in LAYOUTS[layout]]
    columns = [column for column in columns if column]
    # The uppermost tick label stands half above its axes.
    top += max(theme.px(12), 0.85 * theme.text(13))
    room = Box(margin, top, width - 2 * margin, height - top - theme.px(28))
    gap = theme.px(44)
    left = room.left
    for index, column in enumerate(columns):
        wide = room.width
        if len(columns) == 2:
            right = _column_width(room, theme, columns[1], aspect)
            wide = room.width - gap - right if index == 0 else right
        boxes |= _stack(column, Box(left, room.top, wide, room.height), theme, aspect, racers)
        left += wide + gap
    return boxes


def tiles(size: tuple[float, float], theme: Theme, aspect: float, count: int) -> list[Box]:
    """A box for each of `count` maps, in rows, as large as `size` (width, height) allows; counted from its upper left.

    A map is `aspect` times as wide as high. Above each there is room for a heading, under the last row and to the
    left of each row for tick labels.
    """
    width, height = size
    left, under = _ticks(theme)
    above, gap = heading(theme), theme.px(18)

    def wide(columns: int) -> float:
        rows = -(-count // columns)
        across = (width - left - (columns - 1) * gap) / columns
        return min(across, ((height - under - (rows - 1) * gap) / rows - above) * aspect)

    columns = max(range(1, count + 1), key=wide)
    across = max(1.0, wide(columns))
    boxes = []
    for racer in range(count):
        row, column = divmod(racer, columns)
        # Rows stand in the middle, the last one too.
        fewer = min(columns, count - row * columns)
        indent = (width - left - fewer * across - (fewer - 1) * gap) / 2
        top = above + row * (across / aspect + above + gap)
        boxes.append(Box(left + indent + column * (across + gap), top, across, across / aspect))
    return boxes


def heading(theme: Theme) -> float:
    """The height of the line above each of several maps."""
    return 1.6 * theme.text(15)


def panel_names(layout: str) -> list[str]:
    """Every panel that a layout has a place for."""
    return [name for column in LAYOUTS[layout] for band in column for name in band]


def _shown(column: Sequence[tuple[str, ...]], panels: Sequence[str]) -> list[tuple[str, ...]]:
    bands = [tuple(name for name in band if name in panels) for band in column]
    return [band for band in bands if band]


def _ticks(theme: Theme) -> tuple[float, float]:
    """The room that tick labels take to the left of an axes, and under it."""
    return theme.text(13) * 3.0, theme.text(13) * 1.25 + theme.px(6)


def _above(name: str, theme: Theme) -> float:
    """The room that a panel's own heading takes above its axes."""
    return theme.text(14) * 1.45 if name in HEADED else 0.0


def _column_width(room: Box, theme: Theme, column: Sequence[tuple[str, ...]], aspect: float) -> float:
    """How wide the second of two columns is, so that a contour in it fills it."""
    views = [band for band in column if band in FROM_ABOVE]
    if not views:
        return room.width * 0.42
    others = sum(_least(band, theme, 0) + theme.px(20) for band in column if band not in FROM_ABOVE)
    left, under = _ticks(theme)
    full = ((room.height - others) / len(views) - under) * aspect + left
    # A formula with its numbers is wide.
    least = 0.5 if ("formula",) in column else 0.38
    return min(max(full, room.width * least), room.width * 0.5)


def _least(band: tuple[str, ...], theme: Theme, racers: int) -> float:
    """The least height of a band."""
    heights = []
    for name in band:
        if name == "standings":
            heights.append(min(racers, ROWS) * max(theme.px(26), 1.35 * theme.smallest))
        else:
            under = _ticks(theme)[1] if name in TICKED else 0.0
            least = max(theme.px(LEAST[name]), LINES.get(name, 0) * theme.smallest)
            heights.append(least + under + _above(name, theme))
    return max(heights)


def _stack(column: Sequence[tuple[str, ...]], room: Box, theme: Theme, aspect: float, racers: int) -> dict[str, Box]:
    """Bands under each other; panels with tick labels keep room for them."""
    gap = theme.px(20)
    left, under = _ticks(theme)
    heights = {band: _least(band, theme, racers) for band in column}
    whole = room.height - gap * (len(column) - 1)
    shrunk = min(1.0, whole / sum(heights.values()))
    going = [band for name in DROPPED for band in column if name in band]
    if shrunk < TIGHTEST and len(column) > 1 and going:
        return _stack([band for band in column if band != going[0]], room, theme, aspect, racers)
    heights = {band: height * shrunk for band, height in heights.items()}
    spare = whole - sum(heights.values())
    for band in column:
        if "contour" in band or "map" in band:
            # As high as it can be filled, and where a wireframe shares the column, no more than that one gets.
            fills = ((room.width - gap * (len(band) - 1)) / len(band) - left) / aspect + under
            fills += max(_above(name, theme) for name in band)
            share = spare / 2 if ("wireframe",) in column else spare
            more = max(0.0, min(fills - heights[band], share))
            heights[band] += more
            spare -= more
    if ("multiples",) in column:
        # What the maps cannot fill goes to the others.
        spare += heights["multiples",]
        last = tiles((room.width, spare), theme, aspect, racers)[-1]
        heights["multiples",] = min(spare, last.top + last.height + under)
        spare -= heights["multiples",]
    takers = [
        band for name in GREEDY for band in column if name in band and (band not in FROM_ABOVE or len(column) == 1)
    ]
    if takers:
        heights[takers[0]] += max(0.0, spare)
    boxes = {}
    top = room.top
    for band in column:
        wide = (room.width - gap * (len(band) - 1)) / len(band)
        for index, name in enumerate(band):
            box = Box(room.left + index * (wide + gap), top, wide, heights[band])
            if name in TICKED:
                above = _above(name, theme)
                box = Box(box.left + left, box.top + above, box.width - left, box.height - under - above)
            boxes[name] = box
        top += heights[band] + gap
    return boxes
