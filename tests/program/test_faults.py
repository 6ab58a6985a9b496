"""Faults while a file is made: the encoder, the disk, a worker, a signal; what was there before is there whole.

The command runs in a process of its own, with the real encoder, in a fork of one that has torch already, where
something goes wrong at a moment that is always the same; see driver.py.
"""

import functools
import inspect
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import imageio_ffmpeg
import psutil
import pytest
from PIL import Image, ImageSequence

import animopt
from animopt import Error, Output
from animopt.core.atomic_files import MAX_FOREIGN_AGE, remove_stale_folders, temporary_folder
from animopt.core.processes import machine_id
from animopt.core.signals import INTERRUPTED
from animopt.scene.render import save_outputs
from animopt.video.encoder import Writer
from animopt.video.formats import FORMATS

if os.name == "posix":
    import pty

ROOT = Path(__file__).parents[2]
WINDOWS = sys.platform == "win32"
OLD = b"what was there before"
SCENE = """
from animopt import Racer, Scene
scene = Scene(function=lambda x: (x ** 2).sum(), racers=[Racer("SGD", lr=0.125)], start=(-7, 2), steps=4, seconds=0.6)
"""
SMALL = ["--size", "160x160", "--fps", "10", "--workers", "0"]
FRAMES = 6

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="the driver forks")

WRITE = "animopt.video.encoder:Writer.write"
CLOSE = "animopt.video.encoder:Writer.close"
FINISH = "animopt.video.encoder:Writer.finish"
STARTED = {"at": "animopt.video.ffmpeg:Ffmpeg.__enter__", "after": True}
PALETTE = STARTED | {"match": "palettegen"}
DECODER = STARTED | {"match": "progress"}
RACE = {"at": "animopt.scene.scene:record"}
FIRST, MIDDLE, LAST = ({"at": WRITE, "time": time} for time in (0, FRAMES // 2, FRAMES - 1))
CLOSING = {"at": CLOSE, "after": True}
MOVING = {"at": "animopt.core.atomic_files:move"}
MOVED = MOVING | {"after": True}


class Driver:
    """A process that has torch, and does in forks of itself what the command does."""

    def __init__(self):
        requests, self._requests = os.pipe()
        self._answers, answers = os.pipe()
        command = [sys.executable, str(Path(__file__).with_name("driver.py")), str(requests), str(answers)]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
        self._process = subprocess.Popen(
            command, pass_fds=(requests, answers), env=environment, stdin=subprocess.DEVNULL
        )
        os.close(requests)
        os.close(answers)
        self._lines = os.fdopen(self._answers)

    def ask(self, **asked):
        os.write(self._requests, f"{json.dumps(asked)}\n".encode())
        return json.loads(self._lines.readline())

    def close(self):
        os.close(self._requests)
        self._process.wait()
        self._lines.close()


@pytest.fixture(scope="session")
def driver():
    """The process that does what the command does."""
    driver = Driver()
    yield driver
    driver.close()


class Desk:
    """A folder to write to, with old files in it, a temporary folder, and what the command does there."""

    def __init__(self, driver, place):
        self.driver = driver
        self.place = place
        self.folder = place / "out"
        self.temporary = place / "temporary"
        self.old = {}
        self.sessions = []
        for each in (self.folder, self.temporary):
            each.mkdir()
        (place / "scene.py").write_text(SCENE)

    def keep(self, *names):
        """Have old files, or folders of a frame, where new ones are to be written."""
        for name in names:
            path = self.folder / name
            if name.endswith("/"):
                path.mkdir()
                path /= "frame-0000.png"
            path.write_bytes(OLD)
            self.old[path.relative_to(self.folder).as_posix()] = OLD

    def start(self, *words, scene="../scene.py", options=SMALL, **asked):
        """Let the command begin; a function that waits for its end."""
        number = len(list(self.place.glob("stderr*")))
        stdout, stderr = self.place / f"stdout{number}", self.place / f"stderr{number}"
        asked.setdefault("folder", str(self.folder))
        asked["environment"] = {"TMPDIR": str(self.temporary)} | asked.get("environment", {})
        words = [*([scene] if scene else []), *words, *options]
        pid = self.driver.ask(words=words, stdout=str(stdout), stderr=str(stderr), **asked)
        self.sessions.append(pid)

        def finish(patience=100):
            code = self.driver.ask(ended=pid, patience=patience)
            self.no_process_is_left(pid)
            return SimpleNamespace(pid=pid, code=code, stdout=stdout.read_text(), stderr=stderr.read_text())

        finish.pid, finish.stderr = pid, stderr
        return finish

    def run(self, *words, **asked):
        return self.start(*words, **asked)()

    def no_process_is_left(self, session):
        """Whatever the command started is gone, or goes at once: nobody waits for it."""
        deadline = time.monotonic() + 30
        while left := [each for each in psutil.process_iter() if self._is_ours(each, session)]:
            assert time.monotonic() < deadline, [each.cmdline() for each in left]
            time.sleep(0.02)

    def _is_ours(self, process, session):
        try:
            if os.getsid(process.pid) != session and str(self.place) not in " ".join(process.cmdline()):
                return False
            # Whoever takes over what an ended process leaves may be slow to bury it.
            return process.status() != psutil.STATUS_ZOMBIE or process.ppid() == session
        except (psutil.Error, ProcessLookupError):
            return False

    def files(self):
        """What is in the folder, by its path there."""
        found = (path for path in self.folder.rglob("*") if path.is_file() and path.name != "filler")
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in found}

    def is_clean(self):
        """Nothing is left but whole files."""
        assert list(self.temporary.iterdir()) == []
        assert list(self.folder.rglob(".*")) == []
        shared = Path("/dev/shm")
        assert [each for session in self.sessions for each in shared.glob(f"psm_{session}_*")] == []

    def check(self, done, code, *said):
        """The old files are there, and nothing else; one line says what happened."""
        assert "Traceback" not in done.stderr
        lines = done.stderr.splitlines()
        assert len(lines) == 1, done.stderr
        assert lines[0].startswith("animopt: ")
        for each in said:
            assert each in lines[0]
        assert done.code == code, done.stderr
        assert self.files() == self.old
        self.is_clean()

    def is_interrupted(self, done, number):
        """It died of a signal, and said so."""
        assert done.stderr == f"animopt: {INTERRUPTED}\n"
        assert done.code == -number
        self.is_clean()


@pytest.fixture
def desk(driver, tmp_path):
    """A desk of one's own."""
    return Desk(driver, tmp_path)


def pictures(path):
    """The pictures that Pillow decodes of a file."""
    with Image.open(path) as image:
        return [frame.convert("RGB").tobytes() for frame in ImageSequence.Iterator(image)]


def fault(moment, what, given=None, **more):
    return moment | {"do": [what, given]} | more


CLIPS = [".gif", ".mp4"]
MOMENTS = {"first": FIRST, "middle": MIDDLE, "last": LAST, "palette": PALETTE, "closing": CLOSING, "decoding": DECODER}


def phases(*names):
    """Kinds of clips, each with moments while it is made."""
    return [
        pytest.param(suffix, MOMENTS[name], id=f"{name}{suffix}")
        for suffix in CLIPS
        for name in names
        if (suffix, name) != (".mp4", "palette")
    ]


@needs_fork
@pytest.mark.parametrize(("suffix", "moment"), phases("first", "middle", "last", "palette"))
def test_the_encoder_is_killed(desk, suffix, moment):
    desk.keep(f"a{suffix}")
    done = desk.run("-o", f"a{suffix}", faults=[fault(moment, "kill encoders")])
    desk.check(done, 1, f"a{suffix}: the encoder failed: it was ended by SIGKILL; try again")


@needs_fork
@pytest.mark.parametrize("suffix", CLIPS)
def test_the_decoder_is_killed(desk, suffix):
    desk.keep(f"a{suffix}")
    done = desk.run("-o", f"a{suffix}", faults=[fault(DECODER, "kill encoders")])
    desk.check(done, 1, f"a{suffix}: the file cannot be read back: it was ended by SIGKILL; try again")


@needs_fork
@pytest.mark.parametrize(("suffix", "moment"), phases("middle", "palette", "last", "decoding"))
def test_the_encoder_is_stopped(desk, suffix, moment):
    desk.keep(f"a{suffix}")
    done = desk.run("-o", f"a{suffix}", faults=[fault(moment, "stop encoders")])
    desk.check(done, 1, f"a{suffix}: ", "it stood still and was ended; look whether something stopped it")


@needs_fork
def test_debug_tells_where(desk):
    desk.keep("a.gif")
    done = desk.run("-o", "a.gif", "--debug", faults=[fault(MIDDLE, "kill encoders")])
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("animopt: a.gif: the encoder failed: ")
    assert (done.code, desk.files()) == (1, desk.old)
    desk.is_clean()


def on_a_disk(test):
    """Have a test done where a disk can be mounted: here by root, else in a namespace where one is root."""

    @functools.wraps(test)
    def tested(*arguments, request, **named):
        if os.geteuid() == 0 and can_mount():
            test(*arguments, **named)
            return
        if "ANIMOPT_INSIDE" in os.environ or not can_mount("unshare", "-rm"):
            pytest.skip("no disk can be mounted here")
        node = request.node
        command = ["unshare", "-rm", sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [*command, f"{node.path}::{node.name}"],
            env=os.environ | {"ANIMOPT_INSIDE": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    parameters = list(inspect.signature(test).parameters.values())
    request = inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY)
    tested.__signature__ = inspect.Signature([*parameters, request])
    return pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a disk is mounted otherwise")(tested)


@functools.cache
def can_mount(*inside):
    with tempfile.TemporaryDirectory() as folder:
        words = ["sh", "-c", 'mount -t tmpfs tmpfs "$0" && umount "$0"', folder]
        try:
            return subprocess.run([*inside, *words], capture_output=True, check=False).returncode == 0
        except OSError:
            return False


@pytest.fixture
def disk(tmp_path):
    """A function that mounts a disk of so many kilobytes over the folder of a desk, with its old files."""
    mounted = []

    def mount(desk, size, *options):
        command = ["mount", "-t", "tmpfs", "-o", ",".join([f"size={size}k", *options]), "tmpfs", str(desk.folder)]
        subprocess.run(command, check=True)
        mounted.append(desk.folder)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


NO_SPACE = "No space left on device; free some space, or name another place"


@needs_fork
@pytest.mark.parametrize("when", ["middle", "close"])
@pytest.mark.parametrize("suffix", CLIPS)
@on_a_disk
def test_the_disk_is_full(desk, disk, suffix, when):
    disk(desk, 4096)
    desk.keep(f"a{suffix}")
    # What an encoder holds back is less than a large frame.
    moment = {"middle": FIRST, "close": {"at": CLOSE}}[when]
    options = ["--size", "640x360", "--fps", "10", "--workers", "0"]
    done = desk.run("-o", f"a{suffix}", options=options, faults=[fault(moment, "fill", str(desk.folder))])
    desk.check(done, 1, f"a{suffix}: ", NO_SPACE)


@needs_fork
@pytest.mark.parametrize("name", ["a.apng", "frames/", "a.gif", "a.mov"])
@on_a_disk
def test_the_disk_is_too_small(desk, disk, name):
    disk(desk, 48)
    desk.keep(name)
    done = desk.run("-o", name, options=["--size", "800x450", "--fps", "10", "--workers", "0"])
    desk.check(done, 1, f"{name.rstrip('/')}: ", NO_SPACE)


@needs_fork
@on_a_disk
def test_a_scene_file_is_whole_or_not_there(desk, disk):
    disk(desk, 64)
    with suppress(OSError):
        (desk.folder / "filler").write_bytes(bytes(2**20))
    words = ["--function", "ravine", "--racer", "sgd:lr=0.01", "--save-scene", "a.py", "-o", "a.gif"]
    done = desk.run("race", *words, scene="")
    desk.check(done, 1, "a.py: cannot be written: No space left on device; name another scene file")


@needs_fork
@pytest.mark.parametrize("suffix", CLIPS)
@on_a_disk
def test_the_folder_is_read_only(desk, disk, suffix):
    disk(desk, 4096)
    desk.keep(f"a{suffix}")
    subprocess.run(["mount", "-o", "remount,ro", str(desk.folder)], check=True)
    done = desk.run("-o", f"a{suffix}")
    desk.check(done, 1, f"a{suffix}: cannot be written: Read-only file system; name another place")


@pytest.mark.skipif(WINDOWS or os.geteuid() == 0, reason="neither root nor Windows heeds a folder's mode")
@pytest.mark.parametrize("suffix", CLIPS)
def test_the_folder_is_not_ours(desk, suffix):
    desk.keep(f"a{suffix}")
    desk.folder.chmod(0o500)
    done = desk.run("-o", f"a{suffix}")
    desk.folder.chmod(0o700)
    desk.check(done, 1, f"a{suffix}: cannot be written: Permission denied; name a place that may be written to")


@needs_fork
@pytest.mark.parametrize("suffix", CLIPS)
def test_a_drawing_worker_is_killed(desk, suffix):
    desk.keep(f"a{suffix}")
    options = ["--size", "160x160", "--fps", "50", "--workers", "2"]
    done = desk.run("-o", f"a{suffix}", options=options, faults=[fault(FIRST, "kill workers")])
    desk.check(done, 1, "workers 2: one was ended by SIGKILL; try again, with fewer, or 0")


@needs_fork
@pytest.mark.parametrize("name", ["a.gif", "a.mp4", "frames/"])
def test_the_folder_is_removed(desk, name):
    place = desk.folder / "there"
    place.mkdir()
    faults = [fault(MIDDLE, "remove", str(place))]
    done = desk.run("-o", f"there/{name}", faults=faults)
    desk.check(done, 1, f"there/{name}".rstrip("/"), "No such file or directory; its folder is gone; make it again")


@needs_fork
def test_the_working_folder_is_removed(desk):
    done = desk.run("-o", "a.gif", faults=[fault(MIDDLE, "remove", str(desk.folder))])
    desk.folder.mkdir()
    desk.check(done, 1, "a.gif", "No such file or directory; its folder is gone; make it again")


@pytest.mark.parametrize("suffix", CLIPS)
def test_the_target_is_a_folder(animopt_here, tmp_path, suffix):
    (tmp_path / "scene.py").write_text(SCENE)
    (tmp_path / f"a{suffix}").mkdir()
    done = animopt_here("scene.py", "-o", f"a{suffix}", *SMALL)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"animopt: a{suffix}: is a folder; give the name of a file\n"
    assert list((tmp_path / f"a{suffix}").iterdir()) == []


@needs_fork
@pytest.mark.parametrize("suffix", CLIPS)
def test_the_target_becomes_a_folder(desk, suffix):
    done = desk.run("-o", f"a{suffix}", faults=[fault(DECODER, "make a folder", str(desk.folder / f"a{suffix}"))])
    assert list((desk.folder / f"a{suffix}").iterdir()) == []
    desk.check(done, 1, f"a{suffix}: cannot be written: Is a directory; ")


@needs_fork
@pytest.mark.parametrize("name", ["a.gif", "a.mp4", "frames/"])
def test_two_renders_of_one_path_at_once(desk, name):
    desk.keep(name)
    go = desk.place / "go"
    faults = [fault({"at": "animopt.core.atomic_files:sync_tree", "after": True}, "wait for", str(go))]
    both = [desk.start("-o", name, faults=faults) for _ in range(2)]
    until(go.with_name("go.waiting").exists)
    go.touch()
    for finish in both:
        done = finish()
        assert (done.code, done.stderr, done.stdout) == (0, "", f"{Path(name)}\n")
    desk.is_clean()
    assert is_whole(desk.folder / name)
    assert [path.name for path in desk.folder.iterdir()] == [name.rstrip("/")]


def until(true):
    deadline = time.monotonic() + 100
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def frames_of(path):
    """How many frames an MP4 has, each decoded to pixels."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-xerror", "-i", f"file:{path}"]
    command += ["-vf", "scale=16:16", "-pix_fmt", "gray", "-f", "rawvideo", "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stderr == b""
    return len(done.stdout) / 256


def is_whole(path):
    """Whether a file, or a folder of frames, has all frames of the scene, by other decoders than made it."""
    if path.is_dir():
        return [each.name for each in sorted(path.iterdir())] == [f"frame-{n:04}.png" for n in range(FRAMES)] and all(
            len(pictures(each)) == 1 for each in path.iterdir()
        )
    if path.suffix == ".mp4":
        return frames_of(path) == FRAMES
    with Image.open(path) as image:
        return image.n_frames == FRAMES and len(pictures(path)) == FRAMES


SIGNALS = [signal.SIGINT, signal.SIGTERM, *([] if WINDOWS else [signal.SIGHUP])]


@needs_fork
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("suffix", CLIPS)
def test_a_signal_midway(desk, suffix, number):
    desk.keep(f"a{suffix}")
    desk.is_interrupted(desk.run("-o", f"a{suffix}", faults=[fault(MIDDLE, "signal", number)]), number)
    assert desk.files() == desk.old


def each_with_a_signal(**moments):
    """Moments, to each of which another signal comes."""
    return [
        pytest.param(moment, SIGNALS[n % len(SIGNALS)], id=name) for n, (name, moment) in enumerate(moments.items())
    ]


@needs_fork
@pytest.mark.parametrize(
    ("moment", "number"),
    each_with_a_signal(
        loading={"at": "animopt.scene.scene:load_scene"},
        race=RACE,
        folder_made={"at": "animopt.core.atomic_files:machine_id"},
        palette=PALETTE,
        encoder_started=STARTED | {"match": "clip.gif"},
        first=FIRST,
        last=LAST,
        closing=CLOSING,
        finishing={"at": FINISH},
        decoding=DECODER,
        syncing={"at": "animopt.core.atomic_files:sync"},
        moving=MOVING,
    ),
)
def test_a_signal_at_any_moment_before_the_file_is_there(desk, moment, number):
    desk.keep("a.gif", "a.mp4")
    done = desk.run("-o", "a.gif", "-o", "a.mp4", faults=[fault(moment, "signal", number)])
    desk.is_interrupted(done, number)
    if moment == MOVING:
        # A move is not interrupted.
        assert is_whole(desk.folder / "a.gif")
        (desk.folder / "a.gif").write_bytes(OLD)
    assert desk.files() == desk.old


@needs_fork
@pytest.mark.parametrize(
    ("moment", "number"),
    each_with_a_signal(
        moved=MOVED,
        removing={"at": "animopt.core.atomic_files:_remove"},
        telling={"at": "animopt.cli.console:Console.files"},
        ending={"at": "click:Group.invoke", "after": True},
        ended={"at": "animopt.cli.main:main", "after": True},
        last={"at": "animopt.__main__:exit_process"},
    ),
)
def test_a_signal_at_any_moment_after_the_file_is_there(desk, moment, number):
    desk.keep("a.gif")
    done = desk.run("-o", "a.gif", faults=[fault(moment, "signal", number)])
    desk.is_interrupted(done, number)
    assert is_whole(desk.folder / "a.gif")


@needs_fork
def test_a_signal_between_two_outputs(desk):
    desk.keep("a.gif", "b.mp4")
    faults = [fault({"at": FINISH, "time": 1}, "signal", signal.SIGTERM)]
    desk.is_interrupted(desk.run("-o", "a.gif", "-o", "b.mp4", faults=faults), signal.SIGTERM)
    assert is_whole(desk.folder / "a.gif")
    assert desk.files()["b.mp4"] == OLD


@needs_fork
def test_a_signal_with_workers(desk):
    desk.keep("a.mp4")
    options = ["--size", "160x160", "--fps", "50", "--workers", "2"]
    done = desk.run("-o", "a.mp4", options=options, faults=[fault(FIRST, "signal", signal.SIGTERM)])
    desk.is_interrupted(done, signal.SIGTERM)
    assert desk.files() == desk.old


@needs_fork
def test_a_signal_while_an_extension_computes(desk):
    desk.keep("a.gif")
    desk.is_interrupted(desk.run("-o", "a.gif", faults=[fault(MIDDLE, "compute", signal.SIGINT)]), signal.SIGINT)
    assert desk.files() == desk.old


@needs_fork
def test_further_signals_change_nothing(desk):
    desk.keep("a.gif")
    others = [signal.SIGINT, signal.SIGTERM, signal.SIGINT]
    tidying = [
        "animopt.video.ffmpeg:Ffmpeg._end",
        "animopt.core.atomic_files:_remove",
        "animopt.cli.console:Console.error",
    ]
    faults = [
        fault(MIDDLE, "signal", signal.SIGTERM),
        # The palette's encoder ended before.
        *(fault({"at": at, "time": time}, "signals", others) for at, time in zip(tidying, (1, 0, 0), strict=True)),
        fault({"at": "animopt.__main__:exit_process"}, "signals", others),
    ]
    desk.is_interrupted(desk.run("-o", "a.gif", faults=faults), signal.SIGTERM)
    assert desk.files() == desk.old


SWALLOWING = (
    SCENE
    + """
import os, signal
def swallowing(x):
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        for _ in range(1000):
            pass
    except BaseException:
        pass
    return (x ** 2).sum()
scene = Scene(function=swallowing, racers=[Racer("SGD", lr=0.125)], start=(-7, 2), steps=4, seconds=0.6)
"""
)


@needs_fork
@pytest.mark.parametrize("interval", [0, 1000])
def test_a_signal_that_a_scene_swallows_is_not_lost(desk, interval):
    (desk.place / "scene.py").write_text(SWALLOWING)
    done = desk.run("-o", "a.gif", set={"animopt.core.signals:REPEAT_INTERVAL": interval})
    desk.is_interrupted(done, signal.SIGTERM)


@needs_fork
@pytest.mark.parametrize("number", SIGNALS[::2], ids=lambda number: number.name)
def test_what_is_ignored_stays_ignored(desk, number):
    # As under nohup, and in the background of a shell without job control.
    done = desk.run("-o", "a.gif", ignored=[number], faults=[fault(MIDDLE, "signal", number)])
    assert (done.code, done.stdout, done.stderr) == (0, "a.gif\n", "")
    desk.is_clean()
    assert is_whole(desk.folder / "a.gif")


@needs_fork
@pytest.mark.parametrize(("number", "code", "said"), [(signal.SIGINT, 0, ""), (signal.SIGTERM, -15, INTERRUPTED)])
def test_a_signal_while_a_file_is_watched(desk, number, code, said):
    done = desk.run(
        "-o", "a.gif", "--watch", faults=[fault({"at": "animopt.cli.watch:_wait_for_save"}, "signal", number)]
    )
    assert done.code == code
    told, *more = done.stderr.splitlines()
    assert "is rendered whenever it is saved; stop with Ctrl-C" in told
    assert more == ([f"animopt: {said}"] if said else [])
    desk.is_clean()
    assert list(desk.files()) == ["a.gif"]


@needs_fork
@pytest.mark.parametrize(
    ("name", "moment", "options"),
    [
        ("a.gif", MIDDLE, SMALL),
        ("a.mp4", DECODER, SMALL),
        ("a.mp4", FIRST, ["--size", "160x160", "--fps", "50", "--workers", "2"]),
        ("frames/", MOVED, SMALL),
    ],
    ids=["middle", "decoding", "workers", "between two moves"],
)
def test_the_command_is_killed_and_the_next_one_sweeps(desk, name, moment, options):
    desk.keep(name)
    done = desk.run("-o", name, options=options, faults=[fault(moment, "signal", signal.SIGKILL)])
    assert (done.code, done.stdout) == (-signal.SIGKILL, "")
    # Python's own helper frees shared memory, and says so.
    assert done.stderr == "" or "resource_tracker" in done.stderr
    assert len(list(desk.folder.glob(".*"))) == 1
    if moment == MOVED:
        assert not (desk.folder / name).exists()
    else:
        assert {name: data for name, data in desk.files().items() if not name.startswith(".")} == desk.old
    # One that fails has swept too, and has put the old folder back.
    done = desk.run("-o", name, faults=[fault(MIDDLE, "kill encoders")])
    desk.check(done, 1, name.rstrip("/"))


def test_only_what_dead_processes_left_is_swept(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        pass
    with temporary_folder(tmp_path / "a") as own:
        here = own.name.split("-")[1]
        there = "0" * 8 if here != "0" * 8 else "1" * 8
        day = time.time() - MAX_FOREIGN_AGE
        names = {
            f".animopt-{here}-{os.getppid()}-{0:012}": (True, None),
            f".animopt-{here}-{dead.pid}-{1:012}": (False, None),
            f".animopt-{there}-{dead.pid}-{2:012}": (True, day + 600),
            f".animopt-{there}-{dead.pid}-{3:012}": (False, day - 600),
            f".animopt-{here}-{dead.pid}": (True, day - 600),
            f"animopt-{here}-{dead.pid}-{4:012}": (True, day - 600),
            # Its process has a number that was given anew.
            f".animopt-{here}-{os.getpid()}-{5:012}": (False, psutil.Process().create_time() - 600),
        }
        for name, (_, at) in names.items():
            (tmp_path / name).mkdir()
            (tmp_path / name / "file").touch()
            if at:
                os.utime(tmp_path / name, (at, at))
        file = tmp_path / f".animopt-{here}-{dead.pid}-{6:012}"
        file.touch()
        remove_stale_folders(tmp_path)
        left = {path.name for path in tmp_path.iterdir()}
        assert left == {own.name, file.name, *(name for name, (stays, _) in names.items() if stays)}
    assert not own.exists()


def test_an_old_folder_that_cannot_go_back_is_kept(tmp_path, monkeypatch):
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        pass
    left = tmp_path / f".animopt-{machine_id()}-{dead.pid}-{0:012}"
    (left / "old" / "frames").mkdir(parents=True)
    (left / "old" / "frames" / "frame-0000.png").write_bytes(OLD)
    with monkeypatch.context() as patched:
        patched.setattr("animopt.core.atomic_files.move", refusing)
        remove_stale_folders(tmp_path)
    assert left.exists()
    remove_stale_folders(tmp_path)
    assert not left.exists()
    assert (tmp_path / "frames" / "frame-0000.png").read_bytes() == OLD


def refusing(*_):
    raise PermissionError(13, "Permission denied")


@needs_fork
def test_standard_output_gets_a_whole_file_or_none(desk):
    done = desk.run("-o", "-", "--format", "gif", faults=[fault(MIDDLE, "kill encoders")])
    desk.check(done, 1, "-: the encoder failed: it was ended by SIGKILL; try again")
    assert done.stdout == ""


class Terminal:
    """A terminal that a command has as its own, and what it shows."""

    def __init__(self):
        self.ours, self._theirs = pty.openpty()
        self.name = os.ttyname(self._theirs)
        self.shown = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        with suppress(OSError):
            while data := os.read(self.ours, 4096):
                self.shown += data

    def lines(self):
        """The lines that it showed, without what moves its cursor; the command is to have ended."""
        os.close(self._theirs)
        self._reader.join()
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.shown.decode()).replace("\r", "\n").split("\n")


@needs_fork
@pytest.mark.parametrize("workers", ["0", "2"])
def test_ctrl_c_at_a_terminal(desk, workers):
    desk.keep("a.mp4")
    terminal, go = Terminal(), desk.place / "go"
    options = ["--size", "160x160", "--fps", "50", "--workers", workers]
    finish = desk.start(
        *("-o", "a.mp4"), options=options, terminal=terminal.name, faults=[fault(MIDDLE, "wait for", str(go))]
    )
    until(go.with_name("go.waiting").exists)
    # What the key sends goes to every process that the terminal knows as its foreground.
    os.write(terminal.ours, b"\x03")
    done = finish()
    lines = [line for line in terminal.lines() if "animopt" in line or "Traceback" in line or "Error" in line]
    assert lines == [f"animopt: {INTERRUPTED}"]
    os.close(terminal.ours)
    assert done.code == -signal.SIGINT
    assert desk.files() == desk.old
    desk.is_clean()


@needs_fork
def test_a_terminal_is_closed(desk):
    desk.keep("a.mp4")
    ours, theirs = pty.openpty()
    go = desk.place / "go"
    options = ["--size", "160x160", "--fps", "10", "--workers", "0", "--quiet"]
    finish = desk.start(
        *("-o", "a.mp4"), options=options, terminal=os.ttyname(theirs), faults=[fault(MIDDLE, "wait for", str(go))]
    )
    until(go.with_name("go.waiting").exists)
    os.close(theirs)
    os.close(ours)
    assert finish().code == -signal.SIGHUP
    assert desk.files() == desk.old
    desk.is_clean()


def shell(place, script, program):
    """What a shell's script, whose words are a program in Python, does in a session of its own."""
    for name in ("out", "temporary"):
        (place / name).mkdir()
    (place / "scene.py").write_text(SCENE)
    return subprocess.run(
        ["bash", "-c", script, "bash", sys.executable, "-c", program],
        cwd=place / "out",
        env=os.environ
        | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests' / 'program'}", "TMPDIR": str(place / "temporary")},
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
        # Whoever runs the tests in the background has it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


@needs_fork
@pytest.mark.parametrize(
    ("module", "number", "code"),
    [("torch.autograd", signal.SIGINT, 130), ("matplotlib.figure", signal.SIGTERM, 143), ("click.core", "SIGHUP", 129)],
)
def test_a_shell_sees_a_signal_that_comes_during_an_import(tmp_path, module, number, code):
    number = getattr(signal, number) if isinstance(number, str) else number
    program = f"""
import os, sys
class Finder:
    def find_spec(name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), {int(number)})
sys.meta_path.insert(0, Finder)
sys.argv = ["animopt", "../scene.py", "-o", "a.gif", "--size", "160x160"]
from animopt.__main__ import main
main()
"""
    done = shell(tmp_path, '"$@"; echo $?', program)
    assert done.stdout == f"{code}\n"
    # The shell itself may tell of what a process died of.
    assert [line for line in done.stderr.splitlines() if "animopt" in line or "  " in line][:1] == [
        f"animopt: {INTERRUPTED}"
    ]
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "out").iterdir()) == []
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize("raised", ["KeyboardInterrupt()", "ImportError('initialization failed')"])
def test_a_worker_that_is_not_wanted_any_more_is_silent(tmp_path, raised):
    # An interrupt in the middle of a module of C shows as another error.
    (tmp_path / "slow.py").write_text(f"""
import sys, time
print("imports", file=sys.stderr, flush=True)
try:
    while True:
        time.sleep(0.01)
except KeyboardInterrupt:
    raise {raised} from None
""")
    program = "from animopt.video.worker_pool import work; work('slow')"
    worker = subprocess.Popen(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with worker:
        assert worker.stderr.readline() == "imports\n"
        worker.stdin.close()
        assert (worker.wait(), worker.stderr.read()) == (0, "")


@needs_fork
def test_a_loop_of_a_shell_ends_with_ctrl_c(tmp_path):
    program = f"""
import sys
import driver
driver.hook(**{fault(MIDDLE, "signal group", int(signal.SIGINT))!r})
sys.argv = ["animopt", "../scene.py", "-o", "a.gif", *{SMALL!r}]
from animopt.__main__ import main
main()
"""
    done = shell(tmp_path, 'for i in 1 2; do "$@"; echo "$i"; done; echo after', program)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", f"animopt: {INTERRUPTED}\n")
    assert list((tmp_path / "out").iterdir()) == []


# Through Python, where nothing but the Error tells.


@pytest.fixture
def scene(tmp_path, monkeypatch):
    """A scene of six frames."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "scene.py").write_text(SCENE)
    return animopt.load_scene(tmp_path / "scene.py")


@pytest.fixture
def faulty(monkeypatch):
    """A function that has the encoders of files with a suffix killed at a frame."""

    def at(suffix, frame=FRAMES // 2):
        def writing(self, part, write=Writer.write):
            if self.path.suffix == suffix and self.frames == frame:
                for each in psutil.Process().children():
                    if each.cmdline()[-1].endswith(suffix):
                        each.kill()
                        psutil.wait_procs([each], 0.5)
            write(self, part)

        monkeypatch.setattr(Writer, "write", writing)

    return at


def nothing_is_left(folder):
    assert [path.name for path in folder.rglob(".*")] == []
    assert list((folder / "temporary").iterdir()) == []
    left = [each for each in psutil.Process().children() if "ffmpeg" in each.name() or "animopt" in str(each.cmdline())]
    assert left == []


@pytest.mark.parametrize("suffix", FORMATS)
def test_python_gets_an_error_and_the_old_file_stays(scene, tmp_path, monkeypatch, suffix):
    name = f"a{suffix}" if suffix != "/" else "frames/"
    path = tmp_path / name
    if suffix == "/":
        path.mkdir()
    old = path / "frame-0007.png" if suffix == "/" else path
    old.write_bytes(OLD)

    def writing(self, part, write=Writer.write):
        if self.frames == FRAMES // 2:
            for each in psutil.Process().children():
                if "ffmpeg" in each.name():
                    each.kill()
        write(self, part)

    monkeypatch.setattr(Writer, "write", writing)
    with pytest.raises(Error, match=r"the encoder failed: it (was ended by SIGKILL|ended with)") as caught:
        scene.save(Output(f"{tmp_path}/{name}", (160, 160), 10), workers=0)
    assert "\n" not in str(caught.value)
    assert str(path).rstrip("/") in str(caught.value)
    assert old.read_bytes() == OLD
    nothing_is_left(tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted({"scene.py", "temporary", path.name})


def test_one_of_several_outputs_fails(scene, tmp_path, faulty):
    faulty(".mp4")
    names = ["a.gif", "b.mp4", "c.webp"]
    outputs = [Output(tmp_path / name, (160, 160), 10) for name in names]
    # Of two passes of other sizes, one with another that fails.
    outputs += [Output(tmp_path / name, (200, 160), 10) for name in ("d.mp4", "e.gif", "f.apng")]
    outputs[0] = Output(tmp_path / "a.gif", (160, 160), 10, max_bytes=1_000_000)
    written = []
    with pytest.raises(Error) as caught:
        written.extend(save_outputs(scene, *outputs, workers=0, sidecars=["alt", "poster"]))
    said = str(caught.value)
    assert "\n" not in said
    assert said.count("the encoder failed") == 2
    assert "b.mp4" in said
    assert "d.mp4" in said
    for name in ("a.gif", "c.webp", "e.gif", "f.apng"):
        assert is_whole(tmp_path / name)
    made = {f"{stem}{suffix}" for stem in "acef" for suffix in (".txt", ".png")}
    clips = {"a.gif", "c.webp", "e.gif", "f.apng"}
    assert {each.name for each in tmp_path.iterdir()} == made | clips | {"scene.py", "temporary"}
    nothing_is_left(tmp_path)


def test_each_path_is_told_although_another_fails(scene, tmp_path, faulty):
    faulty(".gif")
    outputs = [Output(tmp_path / "a.gif", (160, 160), 10), Output(tmp_path / "b.mp4", (160, 160), 10)]
    written = []
    with pytest.raises(Error, match=r"a\.gif"):
        written.extend(map(Path, save_outputs(scene, *outputs, workers=0)))
    assert written == [tmp_path / "b.mp4"]
    assert is_whole(tmp_path / "b.mp4")


def test_what_does_not_fit_takes_nothing_with_it(scene, tmp_path):
    scene = scene.replace(seconds=3)
    outputs = [Output(tmp_path / "a.apng", (800, 450), 25, max_bytes=20_000), Output(tmp_path / "b.mp4", (160, 160), 2)]
    with pytest.raises(Error, match=r"a\.apng: cannot be made smaller than "):
        scene.save(*outputs, workers=0)
    assert not (tmp_path / "a.apng").exists()
    assert frames_of(tmp_path / "b.mp4") == 6
    nothing_is_left(tmp_path)


DYING = (
    SCENE
    + """
import os
os._exit(9)
"""
)


@needs_fork
@pytest.mark.parametrize("command", ["all", "gallery"])
def test_one_of_many_scenes_takes_its_worker_with_it(desk, command):
    scenes = desk.place / "scenes"
    scenes.mkdir()
    (scenes / "good.py").write_text(SCENE)
    (scenes / "dying.py").write_text(DYING)
    options = ["--size", "160x160", "--fps", "10", "--workers", "1"]
    done = desk.run(
        command,
        "../scenes",
        "-o",
        "made",
        *(["--format", "gif"] if command == "all" else []),
        scene="",
        options=options,
    )
    assert done.code == 1
    *notes, last = done.stderr.splitlines()
    assert last == "animopt: 1 of 2 scenes failed: dying"
    assert any(
        note.endswith("dying: failed: workers 1: one ended with exit code 9; try again, with fewer, or 0")
        for note in notes
    )
    desk.is_clean()
    assert is_whole(desk.folder / "made" / ("good.gif" if command == "all" else "clips/good.mp4"))


@needs_fork
def test_a_deck_is_whole_or_the_old_one(desk):
    desk.keep("a.html")
    (desk.place / "second.py").write_text(SCENE)
    faults = [fault(MIDDLE, "kill encoders", time=FRAMES + 2)]
    done = desk.run("deck", "a.html", "../scene.py", "../second.py", scene="", faults=faults)
    assert done.stderr.startswith("1/2 scene: done\n")
    done.stderr = done.stderr.partition("\n")[2]
    desk.check(done, 1, "second: ", "the encoder failed: it was ended by SIGKILL; try again")
