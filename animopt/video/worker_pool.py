"""Fresh interpreters as an executor: they run this module, never the caller's script again."""

import os
import pickle
import signal
import subprocess
import sys
import time
import traceback
from _thread import interrupt_main
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from importlib import import_module
from queue import SimpleQueue
from threading import Event, Thread
from types import TracebackType
from typing import IO, Any, ParamSpec, TypeVar

from animopt.core.errors import PACKAGE, Error, UsageError, short_repr
from animopt.core.imports import gc_paused
from animopt.core.processes import available_processors, describe_exit, popen_options
from animopt.core.signals import defer_signals, exit_process

P = ParamSpec("P")
T = TypeVar("T")

FEW = 100
"""A clip of fewer frames is drawn before a worker would be ready to help."""

PATIENCE = 5.0
"""Seconds that a worker gets to tidy up once nobody wants its work."""


@contextmanager
def drawing_executor(workers: int | Executor | None, frames: float) -> Iterator[Executor | None]:
    """The executor that draws so many frames; None where they are drawn in this process.

    `workers` is a number of processes, which end with the context, 0 for none; or an executor, which is left running;
    or None for one more than half of the processors, and none at all where the frames are few.
    Raises UsageError for another number.
    """
    if isinstance(workers, Executor):
        yield workers
        return
    if workers is None:
        # An encoder and the rest of this process need nearly as much.
        workers = available_processors() // 2 + 1 if frames >= FEW else 0
    if workers == 0 and not isinstance(workers, bool):
        yield None
        return
    with WorkerPool(workers, "animopt.video.film") as ours:
        yield ours


class WorkerPool(Executor):
    """An executor of `count` processes, which start at once and import the modules named in `preload`.

    What is submitted must pickle, and be found in a module other than the caller's script. The processes end with the
    executor, and with this process, however it ends. One that dies fails its task with an Error, and is replaced.
    Raises UsageError for a count that is not a positive number.
    """

    def __init__(self, count: int, *preload: str) -> None:
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise UsageError(f"workers {short_repr(count)}: give a number of processes, as workers=2, or 0 for none")
        self.count = count
        self._preload = preload
        self._tasks: SimpleQueue[tuple[Future[Any], bytes] | None] = SimpleQueue()
        self._unwanted, self._closed = Event(), Event()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._threads: list[Thread] = []
        try:
            for _ in range(count):
                self._processes.append(self._started())
        except BaseException:
            self.stop()
            raise
        self._threads = [Thread(target=self._serve, args=(number,), daemon=True) for number in range(count)]
        for thread in self._threads:
            thread.start()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a worker call a function. Raises RuntimeError after `shutdown`, and what pickling raises."""
        if self._closed.is_set():
            raise RuntimeError("the workers are shut down; make new ones")
        future: Future[T] = Future()
        self._tasks.put((future, _packed((fn, args, kwargs))))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more tasks, and end the processes once those that were taken are done, or are cancelled."""
        self._closed.set()
        if cancel_futures:
            self._unwanted.set()
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads if wait else ():
            thread.join()

    def stop(self) -> None:
        """End the processes, whatever they are doing."""
        self._closed.set()
        self._unwanted.set()
        for process in self._processes:
            _dismiss(process)
        for process in self._processes:
            _ended(process)
        self.shutdown()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.shutdown()
        else:
            self.stop()

    def _started(self) -> "subprocess.Popen[bytes]":
        path = [each for each in sys.path if isinstance(each, str)]
        # Where animopt itself lies, which may be the folder in which Python was started, no one looks any more.
        path += [home for home in [str(PACKAGE.parent)] if home not in path]
        program = (
            f"import sys; sys.path[:] = {path!r}; from animopt.video.worker_pool import work; work(*{self._preload!r})"
        )
        command = [sys.executable, "-c", program]
        try:
            with defer_signals():
                return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **popen_options())
        except OSError as error:
            raise Error(f"workers {self.count}: one does not start: {error.strerror}; use fewer, or 0") from error

    def _serve(self, number: int) -> None:
        """Hand tasks to one process, one at a time, until there are no more."""
        process = self._processes[number]
        while (item := self._tasks.get()) is not None:
            future, task = item
            if self._unwanted.is_set():
                future.cancel()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                _send(process.stdin, task)
                done, outcome = pickle.loads(pickle.load(_stream(process.stdout)))
            except (OSError, ValueError, EOFError, pickle.UnpicklingError):
                _dismiss(process)
                died = Error(f"workers {self.count}: one {describe_exit(_ended(process))}; try again, with fewer, or 0")
                if not self._unwanted.is_set():
                    try:
                        process = self._processes[number] = self._started()
                    except Error as error:
                        died = error
                future.set_exception(died)
            except Exception as error:
                future.set_exception(error)
            else:
                if done:
                    future.set_result(outcome)
                else:
                    future.set_exception(outcome)
            # Else both would be kept until the next task comes.
            del item, future
        _dismiss(process)
        _ended(process)


def work(*preload: str) -> None:
    """Do the tasks that come in on standard input, and answer on standard output, until the input ends."""
    tasks: SimpleQueue[bytes | None] = SimpleQueue()
    incoming, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # Whatever a task prints goes to standard error, and it reads nothing.
    os.dup2(2, 1)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123
        os.dup2(nothing.fileno(), 0)
    unwanted = Event()

    def unraisable(lost: "sys.UnraisableHookArgs") -> None:
        # An interrupt that comes while an object is let go is lost; the next task is then the last.
        if not (unwanted.is_set() and isinstance(lost.exc_value, KeyboardInterrupt)):
            sys.__unraisablehook__(lost)

    sys.unraisablehook = unraisable
    try:
        try:
            # The input may have ended already, at which this very line is interrupted.
            Thread(target=_listen, args=(incoming, tasks, unwanted), daemon=True).start()
            with gc_paused():
                for module in preload:
                    import_module(module)
            while (task := tasks.get()) is not None:
                _send(answers, _outcome(task))
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    except (KeyboardInterrupt, BrokenPipeError):
        pass
    except Exception:
        # An interrupt can show as something else that it brought about, as where a module of C is imported.
        if not unwanted.is_set():
            raise
    exit_process(0)


def _listen(incoming: IO[bytes], tasks: "SimpleQueue[bytes | None]", unwanted: Event) -> None:
    """Pass tasks on; when the input ends, which it does however the caller ends, have this process tidy up and end."""
    with suppress(EOFError):
        while True:
            tasks.put(pickle.load(incoming))
    unwanted.set()
    tasks.put(None)
    interrupt_main()
    time.sleep(PATIENCE)
    os._exit(1)


def _outcome(task: bytes) -> bytes:
    """Whether a task was done, and what it returned or raised."""
    try:
        function, arguments, named = pickle.loads(task)
        return _packed((True, function(*arguments, **named)))
    except Exception as error:
        if not isinstance(error, Error):
            error.add_note(traceback.format_exc())
        try:
            return _packed((False, error))
        except Exception:
            return _packed((False, Error(f"{type(error).__name__}: {error}")))


def _packed(value: object) -> bytes:
    return pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)


def _send(stream: IO[bytes] | None, packed: bytes) -> None:
    """Write bytes as a pickle, so that the reader has them whole even where they do not unpickle."""
    pickle.dump(packed, _stream(stream), protocol=pickle.HIGHEST_PROTOCOL)
    _stream(stream).flush()


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def _dismiss(process: "subprocess.Popen[bytes]") -> None:
    """Let a process know that there is no more to do."""
    with suppress(OSError):
        _stream(process.stdin).close()


def _ended(process: "subprocess.Popen[bytes]") -> int:
    """The exit code of a process that was dismissed."""
    try:
        process.wait(PATIENCE + 1)
    except subprocess.TimeoutExpired:
        process.kill()
    code = process.wait()
    with suppress(OSError):
        _stream(process.stdout).close()
    return code
