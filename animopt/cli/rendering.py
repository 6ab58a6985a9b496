"""Renders one scene into the files of a plan, and reports them."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from animopt.cli.options import output_folder
from animopt.cli.render_plan import RenderOptions, RenderPlan, render_plan
from animopt.cli.watch import watch
from animopt.core.errors import Failures
from animopt.core.imports import gc_paused
from animopt.core.processes import open_file
from animopt.video.formats import Mp4
from animopt.video.output import Output
from animopt.video.worker_pool import drawing_executor

if TYPE_CHECKING:
    from animopt.scene.scene import Scene

LoadScene = Callable[[list[Path]], "Scene"]
"""Loads a scene. If this writes files, their paths are appended to the list."""


def render(name: str, load: LoadScene, *, scene_file: Path | None = None, **values: Any) -> None:
    """Render a scene into the files that the values of options ask for, and print their paths.

    With the option --watch, render again whenever the scene file is saved.
    """
    options = RenderOptions(**values)
    with render_plan(name, options) as plan, _executor(plan) as executor:
        first = plan.pages[0] if plan.pages else plan.clips[0].path
        to_open = [first] if options.open else []

        def work() -> None:
            _render(plan, load, executor)
            while to_open:
                if not open_file(path := to_open.pop()):
                    options.console.warning(f"{path}: no program was found to show it; leave out --open")

        if options.watch and scene_file:
            options.console.note(f"animopt: {scene_file} is rendered whenever it is saved; stop with Ctrl-C")
            watch(scene_file, lambda: options.console.run(work))
        else:
            work()


def _executor(plan: RenderPlan) -> AbstractContextManager[Executor | None]:
    if plan.pages:
        return nullcontext()
    # Workers start before torch is imported, when the scene and its length are not known yet.
    seconds = inf if plan.options.seconds is None else plan.options.seconds
    frames = seconds * max(clip.fps for clip in plan.clips)
    return plan.options.cluster_executor() or drawing_executor(plan.options.workers, frames)


def _render(plan: RenderPlan, load: LoadScene, executor: Executor | None) -> None:
    """Load the scene and write the files. Written files are reported even if others fail."""
    options, console = plan.options, plan.options.console
    written: list[Path] = []
    clips: list[Output] = []
    seconds = 0.0
    race: dict[str, Any] = {}
    try:
        with console.redirect_prints(), console.progress(plan.name) as progress:
            # With --watch, torch is imported only once. A later pause would keep the previous scene in memory.
            with nullcontext() if "torch" in sys.modules else gc_paused():
                from animopt.scene.render import race_report, save_outputs

                scene = load(written).replace(**options.scene_fields)
            seconds = scene.seconds
            save = partial(save_outputs, sidecars=options.sidecars, recipe=options.recipe, saved=clips.append)
            with nullcontext() if options.outputs else output_folder(Path("renders")):
                if plan.pages:
                    written.extend(_write_pages(scene, plan))
                else:
                    written.extend(save(scene, *plan.clips, workers=executor or 0, progress=progress))
            if options.json:
                race = {"scene": {"name": plan.name, **race_report(scene)}}
    finally:
        if plan.stdout_path:
            for path in written:
                if path != plan.stdout_path:
                    console.note(f"animopt: {path} is written")
        elif written:
            console.files(written, clips, seconds, **race)


def _write_pages(scene: "Scene", plan: RenderPlan) -> Iterator[Path]:
    """Write the pages, and yield the path of each. Raises Error at the end if some failed."""
    options, failures = plan.options, Failures()
    write = scene.storyboard if options.still is None else partial(scene.still, at=options.still)
    for page in plan.pages:
        with failures.collect():
            write(
                page,
                size=options.size or Mp4.size,
                theme=options.theme,
                transparent=options.transparent,
                recipe=options.recipe,
            )
            yield page
    failures.raise_if_any()
