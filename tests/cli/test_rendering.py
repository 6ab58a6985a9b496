"""Options of one scene: --open shows the first file, and `-o -` writes a clip to standard output."""

import io
import subprocess
import sys

import click
import pytest
from PIL import Image

from animopt.core import processes

QUICK = ["--size", "320x180", "--fps", "10", "--seconds", "1"]
SMALL = ["--size", "160x160", "--seconds", "0.5", "--fps", "4", "--workers", "0"]
CLICK_OPENS = sys.platform in {"win32", "darwin"}


@pytest.fixture
def install_viewer(tmp_path, monkeypatch):
    """A function that installs a viewer with an exit code; it returns a function that lists the files it was given."""

    def install(code):
        record = tmp_path / "opened.txt"
        if CLICK_OPENS:

            def launch(path):
                record.write_text(f"{path}\n")
                return code

            monkeypatch.setattr(click, "launch", launch)
        else:
            program = tmp_path / "bin" / "xdg-open"
            program.parent.mkdir(exist_ok=True)
            program.write_text(f'#!/bin/sh\necho "$1" >> "{record}"\necho "no method" >&2\nexit {code}\n')
            program.chmod(0o755)
            monkeypatch.setenv("PATH", str(program.parent))
        return lambda: record.read_text().splitlines()

    return install


@pytest.mark.long
def test_open_shows_first_file(animopt_here, tmp_path, write_scene, install_viewer):
    write_scene(tmp_path / "mine.py")
    shown = install_viewer(0)
    done = animopt_here("mine.py", "--output=-a.gif", "-o", "b.mp4", *QUICK, "--open", "--json", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    # The path is absolute, because a leading dash would look like an option.
    assert shown() == [str((tmp_path / "-a.gif").resolve())]


@pytest.mark.long
def test_open_warns_if_viewer_fails(animopt_here, tmp_path, write_scene, install_viewer):
    write_scene(tmp_path / "mine.py")
    install_viewer(3)
    done = animopt_here("mine.py", "-o", "a.gif", *QUICK, "--open")
    assert (done.returncode, done.stdout) == (0, "a.gif\n")
    assert done.stderr.splitlines()[1:] == [
        "animopt: warning: a.gif: no program was found to show it; leave out --open"
    ]


@pytest.mark.skipif(CLICK_OPENS, reason="macOS and Windows always have a viewer")
def test_open_file_reports_missing_viewer(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not processes.open_file(tmp_path / "a.gif")


@pytest.fixture
def piped(scenes, tmp_path):
    """A function that renders a scene in another process, whose standard output is bytes."""

    def run(*arguments, program=("-m", "animopt")):
        command = [sys.executable, *program, str(scenes["ravine_sgd"]), *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)

    return run


@pytest.mark.long
def test_stdout_has_complete_gif_and_nothing_else(piped, tmp_path):
    done = piped("-o", "-", "--format", "gif", *SMALL)
    assert (done.returncode, done.stderr) == (0, b"")
    with Image.open(io.BytesIO(done.stdout)) as clip:
        assert (clip.format, clip.size, clip.n_frames) == ("GIF", (160, 160), 2)
    assert not list(tmp_path.iterdir())


@pytest.mark.long
def test_another_file_can_be_written_too(piped, tmp_path):
    done = piped("-o", "-", "-o", "a.gif", "--format", "webp", *SMALL)
    assert (done.returncode, done.stderr) == (0, b"animopt: a.gif is written\n")
    with Image.open(io.BytesIO(done.stdout)) as clip:
        assert (clip.format, clip.n_frames) == ("WEBP", 2)
    assert [path.name for path in tmp_path.iterdir()] == ["a.gif"]


@pytest.mark.long
def test_stdout_has_complete_clip_even_if_another_file_fails(piped, tmp_path):
    (tmp_path / "a.gif").write_bytes(b"the old file")
    program = (
        "import sys\nfrom animopt.video import encoder\nfrom animopt.__main__ import main\n"
        "move_into_place = encoder.move_into_place\n"
        "def fail(unfinished, target):\n"
        "    if target.name == 'a.gif': raise OSError(28, 'No space left on device')\n"
        "    move_into_place(unfinished, target)\n"
        "encoder.move_into_place = fail\nmain()\n"
    )
    done = piped(*SMALL, "-o", "a.gif", "-o", "-", "--format", "gif", program=("-c", program))
    assert done.returncode == 1
    assert done.stderr.startswith(b"animopt: a.gif: cannot be written: No space left on device; free some space")
    with Image.open(io.BytesIO(done.stdout)) as clip:
        assert clip.n_frames == 2
    assert (tmp_path / "a.gif").read_bytes() == b"the old file"


@pytest.mark.long
def test_stdout_can_have_a_still(piped):
    done = piped("-o", "-", "--format", "svg", "--still", "0.2", "--size", "320x180")
    assert done.returncode == 0
    assert done.stdout.startswith(b"<?xml")
    assert done.stdout.rstrip().endswith(b"</svg>")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "output -: standard output takes one file; name its format"),
        (["--format", "gif", "--format", "mp4"], "output -: standard output takes one file"),
        (["--format", "frames"], "output -: standard output takes one file"),
        (["--format", "avi"], "-: suffix '.avi'"),
        (["--format", "gif", "-o", "-"], "-: is named twice"),
        (["--format", "gif", "--json"], "json: cannot be used with standard output; leave out --json"),
        (["--format", "gif", "--open"], "open: cannot be used with standard output; leave out --open"),
        (["--format", "gif", "--watch"], "watch: cannot be used with standard output; leave out --watch"),
        (["--format", "gif", "--sidecars", "poster"], "sidecars: cannot be used with standard output"),
        (["--format", "gif", "--still", "9"], "-: a still ends in"),
    ],
    ids=str,
)
def test_unsuitable_options_are_refused(animopt_here, scenes, tmp_path, words, message):
    done = animopt_here(str(scenes["ravine_sgd"]), "-o", "-", *words, *(SMALL if "--still" not in words else []))
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""
    assert not list(tmp_path.iterdir())


def test_terminal_gets_no_clip(animopt_here, scenes, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    done = animopt_here(str(scenes["ravine_sgd"]), "-o", "-", "--format", "gif", *SMALL)
    assert (done.returncode, done.stdout) == (2, "")
    assert "standard output is a terminal" in done.stderr


@pytest.mark.long
def test_format_without_output_selects_default_files(animopt_here, scenes, tmp_path):
    done = animopt_here(str(scenes["ravine_sgd"]), "--format", "webm", "--format", ".GIF", *SMALL)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "renders").iterdir()) == ["ravine-sgd.gif", "ravine-sgd.webm"]


def test_format_with_named_output_is_refused(animopt_here, scenes):
    done = animopt_here(str(scenes["ravine_sgd"]), "-o", "a.gif", "--format", "mp4", *SMALL)
    assert done.returncode == 2
    assert "format 'mp4': the suffix of a.gif is its format; leave out --format" in done.stderr


@pytest.mark.long
def test_closed_pipe_is_no_error(scenes, tmp_path):
    command = [sys.executable, "-m", "animopt", str(scenes["ravine_sgd"]), "-o", "-", "--format", "gif", *SMALL]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.wait() == 1
        assert process.stderr.read() == b""
