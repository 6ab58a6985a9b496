"""Joins the segments of a lecture, its track, subtitles and chapters to one MP4, without encoding the video again."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import attrs

from animopt.core.errors import Error, single_line
from animopt.core.language import language
from animopt.core.working_folder import absolute
from animopt.lecture.voice import CHANNELS, RATE
from animopt.publish.captions import Cue, subrip
from animopt.video.encoder import Footage, JoiningWriter, Segment
from animopt.video.ffmpeg import file_url
from animopt.video.metadata import ffmetadata
from animopt.video.output import FORMATS

AUDIO_OPTIONS = f"-c:a aac -aac_coder fast -b:a 128k -ar {RATE} -ac {CHANNELS}"
"""ffmpeg's options for the audio. The fast coder takes little more than half of the time of the other one.

Players skip the samples by which the encoder delays the audio.
"""

MAX_TITLE_BYTES = 255
"""Maximum number of bytes of a chapter's title in an MP4."""

MAX_RATE_DENOMINATOR = 1_001_000
"""Maximum denominator of a rate in ffmpeg, which approximates others."""


@attrs.frozen
class Chapter:
    """A chapter of a lecture, which lasts until the next one or the end."""

    first_frame: int
    title: str


def join_segments(path: Path, footage: Footage, frames: int, segments: Iterable[Segment]) -> None:
    """Join segments in their order to an MP4 without audio, which is decoded to count its frames.

    Args:
        path: Path of the MP4.
        footage: Size and rate of the segments.
        frames: Number of frames of all segments.
        segments: The segments, as `encode_segment` makes them of frames of the footage.

    Raises:
        Error: If a segment cannot be joined, the encoder or the disk fails, or if not every frame can be decoded.
    """
    with JoiningWriter(FORMATS[".mp4"], path, footage) as writer:
        for segment in segments:
            writer.write(segment)
        if writer.frames != frames:
            raise Error(f"{path}: its segments have {writer.frames} of {frames} frames; try again")
        writer.finish()


def complete(
    path: Path,
    footage: Footage,
    frames: int,
    video: Path,
    *,
    title: str,
    language: str,
    chapters: Sequence[Chapter] = (),
    track: Path | None = None,
    subtitles: Mapping[str, Sequence[Cue]] = {},
) -> None:
    """Write an MP4 with the frames of a video, and all else that a lecture contains. It replaces an existing file.

    Args:
        path: Path of the MP4.
        footage: Size and rate of the video.
        frames: Number of frames of the video.
        video: An MP4 of joined segments.
        title: Title of the lecture.
        language: Code of the language of the picture and of the track, as "ko".
        chapters: Chapters in their order. The first one starts at frame 0.
        track: A WAV file of the same length, or None for an MP4 without audio.
        subtitles: Cues for each code of a language. Those in the language of the lecture are shown by default.

    Raises:
        Error: If the encoder or the disk fails, or if a frame is lost. An existing file remains.
    """
    contents = _Contents(video, frames, title, language, chapters, track, subtitles)
    # The frames of the video have been decoded already.
    with _LectureWriter(FORMATS[".mp4"], path, footage, check="count", contents=contents) as writer:
        writer.frames = frames
        writer.finish()


@attrs.frozen
class _Contents:
    """The content of an MP4. The fields are arguments of `complete`."""

    video: Path = Path()
    frames: int = 0
    title: str = ""
    language: str = "en"
    chapters: Sequence[Chapter] = ()
    track: Path | None = None
    subtitles: Mapping[str, Sequence[Cue]] = attrs.Factory(dict)

    @property
    def subtitle_languages(self) -> list[str]:
        """Codes of the languages that have cues, first that of the lecture."""
        return sorted(filter(self.subtitles.get, self.subtitles), key=lambda code: code != self.language)


@attrs.define(slots=False, eq=False)
class _LectureWriter(JoiningWriter):
    """Joins segments, and adds the other content of a lecture."""

    contents: _Contents = _Contents()

    def input(self) -> list[str]:
        """Return the arguments by which ffmpeg reads the video, the track and the subtitles."""
        files = ["-i", file_url(absolute(self.contents.video))]
        if self.contents.track:
            files += ["-f", "wav", "-i", file_url(absolute(self.contents.track))]
        for code in self.contents.subtitle_languages:
            name = f"subtitles-{code}.srt"
            (self._folder / name).write_text(subrip(self.contents.subtitles[code]), encoding="utf-8", newline="\n")
            files += ["-f", "srt", "-i", file_url(Path(name))]
        return files

    def arguments(self) -> list[str]:
        """Return ffmpeg's arguments with the streams of each file and their languages."""
        maps, options = ["-map", "0:v"], _stream_options("v:0", self.contents.language)
        if self.contents.track:
            maps += ["-map", "1:a"]
            options += [*AUDIO_OPTIONS.split(), *_stream_options("a:0", self.contents.language)]
        first = len(maps) // 2
        for number, code in enumerate(self.contents.subtitle_languages):
            maps += ["-map", f"{first + number}:s"]
            disposition = "default" if code == self.contents.language else "0"
            options += [f"-disposition:s:{number}", disposition, *_stream_options(f"s:{number}", code)]
        # The last option of a kind applies: the video is copied.
        # Without a scale as fine as the samples, the end of the audio is cut.
        scale = ["-movie_timescale", str(RATE)]
        return [*maps, *super().arguments(), *scale, "-c:s", "mov_text", *options]

    def metadata(self) -> str:
        """Return the title and the chapters for ffmpeg."""
        rate = Fraction(self.film.fps).limit_denominator(MAX_RATE_DENOMINATOR)
        starts = [chapter.first_frame for chapter in self.contents.chapters]
        times = pairwise([*starts, self.contents.frames])
        return ffmetadata(
            {"title": _line(self.contents.title)},
            [
                {
                    "TIMEBASE": f"{rate.denominator}/{rate.numerator}",
                    "START": str(start),
                    "END": str(end),
                    "title": _line(chapter.title).encode()[:MAX_TITLE_BYTES].decode(errors="ignore"),
                }
                for chapter, (start, end) in zip(self.contents.chapters, times, strict=True)
            ],
        )


def _stream_options(stream: str, code: str) -> list[str]:
    """Return ffmpeg's arguments that name the language of a stream."""
    shown = language(code)
    tags = {"language": shown.iso_639_2, "handler_name": shown.name}
    return [argument for tag in tags.items() for argument in (f"-metadata:s:{stream}", "=".join(tag))]


def _line(text: str) -> str:
    """Return a text in one line, without control characters."""
    return " ".join(single_line(text).split())
