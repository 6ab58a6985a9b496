"""Saving clips: each film is drawn once for all outputs that show it, and again if a file must be smaller.

The least visible is reduced first to meet a maximum file size.
"""

import io
import re
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, closing
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from animopt.core.errors import Error, Failures, UsageError
from animopt.core.files import atomic_write, write_atomically
from animopt.core.number_format import format_bytes
from animopt.video.encoder import GifWriter, JoiningWriter, Segment, Writer, encode_segment
from animopt.video.frame_stream import map_parts
from animopt.video.metadata import embed_in_png
from animopt.video.output import MIN_SIDE, Output
from animopt.video.worker_pool import WorkerPool

if TYPE_CHECKING:
    from animopt.core.arrays import Pixels
    from animopt.video.frame_sequence import FrameSequence

Progress = Callable[[int, int], None]

REDUCED_FPS = (25.0, 20.0, 12.5, 10.0, 100 / 12)
"""Rates to which a clip is reduced. Their delays are whole centiseconds, and at least 8 frames are shown per second."""

MIN_WIDTH = 320
"""Minimum width in pixels to which a clip is reduced, if no side becomes shorter than `MIN_SIDE`."""

WIDTH_FACTOR = 0.85
"""Width of a clip in relation to that of the next larger one."""

QUALITY_FACTOR = 0.75
"""Estimated size of a file in relation to that at the next better quality."""

MAX_ATTEMPTS = 8
"""Maximum number of attempts before the smallest file is made."""

MAX_SEGMENT_FRAMES = 50
"""Maximum number of frames of a segment. Shorter segments need more key frames, longer ones leave workers idle."""

UNITS = {"": 1, "k": 10**3, "ki": 2**10, "m": 10**6, "mi": 2**20, "g": 10**9, "gi": 2**30}


@attrs.frozen
class Attempt:
    """An output with the quality at which it is made, as an index into the qualities of its format. 0 is the best."""

    output: Output
    quality_step: int = 0

    @property
    def cost(self) -> float:
        """Estimated size of the file, in arbitrary units."""
        width, height = self.output.size
        return float(QUALITY_FACTOR**self.quality_step * self.output.fps * (width * height) ** 0.75)


def parse_bytes(text: str) -> int:
    """Return a size such as 10MB, 2.5 MiB or 900k in bytes. Raise UsageError for any other text."""
    found = re.fullmatch(r"(\d{1,18}(?:\.\d{1,18})?)\s*([kmg]i?)?b?", text.strip().lower())
    if not found:
        raise UsageError(f"max bytes {text!r}: give a size in bytes, as 10MB or 900kB")
    return round(float(found[1]) * UNITS[found[2] or ""])


def reductions(requested: Output) -> list[Attempt]:
    """Return the output, and then with more and more reduced: first its quality, then its rate, then its size."""
    attempts = [Attempt(requested, step) for step in range(len(requested.format.qualities))]
    smaller = [attrs.evolve(requested, fps=fps) for fps in REDUCED_FPS if fps < requested.fps]
    last = smaller[-1] if smaller else requested
    width = float(requested.size[0])
    while width > MIN_WIDTH:
        width = max(MIN_WIDTH, width * WIDTH_FACTOR)
        # Every format supports even sides.
        sides = [2 * round(side * width / requested.size[0] / 2) for side in requested.size]
        if min(sides) < MIN_SIDE:
            break
        smaller.append(attrs.evolve(last, size=(sides[0], sides[1])))
    return attempts + [Attempt(output, attempts[-1].quality_step) for output in smaller]


class Job:
    """An output to make, in several attempts until its file is small enough."""

    def __init__(self, output: Output) -> None:
        self._requested = output
        self.attempt, *self._smaller = reductions(output)
        self._sizes: list[int] = []

    def reduce(self, size: int) -> None:
        """Go on to the first attempt that is estimated to be small enough, after one with a file of `size` bytes.

        It is the last attempt if no other is, or after many attempts. Raises Error if the last attempt failed.
        """
        self._sizes.append(size)
        max_bytes = self._requested.max_bytes or 0
        if not self._smaller:
            raise Error(
                f"{self._requested.path}: cannot be made smaller than {format_bytes(min(self._sizes))}, and may have "
                f"{format_bytes(max_bytes)}; allow more, or make the clip shorter"
            )
        max_cost = self.attempt.cost * max_bytes / size if len(self._sizes) < MAX_ATTEMPTS else 0
        while len(self._smaller) > 1 and self._smaller[0].cost > max_cost:
            del self._smaller[0]
        self.attempt = self._smaller.pop(0)

    def description(self) -> str:
        """Return a sentence that says what was reduced to meet the maximum size, or "" if nothing was."""
        requested, output = self._requested, self.attempt.output
        changes = []
        if step := self.attempt.quality_step:
            text, qualities = output.format.quality_text, output.format.qualities
            changes.append(f"{text.format(qualities[step])} instead of {qualities[0]}")
        if output.fps != requested.fps:
            changes.append(f"{output.fps:.3g} frames a second instead of {requested.fps:.3g}")
        if output.size != requested.size:
            changes.append("{}x{} pixels instead of {}x{}".format(*output.size, *requested.size))
        limited = f"{output.path}: to stay within {format_bytes(output.max_bytes or 0)} it has"
        return f"{limited} {', '.join(changes)}" if changes else ""


def save_clips(
    outputs: Sequence[Output],
    film_of: Callable[[Output], "FrameSequence"],
    progress: Progress,
    executor: Executor | None = None,
    recipe_of: Callable[[Output], str] = lambda output: "",
) -> Iterator[Output]:
    """Write all outputs. Yield each finished output once its file is in place.

    A file with more than its maximum number of bytes is made again with less quality, rate or size, with a warning.

    Args:
        outputs: The files to write. Outputs with the same frames share one pass of drawing.
        film_of: Makes the film of an output.
        progress: Called with the number of frames drawn so far and the number of frames to draw.
        executor: Draws the frames. The default is this process. If the files of a film can be joined from segments, an
            executor other than a WorkerPool also encodes them.
        recipe_of: Makes the text that is embedded into the file of an output.

    Raises:
        Error: At the end, if a file cannot be written or cannot be made small enough. The others are written.
    """
    failures = Failures()
    queue = [Job(output) for output in outputs]
    done = total = 0
    while queue:
        passes = _group(queue)
        films = [film_of(jobs[0].attempt.output) for jobs in passes]
        total += sum(map(len, films))
        queue = []
        for film, jobs in zip(films, passes, strict=True):
            with failures.collect(), ExitStack() as stack:
                joins, parts = _start_pass(film, jobs, executor)
                files: dict[Job, Writer] = {}
                for job in jobs:
                    output, step = job.attempt.output, job.attempt.quality_step
                    writer = JoiningWriter if joins else GifWriter if output.format.suffix == ".gif" else Writer
                    with failures.collect():
                        file = writer(output.format, output.path, film, executor, recipe_of(output), step)
                        files[job] = stack.enter_context(file)
                for part in stack.enter_context(closing(parts)) if files else ():
                    _write(part, files, failures)
                    if not files:
                        break
                    progress(done + next(iter(files.values())).frames, total)
                for file in files.values():
                    file.close()
                for job, file in files.items():
                    output = job.attempt.output
                    max_bytes = output.max_bytes or inf
                    with failures.collect():
                        if (size := file.finish(max_bytes)) > max_bytes:
                            job.reduce(size)
                            queue.append(job)
                            continue
                        if reduction := job.description():
                            warnings.warn(reduction, stacklevel=2)
                        yield output
            done += len(film)
    failures.raise_if_any()


def _group(jobs: Sequence[Job]) -> list[list[Job]]:
    """Group the jobs whose outputs show the same frames."""
    groups: dict[object, list[Job]] = {}
    for job in jobs:
        groups.setdefault(job.attempt.output.appearance, []).append(job)
    return list(groups.values())


def _start_pass(
    film: "FrameSequence", jobs: Sequence[Job], executor: Executor | None
) -> tuple[bool, Generator["Pixels | Segment", None, None]]:
    """Return whether the writers of jobs that show one film join segments, and the segments or the frames for them."""
    steps = {job.attempt.quality_step for job in jobs}
    joins = len(steps) == 1 and all(job.attempt.output.format.suffix == ".mp4" for job in jobs)
    if executor is None or isinstance(executor, WorkerPool) or not joins:
        return False, film.frames(executor)
    return True, map_parts(film, partial(_segment, quality_step=steps.pop()), segment_runs(len(film)), executor)


def _segment(film: "FrameSequence", run: range, quality_step: int) -> Segment:
    return encode_segment(film, film.sample(run), quality_step)


def segment_runs(length: int) -> list[range]:
    """Return the frames of each segment of a film of `length` frames. Their lengths differ by at most one."""
    count = -(-length // MAX_SEGMENT_FRAMES)
    return [range(length * number // count, length * (number + 1) // count) for number in range(count)]


def _write(part: "Pixels | Segment", files: dict[Job, Writer], failures: Failures) -> None:
    """Write a frame or a segment into all files. A file that fails is closed and removed from `files`."""
    for job, file in list(files.items()):
        with failures.collect():
            file.write(part)
            continue
        # Free its space on the disk, which the other files may need.
        files.pop(job).__exit__(None, None, None)


def save_still(path: Path, picture: "Pixels | bytes", recipe: str = "") -> None:
    """Write pixels as a PNG file with a recipe, or the bytes of a vector file. Raise Error if the disk fails."""
    if isinstance(picture, bytes):
        write_atomically(path, picture)
    else:
        with atomic_write(path) as unfinished:
            unfinished.write_bytes(encode_png(picture))
            if recipe:
                embed_in_png(unfinished, recipe)


def encode_png(picture: "Pixels") -> bytes:
    """Return pixels (height, width, channels) as the bytes of a PNG file."""
    import imageio.v3 as imageio

    return imageio.imwrite("<bytes>", picture, extension=".png")


def encode_small_png(picture: "Pixels") -> bytes:
    """Return pixels (height, width, 3) as the bytes of a PNG file with at most 255 colors."""
    import numpy as np
    from PIL import Image

    from animopt.video.palette import PaletteIndices

    colors = PaletteIndices([picture], 256, tolerance=0)
    image, file = Image.fromarray(colors.of(picture)), io.BytesIO()
    image.putpalette(np.frombuffer(colors.palette, np.uint8).reshape(-1, 4)[:, 2::-1].tobytes())
    image.save(file, "PNG", optimize=True)
    return file.getvalue()
