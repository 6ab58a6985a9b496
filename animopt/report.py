"""What was rendered, as values that scripts can read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from animopt.clock import Clock
from animopt.output import Output
from animopt.recording import Recording
from animopt.telling import events


@dataclass(frozen=True)
class Told:
    """What is told of a scene that was rendered: its `race`, the clip's length, and what else a work finds out."""

    race: Mapping[str, Any]
    seconds: float
    facts: Any = None


def race(recording: Recording, clock: Clock) -> dict[str, Any]:
    """A race's title, and what happens in it, each event with its second of the clip."""
    told = [
        {
            "second": round(clock.second_of(event.step), 3),
            "step": event.step,
            "racer": None if event.racer is None else recording.names[event.racer],
            "text": event.text,
        }
        for event in events(recording)
    ]
    return {"title": recording.title, "events": told}


def files(paths: Iterable[Path], clips: Iterable[Output], seconds: float) -> list[dict[str, Any]]:
    """Files that were written, those among them that are clips of so many seconds with what they are like."""
    outputs = {output.path: output for output in clips}
    return [_file(path) | (_clip(outputs[path], seconds) if path in outputs else {}) for path in paths]


def _file(path: Path) -> dict[str, Any]:
    return {"path": str(path), "format": path.suffix.removeprefix(".").lower(), "bytes": path.stat().st_size}


def _clip(output: Output, seconds: float) -> dict[str, Any]:
    width, height = output.size
    frames = max(1, round(seconds * output.fps))
    return {"width": width, "height": height, "fps": output.fps, "frames": frames, "seconds": frames / output.fps}
