"""The lines of the user's code: where an exception was raised, where a call was made, and what is called there."""

import ast
import inspect
import linecache
import sys
import sysconfig
from dataclasses import dataclass
from itertools import dropwhile, takewhile
from pathlib import Path
from traceback import walk_stack
from types import FrameType, ModuleType
from typing import Any

from animopt.core.errors import PACKAGE

INSTALLED = {"site-packages", "dist-packages"}
"""Folders with installed packages."""

STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib"))
"""Folder of Python's own modules."""

TORCH_OR_PYTHON = {"torch", "builtins", "animopt"}
"""Modules whose functions may take tensors."""


def is_library(file: str) -> bool:
    """Return whether a file belongs to animopt, to Python or to an installed package."""
    parents = Path(file).parents
    return (
        file.startswith("<frozen ")
        or PACKAGE in parents
        or STANDARD_LIBRARY in parents
        or bool(INSTALLED & set(Path(file).parts))
    )


def line_phrase(line: "UserLine | str | None") -> str:
    """Return the phrase with a line that follows the name of a function, or "" if the line is unknown."""
    return f", {line}" if line else ""


@dataclass(frozen=True)
class UserLine:
    """A line of the user's code, in the frame that runs it."""

    frame: FrameType
    info: inspect.Traceback

    def __str__(self) -> str:
        # The code of a notebook's cell does not come from a file.
        where = f" of {Path(self.info.filename).name}" if Path(self.info.filename).is_file() else ""
        return f"line {self.info.lineno}{where}"

    @property
    def key(self) -> tuple[object, ...]:
        """The file and the position in it."""
        return self.info.filename, self.info.positions

    def called(self) -> str:
        """Return the function that is called here as the source spells it, or "" if nothing is called."""
        return next((ast.unparse(call.func) for call in self._calls() if _position(call) == self._here), "")

    def foreign_calls(self) -> list[str]:
        """Return the functions of libraries other than torch that are called here, as the source spells them.

        They are called by this expression, by a part of it, or with its value.
        """
        return [
            ast.unparse(call.func)
            for call in self._calls()
            if (_holds(_position(call), self._here) or _holds(self._here, _position(call)))
            and self._is_foreign(call.func)
        ]

    @property
    def _here(self) -> tuple[int, ...]:
        return tuple(-1 if number is None else number for number in self.info.positions or ())

    def _calls(self) -> list[ast.Call]:
        # The file may have been saved again.
        linecache.checkcache(self.info.filename)
        try:
            tree = ast.parse("".join(linecache.getlines(self.info.filename)))
        except SyntaxError:
            return []
        return [node for node in ast.walk(tree) if isinstance(node, ast.Call)] if self._here else []

    def _is_foreign(self, called: ast.expr) -> bool:
        names = []
        while isinstance(called, ast.Attribute):
            names.append(called.attr)
            called = called.value
        found: Any = None
        if isinstance(called, ast.Name):
            found = self.frame.f_locals.get(called.id, self.frame.f_globals.get(called.id))
        while names and isinstance(found, ModuleType):
            found = getattr(found, names.pop(), None)
        if names or not callable(found):
            return False
        # Functions of older versions of NumPy know their module only by their type.
        top = (getattr(found, "__module__", None) or type(found).__module__).partition(".")[0]
        file = getattr(sys.modules.get(top), "__file__", None)
        return top not in TORCH_OR_PYTHON and top in sys.modules and (file is None or is_library(file))


def _position(node: ast.expr) -> tuple[int, ...]:
    return node.lineno, node.end_lineno or -1, node.col_offset, node.end_col_offset or -1


def _holds(outer: tuple[int, ...], inner: tuple[int, ...]) -> bool:
    """Return whether one position contains another one. Each is (line, last line, column, last column)."""
    return (outer[0], outer[2]) <= (inner[0], inner[2]) and (inner[1], inner[3]) <= (outer[1], outer[3])


def failed_line(error: BaseException) -> UserLine | None:
    """Return the user's innermost line through which an exception passed."""
    steps, step = [], error.__traceback__
    while step:
        steps.append(step)
        step = step.tb_next
    own = [each for each in steps if not is_library(each.tb_frame.f_code.co_filename)]
    return UserLine(own[-1].tb_frame, inspect.getframeinfo(own[-1], context=0)) if own else None


def calling_line() -> UserLine | None:
    """Return the user's innermost line on the stack that animopt has called, or None if libraries call each other."""
    frames = dropwhile(_is_own, (frame for frame, _ in walk_stack(inspect.currentframe())))
    called = takewhile(lambda frame: not _is_own(frame), frames)
    own = next((frame for frame in called if not is_library(frame.f_code.co_filename)), None)
    return UserLine(own, inspect.getframeinfo(own, context=0)) if own else None


def _is_own(frame: FrameType) -> bool:
    """Return whether a frame runs animopt's code."""
    return PACKAGE in Path(frame.f_code.co_filename).parents
