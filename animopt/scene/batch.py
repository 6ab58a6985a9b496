"""Renders many scenes, each in one worker. A scene that fails does not stop the others."""

import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Executor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import attrs

from animopt.core.atomic_files import read_whole, temporary_folder, write_atomically
from animopt.core.errors import Error, Failures, first_line
from animopt.scene.report import SceneReport
from animopt.video.output import Output

if TYPE_CHECKING:
    from animopt.scene.scene import Scene

_RENDERING = Lock()
"""Threads render one scene at a time: torch's random numbers and Python's warnings belong to the whole process."""

Task = Callable[["Scene", Sequence[Output]], Generator[Path, None, SceneReport]]
"""A task of a worker with a scene and its outputs: it yields the path of each written file, and returns a report.

The files have the outputs' paths, or these with another suffix. A task is pickled.
"""


@dataclass(frozen=True)
class BatchResult:
    """The result of a scene: the paths of its files, its warnings, and the reason if it failed.

    `clips` are the outputs among the files, as they were made. The report is the task's, None if the scene failed.
    """

    name: str
    paths: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()
    failure: str = ""
    report: SceneReport | None = None
    clips: tuple[Output, ...] = ()


@dataclass
class _Rendered:
    """The result of a worker: files and folders by name, warnings, and the reason if the scene failed."""

    files: dict[str, bytes | dict[str, bytes]] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    failure: str = ""
    report: SceneReport | None = None


def render_scene(scene: "Scene", outputs: Sequence[Output]) -> Generator[Path, None, SceneReport]:
    """Write every output. This is the default `Task`."""
    from animopt.scene.render import race_report, save_outputs

    # The other processors have other scenes.
    saved: list[Output] = []
    yield from save_outputs(scene, *outputs, workers=0, saved=saved.append)
    made = {output.path.name: (output.size, output.fps) for output in saved}
    return SceneReport(race_report(scene), scene.seconds, made=made)


def render_all(
    scenes: Mapping[str, tuple[Path, Sequence[Output]]],
    executor: Executor,
    fields: Mapping[str, object] | None = None,
    task: Task = render_scene,
) -> Iterator[BatchResult]:
    """Render scene files in an executor.

    Workers return the files, which this process moves to their places. A worker without the scene file runs a copy of
    it, without the modules beside it.

    Args:
        scenes: The path of each scene file and its outputs, by name.
        executor: An executor whose workers have animopt.
        fields: Values that replace fields of every scene, as {"seconds": 5}. Default: none.
        task: What to do with each scene. Default: write its outputs.

    Yields:
        The result of each scene, once it is done. A scene that fails, or a worker that dies, raises nothing.
    """
    futures = {}
    try:
        for name, (path, outputs) in scenes.items():
            try:
                absolute_path = str(path.resolve())
                future = executor.submit(
                    _render, str(path), absolute_path, path.read_bytes(), outputs, fields or {}, task
                )
                futures[future] = name
            except OSError as error:
                yield BatchResult(name, failure=f"{path}: cannot be read: {error.strerror}")
        for future in as_completed(futures):
            # The future holds the files, so no reference to it is kept.
            name = futures.pop(future)
            try:
                rendered = future.result()
            except CancelledError:
                yield BatchResult(name, failure="was cancelled; are its workers still there?")
            except Exception as error:
                yield BatchResult(name, failure=first_line(error))
            else:
                yield _move_into_place(name, scenes[name][1], rendered)
    finally:
        for future in futures:
            future.cancel()


def _move_into_place(name: str, outputs: Sequence[Output], rendered: _Rendered) -> BatchResult:
    failures = Failures()
    paths, clips = [], []
    made = rendered.report.made if rendered.report else {}
    for file, content in rendered.files.items():
        output = outputs[int(Path(file).stem)]
        path = output.path if isinstance(content, Mapping) else output.path.with_suffix(Path(file).suffix)
        with failures.collect():
            write_atomically(path, content)
            paths.append(path)
            if path == output.path:
                size, fps = made.get(file, (output.size, output.fps))
                clips.append(attrs.evolve(output, size=size, fps=fps))
    if rendered.failure:
        failures.errors.append(Error(rendered.failure))
    failure = failures.message()
    report = None if failure else rendered.report
    return BatchResult(name, tuple(paths), tuple(rendered.warnings), failure, report, tuple(clips))


def _render(
    path: str, absolute_path: str, content: bytes, outputs: Sequence[Output], fields: Mapping[str, object], task: Task
) -> _Rendered:
    """Render a scene in a worker, in a temporary folder.

    `path` is the path of the scene file as it was given, `absolute_path` its absolute path, and `content` its content.
    """
    from animopt.scene.scene import load_scene

    rendered = _Rendered()
    with temporary_folder() as folder, _RENDERING, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        scene_file = _scene_file(path, absolute_path, content, folder)
        local_outputs = [
            attrs.evolve(output, path=f"{folder / str(number)}{output.format.suffix}")
            for number, output in enumerate(outputs)
        ]
        try:
            rendered.report = _run(task(load_scene(scene_file).replace(**fields), local_outputs), rendered.files)
        except Error as error:
            rendered.failure = str(error)
    # Messages name the files that the user knows.
    names = {str(scene_file): path}
    names |= {str(local.path): str(output.path) for local, output in zip(local_outputs, outputs, strict=True)}
    messages = [rendered.failure, *(str(each.message) for each in caught)]
    for local_name, name in names.items():
        messages = [message.replace(local_name, name) for message in messages]
    rendered.failure, *rendered.warnings = messages
    return rendered


def _run(steps: Generator[Path, None, SceneReport], files: dict[str, bytes | dict[str, bytes]]) -> SceneReport:
    """Return the report of a task, and add the content of its files to `files`."""
    while True:
        try:
            path = next(steps)
        except StopIteration as end:
            return end.value
        files[path.name] = read_whole(path)


def _scene_file(path: str, absolute_path: str, content: bytes, folder: Path) -> Path:
    """Return the path of the scene file itself if this machine has it, otherwise of a copy in a folder."""
    with suppress(OSError):
        if Path(absolute_path).read_bytes() == content:
            return Path(absolute_path)
    copy = folder / Path(path).name
    copy.write_bytes(content)
    return copy
