"""Faults during rendering: of the encoder, the disk, a worker, or by a signal. The old file must remain complete.

The command runs with the real encoder in a fork of a process that has imported torch. Each fault happens when a chosen
function is called; see driver.py.
"""

import functools
import inspect
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
from animopt.core.processes import INTERRUPTED
from animopt.scene.render import save_outputs
from animopt.video.encoder import Writer
from animopt.video.output import FORMATS

if os.name == "posix":
    import pty

ROOT = Path(__file__).parents[2]
WINDOWS = sys.platform == "win32"
OLD = b"the old file"
SCENE = """
from animopt import Racer, Scene
scene = Scene(function=lambda x: (x ** 2).sum(), racers=[Racer("SGD", lr=0.125)], start=(-7, 2), steps=4, seconds=0.6)
"""
SMALL = ["--size", "160x160", "--fps", "10", "--workers", "0"]
FRAMES = 6

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="the driver needs os.fork")

WRITE = "animopt.video.encoder:Writer.write"
CLOSE = "animopt.video.encoder:Writer.close"
FINISH = "animopt.video.encoder:Writer.finish"
STARTED = {"at": "animopt.video.ffmpeg:Ffmpeg.__enter__", "after": True, "stopped": True}
PALETTE = {"at": "animopt.video.palette:PaletteIndices.__init__"}
DECODER = STARTED | {"match": "progress"}
RACE = {"at": "animopt.scene.races:record"}
FIRST, MIDDLE, LAST = ({"at": WRITE, "time": time} for time in (0, FRAMES // 2, FRAMES - 1))
CLOSING = {"at": CLOSE, "after": True}
MOVING = {"at": "animopt.core.files:move"}
MOVED = MOVING | {"after": True}


class Workspace:
    """A folder with old files and a temporary folder, in which commands run."""

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

    def write_old(self, *names):
        """Write old files, or folders with one frame, which the command replaces."""
        for name in names:
            path = self.folder / name
            if name.endswith("/"):
                path.mkdir()
                path /= "frame-0000.png"
            path.write_bytes(OLD)
            self.old[path.relative_to(self.folder).as_posix()] = OLD

    def start(self, *arguments, scene="../scene.py", options=SMALL, **request):
        """Start the command; return a function that waits for its end."""
        number = len(list(self.place.glob("stderr*")))
        stdout, stderr = self.place / f"stdout{number}", self.place / f"stderr{number}"
        pid = self.driver.ask(
            arguments=[*([scene] if scene else []), *arguments, *options],
            folder=str(self.folder),
            environment={"TMPDIR": str(self.temporary)},
            stdout=str(stdout),
            stderr=str(stderr),
            **request,
        )
        self.sessions.append(pid)

        def finish():
            code = self.driver.ask(wait_for=pid, timeout=100)
            self.wait_for_processes(pid)
            return SimpleNamespace(code=code, stdout=stdout.read_text(), stderr=stderr.read_text())

        return finish

    def run(self, *arguments, **request):
        return self.start(*arguments, **request)()

    def wait_for_processes(self, session):
        """Wait until every process that the command started has ended; they must end by themselves."""
        deadline = time.monotonic() + 30
        while left := [each for each in psutil.process_iter() if self._is_running(each, session)]:
            assert time.monotonic() < deadline, [each.cmdline() for each in left]
            time.sleep(0.02)

    def _is_running(self, process, session):
        try:
            if os.getsid(process.pid) != session and str(self.place) not in " ".join(process.cmdline()):
                return False
            # A zombie is gone, unless its parent is the command; the init process may be slow to reap others.
            return process.status() != psutil.STATUS_ZOMBIE or process.ppid() == session
        except (psutil.Error, ProcessLookupError):
            return False

    def files(self):
        """The contents of the files in the folder, by their relative paths."""
        found = (path for path in self.folder.rglob("*") if path.is_file() and path.name != "filler")
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in found}

    def assert_clean(self):
        """Check that no temporary file and no shared memory is left."""
        assert list(self.temporary.iterdir()) == []
        assert list(self.folder.rglob(".*")) == []
        shared = Path("/dev/shm")
        assert [each for session in self.sessions for each in shared.glob(f".animopt-*-{session}-*")] == []

    def assert_failed(self, done, code, *messages):
        """Check that one line says what happened, and that only the old files are there."""
        assert "Traceback" not in done.stderr
        lines = done.stderr.splitlines()
        assert len(lines) == 1, done.stderr
        assert lines[0].startswith("animopt: ")
        for message in messages:
            assert message in lines[0]
        assert done.code == code, done.stderr
        assert self.files() == self.old
        self.assert_clean()

    def assert_interrupted(self, done, number):
        """Check that the command was ended by a signal, and reported that."""
        assert done.stderr == f"animopt: {INTERRUPTED}\n"
        assert done.code == -number
        self.assert_clean()


@pytest.fixture
def workspace(driver, tmp_path):
    """A workspace for one test."""
    return Workspace(driver, tmp_path)


def decode_frames(path):
    """The frames of a file, decoded by Pillow."""
    with Image.open(path) as image:
        return [frame.convert("RGB").tobytes() for frame in ImageSequence.Iterator(image)]


def fault(moment, action, argument=None, **more):
    return moment | {"action": [action, argument]} | more


CLIPS = [".gif", ".mp4"]
MOMENTS = {"first": FIRST, "middle": MIDDLE, "last": LAST, "closing": CLOSING, "decoding": DECODER}


def clips_and_moments(*names):
    """Parameters: each kind of clip with each moment of its encoding."""
    return [pytest.param(suffix, MOMENTS[name], id=f"{name}{suffix}") for suffix in CLIPS for name in names]


@needs_fork
@pytest.mark.parametrize(("suffix", "moment"), clips_and_moments("first", "middle", "last"))
@pytest.mark.long
def test_killed_encoder_keeps_old_file(workspace, suffix, moment):
    workspace.write_old(f"a{suffix}")
    done = workspace.run("-o", f"a{suffix}", faults=[fault(moment, "kill encoders")])
    workspace.assert_failed(done, 1, f"a{suffix}: the encoder failed: it was ended by SIGKILL; try again")


@needs_fork
@pytest.mark.parametrize("suffix", CLIPS)
@pytest.mark.long
def test_killed_decoder_keeps_old_file(workspace, suffix):
    workspace.write_old(f"a{suffix}")
    done = workspace.run("-o", f"a{suffix}", faults=[fault(DECODER, "kill encoders")])
    workspace.assert_failed(done, 1, f"a{suffix}: the file cannot be read back: it was ended by SIGKILL; try again")


@needs_fork
@pytest.mark.parametrize(("suffix", "moment"), clips_and_moments("middle", "last", "decoding"))
@pytest.mark.sampled(0, 3)
def test_hanging_encoder_is_killed(workspace, suffix, moment):
    workspace.write_old(f"a{suffix}")
    done = workspace.run("-o", f"a{suffix}", faults=[fault(moment, "stop encoders")])
    workspace.assert_failed(
        done,
        1,
        f"a{suffix}: ",
        ": process ",
        " made no progress since ",
        " and was ended; check whether something stopped",
    )


@pytest.mark.long
@needs_fork
def test_debug_prints_traceback(workspace):
    workspace.write_old("a.gif")
    done = workspace.run("-o", "a.gif", "--debug", faults=[fault(MIDDLE, "kill encoders")])
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("animopt: a.gif: the encoder failed: ")
    assert (done.code, workspace.files()) == (1, workspace.old)
    workspace.assert_clean()


def needs_disk(test):
    """Run a test where a disk can be mounted: in this process as root, otherwise in a user namespace."""

    @functools.wraps(test)
    def run(*arguments, request, **named):
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
    run.__signature__ = inspect.Signature([*parameters, request])
    return pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux mounts a tmpfs")(run)


@functools.cache
def can_mount(*inside):
    with tempfile.TemporaryDirectory() as folder:
        words = ["sh", "-c", 'mount -t tmpfs tmpfs "$0" && umount "$0"', folder]
        try:
            return subprocess.run([*inside, *words], capture_output=True, check=False).returncode == 0
        except OSError:
            return False


@pytest.fixture
def mount_disk():
    """A function that mounts a disk of a size in kilobytes on the folder of a workspace."""
    mounted = []

    def mount(workspace, size):
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(workspace.folder)]
        subprocess.run(command, check=True)
        mounted.append(workspace.folder)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


NO_SPACE = "No space left on device; free some space, or name another place"


@needs_fork
@pytest.mark.parametrize("when", ["middle", "close"])
@pytest.mark.parametrize("suffix", CLIPS)
@needs_disk
@pytest.mark.long
def test_full_disk_keeps_old_file(workspace, mount_disk, suffix, when):
    mount_disk(workspace, 4096)
    workspace.write_old(f"a{suffix}")
    # A large frame does not fit into the buffers of the encoder.
    moment = {"middle": FIRST, "close": {"at": CLOSE}}[when]
    options = ["--size", "640x360", "--fps", "10", "--workers", "0"]
    done = workspace.run("-o", f"a{suffix}", options=options, faults=[fault(moment, "fill", str(workspace.folder))])
    workspace.assert_failed(done, 1, f"a{suffix}: ", NO_SPACE)


@needs_fork
@pytest.mark.parametrize("name", ["a.apng", "frames/", "a.gif", "a.mov"])
@needs_disk
@pytest.mark.long
def test_small_disk_keeps_old_file(workspace, mount_disk, name):
    mount_disk(workspace, 48)
    workspace.write_old(name)
    done = workspace.run("-o", name, options=["--size", "800x450", "--fps", "10", "--workers", "0"])
    workspace.assert_failed(done, 1, f"{name.rstrip('/')}: ", NO_SPACE)


@needs_fork
@needs_disk
@pytest.mark.long
def test_full_disk_leaves_no_incomplete_scene_file(workspace, mount_disk):
    mount_disk(workspace, 64)
    with suppress(OSError):
        (workspace.folder / "filler").write_bytes(bytes(2**20))
    words = ["--function", "ravine", "--racer", "sgd:lr=0.01", "--save-scene", "a.py", "-o", "a.gif"]
    done = workspace.run("race", *words, scene="")
    workspace.assert_failed(done, 1, "a.py: cannot be written: No space left on device; name another scene file")


@needs_fork
@pytest.mark.parametrize("suffix", CLIPS)
@needs_disk
def test_read_only_disk_keeps_old_file(workspace, mount_disk, suffix):
    mount_disk(workspace, 4096)
    workspace.write_old(f"a{suffix}")
    subprocess.run(["mount", "-o", "remount,ro", str(workspace.folder)], check=True)
    done = workspace.run("-o", f"a{suffix}")
    workspace.assert_failed(done, 1, f"a{suffix}: cannot be written: Read-only file system; name another place")


@pytest.mark.skipif(WINDOWS or os.geteuid() == 0, reason="the mode of a folder stops neither root nor Windows")
@pytest.mark.parametrize("suffix", CLIPS)
def test_unwritable_folder_keeps_old_file(workspace, suffix):
    workspace.write_old(f"a{suffix}")
    workspace.folder.chmod(0o500)
    done = workspace.run("-o", f"a{suffix}")
    workspace.folder.chmod(0o700)
    workspace.assert_failed(
        done, 1, f"a{suffix}: cannot be written: Permission denied; name a place that may be written to"
    )


@needs_fork
@pytest.mark.parametrize("suffix", CLIPS)
@pytest.mark.sampled(1)
def test_killed_worker_keeps_old_file(workspace, suffix):
    workspace.write_old(f"a{suffix}")
    options = ["--size", "160x160", "--fps", "50", "--workers", "2"]
    done = workspace.run("-o", f"a{suffix}", options=options, faults=[fault(FIRST, "kill workers")])
    workspace.assert_failed(done, 1, "workers 2: one was ended by SIGKILL; try again, with fewer, or 0")


@needs_fork
@pytest.mark.parametrize("suffix", CLIPS)
@pytest.mark.sampled(0, 1)
def test_stopped_worker_keeps_old_file(workspace, suffix):
    workspace.write_old(f"a{suffix}")
    options = ["--size", "160x160", "--fps", "50", "--workers", "2"]
    done = workspace.run("-o", f"a{suffix}", options=options, faults=[fault(FIRST, "stop workers")])
    workspace.assert_failed(done, 1, "workers 2: process ", " made no progress since ", " and was ended; check whether")


@needs_fork
@pytest.mark.parametrize("name", ["a.gif", "a.mp4", "frames/"])
@pytest.mark.long
def test_removed_folder_is_reported(workspace, name):
    place = workspace.folder / "there"
    place.mkdir()
    faults = [fault(MIDDLE, "remove", str(place))]
    done = workspace.run("-o", f"there/{name}", faults=faults)
    workspace.assert_failed(
        done, 1, f"there/{name}".rstrip("/"), "No such file or directory; its folder is gone; make it again"
    )


@pytest.mark.long
@needs_fork
def test_removed_working_folder_is_reported(workspace):
    done = workspace.run("-o", "a.gif", faults=[fault(MIDDLE, "remove", str(workspace.folder))])
    workspace.folder.mkdir()
    workspace.assert_failed(done, 1, "a.gif", "No such file or directory; its folder is gone; make it again")


@pytest.mark.parametrize("suffix", CLIPS)
def test_output_that_is_a_folder_is_refused(animopt_here, tmp_path, suffix):
    (tmp_path / "scene.py").write_text(SCENE)
    (tmp_path / f"a{suffix}").mkdir()
    done = animopt_here("scene.py", "-o", f"a{suffix}", *SMALL)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"animopt: a{suffix}: is a folder; give the name of a file\n"
    assert list((tmp_path / f"a{suffix}").iterdir()) == []


@needs_fork
@pytest.mark.parametrize("suffix", CLIPS)
@pytest.mark.long
def test_output_that_becomes_a_folder_is_reported(workspace, suffix):
    done = workspace.run(
        "-o", f"a{suffix}", faults=[fault(DECODER, "create folder", str(workspace.folder / f"a{suffix}"))]
    )
    assert list((workspace.folder / f"a{suffix}").iterdir()) == []
    workspace.assert_failed(done, 1, f"a{suffix}: cannot be written: Is a directory; ")


@needs_fork
@pytest.mark.parametrize("is_new", [False, True])
@pytest.mark.parametrize("moment", [MIDDLE, DECODER], ids=["rendering", "decoding"])
@pytest.mark.sampled(2)
def test_file_put_into_folder_of_frames_is_kept(workspace, moment, is_new):
    folder = workspace.folder / "frames"
    faults = [fault(moment, "create file", str(folder / "notes.txt"))]
    if not is_new:
        workspace.write_old("frames/")
    done = workspace.run("-o", "frames/", faults=faults)
    workspace.old["frames/notes.txt"] = b"notes"
    workspace.assert_failed(done, 1, "frames: holds 'notes.txt'; name a folder that holds only frames")


@pytest.mark.long
@needs_fork
def test_file_in_place_of_folder_of_frames_is_kept(workspace):
    done = workspace.run("-o", "frames/", faults=[fault(MIDDLE, "create file", str(workspace.folder / "frames"))])
    workspace.old["frames"] = b"notes"
    workspace.assert_failed(done, 1, "frames: cannot be written: Not a directory; ")


@needs_fork
@pytest.mark.parametrize("name", ["a.txt", "a.vtt", "a.md", "a.html"])
@pytest.mark.long
def test_file_put_in_place_of_sidecar_is_kept(workspace, name):
    path = workspace.folder / name
    done = workspace.run(
        *("-o", "a.gif", "--sidecars", "alt,captions,markdown,html"),
        faults=[fault(DECODER, "create file", str(path))],
    )
    assert done.code == 1
    assert done.stderr == f"animopt: {name}: exists already and was not written by animopt; rename it, or the clip\n"
    assert path.read_bytes() == b"notes"
    assert sorted(workspace.files()) == ["a.gif", "a.html", "a.md", "a.txt", "a.vtt"]
    workspace.assert_clean()


@needs_fork
@pytest.mark.long
def test_page_put_in_place_of_gallery_is_kept(workspace):
    page = workspace.folder / "made" / "index.html"
    faults = [fault({"at": "animopt.scene.gallery:save_page"}, "create file", str(page))]
    done = workspace.run("gallery", "../scene.py", "-o", "made", scene="", faults=faults, options=[*SMALL[:-1], "1"])
    assert done.code == 1
    assert done.stderr.splitlines()[-1].startswith("animopt: made/index.html: is not the page of a gallery; ")
    assert page.read_bytes() == b"notes"


@needs_fork
@pytest.mark.parametrize("name", ["a.gif", "a.mp4", "frames/"])
@pytest.mark.long
def test_simultaneous_renders_leave_one_complete_file(workspace, name):
    workspace.write_old(name)
    go = workspace.place / "go"
    faults = [fault({"at": "animopt.core.files:sync", "after": True}, "wait for", str(go))]
    both = [workspace.start("-o", name, faults=faults) for _ in range(2)]
    wait_until(go.with_name("go.waiting").exists)
    go.touch()
    for finish in both:
        done = finish()
        assert (done.code, done.stderr, done.stdout) == (0, "", f"{Path(name)}\n")
    workspace.assert_clean()
    assert is_complete(workspace.folder / name)
    assert [path.name for path in workspace.folder.iterdir()] == [name.rstrip("/")]


def wait_until(condition):
    deadline = time.monotonic() + 100
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def mp4_frame_count(path):
    """The number of frames of an MP4, of which every one is decoded."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-xerror", "-i", f"file:{path}"]
    command += ["-vf", "scale=16:16", "-pix_fmt", "gray", "-f", "rawvideo", "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stderr == b""
    return len(done.stdout) / 256


def is_complete(path):
    """Whether a file, or a folder of frames, has all frames of the scene, decoded by other programs."""
    if path.is_dir():
        return [each.name for each in sorted(path.iterdir())] == [f"frame-{n:04}.png" for n in range(FRAMES)] and all(
            len(decode_frames(each)) == 1 for each in path.iterdir()
        )
    if path.suffix == ".mp4":
        return mp4_frame_count(path) == FRAMES
    with Image.open(path) as image:
        return image.n_frames == FRAMES and len(decode_frames(path)) == FRAMES


SIGNALS = [signal.SIGINT, signal.SIGTERM, *([] if WINDOWS else [signal.SIGHUP])]


@needs_fork
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("suffix", CLIPS)
@pytest.mark.sampled(2)
def test_signal_during_encoding_keeps_old_file(workspace, suffix, number):
    workspace.write_old(f"a{suffix}")
    workspace.assert_interrupted(workspace.run("-o", f"a{suffix}", faults=[fault(MIDDLE, "signal", number)]), number)
    assert workspace.files() == workspace.old


def with_signals(**moments):
    """Parameters: moments, each with one of the signals in turn."""
    return [
        pytest.param(moment, SIGNALS[n % len(SIGNALS)], id=name) for n, (name, moment) in enumerate(moments.items())
    ]


@needs_fork
@pytest.mark.parametrize(
    ("moment", "number"),
    with_signals(
        loading={"at": "animopt.scene.scene:load_scene"},
        race=RACE,
        folder_created={"at": "animopt.core.processes:machine_id"},
        palette=PALETTE,
        encoder_started=STARTED | {"match": "clip.gif"},
        first=FIRST,
        last=LAST,
        closing=CLOSING,
        finishing={"at": FINISH},
        decoding=DECODER,
        syncing={"at": "animopt.core.files:sync"},
        moving=MOVING,
    ),
)
@pytest.mark.sampled(2)
def test_signal_before_the_move_keeps_old_file(workspace, moment, number):
    workspace.write_old("a.gif", "a.mp4")
    done = workspace.run("-o", "a.gif", "-o", "a.mp4", faults=[fault(moment, "signal", number)])
    workspace.assert_interrupted(done, number)
    if moment == MOVING:
        # The signal waits until the move is done.
        assert is_complete(workspace.folder / "a.gif")
        (workspace.folder / "a.gif").write_bytes(OLD)
    assert workspace.files() == workspace.old


@needs_fork
@pytest.mark.parametrize(
    ("moment", "number"),
    with_signals(
        moved=MOVED,
        removing={"at": "animopt.core.files:shutil.rmtree"},
        reporting={"at": "animopt.cli.console:Console.files"},
        ending={"at": "click:Group.invoke", "after": True},
        ended={"at": "animopt.cli.main:main", "after": True},
        last={"at": "animopt.__main__:exit_process"},
    ),
)
@pytest.mark.sampled(1)
def test_signal_after_the_move_keeps_new_file(workspace, moment, number):
    workspace.write_old("a.gif")
    done = workspace.run("-o", "a.gif", faults=[fault(moment, "signal", number)])
    workspace.assert_interrupted(done, number)
    assert is_complete(workspace.folder / "a.gif")


@pytest.mark.long
@needs_fork
def test_signal_between_outputs_keeps_finished_one(workspace):
    workspace.write_old("a.gif", "b.mp4")
    faults = [fault({"at": FINISH, "time": 1}, "signal", signal.SIGTERM)]
    workspace.assert_interrupted(workspace.run("-o", "a.gif", "-o", "b.mp4", faults=faults), signal.SIGTERM)
    assert is_complete(workspace.folder / "a.gif")
    assert workspace.files()["b.mp4"] == OLD


@pytest.mark.long
@needs_fork
def test_signal_with_workers_keeps_old_file(workspace):
    workspace.write_old("a.mp4")
    options = ["--size", "160x160", "--fps", "50", "--workers", "2"]
    done = workspace.run("-o", "a.mp4", options=options, faults=[fault(FIRST, "signal", signal.SIGTERM)])
    workspace.assert_interrupted(done, signal.SIGTERM)
    assert workspace.files() == workspace.old


@pytest.mark.long
@needs_fork
def test_signal_during_c_extension_keeps_old_file(workspace):
    workspace.write_old("a.gif")
    workspace.assert_interrupted(
        workspace.run("-o", "a.gif", faults=[fault(MIDDLE, "compute", signal.SIGINT)]), signal.SIGINT
    )
    assert workspace.files() == workspace.old


@pytest.mark.long
@needs_fork
def test_repeated_signals_do_not_disturb_cleanup(workspace):
    workspace.write_old("a.gif")
    others = [signal.SIGINT, signal.SIGTERM, signal.SIGINT]
    cleanup = [
        "animopt.video.ffmpeg:_end",
        "animopt.core.files:shutil.rmtree",
        "animopt.cli.console:Console.error",
    ]
    faults = [
        fault(MIDDLE, "signal", signal.SIGTERM),
        *(fault({"at": at}, "signals", others) for at in cleanup),
        fault({"at": "animopt.__main__:exit_process"}, "signals", others),
    ]
    workspace.assert_interrupted(workspace.run("-o", "a.gif", faults=faults), signal.SIGTERM)
    assert workspace.files() == workspace.old


CATCHING = (
    SCENE
    + """
import os, signal
def catching(x):
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        for _ in range(1000):
            pass
    except BaseException:
        pass
    return (x ** 2).sum()
scene = Scene(function=catching, racers=[Racer("SGD", lr=0.125)], start=(-7, 2), steps=4, seconds=0.6)
"""
)


@needs_fork
@pytest.mark.parametrize("interval", [0, 1000])
@pytest.mark.long
def test_signal_that_scene_catches_still_ends_command(workspace, interval):
    (workspace.place / "scene.py").write_text(CATCHING)
    done = workspace.run("-o", "a.gif", set={"animopt.core.processes:REPEAT_INTERVAL": interval})
    workspace.assert_interrupted(done, signal.SIGTERM)


@needs_fork
@pytest.mark.parametrize("number", SIGNALS[::2], ids=lambda number: number.name)
@pytest.mark.long
def test_ignored_signal_stays_ignored(workspace, number):
    # As under nohup, or in the background of a shell without job control.
    done = workspace.run("-o", "a.gif", ignored=[number], faults=[fault(MIDDLE, "signal", number)])
    assert (done.code, done.stdout, done.stderr) == (0, "a.gif\n", "")
    workspace.assert_clean()
    assert is_complete(workspace.folder / "a.gif")


@needs_fork
@pytest.mark.parametrize(("number", "code", "message"), [(signal.SIGINT, 0, ""), (signal.SIGTERM, -15, INTERRUPTED)])
@pytest.mark.long
def test_signal_ends_watching(workspace, number, code, message):
    done = workspace.run(
        "-o", "a.gif", "--watch", faults=[fault({"at": "animopt.cli.watch:_wait_for_save"}, "signal", number)]
    )
    assert done.code == code
    first, *more = done.stderr.splitlines()
    assert "is rendered whenever it is saved; stop with Ctrl-C" in first
    assert more == ([f"animopt: {message}"] if message else [])
    workspace.assert_clean()
    assert list(workspace.files()) == ["a.gif"]


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
@pytest.mark.long
def test_next_command_cleans_up_after_killed_one(workspace, name, moment, options):
    workspace.write_old(name)
    done = workspace.run("-o", name, options=options, faults=[fault(moment, "signal", signal.SIGKILL)])
    assert (done.code, done.stdout) == (-signal.SIGKILL, "")
    assert done.stderr == ""
    (left,) = workspace.folder.glob(".*")
    two_hours_ago = time.time() - 7200
    os.utime(left, (two_hours_ago, two_hours_ago))
    if moment == MOVED:
        assert not (workspace.folder / name).exists()
    else:
        assert {name: data for name, data in workspace.files().items() if not name.startswith(".")} == workspace.old
    # The next command fails, but still removes the temporary folder and restores the old frames.
    done = workspace.run("-o", name, faults=[fault(MIDDLE, "kill encoders")])
    workspace.assert_failed(done, 1, name.rstrip("/"))


@pytest.mark.long
@needs_fork
def test_failed_clip_is_not_written_to_standard_output(workspace):
    done = workspace.run("-o", "-", "--format", "gif", faults=[fault(MIDDLE, "kill encoders")])
    workspace.assert_failed(done, 1, "-: the encoder failed: it was ended by SIGKILL; try again")
    assert done.stdout == ""


class Terminal:
    """The controlling terminal of a command, and what it shows."""

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
        """The lines that it showed, without control sequences; call this after the command has ended."""
        os.close(self._theirs)
        self._reader.join()
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.shown.decode()).replace("\r", "\n").split("\n")


@needs_fork
@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.sampled(1)
def test_ctrl_c_on_terminal_prints_one_line(workspace, workers):
    workspace.write_old("a.mp4")
    terminal, go = Terminal(), workspace.place / "go"
    options = ["--size", "160x160", "--fps", "50", "--workers", workers]
    finish = workspace.start(
        *("-o", "a.mp4"), options=options, terminal=terminal.name, faults=[fault(MIDDLE, "wait for", str(go))]
    )
    wait_until(go.with_name("go.waiting").exists)
    # The terminal sends SIGINT to every process of its foreground group.
    os.write(terminal.ours, b"\x03")
    done = finish()
    lines = [line for line in terminal.lines() if "animopt" in line or "Traceback" in line or "Error" in line]
    assert lines == [f"animopt: {INTERRUPTED}"]
    os.close(terminal.ours)
    assert done.code == -signal.SIGINT
    assert workspace.files() == workspace.old
    workspace.assert_clean()


@pytest.mark.long
@needs_fork
def test_closed_terminal_ends_command(workspace):
    workspace.write_old("a.mp4")
    ours, theirs = pty.openpty()
    go = workspace.place / "go"
    options = ["--size", "160x160", "--fps", "10", "--workers", "0", "--quiet"]
    finish = workspace.start(
        *("-o", "a.mp4"), options=options, terminal=os.ttyname(theirs), faults=[fault(MIDDLE, "wait for", str(go))]
    )
    wait_until(go.with_name("go.waiting").exists)
    os.close(theirs)
    os.close(ours)
    assert finish().code == -signal.SIGHUP
    assert workspace.files() == workspace.old
    workspace.assert_clean()


def run_in_shell(place, script, program):
    """Run a script of bash, whose arguments run a Python program, in a new session."""
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
        # Processes in the background ignore it by default.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


@needs_fork
@pytest.mark.parametrize(
    ("module", "number", "code"),
    [("torch.autograd", signal.SIGINT, 130), ("matplotlib.figure", signal.SIGTERM, 143), ("click.core", "SIGHUP", 129)],
)
@pytest.mark.sampled(0, 2)
def test_signal_during_import_reaches_the_shell(tmp_path, module, number, code):
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
    done = run_in_shell(tmp_path, '"$@"; echo $?', program)
    assert done.stdout == f"{code}\n"
    # The shell itself may report the signal.
    assert [line for line in done.stderr.splitlines() if "animopt" in line or "  " in line][:1] == [
        f"animopt: {INTERRUPTED}"
    ]
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "out").iterdir()) == []
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize("raised", ["KeyboardInterrupt()", "ImportError('initialization failed')"])
@pytest.mark.long
def test_unneeded_worker_exits_silently(tmp_path, raised):
    # An interrupt during the import of a C extension may become another error.
    (tmp_path / "slow.py").write_text(f"""
import sys, time
print("imports", file=sys.stderr, flush=True)
try:
    while True:
        time.sleep(0.01)
except KeyboardInterrupt:
    raise {raised} from None
""")
    # Processes in the background ignore an interrupt by default.
    program = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    program += "; from animopt.video.worker_pool import work; work('slow')"
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
@pytest.mark.long
def test_ctrl_c_ends_loop_of_shell(tmp_path):
    program = f"""
import sys
import driver
driver.hook(**{fault(MIDDLE, "signal group", int(signal.SIGINT))!r})
sys.argv = ["animopt", "../scene.py", "-o", "a.gif", *{SMALL!r}]
from animopt.__main__ import main
main()
"""
    done = run_in_shell(tmp_path, 'for i in 1 2; do "$@"; echo "$i"; done; echo after', program)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", f"animopt: {INTERRUPTED}\n")
    assert list((tmp_path / "out").iterdir()) == []


# Faults of Scene.save in Python


@pytest.fixture
def scene(tmp_path, monkeypatch):
    """A scene with six frames."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "scene.py").write_text(SCENE)
    return animopt.load_scene(tmp_path / "scene.py")


@pytest.fixture
def kill_encoders(monkeypatch):
    """A function that makes the encoders of files with a suffix be killed at a frame."""

    def install(suffix, frame=FRAMES // 2):
        def write_and_kill(self, part, write=Writer.write):
            if self.path.suffix == suffix and self.frames == frame:
                for each in psutil.Process().children():
                    if each.cmdline()[-1].endswith(suffix):
                        each.kill()
                        psutil.wait_procs([each], 0.5)
            write(self, part)

        monkeypatch.setattr(Writer, "write", write_and_kill)

    return install


def assert_nothing_left(folder):
    """Check that no temporary file and no process is left."""
    assert [path.name for path in folder.rglob(".*")] == []
    assert list((folder / "temporary").iterdir()) == []
    left = [each for each in psutil.Process().children() if "ffmpeg" in each.name() or "animopt" in str(each.cmdline())]
    assert left == []


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.sampled(2)
def test_save_raises_error_and_keeps_old_file(scene, tmp_path, monkeypatch, suffix):
    name = f"a{suffix}" if suffix != "/" else "frames/"
    path = tmp_path / name
    if suffix == "/":
        path.mkdir()
    old = path / "frame-0007.png" if suffix == "/" else path
    old.write_bytes(OLD)

    def write_and_kill(self, part, write=Writer.write):
        if self.frames == FRAMES // 2:
            for each in psutil.Process().children():
                if "ffmpeg" in each.name():
                    each.kill()
        write(self, part)

    monkeypatch.setattr(Writer, "write", write_and_kill)
    with pytest.raises(Error, match=r"the encoder failed: it (was ended by SIGKILL|ended with)") as caught:
        scene.save(Output(f"{tmp_path}/{name}", (160, 160), 10), workers=0)
    assert "\n" not in str(caught.value)
    assert str(path).rstrip("/") in str(caught.value)
    assert old.read_bytes() == OLD
    assert_nothing_left(tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted({"scene.py", "temporary", path.name})


@pytest.mark.long
def test_failed_output_does_not_stop_others(scene, tmp_path, kill_encoders):
    kill_encoders(".mp4")
    names = ["a.gif", "b.mp4", "c.webp"]
    outputs = [Output(tmp_path / name, (160, 160), 10) for name in names]
    # The second size is a second pass, in which another output fails.
    outputs += [Output(tmp_path / name, (200, 160), 10) for name in ("d.mp4", "e.gif", "f.apng")]
    outputs[0] = Output(tmp_path / "a.gif", (160, 160), 10, max_bytes=1_000_000)
    written = []
    with pytest.raises(Error) as caught:
        written.extend(save_outputs(scene, *outputs, workers=0, sidecars=["alt", "poster"]))
    message = str(caught.value)
    assert "\n" not in message
    assert message.count("the encoder failed") == 2
    assert "b.mp4" in message
    assert "d.mp4" in message
    for name in ("a.gif", "c.webp", "e.gif", "f.apng"):
        assert is_complete(tmp_path / name)
    sidecars = {f"{stem}{suffix}" for stem in "acef" for suffix in (".txt", ".png")}
    clips = {"a.gif", "c.webp", "e.gif", "f.apng"}
    assert {each.name for each in tmp_path.iterdir()} == sidecars | clips | {"scene.py", "temporary"}
    assert_nothing_left(tmp_path)


@pytest.mark.long
def test_path_of_written_file_is_yielded_before_error(scene, tmp_path, kill_encoders):
    kill_encoders(".gif")
    outputs = [Output(tmp_path / "a.gif", (160, 160), 10), Output(tmp_path / "b.mp4", (160, 160), 10)]
    written = []
    with pytest.raises(Error, match=r"a\.gif"):
        written.extend(map(Path, save_outputs(scene, *outputs, workers=0)))
    assert written == [tmp_path / "b.mp4"]
    assert is_complete(tmp_path / "b.mp4")


@pytest.mark.long
def test_output_over_max_bytes_does_not_stop_others(scene, tmp_path):
    scene = scene.replace(seconds=3)
    outputs = [Output(tmp_path / "a.apng", (800, 450), 25, max_bytes=20_000), Output(tmp_path / "b.mp4", (160, 160), 2)]
    with pytest.raises(Error, match=r"a\.apng: cannot be made smaller than "):
        scene.save(*outputs, workers=0)
    assert not (tmp_path / "a.apng").exists()
    assert mp4_frame_count(tmp_path / "b.mp4") == 6
    assert_nothing_left(tmp_path)


ENDS = {
    "os.kill(os.getpid(), signal.SIGKILL)": r"workers 1: one was ended by SIGKILL; try again, with fewer, or 0",
    "os.kill(os.getpid(), signal.SIGSTOP)": r"workers 1: process \d+ made no progress since [\d:]+ and was ended; .*",
}


@needs_fork
@pytest.mark.parametrize("command", ["all", "gallery"])
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.sampled(0, 2)
def test_killed_worker_does_not_stop_other_scenes(workspace, command, end):
    scenes = workspace.place / "scenes"
    scenes.mkdir()
    (scenes / "good.py").write_text(SCENE)
    (scenes / "exiting.py").write_text(f"{SCENE}\nimport os, signal\n{end}\n")
    options = ["--size", "160x160", "--fps", "10", "--workers", "1"]
    done = workspace.run(
        command,
        "../scenes",
        "-o",
        "made",
        *(["--format", "gif"] if command == "all" else []),
        scene="",
        options=options,
        # A worker imports torch, which takes longer than the shorter timeout of other tests.
        set={"animopt.video.watchdog:MAX_STALLED_CHECKS": 30, "animopt.video.watchdog:CHECK_INTERVAL": 0.2},
    )
    assert done.code == 1
    *notes, last = done.stderr.splitlines()
    assert last == "animopt: 1 of 2 scenes failed: exiting"
    assert any(re.search(f"exiting: failed: {ENDS[end]}$", note) for note in notes)
    workspace.assert_clean()
    assert is_complete(workspace.folder / "made" / ("good.gif" if command == "all" else "clips/good.mp4"))


@pytest.mark.long
@needs_fork
def test_failed_deck_keeps_old_file(workspace):
    workspace.write_old("a.html")
    (workspace.place / "second.py").write_text(SCENE)
    faults = [fault(MIDDLE, "kill encoders", time=FRAMES + 2)]
    done = workspace.run("deck", "a.html", "../scene.py", "../second.py", scene="", faults=faults)
    assert done.stderr.startswith("1/2 scene: done\n")
    done.stderr = done.stderr.partition("\n")[2]
    workspace.assert_failed(done, 1, "second: ", "the encoder failed: it was ended by SIGKILL; try again")
