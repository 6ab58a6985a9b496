"""What the command line can be asked for besides a scene."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from animopt.cli import completion
from animopt.cli.batch_commands import AllCommand, DeckCommand, GalleryCommand
from animopt.cli.console import Console
from animopt.cli.options import Formatter, parse_size
from animopt.cli.render_command import RaceCommand
from animopt.core.errors import Error, UsageError
from animopt.core.terminal_text import escape_controls
from animopt.drawing.theme import THEMES
from animopt.scene import catalog

if TYPE_CHECKING:
    from animopt.engine.function import Function


@click.command()
@click.argument("name", required=False, shell_complete=completion.function_names)
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A picture of the function to write, as .png, .svg or .pdf.",
)
@click.option("--size", type=parse_size, metavar="WIDTHxHEIGHT", help="Pixels.  [default: 1280x720]")
@click.option("--theme", type=click.Choice(list(THEMES)), default="light", help="Colours.  [default: light]")
def functions(name: str | None, outputs: tuple[Path, ...], size: tuple[int, int] | None, theme: str) -> None:
    """List the functions on the shelf; tell all of the one that is named, or draw it."""
    from animopt.video.formats import Mp4
    from animopt.video.output import check_path, check_still

    for path in outputs:
        check_path(path)
        check_still(path)
    if outputs and not name:
        raise UsageError(f"output {outputs[0]}: of which function? name one, as animopt functions rosenbrock")

    from animopt.engine.library import all_functions, function_by_name

    if not name:
        _table([(name.replace("_", "-"), _domain(function)) for name, function in all_functions().items()])
        return
    function = function_by_name(name)
    if not outputs:
        _table(_facts(function))
        return
    from animopt.scene.plot import save_picture

    for path in outputs:
        save_picture(function, path, size or Mp4.size, theme)
        Console().path(path)


@click.command()
def optimizers() -> None:
    """List the optimizers of torch.optim with their settings."""
    from animopt.engine.racer import optimizer_table

    _table([(name, why_not or settings) for name, settings, why_not in optimizer_table()])


@click.command(short_help="Tell how a clip was made, or write its scene file.")
@click.argument("clip", type=click.Path(path_type=Path))
@click.option("--json", "raw", is_flag=True, help="Print all of it, as JSON.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The scene file to write, where there is none.")
def recipe(clip: Path, raw: bool, output: Path | None) -> None:
    """Tell how a clip or a still was made, or write the scene file that makes it again."""
    import json

    from animopt.scene.recipe import Recipe
    from animopt.video.metadata import embedded

    if not clip.is_file():
        raise UsageError(f"{clip}: there is no such file")
    found = Recipe.read(embedded(clip), str(clip))
    if output:
        catalog.save_scene(output, found.scene_file())
        Console().path(output)
        again = " ".join(["animopt", f'"{output}"' if " " in str(output) else str(output), *found.options()])
        Console().note(f"animopt: a scene file is code; look at it, then run: {again} -o again{clip.suffix}")
    elif raw:
        click.echo(json.dumps(json.loads(found.text), indent=2))
    else:
        _table(found.rows())


@click.command()
@click.argument("name", metavar="NAME")
def new(name: str) -> None:
    """Write a commented scene file that renders as it is, into ./scenes where there is such a folder."""
    from animopt.cli.new_scene import create_scene_file

    path = create_scene_file(name, COMMANDS)
    Console().path(path)
    wanted = catalog.name(path) if path.parent.name else path
    Console().note(f"animopt {wanted} --draft --open renders it, and shows it")


@click.command()
def doctor() -> None:
    """Tell what is installed, what is missing and how to mend it; leave with 1 where something is missing."""
    from animopt.cli.doctor import run_checks

    lacking = []
    for finding in run_checks():
        click.echo(escape_controls(f"{finding.state:8}{finding.thing:18}{finding.found}"))
        if finding.remedy:
            click.echo(escape_controls(f"{'':26}{finding.remedy}"))
        lacking += [finding.thing] if finding.state == "fails" else []
    if lacking:
        raise Error(f"{', '.join(lacking)}: missing or not fit for use; what to do is told under each")


COMMANDS: dict[str, click.Command] = {
    str(command.name): command
    for command in (
        RaceCommand(),
        AllCommand(),
        DeckCommand(),
        GalleryCommand(),
        functions,
        optimizers,
        recipe,
        new,
        doctor,
    )
}
"""Every command that is not a scene's."""


def _table(rows: Sequence[tuple[str, str]]) -> None:
    formatter = Formatter(width=shutil.get_terminal_size().columns)
    formatter.write_dl(rows)
    click.echo(formatter.getvalue(), nl=False)


def _domain(function: "Function") -> str:
    lowest = min(function.minima, key=function, default=None)
    least = f"; least {_height(function, lowest)} at {_points([lowest])}" if lowest else "; no minimum"
    return f"x from {function.x[0]:g} to {function.x[1]:g}, y from {function.y[0]:g} to {function.y[1]:g}{least}"


def _facts(function: "Function") -> list[tuple[str, str]]:
    facts = {
        "formula": function.formula,
        "domain": _domain(function).partition(";")[0],
        "minima": "; ".join(f"{_height(function, minimum)} at {_points([minimum])}" for minimum in function.minima),
        "saddles": _points(function.saddles),
        "start": _points([function.start] if function.start else []),
        "source": function.source,
    }
    return [(name, fact or "none") for name, fact in facts.items()]


def _height(function: "Function", point: tuple[float, float]) -> str:
    # What rounding leaves of a zero is none.
    return f"{round(function(point), 9) + 0.0:.6g}"


def _points(points: Sequence[tuple[float, float]]) -> str:
    return ", ".join(f"({x:.6g}, {y:.6g})" for x, y in points)
