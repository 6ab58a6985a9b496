"""A scene as plain values: the recipe of its clips, and the fields that differ from its file."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

import attrs

from animopt.engine.function import Function
from animopt.engine.racer import Racer, names_and_settings
from animopt.engine.racer_lists import Tuned
from animopt.recording.recording import Recording
from animopt.scene.recipe import Recipe
from animopt.scene.scene_fields import SceneFields, field_values
from animopt.scene.staging import title_of

MAX_LIST_LENGTH = 100
"""Maximum length of a list in a recipe. Of a longer list, the recipe has only the length."""


def recipe_text(
    scene: SceneFields, race: Recording, theme: str | None = None, transparent: bool = False, **output: object
) -> str:
    """Return the recipe of a clip or a still of the scene."""
    theme = theme or scene.theme
    output |= {"theme": theme} | ({"transparent": True} if transparent else {})
    recipe = Recipe(output, settings(scene, race.caption))
    if scene.origin is None or not scene.origin.text:
        return replace(recipe, lacking="the scene was not loaded from a file").text
    recipe = replace(recipe, file=scene.origin.file)
    changed = changes(field_values(scene) | {"theme": theme}, scene.origin.fields)
    if changed is None:
        return replace(recipe, lacking="the scene was changed after it was loaded").text
    return replace(recipe, source=scene.origin.text, changes=changed).text


def settings(scene: SceneFields, caption: str) -> dict[str, object]:
    """Return a scene's fields as JSON values, and the caption of its recording if that has one.

    The theme is left out: a clip may have another one.
    """
    own = {
        "title": scene.title or title_of(scene),
        "function": scene.functions if len(scene.functions) > 1 else scene.functions[0],
    }
    separate = ("racers", "origin", "limits", "theme")
    values = {name: plain(value) for name, value in (field_values(scene) | own).items() if name not in separate}
    names, _ = names_and_settings(scene.racers)
    racers = [{"name": name, **_racer(racer)} for name, racer in zip(names, scene.racers, strict=True)]
    values["racers"] = racers if len(racers) <= MAX_LIST_LENGTH else f"{len(racers)} racers"
    if isinstance(scene.racers, Tuned):
        values["tuned"] = {name: value for name, value in _fields(scene.racers).items() if name != "racers"}
    return values | ({"outcome": caption} if caption else {})


def changes(values: Mapping[str, object], original: Mapping[str, object]) -> dict[str, object] | None:
    """Return the values that differ from the original ones, or None if a scene file cannot contain one of them."""
    changed = {
        name: value
        for name, value in values.items()
        if name not in ("origin", "limits") and not _same(value, original[name])
    }
    return changed if all(map(_is_literal, changed.values())) else None


def plain(value: object) -> object:
    """Return a value as JSON: an object as its name or its class's name, with its fields if the class is animopt's."""
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    if isinstance(value, Function):
        return _function(value)
    if isinstance(value, Racer):
        return _racer(value)
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, Sequence):
        return [plain(each) for each in value] if len(value) <= MAX_LIST_LENGTH else f"{len(value)} values"
    if callable(value):
        # The representation of a function contains its address in memory.
        return getattr(value, "__name__", type(value).__name__)
    kind = type(value).__name__
    return {"kind": kind, **_fields(value)} if type(value).__module__.startswith("animopt.") else kind


def _fields(value: Any) -> dict[str, object]:
    names = [field.name for field in attrs.fields(type(value))] if attrs.has(type(value)) else list(vars(value))
    return {name: plain(getattr(value, name)) for name in names if not name.startswith("_")}


def _function(function: Function) -> dict[str, object]:
    names = ("name", "formula", "x", "y", "start", "minima", "source")
    values = {name: plain(getattr(function, name)) for name in names if getattr(function, name)}
    return values | ({"rows": len(function.data[0])} if function.data else {})


def _racer(racer: Racer) -> dict[str, object]:
    own = {name: getattr(racer, name) for name in ("start", "steps", "scheduler")}
    values = [*racer.settings.items(), *((name, value) for name, value in own.items() if value is not None)]
    return {"optimizer": racer.optimizer.__name__, **{name: plain(value) for name, value in values}}


def _same(one: object, other: object) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple) and not _is_literal(one):
        return len(one) == len(other) and all(map(_same, one, other))
    return one is other or (_is_literal(one) and _is_literal(other) and one == other)


def _is_literal(value: object) -> bool:
    """Return whether both a scene file and JSON can contain a value."""
    if isinstance(value, (list, tuple)):
        return all(map(_is_literal, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_literal(each) for key, each in value.items())
    return value is None or (type(value) is float and isfinite(value)) or type(value) in (bool, int, str)
