"""Clips of optimizers racing on a surface."""

# Each name is imported when it is first used. An import here could run a file of the current folder under
# `python -m animopt`, and the command line lists the scenes without torch and matplotlib.
_MODULES = {
    "Card": "lecture.parts",
    "Compare": "lecture.parts",
    "Error": "core.errors",
    "Function": "engine.function",
    "Lecture": "lecture.parts",
    "Limits": "scene.limits",
    "Output": "video.output",
    "Part": "lecture.parts",
    "Question": "recording.timeline",
    "Racer": "engine.racer",
    "Recording": "recording.recording",
    "Scene": "scene.scene",
    "SettingsMap": "engine.maps",
    "SlowMotion": "recording.timeline",
    "StartsMap": "engine.maps",
    "Sweep": "engine.racer_lists",
    "UsageError": "core.errors",
    "compare": "scene.compare",
    "load_scene": "scene.scene",
    "logspace": "engine.racer_lists",
    "plot": "scene.plot",
    "tuned": "engine.racer_lists",
}

__all__ = ["__version__", *_MODULES]


def __getattr__(name: str) -> object:
    from importlib import import_module, metadata

    if name == "__version__":
        return metadata.version("animopt")
    if name not in _MODULES:
        raise AttributeError(f"module 'animopt' has no attribute {name!r}")
    return getattr(import_module(f"animopt.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
