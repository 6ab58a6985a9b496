"""Overlays are drawn on contour lines for the racer in focus, and in the layout "multiples" for each racer."""

import numpy as np
import pytest

from animopt import Racer, Scene, UsageError
from animopt.drawing.mpl import to_rgb
from animopt.drawing.theme import LIGHT
from animopt.functions import ravine
from animopt.scene.races import recordings, staging_of, timeline_of
from animopt.video.film import Film, Staging

RACERS = [Racer("SGD", lr=0.5), Racer("Adam", lr=0.5)]


def scene(**fields):
    return Scene(function=ravine, racers=RACERS, start=(-7, 2), overlays=["model"], **fields)


def canvas(scene):
    return Film(recordings(scene), timeline_of(scene), (640, 360), 25, staging_of(scene)).canvas()


def frame_with(scene, overlays, second=3.0):
    staging = staging_of(scene.replace(overlays=overlays))
    return Film(recordings(scene), timeline_of(scene), (640, 360), 25, staging).at(second)


@pytest.mark.parametrize("panels", [["contour"], ["multiples"]])
def test_overlay_is_in_the_frame(panels):
    raced = scene(panels=panels)
    assert (frame_with(raced, ["model"]) != frame_with(raced, [])).any()


def test_overlay_is_that_of_the_racer_in_focus():
    """The lines have the color of the racer."""
    for focus, racer in (("SGD", 0), ("Adam", 1)):
        raced = scene(panels=["contour"], focus=focus)
        changed = (frame_with(raced, ["model"]) != frame_with(raced, [])).any(axis=-1)
        colors = frame_with(raced, ["model"])[changed] / 255
        distances = [np.abs(colors - to_rgb(LIGHT.hue(each))).max(axis=1) for each in range(2)]
        assert (distances[racer] < 0.05).sum() > 20 > (distances[1 - racer] < 0.05).sum()


def test_unknown_overlay_is_refused():
    with pytest.raises(UsageError, match="overlay 'modell': unknown; use model, swarm"):
        Scene(function=ravine, racers=RACERS, start=(-7, 2), overlays=["modell"])


def test_overlay_without_contour_lines_is_refused():
    with pytest.raises(UsageError, match=r"^overlays \['model'\]: are drawn on contour lines; give panels 'contour'$"):
        scene(panels=["wireframe", "loss"])


def test_overlays_that_are_no_list_are_refused():
    with pytest.raises(UsageError, match=r"overlays .*: give a list, as overlays=\['model'\]"):
        Scene(function=ravine, racers=RACERS, start=(-7, 2), overlays="model")


def test_race_without_the_quantity_of_an_overlay_is_refused():
    raced = scene(panels=["contour"])
    race = raced.replace(overlays=[]).record()
    with pytest.raises(UsageError, match="overlay 'model': the race was recorded without its hessian"):
        Film(race, timeline_of(raced), (640, 360), 25, Staging(panels=("contour",), overlays=("model",)))
