"""The camera is chosen so that the surface hides no racer and little of the trails."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

import animopt
from animopt import Racer, Scene, UsageError
from animopt.drawing.viewpoint import ELEVATIONS, CameraSweep, ScaledSurface, choose_sweep
from animopt.functions import ravine
from animopt.recording.timeline import Timeline
from animopt.scene.races import recordings, staging_of, timeline_of
from animopt.video.film import Film, Staging

MOMENTS = 60


def both_ways(timeline):
    return timeline.turn, -timeline.turn


def hidden_shares(recording, timeline, sweep):
    """Return whether each head is hidden, (moments, racers), and the share of all trails' length that is hidden."""
    scaled = ScaledSurface(recording.surface)
    heads, trails = [], []
    for second in np.linspace(0, timeline.seconds, MOMENTS + 1):
        moment = timeline.moment(second)
        camera = sweep.camera(moment)
        points = [scaled.to_camera(path.passed(moment.step)) for path in recording.paths]
        ends = scaled.to_camera(np.array([path.head(moment.step) for path in recording.paths]))
        heads.append(scaled.field.hidden(ends, camera))
        lengths = np.concatenate([np.linalg.norm(np.diff(each, axis=0), axis=1) for each in points])
        hidden = np.concatenate([scaled.field.hidden(each, camera)[1:] for each in points])
        known = np.isfinite(lengths)
        trails.append(float((lengths * hidden)[known].sum() / max(lengths[known].sum(), 1e-12)))
    return np.array(heads), np.array(trails)


@pytest.fixture(scope="module")
def measured():
    """The measures of each scene. The worst scene of each measure is printed, which `pytest -n 0 -s` shows."""
    found = {}
    yield found
    for measure in next(iter(found.values()), ()):
        worst = max(found, key=lambda scene: found[scene][measure])
        print(f"\n{measure}: at most {found[worst][measure]:.1%}, in {worst}", end="")


@pytest.mark.sampled(2, 20)
def test_no_head_and_little_of_the_trails_is_hidden_in_any_scene(scene_file, record, measured):
    scene = animopt.load_scene(scene_file)
    recording, timeline = record(scene_file), timeline_of(scene)
    if timeline.races > 1:
        pytest.skip("the next test checks it")
    if "wireframe" not in scene.panels:
        pytest.skip("the scene does not show the surface")
    sweep = choose_sweep([recording], timeline.samples, both_ways(timeline))
    heads, trails = hidden_shares(recording, timeline, sweep)
    measured[scene_file.stem] = {
        "part of the clip in which a head is hidden": heads.mean(axis=0).max(),
        "part of the last second in which a head is hidden": heads[-round(MOMENTS / timeline.seconds) :].mean(),
        "part of the trails that is hidden in the last third": trails[2 * MOMENTS // 3 :].max(),
    }
    assert heads.mean(axis=0).max() <= 0.05, (sweep, heads.mean(axis=0))
    assert not heads[-round(MOMENTS / timeline.seconds) :].any(), sweep
    assert trails[2 * MOMENTS // 3 :].max() <= 0.1, (sweep, trails)


@pytest.mark.long
def test_no_head_is_hidden_on_a_function_that_turns(scenes):
    scene = animopt.load_scene(scenes["rotating_ravine"])
    races, timeline = recordings(scene), timeline_of(scene)
    sweep = choose_sweep(races, timeline.samples, both_ways(timeline))
    for second in np.linspace(0, timeline.seconds, MOMENTS + 1):
        moment = timeline.moment(second)
        scaled = ScaledSurface(races[moment.race].surface)
        ends = np.array([path.head(moment.step) for path in races[moment.race].paths])
        assert not scaled.field.hidden(scaled.to_camera(ends), sweep.camera(moment)).any(), second


def test_view_of_the_lecture_notebook_would_hide_every_head(ravine_race):
    timeline = Timeline(40, 10)
    heads, trails = hidden_shares(ravine_race, timeline, CameraSweep(200, timeline.turn, 38))
    assert heads[-1].all()
    assert trails[-1] > 0.8


def test_given_values_are_kept_and_the_others_are_chosen(ravine_race):
    timeline = Timeline(40, 10)

    def choose(*given, turns=()):
        return choose_sweep([ravine_race], timeline.samples, turns or both_ways(timeline), *given)

    free = choose()
    assert abs(free.turn) == timeline.turn
    assert free.elevation in ELEVATIONS
    assert choose(123.0).azimuth == 123
    assert choose(None, 33.0).elevation == 33
    assert choose(turns=[-20.0]).turn == -20
    assert choose(10.0, 20.0, turns=[30.0]) == CameraSweep(10, 30, 20)
    assert choose_sweep([replace(ravine_race, names=(), paths=())], timeline.samples, [80.0]).elevation == 38


def test_seamless_loop_turns_once_around(ravine_race):
    timeline = Timeline(40, 10, loop="seamless")
    sweep = choose_sweep([ravine_race], timeline.samples, both_ways(timeline))
    assert abs(sweep.turn) == 360
    first, last = (sweep.camera(timeline.moment(second)) for second in (0, 10))
    assert first == last


@pytest.mark.long
def test_film_keeps_its_camera_when_it_is_pickled(ravine_race):
    film = Film(ravine_race, Timeline(40, 1), (320, 180), 10)
    again = pickle.loads(pickle.dumps(film))
    assert np.array_equal(again.at(1), film.at(1))
    other = Film(ravine_race, Timeline(40, 1), (320, 180), 10, Staging(azimuth=20, elevation=70, turn=0))
    assert not np.array_equal(other.at(1), film.at(1))


@pytest.mark.long
def test_camera_of_a_scene_is_drawn():
    scene = Scene(function=ravine, racers=[Racer("SGD", lr=0.1)], start=(-7, 2), steps=3, seconds=1)
    frames = []
    for turn in (0, 90):
        turning = scene.replace(azimuth=200, elevation=38, turn=turn)
        staging = staging_of(turning)
        assert (staging.azimuth, staging.elevation, staging.turn) == (200, 38, turn)
        frames.append(Film(recordings(turning), timeline_of(turning), (320, 180), 10, staging).at(1))
    assert not np.array_equal(*frames)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"azimuth": "north"}, "azimuth 'north': give degrees up to 36000, as azimuth=200"),
        ({"azimuth": float("nan")}, "azimuth nan: give degrees up to 36000, as azimuth=200"),
        ({"elevation": 90}, "elevation 90: give 10 to 80 degrees, as elevation=38"),
        ({"elevation": -5}, "elevation -5: give 10 to 80 degrees, as elevation=38"),
        ({"turn": "left"}, "turn 'left': give degrees up to 36000, as turn=-80, or 0"),
        ({"turn": 90, "loop": "seamless"}, "turn 90: a seamless loop turns around once; give 360, -360 or 0"),
    ],
)
def test_wrong_camera_is_refused_in_one_line(fields, message):
    with pytest.raises(UsageError) as caught:
        Scene(function=ravine, racers=[Racer("SGD", lr=0.1)], start=(-7, 2), **fields)
    assert str(caught.value) == message
