"""What the command line can be asked for: a scene, a race without one, and what is on the shelves."""

import contextlib
import shutil
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from animopt import catalogue
from animopt.errors import Error, UsageError
from animopt.layout import LAYOUTS
from animopt.look import THEMES

if TYPE_CHECKING:
    from animopt.function import Function
    from animopt.scene import Scene


def _size(value: str) -> tuple[int, int]:
    width, times, height = value.lower().partition("x")
    if not (times and width.isdecimal() and height.isdecimal()):
        raise click.BadParameter(f"{value!r}: give a width and a height, as 1280x720")
    return int(width), int(height)


def _point(value: str) -> tuple[float, float]:
    try:
        x, y = (float(number) for number in value.strip("() ").split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r}: give two numbers, as -1.2,1") from None
    return x, y


def _make(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise Error(f"{folder}: cannot be made: {error.strerror}; name another place with --output") from error


def _clip_options(fewest_workers: int, workers: str) -> list[click.Parameter]:
    """The options of every command that renders clips; what it does with its workers is its own."""
    return [
        click.Option(
            ["--size"],
            type=_size,
            metavar="WIDTHxHEIGHT",
            help="Pixels.  [default: 800x450 for a GIF, else 1280x720]",
        ),
        click.Option(["--fps"], type=float, help="Frames a second.  [default: 25 for a GIF, else 50]"),
        click.Option(["--seconds"], type=float, help="Length of the whole clip.  [default: the scene's]"),
        click.Option(["--theme"], type=click.Choice(list(THEMES)), help="Colours.  [default: the scene's]"),
        click.Option(
            ["--draft"],
            is_flag=True,
            help="A quick look: half the size, and 15 frames a second, a GIF 10, which browsers keep exactly.",
        ),
        click.Option(["--workers"], type=click.IntRange(min=fewest_workers), help=workers),
    ]


class RenderCommand(click.Command, ABC):
    """Renders a scene; what it needs besides the options of all such commands are its own `params`."""

    def __init__(self, name: str, params: Sequence[click.Parameter] = (), **attributes: Any) -> None:
        self.name: str
        super().__init__(
            name,
            callback=self.render,
            params=[
                *params,
                click.Option(
                    ["-o", "--output", "outputs"],
                    multiple=True,
                    type=click.Path(path_type=Path),
                    help="A file to write; may be given several times. The suffix picks the format: .gif, .mp4, "
                    "or .png, .svg, .pdf with --still and --storyboard.  [default: a GIF and an MP4 in renders/]",
                ),
                *_clip_options(0, "Processes that draw, 0 for none but this one.  [default: what suits the machine]"),
                click.Option(
                    ["--layout"],
                    type=click.Choice(["auto", *LAYOUTS]),
                    help="Where the panels stand.  [default: the scene's]",
                ),
                click.Option(["--lang"], metavar="LANGUAGE", help="Of titles and captions, as en or ko."),
                click.Option(["--still"], type=float, metavar="SECOND", help="Write one frame, as PNG, SVG or PDF."),
                click.Option(["--storyboard"], is_flag=True, help="Write six moments on one page, as PNG, SVG or PDF."),
                click.Option(
                    ["--with", "beside"],
                    multiple=True,
                    metavar="KIND[,KIND...]",
                    help="What else to write, named after the clip: poster (.png), captions (.vtt), alt, a text for "
                    "those who cannot see it (.txt), and to paste into a page markdown (.md) or html (.html).",
                ),
                click.Option(
                    ["--no-recipe", "recipe"],
                    flag_value=False,
                    default=True,
                    help="Leave the clip's recipe out of its file; `animopt recipe` reads it.",
                ),
            ],
            **attributes,
        )

    @abstractmethod
    def scene(self, written: list[Path], **own: Any) -> "Scene":
        """The scene that the command's own parameters ask for; the files that this writes are added to `written`."""

    def render(
        self,
        outputs: tuple[Path, ...],
        size: tuple[int, int] | None,
        fps: float | None,
        seconds: float | None,
        theme: str | None,
        draft: bool,
        workers: int | None,
        layout: str | None,
        lang: str | None,
        still: float | None,
        storyboard: bool,
        beside: tuple[str, ...],
        recipe: bool,
        **own: Any,
    ) -> None:
        """Write the clip or the still, and print the path of every file."""
        from dataclasses import replace
        from math import inf

        from animopt.beside import check
        from animopt.startup import importing
        from animopt.workers import crew
        from animopt.writers import WRITERS, Mp4, Output, check_path, check_still

        # All that the options alone can have wrong is said before torch is imported, which takes seconds.
        for path in outputs:
            check_path(path)
        if storyboard and still is not None:
            raise UsageError("storyboard: shows six moments, a still one; leave out --storyboard or --still")
        page = storyboard or still is not None
        if page and fps is not None:
            raise UsageError(f"fps {fps:g}: a still has no rate; leave out --fps")
        if page and draft:
            raise UsageError("draft: a still takes no longer at full size; leave out --draft")
        endings = ["-storyboard.png"] if storyboard else [".png"] if page else sorted(WRITERS)
        paths = outputs or tuple(Path("renders", self.name + ending) for ending in endings)
        for path in paths if page else ():
            check_still(path)
        clips = [] if page else [Output(path, size, fps, theme) for path in paths]
        clips = [clip.draft() for clip in clips] if draft else clips
        kinds = [kind.strip() for given in beside for kind in given.split(",")]
        if page and kinds:
            raise UsageError(f"with {kinds[0]}: stands beside a clip, and a still is none; leave out --with")
        check(kinds, clips)
        # How long a scene's own clip is will be known once torch is there; the workers can be ready by then.
        frames = max((clip.fps for clip in clips), default=0) * (inf if seconds is None else seconds)

        written: list[Path] = []
        try:
            # Standard output is for the paths alone, whatever a scene file prints.
            with contextlib.redirect_stdout(sys.stderr), crew(0 if page else workers, frames) as executor:
                asked: dict[str, Any] = {"seconds": seconds, "layout": layout, "lang": lang}
                asked = {field: value for field, value in asked.items() if value is not None}
                with importing():
                    scene = replace(self.scene(written, **own), **asked)
                if still is not None:
                    scene.check_second(still)
                if not outputs:
                    _make(Path("renders"))
                if page:
                    for path in paths:
                        if still is not None:
                            scene.still(path, still, size or Mp4.size, theme, recipe)
                        else:
                            scene.storyboard(path, size or Mp4.size, theme, recipe)
                        written.append(path)
                else:
                    shown = sys.stderr.isatty()
                    with click.progressbar(length=0, label=self.name, file=sys.stderr, hidden=not shown) as bar:

                        def progress(done: int, total: int) -> None:
                            bar.length = total
                            bar.update(1)

                        named: dict[str, Any] = {"beside": kinds, "recipe": recipe}
                        written.extend(scene.saving(*clips, workers=executor or 0, progress=progress, **named))
        finally:
            for path in written:
                click.echo(path)


class SceneCommand(RenderCommand):
    """Renders the scene in a file; the file is run only when its help or its frames are asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(catalogue.name(path))

    def scene(self, written: list[Path], **own: Any) -> "Scene":
        """The scene in the file."""
        from animopt.scene import load

        return load(self.path)

    def get_short_help_str(self, limit: int = 45) -> str:
        """The first line of the file's docstring."""
        return catalogue.description(self.path).partition("\n")[0]

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The file's docstring, then the scene's settings."""
        from animopt.optimizers import names_and_settings
        from animopt.scene import load

        scene = load(self.path)
        formatter.write_paragraph()
        for paragraph in catalogue.description(self.path).split("\n\n"):
            formatter.write_text(" ".join(paragraph.split()))
            formatter.write_paragraph()
        with formatter.section(f"Racers, {scene.steps} steps from {scene.start}" if scene.start else "Racers"):
            formatter.write_dl(list(zip(*names_and_settings(scene.racers), strict=True)))


class RaceCommand(RenderCommand):
    """Renders a race that is asked for in words."""

    def __init__(self) -> None:
        super().__init__(
            "race",
            [
                click.Option(
                    ["--function"],
                    required=True,
                    metavar="NAME",
                    help="One that `animopt functions` lists, or a Python file with one function in it.",
                ),
                click.Option(
                    ["--racer", "racers"],
                    required=True,
                    multiple=True,
                    metavar="NAME[:SETTING=VALUE,...]",
                    help="An optimizer that `animopt optimizers` lists, as adam:lr=.05,betas=(.9,.99); may be given "
                    "several times.",
                ),
                click.Option(
                    ["--start"], type=_point, metavar="X,Y", help="Where they set out.  [default: the function's]"
                ),
                click.Option(["--steps"], type=int, help="How many steps they take.  [default: 20]"),
                click.Option(["--title"], help="Of the clip.  [default: the optimizers and the function]"),
                click.Option(["--caption"], help="Under the title."),
                click.Option(
                    ["--save-scene"],
                    type=click.Path(path_type=Path),
                    help="A scene file to write, that does the same.",
                ),
            ],
            short_help="Render a race without a scene file.",
            help="Render a race without a scene file: optimizers on a function, from a start.",
        )

    def scene(self, written: list[Path], **own: Any) -> "Scene":
        """The scene in words; its file is written where it is asked for."""
        from animopt.adhoc import Race, save_scene

        path = own.pop("save_scene")
        function, racers = own.pop("function"), own.pop("racers")
        race = Race(function, racers, {field: value for field, value in own.items() if value is not None})
        if path:
            save_scene(path, race.source)
            written.append(path)
        return race.scene


@click.command()
@click.argument("name", required=False)
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A picture of the function to write, as .png, .svg or .pdf.",
)
@click.option("--size", type=_size, metavar="WIDTHxHEIGHT", help="Pixels.  [default: 1280x720]")
@click.option("--theme", type=click.Choice(list(THEMES)), default="light", help="Colours.  [default: light]")
def functions(name: str | None, outputs: tuple[Path, ...], size: tuple[int, int] | None, theme: str) -> None:
    """List the functions on the shelf; tell all of the one that is named, or draw it."""
    from animopt.writers import Mp4, check_path, check_still

    for path in outputs:
        check_path(path)
        check_still(path)
    if outputs and not name:
        raise UsageError(f"output {outputs[0]}: of which function? name one, as animopt functions rosenbrock")

    from animopt.functions import by_name, shelf

    if not name:
        _table([(name.replace("_", "-"), _domain(function)) for name, function in shelf().items()])
        return
    function = by_name(name)
    if not outputs:
        _table(_facts(function))
        return
    from animopt.picture import save_picture

    for path in outputs:
        save_picture(function, path, size or Mp4.size, theme)
        click.echo(path)


@click.command()
def optimizers() -> None:
    """List the optimizers of torch.optim with their settings."""
    from animopt.optimizers import shelf

    _table([(name, why_not or settings) for name, settings, why_not in shelf()])


@click.command(short_help="Tell how a clip was made, or write its scene file.")
@click.argument("clip", type=click.Path(path_type=Path))
@click.option("--json", "raw", is_flag=True, help="Print all of it, as JSON.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The scene file to write, where there is none.")
def recipe(clip: Path, raw: bool, output: Path | None) -> None:
    """Tell how a clip or a still was made, or write the scene file that makes it again."""
    import json

    from animopt.embedding import embedded
    from animopt.recipe import Recipe

    if not clip.is_file():
        raise UsageError(f"{clip}: there is no such file")
    found = Recipe.read(embedded(clip), str(clip))
    if output:
        from animopt.adhoc import save_scene

        save_scene(output, found.scene_file())
        click.echo(output)
        again = " ".join(["animopt", f'"{output}"' if " " in str(output) else str(output), *found.options()])
        click.echo(f"animopt: a scene file is code; look at it, then run: {again} -o again{clip.suffix}", err=True)
    elif raw:
        click.echo(json.dumps(json.loads(found.text), indent=2))
    else:
        _table(found.rows())


class AllCommand(click.Command):
    """Renders many scenes, several at a time, past those that fail."""

    def __init__(self) -> None:
        self.name: str
        super().__init__(
            "all",
            callback=self.render,
            params=[
                click.Argument(["names"], nargs=-1, metavar="[SCENE]..."),
                click.Option(
                    ["-o", "--output", "folder"],
                    type=click.Path(path_type=Path),
                    default=Path("renders"),
                    help="The folder to write to.  [default: renders]",
                ),
                click.Option(
                    ["--format", "formats"],
                    multiple=True,
                    metavar="FORMAT",
                    help="gif or mp4; may be given several times.  [default: both]",
                ),
                *_clip_options(1, "Scenes at a time, each in a process of its own.  [default: one on each processor]"),
            ],
            short_help="Render every scene, or those named.",
            help="Render every scene that is listed, or those named: by their names, as files, or as folders of them. "
            "A scene that fails does not keep the others from being rendered.",
        )

    def render(
        self,
        names: tuple[str, ...],
        folder: Path,
        formats: tuple[str, ...],
        size: tuple[int, int] | None,
        fps: float | None,
        seconds: float | None,
        theme: str | None,
        draft: bool,
        workers: int | None,
    ) -> None:
        """Write the clips, print the path of every file, and tell of each scene on standard error."""
        from animopt.batch import render_all
        from animopt.workers import Workers, cores
        from animopt.writers import WRITERS, Output

        endings = [f".{each.lower().removeprefix('.')}" for each in dict.fromkeys(formats)] or sorted(WRITERS)
        scenes = {}
        for name, path in catalogue.chosen(names).items():
            outputs = [Output(folder / (name + ending), size, fps, theme) for ending in endings]
            scenes[name] = path, [output.draft() for output in outputs] if draft else outputs
        _make(folder)
        failed = []
        with Workers(workers or min(cores(), len(scenes)), "animopt.scene") as executor:
            for done, rendered in enumerate(render_all(scenes, executor, seconds), 1):
                for warning in rendered.warnings:
                    click.echo(f"animopt: warning: {rendered.name}: {' '.join(warning.split())}", err=True)
                for path in rendered.paths:
                    click.echo(path)
                outcome = f"failed: {rendered.failure}" if rendered.failure else "done"
                click.echo(f"{done}/{len(scenes)} {rendered.name}: {outcome}", err=True)
                failed += [rendered.name] if rendered.failure else []
        if failed:
            raise Error(f"{len(failed)} of {len(scenes)} scenes failed: {', '.join(sorted(failed))}")


COMMANDS: dict[str, click.Command] = {
    "race": RaceCommand(),
    "all": AllCommand(),
    "functions": functions,
    "optimizers": optimizers,
    "recipe": recipe,
}
"""Every command that is not a scene's."""


def _table(rows: Sequence[tuple[str, str]]) -> None:
    formatter = click.HelpFormatter(width=shutil.get_terminal_size().columns)
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
