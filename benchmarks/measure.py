"""Clocks, and what else a file or a process is measured with."""

import contextlib
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import click
import imageio_ffmpeg
import numpy as np
from PIL import Image, ImageSequence

HERE = Path(__file__).resolve().parent

LIBRARIES = ("torch", "matplotlib", "numpy", "imageio-ffmpeg")

SAMPLING = 0.05
"""Seconds between two looks at the memory."""

HEADER = 1024
"""Bytes; a clip without a frame is smaller."""


def machine() -> dict[str, str]:
    """What was measured on, and with."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "Python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
        "ffmpeg": imageio_ffmpeg.get_ffmpeg_version(),
    }


def animopt(*arguments: str) -> list[str]:
    """The installed command, of this interpreter where it has one."""
    found = shutil.which("animopt", path=Path(sys.executable).parent) or shutil.which("animopt")
    if not found:
        raise click.ClickException("there is no command animopt; install it first, as the README says")
    return [found, *arguments]


def python(*arguments: str) -> list[str]:
    """The interpreter that runs here, with arguments."""
    return [sys.executable, *arguments]


def ours(*arguments: str) -> list[str]:
    """A command of ours.py."""
    return python(str(HERE / "ours.py"), *arguments)


def reference(name: str, *arguments: str) -> list[str]:
    """One of the references."""
    return python(str(HERE / "references" / f"{name}.py"), *arguments)


def run(command: Sequence[str], folder: Path) -> str:
    """What a command prints; raises ClickException with its last line where it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[-1]
        raise click.ClickException(f"{' '.join(command)}: exit code {done.returncode}: {last}")
    return done.stdout


def seconds(command: Sequence[str], folder: Path) -> float:
    """How long a command takes from its start to its end."""
    began = time.perf_counter()
    run(command, folder)
    return time.perf_counter() - began


def number(command: Sequence[str], folder: Path) -> float:
    """The number that a command prints."""
    return float(run(command, folder))


def alternate(repeats: int, *measures: Callable[[], float]) -> list[tuple[float, ...]]:
    """What each measure tells, time after time, each of them in turn, so that a busy minute is shared by all."""
    rounds = [[measure() for measure in measures] for _ in range(repeats)]
    return list(zip(*rounds, strict=True))


def first_frame(command: Sequence[str], path: Path) -> float:
    """Seconds from a command's start until a clip, or the unfinished one beside it, holds more than its header."""
    path.unlink(missing_ok=True)
    began = time.perf_counter()
    with _running(command, path.parent) as process:
        while not any(size > HEADER for size in _sizes(path)):
            if process.poll() is not None and not path.exists():
                raise click.ClickException(f"{' '.join(command)}: exit code {process.returncode}: made no clip")
            time.sleep(0.002)
        took = time.perf_counter() - began
        process.wait()
    return took


def peak_memory(command: Sequence[str], folder: Path) -> float:
    """The most memory in MB (10⁶ bytes) that a command and its children have at once, looked at every 50 ms.

    What several of them share counts once where the system tells (Linux), else not at all.
    """
    # Needed by one row; the others do without.
    import psutil

    def held(process: psutil.Process) -> int:
        try:
            memory = process.memory_full_info()
        except psutil.Error:
            return 0
        return getattr(memory, "pss", memory.uss)

    most = 0
    with _running(command, folder) as process:
        parent = psutil.Process(process.pid)
        while process.poll() is None:
            with contextlib.suppress(psutil.Error):
                most = max(most, sum(map(held, [parent, *parent.children(recursive=True)])))
            time.sleep(SAMPLING)
    if process.returncode:
        raise click.ClickException(f"{' '.join(command)}: exit code {process.returncode}")
    return most / 1e6


def psnr(gif: Path, pixels: Path) -> float:
    """The peak signal-to-noise ratio in dB of a GIF against the frames from which it was made."""
    with Image.open(gif) as clip:
        shape = (clip.height, clip.width, 3)
        truth = np.memmap(pixels, dtype=np.uint8, mode="r").reshape(-1, *shape)
        # A frame like the one before it is left out of the file, and that one is shown for longer.
        shortest = min(frame.info["duration"] for frame in ImageSequence.Iterator(clip))
        errors: list[float] = []
        for frame in ImageSequence.Iterator(clip):
            decoded = np.asarray(frame.convert("RGB"), dtype=np.float64)
            times = round(frame.info["duration"] / shortest)
            errors += [float(np.mean((decoded - drawn) ** 2)) for drawn in truth[len(errors) :][:times]]
    if len(errors) != len(truth):
        raise click.ClickException(f"{gif.name}: shows {len(errors)} frames, and {len(truth)} were drawn")
    return float(10 * np.log10(255**2 / np.mean(errors)))


def pictures(clip: Path) -> str:
    """The encoded pictures of a clip, each with its time and its hash, whatever else its file says of them."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", str(clip)]
    return run([*command, "-map", "0", "-c", "copy", "-f", "framehash", "-"], clip.parent)


def _sizes(path: Path) -> list[int]:
    sizes = []
    for each in path.parent.glob(f"*{path.suffix}"):
        # It may have been moved into its place just now.
        with contextlib.suppress(FileNotFoundError):
            sizes.append(each.stat().st_size)
    return sizes


@contextlib.contextmanager
def _running(command: Sequence[str], folder: Path) -> "Iterator[subprocess.Popen[bytes]]":
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
