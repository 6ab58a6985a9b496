"""What is to be written, and where."""

import os
import stat
from contextlib import suppress
from dataclasses import dataclass, replace
from numbers import Integral
from pathlib import Path

from animopt.core.errors import UsageError, short_repr
from animopt.core.file_names import ends_in_separator, invalid_name_reason
from animopt.core.number_format import format_bytes
from animopt.core.validation import check_bool, check_choice, check_integer, check_list, check_number
from animopt.drawing.theme import THEMES
from animopt.video.encoder import Writer
from animopt.video.formats import FORMATS

DEFAULT_SUFFIXES = (".gif", ".mp4")
"""The formats that are written where none is named."""

SIDES = 160, 16_384
"""The fewest and the most pixels along a picture's side, of which encoders make anything."""

RATES = 1, 120
"""The fewest and the most frames a second."""

LEAST = 20_000
"""No clip has so few bytes."""

STILLS = (".png", ".svg", ".pdf")


@dataclass(frozen=True)
class Output:
    """A file to write: its suffix picks the format; `size` (width, height) and `fps` default to the format's own.

    A path that ends in a slash is a folder of PNG files. `theme` is the name of one, or None for the scene's.
    `transparent` leaves out the ground of the picture, `max_bytes` is how many bytes the file may have, None for any;
    `notch` is how much of the format's quality is given up, from 0.
    Raises UsageError for a suffix that is no format's, and for a size, a rate, transparency or a number of bytes that
    the format cannot have.
    """

    path: Path
    size: tuple[int, int]
    fps: float
    theme: str | None
    transparent: bool
    max_bytes: int | None
    notch: int
    writer: type[Writer]

    def __init__(
        self,
        path: str | os.PathLike[str],
        size: tuple[int, int] | None = None,
        fps: float | None = None,
        theme: str | None = None,
        transparent: bool = False,
        max_bytes: int | None = None,
        notch: int = 0,
        writer: type[Writer] | None = None,
    ) -> None:
        path = check_is_path(path)
        writer = writer or writer_of(path)
        theme = None if theme is None else check_choice("theme", theme, THEMES)
        max_bytes = None if max_bytes is None else check_integer("max bytes", max_bytes, 0)
        check_bool("transparent", transparent)
        for name, value in {
            "path": Path(path),
            "size": check_size(size or writer.size),
            "fps": check_fps(writer.fps if fps is None else fps),
            "theme": theme,
            "transparent": transparent,
            "max_bytes": max_bytes,
            "notch": notch,
            "writer": writer,
        }.items():
            object.__setattr__(self, name, value)
        if transparent and not writer.keeps_alpha:
            able = ", ".join(sorted(suffix for suffix, other in FORMATS.items() if other.keeps_alpha))
            raise UsageError(f"transparent: a {writer.suffix} has no half-transparent edges; use {able}")
        if max_bytes is not None and max_bytes < LEAST:
            raise UsageError(
                f"max bytes {format_bytes(max_bytes)}: no clip is that small; give at least {format_bytes(LEAST)}"
            )
        writer.check(self)

    def draft(self) -> "Output":
        """The same file for a quick look: half the size, in even sides, and at most 15 frames a second, a GIF's 10."""
        width, height = (max(SIDES[0], 2 * round(side / 4)) for side in self.size)
        return replace(self, size=(width, height), fps=min(self.fps, self.writer.draft_fps))


def check_still(path: Path) -> str:
    """The suffix of a still, in small letters; raises UsageError for one that no still has."""
    suffix = path.suffix.lower()
    if suffix not in STILLS:
        raise UsageError(f"{path}: a still ends in {', '.join(STILLS)}")
    return suffix


def check_is_path(path: str | os.PathLike[str]) -> str | os.PathLike[str]:
    """A path as it is; raises UsageError for what can be none."""
    if not isinstance(path, (str, os.PathLike)) or "\0" in os.fspath(path):
        raise UsageError(f"output {short_repr(path)}: give a path, as 'race.gif'")
    return path


def check_size(size: tuple[int, int]) -> tuple[int, int]:
    """A size (width, height) in pixels; raises UsageError for one that cannot be drawn."""
    least, most = SIDES
    remedy = f"give two sides of {least} to {most} pixels, as (1280, 720)"
    sides = check_list("size ", size, remedy)
    if len(sides) != 2 or not all(isinstance(side, Integral) and not isinstance(side, bool) for side in sides):
        raise UsageError(f"size {short_repr(size)}: {remedy}")
    width, height = map(int, sides)
    if not (least <= width <= most and least <= height <= most):
        raise UsageError(f"size {width}x{height}: give two sides of {least} to {most} pixels, as 1280x720")
    return width, height


def check_fps(fps: float) -> float:
    """A rate in frames a second; raises UsageError for one that no player keeps up with."""
    least, most = RATES
    return check_number("fps", fps, f"give {least} to {most} frames a second", minimum=least, maximum=most)


def check_path(path: Path, *, folder: bool = False) -> None:
    """Raise UsageError for a path at which no file can be written, or no folder where it is to be one."""
    if reason := invalid_name_reason(path.name):
        raise UsageError(f"{path}: {reason}; give it another name")
    kind = None
    try:
        # Where a link leads is where the file will be.
        real = path.resolve()
        missing = next((each for each in (path.parent, real.parent) if not each.is_dir()), None)
        if missing is None:
            with suppress(FileNotFoundError):
                kind = real.stat().st_mode
        stays = folder and (real == Path.cwd() or os.path.ismount(real))
    except (OSError, ValueError, RuntimeError) as error:
        # The last is what Python before 3.13 makes of a link in a circle.
        said = getattr(error, "strerror", None) or ("leads to itself" if isinstance(error, RuntimeError) else error)
        raise UsageError(f"{path}: {said}; give it another name") from error
    if missing is not None:
        raise UsageError(f"{path}: there is no folder {str(missing)!r}; make it first")
    if kind is not None and not (stat.S_ISDIR(kind) or stat.S_ISREG(kind)):
        raise UsageError(f"{path}: is there already and is no file; give it another name")
    if kind is not None and stat.S_ISDIR(kind) and not folder:
        raise UsageError(f"{path}: is a folder; give the name of a file")
    if kind is not None and stat.S_ISREG(kind) and folder:
        raise UsageError(f"{path}: is a file; give the name of a folder")
    if stays:
        raise UsageError(f"{path}: is a disk, or the folder that you are in, and cannot be replaced; name one in it")


def writer_of(path: str | os.PathLike[str]) -> type[Writer]:
    """The format of a path; raises UsageError for a suffix that is none's."""
    suffix = "/" if ends_in_separator(path) else Path(path).suffix.lower()
    if suffix not in FORMATS and Path(path).is_dir():
        raise UsageError(f"{path}: is a folder; give the name of a file, or end it in / for a folder of frames")
    if suffix not in FORMATS:
        known = ", ".join(sorted(each for each in FORMATS if each != "/"))
        what = f"suffix {suffix!r}" if suffix else "no suffix"
        raise UsageError(
            f"{path}: {what}; a clip ends in {known}, a folder of frames in /, a still in {', '.join(STILLS)}"
        )
    return FORMATS[suffix]
