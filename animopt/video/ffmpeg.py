"""Runs the ffmpeg that imageio-ffmpeg provides, and ends it if it makes no progress."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Lock, Thread
from typing import IO
from weakref import finalize

import imageio_ffmpeg

from animopt.core.contexts import ContextStack
from animopt.core.errors import Error
from animopt.core.files import disk_remedy
from animopt.core.processes import defer_signals, describe_exit, enlarge_pipe, popen_options
from animopt.core.working_folder import absolute, own_folder
from animopt.video.watchdog import Watchdog, computing_time, stalled

MAX_MESSAGE_BYTES = 10_000
"""Maximum number of bytes of ffmpeg's messages that are kept."""


class Ffmpeg(ContextStack):
    """A context with an ffmpeg process, which ends with the context.

    An ffmpeg for which this process waits is ended if it makes no progress for a minute. It works in `folder`. Raises
    Error, which begins with `failure`, if it does not start.
    """

    def __init__(self, arguments: Sequence[str], failure: str, folder: Path | None = None) -> None:
        self._arguments = arguments
        self._failure = failure
        self._folder = folder
        self._fed = 0
        # Held while this process waits for ffmpeg.
        self._waiting = Lock()

    def _enter(self, stack: ExitStack) -> None:
        command = [program(), "-hide_banner", "-nostats", "-loglevel", "error", "-y", *self._arguments]
        try:
            with defer_signals():
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    cwd=self._folder,
                    **popen_options(),
                )
                # At the exit of this process, a finalizer runs even if an interrupt prevented the context from ending.
                stack.callback(finalize(self, _end, self._process))
        except OSError as error:
            if self._folder and not self._folder.is_dir():
                raise
            remedy = disk_remedy(error.strerror or "") or "; reinstall imageio-ffmpeg"
            raise Error(f"{self._failure}: {command[0]} does not start: {error.strerror}{remedy}") from error
        assert self._process.stdin
        assert self._process.stdout
        self._input, self._output = self._process.stdin, self._process.stdout
        enlarge_pipe(self._input)
        # A file for the messages would need space, which may be what ffmpeg lacks.
        self._messages = b""
        self._listener = Thread(target=self._listen, args=(self._process.stderr,), daemon=True)
        self._listener.start()
        self._watchdog = Watchdog(self._progress, lambda since: self._process.kill())
        stack.callback(self._watchdog.stop)

    def feed(self, data: bytes | memoryview) -> None:
        """Write to standard input. Raise Error with ffmpeg's message if it does not accept the data."""
        try:
            with self._waiting:
                self._input.write(data)
        except OSError as error:
            self._process.wait()
            raise self._error() from error
        self._fed += 1

    def close(self) -> None:
        """Close standard input. `finish` reports data that ffmpeg did not accept."""
        with suppress(OSError), self._waiting:
            self._input.close()

    def finish(self, maximum: int = -1) -> bytes:
        """Wait until ffmpeg has ended, and return its standard output. Raise Error if it fails.

        An output that has more than the `maximum` of bytes is cut, and ffmpeg ends with the context.
        """
        self.close()
        with self._waiting:
            answer = self._output.read(maximum)
            if len(answer) != maximum and self._process.wait():
                raise self._error()
        return answer

    def messages(self) -> str:
        """Return the first messages of an ffmpeg that has ended. It may report damage and still succeed."""
        self._listener.join()
        return self._messages.decode(errors="replace")

    def _listen(self, messages: IO[bytes]) -> None:
        """Keep the first messages of ffmpeg."""
        for line in messages:
            if len(self._messages) < MAX_MESSAGE_BYTES:
                self._messages += line

    def _progress(self) -> object:
        """Return what changes while ffmpeg computes or accepts data, or None if this process does not wait for it."""
        return (self._fed, computing_time(self._process.pid)) if self._waiting.locked() else None

    def _error(self) -> Error:
        """Return an error with the reason of a failure in one line."""
        lines = self.messages().strip().splitlines()
        # Leave out the name and the address of the part of ffmpeg that failed.
        lines = [re.sub(r"^(\[[^]]*\] ?)+", "", line) for line in lines]
        # The first line may be only a consequence of a line that has a remedy.
        reason = next((line for line in lines if disk_remedy(line)), lines[0] if lines else "")
        if since := self._watchdog.stalled_since:
            reason = stalled(self._process.pid, since)
        elif not reason:
            reason = f"it {describe_exit(self._process.returncode)}"
            reason += "" if disk_remedy(reason) else "; try again, with less if memory is short"
        return Error(f"{self._failure}: {reason}{disk_remedy(reason)}")


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError), process:
        process.kill()


def program() -> str:
    """Return the absolute path of ffmpeg, which is never in the current folder. Raise Error if none is found."""
    try:
        name = imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise Error("there is no ffmpeg; reinstall imageio-ffmpeg, or name one in IMAGEIO_FFMPEG_EXE") from error
    found = name if Path(name).name != name else shutil.which(name)
    if not found or (found != name and absolute(found).parent == own_folder()):
        raise Error(f"there is no {name} on the PATH; reinstall imageio-ffmpeg, or install ffmpeg")
    return str(absolute(found))


def file_url(path: Path) -> str:
    """Return a path as a URL, which ffmpeg takes literally even if it contains dashes, colons or blanks."""
    return f"file:{path}"
