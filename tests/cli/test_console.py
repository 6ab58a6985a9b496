"""The habits of a command line: progress, quiet, JSON, showing, watching, completion, a starter, a doctor."""

import json
import os
import re
import runpy
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import click
import imageio_ffmpeg
import pytest
from PIL import Image

import animopt
from animopt import functions
from animopt.cli import completion, watch
from animopt.cli.commands import COMMANDS
from animopt.core import processes
from animopt.engine import racer

ROOT = Path(__file__).parents[2]
QUICK = ["--size", "320x180", "--fps", "10", "--seconds", "1"]
COMMAND = [sys.executable, "-m", "animopt"]
OWN_OPENER = sys.platform in {"win32", "darwin"}

SCENE = """
from animopt import Racer, Scene
from animopt.functions import ravine

print("from the scene")
scene = Scene(title="골짜기", function=ravine, racers=[Racer("SGD", lr=0.5), Racer("Adam", lr=0.5)], start=START)
"""


def write_scene(path, start=(-7, 2)):
    path.write_text(SCENE.replace("START", repr(start)), encoding="utf-8")


def on_a_terminal(folder, *arguments, **environment):
    """What the command writes to a terminal that is its standard error, and what it writes to standard output."""
    pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals for its standard error alone")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        | {"TERM": "xterm", "COLUMNS": "100"}
        | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    # Linux ends with an error, macOS with nothing, once nobody writes any more.
    try:
        while read := os.read(ours, 65536):
            shown += read
    except OSError:
        pass
    os.close(ours)
    printed, _ = process.communicate()
    return shown.decode(), printed.decode().splitlines(), process.returncode


COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def test_a_terminal_sees_a_bar_that_goes_at_the_end(tmp_path):
    # Outside the domain, so that a warning comes while the bar is there.
    write_scene(tmp_path / "mine.py", start=(-12, 2))
    shown, printed, code = on_a_terminal(tmp_path, "mine.py", "-o", "a.gif", *QUICK, "--seconds", "3")
    assert (printed, code) == (["a.gif"], 0)
    assert COLOUR.search(shown)
    lines = re.split(r"\r\x1b\[2K|\r\n", COLOUR.sub("", shown))
    bars = [line for line in lines if "━" in line]
    assert re.search(r"^mine ━+ +\d+/30 \d+ frames/s \d\d:\d\d", bars[-1])
    assert any("preparing" in bar for bar in bars)
    # What is said while the bar is there has lines of its own.
    assert "from the scene" in lines
    assert any(line.startswith("animopt: warning: start (-12") for line in lines)
    # The last that the terminal is told is to take the bar's line away; its cursor is back.
    assert shown.endswith("\x1b[2K")
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


def test_a_bar_has_no_colour_where_none_is_wanted(tmp_path):
    write_scene(tmp_path / "mine.py")
    shown, printed, code = on_a_terminal(tmp_path, "mine.py", "-o", "a.gif", *QUICK, NO_COLOR="1")
    assert (printed, code) == (["a.gif"], 0)
    assert "━" in shown
    assert "frames/s" in shown
    assert not COLOUR.search(shown)


@pytest.mark.parametrize(("option", "term"), [([], "dumb"), (["--quiet"], "xterm")], ids=["dumb", "quiet"])
def test_a_terminal_sees_no_bar(tmp_path, option, term):
    write_scene(tmp_path / "mine.py")
    shown, printed, code = on_a_terminal(tmp_path, "mine.py", "-o", "a.gif", *QUICK, *option, TERM=term)
    assert (shown.strip(), printed, code) == (("", [], 0) if option else ("from the scene", ["a.gif"], 0))


@pytest.mark.filterwarnings("default")
def test_quiet_says_nothing_but_what_goes_wrong(animopt_here, tmp_path):
    write_scene(tmp_path / "mine.py", start=(-12, 2))
    loud = animopt_here("mine.py", "-o", "a.gif", *QUICK)
    assert "from the scene\nanimopt: warning: start (-12" in loud.stderr
    assert loud.stdout == "a.gif\n"
    done = animopt_here("mine.py", "-o", "b.gif", *QUICK, "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "b.gif").read_bytes() == (tmp_path / "a.gif").read_bytes()
    failed = animopt_here(
        "mine.py", "-o", "b.gif", *QUICK, "--quiet", "--lang", "ko", "--layout", "tall", "--fps", "60"
    )
    assert (failed.returncode, failed.stdout) == (2, "")
    assert failed.stderr.startswith("animopt: fps 60: a GIF shows at most 50")


def test_all_is_quiet_too(animopt_here, tmp_path):
    write_scene(tmp_path / "mine.py", start=(-12, 2))
    (tmp_path / "broken.py").write_text("scene = 1 / 0")
    done = animopt_here("all", "mine.py", "broken.py", "--quiet", "--format", "gif", *QUICK)
    assert (done.returncode, done.stdout) == (1, "")
    # A worker hands on what its scene prints.
    assert done.stderr.splitlines()[-1] == "animopt: 1 of 2 scenes failed: broken"
    assert "warning" not in done.stderr


def test_json_tells_of_the_files_and_of_the_race(animopt_here, tmp_path):
    write_scene(tmp_path / "mine.py")
    done = animopt_here("mine.py", "-o", "a.gif", "-o", "b.mp4", "--size", "320x180", "--fps", "5", "--json")
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "from the scene\n", 1)
    told = json.loads(done.stdout)
    assert (told["scene"]["name"], told["scene"]["title"]) == ("mine", "골짜기")
    assert [file["path"] for file in told["files"]] == ["a.gif", "b.mp4"]
    with Image.open(tmp_path / "a.gif") as gif:
        assert told["files"][0] == {
            "path": "a.gif",
            "format": gif.format.lower(),
            "bytes": (tmp_path / "a.gif").stat().st_size,
            "width": gif.width,
            "height": gif.height,
            "fps": 5,
            "frames": gif.n_frames,
            "seconds": 10,
        }
    frames, seconds = imageio_ffmpeg.count_frames_and_secs(str(tmp_path / "b.mp4"))
    assert (told["files"][1]["frames"], told["files"][1]["seconds"]) == (frames, pytest.approx(seconds, abs=0.02))
    events = told["scene"]["events"]
    assert {event["racer"] for event in events} <= {"SGD", "Adam", None}
    assert len(events) >= 2
    # Twenty even steps in the eight seconds before the hold.
    for event in events:
        assert event["second"] == pytest.approx(event["step"] * 8 / 20)


def test_json_tells_of_a_still_and_of_a_scene_that_is_saved(animopt_here, tmp_path):
    arguments = ["--function", "sphere", "--racer", "adam", "--still", "1", "--save-scene", "mine.py", "-o", "a.png"]
    done = animopt_here("race", *arguments, "--json", "--size", "320x180")
    told = json.loads(done.stdout)
    assert [(file["path"], file["format"]) for file in told["files"]] == [("mine.py", "py"), ("a.png", "png")]
    assert told["files"][1]["bytes"] == (tmp_path / "a.png").stat().st_size


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["mine.py", "--fps", "60"], 2, "fps 60"),
        (["mine.py", "--nonsense"], 2, "--nonsense"),
        (["broken.py"], 1, "broken.py, line 1: ZeroDivisionError"),
    ],
)
def test_json_tells_of_an_error(animopt_here, tmp_path, arguments, code, said):
    write_scene(tmp_path / "mine.py")
    (tmp_path / "broken.py").write_text("scene = 1 / 0")
    done = animopt_here(*arguments, "--json")
    assert (done.returncode, done.stdout) == (code, "")
    told = json.loads(done.stderr)
    assert told["exit_code"] == code
    assert said in told["error"]


def test_json_tells_of_all_in_a_line_each(animopt_here, tmp_path):
    write_scene(tmp_path / "mine.py")
    (tmp_path / "broken.py").write_text("scene = 1 / 0")
    done = animopt_here("all", "mine.py", "broken.py", "--json", "--quiet", "--format", "gif", *QUICK)
    assert done.returncode == 1
    told = {each["scene"]["name"]: each for each in map(json.loads, done.stdout.splitlines())}
    assert set(told) == {"mine", "broken"}
    assert [file["frames"] for file in told["mine"]["files"]] == [10]
    assert told["mine"]["scene"]["events"]
    assert told["broken"]["files"] == []
    assert "ZeroDivisionError" in told["broken"]["error"]


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """A function that puts a program, which leaves with an exit code, where the system looks for one to show a file.

    It returns a function that tells what the program was given.
    """

    def install(code):
        record = tmp_path / "opened.txt"
        if OWN_OPENER:

            def launch(path):
                record.write_text(f"{path}\n")
                return code

            monkeypatch.setattr(click, "launch", launch)
        else:
            program = tmp_path / "bin" / "xdg-open"
            program.parent.mkdir(exist_ok=True)
            program.write_text(f'#!/bin/sh\necho "$1" >> "{record}"\necho "no method" >&2\nexit {code}\n')
            program.chmod(0o755)
            monkeypatch.setenv("PATH", str(program.parent))
        return lambda: record.read_text().splitlines()

    return install


def test_the_first_file_is_shown(animopt_here, tmp_path, opened):
    write_scene(tmp_path / "mine.py")
    given = opened(0)
    done = animopt_here("mine.py", "--output=-a.gif", "-o", "b.mp4", *QUICK, "--open", "--json", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    # A dash would begin an option.
    assert given() == [str((tmp_path / "-a.gif").resolve())]


def test_a_system_that_cannot_show_it_is_told_of(animopt_here, tmp_path, opened):
    write_scene(tmp_path / "mine.py")
    opened(3)
    done = animopt_here("mine.py", "-o", "a.gif", *QUICK, "--open")
    assert (done.returncode, done.stdout) == (0, "a.gif\n")
    assert done.stderr.splitlines()[1:] == [
        "animopt: warning: a.gif: no program was found to show it; leave out --open"
    ]


@pytest.mark.skipif(OWN_OPENER, reason="macOS and Windows bring a program that shows files")
def test_a_system_without_anything_to_show_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not processes.open_file(tmp_path / "a.gif")


def saved_by_rename(path, text):
    """Save as editors do that never leave a file half-written."""
    beside = path.with_suffix(".new")
    beside.write_text(text)
    beside.replace(path)


def test_a_file_and_what_it_imports_are_watched(tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "EVERY", 0.02)
    monkeypatch.syspath_prepend(tmp_path)
    scene, helper = tmp_path / "watched_scene.py", tmp_path / "watched_helper.py"
    helper.write_text("value = 'one'")
    scene.write_text("import watched_helper\nfound = watched_helper.value")
    seen = []

    def until(count):
        deadline = time.monotonic() + 10
        while len(seen) < count and time.monotonic() < deadline:
            time.sleep(0.01)

    def act():
        seen.append(runpy.run_path(str(scene))["found"])
        if seen[-1] == "end":
            raise KeyboardInterrupt

    def edit():
        until(1)
        time.sleep(0.2)
        # Of the same length and within the same second.
        helper.write_text("value = 'two'")
        until(2)
        saved_by_rename(scene, "found = 'renamed'")
        until(3)
        # The file is gone for a while, and then empty.
        scene.unlink()
        time.sleep(0.1)
        scene.write_text("found = 'end'")

    editor = threading.Thread(target=edit)
    editor.start()
    with pytest.raises(KeyboardInterrupt):
        watch.watch(scene, act)
    editor.join()
    assert seen == ["one", "two", "renamed", "end"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no interrupt to send to one process alone")
def test_a_scene_is_rendered_again_when_it_is_saved(tmp_path):
    scene, clip = tmp_path / "mine.py", tmp_path / "a.gif"
    write_scene(scene)
    with (tmp_path / "said.txt").open("w+") as said:
        process = subprocess.Popen(
            [*COMMAND, "mine.py", "-o", "a.gif", "--size", "640x360", "--seconds", "0.4", "--watch", "--workers", "0"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=said,
            encoding="utf-8",
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        with process:
            try:
                assert process.stdout.readline() == "a.gif\n"
                with Image.open(clip) as drawn:
                    # A draft: half the size, ten frames a second.
                    assert (drawn.size, drawn.n_frames) == ((320, 180), 4)
                first = clip.read_bytes()
                scene.write_text("scene = 1 / 0")
                deadline = time.monotonic() + 30
                while "ZeroDivisionError" not in (tmp_path / "said.txt").read_text() and time.monotonic() < deadline:
                    time.sleep(0.05)
                assert clip.read_bytes() == first
                began = time.monotonic()
                saved_by_rename(scene, SCENE.replace("START", "(7, -2)"))
                assert process.stdout.readline() == "a.gif\n"
                # Torch is there already.
                assert time.monotonic() - began < 10
                assert clip.read_bytes() != first
                time.sleep(0.3)
                process.send_signal(signal.SIGINT)
                assert process.wait(30) == 0
            finally:
                process.kill()
        said.seek(0)
        lines = said.read().splitlines()
    assert lines[0] == "animopt: mine.py is rendered whenever it is saved; Ctrl-C ends that"
    assert [line for line in lines if line.startswith("animopt: ")][1:] == [
        "animopt: mine.py, line 1: ZeroDivisionError: division by zero"
    ]


@pytest.mark.parametrize("option", ["--watch"])
def test_only_a_scene_file_is_watched(animopt_here, option):
    done = animopt_here("race", "--function", "sphere", "--racer", "adam", option)
    assert done.returncode == 2
    assert option in done.stderr


# Nothing that takes long to import has been imported.
COMPLETE = """
import sys
from animopt.cli.main import main
try:
    main()
finally:
    assert not {"torch", "numpy", "matplotlib", "rich", "imageio_ffmpeg"} & set(sys.modules)
"""


def completed(folder, line, shell="bash"):
    """What a shell offers for the last word of a line."""
    words = line.split(" ")
    environment = {"_ANIMOPT_COMPLETE": f"{shell}_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    if shell == "fish":
        environment["COMP_CWORD"] = words[-1]
    done = subprocess.run(
        [sys.executable, "-c", COMPLETE],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("animopt ravine-of", ["plain,ravine-of-mine"]),
        ("animopt doc", ["plain,doctor"]),
        ("animopt fold", ["file,fold"]),
        ("animopt ravine-of-mine --th", ["plain,--theme"]),
        ("animopt ravine-of-mine --theme ", ["plain,light", "plain,dark", "plain,print"]),
        ("animopt scenes/ravine_of_mine.py --wat", ["plain,--watch"]),
        ("animopt ravine-of-mine --layout contour", ["plain,contour-only"]),
        ("animopt ravine-of-mine -o ", ["file,"]),
        ("animopt race --function ros", ["plain,rosenbrock"]),
        ("animopt race --function ./own", ["file,./own"]),
        ("animopt race --racer ada", ["plain,adadelta", "plain,adafactor", "plain,adagrad", "plain,adam"]),
        ("animopt race --racer Adag", ["plain,Adagrad"]),
        ("animopt functions six", ["plain,six-hump-camel"]),
        ("animopt all ravine-of", ["plain,ravine-of-mine"]),
        ("animopt nothing-of-the-kind --th", ["file,--th"]),
    ],
)
def test_a_shell_completes(tmp_path, line, offered):
    (tmp_path / "scenes").mkdir()
    write_scene(tmp_path / "scenes" / "ravine_of_mine.py")
    found = completed(tmp_path, line)
    assert found[: len(offered)] == offered
    if "ada" not in line:
        assert len(found) == len(offered)


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_complete_too(tmp_path, shell):
    (tmp_path / "scenes").mkdir()
    write_scene(tmp_path / "scenes" / "ravine_of_mine.py")
    assert any("ravine-of-mine" in line for line in completed(tmp_path, "animopt ravine-of", shell))


def test_what_is_completed_is_what_there_is():
    assert completion.functions() == [name.replace("_", "-") for name in functions.shelf()]
    assert completion.optimizers() == racer.optimizer_names()


def test_a_starter_renders_as_it_is(animopt_here, tmp_path):
    done = animopt_here("new", "my-scene")
    assert (done.returncode, done.stdout) == (0, "my_scene.py\n")
    assert done.stderr == "animopt my_scene.py --draft --open renders it, and shows it\n"
    rendered = animopt_here("my_scene.py", "-o", "a.gif", "-o", "b.mp4", *QUICK)
    assert (rendered.returncode, rendered.stdout, rendered.stderr) == (0, "a.gif\nb.mp4\n", "")
    with Image.open(tmp_path / "a.gif") as clip:
        assert (clip.size, clip.n_frames) == ((320, 180), 10)
    recording = animopt.load_scene(tmp_path / "my_scene.py").record()
    # It promises that both arrive.
    assert recording.z[:, -1].max() < 0.2


def test_all_that_a_starter_says_can_be_taken_up(tmp_path, animopt_here):
    animopt_here("new", "my_scene")
    text = (tmp_path / "my_scene.py").read_text()
    comments = re.findall(r"^    # (\w+=.*,)$", text, re.MULTILINE)
    assert len(comments) == 4
    (tmp_path / "my_scene.py").write_text(re.sub(r"^    # (\w+=.*,)$", r"    \1", text, flags=re.MULTILINE))
    scene = animopt.load_scene(tmp_path / "my_scene.py")
    assert (scene.layout, scene.loop, scene.card) == ("square", "seamless", 2)


def test_a_starter_is_as_tidy_as_our_own_code(tmp_path, animopt_here):
    animopt_here("new", "my_scene")
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--config", str(ROOT / "pyproject.toml"), "my_scene.py"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_starter_goes_where_the_scenes_are(animopt_here, tmp_path):
    (tmp_path / "scenes").mkdir()
    done = animopt_here("new", "my_scene.py")
    assert (done.returncode, done.stdout) == (0, f"{Path('scenes', 'my_scene.py')}\n")
    assert done.stderr == "animopt my-scene --draft --open renders it, and shows it\n"
    listed = " ".join(animopt_here().stdout.split())
    assert "my-scene A first scene of my own: momentum against Adam in a valley." in listed


@pytest.mark.parametrize(
    ("name", "said"),
    [
        *((name, "is a command; use my_") for name in COMMANDS),
        ("class", "is a word of Python's own; use my_class"),
        ("torch", "would hide Python's module torch; use my_torch"),
        ("Con", "Windows keeps it for a device; use my_Con"),
        *(
            (name, "give letters, digits and underscores")
            for name in ("a/b", "a\\b", "../a", "1st", "", "_a", "a b", ".")
        ),
    ],
)
def test_a_name_that_does_not_fit(animopt_here, tmp_path, name, said):
    done = animopt_here("new", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.rglob("*")) == []


def test_a_starter_takes_no_files_place(animopt_here, tmp_path):
    (tmp_path / "mine.py").write_text("kept")
    done = animopt_here("new", "mine")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "animopt: mine.py: is there already; name another scene file, or remove it\n"
    assert (tmp_path / "mine.py").read_text() == "kept"


def rows(done):
    """What the doctor says of each thing: its state, and what was found, with the remedy."""
    found = {}
    for line in done.stdout.splitlines():
        state, thing, told = line[:8].strip(), line[8:26].strip(), line[26:]
        if state:
            found[name := thing] = (state, told)
        else:
            found[name] = (*found[name], told)
    return found


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A function that has animopt installed, with metadata that require these."""

    def install(*requirements, extras=()):
        folder = tmp_path / "site" / "animopt-9.9.dist-info"
        folder.mkdir(parents=True)
        lines = ["Metadata-Version: 2.1", "Name: animopt", "Version: 9.9"]
        lines += [f"Provides-Extra: {extra}" for extra in extras]
        lines += [f"Requires-Dist: {requirement}" for requirement in requirements]
        (folder / "METADATA").write_text("\n".join(lines) + "\n\n")
        monkeypatch.syspath_prepend(tmp_path / "site")

    return install


def test_the_doctor_finds_a_machine_well(animopt_here, tmp_path, installed):
    installed("torch", "click", 'optuna; extra == "tuning"', 'no-such-thing; extra == "odd"', extras=["tuning", "odd"])
    done = animopt_here("doctor")
    assert (done.returncode, done.stderr) == (0, "")
    found = rows(done)
    assert found["animopt"] == ("ok", "9.9")
    assert found["torch"] == ("ok", racer.torch.__version__)
    assert found["extra tuning"][0] == "ok"
    assert found["extra odd"] == ("-", "no no-such-thing", 'pip install -c constraints.txt ".[odd]"')
    assert "libx264" in found["ffmpeg"][1]
    assert found["this folder"] == ("ok", f"{tmp_path.resolve()}, can be written to")
    assert found["a clip"][1].startswith("3 frames as GIF and MP4, written and read again in ")
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_the_doctor_says_how_to_mend_what_is_missing(animopt_here, installed, monkeypatch):
    installed("click", "no-such-thing", "packaging<1")
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", "no-such-program")
    done = animopt_here("doctor")
    assert done.returncode == 1
    assert done.stderr.startswith("animopt: no-such-thing, packaging, ffmpeg, a clip: missing or not fit for use; ")
    found = rows(done)
    assert found["no-such-thing"] == ("fails", "not installed", "pip install -c constraints.txt no-such-thing")
    assert found["packaging"][0] == "fails"
    assert found["ffmpeg"][0] == "fails"
    assert found["ffmpeg"][2] == "reinstall imageio-ffmpeg, and unset IMAGEIO_FFMPEG_EXE if it is set"
    assert "no-such-program" in found["a clip"][1]
