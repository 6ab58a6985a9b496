"""What the command line can be asked for: a scene, a race without one, and what is on the shelves."""

import contextlib
import shutil
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from animopt import catalogue, completion
from animopt.errors import Error, UsageError
from animopt.layout import LAYOUTS
from animopt.look import THEMES
from animopt.voice import Voice

if TYPE_CHECKING:
    from concurrent.futures import Executor

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
        click.Option(["--quiet"], is_flag=True, help="Say nothing but what goes wrong."),
        click.Option(
            ["--json"], is_flag=True, help="Tell of the files, and of what happens in the race, as JSON, in one line."
        ),
    ]


class RenderCommand(click.Command, ABC):
    """Renders a scene; what it needs besides the options of all such commands are its own `params`.

    `path` is the scene's file, where it has one.
    """

    path: Path | None = None

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
                click.Option(["--open", "opened"], is_flag=True, help="Show the first file once it is written."),
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
        quiet: bool,
        json: bool,
        layout: str | None,
        lang: str | None,
        still: float | None,
        storyboard: bool,
        opened: bool,
        watched: bool = False,
        **own: Any,
    ) -> None:
        """Write the clip or the still, and print the path of every file."""
        from dataclasses import replace
        from math import inf

        from animopt import report
        from animopt.startup import importing
        from animopt.viewer import show
        from animopt.watch import watch
        from animopt.workers import crew
        from animopt.writers import WRITERS, Mp4, Output, check_path, check_still

        voice = Voice(quiet, json)

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
        clips = [clip.draft() for clip in clips] if draft or watched else clips
        # How long a scene's own clip is will be known once torch is there; the workers can be ready by then.
        frames = max((clip.fps for clip in clips), default=0) * (inf if seconds is None else seconds)

        pending = opened

        def write(executor: "Executor | None") -> None:
            nonlocal pending
            written: list[Path] = []
            told: dict[str, Any] = {}
            length = 0.0
            try:
                # Standard output is for the paths alone, whatever a scene file prints.
                with voice.aside(), voice.progress(self.name) as progress:
                    asked: dict[str, Any] = {"seconds": seconds, "layout": layout, "lang": lang}
                    asked = {field: value for field, value in asked.items() if value is not None}
                    # A scene that is loaded again leaves the one before as garbage.
                    with contextlib.nullcontext() if "torch" in sys.modules else importing():
                        scene = replace(self.scene(written, **own), **asked)
                    length = scene.seconds
                    if still is not None:
                        scene.check_second(still)
                    if not outputs:
                        _make(Path("renders"))
                    for path in paths if page else ():
                        if still is not None:
                            scene.still(path, still, size or Mp4.size, theme)
                        else:
                            scene.storyboard(path, size or Mp4.size, theme)
                        written.append(path)
                    if clips:
                        written.extend(scene.saving(*clips, workers=executor or 0, progress=progress))
                    if json:
                        told["scene"] = report.scene(self.name, *scene.told())
            finally:
                for path in written:
                    voice.path(path)
                if written:
                    voice.result(told | {"files": report.files(written, clips, length)})
            if pending and not show(paths[0]):
                voice.warning(f"{paths[0]}: no program was found to show it; leave out --open")
            pending = False

        with crew(0 if page else workers, frames) as executor:
            if watched and self.path:
                voice.note(f"animopt: {self.path} is rendered whenever it is saved; Ctrl-C ends that")
                watch(self.path, lambda: voice.tell(write, executor))
            else:
                write(executor)


class SceneCommand(RenderCommand):
    """Renders the scene in a file; the file is run only when its help or its frames are asked for."""

    def __init__(self, path: Path) -> None:
        self.path: Path = path
        again = "Render a draft, or the still, and again whenever the scene file is saved, until Ctrl-C."
        super().__init__(catalogue.name(path), [click.Option(["--watch", "watched"], is_flag=True, help=again)])

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
                    shell_complete=completion.function_names,
                    help="One that `animopt functions` lists, or a Python file with one function in it.",
                ),
                click.Option(
                    ["--racer", "racers"],
                    required=True,
                    multiple=True,
                    metavar="NAME[:SETTING=VALUE,...]",
                    shell_complete=completion.optimizer_names,
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
        from animopt.adhoc import Race

        path = own.pop("save_scene")
        function, racers = own.pop("function"), own.pop("racers")
        race = Race(function, racers, {field: value for field, value in own.items() if value is not None})
        if path:
            catalogue.save_scene(path, race.source)
            written.append(path)
        return race.scene


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


class AllCommand(click.Command):
    """Renders many scenes, several at a time, past those that fail."""

    def __init__(self) -> None:
        self.name: str
        super().__init__(
            "all",
            callback=self.render,
            params=[
                click.Argument(["names"], nargs=-1, metavar="[SCENE]...", shell_complete=completion.scene_names),
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
        quiet: bool,
        json: bool,
    ) -> None:
        """Write the clips, print the path of every file, and tell of each scene on standard error."""
        from animopt.batch import render_all
        from animopt.workers import Workers, cores
        from animopt.writers import WRITERS, Output

        voice = Voice(quiet, json)
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
                    voice.warning(f"{rendered.name}: {warning}")
                for path in rendered.paths:
                    voice.path(path)
                voice.result(rendered.told)
                outcome = f"failed: {rendered.failure}" if rendered.failure else "done"
                voice.note(f"{done}/{len(scenes)} {rendered.name}: {outcome}")
                failed += [rendered.name] if rendered.failure else []
        if failed:
            raise Error(f"{len(failed)} of {len(scenes)} scenes failed: {', '.join(sorted(failed))}")


@click.command()
@click.argument("name", metavar="NAME")
def new(name: str) -> None:
    """Write a commented scene file that renders as it is, into ./scenes where there is such a folder."""
    from animopt.starter import start

    path = start(name, COMMANDS)
    click.echo(path)
    wanted = catalogue.name(path) if path.parent.name else path
    click.echo(f"animopt {wanted} --draft --open renders it, and shows it", err=True)


@click.command()
def doctor() -> None:
    """Tell what is installed, what is missing and how to mend it; leave with 1 where something is missing."""
    from animopt.doctor import examine

    lacking = []
    for finding in examine():
        click.echo(f"{finding.state:8}{finding.thing:18}{finding.found}")
        if finding.remedy:
            click.echo(f"{'':26}{finding.remedy}")
        lacking += [finding.thing] if finding.state == "fails" else []
    if lacking:
        raise Error(f"{', '.join(lacking)}: missing or not fit for use; what to do is told under each")


COMMANDS: dict[str, click.Command] = {
    "race": RaceCommand(),
    "all": AllCommand(),
    "functions": functions,
    "optimizers": optimizers,
    "new": new,
    "doctor": doctor,
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
