"""The part of the domain that a contour plot shows."""

from dataclasses import replace

import numpy as np
import pytest

from animopt import Racer, Scene, UsageError
from animopt.drawing.window import MARGIN, crop, race_window
from animopt.functions import himmelblau, ravine, rotated
from animopt.recording.recording import Surface

ASPECTS = [0.5, 1.0, 1.7, 3.0]


def race(start=(-7, 2), lr=0.1, steps=20, function=ravine):
    return Scene(function=function, racers=[Racer("SGD", lr=lr)], start=start, steps=steps, title="a race").record()


def trails(recording):
    points = np.vstack([path.xyz[:, :2] for path in recording.paths])
    return np.nanmin(points, axis=0), np.nanmax(points, axis=0)


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("start", [(-7, 2), (9.5, 4.8), (0.5, 0.1)], ids=str)
def test_window_shows_the_trails_large(start, aspect):
    recording = race(start)
    low, high = race_window([recording], 0, "race").corners(aspect)
    left, right = trails(recording)
    assert (low <= left).all()
    assert (high >= right).all()
    assert (low >= recording.surface.low).all()
    assert (high <= recording.surface.high).all()
    assert ((right - left) / (high - low)).max() >= 0.7


@pytest.mark.parametrize("aspect", ASPECTS)
def test_window_has_the_aspect_of_its_picture_as_far_as_the_domain_goes(aspect):
    window = race_window([race()], 0, "race")
    low, high = window.corners(aspect)
    smallest, largest = window.aspects
    assert window.aspect(high - low) == pytest.approx(min(max(aspect, smallest), largest))


def test_window_shows_the_minimum_near_the_end():
    recording = race(lr=0.6, steps=30)
    low, high = race_window([recording], 0, "race").corners(2)
    assert np.linalg.norm(recording.xy[0, -1]) > 1
    assert (low < 0).all()
    assert (high > 0).all()


def test_minimum_that_would_make_the_trails_small_is_left_out():
    recording = race(start=(-7, 0.1), steps=3)
    _, high = race_window([recording], 0, "race").corners(2)
    assert high[0] < 0


def test_margin_surrounds_the_trails():
    recording = race(lr=0.6, steps=30)
    low, _ = race_window([recording], 0, "race").corners(4)
    left, right = trails(recording)
    assert left[0] - low[0] >= 0.99 * MARGIN * (right - left)[0]


def test_racer_that_does_not_move_is_shown():
    still = Scene(function=ravine, racers=[Racer("SGD", lr=0.1)], start=(0, 0), steps=3, title="still").record()
    low, high = race_window([still], 0, "race").corners(1)
    assert (low < 0).all()
    assert (high > 0).all()


def test_domain_and_limits_are_shown_as_they_are():
    recording = race()
    low, high = race_window([recording], 0, "domain").corners(1)
    assert [*low, *high] == [*recording.surface.low, *recording.surface.high]
    window = race_window([recording], 0, ((-2, 2), (-1, 3)))
    low, high = window.corners(5)
    assert [*low, *high] == [-2, -1, 2, 3]
    assert window.aspects == (1, 1)


def test_races_on_one_domain_share_a_window():
    functions = [ravine, rotated(ravine, 40)]
    scene = Scene(function=functions, racers=[Racer("SGD", lr=0.3)], start=(-4, 2), steps=20, title="two")
    races = [scene.replace(function=function).record() for function in functions]
    corners = [np.array(race_window(races, index, "race").corners(1.5)) for index in (0, 1)]
    if (races[0].surface.low == races[1].surface.low).all():
        np.testing.assert_array_equal(*corners)
    for recording, (low, high) in zip(races, corners, strict=True):
        left, right = trails(recording)
        assert (low <= left).all()
        assert (high >= right).all()


def test_cropped_surface_is_close_to_the_function():
    recording = race(function=himmelblau, start=(1, 1), lr=0.01)
    low, high = np.array([2.6, 1.7]), np.array([3.3, 2.2])
    part = crop(recording.surface, low, high)
    assert min(part.z.shape) >= 100
    assert (part.low <= low).all()
    assert (part.high >= high).all()
    x, y = np.meshgrid(part.x, part.y)
    exact = (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2
    assert np.abs(part.z - exact).max() < 2e-4 * np.ptp(exact)


def test_sample_without_a_value_removes_only_its_neighbors():
    x = np.linspace(0, 1, 9)
    z = np.add.outer(x, x**2)
    z[4, 4] = np.nan
    part = crop(Surface(x, x, z, z), np.array([0.0, 0.0]), np.array([1.0, 1.0]))
    kept = np.isfinite(part.z)
    assert 0.5 < kept.mean() < 1
    assert kept[0].all()
    x, y = np.meshgrid(part.x, part.y)
    assert np.abs(part.z - (y + x**2))[kept].max() < 0.02


@pytest.mark.parametrize(
    ("view", "message"),
    [
        ("all", "view 'all': give 'race', 'domain', or limits, as view=((-2, 2), (-1, 3))"),
        (None, "view None: give 'race', 'domain', or limits, as view=((-2, 2), (-1, 3))"),
        ([(1, 2)], "view [(1, 2)]: give 'race', 'domain', or limits, as view=((-2, 2), (-1, 3))"),
        ([(2, 1), (0, 1)], "view [(2, 1), (0, 1)]: limits must ascend; give 'race', 'domain', or limits, as"),
        ([(20, 30), (0, 1)], "view ((20.0, 30.0), (0.0, 1.0)): shows nothing of function a ravine, whose x is"),
        ([("a", 3), (0, 1)], "view ('a', 3): give two numbers, as (-7, 2)"),
    ],
)
def test_wrong_view_is_refused(view, message):
    with pytest.raises(UsageError) as error:
        Scene(function=ravine, racers=[Racer("SGD", lr=0.1)], view=view)
    assert str(error.value).startswith(message), error.value


def test_limits_can_be_an_array():
    scene = Scene(function=ravine, racers=[Racer("SGD", lr=0.1)], view=np.array([[-2, 2], [-1, 3]]))
    assert scene.view == ((-2, 2), (-1, 3))


def test_scale_of_a_window_is_that_of_its_values():
    recording = race()
    window = race_window([recording, replace(recording)], 0, "race")
    low, high = window.corners(2)
    scale = window.scale(low, high)
    assert scale.max() < recording.surface.z.max()
    assert scale.size == 2 * crop(recording.surface, low, high).z.size
