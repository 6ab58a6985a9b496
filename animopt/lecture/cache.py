"""Files that are kept for the next run by a hash of everything that goes into them."""

import errno
import hashlib
import os
import re
import shutil
import warnings
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from pathlib import Path

import platformdirs

from animopt.core.contexts import ContextStack
from animopt.core.files import disk_errors, disk_remedy, move, temporary_folder
from animopt.core.fingerprint import fingerprint
from animopt.core.working_folder import absolute

MAX_BYTES = 5 * 10**9
"""Default maximum number of bytes of the kept files."""

KEY_LENGTH = 40
"""Number of digits of the hash of what goes into a file."""

_NAME = re.compile(rf"[0-9a-f]{{{KEY_LENGTH}}}-[0-9a-f]{{24}}(\.\w+)?")
"""The name of a kept file: a hash of what goes into it, a hash of its content, and its suffix."""


class Cache(ContextStack):
    """A context in which each file is made only once, in this run or in an earlier one.

    Kept files are in `folder`, by default `user_folder()`. The files that were not used for the longest time are
    removed if all together have more than `max_bytes`, except for those of this run. A folder that cannot be written to
    is a warning, and nothing is kept. The same holds without a warning if `keep` is false.

    Each run has links to its files in a temporary folder, which lasts as long as the context. Thus neither another
    process nor the limit removes a file that is in use.
    """

    def __init__(self, folder: Path | None = None, max_bytes: int = MAX_BYTES, *, keep: bool = True) -> None:
        self._folder = absolute(folder) if folder else user_folder() if keep else None
        self._max_bytes = max_bytes
        self._store: Path | None = None
        self._used: dict[str, Path] = {}

    def _enter(self, stack: ExitStack) -> None:
        if self._folder:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                entries(self._folder)
                self._own = stack.enter_context(temporary_folder(self._folder / "file"))
                self._store = self._folder
            except OSError as error:
                self._warn(self._folder, error)
        if not self._store:
            self._own = stack.enter_context(temporary_folder())

    def file(self, parts: Iterable[bytes | str], suffix: str, make: Callable[[Path], None]) -> Path:
        """Return the file that depends only on `parts`. If there is none, `make` writes it to a path with the suffix.

        The file must not be changed, and it lasts as long as this context. Raises Error if it cannot be written, and
        what `make` raises.
        """
        key = fingerprint(suffix, *parts)[:KEY_LENGTH]
        if found := self._found(key, suffix):
            return found
        path = self._own / f"{key}{suffix}"
        try:
            with disk_errors(self._store or self._own):
                make(path)
            assert path.is_file(), make
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        self._keep(key, path)
        self._used[key] = path
        return path

    def find(self, parts: Iterable[bytes | str], suffix: str) -> Path | None:
        """Return the file that depends only on `parts`, as `file` does, or None if there is none."""
        return self._found(fingerprint(suffix, *parts)[:KEY_LENGTH], suffix)

    def _found(self, key: str, suffix: str) -> Path | None:
        path = self._own / f"{key}{suffix}"
        if key not in self._used and self._fetch(key, path):
            self._used[key] = path
        return self._used.get(key)

    def _fetch(self, key: str, path: Path) -> bool:
        """Link a path to the kept file of a key. Return whether there is one that is not damaged."""
        for kept in entries(self._store) if self._store else ():
            if kept.name.startswith(key):
                # Another process may remove it at any time.
                with suppress(OSError):
                    _link(kept, path)
                    if _kept_name(key, path) == kept.name:
                        os.utime(kept)
                        return True
                    kept.unlink()
                path.unlink(missing_ok=True)
        return False

    def _keep(self, key: str, path: Path) -> None:
        """Keep a file for the next run, and remove files beyond the limit. A full disk is only a warning."""
        if not self._store:
            return
        try:
            kept = self._store / _kept_name(key, path)
            # Another process may have made the same file in the meantime.
            if not kept.exists():
                copy = self._own / kept.name
                _link(path, copy)
                move(copy, kept)
            self._trim(self._store, {key, *self._used})
        except OSError as error:
            store, self._store = self._store, None
            self._warn(store, error)

    def _trim(self, store: Path, used: set[str]) -> None:
        """Remove the files that were not used for the longest time while all have more bytes than the limit."""
        found = entries(store)
        excess = sum(status.st_size for status in found.values()) - self._max_bytes
        for path, status in sorted(found.items(), key=lambda item: item[1].st_mtime_ns):
            if excess <= 0:
                return
            if path.name.partition("-")[0] not in used:
                with suppress(OSError):
                    path.unlink()
                excess -= status.st_size

    def _warn(self, folder: Path, error: OSError) -> None:
        reason = error.strerror or str(error)
        if error.errno in (errno.EEXIST, errno.ENOTDIR):
            reason = "is not a folder; move the file away"
        warnings.warn(f"cache {folder}: {reason}{disk_remedy(reason)}; nothing is kept for the next run", stacklevel=4)


def user_folder() -> Path:
    """Return the folder of the files that are kept for this user."""
    return platformdirs.user_cache_path("animopt", appauthor=False)


def entries(folder: Path) -> dict[Path, os.stat_result]:
    """Return the kept files in a folder, with the status of each. Raises OSError if it cannot be listed."""
    found = {}
    with suppress(FileNotFoundError):
        for path in folder.iterdir():
            if _NAME.fullmatch(path.name):
                with suppress(FileNotFoundError):
                    found[path] = path.stat(follow_symlinks=False)
    return found


def clear(folder: Path) -> dict[Path, os.stat_result]:
    """Remove all kept files in a folder, and return them. Raises OSError if one cannot be removed."""
    found = entries(folder)
    for path in found:
        path.unlink(missing_ok=True)
    return found


def _link(source: Path, target: Path) -> None:
    """Give a file a second name. Some file systems cannot; there the file is copied."""
    try:
        target.hardlink_to(source)
    except (FileExistsError, FileNotFoundError):
        raise
    except OSError:
        shutil.copyfile(source, target)


def _kept_name(key: str, path: Path) -> str:
    """Return the name under which a file is kept."""
    with path.open("rb") as file:
        return f"{key}-{hashlib.file_digest(file, 'sha256').hexdigest()[:24]}{path.suffix}"
