"""Does something again whenever a Python file is saved, or a module beside it that it imports."""

import importlib
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from animopt.core.signals import Terminated, clear_signal
from animopt.scene.scene_file import imported_from

EVERY = 0.2
"""Seconds between two looks at the files."""

Stamp = tuple[int, int, int] | None
"""What changes when a file is saved; None where there is no file."""


def watch(path: Path, act: Callable[[], None]) -> None:
    """Do something that runs the file at a path, at once and each time it is saved, until Ctrl-C while waiting.

    Modules beside the file that it imports are watched with it, and imported anew. A file that is saved while the work
    is done has it done again after that.
    """
    path = path.resolve()
    there = set(sys.modules)
    seen = {path: _stamp(path)}
    # A module that is saved twice within a second could be taken for its compiled self.
    compiling, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        while True:
            act()
            for name, file in _beside(path, there).items():
                del sys.modules[name]
                seen.setdefault(file, _stamp(file))
            for file in imported_from(path.parent):
                seen.setdefault(file, _stamp(file))
            importlib.invalidate_caches()
            try:
                seen = _saved(path, seen)
            except Terminated:
                raise
            except KeyboardInterrupt:
                clear_signal()
                return
    finally:
        sys.dont_write_bytecode = compiling


def _saved(path: Path, seen: Mapping[Path, Stamp]) -> dict[Path, Stamp]:
    """The files' stamps, once they are others than those seen, and have stayed so for two looks.

    Editors empty a file before they write it, or move another one in its place.
    """
    before: dict[Path, Stamp] = {}
    while True:
        time.sleep(EVERY)
        now = {file: _stamp(file) for file in seen}
        if now != seen and now == before and now[path]:
            return now
        before = now


def _stamp(file: Path) -> Stamp:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _beside(path: Path, there: set[str]) -> dict[str, Path]:
    """The modules in the folder of a path, by their names, but for those that were there before."""
    files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items() if name not in there}
    beside = {name: Path(file).resolve() for name, file in files.items() if file}
    return {name: file for name, file in beside.items() if file.parent == path.parent}
