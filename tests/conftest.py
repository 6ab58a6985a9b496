"""Fixtures that several packages share: the built-in scenes, recordings, films, and the command line."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import animopt
from animopt.cli.main import main
from animopt.recording.timeline import Timeline
from animopt.video.film import Film

SCENES = {path.stem: path for path in sorted((Path(__file__).parent.parent / "scenes").glob("*.py"))}


@pytest.fixture(scope="session")
def scenes():
    """The built-in scene files by their stems."""
    return SCENES


@pytest.fixture(params=SCENES)
def scene_file(request):
    """Each built-in scene file."""
    return SCENES[request.param]


@pytest.fixture(scope="session")
def record():
    """A function that records the scene in a file once for all tests."""
    return cache(lambda path: animopt.load_scene(path).record())


@pytest.fixture(scope="session")
def ravine_race(record):
    """The recording of five racers in the ravine."""
    return record(SCENES["ravine_race"])


@pytest.fixture(scope="session")
def make_film():
    """A function that makes a film of a recording, small and short by default."""

    def make(recording, *, size=(320, 180), seconds=1.0, fps=10.0):
        return Film(recording, Timeline(recording.last_step, seconds), size, fps)

    return make


@pytest.fixture
def animopt_here(tmp_path, monkeypatch, capsys):
    """A function that runs the command line in this process, which has imported torch already."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        with pytest.raises(SystemExit) as left:
            main(arguments)
        return subprocess.CompletedProcess(arguments, left.value.code or 0, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def run_animopt():
    """A function that runs the command in a process of its own, in a folder, with variables of the environment."""

    def run(folder, *arguments, **environment):
        return subprocess.run(
            [sys.executable, "-m", "animopt", *arguments],
            cwd=folder,
            env=os.environ | {"PYTHONIOENCODING": "utf-8"} | environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    return run
