"""The commands that render several scenes: all of them, a gallery, a deck of slides."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from animopt.cli.console import Console
from animopt.cli.options import (
    ClipOptions,
    clip_options,
    folder_for,
    folder_option,
    format_options,
    language_option,
    scenes_argument,
)
from animopt.core.errors import Error, UsageError
from animopt.core.processes import shell_command
from animopt.scene import catalog

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from contextlib import AbstractContextManager

    from animopt.scene.batch import BatchResult


class AllCommand(click.Command):
    """Renders many scenes, several at a time, past those that fail."""

    def __init__(self) -> None:
        self.name: str
        super().__init__(
            "all",
            callback=self.render,
            params=[
                scenes_argument(),
                folder_option("renders"),
                *format_options(
                    "gif, mp4, webm, webp, apng, mov or frames; may be given several times.  [default: gif, mp4]"
                ),
                *clip_options(1, "Scenes at a time, each in a process of its own.  [default: one on each processor]"),
            ],
            short_help="Render every scene, or those named.",
            help="Render every scene that is listed, or those named: by their names, as files, or as folders of them. "
            "A scene that fails does not keep the others from being rendered.",
        )

    def render(self, names: tuple[str, ...], folder: Path, **shared: Any) -> None:
        """Write the clips, print the path of every file, and tell of each scene on standard error."""
        from animopt.scene.batch import render_all

        options = ClipOptions(**shared)
        scenes = {
            name: (path, [options.output(f"{folder / name}{ending}") for ending in options.endings])
            for name, path in catalog.chosen(names).items()
        }
        with folder_for(folder), options.several(len(scenes)) as executor:
            outcomes = _telling(render_all(scenes, executor, options.fields()), len(scenes), options.voice)
        _check_outcomes(outcomes)


class GalleryCommand(click.Command):
    """Renders many scenes small, several at a time, and a page on which to browse them."""

    def __init__(self) -> None:
        self.name: str
        super().__init__(
            "gallery",
            callback=self.render,
            params=[
                scenes_argument(),
                folder_option("gallery"),
                *clip_options(
                    1,
                    "Scenes at a time, each in a process of its own.  [default: one on each processor]",
                    size="480x270",
                    fps="25",
                ),
                language_option(),
            ],
            short_help="Render a page on which to browse every scene, or those named.",
            help="Render every scene that is listed, or those named, as a small clip, and a page on which to browse "
            "them: by their names, as files, or as folders of them. The page is index.html in the folder, and needs "
            "neither a server nor a network. It shows the scenes of the last run; files of earlier ones in the folder "
            "that are not written again are left there.",
        )

    def render(self, names: tuple[str, ...], folder: Path, lang: str | None, **shared: Any) -> None:
        """Write the clips and the page, print the path of every file, and tell of each scene on standard error."""
        from animopt.scene import report
        from animopt.scene.batch import render_all
        from animopt.scene.gallery import CLIPS, FPS, SIZE, Card, check_folder, render_card, save_page

        options = ClipOptions(**shared)
        options = replace(options, size=options.size or SIZE, fps=FPS if options.fps is None else options.fps)
        check_folder(folder)
        files = catalog.chosen(names)
        scenes = {name: (path, [options.output(f"{folder / CLIPS / name}.mp4")]) for name, path in files.items()}
        with folder_for(folder), folder_for(folder / CLIPS), options.several(len(scenes)) as executor:
            results = render_all(scenes, executor, options.fields(lang=lang), render_card)
            outcomes = _telling(results, len(scenes), options.voice)
        chosen = {"theme": options.theme, "lang": lang}
        again = [word for option, value in chosen.items() if value for word in (f"--{option}", value)]
        cards = [
            Card(name, catalog.description(path).partition("\n")[0], _asking(name, path, again), told.facts)
            for name, path in files.items()
            if (told := outcomes[name].told)
        ]
        if cards:
            (clip,) = next(iter(scenes.values()))[1]
            page = save_page(folder, cards, clip.size)
            options.voice.path(page)
            options.voice.result({"files": report.file_reports([page], [], 0)})
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
                scenes_argument(many=False),
                *clip_options(0, "Processes that draw, 0 for none but this one.  [default: what suits the machine]"),
                language_option(),
            ],
            short_help="Make slides of scenes, as .pptx or .html.",
            help="Make a deck with a slide for each scene: FILE is a .pptx for PowerPoint, or an .html for any "
            "browser. Scenes are named as for `animopt all`.",
        )

    def render(self, path: Path, names: tuple[str, ...], lang: str | None, **shared: Any) -> None:
        """Write the deck, print its path, and tell of each scene on standard error."""
        from animopt.core.imports import gc_paused

        options = ClipOptions(**shared)
        voice = options.voice
        if not names:
            raise UsageError(f"{path}: a deck needs scenes; name at least one, as animopt deck {path} ravine-race")
        scenes = list(catalog.chosen(names).values())
        with gc_paused():
            from animopt.scene import report
            from animopt.scene.deck import save_deck

        def progress(done: int, total: int, name: str) -> None:
            voice.note(f"{done}/{total} {name}: done")

        clip: dict[str, Any] = {
            each: getattr(options, each) for each in ("size", "fps", "theme", "seconds", "draft", "limits")
        }
        team: AbstractContextManager[Executor | int | None]
        team = options.connected() or contextlib.nullcontext(options.workers)
        # Standard output is for the path alone, whatever a scene file prints.
        with voice.aside(), team as workers:
            save_deck(path, scenes, **clip, lang=lang, workers=workers, progress=progress)
        voice.path(path)
        voice.result({"files": report.file_reports([path], [], 0)})


def _telling(results: "Iterable[BatchResult]", total: int, voice: Console) -> "dict[str, BatchResult]":
    """What comes of each scene, by its name, once all are done; it is told as they are."""
    from animopt.scene import report

    outcomes = {}
    for done, rendered in enumerate(results, 1):
        for warning in rendered.warnings:
            voice.warning(f"{rendered.name}: {warning}")
        for path in rendered.paths:
            voice.path(path)
        race, seconds = ({}, 0.0) if rendered.told is None else (rendered.told.race, rendered.told.seconds)
        files = report.file_reports(rendered.paths, rendered.clips, seconds)
        failed = {"error": rendered.failure} if rendered.failure else {}
        voice.result({"scene": {"name": rendered.name, **race}, "files": files, **failed})
        outcome = f"failed: {rendered.failure}" if rendered.failure else "done"
        voice.note(f"{done}/{total} {rendered.name}: {outcome}")
        outcomes[rendered.name] = rendered
    return outcomes


def _check_outcomes(outcomes: "Mapping[str, BatchResult]") -> None:
    """Raise Error that names the scenes that failed."""
    failed = sorted(name for name, rendered in outcomes.items() if rendered.failure)
    if failed:
        raise Error(f"{len(failed)} of {len(outcomes)} scenes failed: {', '.join(failed)}")


def _asking(name: str, path: Path, options: Sequence[str]) -> str:
    """The command that renders a scene as a GIF, as the system's shell takes it: by its name where that finds it.

    Other readers do not have this machine's folders: a file in this folder is told as seen from here, others by name.
    """
    here, there = Path.cwd(), Path.cwd() / path
    known = there.relative_to(here) if there.is_relative_to(here) and ".." not in there.parts else path.name
    program = click.get_current_context().find_root().command
    commands = program.commands if isinstance(program, click.Group) else ()
    scene, output = name if catalog.scenes(commands).get(name) == path else str(known), f"{name}.gif"
    words = [f"./{word}" if word.startswith("-") else word for word in (scene, output)]
    command = ["animopt", words[0], "-o", words[1], *options]
    return shell_command(command)
