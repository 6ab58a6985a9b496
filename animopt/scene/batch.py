"""Renders many scenes, each in one worker, and reports the files. A scene that fails does not stop the others."""

import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Executor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import attrs

from animopt.core.errors import Error, Failures, MissingExtraError, UsageError, first_line
from animopt.core.files import about_copy, read_whole, temporary_folder, total_size, write_atomically
from animopt.core.working_folder import absolute, kept_folder
from animopt.recording.timeline import frame_count
from animopt.scene.folder_defaults import FolderDefaults, defaults_of, files_read
from animopt.video.output import Output, check_distinct, check_outputs

if TYPE_CHECKING:
    from animopt.publish.slides import LocalText
    from animopt.scene.scene import Scene

_RENDERING = Lock()
"""Threads render one scene at a time: torch's random numbers and Python's warnings belong to the whole process."""


@dataclass(frozen=True)
class SceneFacts:
    """Facts about a scene that a gallery shows.

    `lang` is the language of the clip, of the function's name and of the alt text. The optimizers are the names of
    their classes.
    """

    title: "LocalText"
    summary: "LocalText"
    function: str
    optimizers: tuple[str, ...]
    alt: str
    lang: str


@dataclass(frozen=True)
class SceneReport:
    """The report of a rendered scene: its race's title and events, the clip's length, and facts for a gallery.

    `made` has the size and the rate of each clip by its file's name, if they differ from the requested ones.
    """

    race: Mapping[str, object]
    seconds: float
    facts: SceneFacts | None = None
    made: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


Task = Callable[["Scene", Sequence[Output]], Generator[Path, None, SceneReport]]
"""A task of a worker with a scene and its outputs: it yields the path of each written file, and returns a report.

The files have the outputs' paths, or these with another suffix. A task is pickled.
"""


@dataclass(frozen=True)
class BatchResult:
    """The result of a scene: the paths of its files, its warnings, and the reason if it failed.

    `clips` are the outputs among the files, as they were made. The report is the task's, None if the scene failed.
    A scene with a `missing_extra` failed because a package of that extra is not installed.
    """

    name: str
    paths: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()
    failure: str = ""
    missing_extra: str = ""
    report: SceneReport | None = None
    clips: tuple[Output, ...] = ()


Files = dict[str, bytes | dict[str, bytes]]
"""The content of each file, or of each file of a folder, by name."""


def render_scene(scene: "Scene", outputs: Sequence[Output]) -> Generator[Path, None, SceneReport]:
    """Write every output. This is the default `Task`."""
    from animopt.scene.render import save_outputs, scene_report

    # The other processors have other scenes.
    saved: list[Output] = []
    yield from save_outputs(scene, *outputs, workers=0, saved=saved.append)
    return SceneReport(
        race=scene_report(scene),
        seconds=scene.seconds,
        made={output.path.name: {"size": output.size, "fps": output.fps} for output in saved},
    )


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

    Raises:
        UsageError: Two files would replace each other, or one that is read.
    """
    tasks, refused = [], []
    with kept_folder() as folder:
        read = [file for path, _ in scenes.values() for file in files_read(path)]
        check_distinct([output for _, outputs in scenes.values() for output in outputs], read=read)
        for name, (path, outputs) in scenes.items():
            try:
                check_outputs(outputs)
                file = str(path), str(absolute(path)), absolute(path).read_bytes(), defaults_of(path.parent)
                tasks.append((name, *file, outputs, fields or {}, task))
            except OSError as error:
                refused.append(BatchResult(name, failure=f"{path}: cannot be read: {error.strerror}"))
            except UsageError as error:
                refused.append(BatchResult(name, failure=str(error)))
    yield from refused
    futures = {}
    try:
        for arguments in tasks:
            futures[executor.submit(render_in_worker, *arguments)] = arguments[0]
        for future in as_completed(futures):
            # The future holds the files, so no reference to it is kept.
            name = futures.pop(future)
            try:
                result, files = future.result()
            except CancelledError:
                yield BatchResult(name, failure="was cancelled; are its workers still there?")
            except Exception as error:
                yield BatchResult(name, failure=first_line(error))
            else:
                with kept_folder(folder):
                    result = _move_into_place(result, files, scenes[name][1])
                yield result
    finally:
        for future in futures:
            future.cancel()


def _move_into_place(result: BatchResult, files: Files, outputs: Sequence[Output]) -> BatchResult:
    failures = Failures()
    paths, clips = [], []
    made = result.report.made if result.report else {}
    for file, content in files.items():
        output = outputs[int(Path(file).stem)]
        path = output.path if isinstance(content, Mapping) else output.path.with_suffix(Path(file).suffix)
        with failures.collect():
            write_atomically(path, content)
            paths.append(path)
            if path == output.path:
                clips.append(attrs.evolve(output, **made.get(file, {})))
    if result.failure:
        failures.append(Error(result.failure))
    failure = failures.message()
    return replace(
        result,
        paths=tuple(paths),
        clips=tuple(clips),
        failure=failure,
        report=None if failure else result.report,
    )


def render_in_worker(
    name: str,
    path: str,
    absolute_path: str,
    content: bytes,
    defaults: FolderDefaults,
    outputs: Sequence[Output],
    fields: Mapping[str, object],
    task: Task,
) -> tuple[BatchResult, Files]:
    """Render a scene in a worker, in a temporary folder. Return the result without paths, and the files.

    `path` is the path of the scene file as it was given, `absolute_path` its absolute path, and `content` its content.
    """
    from animopt.scene.scene import load_with_defaults

    result = BatchResult(name)
    files: Files = {}
    with (
        temporary_folder() as folder,
        _RENDERING,
        warnings.catch_warnings(record=True, action="default", category=UserWarning) as caught,
    ):
        scene_file = _scene_file(path, absolute_path, content, folder)
        local_outputs = [
            attrs.evolve(output, path=f"{folder / str(number)}{output.format.suffix}")
            for number, output in enumerate(outputs)
        ]
        try:
            steps = task(load_with_defaults(scene_file, defaults).replace(**fields), local_outputs)
            result = replace(result, report=_run(steps, files))
        except Error as error:
            missing_extra = error.extra if isinstance(error, MissingExtraError) else ""
            result = replace(result, failure=str(error), missing_extra=missing_extra)
    messages = [result.failure, *(str(each.message) for each in caught)]
    # Messages name the files that the user knows.
    messages = [message.replace(str(scene_file), path) for message in messages]
    for local, output in zip(local_outputs, outputs, strict=True):
        # A file beside a clip, as its poster, has the same name with another suffix.
        copy, given = (str(each.path).removesuffix(each.path.suffix) for each in (local, output))
        messages = [about_copy(message, copy, given) for message in messages]
    return replace(result, failure=messages[0], warnings=tuple(messages[1:])), files


def _run(steps: Generator[Path, None, SceneReport], files: Files) -> SceneReport:
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


def file_reports(
    paths: Iterable[Path], clips: Iterable[Output], seconds: float, pictures: Mapping[Path, tuple[int, int]]
) -> list[dict[str, object]]:
    """Return the path, the format and the bytes of each file, its width and height, and the frames of a clip.

    `clips` are the clips of `seconds` seconds among the files, and `pictures` the sizes of other pictures.
    """
    outputs = {output.path: output for output in clips}
    sizes = {**pictures, **{path: output.size for path, output in outputs.items()}}
    return [
        {
            "path": str(path),
            "format": "frames" if absolute(path).is_dir() else path.suffix.removeprefix(".").lower(),
            "bytes": total_size(absolute(path)),
            **(dict(zip(("width", "height"), sizes[path], strict=True)) if path in sizes else {}),
            **(_frames_report(outputs[path], seconds) if path in outputs and not outputs[path].is_page else {}),
        }
        for path in paths
    ]


def _frames_report(output: Output, seconds: float) -> dict[str, object]:
    frames = frame_count(seconds, output.fps)
    return {"fps": output.fps, "frames": frames, "seconds": frames / output.fps}
