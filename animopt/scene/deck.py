"""A deck of slides, one for each of several scenes."""

import os
import re
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from animopt.core.atomic_files import disk_errors, move_into_place, temporary_folder
from animopt.core.errors import Error, UsageError
from animopt.drawing.theme import THEMES
from animopt.publish import html_deck, powerpoint
from animopt.publish.slides import Slide, paragraphs, plain_text
from animopt.recording.events import alt_text, events
from animopt.scene import catalog
from animopt.scene.limits import Limits
from animopt.scene.races import recordings
from animopt.scene.render import save_with_poster
from animopt.scene.scene import Scene, load_scene
from animopt.scene.staging import timeline_of
from animopt.video.output import Output, check_path
from animopt.video.save import save_still
from animopt.video.worker_pool import drawing_executor

DECKS = {".html": html_deck.save_slides, ".pptx": powerpoint.save_slides}
"""What writes a deck, by its suffix."""


def check_deck(path: Path) -> None:
    """Raise UsageError for a path that is no deck's, Error where what its format needs is not installed."""
    suffix = path.suffix.lower()
    if suffix not in DECKS:
        what = f"suffix {suffix!r}" if suffix else "no suffix"
        raise UsageError(f"{path}: {what}; a deck ends in {' or '.join(DECKS)}")
    check_path(path)
    if suffix == ".pptx":
        powerpoint.check()


def save_deck(
    path: str | os.PathLike[str],
    scenes: Sequence[Scene | str | os.PathLike[str]],
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    theme: str | None = None,
    *,
    seconds: float | None = None,
    lang: str | None = None,
    draft: bool = False,
    workers: int | Executor | None = None,
    limits: Limits | None = None,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
) -> None:
    """Write a PowerPoint file or a page for the browser, as the suffix says, with a slide for each scene.

    A scene is a Scene, or the path of a file with one, whose docstring goes into the speaker's notes. Each clip has
    `size` (width, height) pixels and `fps` frames a second, an MP4's own where they are None; `theme`, `seconds`,
    `lang` and `limits` stand in for the scene's. A `draft` has half the size and 15 frames a second. `workers` are
    those of `Scene.save`, and `progress` is told how many scenes are done, of how many, and the name of the last one.
    Raises UsageError for a path or a value that cannot be used, Error where a scene fails, with its name, or where the
    file cannot be written; nothing is left behind then.
    """
    path = Path(path)
    check_deck(path)
    if not scenes:
        raise UsageError(f"{path}: a deck needs scenes; name at least one, as ravine-race")
    clip = Output("clip.mp4", size, fps, theme)
    clip = clip.draft() if draft else clip
    # Before any of them is drawn, which takes long, all are there.
    asked: dict[str, Any] = {"seconds": seconds, "lang": lang, "limits": limits}
    changes = {name: value for name, value in asked.items() if value is not None}
    loaded = [(each if isinstance(each, Scene) else load_scene(each)).replace(**changes) for each in scenes]
    frames = clip.fps * sum(scene.seconds for scene in loaded)
    with disk_errors(path), ExitStack() as stack:
        folder = stack.enter_context(temporary_folder(path))
        executor = stack.enter_context(drawing_executor(workers, frames))
        slides = []
        for number, (scene, given) in enumerate(zip(loaded, scenes, strict=True), 1):
            source = None if isinstance(given, Scene) else Path(given)
            name = catalog.name(source) if source else f"scene {number}"
            try:
                output = Output(folder / f"{number}.mp4", clip.size, clip.fps, theme)
                slides.append(_slide(scene, name, source, output, executor))
            except Error as error:
                kind = UsageError if isinstance(error, UsageError) else Error
                raise kind(f"{name}: {error}") from error
            progress(number, len(scenes), name)
        unfinished = folder / f"deck{path.suffix}"
        DECKS[path.suffix.lower()](unfinished, plain_text(path.stem), slides)
        move_into_place(unfinished, path)


def _slide(scene: Scene, name: str, source: Path | None, output: Output, executor: Executor | None) -> Slide:
    """Render a scene's clip and its poster; the slide that shows them."""
    poster = output.path.with_suffix(".png")
    save_still(poster, save_with_poster(scene, output, executor, titled=False))
    recording, times = recordings(scene)[0], timeline_of(scene)
    return Slide(
        name=name,
        title=plain_text(recording.title),
        lang=_language(scene.lang),
        clip=output.path,
        poster=poster,
        size=output.size,
        seconds=scene.seconds,
        alt=plain_text(alt_text(recording)),
        about=[*(paragraphs(catalog.description(source)) if source else ()), *paragraphs(recording.caption)],
        beats=[(times.second_of(event.step), plain_text(event.text)) for event in events(recording)],
        theme=THEMES[output.theme or scene.theme],
    )


def _language(lang: str) -> str:
    """A language as HTML and PowerPoint name it, "und" for what is no name of one."""
    return lang if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", lang) else "und"
