"""Saving clips: each film is drawn once, and its frames go into the files of all outputs that show it."""

import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, closing
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from animopt.core.errors import Failures
from animopt.core.files import atomic_write, temporary_folder, write_atomically
from animopt.video.encoder import Writer
from animopt.video.formats import JOINED, Mp4, segment_runs
from animopt.video.frame_stream import map_parts
from animopt.video.metadata import embed_in_png
from animopt.video.output import Output
from animopt.video.size_budget import Job
from animopt.video.worker_pool import WorkerPool

if TYPE_CHECKING:
    from animopt.core.arrays import Pixels
    from animopt.video.film import Film

Progress = Callable[[int, int], None]


def save_clips(
    outputs: Sequence[Output],
    film_of: Callable[[Output], "Film"],
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
                writers, parts = _start_pass(film, jobs, executor)
                files: dict[Job, Writer] = {}
                for job, writer in zip(jobs, writers, strict=True):
                    output, step = job.attempt.output, job.attempt.quality_step
                    with failures.collect():
                        file = writer(output.path, film, executor, recipe_of(output), step)
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
    film: "Film", jobs: Sequence[Job], executor: Executor | None
) -> tuple[list[type[Writer]], Generator["Pixels | bytes", None, None]]:
    """Return the writers of jobs that show one film, and the frames or segments to write into all of them."""
    formats = [job.attempt.output.format for job in jobs]
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


def _write(part: "Pixels | bytes", files: dict[Job, Writer], failures: Failures) -> None:
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
