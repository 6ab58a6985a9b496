"""What a command says beside the paths of its files: a progress bar, warnings, errors; or next to nothing, or JSON."""

import contextlib
import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import click

from animopt.core.errors import Error, UsageError
from animopt.core.terminal_text import escape_controls, escaped_json


@dataclass(frozen=True)
class Console:
    """How a command speaks: `quiet` of errors alone, `json` in objects, one a line, in the place of sentences.

    Results go to standard output, all else to standard error.
    """

    quiet: bool = False
    json: bool = False

    def path(self, path: object) -> None:
        """Tell of a file that was written, where results are not told as JSON."""
        if not (self.quiet or self.json):
            # A script needs the very name, of which click would leave out what looks like colours.
            print(escape_controls(str(path)) if sys.stdout.isatty() else path, flush=True)

    def result(self, result: Mapping[str, Any]) -> None:
        """Tell what was done, where that is told as JSON."""
        if self.json:
            click.echo(escaped_json(result))

    def note(self, note: str) -> None:
        """Say on the way what is being done."""
        if not self.quiet:
            _say(json.dumps({"note": note}) if self.json else note)

    def warning(self, warning: str) -> None:
        """Say what the user should know."""
        if not self.quiet:
            said = _line(warning)
            _say(json.dumps({"warning": said}) if self.json else f"animopt: warning: {said}")

    def error(self, error: str, code: int) -> None:
        """Say what stopped the work, and with which exit code the command leaves."""
        said = _line(error)
        _say(json.dumps({"error": said, "exit_code": code}) if self.json else f"animopt: {said}")

    def tell(self, work: Callable[..., None], *arguments: object) -> None:
        """Do some work, and say what stopped it, where something of ours does; warnings are given each time."""
        try:
            with warnings.catch_warnings():
                work(*arguments)
        except UsageError as error:
            self.error(str(error), 2)
        except Error as error:
            self.error(str(error), 1)

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """In this context what a scene file prints goes to standard error, or nowhere."""
        with contextlib.ExitStack() as stack:
            nowhere = stack.enter_context(open(os.devnull, "w", encoding="utf-8")) if self.quiet else None  # noqa: PTH123
            stack.enter_context(contextlib.redirect_stdout(nowhere or sys.stderr))
            yield

    @contextlib.contextmanager
    def progress(self, name: str) -> Iterator[Callable[[int, int], None]]:
        """A bar with frames a second and the time left, on a terminal alone; it goes when the context ends.

        Yields what is to be told how many frames are drawn, and of how many.
        """
        if self.quiet or self.json or not sys.stderr.isatty():
            yield lambda done, total: None
            return
        from animopt.cli.progress import bar

        with bar(escape_controls(name)) as progress:
            yield progress


def _say(said: str) -> None:
    # click would write past the bar, which makes room for what goes through this stream.
    print(escape_controls(said), file=sys.stderr, flush=True)


def _line(said: str) -> str:
    return " ".join(said.split())
