"""Many scenes at once, each rendered by one worker, past those that fail."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from animopt.errors import Error, first_line
from animopt.writers import Output

if TYPE_CHECKING:
    from animopt.scene import Scene

_RENDERING = Lock()
"""Threads render one scene at a time: torch's chance and Python's warnings are the whole process's."""

Work = Callable[["Scene", list[Path]], Any]
"""What is done with a scene: it adds each file that it has written to the list, and returns what else there is to tell.

It must pickle where the executor's workers are processes.
"""


@dataclass(frozen=True)
class Rendered:
    """What came of a scene: the paths of its files, what was warned of, and why it failed, if it did.

    `told` is what the work returned, None where it failed.
    """

    name: str
    paths: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()
    failure: str = ""
    told: Any = None


def render_all(
    scenes: Mapping[str, tuple[Path, Sequence[Output]]], executor: Executor, seconds: float | None = None
) -> Iterator[Rendered]:
    """Render scene files, each by its name with its outputs, in any executor; what comes of each, as it is done.

    `seconds` is the length of every clip, None for the scene's own. The files appear where the executor's workers run.
    Nothing is raised for a scene that fails, or for a worker that dies with one.
    """
    works = {name: (path, partial(_save, tuple(outputs), seconds)) for name, (path, outputs) in scenes.items()}
    return work_through(works, executor)


def work_through(scenes: Mapping[str, tuple[Path, Work]], executor: Executor) -> Iterator[Rendered]:
    """Do a work with each scene file, by its name, in any executor; what comes of each, as `render_all` tells it."""
    futures = {executor.submit(_done, name, path, work): name for name, (path, work) in scenes.items()}
    try:
        for future in as_completed(futures):
            try:
                yield future.result()
            except Exception as error:
                yield Rendered(futures[future], failure=first_line(error))
    finally:
        for future in futures:
            future.cancel()


def _save(outputs: Sequence[Output], seconds: float | None, scene: "Scene", written: list[Path]) -> None:
    if seconds is not None:
        scene = replace(scene, seconds=seconds)
    # The other processors have scenes of their own.
    written.extend(scene.saving(*outputs, workers=0))


def _done(name: str, path: Path, work: Work) -> Rendered:
    from animopt.scene import load

    failure, told = "", None
    written: list[Path] = []
    with _RENDERING, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        try:
            told = work(load(path), written)
        except Error as error:
            failure = str(error)
    return Rendered(name, tuple(written), tuple(str(each.message) for each in caught), failure, told)
