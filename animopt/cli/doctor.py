"""Checks of the installation: Python, libraries, ffmpeg, fonts, folders, and a test clip."""

import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from animopt.core.errors import Error, first_line, install_command
from animopt.core.processes import available_processors
from animopt.scene.folder_defaults import FILE, defaults_of

DEVELOPER_EXTRAS = "docs", "test"
"""Extras for work on animopt itself, which are not checked."""

ENCODERS = "gif", "libx264"
"""Encoders that ffmpeg must have."""

TEST_FRAMES = 3
"""Number of frames of the test clip."""


@dataclass(frozen=True)
class Finding:
    """Result of one check, with a remedy if it failed; a failure is harmless unless the thing is `needed`."""

    name: str
    detail: str
    remedy: str = ""
    needed: bool = True

    @property
    def state(self) -> str:
        """The word "ok", "fails", or "-" for a harmless failure."""
        return "ok" if not self.remedy else "fails" if self.needed else "-"


def run_checks() -> Iterator[Finding]:
    """Run every check; the last one renders a clip. Any exception in a check is a failure."""
    yield Finding("Python", f"{platform.python_version()}, {platform.system()} {platform.machine()}, {sys.executable}")
    yield from _check_libraries()
    for name, check, remedy, needed in (
        ("ffmpeg", _ffmpeg, "reinstall imageio-ffmpeg, and unset IMAGEIO_FFMPEG_EXE if it is set", True),
        ("fonts", lambda: _fonts("Aα√²"), "reinstall fontpkg-inter and fonttools", True),
        (
            "Korean fonts",
            lambda: _fonts("골짜기"),
            f"{install_command('korean')}, or install a font such as Noto Sans CJK",
            False,
        ),
        ("defaults", _defaults, f"correct {FILE}", True),
        ("this folder", lambda: _writable(Path()), "change to another folder, or name one with --output", False),
        ("temporary folder", lambda: _writable(Path(tempfile.gettempdir())), "set TMPDIR (Windows: TEMP)", True),
        ("processors", lambda: str(available_processors()), "", False),
        ("terminal", _terminal, "set PYTHONIOENCODING=utf-8; until then ? replaces missing letters", False),
        ("test clip", _test_clip, "fix the failures above; if there are none, report this line", True),
    ):
        try:
            yield Finding(name, check())
        except Exception as error:
            kind = "" if isinstance(error, Error) else f"{type(error).__name__}: "
            yield Finding(name, f"{kind}{first_line(error)}", remedy, needed)


def _check_libraries() -> Iterator[Finding]:
    """Check the libraries that animopt requires, then those of each extra."""
    try:
        package = metadata.metadata("animopt")
    except metadata.PackageNotFoundError:
        yield Finding("animopt", "not installed, only found in a folder", "pip install . in its folder", needed=False)
        return
    yield Finding("animopt", package["Version"])
    requirements = [Requirement(line) for line in package.get_all("Requires-Dist", [])]
    required = [each for each in requirements if _applies(each, "")]
    for each in required:
        version, problem = _version_and_problem(each)
        remedy = f'pip install --upgrade "{each.name}{each.specifier}"' if problem else ""
        yield Finding(each.name, " ".join(filter(None, (version, problem))), remedy)
    for extra in package.get_all("Provides-Extra", []):
        if extra in DEVELOPER_EXTRAS:
            continue
        added = [each for each in requirements if each not in required and _applies(each, extra)]
        found = {each.name: _version_and_problem(each) for each in added}
        detail = ", ".join(" ".join(filter(None, (name, *parts))) for name, parts in found.items())
        remedy = install_command(extra) if any(problem for _, problem in found.values()) else ""
        yield Finding(f"extra {extra}", detail, remedy, needed=False)


def _applies(requirement: Requirement, extra: str) -> bool:
    """Return whether an extra, or animopt itself for "", has a requirement on this machine."""
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def _version_and_problem(requirement: Requirement) -> tuple[str, str]:
    """Return the installed version of a required package, and why it is not usable; each may be ""."""
    found = next(iter(metadata.distributions(name=requirement.name)), None)
    if not found:
        return "", "not installed"
    fits = requirement.specifier.contains(found.version, prereleases=True)
    return found.version, "" if fits else f"is too old or too new: animopt needs {requirement.specifier}"


def _ffmpeg() -> str:
    import imageio_ffmpeg

    from animopt.video.ffmpeg import program

    path = program()
    listed = subprocess.run([path, "-hide_banner", "-encoders"], capture_output=True, check=True).stdout.decode()
    if missing := [encoder for encoder in ENCODERS if f" {encoder} " not in listed]:
        raise Error(f"{path} has no encoder {', '.join(missing)}")
    return f"{imageio_ffmpeg.get_ffmpeg_version()}, with {', '.join(ENCODERS)}"


def _fonts(letters: str) -> str:
    from animopt.drawing.fonts import font_family, missing_letters

    if missing := missing_letters(letters):
        raise Error(f"no font has {missing}")
    return ", ".join(font_family())


def _defaults() -> str:
    return str(defaults_of().path or f"no {FILE} in this folder or its scenes")


def _writable(folder: Path) -> str:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return f"{folder.resolve()}, writable"
    except OSError as error:
        raise Error(f"{folder.resolve()}: is not writable: {error.strerror}") from error


def _terminal() -> str:
    encoding = sys.stdout.encoding
    try:
        "−√²골".encode(encoding)
    except UnicodeEncodeError:
        raise Error(f"{encoding}, which lacks letters") from None
    return encoding


def _test_clip() -> str:
    """Render a small clip with one worker. Each file is read back, and its frames are counted, before it is kept."""
    start = time.perf_counter()
    from animopt.engine.library import ravine
    from animopt.engine.racer import Racer
    from animopt.scene.scene import Scene
    from animopt.video.output import Output

    scene = Scene(function=ravine, racers=[Racer("Adam", lr=0.5)], steps=2, seconds=TEST_FRAMES / 10)
    with tempfile.TemporaryDirectory(prefix="animopt-") as folder:
        scene.save(*(Output(Path(folder, f"clip{suffix}"), (320, 180), 10) for suffix in (".gif", ".mp4")), workers=1)
    return f"{TEST_FRAMES} frames as GIF and MP4, written and read back in {time.perf_counter() - start:.1f} s"
