"""Runs a scene file with the modules beside it, and turns its errors into one line."""

import difflib
import importlib.util
import inspect
import os
import re
import sys
import tokenize
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import CodeType, ModuleType

from animopt.core.errors import Error, MissingExtraError, first_line, must_propagate, suggestion
from animopt.core.user_settings import UserSettings
from animopt.core.working_folder import absolute

NAME = "__scene__"
"""`__name__` in a scene file."""

MAX_LINE_LENGTH = 60
"""Maximum number of characters that a message quotes of a line with a syntax error."""

DISTRIBUTIONS = {
    "PIL": "pillow",
    "cv2": "opencv-python",
    "pytorch_lightning": "pytorch-lightning",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Names of packages for pip, by their modules, if they differ."""

_IMPORTED: dict[Path, set[Path]] = {}
"""The files of imported modules, by their folder."""


def imported_from(folder: Path) -> set[Path]:
    """Return the files of the modules that scene files in a folder have imported from it, in this process."""
    return _IMPORTED.get(absolute(folder), set())


class SceneFolder:
    """The folder of a file that is run, with the modules that the file imports from it.

    While it is `open`, Python looks for modules in the folder last, so that no module in it hides an installed module
    or a module of Python. The folder's modules, and those from folders that the file adds to `sys.path`, are in
    `sys.modules` only while it is open, so that modules of two folders can have the same name. Only one folder is open
    at a time, in one thread. The settings that the file changes, as the working folder by os.chdir, are those of the
    process only while the folder is open.
    """

    _opened: "SceneFolder | None" = None

    def __init__(self, folder: Path) -> None:
        self.folder = absolute(folder)
        self._modules: dict[str, ModuleType] = {}
        self._path: list[str] | None = None
        self._settings = UserSettings()

    @contextmanager
    def open(self) -> Iterator[None]:
        """Open this folder in the context, and reopen the previous one afterwards."""
        with self._settings.entered():
            before = SceneFolder._opened
            _switch(before, self)
            try:
                yield
            finally:
                _switch(self, before)

    def contains(self, file: str) -> bool:
        """Return whether a file is in the folder or in a subfolder."""
        return self.folder in Path(file).parents

    def relative(self, file: str) -> str:
        """Return the path of a file in the folder, as messages show it."""
        return Path(file).relative_to(self.folder).as_posix()

    def _enter(self) -> None:
        self._path_before = sys.path[:]
        if self._path is not None:
            sys.path[:] = [*self._path, *(each for each in sys.path if each not in self._path)]
        elif str(self.folder) not in _folders(sys.path):
            sys.path.append(str(self.folder))
            # Python may have listed the folder before a file was added.
            importlib.invalidate_caches()
        self._loaded_before = dict(sys.modules)
        for name, module in self._modules.items():
            sys.modules.setdefault(name, module)

    def _leave(self) -> None:
        added = _folders(sys.path) - _folders(self._path_before)
        self._path, sys.path[:] = sys.path[:], self._path_before
        own = [
            name
            for name in sys.modules
            if (top := name.partition(".")[0]) not in self._loaded_before and _is_in(sys.modules.get(top), added)
        ]
        self._modules |= {name: sys.modules.pop(name) for name in own}
        # The file may have removed modules, or put others in their places.
        for name, module in self._loaded_before.items():
            if sys.modules.get(name) is not module and getattr(module, "__spec__", None):
                sys.modules[name] = module
        _IMPORTED.setdefault(self.folder, set()).update(
            Path(file) for module in self._modules.values() if (file := getattr(module, "__file__", None))
        )


def _folders(path: list[str]) -> set[str]:
    """Return the absolute paths of the entries of `sys.path`."""
    found = set()
    for each in path:
        # A program can add anything, and a relative entry is nowhere if the working folder was removed.
        with suppress(TypeError, OSError):
            found.add(os.path.abspath(each))  # noqa: PTH100
    return found


def _is_in(module: ModuleType | None, folders: set[str]) -> bool:
    """Return whether a module or a package is directly in one of the folders, or was made by code without a file."""
    if module is not None and module.__spec__ is None:
        return True
    places = *getattr(module, "__path__", ()), getattr(module, "__file__", None)
    return any(str(Path(place).absolute().parent) in folders for place in places if place)


def _switch(before: SceneFolder | None, after: SceneFolder | None) -> None:
    SceneFolder._opened = after
    if before:
        before._leave()
    if after:
        after._enter()


def run_file(path: str | os.PathLike[str], folder: SceneFolder) -> dict[str, object]:
    """Run a Python file with the modules of its folder, and return its variables.

    Raises Error, in one line, if the file does not run. The message names the file as it was given, the file's line
    and, if a module beside the file raised the error, that module's line. For a syntax error, it has the column,
    counted from 1, and the line's text, as in "my.py, line 3, column 8: '(' was never closed: scene = (".
    """
    # Python reads the file again for the lines of an error, when the file may have changed the working folder.
    file = str(absolute(path))
    code = _compile(path, file)
    module = ModuleType(NAME)
    module.__file__ = file
    try:
        with folder.open():
            # Classes look up their own module, as dataclasses do.
            sys.modules[NAME] = module
            exec(code, vars(module))
    except BaseException as error:
        if must_propagate(error):
            raise
        message = f"{_location(error, path, file, folder)}: {_message(error, folder)}"
        if isinstance(error, MissingExtraError):
            raise MissingExtraError(message, error.extra) from error
        raise Error(message) from error
    return vars(module)


def source(path: str | os.PathLike[str]) -> str:
    """Return the text of a Python file, or "" if it is not in UTF-8 or cannot be read."""
    try:
        with tokenize.open(absolute(path)) as file:
            return file.read() if file.encoding in ("utf-8", "utf-8-sig") else ""
    except (OSError, SyntaxError, ValueError):
        return ""


def _compile(path: str | os.PathLike[str], file: str) -> CodeType:
    try:
        text = Path(file).read_bytes()
        importlib.util.decode_source(text)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise Error(f"{path}, line {line}: is not {error.encoding.upper()}; save it as UTF-8") from error
    except (SyntaxError, LookupError) as error:
        raise Error(f"{path}, line 1: {first_line(error)}; save it as UTF-8") from error
    except IsADirectoryError as error:
        raise Error(f"{path}: is a folder; give the path of a scene file") from error
    except (OSError, ValueError) as error:
        # Windows has the same error for a folder and for a file without permission.
        reason = getattr(error, "strerror", None) or first_line(error)
        raise Error(f"{path}: cannot be read: {reason}; give the path of a scene file") from error
    if b"\0" in text:
        raise Error(f"{path}: holds null bytes; save it as text, in UTF-8")
    try:
        return compile(text, file, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise Error(f"{_syntax_location(error, str(path))}: {_syntax_message(error)}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise Error(f"{path}: {type(error).__name__}: {first_line(error)}") from error


def _syntax_location(error: SyntaxError, file: str) -> str:
    return file + "".join(
        f", {name} {number}" for name, number in (("line", error.lineno), ("column", error.offset)) if number
    )


def _syntax_message(error: SyntaxError) -> str:
    """Return Python's message and the line. A long line is cut to the part around the column."""
    text = (error.text or "").rstrip()
    first = len(text) - len(text.lstrip())
    if len(text) - first > MAX_LINE_LENGTH:
        first = max(first, (error.offset or 1) - 1 - MAX_LINE_LENGTH // 2)
    quoted = text[first : first + MAX_LINE_LENGTH]
    return f"{error.msg}: {quoted}" if quoted else str(error.msg)


def _location(error: BaseException, path: str | os.PathLike[str], file: str, folder: SceneFolder) -> str:
    """Return the file's line at which an error was raised, and the line of the module beside it that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == file]
    location = f"{path}, line {lines[-1]}" if lines else str(path)
    if isinstance(error, SyntaxError) and error.filename and folder.contains(error.filename):
        return f"{location}: {_syntax_location(error, folder.relative(error.filename))}"
    own = [frame for frame in frames if frame.filename == file or folder.contains(frame.filename)]
    if own and own[-1].filename != file:
        return f"{location}: {folder.relative(own[-1].filename)}, line {own[-1].lineno}"
    return location


def _message(error: BaseException, folder: SceneFolder) -> str:
    """Return the error's message with a remedy, if there is one."""
    if isinstance(error, Error):
        return first_line(error)
    if isinstance(error, SyntaxError):
        return _syntax_message(error)
    remedy = (
        _module_remedy(error.name, folder)
        if isinstance(error, ModuleNotFoundError) and error.name
        else _argument_remedy(error)
    )
    return f"{type(error).__name__}: {first_line(error)}{remedy}"


def _module_remedy(name: str, folder: SceneFolder) -> str:
    """Return a remedy for a missing module, to be appended to a message."""
    top, _, submodule = name.partition(".")
    if submodule and top in sys.modules:
        return f"; {top} has no such module; correct its name"
    beside = (path.stem for path in folder.folder.glob("*.py"))
    known = {*sys.stdlib_module_names, "animopt", "matplotlib", "numpy", "torch", *beside}
    if close := difflib.get_close_matches(top, known, n=1, cutoff=0.8):
        return f"; did you mean {close[0]!r}?"
    return f"; install it, as pip install {DISTRIBUTIONS.get(top, top)}, or put {top}.py beside the file"


def _argument_remedy(error: BaseException) -> str:
    """Return a remedy with the argument of a class of animopt that the user probably meant, or ""."""
    public = sys.modules["animopt"]
    found = re.fullmatch(r"(\w+)\.__init__\(\) got an unexpected keyword argument '(\w+)'.*", first_line(error))
    if not found or found[1] not in public.__all__:
        return ""
    arguments = list(inspect.signature(getattr(public, found[1])).parameters)
    return "; " + suggestion(found[2], arguments, f"it takes {', '.join(arguments)}")
