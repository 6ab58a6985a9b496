"""Frames in order, drawn by an executor, never many at a time."""

import os
import pickle
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import ExitStack, closing, contextmanager
from functools import lru_cache
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from typing import Any, Protocol, TypeVar
from unittest.mock import patch

import numpy as np

from animopt.core.arrays import Pixels
from animopt.core.processes import available_processors
from animopt.core.signals import defer_signals
from animopt.video.dask_cluster import Cluster
from animopt.video.worker_pool import WorkerPool

S = TypeVar("S")
T = TypeVar("T")

AHEAD = 4
"""As many frames are under way for each worker, so that it never waits for the one whose turn it is."""

SAFE_PATH = "PYTHONSAFEPATH"
"""A variable that, if it is set, keeps Python from looking for libraries in the current folder."""


class Frames(Protocol):
    """What has frames (height, width, channels) of `size` (width, height), by their numbers, and pickles."""

    size: tuple[int, int]

    @property
    def channels(self) -> int:
        """How many numbers a pixel has."""

    def frame(self, index: int) -> Pixels:
        """The frame with a number."""


F = TypeVar("F", bound=Frames)


def stream_frames(film: Frames, indices: Sequence[int], executor: Executor) -> Iterator[Pixels]:
    """The frames with these numbers, in their order, drawn by an executor.

    Our own workers hand them over in shared memory, all others by value.
    """
    if isinstance(executor, WorkerPool):
        return _shared(film, indices, executor)
    return map_runs(film, _draw, indices, executor)


def map_runs(film: F, task: Callable[[F, S], T], parts: Sequence[S], executor: Executor) -> Generator[T, None, None]:
    """What an executor's workers make of a film and each of its parts, in their order; the task is a module's own."""
    packed: Any = pickle.dumps(film, protocol=pickle.HIGHEST_PROTOCOL)
    count = available_processors()
    if isinstance(executor, Cluster):
        packed, count = executor.shared(packed), executor.count
    return _ordered(lambda part: executor.submit(_done, task, packed, part), parts, AHEAD * count)


def _ordered(submit: Callable[[S], Future[T]], parts: Sequence[S], ahead: int) -> Generator[T, None, None]:
    """The outcomes in order; at most so many are under way, or done and not yet taken."""
    under_way: deque[Future[T]] = deque()
    try:
        for part in parts:
            under_way.append(submit(part))
            if len(under_way) == ahead:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        for future in under_way:
            future.cancel()


def _shared(film: Frames, indices: Sequence[int], workers: WorkerPool) -> Iterator[Pixels]:
    """The frames, each drawn into one of a few places in a block of memory, behind which lies the film itself."""
    packed = pickle.dumps(film, protocol=pickle.HIGHEST_PROTOCOL)
    width, height = film.size
    shape = height, width, film.channels
    places = max(1, min(len(indices), AHEAD * workers.count))
    size = height * width * film.channels
    behind = places * size
    with ExitStack() as stack:
        # An interrupt in the middle of it would leave a block that nobody knows of.
        with defer_signals(), _safe_path():
            block = SharedMemory(create=True, size=behind + len(packed))
            stack.callback(_free, block)
        _memory(block)[behind : behind + len(packed)] = packed

        def submit(place: int) -> Future[None]:
            return workers.submit(_draw_into, block.name, behind, place % places * size, indices[place])

        with closing(_ordered(submit, range(len(indices)), places)) as drawn:
            for place, _ in enumerate(drawn):
                # A copy, for its place is needed anew.
                yield np.array(np.ndarray(shape, np.uint8, block.buf, place % places * size))


def _free(block: SharedMemory) -> None:
    with defer_signals():
        block.close()
        block.unlink()


@contextmanager
def _safe_path() -> Iterator[None]:
    """In this context a Python that is started takes no library from the current folder, as `python -c` would.

    On some systems shared memory starts one, which sees to it that the memory is freed.
    """
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SAFE_PATH]
        else:
            os.environ[SAFE_PATH] = before


_unpacked: Callable[[bytes], Any] = lru_cache(maxsize=1)(pickle.loads)


def _done(task: Callable[[Any, S], T], packed: bytes, part: S) -> T:
    return task(_unpacked(packed), part)


def _draw(film: Frames, index: int) -> Pixels:
    return film.frame(index)


def _draw_into(name: str, behind: int, start: int, index: int) -> None:
    block, film = _attached(name, behind)
    pixels = film.frame(index)
    np.ndarray(pixels.shape, np.uint8, block.buf, start)[...] = pixels


@lru_cache(maxsize=1)
def _attached(name: str, behind: int) -> tuple[SharedMemory, Frames]:
    """A block of memory that another process made, and the film that lies in it."""
    # Python before 3.13 takes whoever attaches to a block for its owner, who is to free it.
    with patch.object(resource_tracker, "register"):
        block = SharedMemory(name)
    return block, pickle.loads(_memory(block)[behind:])


def _memory(block: SharedMemory) -> "memoryview[int]":
    assert block.buf is not None
    return block.buf
