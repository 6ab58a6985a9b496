"""Files beside a clip: a poster, captions, an alt text, and snippets for a page."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from pathlib import Path, PurePath
from urllib.parse import quote

from animopt.core.errors import Error, Failures, UsageError, check_choice
from animopt.core.files import location, write_atomically
from animopt.core.language import ENGLISH, language
from animopt.core.working_folder import absolute
from animopt.publish.captions import CAPTIONS_MARK, Cue, webvtt
from animopt.publish.notebook import frame_style
from animopt.recording.recording import Recording
from animopt.recording.sentences import alt_text_marks, more_functions, remarks
from animopt.recording.timeline import Timeline
from animopt.video.frame_sequence import FrameSequence
from animopt.video.output import Output, check_path
from animopt.video.save import save_still

MIN_CAPTION_SECONDS = 1.5
"""Minimum duration of a caption in seconds, and its maximum delay."""

MAX_CAPTION_SECONDS = 4.0
"""Maximum duration of a caption in seconds. The last one may be longer."""

SNIPPET_MARK = "<!-- animopt -->"
"""First line of each snippet, by which animopt recognizes it. Pages do not show it."""

VIDEO_TYPES = {".mp4": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm"}
"""Media types of the clips that a page plays, by suffix."""

PICTURE_SUFFIXES = (".gif", ".png", ".apng", ".webp", ".avif")
"""Suffixes of the clips that a page shows as pictures. A page links to clips of other formats."""

SUFFIXES = {
    "poster": ".png",
    "captions": ".vtt",
    "alt": ".txt",
    "markdown": ".md",
    "html": ".html",
    "iframe": ".embed.html",
}
"""Suffix of each kind of sidecar."""


def checked_sidecars(kinds: Sequence[str], outputs: Sequence[Output]) -> list[Path]:
    """Return the paths of sidecars. Raise UsageError for an unknown kind, or a path at which a file would be lost."""
    for kind in kinds:
        check_choice("sidecars", kind, SUFFIXES)
    taken = {location(output.path) for output in outputs}
    paths = []
    for clip in _clips(outputs):
        if "iframe" in kinds and not any(output.is_page for output in clip):
            page = clip[0].path.with_suffix(".html")
            raise UsageError(f"sidecars 'iframe': embeds an interactive page; write one as well, as {page}")
        for kind in kinds:
            path = _path(clip, kind)
            if location(path) in taken:
                raise UsageError(f"{path}: would be the clip and its {kind}; give the clip another name")
            with suppress(OSError):
                if absolute(path).is_dir():
                    raise UsageError(f"{path}: is a folder with the name of the clip's {kind}; rename one of them")
            # Without its folder, the clip is refused, or the folder is made.
            if absolute(path.parent).is_dir():
                check_path(path)
            _check_replaced(path, kind, UsageError)
            paths.append(path)
    return paths


@dataclass(frozen=True)
class Rendition:
    """All that goes into the files of a clip.

    `film_of`, `alt_of` and `recipe_of` return the film, the alt text and the recipe of an output. `poster_recipe_of`
    returns the recipe of its poster. The captions and the alt text are in the language with a code.
    """

    film_of: Callable[[Output], FrameSequence]
    alt_of: Callable[[Output], str]
    captions: Sequence[Cue]
    code: str
    recipe_of: Callable[[Output], str] = lambda output: ""
    poster_recipe_of: Callable[[Output], str] = lambda output: ""


def write_sidecars(kinds: Sequence[str], outputs: Sequence[Output], rendition: Rendition) -> Iterator[Path]:
    """Write the sidecars of each clip, and yield the path of each once it is in place.

    Outputs that differ only in their suffix are one clip. Raises Error at the end if a file cannot be written.
    """
    kinds = [kind for kind in SUFFIXES if kind in kinds]
    failures = Failures()
    for clip in _clips(outputs):
        poster, track = (_path(clip, kind).name if kind in kinds else "" for kind in ("poster", "captions"))
        largest = _largest(clip)
        alt = rendition.alt_of(largest)
        sizes = {f"{output.path.name}{'/' * _is_folder(output)}": output.size for output in clip}
        texts = {
            "captions": webvtt(rendition.captions),
            "alt": f"{alt}\n",
            "markdown": markdown_snippet(sizes, alt, poster),
            "html": html_snippet(sizes, alt, poster, track, rendition.code),
            "iframe": "".join(
                iframe_snippet(output.path.name, output.size, alt, rendition.code) for output in clip if output.is_page
            ),
        }
        for kind in kinds:
            path = _path(clip, kind)
            with failures.collect():
                # A file may have been put there during the rendering.
                _check_replaced(path, kind)
                if kind in texts:
                    write_atomically(path, texts[kind].encode())
                else:
                    save_still(path, rendition.film_of(largest).result_frame(), rendition.poster_recipe_of(largest))
                yield path
    failures.raise_if_any()


def poster_sizes(outputs: Sequence[Output]) -> dict[Path, tuple[int, int]]:
    """Return the width and height of the poster of each clip, by its path."""
    return {_path(clip, "poster"): _largest(clip).size for clip in _clips(outputs)}


def _largest(clip: Sequence[Output]) -> Output:
    return max(clip, key=lambda output: output.size[0] * output.size[1])


def _clips(outputs: Sequence[Output]) -> list[list[Output]]:
    """Group the outputs whose paths differ only in the suffix. Each group is one clip."""
    clips: dict[Path, list[Output]] = {}
    for output in outputs:
        clips.setdefault(location(_without_suffix(output)), []).append(output)
    return list(clips.values())


def _path(clip: Sequence[Output], kind: str) -> Path:
    path = _without_suffix(clip[0])
    return path.with_name(f"{path.name}{SUFFIXES[kind]}")


def _without_suffix(output: Output) -> Path:
    """Return the path of an output without its suffix. The name of a folder has none."""
    return output.path if _is_folder(output) else output.path.with_suffix("")


def _is_folder(output: Output) -> bool:
    return output.format.suffix == "/"


def _check_replaced(path: Path, kind: str, error: type[Error] = Error) -> None:
    """Raise an error if there is a file that animopt has not written. A poster looks like any other picture."""
    if kind != "poster" and absolute(path).exists() and not _was_written_by_animopt(path, kind):
        raise error(f"{path}: exists already and was not written by animopt; rename it, or the clip")


def _was_written_by_animopt(path: Path, kind: str) -> bool:
    """Return whether a mark of a kind of sidecar is near the beginning of a file."""
    with suppress(OSError), absolute(path).open("rb") as file:
        beginning = file.read(4096).decode(errors="replace")
        if kind == "alt":
            # Catalogs are read only if the file exists.
            return any(mark.search(beginning) for mark in alt_text_marks())
        return (CAPTIONS_MARK if kind == "captions" else SNIPPET_MARK) in beginning
    return False


@dataclass
class _Caption:
    """The lines of a caption that appears at the second `start`. The event of the first one is at `event`."""

    start: float
    lines: list[str]
    event: float


def cues(races: Sequence[Recording], timeline: Timeline) -> list[Cue]:
    """Return captions with the events of the first race, and with the beginning of the other races."""
    texts = [(timeline.second_of(each.step), each.text) for each in remarks(races[0])]
    if len(races) > 1:
        texts.append((timeline.other_races_start, more_functions(races)))
    return place_cues(texts, timeline.seconds)


def place_cues(texts: Iterable[tuple[float, str]], seconds: float) -> list[Cue]:
    """Return captions of events, each with its second of a clip of `seconds` seconds.

    Captions do not overlap. Each is shown for four seconds, or until the next one, and the last one until the end. A
    caption that would be shown for less than 1.5 seconds appears later, alone or with others, but not before its event.
    """
    captions: list[_Caption] = []
    end = round(seconds, 3)
    for second, text in sorted(texts, key=lambda each: each[0]):
        start, lines = round(second, 3), [" ".join(text.split())]
        last = captions[-1] if captions else None
        earliest = round(last.start + MIN_CAPTION_SECONDS, 3) if last else start
        if last and start <= last.start:
            last.lines = [*last.lines, *lines]
        elif start >= earliest or earliest + MIN_CAPTION_SECONDS <= end:
            captions.append(_Caption(max(start, earliest), lines, start))
        elif last and len(captions) > 1 and start - last.event <= MIN_CAPTION_SECONDS:
            # Both appear at the later event, so that neither appears before its event.
            last.start = start
            last.lines = [*last.lines, *lines]
        else:
            captions.append(_Caption(start, lines, start))
    ends = [min(following.start, each.start + MAX_CAPTION_SECONDS) for each, following in pairwise(captions)]
    return [Cue(each.start, until, tuple(each.lines)) for each, until in zip(captions, [*ends, end], strict=False)]


def html_snippet(
    clips: Mapping[str, tuple[int, int]], alt: str, poster: str = "", captions: str = "", code: str = ENGLISH
) -> str:
    """Return HTML that shows a clip, as a video if one of its files is a video.

    `clips` contains the size (width, height) of the clip in each file, by name. The name of a folder ends in a slash.
    `poster` and `captions`, which are in the language with a code, are names of files, or "".
    """
    videos, pictures = _videos(clips), _pictures(clips)
    text = _escaped(" ".join(alt.split()))
    if not videos and not pictures:
        return f'{SNIPPET_MARK}\n<a href="{_url(next(iter(clips)))}" lang="{code}">{text}</a>\n'
    if not videos:
        width, height = clips[pictures[0]]
        size = f'width="{width}" height="{height}"'
        return f'{SNIPPET_MARK}\n<img src="{_url(pictures[0])}" {size} lang="{code}" alt="{text}">\n'
    label = _escaped(language(code).name)
    width, height = clips[videos[0]]
    attributes = "autoplay muted loop playsinline controls" + (f' poster="{_url(poster)}"' if poster else "")
    return "\n".join(
        [
            SNIPPET_MARK,
            f'<video width="{width}" height="{height}" {attributes} lang="{code}" aria-label="{text}">',
            *(f'  <source src="{_url(name)}" type="{VIDEO_TYPES[_suffix(name)]}">' for name in videos),
            *(
                [f'  <track kind="captions" src="{_url(captions)}" srclang="{code}" label="{label}">']
                if captions
                else []
            ),
            "</video>",
            "",
        ]
    )


def iframe_snippet(page: str, size: tuple[int, int], alt: str, code: str = ENGLISH) -> str:
    """Return HTML that shows an interactive page, by its name, in another page.

    Its picture has the shape of a size (width, height).
    """
    frame = f'<iframe src="{_url(page)}" title="{_escaped(" ".join(alt.split()))}" lang="{code}" loading="lazy"'
    return f"{SNIPPET_MARK}\n{frame} allowfullscreen {frame_style(size)}></iframe>\n"


def _escaped(text: str) -> str:
    """Return a text for HTML in ASCII, which is the same in the encoding of any page.

    Many generators of sites run what is in braces.
    """
    return escape(text).encode("ascii", "xmlcharrefreplace").decode().replace("{", "&#123;")


def markdown_snippet(clips: Mapping[str, tuple[int, int]], alt: str, poster: str = "") -> str:
    """Return Markdown that shows a clip, as a picture if one of its files is a picture.

    Otherwise it shows the poster or the alt text, with a link to the video, because GitHub removes videos.
    """
    # One line, with a backslash before each character that has a meaning in Markdown or in a generator of sites.
    text = re.sub(r"([\\`*_\[\]{}%<>&$~|!#@:])", r"\\\1", " ".join(alt.split()))
    if pictures := _pictures(clips):
        content = f"![{text}]({_url(pictures[0])})"
    else:
        label = f"![{text}]({_url(poster)})" if poster else text
        content = f"[{label}]({_url([*_videos(clips), *clips][0])})"
    return f"{SNIPPET_MARK}\n\n{content}\n"


def _videos(clips: Mapping[str, tuple[int, int]]) -> Sequence[str]:
    """Return the names of the videos. MOV files, which not every browser plays, are last."""
    return sorted((name for name in clips if _suffix(name) in VIDEO_TYPES), key=lambda name: _suffix(name) == ".mov")


def _pictures(clips: Mapping[str, tuple[int, int]]) -> Sequence[str]:
    return [name for name in clips if _suffix(name) in PICTURE_SUFFIXES]


def _suffix(name: str) -> str:
    return "" if name.endswith("/") else PurePath(name).suffix.lower()


def _url(name: str) -> str:
    # A name on Linux can be bytes that are not in any encoding.
    return quote(os.fsencode(name))
