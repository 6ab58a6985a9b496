"""A scene as plain values, for reading, and what of it is otherwise than in its file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from math import isfinite
from typing import Any

from animopt.engine.function import Function
from animopt.engine.racer import Racer
from animopt.engine.racer_names import names_and_settings
from animopt.scene.scene_file import SceneFolder

MOST = 100
"""Of longer lists it is only told how long they are."""


@dataclass(frozen=True, eq=False)
class Origin:
    """Where a scene comes from: its file's name, without folders, its text, and the scene as the file has it.

    A text that is not UTF-8 is left out. `place` is where the modules beside the file are found.
    """

    file: str
    text: str
    scene: Any
    place: SceneFolder | None = None


def settings(scene: Any, caption: str) -> dict[str, Any]:
    """The fields of a Scene as values of JSON, with the caption that its recording has of its own, if any.

    Its theme is the clip's to tell, which may have another.
    """
    apart = ("racers", "origin", "limits", "theme")
    told = {each.name: plain(getattr(scene, each.name)) for each in fields(scene) if each.name not in apart}
    called, _ = names_and_settings(scene.racers)
    racers = [{"name": name, **_racer(racer)} for name, racer in zip(called, scene.racers, strict=True)]
    told["racers"] = racers if len(racers) <= MOST else f"{len(racers)} racers"
    if not isinstance(scene.racers, tuple):
        told["tuned"] = {key: value for key, value in _own(scene.racers).items() if key != "racers"}
    return told | ({"outcome": caption} if caption else {})


def changes(scene: Any, origin: Origin) -> dict[str, Any] | None:
    """The fields that are otherwise than in the file, with their values; None where a file cannot be given these."""
    found = {}
    for each in fields(scene):
        now, was = getattr(scene, each.name), getattr(origin.scene, each.name)
        if each.name in ("origin", "limits") or _same(now, was):
            continue
        if not _literal(now):
            return None
        found[each.name] = now
    return found


def plain(value: Any) -> Any:
    """A value as one of JSON: of what has no such, its name, or that of its class, and what it holds."""
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
        return [plain(each) for each in value] if len(value) <= MOST else f"{len(value)} values"
    if callable(value):
        # How Python writes a function or an object tells where in memory it was.
        return getattr(value, "__name__", type(value).__name__)
    kind = type(value).__name__
    return {"kind": kind, **_own(value)} if type(value).__module__.startswith("animopt.") else kind


def _own(value: Any) -> dict[str, Any]:
    return {key: plain(each) for key, each in vars(value).items() if not key.startswith("_")}


def _function(function: Function) -> dict[str, Any]:
    names = ("name", "formula", "x", "y", "start", "minima", "source")
    told = {name: plain(getattr(function, name)) for name in names if getattr(function, name)}
    return told | ({"rows": len(function.data[0])} if function.data else {})


def _racer(racer: Racer) -> dict[str, Any]:
    own = {key: getattr(racer, key) for key in ("start", "steps", "scheduler") if getattr(racer, key) is not None}
    told = {key: plain(value) for key, value in [*racer.settings.items(), *own.items()]}
    return {"optimizer": racer.optimizer.__name__, **told}


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple) and not _literal(one):
        return len(one) == len(other) and all(map(_same, one, other))
    return one is other or (_literal(one) and _literal(other) and one == other)


def _literal(value: Any) -> bool:
    """Whether a scene file can say a value without more ado, and JSON too."""
    if isinstance(value, (list, tuple)):
        return all(map(_literal, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and _literal(each) for key, each in value.items())
    return value is None or (type(value) is float and isfinite(value)) or type(value) in (bool, int, str)
