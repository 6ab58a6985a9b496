"""The rows of the table: each is a function that measures animopt and a reference in turn."""

import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.figures import Figure
from benchmarks.lecture import VOICE_SECONDS, write_lecture, write_voice
from benchmarks.measure import (
    HERE,
    alternate,
    animopt,
    checkout,
    first_frame,
    gifski,
    gifski_clip,
    number,
    ours,
    peak_memory,
    pictures,
    psnr,
    python,
    reference,
    run,
    seconds,
)
from benchmarks.page import frame_times

RACE = str(HERE.parent / "scenes" / "ravine_race.py")

SIZE, FPS = "1280x720", 50

OLD_COMMIT = "6edad6f"
"""The commit before the surface was shaded."""

SURFACE_LIMITS = {"mesh": 0.75, "shaded": 1.1}
"""Limit of the processor time for a frame with each surface, relative to that commit."""

GIF_SCENES = "ravine_race", "quartic_race", "saddle", "himmelblau_adam_basins", "rotating_ravine", "wrong_momentum"
"""Scenes whose GIFs are compared with gifski's."""

GIFSKI_QUALITIES = 70, 80, 90, 100
"""Qualities of gifski between which the size at the same PSNR is interpolated."""

REPEATS_OF_SHORT_COMMANDS = 4
"""Factor by which commands that take tenths of a second are measured more often."""


@dataclass(frozen=True)
class Bench:
    """The number of measurements of each figure, and a folder for temporary files."""

    repeats: int
    folder: Path

    def path(self, name: str) -> str:
        """The path of a file in the folder."""
        return str(self.folder / name)

    @contextmanager
    def drawn(self, size: str, fps: float, length: float, scene: str = "ravine_race") -> Iterator[str]:
        """Write the frames of animopt's clip as raw pixels to a file that is removed afterwards."""
        path = self.folder / "drawn.rgb"
        try:
            run(ours("draw", str(path), size, f"{fps:g}", f"{length:g}", "--name", scene), self.folder)
            yield str(path)
        finally:
            path.unlink(missing_ok=True)


Row = Callable[[Bench], Iterator[Figure]]

ROWS: dict[str, Row] = {}
"""Every row by its name."""


def row(measure: Row) -> Row:
    """Register a function as a row."""
    ROWS[measure.__name__.replace("_", "-")] = measure
    return measure


def clip(path: str, frames: int) -> list[str]:
    """The animopt command that renders a clip of the race."""
    return animopt(RACE, "-o", path, "--size", SIZE, "--fps", f"{FPS}", "--seconds", f"{frames / FPS:g}")


def against_animation(bench: Bench, frames: int, limit: float) -> Figure:
    """The whole command, from its start to the file, compared with FuncAnimation and mplot3d."""
    theirs = reference("animation", bench.path("reference.mp4"), SIZE, f"{frames}", f"{FPS}")
    took = alternate(
        bench.repeats,
        partial(seconds, clip(bench.path("ours.mp4"), frames), bench.folder),
        partial(seconds, theirs, bench.folder),
    )
    return Figure(f"whole command, {frames:,} frames", "s", "faster", limit, *took, against="FuncAnimation, mplot3d")


@row
def command_300(bench: Bench) -> Iterator[Figure]:
    """A clip of 300 frames, from the command's start to the file."""
    yield against_animation(bench, 300, 12)


@row
def command_1500(bench: Bench) -> Iterator[Figure]:
    """A clip of 1,500 frames, from the command's start to the file."""
    yield against_animation(bench, 1500, 18)


def against_encoder(bench: Bench, size: str, frames: int, limit: float) -> Figure:
    """Drawing and encoding frames, compared with encoding frames that are in memory."""
    length = frames / FPS
    ours_file, reference_file = bench.path("ours.mp4"), bench.path("reference.mp4")
    with bench.drawn(size, FPS, length) as drawn:
        took = alternate(
            bench.repeats,
            partial(number, ours("save", ours_file, size, f"{length:g}"), bench.folder),
            partial(number, reference("h264", drawn, reference_file, size, f"{FPS}"), bench.folder),
        )
    # Only the pictures are compared, because animopt's file also contains its recipe.
    same = pictures(Path(ours_file)) == pictures(Path(reference_file))
    against = "the encoder alone" if same else "the encoder alone, **another file**"
    name = f"frames to file, {size.replace('x', '×')}, {frames} frames"
    return Figure(name, "s", "times", limit, *took, against=against)


@row
def encoder(bench: Bench) -> Iterator[Figure]:
    """From the first frame to the file."""
    yield against_encoder(bench, SIZE, 300, 1.4)


@row
def frame(bench: Bench) -> Iterator[Figure]:
    """Processor time for drawing one frame, over all 300 of a clip, in one process that only draws."""
    old = checkout(OLD_COMMIT, bench.folder / "old")
    before = partial(number, python(str(old / "benchmarks/ours.py"), "frame"), old, PYTHONPATH=str(old))
    surfaces = [partial(number, ours("frame", "--surface", surface), bench.folder) for surface in SURFACE_LIMITS]
    *took, reference_took = alternate(bench.repeats, *surfaces, before)
    for (surface, limit), times in zip(SURFACE_LIMITS.items(), took, strict=True):
        name = f"processor time for drawing one frame, `{surface}`"
        yield Figure(name, "ms", "times", limit, times, reference_took, against=f"commit {OLD_COMMIT}")


@row
def encoder_4k(bench: Bench) -> Iterator[Figure]:
    """From the first frame to the file, at 3840×2160."""
    yield against_encoder(bench, "3840x2160", 60, 1.5)


@row
def gif(bench: Bench) -> Iterator[Figure]:
    """A GIF: the whole command, the size of the file, and its similarity to the drawn frames."""
    against = "FuncAnimation, PillowWriter"
    size, rate, length = "800x450", 25, 10
    shape = (size, f"{length * rate}", f"{rate}")
    mine, theirs = bench.path("ours.gif"), bench.path("reference.gif")
    took = alternate(
        bench.repeats,
        partial(
            seconds,
            animopt(RACE, "-o", mine, "--size", size, "--fps", f"{rate}", "--seconds", f"{length}"),
            bench.folder,
        ),
        partial(seconds, reference("animation", theirs, *shape), bench.folder),
    )
    yield Figure("GIF 800×450, 10 s at 25 fps: whole command", "s", "faster", 6, *took, against=against)
    sizes = [(Path(path).stat().st_size / 1e6,) for path in (mine, theirs)]
    yield Figure("the same: size of the file", "MB", "times", 1, *sizes, against=against)
    with bench.drawn(size, rate, length) as drawn:
        quality = psnr(Path(mine), Path(drawn))
    pixels = bench.folder / "reference.rgb"
    run(reference("animation", str(pixels), *shape), bench.folder)
    yield Figure("the same: PSNR", "dB", "no less", 1, (quality,), (psnr(Path(theirs), pixels),), against=against)
    pixels.unlink()


@row
def gif_size(bench: Bench) -> Iterator[Figure]:
    """The sizes of GIFs, compared with those of gifski at the same PSNR."""
    program, size, rate, length = gifski(), "640x360", 25, 6
    for scene in GIF_SCENES:
        sizes: list[tuple[float, ...]] = []
        if program:
            with bench.drawn(size, rate, length, scene) as drawn:
                mine, theirs = Path(bench.path("ours.gif")), Path(bench.path("reference.gif"))
                path = str(HERE.parent / "scenes" / f"{scene}.py")
                shape = ["--size", size, "--fps", f"{rate}", "--seconds", f"{length}"]
                run(animopt(path, "-o", str(mine), *shape), bench.folder)
                qualities, logarithms = [], []
                for quality in GIFSKI_QUALITIES:
                    gifski_clip(program, Path(drawn), (640, 360), rate, quality, theirs)
                    qualities.append(psnr(theirs, Path(drawn)))
                    logarithms.append(np.log(theirs.stat().st_size / 1e6))
                same = float(np.exp(np.interp(psnr(mine, Path(drawn)), qualities, logarithms)))
                sizes = [(mine.stat().st_size / 1e6,), (same,)]
        name = f"size of the GIF of {scene.replace('_', '-')}, 640×360, 6 s"
        yield Figure(name, "MB", "times", 1, *sizes, against="gifski 1.7.1 at the same PSNR")


def growth(bench: Bench, name: str, against: str, limit: float, more: list[str], fewer: list[str]) -> Figure:
    """Processor time for a frame of a larger race, compared with a smaller one."""
    took = alternate(bench.repeats, *(partial(number, ours("frame", *race), bench.folder) for race in (more, fewer)))
    return Figure(name, "ms", "times", limit, *took, against=against)


@row
def late(bench: Bench) -> Iterator[Figure]:
    """A frame from the end of a race of 2,000 steps, compared with a race of 20 steps."""
    long, short = ["--late", "--steps", "2000"], ["--late", "--steps", "20"]
    yield growth(bench, "a late frame of 2,000 steps", "of 20 steps", 1.3, long, short)


@row
def racers(bench: Bench) -> Iterator[Figure]:
    """A frame with 20 racers, compared with one with 5."""
    yield growth(bench, "a frame with 20 racers", "with 5 racers", 1.8, ["--starts", "4"], ["--starts", "1"])


@row
def memory(bench: Bench) -> Iterator[Figure]:
    """Peak memory of all processes, and whether it grows with the clip."""
    path = bench.path("ours.mp4")
    few, many = alternate(
        bench.repeats, *(partial(peak_memory, clip(path, frames), bench.folder) for frames in (300, 3000))
    )
    yield Figure("peak memory, 300 frames", "MB", "at most", 700, few)
    yield Figure("peak memory, 3,000 frames", "MB", "times", 1.1, many, few, against="300 frames")


@row
def listing(bench: Bench) -> Iterator[Figure]:
    """The list of scenes, and the help."""
    for name, command in (("`animopt --help`", animopt("--help")), ("`animopt`, the list", animopt())):
        took = alternate(
            REPEATS_OF_SHORT_COMMANDS * bench.repeats,
            partial(seconds, command, bench.folder),
            partial(seconds, python("-c", "import click"), bench.folder),
        )
        yield Figure(name, "s", "times", 3, *took, against="`import click`")


@row
def draft(bench: Bench) -> Iterator[Figure]:
    """The first frame on disk of a preview."""
    measured: list[tuple[float, ...]] = []
    # first_frame() expects a folder without other clips.
    folder = bench.folder / "draft"
    folder.mkdir(exist_ok=True)
    path = folder / "draft.mp4"
    if "--draft" in run(animopt(RACE, "--help"), bench.folder):
        measured = alternate(
            bench.repeats,
            partial(first_frame, animopt(RACE, "--draft", "-o", str(path)), path),
            partial(seconds, python("-c", "import torch, matplotlib.figure"), bench.folder),
        )
    name = "first frame on disk of a preview, `--draft`"
    yield Figure(name, "s", "times", 1.25, *measured, against="`import torch, matplotlib.figure`")


@row
def mp4_size(bench: Bench) -> Iterator[Figure]:
    """The size of an MP4, compared with the preset `medium` for the same frames and crf."""
    mine, theirs = Path(bench.path("ours.mp4")), Path(bench.path("reference.mp4"))
    run(clip(str(mine), 300), bench.folder)
    with bench.drawn(SIZE, FPS, 300 / FPS) as drawn:
        run(reference("h264", drawn, str(theirs), SIZE, f"{FPS}", "medium"), bench.folder)
    sizes = [(path.stat().st_size / 1e6,) for path in (mine, theirs)]
    yield Figure("size of the MP4, 300 frames", "MB", "times", 1.25, *sizes, against="preset `medium`")


@row
def basins(bench: Bench) -> Iterator[Figure]:
    """A map of 256 × 256 starts, 200 steps of Adam, compared with one run per start, of which 48 are measured."""
    each = alternate(
        bench.repeats,
        partial(number, ours("basins"), bench.folder),
        partial(number, reference("basins", "48"), bench.folder),
    )
    took = [tuple(256 * 256 * value for value in values) for values in each]
    name = "basin map, 256 × 256 starts, 200 steps of Adam"
    yield Figure(name, "s", "faster", 1500, *took, against="one run per start")


@row
def all_scenes(bench: Bench) -> Iterator[Figure]:
    """Drafts of all scenes in one command, compared with one command for each scene. Both are measured once."""
    folder = bench.path("all")
    every = seconds(animopt("all", "--draft", "-o", folder), bench.folder)
    files = (path for path in (HERE.parent / "scenes").glob("[!_]*.py") if "\nscene = " in path.read_text("utf-8"))
    names = sorted(path.stem.replace("_", "-") for path in files)
    took = [(every,), (sum(seconds(animopt(name, "--draft"), bench.folder) for name in names),)]
    yield Figure("`animopt all --draft`", "s", "times", 0.5, *took, against="one command for each scene")


@row
def lecture(bench: Bench) -> Iterator[Figure]:
    """A lecture of five minutes at 1280×720, compared with encoding its frames, and again with other voices.

    All are measured once. The cache is in the folder of temporary files, on Linux.
    """
    folder = bench.folder / "lecture"
    folder.mkdir()
    path, video = write_lecture(folder), str(folder / "talk.mp4")
    render = animopt("lecture", str(path), "-o", video, "--quiet")
    cache = {"XDG_CACHE_HOME": str(folder / "cache")}
    # The first command of a user makes the fonts, which are kept for all others.
    run(animopt(RACE, "--still", "1", "-o", str(folder / "fonts.png"), "--quiet"), folder, **cache)
    first = seconds(render, folder, **cache)
    encoding = number(reference("reencode", video, str(folder / "again.mp4"), SIZE, "30"), folder)
    name = "a lecture of five minutes, 1280×720, whole command"
    yield Figure(name, "s", "times", 2.5, (first,), (encoding,), against="the encoder alone")
    write_voice(folder / "3.wav", 333)
    other = seconds(render, folder, **cache)
    yield Figure("the same after a change of one voice", "s", "times", 0.1, (other,), (first,), against="the first run")
    write_voice(folder / "6.wav", 333, VOICE_SECONDS - 1)
    shorter = seconds(render, folder, **cache)
    name = "the same after a voice became shorter, whose part is drawn again"
    yield Figure(name, "s", "times", 0.25, (shorter,), (first,), against="the first run")


@row
def page(bench: Bench) -> Iterator[Figure]:
    """The script of an interactive page, whose surface has as many faces as a page has at most, with five trails."""
    path = bench.path("race.html")
    racers = ("sgd:lr=.01", "sgd:lr=.01,momentum=.9", "adagrad:lr=.3", "rmsprop:lr=.05", "adam:lr=.1")
    race = [each for racer in racers for each in ("--racer", racer)]
    command = animopt("race", "--function", "beale", *race, "--steps", "100", "-o", path, "--quiet")
    run(command, bench.folder)
    took = [statistics.median(frame_times(Path(path), (1280, 720))) for _ in range(bench.repeats)]
    name = "a frame of an interactive page, 2,400 faces, 5 trails, 1280×720, script"
    yield Figure(name, "ms", "at most", 16, took)
    yield Figure("size of that page", "MB", "at most", 3, (Path(path).stat().st_size / 1e6,))
