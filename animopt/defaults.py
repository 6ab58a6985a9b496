"""Torch as it ships, whatever the program around has set."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch


@contextmanager
def own_torch() -> Iterator[None]:
    """In this context autograd works, and tensors are on the processor unless they are told where to be."""
    with torch.inference_mode(False), torch.enable_grad(), ExitStack() as stack:
        # In this one each call into torch takes longer.
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        yield
