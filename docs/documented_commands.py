"""Commands of animopt for the page docs/reference/command-line.md."""

import click

from animopt.cli.commands import COMMANDS
from animopt.cli.options import Context
from animopt.cli.scene_commands import SceneCommand
from animopt.scene import catalog


class DocumentedScene(SceneCommand):
    """The command of any scene: its help has the options, but no scene's text and racers."""

    context_class = Context

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write nothing, because the page introduces the command."""


scene = DocumentedScene(catalog.find("ravine-race", COMMANDS))
scene.help = None
commands = click.Group("animopt", commands=COMMANDS)
