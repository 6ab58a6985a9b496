"""Races and clips made by threads, and by forks of a process, are the same as those made in sequence."""

import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_all_start_methods, get_context

import numpy as np
import pytest
import torch

from animopt import Output, Racer, Scene, load_scene
from animopt.functions import himmelblau, ravine

TIMEOUT = 60
GRID = np.random.default_rng(0).uniform(-5, 5, (2, 300, 300))

needs_fork = pytest.mark.skipif("fork" not in get_all_start_methods(), reason="this system does not fork")

SCENE = """from animopt import Racer, Scene
from helpers import FACTOR


def late(x):
    import helpers

    return (x ** 2).sum() * helpers.FACTOR


scene = Scene(function=late, racers=[Racer("SGD", lr=0.1)], start=(1, 1), title=str(FACTOR))
"""


class Jittery(torch.optim.SGD):
    """Draws from torch's random numbers in each step."""

    def step(self, closure=None):
        super().step(closure)
        with torch.no_grad():
            for each in self.param_groups[0]["params"]:
                each.add_(0.1 * torch.randn_like(each))


def jittery_race(seed):
    return Scene(function=ravine, racers=[Racer(Jittery, lr=0.1)], start=(-7, 2), steps=15, seed=seed)


def in_threads(function, arguments):
    with ThreadPoolExecutor(len(arguments)) as threads:
        return list(threads.map(function, arguments))


def in_fork(target):
    """Call a function in a fork of this process, and return the exit code of the fork."""
    process = get_context("fork").Process(target=target)
    process.start()
    process.join(TIMEOUT)
    if process.is_alive():
        process.kill()
        process.join()
        return "hangs"
    return process.exitcode


@pytest.mark.long
def test_races_in_threads_are_those_in_sequence():
    def race(seed):
        return jittery_race(seed).record().xy

    expected = [race(seed) for seed in range(6)]
    assert not np.array_equal(expected[0], expected[1])
    for one, other in zip(in_threads(race, range(6)), expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.long
def test_clips_saved_in_threads_are_those_in_sequence(tmp_path):
    def save(path):
        number = int(path.stem[-1])
        scene = jittery_race(number).replace(seconds=0.4, title=rf"Adam \(\frac{{{number}}}{{2}}\)")
        scene.save(Output(path, (320, 180), 5), workers=0, recipe=False)
        return path.read_bytes()

    expected = [save(tmp_path / f"{number}.gif") for number in range(3)]
    assert in_threads(save, [tmp_path / f"again-{number}.gif" for number in range(3)]) == expected


@pytest.mark.long
def test_scene_that_threads_share_is_raced_once(tmp_path):
    calls = []

    def counted(x):
        calls.append(threading.get_ident())
        return (x**2).sum()

    def still(number):
        scene.still(tmp_path / f"{number}.png", 0.5, (320, 180))

    scene = Scene(function=counted, racers=[Racer("SGD", lr=0.1)], start=(1, 1), steps=3)
    in_threads(still, range(4))
    assert len(set(calls)) == 1
    assert len({(tmp_path / f"{number}.png").read_bytes() for number in range(4)}) == 1


def test_scene_files_in_threads_import_their_own_neighbors(tmp_path, monkeypatch, write_files):
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    for factor in range(6):
        helpers = f"import time\ntime.sleep(0.01)\nFACTOR = {factor + 1}\n"
        write_files(tmp_path / str(factor), {"mine.py": SCENE, "helpers.py": helpers})

    def load(factor):
        scene = load_scene(tmp_path / str(factor) / "mine.py")
        return scene.title, scene.record().z[0, 0]

    assert in_threads(load, range(6)) == [(str(factor + 1), 2 * (factor + 1)) for factor in range(6)]


@needs_fork
def test_fork_after_a_race_races_again():
    expected = jittery_race(1).record().xy
    heights = himmelblau(GRID)

    def again():
        np.testing.assert_array_equal(jittery_race(1).record().xy, expected)
        np.testing.assert_array_equal(himmelblau(GRID), heights)

    assert in_fork(again) == 0


@needs_fork
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_fork_while_a_thread_races_races_too():
    started, finish = threading.Event(), threading.Event()

    def slow(x):
        started.set()
        assert finish.wait(2 * TIMEOUT)
        return (x**2).sum()

    scene, other = Scene(function=slow, racers=[Racer("SGD")], start=(1, 1), steps=1), jittery_race(1)
    with ThreadPoolExecutor(1) as threads:
        racing = threads.submit(scene.record)
        assert started.wait(TIMEOUT)
        code = in_fork(other.record)
        finish.set()
        racing.result()
    assert code == 0
