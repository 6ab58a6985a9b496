"""How functions, optimizers and schedulers of the user run: torch's state, and exceptions as errors."""

import inspect
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
import torch

from animopt.core.contexts import ForkSafeLock
from animopt.core.errors import Error, first_line, must_propagate

COMPILER = "torch._dynamo"
"""The module of torch's compiler, whose import takes about a second."""

RACE_LOCK = ForkSafeLock()
"""A lock that lets threads race one at a time, because torch's random numbers belong to the whole process."""


@contextmanager
def user_code(
    place: str, describe: Callable[[BaseException], str] = first_line, kind: type[Error] = Error
) -> Iterator[None]:
    """Turn an exception of the user's code into an error that names the place and describes the exception."""
    try:
        yield
    except Error:
        raise
    except BaseException as error:
        if must_propagate(error):
            raise
        raise kind(f"{place}: {describe(error)}") from error


def scheduler_step(scheduler: Any) -> Callable[[float], object]:
    """Return a function that takes one step of a scheduler, given the loss; without a scheduler it does nothing."""
    if scheduler is None:
        return lambda loss: None
    if any(parameter.default is parameter.empty for parameter in _positional(scheduler.step)):
        return scheduler.step
    return lambda loss: scheduler.step()


def _positional(method: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the parameters that can take a first positional argument."""
    parameters = inspect.signature(method).parameters.values()
    return [each for each in parameters if each.kind not in (each.KEYWORD_ONLY, each.VAR_KEYWORD)]


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let random numbers of torch, NumPy and Python follow from a seed in this context, and be as before afterwards."""
    numpy_state, python_state = np.random.get_state(), random.getstate()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        np.random.seed(seed % 2**32)
        random.seed(seed)
        try:
            yield
        finally:
            np.random.set_state(numpy_state)
            random.setstate(python_state)


@contextmanager
def race_environment() -> Iterator[None]:
    """Enable autograd, create tensors on the CPU, compute on one thread, and do not import torch's compiler.

    Races are small, and several threads would wait for each other on a busy machine. After a computation on several
    threads, torch hangs in a forked process. Only one thread at a time is in this context.
    """
    with RACE_LOCK, torch.inference_mode(False), torch.enable_grad(), ExitStack() as stack:
        stack.callback(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(1)
        stack.callback(torch.set_default_dtype, torch.get_default_dtype())
        if sys.float_info.min / 2 == 0:
            # Denormal numbers are switched off in this thread.
            torch.set_flush_denormal(False)
            stack.callback(torch.set_flush_denormal, True)
        # This context slows down every call into torch, so it is entered only if it changes something.
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        if COMPILER not in sys.modules:
            sys.modules[COMPILER] = torch._dynamo = placeholder = _CompilerPlaceholder(COMPILER)
            stack.callback(placeholder.remove)
        yield


class _CompilerPlaceholder(ModuleType):
    """Answers the two calls of `torch.optim` to the compiler; any other use imports the real compiler."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.wrapped: list[Callable[..., Any]] = []

    def __getattr__(self, name: str) -> Any:
        if name == "__file__":
            # `inspect` asks every module for it.
            raise AttributeError(name)
        return getattr(self.compiler(), name)

    def compiler(self) -> ModuleType:
        """Import the real compiler in place of this module."""
        self.remove()
        return import_module(COMPILER)

    def graph_break(self) -> None:
        """Do nothing, because no graph is being compiled."""

    def disable(self, function: Any = None, recursive: bool = True, *, wrapping: bool = True, **others: Any) -> Any:
        """Return a method of an optimizer unchanged; exclude any other function from compilation."""
        # Only torch's own decorator of these methods passes wrapping=False. It caches the result on the method.
        if wrapping:
            return self.compiler().disable(function, recursive, **others)
        self.wrapped.append(function)
        return function

    def remove(self) -> None:
        """Remove every trace of the placeholder, so that the next import gets the real compiler."""
        if sys.modules.get(COMPILER) is self:
            del sys.modules[COMPILER]
        if vars(torch).get("_dynamo") is self:
            del torch._dynamo
        for function in self.wrapped:
            vars(function).pop("__dynamo_disable", None)
