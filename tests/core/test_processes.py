"""Helper processes, and the branches for other operating systems by simulation."""

import os
import platform
import shlex
import subprocess
import sys
import time
from pathlib import Path

import click
import psutil
import pytest

from animopt.core import processes
from animopt.core.processes import WINDOWS

# Each use of one of these words depends on the operating system.
PLATFORM_WORDS = ("sys.platform", "os.name ", "platform.system", "signal.SIG", "start_new_session", "creationflags")

posix = pytest.mark.skipif(WINDOWS, reason="Windows has neither process groups nor shell scripts")


@posix
def test_helper_has_a_process_group_of_its_own():
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, **processes.popen_options()
    ) as process:
        assert os.getpgid(process.pid) == process.pid
        # It remains in the session: the end of the session ends it too.
        assert os.getsid(process.pid) == os.getsid(0)
        process.communicate(b"\n")


def test_helper_on_windows_has_a_process_group_of_its_own(simulate):
    simulate("Windows")
    assert processes.popen_options() == {"creationflags": 0x200}


@pytest.mark.parametrize(
    ("code", "description"),
    [
        (0, "ended with exit code 0"),
        (3, "ended with exit code 3"),
        (3221225786, "ended with exit code 3221225786"),
        (-15, "was ended by SIGTERM"),
        (-9999, "was ended by signal 9999"),
    ],
)
def test_exit_code_is_described(code, description):
    assert processes.describe_exit(code) == description


def test_available_processors_on_any_system(monkeypatch):
    assert 1 <= processes.available_processors() <= os.cpu_count()
    monkeypatch.setattr(os, "sched_getaffinity", lambda number: {0, 2, 5}, raising=False)
    assert processes.available_processors() == 3
    # macOS and Windows do not report an affinity.
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert processes.available_processors() == 7
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert processes.available_processors() == 1


def test_process_is_alive_until_it_ends(monkeypatch):
    now = time.time()
    start = psutil.Process().create_time()
    assert processes.is_alive(os.getpid(), now)
    assert processes.is_alive(os.getpid(), start)
    # An earlier process with the same id is gone.
    assert not processes.is_alive(os.getpid(), start - 60)
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        pass
    assert not processes.is_alive(dead.pid, now)

    with subprocess.Popen([sys.executable, "-c", ""]) as zombie:
        while not WINDOWS and psutil.Process(zombie.pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        assert WINDOWS or not processes.is_alive(zombie.pid, now + 60)

    def denied(number):
        raise psutil.AccessDenied(number)

    monkeypatch.setattr(psutil, "Process", denied)
    assert processes.is_alive(os.getpid(), 0)


def test_machine_id_is_stable_and_hides_the_host_name(monkeypatch):
    own = processes.machine_id()
    assert own == processes.machine_id()
    assert len(own) == 8
    assert set(own) <= set("0123456789abcdef")
    monkeypatch.setattr(platform, "node", lambda: "professors-laptop")
    other = processes.machine_id()
    assert other not in (own, "professors-laptop")
    # Containers can share a host name, but they number their processes separately.
    monkeypatch.setattr(os, "readlink", lambda path: "pid:[7]", raising=False)
    assert processes.machine_id() not in (own, other)


def test_shell_command_is_quoted_for_the_system(simulate):
    words = ["animopt", "my scene", "it's", 'a "b"', "$(touch x)"]
    simulate("Linux")
    assert shlex.split(processes.shell_command(words)) == words
    assert (
        processes.shell_command(["animopt", Path("--quiet.py"), "-o", Path("a.gif")]) == "animopt ./--quiet.py -o a.gif"
    )
    simulate("Windows")
    assert processes.shell_command(words) == 'animopt "my scene" "it\'s" "a ""b""" "`$(touch x)"'


@pytest.mark.parametrize(
    ("word", "quoted"),
    [
        (r"C:\slides\골짜기.py", r"C:\slides\골짜기.py"),
        ("--size", "--size"),
        ("a&calc.gif", '"a&calc.gif"'),
        ("a,b;c|d.gif", '"a,b;c|d.gif"'),
        ("a“; calc; “.gif", '"a`“; calc; `“.gif"'),
        ("a`b.gif", '"a``b.gif"'),
        ('a" & calc "b', '"a"" & calc ""b"'),
        ("my frames\\", '"my frames\\\\"'),
        ("", '""'),
    ],
)
def test_word_is_quoted_for_both_shells_of_windows(simulate, word, quoted):
    simulate("Windows")
    assert processes.shell_command([word]) == quoted


@pytest.mark.parametrize("word", ["ravine-race", "scenes/my_scene.py", "골짜기", "./-x.py", "v1.2+3"])
def test_plain_word_needs_no_quotes(word):
    assert processes.is_plain_word(word)


@pytest.mark.parametrize(
    "word", ["", "-x", "--quiet", "a b", "$(x)", "`x`", "x;y", "*", "a\nb", "~x", "=x", "a,b", "{a}"]
)
def test_word_that_a_shell_or_a_program_changes_is_not_plain(word):
    assert not processes.is_plain_word(word)


@pytest.mark.parametrize("name", ["Windows", "macOS"])
@pytest.mark.parametrize("code", [0, 1])
def test_file_is_opened_with_click(simulate, monkeypatch, tmp_path, name, code):
    opened = []
    monkeypatch.setattr(click, "launch", lambda path: opened.append(path) or code)
    simulate(name)
    assert processes.open_file(tmp_path / "a.gif") is (code == 0)
    assert opened == [str((tmp_path / "a.gif").resolve())]


@posix
@pytest.mark.parametrize(
    ("script", "opened"), [("exit 0", True), ("exit 3", False), ("exec sleep 600", True), (None, False)]
)
def test_file_is_opened_with_xdg_open(simulate, monkeypatch, tmp_path, script, opened):
    simulate("Linux")
    monkeypatch.setattr(processes, "VIEWER_TIMEOUT", 0.5 if script == "exec sleep 600" else 60)
    if script:
        (tmp_path / "xdg-open").write_text(f"#!/bin/sh\nexec >/dev/null; {script}\n")
        (tmp_path / "xdg-open").chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin" if script else str(tmp_path))
    started = []
    popen = subprocess.Popen
    monkeypatch.setattr(
        subprocess, "Popen", lambda *words, **options: started.append(popen(*words, **options)) or started[-1]
    )
    assert processes.open_file(tmp_path / "a.gif") is opened
    for each in started:
        each.kill()
        each.wait()


def test_only_one_module_depends_on_the_operating_system():
    package = Path(processes.__file__).parents[1]
    found = {
        (path.name, word)
        for path in package.rglob("*.py")
        for word in PLATFORM_WORDS
        if word in path.read_text("utf-8") and path.name != "processes.py"
    }
    # SIGINT has the same meaning everywhere, and doctor only reports the system.
    assert found <= {("worker_pool.py", "signal.SIG"), ("doctor.py", "platform.system")}
