"""Scenes as slides, and decks of slides."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Protocol

import attrs

from animopt.core.errors import Error, UsageError
from animopt.core.files import atomic_write
from animopt.core.language import ENGLISH
from animopt.drawing.layout import content_inset
from animopt.drawing.theme import THEMES
from animopt.publish.slides import (
    LocalText,
    Slide,
    SlideClip,
    import_pptx,
    paragraphs,
    plain_text,
    save_html,
    save_powerpoint,
)
from animopt.recording.sentences import alt_text, remarks
from animopt.recording.timeline import frame_count
from animopt.scene.page import page_of
from animopt.scene.page_texts import shown_notes, shown_title
from animopt.scene.races import recordings, timeline_of
from animopt.scene.render import panels_of, save_with_poster
from animopt.scene.scene import Scene
from animopt.video.output import Output, check_path
from animopt.video.save import Progress, encode_small_png, save_still
from animopt.video.worker_pool import drawing_executor

SAVERS = {".html": save_html, ".pptx": save_powerpoint}
"""Functions that write a deck, by suffix."""

DEFAULT_PRESETS = {".html": "reveal", ".pptx": "powerpoint"}
"""Preset of the clips of a deck, by suffix."""


class SlideSource(Protocol):
    """The source of a slide."""

    @property
    def called(self) -> str:
        """Its name in messages."""
        ...

    @property
    def seconds(self) -> float:
        """Length of its clip, 0 without one."""
        ...

    def slide(self, output: Output, executor: Executor | None, progress: Progress) -> Slide:
        """Render its clip, and the poster beside it, and return its slide. Without a clip, no file is written."""
        ...


def write_deck(
    path: Path,
    heading: str,
    sources: Sequence[SlideSource],
    clip: Output,
    workers: int | Executor | None,
    progress: Callable[[int, int, str], None],
    frame_progress: Callable[[int, int], None],
) -> None:
    """Write a PowerPoint file or an HTML page with a slide for each source, as `save_deck` does.

    The clips have the size, the rate and the theme of `clip`. Raises Error that names the source of a slide that fails.
    """
    with (
        atomic_write(path) as unfinished,
        drawing_executor(workers, clip.fps * sum(source.seconds for source in sources)) as executor,
    ):
        slides = []
        *starts, frames = accumulate((frames_of(source, clip) for source in sources), initial=0)

        def add_frames(start: int, done: int, total: int) -> None:
            frame_progress(start + done, frames)

        for number, (source, start) in enumerate(zip(sources, starts, strict=True), 1):
            try:
                output = attrs.evolve(clip, path=unfinished.with_name(f"{number}.mp4"))
                with _named_warnings(source.called):
                    slides.append(source.slide(output, executor, partial(add_frames, start)))
            except Error as error:
                kind = UsageError if isinstance(error, UsageError) else Error
                raise kind(f"{source.called}: {error}") from error
            progress(number, len(sources), source.called)
        languages = {slide.lang for slide in slides}
        page_language = languages.pop() if len(languages) == 1 else ENGLISH
        SAVERS[path.suffix.lower()](unfinished, heading, slides, page_language)


def frames_of(source: SlideSource, clip: Output) -> int:
    """Return the number of frames of the clip of a slide."""
    return frame_count(source.seconds, clip.fps) if source.seconds else 0


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


def check_deck(path: Path) -> None:
    """Raise UsageError for a path that no deck can have, Error if a package for its format is not installed."""
    suffix = path.suffix.lower()
    if suffix not in SAVERS:
        found = f"suffix {suffix!r}" if suffix else "no suffix"
        raise UsageError(f"{path}: {found}; a deck ends in {' or '.join(SAVERS)}")
    check_path(path)
    if suffix == ".pptx":
        import_pptx()


@dataclass(frozen=True)
class SceneSlide:
    """A scene as the source of a slide.

    `name` is the name of the scene, and `file` the one with the docstring for the notes, if any. A `spoken` text
    replaces the scene's own notes. With `paged`, the slide also has an interactive page.
    """

    called: str
    name: str
    scene: Scene
    file: Path | None = None
    spoken: str = ""
    paged: bool = False

    @property
    def seconds(self) -> float:
        """Length of the clip."""
        return self.scene.seconds

    def slide(self, output: Output, executor: Executor | None, progress: Progress) -> Slide:
        """Render the scene's clip and its poster, and return their slide."""
        scene = self.scene
        poster = output.path.with_suffix(".png")
        picture = save_with_poster(scene, output, executor, progress, titled=False)
        save_still(poster, picture)
        page = Output(f"{self.name}.html", output.size, theme=output.theme)
        races, timeline = recordings(scene), timeline_of(scene)
        title = shown_title(scene)
        return Slide(
            title=title if title.text else LocalText(self.name, scene.lang),
            lang=scene.lang,
            theme=THEMES[output.theme or scene.theme],
            about=about_scene(scene, self.file, self.spoken),
            clip=SlideClip(
                name=self.name,
                path=output.path,
                poster=poster,
                size=output.size,
                seconds=scene.seconds,
                alt=plain_text(alt_text(races, panels_of(scene, output, titled=False))),
                inset=content_inset(*output.size),
                page=page_of(scene, page, encode_small_png(picture), titled=False) if self.paged else "",
            ),
            beats=[(timeline.second_of(each.step), plain_text(each.text)) for each in remarks(races[0])],
        )


def about_scene(scene: Scene, file: Path | None, spoken: str = "") -> list[LocalText]:
    """Return what the notes say about a scene: a spoken text or its own notes, and the captions of its race."""
    race = recordings(scene)[0]
    notes = LocalText(spoken, scene.lang) if spoken else shown_notes(scene, file)
    return [
        *local_paragraphs(notes),
        *(each for text in (race.caption, race.notes) for each in local_paragraphs(LocalText(text, scene.lang))),
    ]


def local_paragraphs(text: LocalText) -> list[LocalText]:
    """Return the paragraphs of a text, each in one line."""
    return [LocalText(each, text.lang) for each in paragraphs(text.text)]
