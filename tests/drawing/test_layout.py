"""Positions of the panels in pictures of any shape."""

from dataclasses import astuple
from itertools import combinations
from pathlib import Path

import pytest
from matplotlib.transforms import Bbox

from animopt.drawing.layout import (
    LAYOUTS,
    PANELS,
    arrange_panels,
    arrange_tiles,
    choose_layout,
    heading_height,
    layout_for_shape,
    panel_names,
    pixel_unit,
)
from animopt.drawing.theme import LIGHT
from animopt.recording.timeline import Timeline
from animopt.video.film import MAP_PANELS, PANEL_CLASSES, RACE_PANELS, Film, Staging

SIZES = [(480, 270), (1280, 720), (1080, 1080), (1080, 1920), (2560, 1080), (3840, 2160)]
# Every layout at every size, except for the tall and the ultra-wide ones in pictures of other shapes.
PICTURES = [
    (layout, size)
    for layout in LAYOUTS
    for size in SIZES
    if layout not in ("tall", "panorama") or layout_for_shape(*size) == layout
]
MIN_SIZE = 40
DATA_PANELS = tuple(panel for panel in PANELS if panel not in ("map", "tally"))
OTHER_SCENES = {
    panel
    for panel, drawn in PANEL_CLASSES.items()
    if hasattr(drawn, "quantity") or getattr(drawn, "needs", ["sample"])[0] != "sample"
}
EVERY_MAP_PANEL = ("wireframe", "contour", "map", "tally", "loss", "standings")
PLOTS = {"loss", "scoreboard", "fit", "separator", "angle", "sharpness", "modes", "rate", "ray", "swarm"}
"""Panels with axes of their own. Of more than three, some are dropped."""

SUBSETS = {
    subset
    for panels in (DATA_PANELS, EVERY_MAP_PANEL)
    for count in range(1, len(panels) + 1)
    for subset in combinations(panels, count)
    # Their places are beside those of the sharpness.
    if not {"rate", "ray", "modes", "separator", "angle"} & set(subset) or count in (1, 2, len(panels))
    # The scoreboard shows what the two others show.
    if "scoreboard" not in subset or not {"loss", "standings"} & set(subset)
}


def bounds(box):
    left, top, width, height = astuple(box)
    return Bbox.from_extents(left, top, left + width, top + height)


def overlap(one, other, tolerance=0.5):
    """Whether two boxes overlap by more than the tolerance."""
    shared = Bbox.intersection(one, other)
    return shared is not None and min(shared.width, shared.height) > tolerance


def inside(box, size, tolerance=0.5):
    """Whether a box lies in a picture."""
    low = min(box.x0, box.y0)
    return low >= -tolerance and box.x1 <= size[0] + tolerance and box.y1 <= size[1] + tolerance


@pytest.mark.parametrize("size", [(160, 1000), (160, 16384), (16384, 160)], ids=str)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_boxes_have_room_in_pictures_of_extreme_shapes(layout, size):
    theme = LIGHT.scaled(pixel_unit(*size), size)
    for panels in sorted(SUBSETS)[::20]:
        boxes = arrange_panels(size, theme, layout, panels, 1, 5)
        assert all(box.width > 0 and box.height > 0 for box in boxes.values()), panels


@pytest.mark.parametrize("aspect", [0.5, 1, 2])
@pytest.mark.parametrize("racers", [1, 5, 20])
@pytest.mark.parametrize(("layout", "size"), PICTURES, ids=str)
@pytest.mark.sampled(0, 12)
def test_boxes_of_any_panels_do_not_overlap(layout, size, racers, aspect):
    theme = LIGHT.scaled(pixel_unit(*size), size)
    for panels in sorted(SUBSETS):
        boxes = arrange_panels(size, theme, layout, panels, aspect, racers)
        wanted = {"header"} | (set(panels) & set(panel_names(layout)))
        # Panels that would be illegible are dropped, but never those that show the race.
        assert set(boxes) <= wanted, panels
        maps = {"contour", "wireframe", "multiples", "map"}
        # The small contours of several racers leave no room for those of other coordinates.
        maps |= set() if "multiples" in panels else {"coordinates"}
        assert set(boxes) & maps == wanted & maps, panels
        # Beside a map there is room only for the panels that belong to it.
        roomy = "map" not in panels or set(panels) <= set(MAP_PANELS)
        roomy &= len(PLOTS & set(panels)) <= 3
        if layout == layout_for_shape(*size) and min(size) >= 720 and roomy:
            # State and formula are the first to give way.
            assert wanted - {"state", "formula"} <= set(boxes), panels
        places = {name: bounds(box) for name, box in boxes.items()}
        for name, box in boxes.items():
            assert inside(places[name], size), (panels, name, box)
            # A single racer needs less height than any other panel.
            lowest = {"header": 1, "standings": 1, "scoreboard": 3, "state": 3.8}.get(name, 4) * theme.min_text
            assert box.width >= MIN_SIZE, (panels, name, box)
            assert box.height >= lowest, (panels, name, box)
        # Another panel may be in a free cell of the multiples.
        apart = set(places) - ({"multiples"} if layout == "multiples" else set())
        for one, other in combinations(sorted(apart), 2):
            assert not overlap(places[one], places[other]), (panels, one, other, boxes[one], boxes[other])


@pytest.mark.parametrize(
    ("size", "layout"),
    [
        ((1280, 720), "wide"),
        ((480, 270), "wide"),
        ((3840, 2160), "wide"),
        ((2560, 1080), "panorama"),
        ((1024, 768), "wide"),
        ((1080, 1080), "square"),
        ((1080, 1350), "square"),
        ((1080, 1920), "tall"),
    ],
    ids=str,
)
def test_each_shape_has_its_layout(size, layout):
    assert layout_for_shape(*size) == layout


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_multiples_without_a_contour_choose_their_layout(size):
    assert choose_layout("auto", size, ("multiples", "loss")) == "multiples"
    assert choose_layout("auto", size, RACE_PANELS) == layout_for_shape(*size)
    assert choose_layout("tall", size, ("multiples", "loss")) == "tall"


@pytest.mark.parametrize("size", [(390, 180), (1190, 430), (1000, 700), (1000, 1500), (400, 1600)], ids=str)
@pytest.mark.parametrize("aspect", [0.5, 1, 2])
@pytest.mark.parametrize("count", [1, 2, 5, 6, 12])
def test_tiles_have_one_size_and_are_as_large_as_possible(size, aspect, count):
    theme = LIGHT.scaled(1, (1280, 720))
    boxes, free = arrange_tiles(size, theme, (aspect, aspect), count)
    assert len(boxes) == count
    if free:
        assert inside(bounds(free), size)
        assert not any(overlap(bounds(free), bounds(box)) for box in boxes)
    places = [bounds(box) for box in boxes]
    for box, place in zip(boxes, places, strict=True):
        assert (box.width, box.height) == (boxes[0].width, boxes[0].height)
        assert box.width == pytest.approx(aspect * box.height, rel=0.02)
        assert inside(place, size)
        assert box.top >= heading_height(theme)
    for one, other in combinations(places, 2):
        assert not overlap(one, other)
    # No other number of columns has room for larger tiles, even without tick labels and headings.
    least = max(
        min(size[0] / columns, size[1] / -(-count // columns) * aspect) - 3.2 * theme.text(15) * (1 + aspect)
        for columns in range(1, count + 1)
    )
    assert boxes[0].width >= least


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_have_known_panels_once(layout):
    assert set(panel_names(layout)) <= set(PANELS)
    assert len(set(panel_names(layout))) == len(panel_names(layout))


@pytest.mark.parametrize("layout", ["wide", "panorama", "square", "tall"])
def test_full_layouts_have_every_panel_but_those_with_several_contours(layout):
    assert set(panel_names(layout)) == set(PANELS) - {"multiples", "coordinates"}


def test_room_of_an_omitted_panel_goes_to_others():
    theme = LIGHT.scaled(1, (1280, 720))
    without = set(RACE_PANELS) - {"scoreboard"}
    full, fewer = (arrange_panels((1280, 720), theme, "wide", panels, 1, 5) for panels in (RACE_PANELS, without))
    assert fewer["contour"].height > full["contour"].height


def drawn(axes):
    """The bounding box of the parts of a panel that do not move: its axes, tick labels and heading."""
    renderer = axes.figure.canvas.get_renderer()
    parts = [text for text in axes.texts if text.get_text() and text.get_visible() and not text.get_animated()]
    if axes.axison:
        parts += [axes.xaxis, axes.yaxis]
    boxes = [part.get_tightbbox(renderer) for part in parts]
    if axes.get_label() != "header":
        boxes.append(axes.get_window_extent())
    return Bbox.union([box for box in boxes if box is not None])


@pytest.mark.parametrize(
    ("stem", "panels"),
    [
        ("quartic_race", RACE_PANELS),
        ("regression_minibatch", tuple(panel for panel in DATA_PANELS if panel not in OTHER_SCENES)),
        ("edge_of_stability", (*RACE_PANELS, "sharpness")),
        ("critical_damping", (*RACE_PANELS, "modes")),
        ("line_search", ("contour", "ray", "standings")),
        ("implicit_bias", ("contour", "separator", "angle", "scoreboard")),
    ],
)
@pytest.mark.parametrize(("layout", "size"), PICTURES, ids=str)
@pytest.mark.sampled(1, 20)
def test_tick_labels_and_headings_do_not_overlap(layout, size, stem, panels, scenes, record):
    recording = record(scenes[stem])
    film = Film(recording, Timeline(20, 10), size, 25, Staging(layout=layout, panels=panels))
    places = {axes.get_label(): drawn(axes) for axes in film.canvas().figure.axes if axes.get_label() != "card"}
    for name, place in places.items():
        assert inside(place, size, tolerance=1), name
    # Another panel may be in a free cell of the multiples.
    apart = set(places) - ({"multiples"} if layout == "multiples" else set())
    for one, other in combinations(sorted(apart), 2):
        assert not overlap(places[one], places[other], tolerance=1.5), (one, other, places[one], places[other])


def test_every_panel_file_has_a_place_in_a_layout():
    files = {path.stem for path in (Path(__file__).parents[2] / "animopt" / "panels").glob("[!_]*.py")}
    assert files == set(PANEL_CLASSES)
    assert files - {"header", "card"} == set(PANELS)
    assert {name for layout in LAYOUTS for name in panel_names(layout)} == set(PANELS)
