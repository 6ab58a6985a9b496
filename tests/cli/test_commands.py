"""Commands that need no scene file: lists of functions and optimizers, races, and new scene files."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest
import torch
from PIL import Image

import animopt
from animopt.cli.commands import COMMANDS
from animopt.engine.library import all_functions
from animopt.scene.race_spec import race_scene

ROOT = Path(__file__).parents[2]
QUICK = ["--size", "320x180", "--seconds", "0.4", "--fps", "10"]
ONE_SECOND = ["--size", "320x180", "--fps", "10", "--seconds", "1"]
RACE = [
    "race",
    *("--function", "rosenbrock", "--start", "-1.2,1", "--steps", "30"),
    *("--racer", "adam:lr=.05", "--racer", "sgd:lr=.001,momentum=.9"),
]


def test_functions_are_listed_with_their_domains(animopt_here):
    done = animopt_here("functions")
    assert done.returncode == 0, done.stderr
    words = done.stdout.split()
    for name, function in all_functions().items():
        assert name.replace("_", "-") in words
        assert f"{function.x[0]:g}" in words


def test_function_is_described(animopt_here):
    done = animopt_here("functions", "himmelblau")
    assert done.returncode == 0, done.stderr
    for fact in ("(3, 2)", "(-2.80512, 3.13131)", "(-3.77931, -3.28319)", "(3.58443, -1.84813)", "source"):
        assert fact in " ".join(done.stdout.split())


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_function_is_drawn(animopt_here, tmp_path, suffix):
    done = animopt_here("functions", "rosenbrock", "-o", f"r{suffix}", "--size", "640x360", "--theme", "dark")
    assert (done.returncode, done.stderr, done.stdout) == (0, "", f"r{suffix}\n")
    if suffix == ".png":
        picture = imageio.imread(tmp_path / "r.png")
        assert picture.shape == (360, 640, 3)
        assert picture.std() > 3
        assert picture[2, 2].max() < 40
    else:
        assert (tmp_path / f"r{suffix}").stat().st_size > 5000


def test_optimizers_are_listed_with_their_settings(animopt_here):
    done = animopt_here("optimizers")
    assert done.returncode == 0, done.stderr
    lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if line[2:3].strip())
    classes = [each for each in vars(torch.optim).values() if isinstance(each, type)]
    names = {each.__name__ for each in classes if issubclass(each, torch.optim.Optimizer)} - {"Optimizer"}
    assert names <= set(lines)
    assert "lr=0.001" in lines["Adam"]
    assert "momentum" in lines["SGD"]
    assert "sparse" in done.stdout.casefold()


@pytest.mark.long
def test_race_is_rendered_without_scene_file(animopt_here, tmp_path):
    done = animopt_here(*RACE, "-o", "r.mp4", "-o", "r.gif", *QUICK)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == ["r.gif", "r.mp4"]
    assert imageio.imread(tmp_path / "r.gif", plugin="pillow", index=None).shape == (4, 180, 320, 3)


@pytest.mark.long
def test_saved_scene_file_renders_same_race(animopt_here, tmp_path):
    extra = ["--title", 'Who is "first"?', "--caption", "On a valley", "--racer", "adam:lr=.1,betas=(.5,.9),name=Fast"]
    still = ["--no-recipe", "--still", "0", "--size", "320x180", "-o"]
    done = animopt_here(*RACE, *extra, "--save-scene", "scenes/mine.py", *still, "a.png")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(Path("scenes", "mine.py")), "a.png"]
    scene = animopt.load_scene(tmp_path / "scenes" / "mine.py")
    assert (scene.title, scene.caption, scene.steps, scene.start) == ('Who is "first"?', "On a valley", 30, (-1.2, 1.0))
    recording = scene.record()
    assert recording.names == ("Adam", "SGD", "Fast")
    parameter = torch.tensor([-1.2, 1.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([parameter], lr=0.1, betas=(0.5, 0.9))
    for _ in range(30):
        optimizer.zero_grad()
        loss = 100 * (parameter[1] - parameter[0] ** 2) ** 2 + (1 - parameter[0]) ** 2
        loss.backward()
        optimizer.step()
    np.testing.assert_allclose(recording.xy[2, -1], parameter.detach().numpy(), rtol=1e-12)
    text = (tmp_path / "scenes" / "mine.py").read_text("utf-8")
    assert ast.get_docstring(ast.parse(text)) == 'Who is "first"?.'
    again = animopt_here("mine", *still, "b.png")
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_existing_scene_file_is_not_replaced(animopt_here, tmp_path):
    (tmp_path / "mine.py").write_text("kept")
    done = animopt_here(*RACE, "--save-scene", "mine.py", "-o", "r.gif", *QUICK)
    assert done.returncode == 2
    assert done.stderr == "animopt: mine.py: exists already; name another scene file, or remove it\n"
    assert (tmp_path / "mine.py").read_text() == "kept"
    assert not (tmp_path / "r.gif").exists()


@pytest.mark.parametrize("definition", ["bowl = Function(lambda x: (x ** 2).sum(), minima=[(0, 0)])", None])
def test_function_is_read_from_file(animopt_here, tmp_path, definition):
    definition = definition or "def bowl(x):\n    return x[0] ** 2 + torch.cos(x[1])"
    (tmp_path / "own.py").write_text(f"import torch\n\nfrom animopt import Function\n\n\n{definition}\n")
    arguments = [
        "race",
        "--function",
        "own.py",
        "--racer",
        "sgd:lr=.1",
        "--start",
        "1,2",
        "--still",
        "0",
        "-o",
        "a.png",
    ]
    done = animopt_here(*arguments, "--save-scene", "mine.py", "--size", "320x180")
    assert done.returncode == 0, done.stderr
    assert animopt.load_scene(tmp_path / "mine.py").record().xy[0, 1, 0] == pytest.approx(0.8)


def test_saved_scene_file_has_names_that_differ(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(
        "from __future__ import annotations\n\n\ndef Scene(x: Any):\n    return (x**2).sum()\n"
    )
    for module, optimizer in (("one", "SGD"), ("two", "Adam")):
        (tmp_path / f"{module}.py").write_text(f"import torch\n\n\nclass Own(torch.optim.{optimizer}):\n    pass\n")
    scene, text = race_scene("own.py", ["one.Own:lr=.1", "two.Own:lr=.3"], {"start": (3, 2)})
    (tmp_path / "saved.py").write_text(text)
    assert (animopt.load_scene("saved.py").record().xy == scene.record().xy).all()


@pytest.mark.parametrize("settings", ["lr=.1,lr=.2", "lr=.1)(lr=.2"])
def test_setting_that_is_given_twice_is_refused(settings):
    with pytest.raises(animopt.UsageError, match="is not understood"):
        race_scene("ravine", [f"sgd:{settings}"], {})


def test_function_in_another_encoding_is_not_saved_as_scene_file(animopt_here, tmp_path):
    text = "# coding: latin-1\n# \xe9\ndef bowl(x):\n    return (x ** 2).sum()\n"
    (tmp_path / "own.py").write_text(text, encoding="latin-1")
    words = ["race", "--function", "own.py", "--racer", "sgd:lr=.1", "--start", "1,2", "--still", "0", "-o", "a.png"]
    done = animopt_here(*words, "--save-scene", "mine.py")
    assert done.returncode == 1
    assert done.stderr == "animopt: mine.py: cannot be written, because own.py is not in UTF-8; save it as UTF-8\n"
    assert [path.name for path in tmp_path.iterdir()] == ["own.py"]
    assert animopt_here(*words, "--size", "320x180").returncode == 0


@pytest.mark.parametrize(
    ("racer", "message"),
    [
        ("adm:lr=.1", "did you mean 'Adam'?"),
        ("adam:lr=", "is not understood; write it as"),
        ("adam:.1", "is not understood; write it as"),
        ("adam:lr=open('x')", "is not understood; write it as"),
        ("sgd:momentun=.9", "did you mean 'momentum'?"),
        ("nowhere.Lion:lr=.1", "name a class that can be imported"),
        ("torch.optim.Nothing", "name a class that can be imported"),
    ],
)
@pytest.mark.sampled(1)
def test_unknown_racer_is_refused(animopt_here, tmp_path, racer, message):
    done = animopt_here("race", "--function", "sphere", "--racer", racer, "-o", "r.gif")
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["functions", "rosenbrok"], 2, "did you mean"),
        (["functions", "-o", "r.png"], 2, "output r.png: needs a function; name one"),
        (["functions", "sphere", "-o", "r.gif"], 2, "a still ends in"),
        (["race", "--racer", "adam"], 2, "--function"),
        (["race", "--function", "sphere"], 2, "--racer"),
        (["race", "--function", "rosenbrok", "--racer", "adam", "-o", "r.gif"], 2, "did you mean"),
        (["race", "--function", "none.py", "--racer", "adam", "-o", "r.gif"], 2, "there is no such file"),
        (["race", "--function", "sphere", "--racer", "adam", "--start", "1", "-o", "r.gif"], 2, "give two numbers"),
        (["race", "--function", "sphere", "--racer", "adam", "--steps", "-1", "-o", "r.gif"], 2, "steps -1"),
        (["rase"], 2, "did you mean 'race'?"),
    ],
)
@pytest.mark.sampled(1)
def test_wrong_usage_is_reported_in_one_line(animopt_here, tmp_path, arguments, code, message):
    done = animopt_here(*arguments)
    assert done.returncode == code
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_new_scene_file_renders(animopt_here, tmp_path):
    done = animopt_here("new", "my-scene")
    assert (done.returncode, done.stdout) == (0, "my_scene.py\n")
    assert done.stderr == "animopt my_scene.py --draft --open renders it and shows it\n"
    rendered = animopt_here("my_scene.py", "-o", "a.gif", "-o", "b.mp4", *ONE_SECOND)
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


def test_new_does_not_replace_existing_file(animopt_here, tmp_path):
    (tmp_path / "mine.py").write_text("kept")
    done = animopt_here("new", "mine")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "animopt: mine.py: exists already; name another scene file, or remove it\n"
    assert (tmp_path / "mine.py").read_text() == "kept"
