"""The formats: one writer each, with the arguments of its encoder."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from animopt.core.errors import UsageError
from animopt.core.files import disk_errors
from animopt.video.encoder import Writer, raw_input
from animopt.video.ffmpeg import Ffmpeg, file_url

if TYPE_CHECKING:
    from animopt.core.arrays import Pixels

GIF_TOLERANCE = 3
"""Maximum difference, of 255, between a shown and a drawn color of a GIF at its best quality. It cannot be seen."""

MAX_SEGMENT_FRAMES = 50
"""Maximum number of frames of a segment. Shorter segments need more key frames, longer ones leave workers idle."""

_TO_BT709 = "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int"
_AS_BT709 = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"


def _yuv(pixel_format: str) -> list[str]:
    """Return the arguments that convert frames to YUV in bt709 and tag the result, so that colors stay as drawn."""
    return ["-vf", f"{_TO_BT709},format={pixel_format},{_AS_BT709}"]


class Image(Writer):
    """An animated picture: it plays by itself on pages and slides, in an endless loop."""

    size = 800, 450
    fps = 25
    draft_fps = 10


class Gif(Image):
    """A GIF with one palette, which is computed from sampled frames."""

    suffix = ".gif"
    qualities = 256, 128, 64, 32
    quality_text = "{} colors"

    _shown: "Pixels | None" = None

    @staticmethod
    def check(path: Path, size: tuple[int, int], fps: float) -> None:
        """Raise UsageError for a rate at which browsers do not play a GIF."""
        if fps > 50:
            raise UsageError(f"fps {fps:g}: a GIF shows at most 50 frames a second; use 50, 25, 20 or 10")

    def arguments(self) -> list[str]:
        palette = file_url(Path("palette.png"))
        self._make_palette(palette)
        # Delays are whole centiseconds. The last one makes the total duration exact.
        start = round(100 * (len(self.film) - 1) / self.film.fps)
        last = max(2, round(100 * len(self.film) / self.film.fps) - start)
        graph = "[0:v][1:v]paletteuse=dither=none:diff_mode=rectangle"
        return ["-i", palette, "-filter_complex", graph, "-loop", "0", "-final_delay", str(last), "-f", "gif"]

    def write(self, part: "Pixels | bytes") -> None:
        """Write one frame. A pixel whose color hardly changes keeps its shown color, because it then takes no bytes."""
        assert not isinstance(part, bytes)
        if self._shown is None:
            self._shown = part.copy()
        else:
            shown = self._shown
            differs = np.maximum(part, shown) - np.minimum(part, shown) > GIF_TOLERANCE * 2**self.quality_step
            changed = differs[..., 0] | differs[..., 1] | differs[..., 2]
            np.copyto(shown, part, where=changed[..., None])
        super().write(self._shown)

    def _make_palette(self, target: str) -> None:
        """Compute a palette from frames spread over the film. Both steps in one graph would hold the film in memory."""
        count = min(len(self.film), 12)
        indices = [round(number * (len(self.film) - 1) / max(1, count - 1)) for number in range(count)]
        graph = f"palettegen=stats_mode=full:max_colors={self.quality}"
        arguments = [*raw_input(self.film), "-vf", graph, "-update", "1", target]
        with self._encoder_errors(), Ffmpeg(arguments, self._folder) as ffmpeg:
            for frame in self.film.sample(indices, self.executor):
                ffmpeg.feed(frame.data)
            ffmpeg.finish()


class Mp4(Writer):
    """H.264 in 4:2:0, tagged bt709. It starts to play before it is read completely."""

    suffix = ".mp4"
    qualities = 18, 23, 28, 33
    quality_text = "crf {}"

    @staticmethod
    def check(path: Path, size: tuple[int, int], fps: float) -> None:
        """Raise UsageError for odd sides, which 4:2:0 does not support."""
        width, height = size
        if width % 2 or height % 2:
            even = f"{width + width % 2}x{height + height % 2}"
            raise UsageError(f"size {width}x{height}: an MP4 needs even sides; use {even}")

    def arguments(self) -> list[str]:
        return [
            *_yuv("yuv420p"),
            *("-c:v", "libx264", "-preset", "veryfast", "-crf", str(self.quality)),
            *("-movflags", "+faststart"),
            # Without this option, the first bytes reach the disk after half of a draft is drawn.
            *("-flush_packets", "1", "-f", "mp4"),
        ]


class JoinedMp4(Mp4):
    """An MP4 that joins MP4 segments, whose frames are copied without encoding them again."""

    def input(self) -> list[str]:
        """Return the arguments by which ffmpeg reads a list of files from standard input."""
        return ["-f", "concat", "-safe", "0", "-protocol_whitelist", "file,pipe", "-i", "pipe:0"]

    def arguments(self) -> list[str]:
        """Return arguments that compute the times of frames anew, because the durations of segments are rounded."""
        frame = f"({self.film.fps!r}*TB)"
        decoded = f"dts=(N+round(STARTDTS*{frame}))/{frame}"
        shown = f"pts=(N+round((STARTDTS+PTS-DTS)*{frame}))/{frame}"
        return ["-c", "copy", "-bsf:v", f"setts={decoded}:{shown}", "-movflags", "+faststart", "-f", "mp4"]

    def write(self, part: "Pixels | bytes") -> None:
        """Write the bytes of one segment. Raise Error if the disk or the encoder fails."""
        assert isinstance(part, bytes)
        start = self.frames
        segment = self._folder / f"{start}.mp4"
        with disk_errors(segment):
            segment.write_bytes(part)
        # Only the name: the path of the folder can contain a line break.
        super().write(f"file {file_url(Path(segment.name))}\n".encode())
        self.frames = next(run.stop for run in segment_runs(len(self.film)) if run.start == start)


def segment_runs(length: int) -> list[range]:
    """Return the frames of each segment of a film of `length` frames. Their lengths differ by at most one."""
    count = -(-length // MAX_SEGMENT_FRAMES)
    return [range(length * number // count, length * (number + 1) // count) for number in range(count)]


class WebM(Writer):
    """VP9 in 4:2:0, tagged bt709, with alpha for a transparent film."""

    suffix = ".webm"
    qualities = 24, 32, 40, 48
    quality_text = "crf {}"
    keeps_alpha = True

    def arguments(self) -> list[str]:
        # libvpx encodes alpha only without alternate reference frames.
        alpha = ["-auto-alt-ref", "0"] if self.film.channels == 4 else []
        return [
            *_yuv("yuva420p" if self.film.channels == 4 else "yuv420p"),
            *("-c:v", "libvpx-vp9", "-crf", str(self.quality), "-b:v", "0"),
            *("-deadline", "good", "-cpu-used", "5", "-row-mt", "1", "-tile-columns", "2", *alpha),
            *("-f", "webm"),
        ]


class WebP(Image):
    """An animated WebP."""

    suffix = ".webp"
    qualities = 90, 75, 60, 40
    quality_text = "quality {}"
    keeps_alpha = True

    def arguments(self) -> list[str]:
        pixels = "yuva420p" if self.film.channels == 4 else "yuv420p"
        # WebP defines its colors by bt601.
        scale = f"scale=out_color_matrix=bt601:out_range=tv:flags=accurate_rnd+full_chroma_int,format={pixels}"
        return [
            *("-vf", scale, "-c:v", "libwebp_anim", "-quality", str(self.quality), "-compression_level", "4"),
            *("-loop", "0", "-f", "webp"),
        ]


class Apng(Image):
    """An animated PNG. It is lossless."""

    suffix = ".apng"
    keeps_alpha = True

    def arguments(self) -> list[str]:
        return ["-c:v", "apng", "-pred", "mixed", "-plays", "0", "-f", "apng"]


class Mov(Writer):
    """ProRes for video editors, tagged bt709: 4444 with straight alpha for a transparent film, else 422 HQ."""

    suffix = ".mov"
    keeps_alpha = True

    def arguments(self) -> list[str]:
        profile, pixels = ("4444", "yuva444p10le") if self.film.channels == 4 else ("hq", "yuv422p10le")
        return [
            *_yuv(pixels),
            *("-c:v", "prores_ks", "-profile:v", profile, "-vendor", "apl0", "-f", "mov"),
        ]


class Frames(Writer):
    """A folder of PNG files: frame-0000.png and so on."""

    suffix = "/"
    keeps_alpha = True
    folder = True

    @staticmethod
    def check(path: Path, size: tuple[int, int], fps: float) -> None:
        """Raise UsageError for a folder with other files, which would be lost."""
        others: list[str] = []
        # `check_path` reports a path at which no folder can be.
        with suppress(OSError, ValueError):
            others = [each.name for each in path.iterdir() if not each.match("frame-*.png")]
        if others:
            raise UsageError(f"{path}: holds {others[0]!r}; name a folder that holds only frames")

    def arguments(self) -> list[str]:
        return ["-c:v", "png", "-pred", "mixed", "-f", "image2", "-start_number", "0"]

    def _target(self) -> Path:
        return super()._target() / "frame-%04d.png"


FORMATS: Mapping[str, type[Writer]] = {each.suffix: each for each in (Gif, Mp4, WebM, WebP, Apng, Mov, Frames)}
"""The formats by suffix. The suffix of a folder is a slash."""

JOINED: Mapping[type[Writer], type[Writer]] = {Mp4: JoinedMp4}
"""For each writer whose files can be joined, the writer that joins them."""
