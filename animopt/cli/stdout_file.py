"""A file that goes to standard output, once it is whole."""

import contextlib
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from animopt.core.atomic_files import temporary_folder
from animopt.core.errors import Error, UsageError


@contextlib.contextmanager
def piped(formats: Sequence[str]) -> Iterator[Path]:
    """The path of a file which goes to standard output at the end of the context, also where another one failed.

    Raises UsageError where that is a terminal, or where not one format of a single file is named.
    """
    if len(formats) != 1 or formats[0] == "frames":
        raise UsageError("output -: standard output takes one file; name its format, as --format gif")
    if sys.stdout.isatty():
        raise UsageError("output -: standard output is a terminal; send it on, as > clip.gif")
    with temporary_folder() as folder:
        path = folder / f"clip.{formats[0].lower().removeprefix('.')}"
        try:
            yield path
        except Error as error:
            _send(path)
            raise type(error)(str(error).replace(str(path), "-")) from error
        _send(path)


def _send(path: Path) -> None:
    if path.is_file():
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
