"""Texts spoken by a program of the user, each once."""

import errno
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NoReturn

from animopt.core.errors import Error, UsageError, escape_controls
from animopt.core.files import temporary_folder
from animopt.core.processes import WINDOWS, defer_signals, describe_exit, popen_options
from animopt.core.working_folder import absolute, own_folder
from animopt.lecture.cache import Cache
from animopt.lecture.voice import load_voice
from animopt.video.watchdog import Watchdog, computing_time, descendants, kill_tree, stalled

MAX_SECONDS = 900.0
"""Timeout in seconds for the speech of one text."""

MAX_MESSAGE_BYTES = 4000
"""Maximum number of bytes at the end of the program's messages that are read."""

_EXAMPLE = "as piper --output_file {out}"

_SHELL_WORDS = {"|", ">", "<", "&&", "||", ";", "&"}
"""Words by which a command would use a shell."""


def speak(command: str, text: str, lang: str, cache: Cache) -> Path:
    """Return an audio file in which a program of the user speaks a text. The program runs once for each text.

    The program gets the text in one line on its standard input, in UTF-8, or in place of `{text}` in the command. It
    writes the file `{out}`. `{lang}` is the language. No shell runs the command. Raises UsageError if the command
    cannot be read, and Error if the program fails.
    """
    words = split_command(command)
    if not any("{out}" in word for word in words):
        raise UsageError(f"speech {command!r}: lacks {{out}}, the file that the program writes; add it, {_EXAMPLE}")
    if shell := next((word for word in words if word in _SHELL_WORDS), ""):
        raise UsageError(f"speech {command!r}: {shell!r} needs a shell, and none runs it; write a script and name that")
    # A program may read a second line as a second text.
    text = " ".join(text.split())

    def make(path: Path) -> None:
        with temporary_folder() as folder:
            out = folder / "speech.wav"
            _Speech(words, folder, out).run(text, lang)
            # The cache must not keep a file that is no voice.
            try:
                load_voice(out, cache, f"speech {words[0]!r}: its file")
            except UsageError as error:
                problem, _, _ = str(error).rpartition(";")
                raise Error(f"{problem}; correct the command") from error
            shutil.move(out, path)

    return cache.file(["speech", command, text, lang], ".wav", make)


def split_command(command: str) -> list[str]:
    """Return the words of a command, of which quoted ones may contain blanks. On Windows a backslash is a letter."""
    lexer = shlex.shlex(command, posix=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    if WINDOWS:
        lexer.escape, lexer.quotes = "", '"'
    try:
        words = list(lexer)
    except ValueError as error:
        raise UsageError(f"speech {command!r}: {str(error).lower()}; write the command as in a shell") from error
    if not words:
        raise UsageError(f"speech {command!r}: names no program; give a command, {_EXAMPLE}")
    return words


class _Speech:
    """One run of the program, with its input and its messages as files in a folder.

    Unlike pipes, files do not block a program that reads or writes in its own way, or that leaves others running.
    """

    def __init__(self, words: Sequence[str], folder: Path, out: Path) -> None:
        self._words = words
        self._folder = folder
        self._out = out
        self._failure = f"speech {words[0]!r}"

    def run(self, text: str, lang: str) -> None:
        """Run the program for a text. Raise Error if it fails, does not end, or writes no file."""
        fields = {"text": text, "lang": lang, "out": str(self._out)}
        # At once, because a text may contain the name of another field.
        words = [re.sub(r"\{(text|lang|out)\}", lambda found: fields[found[1]], word) for word in self._words[1:]]
        is_argument = any("{text}" in word for word in self._words)
        (self._folder / "text").write_bytes(b"" if is_argument else f"{text}\n".encode())
        with ExitStack() as stack:
            process = self._start(words, stack)
            watchdog = Watchdog(lambda: self._progress(process), lambda since: kill_tree(process.pid))
            stack.callback(watchdog.stop)
            try:
                code = process.wait(MAX_SECONDS)
            except subprocess.TimeoutExpired:
                self._fail(f"did not end within {MAX_SECONDS:g} seconds", "split the text, or use a faster program")
        if watchdog.stalled_since:
            raise Error(f"{self._failure}: {stalled(process.pid, watchdog.stalled_since)}")
        if code:
            self._fail(describe_exit(code), "correct the command")
        if not self._out.is_file() or not self._out.stat().st_size:
            self._fail("wrote nothing to {out}", "check how the program takes the name of its file")

    def _start(self, words: Sequence[str], stack: ExitStack) -> subprocess.Popen[bytes]:
        """Start the program, which ends with the context, also if Ctrl-C ends it."""
        streams = [stack.enter_context((self._folder / name).open(mode)) for name, mode in _STREAMS]
        try:
            with defer_signals():
                process = subprocess.Popen(
                    [self._program(), *words],
                    stdin=streams[0],
                    stdout=streams[1],
                    stderr=streams[2],
                    cwd=own_folder(),
                    # On Windows, Python programs read standard input in another encoding by default.
                    env=os.environ | {"PYTHONUTF8": "1"},
                    **popen_options(),
                )
                stack.callback(_end, process)
        except OSError as error:
            remedy = "check that it is a program for this system"
            if error.errno == errno.E2BIG:
                remedy = "leave out {text}, and let the program read its standard input"
            raise Error(f"{self._failure}: does not start: {error.strerror}; {remedy}") from error
        return process

    def _program(self) -> str:
        """Return the path of the program: that of a file, or of one on the PATH. Raise UsageError if there is none."""
        name = self._words[0]
        file = str(absolute(name)) if Path(name).name != name else ""
        found = shutil.which(file or name)
        if not found:
            problem = "there is no such program; install it, or give its path"
            if file and Path(file).exists():
                problem = "is no program; make the file executable, or write the program that runs it in front of it"
            raise UsageError(f"{self._failure}: {problem}")
        return str(absolute(found))

    def _progress(self, process: subprocess.Popen[bytes]) -> object:
        """Return what changes while the program or those that it started compute or write."""
        size = 0
        with suppress(OSError):
            size = self._out.stat().st_size
        return size, [computing_time(each) for each in (process.pid, *descendants(process.pid))]

    def _fail(self, problem: str, remedy: str) -> NoReturn:
        """Raise an error with the last line of the program's messages."""
        lines = [line for name in ("messages", "output") for line in self._last_lines(name)[-1:]]
        raise Error(f"{self._failure}: {problem}{f': {lines[0]}' if lines else ''}; {remedy}")

    def _last_lines(self, name: str) -> list[str]:
        text = (self._folder / name).read_bytes()[-MAX_MESSAGE_BYTES:].decode(errors="replace")
        return [" ".join(escape_controls(line).split()) for line in text.splitlines() if line.strip()]


_STREAMS = ("text", "rb"), ("output", "wb"), ("messages", "wb")
"""Files of standard input, standard output and standard error, each with its mode."""


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a program that has not ended, and those that it started."""
    if process.poll() is None:
        kill_tree(process.pid)
        with suppress(OSError):
            process.wait()
