"""A base class for contexts that hold other contexts open."""

from abc import ABC, abstractmethod
from contextlib import ExitStack
from types import TracebackType
from typing import Self


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

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, traceback)
