"""Many scenes at once, each rendered by one worker, past those that fail."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Executor, as_completed
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from animopt.encoder import content, put
from animopt.errors import Error, first_line
from animopt.output import Output

_RENDERING = Lock()
"""Threads render one scene at a time: torch's chance and Python's warnings are the whole process's."""


@dataclass(frozen=True)
class Rendered:
    """What came of a scene: the paths of its files, what was warned of, and why it failed, if it did."""

    name: str
    paths: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()
    failure: str = ""


@dataclass(frozen=True)
class _Clip:
    """An Output in words: a path of this system may be none on the worker's."""

    path: str
    suffix: str
    size: tuple[int, int]
    fps: float
    theme: str | None
    transparent: bool
    most: int | None

    @staticmethod
    def of(output: Output) -> "_Clip":
        """What an output is, but for where."""
        what = output.size, output.fps, output.theme, output.transparent, output.most
        return _Clip(str(output.path), output.writer.suffix, *what)

    def output(self, stem: Path) -> Output:
        """The same at another place, without its suffix."""
        return Output(f"{stem}{self.suffix}", self.size, self.fps, self.theme, self.transparent, self.most)


@dataclass(frozen=True)
class _Order:
    """A scene file, as it is named, where it lies and what it says, and the clips to make of it."""

    path: str
    place: str
    source: bytes
    clips: Sequence[_Clip]
    seconds: float | None


@dataclass(frozen=True)
class _Delivery:
    """What a worker hands back: files or folders by the numbers of their clips, warnings, and why the scene failed."""

    files: Mapping[int, bytes | Mapping[str, bytes]]
    warnings: tuple[str, ...]
    failure: str


def render_all(
    scenes: Mapping[str, tuple[Path, Sequence[Output]]], executor: Executor, seconds: float | None = None
) -> Iterator[Rendered]:
    """Render scene files, each by its name with its outputs, in any executor; what comes of each, as it is done.

    `seconds` is the length of every clip, None for the scene's own. The files come back from the workers and are put in
    place here. A worker that does not have the scene file runs a copy of it, without what lies beside it.
    Nothing is raised for a scene that fails, or for a worker that dies with one.
    """
    futures = {}
    try:
        for name, (path, outputs) in scenes.items():
            try:
                futures[executor.submit(_render, _order(path, outputs, seconds))] = name
            except OSError as error:
                yield Rendered(name, failure=f"{path}: cannot be read: {error.strerror}")
        for future in as_completed(futures):
            # What it has is let go with it.
            name = futures.pop(future)
            try:
                delivery = future.result()
            except CancelledError:
                yield Rendered(name, failure="was cancelled; are its workers still there?")
            except Exception as error:
                yield Rendered(name, failure=first_line(error))
            else:
                yield _placed(name, scenes[name][1], delivery)
    finally:
        for future in futures:
            future.cancel()


def _order(path: Path, outputs: Sequence[Output], seconds: float | None) -> _Order:
    clips = [_Clip.of(output) for output in outputs]
    return _Order(str(path), str(path.resolve()), path.read_bytes(), clips, seconds)


def _placed(name: str, outputs: Sequence[Output], delivery: _Delivery) -> Rendered:
    """What came of a scene, once its files are in place."""
    failure = delivery.failure
    placed = []
    try:
        for number, whole in delivery.files.items():
            put(outputs[number].path, whole)
            placed.append(outputs[number].path)
    except Error as error:
        failure = str(error)
    return Rendered(name, tuple(placed), delivery.warnings, failure)


def _render(order: _Order) -> _Delivery:
    """Render a scene where this runs, in a folder that is gone afterwards."""
    from animopt.scene import load

    failure = ""
    files: dict[int, bytes | dict[str, bytes]] = {}
    names: dict[str, str] = {}
    with TemporaryDirectory(prefix="animopt-") as folder, _RENDERING, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        path = _scene_file(order, Path(folder))
        names[str(path)] = order.path
        try:
            outputs = [clip.output(Path(folder, str(number))) for number, clip in enumerate(order.clips)]
            places = [output.path for output in outputs]
            names |= {str(place): clip.path for place, clip in zip(places, order.clips, strict=True)}
            scene = load(path)
            if order.seconds is not None:
                scene = replace(scene, seconds=order.seconds)
            # The other processors have scenes of their own.
            for place in scene.saving(*outputs, workers=0):
                files[places.index(place)] = content(place)
        except Error as error:
            failure = str(error)
    told = [failure, *(str(each.message) for each in caught)]
    for here, there in names.items():
        told = [each.replace(here, there) for each in told]
    return _Delivery(files, tuple(told[1:]), told[0])


def _scene_file(order: _Order, folder: Path) -> Path:
    """The scene file itself, beside which its data may lie, where this machine has it, else a copy."""
    path = Path(order.place)
    with suppress(OSError):
        if path.read_bytes() == order.source:
            return path
    copy = folder / Path(order.path).name
    copy.write_bytes(order.source)
    return copy
