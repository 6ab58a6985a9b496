"""Formats of clips, and outputs: files to write, with checks of their paths, sizes and rates."""

import os
import stat
from collections.abc import Sequence
from numbers import Integral
from pathlib import Path
from typing import Any

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
from animopt.core.files import (
    check_links,
    check_only_frames,
    check_writable,
    ends_in_separator,
    identities,
    invalid_name_reason,
    location,
)
from animopt.core.number_format import format_bytes
from animopt.core.working_folder import absolute, own_folder
from animopt.drawing.theme import THEMES
from animopt.recording.starts import SMALLEST_GRID

VIDEO_SIZE = (1280, 720)
"""Default width and height in pixels of videos, stills and storyboards."""

_PICTURE: dict[str, Any] = {"size": (800, 450), "fps": 25, "draft_fps": 10}
"""Defaults of animated pictures, which play by themselves on pages and slides, in an endless loop."""


def _yuv(pixel_format: str, matrix: str = "bt709") -> str:
    """Return the option that converts frames to YUV, so that colors remain as drawn."""
    return f"-vf scale=out_color_matrix={matrix}:out_range=tv:flags=accurate_rnd+full_chroma_int,format={pixel_format}"


_TAGS = ",setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
"""Filter after `_yuv` that tags the frames of a video, so that players convert them back by the same rule."""


@attrs.frozen
class Format:
    """A format of clips: its defaults, and ffmpeg's options for it, separated by spaces."""

    suffix: str
    """Suffix of the file. The suffix of a folder is a slash."""

    options: str
    """Options of the encoder. "{quality}" is replaced by a value of the quality setting."""

    opaque_options: str = ""
    """Further options for a film without transparency."""

    alpha_options: str | None = None
    """Further options for a transparent film, or None if the format does not support transparency."""

    qualities: tuple[int, ...] = (0,)
    """Values of the encoder's quality setting, from the best to the worst."""

    merges_frames: bool = False
    """Whether the encoder stores equal frames in a row as one frame with their total duration."""

    quality_text: str = ""
    """A value of the quality setting as text."""

    size: tuple[int, int] = VIDEO_SIZE
    """Default width and height in pixels."""

    fps: float = 50
    """Default number of frames per second."""

    draft_fps: float = 15
    """Maximum number of frames per second of a draft."""


FORMATS = {
    each.suffix: each
    for each in (
        Format(".gif", "-loop 0 -f gif", qualities=(256, 128, 64, 32), quality_text="{} colors", **_PICTURE),
        # It starts to play before it is read completely. Without the option flush_packets, the first bytes reach the
        # disk after half of a draft is drawn.
        Format(
            ".mp4",
            "-c:v libx264 -preset veryfast -crf {quality} -movflags +faststart -flush_packets 1 -f mp4",
            _yuv("yuv420p") + _TAGS,
            qualities=(18, 23, 28, 33),
            quality_text="crf {}",
        ),
        # libvpx encodes alpha only without alternate reference frames.
        Format(
            ".webm",
            "-c:v libvpx-vp9 -crf {quality} -b:v 0 -deadline good -cpu-used 5 -row-mt 1 -tile-columns 2 -f webm",
            _yuv("yuv420p") + _TAGS,
            f"{_yuv('yuva420p')}{_TAGS} -auto-alt-ref 0",
            qualities=(24, 32, 40, 48),
            quality_text="crf {}",
        ),
        # WebP defines its colors by bt601.
        Format(
            ".webp",
            "-c:v libwebp_anim -quality {quality} -compression_level 4 -loop 0 -f webp",
            _yuv("yuv420p", "bt601"),
            _yuv("yuva420p", "bt601"),
            qualities=(90, 75, 60, 40),
            merges_frames=True,
            quality_text="quality {}",
            **_PICTURE,
        ),
        Format(".apng", "-c:v apng -pred mixed -plays 0 -f apng", alpha_options="", **_PICTURE),
        # ProRes for video editors: 4444 with straight alpha for a transparent film, else 422 HQ.
        Format(
            ".mov",
            "-c:v prores_ks -vendor apl0 -f mov",
            f"{_yuv('yuv422p10le')}{_TAGS} -profile:v hq",
            f"{_yuv('yuva444p10le')}{_TAGS} -profile:v 4444",
        ),
        # A folder of frame-0000.png and so on.
        Format("/", "-c:v png -pred mixed -f image2 -start_number 0", alpha_options=""),
    )
}
"""The formats by suffix."""

PAGE = Format(".html", "", fps=25)
"""The format of interactive pages, which no encoder makes. Their size is that of their poster."""

DRAFT_GRID, MAX_GRID = 16, 128
"""Maximum number of starts along each side of the grid of a draft, and of any grid."""

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
        max_bytes: Maximum number of bytes of the file. The default is no maximum, but 3 MB for a page.
        grid: Number of starts along each side of the grid on which viewers of an interactive page can drop a start, 8
            to 128. The default is 64, or fewer, at least 32, to make the page smaller than 1 MB.

    Raises:
        UsageError: If the suffix is unknown or the format does not support one of the values.

    >>> clip = Output("race.gif", fps=20)
    >>> clip.size, clip.fps
    ((800, 450), 20)
    """

    _path: str
    """The path as text, which unlike a Path keeps the slash at the end of a folder."""

    size: tuple[int, int]
    fps: float
    theme: str | None
    transparent: bool
    max_bytes: int | None
    grid: int | None

    def __init__(
        self,
        path: str | os.PathLike[str],
        size: tuple[int, int] | None = None,
        fps: float | None = None,
        theme: str | None = None,
        transparent: bool = False,
        max_bytes: int | None = None,
        grid: int | None = None,
    ) -> None:
        format_ = format_of(check_is_path(path))
        if grid is not None:
            remedy = f"give the number of starts along each side, {SMALLEST_GRID} to {MAX_GRID}, as grid=32"
            check_number("grid", grid, remedy, minimum=SMALLEST_GRID, maximum=MAX_GRID)
            check_integer("grid", grid)
            if format_ is not PAGE:
                raise UsageError(f"grid {grid}: only an .html has starts to drop; leave it out, or write an .html")
        if check_bool("transparent", transparent) and format_.alpha_options is None:
            able = ", ".join(sorted(each.suffix for each in FORMATS.values() if each.alpha_options is not None))
            article = "an" if format_ is PAGE else "a"
            raise UsageError(f"transparent: {article} {format_.suffix} has no half-transparent edges; use {able}")
        if max_bytes is not None:
            max_bytes = check_integer("max bytes", max_bytes, 0)
            if max_bytes < MIN_BYTES:
                raise UsageError(
                    f"max bytes {format_bytes(max_bytes)}: no clip is that small; give at least "
                    f"{format_bytes(MIN_BYTES)}"
                )
        self.__attrs_init__(
            path=f"{Path(path)}{'/' if ends_in_separator(path) else ''}",
            size=check_size(size or format_.size),
            fps=check_number(
                "fps",
                format_.fps if fps is None else fps,
                f"give {MIN_FPS} to {MAX_FPS} frames a second",
                minimum=MIN_FPS,
                maximum=MAX_FPS,
            ),
            theme=None if theme is None else check_choice("theme", theme, THEMES),
            transparent=transparent,
            max_bytes=max_bytes,
            grid=grid,
        )
        self._check_format()

    @property
    def path(self) -> Path:
        """Path of the file."""
        return Path(self._path)

    @property
    def format(self) -> Format:
        """The format of the file."""
        return format_of(self._path)

    @property
    def is_page(self) -> bool:
        """Whether the file is an interactive page, not a clip."""
        return self.format is PAGE

    @property
    def appearance(self) -> tuple[tuple[int, int], float, str | None, bool]:
        """Size, rate, theme and transparency. Outputs of one scene that agree in them have the same frames."""
        return self.size, self.fps, self.theme, self.transparent

    def draft(self) -> "Output":
        """Return the same file for a quick look: half the size in even sides, and at most the draft rate of its format.

        The draft rate is 15 frames per second, for pictures such as a GIF 10. A page has at most 16 × 16 starts.
        """
        width, height = (max(MIN_SIDE, 2 * round(side / 4)) for side in self.size)
        grid = min(self.grid or DRAFT_GRID, DRAFT_GRID) if self.is_page else None
        return attrs.evolve(self, size=(width, height), fps=min(self.fps, self.format.draft_fps), grid=grid)

    def _check_format(self) -> None:
        """Raise UsageError for values that the format does not support."""
        suffix, (width, height) = self.format.suffix, self.size
        if suffix == ".gif" and self.fps > 50:
            raise UsageError(f"fps {self.fps:g}: a GIF shows at most 50 frames a second; use 50, 25, 20 or 10")
        # 4:2:0 does not support odd sides.
        if suffix == ".mp4" and (width % 2 or height % 2):
            even = f"{width + width % 2}x{height + height % 2}"
            raise UsageError(f"size {width}x{height}: an MP4 needs even sides; use {even}")


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


def check_path(path: Path, *, folder: bool = False) -> None:
    """Raise UsageError if a file, or with `folder` a folder, cannot be written at a path."""
    if reason := invalid_name_reason(path.name):
        raise UsageError(f"{path}: {reason}; give it another name")
    try:
        # The file is written to the target of a link.
        target = absolute(path).resolve()
        missing = next((parent for parent in (path.parent, target.parent) if not absolute(parent).is_dir()), None)
        mode = target.stat().st_mode if missing is None and target.exists() else 0
        fixed = folder and (target == own_folder() or os.path.ismount(target))
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
    try:
        check_links(path, UsageError)
        if is_folder:
            check_only_frames(target, path, UsageError)
        check_writable(target, path, UsageError)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; give it another name") from error


def check_outputs(outputs: Sequence[Output]) -> None:
    """Raise UsageError if a file cannot be written."""
    for output in outputs:
        check_path(output.path, folder=output.format.suffix == "/")


def check_distinct(outputs: Sequence[Output], *others: Path, read: Sequence[Path] = ()) -> None:
    """Raise UsageError if outputs, or other files to write, would replace each other or a file that is read."""
    folders = {location(output.path): output.path for output in outputs if output.format.suffix == "/"}
    taken = {identity: path for path in read for identity in identities(path)}
    for path in [*(output.path for output in outputs), *others]:
        for identity in identities(path):
            if (other := taken.get(identity)) in read:
                raise UsageError(f"{path}: is the same file as {other}, which is read; give it another name")
            if other == path:
                raise UsageError(f"{path}: is named twice; give each output a path of its own")
            if other:
                raise UsageError(f"{path}: is the same file as {other}; give each output a path of its own")
        taken |= dict.fromkeys(identities(path), path)
        for parent in location(path).parents:
            if parent in folders:
                raise UsageError(f"{path}: is in the folder {folders[parent]}, which is for frames; name another place")


def format_of(path: str | os.PathLike[str]) -> Format:
    """Return the format of a path. Raise UsageError for a suffix of no format."""
    suffix = "/" if ends_in_separator(path) else Path(path).suffix.lower()
    if suffix in FORMATS:
        return FORMATS[suffix]
    if suffix == PAGE.suffix:
        return PAGE
    if absolute(path).is_dir():
        raise UsageError(f"{path}: is a folder; give the name of a file, or end it in / for a folder of frames")
    problem = f"suffix {suffix!r}" if suffix else "no suffix"
    known = ", ".join(sorted(suffix for suffix in FORMATS if suffix != "/"))
    raise UsageError(
        f"{path}: {problem}; a clip ends in {known}, a folder of frames in /, a still in {', '.join(STILL_SUFFIXES)}, "
        f"an interactive page in {PAGE.suffix}"
    )
