"""Renders a lecture: draws what has changed, joins it with the rest, and writes the files beside the video."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from itertools import repeat
from pathlib import Path

import attrs
import imageio_ffmpeg
from imageio.v3 import imread

from animopt.core.errors import PACKAGE, Error, Failures, UsageError
from animopt.core.files import about_copy, temporary_folder, write_atomically
from animopt.core.language import localized
from animopt.core.working_folder import absolute
from animopt.drawing.fonts import font_family
from animopt.lecture.cache import Cache
from animopt.lecture.container import Chapter, complete, join_segments
from animopt.lecture.handout import Page, page_of_races, save_handout
from animopt.lecture.lecture_file import LectureFile
from animopt.lecture.picture import LecturePicture, Run, Shot, encode_run, encode_still, shot_of
from animopt.lecture.speech import speak
from animopt.lecture.subtitles import clock, cues_of, description_text
from animopt.lecture.timing import TimedPart, sample_of, timed_parts
from animopt.lecture.voice import Voice, load_voice, write_track
from animopt.publish.captions import Cue, subrip, webvtt
from animopt.scene.races import recordings
from animopt.video.encoder import Segment
from animopt.video.frame_stream import map_parts
from animopt.video.output import Output, check_distinct, check_outputs, check_path
from animopt.video.save import Progress

LIBRARIES = "numpy", "matplotlib", "contourpy", "fontpkg-inter", "pillow", "torch"
"""Libraries on whose versions frames depend."""


@attrs.frozen(kw_only=True)
class Rendering:
    """How a lecture is rendered.

    Attributes:
        lang: Language of the picture and the voice.
        speech: Command that speaks a text for which there is no audio, or "".
        numbers: Numbers of the parts, which follow one another.
    """

    lang: str
    speech: str
    numbers: Sequence[int]


@dataclass(frozen=True, eq=False)
class Program:
    """A lecture with the timing of its parts, in one language."""

    file: LectureFile
    rendering: Rendering
    output: Output
    parts: tuple[TimedPart, ...]

    @property
    def title(self) -> str:
        """Title of the lecture."""
        return localized(self.file.lecture.title, self.rendering.lang) or self.file.name

    @property
    def frames(self) -> int:
        """Number of frames."""
        return sum(part.frames for part in self.parts)

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.frames / self.output.fps

    def start(self, part: TimedPart) -> float:
        """Return the second at which a part begins."""
        return part.first / self.output.fps


def timed(file: LectureFile, rendering: Rendering, output: Output, kept: Cache) -> Iterator[TimedPart | Error]:
    """Yield the parts with their timing. A part that fails is its error."""
    has_failed = False

    def voices(text: str, paths: Sequence[Path], lang: str) -> list[Voice]:
        nonlocal has_failed
        # A command that fails for one text would fail for all, with the same message.
        if not paths and text and rendering.speech and not has_failed:
            has_failed = True
            paths = [speak(rendering.speech, text, lang, kept)]
            has_failed = False
        return [load_voice(path, kept, f"audio {path}") for path in paths]

    return timed_parts(file, rendering.lang, output, voices, rendering.numbers)


def checked_program(file: LectureFile, rendering: Rendering, output: Output, kept: Cache) -> Program:
    """Return a lecture with its timing, whose files can be written. Raises as `program_of` and `check_files`."""
    check_files(output, rendering.lang, file)
    return program_of(file, rendering, output, kept)


def program_of(file: LectureFile, rendering: Rendering, output: Output, kept: Cache) -> Program:
    """Return a lecture with the timing of its parts. Raises Error that names every part that fails."""
    failures, parts = Failures(), []
    for part in timed(file, rendering, output, kept):
        if isinstance(part, Error):
            failures.append(part)
        else:
            parts.append(part)
    failures.raise_if_any()
    return Program(file, rendering, output, tuple(parts))


def save_lecture(
    program: Program,
    kept: Cache,
    executor: Executor | None = None,
    progress: Progress = lambda done, total: None,
    measured: Callable[[float], object] = lambda loudness: None,
) -> Iterator[Path]:
    """Write the video, and yield its path and those of the files beside it once they are in place.

    Args:
        program: The lecture.
        kept: Keeps what is drawn, for the next run.
        executor: Draws and encodes. Default: this process.
        progress: Called with the number of frames that are done and the number of all frames.
        measured: Called with the loudness of the voices in LUFS.

    Raises:
        Error: A frame cannot be drawn, or a file cannot be written. What has been drawn is kept.
    """
    output, lang = program.output, program.rendering.lang
    picture = LecturePicture(list(_shots(program)), output.size, output.fps, program.file.lecture.fade)
    segments = _draw(picture, kept, executor, progress)
    subtitles = subtitles_of(program)
    with temporary_folder() as folder:
        track = None
        if any(part.spoken.voices for part in program.parts):
            track = folder / "track.wav"
            measured(write_track(track, sample_of(program.frames, output.fps), list(_placed_voices(program))))
        complete(
            output.path,
            picture,
            program.frames,
            _video(picture, segments, kept),
            title=program.title,
            language=lang,
            chapters=[Chapter(part.first, part.title) for part in program.parts],
            track=track,
            subtitles=subtitles,
        )
    yield output.path
    paths = paths_of(output, lang, list(subtitles))
    for path, content in _texts_beside(program, paths, subtitles).items():
        write_atomically(path, content)
        yield path
    stills = _stills(picture, kept, executor)
    races = [index for index, part in enumerate(program.parts) if part.scenes]
    # The poster shows the end of the last race.
    write_atomically(paths["poster"], stills[races[-1] if races else 0].read_bytes())
    yield paths["poster"]
    save_handout(paths["handout"], program.title, list(map(_page, program.parts, stills, repeat(program))), lang)
    yield paths["handout"]


def _shots(program: Program) -> Iterator[Shot]:
    for part in program.parts:
        try:
            film = part.film(program.output)
        except Error as error:
            raise type(error)(f"{program.file.part_name(part.number)}: {error}") from error
        yield shot_of(film, part.frames, part.warp)


def paths_of(output: Output, lang: str, languages: Sequence[str]) -> dict[str, Path]:
    """Return the paths of the files beside a video, by their kind and language."""
    base = output.path.with_suffix("")
    paths: dict[str, Path] = {}
    for each in languages:
        # A video that is named after its language has subtitles of the same name.
        stem = base if base.suffix == f".{lang}" else Path(f"{base}.{each}")
        if stem != base or each == lang:
            paths |= {f"srt {each}": Path(f"{stem}.srt"), f"vtt {each}": Path(f"{stem}.vtt")}
    return paths | {"description": Path(f"{base}.txt"), "poster": Path(f"{base}.png"), "handout": Path(f"{base}.pdf")}


def check_files(output: Output, lang: str, file: LectureFile) -> None:
    """Raise UsageError if the video, or a file beside it, cannot be written or would replace a file of the user.

    The notes and the slides of a lecture often have its name. Those beside a video are of an earlier run.
    """
    paths = paths_of(output, lang, file.languages())
    check_distinct([output], *paths.values(), read=file.files_read())
    check_outputs([output])
    for kind, path in paths.items():
        check_path(path)
        is_text = kind in ("description", "handout")
        if is_text and absolute(path).exists() and not absolute(output.path).exists():
            raise UsageError(f"{path}: is there without {output.path}, and would be replaced; rename one of them")


def _texts_beside(
    program: Program, paths: Mapping[str, Path], subtitles: Mapping[str, Sequence[Cue]]
) -> dict[Path, bytes]:
    contents: dict[Path, bytes] = {}
    for each, cues in subtitles.items():
        if f"srt {each}" in paths:
            contents[paths[f"srt {each}"]] = subrip(cues).encode()
            contents[paths[f"vtt {each}"]] = webvtt(cues).encode()
    starts = [(program.start(part), part.title) for part in program.parts]
    contents[paths["description"]] = description_text(program.title, starts).encode()
    return contents


def _video(picture: LecturePicture, segments: Sequence[tuple[Run, Path]], kept: Cache) -> Path:
    """Return the file with all frames. It is kept, because often only a voice or a text has changed."""

    def join(path: Path) -> None:
        parts = (Segment(file.read_bytes(), run.end - run.first) for run, file in segments)
        try:
            join_segments(path, picture, len(picture), parts)
        except Error as error:
            raise type(error)(about_copy(str(error), path, "the video without sound")) from error

    return kept.file(["video", _state(), *(run.key for run, _ in segments)], ".mp4", join)


def _stills(picture: LecturePicture, kept: Cache, executor: Executor | None) -> list[Path]:
    """Return the file with the last frame of each part before its cross-fade."""
    ends = map(picture.clear_end, range(len(picture.firsts)))
    return _files(picture, "still", ".png", encode_still, [picture.run(end, end + 1) for end in ends], kept, executor)


def _page(part: TimedPart, still: Path, program: Program) -> Page:
    """Return the page of a part in the handout. A card has no picture, because it has only words."""
    races = [race for scene in part.scenes for race in recordings(scene)]
    picture = imread(still) if races else None
    return page_of_races(part.title, clock(program.start(part)), picture, part.spoken.text, races)


def _placed_voices(program: Program) -> Iterator[tuple[int, Voice]]:
    for part in program.parts:
        start = sample_of(part.first, program.output.fps)
        for voice in part.spoken.voices:
            yield start, voice
            start += len(voice.samples)


def subtitles_of(program: Program) -> dict[str, list[Cue]]:
    """Return the subtitles in each language of the lecture, in the time of its voice."""
    languages = dict.fromkeys([program.rendering.lang, *program.file.languages()])
    found = {lang: [cue for part in program.parts for cue in _cues(program, part, lang)] for lang in languages}
    return {lang: cues for lang, cues in found.items() if cues}


def _cues(program: Program, part: TimedPart, lang: str) -> Iterator[Cue]:
    spoken = part.spoken
    start = program.start(part)
    text, anchors = spoken.text, spoken.anchors
    if lang != program.rendering.lang:
        text = program.file.text(part.number, lang)
        anchors = ((0, 0.0), (len(text), spoken.seconds))
    yield from cues_of(text, [(position, start + second) for position, second in anchors])


def _draw(
    picture: LecturePicture, kept: Cache, executor: Executor | None, progress: Progress
) -> list[tuple[Run, Path]]:
    """Draw and encode the runs that are not kept. Return the file of each run in order."""
    runs = picture.runs()
    files = _files(
        picture, "segment", ".mp4", encode_run, runs, kept, executor, lambda done: progress(done, len(picture))
    )
    return list(zip(runs, files, strict=True))


def _files(
    picture: LecturePicture,
    kind: str,
    suffix: str,
    task: Callable[[LecturePicture, tuple[int, int]], bytes],
    runs: Sequence[Run],
    kept: Cache,
    executor: Executor | None,
    report: Callable[[int], object] = lambda done: None,
) -> list[Path]:
    """Return the file of each run in order. A task makes the contents of those that are not kept.

    `report` is called with the number of frames that are done.
    """
    keys = {run: [kind, run.key, _state()] for run in runs}
    missing = {run.key: run for run in runs if not kept.find(keys[run], suffix)}
    spans = [(run.first, run.end) for run in missing.values()]
    done = sum(run.end - run.first for run in runs) - sum(end - first for first, end in spans)
    report(done)
    contents = map_parts(picture, task, spans, executor) if executor else map(partial(task, picture), spans)
    for run, content in zip(missing.values(), contents, strict=True):
        kept.file(keys[run], suffix, partial(_write, content))
        done += run.end - run.first
        report(done)
    return [path for run in runs if (path := kept.find(keys[run], suffix))]


def _write(content: bytes, path: Path) -> None:
    path.write_bytes(content)


@cache
def _state() -> str:
    """Return the versions of all that frames depend on, and a hash of animopt itself, which may have been changed."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.read_bytes())
    versions = [f"{name} {version(name)}" for name in LIBRARIES]
    return " ".join([digest.hexdigest(), *versions, imageio_ffmpeg.get_ffmpeg_version(), *font_family()])
