"""No file that is written tells of the machine: not its folders, its users or its name."""

import base64
import getpass
import io
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

TELLTALE = "telltale"
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
    except SystemExit as left:
        assert not left.code, arguments
"""


def inside(content, deep=0):
    """The bytes of a file, and all that is packed into it: members of archives, streams, what pages have as text."""
    yield content
    if deep > 4:
        return
    packed = []
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for each in archive.infolist():
                yield each.filename.encode() + each.comment + each.extra
                packed.append(archive.read(each))
    # The streams of PDF files, the chunks of text in PNG files, fonts: whatever zlib packs.
    for found in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", content):
        with_errors = zlib.decompressobj()
        try:
            packed.append(with_errors.decompress(content[found.start() :], 1 << 24))
        except zlib.error:
            continue
    packed += [base64.b64decode(found[1]) for found in re.finditer(rb"base64,\s*([A-Za-z0-9+/=]+)", content)]
    for each in packed:
        if each:
            yield from inside(each, deep + 1)


def spellings(word):
    """A word as files may have it."""
    for each in {word, word.replace("\\", "/"), word.replace("\\", "\\\\"), quote(word), quote(word, safe="")}:
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            yield each.encode(encoding).lower()


def leaks(content, words):
    """Which of the words are in a file."""
    layers = [each.lower() for each in inside(content)]
    return [word for word in words if any(spelling in layer for spelling in spellings(word) for layer in layers)]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder whose path tells of its owner."""
    return tmp_path_factory.mktemp(f"{TELLTALE}-folder")


@pytest.fixture(scope="module")
def words(place):
    """What no file may tell."""
    real = [getpass.getuser(), platform.node()]
    folders = [
        place,
        place.parent,
        Path.home(),
        Path.cwd(),
        tempfile.gettempdir(),
        sys.prefix,
        matplotlib.get_cachedir(),
    ]
    # A name such as root, or the path /, is in many a text.
    told = [name for name in real if len(name) > 5]
    return [TELLTALE, *told, *{str(folder) for folder in folders if len(str(folder)) > 6 or str(folder) == "/tmp"}]


@pytest.fixture(scope="module")
def written(place):
    """All the files that the command writes, by their paths in the folder, when everything around it is telling."""
    pytest.importorskip("pptx")
    folder = place / f"{TELLTALE}-work"
    for each in (folder, place / f"{TELLTALE}-home", place / f"{TELLTALE}-temp", place / "mine"):
        each.mkdir()
    scene, function = place / "mine" / "one.py", place / "mine" / "bowl.py"
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
        "HOME": str(place / f"{TELLTALE}-home"),
        "USERPROFILE": str(place / f"{TELLTALE}-home"),
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(place / f"{TELLTALE}-temp")),
        **dict.fromkeys(("USER", "LOGNAME", "USERNAME", "LNAME"), f"{TELLTALE}-user"),
        **dict.fromkeys(("HOSTNAME", "HOST", "COMPUTERNAME"), f"{TELLTALE}-host"),
        # Else all fonts would be looked for anew.
        "MPLCONFIGDIR": matplotlib.get_configdir() if os.name == "nt" else matplotlib.get_cachedir(),
    }
    import json

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


def test_every_kind_of_file_is_written(written):
    suffixes = {path.suffix for path in written.values()}
    wanted = ".gif .mp4 .webm .webp .apng .mov .png .svg .pdf .txt .vtt .md .html .pptx .py"
    assert suffixes == set(wanted.split())
    assert {"gallery/index.html", "gallery/clips/one.mp4", "out-frames/frame-0000.png", "again.py"} <= set(written)


def test_none_tells_of_the_machine(written, words):
    found = {name: leaks(path.read_bytes(), words) for name, path in written.items()}
    assert not {name: told for name, told in found.items() if told}


def test_the_gallery_asks_for_a_scene_as_others_can(written):
    page = re.sub(r"</?span>", "", written["gallery/index.html"].read_text("utf-8"))
    assert "<code>animopt one.py -o one.gif</code>" in page


def test_names_of_files_tell_nothing_either(written):
    assert not [name for name in written if TELLTALE in name]


@pytest.mark.parametrize("name", ["out.pptx", "out.pdf", "out.png", "out-deck.html", "out.gif", "out.svg"])
def test_what_is_packed_is_looked_into(name, written):
    layers = list(inside(written[name].read_bytes()))
    # Each holds its clip's recipe, or a slide with the scene's docstring.
    assert any(b"With more about it" in layer for layer in layers)


def test_a_leak_is_found_however_it_is_packed():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.txt", f"it is in {TELLTALE}-folder" * 20)
    for content in (
        archive.getvalue(),
        b"before" + zlib.compress(TELLTALE.encode()) + b"after",
        b"<img src='data:image/png;base64," + base64.b64encode(b"12345678" + TELLTALE.upper().encode()) + b"'>",
        TELLTALE.encode("utf-16-le"),
    ):
        assert leaks(content, [TELLTALE]) == [TELLTALE]
        assert leaks(content, ["another"]) == []
