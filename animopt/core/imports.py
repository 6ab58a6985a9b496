"""Imports with garbage collection paused."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


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
