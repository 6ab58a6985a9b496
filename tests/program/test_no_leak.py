"""No written file contains a folder, a user or the name of the machine."""

import base64
import getpass
import io
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path
from urllib.parse import quote

import matplotlib
import pytest

pytestmark = pytest.mark.exhaustive


SECRET = "telltale"
"""A word in every folder, user and host name, which no file may contain."""

QUICK = ["--size", "320x180", "--seconds", "0.4", "--fps", "10", "--workers", "0"]

SCENE = '''"""A bowl.

With more about it.
"""
from animopt import Racer, Scene
from animopt.functions import ravine

scene = Scene(function=ravine, racers=[Racer("Adam", lr=0.5), Racer("SGD", lr=0.1)], steps=4, seconds=0.4)
'''

COMMANDS = """
import json, sys
from animopt.cli.main import main

for arguments in json.loads(sys.stdin.read()):
    try:
        main(arguments)
    except SystemExit as exit_info:
        assert not exit_info.code, arguments
"""


def unpacked(content, depth=0):
    """The bytes of a file and of everything packed into it: archive members, compressed streams, base64 texts."""
    yield content
    if depth > 4:
        return
    packed = []
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for each in archive.infolist():
                yield each.filename.encode() + each.comment + each.extra
                packed.append(archive.read(each))
    # zlib compresses the streams of PDF files, the text chunks of PNG files, and fonts.
    for found in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", content):
        decompressor = zlib.decompressobj()
        try:
            packed.append(decompressor.decompress(content[found.start() :], 1 << 24))
        except zlib.error:
            continue
    packed += [base64.b64decode(found[1]) for found in re.finditer(rb"base64,\s*([A-Za-z0-9+/=]+)", content)]
    for each in packed:
        if each:
            yield from unpacked(each, depth + 1)


def spellings(word):
    """The bytes of a word in every encoding and with every escape that a file can use."""
    for each in {word, word.replace("\\", "/"), word.replace("\\", "\\\\"), quote(word), quote(word, safe="")}:
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            yield each.encode(encoding).lower()


def leaks(content, words):
    """The words that a file contains."""
    layers = [each.lower() for each in unpacked(content)]
    return [word for word in words if any(spelling in layer for spelling in spellings(word) for layer in layers)]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder whose path contains the secret word."""
    return tmp_path_factory.mktemp(f"{SECRET}-folder")


@pytest.fixture(scope="module")
def words(root):
    """The words that no file may contain."""
    real = [getpass.getuser(), platform.node()]
    folders = [
        root,
        root.parent,
        Path.home(),
        Path.cwd(),
        tempfile.gettempdir(),
        sys.prefix,
        matplotlib.get_cachedir(),
    ]
    # Short names such as root, and the path /, are part of other words.
    names = [name for name in real if len(name) > 5]
    return [SECRET, *names, *{str(folder) for folder in folders if len(str(folder)) > 6 or str(folder) == "/tmp"}]


@pytest.fixture(scope="module")
def written(root):
    """Every file that the commands write, by its path, with the secret word in all names around them."""
    pytest.importorskip("pptx")
    folder = root / f"{SECRET}-work"
    for each in (folder, root / f"{SECRET}-home", root / f"{SECRET}-temp", root / "mine"):
        each.mkdir()
    scene, function = root / "mine" / "one.py", root / "mine" / "bowl.py"
    scene.write_text(SCENE, "utf-8")
    function.write_text("def bowl(x):\n    return (x ** 2).sum()\n", "utf-8")
    out, named = str(folder / "out"), str(scene)
    clips = [f"{out}{suffix}" for suffix in (".gif", ".mp4", ".webm", ".webp", ".apng", ".mov", "-frames/")]
    kinds = "poster,captions,alt,markdown,html"
    race = ["race", "--function", str(function), "--racer", "adam:lr=.5", "--start", "1,1"]
    commands = [
        [named, *(word for clip in clips for word in ("-o", clip)), *QUICK],
        [named, "-o", str(folder / "with.gif"), "-o", "with.mp4", *QUICK, "--sidecars", kinds, "--max-bytes", "1MB"],
        *(
            [named, "--still", "0.2", "-o", f"{out}{suffix}", "--size", "320x180"]
            for suffix in (".png", ".svg", ".pdf")
        ),
        *([named, "--storyboard", "-o", f"board{suffix}", "--size", "320x180"] for suffix in (".png", ".svg", ".pdf")),
        ["all", named, "-o", str(folder / "all"), "--format", "gif", *QUICK[:-2], "--workers", "1"],
        ["gallery", named, "-o", str(folder / "gallery"), *QUICK[:-2], "--workers", "1"],
        ["deck", f"{out}.pptx", named, *QUICK],
        ["deck", f"{out}-deck.html", named, *QUICK],
        ["recipe", f"{out}.gif", "-o", str(folder / "again.py")],
        [*race, "-o", f"{out}-race.gif", *QUICK, "--save-scene", str(folder / "saved.py")],
        [
            "functions",
            "rosenbrock",
            "-o",
            f"{out}-function.svg",
            "-o",
            f"{out}-function.pdf",
            "-o",
            f"{out}-function.png",
        ],
        ["new", "fresh"],
    ]
    own = {
        "HOME": str(root / f"{SECRET}-home"),
        "USERPROFILE": str(root / f"{SECRET}-home"),
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(root / f"{SECRET}-temp")),
        **dict.fromkeys(("USER", "LOGNAME", "USERNAME", "LNAME"), f"{SECRET}-user"),
        **dict.fromkeys(("HOSTNAME", "HOST", "COMPUTERNAME"), f"{SECRET}-host"),
        # Otherwise matplotlib would search for fonts again.
        "MPLCONFIGDIR": matplotlib.get_configdir() if os.name == "nt" else matplotlib.get_cachedir(),
    }
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS],
        cwd=folder,
        env={**os.environ, **own},
        input=json.dumps(commands),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def test_every_format_is_written(written):
    suffixes = {path.suffix for path in written.values()}
    wanted = ".gif .mp4 .webm .webp .apng .mov .png .svg .pdf .txt .vtt .md .html .pptx .py"
    assert suffixes == set(wanted.split())
    assert {"gallery/index.html", "gallery/clips/one.mp4", "out-frames/frame-0000.png", "again.py"} <= set(written)


def test_no_file_names_the_machine(written, words):
    found = {name: leaks(path.read_bytes(), words) for name, path in written.items()}
    assert not {name: leaked for name, leaked in found.items() if leaked}


def test_gallery_shows_a_command_without_folders(written):
    page = re.sub(r"</?span>", "", written["gallery/index.html"].read_text("utf-8"))
    assert "<code>animopt one.py -o one.gif</code>" in page


def test_file_names_do_not_contain_the_secret(written):
    assert not [name for name in written if SECRET in name]


@pytest.mark.parametrize("name", ["out.pptx", "out.pdf", "out.png", "out-deck.html", "out.gif", "out.svg"])
def test_packed_contents_are_searched(name, written):
    layers = list(unpacked(written[name].read_bytes()))
    # Each contains the recipe of its clip, or a slide with the docstring of the scene.
    # The blocks of a GIF may divide one of the words.
    assert any(words in layer for layer in layers for words in (b"With more", b"about it"))


def test_packed_leak_is_found():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.txt", f"it is in {SECRET}-folder" * 20)
    for content in (
        archive.getvalue(),
        b"before" + zlib.compress(SECRET.encode()) + b"after",
        b"<img src='data:image/png;base64," + base64.b64encode(b"12345678" + SECRET.upper().encode()) + b"'>",
        SECRET.encode("utf-16-le"),
    ):
        assert leaks(content, [SECRET]) == [SECRET]
        assert leaks(content, ["another"]) == []
