"""A page on which to browse scenes: a small clip of each, what it shows, and the command that renders it."""

import re
from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from animopt.core.atomic_files import write_atomically
from animopt.core.errors import UsageError
from animopt.publish.page_templates import render_page
from animopt.publish.slides import plain_text
from animopt.scene.report import SceneReport
from animopt.video.output import Output, check_path
from animopt.video.save import save_still

if TYPE_CHECKING:
    from animopt.scene.scene import Scene

PAGE = "index.html"
CLIPS = "clips"
"""The folder of the clips and their posters, beside the page."""


MARK = '<meta name="generator" content="animopt gallery">'
"""What a page of ours has, so that no other one is replaced."""


@dataclass(frozen=True)
class Facts:
    """What the page tells of a scene: its title and the title's language, "" where the scene does not say.

    And what its function is called, its optimizers (their classes' names), and a text for those who cannot see it.
    """

    title: str
    language: str
    function: str
    optimizers: tuple[str, ...]
    alt: str


def render_card(scene: "Scene", outputs: Sequence[Output]) -> Generator[Path, None, SceneReport]:
    """The `batch.Work` of a card: the clip, and a poster beside it, the race when all are there; then the facts."""
    from animopt.recording.events import alt_text
    from animopt.scene.races import recordings
    from animopt.scene.render import race_report, save_with_poster

    (output,) = outputs
    picture = save_with_poster(scene, output)
    yield output.path
    poster = output.path.with_suffix(".png")
    save_still(poster, picture)
    yield poster
    race = recordings(scene)[0]
    titled = replace(race, title=plain_text(race.title))
    optimizers = tuple(dict.fromkeys(titled.optimizers))
    facts = Facts(titled.title, _language(scene), _function(scene), optimizers, alt_text(titled))
    return SceneReport(race_report(scene), scene.seconds, facts)


@dataclass(frozen=True)
class Card:
    """A scene on the page: its name, the first line about it, the command that renders it, and the facts."""

    name: str
    description: str
    command: str
    facts: Facts

    @cached_property
    def clip(self) -> str:
        """The clip's address, from the page."""
        return quote(f"{CLIPS}/{self.name}.mp4")

    @cached_property
    def poster(self) -> str:
        """The poster's address, from the page."""
        return quote(f"{CLIPS}/{self.name}.png")

    @cached_property
    def words(self) -> str:
        """All that a search looks through."""
        facts = self.facts
        return " ".join([facts.title, self.name, self.description, facts.function, *facts.optimizers])


def check_folder(folder: Path) -> None:
    """Raise UsageError for a folder that cannot hold a gallery: a file, or one with another page in it."""
    for path in (folder, folder / CLIPS):
        if path.exists() and not path.is_dir():
            raise UsageError(f"{path}: is a file; name another folder with --output")
    page = folder / PAGE
    if folder.is_dir():
        check_path(page)
    if page.exists() and MARK.encode() not in page.read_bytes():
        raise UsageError(f"{page}: is not the page of a gallery; name another folder with --output, or remove it")


def save_page(folder: Path, cards: Sequence[Card], size: tuple[int, int]) -> Path:
    """Write the page of some scenes, whose clips have a size (width, height) in pixels; its path.

    Raises Error where it cannot be written.
    """
    groups = {
        "function": _counted(card.facts.function for card in cards),
        "optimizer": _counted(name for card in cards for name in card.facts.optimizers),
    }
    path = folder / PAGE
    write_atomically(path, "".join(render_page("gallery", mark=MARK, cards=cards, groups=groups, size=size)).encode())
    return path


def _language(scene: "Scene") -> str:
    if isinstance(scene.title, str):
        return ""
    return scene.lang if scene.title.get(scene.lang) else next(iter(scene.title), "")


def _function(scene: "Scene") -> str:
    """What the function, or the first of several, is called, however it is turned."""
    given = scene.functions[0]
    definition = getattr(given, "definition", given)
    name = getattr(given, "name", "") or getattr(definition, "__name__", "")
    name = re.sub(r"^(a|an|the) ", "", name.partition(", turned by ")[0])
    return "unnamed" if name in ("", "<lambda>") else name


def _counted(names: Iterable[str]) -> list[tuple[str, int]]:
    """Each name once, in the order of the alphabet, and how often it is there."""
    return sorted(Counter(names).items(), key=lambda item: item[0].casefold())
