"""Positions of the panels in a picture of any shape.

A layout is a list of columns, a column a list of bands, and a band a tuple of panels side by side.
"""

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from animopt.drawing.theme import Theme

Band = tuple[str, ...]

DETAILS: Sequence[Band] = (
    ("formula",),
    ("state",),
    ("fit",),
    ("separator",),
    ("sharpness",),
    ("modes",),
    ("angle",),
    ("rate",),
    ("ray",),
    ("swarm",),
    ("loss",),
    ("standings",),
    ("scoreboard",),
)
"""Bands of one column with everything about a race but the race itself."""

LAYOUTS: Mapping[str, Sequence[Sequence[Band]]] = {
    "wide": (
        (
            ("wireframe",),
            ("tally",),
            ("formula",),
            ("fit",),
            ("separator",),
            ("sharpness",),
            ("modes",),
            ("angle",),
            ("rate",),
            ("ray",),
            ("standings",),
        ),
        (("contour",), ("map",), ("swarm",), ("state",), ("loss",), ("scoreboard",)),
    ),
    "panorama": (
        (("wireframe",),),
        (("contour",), ("map",)),
        (*DETAILS, ("tally",)),
    ),
    "square": (
        (
            ("map",),
            ("wireframe", "tally"),
            ("contour", "swarm", "scoreboard"),
            ("formula", "state"),
            ("separator",),
            ("fit", "sharpness"),
            ("modes",),
            ("angle",),
            ("rate", "loss"),
            ("ray",),
            ("standings",),
        ),
    ),
    "tall": (
        (
            ("map",),
            ("wireframe",),
            ("contour",),
            ("formula", "state"),
            ("separator",),
            ("fit", "sharpness"),
            ("modes",),
            ("angle",),
            ("rate", "loss"),
            ("ray",),
            ("swarm",),
            ("tally",),
            ("standings",),
            ("scoreboard",),
        ),
    ),
    "contour-only": ((("contour",),),),
    "multiples": (
        (
            ("multiples",),
            ("coordinates",),
            ("sharpness",),
            ("modes",),
            ("angle",),
            ("rate",),
            ("ray",),
            ("swarm",),
            ("loss",),
            ("scoreboard",),
        ),
    ),
}
"""Columns of each layout from left to right, with their bands from top to bottom."""


LOSS_PANELS = {"loss", "standings", "scoreboard"}
"""Panels that show the losses."""

MORE_PANELS = {name for band in DETAILS for name in band} - LOSS_PANELS
"""Panels that take room from the race."""

SQUARE_WITH_MORE: Sequence[Sequence[Band]] = (
    (("wireframe",), ("contour",)),
    DETAILS,
)
"""Columns of a square picture with the race and more panels. One column would leave the race too low."""


SQUARE_WITH_FORMULA: Sequence[Sequence[Band]] = ((("wireframe", "contour"), ("formula", "scoreboard")),)
"""Column of a square picture with exactly these panels, whose formula needs a broad room."""


@dataclass(frozen=True)
class Needs:
    """The room that a panel needs.

    `height` is its minimum height in pixels of a 1280 × 720 picture, and `lines` in multiples of the smallest type
    size; `row` and `row_lines` are what the row of each racer needs in addition, of a minimum and a maximum number of
    `rows`. `ticked` panels have tick labels to the left of their axes and below them, in pictures of at least the scale
    `ticks_from`, and `headed` panels a heading. `roomy` is the minimum height where the panel takes little room from
    the race. `share` is the width of the panel relative to that of another one in its band. In pictures below the scale
    `shown_from` the panel is left out, unless there is no other one.
    """

    height: float = 0.0
    lines: float = 0.0
    row: float = 0.0
    row_lines: float = 0.0
    rows: tuple[int, int] = (1, 5)
    ticked: bool = False
    headed: bool = False
    ticks_from: float = 0.0
    roomy: float = 0.0
    share: float = 1.0
    shown_from: float = 0.0

    def around(self, theme: Theme) -> tuple[float, float, float]:
        """Return the room around the axes: to the left for tick labels, above for a heading, and below for labels."""
        has_ticks = self.has_ticks(theme)
        left, below = (theme.text(13) * 3.0, theme.text(13) * 1.25 + theme.px(6)) if has_ticks else (0.0, 0.0)
        return left, theme.text(14) * 1.45 if self.headed else 0.0, below

    def has_ticks(self, theme: Theme) -> bool:
        """Return whether the panel has tick labels."""
        return self.ticked and theme.unit >= self.ticks_from

    def min_height(self, theme: Theme, racers: int, is_roomy: bool) -> float:
        """Return the minimum height of the panel with the room around its axes."""
        _, above, below = self.around(theme)
        fewest, most = self.rows
        rows = min(max(racers, fewest), most) * max(theme.px(self.row), self.row_lines * theme.min_text)
        height = max(self.height, self.roomy) if is_roomy else self.height
        return max(theme.px(height), self.lines * theme.min_text) + rows + below + above


PANELS: Mapping[str, Needs] = {
    "wireframe": Needs(150),
    "contour": Needs(120, lines=5.3, ticked=True, ticks_from=0.45, share=1.4),
    "loss": Needs(108, lines=6, ticked=True, headed=True),
    "standings": Needs(row=26, row_lines=1.35),
    "scoreboard": Needs(row=24, row_lines=1.34, rows=(4, 5), ticked=True, headed=True, share=1.4),
    "formula": Needs(156, lines=7, roomy=260, share=4.2),
    "state": Needs(76, lines=4.5, share=2.1, shown_from=0.6),
    "fit": Needs(120, lines=6, ticked=True, headed=True),
    "separator": Needs(150, lines=8, ticked=True, headed=True),
    "angle": Needs(120, lines=6.5, ticked=True, headed=True),
    "sharpness": Needs(120, lines=6.5, ticked=True, headed=True),
    "modes": Needs(250, lines=13, ticked=True, headed=True),
    "rate": Needs(120, lines=6.5, ticked=True, headed=True),
    "ray": Needs(150, lines=7.5, ticked=True, headed=True),
    "swarm": Needs(120, lines=6.5, ticked=True, headed=True),
    "multiples": Needs(380, lines=18),
    "coordinates": Needs(260, lines=14),
    "map": Needs(200, lines=10, ticked=True, headed=True),
    "tally": Needs(190, lines=11),
}
"""All panels that a layout has a place for. The header is always drawn."""

DROP_ORDER = (
    "state",
    "formula",
    "loss",
    "rate",
    "sharpness",
    "modes",
    "angle",
    "swarm",
    "ray",
    "fit",
    "separator",
    "standings",
    "tally",
    "scoreboard",
)
"""Order in which panels are dropped when a column is too small."""

MIN_SHRINK = 0.8
"""Minimum factor by which minimum heights shrink before a panel is dropped."""

FILL_ORDER = (
    "coordinates",
    "wireframe",
    "scoreboard",
    "contour",
    "map",
    "fit",
    "separator",
    "ray",
    "sharpness",
    "modes",
    "angle",
    "rate",
    "swarm",
    "loss",
    "state",
    "formula",
    "multiples",
    "tally",
)
"""Order of preference for the panel that takes the spare height of a column."""

MARGINS = {"wide": 45, "panorama": 45, "square": 32, "tall": 32, "contour-only": 32}
"""Distance of the panels from the left and right edges of a picture in each layout, in pixels of its unit."""

DOMAIN_BANDS = (("contour",), ("map",))
"""Bands that show the domain in its own shape."""

COLUMN_GAP, BAND_GAP = 32, 20
"""Distance between columns and between bands, in pixels of a 1280 × 720 picture."""

MAP_WIDTHS, CONTOUR_WIDTHS, NARROW_CONTOUR_WIDTHS = (0.38, 0.5), (0.39, 0.4), (0.3, 0.34)
"""Minimum and maximum width of the column with a map, with a contour, and with a contour as one of three columns, as
fractions of the width of all columns."""

LONE_CONTOUR_WIDTH = 0.6
"""Width of the column with a contour or a map in a picture without the surface, as such a fraction."""

OTHER_WIDTH, NARROW_OTHER_WIDTH = 0.3, 0.24
"""Width of a column without these panels, and of such a column as one of three, as such a fraction."""

CONTOUR_SHARE, DENSE_SHARE = 0.4, 0.8
"""Part of the spare height of a column that a contour gets above a scoreboard, and in a picture with more panels."""

SHARE_BELOW_SURFACE, SHARE_BESIDE = 0.5, 0.2
"""Part of the spare height that a contour or a map gets below the surface, and there beside another panel."""

MAX_ASPECT_BESIDE = 1.3
"""Maximum width divided by height of a contour that can be beside the surface in a square picture."""

MIN_TWO_LINES = 0.75
"""Minimum scale of a picture in which the heading of a small contour has a second line."""

MIN_CELL = 10.0
"""Minimum width of a panel in a free cell of the small contours, in multiples of the smallest type size."""

RULE_HEIGHT, RULE_LINE_HEIGHT = 150.0, 27.0
"""Height of the formula without the lines of its rule, and of each line, in pixels of a picture whose shorter side has
720."""

MIN_RACE = 0.5
"""Minimum area of the surface and the contour as a part of the picture below the header, beside a formula."""

MIN_PANEL = 4.0
"""Minimum width of a panel that can be dropped, in multiples of the smallest type size."""

MIN_TILES = 0.6
"""Minimum height of the small contours in pictures with a panel below them, as a fraction of the height of both."""


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
    """Return the scale of a picture relative to 1280 × 720 pixels, or to 720 × 720 if it is not wide."""
    is_wide = layout_for_shape(width, height) in ("wide", "panorama")
    return min(height, width * (720 / 1280 if is_wide else 1)) / 720


def content_inset(width: int, height: int) -> float:
    """Return the left edge of the panels as a fraction of the width, for the layout that fits the picture's shape."""
    return MARGINS[layout_for_shape(width, height)] * pixel_unit(width, height) / width


def layout_for_shape(width: int, height: int) -> str:
    """Return the layout that fits a picture's shape."""
    if width >= 2.1 * height:
        return "panorama"
    if width >= 1.2 * height:
        return "wide"
    return "square" if height < 1.35 * width else "tall"


def choose_layout(layout: str, size: tuple[int, int], panels: Sequence[str]) -> str:
    """Return the layout. "auto" becomes the one that fits a picture of `size` (width, height) and its panels."""
    if layout == "auto" and {"multiples", "coordinates"} & set(panels) and not {"wireframe", "contour"} & set(panels):
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
    aspects: tuple[float, float] | None = None,
    rule_lines: int = 0,
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
        aspects: The smallest and the largest width divided by height of what a contour shows. Default: `aspect`.
        rule_lines: Number of lines of the update rule.
    """
    width, height = size
    shape = layout_for_shape(*size) if layout == "multiples" else layout
    margin = theme.px(MARGINS[shape])
    top = theme.px(22) + (theme.text(30) + theme.text(34) if titled else theme.text(21))
    if shape in ("square", "tall"):
        # The formula and the caption need a line each, and in a tall picture a long caption needs two.
        top += (1.6 if shape == "square" else 2.9) * theme.text(17)
    header = Box(margin, theme.px(22), width - 2 * margin, top - theme.px(22))
    # Half of the topmost tick label is above its axes.
    top += max(theme.px(12), 0.85 * theme.text(13))
    room = Box(margin, top, width - 2 * margin, height - top - theme.px(28))
    # Least area of the race, and the height that the update rule needs.
    least_race = MIN_RACE * width * (height - header.top - header.height)
    rule_height = min(size) / 720 * (RULE_HEIGHT + rule_lines * RULE_LINE_HEIGHT)
    shapes = {"map": (aspect, aspect), "contour": aspects or (aspect, aspect)}
    while True:
        boxes = _place_panels(room, theme, layout, panels, racers, shapes, least_race, rule_height)
        narrow = {name for name in DROP_ORDER if name in boxes and boxes[name].width < MIN_PANEL * theme.min_text}
        rest = [name for name in panels if name not in narrow]
        if not narrow or not set(rest) & set(panel_names(layout)):
            return {"header": header} | boxes
        panels = rest


def _place_panels(
    room: Box,
    theme: Theme,
    layout: str,
    panels: Sequence[str],
    racers: int,
    shapes: Mapping[str, tuple[float, float]],
    least_race: float,
    rule_height: float,
) -> dict[str, Box]:
    """Return the boxes of panels in the room below the header, by name.

    `shapes` are the smallest and the largest width divided by height of panels with a fixed shape. A formula of
    `rule_height` pixels gets less if the surface and the contour would have less than the area `least_race`.
    """
    panels = [name for name in panels if theme.unit >= PANELS[name].shown_from] or panels
    has_more = bool(MORE_PANELS & set(panels))
    has_losses = bool(LOSS_PANELS & set(panels))
    is_split = layout == "square" and has_more and has_losses and "map" not in panels
    layered = LAYOUTS[layout]
    if is_split:
        is_grid = (
            set(panels) == {*chain.from_iterable(SQUARE_WITH_FORMULA[0])} and shapes["contour"][0] <= MAX_ASPECT_BESIDE
        )
        layered = SQUARE_WITH_FORMULA if is_grid else SQUARE_WITH_MORE
    columns = [column for column in (_wanted(column, panels) for column in layered) if column]
    is_roomy = layered is SQUARE_WITH_MORE or (layout in ("wide", "tall") and not has_losses)
    shown = _Shown(theme, racers, has_more, is_roomy, shapes)
    if not columns:
        return {}
    if layout == "multiples":
        return _stack_tiles(columns[0], room, shown)

    def place(formula_height: float) -> dict[str, Box]:
        placed: dict[str, Box] = {}
        needs = replace(shown, rule_height=formula_height)
        for column, each in zip(columns, _split(room, needs, columns), strict=True):
            placed |= _stack(column, each, needs)
        return placed

    least = place(0.0)
    if "formula" not in least:
        return least

    def leaves_room(missing: int) -> bool:
        placed = place(rule_height - missing)
        race = [placed[name].width * placed[name].height for name in ("wireframe", "contour") if name in placed]
        return placed.keys() == least.keys() and (not race or sum(race) >= least_race)

    # The formula has the height that its rule needs, unless that leaves too little for the other panels.
    return place(rule_height - bisect_left(range(int(rule_height)), True, key=leaves_room))


def arrange_tiles(
    size: tuple[float, float], theme: Theme, aspects: tuple[float, float], count: int
) -> tuple[list[Box], Box | None]:
    """Return the boxes of `count` maps in rows, as large as `size` (width, height) allows, from its upper left.

    The width of a map divided by its height is between the `aspects`. There is room for a heading above each map, for
    tick labels under the last row, and for tick labels to the left of each row. If the last row has fewer maps, the
    box of what is left of it is returned, too.
    """
    width, height = size
    left, _, below = PANELS["contour"].around(theme)
    above, gap = heading_height(theme), theme.px(18)

    def tile(columns: int) -> tuple[float, float]:
        """Return the width and the height of a map in so many columns."""
        rows = -(-count // columns)
        across = max(1.0, (width - left - (columns - 1) * gap) / columns)
        high = max(1.0, (height - below - (rows - 1) * gap) / rows - above)
        aspect = min(max(across / high, aspects[0]), aspects[1])
        return min(across, high * aspect), min(across / aspect, high)

    columns = max(range(1, count + 1), key=lambda columns: tile(columns)[0] * tile(columns)[1])
    across, high = tile(columns)
    indent = (width - left - columns * across - (columns - 1) * gap) / 2 + left
    places = [divmod(index, columns) for index in range(count)]
    boxes = [
        Box(indent + column * (across + gap), above + row * (high + above + gap), across, high)
        for row, column in places
    ]
    free = -count % columns
    if not free:
        return boxes, None
    last = boxes[-1]
    return boxes, replace(last, left=last.left + across + gap, width=free * across + (free - 1) * gap)


def heading_lines(theme: Theme) -> int:
    """Return the number of lines above each of several maps: name and loss, in large pictures also the settings."""
    return 2 if theme.unit >= MIN_TWO_LINES else 1


def heading_height(theme: Theme) -> float:
    """Return the height of the heading above each of several maps."""
    return 1.6 * theme.text(15) + (1.3 * theme.text(13) if heading_lines(theme) == 2 else 0.0)


def _wanted(column: Sequence[Band], panels: Collection[str]) -> list[Band]:
    bands = [tuple(name for name in band if name in panels) for band in column]
    return [band for band in bands if band]


@dataclass(frozen=True)
class _Shown:
    """The values on which the needs of the panels depend.

    The picture has so many `racers`. It `has_more` panels than those of a race, and `is_roomy` if they take little
    room from it. `aspects` are the smallest and the largest width divided by height of some panels, and `rule_height`
    is the minimum height of the formula.
    """

    theme: Theme
    racers: int
    has_more: bool
    is_roomy: bool
    aspects: Mapping[str, tuple[float, float]]
    rule_height: float = 0.0

    def min_height(self, band: Band) -> float:
        """Return the minimum height of a band."""
        needs = {name: PANELS[name].min_height(self.theme, self.racers, self.is_roomy) for name in band}
        return max(needs.values()) if "formula" not in band else max(*needs.values(), self.rule_height)

    def full_width(self, name: str, height: float) -> float:
        """Return the maximum width that a contour or a map can fill, with what is around it."""
        left, above, below = PANELS[name].around(self.theme)
        return (height - above - below) * self.aspects[name][1] + left

    def full_height(self, name: str, width: float) -> float:
        """Return the maximum height that a contour or a map can fill, with what is around it."""
        left, above, below = PANELS[name].around(self.theme)
        return (width - left) / self.aspects[name][0] + above + below


def _split(room: Box, shown: _Shown, columns: Sequence[Sequence[Band]]) -> list[Box]:
    """Split a room into columns. The contour or map fills the height that the other bands of its column leave."""
    gap = shown.theme.px(COLUMN_GAP)
    across = room.width - gap * (len(columns) - 1)
    names = [{name for band in column for name in band} for column in columns]
    widths = [0.0] * len(columns)
    for index, column in enumerate(columns):
        domain = next((name for name in ("contour", "map") if name in names[index]), None)
        others = sum(shown.min_height(band) + shown.theme.px(BAND_GAP) for band in column if domain not in band)
        if domain is None:
            widths[index] = across * (OTHER_WIDTH if len(columns) == 2 else NARROW_OTHER_WIDTH)
        elif len(columns) > 1:
            # A map is the picture's main part. So is a contour without the surface.
            low, high = CONTOUR_WIDTHS if len(columns) == 2 else NARROW_CONTOUR_WIDTHS
            if domain == "map":
                low, high = MAP_WIDTHS
            if not any("wireframe" in each for each in names):
                low = high = LONE_CONTOUR_WIDTH
            widths[index] = min(max(shown.full_width(domain, room.height - others), across * low), across * high)
    filler = next((index for index, each in enumerate(names) if "wireframe" in each), 0)
    widths[filler] = across - sum(width for index, width in enumerate(widths) if index != filler)
    lefts = [room.left + sum(widths[:index]) + index * gap for index in range(len(columns))]
    return [replace(room, left=left, width=width) for left, width in zip(lefts, widths, strict=True)]


def _stack(column: Sequence[Band], room: Box, shown: _Shown) -> dict[str, Box]:
    """Place the bands of a column below each other, and drop bands for which there is no room."""
    gap = shown.theme.px(BAND_GAP)
    heights = {band: shown.min_height(band) for band in column}
    whole = room.height - gap * (len(column) - 1)
    shrink = min(1.0, whole / sum(heights.values()))
    droppable = [name for name in DROP_ORDER if any(name in band for band in column)]
    if shrink < MIN_SHRINK and len(column) > 1 and droppable:
        return _stack(_wanted(column, {name for band in column for name in band} - {droppable[0]}), room, shown)
    heights = {band: height * shrink for band, height in heights.items()}
    spare = whole - sum(heights.values())
    for band in column:
        if domain := next((name for name in ("contour", "map") if name in band), None):
            # It gets the height that it can fill, but only a part of the spare height if another panel needs it.
            full = shown.full_height(domain, (room.width - gap * (len(band) - 1)) / len(band))
            below_surface = any("wireframe" in other for other in column if other != band)
            share = 1.0
            if below_surface:
                share = SHARE_BELOW_SURFACE if len(band) == 1 else SHARE_BESIDE
            elif any("scoreboard" in other for other in column if other != band):
                share = DENSE_SHARE if shown.has_more else CONTOUR_SHARE
            more = max(0.0, min(full - heights[band], spare * share))
            heights[band] += more
            spare -= more
    candidates = [band for band in column if band not in DOMAIN_BANDS or len(column) == 1]
    filler = next((band for name in FILL_ORDER for band in candidates if name in band), None)
    if filler:
        heights[filler] += max(0.0, spare)
    boxes = {}
    top = room.top
    for band in column:
        left = room.left
        for name in band:
            share = PANELS[name].share / sum(PANELS[each].share for each in band)
            width = (room.width - gap * (len(band) - 1)) * share
            boxes[name] = _inside(name, Box(left, top, width, heights[band]), shown.theme)
            left += width + gap
        top += heights[band] + gap
    return boxes


def _stack_tiles(column: Sequence[Band], room: Box, shown: _Shown) -> dict[str, Box]:
    """Place the small contours, and the first other panel in a free cell or below them, if there is room."""
    size = room.width, room.height
    others = [name for band in column for name in band if name != "multiples"]
    if ("multiples",) not in column:
        return _stack(column, room, shown)
    boxes = {"multiples": room}
    if not others:
        return boxes
    tiles, free = arrange_tiles(size, shown.theme, shown.aspects["contour"], shown.racers)
    if free:
        top = room.top + free.top - heading_height(shown.theme)
        cell = Box(room.left + free.left, top, free.width, room.top + room.height - top)
        box = _inside(others[0], cell, shown.theme)
        if box.width >= MIN_CELL * shown.theme.min_text and cell.height >= MIN_SHRINK * shown.min_height((others[0],)):
            return boxes | {others[0]: box}
    below = PANELS["contour"].around(shown.theme)[2] + shown.theme.px(BAND_GAP)
    height = max(room.height - tiles[-1].top - tiles[-1].height - below, shown.min_height((others[0],)))
    rest = room.height - height
    tiles, _ = arrange_tiles((room.width, rest), shown.theme, shown.aspects["contour"], shown.racers)
    rows = len({tile.top for tile in tiles})
    if rows * tiles[0].height >= MIN_TILES * room.height:
        boxes["multiples"] = replace(room, height=rest)
        boxes[others[0]] = _inside(others[0], replace(room, top=room.top + rest, height=height), shown.theme)
    return boxes


def _inside(name: str, cell: Box, theme: Theme) -> Box:
    """Return the box of a panel's axes in a cell."""
    left, above, below = PANELS[name].around(theme)
    return Box(cell.left + left, cell.top + above, cell.width - left, cell.height - above - below)
