"""A race that is asked for in words, without a scene file, and the scene file that would ask for it."""

import ast
import importlib
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from animopt.core.errors import UsageError, first_line, short_repr
from animopt.engine.function import Function
from animopt.engine.library import all_functions, function_by_name
from animopt.engine.racer import Racer
from animopt.scene.origin import Origin
from animopt.scene.scene import Scene
from animopt.scene.scene_fields import field_values
from animopt.scene.scene_file import SceneFolder, run_file

_TAKEN = ("self", "optimizer")
"""What a racer is told otherwise."""


@dataclass(frozen=True)
class RaceSpec:
    """A race in words.

    `function` is a name on the shelf, or a Python file with one function in it; `racers` are written as
    "adam:lr=.05,betas=(.9,.99)", third-party classes with their module, as "pytorch_optimizer.Lion:lr=.1"; `settings`
    are the other fields of the Scene.
    """

    function: str
    racers: Sequence[str]
    settings: Mapping[str, Any]

    @cached_property
    def scene(self) -> Scene:
        """The scene. Raises UsageError for words that are not understood, Error where a file does not run."""
        try:
            source = self.source
        except (OSError, UnicodeDecodeError):
            source = ""
        origin = Origin("race.py", source, field_values(self._scene), self._place)
        return self._scene.replace(origin=origin)

    @cached_property
    def _place(self) -> SceneFolder:
        """Where the modules beside the function's file are found, or those in the current folder."""
        return SceneFolder(Path(self.function).parent if self._in_a_file else Path())

    @cached_property
    def _scene(self) -> Scene:
        _, function = self._function
        # A class of one's own is in a module of the current folder.
        with SceneFolder(Path()).open():
            racers = [_racer(words) for words in self.racers]
        return Scene(function=function, racers=racers, **self.settings)

    @cached_property
    def _function(self) -> tuple[str, Function]:
        """The function, and what its file or the shelf calls it."""
        return _own(self.function, self._place) if self._in_a_file else _on_the_shelf(self.function)

    @property
    def _in_a_file(self) -> bool:
        return Path(self.function).suffix == ".py"

    @property
    def source(self) -> str:
        """The text of a scene file with the same scene; the function's own file is copied into it."""
        imports = {"animopt": {"Racer", "Scene"}}
        function, _ = self._function
        own = ""
        if self._in_a_file:
            own = Path(self.function).read_text("utf-8").strip() + "\n\n\n"
        else:
            imports["animopt.engine.library"] = {function}
        racers = []
        for words, racer in zip(self.racers, self._scene.racers, strict=True):
            name, settings = _split(words)
            module, _, attribute = name.rpartition(".")
            if module:
                imports.setdefault(module, set()).add(attribute)
            optimizer = attribute if module else _written(racer.optimizer.__name__)
            racers.append(f"Racer({', '.join([optimizer, *_keywords(settings)])})")
        field_lines = [f"function={function},", "racers=[", *(f"    {racer}," for racer in racers), "],"]
        field_lines += [f"{keyword}," for keyword in _keywords(self.settings)]
        return "\n".join(
            [
                f'"""{_written(f"{self._scene.title}.")[1:-1]}"""',
                "",
                *(f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(imports.items())),
                "",
                f"{own}scene = Scene(",
                *(f"    {line}" for line in field_lines),
                ")",
                "",
            ]
        )


def _on_the_shelf(words: str) -> tuple[str, Function]:
    function = function_by_name(words)
    return next((name, each) for name, each in all_functions().items() if each is function)


def _own(words: str, place: SceneFolder) -> tuple[str, Function]:
    """The one function in a file, and its name there."""
    if not Path(words).is_file():
        raise UsageError(
            f"function {short_repr(words)}: there is no such file; name one, or a function that animopt functions lists"
        )
    found = run_file(words, place)
    here = {name: value for name, value in found.items() if not name.startswith("_")}
    functions: dict[str, Any] = {name: value for name, value in here.items() if isinstance(value, Function)}
    if not functions:
        functions = {
            name: Function(value)
            for name, value in here.items()
            if callable(value) and getattr(value, "__module__", None) == found["__name__"]
        }
    if len(functions) != 1:
        raise UsageError(
            f"function {short_repr(words)}: has {', '.join(functions) or 'none'}; leave one function in the file"
        )
    return functions.popitem()


def _racer(words: str) -> Racer:
    name, settings = _split(words)
    module, _, attribute = name.rpartition(".")
    if not module:
        return Racer(name, **settings)
    try:
        optimizer = getattr(importlib.import_module(module), attribute)
    except Exception as error:
        raise UsageError(
            f"racer {short_repr(words)}: {first_line(error)}; name a class that can be imported"
        ) from error
    return Racer(optimizer, **settings)


def _split(words: str) -> tuple[str, dict[str, Any]]:
    """An optimizer's name and its settings, as Python's own parser reads them."""
    name, _, settings = words.partition(":")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            call = ast.parse(f"racer({settings})", mode="eval").body
            if not isinstance(call, ast.Call) or call.args or {each.arg for each in call.keywords} & {None, *_TAKEN}:
                raise ValueError(settings)
            return name.strip(), {str(keyword.arg): _value(keyword.value) for keyword in call.keywords}
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError) as error:
        raise UsageError(
            f"racer {short_repr(words)}: is not understood; write it as adam:lr=.05,betas=(.9,.99)"
        ) from error


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Name):
        # A word, as in name=Fast, needs no quotes.
        return {"true": True, "false": False, "none": None}.get(node.id.casefold(), node.id)
    return ast.literal_eval(node)


def _keywords(values: Mapping[str, Any]) -> list[str]:
    return [f"{key}={_written(value)}" for key, value in values.items()]


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
