"""The command line: a command for each scene, and the other commands."""

import codecs
import errno
import io
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence

import click
from click.shell_completion import CompletionItem

from animopt.cli.commands import COMMANDS
from animopt.cli.console import Console, exit_code
from animopt.cli.options import Context
from animopt.cli.scene_commands import SceneCommand
from animopt.core.errors import Error, UsageError, encode_exactly, escape_controls, first_line
from animopt.core.files import disk_remedy
from animopt.core.processes import INTERRUPTED, hard_exit_refused, is_plain_word, signal_exit_code, signal_received
from animopt.core.working_folder import has_working_folder, kept_folder
from animopt.scene import catalog

DEBUG = click.Option(["--debug"], is_flag=True, expose_value=False, help="Show the traceback of an error.")
"""An option of every command. main() looks for it itself, because an error may come before click reads the options."""


SIMILAR_OPTIONS = {
    "--duration": ["--seconds"],
    "--language": ["--lang"],
    "--out": ["--output"],
    "--preview": ["--draft", "--open"],
    "--show": ["--open"],
}
"""Options that other programs have, and the ones of animopt that do the same."""


class Animopt(click.Group):
    """The group of all commands: one for each scene of the catalog or scene file, and the other ones."""

    context_class = Context

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command with a name, or one that renders a scene, given by name or file. Raises UsageError."""
        try:
            command = self.commands.get(cmd_name) or SceneCommand(catalog.find(cmd_name, self.commands))
        except UsageError:
            # Shell completion must not print errors.
            if ctx.resilient_parsing:
                return None
            raise
        if DEBUG not in command.params:
            command.params.append(DEBUG)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return scenes, other commands and options that start with the text, otherwise files."""
        items = [
            *(CompletionItem(name, help=escape_controls(text)) for name, text in self._summaries(incomplete)),
            *click.Command.shell_complete(self, ctx, incomplete),
        ]
        return items or [CompletionItem(incomplete, type="file")]

    def _summaries(self, start: str) -> Iterator[tuple[str, str]]:
        """Yield the scenes and the other commands that start with a text, each with a one-line description.

        bash inserts a name without quotes, and would run parts of it, so only names that need none are completed.
        """
        scenes = catalog.scenes(self.commands)
        for name in (*scenes, *self.commands):
            if name.startswith(start) and is_plain_word(name):
                path = scenes.get(name)
                yield name, catalog.summary(path) if path else self.commands[name].get_short_help_str()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write every scene and every other command with a one-line description."""
        scenes, lectures = (
            [(name, catalog.summary(path)) for name, path in found.items()]
            for found in (catalog.scenes(self.commands), catalog.lectures())
        )
        commands = [(name, command.get_short_help_str(80)) for name, command in self.commands.items()]
        for title, rows in (("Scenes", scenes), ("Lectures", lectures), ("Other commands", commands)):
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


@click.group(
    cls=Animopt,
    commands=COMMANDS,
    params=[DEBUG],
    invoke_without_command=True,
    subcommand_metavar="SCENE [OPTIONS]",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="animopt")
@click.pass_context
def animopt(context: click.Context) -> None:
    """Render a scene, optimizers racing on a surface, as GIF and MP4.

    SCENE is the name of a scene below or the path of a scene file. `animopt SCENE --help` describes the scene and lists
    the options.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with code 0, 2 for wrong usage, or 1 for a failure."""
    # Replace letters that a console or a pipe cannot encode, as on Windows.
    codecs.register_error("animopt.exact", encode_exactly)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="animopt.exact")
    # Errors in the command line itself also obey these options.
    words = sys.argv[1:] if arguments is None else arguments
    console = Console(quiet="--quiet" in words, json="--json" in words)
    warnings.showwarning = lambda message, *_, **__: console.warning(str(message))
    try:
        with hard_exit_refused(), kept_folder():
            code = animopt.main(arguments, prog_name="animopt", standalone_mode=False) or 0
        # Flush here, because an error at interpreter exit is not reported.
        sys.stdout.flush()
        if signal_received():
            # Some library may have swallowed the interrupt.
            raise KeyboardInterrupt
        sys.exit(code)
    except (Exception, click.Abort, KeyboardInterrupt) as error:
        if "--debug" in words:
            print(escape_controls("".join(traceback.format_exception(error)), keep="\n"), end="", file=sys.stderr)
        message, code = _message_and_code(error)
    try:
        sys.stdout.flush()
    except OSError:
        # Otherwise Python flushes again at exit, and prints an error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if message:
        console.error(message, code)
    sys.exit(code)


def _similar_options(error: click.NoSuchOption) -> list[str]:
    """Return the options of the command that do what a missing one does in other programs."""
    known = [option for each in error.ctx.command.params for option in each.opts] if error.ctx else []
    return [option for option in SIMILAR_OPTIONS.get(error.option_name, ()) if option in known]


def _message_and_code(error: BaseException) -> tuple[str, int]:
    """Return the message for an exception, and the exit code."""
    # An interrupt may cause another exception.
    if signal_received() or isinstance(error, (click.Abort, KeyboardInterrupt)):
        return INTERRUPTED, signal_exit_code()
    match error:
        case click.NoSuchOption() if similar := _similar_options(error):
            return f"no such option: {error.option_name}; use {' and '.join(similar)}", error.exit_code
        case click.ClickException():
            return error.format_message(), error.exit_code
        case Error():
            return str(error), exit_code(error)
        case BrokenPipeError():
            # The reader of standard output has ended.
            return "", 1
        case MemoryError():
            return "there is not enough memory; use a smaller --size, fewer --workers or fewer steps", 1
        case Warning():
            # The user made warnings errors.
            return f"{first_line(error)}; to go on after warnings, leave out the filter that makes them errors", 1
        case FileNotFoundError() if not has_working_folder():
            return "the folder that you are in is gone; change to another one", 1
        case OSError() if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMFILE, errno.ENFILE):
            return f"{error.strerror}{disk_remedy(os.strerror(error.errno))}", 1
    return (
        f"{type(error).__name__}: {first_line(error)}; this is a bug in animopt: please report the output of the same "
        "command with --debug"
    ), 1
