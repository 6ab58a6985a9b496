"""Finds scene and lecture files and reads their docstrings, without running them."""

import ast
import importlib.util
import re
from collections.abc import Callable, Collection, Container, Iterable, Sequence
from pathlib import Path

from animopt.core.errors import Error, UsageError, short_repr, suggestion
from animopt.core.working_folder import absolute

MAX_FILE_LENGTH = 500_000
"""Maximum number of bytes of a scene file whose docstring is read. Parsing needs 400 times as much memory."""

MAX_SUMMARY_LENGTH = 200
"""Maximum number of characters of a docstring's first line in a list of scenes."""


LECTURE, SCENE = re.compile(rb"^lecture\s*[=:]", re.MULTILINE), re.compile(rb"^scene\s*[=:]", re.MULTILINE)
"""A line of a file that defines a lecture, and one that defines a scene."""


def scenes(reserved: Container[str] = ()) -> dict[str, Path]:
    """Return the scene files by name: the built-in ones, and those in ./scenes, which replace them.

    A file in ./scenes is listed by its path if its name is `reserved`, or if several files there have that name.
    """
    return _found(reserved, lectures=False)


def lectures() -> dict[str, Path]:
    """Return the lecture files by name: the built-in ones, and those in ./scenes, which replace them."""
    return _found((), lectures=True)


def _found(reserved: Container[str], *, lectures: bool) -> dict[str, Path]:
    spec = importlib.util.find_spec("animopt.scenes")
    folders = spec.submodule_search_locations if spec else None
    local = _by_name(lectures=lectures)
    found = {
        name(path): path
        for folder in folders or ()
        for path in _files(Path(folder), lectures=lectures)
        if len(local.get(name(path), ())) < 2
    }
    for shared_name, paths in local.items():
        is_listed = len(paths) == 1 and shared_name not in reserved
        found |= {shared_name if is_listed else str(path): path for path in paths}
    return dict(sorted(found.items()))


def _by_name(*, lectures: bool) -> dict[str, list[Path]]:
    """Return the files in ./scenes by the name of their scene or lecture."""
    found: dict[str, list[Path]] = {}
    for path in _files(Path("scenes"), lectures=lectures):
        found.setdefault(name(path), []).append(path)
    return found


def _files(folder: Path, *, lectures: bool) -> list[Path]:
    """Return the scene or lecture files in a folder, without hidden files and private ones such as `__init__.py`."""
    try:
        found = (folder / path.name for path in absolute(folder).glob("*.py"))
        visible = (path for path in found if path.name[0] not in "._" and _is_file(path))
        return sorted(path for path in visible if is_lecture(path) == lectures)
    except OSError:
        return []


def is_lecture(path: Path) -> bool:
    """Return whether a file defines a lecture and no scene, without running it."""
    try:
        with absolute(path).open("rb") as file:
            text = file.read(MAX_FILE_LENGTH)
    except OSError:
        return False
    return bool(LECTURE.search(text)) and not SCENE.search(text)


def _is_file(path: Path) -> bool:
    """Return whether a path is that of a file; a link to a place that cannot be read is not."""
    try:
        return absolute(path).is_file()
    except OSError:
        return False


def find(wanted: str, others: Collection[str] = ()) -> Path:
    """Return the scene file with a name or at a path.

    Raises UsageError if there is none, with a similar name of a scene or of `others`, or if the name is ambiguous.
    """
    if wanted.endswith(".py") or "/" in wanted or "\\" in wanted:
        if not absolute(wanted).is_file():
            raise UsageError(f"{wanted}: there is no such scene file")
        return Path(wanted)
    known, paths = scenes(), _by_name(lectures=False).get(wanted, [])
    _check_single(f"scene {short_repr(wanted)}", paths)
    if wanted not in known:
        if wanted in lectures():
            raise UsageError(f"{short_repr(wanted)} is a lecture; render it with animopt lecture {wanted}")
        raise UsageError(
            f"there is no scene {short_repr(wanted)}; "
            + suggestion(wanted, [*known, *others], "animopt without a scene lists them")
        )
    return known[wanted]


def find_lecture(wanted: str) -> Path:
    """Return the lecture file with a name or at a path. Raises UsageError if there is none, or two with the name."""
    if wanted.endswith(".py") or "/" in wanted or "\\" in wanted:
        if not absolute(wanted).is_file():
            raise UsageError(f"{wanted}: there is no such lecture file; write one with animopt new --lecture NAME")
        return Path(wanted)
    known = lectures()
    _check_single(f"lecture {short_repr(wanted)}", _by_name(lectures=True).get(wanted, []))
    if wanted not in known:
        if wanted in scenes():
            raise UsageError(f"{short_repr(wanted)} is a scene; render it with animopt {wanted}")
        beside = Path(f"{wanted.replace('-', '_')}.py")
        if wanted and _is_file(beside):
            raise UsageError(f"lecture {short_repr(wanted)}: is not in the list; did you mean the file {beside}?")
        listed = f"use {', '.join(known)}, or the path of a file" if known else "give the path of a file"
        raise UsageError(f"there is no lecture {short_repr(wanted)}; {suggestion(wanted, known, listed)}")
    return known[wanted]


def _check_single(called: str, paths: Sequence[Path]) -> None:
    if len(paths) > 1:
        raise UsageError(
            f"{called}: is the name of {' and '.join(map(str, paths))}; rename one, or name one by its path"
        )


def find_any(wanted: str) -> Path:
    """Return the scene or lecture file with a name or at a path. Raises as `find`."""
    known = lectures()
    return known[wanted] if wanted in known and wanted not in scenes() else find(wanted, known)


def chosen(wanted: Iterable[str]) -> dict[str, Path]:
    """Return the scene files with names, at paths and in folders, by name. Without any, return all scene files.

    Raises UsageError if there is no such file, or if two files have the same name.
    """
    found: dict[str, Path] = {}
    for path in in_order(wanted) or scenes().values():
        if found.setdefault(name(path), path) != path:
            raise UsageError(f"{path}: its clip would replace that of {found[name(path)]}; rename one")
    return found


def in_order(wanted: Iterable[str], find: Callable[[str], Path] = find) -> list[Path]:
    """Return the scene files with names, at paths and in folders. One that is named twice is there twice.

    Raises UsageError if `find` finds no such file.
    """
    return [path for each in wanted for path in (_inside(Path(each)) if absolute(each).is_dir() else [find(each)])]


def _inside(folder: Path) -> list[Path]:
    """Return the scene files in a folder. Raises UsageError if there are none."""
    paths = _files(folder, lectures=False)
    if not paths:
        raise UsageError(f"{folder}: there is no scene file in this folder")
    return paths


def name(path: Path) -> str:
    """Return the name of the scene in a file."""
    return path.stem.replace("_", "-")


def description(path: Path) -> str:
    """Return a scene file's docstring, or the reason why it cannot be read."""
    try:
        with absolute(path).open("rb") as file:
            text = file.read(MAX_FILE_LENGTH + 1)
        if len(text) > MAX_FILE_LENGTH:
            return f"(is larger than {MAX_FILE_LENGTH // 1000} kB)"
        return ast.get_docstring(ast.parse(text)) or ""
    except SyntaxError as error:
        return f"(line {error.lineno}: {error.msg})" if error.lineno else f"({error.msg})"
    except (MemoryError, RecursionError):
        return "(is nested too deeply)"
    except OSError as error:
        return f"(cannot be read: {error.strerror})"
    except ValueError as error:
        return f"({error})"


def summary(path: Path) -> str:
    """Return the first line of a scene file's docstring, shortened."""
    line = description(path).partition("\n")[0]
    return line if len(line) <= MAX_SUMMARY_LENGTH else f"{line[: MAX_SUMMARY_LENGTH - 3]}..."


def save_scene(path: Path, text: str) -> None:
    """Write a new scene file. Raises UsageError if the file exists, Error if it cannot be written."""
    try:
        place = absolute(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        file = place.open("x", encoding="utf-8")
        try:
            with file:
                file.write(text)
        except BaseException:
            place.unlink(missing_ok=True)
            raise
    except FileExistsError:
        raise UsageError(f"{path}: exists already; name another scene file, or remove it") from None
    except OSError as error:
        raise Error(f"{path}: cannot be written: {error.strerror}; name another scene file") from error
