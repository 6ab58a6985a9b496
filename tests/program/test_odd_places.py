"""Odd names and places: each is written, that file alone, or refused whole, in one line."""

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
from animopt.core import file_names, operating_system

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
    """A scene of two frames, whose race is run once."""
    path = tmp_path_factory.mktemp("scene") / "scene.py"
    path.write_text(SCENE)
    return animopt.load_scene(path)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to work in; the scene lies beside it."""
    (tmp_path / "scene.py").write_text(SCENE)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture
def command(animopt_here, folder, monkeypatch):
    """A function that does what the command does, in an empty folder."""
    monkeypatch.chdir(folder)
    return lambda *words: animopt_here("../scene.py", *words)


def names(folder):
    """What lies in a folder and those in it."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def is_whole(path):
    """Whether a clip has both frames, a folder of them too, and a still is one."""
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
    """Whether the system has files of a name."""
    return not (WINDOWS and file_names.invalid_name_reason(name))


def refused(done, *said):
    """The command was misused, and said so in one line."""
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.split("\n")[:-1]
    assert line.startswith("animopt: ")
    for each in said:
        assert each in line


@pytest.mark.parametrize("stem", STEMS)
def test_odd_names_on_the_command_line(command, folder, stem):
    if not is_accepted(f"{stem}.gif"):
        refused(command("-o", f"{stem}.gif", *QUICK))
        assert names(folder) == set()
        return
    done = command("-o", f"{stem}.gif", f"--output={stem}.mp4", "-o", f"{stem}/", "--sidecars", "alt,html", *QUICK)
    assert (done.returncode, done.stderr) == (0, "")
    clips = {f"{stem}.gif", f"{stem}.mp4"}
    frames = {f"{stem}/frame-0000.png", f"{stem}/frame-0001.png"}
    # A folder has no suffix to be replaced, unless its name has a dot.
    other = Path(stem).with_suffix("").name
    beside = {f"{each}{suffix}" for each in {stem, other} for suffix in (".txt", ".html")}
    assert names(folder) == clips | frames | beside
    assert all(is_whole(folder / clip) for clip in (*clips, stem))
    again = command("-o", f"{stem}.png", "--still", "0.1", *SMALL)
    assert (again.returncode, again.stderr) == (0, "")
    assert is_picture(folder / f"{stem}.png")
    assert names(folder) == clips | frames | beside | {f"{stem}.png"}


@pytest.mark.parametrize("stem", STEMS)
def test_odd_names_through_python(scene, folder, stem):
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


@pytest.mark.skipif(WINDOWS, reason="no folder is called so there")
@pytest.mark.parametrize("way", ["relative", "absolute", "inside"])
def test_an_odd_folder(command, folder, monkeypatch, way):
    place = folder / ODD
    place.mkdir()
    (place / "scene.py").write_text(SCENE)
    if way == "inside":
        monkeypatch.chdir(place)
        (folder / "scene.py").write_text(SCENE)
    start = {"relative": ODD, "absolute": str(place), "inside": "."}[way]
    named = [f"{start}/a{suffix}" for suffix in (".gif", ".mp4", ".webm", ".webp", ".apng", ".mov", "/")]
    done = command(*(word for name in named for word in ("-o", name)), "--sidecars", "poster", *QUICK)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(is_whole(place / each) for each in ("a.gif", "a.mp4", "a.apng", "a"))
    found = {f"a{suffix}" for suffix in (".gif", ".mp4", ".webm", ".webp", ".apng", ".mov", ".png")}
    assert names(place) == found | {"a/frame-0000.png", "a/frame-0001.png", "scene.py"}


@pytest.mark.skipif(WINDOWS, reason="no folder is called so there")
def test_segments_are_joined_in_an_odd_folder(scene, folder):
    place = folder / ODD
    place.mkdir()
    with ThreadPoolExecutor(1) as executor:
        scene.save(Output(place / "a.mp4", SIZE, 10), workers=executor)
    assert is_whole(place / "a.mp4")


@pytest.mark.skipif(WINDOWS, reason="a name has so many letters there")
@pytest.mark.parametrize("letter", ["x", "é", "🎉"])
def test_a_name_as_long_as_there_is(command, folder, letter):
    room = 255 - len(".mp4")
    stem = letter * (room // len(letter.encode()))
    stem += "y" * (room - len(os.fsencode(stem)))
    done = command("-o", f"{stem}.mp4", "-o", f"{stem}.gif", "-o", f"{stem}yyyy/", *QUICK)
    if MAC and letter != "x":
        # There letters are counted, and may be taken apart.
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
        # The clip's own name would do.
        ["-o", f"{'x' * 251}.gif", "--sidecars", "html"],
    ],
    ids=lambda words: f"{words[1][-4:]} {' '.join(words[2:])}",
)
def test_a_longer_name_is_refused(command, folder, words):
    refused(command(*words, *SMALL), ": ", "File name too long; give it " if not WINDOWS else "")
    assert names(folder) == set()


@pytest.mark.parametrize("name", ["a\0.gif", "a\0.mp4", "a\0/"])
def test_a_zero_byte_is_refused(scene, folder, name):
    with pytest.raises(UsageError, match="give a path, as") as caught:
        scene.save(Output(name, SIZE, 10), workers=0)
    assert "\n" not in str(caught.value)
    assert names(folder) == set()


@pytest.mark.parametrize(
    "name", ["", ".", "..", "/", "./", "../", ".gif", "gif", "a.gif/..", "missing/a.gif", "missing/"]
)
@pytest.mark.parametrize("way", ["command", "python"])
def test_what_is_no_name_is_refused_or_a_folder(command, scene, folder, name, way):
    if name == "missing/":
        pytest.skip("is a folder of frames")
    (folder / "mine").touch()
    if way == "command":
        refused(command("-o", name, *QUICK))
    else:
        with pytest.raises(UsageError):
            scene.save(Output(name, SIZE, 10), workers=0)
    assert names(folder.parent) == {"scene.py", "here/mine"}


def test_the_working_folder_itself_is_no_folder_of_frames(command, folder):
    # Whoever stands in it would stand nowhere.
    refused(command("-o", "./", *QUICK))
    assert folder.is_dir()
    assert names(folder) == set()


@pytest.mark.skipif(WINDOWS or MAC, reason="names are letters there, not bytes")
@pytest.mark.parametrize("bytes_", [b"\xff", b"caf\xe9 \xf0\x9f"])
def test_names_in_no_encoding(command, folder, bytes_):
    stem = os.fsdecode(bytes_)
    kinds = "poster,alt,markdown,html,captions"
    done = command("-o", f"{stem}.gif", "-o", f"{stem}.mp4", "-o", f"{stem}/", "--json", "--sidecars", kinds, *QUICK)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(is_whole(folder / f"{stem}{suffix}") for suffix in (".gif", ".mp4", ""))
    endings = (".gif", ".mp4", ".png", ".txt", ".md", ".html", ".vtt", "/frame-0000.png", "/frame-0001.png")
    assert names(folder) == {f"{stem}{each}" for each in endings}


links = pytest.mark.skipif(WINDOWS, reason="who may make links there is another question")


@links
@pytest.mark.parametrize("ending", [".gif", ".mp4", "/"])
@pytest.mark.parametrize("target", ["there", "nowhere"])
def test_a_link_stays_and_what_it_leads_to_is_written(command, folder, ending, target):
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


@links
def test_a_place_through_links(command, folder):
    (folder / "there").mkdir()
    (folder / "way").symlink_to("there")
    done = command("-o", "way/a.gif", "-o", "way/a/", *QUICK)
    assert (done.returncode, done.stderr) == (0, "")
    assert is_whole(folder / "there" / "a.gif")
    assert is_whole(folder / "there" / "a")
    # One file by two ways.
    refused(command("-o", "way/a.gif", "-o", "there/a.gif", *QUICK), "is named twice")


@links
@pytest.mark.parametrize("name", ["loop.gif", "loop.mp4", "loop/", "round/a.gif", "into.gif"])
@pytest.mark.parametrize("way", ["command", "python"])
def test_a_link_that_leads_nowhere_is_refused(command, scene, folder, name, way):
    for each in ("loop.gif", "loop.mp4", "loop", "round"):
        (folder / each).symlink_to(each)
    (folder / "into.gif").symlink_to("missing/a.gif")
    before = names(folder)
    if way == "command":
        refused(command("-o", name, *QUICK), name.rstrip("/"))
    else:
        with pytest.raises(UsageError) as caught:
            scene.save(Output(name, SIZE, 10), workers=0)
        assert "\n" not in str(caught.value)
    assert names(folder) == before


def special(path, kind):
    """Have something at a path that is no file."""
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listening:
            # The path of a socket is short.
            listening.bind(os.path.relpath(path))
    else:
        path.symlink_to(os.devnull)


@pytest.mark.skipif(WINDOWS, reason="there is no such thing")
@pytest.mark.parametrize("kind", ["pipe", "socket", "link to /dev/null"])
@pytest.mark.parametrize("way", ["gif", "mp4", "frames", "still", "beside", "scene", "deck", "gallery", "python"])
def test_what_is_no_file_is_never_replaced(command, animopt_here, scene, folder, monkeypatch, kind, way):
    name = {"frames": "a", "still": "a.png", "beside": "a.txt", "scene": "a.py", "deck": "a.html", "mp4": "a.mp4"}
    path = folder / ("index.html" if way == "gallery" else name.get(way, "a.gif"))
    special(path, kind)
    before = path.lstat()
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
        refused(animopt_here(*words, *QUICK))
    else:
        words = {"frames": ["-o", "a/"], "still": ["-o", "a.png", "--still", "0.1"], "beside": ["-o", "a.gif"]}
        options = SMALL if way == "still" else QUICK
        refused(
            command(*words.get(way, ["-o", path.name]), *options, *(["--sidecars", "alt"] if way == "beside" else []))
        )
    assert path.lstat() == before
    assert Path(os.devnull).stat().st_mode == null.st_mode
    assert [each.name for each in folder.iterdir()] == [path.name]


@pytest.mark.skipif(WINDOWS or MAC, reason="a device is no clip there either, but has another name")
@pytest.mark.parametrize("name", ["/dev/null", "/dev/stdout", "/proc/self/fd/1"])
def test_a_device_is_refused(command, folder, name):
    refused(command("-o", name, *QUICK))
    assert names(folder) == set()


@pytest.mark.parametrize(
    "name", ["con.gif", "NUL.mp4", "aux/", "a:b.gif", "a?.mp4", "a.gif.gif", "trailing ./", "com1.png"]
)
def test_names_that_windows_keeps(command, folder, monkeypatch, name):
    still = ["--still", "0.1"] if name.endswith(".png") else []
    with monkeypatch.context() as patched:
        patched.setattr(operating_system, "WINDOWS", True)
        if name != "a.gif.gif":
            refused(command("-o", name, *still, *SMALL), "Windows", "; give it another name")
        else:
            file_names.invalid_name_reason(name)
    assert names(folder) == set()


@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
def test_standard_output_gets_the_whole_clip(folder, tmp_path, suffix):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "animopt", "../scene.py", "-o", "-", "--format", suffix[1:], *QUICK]
    with (tmp_path / f"piped{suffix}").open("wb") as file:
        done = subprocess.run(words, stdout=file, stderr=subprocess.PIPE, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert is_whole(tmp_path / f"piped{suffix}")
    assert names(folder) == set()


@pytest.mark.parametrize("words", [[], ["--format", "frames"], ["--format", "gif", "--format", "mp4"]], ids=str)
def test_standard_output_takes_one_file(command, folder, words):
    refused(command("-o", "-", *words, *QUICK), "output -: standard output takes one file; name its format")
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
def test_any_name_is_written_or_refused_whole(scene, tmp_path_factory, stem, ending):
    folder = tmp_path_factory.mktemp("any")
    name = f"{stem}{ending}".rstrip("/")
    if name in ("", "."):
        # The folder itself.
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
