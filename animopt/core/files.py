"""Files and folders that replace others as a whole, and file names that the operating system accepts."""

import atexit
import contextlib
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from animopt.core import processes
from animopt.core.errors import Error

MAX_MOVE_ATTEMPTS = 20
"""Number of attempts, within a second, to replace a file that another process may hold open (Windows)."""


MAX_FOREIGN_AGE = 24 * 3600
"""Seconds before a temporary folder that another machine made in a shared folder counts as abandoned."""


_NAME = re.compile(r"\.animopt-([0-9a-f]{8})-(\d+)-[0-9a-f]{12}")
"""The name of a temporary folder: machine, process and a random number."""


_FOLDERS: set[Path] = set()
"""The temporary folders of this process."""


_REPLACED = "old"
"""Name of the subfolder of a temporary folder to which an existing folder is moved while it is replaced."""


_REMEDIES = {
    "No space left": "free some space, or name another place",
    "quota": "free some space, or name another place",
    "Read-only": "name another place",
    "ermission denied": "name a place that may be written to",
    "No such file": "its folder is gone; make it again, or name another place",
    "too long": "give it a shorter name",
    "a directory": "give it another name",
}
"""The remedy for an error of the disk, by a part of the system's message."""


@contextlib.contextmanager
def temporary_folder(beside: Path | None = None) -> Iterator[Path]:
    """Make a hidden folder beside a path, or in the system's temporary folder, and remove it at the end.

    Folders that dead processes left in the same place are removed too.
    """
    parent = beside.resolve().parent if beside else Path(tempfile.gettempdir())
    remove_stale_folders(parent)
    folder = parent / f".animopt-{processes.machine_id()}-{os.getpid()}-{secrets.token_hex(6)}"
    _FOLDERS.add(folder)
    try:
        with processes.defer_signals():
            folder.mkdir()
        yield folder
    finally:
        with processes.defer_signals():
            _remove(folder)
            _FOLDERS.discard(folder)


@atexit.register
def _remove_own_folders() -> None:
    """Remove the folders of contexts that a signal interrupted before they could clean up."""
    for folder in list(_FOLDERS):
        # A forked process inherits the set, but not the folders.
        if f"-{os.getpid()}-" in folder.name:
            _remove(folder)


def remove_stale_folders(parent: Path) -> None:
    """Remove the temporary folders of dead processes in a folder, and restore the folders that they were replacing."""
    with contextlib.suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            found = _NAME.fullmatch(entry.name)
            # Another process may remove an entry in the meantime.
            with contextlib.suppress(OSError):
                if found and entry.is_dir(follow_symlinks=False) and not _is_in_use(found[1], int(found[2]), entry):
                    _remove(Path(entry))


def _is_in_use(machine: str, process: int, folder: "os.DirEntry[str]") -> bool:
    """Return whether the process that made a temporary folder still exists."""
    modified = folder.stat(follow_symlinks=False).st_mtime
    return (
        processes.is_alive(process, modified)
        if machine == processes.machine_id()
        else time.time() - modified < MAX_FOREIGN_AGE
    )


def _remove(folder: Path) -> None:
    """Remove a temporary folder, and move the folders that it was replacing back to their places."""
    replaced = folder / _REPLACED
    # A replaced folder that cannot be moved is the only copy. The next call of remove_stale_folders tries again.
    with contextlib.suppress(OSError):
        for old in list(replaced.iterdir()) if replaced.is_dir() else ():
            if not os.path.lexists(folder.parent / old.name):
                move(old, folder.parent / old.name)
        shutil.rmtree(folder, ignore_errors=True)


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
    """Sync a file or a folder in a temporary folder, and move it over an existing one. Raises OSError."""
    target = target.resolve()
    for each in [*unfinished.iterdir(), unfinished] if unfinished.is_dir() else [unfinished]:
        sync(each)
    with processes.defer_signals():
        if unfinished.is_dir():
            _place_folder(unfinished, target)
        else:
            move(unfinished, target)
    with contextlib.suppress(OSError):
        sync(target.parent)


def _place_folder(unfinished: Path, target: Path) -> None:
    """Move a folder to its place. No system replaces a folder that is not empty, so the old one is moved away first."""
    replaced = unfinished.parent / _REPLACED
    replaced.mkdir()
    while unfinished.exists():
        with contextlib.suppress(FileNotFoundError):
            move(target, replaced / target.name)
        try:
            move(unfinished, target)
        except OSError:
            # Another process may have put a folder there in the meantime.
            if not target.exists():
                raise
            shutil.rmtree(replaced / target.name, ignore_errors=True)
    shutil.rmtree(replaced, ignore_errors=True)


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
