"""Output of a command: sentences, JSON objects, or errors alone."""

import json
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from animopt.core.errors import Error, UsageError, escape_controls, escaped_json
from animopt.core.progress import Listener, listening

if TYPE_CHECKING:
    from animopt.cli.progress import ShowProgress
    from animopt.video.output import Output


@dataclass(frozen=True)
class Console:
    """Writes results to standard output, and everything else to standard error.

    If `quiet`, it writes only errors, and results as JSON. If `json`, it writes one JSON object per line instead of
    sentences.
    """

    quiet: bool = False
    json: bool = False

    def files(
        self,
        paths: Iterable[Path],
        clips: "Iterable[Output]" = (),
        seconds: float = 0.0,
        pictures: Mapping[Path, tuple[int, int]] = MappingProxyType({}),
        **more: object,
    ) -> None:
        """Print the paths of written files, or as JSON their properties and `more`.

        `clips` are the clips of `seconds` seconds among the files, and `pictures` the sizes of other pictures.
        """
        if self.json:
            from animopt.scene.batch import file_reports

            click.echo(escaped_json(more | {"files": file_reports(paths, clips, seconds, pictures)}))
        elif not self.quiet:
            for path in paths:
                # A script needs the exact name; click.echo would remove parts that look like colors.
                print(escape_controls(str(path)) if sys.stdout.isatty() else path, flush=True)

    def note(self, note: str) -> None:
        """Report progress."""
        if not self.quiet:
            self._say(note, note=note)

    def warning(self, warning: str) -> None:
        """Report a warning."""
        if not self.quiet:
            warning = " ".join(warning.split())
            self._say(f"animopt: warning: {warning}", warning=warning)

    def error(self, error: str, code: int) -> None:
        """Report the error that ends the command with an exit code."""
        error = " ".join(error.split())
        self._say(f"animopt: {error}", error=error, exit_code=code)

    def _say(self, sentence: str, **record: object) -> None:
        # If it cannot be written, as when its reader has ended, the work goes on, and the exit code tells the result.
        text = json.dumps(record) if self.json else escape_controls(sentence)
        with suppress(OSError):
            if sys.stderr is None or sys.stderr.closed:
                # By a scene that is running.
                os.write(2, f"{text}\n".encode())
                return
            # click.echo would overwrite the progress bar, which redirects only sys.stderr.
            print(text, file=sys.stderr, flush=True)

    def run(self, work: Callable[[], None]) -> None:
        """Call a function and report its Error. Each call shows its warnings again."""
        try:
            with warnings.catch_warnings():
                work()
        except Error as error:
            self.error(str(error), exit_code(error))

    @contextmanager
    def redirect_prints(self) -> Iterator[None]:
        """Redirect standard output to standard error, or discard it if quiet.

        Standard output is for results; a scene file, and programs that it starts, may print to it.
        """
        with (
            Path(os.devnull).open("w", encoding="utf-8") if self.quiet else nullcontext(sys.stderr) as stream,
            redirect_stdout(stream),
            _redirect_descriptor(1, stream.fileno() if self.quiet else 2),
        ):
            yield

    @contextmanager
    def progress(self, name: str) -> "Iterator[ShowProgress]":
        """Show the progress of a context: a bar if standard error is a terminal, and announcements of long work."""
        if self.quiet or self.json or sys.stderr.closed or not sys.stderr.isatty():
            with listening(Listener(self._announce)):
                yield lambda done, total, frames=None, work="": None
            return
        from animopt.cli.progress import progress_bar

        with progress_bar(escape_controls(name)) as show:
            listener = Listener(self._announce, lambda done, total, work: show(done, total, work=work))
            with listening(listener):
                yield show

    def _announce(self, sentence: str) -> None:
        self.note(f"animopt: {sentence}")


@contextmanager
def _redirect_descriptor(number: int, target: int) -> Iterator[None]:
    """Let a file descriptor lead to the file of another one in the context."""
    with ExitStack() as stack:
        # It may be closed in a program that calls this one.
        with suppress(OSError):
            before = os.dup(number)
            stack.callback(os.close, before)
            os.dup2(target, number)
            stack.callback(os.dup2, before, number)
        try:
            yield
        finally:
            # What was written to the stream itself also belongs to the target.
            with suppress(OSError, ValueError):
                if sys.__stdout__:
                    sys.__stdout__.flush()


def exit_code(error: Error) -> int:
    """Return the exit code for an error: 2 for wrong usage, 1 for a failure."""
    return 2 if isinstance(error, UsageError) else 1
