"""Commands that render several scenes: `all`, `gallery` and `deck`."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from animopt.cli.console import Console
from animopt.cli.options import (
    FORMAT_OPTIONS,
    FRAME_WORKERS,
    LANGUAGE,
    SCENE_WORKERS,
    ClipOptions,
    PresetCommand,
    clip_options,
    folder_option,
    output_folder,
    scenes_argument,
)
from animopt.core.errors import Error, UsageError
from animopt.core.processes import shell_command
from animopt.scene import catalog

if TYPE_CHECKING:
    from animopt.scene.batch import BatchResult


@click.command(
    "all",
    cls=PresetCommand,
    short_help="Render all scenes, or the given ones.",
    params=[
        scenes_argument("[SCENE]..."),
        folder_option("renders"),
        *FORMAT_OPTIONS,
        *clip_options(SCENE_WORKERS),
    ],
)
def render_all_scenes(names: tuple[str, ...], folder: Path, **values: Any) -> None:
    """Render all listed scenes, or the given ones: names, files, or folders of scene files.

    A failed scene does not stop the others.
    """
    from animopt.scene.batch import render_all

    options = ClipOptions(**values)
    scenes = {
        name: (path, [options.output(f"{folder / name}{ending}") for ending in options.endings])
        for name, path in catalog.chosen(names).items()
    }
    with output_folder(folder), options.scene_executor(len(scenes)) as executor:
        results = _report(render_all(scenes, executor, options.scene_fields), len(scenes), options.console)
    _check_results(results)


@click.command(
    short_help="Render a page on which to browse all scenes, or the given ones.",
    params=[
        scenes_argument("[SCENE]..."),
        folder_option("gallery"),
        *clip_options(SCENE_WORKERS, size="480x270", fps=25),
        LANGUAGE,
    ],
)
def gallery(names: tuple[str, ...], folder: Path, **values: Any) -> None:
    """Render all listed scenes, or the given ones, as small clips, and a page that shows them.

    Scenes are names, files, or folders of scene files. The page is index.html in the folder; it needs neither a server
    nor a network. It shows the scenes of the last run. Other files in the folder are kept.
    """
    from animopt.scene.batch import render_all
    from animopt.scene.gallery import CLIPS, Card, check_folder, render_card, save_page

    options = ClipOptions(**values)
    check_folder(folder)
    files = catalog.chosen(names)
    scenes = {name: (path, [options.output(f"{folder / CLIPS / name}.mp4")]) for name, path in files.items()}
    with output_folder(folder), output_folder(folder / CLIPS), options.scene_executor(len(scenes)) as executor:
        rendered = render_all(scenes, executor, options.scene_fields, render_card)
        results = _report(rendered, len(scenes), options.console)
    look = {"--theme": options.theme, "--lang": options.lang}
    more_words = [word for option, value in look.items() if value for word in (option, value)]
    cards = [
        Card(name, catalog.summary(path), _render_command(name, path, more_words), report.facts)
        for name, path in files.items()
        if (report := results[name].report) and report.facts
    ]
    if cards:
        (clip,) = next(iter(scenes.values()))[1]
        options.console.files([save_page(folder, cards, clip.size)])
    _check_results(results)


@click.command(
    short_help="Make slides of scenes, as .pptx or .html.",
    params=[
        click.Argument(["path"], type=click.Path(path_type=Path), metavar="FILE"),
        scenes_argument("SCENE..."),
        *clip_options(FRAME_WORKERS, size="1280x720", fps=50),
        LANGUAGE,
    ],
)
def deck(path: Path, names: tuple[str, ...], **values: Any) -> None:
    """Make a slide of each scene: FILE is a .pptx for PowerPoint, or an .html for any browser.

    Scenes are names, files, or folders of scene files.
    """
    from animopt.core.imports import gc_paused

    options = ClipOptions(**values)
    console = options.console
    if not names:
        raise UsageError(f"{path}: a deck needs scenes; name at least one, as animopt deck {path} ravine-race")
    scenes = list(catalog.chosen(names).values())
    with gc_paused():
        from animopt.scene.deck import save_deck

    executor: AbstractContextManager[Any] = options.cluster_executor() or nullcontext(options.workers)
    with console.redirect_prints(), executor as workers:
        save_deck(
            path,
            scenes,
            options.size,
            options.fps,
            options.theme,
            seconds=options.seconds,
            lang=options.lang,
            draft=options.draft,
            workers=workers,
            limits=options.limits,
            progress=lambda done, total, name: console.note(f"{done}/{total} {name}: done"),
        )
    console.files([path])


def _report(rendered: "Iterable[BatchResult]", total: int, console: Console) -> "dict[str, BatchResult]":
    """Report each scene when it is finished, and return all results by name."""
    results = {}
    for done, result in enumerate(rendered, 1):
        results[result.name] = result
        for warning in result.warnings:
            console.warning(f"{result.name}: {warning}")
        race, seconds = (result.report.race, result.report.seconds) if result.report else ({}, 0.0)
        error = {"error": result.failure} if result.failure else {}
        console.files(result.paths, result.clips, seconds, scene={"name": result.name, **race}, **error)
        console.note(f"{done}/{total} {result.name}: {f'failed: {result.failure}' if result.failure else 'done'}")
    return results


def _check_results(results: "Mapping[str, BatchResult]") -> None:
    """Raise Error with the names of failed scenes."""
    failed = sorted(name for name, result in results.items() if result.failure)
    if failed:
        raise Error(f"{len(failed)} of {len(results)} scenes failed: {', '.join(failed)}")


def _render_command(name: str, path: Path, options: Sequence[str]) -> str:
    """Return the shell command that renders a scene as a GIF: by its name if the catalog has it, otherwise by its file.

    A file in the current folder is relative to it; of other files only the name is given, because readers of the page
    have other folders.
    """
    here, file = Path.cwd(), Path.cwd() / path
    known = file.relative_to(here) if file.is_relative_to(here) and ".." not in file.parts else path.name
    program = click.get_current_context().find_root().command
    commands = program.commands if isinstance(program, click.Group) else ()
    words = [name if catalog.scenes(commands).get(name) == path else str(known), f"{name}.gif"]
    scene, output = (f"./{word}" if word.startswith("-") else word for word in words)
    return shell_command(["animopt", scene, "-o", output, *options])
