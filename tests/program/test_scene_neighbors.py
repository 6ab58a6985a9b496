"""Modules beside a scene file: each scene imports its own, and they shadow no installed module."""

import importlib
import os
import random
import sys
from pathlib import Path

import pytest

from animopt import load_scene

SCENE = """import helpers
from animopt import Racer, Scene

title = helpers.__doc__


def late(x):
    import helpers, later

    return (x ** 2).sum() * helpers.FACTOR * later.FACTOR


scene = Scene(function=late, racers=[Racer("SGD", lr=0.1)], start=(1, 1), seconds=1, title=title)
"""
QUICK = ["--size", "320x180", "--fps", "5"]


@pytest.fixture
def two_scenes(tmp_path, monkeypatch, write_files):
    """A folder with a scene in `one` and a scene in `two`; the modules beside them have the same names."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.chdir(tmp_path)
    for folder, factor in ("one", 1), ("two", 100):
        write_files(
            tmp_path / folder,
            {
                "mine.py": SCENE,
                "helpers.py": f'"""{folder}"""\nFACTOR = {factor}\nimport json\nassert not hasattr(json, "BAD")\n',
                "later.py": "import numpy\nassert not hasattr(numpy, 'BAD')\nFACTOR = 1",
                **{f"{name}.py": "BAD = 1\n" for name in ("random", "numpy", "json", "torch", "animopt", "colorsys")},
            },
        )
    return tmp_path


def test_each_scene_imports_its_own_neighbors(two_scenes):
    path = list(sys.path)
    sys.modules.pop("colorsys", None)
    one, two = load_scene("one/mine.py"), load_scene(two_scenes / "two" / "mine.py")
    assert (one.title, two.title) == ("one", "two")
    # The function imports its modules only when it is called.
    heights = [scene.record().z[0, 0] for scene in (two, one)]
    assert heights == [200, 2]
    assert sys.path == path
    assert {"helpers", "later"}.isdisjoint(sys.modules)
    assert not hasattr(random, "BAD")
    assert not hasattr(importlib.import_module("colorsys"), "BAD")


@pytest.mark.long
def test_error_in_a_neighbor_names_its_line(two_scenes, animopt_here, read_files, assert_refused):
    for text, message in (
        ("\n\n1 / 0", "mine.py, line 1: helpers.py, line 3: ZeroDivisionError: division by zero"),
        ("x = (", "mine.py, line 1: helpers.py, line 1, column 5: '(' was never closed: x = ("),
        (
            "import nosuchthing",
            "mine.py, line 1: helpers.py, line 1: ModuleNotFoundError: No module named 'nosuchthing'...",
        ),
    ):
        (two_scenes / "one" / "helpers.py").write_text(text)
        before = read_files(two_scenes)
        assert_refused(
            animopt_here(str(Path("one", "mine.py")), "-o", "a.gif", *QUICK), 1, f"{Path('one')}{os.sep}{message}"
        )
        assert read_files(two_scenes) == before


@pytest.mark.long
def test_command_and_workers_import_each_scenes_own_neighbors(two_scenes, write_files, run_animopt):
    # Each scene fails if it imports the helpers of the other one. animopt.py is removed, because `python -m animopt`
    # in its folder would run that file.
    for folder in ("one", "two"):
        (two_scenes / folder / "animopt.py").unlink()
    write_files(
        two_scenes,
        {f"{folder}/{folder}.py": (two_scenes / folder / "mine.py").read_bytes() for folder in ("one", "two")},
    )
    for folder in ("one", "two"):
        with (two_scenes / folder / f"{folder}.py").open("a") as file:
            file.write(f"assert title == {folder!r}\n")
    for folder, arguments in (
        ("one", ["one.py", "-o", "a.gif", "--workers", "1", *QUICK]),
        (".", ["all", "one/one.py", "two/two.py", "--workers", "1", "--format", "gif", "-o", "out", *QUICK]),
    ):
        done = run_animopt(two_scenes / folder, *arguments, PYTHONDONTWRITEBYTECODE="1")
        assert done.returncode == 0, done.stderr
    assert sorted(path.relative_to(two_scenes).as_posix() for path in two_scenes.rglob("*.gif")) == [
        "one/a.gif",
        "out/one.gif",
        "out/two.gif",
    ]


def test_reloaded_scene_imports_its_neighbors_again(two_scenes):
    assert load_scene("one/mine.py").title == "one"
    (two_scenes / "one" / "helpers.py").write_text('"""three"""\nFACTOR = 3')
    assert load_scene("one/mine.py").title == "three"
