"""Shell completion of options and arguments."""

import os
import subprocess
import sys

import pytest

from animopt.cli import options
from animopt.engine import library, racer

# Completion must not import slow modules.
COMPLETE = """
import sys
from animopt.cli.main import main
try:
    main()
finally:
    assert not {"torch", "numpy", "matplotlib", "rich", "attr", "imageio_ffmpeg"} & set(sys.modules)
"""


@pytest.fixture
def complete(tmp_path, write_scene):
    """A function that returns the completions of a line, in a folder with one scene."""
    (tmp_path / "scenes").mkdir()
    write_scene(tmp_path / "scenes" / "ravine_of_mine.py")

    def run(line, shell="bash"):
        words = line.split(" ")
        environment = {"_ANIMOPT_COMPLETE": f"{shell}_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
        if shell == "fish":
            environment["COMP_CWORD"] = words[-1]
        done = subprocess.run(
            [sys.executable, "-c", COMPLETE],
            cwd=tmp_path,
            env=os.environ | environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.stderr == ""
        return done.stdout.split("\n")[:-1]

    return run


@pytest.mark.parametrize(
    ("line", "completions"),
    [
        ("animopt ravine-of", ["plain,ravine-of-mine"]),
        ("animopt doc", ["plain,doctor"]),
        ("animopt fold", ["file,fold"]),
        ("animopt ravine-of-mine --th", ["plain,--theme"]),
        ("animopt ravine-of-mine --theme ", ["plain,light", "plain,dark", "plain,print"]),
        ("animopt scenes/ravine_of_mine.py --wat", ["plain,--watch"]),
        ("animopt ravine-of-mine --layout contour", ["plain,contour-only"]),
        ("animopt ravine-of-mine --for git", ["plain,github"]),
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
def test_bash_completes(complete, line, completions):
    found = complete(line)
    assert found[: len(completions)] == completions
    if "ada" not in line:
        assert len(found) == len(completions)


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_complete(complete, shell):
    assert any("ravine-of-mine" in line for line in complete("animopt ravine-of", shell))


def test_completed_names_are_those_of_the_library_and_torch():
    assert options.function_names() == [name.replace("_", "-") for name in library.all_functions()]
    assert options.optimizer_names() == racer.optimizer_names()
