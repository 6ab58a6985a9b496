"""Writers: each makes one file with an ffmpeg process, and verifies the file before it replaces an existing one."""

import re
from collections.abc import Iterable
from concurrent.futures import Executor
from contextlib import ExitStack
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import attrs

from animopt.core.contexts import ContextStack
from animopt.core.errors import Error
from animopt.core.files import about_copy, disk_errors, move_into_place, temporary_folder, total_size
from animopt.video.ffmpeg import Ffmpeg, file_url
from animopt.video.metadata import EMBEDDERS, ffmetadata
from animopt.video.output import FORMATS, Format
from animopt.video.palette import PaletteIndices

if TYPE_CHECKING:
    from animopt.core.arrays import Pixels
    from animopt.video.frame_sequence import FrameSequence

GIF_TOLERANCE = 3
"""Difference, of 255, by which a new color has to be better than the old one in a GIF of the best quality."""

PALETTE_FRAMES = 12
"""Maximum number of frames from which the palette of a GIF is computed."""

MAX_REORDERED_FRAMES = 2
"""Maximum number of frames that H.264 of libx264 decodes before one that is shown before them."""


class Footage(Protocol):
    """Properties that all frames of a film have."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""

    @property
    def fps(self) -> float:
        """Frames per second."""

    @property
    def channels(self) -> int:
        """Number of values of a pixel: 3, or 4 with its opacity."""


@attrs.frozen
class Segment:
    """Successive frames of a clip, encoded as the bytes of an MP4."""

    content: bytes
    frames: int
    """Number of frames."""


@attrs.define(slots=False, eq=False)
class Writer(ContextStack):
    """A context that writes the frames of a film to a file. Its executor draws samples of the film if it needs them.

    `quality_step` is an index into the qualities of the format, `threads` the number of threads of the encoder or None
    for the number of processors, and `frames` the number of written frames. `finish` moves the file to its path. If
    `finish` is not called, no file remains. A file that is not `checked` becomes a part of one that is.
    """

    format: Format
    path: Path
    film: Footage
    executor: Executor | None = None
    recipe: str = ""
    quality_step: int = 0
    threads: int | None = None
    check: Literal["decode", "count", "skip"] = "decode"
    frames: int = 0

    def _enter(self, stack: ExitStack) -> None:
        with disk_errors(self.path):
            self._folder = stack.enter_context(temporary_folder(self.path))
            # Relative to ffmpeg's working folder, because a longer path could be a pattern for ffmpeg.
            self._target = Path("clip/frame-%04d.png" if self.format.suffix == "/" else f"clip{self.path.suffix}")
            self._unfinished = self._folder / self._target.parts[0]
            (self._folder / self._target).parent.mkdir(exist_ok=True)
            inputs = self.input()
            metadata = self._metadata_input(inputs.count("-i"))
            arguments = [*inputs, *metadata, *self.arguments(), file_url(self._target)]
            self._encoder = stack.enter_context(self._ffmpeg(arguments))

    def input(self) -> list[str]:
        """Return the arguments by which ffmpeg reads the frames from standard input."""
        width, height = self.film.size
        pixels = ["-pix_fmt", self.pixel_format(), "-s", f"{width}x{height}"]
        return ["-f", "rawvideo", *pixels, "-r", f"{self.film.fps}", "-i", "pipe:0"]

    def pixel_format(self) -> str:
        """Return ffmpeg's name for the data that `encoded` returns."""
        return "rgba" if self.film.channels == 4 else "rgb24"

    def arguments(self) -> list[str]:
        """Return ffmpeg's arguments between its input and its output."""
        options = self.format.alpha_options if self.film.channels == 4 else self.format.opaque_options
        options = f"{options} {self.format.options}".format(quality=self.format.qualities[self.quality_step])
        return [*options.split(), *([] if self.threads is None else ["-threads", str(self.threads)])]

    def metadata(self) -> str:
        """Return the content of a metadata file for ffmpeg, or "" if it inserts no metadata into the file."""
        # In a folder, every frame would hold a copy of it.
        embedded = self.format.suffix == "/" or self.format.suffix in EMBEDDERS
        return ffmetadata({"comment": self.recipe}) if self.recipe and not embedded else ""

    def write(self, part: "Pixels | Segment") -> None:
        """Write one frame (height, width, channels). Raise Error if the encoder fails."""
        assert not isinstance(part, Segment)
        for data in self.encoded(part):
            self._encoder.feed(data)
        self.frames += 1

    def encoded(self, frame: "Pixels") -> tuple[memoryview | bytes, ...]:
        """Return the data of a frame in the format of its pixels."""
        return (frame.data,)

    def close(self) -> None:
        """Close the encoder's input, so that the encoder completes the file while others are still written."""
        self._encoder.close()

    def finish(self, max_bytes: float = inf) -> int:
        """Complete and verify the file, and move it to its path unless it is larger than `max_bytes`. Return its size.

        Raises Error if the encoder or the disk fails, or if not every frame can be decoded.
        """
        self._encoder.finish()
        with disk_errors(self.path):
            if self.recipe and self.format.suffix in EMBEDDERS:
                try:
                    EMBEDDERS[self.format.suffix](self._unfinished, self.recipe)
                except Error as error:
                    raise Error(f"{self.path}: the encoder made an incomplete file; try again") from error
            size = total_size(self._unfinished)
            if size <= max_bytes:
                if self.check != "skip":
                    self._check_frames()
                move_into_place(self._unfinished, self.path)
        return size

    def _ffmpeg(self, arguments: list[str], problem: str = "the encoder failed") -> Ffmpeg:
        return Ffmpeg(arguments, f"{self.path}: {problem}", self._folder)

    def _metadata_input(self, number: int) -> list[str]:
        """Return the arguments by which ffmpeg reads the metadata from its input with a number.

        They are in a file, as command lines are limited in length.
        """
        if not (metadata := self.metadata()):
            return []
        (self._folder / "metadata.txt").write_text(metadata, encoding="utf-8", newline="\n")
        source = ["-f", "ffmetadata", "-i", file_url(Path("metadata.txt"))]
        return [*source, "-map_metadata", str(number), "-map_chapters", str(number)]

    def _check_frames(self) -> None:
        """Raise Error if the number of decoded frames is not the number of written frames."""
        source, rate = ["-i", file_url(self._target), "-map", "0:v:0"], ["-fps_mode", "passthrough"]
        if self.format.merges_frames:
            # Frames that are stored as one are counted by their duration. By default, ffmpeg lengthens short ones.
            source, rate = ["-min_delay", "0", *source], ["-vf", f"fps={self.film.fps}"]
        if self.check == "count":
            rate = ["-c", "copy"]
        # Counting needs no smooth pictures. This saves a fifth of the time for H.264.
        options = ["-xerror", "-err_detect", "explode", "-skip_loop_filter", "all"]
        arguments = [*options, *source, *rate, "-progress", "pipe:1", "-f", "null", "-"]
        with self._ffmpeg(arguments, "the file cannot be read back") as decoder:
            counts = re.findall(rb"^frame=\s*(\d+)", decoder.finish(), re.MULTILINE)
        count = int(counts[-1]) if counts else 0
        if count != self.frames:
            raise Error(f"{self.path}: {count} of {self.frames} frames were written; look at the disk, and try again")


class GifWriter(Writer):
    """Writes a GIF with one palette, which is computed from sampled frames."""

    film: "FrameSequence"

    def pixel_format(self) -> str:
        """Compute the palette, and return ffmpeg's name for indices of a palette that follows each frame."""
        tolerance = GIF_TOLERANCE * 2**self.quality_step
        colors = self.format.qualities[self.quality_step]
        count = min(len(self.film), PALETTE_FRAMES)
        indices = [round(number * (len(self.film) - 1) / max(1, count - 1)) for number in range(count)]
        self._indices = PaletteIndices(self.film.sample(indices, self.executor), colors, tolerance)
        return "pal8"

    def arguments(self) -> list[str]:
        """Return ffmpeg's arguments. Delays are whole centiseconds. The last one makes the total duration exact."""
        start = round(100 * (len(self.film) - 1) / self.film.fps)
        last = max(2, round(100 * len(self.film) / self.film.fps) - start)
        return ["-final_delay", str(last), *super().arguments()]

    def encoded(self, frame: "Pixels") -> tuple[memoryview | bytes, ...]:
        """Return the indices of a frame, and the palette."""
        return self._indices.of(frame).data, self._indices.palette


class JoiningWriter(Writer):
    """Joins MP4 segments to an MP4. Their frames are copied without encoding them again."""

    def input(self) -> list[str]:
        """Return the arguments by which ffmpeg reads a list of files from standard input."""
        return ["-f", "concat", "-safe", "0", "-protocol_whitelist", "file,pipe", "-i", "pipe:0"]

    def arguments(self) -> list[str]:
        """Return arguments that compute the exact times of the frames of segments of any lengths."""
        frame = f"({self.film.fps}*TB)"
        times = f"pts=round(PTS*{frame})/{frame}:dts=(N-{MAX_REORDERED_FRAMES})/{frame}"
        return ["-c", "copy", "-bsf:v", f"setts={times}", "-movflags", "+faststart", "-f", "mp4"]

    def write(self, part: "Pixels | Segment") -> None:
        """Write one segment. Raise Error if the disk or the encoder fails."""
        assert isinstance(part, Segment)
        segment = self._folder / f"{self.frames}.mp4"
        with disk_errors(self.path):
            segment.write_bytes(part.content)
        start, end = (round(1e6 * frames / self.film.fps) for frames in (self.frames, self.frames + part.frames))
        # Only the name: the path of the folder can contain a line break. The duration in the file is rounded.
        lines = f"file {file_url(Path(segment.name))}\nduration {end - start}us\n"
        self._encoder.feed(lines.encode())
        self.frames += part.frames


def encode_segment(film: Footage, frames: Iterable["Pixels"], quality_step: int = 0) -> Segment:
    """Encode at least one opaque frame, of a size and rate, as a segment that JoiningWriter joins with others.

    The encoder has one thread, so that equal frames give equal bytes on any number of processors. Several workers use
    them all. Raises Error if the encoder fails.
    """
    with temporary_folder() as folder:
        path = folder / "segment.mp4"
        try:
            # The joined file is decoded, and its frames are counted.
            with Writer(FORMATS[".mp4"], path, film, quality_step=quality_step, threads=1, check="skip") as file:
                for frame in frames:
                    file.write(frame)
                file.finish()
        except Error as error:
            raise type(error)(about_copy(str(error), path, "a segment of the clip")) from error
        return Segment(path.read_bytes(), file.frames)
