"""Creates a commented scene file that renders as it is."""

import keyword
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path

from animopt.core.errors import UsageError
from animopt.core.file_names import is_device_name
from animopt.scene import catalog


def create_scene_file(name: str, commands: Collection[str]) -> Path:
    """Write a scene file into ./scenes, or into the current folder if there is no ./scenes; returns its path.

    Raises UsageError for a name that is a command or no usable file name, or if the file exists; Error if the file
    cannot be written.
    """
    stem = name.removesuffix(".py").replace("-", "_")
    folder = Path("scenes") if Path("scenes").is_dir() else Path()
    path = folder / f"{stem}.py"
    if not stem.isidentifier() or stem.startswith("_"):
        place = "the folder scenes" if folder.name else "this folder"
        raise UsageError(f"name {name!r}: give letters, digits and underscores, as my_scene; it is written to {place}")
    if reason := _conflict(path, commands):
        raise UsageError(f"name {name!r}: {reason}; use my_{stem}")
    catalog.save_scene(path, Path(__file__).with_name("scene_template.py").read_text("utf-8"))
    return path


def _conflict(path: Path, commands: Collection[str]) -> str:
    """Return why a scene file cannot have its name, or "" if it can."""
    stem = path.stem
    if is_device_name(stem):
        return "is the name of a device on Windows"
    if keyword.iskeyword(stem):
        return "is a keyword of Python"
    if catalog.name(path) in commands:
        return f"animopt {catalog.name(path)} is a command"
    spec = None if path.exists() else find_spec(stem)
    return f"the file would hide Python's module {stem}" if spec and spec.origin else ""
