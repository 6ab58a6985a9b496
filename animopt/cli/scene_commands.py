"""Commands that render scenes: one from a scene file or from options, or several at once."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from animopt.cli.console import Console
from animopt.cli.options import (
    FORMAT_OPTIONS,
    FORMAT_RATE,
    FRAME_WORKERS,
    GRID,
    LANGUAGE,
    SCENE_WORKERS,
    Context,
    PresetCommand,
    clip_options,
    complete_function,
    complete_optimizer,
    folder_option,
    preset_option,
    scenes_argument,
    size_option,
)
from animopt.core.errors import Error, UsageError, install_command
from animopt.core.processes import shell_command
from animopt.core.working_folder import absolute, own_folder
from animopt.drawing.layout import LAYOUTS
from animopt.scene import catalog
from animopt.video.presets import VIDEO_PRESETS

if TYPE_CHECKING:
    from animopt.cli.rendering import RenderOptions
    from animopt.scene.batch import BatchResult
    from animopt.scene.compare import SceneComparison
    from animopt.scene.scene import Scene

OUTPUT = click.Option(
    ["-o", "--output", "outputs"],
    multiple=True,
    type=click.Path(),
    show_default="a GIF and an MP4 in renders/",
    help="File to write; may be given several times. The suffix is the format: .gif, .mp4, .webm, .webp, .apng, .mov, "
    "a slash for a folder of PNG frames, .html for an interactive page, or .png, .svg, .pdf for a still or a "
    "storyboard; - is standard output.",
)
STILL = click.Option(["--still"], type=float, metavar="SECOND", help="Write one frame, as PNG, SVG or PDF.")
SIDECARS = click.Option(
    ["--sidecars"],
    multiple=True,
    metavar="KIND[,KIND...]",
    callback=lambda ctx, param, values: [kind.strip() for value in values for kind in value.split(",")],
    help="Write files next to the clip: poster (.png), captions (.vtt), alt (.txt, a description of the clip), "
    "markdown (.md) or html (.html, both to paste into a page), or iframe (.embed.html, with an interactive page).",
)
OPEN = click.Option(["--open"], is_flag=True, help="Show the first file when it is written.")

RENDER_OPTIONS = [
    OUTPUT,
    *FORMAT_OPTIONS,
    *clip_options(FRAME_WORKERS, size_option(None), FORMAT_RATE),
    click.Option(
        ["--layout"],
        type=click.Choice(["auto", *LAYOUTS]),
        show_default="the scene's",
        help="Arrangement of the panels.",
    ),
    LANGUAGE,
    STILL,
    click.Option(["--storyboard"], is_flag=True, help="Write six moments on one page, as PNG, SVG or PDF."),
    SIDECARS,
    click.Option(
        ["--no-recipe", "recipe"],
        flag_value=False,
        default=True,
        help="Leave the recipe, which `animopt recipe` reads, out of the file.",
    ),
    OPEN,
]
"""The options of every command that renders one scene."""


def parse_point(value: str) -> tuple[float, float]:
    """Parse a point such as -1.2,1. Raises BadParameter if that fails."""
    try:
        x, y = (float(number) for number in value.strip("() ").split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r}: give two numbers, as -1.2,1") from None
    return x, y


class SceneCommand(PresetCommand):
    """A command that renders the scene in a file. The file is run only to render it or to show its help."""

    context_class = Context

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            catalog.name(path),
            callback=self.render,
            params=[
                click.Option(
                    ["--watch"],
                    is_flag=True,
                    help="Render a draft now and whenever the scene file is saved, until Ctrl-C.",
                ),
                *RENDER_OPTIONS,
            ],
            help=catalog.description(path),
            short_help=catalog.summary(path),
        )

    def load(self) -> "Scene":
        """Return the scene in the file."""
        from animopt.scene.scene import load_scene

        return load_scene(self.path)

    def render(self, *, watch: bool, **options: Any) -> None:
        """Render the scene."""
        from animopt.cli.rendering import render
        from animopt.scene.folder_defaults import defaults_of, files_read

        render(
            catalog.name(self.path),
            lambda written: self.load(),
            read=files_read(self.path),
            watch=self.path if watch else None,
            defaults=defaults_of(self.path.parent),
            **options,
        )

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the file's docstring, then the racers with their settings."""
        from animopt.engine.racer import names_and_settings

        super().format_help_text(ctx, formatter)
        scene = self.load()
        projected = any(function.box for function in scene.functions)
        with formatter.section(f"Racers, {scene.steps} steps from {scene.start}" if scene.start else "Racers"):
            formatter.write_dl(list(zip(*names_and_settings(scene.racers, projected=projected), strict=True)))


@click.command(
    cls=PresetCommand,
    short_help="Render a race without a scene file.",
    params=[
        click.Option(
            ["--function"],
            required=True,
            metavar="NAME",
            shell_complete=complete_function,
            help="Function that `animopt functions` lists, or a Python file with one function.",
        ),
        click.Option(
            ["--racer", "racers"],
            required=True,
            multiple=True,
            metavar="NAME[:SETTING=VALUE,...]",
            shell_complete=complete_optimizer,
            help="Optimizer that `animopt optimizers` lists, as adam:lr=.05,betas=(.9,.99); may be given several "
            "times.",
        ),
        click.Option(
            ["--start"],
            type=parse_point,
            metavar="X,Y",
            show_default="the function's",
            help="Start of all racers.",
        ),
        click.Option(["--steps"], type=int, show_default="20", help="Number of steps."),
        click.Option(["--title"], show_default="the optimizers and the function", help="Title of the clip."),
        click.Option(["--caption"], help="Text under the title."),
        click.Option(
            ["--save-scene"], type=click.Path(path_type=Path), help="Scene file to write; it renders the same race."
        ),
        *RENDER_OPTIONS,
    ],
)
def race(function: str, racers: tuple[str, ...], save_scene: Path | None, **options: Any) -> None:
    """Render a race without a scene file: optimizers on a function."""
    from animopt.cli.rendering import render
    from animopt.scene.folder_defaults import defaults_of

    fields = {name: options.pop(name) for name in ("start", "steps", "title", "caption")}
    defaults = defaults_of()

    def load(written: list[Path]) -> "Scene":
        from animopt.scene.race_spec import race_scene
        from animopt.scene.scene import apply_defaults

        scene, text = race_scene(function, racers, {name: value for name, value in fields.items() if value is not None})
        if save_scene:
            if not text:
                raise Error(f"{save_scene}: cannot be written, because {function} is not in UTF-8; save it as UTF-8")
            catalog.save_scene(save_scene, text)
            written.append(save_scene)
        return apply_defaults(scene, defaults)

    read = [Path(function)] if Path(function).suffix == ".py" else []
    render(
        "race",
        load,
        read=[*read, defaults.path] if defaults.path else read,
        others=[save_scene] if save_scene else [],
        defaults=defaults,
        **options,
    )


@click.command(
    cls=PresetCommand,
    short_help="Render two or four scenes in one picture.",
    params=[
        scenes_argument("SCENE SCENE [SCENE SCENE]"),
        OUTPUT,
        click.Option(
            ["--clock"],
            type=click.Choice(["step", "evaluations"]),
            default="step",
            show_default=True,
            help="Quantity that is the same for all races at a moment: the step, or the number of computed gradients.",
        ),
        *FORMAT_OPTIONS,
        *clip_options(FRAME_WORKERS, size_option(None, "1280x720"), FORMAT_RATE),
        LANGUAGE,
        STILL,
        SIDECARS,
        OPEN,
    ],
)
def compare(names: tuple[str, ...], clock: str, **options: Any) -> None:
    """Render two or four scenes in one picture, beside or below each other, with one clock.

    Scenes are names, files, or folders of scene files. Each has its own title. Racers with the same optimizer have the
    same color and marker. The length of the clip, its theme, the card, the question and the slow motion are those of
    the first scene.
    """
    from animopt.cli.rendering import render
    from animopt.scene.folder_defaults import defaults_of, files_read
    from animopt.video.comparison import check_count
    from animopt.video.output import VIDEO_SIZE

    paths = catalog.in_order(names)
    check_count(len(paths))

    def load(written: list[Path]) -> "SceneComparison":
        from animopt.scene.compare import SceneComparison
        from animopt.scene.scene import load_scene

        lang = {"lang": options["lang"]} if options["lang"] else {}
        return SceneComparison(scenes=tuple(load_scene(path).replace(**lang) for path in paths), clock=clock)

    render(
        "-and-".join(map(catalog.name, paths)),
        load,
        read=[file for path in paths for file in files_read(path)],
        # A part of a smaller picture has little room for its texts.
        default_size=VIDEO_SIZE,
        defaults=defaults_of(),
        **options,
    )


@click.command(
    "all",
    cls=PresetCommand,
    short_help="Render all scenes, or the given ones.",
    params=[
        scenes_argument("[SCENE]..."),
        folder_option("renders", from_defaults=True),
        *FORMAT_OPTIONS,
        *clip_options(SCENE_WORKERS, size_option(None), FORMAT_RATE),
        LANGUAGE,
    ],
)
def render_all_scenes(names: tuple[str, ...], folder: Path | None, **values: Any) -> None:
    """Render all listed scenes, or the given ones: names, files, or folders of scene files.

    A failed scene does not stop the others.
    """
    from animopt.cli.rendering import RenderOptions, output_folder
    from animopt.scene.batch import render_all
    from animopt.scene.folder_defaults import defaults_of

    options = RenderOptions(**values, defaults=defaults_of())
    options.check_grid(paged=any(ending.endswith(".html") for ending in options.endings))
    folder = folder or options.default_folder
    scenes = {
        name: (path, [options.output(f"{folder / name}{ending}") for ending in options.endings])
        for name, path in catalog.chosen(names).items()
    }
    with output_folder(folder), options.scene_executor(len(scenes)) as executor:
        results = _report(render_all(scenes, executor, options.scene_fields), len(scenes), options.console)
    _check_results(results, options.console, named=bool(names))


@click.command(
    short_help="Render a page on which to browse all scenes, or the given ones.",
    params=[
        scenes_argument("[SCENE]..."),
        folder_option("gallery"),
        click.Option(
            ["--pages"], is_flag=True, help="Also make an interactive page of each scene, which its card opens."
        ),
        GRID,
        *clip_options(SCENE_WORKERS, size_option("480x270"), 25),
        LANGUAGE,
    ],
)
def gallery(names: tuple[str, ...], folder: Path, *, pages: bool, **values: Any) -> None:
    """Render all listed scenes, or the given ones, as small clips, and a page that shows them.

    Scenes are names, files, or folders of scene files. The page is index.html in the folder; it needs neither a server
    nor a network. It shows the scenes of the last run. Other files in the folder are kept.
    """
    from animopt.cli.rendering import RenderOptions, output_folder
    from animopt.scene.batch import render_all
    from animopt.scene.gallery import CLIPS, DARK, PAGES, Card, check_files, check_folder, render_card, save_page

    options = RenderOptions(**values)
    options.check_grid(paged=pages, remedy="add --pages")
    check_folder(folder)
    files = catalog.chosen(names)
    # A page follows the scheme of the browser, unless a theme was chosen.
    themes = {CLIPS: options.theme} if options.theme else {CLIPS: None, f"{CLIPS}/{DARK}": "dark"}
    scenes = {
        name: (
            path,
            [
                *(options.output(f"{folder / each / name}.mp4", theme) for each, theme in themes.items()),
                *([options.output(f"{folder / PAGES / name}.html")] if pages else ()),
            ],
        )
        for name, path in files.items()
    }
    check_files(folder, scenes)
    with ExitStack() as stack:
        for each in ("", *themes, *([PAGES] if pages else ())):
            stack.enter_context(output_folder(folder / each))
        executor = stack.enter_context(options.scene_executor(len(scenes)))
        results = _report(render_all(scenes, executor, options.scene_fields, render_card), len(scenes), options.console)
    cards = [
        Card(name, _render_command(name, path, options), report.facts)
        for name, path in files.items()
        if (report := results[name].report) and report.facts
    ]
    if cards:
        size = options.output("clip.mp4").size
        options.console.files(
            [save_page(folder, cards, size, options.lang, dark_posters=not options.theme, pages=pages)]
        )
    _check_results(results, options.console, named=bool(names))


@click.command(
    cls=PresetCommand,
    short_help="Make slides of scenes or of a lecture, as .pptx or .html.",
    params=[
        click.Argument(["path"], type=click.Path(path_type=Path), metavar="FILE"),
        scenes_argument("SCENE...", lectures=True),
        preset_option(VIDEO_PRESETS),
        click.Option(["--pages"], is_flag=True, help="Also give each slide of an .html an interactive page."),
        *clip_options(
            FRAME_WORKERS,
            size_option(None, "1920x1080 for a .pptx, 1280x720 for an .html"),
            "30 for a .pptx, 50 for an .html",
        ),
        LANGUAGE,
    ],
)
def deck(path: Path, names: tuple[str, ...], *, pages: bool, **values: Any) -> None:
    """Make a slide of each scene: FILE is a .pptx for PowerPoint, or an .html for any browser.

    Scenes are names, files, or folders of scene files. A lecture, by its name or its file, is a slide for each of its
    parts, with the spoken text in the notes.
    """
    from animopt.cli.rendering import RenderOptions
    from animopt.core.contexts import gc_paused

    options = RenderOptions(**values)
    console = options.console
    if not names:
        example = shell_command(["animopt", "deck", path, "ravine-race"])
        raise UsageError(f"{path}: a deck needs scenes; name at least one, as {example}")
    scenes = catalog.in_order(names, catalog.find_any)
    with gc_paused():
        from animopt.lecture.deck import save_deck

    executor: AbstractContextManager[Any] = options.cluster_executor() or nullcontext(options.workers)
    with console.redirect_prints(), executor as workers, console.progress(path.name) as frame_progress:
        save_deck(
            path,
            scenes,
            options.size,
            options.fps,
            options.theme,
            preset=options.preset,
            seconds=options.seconds,
            lang=options.lang,
            draft=options.draft,
            pages=pages,
            workers=workers,
            limits=options.limits,
            progress=lambda done, total, name: console.note(f"{done}/{total} {name}: done"),
            frame_progress=frame_progress,
        )
    console.files([path])


def _report(rendered: "Iterable[BatchResult]", total: int, console: Console) -> "dict[str, BatchResult]":
    """Report each scene when it is finished, and return all results by name."""
    from animopt.recording.timeline import frame_count

    results = {}
    frames = 0
    with console.progress("rendering") as progress:
        for done, result in enumerate(rendered, 1):
            results[result.name] = result
            for warning in result.warnings:
                console.warning(f"{result.name}: {warning}")
            race, seconds = (result.report.race, result.report.seconds) if result.report else ({}, 0.0)
            error: dict[str, Any] = {"error": result.failure} if result.failure else {}
            console.files(result.paths, result.clips, seconds, scene={"name": result.name, **race}, **error)
            console.note(f"{done}/{total} {result.name}: {f'failed: {result.failure}' if result.failure else 'done'}")
            frames += sum(frame_count(seconds, clip.fps) for clip in result.clips)
            progress(done, total, frames)
    return results


def _check_results(results: "Mapping[str, BatchResult]", console: Console, *, named: bool) -> None:
    """Raise Error with the names of failed scenes. Scenes that were not `named` and lack an extra do not count."""
    lacking = {} if named else {name: each.missing_extra for name, each in results.items() if each.missing_extra}
    if lacking:
        commands = " and ".join(map(install_command, sorted(set(lacking.values()))))
        console.note(f"animopt: left out {', '.join(sorted(lacking))}; to render them, install it with {commands}")
    failed = sorted(name for name, result in results.items() if result.failure and name not in lacking)
    if failed:
        raise Error(f"{len(failed)} of {len(results)} scenes failed: {', '.join(failed)}")


def _render_command(name: str, path: Path, options: "RenderOptions") -> str:
    """Return the shell command that renders a scene as a GIF: by its name if the catalog has it, otherwise by its file.

    A file in the current folder is relative to it; of other files only the name is given, because readers of the page
    have other folders.
    """
    here, file = own_folder(), absolute(path)
    known = file.relative_to(here) if file.is_relative_to(here) and ".." not in file.parts else path.name
    program = cast("click.Group", click.get_current_context().find_root().command)
    scene = name if catalog.scenes(program.commands).get(name) == path else str(known)
    given = (("--theme", options.theme), ("--lang", options.lang))
    look = [word for option, value in given if value for word in (option, value)]
    return shell_command(["animopt", Path(scene), "-o", Path(f"{name}.gif"), *look])
