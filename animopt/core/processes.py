"""Helper processes: starting, exit codes, available processors, and whether a process is alive."""

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
"""Seconds to wait for the viewer of a file to start."""


def popen_options() -> dict[str, Any]:
    """Return options for subprocess.Popen that keep Ctrl-C from the helper, which this process ends itself."""
    if operating_system.WINDOWS:
        return {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0x200)}
    return {"process_group": 0}


def describe_exit(code: int) -> str:
    """Describe how a process ended, from its exit code."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def available_processors() -> int:
    """Return the number of processors that this process may use."""
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def is_alive(number: int, since: float) -> bool:
    """Return whether the process that had an id at a time, in seconds since 1970, still runs."""
    import psutil

    try:
        process = psutil.Process(number)
        # Ids are reused. The clock of the file system may differ by two seconds.
        return process.create_time() <= since + 2 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True


def machine_id() -> str:
    """Return eight digits that identify this machine among others with the same folder, without its name.

    Containers, and Linux within Windows, count as machines of their own, because they number their processes
    separately.
    """
    # Imported here so that the list of the scenes does not need them.
    import hashlib
    import platform

    namespace = ""
    with contextlib.suppress(OSError):
        namespace = str(Path("/proc/self/ns/pid").readlink())
    return hashlib.sha256(f"{platform.node()} {sys.platform} {namespace}".encode()).hexdigest()[:8]


def shell_command(words: Sequence[str]) -> str:
    """Quote words for the system's shell."""
    return subprocess.list2cmdline(words) if operating_system.WINDOWS else shlex.join(words)


def open_file(path: Path) -> bool:
    """Show a file in the system's viewer without waiting for its end. Return whether there is a viewer."""
    file = str(path.resolve())
    if operating_system.WINDOWS or operating_system.MAC:
        import click

        return click.launch(file) == 0
    # On Linux click does not report a missing viewer, and lets xdg-open write to the terminal.
    try:
        opener = subprocess.Popen(
            ["xdg-open", file],
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
