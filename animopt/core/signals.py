"""Signals that ask the process to end: raised once, and not while a file is being moved."""

import atexit
import contextlib
import os
import signal
import sys
import threading
import time
from _thread import interrupt_main
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

from animopt.core import operating_system

INTERRUPTED = "interrupted; every file is the one that was there before, or the whole new one"


ENDING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""The signals that ask a process to end, where the system has them; the last is what Windows has for the one before."""


INSISTENCE = 10.0
"""Seconds after which a further signal is heeded too: whatever the first one met has swallowed it."""


AGAIN = 0.05
"""Seconds after which a signal is heeded again that came where nothing can be raised."""


class Terminated(KeyboardInterrupt):
    """A signal other than that of Ctrl-C asked this process to end."""


class _Asked:
    """Which signal asked this process to end, whether that is still to be raised, and how often it is put off."""

    number = 0
    at = 0.0
    pending = False
    held = 0


@contextlib.contextmanager
def handle_signals() -> Iterator[None]:
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
        code = signal_exit_code()
    except BaseException as error:
        # A terminal that is closed can be written to no more.
        told = isinstance(error, SystemExit) and error.code != signal_exit_code()
        if told or not _Asked.number:
            raise
        code = signal_exit_code()
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
        _die(signal_exit_code())


def _say_so() -> None:
    """Say on standard error that there was an interrupt, whatever Python's own stream is just doing."""
    with contextlib.suppress(OSError):
        os.write(2, f"animopt: {INTERRUPTED}\n".encode())


def _raise() -> None:
    _Asked.pending = False
    raise KeyboardInterrupt if _Asked.number == signal.SIGINT else Terminated(signal.Signals(_Asked.number).name)


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
def defer_signals() -> Iterator[None]:
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


def clear_signal() -> None:
    """Take the signal that asked this process to end for answered: the process goes on, and heeds the next one."""
    _Asked.number = 0


def signal_received() -> bool:
    """Whether a signal has asked this process to end."""
    return bool(_Asked.number)


def signal_exit_code() -> int:
    """What a shell has as the exit code of a process that a signal ended: the one that came, else that of Ctrl-C."""
    return 128 + (_Asked.number or signal.SIGINT)


def _die(code: int) -> None:
    """End this process as the signal itself would, so that a shell's loop that runs it ends with it."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    if operating_system.WINDOWS:
        sys.exit(code)
    atexit._run_exitfuncs()
    signal.signal(code - 128, signal.SIG_DFL)
    os.kill(os.getpid(), code - 128)


def exit_process(code: int) -> NoReturn:
    """End this process with an exit code, once all is done and told.

    To leave as usual would take all of torch and matplotlib apart first, while a signal ends the process in silence.
    """
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
