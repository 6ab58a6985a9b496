"""Many scenes at once, each rendered by one worker, past those that fail."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any

from animopt import report
from animopt.errors import Error, first_line
from animopt.writers import Output

_RENDERING = Lock()
"""Threads render one scene at a time: torch's chance and Python's warnings are the whole process's."""


@dataclass(frozen=True)
class Rendered:
    """What came of a scene: the paths of its files, what was warned of, why it failed, if it did, and all as values."""

    name: str
    paths: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()
    failure: str = ""
    told: dict[str, Any] = field(default_factory=dict)


def render_all(
    scenes: Mapping[str, tuple[Path, Sequence[Output]]], executor: Executor, seconds: float | None = None
) -> Iterator[Rendered]:
    """Render scene files, each by its name with its outputs, in any executor; what comes of each, as it is done.

    `seconds` is the length of every clip, None for the scene's own. The files appear where the executor's workers run.
    Nothing is raised for a scene that fails, or for a worker that dies with one.
    """
    futures = {
        executor.submit(_render, name, path, tuple(outputs), seconds): name for name, (path, outputs) in scenes.items()
    }
    try:
        for future in as_completed(futures):
            try:
                yield future.result()
            except Exception as error:
                name, failure = futures[future], first_line(error)
                yield Rendered(name, failure=failure, told=_told(name, failure))
    finally:
        for future in futures:
            future.cancel()


def _render(name: str, path: Path, outputs: Sequence[Output], seconds: float | None) -> Rendered:
    from animopt.scene import load

    failure = ""
    written: list[Path] = []
    told: dict[str, Any] = {}
    with _RENDERING, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        try:
            scene = load(path)
            if seconds is not None:
                scene = replace(scene, seconds=seconds)
            # The other processors have scenes of their own.
            written.extend(scene.saving(*outputs, workers=0))
            told = {"scene": report.scene(name, *scene.told())}
            told["files"] = report.files(written, outputs, scene.seconds)
        except Error as error:
            failure = str(error)
    return Rendered(
        name, tuple(written), tuple(str(each.message) for each in caught), failure, _told(name, failure) | told
    )


def _told(name: str, failure: str) -> dict[str, Any]:
    """What is told as values of a scene that failed, or before more is known of it."""
    return {"scene": {"name": name}, "files": []} | ({"error": failure} if failure else {})
