"""Signals that end the process, and the end of the process itself."""

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

INTERRUPTED = "interrupted; each file is either unchanged or complete"


SIGNAL_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""Signals that end the process, if the system has them. SIGBREAK is the counterpart of SIGHUP on Windows."""


REPEAT_INTERVAL = 10.0
"""Seconds after a signal in which further signals are ignored, so that they do not interrupt the clean-up."""


RETRY_DELAY = 0.05
"""Seconds before a signal is sent again if its exception was lost."""


class Terminated(KeyboardInterrupt):
    """A signal other than that of Ctrl-C asked this process to end."""


class _State:
    """The signal that asked this process to end, the number of contexts that defer it, and the exit code."""

    number = 0
    arrival = 0.0
    pending = False
    deferrals = 0
    exit_code: int | None = None


@contextlib.contextmanager
def handle_signals() -> Iterator[None]:
    """Raise KeyboardInterrupt in this context when a signal asks the process to end.

    If a signal ended the context, SystemExit is raised with its exit code. A signal that comes later only changes the
    exit code. Signals that the process ignored before remain ignored.
    """
    numbers = [getattr(signal, name) for name in SIGNAL_NAMES if hasattr(signal, name)]
    numbers = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    sys.unraisablehook, usual = _retry_lost_signal, sys.unraisablehook
    try:
        try:
            for number in numbers:
                signal.signal(number, _raise_once)
            yield
        finally:
            for number in numbers:
                signal.signal(number, _end_later)
    except BaseException as error:
        # A signal can cause other errors. For example, a closed terminal cannot be written to.
        deliberate = isinstance(error, SystemExit) and error.code != signal_exit_code()
        if isinstance(error, KeyboardInterrupt):
            _report()
        elif deliberate or not _State.number:
            raise
        sys.exit(signal_exit_code())
    finally:
        sys.unraisablehook = usual


def _accept(number: int) -> bool:
    """Record a signal and return True, unless it follows another one too soon."""
    now = time.monotonic()
    if _State.number and now - _State.arrival < REPEAT_INTERVAL:
        return False
    _State.number, _State.arrival = number, now
    return True


def _raise_once(number: int, frame: FrameType | None) -> None:
    if _accept(number):
        _State.pending = True
        if not _State.deferrals:
            _raise()


def _end_later(number: int, frame: FrameType | None) -> None:
    """Let a process that is already ending end by this signal. If it hangs after an earlier signal, end it at once."""
    earlier = _State.number
    if _accept(number):
        _State.exit_code = signal_exit_code()
        _end_process() if earlier else _report()


def _report() -> None:
    """Report the interrupt on the file descriptor, because it may have interrupted a write to Python's stream."""
    with contextlib.suppress(OSError):
        os.write(2, f"animopt: {INTERRUPTED}\n".encode())


def _raise() -> None:
    _State.pending = False
    raise KeyboardInterrupt if _State.number == signal.SIGINT else Terminated(signal.Signals(_State.number).name)


def _retry_lost_signal(lost: "sys.UnraisableHookArgs") -> None:
    """Send a signal again if its exception was lost because it was raised while an object was deleted."""
    if isinstance(lost.exc_value, KeyboardInterrupt) and _State.number:
        number, _State.number = _State.number, 0
        retry = threading.Timer(RETRY_DELAY, interrupt_main, [number])
        retry.daemon = True
        retry.start()
    else:
        sys.__unraisablehook__(lost)


@contextlib.contextmanager
def defer_signals() -> Iterator[None]:
    """Defer signals in this context. The exception of a signal that arrives in it is raised at the end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _State.deferrals += 1
    try:
        yield
    finally:
        _State.deferrals -= 1
        if _State.pending and not _State.deferrals:
            _raise()


def clear_signal() -> None:
    """Forget the signal that asked this process to end. The process continues, and the next signal is raised."""
    _State.number = 0


def signal_received() -> bool:
    """Return whether a signal has asked this process to end."""
    return bool(_State.number)


def signal_exit_code() -> int:
    """Return the exit code that shells use for the received signal, or for Ctrl-C if no signal was received."""
    return 128 + (_State.number or signal.SIGINT)


def exit_process(code: int) -> NoReturn:
    """Run the exit handlers and end the process with an exit code, or by the signal that was received."""
    if _State.exit_code is None:
        _State.exit_code = code
    sys.exit(code)


@atexit.register
def _end_process() -> None:
    """End the process without deleting all modules first, which takes a second for torch and matplotlib.

    Exit handlers run in reverse order. This module is imported first, so that its handler runs last.
    """
    if _State.exit_code is None:
        return
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    if _State.number and _State.exit_code == signal_exit_code() and not operating_system.WINDOWS:
        # A shell ends its loop only if the program dies of the signal itself.
        signal.signal(_State.number, signal.SIG_DFL)
        os.kill(os.getpid(), _State.number)
    os._exit(_State.exit_code)
