"""The commands that render several scenes: all of them, a gallery, a deck of slides."""

import contextlib
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from animopt import catalogue, completion
from animopt.cluster import connected
from animopt.errors import Error, UsageError
from animopt.options import check_cluster, clip_options, clips_of, format_options, make_folder, team_of
from animopt.voice import Voice

if TYPE_CHECKING:
    from animopt.batch import Rendered
    from animopt.output import Output


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
                    help="gif, mp4, webm, webp, apng, mov or frames; may be given several times.  [default: gif, mp4]",
                ),
                *format_options(),
                *clip_options(1, "Scenes at a time, each in a process of its own.  [default: one on each processor]"),
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
        quiet: bool,
        json: bool,
    ) -> None:
        """Write the clips, print the path of every file, and tell of each scene on standard error."""
        from animopt.batch import render_all

        voice = Voice(quiet, json)
        clip_of, endings = clips_of(size, fps, theme, place, most, transparent, draft)
        asked = [each.lower().removeprefix(".") for each in dict.fromkeys(formats)]
        endings = ["/" if each == "frames" else f".{each}" for each in asked] or endings
        scenes = {
            name: (path, [clip_of(f"{folder / name}{ending}") for ending in endings])
            for name, path in catalogue.chosen(names).items()
        }
        make_folder(folder)
        fields = {} if seconds is None else {"seconds": seconds}
        with team_of(workers, cluster, len(scenes)) as executor:
            outcomes = _telling(render_all(scenes, executor, fields), scenes, voice)
        _check_outcomes(outcomes)


class GalleryCommand(click.Command):
    """Renders many scenes small, several at a time, and a page on which to browse them."""

    def __init__(self) -> None:
        self.name: str
        super().__init__(
            "gallery",
            callback=self.render,
            params=[
                click.Argument(["names"], nargs=-1, metavar="[SCENE]...", shell_complete=completion.scene_names),
                click.Option(
                    ["-o", "--output", "folder"],
                    type=click.Path(path_type=Path),
                    default=Path("gallery"),
                    help="The folder to write to.  [default: gallery]",
                ),
                *clip_options(
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
        quiet: bool,
        json: bool,
        lang: str | None,
    ) -> None:
        """Write the clips and the page, print the path of every file, and tell of each scene on standard error."""
        from animopt import report
        from animopt.batch import render_all
        from animopt.gallery import CLIPS, FPS, SIZE, Card, check_folder, save_page, small

        voice = Voice(quiet, json)
        check_folder(folder)
        fields = {field: value for field, value in (("seconds", seconds), ("lang", lang)) if value is not None}
        files = catalogue.chosen(names)
        clip_of, _ = clips_of(size or SIZE, FPS if fps is None else fps, theme, draft=draft)
        clips = {name: clip_of(f"{folder / CLIPS / name}.mp4") for name in files}
        make_folder(folder)
        make_folder(folder / CLIPS)
        scenes = {name: (path, [clips[name]]) for name, path in files.items()}
        with team_of(workers, cluster, len(scenes)) as executor:
            outcomes = _telling(render_all(scenes, executor, fields, small), scenes, voice)
        chosen = {"theme": theme, "lang": lang}
        options = [word for option, value in chosen.items() if value for word in (f"--{option}", value)]
        cards = [
            Card(name, catalogue.description(path).partition("\n")[0], _asking(name, path, options), told.facts)
            for name, path in files.items()
            if (told := outcomes[name].told)
        ]
        if cards:
            page = save_page(folder, cards, next(iter(clips.values())).size)
            voice.path(page)
            voice.result({"files": report.files([page], [], 0)})
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
                click.Argument(["names"], nargs=-1, metavar="SCENE...", shell_complete=completion.scene_names),
                *clip_options(0, "Processes that draw, 0 for none but this one.  [default: what suits the machine]"),
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
        quiet: bool,
        json: bool,
        lang: str | None,
    ) -> None:
        """Write the deck, print its path, and tell of each scene on standard error."""
        from animopt.startup import importing

        voice = Voice(quiet, json)
        if not names:
            raise UsageError(f"{path}: a deck needs scenes; name at least one, as animopt deck {path} ravine-race")
        check_cluster(cluster, workers)
        scenes = list(catalogue.chosen(names).values())
        with importing():
            from animopt import report
            from animopt.deck import save_deck

        def progress(done: int, total: int, name: str) -> None:
            voice.note(f"{done}/{total} {name}: done")

        asked: dict[str, Any] = {"seconds": seconds, "lang": lang, "draft": draft}
        # Standard output is for the path alone, whatever a scene file prints.
        team = contextlib.nullcontext(workers) if cluster is None else connected(cluster)
        with voice.aside(), team as who:
            save_deck(path, scenes, size, fps, theme, workers=who, progress=progress, **asked)
        voice.path(path)
        voice.result({"files": report.files([path], [], 0)})


def _telling(
    results: "Iterable[Rendered]", scenes: "Mapping[str, tuple[Path, Sequence[Output]]]", voice: Voice
) -> "dict[str, Rendered]":
    """What comes of each scene, by its name, once all are done; it is told as they are."""
    from animopt import report

    outcomes = {}
    for done, rendered in enumerate(results, 1):
        for warning in rendered.warnings:
            voice.warning(f"{rendered.name}: {warning}")
        for path in rendered.paths:
            voice.path(path)
        race, seconds = ({}, 0.0) if rendered.told is None else (rendered.told.race, rendered.told.seconds)
        files = report.files(rendered.paths, scenes[rendered.name][1], seconds)
        failed = {"error": rendered.failure} if rendered.failure else {}
        voice.result({"scene": {"name": rendered.name, **race}, "files": files, **failed})
        outcome = f"failed: {rendered.failure}" if rendered.failure else "done"
        voice.note(f"{done}/{len(scenes)} {rendered.name}: {outcome}")
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
