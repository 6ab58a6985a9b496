"""Torch's optimizers without torch's compiler, whose import takes nearly as long as torch's own."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

import torch

COMPILER = "torch._dynamo"


class _StandIn(ModuleType):
    """All that an optimizer asks of the compiler while it does not compile; whoever asks for more gets the real one."""

    @staticmethod
    def graph_break(*_: Any, **__: Any) -> None:
        """Break no graph, for there is none."""

    @staticmethod
    def disable(fn: Callable[..., Any], *_: Any, **__: Any) -> Callable[..., Any]:
        """The function itself, which nobody compiles."""
        return fn

    def __getattr__(self, name: str) -> Any:
        self.step_aside()
        return getattr(import_module(COMPILER), name)

    def step_aside(self) -> None:
        """Leave the place to the real one, which is imported when it is asked for."""
        if sys.modules.get(COMPILER) is self:
            del sys.modules[COMPILER]
        if vars(torch).get("_dynamo") is self:
            del torch._dynamo


@contextmanager
def eager() -> Iterator[None]:
    """Let torch's optimizers be made and take steps in this context without importing `torch._dynamo`.

    They ask it to break a graph that is there only while it compiles. What else asks for it has it as ever.
    """
    if COMPILER in sys.modules:
        yield
        return
    stand_in = _StandIn(COMPILER)
    sys.modules[COMPILER] = stand_in
    torch._dynamo = stand_in
    try:
        yield
    finally:
        stand_in.step_aside()
