"""Decks of slides, one for each scene."""

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial
from itertools import accumulate
from pathlib import Path

from animopt.core.errors import Error, UsageError, check_choice, check_list
from animopt.core.files import atomic_write
from animopt.core.language import ENGLISH
from animopt.core.working_folder import kept_folder
from animopt.drawing.theme import THEMES
from animopt.publish.slides import (
    LocalText,
    Slide,
    import_pptx,
    paragraphs,
    plain_text,
    save_html,
    save_powerpoint,
)
from animopt.recording.sentences import alt_text, remarks
from animopt.recording.timeline import frame_count
from animopt.scene import catalog
from animopt.scene.folder_defaults import files_read
from animopt.scene.limits import Limits
from animopt.scene.page_texts import shown_notes, shown_title
from animopt.scene.races import recordings, timeline_of
from animopt.scene.render import panels_of, save_with_poster
from animopt.scene.scene import Scene, check_scene_path, load_scene
from animopt.video.output import Output, check_distinct, check_path
from animopt.video.presets import PRESETS, VIDEO_PRESETS
from animopt.video.save import Progress, save_still
from animopt.video.worker_pool import drawing_executor

SAVERS = {".html": save_html, ".pptx": save_powerpoint}
"""Functions that write a deck, by suffix."""

DEFAULT_PRESETS = {".html": "reveal", ".pptx": "powerpoint"}
"""Preset of the clips of a deck, by suffix."""


@kept_folder()
def save_deck(
    path: str | os.PathLike[str],
    scenes: Sequence[Scene | str | os.PathLike[str]],
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    theme: str | None = None,
    *,
    preset: str | None = None,
    seconds: float | None = None,
    lang: str | None = None,
    draft: bool = False,
    workers: int | Executor | None = None,
    limits: Limits | None = None,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
    frame_progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Write a PowerPoint file or an HTML page with a slide for each scene.

    Args:
        path: Path of the deck, which ends in .pptx or .html.
        scenes: Scenes, or paths of scene files. The docstring of a scene file is in the speaker's notes.
        size: Size (width, height) of the clips in pixels. Default: that of the preset.
        fps: Frames per second. Default: that of the preset.
        theme: Name of a theme. Default: each scene's theme.
        preset: Name of a preset for the clips, as "powerpoint" or "keynote". Default: "powerpoint" for .pptx, which is
            1920 × 1080 at 30 frames per second, and "reveal" for .html, which is 1280 × 720 at 50.
        seconds: Length of the clips. Default: each scene's length.
        lang: Language of the deck and of its clips. Default: each scene's language, and for the page's own words the
            language of all scenes if they have the same, otherwise English.
        draft: Whether the clips have half the size and at most 15 frames per second. Default: False.
        workers: Number of processes that draw, 0 for this process alone, or an executor. Default: chosen for the
            machine and the clips.
        limits: The `Limits` of each clip. Default: each scene's limits.
        progress: A function that receives the number of finished scenes, their total, and the name of the last one.
        frame_progress: A function that receives the number of drawn frames of all clips, and their total.

    Raises:
        UsageError: An argument cannot be used.
        Error: A scene fails or the deck cannot be written. The message names the scene, and no file is left.
    """
    path = Path(path)
    _check_deck(path)
    scenes = check_list("scenes ", scenes, "give a list of scenes or paths, as ['ravine_race.py']")
    if not scenes:
        raise UsageError(f"{path}: a deck needs scenes; name at least one, as ravine-race")
    files = [_file_of(each) for each in scenes]
    check_distinct([], path, read=[read for file in files if file for read in files_read(file)])
    preset = check_choice("for", preset or DEFAULT_PRESETS[path.suffix.lower()], VIDEO_PRESETS)
    given = {name: value for name, value in (("size", size), ("fps", fps), ("theme", theme)) if value is not None}
    clip = PRESETS[preset].output("clip.mp4", **given)
    clip = clip.draft() if draft else clip
    # Rendering takes long, so all scenes are loaded and checked before.
    changes = {
        name: value for name, value in (("seconds", seconds), ("lang", lang), ("limits", limits)) if value is not None
    }
    loaded = [(each if isinstance(each, Scene) else load_scene(each)).replace(**changes) for each in scenes]
    with (
        atomic_write(path) as unfinished,
        drawing_executor(workers, clip.fps * sum(scene.seconds for scene in loaded)) as executor,
    ):
        slides = []
        *starts, frames = accumulate((frame_count(scene.seconds, clip.fps) for scene in loaded), initial=0)

        def add_frames(start: int, done: int, total: int) -> None:
            frame_progress(start + done, frames)

        for number, (scene, source, start) in enumerate(zip(loaded, scenes, starts, strict=True), 1):
            file = None if isinstance(source, Scene) else Path(source)
            name = catalog.name(file) if file else f"scene {number}"
            try:
                output = Output(unfinished.with_name(f"{number}.mp4"), clip.size, clip.fps, theme)
                with _named_warnings(name):
                    slides.append(_slide(scene, name, file, output, executor, partial(add_frames, start)))
            except Error as error:
                kind = UsageError if isinstance(error, UsageError) else Error
                raise kind(f"{name}: {error}") from error
            progress(number, len(scenes), name)
        languages = {slide.lang for slide in slides}
        page_language = languages.pop() if len(languages) == 1 else ENGLISH
        SAVERS[path.suffix.lower()](unfinished, plain_text(path.stem), slides, page_language)


def _file_of(scene: Scene | str | os.PathLike[str]) -> Path | None:
    if isinstance(scene, Scene):
        return scene.origin.path if scene.origin else None
    return check_scene_path(scene)


@contextmanager
def _named_warnings(name: str) -> Iterator[None]:
    """Show the warnings of the context at its end, each with the name of the scene."""
    caught: list[warnings.WarningMessage] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            yield
    finally:
        for each in caught:
            warnings.warn(f"{name}: {each.message}", each.category, stacklevel=4)


def _check_deck(path: Path) -> None:
    """Raise UsageError for a path that no deck can have, Error if a package for its format is not installed."""
    suffix = path.suffix.lower()
    if suffix not in SAVERS:
        found = f"suffix {suffix!r}" if suffix else "no suffix"
        raise UsageError(f"{path}: {found}; a deck ends in {' or '.join(SAVERS)}")
    check_path(path)
    if suffix == ".pptx":
        import_pptx()


def _slide(
    scene: Scene, name: str, file: Path | None, output: Output, executor: Executor | None, progress: Progress
) -> Slide:
    """Render a scene's clip and its poster, and return their slide."""
    poster = output.path.with_suffix(".png")
    save_still(poster, save_with_poster(scene, output, executor, progress, titled=False))
    races, timeline = recordings(scene), timeline_of(scene)
    recording = races[0]
    title, notes = shown_title(scene), shown_notes(scene, file)
    about = [
        *(LocalText(each, notes.lang) for each in paragraphs(notes.text)),
        *(LocalText(each, scene.lang) for text in (recording.caption, recording.notes) for each in paragraphs(text)),
    ]
    return Slide(
        name=name,
        title=title if title.text else LocalText(name, scene.lang),
        lang=scene.lang,
        clip=output.path,
        poster=poster,
        size=output.size,
        seconds=scene.seconds,
        alt=plain_text(alt_text(races, panels_of(scene, output, titled=False))),
        about=about,
        beats=[(timeline.second_of(each.step), plain_text(each.text)) for each in remarks(recording)],
        theme=THEMES[output.theme or scene.theme],
    )
