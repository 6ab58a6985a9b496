"""The panel draws each direction on axes of its own, with the continuous limit as a dashed curve."""

import numpy as np
import pytest

from animopt import Racer, Scene, UsageError
from animopt.drawing.artists import PixelLine
from animopt.drawing.mpl import to_hex
from animopt.drawing.theme import LIGHT
from animopt.functions import himmelblau, ravine
from animopt.scene.races import staging_of, timeline_of
from animopt.video.film import Film, Staging

SIZE, STEPS = (1280, 720), 40


def scene(*racers, function=ravine, start=(-7, 2), **fields):
    return Scene(function=function, racers=racers, start=start, steps=STEPS, panels=["contour", "modes"], **fields)


def plot(shown, second=None):
    """The axes of the steep and of the flat direction, and the moving artists, by default at the end."""
    film = Film(shown.record(), timeline_of(shown), SIZE, 25, staging_of(shown))
    moving = [*film.canvas().moving_artists(film.timeline.moment(shown.seconds if second is None else second))]
    panel = next(each for each in film.canvas().figure.axes if each.get_label() == "modes")
    return panel.child_axes, moving


def lines(axes, moving, color):
    """The curves of a color on axes in the units of the axes."""
    found = [
        artist.get_path().vertices
        for artist in moving
        if isinstance(artist, PixelLine) and artist.axes is axes and to_hex(artist.get_edgecolor()) == color
    ]
    return [axes.transData.inverted().transform(each) for each in found if len(each)]


def heading(axes):
    return next(text.get_text() for text in axes.texts if text.get_text())


@pytest.mark.long
def test_curves_are_the_coordinates_and_the_limit_is_dashed_over_them():
    shown = scene(Racer("SGD", lr=0.4, momentum=0.9))
    (steep, flat), moving = plot(shown)
    path = shown.record().xy[0]
    for axes, places, curvature in ((steep, path[:, 1], 2.0), (flat, path[:, 0], 0.1)):
        (curve,) = lines(axes, moving, LIGHT.hue(0))
        assert curve[-1] == pytest.approx([STEPS, places[-1]], abs=0.02)
        assert curve[:, 1].max() == pytest.approx(places.max(), abs=0.05)
        (ghost,) = lines(axes, moving, LIGHT.ink)
        decay = 0.1 / 1.9
        frequency = np.sqrt(0.4 * curvature / 0.95 - decay**2)
        times = ghost[:, 0]
        expected = (
            places[0]
            * np.exp(-decay * times)
            * (np.cos(frequency * times) + (decay - 0.2 * curvature) / frequency * np.sin(frequency * times))
        )
        np.testing.assert_allclose(ghost[:, 1], expected, atol=0.02)
        assert times[-1] == pytest.approx(STEPS)
    assert heading(steep) == "steep direction, λ = 2, – – continuous limit"
    assert heading(flat) == "flat direction, λ = 0.1"


def test_limit_grows_with_the_race():
    (steep, _), moving = plot(scene(Racer("SGD", lr=0.4, momentum=0.9)), second=4)
    (curve,), (ghost,) = lines(steep, moving, LIGHT.hue(0)), lines(steep, moving, LIGHT.ink)
    assert 0 < curve[-1, 0] < STEPS
    assert curve[-1, 0] - 0.2 <= ghost[-1, 0] <= curve[-1, 0] + 1e-9


@pytest.mark.long
def test_racer_with_other_steps_has_no_limit():
    (steep, flat), moving = plot(scene(Racer("Adam", lr=0.5)))
    assert not lines(steep, moving, LIGHT.ink)
    assert heading(steep) == "steep direction, λ = 2"
    assert lines(flat, moving, LIGHT.hue(0))


@pytest.mark.long
def test_directions_at_different_minima_have_no_common_eigenvalue():
    racers = [Racer("SGD", lr=0.01, start=start, name=str(start)) for start in ((3.5, 2.5), (-3, 3))]
    (steep, flat), _ = plot(scene(*racers, function=himmelblau, start=(0, 0), lang="ko"))
    assert heading(steep) == "가파른 방향, – – 연속 극한"
    assert heading(flat) == "완만한 방향"


@pytest.mark.long
def test_only_the_lower_axes_count_the_steps():
    axes, _ = plot(scene(Racer("SGD", lr=0.4)))
    for each, counted in zip(axes, (False, True), strict=True):
        assert each.xaxis.get_tick_params()["labelbottom"] is counted
        assert ("step" in [text.get_text() for text in each.texts]) is counted
    upper, lower = (each.get_window_extent() for each in axes)
    assert upper.y0 > lower.y1
    assert upper.height == pytest.approx(lower.height)


def test_race_that_was_recorded_without_its_modes_is_refused(ravine_race):
    with pytest.raises(UsageError, match=r"^panel 'modes': the race was recorded without its modes; give it to"):
        Film(ravine_race, timeline_of(scene(Racer("SGD"))), SIZE, 25, Staging(panels=("modes",)))
