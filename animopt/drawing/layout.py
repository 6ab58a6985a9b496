"""Positions of the panels in a picture of any shape.

A layout is a list of columns, a column a list of bands, and a band a tuple of panels side by side.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from animopt.drawing.theme import Theme

Band = tuple[str, ...]

LAYOUTS: Mapping[str, Sequence[Sequence[Band]]] = {
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
"""Columns of each layout from left to right, with their bands from top to bottom."""

PANELS = ("wireframe", "contour", "loss", "standings", "formula", "state", "fit", "multiples", "map", "tally")
"""All panels that a layout has a place for. The header is always drawn."""

MIN_HEIGHTS = {
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
"""Minimum height of each panel, in pixels of a 1280 × 720 picture."""

MIN_LINES = {"loss": 6.0, "formula": 10.5, "state": 7.5, "fit": 6.0, "multiples": 18.0, "map": 10.0, "tally": 11.0}
"""Minimum height of panels with text, in multiples of the smallest type size."""

DROP_ORDER = ("state", "formula", "loss", "fit", "standings", "tally")
"""Order in which panels are dropped when a column is too small."""

MIN_SHRINK = 0.8
"""Minimum factor by which minimum heights shrink before a panel is dropped."""

FILL_ORDER = ("wireframe", "contour", "map", "fit", "loss", "state", "formula", "multiples", "tally")
"""Order of preference for the panel that takes the spare height of a column."""

MARGIN, WIDE_MARGIN = 32, 45
"""Distance of the panels from the left and right edges of a picture, in general and in the layout "wide"."""

DOMAIN_BANDS = (("contour",), ("map",))
"""Bands that show the domain in its own shape."""

TICKED = ("contour", "map", "loss", "fit")
"""Panels with tick labels around their axes."""

HEADED = ("loss", "fit", "map")
"""Panels with a heading above their axes."""

MAX_ROWS = 5
"""Maximum number of rows in the minimum height of the standings. More racers need a second column."""


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
    return _margin(layout_for_shape(width, height)) * pixel_unit(width, height) / width


def layout_for_shape(width: int, height: int) -> str:
    """Return the layout that fits a picture's shape."""
    if width >= 1.35 * height:
        return "wide"
    return "square" if height < 1.35 * width else "tall"


def choose_layout(layout: str, size: tuple[int, int], panels: Sequence[str]) -> str:
    """Return the layout. "auto" becomes the one that fits a picture of `size` (width, height) and its panels."""
    if layout != "auto":
        return layout
    only_multiples = "multiples" in panels and not {"wireframe", "contour"} & set(panels)
    return "multiples" if only_multiples else layout_for_shape(*size)


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
    margin = theme.px(_margin(shape))
    top = theme.px(22) + (theme.text(30) + theme.text(34) if titled else theme.text(21))
    if shape in ("square", "tall") and "formula" not in panels:
        # The formula and the caption need a line each, and in a tall picture a long caption needs two.
        top += (1.6 if shape == "square" else 2.9) * theme.text(17)
    boxes = {"header": Box(margin, theme.px(22), width - 2 * margin, top - theme.px(22))}
    columns = [column for column in (_wanted(column, panels) for column in LAYOUTS[layout]) if column]
    # Half of the topmost tick label is above its axes.
    top += max(theme.px(12), 0.85 * theme.text(13))
    room = Box(margin, top, width - 2 * margin, height - top - theme.px(28))
    gap = theme.px(44)
    widths = [room.width]
    if len(columns) == 2:
        second = _second_width(room, theme, columns[1], aspect)
        widths = [room.width - gap - second, second]
    left = room.left
    for column, column_width in zip(columns, widths, strict=False):
        boxes |= _stack(column, Box(left, room.top, column_width, room.height), theme, aspect, racers)
        left += column_width + gap
    return boxes


def arrange_tiles(size: tuple[float, float], theme: Theme, aspect: float, count: int) -> list[Box]:
    """Return the boxes of `count` maps in rows, as large as `size` (width, height) allows, from its upper left.

    A map is `aspect` times as wide as high. There is room for a heading above each map, for tick labels under the last
    row, and for tick labels to the left of each row.
    """
    width, height = size
    left, _, below = _surroundings("contour", theme)
    above, gap = heading_height(theme), theme.px(18)

    def tile_width(columns: int) -> float:
        rows = -(-count // columns)
        available = (width - left - (columns - 1) * gap) / columns
        return min(available, ((height - below - (rows - 1) * gap) / rows - above) * aspect)

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


def _margin(layout: str) -> float:
    return WIDE_MARGIN if layout == "wide" else MARGIN


def _wanted(column: Sequence[Band], panels: Sequence[str]) -> list[Band]:
    bands = [tuple(name for name in band if name in panels) for band in column]
    return [band for band in bands if band]


def _surroundings(name: str, theme: Theme) -> tuple[float, float, float]:
    """Return the room around a panel's axes: to the left for tick labels, above for a heading, and below for labels."""
    left, below = (theme.text(13) * 3.0, theme.text(13) * 1.25 + theme.px(6)) if name in TICKED else (0.0, 0.0)
    return left, theme.text(14) * 1.45 if name in HEADED else 0.0, below


def _second_width(room: Box, theme: Theme, column: Sequence[Band], aspect: float) -> float:
    """Return the width of the second of two columns at which its contour or map fills the height that others leave."""
    domains = [band for band in column if band in DOMAIN_BANDS]
    if not domains:
        return room.width * 0.42
    others = sum(_min_height(band, theme, 0) + theme.px(20) for band in column if band not in DOMAIN_BANDS)
    left, _, below = _surroundings("contour", theme)
    full = ((room.height - others) / len(domains) - below) * aspect + left
    # A formula with its numbers is wide.
    least = 0.5 if ("formula",) in column else 0.38
    return min(max(full, room.width * least), room.width * 0.5)


def _min_height(band: Band, theme: Theme, racers: int) -> float:
    """Return the minimum height of a band."""
    return max(_min_panel_height(name, theme, racers) for name in band)


def _min_panel_height(name: str, theme: Theme, racers: int) -> float:
    if name == "standings":
        return min(racers, MAX_ROWS) * max(theme.px(26), 1.35 * theme.min_text)
    _, above, below = _surroundings(name, theme)
    return max(theme.px(MIN_HEIGHTS[name]), MIN_LINES.get(name, 0) * theme.min_text) + below + above


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
            left, _, below = _surroundings("contour", theme)
            full = ((room.width - gap * (len(band) - 1)) / len(band) - left) / aspect + below
            full += max(_surroundings(name, theme)[1] for name in band)
            more = max(0.0, min(full - heights[band], spare / 2 if ("wireframe",) in column else spare))
            heights[band] += more
            spare -= more
    if ("multiples",) in column:
        # Other panels take the height that the maps cannot fill.
        spare += heights["multiples",]
        last = arrange_tiles((room.width, spare), theme, aspect, racers)[-1]
        heights["multiples",] = min(spare, last.top + last.height + _surroundings("contour", theme)[2])
        spare -= heights["multiples",]
    candidates = [band for band in column if band not in DOMAIN_BANDS or len(column) == 1]
    fillers = [band for name in FILL_ORDER for band in candidates if name in band]
    if fillers:
        heights[fillers[0]] += max(0.0, spare)
    boxes = {}
    top = room.top
    for band in column:
        panel_width = (room.width - gap * (len(band) - 1)) / len(band)
        for index, name in enumerate(band):
            left, above, below = _surroundings(name, theme)
            x = room.left + index * (panel_width + gap)
            boxes[name] = Box(x + left, top + above, panel_width - left, heights[band] - below - above)
        top += heights[band] + gap
    return boxes
