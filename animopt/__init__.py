"""Clips of optimizers racing on a surface."""

# Nothing is imported yet: under `python -m animopt` anything in the current folder would stand in for it.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from animopt.core.errors import Error as Error
    from animopt.core.errors import UsageError as UsageError
    from animopt.engine.function import Function as Function
    from animopt.engine.maps import SettingsMap as SettingsMap
    from animopt.engine.maps import StartsMap as StartsMap
    from animopt.engine.racer import Racer as Racer
    from animopt.engine.sweep import Sweep as Sweep
    from animopt.engine.sweep import logspace as logspace
    from animopt.engine.tuning import tuned as tuned
    from animopt.recording.recording import Recording as Recording
    from animopt.recording.timeline import Question as Question
    from animopt.recording.timeline import SlowMotion as SlowMotion
    from animopt.scene.limits import Limits as Limits
    from animopt.scene.plot import plot as plot
    from animopt.scene.scene import Scene as Scene
    from animopt.scene.scene import load_scene as load_scene
    from animopt.video.output import Output as Output

_HOMES = {
    "Error": "core.errors",
    "Function": "engine.function",
    "Limits": "scene.limits",
    "Output": "video.output",
    "Question": "recording.timeline",
    "Racer": "engine.racer",
    "Recording": "recording.recording",
    "Scene": "scene.scene",
    "Settings": "engine.maps",
    "Slow": "recording.timeline",
    "Starts": "engine.maps",
    "Sweep": "engine.sweep",
    "UsageError": "core.errors",
    "load": "scene.scene",
    "logspace": "engine.sweep",
    "plot": "scene.plot",
    "tuned": "engine.tuning",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> "Any":
    # The command line answers without torch and matplotlib, so a name's module is imported when it is asked for.
    if name not in _HOMES:
        raise AttributeError(f"module 'animopt' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"animopt.{_HOMES[name]}"), name)
