"""Runs a scene file: modules beside it are found, after all others, and what goes wrong is told in a line."""

import difflib
import importlib
import io
import os
import re
import sys
import tokenize
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from animopt.core.errors import Error, first_line, must_propagate, suggestion

NAME = "__scene__"
"""What a scene file sees as its own `__name__`."""

MOST_SOURCE = 60
"""As many characters of a line that Python does not understand are shown."""

PROJECTS = {
    "PIL": "pillow",
    "cv2": "opencv-python",
    "pytorch_lightning": "pytorch-lightning",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Modules that pip knows by other names."""


_IMPORTED: dict[Path, set[Path]] = {}
"""The files in each folder that were imported from a place there."""


def imported_from(folder: Path) -> set[Path]:
    """The files of modules that files in a folder have imported from beside them, in this process."""
    return _IMPORTED.get(folder.absolute(), set())


class SceneFolder:
    """The folder of a file that is run, with the modules beside it that the file has imported.

    While it is `open`, the folder is the last in which Python looks for modules, so that none there stands in for one
    of Python's own or an installed one; the modules are there under their names then, and at no other time, so that
    those of two files may have one name. Only one place is open at a time.
    """

    _opened: "SceneFolder | None" = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._modules: dict[str, ModuleType] = {}
        self._there: set[str] = set()
        self._added = False

    @contextmanager
    def open(self) -> Iterator[None]:
        """Have this place open in the context, and the one before it afterwards."""
        before = SceneFolder._opened
        if before is self:
            yield
            return
        _change(before, self)
        try:
            yield
        finally:
            _change(self, before)

    def _enter(self) -> None:
        self._added = str(self.folder) not in map(os.path.abspath, map(str, sys.path))
        if self._added:
            sys.path.append(str(self.folder))
            # A file may be newer than what Python has seen of the folder.
            importlib.invalidate_caches()
        self._there = set(sys.modules)
        for name, module in self._modules.items():
            sys.modules.setdefault(name, module)

    def _leave(self) -> None:
        if not self._added:
            return
        if str(self.folder) in sys.path:
            # From the end: an equal one further up is not ours.
            del sys.path[len(sys.path) - 1 - sys.path[::-1].index(str(self.folder))]
        new = {name for name in sys.modules if name.partition(".")[0] not in self._there}
        ours = {name for name in new if self._has(sys.modules.get(name.partition(".")[0]))}
        self._modules |= {name: sys.modules.pop(name) for name in ours}
        files = {Path(file) for each in self._modules.values() if (file := getattr(each, "__file__", None))}
        _IMPORTED.setdefault(self.folder, set()).update(files)

    def _has(self, module: ModuleType | None) -> bool:
        """Whether a module, or a package, lies in the folder itself."""
        paths = [*getattr(module, "__path__", ()), getattr(module, "__file__", None)]
        return any(path and Path(path).absolute().parent == self.folder for path in paths)


def _change(before: SceneFolder | None, after: SceneFolder | None) -> None:
    SceneFolder._opened = after
    if before:
        before._leave()
    if after:
        after._enter()


def run_file(path: str | os.PathLike[str], place: SceneFolder | None = None) -> dict[str, Any]:
    """Run a Python file, in its own place or the given one; what it names.

    Raises Error, in one line, where it does not run. It names the file as it was given and the user's own line. Of what
    Python does not understand it tells the column, counted from 1, at which a caret would stand, and the line itself,
    as "my.py, line 3, column 8: '(' was never closed: scene = (". Of what is raised in a module beside the file it
    tells that module's line too.
    """
    place = place or SceneFolder(Path(path).parent)
    program = _compiled(path)
    module = ModuleType(NAME)
    module.__file__ = str(path)
    before = sys.modules.get(NAME)
    with place.open():
        # What a file defines looks itself up there, as dataclasses do.
        sys.modules[NAME] = module
        try:
            exec(program, vars(module))
        except BaseException as error:
            if must_propagate(error):
                raise
            raise Error(f"{_where(error, path, place)}: {_what(error, place)}") from error
        finally:
            if before is None:
                sys.modules.pop(NAME, None)
            else:
                sys.modules[NAME] = before
    return vars(module)


def source(path: str | os.PathLike[str]) -> str:
    """The text of a Python file, "" where it is no file in UTF-8."""
    try:
        with tokenize.open(path) as file:
            return file.read() if file.encoding in ("utf-8", "utf-8-sig") else ""
    except (OSError, SyntaxError, ValueError):
        return ""


def _compiled(path: str | os.PathLike[str]) -> Any:
    try:
        text = Path(path).read_bytes()
    except IsADirectoryError as error:
        raise Error(f"{path}: is a folder; give the path of a scene file") from error
    except (OSError, ValueError) as error:
        # Windows does not tell a folder from a file that may not be read.
        said = getattr(error, "strerror", None) or first_line(error)
        raise Error(f"{path}: cannot be read: {said}; give the path of a scene file") from error
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(text).readline)
        text.decode(encoding)
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        raise Error(f"{path}, line {line}: is not {error.encoding.upper()}; save it as UTF-8") from error
    except (SyntaxError, LookupError) as error:
        raise Error(f"{path}, line 1: {first_line(error)}; save it as UTF-8") from error
    if b"\0" in text:
        raise Error(f"{path}: holds null bytes; save it as text, in UTF-8")
    try:
        return compile(text, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        raise Error(f"{_place_of(error, str(path))}: {_fault(error)}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise Error(f"{path}: {type(error).__name__}: {first_line(error)}") from error


def _place_of(error: SyntaxError, name: str) -> str:
    numbers = {"line": error.lineno, "column": error.offset}
    return ", ".join([name, *(f"{what} {number}" for what, number in numbers.items() if number)])


def _fault(error: SyntaxError) -> str:
    """What Python did not understand, and the line itself, from not far before the column at fault."""
    text = (error.text or "").rstrip()
    first = len(text) - len(text.lstrip())
    if len(text) - first > MOST_SOURCE:
        first = max(first, (error.offset or 1) - 1 - MOST_SOURCE // 2)
    told = text[first : first + MOST_SOURCE]
    return f"{error.msg}: {told}" if told else str(error.msg)


def _where(error: BaseException, path: str | os.PathLike[str], place: SceneFolder) -> str:
    """The line of the file at which it was when something was raised, and that of a module beside it, if it was one."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    told = f"{path}, line {lines[-1]}" if lines else str(path)
    after = [frame for frame in frames if frame.filename == str(path) or place.folder in Path(frame.filename).parents]
    last = after[-1] if after else None
    if isinstance(error, SyntaxError) and error.filename and place.folder in Path(error.filename).parents:
        return f"{told}: {_place_of(error, _named(error.filename, place))}"
    if last and last.filename != str(path) and Path(last.filename).absolute() != Path(path).absolute():
        return f"{told}: {_named(last.filename, place)}, line {last.lineno}"
    return told


def _named(file: str, place: SceneFolder) -> str:
    return Path(file).relative_to(place.folder).as_posix()


def _what(error: BaseException, place: SceneFolder) -> str:
    if isinstance(error, Error):
        return first_line(error)
    if isinstance(error, SyntaxError):
        return _fault(error)
    remedy = ""
    if isinstance(error, ModuleNotFoundError) and error.name:
        remedy = f"; {_missing(error.name, place)}"
    elif isinstance(error, TypeError):
        remedy = _meant(error)
    return f"{type(error).__name__}: {first_line(error)}{remedy}"


def _missing(name: str, place: SceneFolder) -> str:
    """What to do about a module that is not there."""
    top, _, inside = name.partition(".")
    if inside and top in sys.modules:
        return f"there is none in {top}; correct its name"
    known = {*sys.stdlib_module_names, "animopt", "matplotlib", "numpy", "torch", *_beside(place)}
    close = difflib.get_close_matches(top, known, n=1, cutoff=0.8)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"install it, as pip install {PROJECTS.get(top, top)}, or put {top}.py beside the file"


def _beside(place: SceneFolder) -> list[str]:
    return [path.stem for path in place.folder.glob("*.py")]


def _meant(error: TypeError) -> str:
    """Which argument of one of our classes may have been meant."""
    ours = sys.modules["animopt"]
    found = re.fullmatch(r"(\w+)\.__init__\(\) got an unexpected keyword argument '(\w+)'.*", first_line(error))
    if not found or found[1] not in ours.__all__:
        return ""
    arguments = [name for name in getattr(ours, found[1]).__init__.__annotations__ if name != "return"]
    told = ", ".join(arguments)
    return f"; {suggestion(found[2], arguments, f'it takes {told}')}"
