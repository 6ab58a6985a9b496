"""Memory that several processes share, as a file that they map."""

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from mmap import mmap
from pathlib import Path
from typing import Any

from animopt.core import processes
from animopt.core.files import MEMORY, temporary_folder

CHUNK = 2**20
"""Number of bytes that are written at once to reserve a file's space."""


@dataclass(frozen=True)
class SharedMemory:
    """Memory of `size` bytes that any process of this machine can open by its `name`. It can be pickled."""

    name: str
    size: int

    def open(self) -> mmap:
        """Map the memory into this process. Raises OSError if it is gone."""
        if processes.WINDOWS:
            # Windows frees the memory of a name with the last process that maps it.
            named: Any = {"tagname": self.name}
            return mmap(-1, self.size, **named)
        with Path(self.name).open("r+b") as file:
            return mmap(file.fileno(), self.size)


@contextmanager
def shared_memory(size: int) -> Iterator[tuple[SharedMemory, mmap]]:
    """Make memory of a size, and yield it with its map in this process. It is freed with the context.

    If this process is killed, the next one that makes a temporary folder frees it. Raises OSError if there is no room.
    """
    with ExitStack() as stack:
        if processes.WINDOWS:
            shared = SharedMemory(f"animopt-{os.getpid()}-{secrets.token_hex(6)}", size)
        else:
            try:
                shared = stack.enter_context(_reserved_file(size, MEMORY / "frames"))
            except OSError:
                # The folder does not exist, as on macOS, or is read-only or too small, as in a container.
                shared = stack.enter_context(_reserved_file(size, None))
        yield shared, stack.enter_context(shared.open())


@contextmanager
def _reserved_file(size: int, beside: Path | None) -> Iterator[SharedMemory]:
    """Yield a file in memory or in the system's temporary folder. Raises OSError if it has no room."""
    with temporary_folder(beside) as folder:
        path = folder / "frames"
        with path.open("wb", buffering=0) as file:
            # Otherwise a signal kills the process that maps the file and writes more than there is room for.
            for start in range(0, size, CHUNK):
                file.write(bytes(min(CHUNK, size - start)))
        yield SharedMemory(str(path), size)
