"""What the command line can be asked for: a scene, a race without one, and what is on the shelves."""

import contextlib
import shlex
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from animopt import catalogue
from animopt.cluster import check_address, connected
from animopt.errors import Error, UsageError
from animopt.layout import LAYOUTS
from animopt.look import THEMES
from animopt.places import PLACES

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from contextlib import AbstractContextManager

    from animopt.batch import Rendered
    from animopt.function import Function
    from animopt.output import Output
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


def _clip_options(
    fewest_workers: int,
    workers: str,
    size: str = "800x450 for a GIF, else 1280x720",
    fps: str = "25 for a GIF, else 50",
) -> list[click.Parameter]:
    """The options of every command that renders clips; what it does with its workers is its own, and its defaults."""
    return [
        click.Option(
            ["--size"],
            type=_size,
            metavar="WIDTHxHEIGHT",
            help=f"Pixels.  [default: {size}]",
        ),
        click.Option(["--fps"], type=float, help=f"Frames a second.  [default: {fps}]"),
        click.Option(["--seconds"], type=float, help="Length of the whole clip.  [default: the scene's]"),
        click.Option(["--theme"], type=click.Choice(list(THEMES)), help="Colours.  [default: the scene's]"),
        click.Option(
            ["--draft"],
            is_flag=True,
            help="A quick look: half the size, and 15 frames a second, a GIF 10, which browsers keep exactly.",
        ),
        click.Option(["--workers"], type=click.IntRange(min=fewest_workers), help=workers),
        click.Option(
            ["--cluster"],
            metavar="ADDRESS",
            help="The scheduler of a Dask cluster that does the work instead, as tcp://scheduler:8786.",
        ),
    ]


def _format_options() -> list[click.Parameter]:
    """The options of the commands that render clips of any format."""
    return [
        click.Option(
            ["--for", "place"],
            type=click.Choice(list(PLACES)),
            help="Format, size, rate, theme and most bytes for where the clip goes. Other options win over it.",
        ),
        click.Option(
            ["--max-size", "most"],
            metavar="BYTES",
            help="The most that a file may have, as 10MB; quality, then rate, then size are given up for it.",
        ),
        click.Option(
            ["--transparent"],
            is_flag=True,
            help="Without the ground, for .mov, .webm, .webp, .apng and folders of frames.",
        ),
    ]


def _clips(
    size: tuple[int, int] | None,
    fps: float | None,
    theme: str | None,
    place: str | None = None,
    most: str | None = None,
    transparent: bool = False,
    draft: bool = False,
) -> "tuple[Callable[[str], Output], list[str]]":
    """What makes an output of a path, and the endings of the files that are written where none is named.

    Raises UsageError for an option that cannot be used.
    """
    from animopt.budget import in_bytes
    from animopt.output import USUAL, Output

    output = PLACES[place].output if place else Output
    bytes_at_most = None if most is None else in_bytes(most)

    def clip_of(path: str) -> Output:
        clip = output(path, size, fps, theme, transparent, bytes_at_most)
        return clip.draft() if draft else clip

    return clip_of, [f"-{place}{PLACES[place].suffix}"] if place else list(USUAL)


def _check_cluster(cluster: str | None, workers: int | None) -> None:
    if cluster is not None:
        check_address(cluster)
        if workers is not None:
            raise UsageError(f"cluster {cluster!r}: has workers of its own; leave out --workers or --cluster")


def _team(workers: int | None, cluster: str | None, scenes: int) -> "AbstractContextManager[Executor]":
    """What renders so many scenes, several at a time. Raises UsageError for what it cannot be."""
    from animopt.workers import Workers, cores

    _check_cluster(cluster, workers)
    return Workers(workers or min(cores(), scenes), "animopt.scene") if cluster is None else connected(cluster)


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
                    type=click.Path(),
                    help="A file to write; may be given several times. The suffix picks the format: .gif, .mp4, .webm, "
                    ".webp, .apng, .mov, a slash for a folder of PNG frames, or .png, .svg, .pdf with --still and "
                    "--storyboard.  [default: a GIF and an MP4 in renders/]",
                ),
                *_format_options(),
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
        outputs: tuple[str, ...],
        size: tuple[int, int] | None,
        fps: float | None,
        seconds: float | None,
        theme: str | None,
        place: str | None,
        most: str | None,
        transparent: bool,
        draft: bool,
        workers: int | None,
        cluster: str | None,
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
        from animopt.formats import Mp4
        from animopt.output import check_path, check_still
        from animopt.startup import importing
        from animopt.workers import crew

        # All that the options alone can have wrong is said before torch is imported, which takes seconds.
        if storyboard and still is not None:
            raise UsageError("storyboard: shows six moments, a still one; leave out --storyboard or --still")
        page = storyboard or still is not None
        if page and fps is not None:
            raise UsageError(f"fps {fps:g}: a still has no rate; leave out --fps")
        if page and draft:
            raise UsageError("draft: a still takes no longer at full size; leave out --draft")
        if page and cluster is not None:
            raise UsageError(f"cluster {cluster!r}: a still is drawn here; leave out --cluster")
        _check_cluster(cluster, workers)
        for option, given in (("for", place), ("max-size", most)):
            if page and given:
                raise UsageError(f"{option} {given!r}: is for clips; leave out --{option}")
        clip_of, endings = _clips(size, fps, theme, place, most, transparent, draft)
        endings = ["-storyboard.png"] if storyboard else [".png"] if page else endings
        paths = outputs or tuple(f"renders/{self.name}{ending}" for ending in endings)
        stills = [Path(path) for path in paths] if page else []
        for path in stills:
            check_still(path)
        clips = [] if page else [clip_of(path) for path in paths]
        for path, folder in [(path, False) for path in stills] + [(clip.path, clip.writer.folder) for clip in clips]:
            if outputs:
                check_path(path, folder=folder)
        kinds = [kind.strip() for given in beside for kind in given.split(",")]
        if page and kinds:
            raise UsageError(f"with {kinds[0]}: stands beside a clip, and a still is none; leave out --with")
        check(kinds, clips)
        # How long a scene's own clip is will be known once torch is there; the workers can be ready by then.
        frames = max((clip.fps for clip in clips), default=0) * (inf if seconds is None else seconds)

        written: list[Path] = []
        team = crew(0 if page else workers, frames) if cluster is None else connected(cluster)
        try:
            # Standard output is for the paths alone, whatever a scene file prints.
            with contextlib.redirect_stdout(sys.stderr), team as executor:
                asked: dict[str, Any] = {"seconds": seconds, "layout": layout, "lang": lang}
                asked = {field: value for field, value in asked.items() if value is not None}
                with importing():
                    scene = replace(self.scene(written, **own), **asked)
                if still is not None:
                    scene.check_second(still)
                if not outputs:
                    _make(Path("renders"))
                if page:
                    for path in stills:
                        if still is not None:
                            scene.still(path, still, size or Mp4.size, theme, transparent=transparent, recipe=recipe)
                        else:
                            scene.storyboard(path, size or Mp4.size, theme, transparent=transparent, recipe=recipe)
                        written.append(path)
                else:
                    shown = sys.stderr.isatty()
                    with click.progressbar(length=0, label=self.name, file=sys.stderr, hidden=not shown) as bar:

                        def progress(done: int, total: int) -> None:
                            bar.length = total
                            bar.update(done - bar.pos)

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
    from animopt.formats import Mp4
    from animopt.output import check_path, check_still

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
                    help="gif, mp4, webm, webp, apng, mov or frames; may be given several times.  [default: gif, mp4]",
                ),
                *_format_options(),
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
        place: str | None,
        most: str | None,
        transparent: bool,
        draft: bool,
        workers: int | None,
        cluster: str | None,
    ) -> None:
        """Write the clips, print the path of every file, and tell of each scene on standard error."""
        from animopt.batch import render_all

        clip_of, endings = _clips(size, fps, theme, place, most, transparent, draft)
        asked = [each.lower().removeprefix(".") for each in dict.fromkeys(formats)]
        endings = ["/" if each == "frames" else f".{each}" for each in asked] or endings
        scenes = {
            name: (path, [clip_of(f"{folder / name}{ending}") for ending in endings])
            for name, path in catalogue.chosen(names).items()
        }
        _make(folder)
        fields = {} if seconds is None else {"seconds": seconds}
        with _team(workers, cluster, len(scenes)) as executor:
            outcomes = _telling(render_all(scenes, executor, fields), len(scenes))
        _check_outcomes(outcomes)


class GalleryCommand(click.Command):
    """Renders many scenes small, several at a time, and a page on which to browse them."""

    def __init__(self) -> None:
        self.name: str
        super().__init__(
            "gallery",
            callback=self.render,
            params=[
                click.Argument(["names"], nargs=-1, metavar="[SCENE]..."),
                click.Option(
                    ["-o", "--output", "folder"],
                    type=click.Path(path_type=Path),
                    default=Path("gallery"),
                    help="The folder to write to.  [default: gallery]",
                ),
                *_clip_options(
                    1,
                    "Scenes at a time, each in a process of its own.  [default: one on each processor]",
                    size="480x270",
                    fps="25",
                ),
                click.Option(["--lang"], metavar="LANGUAGE", help="Of titles and captions, as en or ko."),
            ],
            short_help="Render a page on which to browse every scene, or those named.",
            help="Render every scene that is listed, or those named, as a small clip, and a page on which to browse "
            "them: by their names, as files, or as folders of them. The page is index.html in the folder, and needs "
            "neither a server nor a network. It shows the scenes of the last run; files of earlier ones in the folder "
            "that are not written again are left there.",
        )

    def render(
        self,
        names: tuple[str, ...],
        folder: Path,
        size: tuple[int, int] | None,
        fps: float | None,
        seconds: float | None,
        theme: str | None,
        draft: bool,
        workers: int | None,
        cluster: str | None,
        lang: str | None,
    ) -> None:
        """Write the clips and the page, print the path of every file, and tell of each scene on standard error."""
        from animopt.batch import render_all
        from animopt.gallery import CLIPS, FPS, SIZE, Card, check_folder, save_page, small

        check_folder(folder)
        fields = {field: value for field, value in (("seconds", seconds), ("lang", lang)) if value is not None}
        files = catalogue.chosen(names)
        clip_of, _ = _clips(size or SIZE, FPS if fps is None else fps, theme, draft=draft)
        clips = {name: clip_of(f"{folder / CLIPS / name}.mp4") for name in files}
        _make(folder)
        _make(folder / CLIPS)
        scenes = {name: (path, [clips[name]]) for name, path in files.items()}
        with _team(workers, cluster, len(scenes)) as executor:
            outcomes = _telling(render_all(scenes, executor, fields, small), len(scenes))
        chosen = {"theme": theme, "lang": lang}
        options = [word for option, value in chosen.items() if value for word in (f"--{option}", value)]
        cards = [
            Card(
                name, catalogue.description(path).partition("\n")[0], _asking(name, path, options), outcomes[name].told
            )
            for name, path in files.items()
            if not outcomes[name].failure
        ]
        if cards:
            click.echo(save_page(folder, cards, next(iter(clips.values())).size))
        _check_outcomes(outcomes)


class DeckCommand(click.Command):
    """Renders several scenes as the slides of one file."""

    def __init__(self) -> None:
        self.name: str
        super().__init__(
            "deck",
            callback=self.render,
            params=[
                click.Argument(["path"], type=click.Path(path_type=Path), metavar="FILE"),
                click.Argument(["names"], nargs=-1, metavar="SCENE..."),
                *_clip_options(0, "Processes that draw, 0 for none but this one.  [default: what suits the machine]"),
                click.Option(["--lang"], metavar="LANGUAGE", help="Of titles and captions, as en or ko."),
            ],
            short_help="Make slides of scenes, as .pptx or .html.",
            help="Make a deck with a slide for each scene: FILE is a .pptx for PowerPoint, or an .html for any "
            "browser. Scenes are named as for `animopt all`.",
        )

    def render(
        self,
        path: Path,
        names: tuple[str, ...],
        size: tuple[int, int] | None,
        fps: float | None,
        seconds: float | None,
        theme: str | None,
        draft: bool,
        workers: int | None,
        cluster: str | None,
        lang: str | None,
    ) -> None:
        """Write the deck, print its path, and tell of each scene on standard error."""
        from animopt.startup import importing

        if not names:
            raise UsageError(f"{path}: a deck needs scenes; name at least one, as animopt deck {path} ravine-race")
        _check_cluster(cluster, workers)
        scenes = list(catalogue.chosen(names).values())
        with importing():
            from animopt.deck import save_deck

        def progress(done: int, total: int, name: str) -> None:
            click.echo(f"{done}/{total} {name}: done", err=True)

        asked: dict[str, Any] = {"seconds": seconds, "lang": lang, "draft": draft}
        # Standard output is for the path alone, whatever a scene file prints.
        team = contextlib.nullcontext(workers) if cluster is None else connected(cluster)
        with contextlib.redirect_stdout(sys.stderr), team as who:
            save_deck(path, scenes, size, fps, theme, workers=who, progress=progress, **asked)
        click.echo(path)


COMMANDS: dict[str, click.Command] = {
    "race": RaceCommand(),
    "all": AllCommand(),
    "deck": DeckCommand(),
    "gallery": GalleryCommand(),
    "functions": functions,
    "optimizers": optimizers,
    "recipe": recipe,
}
"""Every command that is not a scene's."""


def _telling(results: "Iterable[Rendered]", total: int) -> "dict[str, Rendered]":
    """What comes of each scene, by its name, once all are done; it is told as they are."""
    outcomes = {}
    for done, rendered in enumerate(results, 1):
        for warning in rendered.warnings:
            click.echo(f"animopt: warning: {rendered.name}: {' '.join(warning.split())}", err=True)
        for path in rendered.paths:
            click.echo(path)
        outcome = f"failed: {rendered.failure}" if rendered.failure else "done"
        click.echo(f"{done}/{total} {rendered.name}: {outcome}", err=True)
        outcomes[rendered.name] = rendered
    return outcomes


def _check_outcomes(outcomes: "Mapping[str, Rendered]") -> None:
    """Raise Error that names the scenes that failed."""
    failed = sorted(name for name, rendered in outcomes.items() if rendered.failure)
    if failed:
        raise Error(f"{len(failed)} of {len(outcomes)} scenes failed: {', '.join(failed)}")


def _asking(name: str, path: Path, options: Sequence[str]) -> str:
    """The command that renders a scene as a GIF, as the system's shell takes it: by its name where that finds it."""
    scene, output = name if catalogue.scenes().get(name) == path else str(path), f"{name}.gif"
    words = [f"./{word}" if word.startswith("-") else word for word in (scene, output)]
    command = ["animopt", words[0], "-o", words[1], *options]
    return subprocess.list2cmdline(command) if sys.platform == "win32" else shlex.join(command)


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
