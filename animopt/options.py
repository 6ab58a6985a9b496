"""What commands that render have in common: their options, and what these ask for."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from animopt.cluster import check_address, connected
from animopt.errors import Error, UsageError
from animopt.look import THEMES
from animopt.places import PLACES

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from contextlib import AbstractContextManager

    from animopt.output import Output


def parse_size(value: str) -> tuple[int, int]:
    """A size on the command line, as 1280x720; raises BadParameter for what is none."""
    width, times, height = value.lower().partition("x")
    if not (times and width.isdecimal() and height.isdecimal()):
        raise click.BadParameter(f"{value!r}: give a width and a height, as 1280x720")
    return int(width), int(height)


def make_folder(folder: Path) -> None:
    """Make a folder where there is none; raises Error where it cannot be made."""
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise Error(f"{folder}: cannot be made: {error.strerror}; name another place with --output") from error


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
        click.Option(["--quiet"], is_flag=True, help="Say nothing but what goes wrong."),
        click.Option(
            ["--json"], is_flag=True, help="Tell of the files, and of what happens in the race, as JSON, in one line."
        ),
    ]


def format_options() -> list[click.Parameter]:
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


def clips_of(
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


def check_cluster(cluster: str | None, workers: int | None) -> None:
    """Raise UsageError for what is no cluster, or one with workers of ours besides."""
    if cluster is not None:
        check_address(cluster)
        if workers is not None:
            raise UsageError(f"cluster {cluster!r}: has workers of its own; leave out --workers or --cluster")


def team_of(workers: int | None, cluster: str | None, scenes: int) -> "AbstractContextManager[Executor]":
    """What renders so many scenes, several at a time. Raises UsageError for what it cannot be."""
    from animopt.workers import Workers, cores

    check_cluster(cluster, workers)
    return Workers(workers or min(cores(), scenes), "animopt.scene") if cluster is None else connected(cluster)
