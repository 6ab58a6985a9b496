"""The header: the title, and at its right the step, or what distinguishes a race from the others of its clip."""

from itertools import combinations

import pytest
from matplotlib.text import Text

from animopt import Function, Racer, Scene
from animopt.functions import ravine, rotated, sphere
from animopt.recording.timeline import Timeline
from animopt.scene.races import recordings
from animopt.video.film import Film, Staging

SIZE = 960, 540
UNNAMED = Function(lambda x: x[0] ** 2 + x[1] ** 2)


def film(functions, lang="en"):
    """Return a film of a race on several functions with only its contour lines."""
    races = recordings(Scene(function=functions, racers=[Racer("SGD", lr=0.1)], start=(-3, 2), steps=5, lang=lang))
    return Film(races, Timeline(5, 4, races=len(races)), SIZE, 10, Staging(panels=("contour",)))


def shown(film, second):
    """Return the visible texts of the header, by their words."""
    moment = film.timeline.moment(second)
    film.at(second)
    canvas = film.canvas(moment.race)
    (header,) = (axes for axes in canvas.figure.axes if axes.get_label() == "header")
    moving = [each for each in canvas.moving_artists(moment) if isinstance(each, Text) and each.axes is header]
    still = [each for each in header.texts if not each.get_animated()]
    return {each.get_text(): each for each in (*still, *moving) if each.get_text()}


@pytest.mark.long
def test_angle_is_in_place_of_the_step_and_larger():
    turning = film([rotated(ravine, degrees) for degrees in (0, 30, -127.5)])
    first, last = shown(turning, 0), shown(turning, 4)
    assert "step 0 of 5" in first
    assert "−127.5°" not in first
    angle, title = last["−127.5°"], last["SGD on a ravine, turned by 0°"]
    assert not [words for words in last if "step" in words]
    assert angle.get_fontsize() > title.get_fontsize()
    assert angle.get_window_extent().x1 == pytest.approx(first["step 0 of 5"].get_window_extent().x1, abs=4)
    boxes = [text.get_window_extent() for text in last.values()]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    assert first["SGD on a ravine, turned by 0°"].get_fontsize() == title.get_fontsize()


@pytest.mark.parametrize(
    ("functions", "lang", "names"),
    [
        ([sphere, ravine], "en", ["the sphere", "a ravine"]),
        ([sphere, ravine], "ko", ["구 함수", "골짜기"]),
        ([ravine, rotated(ravine, 5)], "en", ["a ravine", "a ravine, turned by 5°"]),
        ([rotated(sphere, 5), rotated(ravine, 5)], "en", ["the sphere, turned by 5°", "a ravine, turned by 5°"]),
        ([sphere, UNNAMED], "en", ["function 1 of 2", "function 2 of 2"]),
        ([UNNAMED, UNNAMED], "ko", ["함수 1/2", "함수 2/2"]),
    ],
)
@pytest.mark.sampled(2)
def test_functions_that_are_no_rotations_of_one_are_named_or_numbered(functions, lang, names):
    made = film(functions, lang)
    assert [race.difference for race in made._races] == names
    assert names[1] in shown(made, 4)


def test_race_on_one_function_has_only_its_step():
    made = film([ravine])
    assert [race.difference for race in made._races] == [""]
    assert "step 5 of 5" in shown(made, 4)
