"""The command line: every scene, and the other commands."""

import codecs
import contextlib
import errno
import io
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

from animopt.cli.commands import COMMANDS
from animopt.cli.completion import files
from animopt.cli.console import Console
from animopt.cli.options import Context
from animopt.cli.render_command import SceneCommand
from animopt.core.errors import Error, UsageError, first_line
from animopt.core.signals import INTERRUPTED, signal_exit_code, signal_received
from animopt.core.terminal_text import encode_exactly, escape_controls
from animopt.scene import catalog

DEBUG = click.Option(["--debug"], is_flag=True, expose_value=False, help="Show where in the code an error arose.")
"""An option of every command; it is looked for in the words of the command line, for an error may come before."""


class Animopt(click.Group):
    """A command for every scene that is found, and for every scene file that is named."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the scenes, and of what else there is."""
        return [*catalog.scenes(COMMANDS), *COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name, or a scene's by its name or its file. Raises UsageError where there is none."""
        try:
            command = COMMANDS.get(cmd_name) or SceneCommand(catalog.find(cmd_name, COMMANDS))
        except UsageError:
            # A shell that completes a line wants no complaint about it.
            if ctx.resilient_parsing:
                return None
            raise
        if DEBUG not in command.params:
            command.params.append(DEBUG)
        return command

    def make_context(self, *given: Any, **named: Any) -> click.Context:
        """Read the words of the command line; an interrupt is a click.Abort."""
        with _aborting():
            return super().make_context(*given, **named)

    def invoke(self, ctx: click.Context) -> Any:
        """Do what was asked for; an interrupt is a click.Abort."""
        with _aborting():
            return super().invoke(ctx)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """What begins so: scenes, other commands and options, or else scene files."""
        found = super().shell_complete(ctx, incomplete)
        for item in found:
            item.help = item.help and escape_controls(item.help)
        return [item for item in found if item.value == escape_controls(item.value)] or files(incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Every scene and every other command, with one line about each."""
        told = {name: catalog.description(path).partition("\n")[0] for name, path in catalog.scenes(COMMANDS).items()}
        for title, rows in (
            ("Scenes", told),
            ("Other commands", {name: command.get_short_help_str(80) for name, command in COMMANDS.items()}),
        ):
            if rows:
                with formatter.section(title):
                    formatter.write_dl(list(rows.items()))


@contextlib.contextmanager
def _aborting() -> Iterator[None]:
    """Let an interrupt be a click.Abort; click itself would begin a new line, wherever that goes."""
    try:
        yield
    except KeyboardInterrupt as error:
        with contextlib.suppress(OSError):
            click.echo(nl=sys.stderr.isatty(), err=True)
        raise click.Abort from error


@click.group(
    cls=Animopt,
    commands=COMMANDS,
    params=[DEBUG],
    invoke_without_command=True,
    subcommand_metavar="SCENE [OPTIONS]",
    help="Render a scene: optimizers racing on a surface, as GIF and MP4. SCENE is one of those below, or the path "
    "of a scene file; `animopt SCENE --help` tells what it shows.",
)
@click.version_option(package_name="animopt")
@click.pass_context
def animopt(context: click.Context) -> None:
    """List the scenes where none is named."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; leave with 0, with 2 where it was misused, with 1 where the work failed."""
    # A console or a pipe that lacks a letter, as on Windows, shows a question mark for it.
    codecs.register_error("animopt.exact", encode_exactly)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="animopt.exact")
    # Also where the command is not understood, and nothing but its words tells how to speak.
    words = sys.argv[1:] if arguments is None else arguments
    voice = Console(quiet="--quiet" in words, json="--json" in words)
    warnings.showwarning = lambda message, *_, **__: voice.warning(str(message))
    try:
        code = animopt.main(arguments, prog_name="animopt", standalone_mode=False) or 0
        # What cannot be written at the end would be told by nobody.
        sys.stdout.flush()
        if signal_received():
            # What it met may have swallowed it.
            raise KeyboardInterrupt
        sys.exit(code)
    except (Exception, click.Abort, KeyboardInterrupt) as error:
        if "--debug" in words:
            print(escape_controls("".join(traceback.format_exception(error)), keep="\n"), end="", file=sys.stderr)
        message, code = _told(error)
    try:
        sys.stdout.flush()
    except OSError:
        # Python would try once more at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if message:
        voice.error(message, code)
    sys.exit(code)


def _told(error: BaseException) -> tuple[str, int]:
    """What is said of an exception, and the exit code."""
    # An interrupt can show as something else that it brought about.
    if signal_received() or isinstance(error, (click.Abort, KeyboardInterrupt)):
        return INTERRUPTED, signal_exit_code()
    match error:
        case click.ClickException():
            return error.format_message(), error.exit_code
        case UsageError():
            return str(error), 2
        case Error():
            return str(error), 1
        case BrokenPipeError():
            # Whoever reads has enough; click too ends so.
            return "", 1
        case MemoryError():
            return "there is not enough memory; use a smaller --size, fewer --workers or fewer steps", 1
        case OSError() if error.errno == errno.ENOSPC:
            return f"{error.strerror}; free some space, or write elsewhere", 1
    said = f"{type(error).__name__}: {first_line(error)}"
    return f"{said}; this is a fault of animopt's own: please report what the same with --debug says", 1
