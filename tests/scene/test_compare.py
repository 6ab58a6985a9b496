"""Comparisons of scenes."""

from math import inf

import numpy as np
import pytest
from PIL import Image

from animopt import Error, Limits, Output, Question, Racer, Scene, SlowMotion, UsageError, compare, load_scene
from animopt.drawing.mpl import Text
from animopt.functions import ravine, rotated
from animopt.scene.compare import comparison_of, race_reports
from animopt.scene.races import recordings

SMALL = (400, 200)


def make_scene(*racers, steps=10, **fields):
    given = racers or (Racer("SGD", lr=0.9),)
    return Scene(**{"function": ravine, "racers": list(given), "start": (-7, 2), "steps": steps, "seconds": 4} | fields)


LINE_SEARCH = Racer("LBFGS", line_search_fn="strong_wolfe")


def film(*scenes, clock="step", size=SMALL):
    return comparison_of(scenes, Output("clip.mp4", size, 10), clock)


@pytest.mark.parametrize("clock", ["step", "evaluations"])
def test_all_races_are_at_the_same_place_of_the_clock(clock):
    scenes = [make_scene(), make_scene(LINE_SEARCH, Racer("Adam", lr=0.9))]
    shown = film(*scenes, clock=clock)
    for second in np.linspace(0, 4, 21):
        moments = shown._moments(second)[:2]
        for moment, scene, race in zip(moments, scenes, shown.races, strict=True):
            recorded = recordings(scene)[0]
            now = int(shown.timeline.moment(second).step)
            assert int(moment.step) == min(now, race.last_step)
            for racer in range(len(race.names)):
                spent = recorded.evaluations[racer]
                step = now if clock == "step" else spent.searchsorted(now, side="right") - 1
                step = min(step, recorded.last_step)
                assert race.z[racer, int(moment.step)] == recorded.z[racer, step]


def test_timeline_covers_the_longest_race_and_has_the_fields_of_the_first_scene():
    first = make_scene(
        card=0.5, question=Question("Which?", step=3, seconds=0.5), slow=[SlowMotion(2, 4)], loop="seamless"
    )
    timeline = film(first, make_scene(steps=25)).timeline
    assert (timeline.steps, timeline.seconds, timeline.card, timeline.loop) == (25, 4, 0.5, "seamless")
    assert timeline.question.step == 3
    assert timeline.moment(timeline.result_second).step == pytest.approx(25)


@pytest.mark.long
def test_question_and_slow_motion_are_at_the_gradients_of_their_steps():
    scene = make_scene(
        Racer("LBFGS", lr=0.5, max_iter=3),
        question=Question("Which?", step=2),
        slow=[SlowMotion(1, 3), SlowMotion(30, 40)],
    )
    counts = recordings(scene)[0].evaluations[0]
    timeline = film(scene, make_scene(), clock="evaluations").timeline
    assert timeline.question.step == counts[2] > 2
    assert (timeline.slow[0].first, timeline.slow[0].last) == (counts[1], counts[3])
    endless = make_scene(slow=[SlowMotion(3, inf)])
    assert film(endless, make_scene(), clock="evaluations").timeline.slow == [SlowMotion(3, inf)]


@pytest.mark.long
def test_events_have_the_second_at_which_the_comparison_shows_them():
    scenes = make_scene(), make_scene(Racer("LBFGS", lr=0.5, max_iter=3))
    for clock in ("step", "evaluations"):
        timeline = film(*scenes, clock=clock).timeline
        for scene, report in zip(scenes, race_reports(compare(*scenes, clock=clock)), strict=True):
            assert report["title"] == recordings(scene)[0].title
            counts = recordings(scene)[0].evaluations[0]
            for event in report["events"]:
                place = event["step"] if clock == "step" else counts[event["step"]]
                assert event["second"] == pytest.approx(timeline.second_of(place), abs=1e-3)


@pytest.mark.long
def test_saved_clip_and_still(tmp_path):
    pair = compare(make_scene(), make_scene(Racer("Adam", lr=0.9))).replace(seconds=1)
    pair.save(Output(tmp_path / "both.gif", SMALL, 4), workers=0)
    assert (tmp_path / "both.gif").read_bytes()[:6] == b"GIF89a"
    pair.still(tmp_path / "both.png", at=0.5, size=SMALL, theme="dark")
    with Image.open(tmp_path / "both.png") as picture:
        assert picture.size == SMALL
        assert max(picture.getpixel((0, 0))) < 50
    assert pair.seconds == 1


@pytest.mark.parametrize(
    ("scenes", "message"),
    [
        ((make_scene(),), "scenes 1: a comparison shows 2 or 4 scenes; give 2 or 4"),
        ((make_scene(),) * 3, "scenes 3: a comparison shows 2 or 4 scenes; give 2 or 4"),
        ((make_scene(), "ravine-sgd"), "scene 'ravine-sgd': is no scene; give scenes, as compare"),
        (
            (make_scene(), make_scene(function=[rotated(ravine, angle) for angle in (0, 30)])),
            "scene 2 'SGD on a ravine.*': has 2 functions, and a comparison shows one race of each scene; "
            "give a scene with one function",
        ),
        (
            (make_scene(), make_scene(lang="ko")),
            "scene 2 .*: is in Korean, and the first one in English; give all scenes one language, as lang='en'",
        ),
    ],
)
def test_scenes_that_cannot_be_compared(scenes, message):
    with pytest.raises(UsageError, match=message):
        compare(*scenes)


def test_unknown_clock():
    with pytest.raises(UsageError, match="clock 'gradients': unknown; use step, evaluations"):
        compare(make_scene(), make_scene(), clock="gradients")


def test_panels_that_count_steps_are_refused_with_another_clock():
    scene = make_scene(LINE_SEARCH, panels=("contour", "formula"))
    with pytest.raises(UsageError, match=r"scene 2 .*: 'formula' shows one step after another"):
        film(make_scene(), scene, clock="evaluations")
    assert film(make_scene(), make_scene(panels=("contour", "formula")), clock="evaluations").races[1].clock != "step"


@pytest.mark.long
def test_anatomy_of_several_gradients_counts_steps(scenes):
    pair = [load_scene(scenes[stem]) for stem in ("sharpness_aware", "nesterov_look_ahead")]
    with pytest.raises(UsageError, match=r"scene 1 .*: 'anatomy' shows one step after another, .*; use the clock 'st"):
        film(*pair, clock="evaluations")


@pytest.mark.long
def test_map_counts_steps(scenes):
    scene = load_scene(scenes["ravine_lr_momentum_map"])
    with pytest.raises(
        UsageError, match="scene 1 'ravine-lr-momentum-map': its map counts steps; use the clock 'step'"
    ):
        film(scene, make_scene(), clock="evaluations")


def test_limits_of_each_scene_hold(tmp_path):
    pair = compare(make_scene(), make_scene(limits=Limits(frames=5)))
    with pytest.raises(UsageError, match="frames 40: more than 5"):
        pair.save(Output(tmp_path / "both.gif", SMALL, 10))
    with pytest.raises(UsageError, match="still 9: give a second of the clip, 0 to 4"):
        pair.still(tmp_path / "both.png", at=9)


def test_scene_file_is_not_replaced(tmp_path):
    file = tmp_path / "one.py"
    file.write_text(
        "from animopt import Racer, Scene\nscene = Scene(function=lambda x: x @ x, racers=[Racer('SGD', lr=0.1)], "
        "start=(1, 1), seconds=1)\n",
        encoding="utf-8",
    )
    (tmp_path / "both.gif").symlink_to(file)
    with pytest.raises(Error, match=r"is the same file as .*one.py, which is read"):
        compare(load_scene(file), make_scene()).save(tmp_path / "both.gif")


@pytest.mark.long
def test_picture_says_what_is_counted():
    shown = film(make_scene(), make_scene(LINE_SEARCH), clock="evaluations")
    artists = shown.canvas.moving_artists(*shown._moments(4))
    assert "gradient 10 of 10" in [artist.get_text() for artist in artists if isinstance(artist, Text)]
