"""Where scene files lie, and what they say of themselves, without running any of them."""

import ast
import importlib.util
from collections.abc import Collection, Container, Iterable
from pathlib import Path

from animopt.core.errors import Error, UsageError, short_repr, suggestion


def scenes(reserved: Container[str] = ()) -> dict[str, Path]:
    """Every scene's file by its name: the built-in ones, and those in ./scenes, which win.

    A file in ./scenes is listed by its path if its name is `reserved`, or if several files there have that name.
    """
    spec = importlib.util.find_spec("animopt.scenes")
    built_in = list(spec.submodule_search_locations or []) if spec else []
    found = {name(path): path for folder in built_in for path in _files(Path(folder))}
    for alike in _by_name().values():
        plain = len(alike) == 1 and name(alike[0]) not in reserved
        found |= {name(path) if plain else str(path): path for path in alike}
        if len(alike) > 1:
            found.pop(name(alike[0]), None)
    return dict(sorted(found.items()))


def _by_name() -> dict[str, list[Path]]:
    """The files in ./scenes by the names of their scenes."""
    found: dict[str, list[Path]] = {}
    for path in _files(Path("scenes")):
        found.setdefault(name(path), []).append(path)
    return found


def _files(folder: Path) -> list[Path]:
    """The scene files in a folder: not what is hidden, nor private as `__init__.py`."""
    try:
        return sorted(path for path in folder.glob("*.py") if path.name[0] not in "._" and path.is_file())
    except OSError:
        return []


def find(wanted: str, others: Collection[str] = ()) -> Path:
    """The scene file of a name, or at a path; raises UsageError where there is none, which may suggest other words.

    Raises it, too, where files in ./scenes have one name.
    """
    if wanted.endswith(".py") or "/" in wanted or "\\" in wanted:
        if not Path(wanted).is_file():
            raise UsageError(f"{wanted}: there is no such scene file")
        return Path(wanted)
    known, alike = scenes(), _by_name().get(wanted, [])
    if len(alike) > 1:
        paths = " and ".join(map(str, alike))
        raise UsageError(f"scene {short_repr(wanted)}: is the name of {paths}; rename one, or name one by its path")
    if wanted not in known:
        hint = suggestion(wanted, [*known, *others], "animopt without a scene lists them")
        raise UsageError(f"there is no scene {short_repr(wanted)}; {hint}")
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
    paths = _files(folder)
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


def summary(path: Path) -> str:
    """The first line of a scene file's docstring."""
    return description(path).partition("\n")[0]


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
