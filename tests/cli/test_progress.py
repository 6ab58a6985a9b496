"""The progress bar on a terminal."""

import os
import re
import subprocess
import sys

import pytest

QUICK = ["--size", "320x180", "--fps", "10", "--seconds", "1"]
COLOR = re.compile(r"\x1b\[[0-9;]*m")


def run_on_terminal(folder, *arguments, **environment):
    """Run the command with a terminal as standard error; return both outputs and the exit code."""
    pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminal for standard error alone")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "animopt", *arguments],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        | {"TERM": "xterm", "COLUMNS": "100"}
        | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    # At the end Linux raises an error, and macOS returns nothing.
    try:
        while read := os.read(ours, 65536):
            shown += read
    except OSError:
        pass
    os.close(ours)
    printed, _ = process.communicate()
    return shown.decode(), printed.decode().splitlines(), process.returncode


@pytest.mark.long
def test_terminal_shows_bar_and_clears_it_at_the_end(tmp_path, write_scene):
    # The start is outside the domain, which causes a warning while the bar is shown.
    write_scene(tmp_path / "mine.py", start=(-12, 2))
    shown, printed, code = run_on_terminal(tmp_path, "mine.py", "-o", "a.gif", *QUICK, "--seconds", "3")
    assert (printed, code) == (["a.gif"], 0)
    assert COLOR.search(shown)
    lines = re.split(r"\r\x1b\[2K|\r\n", COLOR.sub("", shown))
    bars = [line for line in lines if "━" in line]
    assert re.search(r"^mine ━+ +\d+/30 \d+ frames/s \d\d:\d\d", bars[-1])
    assert any("preparing" in bar for bar in bars)
    # Other output has lines of its own.
    assert "from the scene" in lines
    assert any(line.startswith("animopt: warning: start (-12") for line in lines)
    # The last control sequence clears the line of the bar, and the cursor is visible again.
    assert shown.endswith("\x1b[2K")
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


@pytest.mark.long
def test_bar_shows_the_work_before_the_first_frame(tmp_path):
    (tmp_path / "slow.py").write_text(
        "import time\nfrom animopt import Racer, Scene\n\n\ndef slow(x):\n    time.sleep(0.003)\n"
        "    return x[0] ** 2 if x[0] > 0 else x[1] ** 2\n\n\n"
        "scene = Scene(function=slow, racers=[Racer('SGD', lr=0.1)], start=(1, 1), steps=5)\n"
    )
    shown, printed, code = run_on_terminal(tmp_path, "slow.py", "-o", "a.gif", *QUICK)
    assert (printed, code) == (["a.gif"], 0)
    lines = re.split(r"\r\x1b\[2K|\r\n", COLOR.sub("", shown))
    bars = [line for line in lines if "━" in line]
    assert any(re.match(r"function slow: sampling its surface ━+.* \d+ % ", bar) for bar in bars)
    assert any(line.startswith("animopt: function slow: takes ") for line in lines)
    assert re.search(r"^slow ━+ +\d+/10 ", bars[-1])


@pytest.mark.long
def test_no_color_removes_colors_of_bar(tmp_path, write_scene):
    write_scene(tmp_path / "mine.py")
    shown, printed, code = run_on_terminal(tmp_path, "mine.py", "-o", "a.gif", *QUICK, NO_COLOR="1")
    assert (printed, code) == (["a.gif"], 0)
    assert "━" in shown
    assert "frames/s" in shown
    assert not COLOR.search(shown)


@pytest.mark.parametrize(("option", "term"), [([], "dumb"), (["--quiet"], "xterm")], ids=["dumb", "quiet"])
@pytest.mark.long
def test_dumb_terminal_and_quiet_show_no_bar(tmp_path, write_scene, option, term):
    write_scene(tmp_path / "mine.py")
    shown, printed, code = run_on_terminal(tmp_path, "mine.py", "-o", "a.gif", *QUICK, *option, TERM=term)
    assert (shown.strip(), printed, code) == (("", [], 0) if option else ("from the scene", ["a.gif"], 0))


@pytest.mark.long
def test_bar_of_all_counts_scenes_and_their_frames(tmp_path, write_scene):
    for name in ("a.py", "b.py"):
        write_scene(tmp_path / name)
    shown, _, code = run_on_terminal(tmp_path, "all", "a.py", "b.py", "--workers", "1", "--format", "gif", *QUICK)
    assert code == 0
    counts = re.findall(r"(\d)/2 scenes, (\d+) frames", COLOR.sub("", shown))
    assert counts[-1] == ("2", "20")
    assert ("1", "10") in counts
