"""Reports of what was rendered, for scripts and pages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from animopt.core.atomic_files import total_size
from animopt.video.output import Output


@dataclass(frozen=True)
class SceneFacts:
    """Facts about a scene that a gallery shows.

    The language of the title is "" if the title is a single text. The optimizers are the names of their classes.
    """

    title: str
    language: str
    function: str
    optimizers: tuple[str, ...]
    alt: str


@dataclass(frozen=True)
class SceneReport:
    """The report of a rendered scene: its race's title and events, the clip's length, and facts for a gallery.

    `made` has the size and the rate of each clip by its file's name, if they differ from the requested ones.
    """

    race: Mapping[str, object]
    seconds: float
    facts: SceneFacts | None = None
    made: Mapping[str, tuple[tuple[int, int], float]] = field(default_factory=dict)


def file_reports(paths: Iterable[Path], clips: Iterable[Output], seconds: float) -> list[dict[str, object]]:
    """Return the path, the format and the size of each file, and for clips of a length also their frames."""
    outputs = {output.path: output for output in clips}
    return [_file(path) | (_clip(outputs[path], seconds) if path in outputs else {}) for path in paths]


def _file(path: Path) -> dict[str, object]:
    format_name = "frames" if path.is_dir() else path.suffix.removeprefix(".").lower()
    return {"path": str(path), "format": format_name, "bytes": total_size(path)}


def _clip(output: Output, seconds: float) -> dict[str, object]:
    width, height = output.size
    frames = max(1, round(seconds * output.fps))
    return {"width": width, "height": height, "fps": output.fps, "frames": frames, "seconds": frames / output.fps}
