"""Options that several commands share, and their values."""

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from animopt.cli import completion
from animopt.cli.console import Console
from animopt.core.errors import Error, UsageError
from animopt.core.terminal_text import escape_controls
from animopt.drawing.theme import THEMES
from animopt.video.presets import PRESETS

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from animopt.scene.limits import Limits
    from animopt.video.output import Output


class Formatter(click.HelpFormatter):
    """Writes help and tables with control characters escaped, because scene files can contain them."""

    def write(self, string: str) -> None:
        super().write(escape_controls(string, keep="\n"))


class Context(click.Context):
    """A click context whose help is written by `Formatter`."""

    formatter_class = Formatter


class PresetCommand(click.Command):
    """A command with the option --for; its help ends with the presets."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the name and the description of each preset."""
        with formatter.section("Presets for --for"):
            formatter.write_dl([(name, str(preset)) for name, preset in PRESETS.items()])


def parse_size(value: str) -> tuple[int, int]:
    """Parse a size such as 1280x720. Raises BadParameter if that fails."""
    found = re.fullmatch(r"(\d{1,6})x(\d{1,6})", value.lower())
    if not found:
        raise click.BadParameter(f"{value!r}: give a width and a height, as 1280x720")
    return int(found[1]), int(found[2])


class LimitOption(click.Option):
    """The option --limit. It imports the limits only for its help and its value, because that takes time."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the line of the help, with the default limits."""
        from animopt.scene.limits import Limits

        self.show_default = str(Limits())
        return super().get_help_record(ctx)


def _parse_limits(ctx: click.Context, param: click.Parameter, texts: Sequence[str]) -> "Limits | None":
    if ctx.resilient_parsing or not texts:
        return None
    from animopt.scene.limits import parse_limits

    return parse_limits(texts)


def size_option(default: str | None) -> click.Option:
    """Return the option for the size of pictures; by default it depends on the format."""
    return click.Option(
        ["--size"],
        type=parse_size,
        metavar="WIDTHxHEIGHT",
        default=default,
        show_default=default is not None or "800x450 for a GIF, else 1280x720",
        help="Size in pixels.",
    )


def theme_option(default: str | None) -> click.Option:
    """Return the option for the theme of pictures; by default it is the scene's."""
    return click.Option(
        ["--theme"],
        type=click.Choice(list(THEMES)),
        default=default,
        show_default=default is not None or "the scene's",
        help="Color theme.",
    )


def clip_options(workers: click.Option, size: str | None = None, fps: float | None = None) -> list[click.Parameter]:
    """Return the options of every command that renders clips; by default size and rate depend on the format."""
    return [
        size_option(size),
        click.Option(
            ["--fps"],
            type=float,
            default=fps,
            show_default=fps is not None or "25 for a GIF, else 50",
            help="Frames per second.",
        ),
        click.Option(["--seconds"], type=float, show_default="the scene's", help="Length of the clip."),
        theme_option(None),
        click.Option(["--draft"], is_flag=True, help="Render at half the size and at most 15 frames per second."),
        workers,
        click.Option(["--cluster"], metavar="ADDRESS", help="Use the Dask cluster of a scheduler, as tcp://host:8786."),
        LimitOption(
            ["--limit", "limits"],
            multiple=True,
            metavar="NAME=NUMBER",
            callback=_parse_limits,
            help="Change a limit; may be given several times.",
        ),
        click.Option(["--quiet"], is_flag=True, help="Print only errors."),
        click.Option(["--json"], is_flag=True, help="Print the files and the events of the race as one line of JSON."),
    ]


FORMAT_OPTIONS = [
    click.Option(
        ["--format", "formats"],
        multiple=True,
        metavar="FORMAT",
        show_default="gif, mp4",
        help="Format of files without a name: gif, mp4, webm, webp, apng, mov or frames; may be given several times.",
    ),
    click.Option(
        ["--for", "preset"],
        type=click.Choice(list(PRESETS)),
        metavar="PRESET",
        help="Use a preset from the list below; other options override it.",
    ),
    click.Option(
        ["--max-bytes"],
        metavar="BYTES",
        help="Maximum size of a file, as 10MB. Quality, then frame rate, then picture size are reduced to meet it.",
    ),
    click.Option(
        ["--transparent"],
        is_flag=True,
        help="Leave out the background; for .mov, .webm, .webp, .apng and folders of frames.",
    ),
]
FRAME_WORKERS = click.Option(
    ["--workers"],
    type=click.IntRange(min=0),
    show_default="depends on the machine",
    help="Number of processes that draw frames; 0 draws in this process.",
)
SCENE_WORKERS = click.Option(
    ["--workers"],
    type=click.IntRange(min=1),
    show_default="one per processor",
    help="Number of scenes that are rendered at a time.",
)
LANGUAGE = click.Option(["--lang"], metavar="LANGUAGE", help="Language of titles and captions, as en or ko.")


def scenes_argument(metavar: str) -> click.Argument:
    """Return the argument for the scenes that a command renders."""
    return click.Argument(["names"], nargs=-1, metavar=metavar, shell_complete=completion.complete_scene)


def folder_option(default: str) -> click.Option:
    """Return the option for the folder that a command writes to."""
    return click.Option(
        ["-o", "--output", "folder"],
        type=click.Path(path_type=Path),
        default=default,
        show_default=True,
        help="Folder to write to.",
    )


@dataclass(frozen=True, kw_only=True)
class ClipOptions:
    """Values of the options of a command that renders clips.

    Raises UsageError for a bad cluster address, and for a cluster together with local workers.
    """

    size: tuple[int, int] | None
    fps: float | None
    seconds: float | None
    theme: str | None
    draft: bool
    workers: int | None
    cluster: str | None
    limits: "Limits | None"
    quiet: bool
    json: bool
    lang: str | None = None
    layout: str | None = None
    formats: Sequence[str] = ()
    preset: str | None = None
    max_bytes: str | None = None
    transparent: bool = False

    def __post_init__(self) -> None:
        if self.cluster is not None:
            from animopt.video.dask_cluster import check_address

            check_address(self.cluster)
            if self.workers is not None:
                raise UsageError(f"cluster {self.cluster!r}: has its own workers; leave out --workers or --cluster")

    @property
    def console(self) -> Console:
        """The console that the command writes to."""
        return Console(self.quiet, self.json)

    @property
    def endings(self) -> Sequence[str]:
        """Endings of the default file names, one for each format."""
        from animopt.video.output import DEFAULT_SUFFIXES

        if self.formats:
            names = [each.lower().removeprefix(".") for each in dict.fromkeys(self.formats)]
            return ["/" if name == "frames" else f".{name}" for name in names]
        return [f"-{self.preset}{PRESETS[self.preset].suffix}"] if self.preset else DEFAULT_SUFFIXES

    def output(self, path: str) -> "Output":
        """Return the clip at a path. Raises UsageError for options that its format does not support."""
        from animopt.video.output import Output
        from animopt.video.size_budget import parse_bytes

        max_bytes = None if self.max_bytes is None else parse_bytes(self.max_bytes)
        make_output = PRESETS[self.preset].output if self.preset else Output
        given = _given(size=self.size, fps=self.fps, theme=self.theme, max_bytes=max_bytes)
        clip = make_output(path, transparent=self.transparent, **given)
        return clip.draft() if self.draft else clip

    @property
    def scene_fields(self) -> dict[str, Any]:
        """Fields of the scene that options replace."""
        return _given(seconds=self.seconds, limits=self.limits, lang=self.lang, layout=self.layout)

    def cluster_executor(self) -> "AbstractContextManager[Executor] | None":
        """Return the executor of the cluster, or None if there is no cluster."""
        if self.cluster is None:
            return None
        from animopt.video.dask_cluster import connected

        return connected(self.cluster)

    def scene_executor(self, scenes: int) -> "AbstractContextManager[Executor]":
        """Return the executor that renders a number of scenes, several at a time."""
        from animopt.core.processes import available_processors
        from animopt.video.worker_pool import WorkerPool

        count = self.workers or min(available_processors(), scenes)
        return self.cluster_executor() or WorkerPool(count, "animopt.scene.scene")


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


@contextmanager
def output_folder(folder: Path) -> Iterator[None]:
    """Create a folder if it is missing, and remove it again if nothing was written to it.

    Raises Error if the folder cannot be created.
    """
    existed = folder.is_dir()
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise Error(f"{folder}: cannot be created: {error.strerror}; name another folder with --output") from error
    try:
        yield
    finally:
        if not existed:
            # This fails if the folder has content.
            with suppress(OSError):
                folder.rmdir()
