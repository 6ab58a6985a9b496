"""The panel draws the angle of each racer to a direction over the logarithm of the step."""

import numpy as np
import pytest
from matplotlib.patches import Polygon

from animopt import Function, Racer, Scene
from animopt.classification import logistic
from animopt.drawing.artists import PixelLine
from animopt.drawing.mpl import to_hex
from animopt.drawing.theme import LIGHT
from animopt.scene.races import staging_of, timeline_of
from animopt.video.film import Film

STEPS = 100
RACERS = [Racer("SGD", lr=1.0), Racer("SGD", lr=0.3)]
CLASSIFIER = logistic([(1.0, 0.5), (0.2, 2.0), (-1.0, -0.3)], [1, 1, -1])


def plot(function, panel="angle", **fields):
    """The axes of the panel, and the moving artists at the end."""
    shown = Scene(function=function, racers=RACERS, start=(0, 0), steps=STEPS, panels=["contour", panel], **fields)
    film = Film(shown.record(), timeline_of(shown), (1280, 720), 25, staging_of(shown))
    moving = [*film.canvas().moving_artists(film.timeline.moment(shown.seconds))]
    axes = next(each for each in film.canvas().figure.axes if each.get_label() == panel)
    return shown.record(), axes, moving


def curve(axes, moving, racer):
    """The curve of a racer in the units of the axes."""
    (found,) = (
        artist.get_path().vertices
        for artist in moving
        if isinstance(artist, PixelLine)
        and artist.axes is axes
        and to_hex(artist.get_edgecolor()) == LIGHT.hue(racer)
        and len(artist.get_path())
    )
    return axes.transData.inverted().transform(found)


@pytest.mark.long
def test_curves_are_angles_over_the_logarithm_of_the_step():
    race, axes, moving = plot(CLASSIFIER)
    assert axes.get_xscale() == "log"
    assert axes.get_xlim() == (1, STEPS)
    for racer in (0, 1):
        steps, shown = curve(axes, moving, racer).T
        cosines = race.xy[racer, 1:] @ race.direction / np.linalg.norm(race.xy[racer, 1:], axis=1)
        expected = np.degrees(np.arccos(cosines))
        for step in (1, 2, 10, 100):
            at = np.abs(steps - step).argmin()
            assert steps[at] == pytest.approx(step, rel=0.05)
            assert shown[at] == pytest.approx(expected[step - 1], abs=0.3)


@pytest.mark.long
def test_ticks_have_degrees_and_whole_steps():
    _, axes, _ = plot(CLASSIFIER)
    axes.figure.canvas.draw()
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "10", "100"]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert "0°" in labels
    assert all(label.endswith("°") for label in labels)


@pytest.mark.parametrize(
    ("function", "lang", "expected"),
    [
        (CLASSIFIER, "en", "angle to the largest margin"),
        (CLASSIFIER, "ko", "최대 마진과의 각"),
        (Function(lambda p: (p[0] - 3) ** 2 + p[1], direction=(0, 5)), "en", "angle to (0, 1)"),
    ],
)
@pytest.mark.sampled(1)
def test_heading_names_the_direction(function, lang, expected):
    _, axes, _ = plot(function, lang=lang)
    assert expected in [text.get_text() for text in axes.texts]


@pytest.mark.long
def test_separators_are_lines_with_a_score_of_0():
    race, axes, moving = plot(CLASSIFIER, "separator")
    low, high = np.array([axes.get_xlim(), axes.get_ylim()]).T
    for racer in (0, 1):
        ends = curve(axes, moving, racer)
        np.testing.assert_allclose(ends @ race.xy[racer, -1], 0, atol=1e-9)
        # Both ends are at the edge of the axes.
        gaps = np.minimum(np.abs(ends - low), np.abs(ends - high)).min(axis=1)
        np.testing.assert_allclose(gaps, 0, atol=1e-9)
    box = axes.get_window_extent()
    assert box.width / (high[0] - low[0]) == pytest.approx(box.height / (high[1] - low[1]))
    assert any("largest margin" in text.get_text() for text in axes.texts)


@pytest.mark.long
def test_margin_is_a_band_up_to_the_nearest_point():
    race, axes, _ = plot(CLASSIFIER, "separator")
    (band,) = (each for each in axes.patches if isinstance(each, Polygon))
    products = band.get_xy() @ race.direction
    assert products.max() == pytest.approx(race.classes.margin(race.direction))
    assert products.min() == pytest.approx(-products.max())
    (middle,) = (each for each in axes.lines if each.is_dashed())
    np.testing.assert_allclose(np.column_stack(middle.get_data()) @ race.direction, 0, atol=1e-9)


@pytest.mark.long
def test_classifier_without_weights_has_no_separator():
    shown = Scene(function=CLASSIFIER, racers=RACERS, start=(0, 0), steps=STEPS, panels=["contour", "separator"])
    film = Film(shown.record(), timeline_of(shown), (1280, 720), 25, staging_of(shown))
    moving = film.canvas().moving_artists(film.timeline.moment(0))
    lines = [each for each in moving if isinstance(each, PixelLine) and each.axes.get_label() == "separator"]
    assert len(lines) == 2
    assert not any(len(each.get_path()) for each in lines)


@pytest.mark.long
def test_overlay_is_a_ray_from_the_origin():
    race, axes, _ = plot(CLASSIFIER, "contour", overlays=["direction"])
    (ray,) = (each for each in axes.lines if each.is_dashed())
    ends = np.column_stack(ray.get_data())
    assert ends[0].tolist() == [0, 0]
    np.testing.assert_allclose(ends[1] / np.linalg.norm(ends[1]), race.direction)
    assert (np.abs(ends[1]) > [axes.get_xlim()[1], axes.get_ylim()[1]]).any()
