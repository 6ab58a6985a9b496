"""Renders a scene's clips, stills and storyboards."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

import attrs

from animopt.core.arrays import Pixels
from animopt.core.errors import Failures, UsageError, check_list, check_number, short_repr
from animopt.core.files import temporary_folder
from animopt.core.working_folder import kept_folder
from animopt.publish.notebook import Clip, RenderedClip
from animopt.publish.sidecars import Rendition, checked_sidecars, cues, write_sidecars
from animopt.publish.web_scene import PANELS
from animopt.recording.recording import Recording
from animopt.recording.sentences import Remark, alt_text, remarks
from animopt.scene.folder_defaults import files_read
from animopt.scene.page import page_of, page_poster, write_page
from animopt.scene.races import check_limits, check_output_limits, recordings, staging_of, timeline_of, title_of
from animopt.scene.scene_fields import SceneFields
from animopt.scene.scene_values import recipe_text
from animopt.video.film import Film, draw_page, shown_panels
from animopt.video.output import (
    Output,
    check_distinct,
    check_is_path,
    check_outputs,
    check_path,
    check_size,
    check_still,
)
from animopt.video.save import Progress, encode_small_png, save_clips, save_still
from animopt.video.worker_pool import drawing_executor

NOTEBOOK_SIZE = (640, 360)
"""Size (width, height) in pixels of a clip in a notebook, which holds all its bytes."""

NOTEBOOK_FPS = {"gif": 10, "mp4": 25}
"""Frames per second of a clip in a notebook, by its format."""

STORYBOARD_FRAMES = 6
"""Number of frames of a storyboard."""


def film_of(scene: SceneFields, output: Output, *, titled: bool = True) -> Film:
    """Return the film for an output, and run the race if necessary. Without `titled`, the header has no title."""
    return Film(
        recordings(scene),
        timeline_of(scene),
        output.size,
        output.fps,
        staging_of(scene, output.theme, transparent=output.transparent, titled=titled),
    )


def panels_of(scene: SceneFields, output: Output, *, titled: bool = True) -> Collection[str]:
    """Return the names of the panels that the film for an output shows."""
    return shown_panels(recordings(scene), output.size, staging_of(scene, output.theme, titled=titled))


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
    files, kinds = checked_files(outputs, sidecars, scene)
    clips, pages = ([each for each in files if each.is_page == wanted] for wanted in (False, True))
    check_output_limits(scene, *clips)
    # The workers import their modules while the race is run.
    with drawing_executor(workers, scene.seconds * max((clip.fps for clip in clips), default=0)) as executor:
        races, times = recordings(scene), timeline_of(scene)

        def clip_recipe(output: Output, **still: float) -> str:
            described = {"size": list(output.size), **(still or {"fps": output.fps})}
            return recipe_text(scene, races[0], output.theme, output.transparent, **described) if recipe else ""

        rendition = Rendition(
            film_of=partial(film_of, scene),
            alt_of=lambda output: alt_text(races, panels_of(scene, output)),
            captions=cues(races, times),
            code=scene.lang,
            recipe_of=clip_recipe,
            poster_recipe_of=partial(clip_recipe, still=times.result_second),
        )
        yield from save_rendition(rendition, clips, kinds, progress, executor, saved, pages, partial(write_page, scene))


def save_rendition(
    rendition: Rendition,
    clips: Sequence[Output],
    sidecars: Sequence[str],
    progress: Progress,
    executor: Executor | None,
    saved: Callable[[Output], object],
    pages: Sequence[Output] = (),
    write_page: Callable[[Output, Rendition], object] = lambda output, rendition: None,
) -> Iterator[Path]:
    """Write clips, pages by `write_page`, and their sidecars, and yield each path once its file is in place.

    Raises Error at the end if a file cannot be written.
    """
    made: list[Output] = []
    failures = Failures()
    with failures.collect():
        for output in save_clips(clips, rendition.film_of, progress, executor, rendition.recipe_of):
            made.append(output)
            saved(output)
            yield output.path
    for page in pages:
        with failures.collect():
            write_page(page, rendition)
            made.append(page)
            saved(page)
            yield page.path
    with failures.collect():
        yield from write_sidecars(sidecars, made, rendition)
    failures.raise_if_any()


def checked_files(
    outputs: Sequence[str | os.PathLike[str] | Output],
    sidecars: Sequence[str],
    *scenes: SceneFields,
    size: tuple[int, int] | None = None,
) -> tuple[list[Output], list[str]]:
    """Return the outputs, of a size unless they have one, and the kinds of sidecars.

    Raises UsageError if there are no outputs, or if a file cannot be written or would replace another one.
    """
    if not outputs:
        raise UsageError("outputs: are none; give at least one, as save('race.gif')")
    clips = [each if isinstance(each, Output) else Output(each, size) for each in outputs]
    check_outputs(clips)
    kinds = check_list("sidecars ", sidecars, "give a list, as sidecars=['poster']")
    check_distinct(clips, *checked_sidecars(kinds, clips), read=files_of(*scenes))
    return clips, kinds


def files_of(*scenes: SceneFields) -> list[Path]:
    """Return the files from which scenes were loaded."""
    return [path for scene in scenes if scene.origin for path in files_read(scene.origin.path)]


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
    list(save_clips([output], lambda _: clip, progress, executor))
    return clip.result_frame()


def notebook_clip(
    scene: SceneFields,
    suffix: str,
    size: tuple[int, int],
    fps: float | None,
    theme: str | None,
    workers: int | Executor | None,
) -> Clip:
    """Return a clip that is rendered when a notebook shows it, as `Scene.clip` does."""
    suffix = suffix.lower().removeprefix(".") if isinstance(suffix, str) else suffix
    if suffix not in NOTEBOOK_FPS:
        raise UsageError(f"clip {short_repr(suffix)}: a notebook shows {' or '.join(NOTEBOOK_FPS)}; use one of them")
    output = Output(f"clip.{suffix}", size, NOTEBOOK_FPS[suffix] if fps is None else fps, theme)
    check_output_limits(scene, output)

    def render(progress: Progress) -> RenderedClip:
        with temporary_folder() as folder, drawing_executor(workers, scene.seconds * output.fps) as executor:
            file = folder / output.path
            poster = save_with_poster(scene, attrs.evolve(output, path=file), executor, progress)
            return RenderedClip(
                data=file.read_bytes(),
                # A small one: a notebook holds the poster twice.
                poster=encode_small_png(poster),
                alt=alt_text(recordings(scene), panels_of(scene, output)),
            )

    return Clip(title_of(scene), f".{suffix}", output.size, output.fps, scene.lang, render)


def notebook_page(scene: SceneFields, output: Output) -> Clip:
    """Return an interactive page that is made when a notebook shows it, as `Scene.live` does."""
    check_limits(scene)

    def render(progress: Progress) -> RenderedClip:
        poster = page_poster(film_of(scene, output))
        return RenderedClip(
            data=page_of(scene, output, poster).encode(),
            poster=poster,
            alt=alt_text(recordings(scene)[:1], PANELS),
        )

    return Clip(title_of(scene), output.format.suffix, output.size, output.fps, scene.lang, render)


def check_second(at: float, seconds: float) -> None:
    """Raise UsageError for a value that is no second of a clip of `seconds` seconds."""
    remedy = f"give a second of the clip, 0 to {seconds:g}"
    if check_number("still", at, remedy, minimum=0) > seconds:
        raise UsageError(f"still {at:g}: {remedy}")


def checked_page(path: str | os.PathLike[str], *scenes: SceneFields) -> tuple[Path, str]:
    """Return the path of a picture of scenes, and its suffix. Raise UsageError if it cannot be written there."""
    file = Path(check_is_path(path))
    suffix = check_still(file)
    check_path(file)
    check_distinct([], file, read=files_of(*scenes))
    return file, suffix


@kept_folder()
def render_page(
    scene: SceneFields,
    path: str | os.PathLike[str],
    at: float | None,
    size: tuple[int, int],
    theme: str | None,
    *,
    transparent: bool,
    recipe: bool,
) -> None:
    """Write the frame at a second of the clip, or without one a storyboard: several frames on one page."""
    file, suffix = checked_page(path, scene)
    size = check_size(size)
    staging = staging_of(scene, theme, transparent=transparent)
    check_limits(scene, [(size, STORYBOARD_FRAMES if at is None else 1)])
    races, times = recordings(scene), timeline_of(scene)
    seconds = times.overview(STORYBOARD_FRAMES) if at is None else [at]
    described: dict[str, object] = {"storyboard": True} if at is None else {"still": at}
    text = recipe_text(scene, races[0], theme, transparent, size=list(size), **described) if recipe else ""
    save_still(file, draw_page(races, times, seconds, size, staging, suffix, text), text)


def scene_report(scene: SceneFields) -> dict[str, object]:
    """Return the title of the scene's first race, and its events, each with its second of the clip."""
    race, times = recordings(scene)[0], timeline_of(scene)
    return race_report(race, ((remark, times.second_of(remark.step)) for remark in remarks(race)))


def race_report(race: Recording, events: Iterable[tuple[Remark, float]]) -> dict[str, object]:
    """Return the title of a race, and its events with their seconds."""
    return {
        "title": race.title,
        "events": [
            {
                "kind": each.kind,
                "second": round(second, 3),
                "step": each.step,
                "racer": None if each.racer is None else race.names[each.racer],
                "text": each.text,
            }
            for each, second in events
        ],
    }
