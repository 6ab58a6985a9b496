"""Encode the frames of a video again. Prints the seconds that encoding takes longer than decoding.

python reencode.py VIDEO OUT.mp4
"""

import subprocess
import sys
import time

import imageio_ffmpeg
from h264 import settings


def seconds(*arguments: str) -> float:
    """Run ffmpeg, and return the seconds that it takes."""
    began = time.perf_counter()
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-y", *arguments], check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    video, path = sys.argv[1:]
    # The frames are RGB, as they are drawn.
    decoded = ["-i", video, "-map", "0:v:0", "-an", "-sn", "-dn"]
    color, *others = settings()[1:]
    decoding = seconds(*decoded, "-vf", "format=rgb24", "-f", "null", "-")
    print(seconds(*decoded, "-vf", f"format=rgb24,{color}", *others, path) - decoding)
