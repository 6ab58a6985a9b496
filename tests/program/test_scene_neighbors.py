"""Modules that lie beside a scene file: each scene gets its own, and none shadows an installed one."""

import importlib
import os
import random
import subprocess
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
def beside(tmp_path, monkeypatch, write_files):
    """The folder with a scene in `one` and another in `two`, whose neighbours have the same names."""
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


def test_two_scenes_get_their_own_neighbours(beside):
    path = list(sys.path)
    sys.modules.pop("colorsys", None)
    one, two = load_scene("one/mine.py"), load_scene(beside / "two" / "mine.py")
    assert (one.title, two.title) == ("one", "two")
    # The functions import once more only now.
    heights = [scene.record().z[0, 0] for scene in (two, one)]
    assert heights == [200, 2]
    assert sys.path == path
    assert {"helpers", "later"}.isdisjoint(sys.modules)
    assert not hasattr(random, "BAD")
    assert not hasattr(importlib.import_module("colorsys"), "BAD")


def test_what_goes_wrong_in_a_neighbour_is_told_with_its_line(beside, animopt_here, read_files, assert_refused):
    for text, said in (
        ("\n\n1 / 0", "mine.py, line 1: helpers.py, line 3: ZeroDivisionError: division by zero"),
        ("x = (", "mine.py, line 1: helpers.py, line 1, column 5: '(' was never closed: x = ("),
        (
            "import nosuchthing",
            "mine.py, line 1: helpers.py, line 1: ModuleNotFoundError: No module named 'nosuchthing'...",
        ),
    ):
        (beside / "one" / "helpers.py").write_text(text)
        before = read_files(beside)
        assert_refused(
            animopt_here(str(Path("one", "mine.py")), "-o", "a.gif", *QUICK), 1, f"{Path('one')}{os.sep}{said}"
        )
        assert read_files(beside) == before


def test_a_shell_in_the_folder_and_workers_get_their_own_neighbours(beside, write_files):
    # Each says which helpers it got, and fails with those of the other. What is named like us is not asked for here:
    # Python itself would run that in our place.
    for folder in ("one", "two"):
        (beside / folder / "animopt.py").unlink()
    write_files(
        beside, {f"{folder}/{folder}.py": (beside / folder / "mine.py").read_bytes() for folder in ("one", "two")}
    )
    for folder in ("one", "two"):
        with (beside / folder / f"{folder}.py").open("a") as file:
            file.write(f"assert title == {folder!r}\n")
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    for folder, arguments in (
        ("one", ["one.py", "-o", "a.gif", "--workers", "1", *QUICK]),
        (".", ["all", "one/one.py", "two/two.py", "--workers", "1", "--format", "gif", "-o", "out", *QUICK]),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "animopt", *arguments],
            cwd=beside / folder,
            capture_output=True,
            encoding="utf-8",
            check=False,
            env=environment,
        )
        assert done.returncode == 0, done.stderr
    assert sorted(path.relative_to(beside).as_posix() for path in beside.rglob("*.gif")) == [
        "one/a.gif",
        "out/one.gif",
        "out/two.gif",
    ]


def test_a_file_that_is_read_again_has_new_neighbours(beside):
    assert load_scene("one/mine.py").title == "one"
    (beside / "one" / "helpers.py").write_text('"""three"""\nFACTOR = 3')
    assert load_scene("one/mine.py").title == "three"
