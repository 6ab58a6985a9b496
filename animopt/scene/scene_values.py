"""A scene as plain values: the recipe of its clips, and the fields that differ from its file."""

from collections.abc import Mapping, Sequence
from functools import partial
from math import isfinite
from typing import Any

import attrs

from animopt.engine.function import Function
from animopt.engine.racer import Racer, names_and_settings
from animopt.engine.racer_lists import Tuned
from animopt.recording.recording import Recording
from animopt.scene.races import title_of
from animopt.scene.recipe import Recipe
from animopt.scene.scene_fields import SceneFields, field_values, user_context

MAX_LIST_LENGTH = 100
"""Maximum length of a list in a recipe. Of a longer list, the recipe has only the length."""


def recipe_text(
    scene: SceneFields, race: Recording, theme: str | None = None, transparent: bool = False, **output: object
) -> str:
    """Return the recipe of a clip or a still of the scene."""
    theme = theme or scene.theme
    output |= {"theme": theme} | ({"transparent": True} if transparent else {})
    with user_context(scene):
        recipe = partial(Recipe, output, _settings(scene, race.notes))
    origin = scene.origin
    if origin is None or not origin.text:
        return recipe(lacking="the scene was not loaded from a file").text
    allowed = origin.fields["limits"]
    limits = {name: value for name, value in attrs.asdict(scene.limits).items() if value != getattr(allowed, name)}
    if limits:
        output["limits"] = limits
    changes = {
        name: value
        for name, value in (field_values(scene) | {"theme": theme}).items()
        if name not in ("origin", "limits", "claims") and not _same(value, origin.fields[name])
    }
    if not all(map(_is_literal, changes.values())):
        return recipe(file=origin.file, lacking="the scene was changed after it was loaded").text
    return recipe(file=origin.file, source=origin.text, changes=changes).text


def _settings(scene: SceneFields, notes: str) -> dict[str, object]:
    """Return a scene's fields as JSON values, and the notes of its recording if that has any.

    The theme is left out: a clip may have another one.
    """
    values = field_values(scene) | {
        "title": scene.title or title_of(scene),
        "function": scene.functions if len(scene.functions) > 1 else scene.functions[0],
    }
    settings = {
        name: _plain(value)
        for name, value in values.items()
        if name not in ("racers", "origin", "limits", "theme", "claims")
    }
    names, _ = names_and_settings(scene.racers)
    racers = [{"name": name, **_racer(racer)} for name, racer in zip(names, scene.racers, strict=True)]
    settings["racers"] = racers if len(racers) <= MAX_LIST_LENGTH else f"{len(racers)} racers"
    if isinstance(scene.racers, Tuned):
        settings["tuned"] = {name: value for name, value in _fields(scene.racers).items() if name != "racers"}
    return settings | ({"outcome": notes} if notes else {})


def _plain(value: Any) -> object:
    """Return a value as JSON: an object as its name or its class's name, with its fields if the class is animopt's."""
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        value = value.item()
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if isfinite(value) else str(value)
        case Function():
            return _function(value)
        case Racer():
            return _racer(value)
        case Mapping():
            return {str(key): _plain(each) for key, each in value.items()}
        case Sequence():
            return [_plain(each) for each in value] if len(value) <= MAX_LIST_LENGTH else f"{len(value)} values"
        case _ if callable(value):
            # The representation of a function contains its address in memory.
            return getattr(value, "__name__", type(value).__name__)
    kind = type(value)
    is_ours = attrs.has(kind) and kind.__module__.startswith("animopt.")
    return {"kind": kind.__name__, **_fields(value)} if is_ours else kind.__name__


def _fields(value: Any) -> dict[str, object]:
    return {name: _plain(each) for name, each in attrs.asdict(value, recurse=False).items()}


def _function(function: Function) -> dict[str, object]:
    fields = {
        name: _plain(getattr(function, name))
        for name in ("name", "formula", "x", "y", "start", "minima", "source", "box")
        if getattr(function, name)
    }
    return fields | ({"rows": len(function.data[0])} if function.data else {})


def _racer(racer: Racer) -> dict[str, object]:
    own = {name: getattr(racer, name) for name in ("start", "steps", "scheduler")}
    values = {**racer.settings, **{name: value for name, value in own.items() if value is not None}}
    if "optimizer" in values:
        values["wrapped optimizer"] = values.pop("optimizer")
    return {"optimizer": racer.optimizer.__name__, **{name: _plain(value) for name, value in values.items()}}


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
