"""Temporary folders beside the output, which may be in a folder that others can write to."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from animopt import Output, Racer, Scene
from animopt.core import files
from animopt.core.files import MAX_CLOCK_SKEW, MAX_FOREIGN_AGE, temporary_folder
from animopt.core.processes import WINDOWS, machine_id

HOUR = 3600
KILLED = """
import os, sys
from pathlib import Path
from animopt.core.files import temporary_folder
with temporary_folder(Path(sys.argv[1])) as folder:
    (folder / "old" / "frames").mkdir(parents=True)
    (folder / "old" / "frames" / "frame-0000.png").write_bytes(b"old")
    print(folder, end="", flush=True)
    os._exit(9)
"""

needs_users = pytest.mark.skipif(WINDOWS or os.geteuid() != 0, reason="only root can act as another user")
needs_descriptors = pytest.mark.skipif(not files._HAS_DESCRIPTORS, reason="this system opens no folders")


@pytest.fixture(scope="module")
def left_behind(tmp_path_factory):
    """The content of a temporary folder that a process has left behind while it replaced frames."""
    command = [sys.executable, "-c", KILLED, str(tmp_path_factory.mktemp("left") / "frames")]
    content = Path(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    assert (content / "old" / "frames").is_dir()
    return content


@pytest.fixture
def stale(left_behind, tmp_path):
    """The content of such a folder, two hours old, in a folder of its own."""
    folder = tmp_path / "shared" / left_behind.parent.name
    shutil.copytree(left_behind.parent, folder)
    set_age(folder, 2 * HOUR)
    return folder / left_behind.name


@pytest.fixture
def private(tmp_path):
    """A folder that no other user may touch, with a folder in it that looks like the content of a temporary one."""
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    (folder / "thesis.tex").write_text("thesis")
    return folder


@pytest.fixture(params=["descriptors", "paths"])
def either_way(request, monkeypatch):
    """With and without open folders, which Windows does not have."""
    if request.param == "paths":
        monkeypatch.setattr(files, "_HAS_DESCRIPTORS", False)
    elif not files._HAS_DESCRIPTORS:
        pytest.skip("this system opens no folders")


def set_age(path, seconds):
    os.utime(path, (time.time() - seconds,) * 2)


def sweep(folder):
    with temporary_folder(folder / "a.gif"):
        pass


def is_untouched(private):
    return [each.name for each in private.rglob("*.tex")] == ["thesis.tex"] and (private / "thesis.tex").exists()


def test_folder_of_dead_process_is_removed_and_old_frames_are_restored(stale, either_way):
    shared = stale.parents[1]
    sweep(shared)
    assert [each.name for each in shared.iterdir()] == ["frames"]
    assert (shared / "frames" / "frame-0000.png").read_bytes() == b"old"


def test_old_frames_are_discarded_if_there_are_new_ones(stale, either_way):
    shared = stale.parents[1]
    (shared / "frames").mkdir()
    sweep(shared)
    assert [each.name for each in shared.iterdir()] == ["frames"]
    assert list((shared / "frames").iterdir()) == []


def test_old_folder_with_other_files_than_frames_is_kept(stale, either_way):
    shared = stale.parents[1]
    (shared / "frames").mkdir()
    (stale / "old" / "frames" / "notes.txt").write_text("notes")
    sweep(shared)
    assert sorted(each.name for each in (stale / "old" / "frames").iterdir()) == ["frame-0000.png", "notes.txt"]


def test_old_folder_that_cannot_be_restored_is_kept(stale, monkeypatch):
    shared = stale.parents[1]
    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", refuse_access)
        patched.setattr(files, "move", refuse_access)
        sweep(shared)
    assert (stale / "old" / "frames" / "frame-0000.png").exists()
    sweep(shared)
    assert (shared / "frames" / "frame-0000.png").exists()


def refuse_access(*arguments, **named):
    raise PermissionError(13, "Permission denied")


def test_only_folders_of_dead_processes_are_removed(tmp_path, either_way):
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        pass
    here, other = machine_id(), "0" * 8
    own_age = time.time() - psutil.Process().create_time()
    # Machine, process, age in seconds, and whether the folder is kept.
    cases = [
        (here, os.getppid(), 2 * HOUR, False),
        (here, os.getpid(), own_age - 1, True),
        (here, os.getpid(), own_age + 2 * HOUR, False),
        (here, dead.pid, MAX_CLOCK_SKEW - 60, True),
        (here, dead.pid, MAX_CLOCK_SKEW + 60, False),
        (here, dead.pid, -2 * HOUR, True),
        (other, dead.pid, MAX_FOREIGN_AGE - 60, True),
        (other, dead.pid, MAX_FOREIGN_AGE + 60, False),
    ]
    # The id of a process that runs for two hours, or is younger than the folder.
    parent_age = time.time() - psutil.Process(os.getppid()).create_time()
    cases[0] = (here, os.getppid(), parent_age - 1, True)
    kept = set()
    for number, (machine, process, age, keep) in enumerate(cases):
        folder = tmp_path / f".animopt-{machine}-{process}-{number:012}"
        folder.mkdir(0o777 if WINDOWS else 0o700)
        (folder / f"{number:012}").mkdir()
        (folder / f"{number:012}" / "clip.gif").touch()
        set_age(folder, age)
        kept |= {folder.name} if keep else set()
    file = tmp_path / f".animopt-{here}-{dead.pid}-{99:012}"
    file.touch()
    set_age(file, 2 * HOUR)
    with temporary_folder(tmp_path / "a.gif") as own:
        sweep(tmp_path)
        assert {each.name for each in tmp_path.iterdir()} == {*kept, file.name, own.parent.name}
    assert {each.name for each in tmp_path.iterdir()} == {*kept, file.name}


@pytest.mark.parametrize("renamed", ["frames", "private"])
def test_folder_that_somebody_renamed_is_kept(stale, private, either_way, renamed):
    """A user who may write to a folder may rename the folders in it. A name does not prove who made a folder."""
    (private / "old").mkdir()
    name = stale.parent.name[:-12] + "0" * 12
    moved = (stale / "old" / "frames" if renamed == "frames" else private).rename(stale.parents[1] / name)
    set_age(moved, 2 * HOUR)
    before = sorted(moved.rglob("*"))
    sweep(stale.parents[1])
    assert sorted(moved.rglob("*")) == before


@pytest.mark.skipif(WINDOWS, reason="Windows has no modes")
def test_folder_that_others_may_write_to_is_kept(stale, either_way):
    stale.parent.chmod(0o777)
    set_age(stale.parent, 2 * HOUR)
    sweep(stale.parents[1])
    assert (stale / "old" / "frames" / "frame-0000.png").exists()


@pytest.mark.skipif(WINDOWS, reason="Windows has no modes")
def test_temporary_folder_is_private_and_the_clip_is_not(tmp_path):
    mask = os.umask(0o022)
    try:
        with files.atomic_write(tmp_path / "a.txt") as unfinished:
            unfinished.write_text("a")
            assert (tmp_path / unfinished.parents[1].name).stat().st_mode & 0o777 == 0o700
    finally:
        os.umask(mask)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("part", ["folder", "content", "old"])
def test_sweeping_follows_no_link(stale, private, either_way, part):
    """Each part of the path of old frames in turn is a link to a private folder."""
    link = {"folder": stale.parent, "content": stale, "old": stale / "old"}[part]
    link.rename(link.with_name("away"))
    rest = (stale / "old" / "frames").relative_to(link)
    (private / rest).mkdir(parents=True)
    link.symlink_to(private, target_is_directory=True)
    set_age(stale.parent, 2 * HOUR)
    before = sorted(private.rglob("*"))
    sweep(stale.parents[1])
    assert sorted(private.rglob("*")) == before
    assert is_untouched(private)
    assert not (stale.parents[1] / "frames").exists()


@needs_users
@pytest.mark.parametrize("owned", ["folder", "frames", "link"])
def test_folder_of_another_user_is_kept(stale, private, owned):
    """Another user plants a folder, or a link to a private folder, in a shared folder."""
    shared, token = stale.parents[1], f"{7:012}"
    shared.chmod(0o777)
    name = stale.parent.name[:-12] + token
    (private / token / "old").mkdir(parents=True)
    (private / token / "old" / "letter.tex").write_text("")
    script = {
        "folder": 'mkdir -m 700 "$0" "$0/$1" && ln -s "$2/$1/old" "$0/$1/old" && touch -t 202001010000 "$0"',
        "frames": 'mkdir -m 700 "$0" && mkdir -p "$0/$1/old/planted" && touch -t 202001010000 "$0"',
        "link": 'ln -s "$2" "$0"',
    }[owned]
    command = ["sh", "-c", script, name, token, str(private)]
    subprocess.run(command, cwd=shared, user=65534, group=65534, extra_groups=[], check=True)
    sweep(shared)
    assert (private / token / "old" / "letter.tex").exists()
    assert os.path.lexists(shared / name)
    assert {each.name for each in shared.iterdir()} == {name, "frames"}


@needs_descriptors
def test_link_that_replaces_a_folder_while_it_is_swept_is_not_followed(stale, private, monkeypatch):
    (private / stale.name / "old" / "frames").mkdir(parents=True)

    def replace_by_link(*arguments, is_stale=files._is_stale):
        stale.parent.rename(stale.parents[1] / "away")
        stale.parent.symlink_to(private)
        return is_stale(*arguments)

    monkeypatch.setattr(files, "_is_stale", replace_by_link)
    before = sorted(private.rglob("*"))
    sweep(stale.parents[1])
    assert sorted(private.rglob("*")) == before


def test_link_in_place_of_the_own_folder_is_not_followed(tmp_path, private, either_way):
    with temporary_folder(tmp_path / "a.gif") as own:
        own.parent.rename(tmp_path / "away")
        (private / own.name / "old" / "frames").mkdir(parents=True)
        own.parent.symlink_to(private, target_is_directory=True)
    assert (private / own.name / "old" / "frames").is_dir()
    assert is_untouched(private)


@pytest.mark.skipif(WINDOWS or os.geteuid() == 0, reason="the mode of a folder stops neither root nor Windows")
def test_folder_that_may_not_be_listed_gets_no_leftovers(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o333)
    sweep(shared)
    shared.chmod(0o700)
    assert list(shared.iterdir()) == []


@pytest.mark.parametrize("skew", [-2 * 86400, -30, 30, 2 * 86400])
@pytest.mark.sampled(1)
def test_clock_of_the_server_may_differ(tmp_path, monkeypatch, skew):
    """The clock of a file server stamps new folders. Each output sees other live folders."""

    def stamped(self, *arguments, mkdir=Path.mkdir, **named):
        mkdir(self, *arguments, **named)
        set_age(self, -skew)

    # Memory has the clock of this machine.
    (tmp_path / "memory").mkdir()
    memory = tmp_path / "memory" / f".animopt-{machine_id()}-{os.getppid()}-{0:012}"
    memory.mkdir(0o777 if WINDOWS else 0o700)
    monkeypatch.setattr(files, "MEMORY", memory.parent)
    monkeypatch.setattr(Path, "mkdir", stamped)
    live = [f".animopt-{machine}-{os.getppid()}-{number:012}" for number, machine in enumerate([machine_id(), "0" * 8])]
    for name in live:
        (tmp_path / name).mkdir(0o777 if WINDOWS else 0o700)
    scene = Scene(function=lambda x: (x**2).sum(), racers=[Racer("SGD", lr=0.1)], start=(1, 2), steps=2, seconds=0.2)
    outputs = [Output(tmp_path / name, (160, 160), 10) for name in ("a.gif", "b.apng", "c.webp")]
    scene.save(*outputs, workers=0)
    assert sorted(each.name for each in tmp_path.iterdir()) == [*sorted(live), "a.gif", "b.apng", "c.webp", "memory"]
    assert memory.is_dir()


def test_folder_that_disappears_meanwhile_does_not_keep_the_others(stale, monkeypatch):
    """Another process may remove a temporary folder between its listing and its check."""
    shared = stale.parents[1]
    for number in range(2):
        folder = shared / f"{stale.parent.name[:-12]}{number:012}"
        folder.mkdir(0o777 if WINDOWS else 0o700)
        set_age(folder, 2 * HOUR)
    calls = []

    def is_alive(*_):
        calls.append(1)
        if len(calls) == 1:
            raise FileNotFoundError
        return False

    monkeypatch.setattr("animopt.core.processes.is_alive", is_alive)
    sweep(shared)
    assert len(calls) == 3
    assert len(list(shared.glob(".animopt-*"))) == 1
