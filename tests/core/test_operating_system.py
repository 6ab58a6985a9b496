"""All in which operating systems differ, on this one, and its other branches simulated."""

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path, PureWindowsPath

import psutil
import pytest

from animopt import Error
from animopt.core import atomic_files, file_names, operating_system, processes, signals
from animopt.core.atomic_files import move_into_place
from animopt.core.terminal_text import escape_controls
from animopt.video import ffmpeg
from animopt.video.output import UsageError, check_path

WINDOWS = sys.platform == "win32"


ENDING = [getattr(signal, name) for name in signals.ENDING if hasattr(signal, name)]


@pytest.fixture
def other(monkeypatch):
    """A function that makes the module take this system for another one."""

    def be(name):
        monkeypatch.setattr(operating_system, "WINDOWS", name == "Windows")
        monkeypatch.setattr(operating_system, "MAC", name == "macOS")

    return be


@pytest.fixture
def asked(monkeypatch):
    """No signal has asked this process to end yet; afterwards all is as it was before."""
    handlers = {number: signal.getsignal(number) for number in ENDING}
    for number in ENDING:
        # Whoever runs the tests in the background has one ignored.
        signal.signal(number, signal.SIG_DFL)
    for name, value in {"number": 0, "at": 0.0, "pending": False, "held": 0}.items():
        monkeypatch.setattr(signals._Asked, name, value)
    died = []
    monkeypatch.setattr(signals, "_die", died.append)
    yield died
    for number, handler in handlers.items():
        signal.signal(number, handler)


def program(code, **options):
    """Python in a process of its own, which runs some code."""
    root = str(Path(__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": root}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, **options)


@pytest.mark.skipif(WINDOWS, reason="a process does not die of a signal")
@pytest.mark.parametrize("number", ENDING, ids=lambda number: number.name)
def test_a_signal_is_raised_and_the_process_dies_of_it(number):
    code = f"""
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from animopt.core.signals import handle_signals
with heeding():
    try:
        os.kill(os.getpid(), {int(number)})
    except KeyboardInterrupt as error:
        print(type(error).__name__, error, flush=True)
        os.kill(os.getpid(), {int(number)})
        raise
"""
    done = program(code)
    raised = "KeyboardInterrupt " if number == signal.SIGINT else f"Ended {number.name}"
    assert (done.returncode, done.stdout) == (-number, f"{raised}\n")
    assert done.stderr == f"animopt: {signals.INTERRUPTED}\n"


def test_on_windows_the_exit_code_tells(asked, other, monkeypatch):
    monkeypatch.undo()
    other("Windows")
    with pytest.raises(SystemExit) as left:
        signals._die(130)
    assert left.value.code == 130


@pytest.mark.parametrize("number", ENDING, ids=lambda number: number.name)
def test_what_heeding_does_with_a_signal(asked, capfd, number):
    with signals.handle_signals():
        signal.raise_signal(number)
    assert asked == [128 + number]
    assert capfd.readouterr().err == f"animopt: {signals.INTERRUPTED}\n"
    assert signals.signal_received()
    assert signals.signal_exit_code() == 128 + number


def test_a_system_without_a_hangup_has_a_break(asked, monkeypatch, capfd):
    monkeypatch.delattr(signal, "SIGHUP", raising=False)
    monkeypatch.setattr(signal, "SIGBREAK", signal.SIGTERM, raising=False)
    monkeypatch.setattr(signals, "ENDING", ("SIGHUP", "SIGBREAK"))
    with signals.handle_signals():
        signal.raise_signal(signal.SIGTERM)
    assert asked == [128 + signal.SIGTERM]


def test_leaving_tells_and_tidies_up():
    code = """
import atexit, sys
from animopt.core.signals import exit_process
atexit.register(print, "tidied up")
print("told")
print("warned", file=sys.stderr, end="")
leave(3)
"""
    done = program(code)
    assert (done.returncode, done.stdout, done.stderr) == (3, "told\ntidied up\n", "warned")


def test_what_is_ignored_stays_so(asked, capfd):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with signals.handle_signals():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    assert asked == []
    assert capfd.readouterr().err == ""


def test_without_a_signal_heeding_does_nothing(asked):
    with signals.handle_signals():
        assert not signals.signal_received()
    assert asked == []
    assert signals.signal_exit_code() == 130
    with pytest.raises(ZeroDivisionError), signals.handle_signals():
        _ = 1 / 0
    with pytest.raises(SystemExit) as left, signals.handle_signals():
        sys.exit(3)
    assert left.value.code == 3
    assert asked == []


def test_an_exit_that_tells_of_a_signal_is_one(asked, capfd):
    with signals.handle_signals():
        try:
            signal.raise_signal(signal.SIGTERM)
        except KeyboardInterrupt:
            sys.exit(143)
    assert asked == [143]
    # Whoever left so has said why.
    assert capfd.readouterr().err == ""


def test_what_a_signal_brought_about_is_the_signal(asked):
    with signals.handle_signals():
        try:
            signal.raise_signal(signal.SIGTERM)
        except KeyboardInterrupt:
            raise OSError("the terminal is closed") from None
    assert asked == [143]


def test_after_all_a_signal_ends_the_process_at_once(asked, capfd):
    with signals.handle_signals():
        pass
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)
    assert asked == [143]
    assert capfd.readouterr().err == f"animopt: {signals.INTERRUPTED}\n"


def test_a_further_signal_is_heeded_only_later(asked, monkeypatch):
    raised = []
    with signals.handle_signals():
        for insistence in (1000, 1000, 0):
            monkeypatch.setattr(signals, "INSISTENCE", insistence)
            try:
                signal.raise_signal(signal.SIGTERM)
            except signals.Terminated as error:
                raised.append((insistence, str(error)))
    assert raised == [(1000, "SIGTERM"), (0, "SIGTERM")]


def test_an_answered_signal_is_forgotten(asked):
    with signals.handle_signals():
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGTERM)
            assert signals.signal_received()
            signals.clear_signal()
            assert not signals.signal_received()
    assert asked == []


def test_undisturbed_puts_a_signal_off(asked):
    steps = []
    with signals.handle_signals():
        try:
            with signals.defer_signals():
                with signals.defer_signals():
                    signal.raise_signal(signal.SIGTERM)
                    steps.append("inner")
                steps.append("outer")
            steps.append("never")
        except signals.Terminated:
            steps.append("raised")
            with signals.defer_signals():
                steps.append("not again")
    assert steps == ["inner", "outer", "raised", "not again"]


def test_undisturbed_in_a_thread_holds_nothing_up(asked):
    import threading

    def work():
        with signals.defer_signals():
            assert not signals._Asked.held

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert not signals._Asked.held


def test_a_signal_that_comes_where_nothing_can_be_raised_comes_again(asked):
    class Odd:
        def __del__(self):
            signal.raise_signal(signal.SIGTERM)

    with signals.handle_signals():
        Odd()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            time.sleep(0.01)
    assert asked == [143]
    assert time.monotonic() < deadline


def test_other_things_that_cannot_be_raised_are_told(asked, monkeypatch):
    told = []
    monkeypatch.setattr(sys, "__unraisablehook__", told.append)

    class Odd:
        def __del__(self):
            raise ValueError("lost")

    with signals.handle_signals():
        Odd()
    assert [str(each.exc_value) for each in told] == ["lost"]


@pytest.mark.skipif(WINDOWS, reason="there are no process groups")
def test_a_process_apart_has_a_group_of_its_own():
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, **processes.popen_options()
    ) as process:
        assert os.getpgid(process.pid) == process.pid
        # In the same session: what ends that ends it too.
        assert os.getsid(process.pid) == os.getsid(0)
        process.communicate(b"\n")


def test_on_windows_a_process_apart_has_a_group_of_its_own(other):
    other("Windows")
    assert processes.popen_options() == {"creationflags": 0x200}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (0, "ended with exit code 0"),
        (3, "ended with exit code 3"),
        (3221225786, "ended with exit code 3221225786"),
        (-15, "was ended by SIGTERM"),
        (-9999, "was ended by signal 9999"),
    ],
)
def test_how_a_process_ended(code, said):
    assert processes.describe_exit(code) == said


def test_processors_that_may_be_used(monkeypatch):
    assert 1 <= processes.available_processors() <= os.cpu_count()
    monkeypatch.setattr(sys, "version_info", (3, 12))
    monkeypatch.setattr(os, "sched_getaffinity", lambda number: {0, 2, 5}, raising=False)
    assert processes.available_processors() == 3
    # macOS and Windows do not tell.
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert processes.available_processors() == 7
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert processes.available_processors() == 1
    monkeypatch.setattr(sys, "version_info", (3, 13))
    monkeypatch.setattr(os, "process_cpu_count", lambda: 5, raising=False)
    assert processes.available_processors() == 5


def test_whether_a_process_lives(monkeypatch):
    now = time.time()
    own = psutil.Process().create_time()
    assert processes.is_alive(os.getpid(), now)
    assert processes.is_alive(os.getpid(), own)
    # Whoever had this number then is gone.
    assert not processes.is_alive(os.getpid(), own - 60)
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        pass
    assert not processes.is_alive(dead.pid, now)

    # Nor does one live that is only not buried yet.
    with subprocess.Popen([sys.executable, "-c", ""]) as buried:
        while not WINDOWS and psutil.Process(buried.pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        assert WINDOWS or not processes.is_alive(buried.pid, now + 60)

    def denied(number):
        raise psutil.AccessDenied(number)

    monkeypatch.setattr(psutil, "Process", denied)
    assert processes.is_alive(os.getpid(), 0)


def test_a_machine_is_told_from_others_but_not_by_its_name(monkeypatch):
    import platform

    own = processes.machine_id()
    assert own == processes.machine_id()
    assert len(own) == 8
    assert set(own) <= set("0123456789abcdef")
    monkeypatch.setattr(platform, "node", lambda: "professors-laptop")
    other = processes.machine_id()
    assert other not in (own, "professors-laptop")
    # Containers may have one name, and have numbers of their own for processes.
    monkeypatch.setattr(os, "readlink", lambda path: "pid:[7]", raising=False)
    assert processes.machine_id() not in (own, other)


def test_what_is_written_is_synced(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_ino))
    path = tmp_path / "a"
    path.write_text("a")
    atomic_files.sync(path)
    assert synced == [path.stat().st_ino]
    if not WINDOWS:
        atomic_files.sync(tmp_path)
        assert synced[1:] == [tmp_path.stat().st_ino]
    with pytest.raises(FileNotFoundError):
        atomic_files.sync(tmp_path / "b")


@pytest.mark.skipif(WINDOWS, reason="fcntl is there on other systems alone")
@pytest.mark.parametrize("error", [None, OSError(45, "Operation not supported")], ids=["disk", "network"])
def test_on_macos_the_disk_itself_is_told_to_keep_it(tmp_path, monkeypatch, other, error):
    told, synced = [], []

    def fcntl(file, command):
        told.append(command)
        if error:
            raise error

    monkeypatch.setattr("fcntl.fcntl", fcntl)
    monkeypatch.setattr(os, "fsync", synced.append)
    other("macOS")
    (tmp_path / "a").write_text("a")
    atomic_files.sync(tmp_path / "a")
    # F_FULLFSYNC in macOS's own fcntl.h.
    assert told == [51]
    assert bool(synced) == bool(error)


def test_a_folder_that_cannot_be_synced_is_no_fault_and_a_file_is(tmp_path, monkeypatch, other):
    def failing(file):
        raise OSError(22, "Invalid argument")

    path = tmp_path / "a"
    path.write_text("a")
    monkeypatch.setattr(os, "fsync", failing)
    atomic_files.sync(tmp_path)
    with pytest.raises(OSError, match="Invalid argument"):
        atomic_files.sync(path)
    other("Windows")
    # A folder cannot even be opened there.
    monkeypatch.setattr(os, "open", failing)
    atomic_files.sync(tmp_path)


def held_open(monkeypatch, times):
    """Have the next moves fail, as they do on Windows where another program has the file open."""
    tries = []

    def replace(self, target, replace=Path.replace):
        tries.append(self)
        if len(tries) <= times:
            raise PermissionError(13, "Access is denied")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    monkeypatch.setattr(signals.time, "sleep", lambda seconds: None)
    return tries


@pytest.mark.parametrize("times", [0, 1, atomic_files.TRIES - 1])
def test_on_windows_a_file_that_is_open_is_waited_for(tmp_path, monkeypatch, other, times):
    other("Windows")
    tries = held_open(monkeypatch, times)
    new, old = tmp_path / "new", tmp_path / "old"
    new.write_text("new")
    old.write_text("old")
    atomic_files.move(new, old)
    assert len(tries) == times + 1
    assert old.read_text() == "new"
    assert not new.exists()


def test_on_windows_a_file_that_stays_open_is_told_of(tmp_path, monkeypatch, other):
    other("Windows")
    tries = held_open(monkeypatch, 1000)
    new, old = tmp_path / "new", tmp_path / "old"
    new.write_text("new")
    old.write_text("old")
    with pytest.raises(PermissionError, match="is open in another program; close it there"):
        atomic_files.move(new, old)
    assert len(tries) == atomic_files.TRIES
    assert (new.read_text(), old.read_text()) == ("new", "old")


def test_on_windows_a_folder_with_an_open_file_goes_back(tmp_path, monkeypatch, other):
    other("Windows")
    (tmp_path / "made").mkdir()
    new, old = tmp_path / "made" / "new", tmp_path / "frames"
    for each in (new, old):
        each.mkdir()
        (each / "frame-0000.png").write_text(each.name)
    held_open(monkeypatch, 1000)
    with pytest.raises(PermissionError, match="is open in another program"):
        move_into_place(new, old)
    assert (old / "frame-0000.png").read_text() == "frames"


def test_elsewhere_a_move_that_is_refused_is_not_tried_again(tmp_path, monkeypatch, other):
    other("Linux")
    tries = held_open(monkeypatch, 1000)
    with pytest.raises(PermissionError, match="Access is denied"):
        atomic_files.move(tmp_path / "new", tmp_path / "old")
    assert len(tries) == 1


REFUSED = {
    "con.gif": "is the name of a device on Windows",
    "CON": "is the name of a device on Windows",
    "nul.tar.gif": "is the name of a device on Windows",
    "Com1.mp4": "is the name of a device on Windows",
    "lpt³.mp4": "is the name of a device on Windows",
    "aux .gif": "is the name of a device on Windows",
    "c:x.mp4": "holds ':', which Windows does not allow",
    'a"b.gif': "holds '\"', which Windows does not allow",
    "a?.gif": "holds '?', which Windows does not allow",
    "a\nb.gif": r"holds '\n', which Windows does not allow",
    "a.gif.": "ends in a dot or a blank, which Windows does not allow",
    "a.gif ": "ends in a dot or a blank, which Windows does not allow",
}


@pytest.mark.parametrize("name", REFUSED)
def test_windows_refuses_names(other, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    other("Windows")
    assert file_names.invalid_name_reason(name) == REFUSED[name]
    with pytest.raises(UsageError) as caught:
        check_path(Path(name))
    assert str(caught.value) == escape_controls(f"{name}: {REFUSED[name]}; give it another name")
    other("Linux")
    assert file_names.invalid_name_reason(name) == ""


@pytest.mark.parametrize("name", ["console.gif", "com.gif", "com10.gif", "my con.gif", ".gif", "a b.gif", "ä.gif"])
def test_windows_has_other_names(other, name):
    other("Windows")
    assert file_names.invalid_name_reason(name) == ""
    assert not PureWindowsPath(name).is_reserved()


@pytest.mark.parametrize("name", ["Windows", "macOS", "Linux"])
def test_no_system_has_a_zero_byte_in_a_name(other, name):
    other(name)
    assert file_names.invalid_name_reason("a\0.gif") == "holds a zero byte"


def test_which_paths_are_given_as_folders(monkeypatch):
    assert file_names.ends_in_separator("frames/")
    assert file_names.ends_in_separator(f"frames{os.sep}")
    assert not file_names.ends_in_separator("frames")
    assert not file_names.ends_in_separator(Path("frames/"))
    monkeypatch.setattr(os, "sep", "\\")
    monkeypatch.setattr(os, "altsep", "/")
    assert file_names.ends_in_separator("frames\\")
    assert file_names.ends_in_separator("frames/")
    monkeypatch.setattr(os, "sep", "/")
    monkeypatch.setattr(os, "altsep", None)
    assert not file_names.ends_in_separator("frames\\")


def test_words_are_typed_as_the_shell_takes_them(other):
    words = ["animopt", "my scene", "it's", 'a "b"', "$(touch x)"]
    other("Linux")
    assert shlex.split(processes.shell_command(words)) == words
    other("Windows")
    assert processes.shell_command(words) == 'animopt "my scene" it\'s "a \\"b\\"" "$(touch x)"'


@pytest.mark.parametrize("name", ["Windows", "macOS"])
@pytest.mark.parametrize("code", [0, 1])
def test_other_systems_show_a_file_through_click(other, monkeypatch, tmp_path, name, code):
    import click

    shown = []
    monkeypatch.setattr(click, "launch", lambda path: shown.append(path) or code)
    other(name)
    assert processes.open_file(tmp_path / "a.gif") is (code == 0)
    assert shown == [str((tmp_path / "a.gif").resolve())]


@pytest.mark.skipif(WINDOWS, reason="a script is no program there")
@pytest.mark.parametrize(("script", "found"), [("exit 0", True), ("exit 3", False), ("sleep 600", True), (None, False)])
def test_linux_shows_a_file_through_what_the_desktop_has(other, monkeypatch, tmp_path, script, found):
    other("Linux")
    monkeypatch.setattr(processes, "VIEWER_TIMEOUT", 0.5 if script == "sleep 600" else 60)
    if script:
        (tmp_path / "xdg-open").write_text(f"#!/bin/sh\nexec >/dev/null; {script.replace('sleep', 'exec sleep')}\n")
        (tmp_path / "xdg-open").chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin" if script else str(tmp_path))
    started = []
    opening = subprocess.Popen
    monkeypatch.setattr(
        subprocess, "Popen", lambda *words, **how: started.append(opening(*words, **how)) or started[-1]
    )
    assert processes.open_file(tmp_path / "a.gif") is found
    for each in started:
        each.kill()
        each.wait()


def test_nothing_else_looks_at_which_system_this_is():
    """Each place that differs is in this module."""
    package = Path(signals.__file__).parents[1]
    words = ("sys.platform", "os.name ", "platform.system", "signal.SIG", "start_new_session", "creationflags")
    found = {
        (path.name, word)
        for path in package.rglob("*.py")
        for word in words
        if word in path.read_text("utf-8") and path.name not in ("operating_system.py", "signals.py", "processes.py")
    }
    # These exist everywhere, and mean the same.
    assert found <= {("worker_pool.py", "signal.SIG"), ("doctor.py", "platform.system")}


@pytest.fixture
def named(monkeypatch):
    """A function that lets imageio-ffmpeg name a program."""

    def name(words):
        monkeypatch.setattr("animopt.video.ffmpeg.imageio_ffmpeg.get_ffmpeg_exe", lambda: words)

    return name


def test_ffmpeg_is_asked_for_by_its_whole_path(named, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Path(ffmpeg.program()).is_absolute()
    named(str(Path("bin", "ffmpeg")))
    assert ffmpeg.program() == str(tmp_path / "bin" / "ffmpeg")
    elsewhere = tmp_path / "elsewhere" / "ffmpeg"
    named("ffmpeg")
    monkeypatch.setattr("shutil.which", lambda name: str(elsewhere))
    assert ffmpeg.program() == str(elsewhere)


@pytest.mark.parametrize("found", [None, "ffmpeg.exe", "here"])
def test_an_ffmpeg_in_the_current_folder_is_not_taken(named, tmp_path, monkeypatch, found):
    monkeypatch.chdir(tmp_path)
    named("ffmpeg")
    monkeypatch.setattr("shutil.which", lambda name: str(tmp_path / "ffmpeg") if found == "here" else found)
    with pytest.raises(Error, match="there is no ffmpeg on the PATH; reinstall imageio-ffmpeg"):
        ffmpeg.program()


def test_a_system_without_ffmpeg_is_told_of(monkeypatch):
    def none():
        raise RuntimeError("No ffmpeg exe could be found. Install ffmpeg on your system")

    monkeypatch.setattr("animopt.video.ffmpeg.imageio_ffmpeg.get_ffmpeg_exe", none)
    with pytest.raises(Error, match="there is no ffmpeg; reinstall imageio-ffmpeg"):
        ffmpeg.program()
