"""A click command for every scene."""

import contextlib
import difflib
import io
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from animopt import catalogue
from animopt.errors import Error, UsageError
from animopt.layout import LAYOUTS
from animopt.look import THEMES


class SceneCommand(click.Command):
    """Renders the scene in a file; the file is run only when its help or its frames are asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name: str
        super().__init__(
            catalogue.name(path),
            callback=self.render,
            params=[
                click.Option(
                    ["-o", "--output", "outputs"],
                    multiple=True,
                    type=click.Path(path_type=Path),
                    help="A file to write; may be given several times. The suffix picks the format: .gif, .mp4, "
                    "or .png, .svg, .pdf with --still and --storyboard.  [default: a GIF and an MP4 in renders/]",
                ),
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
                    ["--layout"],
                    type=click.Choice(["auto", *LAYOUTS]),
                    help="Where the panels stand.  [default: the scene's]",
                ),
                click.Option(["--lang"], metavar="LANGUAGE", help="Of titles and captions, as en or ko."),
                click.Option(["--still"], type=float, metavar="SECOND", help="Write one frame, as PNG, SVG or PDF."),
                click.Option(["--storyboard"], is_flag=True, help="Write six moments on one page, as PNG, SVG or PDF."),
            ],
        )

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

    def render(
        self,
        outputs: tuple[Path, ...],
        size: tuple[int, int] | None,
        fps: float | None,
        seconds: float | None,
        theme: str | None,
        layout: str | None,
        lang: str | None,
        still: float | None,
        storyboard: bool,
    ) -> None:
        """Write the clip or the still, and print the path of every file."""
        from dataclasses import replace

        from animopt.writers import WRITERS, Mp4, Output, check_path, check_still

        # All that the options alone can have wrong is said before torch is imported, which takes seconds.
        for path in outputs:
            check_path(path)
        if storyboard and still is not None:
            raise UsageError("storyboard: shows six moments, a still one; leave out --storyboard or --still")
        page = storyboard or still is not None
        if page and fps is not None:
            raise UsageError(f"fps {fps:g}: a still has no rate; leave out --fps")
        endings = ["-storyboard.png"] if storyboard else [".png"] if page else sorted(WRITERS)
        paths = outputs or tuple(Path("renders", self.name + ending) for ending in endings)
        for path in paths if page else ():
            check_still(path)
        clips = [] if page else [Output(path, size, fps, theme) for path in paths]

        from animopt.scene import load

        written: list[Path] = []
        try:
            # Standard output is for the paths alone, whatever a scene file prints.
            with contextlib.redirect_stdout(sys.stderr):
                scene = load(self.path)
                asked: dict[str, Any] = {"seconds": seconds, "layout": layout, "lang": lang}
                scene = replace(scene, **{field: value for field, value in asked.items() if value is not None})
                if still is not None:
                    scene.check_second(still)
                if not outputs:
                    _make_renders()
                if page:
                    for path in paths:
                        if still is not None:
                            scene.still(path, still, size or Mp4.size, theme)
                        else:
                            scene.storyboard(path, size or Mp4.size, theme)
                        written.append(path)
                else:
                    shown = sys.stderr.isatty()
                    with click.progressbar(length=0, label=self.name, file=sys.stderr, hidden=not shown) as bar:

                        def progress(done: int, total: int) -> None:
                            bar.length = total
                            bar.update(1)

                        written.extend(scene.saving(*clips, progress=progress))
        finally:
            for path in written:
                click.echo(path)


def _make_renders() -> None:
    try:
        Path("renders").mkdir(exist_ok=True)
    except OSError as error:
        raise Error(f"renders: cannot be made: {error.strerror}; name a file with --output") from error


class Animopt(click.Group):
    """A command for every scene that is found, and for every scene file that is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the scenes."""
        return list(catalogue.scenes())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """The command of a scene, by its name or its file. Raises click.UsageError where there is neither."""
        if cmd_name.endswith(".py") or "/" in cmd_name or "\\" in cmd_name:
            if not Path(cmd_name).is_file():
                raise click.UsageError(f"{cmd_name}: there is no such scene file")
            return SceneCommand(Path(cmd_name))
        scenes = catalogue.scenes()
        if cmd_name not in scenes:
            close = difflib.get_close_matches(cmd_name, scenes, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]!r}?" if close else "animopt without a scene lists them"
            raise click.UsageError(f"there is no scene {cmd_name!r}; {hint}")
        return SceneCommand(scenes[cmd_name])

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Every scene, with one line about it."""
        with formatter.section("Scenes"):
            formatter.write_dl(
                [(name, catalogue.description(path).partition("\n")[0]) for name, path in catalogue.scenes().items()]
            )


@click.group(
    cls=Animopt,
    invoke_without_command=True,
    subcommand_metavar="SCENE [OPTIONS]",
    help="Render a scene: optimizers racing on a surface, as GIF and MP4. SCENE is one of those below, or the path "
    "of a scene file; `animopt SCENE --help` tells what it shows.",
)
@click.version_option(package_name="animopt")
@click.pass_context
def animopt(context: click.Context) -> None:
    """List the scenes where none is named."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def _size(value: str) -> tuple[int, int]:
    width, times, height = value.lower().partition("x")
    if not (times and width.isdecimal() and height.isdecimal()):
        raise click.BadParameter(f"{value!r}: give a width and a height, as 1280x720")
    return int(width), int(height)


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    click.echo(f"animopt: warning: {' '.join(str(message).split())}", err=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; leave with 0, with 2 where it was misused, with 1 where the work failed."""
    for stream in (sys.stdout, sys.stderr):
        # A console or a pipe that lacks a letter, as on Windows, shows a question mark for it.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    warnings.showwarning = _show_warning
    try:
        sys.exit(animopt.main(arguments, prog_name="animopt", standalone_mode=False))
    except click.ClickException as error:
        message, code = error.format_message(), error.exit_code
    except UsageError as error:
        message, code = str(error), 2
    except Error as error:
        message, code = str(error), 1
    except (click.Abort, KeyboardInterrupt):
        message, code = "interrupted; nothing was replaced", 130
    click.echo(f"animopt: {' '.join(message.split())}", err=True)
    sys.exit(code)
