"""The locator and the magnifier in the corners of a contour plot."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from animopt import Racer, Scene
from animopt.drawing.artists import head_size
from animopt.drawing.insets import CROWD_DISTANCE, OPENING, SAME_PLACE
from animopt.drawing.theme import LIGHT
from animopt.functions import ravine
from animopt.recording.timeline import Timeline
from animopt.video.film import Film, Staging


def race(*starts, lr=0.1, steps=20):
    racers = [Racer("SGD", lr=lr, start=start, name=f"racer {index}") for index, start in enumerate(starts)]
    return Scene(function=ravine, racers=racers, steps=steps, title="a race").record()


def film(recording, view="race", size=(640, 360)):
    return Film(recording, Timeline(recording.last_step, 4), size, 10, Staging(panels=("contour",), view=view))


def contour(film):
    (axes,) = (axes for axes in film.canvas().figure.axes if axes.get_label() == "contour")
    return axes


def inset(film, label):
    return next((each for each in contour(film).child_axes if each.get_label() == label), None)


def ends(film, recording):
    return contour(film).transData.transform(recording.xy[:, -1])


@pytest.mark.parametrize(("view", "located"), [("race", True), ("domain", False), (((-9, 9), (-5, 5)), False)], ids=str)
def test_locator_shows_the_part_of_the_domain(view, located):
    recording = race((-7, 2), lr=0.3, steps=4)
    drawn = film(recording, view)
    axes, locator = contour(drawn), inset(drawn, "locator")
    assert (locator is not None) == located
    if locator:
        assert [*locator.get_xlim(), *locator.get_ylim()] == [-10, 10, -5, 5]
        (frame,) = locator.patches
        np.testing.assert_allclose(frame.get_xy(), [axes.get_xlim()[0], axes.get_ylim()[0]])
        assert frame.get_width() == pytest.approx(np.ptp(axes.get_xlim()))
        assert np.diff(axes.get_xlim()) * np.diff(axes.get_ylim()) < 100


def test_heads_that_end_apart_are_not_magnified():
    assert inset(film(race((-7, 2), (7, 2), lr=0.05)), "magnifier") is None


def test_heads_that_end_at_the_same_place_are_not_magnified():
    recording = race((-7, 2), (-7, 2), lr=0.3)
    drawn = film(recording)
    apart = np.ptp(ends(drawn, recording), axis=0).max()
    assert apart <= SAME_PLACE * max(contour(drawn).get_window_extent().size)
    assert inset(drawn, "magnifier") is None


def test_heads_that_end_close_together_are_magnified():
    recording = race((-7, 2), (-7.4, 2), (8, 4), lr=0.1)
    drawn = film(recording, "domain")
    first, second, _ = ends(drawn, recording)
    assert np.linalg.norm(first - second) < CROWD_DISTANCE * head_size(LIGHT.scaled(0.5, (640, 360)))
    magnifier = inset(drawn, "magnifier")
    low, high = np.array([magnifier.get_xlim(), magnifier.get_ylim()]).T
    shown = ((low <= recording.xy[:, -1]) & (recording.xy[:, -1] <= high)).all(axis=1)
    assert shown.tolist() == [True, True, False]
    # Both heads are far from each other, and inside.
    pixels = magnifier.transData.transform(recording.xy[:2, -1])
    assert np.linalg.norm(pixels[0] - pixels[1]) > 2 * np.linalg.norm(first - second)
    # Units are equal on both axes.
    box = magnifier.get_window_extent()
    assert box.width / np.ptp(magnifier.get_xlim()) == pytest.approx(
        box.height / np.ptp(magnifier.get_ylim()), rel=0.02
    )


def test_magnifier_opens_at_the_end_and_covers_no_head():
    recording = race((-7, 2), (-7.4, 2), (8, 4), lr=0.1)
    drawn = film(recording, "domain")
    box = inset(drawn, "magnifier").get_window_extent()
    for head in ends(drawn, recording):
        assert not box.contains(*head)
    height = drawn.size[1]
    timeline = Timeline(recording.last_step, 4)

    def part(step):
        frame = drawn.at(timeline.second_of(step))
        return frame[round(height - box.y1) : round(height - box.y0), round(box.x0) : round(box.x1)].astype(int)

    before, early = part(0), part(recording.last_step * (OPENING[0] - 0.01))
    assert np.array_equal(before, early)
    # The contour lines below it are visible until then.
    assert before[8:-8, 8:-8].std(axis=(0, 1)).max() > 3
    assert (np.abs(part(recording.last_step) - before).max(axis=-1) > 20).mean() > 0.05


@pytest.mark.long
def test_frames_do_not_depend_on_their_order():
    recording = race((-7, 2), (-7.4, 2), (8, 4), lr=0.1)
    drawn = film(recording, "domain")
    in_order = [each.copy() for each in drawn.frames()]
    for index in reversed(range(len(drawn))):
        assert np.array_equal(drawn.frame(index), in_order[index]), index


def test_racer_with_fewer_steps_is_magnified_at_its_end():
    racers = [
        Racer("SGD", lr=0.1, start=(-7, 2), name="long"),
        Racer("SGD", lr=0.1, start=(-5.6, 0.3), name="short", steps=2),
        Racer("SGD", lr=0.1, start=(8, 4), name="far"),
    ]
    recording = Scene(function=ravine, racers=racers, steps=20, title="a race").record()
    drawn = film(recording, "domain")
    magnifier = inset(drawn, "magnifier")
    frame = drawn.at(4)
    for racer in (0, 1):
        x, y = magnifier.transData.transform(recording.xy[racer, -1])
        hue = np.array(to_rgb(LIGHT.hue(racer))) * 255
        assert np.abs(frame[round(drawn.size[1] - y), round(x)] - hue).max() < 3
