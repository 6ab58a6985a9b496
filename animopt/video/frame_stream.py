"""Frames in order from any executor, with a limited number drawn ahead."""

import pickle
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import ExitStack, closing
from functools import lru_cache
from math import prod
from mmap import mmap
from typing import Any, Protocol, TypeVar

import numpy as np

from animopt.core.arrays import Pixels
from animopt.core.errors import Error
from animopt.core.number_format import format_bytes
from animopt.core.processes import available_processors
from animopt.core.shared_memory import SharedMemory, shared_memory
from animopt.video.dask_cluster import Cluster
from animopt.video.worker_pool import WorkerPool

S = TypeVar("S")
T = TypeVar("T")

FRAMES_AHEAD = 4
"""Maximum number of frames for each worker that are drawn ahead, so that it does not wait for another one."""


class Frames(Protocol):
    """Frames (height, width, channels) of `size` (width, height). It can be pickled."""

    size: tuple[int, int]

    @property
    def channels(self) -> int:
        """Number of values of a pixel."""

    def frame(self, index: int, out: Pixels | None = None) -> Pixels:
        """Return one frame, in the array `out` or a new one."""


F = TypeVar("F", bound=Frames)


def stream_frames(film: Frames, indices: Sequence[int], executor: Executor) -> Iterator[Pixels]:
    """Yield the frames with these indices in order, drawn by an executor.

    The workers of animopt return frames in shared memory, which they use again once the next frame is asked for. Other
    executors return them by value.
    """
    if isinstance(executor, WorkerPool):
        return _shared_frames(film, indices, executor)
    return map_parts(film, type(film).frame, indices, executor)


def map_parts(film: F, task: Callable[[F, S], T], parts: Sequence[S], executor: Executor) -> Generator[T, None, None]:
    """Yield the results of a task, defined at module level, for a film and each of its parts in order."""
    packed: Any = pickle.dumps(film, protocol=pickle.HIGHEST_PROTOCOL)
    workers = available_processors()
    if isinstance(executor, Cluster):
        packed, workers = executor.shared(packed), executor.count
    return _ordered(lambda part: executor.submit(_run, task, packed, part), parts, FRAMES_AHEAD * workers)


def _ordered(submit: Callable[[S], Future[T]], parts: Sequence[S], limit: int) -> Generator[T, None, None]:
    """Yield the results in order. At most `limit` of them are pending, or done and not yet yielded."""
    pending: deque[Future[T]] = deque()
    try:
        for part in parts:
            pending.append(submit(part))
            if len(pending) == limit:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


def _shared_frames(film: Frames, indices: Sequence[int], workers: WorkerPool) -> Iterator[Pixels]:
    """Yield the frames. Workers draw them into the slots of a block of memory, which also holds the film itself."""
    packed = pickle.dumps(film, protocol=pickle.HIGHEST_PROTOCOL)
    shape = film.size[1], film.size[0], film.channels
    size = prod(shape)
    slots = max(1, min(len(indices), FRAMES_AHEAD * workers.count))
    film_offset = slots * size
    with ExitStack() as stack:
        try:
            shared, block = stack.enter_context(shared_memory(film_offset + len(packed)))
        except OSError as error:
            raise Error(
                f"workers {workers.count}: {format_bytes(film_offset)} for their frames: {error.strerror or error}; "
                "use fewer, or 0, or name another temporary folder in TMPDIR"
            ) from error
        np.ndarray(len(packed), np.uint8, block, film_offset)[:] = np.frombuffer(packed, np.uint8)

        def submit(number: int) -> Future[None]:
            return workers.submit(_draw_into, shared, film_offset, number % slots * size, shape, indices[number])

        with closing(_ordered(submit, range(len(indices)), slots)) as drawn:
            for number, _ in enumerate(drawn):
                yield np.ndarray(shape, np.uint8, block, number % slots * size)


_unpickle: Callable[[bytes], Any] = lru_cache(maxsize=1)(pickle.loads)


def _run(task: Callable[[Any, S], T], packed: bytes, part: S) -> T:
    return task(_unpickle(packed), part)


def _draw_into(shared: SharedMemory, film_offset: int, offset: int, shape: tuple[int, int, int], index: int) -> None:
    block, film = _attached(shared, film_offset)
    film.frame(index, np.ndarray(shape, np.uint8, block, offset))


@lru_cache(maxsize=1)
def _attached(shared: SharedMemory, film_offset: int) -> tuple[mmap, Frames]:
    """Return memory that another process made and frees, and the film in it."""
    block = shared.open()
    return block, pickle.loads(memoryview(block)[film_offset:])
