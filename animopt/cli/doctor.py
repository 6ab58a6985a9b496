"""What animopt needs of a machine: what is there, what is missing, and how to mend it."""

import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from animopt.core.errors import Error, first_line

INSTALL = "pip install -c constraints.txt"
"""What installs a library in the version that was tested, in a checkout."""

ENCODERS = "gif", "libx264"
"""What ffmpeg must have."""

FRAMES = 3
"""Of the clip that is rendered as a test."""


@dataclass(frozen=True)
class Finding:
    """What was found of a thing; a remedy where something is wrong, which is of no weight unless it is `needed`."""

    thing: str
    found: str
    remedy: str = ""
    needed: bool = True

    @property
    def state(self) -> str:
        """In a word, whether all is well, or something that is needed fails, or something that is not needed."""
        return "ok" if not self.remedy else "fails" if self.needed else "-"


def run_checks() -> Iterator[Finding]:
    """Everything that is looked at, one after the other; the last is a clip that is rendered and read again."""
    yield Finding("Python", f"{platform.python_version()}, {platform.system()} {platform.machine()}, {sys.executable}")
    yield from _libraries()
    yield from _extras()
    for thing, look, remedy, needed in (
        ("ffmpeg", _ffmpeg, "reinstall imageio-ffmpeg, and unset IMAGEIO_FFMPEG_EXE if it is set", True),
        ("typeface", _typeface, "reinstall fontpkg-inter and fonttools", True),
        ("Korean letters", _korean, f'{INSTALL} ".[korean]", or a font of the system such as Noto Sans CJK', False),
        ("this folder", lambda: _writable(Path()), "go to another folder, or name one with --output", False),
        ("temporary folder", lambda: _writable(Path(tempfile.gettempdir())), "set TMPDIR (Windows: TEMP)", True),
        ("processors", _processors, "", False),
        ("terminal", _terminal, "set PYTHONIOENCODING=utf-8; till then ? stands for letters that it lacks", False),
        ("a clip", _clip, "mend what is missing above; else pass on this line", True),
    ):
        yield _looked(thing, look, remedy, needed)


def _looked(thing: str, look: Callable[[], str], remedy: str, needed: bool) -> Finding:
    """What a look at a thing finds; whatever goes wrong is found as well."""
    try:
        return Finding(thing, look())
    except Exception as error:
        told = first_line(error)
        return Finding(thing, told if isinstance(error, Error) else f"{type(error).__name__}: {told}", remedy, needed)


def _requirements() -> tuple[list[Requirement], dict[str, list[Requirement]]]:
    """The libraries that animopt needs, and those of each of its extras. Raises Error where it is not installed."""
    try:
        ours = metadata.metadata("animopt")
    except metadata.PackageNotFoundError:
        raise Error("not installed, only found in a folder") from None
    required = [Requirement(line) for line in ours.get_all("Requires-Dist") or []]
    required = [each for each in required if each.name != "animopt"]
    always = [each for each in required if not each.marker or each.marker.evaluate({"extra": ""})]
    extras = {
        extra: [
            each for each in required if each not in always and each.marker and each.marker.evaluate({"extra": extra})
        ]
        for extra in ours.get_all("Provides-Extra") or []
    }
    return always, extras


def _libraries() -> Iterator[Finding]:
    try:
        needed, _ = _requirements()
    except Error as error:
        yield Finding("animopt", str(error), f"{INSTALL} . in its folder", needed=False)
        return
    yield Finding("animopt", metadata.version("animopt"))
    for each in needed:
        version = _version(each)
        yield Finding(each.name, version or "not installed", "" if version else f"{INSTALL} {each.name}")


def _extras() -> Iterator[Finding]:
    try:
        _, extras = _requirements()
    except Error:
        return
    for extra, libraries in extras.items():
        found = {each.name: _version(each) for each in libraries}
        there = [f"{name} {version}" for name, version in found.items() if version]
        missing = [name for name, version in found.items() if not version]
        told = ", ".join([*there, *(f"no {name}" for name in missing)])
        yield Finding(f"extra {extra}", told, f'{INSTALL} ".[{extra}]"' if missing else "", needed=False)


def _version(requirement: Requirement) -> str:
    """The version that is installed, empty where there is none, or one that will not do."""
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return ""
    return version if requirement.specifier.contains(version, prereleases=True) else ""


def _ffmpeg() -> str:
    import imageio_ffmpeg

    from animopt.video.ffmpeg import program

    path = program()
    told = subprocess.run([path, "-hide_banner", "-encoders"], capture_output=True, check=True).stdout.decode()
    if lacking := [encoder for encoder in ENCODERS if f" {encoder} " not in told]:
        raise Error(f"{path} has no encoder {', '.join(lacking)}")
    return f"{imageio_ffmpeg.get_ffmpeg_version()}, with {', '.join(ENCODERS)}"


def _typeface() -> str:
    from animopt.drawing.fonts import font_family, missing_letters

    if lacking := missing_letters("Aα√²"):
        raise Error(f"no font has {lacking}")
    return font_family()[0]


def _korean() -> str:
    from animopt.drawing.fonts import font_family, missing_letters

    if missing_letters("골짜기"):
        raise Error("no font has them")
    return f"yes, among {', '.join(font_family()[2:])}"


def _writable(folder: Path) -> str:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return f"{folder.resolve()}, can be written to"
    except OSError as error:
        raise Error(f"{folder.resolve()}: cannot be written to: {error.strerror}") from error


def _processors() -> str:
    from animopt.core.processes import available_processors

    return str(available_processors())


def _terminal() -> str:
    encoding = sys.stdout.encoding
    try:
        "−√²골".encode(encoding)
    except UnicodeEncodeError:
        raise Error(f"{encoding}, which lacks letters") from None
    return encoding


def _clip() -> str:
    """Render a small clip with a process beside this one, and read it again."""
    began = time.perf_counter()
    import imageio_ffmpeg

    from animopt.engine.library import ravine
    from animopt.engine.racer import Racer
    from animopt.scene.scene import Scene
    from animopt.video.output import Output

    scene = Scene(function=ravine, racers=[Racer("Adam", lr=0.5)], steps=2, seconds=FRAMES / 10)
    with tempfile.TemporaryDirectory(prefix="animopt-") as folder:
        paths = [Path(folder, f"clip{suffix}") for suffix in (".gif", ".mp4")]
        scene.save(*(Output(path, (320, 180), 10) for path in paths), workers=1)
        for path in paths:
            frames, _ = imageio_ffmpeg.count_frames_and_secs(str(path))
            if frames != FRAMES:
                raise Error(f"{path.suffix}: {frames} frames came back of {FRAMES}")
    return f"{FRAMES} frames as GIF and MP4, written and read again in {time.perf_counter() - began:.1f} s"
