"""Encode frames that are in memory. Prints the seconds that this takes.

python h264.py FRAMES.rgb OUT.mp4 WIDTHxHEIGHT FPS [PRESET]
"""

import subprocess
import sys
import time
from pathlib import Path

import imageio_ffmpeg

COLOR_FILTER = (
    "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int,format=yuv420p,"
    "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
)


def settings(preset: str = "veryfast") -> list[str]:
    """The arguments of ffmpeg for the output file."""
    return [
        "-vf",
        COLOR_FILTER,
        "-c:v",
        "libx264",
        "-preset",
        preset,
        "-crf",
        "18",
        "-movflags",
        "+faststart",
        "-f",
        "mp4",
    ]


def encode(frames: list[memoryview], path: str, size: str, fps: str, preset: str) -> float:
    """Return the seconds from the first frame, which ffmpeg reads when it has started, to the complete file."""
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", fps, "-i", "pipe:0"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-y", *source, *settings(preset), path]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(frames[0])
        began = time.perf_counter()
        for frame in frames[1:]:
            process.stdin.write(frame)
    if process.returncode:
        sys.exit(process.returncode)
    return (time.perf_counter() - began) * len(frames) / (len(frames) - 1)


if __name__ == "__main__":
    source, path, size, fps, preset = [*sys.argv[1:], "veryfast"][:5]
    width, height = map(int, size.split("x"))
    pixels = memoryview(Path(source).read_bytes())
    length = 3 * width * height
    frames = [pixels[first : first + length] for first in range(0, len(pixels), length)]
    print(encode(frames, path, size, fps, preset))
