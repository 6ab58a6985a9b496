"""Worker processes as an executor. They never run the caller's script again, which therefore needs no main guard."""

import os
import pickle
import signal
import subprocess
import sys
import time
import traceback
from _thread import interrupt_main
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext, suppress
from importlib import import_module
from queue import SimpleQueue
from threading import Event, Thread
from typing import IO, Any, TypeVar

from animopt.core.contexts import gc_paused
from animopt.core.errors import PACKAGE, Error, UsageError, short_repr
from animopt.core.files import remove_folders_of
from animopt.core.processes import (
    available_processors,
    defer_signals,
    describe_exit,
    exit_process,
    hard_exit_refused,
    popen_options,
    replace_closed_streams,
)
from animopt.video.watchdog import Watchdog, computing_time, descendants, kill_tree, stalled

T = TypeVar("T")

MIN_FRAMES = 200
"""Minimum number of frames for which workers start by default. Fewer are drawn in the time of their start."""

MIN_LIMIT = 32
"""Maximum number of workers on a machine with few processors."""

EXIT_TIMEOUT = 5.0
"""Timeout in seconds before a worker that is no longer needed is killed."""


def max_workers() -> int:
    """Return the maximum number of workers of this machine. Each needs memory, and more do not draw faster."""
    return max(MIN_LIMIT, 4 * available_processors())


def drawing_executor(workers: int | Executor | None, frames: float) -> AbstractContextManager[Executor | None]:
    """Return a context with the executor that draws a number of frames, or None if this process draws them.

    `workers` is a number of processes, which end with the context, or an executor, which is left running. The default
    is one more than half of the processors, or 0 for few frames. Raises UsageError for an invalid number.
    """
    if workers is None:
        # An encoder and the rest of this process need nearly as much time.
        workers = available_processors() // 2 + 1 if frames >= MIN_FRAMES else 0
    if isinstance(workers, Executor):
        return nullcontext(workers)
    return nullcontext() if workers == 0 and workers is not False else WorkerPool(workers, "animopt.video.film")


class WorkerPool(Executor):
    """An executor of `count` processes, which start immediately and import the modules named in `preload`.

    Tasks can be pickled, and are defined at module level outside the caller's script. The processes end with the
    executor, and with this process, however it ends. A worker that dies fails its task with an Error and is replaced.
    Raises UsageError for a count that is not a positive number.
    """

    def __init__(self, count: int, *preload: str) -> None:
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise UsageError(f"workers {short_repr(count)}: give a number of processes, as workers=2, or 0 for none")
        if count > max_workers():
            raise UsageError(
                f"workers {short_repr(count)}: more than {max_workers()}, the maximum for the {available_processors()} "
                "processors of this machine; give fewer"
            )
        self.count = count
        self._preload = preload
        self._stopping = False
        self._workers: list[_Worker] = []
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        # One thread for each worker waits for its answers.
        self._threads = ThreadPoolExecutor(count)
        try:
            for _ in range(count):
                self._idle.put(self._start())
        except BaseException:
            self.stop()
            raise

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Call a function in a worker. Raise RuntimeError after `shutdown`, and any exception of pickling."""
        return self._threads.submit(self._run, pickle.dumps((fn, args, kwargs)))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Accept no more tasks, and end the processes after the accepted tasks, or after the running ones."""
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
        # Without waiting, the processes end when this object is deleted.
        if wait:
            self._end_workers()

    def stop(self) -> None:
        """End the processes now. Running tasks fail, and others are cancelled."""
        self._stopping = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._end_workers()
        self.shutdown()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.shutdown()
        finally:
            self.stop()

    def _start(self) -> "_Worker":
        try:
            worker = _Worker(self._preload)
        except OSError as error:
            raise Error(f"workers {self.count}: one does not start: {error.strerror}; use fewer, or 0") from error
        self._workers.append(worker)
        return worker

    def _run(self, task: bytes) -> Any:
        """Run a task in a worker that is idle."""
        worker = self._idle.get()
        try:
            answer = worker.run(task)
            if answer is None:
                code, process, stalled_since = worker.end(), worker.process_id, worker.watchdog.stalled_since
                remove_folders_of(process)
                if not self._stopping:
                    worker = self._start()
                if stalled_since:
                    raise Error(f"workers {self.count}: {stalled(process, stalled_since)}")
                raise Error(f"workers {self.count}: one {describe_exit(code)}; try again, with fewer, or 0")
        finally:
            self._idle.put(worker)
        succeeded, result = pickle.loads(answer)
        if not succeeded:
            raise result
        return result

    def _end_workers(self) -> None:
        for worker in self._workers:
            worker.dismiss()
        for worker in self._workers:
            worker.end()


class _Worker:
    """A worker process, which runs one task at a time. Raises OSError if it does not start."""

    def __init__(self, preload: tuple[str, ...]) -> None:
        # The folder of animopt may be the folder in which Python was started, which workers do not search.
        path = [each for each in (*sys.path, str(PACKAGE.parent)) if isinstance(each, str)]
        code = f"import sys; sys.path[:] = {path!r}; from animopt.video.worker_pool import work; work(*{preload!r})"
        with defer_signals():
            self._process = subprocess.Popen(
                [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **popen_options()
            )
        assert self._process.stdin
        assert self._process.stdout
        self.process_id = self._process.pid
        self._running, self._computed = False, 0.0
        self.watchdog = Watchdog(self._progress, lambda since: kill_tree(self.process_id))
        self._tasks, self._answers = self._process.stdin, self._process.stdout

    def run(self, task: bytes) -> bytes | None:
        """Run a task. Return its pickled outcome, or None if the process has ended."""
        self._running = True
        try:
            _send(self._tasks, task)
            return pickle.load(self._answers)
        except (OSError, ValueError, EOFError, pickle.UnpicklingError):
            return None
        finally:
            self._running = False

    def _progress(self) -> object:
        """Return what changes while the process or an encoder that it started computes, or None if it has no task."""
        if not self._running:
            return None
        before, self._computed = self._computed, computing_time(self.process_id)
        # Most processes compute themselves, and the others take longer to find.
        others = descendants(self.process_id) if self._computed == before else []
        return self._computed, [(each, computing_time(each)) for each in others]

    def dismiss(self) -> None:
        """Close the input of the process, which then ends."""
        with suppress(OSError):
            self._tasks.close()

    def end(self) -> int:
        """Wait until the process has ended, and kill it after a timeout. Return its exit code."""
        self.watchdog.stop()
        self.dismiss()
        try:
            self._process.wait(EXIT_TIMEOUT + 1)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._answers.close()
        return self._process.wait()


def work(*preload: str) -> None:
    """Run the tasks that arrive on standard input, and write their outcomes to standard output, until the input ends.

    This is the program of a worker process.
    """
    replace_closed_streams()
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # Tasks print to standard error, and read nothing.
    os.dup2(2, 1)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123
        os.dup2(nothing.fileno(), 0)
    tasks: SimpleQueue[bytes | None] = SimpleQueue()
    closed = Event()

    def report_unraisable(lost: "sys.UnraisableHookArgs") -> None:
        # An interrupt is lost if it arrives while an object is deleted. No further task comes, so the process ends.
        if not (closed.is_set() and isinstance(lost.exc_value, KeyboardInterrupt)):
            sys.__unraisablehook__(lost)

    sys.unraisablehook = report_unraisable
    # A task may have closed the streams.
    with suppress(KeyboardInterrupt, OSError):
        try:
            # The input may have ended already, which interrupts this line.
            Thread(target=_listen, args=(incoming, tasks, closed), daemon=True).start()
            with gc_paused():
                for module in preload:
                    import_module(module)
            with hard_exit_refused():
                while (task := tasks.get()) is not None:
                    _send(outgoing, _outcome(task))
        except Exception:
            # An interrupt can appear as another exception, for example in the import of a C extension.
            if not closed.is_set():
                raise
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    exit_process(0)


def _listen(incoming: IO[bytes], tasks: "SimpleQueue[bytes | None]", closed: Event) -> None:
    """Receive tasks. When the input ends, which it does however the caller ends, interrupt and end this process."""
    with suppress(EOFError, OSError):
        while True:
            tasks.put(pickle.load(incoming))
    closed.set()
    tasks.put(None)
    interrupt_main()
    time.sleep(EXIT_TIMEOUT)
    os._exit(1)


def _outcome(task: bytes) -> bytes:
    """Run a task. Return whether it succeeded, and its result or exception."""
    try:
        function, args, kwargs = pickle.loads(task)
        return pickle.dumps((True, function(*args, **kwargs)))
    except Exception as error:
        if not isinstance(error, Error):
            error.add_note(traceback.format_exc())
        try:
            return pickle.dumps((False, error))
        except Exception:
            return pickle.dumps((False, Error(f"{type(error).__name__}: {error}")))


def _send(stream: IO[bytes], data: bytes) -> None:
    """Write bytes as a pickle. The reader then receives all of them, even if they do not unpickle."""
    pickle.dump(data, stream)
    stream.flush()
