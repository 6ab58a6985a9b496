"""Files and folders that replace others as a whole, and file names that the operating system accepts."""

import atexit
import contextlib
import errno
import os
import re
import secrets
import shutil
import stat
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from animopt.core import processes
from animopt.core.errors import Error
from animopt.core.working_folder import absolute

MAX_MOVE_ATTEMPTS = 20
"""Number of attempts, within a second, to replace a file that another process may hold open (Windows)."""


MAX_CLOCK_SKEW = 3600
"""Seconds by which clocks may differ: of this machine, of a file server, and of either before it was set."""


MAX_FOREIGN_AGE = 24 * 3600
"""Seconds before a temporary folder that another machine made in a shared folder counts as abandoned."""


MEMORY = Path("/dev/shm")
"""Folder of Linux whose files are in memory."""


_NAME = re.compile(r"\.animopt-([0-9a-f]{8})-(\d+)-([0-9a-f]{12})")
"""The name of a temporary folder: machine, process and a random number.

All its content is in a subfolder with the name of the random number. Any other folder that is renamed so lacks it.
"""


_FOLDERS: dict[Path, os.stat_result] = {}
"""The temporary folders of this process, with their owner and mode."""


_REPLACED = "old"
"""Name of the folder among the content to which an existing folder is moved while it is replaced."""


_FRAME = re.compile(r"frame-\d{4,}\.png|\.DS_Store|Thumbs\.db")
"""The name of a frame in a folder, or of a file by which a system remembers how it shows a folder."""


_HAS_DESCRIPTORS = {os.open, os.stat, os.rename, os.rmdir, os.unlink} <= os.supports_dir_fd
"""Whether folders can be open, so that a link in place of their path is not followed. Windows does not have this."""


_Place = int | Path
"""A folder as an open file descriptor, or as a resolved path."""


_REMEDIES = {
    "No space left": "free some space, or name another place",
    "quota": "free some space, or name another place",
    "Read-only": "name another place",
    "ermission denied": "name a place that may be written to",
    "No such file": "its folder is gone; make it again, or name another place",
    "too long": "give it a shorter name",
    "a directory": "give it another name",
    "Too many open files": "raise the limit, as ulimit -n 1024",
    "File too large": "raise the limit, as ulimit -f unlimited",
    "SIGXFSZ": "it made a file that is too large; raise the limit, as ulimit -f unlimited",
}
"""The remedy for an error of the disk, by a part of the system's message."""


@contextlib.contextmanager
def temporary_folder(beside: Path | None = None) -> Iterator[Path]:
    """Make a hidden folder beside a path, or in the system's temporary folder, and remove it at the end.

    Folders that dead processes left in the same place, or in memory, are removed too.
    """
    # The target of a link may be on another disk.
    parent = (absolute(beside).resolve().parent if beside else _system_folder()).resolve()
    token = secrets.token_hex(6)
    folder = parent / f".animopt-{processes.machine_id()}-{os.getpid()}-{token}"
    try:
        with processes.defer_signals():
            # On Windows, files keep the permissions of this mode when they are moved out.
            folder.mkdir(0o777 if processes.WINDOWS else 0o700)
            _FOLDERS[folder] = folder.stat(follow_symlinks=False)
            (folder / token).mkdir()
        for each in {parent, MEMORY}:
            _remove_stale_folders(each, _FOLDERS[folder])
        yield folder / token
    finally:
        with processes.defer_signals():
            if folder in _FOLDERS and _is_own(folder):
                _remove(folder, _FOLDERS[folder])
                # One that remains, as if too many files are open, is tried again when this process ends.
                if not os.path.lexists(folder):
                    del _FOLDERS[folder]


def _system_folder() -> Path:
    """Return the system's temporary folder. Raises Error if there is none that can be written to."""
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError as error:
        raise Error("no temporary folder can be written to; free some space, or name one in TMPDIR") from error


@atexit.register
def _remove_own_folders() -> None:
    """Remove the folders of contexts that a signal interrupted before they could clean up."""
    for folder, own in list(_FOLDERS.items()):
        if _is_own(folder):
            _remove(folder, own)


def _is_own(folder: Path) -> bool:
    """Return whether this process made a temporary folder. A forked process does not own those of its parent."""
    return f"-{os.getpid()}-" in folder.name


def remove_folders_of(process: int) -> None:
    """Remove what a process that this one started, and that has ended, left in the system's temporary folder."""
    with contextlib.suppress(OSError), temporary_folder() as folder:
        outer = folder.parent
        for name in os.listdir(outer.parent):  # noqa: PTH208
            if name.startswith(f".animopt-{processes.machine_id()}-{process}-") and _NAME.fullmatch(name):
                _remove(outer.parent / name, _FOLDERS[outer])


def _remove_stale_folders(parent: Path, own: os.stat_result) -> None:
    """Remove the temporary folders of dead processes in a folder, and restore the folders that they were replacing.

    `own` is the status of a folder that this process has just made there, or beside an output. Memory has the clock of
    this machine and may be scarce, so no age is required there.
    """
    # The time by the clock of the file system, which may be that of a server.
    now, min_age = (time.time(), 0) if parent == MEMORY else (own.st_mtime, MAX_CLOCK_SKEW)
    with contextlib.suppress(OSError):
        for name in os.listdir(parent):  # noqa: PTH208
            if (found := _NAME.fullmatch(name)) and parent / name not in _FOLDERS:
                _remove(parent / name, own, partial(_is_stale, found[1], int(found[2]), now, min_age))


def _is_stale(machine: str, process: int, now: float, min_age: int, status: os.stat_result) -> bool:
    """Return whether the process that made a temporary folder is dead, as far as clocks can be trusted."""
    age = now - status.st_mtime
    if machine != processes.machine_id():
        return age >= MAX_FOREIGN_AGE
    return age >= min_age and not processes.is_alive(process, time.time() - age + MAX_CLOCK_SKEW)


def _remove(
    folder: Path,
    own: os.stat_result,
    is_stale: Callable[[os.stat_result], bool] = lambda status: True,
) -> None:
    """Remove a temporary folder, and move the folders that it was replacing back to their places.

    A folder with another owner or mode than one of our `own` is not removed. No link is followed, as other users may
    make links in a shared folder. A replaced folder that can neither be moved nor be discarded is the only copy; it is
    kept.
    """
    token = folder.name[-12:]
    # Another process may remove an entry in the meantime.
    with contextlib.suppress(OSError), _opened(folder.parent) as parent:
        with _opened_in(parent, folder.name) as outer:
            status = os.stat(outer)  # noqa: PTH116
            if (status.st_uid, status.st_mode) != (own.st_uid, own.st_mode) or not is_stale(status):
                return
            with contextlib.suppress(FileNotFoundError):
                with (
                    _opened_in(outer, token) as inner,
                    contextlib.suppress(FileNotFoundError),
                    _opened_in(inner, _REPLACED) as replaced,
                ):
                    for name in os.listdir(replaced):  # noqa: PTH208
                        _restore(name, replaced, parent)
                shutil.rmtree(**_entry(outer, token), ignore_errors=True)
        os.rmdir(**_entry(parent, folder.name))


def _restore(name: str, replaced: _Place, parent: _Place) -> None:
    """Move a replaced folder back to its place, or discard its frames if there is a new one. Raises OSError."""
    try:
        os.stat(**_entry(parent, name), follow_symlinks=False)
    except FileNotFoundError:
        if isinstance(replaced, int) and isinstance(parent, int):
            os.rename(name, name, src_dir_fd=replaced, dst_dir_fd=parent)
        elif isinstance(replaced, Path) and isinstance(parent, Path):
            move(replaced / name, parent / name)
    else:
        _discard_frames(name, replaced)


def _discard_frames(name: str, place: _Place) -> None:
    """Remove a folder of frames in a place. Raises OSError if it has other files."""
    with _opened_in(place, name) as folder:
        frames = os.listdir(folder)  # noqa: PTH208
        if not all(map(_FRAME.fullmatch, frames)):
            raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))
        for each in frames:
            os.unlink(**_entry(folder, each))
    os.rmdir(**_entry(place, name))


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[_Place]:
    """Open a folder if the system can, so that its path is not needed again."""
    place: _Place = folder
    if _HAS_DESCRIPTORS:
        # Only Linux has the first, which also opens a folder that may not be listed.
        with contextlib.suppress(PermissionError):
            place = os.open(folder, getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY)
    try:
        yield place
    finally:
        if isinstance(place, int):
            os.close(place)


@contextlib.contextmanager
def _opened_in(place: _Place, name: str) -> Iterator[_Place]:
    """Open a folder in an open one. Raises OSError for a link, which on Windows may be a junction."""
    if isinstance(place, Path):
        if (place / name).resolve(strict=True) != place / name:
            raise NotADirectoryError(errno.ENOTDIR, "is a link")
        yield place / name
        return
    descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=place)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _entry(place: _Place, name: str) -> dict[str, Any]:
    """Return the arguments of a function of `os` that name an entry of an open folder."""
    return {"path": place / name} if isinstance(place, Path) else {"path": name, "dir_fd": place}


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield the path of a temporary file that replaces `path` at the end, or is removed after an exception.

    Raises Error if the file cannot be written.
    """
    with disk_errors(path), temporary_folder(path) as folder:
        unfinished = folder / f"file{path.suffix}"
        yield unfinished
        move_into_place(unfinished, path)


def write_atomically(path: Path, content: "bytes | Mapping[str, bytes]") -> None:
    """Write a file, or a folder of files by their names. Raises Error if it cannot be written."""
    with atomic_write(path) as unfinished:
        if isinstance(content, bytes):
            unfinished.write_bytes(content)
        else:
            unfinished.mkdir()
            for name, part in content.items():
                (unfinished / name).write_bytes(part)


def read_whole(path: Path) -> "bytes | dict[str, bytes]":
    """Return the content of a file, or the contents of a folder's files by their names."""
    return {each.name: each.read_bytes() for each in path.iterdir()} if path.is_dir() else path.read_bytes()


def total_size(path: Path) -> int:
    """Return the size in bytes of a file, or of all files in a folder."""
    return sum(each.stat().st_size for each in (path.iterdir() if path.is_dir() else [path]))


def move_into_place(unfinished: Path, target: Path) -> None:
    """Sync a file or a folder in a temporary folder, and move it over an existing one, whose mode and owner it gets.

    Raises OSError, or Error if the existing one has become read-only, or a folder with other files than frames.
    """
    given, target = target, absolute(target).resolve()
    check_links(given)
    check_writable(target, given)
    for each in [*unfinished.iterdir(), unfinished] if unfinished.is_dir() else [unfinished]:
        sync(each)
        _copy_access(target if each == unfinished else target / each.name, each)
    with processes.defer_signals():
        if unfinished.is_dir():
            _place_folder(unfinished, target, given)
        else:
            move(unfinished, target)
    with contextlib.suppress(OSError):
        sync(target.parent)


def _copy_access(old: Path, new: Path) -> None:
    """Give a file or a folder the mode of the one that it replaces, and the group and the owner as far as permitted."""
    with contextlib.suppress(OSError):
        status = old.stat(follow_symlinks=False)
        if stat.S_IFMT(status.st_mode) == stat.S_IFMT(new.stat().st_mode):
            for owner in ((-1, status.st_gid), (status.st_uid, -1)) if hasattr(os, "chown") else ():
                with contextlib.suppress(OSError):
                    os.chown(new, *owner)
            new.chmod(stat.S_IMODE(status.st_mode) & (0o7777 if new.is_dir() else 0o777))


def _place_folder(unfinished: Path, target: Path, given: Path) -> None:
    """Move a folder to its place. No system replaces a folder that is not empty, so the old one is moved away first."""
    old = unfinished.parent / _REPLACED / target.name
    old.parent.mkdir()
    while unfinished.exists():
        with contextlib.suppress(FileNotFoundError):
            move(target, old)
        if old.exists():
            try:
                check_only_frames(old, given)
            except (OSError, Error):
                move(old, target)
                raise
        try:
            move(unfinished, target)
        except OSError:
            # Another process may have put a folder there in the meantime.
            if not target.exists():
                raise
        with contextlib.suppress(OSError):
            for each in old.iterdir():
                if _FRAME.fullmatch(each.name):
                    each.unlink()
                else:
                    # A process in the old folder has just made it.
                    move(each, target / each.name)
            old.rmdir()


def check_only_frames(folder: Path, given: Path, kind: type[Error] = Error) -> None:
    """Raise an error of a kind about the folder `given` if a folder has other entries than frames of a clip.

    Raises OSError if it cannot be listed.
    """
    for each in folder.iterdir():
        if not _FRAME.fullmatch(each.name) or each.is_symlink() or not each.is_file():
            raise kind(f"{given}: holds {each.name!r}; name a folder that holds only frames")


def check_links(path: Path, kind: type[Error] = Error) -> None:
    """Raise an error of a kind if another user made a link on the way to a path, as anyone can in a shared folder.

    The owners of the folders with the links, and root, are trusted.
    """
    links = {absolute(path)}
    seen: set[Path] = set()
    while links:
        seen |= links
        found = {each for link in links for each in (link, *link.parents) if each.is_symlink()}
        for each in found:
            if each.lstat().st_uid not in (0, each.parent.stat().st_uid, _user()):
                name = "" if each == absolute(path) else f"{each} "
                raise kind(f"{path}: {name}is a link of another user; name the file itself")
        links = {each.parent / each.readlink() for each in found} - seen


def check_writable(path: Path, given: Path, kind: type[Error] = Error) -> None:
    """Raise an error of a kind about the path `given` if a file, or a folder or a file in it, is read-only."""
    entries = [path, *(path.iterdir() if path.is_dir() else ())] if path.exists() else []
    for each in entries:
        # On Windows a folder with this mode can be written to.
        locked = not each.stat(follow_symlinks=False).st_mode & 0o222 and not (processes.WINDOWS and each.is_dir())
        # The file of another user. If the whole folder cannot be written to, the system says why.
        if locked or (not os.access(each, os.W_OK) and os.access(path.parent, os.W_OK)) or _is_kept_by_folder(path):
            name = given if each == path else given / each.name
            raise kind(f"{name}: is read-only; make it writable, or give another name")


def _is_kept_by_folder(path: Path) -> bool:
    """Return whether a folder such as /tmp lets only the owner replace a file, and this user is another one."""
    folder = path.parent.stat()
    return bool(folder.st_mode & stat.S_ISVTX) and _user() not in (0, folder.st_uid, path.stat().st_uid)


def _user() -> int:
    """Return the id of the user of this process. On Windows it is 0, as that of all files is."""
    return os.geteuid() if hasattr(os, "geteuid") else 0


def move(source: Path, target: Path) -> None:
    """Move a file or a folder in one step, over an existing file or an empty folder. Raises OSError if that fails.

    Windows does not replace an open file. The move is then repeated for a second before the error is raised.
    """
    for remaining in reversed(range(MAX_MOVE_ATTEMPTS)):
        try:
            source.replace(target)
        except PermissionError as error:
            if not processes.WINDOWS:
                raise
            if not remaining:
                raise PermissionError(error.errno, "is open in another program; close it there") from error
            time.sleep(1 / MAX_MOVE_ATTEMPTS)
        else:
            return


def sync(path: Path) -> None:
    """Write the content of a file, or the entries of a folder, to the disk. Raises OSError for a file only."""
    # Windows cannot open folders, and some file systems cannot sync them.
    with contextlib.suppress(*([OSError] if path.is_dir() else [])):
        file = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
        try:
            if processes.MAC:
                import fcntl

                # This also writes the disk's own cache. Network file systems do not support it.
                with contextlib.suppress(OSError):
                    fcntl.fcntl(file, getattr(fcntl, "F_FULLFSYNC", 51))
                    return
            os.fsync(file)
        finally:
            os.close(file)


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Convert an OSError in this context to an Error that names a path and a remedy."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise Error(f"{path}: cannot be written: {reason}{disk_remedy(reason)}") from error


def disk_remedy(reason: str) -> str:
    """Return the remedy for an error of the disk, to be appended to the system's message, or "" if none is known."""
    return next((f"; {remedy}" for part, remedy in _REMEDIES.items() if part in reason), "")


def about_copy(message: str, copy: Path | str, path: Path | str) -> str:
    """Return a message about a file in the system's temporary folder as one about the file for which it is made."""
    return message.replace(str(copy), str(path)).replace("name another place", "name a temporary folder in TMPDIR")


def location(path: Path) -> Path:
    """Return the resolved path, the same for all spellings of one file. macOS usually ignores case and composition."""
    place = absolute(path).resolve()
    folder = place.parent
    swapped = folder.parent / folder.name.swapcase()
    if str(swapped) == str(folder) or not swapped.exists() or not swapped.samefile(folder):
        return place
    return Path(unicodedata.normalize("NFC", str(place)).casefold())


def identities(path: Path) -> Iterator[object]:
    """Yield what a path shares with every other path of the same file: its location, and its number on the disk."""
    yield location(path)
    with contextlib.suppress(OSError):
        status = absolute(path).stat()
        # Some file systems have no numbers.
        if status.st_ino:
            yield status.st_dev, status.st_ino


def is_device_name(name: str) -> bool:
    """Return whether Windows reserves a file name, with any suffix, for a device. The same on any operating system."""
    return re.fullmatch(r"(con|prn|aux|nul|(com|lpt)[0-9¹²³]) *(\..*)?", name, re.IGNORECASE | re.DOTALL) is not None


def invalid_name_reason(name: str) -> str:
    """Return why the operating system rejects a file name, or "" if it accepts the name."""
    if "\0" in name:
        return "holds a zero byte"
    if not processes.WINDOWS:
        return ""
    if is_device_name(name):
        return "is the name of a device on Windows"
    if found := re.search(r'[<>:"|?*\x00-\x1f]', name):
        return f"holds {found[0]!r}, which Windows does not allow"
    return "ends in a dot or a blank, which Windows does not allow" if name.endswith((".", " ")) else ""


def ends_in_separator(path: str | os.PathLike[str]) -> bool:
    """Return whether a path ends in a separator, and so names a folder."""
    return os.fspath(path).endswith(tuple(filter(None, (os.sep, os.altsep, "/"))))
