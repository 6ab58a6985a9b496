"""A Dask cluster as an executor. Its scheduler repeats a task if the worker that ran it is lost."""

import asyncio
import logging
import platform
import ssl
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, InvalidStateError
from contextlib import contextmanager, suppress
from functools import partial
from importlib import metadata
from typing import Any, TypeVar
from urllib.parse import urlsplit
from weakref import ref

from animopt.core.contexts import quiet_logger
from animopt.core.errors import Error, UsageError, first_line, required_extra
from animopt.core.processes import shell_command
from animopt.video.watchdog import CHECK_INTERVAL, Watchdog

T = TypeVar("T")

CONNECT_TIMEOUT = 10.0
"""Timeout in seconds before a scheduler answers, and before it has a worker."""

SCHEMES = ("tcp", "tls", "ws", "wss", "ucx", "ucxx")
"""Schemes of Dask's addresses."""

CERTIFICATES = tuple(f"DASK_DISTRIBUTED__COMM__TLS__{name}" for name in ("CA_FILE", "CLIENT__CERT", "CLIENT__KEY"))
"""Environment variables with which Dask is given the files of TLS."""

LIBRARIES = ("animopt", "numpy", "matplotlib", "torch")
"""Libraries whose versions must be the same on all workers, because frames depend on them."""


class Cluster(Executor):
    """The workers of a Dask cluster as an executor. The client of dask.distributed stays open.

    If a worker that has tasks does not answer for a minute, others repeat them. If there is no other worker, or if the
    scheduler does not answer, all tasks fail with an Error.
    """

    def __init__(self, client: Any, address: str) -> None:
        self._client = client
        self._address = address
        self._executor: Executor = client.get_executor(pure=False)
        self._pending: set[Future[Any]] = set()
        self._finished = 0
        # When the scheduler last heard from each worker, now and when this last changed. None if it does not answer.
        self._heard: dict[str, float] | None = {}
        self._heard_before: dict[str, float] = {}
        self._own: set[str] = set()
        self._last: float | None = None
        self._watch()

    @property
    def count(self) -> int:
        """Current number of tasks that the workers run at once. Raise Error if the scheduler does not answer."""
        try:
            workers = self._ask(self._client.scheduler.identity, timeout=CONNECT_TIMEOUT)["workers"]
        except TimeoutError as error:
            raise Error(f"cluster {self._address!r}: its scheduler does not answer; look at its log") from error
        return max(1, sum(worker["nthreads"] for worker in workers.values()))

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Call a function in a worker. Raise RuntimeError after `shutdown`."""
        task: Future[T] = self._executor.submit(fn, *args, **kwargs)
        # A future of its own, which can fail while the scheduler does not answer.
        future: Future[T] = Future()
        self._pending.add(future)
        # A strong reference would keep the result in memory.
        future.add_done_callback(partial(self._finish, ref(task)))
        task.add_done_callback(partial(_pass_on, future))
        return future

    def _finish(self, task: "ref[Future[Any]]", future: Future[Any]) -> None:
        self._pending.discard(future)
        self._finished += 1
        found = task()
        # The call would wait for the scheduler.
        if found and not found.done() and self._heard is not None:
            found.cancel()

    def stop_watching(self) -> None:
        """Notice no more whether the workers answer."""
        self._watchdog.stop()

    def _watch(self) -> None:
        self._watchdog = Watchdog(self._progress, self._give_up)

    def _progress(self) -> object:
        """Return what changes while tasks finish and the workers that have tasks answer, or None without a task."""
        if not self._pending:
            return None
        scheduler, keys = self._client.scheduler, set(self._client.futures)
        try:
            workers = self._ask(scheduler.identity)["workers"]
            running = self._ask(scheduler.processing)
            holding = self._ask(scheduler.who_has, keys=list(keys))
        except (Exception, asyncio.CancelledError):
            self._heard, last = None, None
        else:
            self._heard = {worker: each["last_seen"] for worker, each in workers.items()}
            having = {worker for worker, tasks in running.items() if keys.intersection(tasks)}
            self._own = having.union(*holding.values()) & self._heard.keys()
            # Tasks that other programs' tasks keep waiting are not stalled as long as any worker answers.
            last = (
                min(map(self._heard.__getitem__, self._own)) if self._own else max(self._heard.values(), default=None)
            )
        if last != self._last:
            self._last, self._heard_before = last, dict(self._heard or {})
        return self._finished, last

    def _give_up(self, since: str) -> None:
        """Let other workers repeat the tasks of workers that do not answer, or fail all tasks."""
        self._watch()
        heard = self._heard or {}
        silent = [worker for worker in heard if heard[worker] == self._heard_before.get(worker)]
        stalled = f"cluster {self._address!r}: "
        if self._heard is None:
            stalled += f"its scheduler has not answered since {since}; look at its log"
        elif not heard:
            stalled += f"has had no worker since {since}; start one, with dask worker {self._address}"
        elif len(silent) == len(heard):
            stalled += f"no worker has answered since {since}; check whether something stopped them"
        else:
            for worker in self._own.intersection(silent):
                with suppress(Exception, asyncio.CancelledError):
                    # As the scheduler itself does, but only after five minutes, if it is not set otherwise.
                    self._ask(self._client.scheduler.unregister, address=worker, stimulus_id="animopt")
            warnings.warn(
                f"{stalled}{', '.join(silent)} has not answered since {since}; other workers repeat its work",
                stacklevel=1,
            )
            return
        for future in list(self._pending):
            with suppress(InvalidStateError):
                future.set_exception(Error(stalled))

    def _ask(self, function: Callable[..., Any], *, timeout: float = CHECK_INTERVAL, **arguments: Any) -> Any:
        """Return the answer of the scheduler. Raise TimeoutError after a number of seconds."""
        return self._client.sync(function, callback_timeout=timeout, **arguments)

    def shared(self, value: bytes) -> Any:
        """Return an object that replaces bytes in the arguments of many tasks. They are sent to the scheduler once."""
        from dask import config

        # The scheduler computes the result of a task again if its worker is lost. Scattered data would be lost.
        with config.set({"distributed.admin.large-graph-warning-threshold": 2 * len(value) + 10**6}):
            return self._client.submit(bytes, value, pure=False)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Accept no more tasks, and wait for the accepted ones unless they are cancelled."""
        self._executor.shutdown(wait=wait and not cancel_futures)


@contextmanager
def connected(address: str) -> Iterator[Cluster]:
    """Connect to the Dask cluster whose scheduler has an address. The cluster runs on after the context.

    Args:
        address: Address of the scheduler, such as tcp://scheduler:8786.

    Returns:
        A context with an executor, for example for the argument `workers` of `Scene.save`.

    Raises:
        UsageError: If the address is invalid.
        Error: If dask.distributed is not installed, if no scheduler or no worker is found, if a worker has other
            versions of Python or of a library than this machine, or if the cluster is lost during the work.

    >>> with connected("scheduler"):
    ...     pass
    Traceback (most recent call last):
    animopt.core.errors.UsageError: cluster 'scheduler': give the address of a scheduler, as tcp://scheduler:8786
    """
    check_address(address)
    with required_extra("cluster", f"cluster {address!r}", "dask.distributed"):
        import distributed
        from distributed.comm.core import CommClosedError
    try:
        client = distributed.Client(address, timeout=CONNECT_TIMEOUT, set_as_default=False)
    except ValueError as error:
        raise _invalid_address(address) from error
    except (TypeError, FileNotFoundError, ssl.SSLError) as error:
        # Without a configuration, Dask raises TypeError.
        names = ", ".join(CERTIFICATES)
        raise Error(f"cluster {address!r}: needs a certificate that can be read; set {names}") from error
    except (OSError, RuntimeError) as error:
        raise Error(f"cluster {address!r}: no scheduler answers there; start one, with dask scheduler") from error
    # The client also logs the errors that it raises, and its event loop those of tasks that are given up.
    with (
        quiet_logger("distributed.client", logging.CRITICAL),
        quiet_logger("tornado.application", logging.CRITICAL),
        client,
    ):
        try:
            client.wait_for_workers(1, timeout=CONNECT_TIMEOUT)
        except TimeoutError as error:
            command = shell_command(["dask", "worker", address])
            raise Error(f"cluster {address!r}: has no worker; start one, with {command}") from error
        _check_versions(address, client)
        cluster = Cluster(client, address)
        try:
            yield cluster
        except (CancelledError, CommClosedError) as error:
            raise Error(f"cluster {address!r}: its scheduler is gone, or gave up the work; look at its log") from error
        except (distributed.KilledWorker, ImportError) as error:
            raise Error(f"cluster {address!r}: {first_line(error)}") from error
        finally:
            cluster.stop_watching()


def _pass_on(future: Future[T], task: Future[T]) -> None:
    """Pass the outcome of a task on to a future, unless the future was given up."""
    with suppress(InvalidStateError):
        if task.cancelled():
            if future.cancel():
                # This wakes those that wait for several futures.
                future.set_running_or_notify_cancel()
        elif error := task.exception():
            future.set_exception(error)
        else:
            future.set_result(task.result())


def check_address(address: str) -> None:
    """Raise UsageError if an address cannot be that of a scheduler."""
    with suppress(ValueError):
        parts = urlsplit(address)
        if parts.scheme in SCHEMES and parts.hostname and parts.port:
            return
    raise _invalid_address(address)


def _invalid_address(address: str) -> UsageError:
    return UsageError(f"cluster {address!r}: give the address of a scheduler, as tcp://scheduler:8786")


def _check_versions(address: str, client: Any) -> None:
    """Raise Error if a worker has other versions than this machine."""
    # Only functions of the standard library, because a worker may lack everything else.
    versions: list[tuple[str, Callable[..., str], tuple[str, ...]]] = [
        ("Python", platform.python_version, ()),
        *((library, metadata.version, (library,)) for library in LIBRARIES),
    ]
    for name, version, arguments in versions:
        try:
            here = _relevant(name, version(*arguments))
        except metadata.PackageNotFoundError as error:
            raise Error(f"cluster {address!r}: {name} is not installed here; install it, as on the workers") from error
        try:
            answers = client.sync(
                partial(client.run, version, *arguments, on_error="return"), callback_timeout=CONNECT_TIMEOUT
            )
        except TimeoutError as error:
            raise Error(f"cluster {address!r}: a worker does not answer; check whether something stopped it") from error
        for worker, answer in answers.items():
            there = "none" if isinstance(answer, metadata.PackageNotFoundError) else _relevant(name, str(answer))
            if there != here:
                raise Error(
                    f"cluster {address!r}: worker {worker} has {name} {there}, this machine {here}; install the same "
                    "there"
                )


def _relevant(name: str, version: str) -> str:
    """Return a version without the parts that do not change frames: the build, and the micro version of Python."""
    release = version.partition("+")[0]
    return release.rpartition(".")[0] if name == "Python" else release
