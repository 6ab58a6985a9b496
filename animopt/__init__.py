"""Clips of optimizers racing on a surface."""

# Nothing is imported yet: under `python -m animopt` anything in the current folder would stand in for it.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from animopt.clock import Question as Question
    from animopt.clock import Slow as Slow
    from animopt.errors import Error as Error
    from animopt.errors import UsageError as UsageError
    from animopt.function import Function as Function
    from animopt.grids import logspace as logspace
    from animopt.limits import Limits as Limits
    from animopt.maps import Settings as Settings
    from animopt.maps import Starts as Starts
    from animopt.optimizers import Racer as Racer
    from animopt.output import Output as Output
    from animopt.picture import plot as plot
    from animopt.recording import Recording as Recording
    from animopt.scene import Scene as Scene
    from animopt.scene import load as load
    from animopt.sweep import Sweep as Sweep
    from animopt.tuning import tuned as tuned

_HOMES = {
    "Error": "errors",
    "Function": "function",
    "Limits": "limits",
    "Output": "output",
    "Question": "clock",
    "Racer": "optimizers",
    "Recording": "recording",
    "Scene": "scene",
    "Settings": "maps",
    "Slow": "clock",
    "Starts": "maps",
    "Sweep": "sweep",
    "UsageError": "errors",
    "load": "scene",
    "logspace": "grids",
    "plot": "picture",
    "tuned": "tuning",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> "Any":
    # The command line answers without torch and matplotlib, so a name's module is imported when it is asked for.
    if name not in _HOMES:
        raise AttributeError(f"module 'animopt' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"animopt.{_HOMES[name]}"), name)
