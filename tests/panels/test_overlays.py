"""Overlays are drawn on contour lines for the racer in focus, and in the layout "multiples" for each racer."""

import numpy as np
import pytest

from animopt import Function, Racer, Scene, UsageError
from animopt.drawing.artists import PixelLine
from animopt.drawing.canvas import Moment
from animopt.drawing.mpl import to_rgb
from animopt.drawing.theme import LIGHT
from animopt.functions import quartic, ravine, rosenbrock, saddle
from animopt.panels.overlays.model import level_lines
from animopt.scene.races import recordings, staging_of, timeline_of
from animopt.second_order import TrustRegion
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
@pytest.mark.sampled(1)
def test_overlay_is_in_the_frame(panels):
    raced = scene(panels=panels)
    assert (frame_with(raced, ["model"]) != frame_with(raced, [])).any()


@pytest.mark.long
def test_overlay_is_that_of_the_racer_in_focus():
    """The lines have the color of the racer."""
    for focus, racer in (("SGD", 0), ("Adam", 1)):
        raced = scene(panels=["contour"], focus=focus)
        changed = (frame_with(raced, ["model"]) != frame_with(raced, [])).any(axis=-1)
        colors = frame_with(raced, ["model"])[changed] / 255
        distances = [np.abs(colors - to_rgb(LIGHT.hue(each))).max(axis=1) for each in range(2)]
        assert (distances[racer] < 0.05).sum() > 20 > (distances[1 - racer] < 0.05).sum()


def test_unknown_overlay_is_refused():
    with pytest.raises(UsageError, match="overlay 'modell': unknown; use anatomy, direction, model, swarm"):
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


def model(function, racer, start, **fields):
    """The film of a race with the overlay of its racer, and the axes of the contour."""
    raced = Scene(function=function, racers=[racer], start=start, panels=["contour"], overlays=["model"], **fields)
    film = Film(raced.record(), timeline_of(raced), (640, 360), 25, staging_of(raced))
    return film, next(each for each in film.canvas().figure.axes if each.get_label() == "contour")


def drawn_lines(film, axes, moment):
    """The points of each moving line in the units of the axes, the widest first if several have the same points."""
    lines = [each for each in film.canvas().moving_artists(moment) if isinstance(each, PixelLine)]
    places = [np.asarray(each.get_path().vertices) for each in lines]
    return [axes.transData.inverted().transform(each) for each in places if len(each)]


def matches(places, check):
    """Whether all known points of any of the lines fulfill a check."""
    known = [each[np.isfinite(each[:, 0])] for each in places]
    return any(len(each) > 20 and check(each) for each in known)


@pytest.mark.parametrize("step", [0, 3])
def test_model_is_the_level_line_through_the_racer_and_its_minimum(step):
    function = Function(lambda x: x[0] ** 2 + x[0] * x[1] + 3 * x[1] ** 2 + x[0], x=(-4, 4), y=(-4, 4))
    film, axes = model(function, Racer("SGD", lr=0.05), (2, -2), steps=4)
    race = Scene(function=function, racers=[Racer("SGD", lr=0.05)], start=(2, -2), steps=4).record()
    x, y = race.xy[0, step]
    bottom = np.linalg.solve([[2, 1], [1, 6]], [-1, 0])

    def value(points):
        return points[..., 0] ** 2 + points[..., 0] * points[..., 1] + 3 * points[..., 1] ** 2 + points[..., 0]

    # The function is its own model. The inner lines have a ninth and four ninths of its height.
    places = drawn_lines(film, axes, Moment(step, 0))
    low, high = value(bottom), value(np.array([x, y]))
    levels = {0: low + (high - low) / 9, 1: low + (high - low) * 4 / 9, 2: high}
    found = next(each for each in places if len(each) > 3 * 100)
    for index, part in enumerate(np.split(found, np.flatnonzero(np.isnan(found[:, 0])))[:3]):
        known = part[np.isfinite(part[:, 0])]
        np.testing.assert_allclose(value(known), levels[index], rtol=1e-6)
    assert any(np.allclose(np.nanmean(each, axis=0), bottom, atol=1e-6) for each in places)


def test_model_of_a_saddle_is_the_hyperbola_through_the_racer():
    film, axes = model(saddle, Racer("SGD", lr=0.05), (1, 0.5), steps=4)
    places = drawn_lines(film, axes, Moment(0, 0))
    near = [each[np.abs(each).max(axis=1) < 2] for each in places]
    assert matches(near, lambda points: np.allclose(points[:, 0] ** 2 - points[:, 1] ** 2, 0.75, atol=1e-6))


@pytest.mark.parametrize(
    ("function", "start"),
    [(lambda x: x[0] ** 2 + 0 * x[1], (1, 1)), (lambda x: -(x[0] ** 2) - x[1] ** 2, (0.2, 0.2))],
)
def test_model_without_a_stationary_point_or_with_a_maximum_has_no_lines(function, start):
    outline, minimum = level_lines(np.array(start), np.array([1.0, 0.5]), np.diag([-2.0, -2.0]))
    assert len(outline) == 0
    assert minimum is None
    model(Function(function), Racer("SGD", lr=0.05), start, steps=4)[0].at(1.0)


def test_trust_region_is_a_circle_with_the_recorded_radius():
    film, axes = model(rosenbrock, Racer(TrustRegion, radius=0.5), (-1.2, 1), steps=6)
    race = film._races[0]
    for step in (0, 2, 5):
        places = drawn_lines(film, axes, Moment(step + 0.4, 0))
        radius = race.states[0]["radius"][step]

        def is_circle(points, step=step, radius=radius):
            return np.allclose(np.linalg.norm(points - race.xy[0, step], axis=1), radius, rtol=1e-3)

        assert matches(places, is_circle)
    assert len(set(race.states[0]["radius"])) > 1


def test_racer_that_diverged_has_no_model():
    film, axes = model(quartic, Racer("SGD", lr=0.1), (-2, 2), steps=9)
    assert not [each for each in drawn_lines(film, axes, Moment(9, 0)) if len(each) > 300]
