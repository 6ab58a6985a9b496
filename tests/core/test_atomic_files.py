"""Files and folders that replace others as a whole, and the branches for other operating systems by simulation."""

import os
from pathlib import Path

import pytest

from animopt.core import atomic_files
from animopt.core.atomic_files import move_into_place
from animopt.core.operating_system import WINDOWS


def test_written_data_is_synced(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_ino))
    path = tmp_path / "a"
    path.write_text("a")
    atomic_files.sync(path)
    assert synced == [path.stat().st_ino]
    if not WINDOWS:
        atomic_files.sync(tmp_path)
        assert synced[1:] == [tmp_path.stat().st_ino]
    with pytest.raises(FileNotFoundError):
        atomic_files.sync(tmp_path / "b")


@pytest.mark.skipif(WINDOWS, reason="Windows has no fcntl")
@pytest.mark.parametrize("error", [None, OSError(45, "Operation not supported")], ids=["disk", "network"])
def test_macos_flushes_the_cache_of_the_disk(tmp_path, monkeypatch, simulate, error):
    commands, synced = [], []

    def fcntl(file, command):
        commands.append(command)
        if error:
            raise error

    monkeypatch.setattr("fcntl.fcntl", fcntl)
    monkeypatch.setattr(os, "fsync", synced.append)
    simulate("macOS")
    (tmp_path / "a").write_text("a")
    atomic_files.sync(tmp_path / "a")
    # F_FULLFSYNC in the fcntl.h of macOS.
    assert commands == [51]
    assert bool(synced) == bool(error)


def test_only_a_file_that_cannot_be_synced_is_an_error(tmp_path, monkeypatch, simulate):
    def failing(file):
        raise OSError(22, "Invalid argument")

    path = tmp_path / "a"
    path.write_text("a")
    monkeypatch.setattr(os, "fsync", failing)
    atomic_files.sync(tmp_path)
    with pytest.raises(OSError, match="Invalid argument"):
        atomic_files.sync(path)
    simulate("Windows")
    # Windows cannot open a folder.
    monkeypatch.setattr(os, "open", failing)
    atomic_files.sync(tmp_path)


def hold_open(monkeypatch, times):
    """Make the next moves fail as on Windows if another program holds the file open. Returns a list of all attempts."""
    attempts = []

    def replace(self, target, replace=Path.replace):
        attempts.append(self)
        if len(attempts) <= times:
            raise PermissionError(13, "Access is denied")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    monkeypatch.setattr(atomic_files.time, "sleep", lambda seconds: None)
    return attempts


@pytest.fixture
def pair(tmp_path):
    """A new file and the old one that it replaces."""
    paths = tmp_path / "new", tmp_path / "old"
    for path in paths:
        path.write_text(path.name)
    return paths


@pytest.mark.parametrize("times", [0, 1, atomic_files.MAX_MOVE_ATTEMPTS - 1])
def test_move_on_windows_waits_for_an_open_file(pair, monkeypatch, simulate, times):
    simulate("Windows")
    attempts = hold_open(monkeypatch, times)
    new, old = pair
    atomic_files.move(new, old)
    assert len(attempts) == times + 1
    assert old.read_text() == "new"
    assert not new.exists()


def test_move_on_windows_reports_a_file_that_stays_open(pair, monkeypatch, simulate):
    simulate("Windows")
    attempts = hold_open(monkeypatch, 1000)
    with pytest.raises(PermissionError, match="is open in another program; close it there"):
        atomic_files.move(*pair)
    assert len(attempts) == atomic_files.MAX_MOVE_ATTEMPTS
    assert [path.read_text() for path in pair] == ["new", "old"]


def test_move_on_other_systems_is_not_retried(tmp_path, monkeypatch, simulate):
    simulate("Linux")
    attempts = hold_open(monkeypatch, 1000)
    with pytest.raises(PermissionError, match="Access is denied"):
        atomic_files.move(tmp_path / "new", tmp_path / "old")
    assert len(attempts) == 1


def test_folder_with_an_open_file_remains_in_place(tmp_path, monkeypatch, simulate):
    simulate("Windows")
    (tmp_path / "made").mkdir()
    new, old = tmp_path / "made" / "new", tmp_path / "frames"
    for each in (new, old):
        each.mkdir()
        (each / "frame-0000.png").write_text(each.name)
    hold_open(monkeypatch, 1000)
    with pytest.raises(PermissionError, match="is open in another program"):
        move_into_place(new, old)
    assert (old / "frame-0000.png").read_text() == "frames"
