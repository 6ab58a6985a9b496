"""The parts of a lecture as data: cards, scenes, and scenes side by side, each with its spoken text."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from animopt.core.errors import (
    UsageError,
    check_choice,
    check_list,
    check_number,
    check_text,
    check_texts,
    short_repr,
)
from animopt.core.language import Text, check_language
from animopt.drawing.theme import THEMES
from animopt.recording.timeline import Question
from animopt.scene.compare import CLOCKS
from animopt.video.comparison import PART_COUNTS

MAX_CARD_SECONDS = 600
"""Maximum number of seconds that a card is shown without a voice."""

Audio = str | Sequence[str] | Mapping[str, str | Sequence[str]] | None
"""A path, one path for each sentence, or one of these for each language."""

Marks = Mapping[str, float] | Mapping[str, Mapping[str, float]]
"""Seconds of the audio by mark, or such a mapping for each language."""


def _say(value: Text) -> Text:
    return check_texts("say", value, "say='Momentum overshoots.'")


def _audio(value: Audio) -> Audio:
    example = "audio='voice/01-{lang}.wav'"
    if isinstance(value, Mapping):
        return {check_language("audio", lang): _files(each, example) for lang, each in dict(value).items()}
    return None if value is None else _files(value, example)


def _files(value: Any, example: str) -> str | tuple[str, ...]:
    if isinstance(value, str):
        files: list[Any] = [value]
    else:
        files = check_list("audio ", value, f"give the path of a file, or one for each sentence, as {example}")
    for file in files:
        if not check_text("audio", file, example):
            raise UsageError(f"audio {short_repr(value)}: give the path of a file, as {example}")
        if "://" in file:
            raise UsageError(f"audio {short_repr(file)}: is an address; download the file, and give its path")
    return files[0] if isinstance(value, str) else tuple(files)


def _marks(value: Marks) -> Marks:
    remedy = "give seconds of the audio by mark, as marks={'arrives': 12.4}"
    if not isinstance(value, Mapping):
        raise UsageError(f"marks {short_repr(value)}: {remedy}")
    given = dict(value)
    if any(isinstance(each, Mapping) for each in given.values()):
        # By language, because another voice says it at another second.
        return {check_language("marks", lang): _seconds(each, remedy) for lang, each in given.items()}
    return _seconds(given, remedy)


def _seconds(value: Any, remedy: str) -> dict[str, float]:
    if not isinstance(value, Mapping):
        raise UsageError(f"marks {short_repr(value)}: {remedy}")
    return {
        check_text("mark", mark, "'Adam:arrives'"): check_number(f"marks {mark!r}", second, remedy, minimum=0)
        for mark, second in dict(value).items()
    }


def _title(value: Text) -> Text:
    return check_texts("title", value, "title='Momentum'", lines=False)


def _hold(value: float | None) -> float | None:
    remedy = "give the seconds for which the end is shown, as hold=3"
    return None if value is None else check_number("hold", value, remedy, minimum=0, maximum=MAX_CARD_SECONDS)


def _scene(value: object) -> str:
    example = "Part('ravine-sgd'), or its file, as Part('my_scene.py')"
    name = check_text("scene", value, example)
    if not name:
        raise UsageError(f"scene {name!r}: give the name of a scene, as {example}")
    return name


def _question(value: Question | None) -> Question | None:
    if value is not None and not isinstance(value, Question):
        raise UsageError(f"question {short_repr(value)}: give a Question, as Question('Which one wins?', step=3)")
    return value


@attrs.frozen(kw_only=True)
class Said:
    """The spoken text of a part of a lecture, and its voice.

    Args:
        say: The spoken text, or a mapping of texts by language. The subtitles show it. A mark in it, `{arrives}` or
            `{Adam:arrives}`, is an event of the race, which the picture reaches when the words after the mark are
            spoken.
        audio: Path of the voice's file, relative to the lecture file, with `{lang}` for the language; one path for
            each sentence; or one of these for each language. Default: none.
        marks: The second of the audio of each mark, or such a mapping for each language. Default: estimated from the
            characters before the mark.
        title: Title of the part in the chapters, or a mapping by language. Default: the scene's title.
    """

    say: Text = attrs.field(default="", converter=_say)
    audio: Audio = attrs.field(default=None, converter=_audio)
    marks: Marks = attrs.field(factory=dict, converter=_marks)
    title: Text = attrs.field(default="", converter=_title)


def _card_text(value: Text) -> Text:
    texts = check_texts("text", value, "Card('Where is the minimum?')")
    if not texts or (isinstance(texts, Mapping) and not any(texts.values())):
        raise UsageError(f"text {short_repr(value)}: give the words on the card, as Card('Where is the minimum?')")
    return texts


def _card_seconds(value: float) -> float:
    remedy = "give the length of the card in seconds, as seconds=4"
    return check_number("seconds", value, remedy, above=0, maximum=MAX_CARD_SECONDS)


def _caption(value: Text) -> Text:
    return check_texts("caption", value, "caption='A start'")


@attrs.frozen
class Card(Said):
    """Words on an empty picture.

    Args:
        text: The words, or a mapping by language.
        seconds: For how long it is shown, unless the voice takes longer. Default: 4.
        caption: A smaller text below the words, or a mapping by language. Default: none.
        say: As for a `Part`, without marks, because a card has no events.
        audio: As for a `Part`.
        marks: Not used.
        title: Title of the card in the chapters, or a mapping by language. Default: the words.

    Raises:
        UsageError: A value cannot be used.

    >>> Card("Where is the minimum?").seconds
    4.0
    """

    text: Text = attrs.field(kw_only=False, converter=_card_text)
    seconds: float = attrs.field(default=4.0, converter=_card_seconds)
    caption: Text = attrs.field(default="", converter=_caption)


@attrs.frozen
class Part(Said):
    """A scene in a lecture.

    Args:
        scene: Name of a scene, or the path of its file, relative to the lecture file.
        hold: Seconds for which the end of the race is shown. Default: as in the scene, or longer for a longer voice.
        question: A `Question` in place of the scene's own. Default: the scene's.
        say: The spoken text, or a mapping of texts by language. The subtitles show it. A mark in it, `{arrives}` or
            `{Adam:arrives}`, is an event of the race: the picture reaches it when the words after the mark are spoken.
        audio: Path of the voice, relative to the lecture file, with `{lang}` for the language; one path for each
            sentence; or one of these for each language. Default: none.
        marks: The second of the audio of each mark, or such a mapping for each language. Default: estimated from the
            characters before the mark.
        title: Title of the part in the chapters, or a mapping by language. Default: the scene's title.

    Raises:
        UsageError: A value cannot be used.

    >>> Part("ravine-sgd", say="It zigzags.").scene
    'ravine-sgd'
    """

    scene: str = attrs.field(kw_only=False, converter=_scene)
    hold: float | None = attrs.field(default=None, converter=_hold)
    question: Question | None = attrs.field(default=None, converter=_question)


@attrs.frozen(init=False)
class Compare(Said):
    """Two or four scenes side by side, with one clock.

    Args:
        *scenes: Names of the scenes, or paths of their files, relative to the lecture file.
        clock: "step", or "evaluations" for one clock by gradient evaluations. Default: "step".
        hold: Seconds for which the end of the races is shown. Default: as in the first scene, or longer.
        say: As for a `Part`. Events are those of the first scene in which they happen.
        audio: As for a `Part`.
        marks: As for a `Part`.
        title: Title of the part in the chapters, or a mapping by language. Default: the titles of the scenes.

    Raises:
        UsageError: A value cannot be used.

    >>> Compare("ravine-sgd", "ravine-momentum").clock
    'step'
    """

    scenes: tuple[str, ...]
    clock: str
    hold: float | None

    def __init__(
        self,
        *scenes: str,
        clock: str = "step",
        hold: float | None = None,
        say: Text = "",
        audio: Audio = None,
        marks: Marks = {},  # noqa: B006
        title: Text = "",
    ) -> None:
        if len(scenes) not in PART_COUNTS:
            raise UsageError(f"scenes {short_repr(scenes)}: give two or four, as Compare('ravine-sgd', 'ravine-adam')")
        self.__attrs_init__(
            scenes=tuple(map(_scene, scenes)),
            clock=check_choice("clock", clock, CLOCKS),
            hold=_hold(hold),
            say=say,
            audio=audio,
            marks=marks,
            title=title,
        )


AnyPart = Card | Part | Compare


def _parts(value: Sequence[AnyPart]) -> tuple[AnyPart, ...]:
    remedy = "give a list of Card, Part and Compare, as parts=[Part('ravine-sgd')]"
    parts = tuple(check_list("parts ", value, remedy))
    if not parts:
        raise UsageError(f"parts []: a lecture needs at least one; {remedy}")
    for number, part in enumerate(parts, 1):
        if not isinstance(part, AnyPart):
            raise UsageError(f"part {number} {short_repr(part)}: {remedy}")
    return parts


def _lecture_title(value: Text) -> Text:
    return check_texts("title", value, "title='Gradient descent'", lines=False)


def _theme(value: str | None) -> str | None:
    return None if value is None else check_choice("theme", value, THEMES)


def _fade(value: float) -> float:
    return check_number("fade", value, "give the seconds of a cross-fade, as fade=0.6, or 0", minimum=0, maximum=3)


@attrs.frozen(kw_only=True)
class Lecture:
    """A video of cards and scenes with voices, subtitles and chapters.

    Args:
        parts: A list of `Card`, `Part` and `Compare`, in their order.
        title: Title of the video, or a mapping by language. Default: the name of the file.
        theme: Theme of all parts. Default: each scene's own, "light" for cards.
        fade: Seconds of the cross-fade between two parts, 0 for none. Default: 0.6.

    Raises:
        UsageError: A value cannot be used.

    >>> Lecture(parts=[Card("Where is the minimum?"), Part("ravine-sgd")]).parts[0].seconds
    4.0
    """

    parts: tuple[AnyPart, ...] = attrs.field(converter=_parts)
    title: Text = attrs.field(default="", converter=_lecture_title)
    theme: str | None = attrs.field(default=None, converter=_theme)
    fade: float = attrs.field(default=0.6, converter=_fade)
