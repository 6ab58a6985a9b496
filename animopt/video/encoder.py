"""Writers: each makes one file with an ffmpeg process, and verifies the file before it replaces an existing one."""

import re
from concurrent.futures import Executor
from contextlib import ExitStack
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from animopt.core.contexts import ContextStack
from animopt.core.errors import Error
from animopt.core.files import disk_errors, move_into_place, temporary_folder, total_size
from animopt.video.ffmpeg import Ffmpeg, file_url
from animopt.video.metadata import EMBEDDERS, ffmetadata
from animopt.video.output import Format
from animopt.video.palette import PaletteIndices

if TYPE_CHECKING:
    from animopt.core.arrays import Pixels
    from animopt.video.film import Film

GIF_TOLERANCE = 3
"""Difference, of 255, by which a new color has to be better than the old one in a GIF of the best quality."""

PALETTE_FRAMES = 12
"""Maximum number of frames from which the palette of a GIF is computed."""

MAX_SEGMENT_FRAMES = 50
"""Maximum number of frames of a segment. Shorter segments need more key frames, longer ones leave workers idle."""


@attrs.define(slots=False, eq=False)
class Writer(ContextStack):
    """A context that writes the frames of a film to a file. Its executor draws samples of the film if it needs them.

    `quality_step` is an index into the qualities of the format, and `frames` is the number of written frames. `finish`
    moves the file to its path. If `finish` is not called, no file remains.
    """

    format: Format
    path: Path
    film: "Film"
    executor: Executor | None = None
    recipe: str = ""
    quality_step: int = 0
    frames: int = 0

    def _enter(self, stack: ExitStack) -> None:
        with disk_errors(self.path):
            self._folder = stack.enter_context(temporary_folder(self.path))
            # Relative to ffmpeg's working folder, because a longer path could be a pattern for ffmpeg.
            self._target = Path("clip/frame-%04d.png" if self.format.suffix == "/" else f"clip{self.path.suffix}")
            self._unfinished = self._folder / self._target.parts[0]
            (self._folder / self._target).parent.mkdir(exist_ok=True)
            arguments = [*self.input(), *self._recipe_input(), *self.arguments(), file_url(self._target)]
            self._encoder = stack.enter_context(self._ffmpeg(arguments))

    def input(self) -> list[str]:
        """Return the arguments by which ffmpeg reads the frames from standard input."""
        width, height = self.film.size
        pixels = ["-pix_fmt", self.pixel_format(), "-s", f"{width}x{height}"]
        return ["-f", "rawvideo", *pixels, "-r", f"{self.film.fps!r}", "-i", "pipe:0"]

    def pixel_format(self) -> str:
        """Return ffmpeg's name for the data that `encoded` returns."""
        return "rgba" if self.film.channels == 4 else "rgb24"

    def arguments(self) -> list[str]:
        """Return ffmpeg's arguments between its input and its output."""
        options = self.format.alpha_options if self.film.channels == 4 else self.format.opaque_options
        return f"{options} {self.format.options}".format(quality=self.format.qualities[self.quality_step]).split()

    def write(self, part: "Pixels | bytes") -> None:
        """Write one frame (height, width, channels). Raise Error if the encoder fails."""
        assert not isinstance(part, bytes)
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
                self._check_frames()
                move_into_place(self._unfinished, self.path)
        return size

    def _ffmpeg(self, arguments: list[str], problem: str = "the encoder failed") -> Ffmpeg:
        return Ffmpeg(arguments, f"{self.path}: {problem}", self._folder)

    def _recipe_input(self) -> list[str]:
        """Return the arguments by which ffmpeg reads the recipe from a file, as command lines are limited in length."""
        # In a folder, every frame would hold a copy of it.
        if not self.recipe or self.format.suffix == "/" or self.format.suffix in EMBEDDERS:
            return []
        (self._folder / "recipe.txt").write_text(ffmetadata(self.recipe), encoding="ascii", newline="\n")
        return ["-f", "ffmetadata", "-i", file_url(Path("recipe.txt")), "-map_metadata", "1"]

    def _check_frames(self) -> None:
        """Raise Error if the number of decoded frames is not the number of written frames."""
        source, rate = ["-i", file_url(self._target), "-map", "0:v:0"], ["-fps_mode", "passthrough"]
        if self.format.merges_frames:
            # Frames that are stored as one are counted by their duration. By default, ffmpeg lengthens short ones.
            source, rate = ["-min_delay", "0", *source], ["-vf", f"fps={self.film.fps!r}"]
        arguments = ["-xerror", "-err_detect", "explode", *source, *rate, "-progress", "pipe:1", "-f", "null", "-"]
        with self._ffmpeg(arguments, "the file cannot be read back") as decoder:
            counts = re.findall(rb"^frame=\s*(\d+)", decoder.finish(), re.MULTILINE)
        count = int(counts[-1]) if counts else 0
        if count != self.frames:
            raise Error(f"{self.path}: {count} of {self.frames} frames were written; look at the disk, and try again")


class GifWriter(Writer):
    """Writes a GIF with one palette, which is computed from sampled frames."""

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
        """Return arguments that compute the times of frames anew, because the durations of segments are rounded."""
        frame = f"({self.film.fps!r}*TB)"
        decoded = f"dts=(N+round(STARTDTS*{frame}))/{frame}"
        shown = f"pts=(N+round((STARTDTS+PTS-DTS)*{frame}))/{frame}"
        return ["-c", "copy", "-bsf:v", f"setts={decoded}:{shown}", "-movflags", "+faststart", "-f", "mp4"]

    def write(self, part: "Pixels | bytes") -> None:
        """Write the bytes of one segment. Raise Error if the disk or the encoder fails."""
        assert isinstance(part, bytes)
        segment = self._folder / f"{self.frames}.mp4"
        with disk_errors(segment):
            segment.write_bytes(part)
        # Only the name: the path of the folder can contain a line break.
        self._encoder.feed(f"file {file_url(Path(segment.name))}\n".encode())
        self.frames = next(run.stop for run in segment_runs(len(self.film)) if run.start == self.frames)


def segment_runs(length: int) -> list[range]:
    """Return the frames of each segment of a film of `length` frames. Their lengths differ by at most one."""
    count = -(-length // MAX_SEGMENT_FRAMES)
    return [range(length * number // count, length * (number + 1) // count) for number in range(count)]
