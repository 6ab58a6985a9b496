"""Scenes and the parts of lectures as slides of a deck."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from animopt.core.errors import Error, UsageError, check_choice, check_list
from animopt.core.language import language, language_of, localized
from animopt.core.working_folder import kept_folder
from animopt.drawing.layout import content_inset
from animopt.drawing.theme import THEMES
from animopt.lecture.lecture_file import LectureFile, load_lecture
from animopt.lecture.marks import split_marks
from animopt.lecture.parts import Card, Compare, Part
from animopt.lecture.spoken import in_language, spoken_text
from animopt.publish.slides import LocalText, Slide, SlideClip, plain_text
from animopt.scene import catalog
from animopt.scene.compare import SceneComparison, alt_text_of, remarks_of, save_comparison_with_poster
from animopt.scene.deck import (
    DEFAULT_PRESETS,
    SceneSlide,
    SlideSource,
    about_scene,
    check_deck,
    local_paragraphs,
    write_deck,
)
from animopt.scene.folder_defaults import files_read
from animopt.scene.limits import Limits
from animopt.scene.page_texts import shown_title
from animopt.scene.render import files_of
from animopt.scene.scene import Scene, check_scene_path, load_scene
from animopt.video.comparison import part_boxes
from animopt.video.output import Output, check_distinct
from animopt.video.presets import PRESETS, VIDEO_PRESETS
from animopt.video.save import Progress, save_still


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
    pages: bool = False,
    workers: int | Executor | None = None,
    limits: Limits | None = None,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
    frame_progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Write a PowerPoint file or an HTML page with a slide for each scene, and for each part of a lecture.

    Args:
        path: Path of the deck, which ends in .pptx or .html.
        scenes: Scenes, or paths of scene files and lecture files. The docstring of a scene file, or the spoken text of
            a lecture's part, is in the speaker's notes. The clips of a lecture have their own length, without a voice.
        size: Size (width, height) of the clips in pixels. Default: that of the preset.
        fps: Frames per second. Default: that of the preset.
        theme: Name of a theme. Default: the lecture's theme, or each scene's.
        preset: Name of a preset for the clips, as "powerpoint" or "keynote". Default: "powerpoint" for .pptx, which is
            1920 × 1080 at 30 frames per second, and "reveal" for .html, which is 1280 × 720 at 50.
        seconds: Length of the clips. Default: each scene's length.
        lang: Language of the deck and of its clips. Default: each scene's language, and English for a lecture; for the
            page's own words the language of all slides if they have the same, otherwise English.
        draft: Whether the clips have half the size and at most 15 frames per second. Default: False.
        pages: Whether each slide of an .html also has an interactive page of its scene, which the key i opens. Default:
            False.
        workers: Number of processes that draw, 0 for this process alone, or an executor. Default: chosen for the
            machine and the clips.
        limits: The `Limits` of each clip. Default: each scene's limits.
        progress: A function that receives the number of finished slides, their total, and the name of the last one.
        frame_progress: A function that receives the number of drawn frames of all clips, and their total.

    Raises:
        UsageError: An argument cannot be used, or a spoken text or a card lacks the language.
        Error: A scene fails or the deck cannot be written. The message names the scene, and no file is left.
    """
    path = Path(path)
    check_deck(path)
    if pages and path.suffix.lower() != ".html":
        raise UsageError(f"{path}: only an .html deck has interactive pages; leave out --pages, or pages=True")
    scenes = check_list("scenes ", scenes, "give a list of scenes or paths, as ['ravine_race.py']")
    if not scenes:
        raise UsageError(f"{path}: a deck needs scenes; name at least one, as ravine-race")
    paths = [None if isinstance(each, Scene) else check_scene_path(each) for each in scenes]
    check_distinct(
        [],
        path,
        read=[
            *files_of(*(each for each in scenes if isinstance(each, Scene))),
            *(read for each in paths if each for read in files_read(each)),
        ],
    )
    preset = check_choice("for", preset or DEFAULT_PRESETS[path.suffix.lower()], VIDEO_PRESETS)
    given = {name: value for name, value in (("size", size), ("fps", fps), ("theme", theme)) if value is not None}
    clip = PRESETS[preset].output("clip.mp4", **given)
    # Rendering takes long, so all scenes are loaded and checked before.
    changes: dict[str, Any] = {
        name: value for name, value in (("seconds", seconds), ("lang", lang), ("limits", limits)) if value is not None
    }
    sources: list[SlideSource] = []
    lectures: list[LectureFile] = []
    for number, (each, file) in enumerate(zip(scenes, paths, strict=True), 1):
        if file and catalog.is_lecture(file):
            lectures.append(load_lecture(file))
            sources += _slides_of(lectures[-1], changes, pages)
            check_distinct([], path, read=lectures[-1].files_read())
        else:
            scene = each if isinstance(each, Scene) else load_scene(each)
            name = catalog.name(file) if file else f"scene {number}"
            sources.append(SceneSlide(name, name, scene.replace(**changes), file, paged=pages))
    heading = ""
    if len(scenes) == len(lectures) == 1:
        heading = plain_text(localized(lectures[0].lecture.title, changes.get("lang") or lectures[0].language))
    write_deck(
        path,
        heading or plain_text(path.stem),
        sources,
        clip.draft() if draft else clip,
        workers,
        progress,
        frame_progress,
    )


def _slides_of(file: LectureFile, changes: dict[str, Any], pages: bool) -> Iterator[SlideSource]:
    """Yield the parts of a lecture as sources of slides, with `changes` to the fields of its scenes.

    With `pages`, the slides of scenes have interactive pages.

    Raises Error that names a part whose texts lack the language, or whose scene cannot be loaded.
    """
    changes = {"lang": file.language, **changes}
    if file.theme:
        changes["theme"] = file.theme
    for number in range(1, len(file.lecture.parts) + 1):
        called = f"{file.name}: {file.part_name(number)}"
        try:
            yield _source(file, number, called, changes, pages)
        except Error as error:
            raise type(error)(f"{called}: {error}") from error


def _source(file: LectureFile, number: int, called: str, changes: dict[str, Any], pages: bool) -> SlideSource:
    """Return a part of a lecture as the source of a slide."""
    part, lang = file.lecture.parts[number - 1], changes["lang"]
    spoken, _ = split_marks(spoken_text(part, lang))
    match part:
        case Card():
            caption = _plain_lines(localized(part.caption, lang))
            return _CardSlide(
                called,
                words=LocalText(_plain_lines(in_language("text", part.text, lang)), lang),
                caption=LocalText(caption, language_of(part.caption, lang)) if caption else None,
                theme=changes.get("theme", "light"),
                spoken=spoken,
            )
        case Part():
            own = {"title": part.title, "question": part.question}
            scene = file.scene(part.scene).replace(**changes, **{name: value for name, value in own.items() if value})
            path = file.scene_path(part.scene)
            return SceneSlide(called, catalog.name(path), scene, path, spoken, pages)
        case Compare():
            scenes = tuple(file.scene(wanted).replace(**changes) for wanted in part.scenes)
            title = LocalText(plain_text(localized(part.title, lang)), language_of(part.title, lang))
            paths = tuple(map(file.scene_path, part.scenes))
            return _ComparisonSlide(called, title, SceneComparison(scenes=scenes, clock=part.clock), paths, spoken)


def _plain_lines(text: str) -> str:
    return "\n".join(plain_text(line) for line in text.splitlines() if line.strip())


@dataclass(frozen=True)
class _CardSlide:
    """The words of a card as a slide."""

    called: str
    words: LocalText
    caption: LocalText | None
    theme: str
    spoken: str
    seconds: float = 0.0

    def slide(self, output: Output, executor: Executor | None, progress: Progress) -> Slide:
        return Slide(
            title=self.words,
            lang=self.words.lang,
            theme=THEMES[output.theme or self.theme],
            about=local_paragraphs(LocalText(self.spoken, self.words.lang)),
            caption=self.caption,
        )


@dataclass(frozen=True)
class _ComparisonSlide:
    """Scenes side by side as a slide. Without a title, it has theirs."""

    called: str
    title: LocalText
    comparison: SceneComparison
    files: Sequence[Path]
    spoken: str

    @property
    def seconds(self) -> float:
        return self.comparison.seconds

    def slide(self, output: Output, executor: Executor | None, progress: Progress) -> Slide:
        scenes, clock = self.comparison.scenes, self.comparison.clock
        poster = output.path.with_suffix(".png")
        save_still(poster, save_comparison_with_poster(self.comparison, output, executor, progress))
        part = part_boxes(output.size, len(scenes))[0]
        titles = [shown_title(scene) for scene in scenes]
        own_titles = LocalText(" | ".join(each.text for each in titles), titles[0].lang)
        said = ((second, f"{race.title}: {remark.text}") for race, remark, second in remarks_of(scenes, clock))
        return Slide(
            title=self.title if self.title.text else own_titles,
            lang=scenes[0].lang,
            theme=THEMES[output.theme or scenes[0].theme],
            about=list(self._about()),
            clip=SlideClip(
                name=language(scenes[0].lang).listed([catalog.name(file) for file in self.files]),
                path=output.path,
                poster=poster,
                size=output.size,
                seconds=self.seconds,
                alt=plain_text(alt_text_of(scenes, clock, output)),
                inset=content_inset(round(part.width), round(part.height)) * part.width / output.size[0],
            ),
            beats=sorted(((second, plain_text(text)) for second, text in said), key=lambda beat: beat[0]),
        )

    def _about(self) -> Iterator[LocalText]:
        """Yield the spoken text, or the notes of each scene, and the captions of the races."""
        seen = set()
        for scene, file in zip(self.comparison.scenes, self.files, strict=True):
            for each in about_scene(scene, file, self.spoken):
                if each not in seen:
                    seen.add(each)
                    yield each
