"""A Dask cluster as an executor. Its scheduler repeats a task if the worker that ran it is lost."""

import logging
import platform
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager, suppress
from importlib import metadata
from typing import Any, TypeVar
from urllib.parse import urlsplit

from animopt.core.contexts import quiet_logger
from animopt.core.errors import Error, UsageError, first_line, required_extra
from animopt.core.processes import shell_command

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
    """The workers of a Dask cluster as an executor. The client of dask.distributed stays open."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._executor: Executor = client.get_executor(pure=False)

    @property
    def count(self) -> int:
        """Current number of tasks that the workers run at once."""
        return max(1, sum(self._client.nthreads().values()))

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Call a function in a worker. Raise RuntimeError after `shutdown`."""
        return self._executor.submit(fn, *args, **kwargs)

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
    # The client also logs the errors that it raises, with their tracebacks.
    with quiet_logger("distributed.client", logging.CRITICAL), client:
        try:
            client.wait_for_workers(1, timeout=CONNECT_TIMEOUT)
        except TimeoutError as error:
            command = shell_command(["dask", "worker", address])
            raise Error(f"cluster {address!r}: has no worker; start one, with {command}") from error
        _check_versions(address, client)
        try:
            yield Cluster(client)
        except (CancelledError, CommClosedError) as error:
            raise Error(f"cluster {address!r}: its scheduler is gone, or gave up the work; look at its log") from error
        except (distributed.KilledWorker, ImportError) as error:
            raise Error(f"cluster {address!r}: {first_line(error)}") from error


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
        for worker, answer in client.run(version, *arguments, on_error="return").items():
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
