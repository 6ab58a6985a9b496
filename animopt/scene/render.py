"""Renders a scene's clips, stills and storyboards."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from animopt.core.arrays import Pixels
from animopt.core.errors import Failures, UsageError
from animopt.core.validation import check_list, check_number
from animopt.publish.sidecars import check_sidecars, write_sidecars
from animopt.recording.events import events
from animopt.scene.checks import check_limits, check_output_limits
from animopt.scene.races import recordings
from animopt.scene.scene_fields import SceneFields
from animopt.scene.scene_values import recipe_text
from animopt.scene.staging import staging_of, timeline_of
from animopt.video.film import Film, draw_page
from animopt.video.output import Output, check_is_path, check_path, check_size, check_still
from animopt.video.save import Progress, save_clips, save_still
from animopt.video.worker_pool import drawing_executor

STORYBOARD_FRAMES = 6
"""Number of frames on a storyboard."""


def film_of(scene: SceneFields, output: Output, *, titled: bool = True) -> Film:
    """Return the film for an output, and run the race if necessary. Without `titled`, the header has no title."""
    look = staging_of(scene, output.theme, transparent=output.transparent, titled=titled)
    return Film(recordings(scene), timeline_of(scene), output.size, output.fps, look)


def save_outputs(
    scene: SceneFields,
    *outputs: str | os.PathLike[str] | Output,
    workers: int | Executor | None = None,
    progress: Progress = lambda done, total: None,
    sidecars: Sequence[str] = (),
    recipe: bool = True,
    saved: Callable[[Output], object] = lambda output: None,
) -> Iterator[Path]:
    """Render as `Scene.save` does, and yield each path once its file is in place.

    `progress` receives the number of drawn frames and their total, `saved` each clip as it was made: its size and rate
    may be reduced to meet a maximum number of bytes.
    """
    clips = _checked_outputs(outputs)
    sidecars = check_list("sidecars ", sidecars, "give a list, as sidecars=['poster']")
    check_sidecars(sidecars, clips)
    check_output_limits(scene, *clips)
    # The workers import their modules while the race is run.
    with drawing_executor(workers, scene.seconds * max(clip.fps for clip in clips)) as executor:
        races, times = recordings(scene), timeline_of(scene)

        def clip_recipe(output: Output, **still: float) -> str:
            described = {"size": list(output.size), **(still or {"fps": output.fps})}
            return recipe_text(scene, races[0], output.theme, output.transparent, **described) if recipe else ""

        made: list[Output] = []
        failures = Failures()
        with failures.collect():
            for output in save_clips(clips, partial(film_of, scene), progress, executor, clip_recipe):
                made.append(output)
                saved(output)
                yield output.path
        with failures.collect():
            poster_recipe = partial(clip_recipe, still=round(times.result_second, 3))
            yield from write_sidecars(sidecars, made, races, times, partial(film_of, scene), poster_recipe)
        failures.raise_if_any()


def _checked_outputs(outputs: Sequence[str | os.PathLike[str] | Output]) -> list[Output]:
    if not outputs:
        raise UsageError("outputs: are none; give at least one, as save('race.gif')")
    clips = [each if isinstance(each, Output) else Output(each) for each in outputs]
    for clip in clips:
        check_path(clip.path, folder=clip.format.folder)
    paths = [clip.path.resolve() for clip in clips]
    for clip, path in zip(clips, paths, strict=True):
        if paths.count(path) > 1:
            raise UsageError(f"{clip.path}: is named twice; give each output a path of its own")
    return clips


def save_with_poster(
    scene: SceneFields,
    output: Output,
    executor: Executor | None = None,
    progress: Progress = lambda done, total: None,
    *,
    titled: bool = True,
) -> Pixels:
    """Render a clip without a recipe, and return the frame at which the race is over, as its poster."""
    check_output_limits(scene, output)
    clip = film_of(scene, output, titled=titled)
    for _ in save_clips([output], lambda _: clip, progress, executor):
        pass
    return clip.at(clip.timeline.result_second)


@dataclass(frozen=True)
class PageOptions:
    """The size (width, height) of each frame in pixels, a theme, and whether the page has a background and a recipe."""

    size: tuple[int, int]
    theme: str | None
    transparent: bool
    recipe: bool


def render_still(scene: SceneFields, path: str | os.PathLike[str], second: float, options: PageOptions) -> None:
    """Write the frame at a second of the clip, as `Scene.still` does."""
    remedy = f"give a second of the clip, 0 to {scene.seconds:g}"
    if check_number("still", second, remedy, minimum=0) > scene.seconds:
        raise UsageError(f"still {second:g}: {remedy}")
    _render_page(scene, path, [second], options, still=second)


def render_storyboard(scene: SceneFields, path: str | os.PathLike[str], options: PageOptions) -> None:
    """Write six frames of the race on one page, as `Scene.storyboard` does."""
    _render_page(scene, path, timeline_of(scene).overview(STORYBOARD_FRAMES), options, storyboard=True)


def _render_page(
    scene: SceneFields,
    path: str | os.PathLike[str],
    seconds: Sequence[float],
    options: PageOptions,
    **described: object,
) -> None:
    file = Path(check_is_path(path))
    suffix = check_still(file)
    check_path(file)
    size = check_size(options.size)
    staging = staging_of(scene, options.theme, transparent=options.transparent)
    check_limits(scene, [(size, len(seconds))])
    races, recipe = recordings(scene), ""
    if options.recipe:
        recipe = recipe_text(scene, races[0], options.theme, options.transparent, size=list(size), **described)
    save_still(file, draw_page(races, timeline_of(scene), seconds, size, staging, suffix, recipe), recipe)


def race_report(scene: SceneFields) -> dict[str, object]:
    """Return the title of the scene's first race, and its events, each with its second of the clip."""
    race, times = recordings(scene)[0], timeline_of(scene)
    described = [
        {
            "second": round(times.second_of(event.step), 3),
            "step": event.step,
            "racer": None if event.racer is None else race.names[event.racer],
            "text": event.text,
        }
        for event in events(race)
    ]
    return {"title": race.title, "events": described}
