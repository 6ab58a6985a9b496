"""A file that is copied to standard output once it is complete."""

import contextlib
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from animopt.core.atomic_files import temporary_folder
from animopt.core.errors import Error, UsageError


@contextlib.contextmanager
def stdout_file(formats: Sequence[str]) -> Iterator[Path]:
    """Yield the path of a temporary file, which is copied to standard output at the end, even if another output failed.

    Raises UsageError unless there is one format of a single file, or if standard output is a terminal.
    """
    if len(formats) != 1 or formats[0] == "frames":
        raise UsageError("output -: standard output takes one file; name its format, as --format gif")
    if sys.stdout.isatty():
        raise UsageError("output -: standard output is a terminal; redirect it, as > clip.gif")
    with temporary_folder() as folder:
        path = folder / f"clip.{formats[0].lower().removeprefix('.')}"
        try:
            yield path
        except Error as error:
            _copy_to_stdout(path)
            raise type(error)(str(error).replace(str(path), "-")) from error
        _copy_to_stdout(path)


def _copy_to_stdout(path: Path) -> None:
    if path.is_file():
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
