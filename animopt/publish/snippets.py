"""What to paste into a page to show a clip there: HTML and Markdown."""

import os
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import PurePath
from urllib.parse import quote

MARK = "<!-- animopt -->"
"""The first line of each snippet, so that animopt knows its own; no page shows it."""

VIDEOS = {".mp4": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm"}
"""The types of the clips that a page plays."""

PICTURES = (".gif", ".png", ".apng", ".webp", ".avif")
"""The clips that a page shows as it shows pictures; to all others it can only link."""


def html(clips: Mapping[str, tuple[int, int]], alt: str, poster: str = "", captions: str = "") -> str:
    """One clip in HTML, of its files' names with their sizes (width, height): as a video where there is one.

    `poster` and `captions` are names of files beside it, "" for none.
    """
    videos, pictures = _videos(clips), _pictures(clips)
    # In ASCII, for a page that does not say in what its letters are written.
    told = escape(" ".join(alt.split())).encode("ascii", "xmlcharrefreplace").decode()
    if not videos and not pictures:
        return f'{MARK}\n<a href="{_url(next(iter(clips)))}">{told}</a>\n'
    if not videos:
        width, height = clips[pictures[0]]
        return f'{MARK}\n<img src="{_url(pictures[0])}" width="{width}" height="{height}" alt="{told}">\n'
    width, height = clips[videos[0]]
    plays = "autoplay muted loop playsinline controls" + (f' poster="{_url(poster)}"' if poster else "")
    lines = [
        MARK,
        f'<video width="{width}" height="{height}" {plays} aria-label="{told}">',
        *(f'  <source src="{_url(name)}" type="{VIDEOS[_suffix(name)]}">' for name in videos),
        *([f'  <track kind="captions" src="{_url(captions)}" srclang="en" label="English">'] if captions else []),
        "</video>",
        "",
    ]
    return "\n".join(lines)


def markdown(clips: Mapping[str, tuple[int, int]], alt: str, poster: str = "") -> str:
    """One clip in Markdown, of its files' names with their sizes: as a picture where there is one.

    Else it is the poster, or its alt text, with a link to the video, for GitHub takes every other video out.
    """
    told = _literal(alt)
    if pictures := _pictures(clips):
        shown = f"![{told}]({_url(pictures[0])})"
    else:
        face = f"![{told}]({_url(poster)})" if poster else told
        shown = f"[{face}]({_url([*_videos(clips), *clips][0])})"
    return f"{MARK}\n\n{shown}\n"


def _videos(clips: Mapping[str, tuple[int, int]]) -> Sequence[str]:
    """The videos, with those that only some browsers play last."""
    return sorted((name for name in clips if _suffix(name) in VIDEOS), key=lambda name: _suffix(name) == ".mov")


def _pictures(clips: Mapping[str, tuple[int, int]]) -> Sequence[str]:
    return [name for name in clips if _suffix(name) in PICTURES]


def _suffix(name: str) -> str:
    return PurePath(name).suffix.lower()


def _url(name: str) -> str:
    # A name can be in no encoding.
    return quote(os.fsencode(name), safe="")


def _literal(text: str) -> str:
    """A text with a backslash before each letter that Markdown may take for more."""
    return re.sub(r"([\\`*_\[\]<>&$~|!#@:])", r"\\\1", " ".join(text.split()))
