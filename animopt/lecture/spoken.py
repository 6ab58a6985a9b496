"""The words of a part with the second at which each is spoken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from animopt.core.errors import UsageError
from animopt.core.language import Text, language, localized
from animopt.lecture.marks import split_marks
from animopt.lecture.parts import Said
from animopt.lecture.subtitles import reading_seconds, seconds_of, sentence_starts
from animopt.lecture.voice import RATE, Voice


@dataclass(frozen=True)
class SpokenMark:
    """A mark and its second, which is `given` or estimated from the characters before the mark."""

    name: str
    second: float
    given: bool


@dataclass(frozen=True, eq=False)
class Spoken:
    """The words of a part in one language.

    `voices` follow one another. `samples` is their length, or without any that of the text read aloud. `anchors` are
    positions in the text, ascending, each with its second.
    """

    text: str
    voices: tuple[Voice, ...]
    samples: int
    anchors: tuple[tuple[int, float], ...]
    marks: tuple[SpokenMark, ...]

    @property
    def seconds(self) -> float:
        """Seconds of the voices, or of reading the text aloud."""
        return self.samples / RATE


def spoken_text(part: Said, lang: str) -> str:
    """Return the text of a part with its marks. Raises UsageError if it lacks the language."""
    return in_language("say", part.say, lang)


def in_language(field: str, text: Text, lang: str) -> str:
    """Return a text in a language. Raises UsageError if it has other languages only."""
    if isinstance(text, Mapping) and any(text.values()) and not text.get(lang):
        raise UsageError(f"{field}: has no {language(lang).english_name} text; add {lang!r}, or choose another --lang")
    return localized(text, lang)


def spoken_of(part: Said, lang: str, voices: Sequence[Voice]) -> Spoken:
    """Return the words of a part, spoken by voices: none, one, or one for each sentence.

    Raises UsageError for a mark that cannot be read, for another number of voices, and for marks whose seconds are not
    in the order of the text.
    """
    text, marks = split_marks(spoken_text(part, lang))
    samples = sum(len(voice.samples) for voice in voices) or round(reading_seconds(text) * RATE)
    seconds = samples / RATE
    known = {0: 0.0, len(text): seconds}
    if len(voices) > 1:
        starts = sentence_starts(text)
        if len(starts) != len(voices):
            raise UsageError(
                f"audio: has {len(voices)} files for {len(starts)} sentences; give one file, or one for each sentence"
            )
        ends = np.cumsum([len(voice.samples) for voice in voices]) / RATE
        known |= dict(zip(starts, [0.0, *ends.tolist()], strict=False))
    given = _seconds(part, lang)
    for name, second in given.items():
        if second > seconds:
            raise UsageError(f"marks {name!r} {second:g}: the voice takes {seconds:.1f} s; give a second in it")
    known |= {mark.position: given[mark.name] for mark in marks if mark.name in given}
    anchors = sorted(known.items())
    if any(later < earlier for (_, earlier), (_, later) in pairwise(anchors)):
        raise UsageError("marks: their seconds are not in the order of the text; correct them")
    times = seconds_of(text, anchors)
    placed = [SpokenMark(mark.name, float(times[mark.position]), mark.name in given) for mark in marks]
    unwritten = given.keys() - {mark.name for mark in marks}
    placed += [SpokenMark(name, given[name], True) for name in given if name in unwritten]
    return Spoken(text, tuple(voices), samples, tuple(anchors), tuple(sorted(placed, key=lambda each: each.second)))


def _seconds(part: Said, lang: str) -> Mapping[str, float]:
    """Return the seconds of the marks that are given for a language."""
    if any(isinstance(each, Mapping) for each in part.marks.values()):
        return part.marks.get(lang, {})  # type: ignore[return-value]
    return part.marks  # type: ignore[return-value]
