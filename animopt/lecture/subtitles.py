"""The spoken text of a lecture as subtitles and as a description, and how long a text takes to say."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise

import numpy as np

from animopt.core.arrays import Array
from animopt.core.errors import single_line
from animopt.publish.captions import Cue

WORDS_PER_MINUTE = 150
"""Words of English that a lecturer says in a minute. Audiobooks have 150 to 160, conversations more."""

LETTERS_PER_WORD = 6
"""Average number of characters of a word of an English text, with the space and the punctuation after it."""

SYLLABLES_PER_MINUTE = 330
"""Syllables of Korean that a lecturer says in a minute. Newsreaders say 300 to 370. Each letter is a syllable."""

DIGIT_SECONDS = 0.3
"""Seconds in which a digit is said."""

LINE_WIDTH = 42
"""Maximum width of a line of a subtitle: 42 letters of Latin, or 21 of Hangul. It is usual for subtitles."""

MIN_CUE_SECONDS = 1.0
"""Minimum duration of a subtitle, if the text is not too long for it."""

MIN_CHAPTERS, MIN_CHAPTER_SECONDS = 3, 10
"""Minimum number of chapters, and of seconds of each, of which YouTube makes chapters."""

_ABBREVIATIONS = {"e.g", "i.e", "cf", "vs", "approx", "resp", "al", "dr", "mr", "mrs", "ms", "prof", "st"}
"""Abbreviations in front of other words."""

_BEFORE_NUMBERS = {"fig", "figs", "eq", "eqs", "sec", "ch", "no", "nos", "p", "pp", "vol", "ref", "refs", "tab"}
"""Abbreviations in front of a number. Some are words at the end of a sentence, too."""

_END = re.compile(
    r"[.!?…]+[\"'”’»)\]]*(?=\s|$)"
    r"|(?<=[가-힣])[.!?…]+(?=[가-힣])"
    r"|[。！？]+[」』”’)]*"
    r"|\n\s*\n",
)
"""Where a sentence may end: before a space, after a Korean word without one, or at an empty line."""

_PAUSE = re.compile(r"[,;:—–…)。、，][\"'”’]?$")
"""The end of a word after which a reader pauses."""


@dataclass(frozen=True)
class _Word:
    """A word from one position of a text to another. `spaced` says whether a space is in front of it."""

    start: int
    end: int
    width: int
    pauses: bool
    spaced: bool


def reading_seconds(text: str) -> float:
    """Return the seconds in which a lecturer reads a text aloud, by the script of its letters.

    >>> reading_seconds("Momentum overshoots the minimum, and comes back.")
    3.2
    """
    return round(float(_spoken(text)[-1]), 3)


def sentence_starts(text: str) -> list[int]:
    """Return the position of the first letter of each sentence.

    >>> sentence_starts("A rate of 0.1 is small, e.g. in Fig. 3. Is it? Yes.")
    [0, 40, 47]
    """
    return [words[0].start for start, end in _sentences(text) if (words := _words(text, start, end))]


def seconds_of(text: str, anchors: Sequence[tuple[int, float]]) -> Array:
    """Return the second at which each character of a text is said, and the end of the last one (len(text) + 1,).

    `anchors` are positions in ascending order, each with the second at which its character is said. The first one is 0,
    and the last one the length of the text. Between them, seconds follow from the letters.
    """
    spoken = _spoken(text)
    positions, times = zip(*anchors, strict=True)
    return np.interp(spoken, spoken[list(positions)], times)


def cues_of(text: str, anchors: Sequence[tuple[int, float]]) -> list[Cue]:
    """Return the subtitles of a text without gaps between them. The arguments are those of `seconds_of`.

    A subtitle is a sentence, a part of a long one, or several short ones. It has one or two lines, and is shown for at
    least a second if the text is not too long for that.
    """
    pieces = [piece for start, end in _sentences(text) for piece in _pieces(_words(text, start, end))]
    seconds = seconds_of(text, anchors)
    begin, end = float(seconds[0]), float(seconds[-1])
    if not pieces or end <= begin:
        return []
    pieces = _join_short(pieces, seconds)
    starts = np.array([begin, *(seconds[piece[0].start] for piece in pieces[1:]), end])
    starts = _spread(starts, min(MIN_CUE_SECONDS, (end - begin) / len(pieces)))
    return [
        Cue(start, until, tuple(_text(text, line) for line in _lines(piece) or [piece]))
        for piece, (start, until) in zip(pieces, pairwise(starts.round(3).tolist()), strict=True)
        if start < until
    ]


def description_text(title: str, chapters: Sequence[tuple[float, str]], texts: Sequence[str] = ()) -> str:
    """Return the text that a video site shows below a lecture: its title, its chapters, and texts as paragraphs.

    `chapters` contains the second at which each chapter begins, and its title. Angle brackets, which YouTube does not
    accept, become others.

    >>> print(description_text("Descent", [(0, "Start"), (3723.5, "End")]), end="")
    Descent
    <BLANKLINE>
    0:00 Start
    1:02:03 End
    """
    lines = [f"{clock(second)} {_line(name)}" for second, name in chapters]
    paragraphs = [_line(title), "\n".join(lines), *("\n".join(map(_line, text.splitlines())) for text in texts)]
    return "\n\n".join(filter(None, map(str.strip, paragraphs))).translate({60: "‹", 62: "›"}) + "\n"


def chapter_remark(chapters: Sequence[tuple[float, str]], length: float) -> str:
    """Return a sentence that says why YouTube makes no chapters of those of a description, or "" if it makes them."""
    starts = [int(second) for second, _ in chapters]
    if len(chapters) < MIN_CHAPTERS:
        return f"YouTube makes chapters only of at least {MIN_CHAPTERS}, and this lecture has {len(chapters)}"
    lengths = [end - start for start, end in pairwise([*starts, int(length)])]
    names = [_line(name) for seconds, (_, name) in zip(lengths, chapters, strict=True) if seconds < MIN_CHAPTER_SECONDS]
    if not names:
        return ""
    return f"YouTube makes chapters only of at least {MIN_CHAPTER_SECONDS} seconds, and {names[0]!r} is shorter"


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yield the positions of the start and the end of each sentence."""
    start = 0
    for found in _END.finditer(text):
        if _ends_sentence(text, start, found):
            yield start, found.end()
            start = found.end()
    yield start, len(text)


def _ends_sentence(text: str, start: int, found: re.Match[str]) -> bool:
    """Return whether a sentence that begins at `start` ends where it may end."""
    if not found[0].strip():
        return True
    following = text[found.end() :].lstrip()[:3].lstrip("\"'“‘(«[")
    if found[0] == ".":
        words: list[str] = re.findall(r"\S+", text[max(start, found.start() - 80) : found.start()])
        word = words[-1].lstrip("\"'“‘([«") if words else ""
        name = word.casefold()
        if name in _ABBREVIATIONS or (name in _BEFORE_NUMBERS and following[:1].isdigit()):
            return False
        # An initial of a name is the first word, or follows a word with a capital letter.
        if len(word) == 1 and word.isupper() and (len(words) == 1 or words[-2][0].isupper()):
            return False
    return not following[:1].islower()


def _words(text: str, start: int, end: int) -> list[_Word]:
    """Return the words between two positions. Words that are wider than a line are divided."""
    words = []
    for found in re.finditer(r"\S+", text[start:end]):
        first, last = start + found.start(), start + found.end()
        pauses, spaced, width = _PAUSE.search(found[0]) is not None, True, 0
        for position in range(first, last):
            added = _width(text[position])
            if width + added > LINE_WIDTH:
                words.append(_Word(first, position, width, False, spaced))
                first, spaced, width = position, False, 0
            width += added
        words.append(_Word(first, last, width, pauses, spaced))
    return words


@cache
def _width(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Cf", "Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _pieces(words: Sequence[_Word]) -> list[list[_Word]]:
    """Divide a sentence into as few pieces of similar widths as possible, rather where a reader pauses."""
    costs, starts = [0.0], [0]
    for end in range(1, len(words) + 1):
        options = []
        for start in range(end - 1, -1, -1):
            piece = words[start:end]
            if len(piece) > 1 and not _lines(piece):
                break
            slack = 1 - _joined_width(piece) / (2 * LINE_WIDTH)
            pause = 0 if end == len(words) or words[end - 1].pauses else 0.3
            options.append((costs[start] + 1 + slack**2 + pause, start))
        cost, start = min(options)
        costs.append(cost)
        starts.append(start)
    pieces: list[list[_Word]] = []
    end = len(words)
    while end:
        pieces.insert(0, list(words[starts[end] : end]))
        end = starts[end]
    return pieces


def _joined_width(words: Sequence[_Word]) -> int:
    return sum(word.width + word.spaced for word in words) - words[0].spaced


def _lines(words: Sequence[_Word]) -> list[Sequence[_Word]] | None:
    """Return words as one line or two of similar widths, or None if they are too many."""
    if (total := _joined_width(words)) <= LINE_WIDTH:
        return [words]
    options, first = [], words[0].width
    for index, word in enumerate(words[1:], 1):
        second = total - first - word.spaced
        if first <= LINE_WIDTH and second <= LINE_WIDTH:
            options.append((max(first, second) - 6 * words[index - 1].pauses, index))
        first += word.width + word.spaced
    if not options:
        return None
    _, middle = min(options)
    return [words[:middle], words[middle:]]


def _text(text: str, words: Sequence[_Word]) -> str:
    return "".join(f"{' ' * word.spaced}{text[word.start : word.end]}" for word in words).strip()


def _join_short(pieces: Sequence[list[_Word]], seconds: Array) -> list[list[_Word]]:
    """Join pieces that are said in less than the minimum duration with their neighbors, if two lines have room."""
    joined = [pieces[0]]
    starts = [*(seconds[piece[0].start] for piece in pieces), seconds[-1]]
    for piece, (start, end) in zip(pieces[1:], pairwise(starts[1:]), strict=True):
        is_short = min(start - seconds[joined[-1][0].start], end - start) < MIN_CUE_SECONDS
        if is_short and _lines([*joined[-1], *piece]):
            joined[-1] = [*joined[-1], *piece]
        else:
            joined.append(piece)
    return joined


def _spread(starts: Array, least: float) -> Array:
    """Move the starts of cues, but not the first one and the end, so that each lasts the least number of seconds."""
    room = least * np.arange(len(starts))
    moved = np.maximum.accumulate(starts - room) + room
    latest = starts[-1] - room[::-1]
    moved[1:] = np.minimum(moved, latest)[1:]
    return moved


def _spoken(text: str) -> Array:
    """Return the seconds in which the characters before each one, and all, are said (len(text) + 1,)."""
    return np.array([0.0, *accumulate(map(_letter_seconds, re.sub(r"(?<=\s)\s|^\s|\s$", "\0", text)))])


@cache
def _letter_seconds(letter: str) -> float:
    if letter == "\0":
        return 0.0
    if letter.isdecimal():
        return DIGIT_SECONDS
    # A wide letter, as of Hangul, is a syllable. Its particles and spaces take no time of their own.
    if _width(letter) == 2 and letter.isalpha():
        return 60 / SYLLABLES_PER_MINUTE
    return 60 / WORDS_PER_MINUTE / LETTERS_PER_WORD * (_width(letter) > 0)


def clock(second: float) -> str:
    """Return a second as minutes and seconds, or with hours: 1:05, 1:02:05."""
    minutes, seconds = divmod(int(second), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _line(text: str) -> str:
    return " ".join(single_line(text).split())
