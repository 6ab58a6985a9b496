"""HTML and Markdown that show a clip in a page."""

import os
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import PurePath
from urllib.parse import quote

MARK = "<!-- animopt -->"
"""First line of each snippet, by which animopt recognizes it. Pages do not show it."""

VIDEO_TYPES = {".mp4": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm"}
"""Media types of the clips that a page plays, by suffix."""

PICTURE_SUFFIXES = (".gif", ".png", ".apng", ".webp", ".avif")
"""Suffixes of the clips that a page shows as pictures. A page links to clips of other formats."""


def html(clips: Mapping[str, tuple[int, int]], alt: str, poster: str = "", captions: str = "") -> str:
    """Return HTML that shows a clip, as a video if one of its files is a video.

    `clips` contains the size (width, height) of the clip in each file, by name. `poster` and `captions` are names of
    files, or "".
    """
    videos, pictures = _videos(clips), _pictures(clips)
    # ASCII is the same in the encoding of any page.
    text = escape(" ".join(alt.split())).encode("ascii", "xmlcharrefreplace").decode()
    if not videos and not pictures:
        return f'{MARK}\n<a href="{_url(next(iter(clips)))}">{text}</a>\n'
    if not videos:
        width, height = clips[pictures[0]]
        return f'{MARK}\n<img src="{_url(pictures[0])}" width="{width}" height="{height}" alt="{text}">\n'
    width, height = clips[videos[0]]
    attributes = "autoplay muted loop playsinline controls" + (f' poster="{_url(poster)}"' if poster else "")
    lines = [
        MARK,
        f'<video width="{width}" height="{height}" {attributes} aria-label="{text}">',
        *(f'  <source src="{_url(name)}" type="{VIDEO_TYPES[_suffix(name)]}">' for name in videos),
        *([f'  <track kind="captions" src="{_url(captions)}" srclang="en" label="English">'] if captions else []),
        "</video>",
        "",
    ]
    return "\n".join(lines)


def markdown(clips: Mapping[str, tuple[int, int]], alt: str, poster: str = "") -> str:
    """Return Markdown that shows a clip, as a picture if one of its files is a picture.

    Otherwise it shows the poster or the alt text, with a link to the video, because GitHub removes videos.
    """
    text = _escaped(alt)
    if pictures := _pictures(clips):
        content = f"![{text}]({_url(pictures[0])})"
    else:
        label = f"![{text}]({_url(poster)})" if poster else text
        content = f"[{label}]({_url([*_videos(clips), *clips][0])})"
    return f"{MARK}\n\n{content}\n"


def _videos(clips: Mapping[str, tuple[int, int]]) -> Sequence[str]:
    """Return the names of the videos. MOV files, which not every browser plays, are last."""
    return sorted((name for name in clips if _suffix(name) in VIDEO_TYPES), key=lambda name: _suffix(name) == ".mov")


def _pictures(clips: Mapping[str, tuple[int, int]]) -> Sequence[str]:
    return [name for name in clips if _suffix(name) in PICTURE_SUFFIXES]


def _suffix(name: str) -> str:
    return PurePath(name).suffix.lower()


def _url(name: str) -> str:
    # A name on Linux can be bytes that are not in any encoding.
    return quote(os.fsencode(name), safe="")


def _escaped(text: str) -> str:
    """Return a text in one line, with a backslash before each character that has a meaning in Markdown."""
    return re.sub(r"([\\`*_\[\]<>&$~|!#@:])", r"\\\1", " ".join(text.split()))
