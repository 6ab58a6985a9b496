"""Writers: each makes one file with an ffmpeg process, and verifies the file before it replaces an existing one."""

from abc import abstractmethod
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from animopt.core.contexts import ContextStack
from animopt.core.errors import Error
from animopt.core.files import disk_errors, move_into_place, temporary_folder, total_size
from animopt.video.ffmpeg import Ffmpeg, FfmpegError, count_frames, file_url
from animopt.video.metadata import EMBEDDERS, ffmetadata

if TYPE_CHECKING:
    from animopt.core.arrays import Pixels
    from animopt.video.film import Film


class Writer(ContextStack):
    """A context that writes the frames of a film to a file. A subclass defines a format.

    `finish` moves the file to its path. If `finish` is not called, no file remains.
    """

    suffix: ClassVar[str]
    """Suffix of the file."""

    size: ClassVar[tuple[int, int]] = 1280, 720
    """Default width and height in pixels."""

    fps: ClassVar[float] = 50
    """Default number of frames per second."""

    draft_fps: ClassVar[float] = 15
    """Maximum number of frames per second of a draft."""

    qualities: ClassVar[tuple[int, ...]] = (0,)
    """Values of the encoder's quality setting, from the best to the worst."""

    quality_text: ClassVar[str] = ""
    """A value of the quality setting as text."""

    keeps_alpha: ClassVar[bool] = False
    """Whether the format supports transparency."""

    folder: ClassVar[bool] = False
    """Whether the format is a folder of files."""

    @staticmethod
    def check(path: Path, size: tuple[int, int], fps: float) -> None:
        """Raise UsageError for values that the format does not support."""

    @abstractmethod
    def arguments(self) -> list[str]:
        """Return ffmpeg's arguments between its input and its output."""

    def __init__(
        self, path: Path, film: "Film", executor: Executor | None = None, recipe: str = "", quality_step: int = 0
    ) -> None:
        self.path = path
        self.film = film
        self.executor = executor
        # In a folder, every frame would hold a copy of it.
        self.recipe = "" if self.folder else recipe
        self.quality_step = quality_step
        self.quality = self.qualities[quality_step]
        self.frames = 0

    def _enter(self, stack: ExitStack) -> None:
        with disk_errors(self.path):
            self._folder = stack.enter_context(temporary_folder(self.path))
            self._unfinished = self._folder / ("clip" if self.folder else f"clip{self.path.suffix}")
            if self.folder:
                self._unfinished.mkdir()
            arguments = [*self.input(), *self._recipe_input(), *self.arguments(), file_url(self._target())]
            with self._encoder_errors():
                self._encoder = stack.enter_context(Ffmpeg(arguments, self._folder))

    def input(self) -> list[str]:
        """Return ffmpeg's arguments for its input."""
        return raw_input(self.film)

    def write(self, part: "Pixels | bytes") -> None:
        """Write one frame (height, width, channels). Raise Error if the encoder fails."""
        with self._encoder_errors():
            self._encoder.feed(part if isinstance(part, bytes) else part.data)
        self.frames += 1

    def close(self) -> None:
        """Close the encoder's input, so that the encoder completes the file while others are still written."""
        self._encoder.close()

    def finish(self, max_bytes: float = inf) -> int:
        """Complete and verify the file, and move it to its path unless it is larger than `max_bytes`. Return its size.

        Raises Error if the encoder or the disk fails, or if not every frame can be decoded.
        """
        with self._encoder_errors():
            self._encoder.finish()
        with disk_errors(self.path):
            self._embed_recipe()
            size = total_size(self._unfinished)
            if size <= max_bytes:
                self._check_frames()
                move_into_place(self._unfinished, self.path)
        return size

    def _target(self) -> Path:
        """Return the name of the file in ffmpeg's working folder. A longer path could be a pattern for ffmpeg."""
        return Path(self._unfinished.name)

    def _recipe_input(self) -> list[str]:
        """Return the arguments by which ffmpeg reads the recipe from a file, as command lines are limited in length."""
        if not self.recipe or self.suffix in EMBEDDERS:
            return []
        path = self._folder / "recipe.txt"
        path.write_text(ffmetadata(self.recipe), encoding="ascii", newline="\n")
        return ["-f", "ffmetadata", "-i", file_url(Path(path.name)), "-map_metadata", "1"]

    def _embed_recipe(self) -> None:
        if self.recipe and self.suffix in EMBEDDERS:
            try:
                EMBEDDERS[self.suffix](self._unfinished, self.recipe)
            except Error as error:
                raise Error(f"{self.path}: the encoder made an incomplete file; try again") from error

    def _check_frames(self) -> None:
        """Raise Error if the number of decoded frames is not the number of written frames."""
        try:
            count = count_frames(self._target(), self._folder)
        except FfmpegError as error:
            raise Error(f"{self.path}: the file cannot be read back: {error}") from error
        if count != self.frames:
            raise Error(f"{self.path}: {count} of {self.frames} frames were written; look at the disk, and try again")

    @contextmanager
    def _encoder_errors(self) -> Iterator[None]:
        """Name the file in errors of the encoder."""
        try:
            yield
        except FfmpegError as error:
            raise Error(f"{self.path}: the encoder failed: {error}") from error


def raw_input(film: "Film") -> list[str]:
    """Return the arguments by which ffmpeg reads the frames of a film from standard input."""
    width, height = film.size
    pixel_format = "rgba" if film.channels == 4 else "rgb24"
    size = f"{width}x{height}"
    return ["-f", "rawvideo", "-pix_fmt", pixel_format, "-s", size, "-r", f"{film.fps!r}", "-i", "pipe:0"]
