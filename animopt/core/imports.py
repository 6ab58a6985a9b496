"""Imports that the garbage collector does not slow down."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """Import in this context what stays until the end: what is made in it is not looked through for garbage, ever.

    torch and matplotlib make so many objects that looking through them again and again is a fifth of a short command.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collecting:
            gc.enable()
