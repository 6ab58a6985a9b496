"""The panel draws the loss along the present step, and where the conditions of a line search are met."""

import numpy as np
import pytest

from animopt import Racer, Scene, UsageError
from animopt.drawing.artists import Markers, PixelArea, PixelLine
from animopt.drawing.canvas import Moment
from animopt.functions import rosenbrock
from animopt.scene.races import staging_of, timeline_of
from animopt.second_order import LineSearch
from animopt.video.film import Film, Staging

SIZE = (1280, 720)
RACERS = [Racer(LineSearch, c1=0.1, c2=0.5, name="Search"), Racer("SGD", lr=0.001), Racer("Adam", lr=0.05)]


def shown(step, focus="Search", racers=RACERS, size=SIZE, **fields):
    """The axes of the panel, its moving artists at a step, and the race."""
    raced = Scene(
        function=rosenbrock,
        racers=racers,
        start=(-1.2, 1),
        steps=6,
        panels=["contour", "ray"],
        focus=focus,
        **fields,
    )
    race = raced.record()
    film = Film(race, timeline_of(raced), size, 25, staging_of(raced))
    moving = film.canvas().moving_artists(Moment(step))
    axes = next(each for each in film.canvas().figure.axes if each.get_label() == "ray")
    return axes, [each for each in moving if each.axes is axes], race


def texts(artists):
    return [each.get_text() for each in artists if hasattr(each, "get_text")]


def fractions(axes, artist):
    box = axes.get_window_extent()
    return (np.asarray(artist.get_path().vertices) - box.p0) / box.size


@pytest.mark.long
def test_text_has_the_step_length():
    _, artists, race = shown(2.5)
    assert f"α = {race.states[0]['step_length'][3]:.3g}" in texts(artists)
    assert "α = 0.001" in texts(shown(2.5, "SGD")[1])
    assert not any("α" in each for each in texts(shown(2.5, "Adam")[1]))


@pytest.mark.long
def test_end_of_a_step_is_not_shown_before_the_racer_moves():
    _, artists, _ = shown(2)
    assert len([each for each in artists if isinstance(each, Markers)]) == 1
    assert texts(artists) == ["0"]


@pytest.mark.long
def test_head_is_at_the_ring_when_the_step_ends():
    axes, artists, race = shown(6)
    ring, head = (fractions(axes, each) for each in artists if isinstance(each, Markers))
    centers = [(each.min(axis=0) + each.max(axis=0)) / 2 for each in (ring, head)]
    assert centers[0] == pytest.approx(centers[1], abs=0.01)
    assert centers[0][0] == pytest.approx(1 / race.quantities["ray"][0, 5, -1, 0], abs=0.01)


@pytest.mark.long
def test_head_remains_in_the_axes_where_the_curve_leaves_them():
    for step in np.linspace(0, 6, 25):
        axes, artists, _ = shown(step, racers=[Racer(LineSearch, search="wolfe", name="Search")])
        for each in artists:
            if isinstance(each, Markers):
                low, high = np.array([(places := fractions(axes, each)).min(axis=0), places.max(axis=0)])
                assert (((low + high) / 2 > -0.01) & ((low + high) / 2 < 1.01)).all()


@pytest.mark.long
def test_tints_are_where_the_conditions_are_met():
    axes, artists, race = shown(1)
    parts, losses, slopes = race.quantities["ray"][0, 1].T
    decreasing = losses <= losses[0] + 0.1 * parts * slopes[0]
    admissible = decreasing & (abs(slopes) <= 0.5 * abs(slopes[0]))
    for artist, expected in zip(
        [each for each in artists if isinstance(each, PixelArea)], (decreasing, admissible), strict=True
    ):
        places = fractions(axes, artist)[:, 0]
        low, high = np.nanmin(places), np.nanmax(places)
        inside = parts[expected] / parts[-1]
        assert low == pytest.approx(inside[0], abs=0.01)
        assert high == pytest.approx(inside[-1], abs=0.01)


@pytest.mark.long
def test_line_of_sufficient_decrease_starts_at_the_curve():
    axes, artists, _ = shown(1)
    lines = [fractions(axes, each) for each in artists if isinstance(each, PixelLine)]
    curve = next(each for each in lines if len(each) == 161)
    dashes = lines[0]
    assert dashes[0] == pytest.approx(curve[0])
    known = dashes[np.isfinite(dashes[:, 0])]
    assert (np.diff(known[:, 1]) < 0).all()


def test_racer_that_does_not_move_has_no_curve():
    assert not shown(3, racers=[Racer("SGD", lr=0.001, start=(1, 1))], focus="")[1]


@pytest.mark.long
def test_heading_names_both_conditions_if_there_is_room():
    for size, lang, expected in (
        ((1920, 1080), "en", "loss along the step, – – decrease c1 = 0.1, dark: slope c2 = 0.5"),
        ((1920, 1080), "ko", "걸음을 따라 본 손실, – – 감소 c1 = 0.1, 진한 곳: 기울기 c2 = 0.5"),
        ((900, 506), "en", "loss, – – c1 = 0.1, dark: c2 = 0.5"),
        ((480, 270), "en", "loss along the step"),
    ):
        axes = shown(1, size=size, lang=lang)[0]
        assert expected in [each.get_text() for each in axes.texts]


def test_race_that_was_recorded_without_rays_is_refused(ravine_race):
    with pytest.raises(UsageError, match=r"^panel 'ray': the race was recorded without its ray; give it to the scene"):
        Film(ravine_race, timeline_of(Scene(function=rosenbrock, racers=RACERS)), SIZE, 25, Staging(panels=("ray",)))
