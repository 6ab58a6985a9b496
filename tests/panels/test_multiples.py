"""Small multiples: a contour for each racer, all at one moment."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from animopt import Output, Racer, Scene, Sweep, UsageError
from animopt.drawing.colors import ordered_theme
from animopt.drawing.theme import THEMES
from animopt.functions import quartic, ravine
from animopt.recording.timeline import Timeline
from animopt.scene.render import film_of
from animopt.video.film import Film, Staging

SIZES = [(480, 270), (1280, 720), (1080, 1080), (1080, 1920)]
RATES = [0.1, 0.3, 0.6, 0.95, 1.02]


def raced(count=5, function=ravine):
    racers = Sweep(Racer("SGD"), lr=[rate + index for index in range(3) for rate in RATES][:count])
    return Scene(function=function, racers=racers, start=(-7, 2), steps=12, title="rates").record()


@pytest.fixture(scope="module")
def sweep():
    return raced()


def film(recording, size=(1280, 720), **staging):
    return Film(recording, Timeline(12, 4), size, 10, Staging(**{"layout": "multiples", "ordered": True} | staging))


def panel(film):
    (axes,) = (axes for axes in film.canvas().figure.axes if axes.get_label() == "multiples")
    return axes


def pixels(film, frame, tile):
    """The part of a frame that a small contour takes."""
    box, height = tile.get_window_extent(), frame.shape[0]
    return frame[round(height - box.y1) : round(height - box.y0), round(box.x0) : round(box.x1)]


def has(part, color):
    """The number of pixels that nearly have a color."""
    return int((np.abs(part - np.array(to_rgb(color)) * 255) < 3).all(axis=-1).sum())


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.sampled(1)
def test_each_contour_shows_only_its_racer(sweep, size, theme):
    drawn = film(sweep, size, theme=theme)
    frame = drawn.at(4)
    tiles = panel(drawn).child_axes
    hues = ordered_theme(THEMES[theme], 5).hues
    assert len(tiles) == 5
    for racer, tile in enumerate(tiles):
        part = pixels(drawn, frame, tile)
        assert has(part, hues[racer]) >= 10, racer
        for other in {0, 2, 4} - {racer}:
            assert has(part, hues[other]) < 3, (racer, other)


@pytest.mark.parametrize("count", [1, 2, 7, 12])
@pytest.mark.parametrize("function", [ravine, quartic], ids=lambda function: function.name)
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.sampled(1, 8)
def test_up_to_twelve_racers_find_room(count, function, size):
    drawn = film(raced(count, function), size)
    axes = panel(drawn)
    boxes = [tile.get_window_extent() for tile in axes.child_axes]
    assert len(boxes) == count
    for box in boxes:
        assert box.width >= 40
        assert box.x0 >= axes.get_window_extent().x0
        assert box.y1 <= axes.get_window_extent().y1
    frame = drawn.at(2)
    assert all(pixels(drawn, frame, tile).std() > 3 for tile in axes.child_axes)


@pytest.mark.long
def test_frames_do_not_depend_on_their_order(sweep):
    drawn = film(sweep, (480, 270))
    in_order = [each.copy() for each in drawn.frames()]
    for index in np.random.default_rng(1).permutation(len(drawn)):
        assert np.array_equal(drawn.frame(index), in_order[index]), index
    assert np.array_equal(film(sweep, (480, 270)).frame(17), in_order[17])


def test_single_racer_keeps_its_data(sweep):
    alone = sweep.single(3)
    assert alone.names == ("lr 0.95",)
    assert alone.paths == (sweep.paths[3],)
    assert np.array_equal(alone.xy, sweep.xy[3:4])
    assert np.array_equal(alone.z[0], sweep.z[3])
    assert alone.surface is sweep.surface
    assert {len(alone.settings), len(alone.states), len(alone.steps), len(alone.evaluations)} == {1}


@pytest.mark.long
def test_all_contours_show_the_same_step(sweep):
    drawn = film(sweep)
    frames = drawn.at(0), drawn.at(1.5)
    for tile in panel(drawn).child_axes:
        assert (pixels(drawn, frames[0], tile) != pixels(drawn, frames[1], tile)).any()


@pytest.mark.long
def test_headings_show_names_and_losses(sweep):
    drawn = film(sweep)
    drawn.at(4)
    texts = [text.get_text() for text in panel(drawn).texts]
    assert set(sweep.names) <= set(texts)
    # On a quadratic function each coordinate is a geometric sequence.
    for rate in RATES:
        loss = (-7 * (1 - rate / 10) ** 12) ** 2 / 20 + (2 * (1 - 2 * rate) ** 12) ** 2
        assert f"{loss:.2f}" in texts


@pytest.mark.long
def test_heading_says_that_a_racer_diverged():
    recording = Scene(
        function=quartic, racers=Sweep(Racer("SGD"), lr=[0.001, 0.005, 0.05, 0.1, 1.0]), start=(1, 1.2)
    ).record()
    drawn = film(recording)
    drawn.at(4)
    assert "diverged" in [text.get_text().partition(" at ")[0] for text in panel(drawn).texts]


@pytest.mark.long
def test_small_pictures_remove_the_common_prefix_of_names():
    racers = Sweep(Racer("SGD", lr=0.1), start=[(x, 2) for x in range(-9, 3)])
    recording = Scene(function=quartic, racers=racers, steps=12).record()
    drawn = film(recording, (480, 270))
    texts = [text.get_text() for text in panel(drawn).texts]
    assert not any(text.startswith("from") for text in texts)
    assert "(−9, 2)" in texts


@pytest.mark.long
def test_only_outer_contours_have_tick_labels(sweep):
    drawn = film(sweep)
    # Five contours are in rows of three and two.
    left = [tile.yaxis.majorTicks[0].label1.get_visible() for tile in panel(drawn).child_axes]
    under = [tile.xaxis.majorTicks[0].label1.get_visible() for tile in panel(drawn).child_axes]
    assert left == [True, False, False, True, False]
    assert under == [False, False, False, True, True]


@pytest.mark.parametrize("size", [(640, 360), (800, 600), (1280, 720), (1080, 1080)])
@pytest.mark.sampled(1)
def test_tick_labels_of_neighbors_are_apart(scenes, record, size):
    drawn = film(record(scenes["ravine_sgd_lr"]), size)
    drawn.frame(0)
    boxes = [
        label.get_window_extent()
        for tile in panel(drawn).child_axes
        for label in tile.get_xticklabels()
        if label.get_visible() and tile.get_xlim()[0] <= label.get_position()[0] <= tile.get_xlim()[1]
    ]
    assert len(boxes) >= 4
    for one, other in combinations(boxes, 2):
        assert one.x1 + 2 < other.x0 or other.x1 + 2 < one.x0 or one.y1 < other.y0 or other.y1 < one.y0


@pytest.mark.long
def test_layout_adds_its_panels():
    scene = Scene(function=ravine, racers=Sweep(Racer("SGD"), lr=RATES), start=(-7, 2), layout="multiples")
    labels = [axes.get_label() for axes in film_of(scene, Output("a.mp4", (1280, 720), 25)).canvas().figure.axes]
    assert labels == ["header", "multiples", "scoreboard", "card"]


@pytest.mark.long
def test_panels_choose_their_layout():
    racers = Sweep(Racer("SGD"), lr=RATES)
    scene = Scene(function=ravine, racers=racers, start=(-7, 2), panels=("multiples",))
    labels = [axes.get_label() for axes in film_of(scene, Output("a.mp4", (1280, 720), 25)).canvas().figure.axes]
    assert labels == ["header", "multiples", "card"]


def test_layout_without_a_place_for_a_panel_is_refused():
    with pytest.raises(UsageError, match=r"panels \['multiples'\]: the layout 'wide' has none"):
        Staging(layout="wide", panels=("multiples",))
