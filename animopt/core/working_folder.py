"""The folder of relative paths, which the user's code cannot change, though it may change the working folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from threading import get_ident

from animopt.core.contexts import ForkSafeLock
from animopt.core.errors import Error

_LOCK = ForkSafeLock()
"""The lock that lets the user's code run in one thread. It is entered before the locks of races and of drawing."""

_KEPT: ContextVar[Path | None] = ContextVar("_KEPT", default=None)
"""The folder of relative paths while animopt works, None in the user's code."""


def absolute(path: str | os.PathLike[str]) -> Path:
    """Return the absolute path of a file. Every operation on a file needs it; a path as it was given is for messages.

    Raises FileNotFoundError if the path is relative and the working folder was removed.
    """
    path = Path(path)
    return path if path.is_absolute() else own_folder() / path


def own_folder() -> Path:
    """Return the folder of relative paths: the kept one, otherwise the working folder of this thread's code.

    The working folder belongs to another thread while that one runs the user's code. Raises FileNotFoundError if it was
    removed.
    """
    if kept := _KEPT.get():
        return kept
    while True:
        count, entered = WorkingFolder.count, WorkingFolder.entry
        if entered and entered[0] != get_ident():
            return entered[1]
        folder = Path.cwd()
        # Another thread may have entered a folder in the meantime.
        if count == WorkingFolder.count:
            return folder


@contextmanager
def kept_folder(folder: Path | None = None) -> Iterator[Path | None]:
    """Keep a folder, by default the present one if there is one, as that of this thread's relative paths.

    The user's code may call os.chdir at any time, also in another thread, in a destructor or in a handler of signals.
    """
    with suppress(FileNotFoundError):
        folder = folder or own_folder()
    token = _KEPT.set(folder)
    try:
        yield folder
    finally:
        _KEPT.reset(token)


class WorkingFolder:
    """The working folder of the user's code, which is the one of the process only while the code runs.

    Otherwise a program, or another scene file, would find itself in the folder of a scene file that calls os.chdir.
    """

    entry: tuple[int, Path] | None = None
    """The thread that runs the user's code, and the working folder before."""

    count = 0
    """Number of times that a thread began to run the user's code."""

    _chosen: Path | None = None

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Enter the folder that the code chose before, if it did, and return to the present one at the end.

        Only one thread at a time is in this context. Raises Error if the present folder is gone at the end.
        """
        with _LOCK, _not_kept():
            own = _status()
            # A folder that was removed has no path, and no relative path is in it.
            path = Path.cwd() if own else None
            with _noted(path):
                if self._chosen:
                    with suppress(OSError):
                        os.chdir(self._chosen)
                try:
                    yield
                finally:
                    now = _status()
                    is_changed = path and own and not (now and os.path.samestat(own, now))
                    self._chosen = Path.cwd() if is_changed and now else None
                    try:
                        if path and is_changed:
                            os.chdir(path)
                    except OSError as error:
                        if now:
                            raise Error(
                                f"{path}: cannot be entered again: {error.strerror}; do not call os.chdir"
                            ) from error


@contextmanager
def _not_kept() -> Iterator[None]:
    """Let relative paths be those of the working folder, as the user's code expects."""
    token = _KEPT.set(None)
    try:
        yield
    finally:
        _KEPT.reset(token)


@contextmanager
def _noted(folder: Path | None) -> Iterator[None]:
    """Note the working folder before this thread runs the user's code, unless it is running already."""
    before = WorkingFolder.entry
    if folder and not (before and before[0] == get_ident()):
        WorkingFolder.entry = get_ident(), folder
        WorkingFolder.count += 1
    try:
        yield
    finally:
        WorkingFolder.entry = before


def has_working_folder() -> bool:
    """Return whether the working folder was not removed."""
    return _status() is not None


def _status() -> os.stat_result | None:
    """Return the status of the working folder, which identifies it even if it is renamed; None if it was removed."""
    try:
        Path.cwd()
        return Path().stat()
    except OSError:
        return None
