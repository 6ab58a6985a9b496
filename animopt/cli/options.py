"""Options and arguments that several commands share, and what a shell completes for them.

Names are read from source files, because importing torch takes seconds.
"""

import ast
import importlib.util
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from animopt.core.errors import UsageError, check_size, escape_controls
from animopt.core.processes import is_plain_word, shell_command
from animopt.drawing.theme import THEMES
from animopt.scene import catalog
from animopt.video.presets import PRESETS


class Formatter(click.HelpFormatter):
    """Writes help and tables with control characters escaped, because scene files can contain them."""

    def write(self, string: str) -> None:
        super().write(escape_controls(string, keep="\n"))


class Context(click.Context):
    """A click context whose help is written by `Formatter`, and in which an interrupt becomes click.Abort."""

    formatter_class = Formatter

    def __exit__(self, *raised: Any) -> bool | None:
        """Leave the context. click also turns an interrupt into click.Abort, but always prints a newline before."""
        handled = super().__exit__(*raised)
        if isinstance(raised[1], KeyboardInterrupt):
            with suppress(OSError):
                click.echo(nl=sys.stderr.isatty(), err=True)
            raise click.Abort from raised[1]
        return handled


class PresetCommand(click.Command):
    """A command with the option --for; its help ends with the presets."""

    allow_extra_args = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the command line. Raises UsageError for an argument too many, which is often a file to write."""
        if not (unexpected := super().parse_args(ctx, args)) or ctx.resilient_parsing:
            return unexpected
        remedy = f"{ctx.command_path} --help lists the options"
        if Path(unexpected[0]).suffix or unexpected[0].endswith("/"):
            remedy = f"to write this file, use {shell_command(['-o', unexpected[0]])}"
        raise click.UsageError(f"unexpected argument {unexpected[0]!r}; {remedy}", ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the name and the description of each preset."""
        (names,) = (
            each.type.choices for each in self.params if each.name == "preset" and isinstance(each.type, click.Choice)
        )
        with formatter.section("Presets for --for"):
            formatter.write_dl([(name, str(PRESETS[name])) for name in names])


class LimitOption(click.Option):
    """The option --limit. It imports the limits only for its help, because that takes time."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the line of the help, with the default limits."""
        from animopt.scene.limits import Limits

        self.show_default = str(Limits())
        return super().get_help_record(ctx)


def _size(text: str) -> tuple[int, int]:
    try:
        return check_size("size", text)
    except UsageError as error:
        # click would replace the message of this ValueError.
        raise click.BadParameter(str(error).removeprefix("size ")) from None


def size_option(default: str | None, otherwise: str = "800x450 for a GIF, else 1280x720") -> click.Option:
    """Return the option for the size of pictures. Its help says what the size is `otherwise`, without a default."""
    return click.Option(
        ["--size"],
        type=_size,
        metavar="WIDTHxHEIGHT",
        default=default,
        show_default=default is not None or otherwise,
        help="Size in pixels.",
    )


def theme_option(default: str | None) -> click.Option:
    """Return the option for the theme of pictures; by default it is the scene's."""
    return click.Option(
        ["--theme"],
        type=click.Choice(list(THEMES)),
        default=default,
        show_default=default is not None or "the scene's",
        help="Color theme.",
    )


def clip_options(workers: click.Option, size: click.Option, fps: float | str) -> list[click.Parameter]:
    """Return the options of every command that renders clips. `fps` is the default rate, or what it depends on."""
    return [
        size,
        click.Option(
            ["--fps"],
            type=float,
            default=None if isinstance(fps, str) else fps,
            show_default=fps if isinstance(fps, str) else True,
            help="Frames per second.",
        ),
        click.Option(["--seconds"], type=float, show_default="the scene's", help="Length of the clip."),
        theme_option(None),
        click.Option(["--draft"], is_flag=True, help="Render at half the size and at most 15 frames per second."),
        workers,
        click.Option(["--cluster"], metavar="ADDRESS", help="Use the Dask cluster of a scheduler, as tcp://host:8786."),
        LimitOption(
            ["--limit", "limits"],
            multiple=True,
            metavar="NAME=NUMBER",
            help="Change a limit; may be given several times.",
        ),
        click.Option(["--quiet"], is_flag=True, help="Print only errors."),
        click.Option(["--json"], is_flag=True, help="Print the files and the events of the race as one line of JSON."),
    ]


def preset_option(names: Iterable[str]) -> click.Option:
    """Return the option --for, which chooses one of some presets."""
    return click.Option(
        ["--for", "preset"],
        type=click.Choice(list(names)),
        metavar="PRESET",
        help="Use a preset from the list below; other options override it.",
    )


FORMAT_RATE = "25 for a GIF, else 50"
"""The default rate of a command whose clips have several formats."""

GRID = click.Option(
    ["--grid"],
    type=int,
    metavar="STARTS",
    show_default="64, or fewer if the page is large",
    help="Number of starts along each side of the grid on which viewers of an .html page can drop a start.",
)

FORMAT_OPTIONS = [
    click.Option(
        ["--format", "formats"],
        multiple=True,
        metavar="FORMAT",
        show_default="gif, mp4",
        help="Format of files without a name: gif, mp4, webm, webp, apng, mov, frames or html; may be given several "
        "times.",
    ),
    preset_option(PRESETS),
    click.Option(
        ["--max-bytes"],
        metavar="BYTES",
        help="Maximum size of a file, as 10MB. Quality, then frame rate, then picture size are reduced to meet it.",
    ),
    GRID,
    click.Option(
        ["--transparent"],
        is_flag=True,
        help="Leave out the background; for .mov, .webm, .webp, .apng and folders of frames.",
    ),
]
FRAME_WORKERS = click.Option(
    ["--workers"],
    type=click.IntRange(min=0),
    show_default="depends on the machine",
    help="Number of processes that draw frames; 0 draws in this process.",
)
SCENE_WORKERS = click.Option(
    ["--workers"],
    type=click.IntRange(min=1),
    show_default="one per processor",
    help="Number of scenes that are rendered at a time.",
)


def language_option(default: str | None) -> click.Option:
    """Return the option for the language of the words in pictures; by default it is the scene's."""
    return click.Option(
        ["--lang"],
        metavar="LANGUAGE",
        default=default,
        show_default=default is not None or "the scene's",
        help="Language of all words, as en or ko.",
    )


LANGUAGE = language_option(None)


def scenes_argument(metavar: str, *, lectures: bool = False) -> click.Argument:
    """Return the argument for the scenes that a command renders, which may be `lectures`, too."""

    def known() -> Iterable[str]:
        return [*catalog.scenes(), *(catalog.lectures() if lectures else ())]

    return click.Argument(
        ["names"],
        nargs=-1,
        metavar=metavar,
        shell_complete=lambda ctx, param, incomplete: _names_or_files(known(), incomplete),
    )


def folder_option(default: str, *, from_defaults: bool = False) -> click.Option:
    """Return the option for the folder that a command writes to; its default may be in the defaults of a folder."""
    return click.Option(
        ["-o", "--output", "folder"],
        type=click.Path(path_type=Path),
        default=None if from_defaults else default,
        show_default=default,
        help="Folder to write to.",
    )


def complete_function(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str | CompletionItem]:
    """Return names of test functions that start with the text, otherwise files."""
    return _names_or_files(function_names(), incomplete)


def complete_optimizer(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str | CompletionItem]:
    """Return names of optimizers that start with the text, ignoring case. They are lower-case if the text is."""
    names = [name for name in optimizer_names() if name.lower().startswith(incomplete.lower())]
    return [name.lower() for name in names] if incomplete.islower() else list(names)


def complete_lecture(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str | CompletionItem]:
    """Return names of lectures that start with the text, otherwise files."""
    return _names_or_files(catalog.lectures(), incomplete)


def function_names() -> list[str]:
    """Return the names of the test functions as the command line shows them."""
    names = (
        node.name if isinstance(node, ast.FunctionDef) else ast.unparse(node.targets[0])
        for node in _parse("animopt", "engine", "library.py").body
        if (isinstance(node, ast.FunctionDef) and node.decorator_list)
        or (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call))
    )
    return [name.replace("_", "-") for name in names]


def optimizer_names() -> list[str]:
    """Return the names of the optimizers in torch.optim."""
    imported = (
        alias.name
        for node in _parse("torch", "optim", "__init__.py").body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    )
    return sorted(name for name in imported if name[0].isupper() and name != "Optimizer")


def _names_or_files(names: Iterable[str], incomplete: str) -> list[str | CompletionItem]:
    found = [name for name in names if name.startswith(incomplete) and is_plain_word(name)]
    return [*found] or [CompletionItem(incomplete, type="file")]


def _parse(package: str, *parts: str) -> ast.Module:
    """Return the syntax tree of a file in a package that is not imported; it is empty if the file is missing."""
    try:
        spec = importlib.util.find_spec(package)
        return ast.parse(Path(str(spec and spec.origin)).parent.joinpath(*parts).read_bytes())
    except (OSError, SyntaxError):
        return ast.Module([], [])
