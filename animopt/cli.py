"""The command line: every scene, and the other commands."""

import codecs
import io
import sys
import warnings
from collections.abc import Sequence

import click
from click.shell_completion import CompletionItem

from animopt import catalogue
from animopt.commands import COMMANDS
from animopt.completion import files
from animopt.errors import Error, UsageError
from animopt.options import Context
from animopt.printable import exact, printable
from animopt.rendering import SceneCommand
from animopt.voice import Voice


class Animopt(click.Group):
    """A command for every scene that is found, and for every scene file that is named."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the scenes, and of what else there is."""
        return [*catalogue.scenes(), *COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name, or a scene's by its name or its file. Raises UsageError where there is none."""
        if cmd_name in COMMANDS:
            return COMMANDS[cmd_name]
        try:
            return SceneCommand(catalogue.find(cmd_name, COMMANDS))
        except UsageError:
            # A shell that completes a line wants no complaint about it.
            if ctx.resilient_parsing:
                return None
            raise

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """What begins so: scenes, other commands and options, or else scene files."""
        found = super().shell_complete(ctx, incomplete)
        for item in found:
            item.help = item.help and printable(item.help)
        return [item for item in found if item.value == printable(item.value)] or files(incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Every scene and every other command, with one line about each."""
        told = {name: catalogue.description(path).partition("\n")[0] for name, path in catalogue.scenes().items()}
        for title, rows in (
            ("Scenes", told),
            ("Other commands", {name: command.get_short_help_str(80) for name, command in COMMANDS.items()}),
        ):
            if rows:
                with formatter.section(title):
                    formatter.write_dl(list(rows.items()))


@click.group(
    cls=Animopt,
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
    codecs.register_error("animopt.exact", exact)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="animopt.exact")
    # Also where the command is not understood, and nothing but its words tells how to speak.
    words = sys.argv[1:] if arguments is None else arguments
    voice = Voice(quiet="--quiet" in words, json="--json" in words)
    warnings.showwarning = lambda message, *_, **__: voice.warning(str(message))
    try:
        sys.exit(animopt.main(arguments, prog_name="animopt", standalone_mode=False))
    except click.ClickException as error:
        message, code = error.format_message(), error.exit_code
    except UsageError as error:
        message, code = str(error), 2
    except Error as error:
        message, code = str(error), 1
    except (click.Abort, KeyboardInterrupt):
        message, code = "interrupted; nothing was replaced", 130
    voice.error(message, code)
    sys.exit(code)
