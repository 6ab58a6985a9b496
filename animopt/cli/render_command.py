"""The commands that render one scene: one from a file, or a race that is asked for in words."""

import contextlib
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from animopt.cli import completion
from animopt.cli.options import (
    STANDARD_OUTPUT,
    ClipOptions,
    Context,
    clip_options,
    folder_for,
    format_options,
    language_option,
)
from animopt.core.errors import Failures, UsageError
from animopt.drawing.layout import LAYOUTS
from animopt.scene import catalog
from animopt.video.presets import PRESETS

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from animopt.scene.scene import Scene
    from animopt.video.output import Output


def parse_point(value: str) -> tuple[float, float]:
    """A point on the command line, as -1.2,1; raises BadParameter for what is none."""
    try:
        x, y = (float(number) for number in value.strip("() ").split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r}: give two numbers, as -1.2,1") from None
    return x, y


class RenderCommand(click.Command, ABC):
    """Renders a scene; what it needs besides the options of all such commands are its own `params`.

    `path` is the scene's file, where it has one.
    """

    path: Path | None = None
    context_class = Context

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
                    "--storyboard; - is standard output.  [default: a GIF and an MP4 in renders/]",
                ),
                *format_options(
                    "What to write where no file is named, or to standard output: a suffix without its dot, or frames; "
                    "may be given several times."
                ),
                *clip_options(0, "Processes that draw, 0 for none but this one.  [default: what suits the machine]"),
                click.Option(
                    ["--layout"],
                    type=click.Choice(["auto", *LAYOUTS]),
                    help="Where the panels stand.  [default: the scene's]",
                ),
                language_option(),
                click.Option(["--still"], type=float, metavar="SECOND", help="Write one frame, as PNG, SVG or PDF."),
                click.Option(["--storyboard"], is_flag=True, help="Write six moments on one page, as PNG, SVG or PDF."),
                click.Option(
                    ["--sidecars"],
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
                click.Option(["--open", "opened"], is_flag=True, help="Show the first file once it is written."),
            ],
            **attributes,
        )

    @abstractmethod
    def scene(self, written: list[Path], **own: Any) -> "Scene":
        """The scene that the command's own parameters ask for; the files that this writes are added to `written`."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What each place gets, and why."""
        with formatter.section("Places, for --for"):
            formatter.write_dl([(word, str(place)) for word, place in PRESETS.items()])

    def render(self, outputs: tuple[str, ...], **given: Any) -> None:
        """Write the clip or the still, and print the path of every file."""
        formats = given["formats"]
        if STANDARD_OUTPUT not in outputs:
            if outputs and formats:
                raise UsageError(f"format {formats[0]!r}: {outputs[0]} tells it by its suffix; leave out --format")
            self._render(outputs, None, **given)
            return
        options = {"json": "json", "opened": "open", "watched": "watch", "sidecars": "sidecars"}
        for name, option in options.items():
            if given.get(name):
                raise UsageError(f"{option}: does not go with standard output; leave out --{option}")
        from animopt.cli.stdout_file import piped

        with piped(formats) as pipe:
            named = tuple(str(pipe) if path == STANDARD_OUTPUT else path for path in outputs)
            self._render(named, pipe, **given | {"formats": ()})

    def _render(
        self,
        outputs: tuple[str, ...],
        pipe: Path | None,
        layout: str | None,
        lang: str | None,
        still: float | None,
        storyboard: bool,
        sidecars: tuple[str, ...],
        recipe: bool,
        opened: bool,
        watched: bool = False,
        **own: Any,
    ) -> None:
        from dataclasses import fields, replace
        from math import inf

        from animopt.cli.watch import watch
        from animopt.core.imports import gc_paused
        from animopt.core.processes import open_file
        from animopt.publish.sidecars import check_sidecars
        from animopt.scene import report
        from animopt.video.formats import Mp4
        from animopt.video.output import check_path, check_still
        from animopt.video.worker_pool import drawing_executor

        options = ClipOptions(**{each.name: own.pop(each.name) for each in fields(ClipOptions)})
        voice, size, theme = options.voice, options.size or Mp4.size, options.theme
        here: dict[str, Any] = {"transparent": options.transparent, "recipe": recipe}

        # All that the options alone can have wrong is said before torch is imported, which takes seconds.
        if storyboard and still is not None:
            raise UsageError("storyboard: shows six moments, a still one; leave out --storyboard or --still")
        page = storyboard or still is not None
        if page and options.fps is not None:
            raise UsageError(f"fps {options.fps:g}: a still has no rate; leave out --fps")
        if page and options.draft:
            raise UsageError("draft: a still takes no longer at full size; leave out --draft")
        if page and options.cluster is not None:
            raise UsageError(f"cluster {options.cluster!r}: a still is drawn here; leave out --cluster")
        for option, given in (("for", options.place), ("max-bytes", options.max_bytes)):
            if page and given:
                raise UsageError(f"{option} {given!r}: is for clips; leave out --{option}")
        options = replace(options, draft=options.draft or watched)
        endings = [".png"] if page and not options.formats else options.endings
        stem = f"renders/{self.name}-storyboard" if storyboard else f"renders/{self.name}"
        paths = outputs or tuple(f"{stem}{ending}" for ending in endings)
        stills = [Path(path) for path in paths] if page else []
        for path in stills:
            check_still(path)
        clips = [] if page else [options.output(path) for path in paths]
        for path, folder in [(path, False) for path in stills] + [(clip.path, clip.format.folder) for clip in clips]:
            if outputs:
                check_path(path, folder=folder)
        kinds = [kind.strip() for given in sidecars for kind in given.split(",")]
        if page and kinds:
            raise UsageError(f"sidecars {kinds[0]}: accompany a clip, not a still; leave out --sidecars")
        check_sidecars(kinds, clips)
        # How long a scene's own clip is will be known once torch is there; the workers can be ready by then.
        frames = max((clip.fps for clip in clips), default=0) * (inf if options.seconds is None else options.seconds)

        pending = opened

        def write(executor: "Executor | None") -> None:
            nonlocal pending
            written: list[Path] = []
            made: list[Output] = []
            told: dict[str, Any] = {}
            length = 0.0
            try:
                # Standard output is for the paths alone, whatever a scene file prints.
                with contextlib.ExitStack() as stack:
                    stack.enter_context(voice.aside())
                    progress = stack.enter_context(voice.progress(self.name))
                    asked = options.fields(layout=layout, lang=lang)
                    # A scene that is loaded again leaves the one before as garbage.
                    with contextlib.nullcontext() if "torch" in sys.modules else gc_paused():
                        from animopt.scene.render import race_report, save_outputs

                        scene = self.scene(written, **own).replace(**asked)
                    length = scene.seconds
                    if not outputs:
                        stack.enter_context(folder_for(Path("renders")))
                    failures = Failures()
                    for path in stills:
                        with failures.collect():
                            if still is not None:
                                scene.still(path, still, size, theme, **here)
                            else:
                                scene.storyboard(path, size, theme, **here)
                            written.append(path)
                    failures.raise_if_any()
                    if clips:
                        named: dict[str, Any] = {"sidecars": kinds, "recipe": recipe, "saved": made.append}
                        written.extend(save_outputs(scene, *clips, workers=executor or 0, progress=progress, **named))
                    if options.json:
                        told["scene"] = {"name": self.name, **race_report(scene)}
            finally:
                for path in written:
                    if pipe is None:
                        voice.path(path)
                    elif path != pipe:
                        voice.note(f"animopt: {path} is written")
                if written:
                    voice.result(told | {"files": report.file_reports(written, made, length)})
            if pending and not open_file(Path(paths[0])):
                voice.warning(f"{paths[0]}: no program was found to show it; leave out --open")
            pending = False

        with options.connected() or drawing_executor(0 if page else options.workers, frames) as executor:
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
        super().__init__(catalog.name(path), [click.Option(["--watch", "watched"], is_flag=True, help=again)])

    def scene(self, written: list[Path], **own: Any) -> "Scene":
        """The scene in the file."""
        from animopt.scene.scene import load_scene

        return load_scene(self.path)

    def get_short_help_str(self, limit: int = 45) -> str:
        """The first line of the file's docstring."""
        return catalog.description(self.path).partition("\n")[0]

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The file's docstring, then the scene's settings."""
        from animopt.engine.racer_names import names_and_settings
        from animopt.scene.scene import load_scene

        scene = load_scene(self.path)
        formatter.write_paragraph()
        for paragraph in catalog.description(self.path).split("\n\n"):
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
                    ["--start"], type=parse_point, metavar="X,Y", help="Where they set out.  [default: the function's]"
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
        from animopt.scene.race_spec import RaceSpec

        path = own.pop("save_scene")
        function, racers = own.pop("function"), own.pop("racers")
        race = RaceSpec(function, racers, {field: value for field, value in own.items() if value is not None})
        if path:
            catalog.save_scene(path, race.source)
            written.append(path)
        return race.scene
