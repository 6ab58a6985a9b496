"""Odd file names and folders: the file is written under its exact name, or refused in one line."""

import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import imageio_ffmpeg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

import animopt
from animopt import Output, UsageError
from animopt.core import files, processes

ROOT = Path(__file__).parents[2]
WINDOWS = sys.platform == "win32"
MAC = sys.platform == "darwin"
FRAMES = 2
SCENE = """
from animopt import Racer, Scene
scene = Scene(function=lambda x: (x ** 2).sum(), racers=[Racer("SGD", lr=0.125)], start=(-7, 2), steps=3, seconds=0.2)
"""
SIZE = (160, 160)
SMALL = ["--size", "160x160", "--workers", "0"]
QUICK = [*SMALL, "--fps", "10"]

STEMS = [
    "-dash",
    "--output=x",
    "c:x",
    "http:x",
    "pipe:1",
    "concat:a|b",
    "two  words ",
    "it's",
    'a "b"',
    "one\ntwo\r",
    "\t\x1b[31m\x7f",
    "🎉 한국어 é",
    "$(touch x)`touch y`; touch z & | > w",
    "%d%04d%%",
    "[a]*?{b}",
    "a\\b",
    "~",
    "con",
    ".hidden",
    "a.b.c",
]


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """A scene with two frames, which all tests share."""
    path = tmp_path_factory.mktemp("scene") / "scene.py"
    path.write_text(SCENE)
    return animopt.load_scene(path)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty current folder; the scene file is in its parent folder."""
    (tmp_path / "scene.py").write_text(SCENE)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture
def command(animopt_here, folder, monkeypatch):
    """A function that runs the command with the scene, in an empty folder."""
    monkeypatch.chdir(folder)
    return lambda *words: animopt_here("../scene.py", *words)


def names(folder):
    """The paths of the files below a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def is_whole(path):
    """Whether a clip, or a folder of frames, has both frames."""
    if path.is_dir():
        frames = sorted(path.iterdir())
        return [each.name for each in frames] == ["frame-0000.png", "frame-0001.png"] and all(map(is_picture, frames))
    if path.suffix == ".mp4":
        arguments = ["-vf", "scale=16:16", "-pix_fmt", "gray", "-f", "rawvideo", "-"]
        with path.open("rb") as file:
            done = subprocess.run(
                [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", "pipe:0", *arguments],
                stdin=file,
                capture_output=True,
                check=True,
            )
        return len(done.stdout) == FRAMES * 256
    return is_picture(path, FRAMES)


def is_picture(path, frames=1):
    with path.open("rb") as file, Image.open(file) as image:
        found = getattr(image, "n_frames", 1)
        image.seek(found - 1)
        image.load()
        return found == frames and image.size == SIZE


def is_accepted(name):
    """Whether the operating system accepts a file name."""
    return not (WINDOWS and files.invalid_name_reason(name))


@pytest.mark.parametrize("stem", STEMS)
@pytest.mark.sampled(1, 7)
def test_command_accepts_odd_names(command, folder, stem, assert_refused):
    if not is_accepted(f"{stem}.gif"):
        assert_refused(command("-o", f"{stem}.gif", *QUICK), 2, "...")
        assert names(folder) == set()
        return
    done = command("-o", f"{stem}.gif", f"--output={stem}.mp4", "-o", f"{stem}/", "--sidecars", "alt,html", *QUICK)
    assert (done.returncode, done.stderr) == (0, "")
    clips = {f"{stem}.gif", f"{stem}.mp4"}
    frames = {f"{stem}/frame-0000.png", f"{stem}/frame-0001.png"}
    sidecars = {f"{stem}{suffix}" for suffix in (".txt", ".html")}
    assert names(folder) == clips | frames | sidecars
    assert all(is_whole(folder / clip) for clip in (*clips, stem))
    again = command("-o", f"{stem}.png", "--still", "0.1", *SMALL)
    assert (again.returncode, again.stderr) == (0, "")
    assert is_picture(folder / f"{stem}.png")
    assert names(folder) == clips | frames | sidecars | {f"{stem}.png"}


@pytest.mark.parametrize("stem", STEMS)
@pytest.mark.sampled(1, 7)
def test_python_accepts_odd_names(scene, folder, stem):
    paths = [f"{stem}.gif", f"{stem}/"]
    if not is_accepted(f"{stem}.gif"):
        with pytest.raises(UsageError):
            scene.save(paths[0])
        return
    scene.save(*(Output(path, SIZE, 10) for path in paths), workers=0)
    scene.still(f"{stem}.png", 0.1, SIZE)
    assert names(folder) == {f"{stem}.gif", f"{stem}/frame-0000.png", f"{stem}/frame-0001.png", f"{stem}.png"}
    assert is_whole(folder / f"{stem}.gif")
    assert is_picture(folder / f"{stem}.png")


ODD = "it's a 'place' %d:\n$(touch x)\\ 🎉"


@pytest.mark.skipif(WINDOWS, reason="Windows does not accept this folder name")
@pytest.mark.parametrize("way", ["relative", "absolute", "inside"])
@pytest.mark.long
def test_odd_folder_is_accepted(command, folder, monkeypatch, way):
    target = folder / ODD
    target.mkdir()
    (target / "scene.py").write_text(SCENE)
    if way == "inside":
        monkeypatch.chdir(target)
        (folder / "scene.py").write_text(SCENE)
    start = {"relative": ODD, "absolute": str(target), "inside": "."}[way]
    paths = [f"{start}/a{suffix}" for suffix in (".gif", ".mp4", ".webm", ".webp", ".apng", ".mov", "/")]
    done = command(*(word for path in paths for word in ("-o", path)), "--sidecars", "poster", *QUICK)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(is_whole(target / each) for each in ("a.gif", "a.mp4", "a.apng", "a"))
    found = {f"a{suffix}" for suffix in (".gif", ".mp4", ".webm", ".webp", ".apng", ".mov", ".png")}
    assert names(target) == found | {"a/frame-0000.png", "a/frame-0001.png", "scene.py"}


@pytest.mark.skipif(WINDOWS, reason="Windows does not accept this folder name")
def test_segments_are_joined_in_an_odd_folder(scene, folder):
    target = folder / ODD
    target.mkdir()
    with ThreadPoolExecutor(1) as executor:
        scene.save(Output(target / "a.mp4", SIZE, 10), workers=executor)
    assert is_whole(target / "a.mp4")


@pytest.mark.sampled(1)
@pytest.mark.skipif(WINDOWS, reason="Windows counts characters, not bytes")
@pytest.mark.parametrize("letter", ["x", "é", "🎉"])
def test_longest_name_is_accepted(command, folder, letter):
    max_bytes = 255 - len(".mp4")
    stem = letter * (max_bytes // len(letter.encode()))
    stem += "y" * (max_bytes - len(os.fsencode(stem)))
    done = command("-o", f"{stem}.mp4", "-o", f"{stem}.gif", "-o", f"{stem}yyyy/", *QUICK)
    if MAC and letter != "x":
        # macOS counts characters instead of bytes, and may decompose them.
        assert done.returncode in (0, 2)
        return
    assert (done.returncode, done.stderr) == (0, "")
    assert all(is_whole(folder / each) for each in (f"{stem}.mp4", f"{stem}.gif", f"{stem}yyyy"))
    assert len(names(folder)) == 4


@pytest.mark.parametrize(
    "words",
    [
        ["-o", f"{'x' * 252}.gif"],
        ["-o", f"{'x' * 252}.mp4"],
        ["-o", f"{'x' * 256}/"],
        ["-o", f"{'x' * 252}.png", "--still", "0.1"],
        # The name of the clip is short enough, the name of the sidecar is not.
        ["-o", f"{'x' * 251}.gif", "--sidecars", "html"],
    ],
    ids=lambda words: f"{words[1][-4:]} {' '.join(words[2:])}",
)
def test_too_long_name_is_refused(command, folder, words, assert_refused):
    assert_refused(command(*words, *SMALL), 2, "...: ..." if WINDOWS else "...: ...File name too long; give it ...")
    assert names(folder) == set()


@pytest.mark.parametrize("name", ["a\0.gif", "a\0.mp4", "a\0/"])
def test_null_byte_is_refused(scene, folder, name):
    with pytest.raises(UsageError, match="give a path, as") as caught:
        scene.save(Output(name, SIZE, 10), workers=0)
    assert "\n" not in str(caught.value)
    assert names(folder) == set()


@pytest.mark.parametrize(
    "name", ["", ".", "..", "/", "./", "../", ".gif", "gif", "a.gif/..", "missing/a.gif", "missing/"]
)
@pytest.mark.parametrize("way", ["command", "python"])
def test_path_without_a_file_name_is_refused(command, scene, folder, name, way, assert_refused):
    if name == "missing/":
        pytest.skip("this is a valid folder of frames")
    (folder / "mine").touch()
    if way == "command":
        assert_refused(command("-o", name, *QUICK), 2, "...")
    else:
        with pytest.raises(UsageError):
            scene.save(Output(name, SIZE, 10), workers=0)
    assert names(folder.parent) == {"scene.py", "here/mine"}


def test_current_folder_is_refused_as_a_folder_of_frames(command, folder, assert_refused):
    # Replacing it would leave the shell in a folder that does not exist.
    assert_refused(command("-o", "./", *QUICK), 2, "...")
    assert folder.is_dir()
    assert names(folder) == set()


@pytest.mark.long
@pytest.mark.skipif(WINDOWS or MAC, reason="file names are characters there, not bytes")
@pytest.mark.parametrize("name", [b"\xff", b"caf\xe9 \xf0\x9f"])
def test_names_that_are_not_utf8_are_accepted(command, folder, name):
    stem = os.fsdecode(name)
    kinds = "poster,alt,markdown,html,captions"
    done = command("-o", f"{stem}.gif", "-o", f"{stem}.mp4", "-o", f"{stem}/", "--json", "--sidecars", kinds, *QUICK)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(is_whole(folder / f"{stem}{suffix}") for suffix in (".gif", ".mp4", ""))
    endings = (".gif", ".mp4", ".png", ".txt", ".md", ".html", ".vtt", "/frame-0000.png", "/frame-0001.png")
    assert names(folder) == {f"{stem}{each}" for each in endings}


needs_links = pytest.mark.skipif(WINDOWS, reason="making links needs a privilege on Windows")


@pytest.mark.sampled(2)
@needs_links
@pytest.mark.parametrize("ending", [".gif", ".mp4", "/"])
@pytest.mark.parametrize("target", ["there", "nowhere"])
def test_link_remains_and_its_target_is_written(command, folder, ending, target):
    stem = f"link{ending}".rstrip("/")
    real = folder.parent / f"real{ending}".rstrip("/")
    (folder / stem).symlink_to(real)
    if target == "there" and ending == "/":
        real.mkdir()
        (real / "frame-0009.png").touch()
    elif target == "there":
        real.write_text("what was there")
    done = command("-o", f"link{ending}", *QUICK)
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / stem).readlink() == real
    assert is_whole(real)
    assert not real.is_symlink()
    assert [each.name for each in folder.iterdir()] == [stem]


@pytest.mark.long
@needs_links
def test_folder_behind_a_link_is_accepted(command, folder, assert_refused):
    (folder / "there").mkdir()
    (folder / "link").symlink_to("there")
    done = command("-o", "link/a.gif", "-o", "link/a/", *QUICK)
    assert (done.returncode, done.stderr) == (0, "")
    assert is_whole(folder / "there" / "a.gif")
    assert is_whole(folder / "there" / "a")
    done = command("-o", "link/a.gif", "-o", "there/a.gif", *QUICK)
    assert_refused(done, 2, "there/a.gif: is the same file as link/a.gif; give each output a path of its own")


@needs_links
@pytest.mark.parametrize("name", ["loop.gif", "loop.mp4", "loop/", "round/a.gif", "into.gif"])
@pytest.mark.parametrize("way", ["command", "python"])
def test_broken_link_is_refused(command, scene, folder, name, way, assert_refused):
    for each in ("loop.gif", "loop.mp4", "loop", "round"):
        (folder / each).symlink_to(each)
    (folder / "into.gif").symlink_to("missing/a.gif")
    before = names(folder)
    if way == "command":
        assert_refused(command("-o", name, *QUICK), 2, f"...{name.rstrip('/')}...")
    else:
        with pytest.raises(UsageError) as caught:
            scene.save(Output(name, SIZE, 10), workers=0)
        assert "\n" not in str(caught.value)
    assert names(folder) == before


def identity(path):
    """The properties that change if a file is replaced or written, unlike the time of its last access."""
    found = path.lstat()
    return found.st_mode, found.st_ino, found.st_size, found.st_mtime_ns


def make_special_file(path, kind):
    """Make a pipe, a socket or a link to a device at a path."""
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listening:
            # The operating system limits the length of a socket's path.
            listening.bind(os.path.relpath(path))
    else:
        path.symlink_to(os.devnull)


@pytest.mark.skipif(WINDOWS, reason="Windows has no such files")
@pytest.mark.parametrize("kind", ["pipe", "socket", "link to /dev/null"])
@pytest.mark.parametrize("way", ["gif", "mp4", "frames", "still", "sidecar", "scene", "deck", "gallery", "python"])
def test_special_file_is_never_replaced(command, animopt_here, scene, folder, monkeypatch, kind, way, assert_refused):
    name = {"frames": "a", "still": "a.png", "sidecar": "a.txt", "scene": "a.py", "deck": "a.html", "mp4": "a.mp4"}
    path = folder / ("index.html" if way == "gallery" else name.get(way, "a.gif"))
    make_special_file(path, kind)
    before = identity(path)
    null = Path(os.devnull).stat()
    if way == "python":
        with pytest.raises(UsageError, match="is there already and is no file; give it another name"):
            scene.save(Output(path, SIZE, 10), workers=0)
    elif way in ("scene", "deck", "gallery"):
        words = {
            "scene": ["race", "--function", "ravine", "--racer", "sgd:lr=0.01", "--save-scene", "a.py", "-o", "a.gif"],
            "deck": ["deck", "a.html", "../scene.py"],
            "gallery": ["gallery", "../scene.py", "-o", "."],
        }[way]
        monkeypatch.chdir(folder)
        assert_refused(animopt_here(*words, *QUICK), 2, "...")
    else:
        words = {"frames": ["-o", "a/"], "still": ["-o", "a.png", "--still", "0.1"], "sidecar": ["-o", "a.gif"]}
        options = SMALL if way == "still" else QUICK
        sidecars = ["--sidecars", "alt"] if way == "sidecar" else []
        assert_refused(command(*words.get(way, ["-o", path.name]), *options, *sidecars), 2, "...")
    assert identity(path) == before
    assert Path(os.devnull).stat().st_mode == null.st_mode
    assert [each.name for each in folder.iterdir()] == [path.name]


@pytest.mark.skipif(WINDOWS or MAC, reason="devices have other names there")
@pytest.mark.parametrize("name", ["/dev/null", "/dev/stdout", "/proc/self/fd/1"])
def test_device_is_refused(command, folder, name, assert_refused):
    assert_refused(command("-o", name, *QUICK), 2, "...")
    assert names(folder) == set()


@pytest.mark.parametrize(
    "name", ["con.gif", "NUL.mp4", "aux/", "a:b.gif", "a?.mp4", "a.gif.gif", "trailing ./", "com1.png"]
)
def test_names_that_windows_refuses(command, folder, monkeypatch, name, assert_refused):
    still = ["--still", "0.1"] if name.endswith(".png") else []
    with monkeypatch.context() as patched:
        patched.setattr(processes, "WINDOWS", True)
        if name != "a.gif.gif":
            assert_refused(command("-o", name, *still, *SMALL), 2, "...Windows...; give it another name...")
        else:
            assert not files.invalid_name_reason(name)
    assert names(folder) == set()


@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
@pytest.mark.long
def test_standard_output_receives_the_complete_clip(folder, tmp_path, suffix):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "animopt", "../scene.py", "-o", "-", "--format", suffix[1:], *QUICK]
    with (tmp_path / f"piped{suffix}").open("wb") as file:
        done = subprocess.run(words, stdout=file, stderr=subprocess.PIPE, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert is_whole(tmp_path / f"piped{suffix}")
    assert names(folder) == set()


@pytest.mark.parametrize("words", [[], ["--format", "frames"], ["--format", "gif", "--format", "mp4"]], ids=str)
def test_standard_output_accepts_one_file(command, folder, words, assert_refused):
    done = command("-o", "-", *words, *QUICK)
    assert_refused(done, 2, "output -: standard output takes one file; name its format...")
    assert names(folder) == set()


@given(
    st.text(st.characters(exclude_characters="/", exclude_categories=()), max_size=90), st.sampled_from([".gif", "/"])
)
@example("", ".gif")
@example(" ", "/")
@example("..", ".gif")
@example("\ud800", ".gif")
@example("\udcff", "/")
@example("x" * 252, ".gif")
@settings(max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@pytest.mark.long
def test_any_name_is_written_or_refused(scene, tmp_path_factory, stem, ending):
    folder = tmp_path_factory.mktemp("any")
    name = f"{stem}{ending}".rstrip("/")
    if name in ("", "."):
        # This path names the folder itself.
        return
    accepted = False
    with suppress(OSError, ValueError):
        if ending == "/":
            (folder / name).mkdir()
            (folder / name).rmdir()
        else:
            (folder / name).touch()
            (folder / name).unlink()
        accepted = name not in ("", ".", "..", ".gif")
    if accepted:
        scene.save(Output(f"{folder}/{stem}{ending}", SIZE, 10), workers=0)
        assert [each.name for each in folder.iterdir()] == [name]
        assert is_whole(folder / name)
    else:
        with pytest.raises(UsageError):
            scene.save(Output(f"{folder}/{stem}{ending}", SIZE, 10), workers=0)
        assert list(folder.iterdir()) == []
