"""Films and the panels that they show."""

from threading import Thread

import numpy as np
import pytest

from animopt import UsageError
from animopt.drawing.layout import PANELS
from animopt.recording.timeline import Timeline
from animopt.video.film import PANEL_CLASSES, Film, Staging, shown_panels

SIZE = (320, 180)


@pytest.fixture
def shown(monkeypatch, make_film, ravine_race):
    """A function that returns the panels that a film with a staging draws."""

    def panels(**staging):
        drawn = {}
        for name, panel in PANEL_CLASSES.items():
            draw = panel.draw

            def noted(self, *arguments, name=name, draw=draw):
                drawn[name] = self
                return draw(self, *arguments)

            monkeypatch.setattr(panel, "draw", noted)
        timeline = Timeline(ravine_race.xy.shape[1] - 1, 1)
        film = Film(ravine_race, timeline, (1280, 720), 10, Staging(**staging))
        assert film.canvas()
        return film, drawn

    return panels


@pytest.mark.long
def test_panels_get_the_values_that_their_constructors_name(shown):
    names = ("wireframe", "contour", "loss", "state")
    film, panels = shown(caption="A caption", question="Which?", focus=2, panels=names)
    assert (panels["header"].caption, panels["header"].titled) == ("A caption", True)
    assert (panels["card"].caption, panels["card"].question) == ("A caption", "Which?")
    assert panels["state"].racer == 2
    assert len(panels["loss"].races) == 1
    for name in ("wireframe", "contour"):
        assert [moment.step for moment in panels[name].moments] == [moment.step for moment in film.timeline.samples]
    assert set(panels) == {"header", "card", *names}


@pytest.mark.long
def test_header_without_title(shown):
    _, panels = shown(titled=False, panels=("formula", "contour"), focus=1)
    assert (panels["header"].titled, panels["formula"].racer) == (False, 1)


@pytest.mark.parametrize(
    ("size", "staging", "left_out"),
    [
        ((480, 270), Staging(), {"multiples"}),
        ((270, 480), Staging(panels=("contour", "state", "loss")), {"state"}),
        ((320, 320), Staging(layout="contour-only"), {"wireframe", "scoreboard", "multiples"}),
        ((320, 180), Staging(panels=("multiples", "loss"), titled=False), {"loss"}),
    ],
)
@pytest.mark.sampled(1)
def test_shown_panels_are_those_that_the_picture_has(size, staging, left_out, ravine_race):
    film = Film(ravine_race, Timeline(ravine_race.last_step, 1), size, 10, staging)
    drawn = {axes.get_label() for axes in film.canvas().figure.axes} & set(PANELS)
    assert drawn == set(staging.panels) - left_out
    assert set(shown_panels([ravine_race], size, staging)) & set(PANELS) == drawn


def test_panels_need_no_values():
    for name, panel in PANEL_CLASSES.items():
        assert panel(), name


def test_panel_that_the_recording_does_not_support_is_refused(ravine_race):
    with pytest.raises(UsageError, match="panel 'map': the scene has none"):
        Film(ravine_race, Timeline(40, 1), SIZE, 10, Staging(panels=("map",)))


@pytest.mark.long
def test_threads_that_share_a_film_draw_the_frames_of_one(make_film, ravine_race):
    film, alone = make_film(ravine_race), make_film(ravine_race)
    frames = {}
    threads = [Thread(target=lambda index=index: frames.update({index: film.frame(index)})) for index in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index, frame in frames.items():
        assert np.array_equal(frame, alone.frame(index))
