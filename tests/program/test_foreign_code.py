"""No foreign code runs: an audit hook in every process records what the command does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg
import pytest

import animopt

PACKAGE = Path(animopt.__file__).parent
QUICK = ["--size", "320x180", "--seconds", "0.4", "--fps", "10"]

# Python runs this file at the start of every process, also of the workers, and calls the hook for each event.
HOOK = """
import json, os, sys

log = os.open(os.path.join(os.environ["AUDIT_LOG"], f"{os.getpid()}.jsonl"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
KINDS = ("open", "exec", "pickle.find_class", "subprocess.Popen", "os.system", "os.startfile", "webbrowser.open")
PREFIXES = ("socket.", "os.exec", "os.spawn", "os.posix_spawn", "urllib.", "http.", "ftplib.", "smtplib.", "telnetlib.")


def caller():
    frame = sys._getframe(2)
    while frame and frame.f_code.co_filename.startswith("<frozen"):
        frame = frame.f_back
    return frame.f_code.co_filename if frame else ""


def record(event, arguments):
    if event in KINDS or event.startswith(PREFIXES):
        if event == "exec":
            details = [getattr(arguments[0], "co_filename", "")]
        elif event == "pickle.find_class":
            details = [caller()]
        elif event == "subprocess.Popen":
            details = [os.fsdecode(arguments[0]), *map(os.fsdecode, arguments[1])]
        else:
            details = [repr(each) if not isinstance(each, str) else each for each in arguments]
        os.write(log, json.dumps([event, *details]).encode() + b"\\n")


sys.addaudithook(record)
"""

SCENE = '''"""A bowl."""
from animopt import Racer, Scene

scene = Scene(
    function=lambda x: (x ** 2).sum(), racers=[Racer("Adam", lr=0.5)], start=(-7, 2), steps=4, seconds=0.4
)
'''

RC = """backend: module://evil
lines.linewidth: 40
axes.prop_cycle: oops(
text.usetex: True
this is no setting
"""

# Names of modules that animopt or its libraries import; the matplotlibrc above names "evil".
EVIL = "evil", "random", "typing", "json", "click", "numpy", "torch", "matplotlib", "subprocess", "optuna", "pptx"


@pytest.fixture
def folder(tmp_path):
    """A downloaded folder: scenes, and files with names that Python or animopt search for."""
    folder = tmp_path / "download"
    evil = "import pathlib; pathlib.Path(__file__ + '.ran').touch()\nraise SystemExit(f'{__file__} ran')\n"
    for name in EVIL:
        path = folder / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(evil, "utf-8")
    for name in ("scenes/other.py", "mine/beside.py", "koreanize_matplotlib/__init__.py"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'"""Another one."""\n{evil}', "utf-8")
    for name in ("ffmpeg", "ffmpeg.exe", "xdg-open"):
        (folder / name).write_text("#!/bin/sh\ntouch ffmpeg.ran\n", "utf-8")
        (folder / name).chmod(0o755)
    (folder / "matplotlibrc").write_text(RC, "utf-8")
    (folder / "mine" / "one.py").write_text(SCENE, "utf-8")
    (folder / "bowl.py").write_text("def bowl(x):\n    return (x ** 2).sum()\n", "utf-8")
    return folder


class Audit:
    """The events of all processes of a command."""

    def __init__(self, done, log):
        self.done = done
        self.processes = [
            [json.loads(line) for line in path.read_text("utf-8").splitlines()] for path in sorted(log.iterdir())
        ]
        self.events = [event for events in self.processes for event in events]

    def events_of(self, *kinds):
        """The events whose names start with one of the kinds."""
        return [event for event in self.events if event[0].startswith(kinds)]


@pytest.fixture
def audit(folder, tmp_path):
    """A function that runs a command in the folder, and checks the events of all its processes."""
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(HOOK, "utf-8")

    def run(*command, ran=(), **environment):
        log = tmp_path / "log"
        log.mkdir(exist_ok=True)
        for each in log.iterdir():
            each.unlink()
        path = os.pathsep.join([str(tmp_path / "hook"), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {"PYTHONPATH": path, "AUDIT_LOG": str(log), "PYTHONUTF8": "1", **environment}
        done = subprocess.run(
            [sys.executable, *command],
            cwd=folder,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        found = Audit(done, log)
        assert found.events, "the hook recorded nothing"
        assert not list(folder.rglob("*.ran")), done.stderr
        check(found, folder, ran)
        return found

    return run


def check(found, folder, ran):
    """Check that the command kept the promises, and that of the folder only the files in `ran` were executed."""
    allowed = Path(sys.executable), Path(imageio_ffmpeg.get_ffmpeg_exe())
    for _, program, *words in found.events_of("subprocess.Popen"):
        assert Path(program) in allowed, [program, *words]
    assert not found.events_of("os.system", "os.exec", "os.spawn", "os.posix_spawn", "os.startfile", "webbrowser.open")
    assert not found.events_of("socket.", "urllib.", "http.", "ftplib.", "smtplib.", "telnetlib.")
    unpickling = {Path(event[1]) for event in found.events_of("pickle.find_class")}
    assert {path.name for path in unpickling} <= {"worker_pool.py", "frame_stream.py", "localedata.py"}, unpickling
    opened = [Path(event[1]) for event in found.events_of("open") if event[1]]
    assert not [path for path in opened if path.name == "matplotlibrc" and (folder / path).parent == folder]
    run = {(folder / event[1]).resolve() for event in found.events_of("exec") if not event[1].startswith("<")}
    run_in_folder = {
        path.relative_to(folder.resolve()).as_posix() for path in run if path.is_relative_to(folder.resolve())
    }
    assert run_in_folder == set(ran)
    assert "matplotlibrc" not in found.done.stderr


LISTS = {
    "list": ([], {}),
    "help": (["--help"], {}),
    "bash": ([], {"_ANIMOPT_COMPLETE": "bash_complete", "COMP_WORDS": "animopt ", "COMP_CWORD": "1"}),
    "zsh": ([], {"_ANIMOPT_COMPLETE": "zsh_complete", "COMP_WORDS": "animopt all ", "COMP_CWORD": "2"}),
}


@pytest.mark.parametrize("how", LISTS)
def test_listing_runs_no_scene(how, audit):
    arguments, environment = LISTS[how]
    found = audit("-m", "animopt", *arguments, **environment)
    assert found.done.returncode == 0 or how in ("bash", "zsh"), found.done.stderr
    assert "other" in found.done.stdout


@pytest.mark.long
def test_rendering_runs_only_animopt_python_and_ffmpeg(audit, folder):
    arguments = ["mine/one.py", "-o", "a.gif", "-o", "b.mp4", "-o", "frames/", *QUICK, "--workers", "2"]
    found = audit("-m", "animopt", *arguments, "--sidecars", "poster,html", ran=["mine/one.py"])
    assert found.done.returncode == 0, found.done.stderr
    assert found.done.stderr == ""
    assert {path.name for path in folder.iterdir()} >= {"a.gif", "b.mp4", "frames", "a.html", "b.png"}
    # The command and its two workers; Python may start more processes.
    assert len(found.processes) >= 3
    # The hook records these events, so that the checks above are not empty.
    assert found.events_of("subprocess.Popen")
    assert found.events_of("pickle.find_class")
    assert [event for event in found.events_of("open") if Path(event[1]).name == "matplotlibrc"]


@pytest.mark.long
def test_gallery_runs_only_named_scenes(audit):
    found = audit("-m", "animopt", "gallery", "mine/one.py", *QUICK[2:], "--workers", "1", ran=["mine/one.py"])
    assert found.done.returncode == 0, found.done.stderr


@pytest.mark.long
def test_doctor_uses_no_network(audit):
    found = audit("-m", "animopt", "doctor")
    assert "test clip" in found.done.stdout
    assert "written and read back" in found.done.stdout


COMMANDS = """
import sys
from animopt.cli.main import main

def run(*arguments):
    try:
        main(arguments)
    except SystemExit as exit_request:
        assert not exit_request.code, arguments

quick = {quick!r}
run("all", "mine/one.py", "--format", "webm", *quick, "--workers", "1")
run("deck", "a.html", "mine/one.py", *quick, "--workers", "0")
run("mine/one.py", "--still", "0", "-o", "a.pdf", "--size", "320x180")
run("mine/one.py", "--storyboard", "-o", "a.svg", "--size", "320x180")
run("mine/one.py", "-o", "a.apng", *quick, "--max-bytes", "1MB", "--transparent", "--sidecars", "captions,alt,markdown")
run("recipe", "a.pdf")
run("recipe", "a.apng", "-o", "again.py")
run("functions")
run("functions", "rosenbrock", "-o", "b.png", "--size", "320x180")
run("optimizers")
run("race", "--function", "bowl.py", "--racer", "adam:lr=.5", "--start", "1,1", "-o", "c.mp4", *quick)
run("new", "fresh")
"""


@pytest.mark.long
def test_other_commands_run_no_foreign_code(audit, folder):
    found = audit("-P", "-c", COMMANDS.format(quick=QUICK), ran=["mine/one.py", "bowl.py"])
    assert found.done.returncode == 0, found.done.stderr
    assert (folder / "again.py").read_text("utf-8") == SCENE


@pytest.mark.long
def test_help_of_scene_runs_only_that_scene(audit):
    assert "A bowl." in audit("-m", "animopt", "mine/one.py", "--help", ran=["mine/one.py"]).done.stdout


@pytest.mark.parametrize(
    "name", ["drawing.canvas", "drawing.fonts", "drawing.text", "scene.plot", "video.film", "scene.scene"]
)
@pytest.mark.sampled(0, 2)
def test_imported_module_reads_no_matplotlibrc_of_the_folder(name, audit):
    found = audit("-P", "-c", f"import animopt.{name}, matplotlib; print(matplotlib.rcParams['lines.linewidth'])")
    assert (found.done.stdout, found.done.stderr) == ("1.5\n", "")


def test_only_mpl_imports_matplotlib():
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text("utf-8")
        imports = [line for line in text.splitlines() if line.strip().startswith(("import ", "from "))]
        found = [line for line in imports if line.split()[1].partition(".")[0] == "matplotlib"]
        assert bool(found) == (path.name == "mpl.py"), path


def test_hook_detects_violations(audit):
    code = "import socket; socket.socket().close()"
    with pytest.raises(AssertionError):
        audit("-P", "-c", code)
    with pytest.raises(AssertionError):
        audit("-P", "-c", "import os; os.system('exit 0')")
    with pytest.raises(AssertionError):
        audit("-P", "-c", "import runpy; runpy.run_path('bowl.py')")
    with pytest.raises(AssertionError):
        audit("-P", "-c", "open('matplotlibrc').close()")
    with pytest.raises(AssertionError):
        audit("-c", "import numpy")
