"""A race described on the command line, as a scene and as the text of a scene file."""

import ast
import importlib
import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from animopt.core.errors import UsageError, first_line, short_repr
from animopt.core.working_folder import absolute
from animopt.engine.function import Function
from animopt.engine.library import all_functions, function_by_name
from animopt.engine.racer import Racer
from animopt.scene.races import title_of
from animopt.scene.scene import Scene
from animopt.scene.scene_fields import Origin, field_values
from animopt.scene.scene_file import SceneFolder, run_file, source


def race_scene(function: str, racers: Sequence[str], settings: Mapping[str, Any]) -> tuple[Scene, str]:
    """Return the scene of a race that texts describe, and the text of a scene file with the same scene.

    `function` is the name of a function in the library, or the path of a Python file with one function. Each of
    `racers` is an optimizer with its settings, as "adam:lr=.05,betas=(.9,.99)", or a class with its module, as
    "pytorch_optimizer.Lion:lr=.1". `settings` are other fields of the scene.
    The text of the scene file is empty if the function's file is not in UTF-8.
    Raises UsageError for a text that is not understood, Error if a file does not run.
    """
    is_file = Path(function).suffix == ".py"
    folder = SceneFolder(Path(function).parent if is_file else Path())
    definition = source(function) if is_file else ""
    name, found = _from_file(function, folder) if is_file else _from_library(function)
    # A class that the user wrote is in a module of the current folder.
    with SceneFolder(Path()).open():
        scene = Scene(function=found, racers=[_racer(text) for text in racers], **settings)
    text = "" if is_file and not definition else _scene_text(scene, name, racers, settings, definition)
    return scene.replace(origin=Origin("race.py", text, field_values(scene), folder)), text


def _from_library(name: str) -> tuple[str, Function]:
    """Return a function of the library, with the name of its variable."""
    function = function_by_name(name)
    return next((name, each) for name, each in all_functions().items() if each is function)


def _from_file(path: str, folder: SceneFolder) -> tuple[str, Function]:
    """Return the only function in a file, with its name there."""
    if not absolute(path).is_file():
        raise UsageError(
            f"function {short_repr(path)}: there is no such file; name one, or a function that animopt functions lists"
        )
    variables = run_file(path, folder)
    public = {name: value for name, value in variables.items() if not name.startswith("_")}
    functions = {name: value for name, value in public.items() if isinstance(value, Function)} or {
        name: Function(value)
        for name, value in public.items()
        if callable(value) and getattr(value, "__module__", None) == variables["__name__"]
    }
    if len(functions) != 1:
        raise UsageError(
            f"function {short_repr(path)}: has {', '.join(functions) or 'none'}; leave one function in the file"
        )
    return functions.popitem()


def _racer(text: str) -> Racer:
    module, name, settings = _parse(text)
    if not module:
        return Racer(name, **settings)
    try:
        optimizer = getattr(importlib.import_module(module), name)
    except Exception as error:
        raise UsageError(f"racer {short_repr(text)}: {first_line(error)}; name a class that can be imported") from error
    return Racer(optimizer, **settings)


def _parse(text: str) -> tuple[str, str, dict[str, Any]]:
    """Return the module of an optimizer or "", its name and its settings, read by Python's parser."""
    name, _, settings = text.partition(":")
    module, _, name = name.strip().rpartition(".")
    try:
        with warnings.catch_warnings(action="ignore", category=SyntaxWarning):
            call = ast.parse(f"racer({settings})", mode="eval").body
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.args:
                raise ValueError(settings)
            names = [keyword.arg for keyword in call.keywords if keyword.arg]
            if len(set(names)) < len(call.keywords):
                raise ValueError(settings)
            values = (_value(keyword.value) for keyword in call.keywords)
            return module, name, dict(zip(names, values, strict=True))
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError) as error:
        raise UsageError(
            f"racer {short_repr(text)}: is not understood; write it as adam:lr=.05,betas=(.9,.99)"
        ) from error


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Name):
        # A word needs no quotes, as in name=Fast.
        return {"true": True, "false": False, "none": None}.get(node.id.casefold(), node.id)
    return ast.literal_eval(node)


def _scene_text(
    scene: Scene, function: str, racers: Sequence[str], settings: Mapping[str, Any], definition: str
) -> str:
    """Return the text of a scene file. `definition` is the text of the function's file, "" for one of the library."""
    imports = _Imports(definition)
    racer_class, scene_class = imports.name("animopt", "Racer"), imports.name("animopt", "Scene")
    if not definition:
        function = imports.name("animopt.functions", function)
    lines = []
    for text, racer in zip(racers, scene.racers, strict=True):
        module, name, racer_settings = _parse(text)
        optimizer = imports.name(module, name) if module else _literal(racer.optimizer.__name__)
        lines.append(f"        {racer_class}({', '.join([optimizer, *_keywords(racer_settings)])}),")
    title = f'"""{_literal(f"{title_of(scene)}.")[1:-1]}"""'
    # The function's file comes first, because it may begin with imports from __future__.
    has_docstring = bool(definition) and ast.get_docstring(ast.parse(definition)) is not None
    return "\n".join(
        [
            *([] if has_docstring else [title, ""]),
            *([definition.strip(), ""] if definition else []),
            *imports.lines,
            "",
            f"scene = {scene_class}(",
            f"    function={function},",
            "    racers=[",
            *lines,
            "    ],",
            *(f"    {keyword}," for keyword in _keywords(settings)),
            ")",
            "",
        ]
    )


class _Imports:
    """The imports of a scene file, under names that differ from each other and from those in its first part."""

    def __init__(self, text: str) -> None:
        nodes = [*ast.walk(ast.parse(text))]
        names = [getattr(node, field, None) for node in nodes for field in ("id", "name", "asname", "attr")]
        self._used = {"scene", *(name for name in names if isinstance(name, str))}
        self._names: dict[tuple[str, str], str] = {}

    def name(self, module: str, name: str) -> str:
        """Import a name from a module, and return the name under which the file has it."""
        if (module, name) not in self._names:
            shown = name
            while shown in self._used:
                shown += "_"
            self._used.add(shown)
            self._names[module, name] = shown
        return self._names[module, name]

    @property
    def lines(self) -> list[str]:
        """The import statements."""
        parts: dict[str, list[str]] = {}
        for (module, name), shown in sorted(self._names.items()):
            parts.setdefault(module, []).append(name if shown == name else f"{name} as {shown}")
        return [f"from {module} import {', '.join(names)}" for module, names in parts.items()]


def _keywords(values: Mapping[str, object]) -> list[str]:
    return [f"{key}={_literal(value)}" for key, value in values.items()]


def _literal(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
