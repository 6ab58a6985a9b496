"""Repeats work whenever a Python file, or a module next to it that it imports, is saved."""

import importlib
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from animopt.core.processes import Terminated, clear_signal
from animopt.core.working_folder import absolute
from animopt.engine.user_lines import is_library
from animopt.scene.scene_file import imported_from

POLL_INTERVAL = 0.2
"""Seconds between two checks of the watched files."""

Stamp = tuple[int, int, int] | None
"""Modification time, size and inode of a file; None if there is no file."""


def add_stamps(stamps: dict[Path, Stamp], files: Iterable[Path]) -> None:
    """Add the present stamps of the files that have none."""
    for file in map(absolute, files):
        stamps.setdefault(file, _stamp(file))


def watch(path: Path, work: Callable[[], None], stamps: dict[Path, Stamp] | None = None) -> None:
    """Call a function that runs a Python file, now and each time the file is saved. Ctrl-C while waiting returns.

    The work can add more files to `stamps`. One that is saved after that is noticed, also during the work.

    Modules below the folder of the file are watched too, and imported again, unless they were imported before this
    call. If a file is saved during the work, the work is repeated after it.
    """
    path = absolute(path).resolve()
    earlier_modules = set(sys.modules)
    stamps = {} if stamps is None else stamps
    add_stamps(stamps, [path])
    # If a module were saved twice within a second, Python could reuse its outdated bytecode.
    sys.dont_write_bytecode = True
    while True:
        work()
        files = {
            name: Path(file).resolve()
            for name, module in sys.modules.items()
            if name not in earlier_modules and (file := getattr(module, "__file__", None))
        }
        modules = {
            name: file for name, file in files.items() if path.parent in file.parents and not is_library(str(file))
        }
        for name in modules:
            del sys.modules[name]
        add_stamps(stamps, {*modules.values(), *imported_from(path.parent)})
        importlib.invalidate_caches()
        try:
            stamps.update(_wait_for_save(path, stamps))
        except Terminated:
            raise
        except KeyboardInterrupt:
            clear_signal()
            return


def _wait_for_save(path: Path, stamps: Mapping[Path, Stamp]) -> dict[Path, Stamp]:
    """Wait until a file is saved, and return the new stamps.

    Two checks must give the same stamps, because editors may empty a file before they write it, or replace it by
    another file.
    """
    before: dict[Path, Stamp] = {}
    while True:
        time.sleep(POLL_INTERVAL)
        now = {file: _stamp(file) for file in stamps}
        if now != stamps and now == before and now[path]:
            return now
        before = now


def _stamp(file: Path) -> Stamp:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
