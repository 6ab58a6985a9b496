"""What commands that render have in common: their options, and what these ask for."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from animopt.cli import completion
from animopt.cli.console import Console
from animopt.core.errors import Error, UsageError
from animopt.core.terminal_text import escape_controls
from animopt.drawing.theme import THEMES
from animopt.scene.limits import Limits
from animopt.video.presets import PRESETS

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from contextlib import AbstractContextManager

    from animopt.video.output import Output

STANDARD_OUTPUT = "-"
"""What stands for standard output where the path of a file is asked for."""


class Formatter(click.HelpFormatter):
    """Writes help and tables, in which what files say of themselves cannot command the terminal."""

    def write(self, string: str) -> None:
        super().write(escape_controls(string, keep="\n"))


class Context(click.Context):
    """What a command runs in, whose help may have texts of others."""

    formatter_class = Formatter


def parse_size(value: str) -> tuple[int, int]:
    """A size on the command line, as 1280x720; raises BadParameter for what is none."""
    found = re.fullmatch(r"(\d{1,6})x(\d{1,6})", value.lower())
    if not found:
        raise click.BadParameter(f"{value!r}: give a width and a height, as 1280x720")
    return int(found[1]), int(found[2])


@contextmanager
def folder_for(folder: Path) -> Iterator[None]:
    """A folder to write to, made where there is none, and gone again where nothing came into it.

    Raises Error where it cannot be made.
    """
    there = folder.is_dir()
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise Error(f"{folder}: cannot be made: {error.strerror}; name another place with --output") from error
    try:
        yield
    finally:
        if not there:
            # A folder with anything in it stays.
            with suppress(OSError):
                folder.rmdir()


def clip_options(
    fewest_workers: int,
    workers: str,
    size: str = "800x450 for a GIF, else 1280x720",
    fps: str = "25 for a GIF, else 50",
) -> list[click.Parameter]:
    """The options of every command that renders clips; what it does with its workers is its own, and its defaults."""
    return [
        click.Option(
            ["--size"],
            type=parse_size,
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
        click.Option(
            ["--limit", "limit"],
            multiple=True,
            metavar="NAME=NUMBER",
            help=f"Allow more of something than usual, or less: {Limits()}.",
        ),
        click.Option(["--quiet"], is_flag=True, help="Say nothing but what goes wrong."),
        click.Option(
            ["--json"], is_flag=True, help="Tell of the files, and of what happens in the race, as JSON, in one line."
        ),
    ]


def format_options(formats: str) -> list[click.Parameter]:
    """The options of the commands that render clips of any format; `formats` tells what --format is for."""
    return [
        click.Option(["--format", "formats"], multiple=True, metavar="FORMAT", help=formats),
        click.Option(
            ["--for", "place"],
            type=click.Choice(list(PRESETS)),
            help="Format, size, rate, theme and most bytes for where the clip goes. Other options win over it.",
        ),
        click.Option(
            ["--max-bytes", "max_bytes"],
            metavar="BYTES",
            help="The most that a file may have, as 10MB; quality, then rate, then size are given up for it.",
        ),
        click.Option(
            ["--transparent"],
            is_flag=True,
            help="Without the ground, for .mov, .webm, .webp, .apng and folders of frames.",
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class ClipOptions:
    """What the options of a command that renders clips ask for, and those of formats, where it has them.

    Raises UsageError for what is no cluster, or one with workers of ours besides.
    """

    size: tuple[int, int] | None
    fps: float | None
    seconds: float | None
    theme: str | None
    draft: bool
    workers: int | None
    cluster: str | None
    limit: tuple[str, ...]
    quiet: bool
    json: bool
    place: str | None = None
    max_bytes: str | None = None
    transparent: bool = False
    formats: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _ = self.limits
        if self.cluster is not None:
            from animopt.video.dask_cluster import check_address

            check_address(self.cluster)
            if self.workers is not None:
                raise UsageError(f"cluster {self.cluster!r}: has workers of its own; leave out --workers or --cluster")

    @property
    def voice(self) -> Console:
        """How the command is to speak."""
        return Console(self.quiet, self.json)

    @property
    def endings(self) -> list[str]:
        """The endings of the files that are written where none is named."""
        from animopt.video.output import DEFAULT_SUFFIXES

        if self.formats:
            asked = [each.lower().removeprefix(".") for each in dict.fromkeys(self.formats)]
            return ["/" if each == "frames" else f".{each}" for each in asked]
        return [f"-{self.place}{PRESETS[self.place].suffix}"] if self.place else list(DEFAULT_SUFFIXES)

    def output(self, path: str) -> "Output":
        """The clip at a path. Raises UsageError for an option that it cannot have."""
        from animopt.video.output import Output
        from animopt.video.size_budget import parse_bytes

        max_bytes = None if self.max_bytes is None else parse_bytes(self.max_bytes)
        given: dict[str, Any] = {"size": self.size, "fps": self.fps, "theme": self.theme, "max_bytes": max_bytes}
        given = {field: value for field, value in given.items() if value is not None}
        make = PRESETS[self.place].output if self.place else Output
        clip = make(path, transparent=self.transparent, **given)
        return clip.draft() if self.draft else clip

    def fields(self, **others: object) -> dict[str, Any]:
        """The fields of a scene that are asked for otherwise than it says: its length, and any others."""
        asked = {"seconds": self.seconds, "limits": self.limits, **others}
        return {field: value for field, value in asked.items() if value is not None}

    @property
    def limits(self) -> Limits | None:
        """The bounds on what may be asked for, None where they are the usual ones."""
        return Limits.given(self.limit) if self.limit else None

    def several(self, scenes: int) -> "AbstractContextManager[Executor]":
        """What renders so many scenes, several at a time."""
        from animopt.core.processes import available_processors
        from animopt.video.worker_pool import WorkerPool

        return self.connected() or WorkerPool(
            self.workers or min(available_processors(), scenes), "animopt.scene.scene"
        )

    def connected(self) -> "AbstractContextManager[Executor] | None":
        """The cluster that does the work, None where there is none."""
        if self.cluster is None:
            return None
        from animopt.video.dask_cluster import connected

        return connected(self.cluster)


def scenes_argument(many: bool = True) -> click.Parameter:
    """The scenes that a command is to render; where there can be `many`, all of them where none is named."""
    metavar = "[SCENE]..." if many else "SCENE..."
    return click.Argument(["names"], nargs=-1, metavar=metavar, shell_complete=completion.scene_names)


def folder_option(default: str) -> click.Parameter:
    """The folder that a command is to write to."""
    return click.Option(
        ["-o", "--output", "folder"],
        type=click.Path(path_type=Path),
        default=Path(default),
        help=f"The folder to write to.  [default: {default}]",
    )


def language_option() -> click.Parameter:
    """The language in which scenes are to speak."""
    return click.Option(["--lang"], metavar="LANGUAGE", help="Of titles and captions, as en or ko.")
