"""Commands that render no scene, and the table of all commands."""

import json
import keyword
import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from animopt.cli.console import Console
from animopt.cli.lecture_commands import lecture
from animopt.cli.options import Formatter, complete_function, language_option, size_option, theme_option
from animopt.cli.scene_commands import compare, deck, gallery, race, render_all_scenes
from animopt.core.errors import Error, UsageError, escape_controls, escaped_json
from animopt.core.processes import shell_command
from animopt.scene import catalog

if TYPE_CHECKING:
    from animopt.engine.function import Function


@click.command(
    params=[
        click.Argument(["name"], required=False, shell_complete=complete_function),
        click.Option(
            ["-o", "--output", "outputs"],
            multiple=True,
            type=click.Path(path_type=Path),
            help="Picture of the function to write, as .png, .svg or .pdf.",
        ),
        size_option("1280x720"),
        theme_option("light"),
        language_option("en"),
    ]
)
def functions(name: str | None, outputs: tuple[Path, ...], size: tuple[int, int], theme: str, lang: str) -> None:
    """List the test functions, describe one, or draw it."""
    from animopt.core.language import language
    from animopt.video.output import check_distinct, check_path, check_still

    for path in outputs:
        check_path(path)
        check_still(path)
    check_distinct([], *outputs)
    if outputs and not name:
        raise UsageError(f"output {outputs[0]}: needs a function; name one, as animopt functions rosenbrock")

    from animopt.engine.library import all_functions, function_by_name

    if not name:
        _print_table([(name.replace("_", "-"), _summary(function)) for name, function in all_functions().items()])
    elif not outputs:
        _print_table(_details(function_by_name(name)))
    else:
        function = function_by_name(name)
        from animopt.scene.plot import save_picture

        for path in outputs:
            save_picture(function, path, size, theme, language(lang).code)
            Console().files([path])


@click.command()
def optimizers() -> None:
    """List the optimizers of torch.optim with their settings."""
    from animopt.engine.racer import optimizer_table

    _print_table([(name, why_not or settings) for name, settings, why_not in optimizer_table()])


@click.command(short_help="Show how a clip was made, or write its scene file.")
@click.argument("clip", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the complete recipe as JSON.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Scene file to write; it must not exist.")
def recipe(clip: Path, as_json: bool, output: Path | None) -> None:
    """Show how a clip or a still was made, or write the scene file that makes it again."""
    from animopt.scene.recipe import Recipe
    from animopt.video.metadata import embedded_text

    if not clip.is_file():
        raise UsageError(f"{clip}: there is no such file")
    found = Recipe.read(embedded_text(clip), str(clip))
    if output:
        catalog.save_scene(output, found.scene_file())
        Console().files([output])
        command = shell_command(["animopt", output, *found.options(), "-o", f"again{clip.suffix}"])
        Console().note(f"animopt: a scene file is code; read it, then run: {command}")
    elif as_json:
        click.echo(json.dumps(json.loads(found.text), indent=2))
    else:
        _print_table(found.rows())


@click.command(short_help="Write a first scene or lecture file.")
@click.argument("name", metavar="NAME")
@click.option("--lecture", "is_lecture", is_flag=True, help="Write a lecture file, which joins scenes to one video.")
def new(name: str, is_lecture: bool) -> None:
    """Write a commented scene file, which renders as it is, into ./scenes if that folder exists."""
    stem = name.removesuffix(".py").replace("-", "_")
    folder = Path("scenes") if Path("scenes").is_dir() else Path()
    path = folder / f"{stem}.py"
    if not stem.isidentifier() or stem.startswith("_"):
        raise UsageError(
            f"name {name!r}: give letters, digits and underscores, as my_scene; it is written to "
            f"{'the folder scenes' if folder.name else 'this folder'}"
        )
    if conflict := _conflict(path):
        raise UsageError(f"name {name!r}: {conflict}; use my_{stem}")
    template, command = ("lecture_template.py", "animopt lecture") if is_lecture else ("scene_template.py", "animopt")
    catalog.save_scene(path, Path(__file__).with_name(template).read_text("utf-8"))
    Console().files([path])
    Console().note(f"{command} {catalog.name(path) if folder.name else path} --draft --open renders it and shows it")


def _conflict(path: Path) -> str:
    """Return why a new scene file cannot have its name, or "" if it can."""
    from animopt.core.files import is_device_name

    if is_device_name(path.stem):
        return "is the name of a device on Windows"
    if keyword.iskeyword(path.stem):
        return "is a keyword of Python"
    if catalog.name(path) in COMMANDS:
        return f"animopt {catalog.name(path)} is a command"
    spec = None if path.exists() else find_spec(path.stem)
    return f"the file would hide Python's module {path.stem}" if spec and spec.origin else ""


@click.command()
def doctor() -> None:
    """Check the installation, and show how to fix it."""
    from animopt.cli.doctor import run_checks

    failed = []
    for finding in run_checks():
        click.echo(escape_controls(f"{finding.state:8}{finding.name:18}{finding.detail}"))
        if finding.remedy:
            click.echo(escape_controls(f"{'':26}{finding.remedy}"))
        if finding.state == "fails":
            failed.append(finding.name)
    if failed:
        raise Error(f"{', '.join(failed)}: missing or not usable; the remedy is under each")


@click.command(short_help="Show or remove the kept parts of lectures.")
@click.option("--clear", "is_cleared", is_flag=True, help="Remove the kept files, and no others.")
@click.option("--quiet", is_flag=True, help="Print only errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the folder and the numbers as one line of JSON.")
def cache(is_cleared: bool, quiet: bool, as_json: bool) -> None:
    """Show the folder of the parts that lectures keep for the next run, their number and size, or remove them."""
    from animopt.lecture.cache import MAX_BYTES, clear, entries, user_folder

    folder = user_folder()
    try:
        found = {"removed": clear(folder)} if is_cleared else {}
        found["kept"] = entries(folder)
    except OSError as error:
        remedy = "change its permissions, or close the program that has it open"
        if isinstance(error, NotADirectoryError):
            remedy = "move the file away"
        raise Error(f"{error.filename}: {error.strerror}; {remedy}") from error
    sizes = {state: sum(status.st_size for status in files.values()) for state, files in found.items()}
    if as_json:
        numbers = {state: {"files": len(files), "bytes": sizes[state]} for state, files in found.items()}
        click.echo(escaped_json({"folder": str(folder), **numbers, "max_bytes": MAX_BYTES}))
    elif not quiet:
        rows = [(state, f"{len(files)} files, {sizes[state]:,} bytes") for state, files in found.items()]
        _print_table([("folder", str(folder)), *rows, ("limit", f"{MAX_BYTES:,} bytes")])


COMMANDS: dict[str, click.Command] = {
    str(command.name): command
    for command in (
        race,
        render_all_scenes,
        compare,
        deck,
        gallery,
        lecture,
        functions,
        optimizers,
        recipe,
        new,
        cache,
        doctor,
    )
}
"""Every command except those of scenes."""


def _print_table(rows: Sequence[tuple[str, str]]) -> None:
    formatter = Formatter(width=shutil.get_terminal_size().columns)
    formatter.write_dl(rows)
    click.echo(formatter.getvalue(), nl=False)


def _summary(function: "Function") -> str:
    minimum = min(function.minima, key=function, default=None)
    return f"{_domain(function)}; {f'minimum {_value_at(function, minimum)}' if minimum else 'no minimum'}"


def _details(function: "Function") -> list[tuple[str, str]]:
    return [
        ("formula", function.formula or "none"),
        ("domain", _domain(function)),
        ("minima", "; ".join(_value_at(function, minimum) for minimum in function.minima) or "none"),
        ("saddles", ", ".join(map(_point, function.saddles)) or "none"),
        ("start", _point(function.start) if function.start else "none"),
        ("source", function.source or "none"),
    ]


def _domain(function: "Function") -> str:
    return f"x from {function.x[0]:g} to {function.x[1]:g}, y from {function.y[0]:g} to {function.y[1]:g}"


def _value_at(function: "Function", point: tuple[float, float]) -> str:
    # Rounding hides the error of a zero, and adding 0 turns -0 into 0.
    return f"{round(function(point), 9) + 0.0:.6g} at {_point(point)}"


def _point(point: tuple[float, float]) -> str:
    return f"({point[0]:.6g}, {point[1]:.6g})"
