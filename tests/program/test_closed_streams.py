"""Standard streams that are closed or full: the files are written, and the exit code is that of the work."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

pytestmark = pytest.mark.skipif(os.name != "posix", reason="only a POSIX shell closes streams")

SCENE = """from animopt import Racer, Scene
print("the scene prints")
scene = Scene(function=lambda x: (x ** 2).sum(), racers=[Racer("SGD", lr=0.125)], start=(-7, 2), steps=4, seconds=0.4)
"""
SMALL = ["--size", "160x160", "--fps", "10"]
CLOSED = [">&- 2>&-", ">&-", "2>&-", "<&-", "<&- >&- 2>&-"]
FULL = ["2>/dev/full"] if Path("/dev/full").exists() else []


@pytest.fixture
def run_redirected(tmp_path):
    """A function that runs a command in a shell with redirected streams."""
    (tmp_path / "scene.py").write_text(SCENE)

    def run(redirections, *arguments):
        return subprocess.run(
            ["sh", "-c", f"{shlex.join([sys.executable, '-m', 'animopt', *arguments])} {redirections}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize("redirections", CLOSED)
@pytest.mark.parametrize(
    "arguments",
    [
        ["scene.py", "-o", "a.gif", "--workers", "0"],
        ["scene.py", "-o", "a.gif", "--workers", "2"],
        ["scene.py", "-o", "a.gif", "--json"],
        ["all", "scene.py", "-o", ".", "--format", "gif"],
    ],
    ids=" ".join,
)
@pytest.mark.sampled(0, 4)
def test_file_is_written_with_closed_streams(run_redirected, tmp_path, redirections, arguments):
    done = run_redirected(redirections, *arguments, *SMALL)
    assert done.returncode == 0
    assert "Traceback" not in done.stdout + done.stderr
    assert "the scene prints" not in done.stdout
    name = "scene.gif" if arguments[0] == "all" else "a.gif"
    with Image.open(tmp_path / name) as image:
        assert image.n_frames == 4
    assert {path.name for path in tmp_path.iterdir()} == {"scene.py", name}


@pytest.mark.parametrize("redirections", [*CLOSED, *FULL])
@pytest.mark.parametrize(("arguments", "code"), [(["--version"], 0), (["nosuch"], 2)])
@pytest.mark.sampled(2)
def test_exit_code_is_the_same_with_closed_streams(run_redirected, redirections, arguments, code):
    done = run_redirected(redirections, *arguments)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert "2>" not in redirections or not done.stderr
    assert "animopt: " not in done.stdout


@pytest.mark.long
def test_clip_for_closed_standard_output_is_refused(run_redirected):
    done = run_redirected(">&-", "scene.py", "-o", "-", "--format", "gif", *SMALL)
    assert done.returncode == 2
    assert done.stderr == "animopt: output -: standard output is closed; redirect it, as > clip.gif\n"
