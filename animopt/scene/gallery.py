"""An HTML page with a small clip of each scene, its description, and the command that renders it."""

import re
from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from animopt.core.errors import Error, UsageError
from animopt.core.files import write_atomically
from animopt.core.language import ENGLISH, language
from animopt.core.working_folder import absolute
from animopt.publish.slides import plain_text, render_page
from animopt.publish.web_script import web_script
from animopt.scene.batch import SceneFacts, SceneReport
from animopt.scene.folder_defaults import files_read
from animopt.video.output import Output, check_distinct, check_path
from animopt.video.save import encode_small_png, save_still

if TYPE_CHECKING:
    from animopt.scene.scene import Scene

PAGE = "index.html"

CLIPS = "clips"
"""Folder of the clips and their posters, beside the page."""

PAGES = "pages"
"""Folder of the interactive pages, beside the page."""

DARK = "dark"
"""Folder of the posters for dark pages, beside the clips."""

MARK = '<meta name="generator" content="animopt gallery">'
"""Tag by which animopt recognizes its page. Another page is not replaced."""


def render_card(scene: "Scene", outputs: Sequence[Output]) -> Generator[Path, None, SceneReport]:
    """Write a clip, its poster and its interactive page, if any, and return the facts of a card.

    This is a `batch.Task`. A second clip is not written: it only has the theme and the path of another poster.
    """
    from animopt.recording.sentences import alt_text
    from animopt.scene.page import page_of
    from animopt.scene.page_texts import shown_summary, shown_title
    from animopt.scene.races import recordings
    from animopt.scene.render import film_of, panels_of, save_with_poster, scene_report

    output, *dark = [each for each in outputs if not each.is_page]
    picture = save_with_poster(scene, output)
    yield output.path
    pictures = [picture, *(film_of(scene, each).result_frame() for each in dark)]
    for each, picture in zip([output, *dark], pictures, strict=True):
        poster = _poster(each)
        save_still(poster, picture)
        yield poster
    for page in outputs:
        if page.is_page:
            write_atomically(page.path, page_of(scene, page, encode_small_png(pictures[0])).encode())
            yield page.path
    races = [replace(race, title=plain_text(race.title)) for race in recordings(scene)]
    return SceneReport(
        race=scene_report(scene),
        seconds=scene.seconds,
        facts=SceneFacts(
            title=shown_title(scene),
            summary=shown_summary(scene),
            function=shown_function(scene),
            optimizers=tuple(dict.fromkeys(races[0].optimizers)),
            alt=alt_text(races, panels_of(scene, output)),
            lang=scene.lang,
        ),
    )


def _poster(output: Output) -> Path:
    return output.path.with_suffix(".png")


@dataclass(frozen=True)
class Card:
    """A scene on the page: its name, its command, and its facts."""

    name: str
    command: str
    facts: SceneFacts


def check_folder(folder: Path) -> None:
    """Raise UsageError if a folder cannot contain a gallery: it is a file, or contains another page."""
    for path in (folder, folder / CLIPS, folder / PAGES):
        if absolute(path).exists() and not absolute(path).is_dir():
            raise UsageError(f"{path}: is a file; name another folder with --output")
    if absolute(folder).is_dir():
        check_path(folder / PAGE)
    _check_page(folder / PAGE, UsageError)


def check_files(folder: Path, scenes: Mapping[str, tuple[Path, Sequence[Output]]]) -> None:
    """Raise UsageError if files of a gallery would replace each other, or a file that is read.

    `scenes` has the path of each scene file and its outputs, by name.
    """
    outputs = [output for _, clips in scenes.values() for output in clips]
    read = [file for path, _ in scenes.values() for file in files_read(path)]
    posters = [_poster(output) for output in outputs if not output.is_page]
    check_distinct(outputs, folder / PAGE, *posters, read=read)


def _check_page(page: Path, kind: type[Error] = Error) -> None:
    """Raise an error of a kind if there is a page that is not the one of a gallery."""
    if absolute(page).exists() and MARK.encode() not in absolute(page).read_bytes():
        raise kind(f"{page}: is not the page of a gallery; name another folder with --output, or remove it")


def save_page(
    folder: Path,
    cards: Sequence[Card],
    size: tuple[int, int],
    lang: str | None = None,
    *,
    dark_posters: bool,
    pages: bool = False,
) -> Path:
    """Write the page for clips of a size (width, height) in pixels, and return its path.

    The words of the page are in the language `lang`, by default in English.

    With `dark_posters`, the folder `DARK` has a poster of each clip for dark pages. With `pages`, the folder `PAGES`
    has an interactive page of each scene.

    Raises Error if the page cannot be written.
    """
    path = folder / PAGE
    page = render_page(
        "gallery",
        lang or ENGLISH,
        mark=MARK,
        cards=cards,
        groups={
            "function": _count(card.facts.function for card in cards),
            "optimizer": _count(name for card in cards for name in card.facts.optimizers),
        },
        size=size,
        clips=CLIPS,
        dark=DARK if dark_posters else "",
        pages=PAGES if pages else "",
        clipboard=web_script("clipboard"),
    )
    # A page may have been put there during the rendering.
    _check_page(path)
    write_atomically(path, "".join(page).encode())
    return path


def shown_function(scene: "Scene") -> str:
    """Return the name of the first function in the scene's language, without an English article or an angle."""
    from animopt.engine.function import TURNED

    words = language(scene.lang)
    name = scene.functions[0].name.partition(TURNED)[0]
    return re.sub(r"^(a|an|the) ", "", words.gettext(name)) if name else words.gettext("unnamed")


def _count(names: Iterable[str]) -> list[tuple[str, int]]:
    """Return each name with its number of uses, in alphabetical order."""
    return sorted(Counter(names).items(), key=lambda item: item[0].casefold())
