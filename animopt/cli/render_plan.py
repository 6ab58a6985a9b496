"""Options of a command that renders one scene, checked before torch is imported, and the files that it writes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from animopt.cli.options import ClipOptions
from animopt.cli.stdout_file import stdout_file
from animopt.core.errors import UsageError
from animopt.publish.sidecars import check_sidecars
from animopt.video.output import Output, check_path, check_still

STANDARD_OUTPUT = "-"
"""Value of --output that means standard output."""


@dataclass(frozen=True, kw_only=True)
class RenderOptions(ClipOptions):
    """Values of the options of a command that renders one scene."""

    outputs: Sequence[str]
    still: float | None
    storyboard: bool
    sidecars: Sequence[str]
    recipe: bool
    open: bool
    watch: bool = False


@dataclass(frozen=True)
class RenderPlan:
    """The files that a command writes: either pages, which are stills or storyboards, or clips.

    `stdout_path` is the temporary file that is copied to standard output at the end, if there is one.
    """

    name: str
    options: RenderOptions
    pages: Sequence[Path]
    clips: Sequence[Output]
    stdout_path: Path | None = None


@contextmanager
def render_plan(name: str, options: RenderOptions) -> Iterator[RenderPlan]:
    """Plan the files that options ask for; default files are named after the scene.

    Raises UsageError for options that cannot be used with any scene.
    """
    if STANDARD_OUTPUT not in options.outputs:
        if options.outputs and options.formats:
            raise UsageError(
                f"format {options.formats[0]!r}: the suffix of {options.outputs[0]} is its format; leave out --format"
            )
        yield _plan(name, options)
        return
    for option in ("json", "open", "watch", "sidecars"):
        if getattr(options, option):
            raise UsageError(f"{option}: cannot be used with standard output; leave out --{option}")
    with stdout_file(options.formats) as path:
        outputs = [str(path) if output == STANDARD_OUTPUT else output for output in options.outputs]
        yield replace(_plan(name, replace(options, outputs=outputs)), stdout_path=path)


def _plan(name: str, options: RenderOptions) -> RenderPlan:
    is_page = options.storyboard or options.still is not None
    endings = [".png"] if is_page and not options.formats else options.endings
    stem = f"renders/{name}-storyboard" if options.storyboard else f"renders/{name}"
    paths = options.outputs or [f"{stem}{ending}" for ending in endings]
    pages = _plan_pages(paths, options) if is_page else []
    clips = [] if is_page else _plan_clips(paths, options)
    return RenderPlan(name, options, pages, clips)


def _plan_pages(paths: Sequence[str], options: RenderOptions) -> list[Path]:
    if options.storyboard and options.still is not None:
        raise UsageError("storyboard: cannot be combined with a still; leave out --storyboard or --still")
    for option, value, reason in (
        ("fps", options.fps, "a still has no frame rate"),
        ("draft", options.draft or None, "a still is quick at full size"),
        ("cluster", options.cluster, "a still is drawn on this machine"),
        ("for", options.preset, "is for clips"),
        ("max-bytes", options.max_bytes, "is for clips"),
        ("sidecars", ",".join(options.sidecars) or None, "accompany a clip, not a still"),
    ):
        if value is not None:
            raise UsageError(f"{option}{'' if value is True else f' {value!r}'}: {reason}; leave out --{option}")
    pages = [Path(path) for path in paths]
    for page in pages:
        check_still(page)
        if options.outputs:
            check_path(page)
    return pages


def _plan_clips(paths: Sequence[str], options: RenderOptions) -> list[Output]:
    drafted = replace(options, draft=options.draft or options.watch)
    clips = [drafted.output(path) for path in paths]
    if options.outputs:
        for clip in clips:
            check_path(clip.path, folder=clip.format.folder)
    check_sidecars(options.sidecars, clips)
    return clips
