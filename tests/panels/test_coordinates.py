"""The panel has the race at (x, y) and at √P (x, y), side by side or one above the other."""

import numpy as np
import pytest

from animopt import Racer, Scene
from animopt.functions import ravine
from animopt.scene.races import recordings, staging_of, timeline_of
from animopt.video.film import Film


def tiles(size, **fields):
    """The axes of the panel, of its two contours, and the race."""
    racers = [Racer("SGD", lr=0.9), Racer("Adam", lr=0.5)]
    scene = Scene(
        function=ravine,
        racers=racers,
        start=(-7, 2),
        preconditioner=((0.1, 0), (0, 2)),
        panels=["coordinates", "scoreboard"],
        **fields,
    )
    film = Film(recordings(scene), timeline_of(scene), size, 25, staging_of(scene))
    figure = film.canvas().figure
    panel = next(each for each in figure.axes if each.get_label() == "coordinates")
    return panel, panel.child_axes, recordings(scene)[0]


@pytest.mark.parametrize("size", [(1280, 720), (720, 720), (720, 1280), (640, 360)])
@pytest.mark.sampled(1)
def test_each_contour_shows_the_start_and_the_end_of_each_racer(size):
    panel, children, race = tiles(size)
    for child, shown in zip(children, (race, race.preconditioned.race), strict=True):
        box = child.get_window_extent()
        places = child.transData.transform(shown.xy[:, [0, -1]].reshape(-1, 2))
        assert ((places >= box.p0 - 1) & (places <= box.p1 + 1)).all()
        assert box.width * box.height > 0.05 * np.prod(size)
    first, second = (child.get_window_extent() for child in children)
    assert first.x1 < second.x0 or first.y0 > second.y1
    for text in panel.texts:
        extent = text.get_window_extent()
        assert extent.x0 >= 0
        assert extent.x1 <= size[0]


@pytest.mark.long
def test_units_are_equal_along_both_axes():
    _, children, _ = tiles((1280, 720))
    for child in children:
        box = child.get_window_extent()
        across, up = np.ptp(child.get_xlim()) / box.width, np.ptp(child.get_ylim()) / box.height
        assert across == pytest.approx(up, rel=0.01)


@pytest.mark.parametrize(
    ("lang", "headings"),
    [
        ("en", ["at (x, y): condition number 20", "at √P (x, y): condition number 1"]),
        ("ko", ["(x, y): 조건수 20", "√P (x, y): 조건수 1"]),
    ],
)
@pytest.mark.long
def test_headings_have_the_condition_numbers(lang, headings):
    panel, _, _ = tiles((1280, 720), lang=lang, title="Race")
    assert [text.get_text() for text in panel.texts] == headings
