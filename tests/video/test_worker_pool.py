"""Worker processes: the frames they draw, the memory they use, and their end."""

import os
import pickle
import signal
import subprocess
import sys
import time
from collections import deque
from concurrent.futures import Executor, ThreadPoolExecutor
from math import inf
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from animopt import Error, Output, Racer, Scene, UsageError
from animopt.core.processes import available_processors
from animopt.scene.batch import render_all
from animopt.scene.render import film_of, save_outputs
from animopt.video.frame_stream import FRAMES_AHEAD
from animopt.video.worker_pool import WorkerPool, drawing_executor

ROOT = Path(__file__).parents[2]
SMALL = (320, 180)
QUICK = ["--size", "320x180", "--seconds", "0.4", "--fps", "10"]

SCRIPT = """
print("the script runs")
from animopt import Output, Racer, Scene
scene = Scene(
    function=lambda x: (x ** 2).sum(), racers=[Racer("SGD", lr=0.125)], start=(-7, 2), steps=5, seconds=0.4
)
scene.save(Output("a.gif", (320, 180), 10), workers=2)
"""

SCENE = SCRIPT.partition("scene.save")[0]


def bowl(x):
    return (x[0] - 2) ** 2 / 4 + (x[1] - 1) ** 2


def scene(**changes):
    return Scene(**{"function": bowl, "racers": [Racer("SGD", lr=0.3)], "start": (-7, 6), "seconds": 2} | changes)


@pytest.fixture
def film(make_film, ravine_race):
    return make_film(ravine_race, seconds=2)


@pytest.fixture
def started(monkeypatch):
    """A list to which each process that is started adds itself."""
    processes = []

    class Watched(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            processes.append(self)

    monkeypatch.setattr(subprocess, "Popen", Watched)
    return processes


class RecordingPool(WorkerPool):
    """A pool that records the arguments of its tasks."""

    def __init__(self, count):
        super().__init__(count)
        self.arguments = []

    def submit(self, fn, /, *args):
        self.arguments.append(args)
        return super().submit(fn, *args)


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.sampled(1)
def test_number_of_workers_does_not_change_frames(film, count):
    here = [each.copy() for each in film.frames()]
    assert len(here) == len(film) == 20
    with WorkerPool(count) as workers:
        for one, other in zip(film.frames(workers), here, strict=True):
            assert np.array_equal(one, other)
    assert not np.array_equal(here[0], here[-1])


def test_worker_starts_no_process_to_share_memory(film):
    # Another test of this process may have started one.
    before = psutil.Process().children()
    with WorkerPool(1, "animopt.video.film") as workers:
        assert len(list(film.frames(workers))) == 20
        assert workers.submit(eval, "len(__import__('psutil').Process().children())").result() == 0
        started = [each.cmdline() for each in psutil.Process().children() if each not in before]
        assert "resource_tracker" not in str(started)


@pytest.mark.long
def test_frames_are_drawn_by_their_indices(film):
    with WorkerPool(2) as workers:
        for frame, index in zip(film.sample([13, 2, 2], workers), [13, 2, 2], strict=True):
            assert np.array_equal(frame, film.frame(index))
        assert list(film.sample([], workers)) == []


@pytest.mark.long
def test_thread_pool_draws_the_same_frames(film):
    with ThreadPoolExecutor(3) as threads:
        for frame, index in zip(film.frames(threads), range(20), strict=True):
            assert np.array_equal(frame, film.frame(index))


@pytest.mark.long
def test_workers_draw_films_of_several_races(scenes, tmp_path):
    import animopt

    turning = animopt.load_scene(scenes["rotating_ravine"])
    drawn = film_of(turning, Output("a.mp4", SMALL, 2))
    with WorkerPool(2) as workers:
        for frame, index in zip(drawn.frames(workers), range(len(drawn)), strict=True):
            assert np.array_equal(frame, drawn.frame(index))


@pytest.mark.long
def test_worker_does_not_import_torch(film):
    with WorkerPool(1, "animopt.video.film") as workers:
        assert len(list(film.frames(workers))) == 20
        loaded = workers.submit(eval, "set(__import__('sys').modules)").result()
    assert "animopt.video.film" in loaded
    assert not {name for name in loaded if name.partition(".")[0] == "torch"}


class Odd(torch.optim.SGD):
    """Has settings that only torch, or this file, can unpickle."""

    def __init__(self, params):
        super().__init__(params, lr=0.1)
        self.param_groups[0].update(
            dtype=torch.float64, hook=lambda: 0, pair=(torch.tensor(0.5), Odd), rate=np.float64(2)
        )


@pytest.mark.parametrize("name", ["ravine_race", "himmelblau_adam_basins", "regression_minibatch", "odd"])
def test_recording_is_unpickled_without_torch(scenes, record, tmp_path, name):
    recording = record(scenes[name]) if name in scenes else scene(racers=[Racer(Odd)]).record()
    if name == "odd":
        kept = recording.hyperparameters[0]
        assert (kept["dtype"], kept["pair"][0], kept["rate"], kept["lr"]) == ("torch.float64", 0.5, 2.0, 0.1)
    (tmp_path / "recording").write_bytes(pickle.dumps(recording))
    program = (
        "import sys; sys.modules['torch'] = None; import pickle; print(pickle.load(open('recording', 'rb')).names)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, repr(recording.names)), done.stderr


def environment():
    return os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}


@pytest.mark.long
def test_few_frames_are_drawn_ahead_by_workers(film):
    with RecordingPool(2) as workers:
        frames = film.frames(workers)
        assert not workers.arguments
        for taken, _ in enumerate(frames):
            assert len(workers.arguments) - taken <= 2 * FRAMES_AHEAD
        assert len(workers.arguments) == 20
        blocks, film_offsets, offsets, shapes, indices = (set(each) for each in zip(*workers.arguments, strict=True))
    assert indices == set(range(20))
    assert shapes == {(SMALL[1], SMALL[0], 3)}
    size = 3 * SMALL[0] * SMALL[1]
    assert offsets == {slot * size for slot in range(2 * FRAMES_AHEAD)}
    assert film_offsets == {2 * FRAMES_AHEAD * size}
    (block,) = blocks
    with pytest.raises(FileNotFoundError):
        block.open()


class LazyExecutor(Executor):
    """Counts pending tasks, and runs a task when its result is requested."""

    def __init__(self):
        self.waiting = deque()
        self.most = 0

    def submit(self, fn, /, *args):
        waiting, task = self.waiting, (fn, args)

        class Later:
            def result(self):
                waiting.remove(task)
                return fn(*args)

            def cancel(self):
                waiting.remove(task)

        waiting.append(task)
        self.most = max(self.most, len(waiting))
        return Later()


@pytest.mark.long
def test_few_frames_are_drawn_ahead_by_another_executor(make_film, ravine_race):
    long = make_film(ravine_race, seconds=50, fps=50)
    executor = LazyExecutor()
    frames = long.frames(executor)
    for _ in range(3):
        next(frames)
    assert 1 <= executor.most <= FRAMES_AHEAD * available_processors()
    frames.close()
    assert not executor.waiting


@pytest.mark.parametrize("how", ["script", "standard input"])
@pytest.mark.sampled(0, 1)
def test_script_without_main_guard_runs_once(tmp_path, how):
    (tmp_path / "script.py").write_text(SCRIPT)
    command, given = ([sys.executable, "script.py"], None) if how == "script" else ([sys.executable, "-"], SCRIPT)
    done = subprocess.run(
        command, cwd=tmp_path, input=given, env=environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "the script runs\n", "")
    assert (tmp_path / "a.gif").stat().st_size > 1000


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("no more")], ids=repr)
@pytest.mark.long
def test_error_while_saving_leaves_no_process(started, tmp_path, error):
    def progress(done, total):
        if done == 5:
            raise error

    with pytest.raises(type(error)):
        list(save_outputs(scene(), Output(tmp_path / "a.mp4", SMALL, 25), workers=2, progress=progress))
    # Two workers and an encoder. imageio-ffmpeg may have started a third process to test the encoder.
    assert len(started) >= 3
    assert all(process.poll() is not None for process in started)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_failed_race_leaves_no_process(started, tmp_path):
    with pytest.raises(Error, match="its start"):
        scene(function=lambda x: (x * np.nan).sum()).save(tmp_path / "a.mp4", workers=2)
    assert len(started) == 2
    assert all(process.poll() is not None for process in started)


@pytest.mark.long
def test_closed_iterator_leaves_no_process(started, tmp_path):
    outputs = [Output(tmp_path / "a.gif", SMALL, 10), Output(tmp_path / "b.gif", SMALL, 20)]
    saving = save_outputs(scene(), *outputs, workers=2)
    assert next(saving) == outputs[0].path
    saving.close()
    assert all(process.poll() is not None for process in started)
    assert list(tmp_path.iterdir()) == [outputs[0].path]


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill with signal 0 ends a process on Windows")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM] if sys.platform != "win32" else [])
@pytest.mark.long
def test_killed_caller_leaves_no_process(number):
    program = """
import os, time
from animopt.video.worker_pool import WorkerPool
workers = WorkerPool(1)
print(workers.submit(os.getpid).result(), flush=True)
workers.submit(time.sleep, 600)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment()) as caller:
        worker = int(caller.stdout.readline())
        os.kill(worker, 0)
        caller.send_signal(number)
    deadline = time.monotonic() + 60
    while alive(worker):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie has ended, although its parent has not read its exit code.
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


@pytest.mark.long
def test_executor_of_the_caller_stays_open(tmp_path):
    with WorkerPool(1) as workers:
        scene(seconds=0.4).save(Output(tmp_path / "a.mp4", SMALL, 10), workers=workers)
        assert workers.submit(abs, -3).result() == 3


def test_few_frames_start_no_worker(started, tmp_path):
    scene(seconds=0.4).save(Output(tmp_path / "a.mp4", SMALL, 10))
    assert started
    assert not [process for process in started if process.args[0] == sys.executable]


@pytest.mark.parametrize(("workers", "frames", "count"), [(None, 5, 0), (None, inf, 4), (0, inf, 0), (2, 1, 2)])
@pytest.mark.long
def test_number_of_workers_depends_on_the_number_of_frames(monkeypatch, workers, frames, count):
    monkeypatch.setattr("animopt.video.worker_pool.available_processors", lambda: 6)
    with drawing_executor(workers, frames) as executor:
        assert (executor.count if executor else 0) == count


@pytest.mark.parametrize("count", [-1, 1.5, "2"])
def test_invalid_number_of_workers_is_refused(count, tmp_path):
    with pytest.raises(UsageError, match=f"workers {count!r}: "):
        scene().save(tmp_path / "a.mp4", workers=count)


def test_dead_worker_fails_its_task_and_is_replaced():
    with WorkerPool(1) as workers:
        with pytest.raises(Error, match="workers 1: one ended with exit code 3; ") as caught:
            workers.submit(os._exit, 3).result()
        assert "\n" not in str(caught.value)
        assert workers.submit(abs, -3).result() == 3


@pytest.mark.long
def test_dead_worker_fails_the_clip(film):
    with WorkerPool(1) as workers:
        frames = film.frames(workers)
        next(frames)
        workers._workers[0]._process.kill()
        with pytest.raises(Error, match=r"workers 1: one (was ended by SIGKILL|ended with exit code)"):
            list(frames)


@pytest.fixture
def short_timeout(monkeypatch):
    """Shorten the timeout for processes without progress to a second."""
    monkeypatch.setattr("animopt.video.watchdog.CHECK_INTERVAL", 0.05)
    monkeypatch.setattr("animopt.video.watchdog.MAX_STALLED_CHECKS", 20)


PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {program!r}])
open({path!r}, "w").write(str(child.pid))
child.wait()
"""


@pytest.mark.long
def test_stopped_worker_is_ended_with_what_it_started(short_timeout, tmp_path):
    path = tmp_path / "child"
    with WorkerPool(1) as workers:
        number = workers.submit(os.getpid).result()
        waiting = workers.submit(exec, PARENT.format(program="import time; time.sleep(60)", path=str(path)))
        message = rf"workers 1: process {number} made no progress since \d\d:\d\d:\d\d and was ended; check whether"
        with pytest.raises(Error, match=message):
            waiting.result()
        assert not alive(int(path.read_text()))
        assert workers.submit(abs, -3).result() == 3
        psutil.Process(workers.submit(os.getpid).result()).suspend()
        with pytest.raises(Error, match=message.replace(str(number), r"\d+")):
            workers.submit(abs, -3).result()
        assert workers.submit(abs, -3).result() == 3


@pytest.mark.long
def test_worker_that_waits_for_computing_process_is_not_ended(short_timeout, tmp_path):
    program = "import time\nend = time.monotonic() + 4\nwhile time.monotonic() < end: pass"
    with WorkerPool(1) as workers:
        assert workers.submit(exec, PARENT.format(program=program, path=str(tmp_path / "child"))).result() is None


@pytest.mark.long
def test_exception_of_a_task_is_raised_with_its_traceback():
    with WorkerPool(1) as workers:
        with pytest.raises(ValueError, match="invalid literal") as caught:
            workers.submit(int, "x").result()
        assert "Traceback" in caught.value.__notes__[0]
        with pytest.raises(UsageError, match="theme 'pink'"):
            workers.submit(eval, "__import__('animopt.video.film').video.film.Staging(theme='pink')").result()
        with pytest.raises(pickle.PicklingError, match="pickle"):
            workers.submit(eval, "lambda: 0").result()
        with pytest.raises((AttributeError, pickle.PicklingError)):
            workers.submit(lambda: 0)
        assert workers.submit(abs, -3).result() == 3


def test_task_prints_to_standard_error_and_reads_nothing(capfd):
    with WorkerPool(1) as workers:
        assert workers.submit(print, "hello").result() is None
        assert workers.submit(eval, "__import__('os').write(1, b'there')").result() == 5
        assert workers.submit(eval, "__import__('sys').stdin.read()").result() == ""
    out, err = capfd.readouterr()
    assert out == ""
    assert "hello" in err
    assert "there" in err


def test_task_after_shutdown_is_refused():
    workers = WorkerPool(1)
    future = workers.submit(abs, -3)
    workers.shutdown()
    assert future.result() == 3
    with pytest.raises(RuntimeError, match="after shutdown"):
        workers.submit(abs, -3)


@pytest.mark.long
def test_failed_scene_does_not_stop_the_others(animopt_here, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "one.py").write_text(SCENE)
    (folder / "broken.py").write_text(f"{SCENE}\n1 / 0")
    (folder / "two_of_them.py").write_text(SCENE)
    done = animopt_here("all", "mine", "-o", "out", "--format", "gif", "--workers", "2", *QUICK)
    assert done.returncode == 1
    assert sorted(done.stdout.split()) == [str(Path("out", name)) for name in ("one.gif", "two-of-them.gif")]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"one.gif", "two-of-them.gif"}
    *lines, last = [line for line in done.stderr.splitlines() if "the script runs" not in line]
    assert sorted(line.partition(" ")[0] for line in lines) == ["1/3", "2/3", "3/3"]
    assert sum(line.endswith(": done") for line in lines) == 2
    assert any("broken: failed: " in line and "division by zero" in line for line in lines)
    assert last == "animopt: 1 of 3 scenes failed: broken"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing-like-it"], "there is no scene"),
        (["missing.py"], "missing.py: there is no such scene file"),
        (["--format", "avi", "one.py"], "suffix '.avi'"),
        (["one.py", "mine/one.py"], "rename one"),
        (["--workers", "0", "one.py"], "--workers"),
    ],
)
def test_misuse_of_all_is_reported_before_work(animopt_here, tmp_path, started, arguments, message):
    (tmp_path / "mine").mkdir()
    for path in (tmp_path / "one.py", tmp_path / "mine" / "one.py"):
        path.write_text(SCENE)
    done = animopt_here("all", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not started
    assert not (tmp_path / "renders").exists()


@pytest.mark.long
def test_thread_pool_renders_scenes(tmp_path):
    (tmp_path / "one.py").write_text(SCENE)
    outputs = [Output(tmp_path / "one.mp4", SMALL, 10)]
    with ThreadPoolExecutor(2) as threads:
        (rendered,) = render_all({"one": (tmp_path / "one.py", outputs)}, threads, {"seconds": 0.3})
    assert (rendered.name, rendered.paths, rendered.failure) == ("one", (tmp_path / "one.mp4",), "")


def test_outputs_of_many_scenes_are_checked_before_any_work(tmp_path):
    (tmp_path / "one.py").write_text("1 / 0")
    (tmp_path / "a.gif").touch(0o444)
    output = Output(tmp_path / "a.gif")
    # Without an executor, no scene can be rendered.
    (rendered,) = render_all({"one": (tmp_path / "one.py", [output])}, None)
    assert rendered.failure == f"{output.path}: is read-only; make it writable, or give another name"
    with pytest.raises(UsageError, match=r"a\.gif: is named twice"):
        next(render_all({name: (tmp_path / "one.py", [output]) for name in ("one", "two")}, None))


@pytest.mark.long
def test_dead_worker_fails_only_its_scene(tmp_path):
    (tmp_path / "one.py").write_text(SCENE)
    (tmp_path / "deadly.py").write_text("import os\nos.abort()")
    scenes = {
        name: (tmp_path / f"{name}.py", [Output(tmp_path / f"{name}.gif", SMALL, 10)]) for name in ("deadly", "one")
    }
    with WorkerPool(1) as workers:
        results = {rendered.name: rendered for rendered in render_all(scenes, workers, {"seconds": 0.3})}
    assert results["deadly"].failure.startswith("workers 1: one ")
    assert (results["one"].failure, results["one"].paths) == ("", (tmp_path / "one.gif",))


@pytest.mark.long
def test_warnings_of_a_scene_are_reported(tmp_path, animopt_here):
    (tmp_path / "wide.py").write_text(SCENE.replace("(-7, 2)", "(-70, 2)"))
    done = animopt_here("all", "wide.py", "--format", "gif", *QUICK)
    assert done.returncode == 0
    assert "animopt: warning: wide: start (-70.0, 2.0): outside" in done.stderr


@pytest.mark.parametrize(
    ("name", "full", "size", "fps"),
    [
        ("a.mp4", {}, (640, 360), 15),
        ("a.gif", {}, (400, 226), 10),
        ("a.mp4", {"size": (1082, 1080), "fps": 12}, (540, 540), 12),
        ("a.gif", {"size": (200, 200), "fps": 50}, (160, 160), 10),
    ],
)
def test_draft_has_half_the_size_and_a_low_rate(name, full, size, fps):
    draft = Output(name, **full, theme="dark").draft()
    assert (draft.path, draft.fps, draft.theme) == (Path(name), fps, "dark")
    assert draft.size == pytest.approx(size, abs=2)
    assert not any(side % 2 for side in draft.size)


@pytest.mark.long
def test_draft_option(animopt_here, tmp_path):
    (tmp_path / "one.py").write_text(SCENE)
    done = animopt_here("one.py", "--draft", "--seconds", "0.4", "--workers", "0", "-o", "a.gif")
    assert done.returncode == 0, done.stderr
    from PIL import Image

    with Image.open(tmp_path / "a.gif") as clip:
        assert (clip.size, clip.n_frames, clip.info["duration"]) == (Output("a.gif").draft().size, 4, 100)
    still = animopt_here("one.py", "--draft", "--still", "0.1")
    assert still.returncode == 2
    assert "--draft" in still.stderr
