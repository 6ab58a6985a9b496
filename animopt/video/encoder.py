"""An ffmpeg process that makes one file of the frames that it is fed, which is decoded before it takes its place."""

from abc import abstractmethod
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from animopt.core.atomic_files import disk_errors, move_into_place, temporary_folder, total_size
from animopt.core.context_stack import ContextStack
from animopt.core.errors import Error
from animopt.video.ffmpeg import Ffmpeg, FfmpegError, count_frames, file_url
from animopt.video.metadata import AFTERWARDS, ffmetadata

if TYPE_CHECKING:
    from animopt.core.arrays import Pixels
    from animopt.video.film import Film


class Target(Protocol):
    """A file to write: where, of what size and rate, of at most how many bytes, and how much quality is given up."""

    @property
    def path(self) -> Path: ...
    @property
    def size(self) -> tuple[int, int]: ...
    @property
    def fps(self) -> float: ...
    @property
    def max_bytes(self) -> int | None: ...
    @property
    def notch(self) -> int: ...


class TooLargeError(Error):
    """A file has more bytes than its output allows: `size` of them. It is not in its place."""

    def __init__(self, path: Path, size: int) -> None:
        super().__init__(f"{path}: {size} bytes")
        self.size = size


class Writer(ContextStack):
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

    @staticmethod
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
        self.frames = 0

    def _enter(self, stack: ExitStack) -> None:
        with disk_errors(self.path):
            self._beside = stack.enter_context(temporary_folder(self.path))
            self._unfinished = self._beside / ("clip" if self.folder else f"clip{self.path.suffix}")
            if self.folder:
                self._unfinished.mkdir()
            arguments = [
                *self.input(self.film),
                *self._comment(),
                *self.arguments(self.film),
                file_url(self.target(self._unfinished)),
            ]
            with self._faults():
                self._encoder = stack.enter_context(Ffmpeg(arguments, self._beside))

    def target(self, unfinished: Path) -> Path:
        """The name that ffmpeg is told, which works beside it: the name of another folder can be a pattern to it."""
        return Path(unfinished.name)

    def write(self, part: "Pixels | bytes") -> None:
        """Add one frame (height, width, channels). Raises Error where the encoder does not take it."""
        with self._faults():
            self._encoder.feed(part if isinstance(part, bytes) else part.data)
        self.frames += 1

    def close(self) -> None:
        """Let the encoder end the file, which `finish` waits for."""
        self._encoder.close()

    def finish(self) -> None:
        """Have the file ended and decoded, and put it in its place.

        Raises Error where the encoder or the disk fails, or a frame does not come back, TooLargeError where it has more
        bytes than it may.
        """
        with self._faults():
            self._encoder.finish()
        with disk_errors(self.path):
            self._embed()
            if self.output.max_bytes is not None and (size := total_size(self._unfinished)) > self.output.max_bytes:
                raise TooLargeError(self.path, size)
            self._check_frames()
            move_into_place(self._unfinished, self.path)

    def _embed(self) -> None:
        if self.recipe and self.suffix in AFTERWARDS:
            try:
                AFTERWARDS[self.suffix](self._unfinished, self.recipe)
            except Error as error:
                raise Error(f"{self.path}: the encoder made no whole file; try again") from error

    def _check_frames(self) -> None:
        """Raise Error where not every frame can be decoded."""
        try:
            count = count_frames(self.target(self._unfinished), self._beside)
        except FfmpegError as error:
            raise Error(f"{self.path}: what was written cannot be read: {error}") from error
        if count != self.frames:
            raise Error(f"{self.path}: {count} of {self.frames} frames were written; look at the disk, and try again")

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Let what goes wrong with the encoder be told with the name of the file."""
        try:
            yield
        except FfmpegError as error:
            raise Error(f"{self.path}: the encoder gave up: {error}") from error

    def _comment(self) -> list[str]:
        """The arguments that let ffmpeg read the recipe, from a file: no command line is that long everywhere."""
        if not self.recipe or self.suffix in AFTERWARDS:
            return []
        path = self._beside / "recipe.txt"
        path.write_text(ffmetadata(self.recipe), encoding="ascii", newline="\n")
        return ["-f", "ffmetadata", "-i", file_url(Path(path.name)), "-map_metadata", "1"]


def raw_input(film: "Film") -> list[str]:
    """The arguments that let ffmpeg read a film's frames from its standard input."""
    width, height = film.size
    pixels = "rgba" if film.channels == 4 else "rgb24"
    return ["-f", "rawvideo", "-pix_fmt", pixels, "-s", f"{width}x{height}", "-r", f"{film.fps!r}", "-i", "pipe:0"]
