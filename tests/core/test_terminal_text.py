"""Titles, names, docstrings, messages and recipes of others cannot control the terminal."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest

from animopt.core.errors import Error, escape_controls, escaped_json
from animopt.scene.recipe import FORMAT
from animopt.video.metadata import embed_in_png
from animopt.video.save import encode_png

# A window title, a color, a bell, a C1 sequence, and bidirectional controls.
EVIL = "\x1b]0;pwned\x07\x1b[31m\x9b2K\x7f\x08\u202egnp\u2066\u2028"
ESCAPED = r"\x1b]0;pwned\x07\x1b[31m\x9b2K\x7f\x08\u202egnp\u2066"
CONTROL_CHARACTERS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
QUICK = ["--size", "320x180", "--seconds", "0.2", "--fps", "10", "--workers", "0"]

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such file names and no pseudo-terminals")


def scene(title="Bowl", name="Adam", docstring="A bowl."):
    """Return the text of a scene file."""
    return f"""{docstring!r}
from animopt import Racer, Scene

scene = Scene(
    function=lambda x: (x ** 2).sum(),
    racers=[Racer("Adam", lr=0.5, name={name!r})],
    start=(-7, 2),
    steps=4,
    seconds=0.2,
    title={title!r},
)
"""


@pytest.fixture
def folder(tmp_path):
    """A folder with malicious scenes."""
    (tmp_path / "scenes").mkdir()
    (tmp_path / "described.py").write_text(scene(docstring=f"D{EVIL}\n\nMore{EVIL}"), "utf-8")
    (tmp_path / "titled.py").write_text(scene(f"T{EVIL}"), "utf-8")
    (tmp_path / "named.py").write_text(scene(name=f"N{EVIL}"), "utf-8")
    (tmp_path / "scenes" / "listed.py").write_text(scene(docstring=f"D{EVIL}"), "utf-8")
    (tmp_path / "raising.py").write_text(f'"""Raises."""\nraise ValueError({EVIL!r} + "\\nmore")\n', "utf-8")
    (tmp_path / "warning.py").write_text(scene() + f"import warnings\nwarnings.warn('W' + {EVIL!r})\n", "utf-8")
    if os.name != "nt":
        (tmp_path / "scenes" / f"file{EVIL}.py").write_text(scene(), "utf-8")
    return tmp_path


def assert_escaped(done, *, shown=True):
    """Assert that both streams have only text and line ends, and that the malicious text is shown if it should be."""
    for stream in (done.stdout, done.stderr):
        assert not CONTROL_CHARACTERS.search(stream), repr(stream)
    assert not shown or r"\x1b]0;pwned\x07" in done.stdout + done.stderr
    return done


@pytest.mark.parametrize("arguments", [[], ["--help"]], ids=["list", "help"])
def test_list_of_scenes_is_escaped(arguments, folder, animopt_here):
    done = assert_escaped(animopt_here(*arguments))
    assert f"D{ESCAPED}"[:20] in done.stdout
    assert os.name == "nt" or r"file\x1b" in done.stdout


def test_help_of_a_scene_is_escaped(folder, animopt_here):
    done = assert_escaped(animopt_here("described.py", "--help"))
    assert f"More{ESCAPED}"[:20] in done.stdout


@pytest.mark.parametrize(("name", "message"), [("titled", f"title 'T{ESCAPED}"), ("named", f"racer name 'N{ESCAPED}")])
@pytest.mark.long
def test_title_and_name_with_control_characters_are_refused(name, message, folder, animopt_here):
    done = assert_escaped(animopt_here(f"{name}.py", "-o", "a.gif"))
    assert done.returncode == 1
    assert message[:40] in done.stderr
    assert not (folder / "a.gif").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [f"no-such{EVIL}"],
        [f"no-such{EVIL}.py"],
        ["raising.py", "-o", "a.gif"],
        ["described.py", "-o", f"a.{EVIL}"],
        ["described.py", "-o", f"no/{EVIL}/a.gif"],
        ["described.py", "--size", EVIL],
        ["described.py", "--theme", EVIL],
        ["described.py", "--fps", EVIL],
        ["described.py", f"--{EVIL}"],
        ["described.py", EVIL],
        ["described.py", "--sidecars", EVIL],
        ["all", EVIL],
        ["deck", f"{EVIL}.html"],
        ["gallery", "-o", EVIL, EVIL],
        ["functions", EVIL],
        ["functions", "ravine", "-o", EVIL],
        ["race", "--function", EVIL, "--racer", "adam"],
        ["race", "--function", "ravine", "--racer", EVIL],
        ["race", "--function", "ravine", "--racer", f"adam:{EVIL}=1"],
        ["recipe", EVIL],
        ["new", EVIL],
    ],
    ids=lambda arguments: ascii(" ".join(arguments).replace(EVIL, "EVIL")),
)
@pytest.mark.parametrize("how", [[], ["--json"]], ids=["words", "json"])
@pytest.mark.sampled(2, 14)
def test_error_messages_are_escaped(arguments, how, folder, animopt_here):
    takes_json = arguments[0] not in ("functions", "new")
    done = assert_escaped(animopt_here(*arguments, *(how if takes_json else [])), shown=not how)
    assert done.returncode in (1, 2)
    assert done.stderr.count("\n") == 1


@pytest.mark.long
@pytest.mark.filterwarnings("default")
def test_warning_is_escaped(folder, animopt_here):
    done = assert_escaped(animopt_here("warning.py", "-o", "a.gif", *QUICK))
    assert done.returncode == 0
    assert done.stderr.startswith("animopt: warning: W" + ESCAPED)


@pytest.mark.long
@pytest.mark.filterwarnings("default")
def test_clip_with_all_sidecars_writes_no_control_characters(folder, animopt_here):
    done = assert_escaped(
        animopt_here("described.py", "-o", "a.gif", *QUICK, "--sidecars", "captions,alt,html,markdown"), shown=False
    )
    assert done.returncode == 0, done.stderr
    report = assert_escaped(animopt_here("described.py", "-o", "a.gif", *QUICK, "--json"), shown=False)
    assert json.loads(report.stdout)["scene"]["title"] == "Bowl"


@posix
@pytest.mark.long
def test_messages_of_several_scenes_are_escaped(folder, animopt_here):
    (folder / "mine").mkdir()
    (folder / "mine" / f"bad{EVIL}.py").write_text(f"raise ValueError({EVIL!r})\n", "utf-8")
    done = assert_escaped(animopt_here("all", "mine", "--workers", "1"))
    assert done.returncode == 1
    assert rf"1/1 bad{ESCAPED}" in done.stderr


RECIPE = {
    "recipe": FORMAT,
    "output": {"size": [EVIL, f"$(touch pwned){EVIL}"], "fps": 10, f"o{EVIL}": EVIL, "theme": EVIL},
    "settings": {f"s{EVIL}": {EVIL: [EVIL, {EVIL: EVIL}]}, "title": EVIL},
    "file": f"f{EVIL}",
    "source": "scene = 1\n",
    "changes": {"title": EVIL},
    "lacking": EVIL,
    "versions": {"animopt": EVIL, EVIL: EVIL},
}


@pytest.mark.parametrize("arguments", [[], ["--json"], ["-o", "again.py"]], ids=" ".join)
@pytest.mark.parametrize("lacking", [False, True])
def test_recipe_of_a_foreign_file_is_escaped(arguments, lacking, tmp_path, animopt_here):
    own = RECIPE | ({"source": ""} if lacking else {})
    picture = tmp_path / "foreign.png"
    picture.write_bytes(encode_png(np.zeros((2, 2, 3), np.uint8)))
    embed_in_png(picture, json.dumps(own))
    done = assert_escaped(animopt_here("recipe", "foreign.png", *arguments), shown=False)
    assert "pwned" in done.stdout or arguments[:1] == ["-o"]
    # A command to copy into a shell contains no text of the file.
    assert "$(" not in done.stderr
    assert "pwned" not in done.stderr or lacking


@posix
def test_doctor_escapes_the_folder(tmp_path, animopt_here, monkeypatch):
    inside = tmp_path / f"here{EVIL}"
    inside.mkdir()
    monkeypatch.chdir(inside)
    monkeypatch.setattr("animopt.cli.doctor._test_clip", lambda: "not rendered")
    done = assert_escaped(animopt_here("doctor"))
    assert rf"here{ESCAPED}" in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("words", ["animopt ", "animopt all ", "animopt described.py --o"])
def test_shell_completions_are_escaped(shell, words, folder, animopt_here, monkeypatch):
    for name, value in {"_ANIMOPT_COMPLETE": f"{shell}_complete", "COMP_WORDS": words}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COMP_CWORD", words.rpartition(" ")[2] if shell == "fish" else str(words.count(" ")))
    done = animopt_here()
    # fish separates a word and its help by a tab.
    assert not CONTROL_CHARACTERS.search(done.stdout.replace("\t", " ")), repr(done.stdout)
    assert ("listed" in done.stdout) == ("--o" not in words)


@posix
@pytest.mark.long
def test_pipe_gets_exact_file_names(folder):
    names = [f"a{EVIL}.gif", "a\nb.gif", "골짜기🏔️.gif"]
    # Only Linux accepts file names that are not valid text.
    names += [os.fsdecode(b"a\xff\xfe.gif")] if sys.platform == "linux" else []
    command = [sys.executable, "-m", "animopt", "scenes/listed.py", *QUICK]
    command += [word for name in names for word in ("-o", name)]
    run = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert run.stdout == b"".join(os.fsencode(name) + b"\n" for name in names), run.stderr
    assert all((folder / name).is_file() for name in names)
    run = subprocess.run([*command, "--json"], cwd=folder, capture_output=True, check=False)
    assert not CONTROL_CHARACTERS.search(run.stdout.decode())
    assert [file["path"] for file in json.loads(run.stdout)["files"]] == names


def run_at_terminal(arguments, folder):
    """Return the bytes that a command writes to a terminal."""
    import pty

    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "200", "LINES": "50"}
    command = [sys.executable, "-m", "animopt", *arguments]
    with subprocess.Popen(command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, env=environment):
        os.close(theirs)
        output = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:
                break
            if not part:
                break
            output += part
    os.close(ours)
    return output


@posix
@pytest.mark.parametrize(
    "arguments",
    [[], ["described.py", "--help"], ["raising.py"], [f"scenes/file{EVIL}.py", *QUICK, "-o", f"a{EVIL}.gif"]],
    ids=["list", "help", "error", "bar"],
)
@pytest.mark.sampled(1)
def test_terminal_gets_escaped_text(arguments, folder):
    output = run_at_terminal(arguments, folder)
    assert rb"\x1b]0;pwned\x07" in output
    for command in ("\x1b]0", "\x07", "\x1b[31m\\x9b", "\x9b", "\x7f", "\x08", "\u202e", "\u2066", "\u2028"):
        assert command.encode() not in output, ascii(command)
    # Only the progress bar moves the cursor.
    assert (b"\x1b" in output) == (arguments[:1] != [] and "--help" not in arguments)


@pytest.mark.parametrize("text", ["골짜기", "𝛼 − √²", "👩‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ✈️", "مرحبا‏ שלום", "a\\x1b", "naïve 'quotes' \"$(x)\""])
def test_letters_of_all_scripts_remain(text):
    assert escape_controls(text) == text
    assert json.loads(escaped_json([text])) == [text]


def test_all_control_characters_are_escaped():
    for code in [
        *range(0x20),
        *range(0x7F, 0xA0),
        0x2028,
        0x2029,
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
        0xDC80,
    ]:
        shown = escape_controls(chr(code))
        assert shown.isascii()
        assert shown.isprintable()
        assert shown.encode().decode("unicode_escape") == chr(code)
        assert json.loads(escaped_json(chr(code))) == chr(code)
        assert escaped_json(chr(code)).isprintable()


def test_error_in_a_notebook_is_escaped():
    (line,) = Error(f"scene {EVIL}")._render_traceback_()
    assert not CONTROL_CHARACTERS.search(line)
