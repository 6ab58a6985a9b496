"""Renders one scene into the files that options ask for, and reports them."""

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from animopt.cli.console import Console
from animopt.cli.watch import watch
from animopt.core.contexts import gc_paused
from animopt.core.errors import Error, Failures, UsageError
from animopt.core.files import about_copy, temporary_folder
from animopt.core.language import check_language
from animopt.core.processes import available_processors, open_file
from animopt.core.working_folder import absolute
from animopt.publish.sidecars import checked_sidecars, poster_sizes
from animopt.scene.folder_defaults import FolderDefaults
from animopt.scene.limits import Limits, parse_limits
from animopt.video.dask_cluster import connected
from animopt.video.output import (
    DEFAULT_SUFFIXES,
    PAGE,
    VIDEO_SIZE,
    Output,
    check_distinct,
    check_outputs,
    check_path,
    check_still,
    format_of,
)
from animopt.video.presets import PRESETS
from animopt.video.save import parse_bytes
from animopt.video.worker_pool import WorkerPool, drawing_executor

if TYPE_CHECKING:
    from animopt.scene.compare import SceneComparison
    from animopt.scene.scene import Scene

LoadScene = Callable[[list[Path]], "Scene | SceneComparison"]
"""Loads a scene, or several that are compared. If this writes files, their paths are appended to the list."""

STANDARD_OUTPUT = "-"
"""Value of --output that means standard output."""


def _language(code: str | None) -> str | None:
    return None if code is None else check_language("lang", code)


def _limits(texts: Sequence[str]) -> Limits | None:
    return parse_limits(texts) if texts else None


@attrs.frozen(kw_only=True)
class RenderOptions:
    """Values of the options of a command that renders. Options that the command does not have keep their defaults.

    `watch` is the scene file after each save of which the scene is rendered again. The `defaults` of a folder replace
    options that are not given. Without them and a preset, a clip has the `default_size`, or that of its format.

    Raises UsageError for a cluster together with local workers, and for an unknown language or limit.
    """

    size: tuple[int, int] | None
    fps: float | None
    seconds: float | None
    theme: str | None
    draft: bool
    workers: int | None
    cluster: str | None
    limits: Limits | None = attrs.field(converter=_limits)
    quiet: bool
    json: bool
    lang: str | None = attrs.field(default=None, converter=_language)
    layout: str | None = None
    outputs: Sequence[str] = ()
    formats: Sequence[str] = ()
    preset: str | None = None
    max_bytes: str | None = None
    grid: int | None = None
    transparent: bool = False
    still: float | None = None
    storyboard: bool = False
    sidecars: Sequence[str] = ()
    recipe: bool = True
    open: bool = False
    watch: Path | None = None
    default_size: tuple[int, int] | None = None
    defaults: FolderDefaults = attrs.field(factory=FolderDefaults)

    def __attrs_post_init__(self) -> None:
        if self.cluster is not None and self.workers is not None:
            raise UsageError(f"cluster {self.cluster!r}: has its own workers; leave out --workers or --cluster")

    @property
    def console(self) -> Console:
        """The console that the command writes to."""
        return Console(self.quiet, self.json)

    @property
    def endings(self) -> Sequence[str]:
        """Endings of the default file names, one for each format."""
        if self.formats:
            names = [each.lower().removeprefix(".") for each in dict.fromkeys(self.formats)]
            return ["/" if name == "frames" else f".{name}" for name in names]
        preset = self._preset
        return [f"-{preset}{PRESETS[preset].suffix}"] if preset else DEFAULT_SUFFIXES

    @property
    def _preset(self) -> str | None:
        """The preset. A default one does not apply to files or formats that are named."""
        return self.preset or (None if self.outputs or self.formats else self.defaults.preset)

    @property
    def default_folder(self) -> Path:
        """The folder of files without a name."""
        return Path(self.defaults.output or "renders")

    def output(self, path: str, theme: str | None = None) -> Output:
        """Return the clip at a path, with a theme in place of the option's.

        Raises UsageError for options that its format does not support.
        """
        max_bytes = None if self.max_bytes is None else parse_bytes(self.max_bytes)
        make_output = PRESETS[self._preset].output if self._preset else Output
        # A preset that is given wins over the folder's defaults.
        defaults = FolderDefaults() if self.preset else self.defaults
        given = (
            _given(size=None if self._preset else self.default_size)
            | _given(size=defaults.size, fps=defaults.fps)
            | _given(size=self.size, fps=self.fps, theme=theme or self.theme, max_bytes=max_bytes)
            | _given(grid=self.grid if format_of(path) is PAGE else None)
        )
        clip = make_output(path, transparent=self.transparent, **given)
        return clip.draft() if self.draft or self.watch else clip

    def check_grid(self, *, paged: bool, remedy: str = "write an .html") -> None:
        """Raise UsageError if a grid of starts is given and no interactive page is written."""
        if self.grid and not paged:
            raise UsageError(f"grid {self.grid}: only an .html has starts to drop; leave out --grid, or {remedy}")

    @property
    def picture_size(self) -> tuple[int, int]:
        """Size of a still, and of each frame of a storyboard."""
        return self.size or self.defaults.size or VIDEO_SIZE

    @property
    def scene_fields(self) -> dict[str, Any]:
        """Fields of the scene that options replace."""
        return _given(seconds=self.seconds, limits=self.limits, lang=self.lang, layout=self.layout)

    def cluster_executor(self) -> AbstractContextManager[Executor] | None:
        """Return the executor of the cluster, or None if there is no cluster."""
        return None if self.cluster is None else connected(self.cluster)

    def scene_executor(self, scenes: int) -> AbstractContextManager[Executor]:
        """Return the executor that renders a number of scenes, several at a time."""
        return self.cluster_executor() or WorkerPool(
            self.workers or min(available_processors(), scenes), "animopt.scene.scene"
        )


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


@contextmanager
def output_folder(folder: Path) -> Iterator[None]:
    """Create a folder if it is missing, and remove it again if nothing was written to it.

    Raises Error if the folder cannot be created.
    """
    place = absolute(folder)
    existed = place.is_dir()
    try:
        place.mkdir(exist_ok=True)
    except OSError as error:
        raise Error(f"{folder}: cannot be created: {error.strerror}; name another folder with --output") from error
    try:
        yield
    finally:
        if not existed:
            # This fails if the folder has content.
            with suppress(OSError):
                place.rmdir()


@attrs.frozen
class _Plan:
    """The files that a command writes: either pictures, which are stills or storyboards, or clips.

    `stdout_path` is the temporary file that is copied to standard output at the end, if there is one.
    """

    name: str
    options: RenderOptions
    pictures: Sequence[Path]
    clips: Sequence[Output]
    stdout_path: Path | None


def render(name: str, load: LoadScene, *, read: Sequence[Path], others: Sequence[Path] = (), **values: Any) -> None:
    """Render a scene into the files that the values of options ask for, and print their paths.

    `read` are the files that `load` reads, `others` those that it writes.

    With the option --watch, render again whenever the scene file is saved.
    """
    options = RenderOptions(**values)
    with _stdout_file(options) as stdout_path:
        plan = _plan(name, options, stdout_path, read, others)
        with _executor(plan) as executor:
            to_open = [*plan.pictures, *(clip.path for clip in plan.clips)][:1] if options.open else []

            def work() -> None:
                _render(plan, load, executor)
                while to_open:
                    if not open_file(absolute(path := to_open.pop())):
                        options.console.warning(f"{path}: no program was found to show it; leave out --open")

            if options.watch:
                options.console.note(f"animopt: {options.watch} is rendered whenever it is saved; stop with Ctrl-C")
                watch(options.watch, lambda: options.console.run(work))
            else:
                work()


@contextmanager
def _stdout_file(options: RenderOptions) -> Iterator[Path | None]:
    """Yield the path of a temporary file, which is copied to standard output at the end, even if another output failed.

    Yields None if no output is standard output. Raises UsageError for options that cannot be used with it, unless there
    is one format of a single file, or if standard output is a terminal.
    """
    if STANDARD_OUTPUT not in options.outputs:
        yield None
        return
    for option in ("json", "open", "watch", "sidecars"):
        if getattr(options, option):
            raise UsageError(f"{option}: cannot be used with standard output; leave out --{option}")
    if len(options.formats) != 1 or options.endings == ["/"]:
        raise UsageError("output -: standard output takes one file; name its format, as --format gif")
    if sys.__stdout__ is None:
        raise UsageError("output -: standard output is closed; redirect it, as > clip.gif")
    if sys.stdout.isatty():
        raise UsageError("output -: standard output is a terminal; redirect it, as > clip.gif")
    failures = Failures()
    with temporary_folder() as folder:
        path = folder / f"clip{options.endings[0]}"
        with failures.collect():
            yield path
        if path.is_file():
            with path.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
    for error in failures:
        raise type(error)(about_copy(str(error), path, STANDARD_OUTPUT)) from error


def _plan(
    name: str, options: RenderOptions, stdout_path: Path | None, read: Sequence[Path], others: Sequence[Path]
) -> _Plan:
    """Return the files that options ask for; default files are named after the scene.

    Raises UsageError for options that cannot be used with any scene, and for files that would replace each other, one
    of `others` or a file that is `read`.
    """
    if options.outputs and options.formats and not stdout_path:
        raise UsageError(
            f"format {options.formats[0]!r}: the suffix of {options.outputs[0]} is its format; leave out --format"
        )
    is_picture = options.storyboard or options.still is not None
    if is_picture:
        _check_picture_options(options)
    endings = [".png"] if is_picture and not options.formats else options.endings
    paths = [str(stdout_path) if output == STANDARD_OUTPUT else output for output in options.outputs]
    kind = "-storyboard" if options.storyboard else "-still" if is_picture else ""
    paths = paths or [f"{options.default_folder / name}{kind}{ending}" for ending in endings]
    pictures = [Path(path) for path in paths] if is_picture else []
    clips = [] if is_picture else [options.output(path) for path in paths]
    if not is_picture:
        options.check_grid(paged=any(clip.is_page for clip in clips))
    for picture in pictures:
        check_still(picture)
    if options.outputs:
        for picture in pictures:
            check_path(picture)
        check_outputs(clips)
    sidecars = checked_sidecars(options.sidecars, clips)
    check_distinct(clips, *pictures, *others, *sidecars, read=read)
    return _Plan(name, options, pictures, clips, stdout_path)


def _check_picture_options(options: RenderOptions) -> None:
    """Raise UsageError for an option that a still or a storyboard does not have."""
    if options.storyboard and options.still is not None:
        raise UsageError("storyboard: cannot be combined with a still; leave out --storyboard or --still")
    for option, value, reason in (
        ("fps", options.fps, "a still has no frame rate"),
        ("draft", options.draft or None, "a still is quick at full size"),
        ("cluster", options.cluster, "a still is drawn on this machine"),
        ("for", options.preset, "is for clips"),
        ("max-bytes", options.max_bytes, "is for clips"),
        ("grid", options.grid, "is for interactive pages"),
        ("sidecars", ",".join(options.sidecars) or None, "accompany a clip, not a still"),
    ):
        if value is not None:
            raise UsageError(f"{option}{'' if value is True else f' {value!r}'}: {reason}; leave out --{option}")


def _executor(plan: _Plan) -> AbstractContextManager[Executor | None]:
    if plan.pictures:
        return nullcontext()
    # Workers start before torch is imported, when the scene and its length are not known yet.
    frames = (plan.options.seconds or inf) * max((clip.fps for clip in plan.clips if not clip.is_page), default=0)
    return plan.options.cluster_executor() or drawing_executor(plan.options.workers, frames)


def _render(plan: _Plan, load: LoadScene, executor: Executor | None) -> None:
    """Load the scene and write the files. Written files are reported even if others fail."""
    options, console = plan.options, plan.options.console
    written: list[Path] = []
    clips: list[Output] = []
    picture_sizes: dict[Path, tuple[int, int]] = {}
    report: dict[str, Any] = {}
    try:
        with console.redirect_prints(), console.progress(plan.name) as progress:
            # With --watch, torch is imported only once. A later pause would keep the previous scene in memory.
            with nullcontext() if "torch" in sys.modules else gc_paused():
                from animopt.scene.compare import SceneComparison, race_reports, save_comparison
                from animopt.scene.render import STORYBOARD_FRAMES, save_outputs, scene_report
                from animopt.video.film import picture_size

                scene = load(written).replace(**options.scene_fields)
            report["seconds"] = scene.seconds
            frames = STORYBOARD_FRAMES if options.storyboard else 1
            picture_sizes |= dict.fromkeys(plan.pictures, picture_size(options.picture_size, frames))
            saving: dict[str, Any] = {
                "workers": executor or 0,
                "progress": progress,
                "sidecars": options.sidecars,
                "saved": clips.append,
            }
            if isinstance(scene, SceneComparison):
                clip_paths = save_comparison(scene, *plan.clips, **saving)
            else:
                clip_paths = save_outputs(scene, *plan.clips, recipe=options.recipe, **saving)
            with nullcontext() if options.outputs else output_folder(options.default_folder):
                written.extend(_write_pictures(scene, plan) if plan.pictures else clip_paths)
            if options.json:
                report |= (
                    {"scenes": race_reports(scene)}
                    if isinstance(scene, SceneComparison)
                    else {"scene": {"name": plan.name, **scene_report(scene)}}
                )
    finally:
        if plan.stdout_path:
            for path in [path for path in written if path != plan.stdout_path]:
                console.note(f"animopt: {path} is written")
        elif written:
            console.files(written, clips, pictures=picture_sizes | poster_sizes(clips), **report)


def _write_pictures(scene: "Scene | SceneComparison", plan: _Plan) -> Iterator[Path]:
    """Write the pictures, and yield the path of each. Raises Error at the end if some failed."""
    from animopt.scene.compare import SceneComparison

    options, failures = plan.options, Failures()
    write: Callable[..., None]
    if isinstance(scene, SceneComparison):
        write = partial(scene.still, at=options.still or 0.0)
    elif options.still is None:
        write = partial(scene.storyboard, recipe=options.recipe)
    else:
        write = partial(scene.still, at=options.still, recipe=options.recipe)
    for picture in plan.pictures:
        with failures.collect():
            write(picture, size=options.picture_size, theme=options.theme, transparent=options.transparent)
            yield picture
    failures.raise_if_any()
