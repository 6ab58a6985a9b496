"""The state of torch in which races run, whatever the program around has set."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute on one thread: races are small, and threads wait for each other on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def default_torch() -> Iterator[None]:
    """In this context autograd works, and tensors are on the processor unless they are told where to be."""
    with torch.inference_mode(False), torch.enable_grad(), ExitStack() as stack:
        # In this one each call into torch takes longer.
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        yield


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
def without_compiler() -> Iterator[None]:
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
