"""Encode the frames of a video again. Prints the seconds that this takes, without those of decoding them.

python reencode.py VIDEO OUT.mp4 WIDTHxHEIGHT FPS
"""

import subprocess
import sys
import time

import imageio_ffmpeg
from h264 import settings

CHUNK = 300
"""Number of frames that are in memory at a time. The encoder waits while the next ones are decoded."""


def encode(video: str, path: str, size: str, fps: str) -> float:
    """Return the seconds in which the encoder is given frames, and completes the file."""
    program = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-y"]
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24"]
    width, height = map(int, size.split("x"))
    length, took = 3 * width * height, 0.0
    decode = [*program, "-i", video, "-map", "0:v:0", *raw, "pipe:1"]
    encode = [*program, *raw, "-s", size, "-r", fps, "-i", "pipe:0", *settings(), path]
    with (
        subprocess.Popen(decode, stdout=subprocess.PIPE) as decoder,
        subprocess.Popen(encode, stdin=subprocess.PIPE) as encoder,
    ):
        assert decoder.stdout is not None
        assert encoder.stdin is not None
        while chunk := decoder.stdout.read(CHUNK * length):
            began = time.perf_counter()
            encoder.stdin.write(chunk)
            took += time.perf_counter() - began
        began = time.perf_counter()
        encoder.stdin.close()
        encoder.wait()
        took += time.perf_counter() - began
    if decoder.returncode or encoder.returncode:
        sys.exit(1)
    return took


if __name__ == "__main__":
    print(encode(*sys.argv[1:]))
