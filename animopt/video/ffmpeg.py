"""The ffmpeg that imageio-ffmpeg brings, at work; it is ended where it stands still."""

import atexit
import contextlib
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import imageio_ffmpeg
import psutil

from animopt.core.atomic_files import disk_remedy
from animopt.core.context_stack import ContextStack
from animopt.core.errors import Error
from animopt.core.processes import describe_exit, popen_options
from animopt.core.signals import defer_signals

STILL = 60
"""After so many looks at an ffmpeg that is waited for, and does nothing, it is ended."""

EVERY = 1.0
"""Seconds between two looks."""

_RUNNING: "set[Ffmpeg]" = set()
"""Those that this process has not seen the end of."""


class FfmpegError(Error):
    """An ffmpeg does not start, or does not do its work."""


class Ffmpeg(ContextStack):
    """An ffmpeg with its standard input and output; a context which it does not outlive.

    It is watched while it is waited for: where it neither computes nor takes what it is given, for a minute, it is
    ended. It works in a `folder`. With `answers`, what it writes to its standard output is kept.
    Raises FfmpegError where it does not start.
    """

    def __init__(self, arguments: Sequence[str], folder: Path | None = None, *, answers: bool = False) -> None:
        self._arguments = arguments
        self._folder = folder
        self._answers = answers
        self._fed = 0
        self._waited_for = False
        self._stood_still = False
        self._done = threading.Event()

    def _enter(self, stack: ExitStack) -> None:
        command = [program(), "-hide_banner", "-nostats", "-loglevel", "error", "-y"]
        # ruff does not see that the stack closes the file.
        self._complaints = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        output = subprocess.PIPE if self._answers else subprocess.DEVNULL
        try:
            with defer_signals():
                self._process = subprocess.Popen(
                    [*command, *self._arguments],
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=self._complaints,
                    cwd=self._folder,
                    **popen_options(),
                )
                _RUNNING.add(self)
                stack.callback(self._end)
        except OSError as error:
            if self._folder and not self._folder.is_dir():
                raise
            said = f"{command[0]} does not start: {error.strerror}; reinstall imageio-ffmpeg"
            raise FfmpegError(said) from error
        watch = threading.Thread(target=self._watch, daemon=True)
        watch.start()

    def feed(self, data: bytes | memoryview) -> None:
        """Write to its standard input. Raises FfmpegError where it does not take it, with what it says."""
        assert self._process.stdin is not None
        try:
            with self._waiting():
                self._process.stdin.write(data)
        except OSError as error:
            self._process.wait()
            raise FfmpegError(self._complaint()) from error
        self._fed += 1

    def close(self) -> None:
        """Let it know that no more is coming. What it has not taken shows when it is finished."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError), self._waiting():
            self._process.stdin.close()

    def finish(self) -> bytes:
        """Wait for its end; its answer. Raises FfmpegError where it fails, with what it says."""
        self.close()
        with self._waiting():
            answer = self._process.stdout.read() if self._process.stdout else b""
            if self._process.wait():
                raise FfmpegError(self._complaint())
        return answer

    @contextlib.contextmanager
    def _waiting(self) -> Iterator[None]:
        self._waited_for = True
        try:
            yield
        finally:
            self._waited_for = False

    def _watch(self) -> None:
        """End the process after it has stood still for too long while it was waited for."""
        seen: object = None
        still = 0
        # Looks are counted, not seconds: a machine that was asleep has not waited.
        while not self._done.wait(EVERY):
            now = self._signs() if self._waited_for else None
            still = still + 1 if now is not None and now == seen else 0
            seen = now
            if still >= STILL:
                self._stood_still = True
                self._process.kill()
                return

    def _signs(self) -> object:
        """What changes while the process does anything."""
        try:
            times = psutil.Process(self._process.pid).cpu_times()
        except psutil.Error:
            return None
        return times.user, times.system, self._fed

    def _end(self) -> None:
        self._done.set()
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()
        self._process.wait()
        _RUNNING.discard(self)

    def _complaint(self) -> str:
        """What it says of its failure, in one line."""
        if self._stood_still:
            return "it stood still and was ended; look whether something stopped it, and try again"
        self._complaints.seek(0)
        said = self._complaints.read().decode(errors="replace").strip().splitlines()
        # Who of ffmpeg's parts says it, and where that lies in the memory, is of no use to anyone.
        lines = [re.sub(r"^(\[[^]]*\] ?)+", "", line) for line in said]
        # The first line may be but a consequence of the one that tells what to do.
        telling = next((line for line in lines if disk_remedy(line)), lines[0] if lines else "")
        if telling:
            return f"{telling}{disk_remedy(telling)}"
        return f"it {describe_exit(self._process.returncode)}; try again, with less if memory is short"


@atexit.register
def _end_all() -> None:
    """End what an interrupt left that came between two steps of an interpreter."""
    for each in list(_RUNNING):
        each._end()


def program() -> str:
    """The absolute path of ffmpeg, never of one that merely lies in the current folder.

    Raises FfmpegError where there is none.
    """
    try:
        named = imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise FfmpegError("there is no ffmpeg; reinstall imageio-ffmpeg, or name one in IMAGEIO_FFMPEG_EXE") from error
    found = named if Path(named).name != named else shutil.which(named)
    if not found or (found != named and Path(found).absolute().parent == Path.cwd()):
        raise FfmpegError(f"there is no {named} on the PATH; reinstall imageio-ffmpeg, or install ffmpeg")
    return str(Path(found).absolute())


def file_url(path: Path) -> str:
    """A path as ffmpeg takes it literally, whatever dashes, colons or blanks it has."""
    return f"file:{path}"


def count_frames(path: Path, folder: Path) -> int:
    """How many frames a clip has, each of which is decoded; `path`, from a folder, may have the %04d of a series.

    Raises FfmpegError where one cannot be.
    """
    taken = ["-xerror", "-err_detect", "explode", "-i", file_url(path), "-map", "0:v:0", "-fps_mode", "passthrough"]
    with Ffmpeg([*taken, "-progress", "pipe:1", "-f", "null", "-"], folder, answers=True) as decoder:
        counts = re.findall(rb"^frame=\s*(\d+)", decoder.finish(), re.MULTILINE)
    return int(counts[-1]) if counts else 0
