"""Platform-specific code: signals that end this process, its end, and its helper processes."""

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
from typing import IO, Any, ClassVar, NoReturn

WINDOWS = sys.platform == "win32"


MAC = sys.platform == "darwin"


INTERRUPTED = "interrupted; each file is either unchanged or complete"


SIGNAL_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""Signals that end the process, if the system has them. SIGBREAK is the counterpart of SIGHUP on Windows."""


REPEAT_INTERVAL = 10.0
"""Seconds after a signal in which further signals are ignored, so that they do not interrupt the clean-up."""


RETRY_DELAY = 0.05
"""Seconds before a signal is sent again if its exception was lost."""


EXIT_TIMEOUT = 5.0
"""Timeout in seconds before this process ends without waiting for threads and processes that a scene started."""


VIEWER_TIMEOUT = 3.0
"""Seconds to wait for the viewer of a file to start."""


PIPE_BYTES = 2**20
"""Number of bytes that a large pipe holds. It is the most that Linux allows by default, 16 times the usual number."""


class Terminated(KeyboardInterrupt):
    """A signal other than that of Ctrl-C asked this process to end."""


class _State:
    """The signal that asked this process to end, how signals are handled at present, and the exit code."""

    number = 0
    arrival = 0.0
    raising = False
    pending = False
    deferrals = 0
    exit_code: int | None = None
    usual_handlers: ClassVar[dict[int, Any]] = {}


def replace_closed_streams() -> None:
    """Open the null device in place of each standard stream that is closed.

    Otherwise the next file that is opened takes the number of the stream, and messages are written into it.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        with contextlib.suppress(OSError):
            os.fstat(number)
            continue
        # A new file has the lowest number that is free.
        os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


@contextlib.contextmanager
def handle_signals() -> Iterator[None]:
    """Raise KeyboardInterrupt in this context when a signal asks the process to end.

    If a signal ended the context, SystemExit is raised with its exit code. A signal that comes later only changes the
    exit code. Signals that the process ignored before remain ignored.
    """
    sys.unraisablehook, usual = _retry_lost_signal, sys.unraisablehook
    try:
        try:
            _State.raising = True
            # A signal that this system does not have is replaced by SIGINT, which every system has.
            for number in {getattr(signal, name, signal.SIGINT) for name in SIGNAL_NAMES}:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    _State.usual_handlers[number] = signal.signal(number, _handle)
            yield
        finally:
            _State.raising = False
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


def _handle(number: int, frame: FrameType | None) -> None:
    """Handle a signal, unless it follows another one too soon.

    In the context of handle_signals, its exception is raised. After it, a process that is already ending ends by this
    signal, or at once if it hangs after an earlier signal.
    """
    earlier = _State.number
    if earlier and time.monotonic() - _State.arrival < REPEAT_INTERVAL:
        return
    _State.number, _State.arrival = number, time.monotonic()
    if _State.raising:
        _State.pending = True
        _raise_pending()
    else:
        _State.exit_code = signal_exit_code()
        _end_process() if earlier else _report()


def _release_signals() -> None:
    """Handle signals as usual in a forked process, which belongs to the scene that started it."""
    for number, usual in _State.usual_handlers.items():
        signal.signal(number, signal.SIG_DFL if usual is None else usual)
    _State.usual_handlers.clear()


# Windows has no fork.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_release_signals)


def _report() -> None:
    """Report the interrupt on the file descriptor, because it may have interrupted a write to Python's stream."""
    with contextlib.suppress(OSError):
        os.write(2, f"animopt: {INTERRUPTED}\n".encode())


def _raise_pending() -> None:
    """Raise the exception of a signal that is pending and not deferred."""
    if _State.pending and not _State.deferrals:
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
        _raise_pending()


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
    # Python waits for other threads and processes, and runs exit handlers of the scene.
    timer = threading.Timer(EXIT_TIMEOUT, _end_process)
    timer.daemon = True
    timer.start()
    sys.exit(code)


@contextlib.contextmanager
def hard_exit_refused() -> Iterator[None]:
    """Let `os._exit` raise RuntimeError in this thread, so that a scene cannot end the command as if it succeeded."""
    replaced: Any = os
    exit_now, own = os._exit, (os.getpid(), threading.get_ident())

    def refuse(status: int) -> None:
        # A child process ends this way.
        if (os.getpid(), threading.get_ident()) != own:
            exit_now(status)
        # An exit handler of the scene must not change the exit code.
        if replaced._exit is refuse:
            raise RuntimeError(f"os._exit({status}) would end animopt; leave it out")

    replaced._exit = refuse
    try:
        yield
    finally:
        os._exit = exit_now


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
    if _State.number and _State.exit_code == signal_exit_code() and not WINDOWS:
        # A shell ends its loop only if the program dies of the signal itself. Only the main thread can do that.
        with contextlib.suppress(ValueError):
            signal.signal(_State.number, signal.SIG_DFL)
            os.kill(os.getpid(), _State.number)
    os._exit(_State.exit_code)


def popen_options() -> dict[str, Any]:
    """Return options for subprocess.Popen that keep Ctrl-C from the helper, which this process ends itself."""
    # On Windows this is subprocess.CREATE_NEW_PROCESS_GROUP, which other systems do not have.
    return {"creationflags": 0x200} if WINDOWS else {"process_group": 0}


def enlarge_pipe(pipe: IO[bytes]) -> None:
    """Let a pipe hold as much as the system allows without privileges, so that its ends wait less for each other.

    Only Linux can. A process that has many large pipes keeps a small one.
    """
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def describe_exit(code: int) -> str:
    """Describe how a process ended, from its exit code."""
    if code >= 0:
        return f"ended with exit code {code}"
    names = {each.value: each.name for each in signal.Signals}
    return f"was ended by {names.get(-code, f'signal {-code}')}"


def available_processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def is_alive(number: int, since: float) -> bool:
    """Return whether the process that had an id at a time, in seconds since 1970, still runs."""
    import psutil

    try:
        process = psutil.Process(number)
        # Ids are reused.
        return process.create_time() <= since and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error as error:
        return not isinstance(error, psutil.NoSuchProcess)


def machine_id() -> str:
    """Return eight digits that identify this machine among others with the same folder, without its name.

    Containers, and Linux within Windows, count as machines of their own, because they number their processes
    separately.
    """
    # Imported here so that the list of the scenes does not need them.
    import hashlib
    import platform

    linux = []
    with contextlib.suppress(OSError):
        linux.append(str(Path("/proc/self/ns/pid").readlink()))
    # Many machines have the name "localhost".
    with contextlib.suppress(OSError):
        linux.append(Path("/etc/machine-id").read_text("ascii").strip())
    return hashlib.sha256(" ".join([platform.node(), sys.platform, *linux]).encode()).hexdigest()[:8]


def is_plain_word(word: str) -> bool:
    """Return whether every shell reads a word literally, and no program reads it as an option."""
    return bool(re.fullmatch(r"[\w./][\w./+-]*", word))


def shell_command(words: Sequence[str | Path]) -> str:
    """Quote words for the system's shells. A path is written so that no program reads it as an option."""
    texts = [f"./{word}" if isinstance(word, Path) and str(word)[0] == "-" else str(word) for word in words]
    return " ".join(map(_quoted_for_windows, texts)) if WINDOWS else shlex.join(texts)


def _quoted_for_windows(word: str) -> str:
    """Quote a word so that neither cmd nor PowerShell runs a part of it."""
    if re.fullmatch(r"[\w./+:\\-]+", word):
        return word
    # A program reads two backslashes before a quotation mark as one. PowerShell reads a backtick as an escape.
    word = re.sub(r'(\\+)(?="|$)', r"\1\1", word).replace('"', '""')
    return '"' + re.sub(r"([$`“”„])", r"`\1", word) + '"'


def open_file(path: Path) -> bool:
    """Show a file in the system's viewer without waiting for its end. Return whether there is a viewer."""
    file = str(path.resolve())
    if WINDOWS or MAC:
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
        return opener.wait(VIEWER_TIMEOUT) == 0
    except subprocess.TimeoutExpired:
        return True
    except OSError:
        return False
