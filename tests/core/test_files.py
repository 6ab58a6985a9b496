"""Files that replace others as a whole, and file names, with branches for other operating systems by simulation."""

import os
import re
import tempfile
from pathlib import Path, PureWindowsPath

import pytest

from animopt.core import files
from animopt.core.errors import Error, UsageError, escape_controls
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


def test_spellings_of_one_file_have_one_location_if_the_system_ignores_case(tmp_path):
    folder = tmp_path / "Out"
    folder.mkdir()
    spellings = [folder / name for name in ("Résumé.gif", "rÉSUMÉ.GIF", "Re\u0301sume\u0301.gif")]
    if not (tmp_path / "oUT").exists():
        assert {*map(files.location, spellings)} == {*spellings}
        # A link has the same effect as a system that ignores case.
        (tmp_path / "oUT").symlink_to("Out", target_is_directory=True)
    assert len({*map(files.location, spellings)}) == 1
    root = Path(tmp_path.anchor)
    assert files.location(root / "A.gif").parent == files.location(root).parent == root


def write_frames(folder):
    files.write_atomically(folder, {"frame-0000.png": b"new", "frame-0001.png": b"new"})


@pytest.mark.parametrize("name", ["frame-final.png", "frame-1.png", "Frame-0000.png", "frame-0000.png.txt", ".hidden"])
def test_folder_with_another_file_is_not_replaced(tmp_path, name):
    folder = tmp_path / "frames"
    folder.mkdir()
    (folder / name).write_text("notes")
    with pytest.raises(UsageError, match=rf"frames: holds '{name}'; name a folder that holds only frames"):
        check_path(folder, folder=True)
    with pytest.raises(Error, match=rf"frames: holds '{name}'; name a folder that holds only frames"):
        write_frames(folder)
    assert [each.name for each in folder.iterdir()] == [name]
    assert [each.name for each in tmp_path.iterdir()] == ["frames"]


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_frame_that_is_no_file_is_kept(tmp_path, kind):
    folder, other = tmp_path / "frames", tmp_path / "other"
    folder.mkdir()
    other.mkdir()
    if kind == "folder":
        (folder / "frame-0000.png").mkdir()
    else:
        (folder / "frame-0000.png").symlink_to(other, target_is_directory=True)
    with pytest.raises(Error, match=r"holds 'frame-0000\.png'"):
        write_frames(folder)
    assert (folder / "frame-0000.png").is_dir()


def test_files_by_which_systems_show_folders_are_replaced(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    for name in (".DS_Store", "Thumbs.db", "frame-0007.png", "frame-12345.png"):
        (folder / name).write_text("old")
    check_path(folder, folder=True)
    write_frames(folder)
    assert sorted(each.name for each in folder.iterdir()) == ["frame-0000.png", "frame-0001.png"]


@pytest.mark.skipif(not files._HAS_DESCRIPTORS, reason="this system opens no folders")
def test_file_put_into_replaced_folder_at_the_last_moment_is_moved(tmp_path, monkeypatch):
    """A process whose current folder is the old one."""
    folder = tmp_path / "frames"
    write_frames(folder)
    inside = os.open(folder, os.O_RDONLY)

    def check(*arguments, check=files.check_only_frames):
        check(*arguments)
        os.close(os.open("notes.txt", os.O_CREAT | os.O_WRONLY, dir_fd=inside))

    monkeypatch.setattr(files, "check_only_frames", check)
    write_frames(folder)
    os.close(inside)
    assert sorted(each.name for each in folder.iterdir()) == ["frame-0000.png", "frame-0001.png", "notes.txt"]
    assert [each.name for each in tmp_path.iterdir()] == ["frames"]


def replace(path):
    if path.suffix:
        files.write_atomically(path, b"new")
    else:
        write_frames(path)


@pytest.mark.skipif(WINDOWS, reason="Windows has no modes")
@pytest.mark.parametrize("name", ["a.gif", "frames"])
@pytest.mark.parametrize("mode", [0o700, 0o740, 0o766, 0o777])
def test_mode_of_replaced_file_is_kept(tmp_path, name, mode):
    path = tmp_path / name
    replace(path)
    frames = [path / "frame-0000.png"] if path.is_dir() else []
    for each in [*frames, path]:
        each.chmod(mode)
    replace(path)
    assert {each.stat().st_mode & 0o7777 for each in [*frames, path]} == {mode}


@pytest.mark.skipif(WINDOWS or os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("name", ["a.gif", "frames"])
def test_owner_of_replaced_file_is_kept(tmp_path, name):
    path = tmp_path / name
    replace(path)
    entries = [path, *(path.iterdir() if path.is_dir() else ())]
    for each in entries:
        os.chown(each, 65534, 65533)
    replace(path)
    assert {(each.stat().st_uid, each.stat().st_gid) for each in entries} == {(65534, 65533)}


@pytest.fixture
def as_another_user():
    """A function that calls another one as another user, in a shared folder with a file of a mode."""
    if WINDOWS or os.geteuid() != 0:
        pytest.skip("only root can act as another user")

    def run(mode, function, then=lambda path: None, folder_mode=0o777):
        # The folders above tmp_path are private.
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "a.gif")
            path.write_bytes(b"old")
            path.chmod(mode)
            path.parent.chmod(folder_mode)
            child = os.fork()
            if not child:
                try:
                    os.setgid(65534)
                    os.setuid(65534)
                    function(path)
                    os._exit(0)
                except UsageError:
                    os._exit(2)
                finally:
                    os._exit(1)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            then(path)
            status = path.stat()
            return code, path.read_bytes(), status.st_mode & 0o777, status.st_uid

    return run


def test_file_of_another_user_that_may_be_written_to_keeps_its_mode(as_another_user):
    assert as_another_user(0o666, replace) == (0, b"new", 0o666, 65534)


def test_file_that_another_user_may_not_write_to_is_refused(as_another_user):
    assert as_another_user(0o644, check_path) == (2, b"old", 0o644, 0)
    assert as_another_user(0o644, replace) == (1, b"old", 0o644, 0)
    # A folder as /tmp, in which only the owner may replace a file.
    assert as_another_user(0o666, check_path, folder_mode=0o1777) == (2, b"old", 0o666, 0)


def test_other_name_of_replaced_file_keeps_old_content(tmp_path):
    path, other = tmp_path / "a.gif", tmp_path / "b.gif"
    path.write_bytes(b"old")
    other.hardlink_to(path)
    replace(path)
    assert (path.read_bytes(), other.read_bytes()) == (b"new", b"old")
    assert path.stat().st_nlink == other.stat().st_nlink == 1


def test_link_remains_a_link_to_the_replaced_file(tmp_path):
    path, link = tmp_path / "a.gif", tmp_path / "b.gif"
    path.write_bytes(b"old")
    link.symlink_to(path)
    replace(link)
    assert link.is_symlink()
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("name", ["a.gif", "frames"])
def test_link_to_another_disk_is_followed(tmp_path, name):
    disks = [place for place in (Path("/dev/shm"), Path.cwd()) if place.is_dir()]
    other = next((place for place in disks if place.stat().st_dev != tmp_path.stat().st_dev), None)
    if not other:
        pytest.skip("there is one disk")
    with tempfile.TemporaryDirectory(dir=other) as folder:
        (tmp_path / name).symlink_to(Path(folder, name))
        for _ in range(2):
            replace(tmp_path / name)
        assert (tmp_path / name).is_symlink()
        assert [each.name for each in Path(folder).iterdir()] == [name]
    assert [each.name for each in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("linked", ["file", "folder", "file through a link"])
def test_link_of_another_user_is_not_followed(as_another_user, tmp_path, linked):
    """Another user makes a link to a private file in a shared folder."""
    private = tmp_path / "a.gif"
    private.write_bytes(b"private")
    links = {}

    def plant(path):
        if linked == "folder":
            (path.parent / "out").symlink_to(tmp_path)
        else:
            (path.parent / "b.gif").symlink_to(private)

    def check(path):
        target = path.parent / {"file": "b.gif", "folder": "out/a.gif", "file through a link": "c.gif"}[linked]
        if linked == "file through a link":
            target.symlink_to("b.gif")
        for act, kind in ((check_path, UsageError), (replace, Error)):
            with pytest.raises(kind, match="is a link of another user; name the file itself") as caught:
                act(target)
            links[act] = str(caught.value)

    assert as_another_user(0o666, plant, then=check)[0] == 0
    assert private.read_bytes() == b"private"
    assert len(links) == 2


def test_own_link_is_followed(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "a").symlink_to("folder", target_is_directory=True)
    (tmp_path / "b.gif").symlink_to("a/c.gif")
    check_path(tmp_path / "b.gif")
    replace(tmp_path / "b.gif")
    assert (tmp_path / "folder" / "c.gif").read_bytes() == b"new"


@pytest.mark.parametrize("locked", ["a.gif", "frames/frame-0001.png", *([] if WINDOWS else ["frames"])])
def test_read_only_file_is_refused(tmp_path, locked):
    path, entry = tmp_path / locked.partition("/")[0], tmp_path / locked
    replace(path)
    old = files.read_whole(path)
    entry.chmod(0o444)
    message = rf"{re.escape(str(entry))}: is read-only; make it writable, or give another name"
    try:
        with pytest.raises(UsageError, match=message):
            check_path(path, folder=path.is_dir())
        with pytest.raises(Error, match=message):
            replace(path)
        assert [each.name for each in tmp_path.iterdir()] == [path.name]
    finally:
        entry.chmod(0o755)
    assert files.read_whole(path) == old


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
