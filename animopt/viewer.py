"""Shows a file in the program that the system has for it."""

import subprocess
import sys
from pathlib import Path

import click

PATIENCE = 3.0
"""Seconds after which whoever was asked to show a file is taken to show it."""


def show(path: Path) -> bool:
    """Whether the system found a program that shows a file; it is not waited for."""
    where = str(path.resolve())
    if sys.platform in {"darwin", "win32", "cygwin"}:
        return click.launch(where) == 0
    # click neither learns whether a viewer was found, nor keeps what the search for one says off the terminal.
    try:
        opener = subprocess.Popen(
            ["xdg-open", where],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    try:
        return opener.wait(PATIENCE) == 0
    except subprocess.TimeoutExpired:
        return True
