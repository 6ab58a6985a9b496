"""Contexts: a lock, garbage collection paused, a library's logger silenced, and a base class of contexts."""

import gc
import logging
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import RLock
from typing import Any, Self


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause garbage collection in this context, and exclude all objects that exist at its end from later collections.

    torch and matplotlib make so many objects that collecting takes a fifth of the time of a short command.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


class ForkSafeLock:
    """A lock that its thread can enter again. It guards state of the whole process.

    A fork while another thread holds the lock does not leave it locked in the new process, which has no such thread.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        # Windows has no fork.
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._renew)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *error: object) -> None:
        self._lock.release()

    def _renew(self) -> None:
        if self._lock.acquire(blocking=False):
            self._lock.release()
        else:
            self._lock = RLock()


@contextmanager
def quiet_logger(name: str, level: int = logging.ERROR) -> Iterator[None]:
    """Suppress the messages of a logger that are less severe than `level`."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.setLevel(before)


class ContextStack(ABC):
    """A context that opens others when it is entered, and closes them when it is left or cannot be entered."""

    @abstractmethod
    def _enter(self, stack: ExitStack) -> None:
        """Enter contexts and register callbacks on the stack, which is closed with this context."""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._enter(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)
