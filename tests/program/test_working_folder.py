"""A scene that changes the working folder: each relative path remains that of the folder of the command."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from animopt import Error, Output, Racer, Scene, load_scene
from animopt.cli import watch
from animopt.core.working_folder import WorkingFolder, absolute

SCENE = """
import os
from pathlib import Path
import torch
from animopt import Racer, Scene
HERE = Path(__file__).absolute().parent

def change():
    os.chdir(HERE)

class Changing(torch.optim.SGD):
    def step(self, closure=None):
        {step}
        return super().step(closure)

def height(x):
    {call}
    return (x ** 2).sum()

{load}
scene = Scene(function=height, racers=[Racer(Changing, lr=0.1)], start=(1, 2), steps=2, seconds=0.2)
"""
QUICK = ["--size", "160x160", "--fps", "10"]
ALONE = [*QUICK, "--workers", "0"]


def changing_scene(when):
    return SCENE.format(**{each: "change()" if each == when else "pass" for each in ("load", "call", "step")})


@pytest.fixture
def places(tmp_path, monkeypatch):
    """The folder of a command, and another one with a scene and with old files of the same names."""
    here, there = tmp_path / "here", tmp_path / "there"
    for each in (here, there, there / "renders", there / "made"):
        each.mkdir()
    for name in ("a.gif", "a.png", "a.html", "renders/mine.gif", "made/index.html"):
        (there / name).write_text("old")
    monkeypatch.chdir(here)
    return here, there


def names(folder):
    return sorted(each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file())


@pytest.fixture
def check_command(animopt_here, places, monkeypatch):
    """A function that runs a command, and checks that it wrote files only to its own folder."""
    here, there = places

    def check(*arguments, when="load", written):
        (there / "mine.py").write_text(changing_scene(when))
        before = {name: (there / name).read_bytes() for name in names(there)}
        monkeypatch.chdir(here)
        done = animopt_here(*arguments)
        assert done.returncode == 0, done.stderr
        assert Path.cwd() == here
        assert {name: (there / name).read_bytes() for name in names(there) if "__pycache__" not in name} == before
        assert {name for name in names(here) if "frame-" not in name} == set(written)
        return done

    return check


@pytest.mark.parametrize("when", ["load", "call", "step"])
@pytest.mark.long
def test_clip_is_written_to_the_folder_of_the_command(check_command, when):
    done = check_command("../there/mine.py", "-o", "a.gif", *ALONE, when=when, written=["a.gif"])
    assert (done.stdout, done.stderr) == ("a.gif\n", "")


COMMANDS = {
    "default": (["../there/mine.py", "--format", "gif", *ALONE], ["renders/mine.gif"]),
    "frames": (
        ["../there/mine.py", "-o", "a/", "--sidecars", "poster,html", *ALONE],
        ["a.html", "a.png"],
    ),
    "deck": (["deck", "a.html", "../there/mine.py", *ALONE], ["a.html"]),
    "all": (["all", "../there/mine.py", "--format", "gif", *QUICK], ["renders/mine.gif"]),
    "gallery": (
        ["gallery", "../there/mine.py", "-o", "made", "--theme", "dark", *QUICK],
        ["made/clips/mine.mp4", "made/clips/mine.png", "made/index.html"],
    ),
    "still": (["../there/mine.py", "--still", "0", "-o", "a.png", "--size", "160x160"], ["a.png"]),
    "storyboard": (["../there/mine.py", "--storyboard", "-o", "a.png", "--size", "160x160"], ["a.png"]),
}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.sampled(1)
def test_each_command_writes_to_its_folder(check_command, name):
    arguments, written = COMMANDS[name]
    check_command(*arguments, written=written)


# The scene file, or its optimizer, starts to change the folder all the time.
RESTLESS = {
    "thread": """
def change():
    while True:
        os.chdir(HERE)
        time.sleep(0.0005)

def start():
    threading.Thread(target=change, daemon=True).start()
""",
    "signal": """
def start():
    signal.signal(signal.SIGALRM, lambda *_: os.chdir(HERE))
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
""",
    "destructor": """
class Restless:
    def __init__(self):
        self.itself = self

    def __del__(self):
        os.chdir(HERE)
        if threading.main_thread().is_alive():
            Restless()

def start():
    gc.set_threshold(1)
    Restless()
""",
}
RESTLESS_SCENE = """
import gc, os, signal, threading, time
from pathlib import Path
import torch
from animopt import Racer, Scene
HERE = Path(__file__).parent
{how}
class Starting(torch.optim.SGD):
    def step(self, closure=None):
        {later}
        return super().step(closure)
{first}
scene = Scene(function=lambda x: (x ** 2).sum(), racers=[Racer(Starting, lr=0.1)], start=(1, 2), steps=2, seconds=0.2)
"""


def restless_scene(way, later=False):
    return RESTLESS_SCENE.format(
        how=RESTLESS[way],
        first="pass" if later else "start()",
        later="'RESTLESS' in os.environ and start()" if later else "pass",
    )


@pytest.fixture
def check_restless(driver, places, tmp_path):
    """A function that runs a command, or a script, with a scene that changes the folder all the time."""
    here, there = places

    def check(*arguments, written, way="thread", later=False, printed=None, script=""):
        (there / "mine.py").write_text(restless_scene(way, later))
        before = {name: (there / name).read_bytes() for name in names(there)}
        texts = tmp_path / "stdout", tmp_path / "stderr"
        request = {
            "stdout": str(texts[0]),
            "stderr": str(texts[1]),
            "environment": {} if script else {"RESTLESS": "1"},
            "folder": str(here),
        }
        if script:
            (tmp_path / "script.py").write_text(script)
            request["script"] = str(tmp_path / "script.py")
        code = driver.ask(wait_for=driver.ask(arguments=arguments, **request), timeout=100)
        stdout, stderr = (each.read_text() for each in texts)
        assert code == 0, stderr
        assert {name: (there / name).read_bytes() for name in names(there) if "__pycache__" not in name} == before
        assert {name for name in names(here) if "frame-" not in name} == set(written)
        assert {line for line in stdout.splitlines() if "frame" not in line} >= set(printed or ())
        return stdout

    return check


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="the driver needs os.fork")


@needs_fork
@pytest.mark.parametrize("way", RESTLESS)
@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.sampled(0, 5)
def test_folder_that_changes_at_any_time_changes_no_path(check_restless, name, way):
    arguments, written = COMMANDS[name]
    printed = [each for each in written if "clips/" not in each or each.endswith(".mp4")]
    check_restless(*arguments, way=way, written=written, printed=printed)


@needs_fork
@pytest.mark.parametrize("way", RESTLESS)
@pytest.mark.long
def test_folder_that_changes_from_the_race_on_changes_no_path(check_restless, way):
    line = check_restless("../there/mine.py", "-o", "a.gif", "--json", *ALONE, way=way, later=True, written=["a.gif"])
    (file,) = json.loads(line)["files"]
    assert (file["path"], file["bytes"], file["frames"]) == ("a.gif", Path("a.gif").stat().st_size, 2)


@needs_fork
@pytest.mark.long
def test_scene_that_is_saved_again_is_found(places):
    here, there = places
    scene = there / "mine.py"
    scene.write_text(restless_scene("thread"))
    command = [sys.executable, "-m", "animopt", "../there/mine.py", "-o", "a.gif", "--watch", *ALONE]
    with subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "a.gif\n"
        scene.write_text(f"{restless_scene('thread')}\n")
        (here / "a.gif").unlink()
        assert process.stdout.readline() == "a.gif\n"
        process.send_signal(signal.SIGINT)
        process.wait(60)
    assert names(here) == ["a.gif"]
    assert (there / "a.gif").read_text() == "old"


@needs_fork
@pytest.mark.long
def test_race_and_its_scene_file_are_written_to_the_folder_of_the_command(check_restless, places):
    text = restless_scene("thread").partition("class Starting")[0]
    text = text.replace("def ", "def _").replace("=change", "=_change")
    (places[1] / "height.py").write_text(f"{text}_start()\ndef height(x):\n    return (x ** 2).sum()")
    race = ["race", "--function", "../there/height.py", "--racer", "sgd:lr=0.1", "--start", "1,2", "--steps", "2"]
    written = ["b.py", "a.gif", "a.txt"]
    check_restless(
        *race, "--seconds", "0.2", "--save-scene", "b.py", "-o", "a.gif", "--sidecars", "alt", *ALONE, written=written
    )


# The scene files are relative, and so is the file with the defaults of the second one.
SCRIPT = """
from animopt.deck import save_deck
save_deck("a.html", ["../there/mine.py", "second.py"], (160, 160), 10, workers=0)
"""


@needs_fork
@pytest.mark.long
def test_deck_in_python_is_written_to_the_folder_of_its_call(check_restless, places):
    here, there = places
    (here / "scenes").mkdir()
    (here / "second.py").write_text(SLOW.format(lines="while Path.cwd().name != 'there':\n    time.sleep(0.001)"))
    (here / "scenes/animopt.toml").write_text("theme = 'dark'\nlayout = 'contour-only'")
    (there / "scenes").mkdir()
    (there / "scenes/animopt.toml").write_text("layout = 'nothing'")
    (there / "second.py").write_text("1 / 0")
    check_restless(script=SCRIPT, written=["a.html", "second.py", "scenes/animopt.toml"])


SAVE = """
import os
from animopt import Output, load_scene
scene = load_scene("../there/mine.py")
os.environ["RESTLESS"] = "1"
scene.save(Output("a.gif", (160, 160), 10), "b/", workers=0, sidecars=["alt"])
"""


@pytest.mark.long
@needs_fork
def test_clip_in_python_is_written_to_the_folder_of_its_call(check_restless):
    check_restless(script=SAVE, later=True, written=["a.gif", "a.txt", "b.txt"])


SLOW = """
import os, time
from pathlib import Path
from animopt import Racer, Scene
{lines}
scene = Scene(function=lambda x: (x ** 2).sum(), racers=[Racer("SGD", lr=0.1)], start=(1, 2), steps=2, seconds=0.2)
"""


def test_thread_finds_its_files_while_another_one_is_in_another_folder(places):
    here, there = places
    (here / "first.py").write_text(
        SLOW.format(
            lines=f"os.chdir({str(there)!r})\nPath('inside').touch()\n"
            "while not Path('go').exists():\n    time.sleep(0.01)"
        )
    )
    (here / "second.py").write_text(SLOW.format(lines=""))
    scenes = {}

    def load(name):
        scenes[name] = load_scene(f"{name}.py")

    threads = [threading.Thread(target=load, args=(name,)) for name in ("first", "second")]
    threads[0].start()
    while not (there / "inside").exists():
        time.sleep(0.01)
    assert Path.cwd() == there
    assert absolute("second.py") == here / "second.py"
    threads[1].start()
    time.sleep(0.1)
    (there / "go").touch()
    for each in threads:
        each.join()
    assert scenes.keys() == {"first", "second"}
    assert Path.cwd() == here


FUNCTION = """
import os
from pathlib import Path
HERE = Path(__file__).absolute().parent
def height(x):
    os.chdir(HERE)
    return (x ** 2).sum()
"""


@pytest.mark.long
def test_race_with_changing_function_is_written_to_the_folder_of_the_command(check_command, places):
    (places[1] / "height.py").write_text(FUNCTION)
    race = ["race", "--function", "../there/height.py", "--racer", "sgd:lr=0.1", "--start", "1,2", "--steps", "2"]
    check_command(*race, "--seconds", "0.2", "--save-scene", "b.py", "-o", "a.gif", *ALONE, written=["a.gif", "b.py"])


@pytest.mark.long
def test_watched_scene_is_found_again(check_command, monkeypatch):
    calls = []

    def wait_for_save(path, stamps):
        calls.append(path)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return stamps

    monkeypatch.setattr(watch, "_wait_for_save", wait_for_save)
    done = check_command("../there/mine.py", "-o", "a.gif", "--watch", *ALONE, written=["a.gif"])
    assert done.stdout == "a.gif\n" * 3


def test_function_in_python_that_changes_the_folder(places):
    here, there = places

    def height(x):
        os.chdir(there)
        return (x**2).sum()

    scene = Scene(function=height, racers=[Racer("SGD", lr=0.1)], start=(1, 2), steps=2, seconds=0.2)
    scene.save(Output("a.gif", (160, 160), 10), workers=0, sidecars=["alt"])
    assert Path.cwd() == here
    assert names(here) == ["a.gif", "a.txt"]
    assert (there / "a.gif").read_text() == "old"


LAZY = """
import os
from pathlib import Path
os.chdir(os.path.dirname(os.path.abspath(__file__)))
from animopt import Racer, Scene
def height(x):
    return (x ** 2).sum() * float(Path("factor.txt").read_text())
scene = Scene(function=height, racers=[Racer("SGD", lr=0.1)], start=(1, 2), steps=2, seconds=0.2)
"""


def test_function_is_called_in_the_folder_that_its_file_chose(places):
    here, there = places
    (there / "factor.txt").write_text("3")
    (there / "lazy.py").write_text(LAZY)
    scene = load_scene("../there/lazy.py")
    assert Path.cwd() == here
    assert scene.record().z[0, 0] == 15
    assert Path.cwd() == here


def test_scene_file_that_loads_another_one_has_its_own_folder(places):
    here, there = places
    (there / "lazy.py").write_text(LAZY)
    (here / "outer.py").write_text("""
import os
from animopt import load_scene
os.chdir("../there/renders")
inner = load_scene("../lazy.py")
assert os.path.basename(os.getcwd()) == "renders", os.getcwd()
scene = inner
""")
    load_scene("outer.py")
    assert Path.cwd() == here


def test_renamed_folder_remains_the_working_folder(places, tmp_path):
    with WorkingFolder().entered():
        places[0].rename(tmp_path / "renamed")
    assert Path.cwd() == tmp_path / "renamed"


def test_folder_that_the_code_removes(places):
    here, there = places
    working = WorkingFolder()
    with working.entered():
        os.chdir(there / "made")
        shutil.rmtree(there / "made")
    assert Path.cwd() == here
    # The code's folder is not there any more.
    with working.entered():
        assert Path.cwd() == here


def test_removed_folder_of_the_command_is_reported(places):
    here, there = places
    (there / "mine.py").write_text(f"import os, shutil\nos.chdir({str(there)!r})\nshutil.rmtree({str(here)!r})")
    with pytest.raises(Error, match=r"here: cannot be entered again: .*; do not call os\.chdir"):
        load_scene(there / "mine.py")
