"""An ffmpeg process that makes one file of the frames that it is fed, and the file's way into its place."""

import contextlib
import os
import secrets
import shutil
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, ClassVar, Protocol, Self

import imageio_ffmpeg

from animopt.embedding import AFTERWARDS, ffmetadata
from animopt.errors import Error

if TYPE_CHECKING:
    from animopt.canvas import Pixels
    from animopt.film import Film


class Target(Protocol):
    """A file to write: where, of what size and rate, of at most how many bytes, and how much quality is given up."""

    @property
    def path(self) -> Path: ...
    @property
    def size(self) -> tuple[int, int]: ...
    @property
    def fps(self) -> float: ...
    @property
    def most(self) -> int | None: ...
    @property
    def notch(self) -> int: ...


class TooLargeError(Error):
    """A file has more bytes than its output allows: `size` of them. It is not in its place."""

    def __init__(self, path: Path, size: int) -> None:
        super().__init__(f"{path}: {size} bytes")
        self.size = size


class Writer(ABC):
    """An ffmpeg process that takes the frames of a film and makes a file of one format.

    A context that leaves nothing behind; `finish` puts the file in its place. `size` and `fps` are what the format has
    where an output names none, `notches` the values of what its quality hangs on, from the best down, and `measure`
    what that is; `keeps_alpha` tells whether what is transparent stays so, `folder` whether a folder of files is made.
    """

    suffix: ClassVar[str]
    size: ClassVar[tuple[int, int]] = 1280, 720
    fps: ClassVar[float] = 50
    draft_fps: ClassVar[float] = 15
    notches: ClassVar[tuple[int, ...]] = (0,)
    measure: ClassVar[str] = ""
    keeps_alpha: ClassVar[bool] = False
    folder: ClassVar[bool] = False

    # Most formats have any.
    @staticmethod  # noqa: B027
    def check(output: Target) -> None:
        """Raise UsageError for a size or a rate that the format cannot have."""

    @abstractmethod
    def arguments(self, film: "Film") -> list[str]:
        """What ffmpeg is told, between its input and the name of its output."""

    def input(self, film: "Film") -> list[str]:
        """What ffmpeg is told of what it reads."""
        return raw_input(film)

    def __init__(self, output: Target, film: "Film", executor: Executor | None, recipe: str = "") -> None:
        self.output = output
        self.path = output.path
        self.film = film
        self.executor = executor
        # The frames of a folder have none: it would be in each of them.
        self.recipe = "" if self.folder else recipe
        self.quality = self.notches[output.notch]

    def __enter__(self) -> Self:
        with disk_errors(self.path), ExitStack() as stack:
            self._unfinished = stack.enter_context(replacing(self.path, folder=self.folder))
            self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="animopt-")))
            self._complaints = stack.enter_context(tempfile.TemporaryFile())
            arguments = [
                *self.input(self.film),
                *self._comment(),
                *self.arguments(self.film),
                self.target(self._unfinished),
            ]
            self._process = stack.enter_context(running(arguments, self._complaints))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, traceback)

    def target(self, unfinished: Path) -> str:
        """What ffmpeg is told to write to."""
        return file_url(unfinished)

    def write(self, part: "Pixels | bytes") -> None:
        """Add one frame (height, width, channels). Raises Error where the encoder does not take it."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(part if isinstance(part, bytes) else part.data)
        except OSError as error:
            self._process.wait()
            raise Error(f"{self.path}: the encoder gave up: {self._complaint()}") from error

    def finish(self) -> None:
        """End the file and put it in its place.

        Raises Error where the encoder or the disk fails, TooLargeError where it has more bytes than it may.
        """
        assert self._process.stdin is not None
        # A pipe that broke shows in the exit code, with more to say about it.
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        if self._process.wait():
            raise Error(f"{self.path}: the encoder gave up: {self._complaint()}")
        with disk_errors(self.path), self._stack:
            if self.recipe and self.suffix in AFTERWARDS:
                try:
                    AFTERWARDS[self.suffix](self._unfinished, self.recipe)
                except Error as error:
                    raise Error(f"{self.path}: the encoder made no whole file: {self._complaint()}") from error
            if self.output.most is not None and (size := bytes_in(self._unfinished)) > self.output.most:
                raise TooLargeError(self.path, size)

    def _comment(self) -> list[str]:
        """The arguments that let ffmpeg read the recipe, from a file: no command line is that long everywhere."""
        if not self.recipe or self.suffix in AFTERWARDS:
            return []
        path = self._folder / "recipe.txt"
        path.write_text(ffmetadata(self.recipe), encoding="ascii", newline="\n")
        return ["-f", "ffmetadata", "-i", str(path), "-map_metadata", "1"]

    def _complaint(self) -> str:
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").strip().splitlines()
        return lines[0] if lines else f"exit code {self._process.returncode}"


def raw_input(film: "Film") -> list[str]:
    """The arguments that let ffmpeg read a film's frames from its standard input."""
    width, height = film.size
    pixels = "rgba" if film.channels == 4 else "rgb24"
    return ["-f", "rawvideo", "-pix_fmt", pixels, "-s", f"{width}x{height}", "-r", f"{film.fps!r}", "-i", "pipe:0"]


def file_url(path: Path) -> str:
    """A path as ffmpeg takes it literally, whatever dashes, colons or blanks it has."""
    return f"file:{path}"


def bytes_in(path: Path) -> int:
    """How many bytes a file has, or all the files of a folder."""
    return sum(each.stat().st_size for each in path.iterdir()) if path.is_dir() else path.stat().st_size


@contextlib.contextmanager
def running(arguments: Sequence[str], complaints: IO[bytes]) -> "Iterator[subprocess.Popen[bytes]]":
    """The ffmpeg that imageio-ffmpeg brings, at work; it does not outlive the context."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostats", "-loglevel", "error", "-y", *arguments]
    try:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=complaints)
    except OSError as error:
        raise Error(f"the encoder {command[0]} does not start: {error.strerror}; reinstall imageio-ffmpeg") from error
    try:
        yield process
    finally:
        process.kill()
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        process.wait()


@contextlib.contextmanager
def replacing(path: Path, *, folder: bool = False) -> Iterator[Path]:
    """A hidden file or folder beside a path, which takes its place at the end, or is gone after an exception.

    Raises Error where it cannot be written.
    """
    with disk_errors(path), _replacing(path, folder) as unfinished:
        yield unfinished


@contextlib.contextmanager
def _replacing(path: Path, folder: bool) -> Iterator[Path]:
    target = path.resolve()
    unfinished = target.with_name(f".animopt-{secrets.token_hex(6)}{target.suffix}")
    if folder:
        unfinished.mkdir()
    else:
        unfinished.open("xb").close()
    try:
        yield unfinished
        if folder and target.exists():
            # A folder does not take the place of another one that is not empty.
            old = target.with_name(f"{unfinished.name}-old")
            target.rename(old)
            try:
                unfinished.rename(target)
            except OSError:
                old.rename(target)
                raise
            shutil.rmtree(old)
        else:
            unfinished.replace(target)
    except BaseException:
        if folder:
            shutil.rmtree(unfinished, ignore_errors=True)
        else:
            unfinished.unlink(missing_ok=True)
        raise


def content(path: Path) -> "bytes | dict[str, bytes]":
    """What is in a file, or in the files of a folder, by their names."""
    return {each.name: each.read_bytes() for each in path.iterdir()} if path.is_dir() else path.read_bytes()


def put(path: Path, whole: "bytes | Mapping[str, bytes]") -> None:
    """Write a whole file or folder, in place of the one that was there. Raises Error where it cannot be written."""
    folder = not isinstance(whole, bytes)
    with replacing(path, folder=folder) as unfinished:
        files = {unfinished: whole} if isinstance(whole, bytes) else {unfinished / name: whole[name] for name in whole}
        for file, inside in files.items():
            file.write_bytes(inside)


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Let what the system says of a path be an Error of ours."""
    try:
        yield
    except OSError as error:
        raise Error(f"{path}: cannot be written: {error.strerror or error}") from error


def ends_in_separator(path: str | os.PathLike[str]) -> bool:
    """Whether a path is given as that of a folder."""
    return os.fspath(path).endswith(tuple(filter(None, (os.sep, os.altsep, "/"))))
