"""The working folder, which the user's code may change without an effect on animopt's own relative paths."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from animopt.core.contexts import ForkSafeLock
from animopt.core.errors import Error

_LOCK = ForkSafeLock()
"""The lock that lets the user's code run in one thread. It is entered before the locks of races and of drawing."""


class WorkingFolder:
    """The working folder of the user's code, which is the one of the process only while the code runs.

    Otherwise a relative path would be that of another file once a scene file has called os.chdir.
    """

    _chosen: Path | None = None

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Enter the folder that the code chose before, if it did, and return to the present one at the end.

        Only one thread at a time is in this context. Raises Error if the present folder is gone at the end.
        """
        with _LOCK:
            own = _status()
            # A folder that was removed has no path, and no relative path is in it.
            path = Path.cwd() if own else None
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
