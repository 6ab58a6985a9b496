"""Where a scene file of one's own begins: a commented one that renders as it is."""

import keyword
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path

from animopt.core.errors import UsageError
from animopt.core.file_names import is_device_name
from animopt.scene import catalog


def create_scene_file(name: str, taken: Collection[str]) -> Path:
    """Write a starter of this name into ./scenes, or here where there is no such folder; its path.

    Raises UsageError for a name that is `taken` by a command or fits no file, and where the file is there already;
    Error where it cannot be written.
    """
    stem = name.removesuffix(".py").replace("-", "_")
    path = (Path("scenes") if Path("scenes").is_dir() else Path()) / f"{stem}.py"
    if not stem.isidentifier() or stem.startswith("_"):
        raise UsageError(f"name {name!r}: give letters, digits and underscores, as my_scene; it is made in {_here()}")
    if is_device_name(stem):
        raise UsageError(f"name {name!r}: Windows keeps it for a device; use my_{stem}")
    if keyword.iskeyword(stem):
        raise UsageError(f"name {name!r}: is a word of Python's own; use my_{stem}")
    if catalog.name(path) in taken:
        raise UsageError(f"name {name!r}: animopt {catalog.name(path)} is a command; use my_{stem}")
    if not path.exists() and _is_module(stem):
        raise UsageError(f"name {name!r}: the file would hide Python's module {stem}; use my_{stem}")
    catalog.save_scene(path, Path(__file__).with_name("scene_template.py").read_text("utf-8"))
    return path


def _is_module(stem: str) -> bool:
    spec = find_spec(stem)
    return spec is not None and spec.origin is not None


def _here() -> str:
    return "the folder scenes" if Path("scenes").is_dir() else "this folder"
