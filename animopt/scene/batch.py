"""Many scenes at once, each rendered by one worker, past those that fail."""

import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Executor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import attrs

from animopt.core.atomic_files import read_whole, temporary_folder, write_atomically
from animopt.core.errors import Error, Failures, first_line
from animopt.scene.report import SceneReport
from animopt.video.output import Output

if TYPE_CHECKING:
    from animopt.scene.scene import Scene

_RENDERING = Lock()
"""Threads render one scene at a time: torch's chance and Python's warnings are the whole process's."""

Work = Callable[["Scene", Sequence[Output]], Generator[Path, None, SceneReport]]
"""What is done with a scene and its outputs: the path of each file as it is written, then what there is to tell.

Files are those of the outputs, and such that differ from one of these in the suffix. A work must pickle.
"""


@dataclass(frozen=True)
class BatchResult:
    """What came of a scene: the paths of its files, what was warned of, and why it failed, if it did.

    `clips` are those among the files, as they were made; `told` is what the work returned, None where it failed.
    """

    name: str
    paths: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()
    failure: str = ""
    told: SceneReport | None = None
    clips: tuple[Output, ...] = ()


@dataclass(frozen=True)
class _Clip:
    """An Output in words: a path of this system may be none on the worker's."""

    path: str
    suffix: str
    size: tuple[int, int]
    fps: float
    theme: str | None
    transparent: bool
    max_bytes: int | None

    @staticmethod
    def of(output: Output) -> "_Clip":
        """What an output is, but for where."""
        what = output.size, output.fps, output.theme, output.transparent, output.max_bytes
        return _Clip(str(output.path), output.format.suffix, *what)

    def output(self, stem: Path) -> Output:
        """The same at another place, without its suffix."""
        return Output(f"{stem}{self.suffix}", self.size, self.fps, self.theme, self.transparent, self.max_bytes)


@dataclass(frozen=True)
class _Order:
    """A scene file, as it is named, where it lies and what it says, the clips to make of it, and how."""

    path: str
    place: str
    source: bytes
    clips: Sequence[_Clip]
    fields: Mapping[str, Any]
    work: Work


@dataclass
class _Delivery:
    """What a worker hands back: files or folders by their names there, warnings, and why the scene failed."""

    files: dict[str, bytes | dict[str, bytes]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    failure: str = ""
    told: SceneReport | None = None


def render_scene(scene: "Scene", outputs: Sequence[Output]) -> Generator[Path, None, SceneReport]:
    """The work of rendering: every output."""
    from animopt.scene.render import race_report, save_outputs

    # The other processors have scenes of their own.
    made: list[Output] = []
    yield from save_outputs(scene, *outputs, workers=0, saved=made.append)
    likes = {output.path.name: (output.size, output.fps) for output in made}
    return SceneReport(race_report(scene), scene.seconds, made=likes)


def render_all(
    scenes: Mapping[str, tuple[Path, Sequence[Output]]],
    executor: Executor,
    fields: Mapping[str, Any] | None = None,
    work: Work = render_scene,
) -> Iterator[BatchResult]:
    """Render scene files, each by its name with its outputs, in any executor; what comes of each, as it is done.

    `fields` are those that every scene has otherwise than it says, as {"seconds": 5}. The files come back from the
    workers and are put in place here. A worker that does not have the scene file runs a copy of it, without what lies
    beside it. Nothing is raised for a scene that fails, or for a worker that dies with one.
    """
    futures = {}
    try:
        for name, (path, outputs) in scenes.items():
            try:
                futures[executor.submit(_render, _order(path, outputs, fields or {}, work))] = name
            except OSError as error:
                yield BatchResult(name, failure=f"{path}: cannot be read: {error.strerror}")
        for future in as_completed(futures):
            # What it has is let go with it.
            name = futures.pop(future)
            try:
                delivery = future.result()
            except CancelledError:
                yield BatchResult(name, failure="was cancelled; are its workers still there?")
            except Exception as error:
                yield BatchResult(name, failure=first_line(error))
            else:
                yield _placed(name, scenes[name][1], delivery)
    finally:
        for future in futures:
            future.cancel()


def _order(path: Path, outputs: Sequence[Output], fields: Mapping[str, Any], work: Work) -> _Order:
    clips = [_Clip.of(output) for output in outputs]
    return _Order(str(path), str(path.resolve()), path.read_bytes(), clips, dict(fields), work)


def _placed(name: str, outputs: Sequence[Output], delivery: _Delivery) -> BatchResult:
    """What came of a scene, once its files are in place."""
    failures = Failures()
    placed = []
    clips = []
    made = delivery.told.made if delivery.told else {}
    for there, whole in delivery.files.items():
        clip = outputs[int(Path(there).stem)]
        path = clip.path if isinstance(whole, Mapping) else clip.path.with_suffix(Path(there).suffix)
        with failures.collect():
            write_atomically(path, whole)
            placed.append(path)
            if path == clip.path:
                size, fps = made.get(there, (clip.size, clip.fps))
                clips.append(attrs.evolve(clip, size=size, fps=fps))
    if delivery.failure:
        failures.errors.append(Error(delivery.failure))
    failure = failures.message()
    told = None if failure else delivery.told
    return BatchResult(name, tuple(placed), delivery.warnings, failure, told, tuple(clips))


def _render(order: _Order) -> _Delivery:
    """Render a scene where this runs, in a folder that is gone afterwards."""
    from animopt.scene.scene import load_scene

    delivery = _Delivery()
    names: dict[str, str] = {}
    with temporary_folder() as folder, _RENDERING, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        path = _scene_file(order, folder)
        names[str(path)] = order.path
        try:
            outputs = [clip.output(folder / str(number)) for number, clip in enumerate(order.clips)]
            names |= {str(output.path): clip.path for output, clip in zip(outputs, order.clips, strict=True)}
            delivery.told = _all_told(order.work(load_scene(path).replace(**order.fields), outputs), delivery)
        except Error as error:
            delivery.failure = str(error)
    told = [delivery.failure, *(str(each.message) for each in caught)]
    for here, there in names.items():
        told = [each.replace(here, there) for each in told]
    delivery.failure, *more = told
    delivery.warnings = tuple(more)
    return delivery


def _all_told(steps: Generator[Path, None, SceneReport], delivery: _Delivery) -> SceneReport:
    """What a work returns, once all its files are in the delivery."""
    while True:
        try:
            path = next(steps)
        except StopIteration as end:
            return end.value
        delivery.files[path.name] = read_whole(path)


def _scene_file(order: _Order, folder: Path) -> Path:
    """The scene file itself, beside which its data may lie, where this machine has it, else a copy."""
    path = Path(order.place)
    with suppress(OSError):
        if path.read_bytes() == order.source:
            return path
    copy = folder / Path(order.path).name
    copy.write_bytes(order.source)
    return copy
