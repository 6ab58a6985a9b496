"""Where scene files lie, and what they say of themselves, without running any of them."""

import ast
import importlib.util
from collections.abc import Iterable
from pathlib import Path

from animopt.errors import Error, UsageError, suggestion


def scenes() -> dict[str, Path]:
    """Every scene's file by its name: the built-in ones, and those in ./scenes, which win."""
    spec = importlib.util.find_spec("animopt.scenes")
    built_in = list(spec.submodule_search_locations or []) if spec else []
    folders = [*map(Path, built_in), Path("scenes")]
    found = {name(path): path for folder in folders for path in folder.glob("*.py") if path.stem != "__init__"}
    return dict(sorted(found.items()))


def find(wanted: str, others: Iterable[str] = ()) -> Path:
    """The scene file of a name, or at a path; raises UsageError where there is none, which may suggest other words."""
    if wanted.endswith(".py") or "/" in wanted or "\\" in wanted:
        if not Path(wanted).is_file():
            raise UsageError(f"{wanted}: there is no such scene file")
        return Path(wanted)
    known = scenes()
    if wanted not in known:
        hint = suggestion(wanted, [*known, *others], "animopt without a scene lists them")
        raise UsageError(f"there is no scene {wanted!r}; {hint}")
    return known[wanted]


def chosen(wanted: Iterable[str]) -> dict[str, Path]:
    """The scene files of some names, at paths and in folders, each by its name; all that are listed where none is.

    Raises UsageError where there is none, and for two of one name.
    """
    paths = [path for each in wanted for path in (_inside(Path(each)) if Path(each).is_dir() else [find(each)])]
    found: dict[str, Path] = {}
    for path in paths or scenes().values():
        if found.setdefault(name(path), path) != path:
            raise UsageError(f"{path}: its clip would take the place of that of {found[name(path)]}; rename one")
    return found


def _inside(folder: Path) -> list[Path]:
    """The scene files in a folder; raises UsageError where there is none."""
    paths = sorted(folder.glob("[!_]*.py"))
    if not paths:
        raise UsageError(f"{folder}: there is no scene file in this folder")
    return paths


def name(path: Path) -> str:
    """What the scene in a file is called."""
    return path.stem.replace("_", "-")


def description(path: Path) -> str:
    """A scene file's docstring, or what keeps it from having one."""
    try:
        return ast.get_docstring(ast.parse(path.read_bytes())) or ""
    except SyntaxError as error:
        return f"(line {error.lineno}: {error.msg})"
    except (OSError, ValueError) as error:
        return f"({error})"


def save_scene(path: Path, source: str) -> None:
    """Write a scene file where there is none yet. Raises UsageError where there is one, Error where none can be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("x", encoding="utf-8")
        try:
            with file:
                file.write(source)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    except FileExistsError:
        raise UsageError(f"{path}: is there already; name another scene file, or remove it") from None
    except OSError as error:
        raise Error(f"{path}: cannot be written: {error.strerror}; name another scene file") from error
