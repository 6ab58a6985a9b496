"""Outputs: files to write, and checks of their paths, sizes and rates."""

import os
import stat
from contextlib import suppress
from numbers import Integral
from pathlib import Path

import attrs

from animopt.core.errors import (
    UsageError,
    check_bool,
    check_choice,
    check_integer,
    check_list,
    check_number,
    short_repr,
)
from animopt.core.files import ends_in_separator, invalid_name_reason
from animopt.core.number_format import format_bytes
from animopt.drawing.theme import THEMES
from animopt.video.encoder import Writer
from animopt.video.formats import FORMATS

DEFAULT_SUFFIXES = (".gif", ".mp4")
"""Suffixes of the files that are written if no output is named."""

MIN_SIDE, MAX_SIDE = 160, 16_384
"""Minimum and maximum number of pixels along a side of a picture. Encoders refuse larger ones."""

MIN_FPS, MAX_FPS = 1, 120
"""Minimum and maximum number of frames per second."""

MIN_BYTES = 20_000
"""Minimum value of `max_bytes`: no clip is smaller."""

STILL_SUFFIXES = (".png", ".svg", ".pdf")
"""Suffixes of stills."""


def _path_text(path: str | os.PathLike[str]) -> str:
    """Return a path as text, which unlike a Path keeps the slash at the end of a folder."""
    return f"{Path(path)}{'/' if ends_in_separator(path) else ''}"


# The format determines defaults, so the constructor is written out.
@attrs.frozen(init=False)
class Output:
    """A file to write. The suffix of its path selects the format.

    Args:
        path: Path of the file. A path that ends in a slash is a folder of PNG files.
        size: Width and height in pixels. The default depends on the format.
        fps: Frames per second, 1 to 120. The default depends on the format.
        theme: Name of a theme. The default is the theme of the scene.
        transparent: Whether to leave out the background.
        max_bytes: Maximum number of bytes of the file. The default is no maximum.

    Raises:
        UsageError: If the suffix is unknown or the format does not support one of the values.

    >>> clip = Output("race.gif", fps=20)
    >>> clip.size, clip.fps
    ((800, 450), 20)
    """

    _path: str = attrs.field(converter=_path_text)
    size: tuple[int, int]
    fps: float
    theme: str | None
    transparent: bool
    max_bytes: int | None

    def __init__(
        self,
        path: str | os.PathLike[str],
        size: tuple[int, int] | None = None,
        fps: float | None = None,
        theme: str | None = None,
        transparent: bool = False,
        max_bytes: int | None = None,
    ) -> None:
        format_ = format_of(check_is_path(path))
        theme = None if theme is None else check_choice("theme", theme, THEMES)
        if check_bool("transparent", transparent) and not format_.keeps_alpha:
            able = ", ".join(sorted(suffix for suffix, other in FORMATS.items() if other.keeps_alpha))
            raise UsageError(f"transparent: a {format_.suffix} has no half-transparent edges; use {able}")
        if max_bytes is not None:
            max_bytes = check_integer("max bytes", max_bytes, 0)
            if max_bytes < MIN_BYTES:
                given, minimum = format_bytes(max_bytes), format_bytes(MIN_BYTES)
                raise UsageError(f"max bytes {given}: no clip is that small; give at least {minimum}")
        self.__attrs_init__(
            path=path,
            size=check_size(size or format_.size),
            fps=check_fps(format_.fps if fps is None else fps),
            theme=theme,
            transparent=transparent,
            max_bytes=max_bytes,
        )
        format_.check(self.path, self.size, self.fps)

    @property
    def path(self) -> Path:
        """Path of the file."""
        return Path(self._path)

    @property
    def format(self) -> type[Writer]:
        """The format of the file."""
        return format_of(self._path)

    @property
    def appearance(self) -> tuple[tuple[int, int], float, str | None, bool]:
        """Size, rate, theme and transparency. Outputs of one scene that agree in them have the same frames."""
        return self.size, self.fps, self.theme, self.transparent

    def draft(self) -> "Output":
        """Return the same file for a quick look: half the size in even sides, and at most the draft rate of its format.

        The draft rate is 15 frames per second, for pictures such as a GIF 10.
        """
        width, height = (max(MIN_SIDE, 2 * round(side / 4)) for side in self.size)
        return attrs.evolve(self, size=(width, height), fps=min(self.fps, self.format.draft_fps))


def check_still(path: Path) -> str:
    """Return the suffix of a still in lower case. Raise UsageError for any other suffix."""
    suffix = path.suffix.lower()
    if suffix not in STILL_SUFFIXES:
        raise UsageError(f"{path}: a still ends in {', '.join(STILL_SUFFIXES)}")
    return suffix


def check_is_path(path: str | os.PathLike[str]) -> str | os.PathLike[str]:
    """Return a path. Raise UsageError for a value that is not a path."""
    if not isinstance(path, (str, os.PathLike)) or "\0" in os.fspath(path):
        raise UsageError(f"output {short_repr(path)}: give a path, as 'race.gif'")
    return path


def check_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return the width and height of a picture in pixels. Raise UsageError for a size that cannot be drawn."""
    remedy = f"give two sides of {MIN_SIDE} to {MAX_SIDE} pixels, as"
    sides = check_list("size ", size, f"{remedy} (1280, 720)")
    if len(sides) != 2 or not all(isinstance(side, Integral) and not isinstance(side, bool) for side in sides):
        raise UsageError(f"size {short_repr(size)}: {remedy} (1280, 720)")
    width, height = map(int, sides)
    if not all(MIN_SIDE <= side <= MAX_SIDE for side in (width, height)):
        raise UsageError(f"size {width}x{height}: {remedy} 1280x720")
    return width, height


def check_fps(fps: float) -> float:
    """Return a number of frames per second. Raise UsageError for a rate that players cannot show."""
    return check_number("fps", fps, f"give {MIN_FPS} to {MAX_FPS} frames a second", minimum=MIN_FPS, maximum=MAX_FPS)


def check_path(path: Path, *, folder: bool = False) -> None:
    """Raise UsageError if a file, or with `folder` a folder, cannot be written at a path."""
    if reason := invalid_name_reason(path.name):
        raise UsageError(f"{path}: {reason}; give it another name")
    mode = 0
    try:
        # The file is written to the target of a link.
        target = path.resolve()
        missing = next((parent for parent in (path.parent, target.parent) if not parent.is_dir()), None)
        if missing is None:
            with suppress(FileNotFoundError):
                mode = target.stat().st_mode
        fixed = folder and (target == Path.cwd() or os.path.ismount(target))
    except (OSError, ValueError, RuntimeError) as error:
        # Python before 3.13 raises RuntimeError for a symbolic link to itself.
        problem = "leads to itself" if isinstance(error, RuntimeError) else getattr(error, "strerror", None) or error
        raise UsageError(f"{path}: {problem}; give it another name") from error
    is_folder, is_file = stat.S_ISDIR(mode), stat.S_ISREG(mode)
    problems = {
        f"there is no folder {str(missing)!r}; make it first": missing is not None,
        "is there already and is no file; give it another name": mode and not (is_folder or is_file),
        "is a folder; give the name of a file": is_folder and not folder,
        "is a file; give the name of a folder": is_file and folder,
        "is a disk, or the folder that you are in, and cannot be replaced; name one in it": fixed,
    }
    if problem := next((text for text, found in problems.items() if found), ""):
        raise UsageError(f"{path}: {problem}")


def format_of(path: str | os.PathLike[str]) -> type[Writer]:
    """Return the format of a path. Raise UsageError for a suffix of no format."""
    suffix = "/" if ends_in_separator(path) else Path(path).suffix.lower()
    if suffix in FORMATS:
        return FORMATS[suffix]
    if Path(path).is_dir():
        raise UsageError(f"{path}: is a folder; give the name of a file, or end it in / for a folder of frames")
    problem = f"suffix {suffix!r}" if suffix else "no suffix"
    known = ", ".join(sorted(suffix for suffix in FORMATS if suffix != "/"))
    raise UsageError(
        f"{path}: {problem}; a clip ends in {known}, a folder of frames in /, a still in {', '.join(STILL_SUFFIXES)}"
    )
