"""Little memory, a full temporary folder, and limits of the shell: the file is written, or one line says why."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from animopt.core import files, shared_memory
from animopt.core.shared_memory import SharedMemory

SCENE = """from animopt import Racer, Scene
scene = Scene(function=lambda x: (x ** 2).sum(), racers=[Racer("SGD", lr=0.125)], start=(-7, 2), steps=4, seconds=0.4)
"""
SMALL = ["--size", "320x180", "--fps", "10"]
ALL = ["all", "scene.py", "-o", "out", "--format", "gif", "--workers", "1"]
NO_SPACE = "No space left on device; free some space, or name a temporary folder in TMPDIR"


def can_mount():
    try:
        command = ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/dev/shm"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


needs_mounts = pytest.mark.skipif(not can_mount(), reason="no disk can be mounted here")
posix = pytest.mark.skipif(os.name != "posix", reason="only a POSIX shell has these limits")


@pytest.fixture
def run_after(tmp_path):
    """A function that runs a command in a shell after other commands, in which $T is an empty folder."""
    (tmp_path / "scene.py").write_text(SCENE)
    (tmp_path / "temporary").mkdir()

    def run(before, *arguments, shell=("sh",)):
        return subprocess.run(
            [*shell, "-c", f"{before} && exec {shlex.join([sys.executable, '-m', 'animopt', *arguments])}"],
            cwd=tmp_path,
            env=os.environ | {"T": str(tmp_path / "temporary")},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def run_mounted(run_after, before, *arguments):
    return run_after(before, *arguments, shell=("unshare", "-rm", "sh"))


def left(folder):
    return [path for path in folder.rglob(".animopt-*") if path.name.startswith(".animopt-")]


@needs_mounts
@pytest.mark.parametrize("options", ["size=64k", "ro", "size=64m"])
@pytest.mark.long
def test_memory_that_is_too_small_is_replaced_by_the_disk(run_after, tmp_path, options):
    size = ["--size", "1920x1080" if options == "size=64m" else "320x180", "--fps", "40"]
    mount = f"mount -t tmpfs -o {options} tmpfs /dev/shm"
    done = run_mounted(run_after, mount, "scene.py", "-o", "a.png/", "--workers", "3", *size)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list((tmp_path / "a.png").iterdir())) == 16
    assert left(tmp_path) == []


@needs_mounts
@pytest.mark.long
def test_too_little_memory_and_disk_is_reported(run_after, tmp_path):
    mount = "mount -t tmpfs -o ro tmpfs /dev/shm && mount -t tmpfs -o size=64k tmpfs $T && export TMPDIR=$T"
    done = run_mounted(run_after, mount, "scene.py", "-o", "a.gif", "--workers", "2", *SMALL)
    assert done.returncode == 1
    assert done.stderr == (
        "animopt: workers 2: 691 kB for their frames: No space left on device; use fewer, or 0, or name another "
        "temporary folder in TMPDIR\n"
    )
    assert {path.name for path in tmp_path.iterdir()} == {"scene.py", "temporary"}


@needs_mounts
@pytest.mark.parametrize("arguments", [ALL, ["scene.py", "-o", "-", "--format", "gif"]], ids=["all", "stdout"])
@pytest.mark.long
def test_full_temporary_folder_is_reported(run_after, tmp_path, arguments):
    mount = "mount -t tmpfs -o size=12k tmpfs $T && export TMPDIR=$T"
    done = run_mounted(run_after, mount, *arguments, *SMALL)
    assert done.returncode == 1
    first = done.stderr.splitlines()[0]
    assert first.startswith("1/1 scene: failed: out/scene.gif: " if arguments == ALL else "animopt: -: ")
    assert first.endswith(NO_SPACE)
    assert {path.name for path in tmp_path.iterdir()} == {"scene.py", "temporary"}


@posix
@pytest.mark.parametrize(
    ("limit", "arguments", "messages"),
    [
        ("-f 8", ["scene.py", "-o", "a.gif", "--workers", "0"], ["a.gif: ", "raise the limit, as ulimit -f unlimited"]),
        ("-n 20", ["scene.py", "-o", "a.mp4", "--workers", "0"], ["a.mp4: ", "raise the limit, as ulimit -n 1024"]),
        ("-n 12", ["scene.py", "--still", "0", "-o", "a.png"], ["Too many open files; raise the limit, as ulimit -n"]),
        ("-f 0", ALL, ["no temporary folder can be written to; free some space, or name one in TMPDIR"]),
    ],
)
@pytest.mark.long
def test_limit_of_the_shell_is_named(run_after, tmp_path, limit, arguments, messages):
    size = SMALL[:2] if "--still" in arguments else SMALL
    done = run_after(f"ulimit {limit}", *arguments, *size)
    assert done.returncode == 1
    for message in messages:
        assert message in done.stderr.splitlines()[0]
    assert "bug" not in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"scene.py", "temporary"}


def test_memory_is_seen_by_its_name_and_freed():
    with shared_memory.shared_memory(3 * shared_memory.CHUNK + 5) as (shared, block):
        assert np.frombuffer(shared.open(), np.uint8).sum() == 0
        block[-1] = 7
        assert shared.open()[shared.size - 1] == 7
    with pytest.raises(OSError, match="No such file"):
        shared.open()


def test_memory_without_a_folder_in_memory_is_in_the_temporary_folder(monkeypatch, tmp_path):
    # As on macOS.
    monkeypatch.setattr(files, "MEMORY", tmp_path / "missing")
    monkeypatch.setattr(shared_memory, "MEMORY", tmp_path / "missing")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with shared_memory.shared_memory(5) as (shared, block):
        assert Path(shared.name).parents[2] == tmp_path
        block[:] = b"12345"
        assert shared.open()[:] == b"12345"
    assert list(tmp_path.iterdir()) == []


def test_memory_on_windows_has_a_name(monkeypatch):
    made = []

    class Map:
        def __init__(self, number, size, tagname):
            made.append((number, size, tagname))

        def __enter__(self):
            return self

        def __exit__(self, *error):
            made.append("closed")

    monkeypatch.setattr(shared_memory.processes, "WINDOWS", True)
    monkeypatch.setattr(shared_memory, "mmap", Map)
    with shared_memory.shared_memory(5) as (shared, _):
        SharedMemory(shared.name, shared.size).open()
    assert made == [(-1, 5, shared.name), (-1, 5, shared.name), "closed"]
