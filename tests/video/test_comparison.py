"""Comparisons of races in one picture."""

import pickle

import numpy as np
import pytest

from animopt.drawing.mpl import Axes, Text
from animopt.drawing.theme import THEMES
from animopt.recording.timeline import Question, Timeline
from animopt.video.comparison import Comparison, part_boxes, shared_colors
from animopt.video.film import Film, Staging

FIXED = Staging(azimuth=200, elevation=40, turn=30)


@pytest.fixture(scope="module")
def quartic_race(record, scenes):
    """The recording of five racers on the quartic."""
    return record(scenes["quartic_race"])


@pytest.fixture(scope="module")
def both(ravine_race, quartic_race):
    """Two races on two surfaces."""
    return Comparison([ravine_race, quartic_race], Timeline(40, 1), (640, 300), 10, [FIXED, FIXED])


def axes_of(comparison, name):
    """Return the axes of a panel in each part."""
    return [axes for axes in comparison.canvas.figure.findobj(Axes) if axes.get_label() == name]


def texts_of(comparison, second):
    moving = comparison.canvas.moving_artists(*comparison._moments(second))
    return [artist.get_text() for artist in moving if isinstance(artist, Text)]


@pytest.mark.sampled(1)
def test_each_part_is_the_film_of_its_race(both, ravine_race, quartic_race):
    for left, race in ((0, ravine_race), (320, quartic_race)):
        alone = Film(race, both.timeline, (320, 300), 10, FIXED)
        for second in (0.0, 0.5, 1.0):
            # The line is in two columns of pixels. Positions in the right half are rounded in another way.
            part = both.at(second)[:, left + 2 : left + 318].astype(int)
            assert np.abs(part - alone.at(second)[:, 2:-2]).max() <= (4 if left else 0)
    frame = both.at(0.0)
    assert not np.array_equal(frame[150, 319:321], frame[150, 300:302])


@pytest.mark.long
def test_frames_of_another_process_have_the_chosen_camera_and_colors(ravine_race, quartic_race):
    alone = quartic_race.single(3)
    first = Comparison([ravine_race, alone], Timeline(40, 0.5), (400, 200), 10, [Staging()] * 2)
    again = pickle.loads(pickle.dumps(first))
    assert (len(again), again.size, again.channels) == (5, (400, 200), 3)
    assert np.array_equal(again.result_frame(), first.result_frame())
    assert {staging.turn for staging in first._stagings} <= {first.timeline.turn, -first.timeline.turn}
    assert first._stagings[0].turn == first._stagings[1].turn
    assert [staging.colors for staging in first._stagings] == [(0, 1, 2, 3, 4), (3,)]


@pytest.mark.long
def test_shorter_race_waits_at_its_end(make_film, ravine_race, record, scenes):
    short = record(scenes["ravine_adam"])
    comparison = Comparison([ravine_race.single(0), short], Timeline(40, 1), (640, 300), 10, [FIXED, FIXED])
    for second in (0.3, 0.5, 1.0):
        long_moment, short_moment, _ = comparison._moments(second)
        assert long_moment.step == comparison.timeline.moment(second).step
        assert short_moment.step == min(long_moment.step, short.last_step)
    assert "step 10 of 10" in texts_of(comparison, 1.0)


@pytest.mark.long
def test_races_on_one_surface_share_camera_window_and_axes(ravine_race):
    one, other = ravine_race.single(0), ravine_race.single(3)
    comparison = Comparison([one, other], Timeline(40, 0.5), (1280, 720), 10, [Staging()] * 2)
    first, second = comparison._stagings
    assert (first.azimuth, first.elevation, first.turn) == (second.azimuth, second.elevation, second.turn)
    for name in ("contour", "curves"):
        limits = [(*axes.get_xlim(), *axes.get_ylim()) for axes in axes_of(comparison, name)]
        assert len(limits) == 2
        assert limits[0] == pytest.approx(limits[1]), name


@pytest.mark.long
def test_axis_of_losses_has_the_steps_of_the_longest_race_on_the_surface(ravine_race, record, scenes):
    short = record(scenes["ravine_adam"])
    comparison = Comparison([ravine_race.single(0), short], Timeline(40, 0.5), (1280, 720), 10, [FIXED, FIXED])
    assert [axes.get_xlim() for axes in axes_of(comparison, "curves")] == [(0, 40), (0, 40)]


def test_races_on_two_surfaces_have_axes_of_their_own(both):
    windows = [axes.get_xlim() for axes in axes_of(both, "contour")]
    assert windows[0] != windows[1]


@pytest.mark.long
def test_question_is_shown_once_and_cards_in_each_part(both):
    timeline = Timeline(40, 2, card=0.4, question=Question("Which one wins?", seconds=0.8))
    staging = Staging(question="Which one wins?")
    comparison = Comparison(both.races, timeline, (640, 300), 10, [staging] * 2)
    asked = texts_of(comparison, timeline.second_of(0) + 0.4)
    assert asked.count("Which one wins?") == 1
    titles = texts_of(comparison, 0.02)
    assert [titles.count(race.title) for race in both.races] == [1, 1]
    (question,) = [text for text in comparison.canvas.figure.findobj(Text) if text.get_text() == "Which one wins?"][-1:]
    assert question.get_window_extent().x0 < 320 < question.get_window_extent().x1


@pytest.mark.parametrize(
    ("size", "count", "corners"),
    [
        ((1280, 720), 2, [(0, 0, 640, 720), (640, 0, 640, 720)]),
        ((720, 1280), 2, [(0, 0, 720, 640), (0, 640, 720, 640)]),
        ((721, 401), 4, [(0, 0, 360, 200), (360, 0, 361, 200), (0, 200, 360, 201), (360, 200, 361, 201)]),
    ],
)
def test_parts_cover_the_picture(size, count, corners):
    assert [(box.left, box.top, box.width, box.height) for box in part_boxes(size, count)] == corners


@pytest.mark.parametrize(
    ("parts", "indices"),
    [
        ([[("SGD", "SGD")], [("SGD", "SGD")]], [(0,), (0,)]),
        ([[("SGD", "SGD")], [("SGD", "Momentum")]], [(0,), (1,)]),
        ([[("SGD", "SGD"), ("SGD", "Momentum")], [("SGD", "Momentum")]], [(0, 1), (1,)]),
        ([[("SGD", "SGD lr 0.1"), ("SGD", "SGD lr 0.2")], [("SGD", "SGD")]], [(0, 1), (0,)]),
        ([[("SGD", "SGD")], [("SGD", "SGD lr 0.1"), ("SGD", "SGD lr 0.2")]], [(0,), (0, 1)]),
        ([[("Adam", "Adam")], [("SGD", "SGD"), ("Adam", "Adam")], [("SGD", "SGD")]], [(0,), (1, 0), (1,)]),
        ([[], [("Adam", "Adam")]], [(), (0,)]),
    ],
)
def test_equal_optimizers_share_an_index(parts, indices):
    assert shared_colors(parts) == indices


def test_theme_with_colors_of_other_racers():
    theme = THEMES["light"]
    other = theme.with_colors((3, 9))
    assert (other.hue(0), other.marker(0)) == (theme.hue(3), theme.marker(3))
    assert (other.hue(1), other.marker(1)) == (theme.hue(9), theme.marker(9))


def test_racers_with_an_order_keep_their_colors(both):
    races = both.races
    comparison = Comparison(races, both.timeline, (640, 300), 10, [Staging(ordered=True), Staging()])
    assert [staging.colors for staging in comparison._stagings] == [(), (0, 1, 2, 3, 4)]


@pytest.mark.long
def test_vector_still_has_the_texts_of_all_parts(both):
    file = both.still(0.5, ".svg", "how it was made").decode()
    assert "how it was made" in file
    assert np.array_equal(both.still(0.5, ".png"), both.at(0.5))


@pytest.mark.long
def test_heading_ends_in_its_part(ravine_race):
    alone = ravine_race.single(0)
    staging = Staging(panels=("wireframe", "contour", "formula", "loss"))
    comparison = Comparison([alone, alone], Timeline(40, 0.5), (640, 360), 10, [staging] * 2)
    for axes, right in zip(axes_of(comparison, "loss"), (320, 640), strict=True):
        headings = [text for text in axes.texts if text.get_text().startswith("loss")]
        assert headings
        assert all(text.get_window_extent().x1 <= right for text in headings)
