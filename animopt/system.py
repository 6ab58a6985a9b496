"""All in which operating systems differ: signals, processes, how files take their places, which names there may be."""

import atexit
import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from _thread import interrupt_main
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

WINDOWS = sys.platform == "win32"
MAC = sys.platform == "darwin"

INTERRUPTED = "interrupted; every file is the one that was there before, or the whole new one"

ENDING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""The signals that ask a process to end, where the system has them; the last is what Windows has for the one before."""

INSISTENCE = 10.0
"""Seconds after which a further signal is heeded too: whatever the first one met has swallowed it."""

AGAIN = 0.05
"""Seconds after which a signal is heeded again that came where nothing can be raised."""

PATIENCE = 3.0
"""Seconds after which whoever was asked to show a file is taken to show it."""

TRIES = 20
"""So often a file is to take the place of another one that a virus scanner or an indexer may hold open."""

RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])", re.IGNORECASE)
"""The names that Windows keeps for devices, whatever suffix they have."""

FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f]')
"""What no name on Windows may have."""


class Ended(KeyboardInterrupt):
    """A signal other than that of Ctrl-C asked this process to end."""


class _Asked:
    """Which signal asked this process to end, whether that is still to be raised, and how often it is put off."""

    number = 0
    at = 0.0
    pending = False
    held = 0


@contextlib.contextmanager
def heeding() -> Iterator[None]:
    """In this context a signal that asks the process to end is raised, once; at its end the process dies of it.

    What comes soon after the first one is ignored, lest the tidying up be interrupted; after the context signals end
    the process at once. Those that were ignored before stay so.
    """
    numbers = [getattr(signal, name) for name in ENDING if hasattr(signal, name)]
    heeded = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    sys.unraisablehook, usual = _unraisable, sys.unraisablehook
    code: int | None = None
    try:
        try:
            for number in heeded:
                signal.signal(number, _heed)
            yield
        finally:
            for number in heeded:
                signal.signal(number, _end)
    except KeyboardInterrupt:
        _say_so()
        code = exit_code()
    except BaseException as error:
        # A terminal that is closed can be written to no more.
        told = isinstance(error, SystemExit) and error.code != exit_code()
        if told or not _Asked.number:
            raise
        code = exit_code()
    finally:
        sys.unraisablehook = usual
    if code is not None:
        _die(code)


def _heed(number: int, frame: FrameType | None) -> None:
    now = time.monotonic()
    if _Asked.number and now - _Asked.at < INSISTENCE:
        return
    _Asked.number, _Asked.at, _Asked.pending = number, now, True
    if not _Asked.held:
        _raise()


def _end(number: int, frame: FrameType | None) -> None:
    """Heed a signal where all is done: nothing needs to be tidied up any more."""
    if not _Asked.number:
        _Asked.number = number
        _say_so()
        _die(exit_code())


def _say_so() -> None:
    """Say on standard error that there was an interrupt, whatever Python's own stream is just doing."""
    with contextlib.suppress(OSError):
        os.write(2, f"animopt: {INTERRUPTED}\n".encode())


def _raise() -> None:
    _Asked.pending = False
    raise KeyboardInterrupt if _Asked.number == signal.SIGINT else Ended(signal.Signals(_Asked.number).name)


def _unraisable(lost: "sys.UnraisableHookArgs") -> None:
    """What is raised while an object is let go is lost; a signal is then heeded a little later."""
    if isinstance(lost.exc_value, KeyboardInterrupt) and _Asked.number:
        number, _Asked.number = _Asked.number, 0
        again = threading.Timer(AGAIN, interrupt_main, [number])
        again.daemon = True
        again.start()
    else:
        sys.__unraisablehook__(lost)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """A context in which no signal is raised that `heeding` heeds; it is at the end, where one came."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _Asked.held += 1
    try:
        yield
    finally:
        _Asked.held -= 1
        if _Asked.pending and not _Asked.held:
            _raise()


def answered() -> None:
    """Take the signal that asked this process to end for answered: the process goes on, and heeds the next one."""
    _Asked.number = 0


def asked_to_end() -> bool:
    """Whether a signal has asked this process to end."""
    return bool(_Asked.number)


def exit_code() -> int:
    """What a shell has as the exit code of a process that a signal ended: the one that came, else that of Ctrl-C."""
    return 128 + (_Asked.number or signal.SIGINT)


def _die(code: int) -> None:
    """End this process as the signal itself would, so that a shell's loop that runs it ends with it."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    if WINDOWS:
        sys.exit(code)
    atexit._run_exitfuncs()
    signal.signal(code - 128, signal.SIG_DFL)
    os.kill(os.getpid(), code - 128)


def leave(code: int) -> NoReturn:
    """End this process with an exit code, once all is done and told.

    To leave as usual would take all of torch and matplotlib apart first, while a signal ends the process in silence.
    """
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def apart() -> dict[str, Any]:
    """What subprocess.Popen is told, so that Ctrl-C at a terminal is for this process alone, which ends its helpers."""
    if WINDOWS:
        return {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0x200)}
    return {"process_group": 0}


def ending_of(code: int) -> str:
    """How a process ended that has an exit code."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def cores() -> int:
    """How many processors this process may use."""
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def lives(number: int, since: float) -> bool:
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


def machine() -> str:
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


def sync(path: Path) -> None:
    """Have what was written to a file, or entered in a folder, on the disk, where the system lets that be asked for."""
    if path.is_dir() and WINDOWS:
        return
    file = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        _flush(file)
    except OSError:
        # Some file systems have no such thing for folders.
        if not path.is_dir():
            raise
    finally:
        os.close(file)


def _flush(file: int) -> None:
    """Have an open file on the disk, on macOS also out of the memory that the disk itself has."""
    if MAC:
        import fcntl

        # Disks on a network have no such thing.
        with contextlib.suppress(OSError):
            fcntl.fcntl(file, getattr(fcntl, "F_FULLFSYNC", 51))
            return
    os.fsync(file)


def move(source: Path, target: Path) -> None:
    """Let a file or a folder take the place of another, at once; raises OSError where it cannot.

    Windows moves nothing over what is open: it is tried again for a second, then the error says so.
    """
    for remaining in reversed(range(TRIES)):
        try:
            source.replace(target)
        except PermissionError as error:
            if not WINDOWS:
                raise
            if not remaining:
                raise PermissionError(error.errno, "is open in another program; close it there") from error
            time.sleep(1 / TRIES)
        else:
            return


def name_is_refused(name: str) -> str:
    """Why the system has no file of a name, "" where it may have one."""
    if "\0" in name:
        return "holds a zero byte"
    if not WINDOWS:
        return ""
    if RESERVED.fullmatch(name.partition(".")[0].rstrip(" ")):
        return "is the name of a device on Windows"
    if found := FORBIDDEN.search(name):
        return f"holds {found[0]!r}, which Windows does not allow"
    return "ends in a dot or a blank, which Windows does not allow" if name.endswith((".", " ")) else ""


def ends_in_separator(path: str | os.PathLike[str]) -> bool:
    """Whether a path is given as that of a folder."""
    return os.fspath(path).endswith(tuple(filter(None, (os.sep, os.altsep, "/"))))


def command_line(words: Sequence[str]) -> str:
    """Words as they are typed at the system's shell."""
    return subprocess.list2cmdline(words) if WINDOWS else shlex.join(words)


def show(path: Path) -> bool:
    """Whether the system found a program that shows a file; it is not waited for."""
    where = str(path.resolve())
    if WINDOWS or MAC:
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
        return opener.wait(PATIENCE) == 0
    except subprocess.TimeoutExpired:
        return True
