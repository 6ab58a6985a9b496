"""One stream of frames into every open file; a suffix picks the writer."""

import contextlib
import os
import secrets
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, ClassVar, Self

import imageio_ffmpeg

from animopt.embedding import AFTERWARDS, embed_in_png, ffmetadata
from animopt.errors import Error, UsageError

if TYPE_CHECKING:
    from animopt.canvas import Pixels
    from animopt.film import Film

SIDES = 160, 7680
"""The fewest and the most pixels along a picture's side."""

RATES = 1, 120
"""The fewest and the most frames a second."""

STILLS = (".png", ".svg", ".pdf")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Output:
    """A file to write: its suffix picks the format; `size` (width, height) and `fps` default to the format's own.

    `theme` is the name of one, or None for the scene's.

    Raises UsageError for a suffix that is no format's, and for a size or a rate that the format cannot have.
    """

    path: Path
    size: tuple[int, int]
    fps: float
    theme: str | None

    def __init__(
        self,
        path: str | os.PathLike[str],
        size: tuple[int, int] | None = None,
        fps: float | None = None,
        theme: str | None = None,
    ) -> None:
        writer = _writer(Path(path))
        object.__setattr__(self, "path", Path(path))
        object.__setattr__(self, "size", check_size(size or writer.size))
        object.__setattr__(self, "fps", check_fps(writer.fps if fps is None else fps))
        object.__setattr__(self, "theme", theme)
        writer.check(self)

    def draft(self) -> "Output":
        """The same file for a quick look: half the size, in even sides, and at most 15 frames a second, a GIF's 10."""
        width, height = (max(SIDES[0], 2 * round(side / 4)) for side in self.size)
        return Output(self.path, (width, height), min(self.fps, _writer(self.path).draft_fps), self.theme)


def save(
    outputs: Sequence[Output],
    film_of: Callable[[Output], "Film"],
    progress: Progress,
    executor: Executor | None = None,
    recipe_of: Callable[[Output], str] = lambda output: "",
) -> Iterator[Path]:
    """Write every output, and yield its path once the whole file is in place of the one that was there.

    Outputs that agree in all but the path share one pass of drawing, in this process or by an executor: `film_of`
    makes the film of one, `recipe_of` the text that goes into its file. `progress` is told how many frames are drawn,
    and of how many. Raises Error where a file cannot be written.
    """
    passes: dict[object, list[Output]] = {}
    for output in outputs:
        passes.setdefault((output.size, output.fps, output.theme), []).append(output)
    films = [film_of(alike[0]) for alike in passes.values()]
    total = sum(len(film) for film in films)
    done = 0
    for film, alike in zip(films, passes.values(), strict=True):
        with ExitStack() as stack:
            files = [
                stack.enter_context(_writer(output.path)(output.path, film, executor).carrying(recipe_of(output)))
                for output in alike
            ]
            for frame in film.frames(executor):
                for file in files:
                    file.write(frame)
                done += 1
                progress(done, total)
            for file in files:
                file.finish()
                yield file.path


def check_still(path: Path) -> str:
    """The suffix of a still, in small letters; raises UsageError for one that no still has."""
    suffix = path.suffix.lower()
    if suffix not in STILLS:
        raise UsageError(f"{path}: a still ends in {', '.join(STILLS)}")
    return suffix


def save_still(path: Path, picture: "Pixels | bytes", recipe: str = "") -> None:
    """Write pixels as a PNG file with a recipe, or the bytes of another file. Raises Error where that cannot be."""
    if isinstance(picture, bytes):
        put(path, picture)
        return
    import imageio.v3 as imageio

    with _disk_errors(path), _replacing(path) as unfinished:
        imageio.imwrite(unfinished, picture, extension=".png")
        if recipe:
            embed_in_png(unfinished, recipe)


def put(path: Path, content: bytes) -> None:
    """Write a whole file, in place of the one that was there. Raises Error where it cannot be written."""
    with _disk_errors(path), _replacing(path) as unfinished:
        unfinished.write_bytes(content)


class Writer(ABC):
    """An ffmpeg process that takes the frames of a film and makes a file of one format.

    A context that leaves nothing behind; `finish` puts the file in its place.
    """

    suffix: ClassVar[str]
    size: ClassVar[tuple[int, int]]
    fps: ClassVar[float]
    draft_fps: ClassVar[float]
    recipe: str = ""

    @staticmethod
    @abstractmethod
    def check(output: Output) -> None:
        """Raise UsageError for a size or a rate that the format cannot have."""

    @abstractmethod
    def arguments(self, film: "Film") -> list[str]:
        """What ffmpeg is told, between its input and the name of its output."""

    def __init__(self, path: Path, film: "Film", executor: Executor | None) -> None:
        self.path = path
        self.film = film
        self.executor = executor

    def carrying(self, recipe: str) -> Self:
        """The same, with a recipe that goes into the file."""
        self.recipe = recipe
        return self

    def __enter__(self) -> Self:
        with _disk_errors(self.path), ExitStack() as stack:
            self._unfinished = stack.enter_context(_replacing(self.path))
            self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="animopt-")))
            self._complaints = stack.enter_context(tempfile.TemporaryFile())
            arguments = [*raw_input(self.film), *self._comment(), *self.arguments(self.film)]
            arguments.append(file_url(self._unfinished))
            self._process = stack.enter_context(_running(arguments, self._complaints))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, traceback)

    def write(self, frame: "Pixels") -> None:
        """Add one frame (height, width, 3). Raises Error where the encoder does not take it."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(frame.data)
        except OSError as error:
            self._process.wait()
            raise Error(f"{self.path}: the encoder gave up: {self._complaint()}") from error

    def finish(self) -> None:
        """End the file and put it in its place. Raises Error where the encoder or the disk fails."""
        assert self._process.stdin is not None
        # A pipe that broke shows in the exit code, with more to say about it.
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        if self._process.wait():
            raise Error(f"{self.path}: the encoder gave up: {self._complaint()}")
        with _disk_errors(self.path):
            if self.recipe and self.suffix in AFTERWARDS:
                try:
                    AFTERWARDS[self.suffix](self._unfinished, self.recipe)
                except Error as error:
                    raise Error(f"{self.path}: the encoder made no whole file: {self._complaint()}") from error
            self._stack.close()

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


class Gif(Writer):
    """A GIF that loops for ever, with one palette made of sampled frames."""

    suffix = ".gif"
    size = 800, 450
    fps = 25
    draft_fps = 10

    @staticmethod
    def check(output: Output) -> None:
        """Raise UsageError for a rate whose delays browsers do not keep."""
        if output.fps > 50:
            raise UsageError(f"fps {output.fps:g}: a GIF shows at most 50 frames a second; use 50, 25, 20 or 10")

    def arguments(self, film: "Film") -> list[str]:
        palette = self._folder / "palette.png"
        self._make_palette(film, palette)
        # Delays are whole centiseconds; the last one makes the length of the whole exact.
        before = round(100 * (len(film) - 1) / film.fps)
        last = max(2, round(100 * len(film) / film.fps) - before)
        graph = "[0:v][1:v]paletteuse=dither=none:diff_mode=rectangle"
        return ["-i", str(palette), "-filter_complex", graph, "-loop", "0", "-final_delay", str(last), "-f", "gif"]

    def _make_palette(self, film: "Film", path: Path) -> None:
        """A palette of frames spread over the film: the usual graph would hold the whole film in memory instead."""
        count = min(len(film), 12)
        spread = [round(place * (len(film) - 1) / max(1, count - 1)) for place in range(count)]
        arguments = [*raw_input(film), "-vf", "palettegen=stats_mode=full", "-update", "1", str(path)]
        with tempfile.TemporaryFile() as complaints, _running(arguments, complaints) as process:
            process.communicate(b"".join(frame.tobytes() for frame in film.sample(spread, self.executor)))
            if process.returncode:
                raise Error(f"{self.path}: the encoder made no palette: exit code {process.returncode}")


class Mp4(Writer):
    """H.264 in 4:2:0, tagged bt709, that starts to play before it is read whole."""

    suffix = ".mp4"
    size = 1280, 720
    fps = 50
    draft_fps = 15

    @staticmethod
    def check(output: Output) -> None:
        """Raise UsageError for odd sides, which 4:2:0 cannot have."""
        width, height = output.size
        if width % 2 or height % 2:
            even = f"{width + width % 2}x{height + height % 2}"
            raise UsageError(f"size {width}x{height}: an MP4 needs even sides; use {even}")

    def arguments(self, film: "Film") -> list[str]:
        scale = "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int"
        tags = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
        picture = ["-vf", f"{scale},format=yuv420p,{tags}"]
        return [
            *picture,
            "-c:v",
            "libx264",
            "-preset",
            "veryfast",
            "-crf",
            "18",
            "-movflags",
            "+faststart",
            # Else a draft would be half drawn before any of it is on the disk.
            "-flush_packets",
            "1",
            "-f",
            "mp4",
        ]


WRITERS = {writer.suffix: writer for writer in Writer.__subclasses__()}


def check_size(size: tuple[int, int]) -> tuple[int, int]:
    """A size (width, height) in pixels; raises UsageError for one that cannot be drawn."""
    least, most = SIDES
    if len(size) != 2 or not all(isinstance(side, int) and least <= side <= most for side in size):
        raise UsageError(f"size {'x'.join(map(str, size))}: give two sides of {least} to {most} pixels, as 1280x720")
    return size


def check_fps(fps: float) -> float:
    """A rate in frames a second; raises UsageError for one that no player keeps up with."""
    least, most = RATES
    if not least <= fps <= most:
        raise UsageError(f"fps {fps:g}: give {least} to {most} frames a second")
    return fps


def check_path(path: Path) -> None:
    """Raise UsageError for a path at which no file can be written."""
    if not path.parent.is_dir():
        raise UsageError(f"{path}: there is no folder {str(path.parent)!r}; make it first")
    if path.is_dir():
        raise UsageError(f"{path}: is a folder; give the name of a file")


def raw_input(film: "Film") -> list[str]:
    """The arguments that let ffmpeg read a film's frames from its standard input."""
    width, height = film.size
    return ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", f"{film.fps!r}", "-i", "pipe:0"]


def file_url(path: Path) -> str:
    """A path as ffmpeg takes it literally, whatever dashes, colons or blanks it has."""
    return f"file:{path}"


@contextlib.contextmanager
def _running(arguments: Sequence[str], complaints: IO[bytes]) -> "Iterator[subprocess.Popen[bytes]]":
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


def _writer(path: Path) -> type[Writer]:
    suffix = path.suffix.lower()
    if suffix not in WRITERS:
        known = " or ".join(sorted(WRITERS))
        what = f"suffix {suffix!r}" if suffix else "no suffix"
        raise UsageError(f"{path}: {what}; a clip ends in {known}, a still in {', '.join(STILLS)}")
    return WRITERS[suffix]


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A hidden file beside another path, which takes that one's place at the end, or is gone after an exception."""
    target = path.resolve()
    unfinished = target.with_name(f".animopt-{secrets.token_hex(6)}{target.suffix}")
    unfinished.open("xb").close()
    try:
        yield unfinished
        unfinished.replace(target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Error(f"{path}: cannot be written: {error.strerror or error}") from error
