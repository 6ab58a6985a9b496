"""The frames of a lecture."""

import pickle
from itertools import pairwise

import numpy as np
import pytest

from animopt.lecture.picture import MAX_RUN, LecturePicture, shot_of
from animopt.lecture.schedule import Warp

SIZE = (8, 4)


class Ramp:
    """A film whose pixels are its value plus the second."""

    def __init__(self, value):
        self.value = value

    def __reduce__(self):
        return Ramp, (self.value,)

    def at(self, second, out=None):
        out = np.empty((SIZE[1], SIZE[0], 3), dtype=np.uint8) if out is None else out
        out[...] = round(self.value + second)
        return out


def lecture(*parts, fade=0.8):
    """Return a lecture at 10 frames per second of parts (value, frames), or (value, frames, seconds of the film)."""
    shots = []
    for value, frames, *film in parts:
        length = frames / 10
        shots.append(shot_of(Ramp(value), frames, Warp((0, length), (0, film[0] if film else length))))
    return LecturePicture(shots, SIZE, 10, fade)


def levels(picture):
    return [int(picture.frame(index)[0, 0, 0]) for index in range(len(picture))]


def test_parts_follow_one_another():
    assert levels(lecture((10, 3), (100, 2), fade=0)) == [10, 10, 10, 100, 100]


def test_fade_goes_from_one_part_to_the_next():
    shown = levels(lecture((0, 20), (200, 20)))
    assert shown[:16] == [round(index / 10) for index in range(16)]
    assert shown[24:] == [200 + round(index / 10) for index in range(4, 20)]
    fade = shown[15:25]
    assert all(before < after for before, after in pairwise(fade))
    assert abs((fade[4] + fade[5]) / 2 - 101) < 2


def test_short_part_is_not_covered_by_its_fades():
    picture = lecture((0, 30), (100, 4), (200, 30))
    assert [len(picture.layers(index)) for index in range(28, 36)] == [2, 2, 2, 2, 2, 2, 2, 2]
    assert sum(len(picture.layers(index)) == 2 for index in range(64)) == 8


def test_runs_cover_all_frames_once():
    picture = lecture((0, 350), (50, 7), (100, 1), (150, 120))
    runs = picture.runs()
    assert [run.first for run in runs] == [0, *(run.end for run in runs[:-1])]
    assert runs[-1].end == len(picture)
    assert max(run.end - run.first for run in runs) == MAX_RUN


def test_only_runs_that_show_a_changed_part_have_other_keys():
    picture = lecture((0, 250), (50, 100, 10), (100, 250))
    shown = {run.key: {layer.shot for layer in picture.layers(run.first)} for run in picture.runs()}
    # The second part becomes slower and moves the third one.
    after = {run.key for run in lecture((0, 250), (50, 140, 10), (100, 250)).runs()}
    assert after & shown.keys() == {key for key, shots in shown.items() if shots in ({0}, {2})}


@pytest.mark.parametrize("changed", [{"size": (16, 4)}, {"fps": 20}, {"value": 1}])
def test_keys_depend_on_all_that_is_shown(changed):
    given = {"size": SIZE, "fps": 10, "value": 0} | changed
    shots = [shot_of(Ramp(given["value"]), 50, Warp((0, 5), (0, 5)))]
    other = LecturePicture(shots, given["size"], given["fps"], 0.8)
    assert not {run.key for run in lecture((0, 50)).runs()} & {run.key for run in other.runs()}


def test_frames_of_a_run_are_those_of_the_lecture():
    picture = lecture((0, 30), (100, 30))
    for run in picture.runs():
        for index, frame in enumerate(picture.frames(run.first, run.end), run.first):
            assert np.array_equal(frame, picture.frame(index))


def test_pickled_lecture_has_the_same_frames_and_keys():
    picture = lecture((0, 30), (100, 30))
    copy = pickle.loads(pickle.dumps(picture))
    assert copy.runs() == picture.runs()
    assert levels(copy) == levels(picture)
