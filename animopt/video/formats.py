"""What each kind of file needs of the encoder; a suffix picks one."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from animopt.core.atomic_files import disk_errors
from animopt.core.errors import UsageError
from animopt.video.encoder import Target, Writer, raw_input
from animopt.video.ffmpeg import Ffmpeg, file_url

if TYPE_CHECKING:
    from animopt.core.arrays import Pixels
    from animopt.video.film import Film

HARDLY = 3
"""Of 255, by so much a colour may differ from what was drawn at a GIF's best quality: it cannot be seen."""

_TO_BT709 = "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int"
_AS_BT709 = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"


def _picture(pixels: str) -> list[str]:
    """The arguments that turn frames into YUV of a kind, and tag it, so that its colours are those that were drawn."""
    return ["-vf", f"{_TO_BT709},format={pixels},{_AS_BT709}"]


class Image(Writer):
    """A picture that moves by itself in a page or a slide, and loops for ever: smaller than a video, and slower."""

    size = 800, 450
    fps = 25
    draft_fps = 10


class Gif(Image):
    """A GIF with one palette made of sampled frames."""

    suffix = ".gif"
    notches = 256, 128, 64, 32
    measure = "{} colours"

    _shown: "Pixels | None" = None

    @staticmethod
    def check(output: Target) -> None:
        """Raise UsageError for a rate whose delays browsers do not keep."""
        if output.fps > 50:
            raise UsageError(f"fps {output.fps:g}: a GIF shows at most 50 frames a second; use 50, 25, 20 or 10")

    def arguments(self, film: "Film") -> list[str]:
        palette = self._beside / "palette.png"
        self._make_palette(film, palette)
        # Delays are whole centiseconds; the last one makes the length of the whole exact.
        before = round(100 * (len(film) - 1) / film.fps)
        last = max(2, round(100 * len(film) / film.fps) - before)
        graph = "[0:v][1:v]paletteuse=dither=none:diff_mode=rectangle"
        options = ["-loop", "0", "-final_delay", str(last), "-f", "gif"]
        return ["-i", file_url(Path(palette.name)), "-filter_complex", graph, *options]

    def write(self, part: "Pixels | bytes") -> None:
        """Add one frame; a pixel that hardly changes stays as it was shown, for what does not change costs nothing."""
        frame = part
        assert not isinstance(frame, bytes)
        if self._shown is None:
            self._shown = frame.copy()
        else:
            shown = self._shown
            apart = np.maximum(frame, shown) - np.minimum(frame, shown) > HARDLY * 2**self.output.notch
            changed = apart[..., 0] | apart[..., 1] | apart[..., 2]
            np.copyto(shown, frame, where=changed[..., None])
        super().write(self._shown)

    def _make_palette(self, film: "Film", path: Path) -> None:
        """A palette of frames spread over the film: the usual graph would hold the whole film in memory instead."""
        count = min(len(film), 12)
        spread = [round(place * (len(film) - 1) / max(1, count - 1)) for place in range(count)]
        graph = f"palettegen=stats_mode=full:max_colors={self.quality}"
        arguments = [*raw_input(film), "-vf", graph, "-update", "1", file_url(Path(path.name))]
        with self._faults(), Ffmpeg(arguments, path.parent) as maker:
            for frame in film.sample(spread, self.executor):
                maker.feed(frame.data)
            maker.finish()


class Mp4(Writer):
    """H.264 in 4:2:0, tagged bt709, that starts to play before it is read whole."""

    suffix = ".mp4"
    notches = 18, 23, 28, 33
    measure = "crf {}"

    @staticmethod
    def check(output: Target) -> None:
        """Raise UsageError for odd sides, which 4:2:0 cannot have."""
        width, height = output.size
        if width % 2 or height % 2:
            even = f"{width + width % 2}x{height + height % 2}"
            raise UsageError(f"size {width}x{height}: an MP4 needs even sides; use {even}")

    def arguments(self, film: "Film") -> list[str]:
        return [
            *_picture("yuv420p"),
            *("-c:v", "libx264", "-preset", "veryfast", "-crf", str(self.quality)),
            *("-movflags", "+faststart"),
            # Else a draft would be half drawn before any of it is on the disk.
            *("-flush_packets", "1", "-f", "mp4"),
        ]


class JoinedMp4(Mp4):
    """An MP4 of whole ones, each the next few frames of the film, whose pictures are copied as they are."""

    _segments = 0

    def input(self, film: "Film") -> list[str]:
        """A list of files on standard input."""
        return ["-f", "concat", "-safe", "0", "-protocol_whitelist", "file,pipe", "-i", "pipe:0"]

    def arguments(self, film: "Film") -> list[str]:
        """Frames are counted anew: the length that a segment says it has is rounded."""
        frame = f"({film.fps!r}*TB)"
        decoded = f"dts=(N+round(STARTDTS*{frame}))/{frame}"
        shown = f"pts=(N+round((STARTDTS+PTS-DTS)*{frame}))/{frame}"
        return ["-c", "copy", "-bsf:v", f"setts={decoded}:{shown}", "-movflags", "+faststart", "-f", "mp4"]

    def write(self, part: "Pixels | bytes") -> None:
        """Add the bytes of one segment. Raises Error where it cannot be kept."""
        assert isinstance(part, bytes)
        segment = self._beside / f"{self._segments}.mp4"
        self._segments += 1
        with disk_errors(segment):
            segment.write_bytes(part)
        # By its name alone: that of a folder may have a line's end in it.
        super().write(f"file {file_url(Path(segment.name))}\n".encode())
        self.frames = len(self.film)


class WebM(Writer):
    """VP9 in 4:2:0, tagged bt709, with alpha where it is asked for."""

    suffix = ".webm"
    notches = 24, 32, 40, 48
    measure = "crf {}"
    keeps_alpha = True

    def arguments(self, film: "Film") -> list[str]:
        # With alpha there can be no frames that are not shown.
        alpha = ["-auto-alt-ref", "0"] if film.channels == 4 else []
        return [
            *_picture("yuva420p" if film.channels == 4 else "yuv420p"),
            *("-c:v", "libvpx-vp9", "-crf", str(self.quality), "-b:v", "0"),
            *("-deadline", "good", "-cpu-used", "5", "-row-mt", "1", "-tile-columns", "2", *alpha),
            *("-f", "webm"),
        ]


class WebP(Image):
    """An animated WebP."""

    suffix = ".webp"
    notches = 90, 75, 60, 40
    measure = "quality {}"
    keeps_alpha = True

    def arguments(self, film: "Film") -> list[str]:
        pixels = "yuva420p" if film.channels == 4 else "yuv420p"
        # A WebP's colours are always those of bt601.
        scale = f"scale=out_color_matrix=bt601:out_range=tv:flags=accurate_rnd+full_chroma_int,format={pixels}"
        return [
            *("-vf", scale, "-c:v", "libwebp_anim", "-quality", str(self.quality), "-compression_level", "4"),
            *("-loop", "0", "-f", "webp"),
        ]


class Apng(Image):
    """A PNG that moves: every pixel as it was drawn."""

    suffix = ".apng"
    keeps_alpha = True

    def arguments(self, film: "Film") -> list[str]:
        return ["-c:v", "apng", "-pred", "mixed", "-plays", "0", "-f", "apng"]


class Mov(Writer):
    """ProRes for video editors, tagged bt709: 4444 with straight alpha where that is asked for, else 422 HQ."""

    suffix = ".mov"
    keeps_alpha = True

    def arguments(self, film: "Film") -> list[str]:
        profile, pixels = ("4444", "yuva444p10le") if film.channels == 4 else ("hq", "yuv422p10le")
        return [
            *_picture(pixels),
            *("-c:v", "prores_ks", "-profile:v", profile, "-vendor", "apl0", "-f", "mov"),
        ]


class Frames(Writer):
    """A folder of PNG files, frame-0000.png and so on."""

    suffix = "/"
    keeps_alpha = True
    folder = True

    @staticmethod
    def check(output: Target) -> None:
        """Raise UsageError for a folder that holds something else, which would be lost."""
        others: list[str] = []
        # Whether there can be such a folder at all is for `check_path` to say.
        with suppress(OSError, ValueError):
            others = [each.name for each in output.path.iterdir() if not each.match("frame-*.png")]
        if others:
            raise UsageError(f"{output.path}: holds {others[0]!r}; name a folder for nothing but the frames")

    def arguments(self, film: "Film") -> list[str]:
        return ["-c:v", "png", "-pred", "mixed", "-f", "image2", "-start_number", "0"]

    def target(self, unfinished: Path) -> Path:
        """The frames' names."""
        return Path(unfinished.name, "frame-%04d.png")


FORMATS: Mapping[str, type[Writer]] = {each.suffix: each for each in (Gif, Mp4, WebM, WebP, Apng, Mov, Frames)}
"""Every format by its suffix; that of a folder is a slash."""

JOINED: Mapping[type[Writer], type[Writer]] = {Mp4: JoinedMp4}
"""What joins the segments that a writer made."""
