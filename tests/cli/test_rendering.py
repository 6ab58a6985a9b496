"""The option --open: show the first file."""

import sys

import click
import pytest

from animopt.core import processes

QUICK = ["--size", "320x180", "--fps", "10", "--seconds", "1"]
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


def test_open_shows_first_file(animopt_here, tmp_path, write_scene, install_viewer):
    write_scene(tmp_path / "mine.py")
    shown = install_viewer(0)
    done = animopt_here("mine.py", "--output=-a.gif", "-o", "b.mp4", *QUICK, "--open", "--json", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    # The path is absolute, because a leading dash would look like an option.
    assert shown() == [str((tmp_path / "-a.gif").resolve())]


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
