"""`animopt new`: a first scene file."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import animopt
from animopt.cli.commands import COMMANDS

ROOT = Path(__file__).parents[2]
QUICK = ["--size", "320x180", "--fps", "10", "--seconds", "1"]


def test_new_scene_file_renders(animopt_here, tmp_path):
    done = animopt_here("new", "my-scene")
    assert (done.returncode, done.stdout) == (0, "my_scene.py\n")
    assert done.stderr == "animopt my_scene.py --draft --open renders it and shows it\n"
    rendered = animopt_here("my_scene.py", "-o", "a.gif", "-o", "b.mp4", *QUICK)
    assert (rendered.returncode, rendered.stdout, rendered.stderr) == (0, "a.gif\nb.mp4\n", "")
    with Image.open(tmp_path / "a.gif") as clip:
        assert (clip.size, clip.n_frames) == ((320, 180), 10)
    recording = animopt.load_scene(tmp_path / "my_scene.py").record()
    # Both racers arrive, as the caption suggests.
    assert recording.z[:, -1].max() < 0.2


def test_commented_fields_of_new_scene_file_work(tmp_path, animopt_here):
    animopt_here("new", "my_scene")
    text = (tmp_path / "my_scene.py").read_text()
    comments = re.findall(r"^    # (\w+=.*,)$", text, re.MULTILINE)
    assert len(comments) == 4
    (tmp_path / "my_scene.py").write_text(re.sub(r"^    # (\w+=.*,)$", r"    \1", text, flags=re.MULTILINE))
    scene = animopt.load_scene(tmp_path / "my_scene.py")
    assert (scene.layout, scene.loop, scene.card) == ("square", "seamless", 2)


def test_new_scene_file_passes_ruff(tmp_path, animopt_here):
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


def test_new_scene_file_is_written_to_scenes_folder(animopt_here, tmp_path):
    (tmp_path / "scenes").mkdir()
    done = animopt_here("new", "my_scene.py")
    assert (done.returncode, done.stdout) == (0, f"{Path('scenes', 'my_scene.py')}\n")
    assert done.stderr == "animopt my-scene --draft --open renders it and shows it\n"
    listed = " ".join(animopt_here().stdout.split())
    assert "my-scene My first scene: momentum and Adam in a valley." in listed


@pytest.mark.parametrize(
    ("name", "message"),
    [
        *((name, "is a command; use my_") for name in COMMANDS),
        ("class", "is a keyword of Python; use my_class"),
        ("torch", "would hide Python's module torch; use my_torch"),
        ("Con", "is the name of a device on Windows; use my_Con"),
        *(
            (name, "give letters, digits and underscores")
            for name in ("a/b", "a\\b", "../a", "1st", "", "_a", "a b", ".")
        ),
    ],
)
def test_unusable_name_is_refused(animopt_here, tmp_path, name, message):
    done = animopt_here("new", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.rglob("*")) == []


def test_existing_file_is_not_replaced(animopt_here, tmp_path):
    (tmp_path / "mine.py").write_text("kept")
    done = animopt_here("new", "mine")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "animopt: mine.py: exists already; name another scene file, or remove it\n"
    assert (tmp_path / "mine.py").read_text() == "kept"
