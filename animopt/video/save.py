"""Saving clips: each film is drawn once, and its frames go into the files of all outputs that show it."""

import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from animopt.core.atomic_files import atomic_write, temporary_folder, write_atomically
from animopt.core.errors import Error, Failures
from animopt.core.number_format import format_bytes
from animopt.video.encoder import TooLargeError, Writer
from animopt.video.formats import JOINED, Mp4, segment_runs
from animopt.video.frame_stream import map_parts
from animopt.video.metadata import embed_in_png
from animopt.video.output import Output
from animopt.video.size_budget import Attempt, describe_reduction, next_attempt
from animopt.video.worker_pool import WorkerPool

if TYPE_CHECKING:
    from animopt.core.arrays import Pixels
    from animopt.video.film import Film

MAX_ATTEMPTS = 8
"""Maximum number of times that a clip is made until it is small enough."""

Progress = Callable[[int, int], None]


class _Job:
    """An output, how it is made next, and the sizes of the files that were too large."""

    def __init__(self, output: Output) -> None:
        self.requested = output
        self.attempt = Attempt(output)
        self.sizes: list[int] = []

    @property
    def output(self) -> Output:
        return self.attempt.output

    def reduce(self, size: int) -> None:
        """Reduce the output after an attempt of `size` bytes. Raise Error if it cannot be reduced further."""
        self.sizes.append(size)
        attempt = next_attempt(self.requested, self.attempt, size, last=len(self.sizes) >= MAX_ATTEMPTS)
        if attempt is None:
            assert self.requested.max_bytes is not None
            raise Error(
                f"{self.output.path}: cannot be made smaller than {format_bytes(min(self.sizes))}, and may have "
                f"{format_bytes(self.requested.max_bytes)}; allow more, or make the clip shorter"
            )
        self.attempt = attempt


def save_clips(
    outputs: Sequence[Output],
    film_of: Callable[[Output], "Film"],
    progress: Progress,
    executor: Executor | None = None,
    recipe_of: Callable[[Output], str] = lambda output: "",
) -> Iterator[Output]:
    """Write all outputs. Yield each as it was made, after its file is at its path.

    A file with more than its maximum number of bytes is made again with less quality, rate or size, with a warning.

    Args:
        outputs: The files to write. Those that show the same frames are written while these are drawn once.
        film_of: Makes the film of an output.
        progress: Called with the number of frames drawn so far and the number of frames to draw.
        executor: Draws the frames. The default is this process. An executor that is not a WorkerPool encodes, too, if
            the files of a film can be joined from segments.
        recipe_of: Makes the text that is embedded into the file of an output.

    Raises:
        Error: At the end, if a file cannot be written or cannot be made small enough. The others are written.
    """
    failures = Failures()
    queue = [_Job(output) for output in outputs]
    done = total = 0
    while queue:
        passes = _group(queue)
        films = [film_of(jobs[0].output) for jobs in passes]
        total += sum(map(len, films))
        queue = []
        for film, jobs in zip(films, passes, strict=True):
            with failures.collect(), ExitStack() as stack:
                writers, parts = _start_pass(film, jobs, executor)
                files: dict[_Job, Writer] = {}
                for job, writer in zip(jobs, writers, strict=True):
                    with failures.collect():
                        file = writer(job.output.path, film, executor, recipe_of(job.output), job.attempt.quality_step)
                        files[job] = stack.enter_context(file)
                for part in stack.enter_context(closing(parts)) if files else ():
                    _write(part, files, failures)
                    if not files:
                        break
                    progress(done + next(iter(files.values())).frames, total)
                for file in files.values():
                    file.close()
                for job, file in files.items():
                    with failures.collect():
                        try:
                            file.finish(job.output.max_bytes)
                        except TooLargeError as error:
                            job.reduce(error.size)
                            queue.append(job)
                        else:
                            if job.sizes:
                                warnings.warn(describe_reduction(job.requested, job.attempt), stacklevel=2)
                            yield job.output
            done += len(film)
    failures.raise_if_any()


def _group(jobs: Sequence[_Job]) -> list[list[_Job]]:
    """Group the jobs whose outputs show the same frames."""
    groups: dict[object, list[_Job]] = {}
    for job in jobs:
        output = job.output
        groups.setdefault((output.size, output.fps, output.theme, output.transparent), []).append(job)
    return list(groups.values())


def _start_pass(
    film: "Film", jobs: Sequence[_Job], executor: Executor | None
) -> tuple[list[type[Writer]], Generator["Pixels | bytes", None, None]]:
    """Return the writers of jobs that show one film, and the frames or segments to write into all of them."""
    formats = [job.output.format for job in jobs]
    steps = {job.attempt.quality_step for job in jobs}
    joined = len(steps) == 1 and all(each in JOINED for each in formats)
    if executor is None or isinstance(executor, WorkerPool) or not joined:
        return formats, film.frames(executor)
    segment = partial(_segment, quality_step=steps.pop())
    return [JOINED[each] for each in formats], map_parts(film, segment, segment_runs(len(film)), executor)


def _segment(film: "Film", run: range, quality_step: int) -> bytes:
    """Return an MP4 of some frames of a film."""
    with temporary_folder() as folder:
        path = folder / "segment.mp4"
        with Mp4(path, film, quality_step=quality_step) as file:
            for frame in film.sample(run):
                file.write(frame)
            file.finish()
        return path.read_bytes()


def _write(part: "Pixels | bytes", files: dict[_Job, Writer], failures: Failures) -> None:
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
        return
    with atomic_write(path) as unfinished:
        unfinished.write_bytes(encode_png(picture))
        if recipe:
            embed_in_png(unfinished, recipe)


def encode_png(picture: "Pixels", **options: Any) -> bytes:
    """Return pixels (height, width, channels) as the bytes of a PNG file. `options` are imageio's, such as bits=8."""
    import imageio.v3 as imageio

    return imageio.imwrite("<bytes>", picture, extension=".png", **options)
