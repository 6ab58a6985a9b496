"""Measurements of commands and files: time, memory, picture quality."""

import contextlib
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
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

SAMPLING_INTERVAL = 0.05
"""Seconds between two measurements of memory."""

MAX_HEADER_SIZE = 1024
"""Maximum size in bytes of a clip without a frame."""


def machine() -> dict[str, str]:
    """The machine and the versions of the libraries."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "Python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
        "ffmpeg": imageio_ffmpeg.get_ffmpeg_version(),
    }


def animopt(*arguments: str) -> list[str]:
    """The installed command `animopt`, preferably that of this interpreter, with arguments."""
    found = shutil.which("animopt", path=Path(sys.executable).parent) or shutil.which("animopt")
    if not found:
        raise click.ClickException("there is no command animopt; install it first, as the README says")
    return [found, *arguments]


def python(*arguments: str) -> list[str]:
    """The current Python interpreter with arguments."""
    return [sys.executable, *arguments]


def ours(*arguments: str) -> list[str]:
    """A command in ours.py with arguments."""
    return python(str(HERE / "ours.py"), *arguments)


def reference(name: str, *arguments: str) -> list[str]:
    """A script in references/ with arguments."""
    return python(str(HERE / "references" / f"{name}.py"), *arguments)


def run(command: Sequence[str], folder: Path, **environment: str) -> str:
    """Run a command and return what it prints. Raises ClickException with its last error line if it fails."""
    variables = os.environ | environment
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[-1]
        raise click.ClickException(f"{' '.join(command)}: exit code {done.returncode}: {last}")
    return done.stdout


def seconds(command: Sequence[str], folder: Path, **environment: str) -> float:
    """Run a command and return the seconds that it takes."""
    began = time.perf_counter()
    run(command, folder, **environment)
    return time.perf_counter() - began


def number(command: Sequence[str], folder: Path, **environment: str) -> float:
    """Run a command and return the number that it prints."""
    return float(run(command, folder, **environment))


def checkout(commit: str, folder: Path) -> Path:
    """Write the files of a commit of this repository to a folder, and return it."""
    folder.mkdir(exist_ok=True)
    archive = folder / "files.tar"
    run(["git", "-C", str(HERE.parent), "archive", "--output", str(archive), commit], folder)
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    return folder


def alternate(repeats: int, *measures: Callable[[], float]) -> list[tuple[float, ...]]:
    """Repeat the measurements in turn, so that a busy machine affects all of them. Returns the results of each."""
    rounds = [[measure() for measure in measures] for _ in range(repeats)]
    return list(zip(*rounds, strict=True))


def first_frame(command: Sequence[str], path: Path) -> float:
    """Run a command; return the seconds until its clip, or the temporary file of it, is larger than a header."""
    path.unlink(missing_ok=True)
    began = time.perf_counter()
    with _running(command, path.parent) as process:
        while not any(size > MAX_HEADER_SIZE for size in _sizes(path)):
            if process.poll() is not None and not path.exists():
                raise click.ClickException(f"{' '.join(command)}: exit code {process.returncode}: made no clip")
            time.sleep(0.002)
        took = time.perf_counter() - began
        process.wait()
    return took


def peak_memory(command: Sequence[str], folder: Path) -> float:
    """Run a command; return the peak memory of it and its children in MB (10⁶ bytes), measured every 50 ms.

    Shared memory counts once on Linux, and not at all on systems that do not report it.
    """
    # Only one row needs psutil.
    import psutil

    def memory_of(process: psutil.Process) -> int:
        try:
            memory = process.memory_full_info()
        except psutil.Error:
            return 0
        return getattr(memory, "pss", memory.uss)

    peak = 0
    with _running(command, folder) as process:
        parent = psutil.Process(process.pid)
        while process.poll() is None:
            with contextlib.suppress(psutil.Error):
                peak = max(peak, sum(map(memory_of, [parent, *parent.children(recursive=True)])))
            time.sleep(SAMPLING_INTERVAL)
    if process.returncode:
        raise click.ClickException(f"{' '.join(command)}: exit code {process.returncode}")
    return peak / 1e6


def psnr(gif: Path, pixels: Path) -> float:
    """The peak signal-to-noise ratio in dB of a GIF, relative to the frames that it was made of."""
    with Image.open(gif) as clip:
        shape = (clip.height, clip.width, 3)
        truth = np.memmap(pixels, dtype=np.uint8, mode="r").reshape(-1, *shape)
        # A GIF stores equal consecutive frames once, with a longer duration.
        shortest = min(frame.info["duration"] for frame in ImageSequence.Iterator(clip))
        errors: list[float] = []
        for frame in ImageSequence.Iterator(clip):
            decoded = np.asarray(frame.convert("RGB"), dtype=np.float64)
            times = round(frame.info["duration"] / shortest)
            errors += [float(np.mean((decoded - drawn) ** 2)) for drawn in truth[len(errors) :][:times]]
    if len(errors) != len(truth):
        raise click.ClickException(f"{gif.name}: shows {len(errors)} frames, and {len(truth)} were drawn")
    return float(10 * np.log10(255**2 / np.mean(errors)))


def gifski() -> str | None:
    """The program gifski: that on the PATH, or that of npm's package in the current folder."""
    package = sorted(Path("node_modules/gifski/bin").glob("*/gifski*"))
    system = {"Darwin": "macos", "Windows": "windows"}.get(platform.system(), "debian")
    found = [str(path.absolute()) for path in package if path.parent.name == system]
    return shutil.which("gifski") or next(iter(found), None)


def gifski_clip(program: str, drawn: Path, shape: tuple[int, int], rate: int, quality: int, path: Path) -> None:
    """Make a GIF of raw frames of a width and height with gifski."""
    width, height = shape
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        pixels = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", f"{rate}", "-i", str(drawn)]
        run([imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", *pixels, f"{folder}/%05d.png"], path.parent)
        options = ["--quality", f"{quality}", "--fps", f"{rate}", "-W", f"{width}", "-H", f"{height}"]
        run([program, "--quiet", *options, "-o", str(path), *sorted(map(str, Path(folder).glob("*.png")))], path.parent)


def pictures(clip: Path) -> str:
    """The time and hash of each encoded picture of a clip, without the metadata of the file."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", str(clip)]
    return run([*command, "-map", "0", "-c", "copy", "-f", "framehash", "-"], clip.parent)


def _sizes(path: Path) -> list[int]:
    sizes = []
    for each in path.parent.rglob(f"*{path.suffix}"):
        # The command may have moved the temporary file since it was listed.
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
