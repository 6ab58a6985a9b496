"""The public names: each is listed, typed and imported only when it is used."""

import ast
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import animopt

ROOT = Path(__file__).parent.parent
STUB = ast.parse((ROOT / "animopt" / "__init__.pyi").read_text(encoding="utf-8"))


def test_stub_and_module_name_the_same_things():
    stubbed = {
        alias.asname: node.module.removeprefix("animopt.")
        for node in STUB.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert stubbed == animopt._MODULES


def test_dir_lists_the_public_names():
    assert set(dir(animopt)) == {"__version__", *animopt._MODULES}


@pytest.mark.parametrize("name", animopt._MODULES)
def test_name_is_what_its_module_defines(name):
    assert getattr(animopt, name).__module__ == f"animopt.{animopt._MODULES[name]}"


def test_version_is_that_of_the_installed_package():
    assert animopt.__version__ == metadata.version("animopt")


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'animopt' has no attribute 'Sceen'"):
        _ = animopt.Sceen


def test_import_loads_no_other_module(tmp_path):
    code = "import sys; before = set(sys.modules); import animopt; print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["animopt"]


@pytest.mark.exhaustive
def test_type_checker_of_a_user_knows_the_types(tmp_path):
    program = """\
import animopt
import numpy as np
import torch
from animopt.functions import ravine

racer = animopt.Racer("SGD", lr=0.1)
sweep = animopt.Sweep(racer, lr=[0.1, 0.2])
reveal_type(animopt.Scene(function=ravine, racers=[racer], start=(-7, 2)))
reveal_type(animopt.__version__)
reveal_type(ravine((3, 2)))
reveal_type(ravine(torch.ones(2)))
reveal_type(ravine(np.ones((2, 5))))
reveal_type(ravine.x)
reveal_type(ravine.start)
reveal_type(racer.steps)
reveal_type(sweep[0])
reveal_type(sweep[:1])
reveal_type(animopt.tuned([racer], momentum=(0, 0.9))[0])
animopt.Function(lambda x: x[0], x=3)
"""
    (tmp_path / "mine.py").write_text(program, encoding="utf-8")
    package = Path(animopt.__file__).parent
    assert (package / "py.typed").is_file()
    # mypy finds an installed package by itself, but not one that is imported from a checkout.
    environment = os.environ | ({"MYPYPATH": str(ROOT)} if package.parent == ROOT else {})
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports", "silent", "mine.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)
    revealed = [line.partition("Revealed type is ")[2] for line in done.stdout.splitlines() if "Revealed" in line]
    assert revealed == [
        '"animopt.scene.scene.Scene"',
        '"str"',
        '"float"',
        '"torch._tensor.Tensor"',
        '"numpy.ndarray[tuple[Any, ...], numpy.dtype[numpy.floating[Any]]]"',
        '"tuple[float, float]"',
        '"tuple[float, float] | None"',
        '"int | None"',
        '"animopt.engine.racer.Racer"',
        '"tuple[animopt.engine.racer.Racer, ...]"',
        '"animopt.engine.racer.Racer"',
    ], done.stdout
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert len(errors) == 1
    assert 'mine.py:19: error: Argument "x" to "Function" has incompatible type "int"' in errors[0]
