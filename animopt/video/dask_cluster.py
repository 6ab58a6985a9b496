"""A Dask cluster as an executor: its scheduler sends tasks out, and sends them out again where a worker is lost."""

import logging
import platform
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager
from importlib import metadata
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from animopt.core.errors import Error, UsageError, first_line
from animopt.core.loggers import quiet_logger

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE = 10.0
"""Seconds in which a scheduler answers, and in which it has a worker."""

SCHEMES = ("tcp", "tls", "ws", "wss", "ucx", "ucxx")
"""How an address of Dask's begins."""

ALIKE = ("animopt", "numpy", "matplotlib", "torch")
"""What a worker has in the same version as this machine, lest the parts of a clip differ."""


class Cluster(Executor):
    """The workers of a Dask cluster as an executor, by a client of dask.distributed, which it leaves open."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._executor: Executor = client.get_executor(pure=False)

    @property
    def count(self) -> int:
        """How many tasks its workers do at once, as of now."""
        return max(1, sum(self._client.nthreads().values()))

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a worker call a function. Raises RuntimeError after `shutdown`."""
        return self._executor.submit(fn, *args, **kwargs)

    def shared(self, value: bytes) -> Any:
        """What stands for bytes among the arguments of many tasks: they are sent to the scheduler once."""
        from dask import config

        # The outcome of a task, for that comes again after the worker that has it is lost; scattered data do not.
        with config.set({"distributed.admin.large-graph-warning-threshold": 2 * len(value) + 10**6}):
            return self._client.submit(bytes, value, pure=False)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more tasks, and wait for those that were taken, unless they are cancelled."""
        self._executor.shutdown(wait=wait and not cancel_futures)


@contextmanager
def connected(address: str) -> Iterator[Cluster]:
    """The cluster whose scheduler is at an address, as tcp://scheduler:8786; it is left, not ended, with the context.

    Raises UsageError for what is no address, Error where dask.distributed is missing, where no scheduler or no worker
    is found, where a worker has other versions than this machine, and where the cluster is lost at work.
    """
    check_address(address)
    try:
        import distributed
        from distributed.comm.core import CommClosedError
    except ImportError as error:
        remedy = 'install it with pip install -c constraints.txt ".[cluster]"'
        raise Error(f"cluster {address!r}: needs dask.distributed; {remedy}") from error
    try:
        client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
    except ValueError as error:
        raise _no_address(address) from error
    except (OSError, RuntimeError) as error:
        raise Error(f"cluster {address!r}: no scheduler answers there; start one, with dask scheduler") from error
    with quiet_logger("distributed.client", logging.CRITICAL), client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            raise Error(f"cluster {address!r}: has no worker; start one, with dask worker {address}") from error
        _check_alike(address, client)
        try:
            yield Cluster(client)
        except (CancelledError, CommClosedError) as error:
            raise Error(f"cluster {address!r}: its scheduler is gone, or gave up the work; look at its log") from error
        except (distributed.KilledWorker, ImportError) as error:
            raise Error(f"cluster {address!r}: {first_line(error)}") from error


def check_address(address: str) -> None:
    """Raise UsageError for what cannot be the address of a scheduler."""
    try:
        parts = urlsplit(address)
        whole = parts.scheme in SCHEMES and parts.hostname and parts.port
    except ValueError:
        whole = None
    if not whole:
        raise _no_address(address)


def _no_address(address: str) -> UsageError:
    return UsageError(f"cluster {address!r}: give the address of a scheduler, as tcp://scheduler:8786")


def _check_alike(address: str, client: Any) -> None:
    """Raise Error for a worker with other versions than this machine."""
    # Functions that every Python has, for a worker may lack all else.
    _compare(address, client, "Python", platform.python_version)
    for library in ALIKE:
        _compare(address, client, library, metadata.version, library)


def _compare(address: str, client: Any, what: str, version: Callable[..., str], *arguments: str) -> None:
    def told(version: object) -> str:
        # Neither Python's third number nor what a build is made for changes what is drawn.
        found = str(version).partition("+")[0]
        return found.rpartition(".")[0] if what == "Python" else found

    try:
        here = told(version(*arguments))
    except metadata.PackageNotFoundError as error:
        raise Error(f"cluster {address!r}: {what} is not installed here; install it, as on the workers") from error
    for worker, answer in client.run(version, *arguments, on_error="return").items():
        there = "none" if isinstance(answer, metadata.PackageNotFoundError) else told(answer)
        if there != here:
            raise Error(
                f"cluster {address!r}: worker {worker} has {what} {there}, this machine {here}; install the same there"
            )
