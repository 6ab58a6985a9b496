"""When each part of a lecture begins, how long it takes, and why."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil
from pathlib import Path

from animopt.core.errors import Error, UsageError
from animopt.core.language import localized
from animopt.lecture.card_film import CardFilm
from animopt.lecture.lecture_file import LectureFile
from animopt.lecture.marks import split_marks, step_of
from animopt.lecture.parts import AnyPart, Card, Compare, Part
from animopt.lecture.picture import Shown
from animopt.lecture.schedule import Anchor, Warp, sections_of, stretched
from animopt.lecture.spoken import Spoken, in_language, spoken_of, spoken_text
from animopt.lecture.voice import RATE, Voice
from animopt.recording.recording import Recording
from animopt.recording.timeline import Timeline
from animopt.scene.compare import compared_races, comparison_of
from animopt.scene.races import check_limits, recordings, timeline_of, title_of
from animopt.scene.render import film_of
from animopt.scene.scene import Scene
from animopt.video.output import Output

Voices = Callable[[str, Sequence[Path], str], Sequence[Voice]]
"""Returns the voices for a text, the paths of its audio files, and a language."""


@dataclass(frozen=True, eq=False)
class TimedPart:
    """A part of a lecture in one language, from its first frame on.

    `reason` says why it takes its length. `scenes` are those that it shows, in the language, and `film` makes what is
    shown for an output.
    """

    number: int
    title: str
    first: int
    frames: int
    reason: str
    spoken: Spoken
    warp: Warp
    scenes: tuple[Scene, ...]
    film: Callable[[Output], Shown]

    @property
    def is_estimated(self) -> bool:
        """Whether the second of a mark is estimated."""
        return any(not mark.given for mark in self.spoken.marks)


def timed_part(file: LectureFile, number: int, lang: str, first: int, output: Output, voices: Voices) -> TimedPart:
    """Return a part of a lecture, whose number begins at 1, with its timing.

    Args:
        file: The lecture.
        number: Number of the part.
        lang: Language of the picture and the voice.
        first: First frame of the part.
        output: The video, with its size, rate and theme.
        voices: Returns the voices of a part.

    Raises:
        UsageError: A text lacks the language, a mark names no event, the words are longer than the limits of the
            stretching allow, or the scene exceeds its limits.
        Error: A voice cannot be read, or a scene fails.
    """
    part = file.lecture.parts[number - 1]
    text, _ = split_marks(spoken_text(part, lang))
    spoken = spoken_of(part, lang, voices(text.strip(), file.audio(part, lang), lang))
    match part:
        case Card():
            warp, title, scenes, film = _card(part, lang, spoken)
        case Part():
            warp, title, scenes, film = _scene_part(file, part, lang, spoken)
        case Compare():
            warp, title, scenes, film = _comparison(file, part, lang, spoken)
    frames = _frames(warp.length, spoken, first, output.fps)
    for scene in scenes:
        check_limits(scene, [(output.size, frames)])
    return TimedPart(
        number=number,
        title=localized(part.title, lang) or title,
        first=first,
        frames=frames,
        reason=_reason(part, spoken, warp.length),
        spoken=spoken,
        warp=warp,
        scenes=scenes,
        film=film,
    )


def sample_of(frame: int, fps: float) -> int:
    """Return the first sample of a frame. It is computed from the number of the frame, so that nothing drifts."""
    return round(frame * RATE / fps)


def _frames(length: float, spoken: Spoken, first: int, fps: float) -> int:
    """Return the number of frames of a part that begins with frame `first`, with room for all samples of the voice."""
    # Less than a millionth of a frame is rounding.
    frames = max(1, ceil(length * fps - 1e-6))
    samples = spoken.samples if spoken.voices else 0
    while sample_of(first + frames, fps) - sample_of(first, fps) < samples:
        frames += 1
    return frames


def _reason(part: AnyPart, spoken: Spoken, length: float) -> str:
    if not spoken.samples:
        return "the card" if isinstance(part, Card) else "the clip"
    if length > spoken.seconds + 1e-6:
        return "the card" if isinstance(part, Card) else "the shortest time of the clip"
    return "the voice" if spoken.voices else "reading the text aloud"


_Built = tuple[Warp, str, tuple[Scene, ...], Callable[[Output], Shown]]


def _card(part: Card, lang: str, spoken: Spoken) -> _Built:
    text, caption = in_language("text", part.text, lang), localized(part.caption, lang)
    if spoken.marks:
        raise UsageError(f"mark {{{spoken.marks[0].name}}}: a card has no events; remove the mark")
    length = max(part.seconds, spoken.seconds)

    def film(output: Output) -> Shown:
        return CardFilm(text, caption, output.size, output.theme or "light")

    return Warp((0.0, length), (0.0, 0.0)), " ".join(text.split()), (), film


def _scene_part(file: LectureFile, part: Part, lang: str, spoken: Spoken) -> _Built:
    scene = _localized(file.scene(part.scene), lang)
    if part.question:
        scene = scene.replace(question=part.question)
    warp = _warp(timeline_of(scene), recordings(scene)[:1], part.hold, spoken)
    return warp, title_of(scene), (scene,), partial(film_of, scene)


def _comparison(file: LectureFile, part: Compare, lang: str, spoken: Spoken) -> _Built:
    scenes = tuple(_localized(file.scene(wanted), lang) for wanted in part.scenes)
    races, timeline = compared_races(scenes, part.clock)
    warp = _warp(timeline, races, part.hold, spoken)
    return warp, " | ".join(map(title_of, scenes)), scenes, lambda output: comparison_of(scenes, output, part.clock)


def _localized(scene: Scene, lang: str) -> Scene:
    """Return a scene in a language. Its clip ends with the result, because another part follows."""
    return scene.replace(lang=lang, loop="plain")


def _warp(timeline: Timeline, races: Sequence[Recording], hold: float | None, spoken: Spoken) -> Warp:
    anchors = []
    for mark in spoken.marks:
        second = timeline.second_of(step_of(mark.name, races))
        anchors.append(Anchor(mark.second, second, f"mark {{{mark.name}}}", mark.given))
    return stretched(sections_of(timeline, hold), spoken.seconds, anchors)


def timed_parts(
    file: LectureFile, lang: str, output: Output, voices: Voices, numbers: Sequence[int]
) -> Iterator[TimedPart | Error]:
    """Yield the parts with these numbers one after another. A part that fails is its error, which names the part."""
    first = 0
    for number in numbers:
        try:
            part = timed_part(file, number, lang, first, output, voices)
        except Error as error:
            yield type(error)(f"{file.part_name(number)}: {error}")
        else:
            yield part
            first += part.frames
