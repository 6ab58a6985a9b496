"""Captions and subtitles: cues as the text of a WebVTT or an SRT file."""

import re
from collections.abc import Iterator, Sequence
from html import escape

import attrs

from animopt.core.errors import single_line

CAPTIONS_MARK = "NOTE animopt"
"""Comment in each WebVTT file by which animopt recognizes it."""

WORD_JOINER = "\u2060"
"""A character that is not visible."""


@attrs.frozen
class Cue:
    """The lines of a caption or a subtitle, and the seconds at which it appears and disappears."""

    start: float
    end: float
    lines: tuple[str, ...]


def webvtt(cues: Sequence[Cue]) -> str:
    """Return cues as the text of a WebVTT file."""
    blocks = [
        "\n".join([f"{start} --> {end}", *(escape(line, quote=False) for line in lines)])
        for start, end, lines in _blocks(cues, ".")
    ]
    return "\n\n".join(["WEBVTT", CAPTIONS_MARK, *blocks]) + "\n"


def subrip(cues: Sequence[Cue]) -> str:
    """Return cues as the text of an SRT file, in which players show text that looks like a tag.

    There are no escapes. Other brackets replace those of tags, and an invisible character follows some backslashes.

    >>> print(subrip([Cue(0, 1.5, ("a <b> c",))]), end="")
    1
    00:00:00,000 --> 00:00:01,500
    a ‹b› c
    """
    blocks = []
    for number, (start, end, lines) in enumerate(_blocks(cues, ","), 1):
        text = re.sub(r"<([^<>]*)>", r"‹\1›", "\n".join(lines).replace("-->", "→"))
        text = re.sub(r"\{(\s*\\[^{}]*|\w+:[^{}]*)\}", r"(\1)", text)
        # Players break lines at \n and \N.
        text = re.sub(r"\\(?=[nNh])", f"\\{WORD_JOINER}", text)
        blocks.append(f"{number}\n{start} --> {end}\n{text}\n")
    return "\n".join(blocks)


def _blocks(cues: Sequence[Cue], point: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yield the times and the lines of each cue that shows something, without characters that would end it."""
    for cue in cues:
        lines = [" ".join(single_line(line).split()) for text in cue.lines for line in text.splitlines()]
        start, end = (_timestamp(second, point) for second in (cue.start, cue.end))
        if any(lines) and start != end:
            yield start, end, list(filter(None, lines))


def _timestamp(second: float, point: str) -> str:
    minutes, thousandths = divmod(round(1000 * second), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{thousandths // 1000:02}{point}{thousandths % 1000:03}"
