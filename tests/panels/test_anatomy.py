"""The overlay draws the arrows of the current step where the recording has them, and a key that covers no trail."""

import numpy as np
import pytest

from animopt import Function, Racer, Scene, UsageError
from animopt.drawing.artists import Markers
from animopt.drawing.canvas import Moment
from animopt.drawing.mpl import Rectangle, to_hex
from animopt.drawing.theme import LIGHT, THEMES
from animopt.panels.overlays.anatomy import Anatomy
from animopt.scene.races import recordings, staging_of, timeline_of
from animopt.video.film import Film

bowl = Function(lambda x: x[0] ** 2 / 4 + x[1] ** 2, x=(-4, 3), y=(-2, 3), name="bowl")
NESTEROV = Racer("SGD", lr=0.2, momentum=0.8, nesterov=True)


def scene(*racers, **fields):
    return Scene(
        **{"function": bowl, "start": (-3, 2), "steps": 8, "panels": ["contour"], "overlays": ["anatomy"]} | fields,
        racers=racers,
    )


def canvas(scene, size=(1280, 720)):
    return Film(recordings(scene), timeline_of(scene), size, 25, staging_of(scene)).canvas()


def arrows(canvas, step, color):
    """Return the outlines (points, 2) in pixels of the arrows with a color while a step is made."""
    return [
        each.get_path().vertices
        for each in canvas.moving_artists(Moment(step))
        if isinstance(each, Markers)
        and to_hex(each.get_facecolor(), keep_alpha=True) == f"{color}ff"
        and len(each.get_path())
    ]


@pytest.mark.parametrize("name", ["light", "dark", "print"])
def test_arrows_have_the_length_of_the_parts_of_the_step(name):
    theme, raced = THEMES[name], scene(NESTEROV, theme=name)
    recording, drawn = raced.record(), canvas(raced)
    (axes,) = (each for each in drawn.figure.axes if each.get_label() == "contour")
    gradient = -0.2 * recording.gradients[0, 2]
    velocity = np.diff(recording.xy[0], axis=0)[2] - gradient
    for color, start, vector in (
        (theme.arrows[1], recording.xy[0, 2], gradient),
        (theme.arrows[0], recording.xy[0, 2] + gradient, velocity),
        (theme.ink, recording.xy[0, 2], gradient + velocity),
    ):
        tail, tip = axes.transData.transform([start, start + vector])
        (outline,) = arrows(drawn, 2.5, to_hex(color))
        assert np.linalg.norm(outline - tip, axis=1).min() < 1e-6
        assert np.linalg.norm(outline[[0, -2]].mean(axis=0) - tail) < 1e-6


def test_arrows_of_the_last_step_remain():
    drawn = canvas(scene(NESTEROV))
    ends = [arrows(drawn, step, to_hex(LIGHT.arrows[1])) for step in (7.5, 8)]
    np.testing.assert_array_equal(*ends)


def test_each_racer_has_its_arrows_in_multiples():
    raced = scene(Racer("SGD", lr=0.2, momentum=0.8), NESTEROV, panels=["multiples"])
    assert len(arrows(canvas(raced), 2.5, to_hex(LIGHT.arrows[1]))) == 2


@pytest.mark.parametrize("size", [(1280, 720), (720, 720), (800, 450), (720, 1280)])
@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.sampled(2)
def test_key_covers_no_trail_and_no_arrow(size, lang):
    raced = scene(Racer("SGD", lr=0.2, momentum=0.8), NESTEROV, panels=["multiples"], lang=lang)
    recording, drawn = raced.record(), canvas(raced, size)
    keys = 0
    for racer, axes in enumerate(each for each in drawn.figure.findobj() if each.get_label() == "multiple"):
        points = axes.transData.transform(recording.xy[racer])
        for key in axes.findobj(Rectangle):
            box = key.get_window_extent()
            if axes.patch is key or box.width > 0.9 * axes.get_window_extent().width:
                continue
            keys += 1
            assert not any(box.contains(*point) for point in points)
    assert keys == 2


def test_insets_do_not_cover_the_key():
    raced = scene(NESTEROV, function=Function(bowl.loss, x=(-30, 30), y=(-20, 20), name="bowl"))
    drawn = canvas(raced)
    (axes,) = (each for each in drawn.figure.axes if each.get_label() == "contour")
    (locator,) = (each for each in axes.child_axes if each.get_label() == "locator")
    (reserved,) = Anatomy().reserved(axes, raced.record(), LIGHT, 0)
    inset = locator.get_window_extent()
    distance = np.abs(reserved[:2] - [(inset.x0 + inset.x1) / 2, (inset.y0 + inset.y1) / 2])
    assert (distance > (reserved[2:] + np.array(inset.size)) / 2).any()


def test_steps_that_cannot_be_taken_apart_are_refused():
    with pytest.raises(UsageError, match=r"^overlay 'anatomy': the steps of racer Adam cannot be taken apart; use SGD"):
        canvas(scene(Racer("Adam", lr=0.1)))
