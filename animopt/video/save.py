"""One stream of frames into every open file."""

import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, closing
from functools import partial
from itertools import pairwise, repeat, starmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from animopt.core.atomic_files import atomic_write, temporary_folder, write_atomically
from animopt.core.errors import Error, Failures
from animopt.core.number_format import format_bytes
from animopt.video.encoder import TooLargeError, Writer
from animopt.video.formats import JOINED
from animopt.video.frame_stream import map_runs
from animopt.video.metadata import embed_in_png
from animopt.video.output import Output
from animopt.video.size_budget import describe_reduction, next_reduction
from animopt.video.worker_pool import WorkerPool

if TYPE_CHECKING:
    from animopt.core.arrays import Pixels
    from animopt.video.film import Film

TRIES = 8
"""So often at most a clip is drawn anew because it has too many bytes."""

RUN = 50
"""The most frames of a segment: fewer would start anew too often, more would leave workers without any."""

Progress = Callable[[int, int], None]


def save_clips(
    outputs: Sequence[Output],
    film_of: Callable[[Output], "Film"],
    progress: Progress,
    executor: Executor | None = None,
    recipe_of: Callable[[Output], str] = lambda output: "",
) -> Iterator[Output]:
    """Write every output, and yield it as it was made, once the whole file is in place of the one that was there.

    Outputs that are drawn alike share one pass of drawing, in this process or by an executor: `film_of` makes the film
    of one, `recipe_of` the text that goes into its file. An executor other than our own workers also encodes, where all
    that share a pass can be joined of segments. One that has more bytes than it may is made again with less, and a
    warning tells what it gave up. `progress` is told how many frames are drawn, and of how many. Raises Error at the
    end, once the others are in place, where a file cannot be written, or cannot be that small.
    """
    asked = {output.path: output for output in outputs}
    tries: dict[Path, list[tuple[Output, int]]] = {output.path: [] for output in outputs}
    failures = Failures()
    pending = list(outputs)
    done = total = 0
    while pending:
        passes: dict[object, list[Output]] = {}
        for output in pending:
            passes.setdefault((output.size, output.fps, output.theme, output.transparent), []).append(output)
        pending = []
        films = [film_of(alike[0]) for alike in passes.values()]
        total += sum(len(film) for film in films)
        for film, alike in zip(films, passes.values(), strict=True):
            end = done + len(film)
            with failures.collect(), ExitStack() as stack:
                parts: Generator[Pixels | bytes, None, None]
                lengths: Iterator[int]
                if executor is None or isinstance(executor, WorkerPool) or not _joined(alike):
                    writers = [output.writer for output in alike]
                    parts, lengths = film.frames(executor), repeat(1)
                else:
                    writers, runs = [JOINED[output.writer] for output in alike], _runs(len(film))
                    segment = partial(_segment, notch=alike[0].notch)
                    parts, lengths = map_runs(film, segment, runs, executor), map(len, runs)
                files: dict[Output, Writer] = {}
                for writer, output in zip(writers, alike, strict=True):
                    with failures.collect():
                        files[output] = stack.enter_context(writer(output, film, executor, recipe_of(output)))
                for part in stack.enter_context(closing(parts)) if files else ():
                    for output, file in list(files.items()):
                        with failures.collect():
                            file.write(part)
                            continue
                        # Its place on the disk may be what the others lack.
                        files.pop(output).__exit__(None, None, None)
                    if not files:
                        break
                    done += next(lengths)
                    progress(done, total)
                for file in files.values():
                    file.close()
                for output, file in files.items():
                    with failures.collect():
                        try:
                            file.finish()
                        except TooLargeError as error:
                            tried = tries[output.path]
                            tried.append((output, error.size))
                            pending.append(_smaller(output, tried))
                        else:
                            if tries[output.path]:
                                warnings.warn(describe_reduction(asked[output.path], output), stacklevel=2)
                            yield output
            done = end
    failures.raise_if_any()


def _joined(alike: Sequence[Output]) -> bool:
    """Whether outputs that share a pass can all be joined of the same segments."""
    return all(output.writer in JOINED and output.notch == alike[0].notch for output in alike)


def _runs(length: int) -> list[range]:
    """The numbers of so many frames, in order, in runs that are as long as each other, or longer by one."""
    count = -(-length // RUN)
    ends = [length * number // count for number in range(count + 1)]
    return list(starmap(range, pairwise(ends)))


def _segment(film: "Film", run: range, notch: int) -> bytes:
    """An MP4 of some frames."""
    with temporary_folder() as folder:
        output = Output(folder / "segment.mp4", film.size, film.fps, notch=notch)
        with output.writer(output, film, None) as file:
            for frame in film.sample(run):
                file.write(frame)
            file.finish()
        return output.path.read_bytes()


def _smaller(output: Output, tried: Sequence[tuple[Output, int]]) -> Output:
    """What to try next; raises Error where there is nothing left to give up."""
    asked = tried[0][0]
    further = next_reduction(asked, *tried[-1], last=len(tried) >= TRIES)
    if further is None:
        assert output.max_bytes is not None
        smallest = min(size for _, size in tried)
        raise Error(
            f"{output.path}: cannot be made smaller than {format_bytes(smallest)}, and may have "
            f"{format_bytes(output.max_bytes)}; allow more, or make the clip shorter"
        )
    return further


def save_still(path: Path, picture: "Pixels | bytes", recipe: str = "") -> None:
    """Write pixels as a PNG file with a recipe, or the bytes of another file. Raises Error where that cannot be."""
    if isinstance(picture, bytes):
        write_atomically(path, picture)
        return
    with atomic_write(path) as unfinished:
        unfinished.write_bytes(encode_png(picture))
        if recipe:
            embed_in_png(unfinished, recipe)


def encode_png(picture: "Pixels", **options: Any) -> bytes:
    """Pixels (height, width, channels) as the bytes of a PNG file; `options` are those of imageio, as bits=8."""
    import imageio.v3 as imageio

    return imageio.imwrite("<bytes>", picture, extension=".png", **options)
