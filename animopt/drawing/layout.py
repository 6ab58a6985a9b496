"""Positions of the panels in a picture of any shape.

A layout is a list of columns, a column a list of bands, and a band a tuple of panels side by side.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from animopt.drawing.theme import Theme

Band = tuple[str, ...]

LAYOUTS: Mapping[str, Sequence[Sequence[Band]]] = {
    "wide": (
        (("wireframe",), ("state",), ("fit",), ("tally",), ("standings",)),
        (("contour",), ("map",), ("formula",), ("loss",), ("scoreboard",)),
    ),
    "square": (
        (
            ("map",),
            ("wireframe", "contour", "tally"),
            ("state", "formula"),
            ("fit", "loss", "scoreboard"),
            ("standings",),
        ),
    ),
    "tall": (
        (
            ("map",),
            ("wireframe",),
            ("contour",),
            ("state",),
            ("formula",),
            ("fit", "loss"),
            ("tally",),
            ("scoreboard",),
            ("standings",),
        ),
    ),
    "contour-only": ((("contour",),),),
    "multiples": ((("multiples",), ("loss",), ("scoreboard",)),),
}
"""Columns of each layout from left to right, with their bands from top to bottom."""


@dataclass(frozen=True)
class Needs:
    """The room that a panel needs.

    `height` is its minimum height in pixels of a 1280 × 720 picture, and `lines` in multiples of the smallest type
    size. `ticked` panels have tick labels to the left of their axes and below them, `headed` panels a heading above.
    """

    height: float
    lines: float = 0.0
    ticked: bool = False
    headed: bool = False

    def around(self, theme: Theme) -> tuple[float, float, float]:
        """Return the room around the axes: to the left for tick labels, above for a heading, and below for labels."""
        left, below = (theme.text(13) * 3.0, theme.text(13) * 1.25 + theme.px(6)) if self.ticked else (0.0, 0.0)
        return left, theme.text(14) * 1.45 if self.headed else 0.0, below

    def min_height(self, theme: Theme, rows: int) -> float:
        """Return the minimum height of the panel with the room around its axes."""
        _, above, below = self.around(theme)
        return rows * max(theme.px(self.height), self.lines * theme.min_text) + below + above


PANELS: Mapping[str, Needs] = {
    "wireframe": Needs(150),
    "contour": Needs(150, ticked=True),
    "loss": Needs(108, lines=6, ticked=True, headed=True),
    # For each row.
    "scoreboard": Needs(24, lines=1.35, ticked=True, headed=True),
    "standings": Needs(26, lines=1.35),
    "formula": Needs(190, lines=10.5),
    "state": Needs(150, lines=7.5),
    "fit": Needs(130, lines=6, ticked=True, headed=True),
    "multiples": Needs(380, lines=18),
    "map": Needs(200, lines=10, ticked=True, headed=True),
    "tally": Needs(190, lines=11),
}
"""All panels that a layout has a place for. The header is always drawn."""

DROP_ORDER = ("state", "formula", "loss", "fit", "standings", "tally", "scoreboard")
"""Order in which panels are dropped when a column is too small."""

MIN_SHRINK = 0.8
"""Minimum factor by which minimum heights shrink before a panel is dropped."""

FILL_ORDER = ("wireframe", "contour", "map", "fit", "scoreboard", "loss", "state", "formula", "multiples", "tally")
"""Order of preference for the panel that takes the spare height of a column."""

MARGINS = {"wide": 45, "square": 32, "tall": 32, "contour-only": 32}
"""Distance of the panels from the left and right edges of a picture in each layout, in pixels of its unit."""

DOMAIN_BANDS = (("contour",), ("map",))
"""Bands that show the domain in its own shape."""

MAX_ROWS = 5
"""Maximum number of rows in the minimum height of the standings. More racers need a second column."""

BOARD_ROWS = 4, 8
"""Minimum and maximum number of rows in the minimum height of the scoreboard."""


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels. `left` and `top` are measured from the picture's upper left."""

    left: float
    top: float
    width: float
    height: float

    def as_fractions(self, width: float, height: float) -> tuple[float, float, float, float]:
        """Return left, bottom, width and height as fractions of a figure or an axes of a size in pixels."""
        return self.left / width, 1 - (self.top + self.height) / height, self.width / width, self.height / height


def pixel_unit(width: int, height: int) -> float:
    """Return the scale of a picture relative to 1280 × 720 pixels, or to 720 × 720 if its layout is not "wide"."""
    return min(height, width * (720 / 1280 if layout_for_shape(width, height) == "wide" else 1)) / 720


def content_inset(width: int, height: int) -> float:
    """Return the left edge of the panels as a fraction of the width, for the layout that fits the picture's shape."""
    return MARGINS[layout_for_shape(width, height)] * pixel_unit(width, height) / width


def layout_for_shape(width: int, height: int) -> str:
    """Return the layout that fits a picture's shape."""
    if width >= 1.35 * height:
        return "wide"
    return "square" if height < 1.35 * width else "tall"


def choose_layout(layout: str, size: tuple[int, int], panels: Sequence[str]) -> str:
    """Return the layout. "auto" becomes the one that fits a picture of `size` (width, height) and its panels."""
    if layout == "auto" and "multiples" in panels and not {"wireframe", "contour"} & set(panels):
        return "multiples"
    return layout_for_shape(*size) if layout == "auto" else layout


def panel_names(layout: str) -> list[str]:
    """Return the names of the panels that a layout has a place for."""
    return [name for column in LAYOUTS[layout] for band in column for name in band]


def arrange_panels(
    size: tuple[int, int],
    theme: Theme,
    layout: str,
    panels: Sequence[str],
    aspect: float,
    racers: int,
    titled: bool = True,
) -> dict[str, Box]:
    """Return the boxes, by name, of the header and of the panels that the layout has room for.

    Args:
        size: Width and height of the picture in pixels.
        theme: Theme of the picture.
        layout: Name of a layout.
        panels: Names of the wanted panels.
        aspect: Width of the domain divided by its height, as drawn.
        racers: Number of racers.
        titled: Whether the header has a title; without one it is lower.
    """
    width, height = size
    shape = layout_for_shape(*size) if layout == "multiples" else layout
    margin = theme.px(MARGINS[shape])
    top = theme.px(22) + (theme.text(30) + theme.text(34) if titled else theme.text(21))
    if shape in ("square", "tall") and "formula" not in panels:
        # The formula and the caption need a line each, and in a tall picture a long caption needs two.
        top += (1.6 if shape == "square" else 2.9) * theme.text(17)
    boxes = {"header": Box(margin, theme.px(22), width - 2 * margin, top - theme.px(22))}
    columns = [column for column in (_wanted(column, panels) for column in LAYOUTS[layout]) if column]
    # Half of the topmost tick label is above its axes.
    top += max(theme.px(12), 0.85 * theme.text(13))
    room = Box(margin, top, width - 2 * margin, height - top - theme.px(28))
    rooms = _split(room, theme, columns[1], aspect) if len(columns) == 2 else [room]
    for column, each in zip(columns, rooms, strict=False):
        boxes |= _stack(column, each, theme, aspect, racers)
    return boxes


def arrange_tiles(size: tuple[float, float], theme: Theme, aspect: float, count: int) -> list[Box]:
    """Return the boxes of `count` maps in rows, as large as `size` (width, height) allows, from its upper left.

    A map is `aspect` times as wide as high. There is room for a heading above each map, for tick labels under the last
    row, and for tick labels to the left of each row.
    """
    width, height = size
    left, _, below = PANELS["contour"].around(theme)
    above, gap = heading_height(theme), theme.px(18)

    def tile_width(columns: int) -> float:
        rows = -(-count // columns)
        tile_height = (height - below - (rows - 1) * gap) / rows - above
        return min((width - left - (columns - 1) * gap) / columns, tile_height * aspect)

    columns = max(range(1, count + 1), key=tile_width)
    across = max(1.0, tile_width(columns))
    boxes = []
    for tile in range(count):
        row, column = divmod(tile, columns)
        # Rows are centered, also a last row with fewer maps.
        in_row = min(columns, count - row * columns)
        indent = (width - left - in_row * across - (in_row - 1) * gap) / 2
        top = above + row * (across / aspect + above + gap)
        boxes.append(Box(left + indent + column * (across + gap), top, across, across / aspect))
    return boxes


def heading_height(theme: Theme) -> float:
    """Return the height of the heading above each of several maps."""
    return 1.6 * theme.text(15)


def _wanted(column: Sequence[Band], panels: Sequence[str]) -> list[Band]:
    bands = [tuple(name for name in band if name in panels) for band in column]
    return [band for band in bands if band]


def _split(room: Box, theme: Theme, column: Sequence[Band], aspect: float) -> list[Box]:
    """Split a room into two columns. In the second, the contour or map fills the height that the other bands leave."""
    domains = [band for band in column if band in DOMAIN_BANDS]
    width = room.width * 0.42
    if domains:
        others = sum(_min_height(band, theme, 0) + theme.px(20) for band in column if band not in DOMAIN_BANDS)
        left, _, below = PANELS["contour"].around(theme)
        full = ((room.height - others) / len(domains) - below) * aspect + left
        # A formula with its numbers is wide.
        least = 0.5 if ("formula",) in column else 0.38
        width = min(max(full, room.width * least), room.width * 0.5)
    first = room.width - theme.px(44) - width
    return [replace(room, width=first), replace(room, left=room.left + (first + theme.px(44)), width=width)]


def _min_height(band: Band, theme: Theme, racers: int) -> float:
    """Return the minimum height of a band."""
    fewest, most = BOARD_ROWS
    rows = {"standings": min(racers, MAX_ROWS), "scoreboard": min(max(racers, fewest), most)}
    return max(PANELS[name].min_height(theme, rows.get(name, 1)) for name in band)


def _stack(column: Sequence[Band], room: Box, theme: Theme, aspect: float, racers: int) -> dict[str, Box]:
    """Place the bands of a column below each other, and drop bands for which there is no room."""
    gap = theme.px(20)
    heights = {band: _min_height(band, theme, racers) for band in column}
    whole = room.height - gap * (len(column) - 1)
    shrink = min(1.0, whole / sum(heights.values()))
    droppable = [band for name in DROP_ORDER for band in column if name in band]
    if shrink < MIN_SHRINK and len(column) > 1 and droppable:
        return _stack([band for band in column if band != droppable[0]], room, theme, aspect, racers)
    heights = {band: height * shrink for band, height in heights.items()}
    spare = whole - sum(heights.values())
    for band in column:
        if "contour" in band or "map" in band:
            # The domain gets the height that it can fill, but only half of the spare height if there is a wireframe.
            left, _, below = PANELS["contour"].around(theme)
            above = max(PANELS[name].around(theme)[1] for name in band)
            full = ((room.width - gap * (len(band) - 1)) / len(band) - left) / aspect + below + above
            more = max(0.0, min(full - heights[band], spare / 2 if ("wireframe",) in column else spare))
            heights[band] += more
            spare -= more
    if ("multiples",) in column:
        # Other panels take the height that the maps cannot fill.
        spare += heights["multiples",]
        last = arrange_tiles((room.width, spare), theme, aspect, racers)[-1]
        heights["multiples",] = min(spare, last.top + last.height + PANELS["contour"].around(theme)[2])
        spare -= heights["multiples",]
    candidates = [band for band in column if band not in DOMAIN_BANDS or len(column) == 1]
    filler = next((band for name in FILL_ORDER for band in candidates if name in band), None)
    if filler:
        heights[filler] += max(0.0, spare)
    boxes = {}
    top = room.top
    for band in column:
        panel_width = (room.width - gap * (len(band) - 1)) / len(band)
        for index, name in enumerate(band):
            left, above, below = PANELS[name].around(theme)
            boxes[name] = Box(
                room.left + index * (panel_width + gap) + left,
                top + above,
                panel_width - left,
                heights[band] - below - above,
            )
        top += heights[band] + gap
    return boxes
