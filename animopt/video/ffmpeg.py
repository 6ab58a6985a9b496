"""Runs the ffmpeg that imageio-ffmpeg provides, and ends it if it makes no progress."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from weakref import finalize

import imageio_ffmpeg
import psutil

from animopt.core.contexts import ContextStack
from animopt.core.errors import Error
from animopt.core.files import disk_remedy
from animopt.core.processes import defer_signals, describe_exit, popen_options

CHECK_INTERVAL = 1.0
"""Seconds between two progress checks of ffmpeg."""

MAX_STALLED_CHECKS = 60
"""Number of consecutive checks without progress after which ffmpeg is ended."""


class FfmpegError(Error):
    """ffmpeg does not start, or fails."""


class Ffmpeg(ContextStack):
    """A context with an ffmpeg process, which ends with the context.

    An ffmpeg for which this process waits is ended if it makes no progress for a minute. It works in `folder`. With
    `answers`, `finish` returns its standard output. Raises FfmpegError if it does not start.
    """

    def __init__(self, arguments: Sequence[str], folder: Path | None = None, *, answers: bool = False) -> None:
        self._arguments = arguments
        self._folder = folder
        self._answers = answers
        self._fed = 0
        self._waiting = self._stalled = False
        self._ended = Event()

    def _enter(self, stack: ExitStack) -> None:
        command = [program(), "-hide_banner", "-nostats", "-loglevel", "error", "-y"]
        # ruff does not see that the stack closes the file.
        self._messages = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        try:
            with defer_signals():
                self._process = subprocess.Popen(
                    [*command, *self._arguments],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE if self._answers else subprocess.DEVNULL,
                    stderr=self._messages,
                    cwd=self._folder,
                    **popen_options(),
                )
                # At the exit of this process, a finalizer runs even if an interrupt prevented the context from ending.
                stack.callback(finalize(self, _end, self._process, self._ended))
        except OSError as error:
            if self._folder and not self._folder.is_dir():
                raise
            message = f"{command[0]} does not start: {error.strerror}; reinstall imageio-ffmpeg"
            raise FfmpegError(message) from error
        assert self._process.stdin
        self._input = self._process.stdin
        Thread(target=self._watch, daemon=True).start()

    def feed(self, data: bytes | memoryview) -> None:
        """Write to standard input. Raise FfmpegError with ffmpeg's message if it does not accept the data."""
        try:
            with self._watched():
                self._input.write(data)
        except OSError as error:
            self._process.wait()
            raise FfmpegError(self._message()) from error
        self._fed += 1

    def close(self) -> None:
        """Close standard input. `finish` reports data that ffmpeg did not accept."""
        with suppress(OSError), self._watched():
            self._input.close()

    def finish(self) -> bytes:
        """Wait until ffmpeg has ended, and return its standard output. Raise FfmpegError if it fails."""
        self.close()
        with self._watched():
            answer = self._process.stdout.read() if self._process.stdout else b""
            if self._process.wait():
                raise FfmpegError(self._message())
        return answer

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """End ffmpeg if it makes no progress in this context."""
        self._waiting = True
        try:
            yield
        finally:
            self._waiting = False

    def _watch(self) -> None:
        before: object = None
        stalled = 0
        # Checks are counted instead of seconds, because a suspended machine makes no progress either.
        while not self._ended.wait(CHECK_INTERVAL):
            now = self._progress() if self._waiting else None
            stalled = stalled + 1 if now is not None and now == before else 0
            before = now
            if stalled >= MAX_STALLED_CHECKS:
                self._stalled = True
                self._process.kill()
                return

    def _progress(self) -> object:
        """Return a value that changes while ffmpeg computes or accepts data."""
        try:
            times = psutil.Process(self._process.pid).cpu_times()
        except psutil.Error:
            return None
        return times.user, times.system, self._fed

    def _message(self) -> str:
        """Return the reason of a failure in one line."""
        if self._stalled:
            return "it made no progress and was ended; check whether something stopped it, and try again"
        self._messages.seek(0)
        lines = self._messages.read().decode(errors="replace").strip().splitlines()
        # Leave out the name and the address of the part of ffmpeg that failed.
        lines = [re.sub(r"^(\[[^]]*\] ?)+", "", line) for line in lines]
        # The first line may be only a consequence of a line that has a remedy.
        message = next((line for line in lines if disk_remedy(line)), lines[0] if lines else "")
        if message:
            return f"{message}{disk_remedy(message)}"
        return f"it {describe_exit(self._process.returncode)}; try again, with less if memory is short"


def _end(process: subprocess.Popen[bytes], ended: Event) -> None:
    ended.set()
    process.kill()
    for stream in filter(None, (process.stdin, process.stdout)):
        with suppress(OSError):
            stream.close()
    process.wait()


def program() -> str:
    """Return the absolute path of ffmpeg, which is never in the current folder. Raise FfmpegError if none is found."""
    try:
        name = imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise FfmpegError("there is no ffmpeg; reinstall imageio-ffmpeg, or name one in IMAGEIO_FFMPEG_EXE") from error
    found = name if Path(name).name != name else shutil.which(name)
    if not found or (found != name and Path(found).absolute().parent == Path.cwd()):
        raise FfmpegError(f"there is no {name} on the PATH; reinstall imageio-ffmpeg, or install ffmpeg")
    return str(Path(found).absolute())


def file_url(path: Path) -> str:
    """Return a path as a URL, which ffmpeg takes literally even if it contains dashes, colons or blanks."""
    return f"file:{path}"


def count_frames(path: Path, folder: Path) -> int:
    """Decode all frames of a clip, and return their number.

    `path`, in relation to `folder`, may be a pattern such as frame-%04d.png. Raises FfmpegError if decoding fails.
    """
    arguments = ["-xerror", "-err_detect", "explode", "-i", file_url(path), "-map", "0:v:0", "-fps_mode", "passthrough"]
    with Ffmpeg([*arguments, "-progress", "pipe:1", "-f", "null", "-"], folder, answers=True) as decoder:
        counts = re.findall(rb"^frame=\s*(\d+)", decoder.finish(), re.MULTILINE)
    return int(counts[-1]) if counts else 0
