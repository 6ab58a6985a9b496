"""All in which operating systems differ: signals, processes, how files take their places, which names there may be."""

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

from animopt.core import operating_system
from animopt.core.errors import Error
from animopt.core.processes import is_alive, machine_id
from animopt.core.signals import defer_signals

TRIES = 20
"""So often a file is to take the place of another one that a virus scanner or an indexer may hold open."""


def sync(path: Path) -> None:
    """Have what was written to a file, or entered in a folder, on the disk, where the system lets that be asked for."""
    if path.is_dir() and operating_system.WINDOWS:
        return
    file = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        _flush(file)
    except OSError:
        # Some file systems have no such thing for folders.
        if not path.is_dir():
            raise
    finally:
        os.close(file)


def _flush(file: int) -> None:
    """Have an open file on the disk, on macOS also out of the memory that the disk itself has."""
    if operating_system.MAC:
        import fcntl

        # Disks on a network have no such thing.
        with contextlib.suppress(OSError):
            fcntl.fcntl(file, getattr(fcntl, "F_FULLFSYNC", 51))
            return
    os.fsync(file)


def move(source: Path, target: Path) -> None:
    """Let a file or a folder take the place of another, at once; raises OSError where it cannot.

    Windows moves nothing over what is open: it is tried again for a second, then the error says so.
    """
    for remaining in reversed(range(TRIES)):
        try:
            source.replace(target)
        except PermissionError as error:
            if not operating_system.WINDOWS:
                raise
            if not remaining:
                raise PermissionError(error.errno, "is open in another program; close it there") from error
            time.sleep(1 / TRIES)
        else:
            return


STALE = 24 * 3600
"""Seconds after which what another machine left in a shared folder is taken for left behind."""


_NAME = re.compile(r"\.animopt-([0-9a-f]{8})-(\d+)-[0-9a-f]{12}")
"""What a temporary folder is called: after its machine, its process and chance."""


_OURS: set[Path] = set()
"""The temporary folders of this process."""


_OLD = "old"
"""The folder in a temporary one in which a folder waits that is being replaced."""


@contextlib.contextmanager
def temporary_folder(beside: Path | None = None) -> Iterator[Path]:
    """A hidden folder beside a path, or among the system's temporary files, which is gone at the end.

    So are those that dead processes left at the same place.
    """
    parent = beside.resolve().parent if beside else Path(tempfile.gettempdir())
    remove_stale_folders(parent)
    folder = parent / f".animopt-{machine_id()}-{os.getpid()}-{secrets.token_hex(6)}"
    _OURS.add(folder)
    try:
        with defer_signals():
            folder.mkdir()
        yield folder
    finally:
        with defer_signals():
            _remove(folder)
            _OURS.discard(folder)


@atexit.register
def _remove_ours() -> None:
    """Remove what an interrupt left that came between two steps of an interpreter."""
    for folder in list(_OURS):
        # A fork has its parent's.
        if f"-{os.getpid()}-" in folder.name:
            _remove(folder)


def remove_stale_folders(parent: Path) -> None:
    """Remove the temporary folders that dead processes left in a folder; what they were replacing goes back."""
    with contextlib.suppress(OSError):
        for each in os.scandir(parent):
            found = _NAME.fullmatch(each.name)
            if found and each.is_dir(follow_symlinks=False) and not _wanted(found[1], int(found[2]), each):
                _remove(Path(each))


def _wanted(owner: str, number: int, folder: "os.DirEntry[str]") -> bool:
    """Whether the process that made a temporary folder is there still."""
    try:
        since = folder.stat(follow_symlinks=False).st_mtime
    except OSError:
        return False
    return is_alive(number, since) if owner == machine_id() else time.time() - since < STALE


def _remove(folder: Path) -> None:
    """Remove a temporary folder, but not what it was to replace, where nothing came in its place."""
    waiting = folder / _OLD
    try:
        for old in list(waiting.iterdir()) if waiting.is_dir() else ():
            if not os.path.lexists(folder.parent / old.name):
                move(old, folder.parent / old.name)
    except OSError:
        # It is all that there is of it; the next sweep tries again.
        return
    shutil.rmtree(folder, ignore_errors=True)


def move_into_place(unfinished: Path, target: Path) -> None:
    """Move a file or a folder out of a temporary folder to its place, in that of what is there. Raises OSError."""
    target = target.resolve()
    sync_tree(unfinished)
    with defer_signals():
        if unfinished.is_dir():
            _place_folder(unfinished, target)
        else:
            move(unfinished, target)
    with contextlib.suppress(OSError):
        sync(target.parent)


def _place_folder(unfinished: Path, target: Path) -> None:
    """Move a folder to its place: no system lets one take that of another which is not empty."""
    waiting = unfinished.parent / _OLD
    while True:
        if target.exists():
            waiting.mkdir(exist_ok=True)
            try:
                move(target, waiting / target.name)
            except FileNotFoundError:
                # Another process is replacing it at the same time.
                continue
        try:
            move(unfinished, target)
        except OSError:
            if not target.exists():
                raise
            shutil.rmtree(waiting / target.name, ignore_errors=True)
        else:
            shutil.rmtree(waiting, ignore_errors=True)
            return


def sync_tree(path: Path) -> None:
    """Have a file, or a folder and the files in it, on the disk. Raises OSError."""
    if path.is_dir():
        for each in path.iterdir():
            sync(each)
    sync(path)


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A file to write, which takes its place at the end, or is gone after an exception.

    Raises Error where it cannot be written.
    """
    with disk_errors(path), temporary_folder(path) as folder:
        unfinished = folder / f"file{path.suffix}"
        yield unfinished
        move_into_place(unfinished, path)


def read_whole(path: Path) -> "bytes | dict[str, bytes]":
    """What is in a file, or in the files of a folder, by their names."""
    return {each.name: each.read_bytes() for each in path.iterdir()} if path.is_dir() else path.read_bytes()


def write_atomically(path: Path, whole: "bytes | Mapping[str, bytes]") -> None:
    """Write a whole file or folder, in place of the one that was there. Raises Error where it cannot be written."""
    with atomic_write(path) as unfinished:
        if isinstance(whole, bytes):
            unfinished.write_bytes(whole)
        else:
            unfinished.mkdir()
            for name, inside in whole.items():
                (unfinished / name).write_bytes(inside)


def total_size(path: Path) -> int:
    """How many bytes a file has, or all the files of a folder."""
    return sum(each.stat().st_size for each in path.iterdir()) if path.is_dir() else path.stat().st_size


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Let what the system says of a path be an Error of ours."""
    try:
        yield
    except OSError as error:
        said = error.strerror or str(error)
        raise Error(f"{path}: cannot be written: {said}{disk_remedy(said)}") from error


def disk_remedy(said: str) -> str:
    """What to do about a fault of the disk, as a phrase after what the system says of it."""
    known = {
        "No space left": "free some space, or name another place",
        "quota": "free some space, or name another place",
        "Read-only": "name another place",
        "ermission denied": "name a place that may be written to",
        "No such file": "its folder is gone; make it again, or name another place",
        "too long": "give it a shorter name",
        "a directory": "give it another name",
    }
    return next((f"; {what}" for words, what in known.items() if words in said), "")
