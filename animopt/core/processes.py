"""Processes: starting helpers, exit codes, available processors, whether a process is alive."""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from animopt.core import operating_system

VIEWER_TIMEOUT = 3.0
"""Seconds after which whoever was asked to show a file is taken to show it."""


def popen_options() -> dict[str, Any]:
    """What subprocess.Popen is told, so that Ctrl-C at a terminal is for this process alone, which ends its helpers."""
    if operating_system.WINDOWS:
        return {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0x200)}
    return {"process_group": 0}


def describe_exit(code: int) -> str:
    """How a process ended that has an exit code."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def available_processors() -> int:
    """How many processors this process may use."""
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def is_alive(number: int, since: float) -> bool:
    """Whether the process with a number that there was at a time (seconds since 1970) is there still."""
    import psutil

    try:
        process = psutil.Process(number)
        # Numbers are given anew; a clock may be a little off.
        return process.create_time() <= since + 2 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True


def machine_id() -> str:
    """Eight letters that tell this machine from others that see the same folder, and do not tell its name.

    Others are also containers, and Windows beside its Linux: there the numbers of processes are those of others.
    """
    # A list of the scenes can do without them.
    import hashlib
    import platform

    numbered = ""
    with contextlib.suppress(OSError):
        numbered = str(Path("/proc/self/ns/pid").readlink())
    return hashlib.sha256(f"{platform.node()} {sys.platform} {numbered}".encode()).hexdigest()[:8]


def shell_command(words: Sequence[str]) -> str:
    """Words as they are typed at the system's shell."""
    return subprocess.list2cmdline(words) if operating_system.WINDOWS else shlex.join(words)


def open_file(path: Path) -> bool:
    """Whether the system found a program that shows a file; it is not waited for."""
    where = str(path.resolve())
    if operating_system.WINDOWS or operating_system.MAC:
        import click

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
        return opener.wait(VIEWER_TIMEOUT) == 0
    except subprocess.TimeoutExpired:
        return True
