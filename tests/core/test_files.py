"""Files that replace others as a whole, and file names, with branches for other operating systems by simulation."""

import os
from pathlib import Path, PureWindowsPath

import pytest

from animopt.core import files
from animopt.core.errors import UsageError, escape_controls
from animopt.core.files import move_into_place
from animopt.core.processes import WINDOWS
from animopt.video.output import check_path

REFUSED = {
    "con.gif": "is the name of a device on Windows",
    "CON": "is the name of a device on Windows",
    "nul.tar.gif": "is the name of a device on Windows",
    "Com1.mp4": "is the name of a device on Windows",
    "lpt³.mp4": "is the name of a device on Windows",
    "aux .gif": "is the name of a device on Windows",
    "c:x.mp4": "holds ':', which Windows does not allow",
    'a"b.gif': "holds '\"', which Windows does not allow",
    "a?.gif": "holds '?', which Windows does not allow",
    "a\nb.gif": r"holds '\n', which Windows does not allow",
    "a.gif.": "ends in a dot or a blank, which Windows does not allow",
    "a.gif ": "ends in a dot or a blank, which Windows does not allow",
}


def test_written_data_is_synced(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_ino))
    path = tmp_path / "a"
    path.write_text("a")
    files.sync(path)
    assert synced == [path.stat().st_ino]
    if not WINDOWS:
        files.sync(tmp_path)
        assert synced[1:] == [tmp_path.stat().st_ino]
    with pytest.raises(FileNotFoundError):
        files.sync(tmp_path / "b")


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
    files.sync(tmp_path / "a")
    # F_FULLFSYNC in the fcntl.h of macOS.
    assert commands == [51]
    assert bool(synced) == bool(error)


def test_only_a_file_that_cannot_be_synced_is_an_error(tmp_path, monkeypatch, simulate):
    def failing(*arguments):
        raise OSError(22, "Invalid argument")

    path = tmp_path / "a"
    path.write_text("a")
    monkeypatch.setattr(os, "fsync", failing)
    files.sync(tmp_path)
    with pytest.raises(OSError, match="Invalid argument"):
        files.sync(path)
    simulate("Windows")
    # Windows cannot open a folder.
    monkeypatch.setattr(os, "open", failing)
    files.sync(tmp_path)


def hold_open(monkeypatch, times):
    """Make the next moves fail as on Windows if another program holds the file open. Returns a list of all attempts."""
    attempts = []

    def replace(self, target, replace=Path.replace):
        attempts.append(self)
        if len(attempts) <= times:
            raise PermissionError(13, "Access is denied")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    monkeypatch.setattr(files.time, "sleep", lambda seconds: None)
    return attempts


@pytest.fixture
def pair(tmp_path):
    """A new file and the old one that it replaces."""
    paths = tmp_path / "new", tmp_path / "old"
    for path in paths:
        path.write_text(path.name)
    return paths


@pytest.mark.parametrize("times", [0, 1, files.MAX_MOVE_ATTEMPTS - 1])
def test_move_on_windows_waits_for_an_open_file(pair, monkeypatch, simulate, times):
    simulate("Windows")
    attempts = hold_open(monkeypatch, times)
    new, old = pair
    files.move(new, old)
    assert len(attempts) == times + 1
    assert old.read_text() == "new"
    assert not new.exists()


def test_move_on_windows_reports_a_file_that_stays_open(pair, monkeypatch, simulate):
    simulate("Windows")
    attempts = hold_open(monkeypatch, 1000)
    with pytest.raises(PermissionError, match="is open in another program; close it there"):
        files.move(*pair)
    assert len(attempts) == files.MAX_MOVE_ATTEMPTS
    assert [path.read_text() for path in pair] == ["new", "old"]


def test_move_on_other_systems_is_not_retried(tmp_path, monkeypatch, simulate):
    simulate("Linux")
    attempts = hold_open(monkeypatch, 1000)
    with pytest.raises(PermissionError, match="Access is denied"):
        files.move(tmp_path / "new", tmp_path / "old")
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


@pytest.mark.parametrize("name", REFUSED)
def test_windows_refuses_names(simulate, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    simulate("Windows")
    assert files.invalid_name_reason(name) == REFUSED[name]
    with pytest.raises(UsageError) as caught:
        check_path(Path(name))
    assert str(caught.value) == escape_controls(f"{name}: {REFUSED[name]}; give it another name")
    simulate("Linux")
    assert files.invalid_name_reason(name) == ""


@pytest.mark.parametrize("name", ["console.gif", "com.gif", "com10.gif", "my con.gif", ".gif", "a b.gif", "ä.gif"])
def test_windows_accepts_names(simulate, name):
    simulate("Windows")
    assert files.invalid_name_reason(name) == ""
    assert not PureWindowsPath(name).is_reserved()


@pytest.mark.parametrize("name", ["Windows", "macOS", "Linux"])
def test_zero_byte_is_refused_on_any_system(simulate, name):
    simulate(name)
    assert files.invalid_name_reason("a\0.gif") == "holds a zero byte"


def test_path_that_ends_in_a_separator_names_a_folder(monkeypatch):
    assert files.ends_in_separator("frames/")
    assert files.ends_in_separator(f"frames{os.sep}")
    assert not files.ends_in_separator("frames")
    assert not files.ends_in_separator(Path("frames/"))
    monkeypatch.setattr(os, "sep", "\\")
    monkeypatch.setattr(os, "altsep", "/")
    assert files.ends_in_separator("frames\\")
    assert files.ends_in_separator("frames/")
    monkeypatch.setattr(os, "sep", "/")
    monkeypatch.setattr(os, "altsep", None)
    assert not files.ends_in_separator("frames\\")
