"""What was rendered, as values that scripts can read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from animopt.core.atomic_files import total_size
from animopt.video.output import Output


@dataclass(frozen=True)
class SceneReport:
    """What is told of a scene that was rendered: its `race`, the clip's length, and what else a work finds out.

    `made` are the size and the rate of each clip, by the name of its file, where they are others than was asked for.
    """

    race: Mapping[str, Any]
    seconds: float
    facts: Any = None
    made: Mapping[str, tuple[tuple[int, int], float]] = field(default_factory=dict)


def file_reports(paths: Iterable[Path], clips: Iterable[Output], seconds: float) -> list[dict[str, Any]]:
    """Files that were written, those among them that are clips of so many seconds with what they are like."""
    outputs = {output.path: output for output in clips}
    return [_file(path) | (_clip(outputs[path], seconds) if path in outputs else {}) for path in paths]


def _file(path: Path) -> dict[str, Any]:
    kind = "frames" if path.is_dir() else path.suffix.removeprefix(".").lower()
    return {"path": str(path), "format": kind, "bytes": total_size(path)}


def _clip(output: Output, seconds: float) -> dict[str, Any]:
    width, height = output.size
    frames = max(1, round(seconds * output.fps))
    return {"width": width, "height": height, "fps": output.fps, "frames": frames, "seconds": frames / output.fps}
