"""Signals that end the process, and the end of the process itself."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from animopt.core import processes
from animopt.core.processes import WINDOWS

SIGNALS = [getattr(signal, name) for name in processes.SIGNAL_NAMES if hasattr(signal, name)]
MESSAGE = f"animopt: {processes.INTERRUPTED}\n"

posix = pytest.mark.skipif(WINDOWS, reason="a process on Windows does not die of a signal")
each_signal = pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)


@pytest.fixture(autouse=True)
def fresh_state(monkeypatch):
    """A process that has received no signal. Signal handlers are restored after the test."""
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        # A shell that runs the tests in the background makes them ignore SIGINT.
        signal.signal(number, signal.SIG_DFL)
    for name in ("number", "arrival", "raising", "pending", "deferrals", "exit_code"):
        monkeypatch.setattr(processes._State, name, getattr(processes._State, name))
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def exit_code(function):
    """Call a function that a signal interrupts, and return the exit code."""
    with pytest.raises(SystemExit) as caught, processes.handle_signals():
        function()
    return caught.value.code


def terminate():
    signal.raise_signal(signal.SIGTERM)


def run(code):
    """Run code in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    code = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n{code}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)


@posix
@each_signal
def test_signal_is_raised_once_and_kills_the_process(number):
    done = run(f"""
import os
from animopt.core.processes import exit_process, handle_signals
try:
    with handle_signals():
        try:
            os.kill(os.getpid(), {int(number)})
        except KeyboardInterrupt as error:
            print(type(error).__name__, error)
            os.kill(os.getpid(), {int(number)})
            raise
except SystemExit as error:
    exit_process(error.code)
""")
    raised = "KeyboardInterrupt " if number == signal.SIGINT else f"Terminated {number.name}"
    assert (done.returncode, done.stdout, done.stderr) == (-number, f"{raised}\n", MESSAGE)


@each_signal
def test_signal_ends_the_context_with_its_exit_code(capfd, number):
    assert exit_code(lambda: signal.raise_signal(number)) == processes.signal_exit_code() == 128 + number
    assert capfd.readouterr().err == MESSAGE
    assert processes.signal_received()


def test_sigbreak_replaces_sighup_on_windows(monkeypatch):
    monkeypatch.delattr(signal, "SIGHUP", raising=False)
    monkeypatch.setattr(signal, "SIGBREAK", signal.SIGTERM, raising=False)
    monkeypatch.setattr(processes, "SIGNAL_NAMES", ("SIGHUP", "SIGBREAK"))
    assert exit_code(terminate) == 128 + signal.SIGTERM


def test_ignored_signal_remains_ignored(capfd):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with processes.handle_signals():
        terminate()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    assert not processes.signal_received()
    assert capfd.readouterr().err == ""


def test_context_without_a_signal_changes_nothing():
    with processes.handle_signals():
        assert not processes.signal_received()
    assert processes.signal_exit_code() == 130
    with pytest.raises(ZeroDivisionError), processes.handle_signals():
        _ = 1 / 0
    with pytest.raises(SystemExit) as caught, processes.handle_signals():
        sys.exit(3)
    assert caught.value.code == 3
    assert processes._State.exit_code is None


def test_exit_with_the_code_of_a_signal_writes_no_second_message(capfd):
    def interrupted():
        try:
            terminate()
        except KeyboardInterrupt:
            sys.exit(143)

    assert exit_code(interrupted) == 143
    assert capfd.readouterr().err == ""


def test_error_after_a_signal_counts_as_the_signal():
    def interrupted():
        try:
            terminate()
        except KeyboardInterrupt:
            raise OSError("the terminal is closed") from None

    assert exit_code(interrupted) == 143


def test_further_signal_is_raised_only_after_the_interval(monkeypatch):
    raised = []
    with processes.handle_signals():
        for interval in (1000, 1000, 0):
            monkeypatch.setattr(processes, "REPEAT_INTERVAL", interval)
            try:
                terminate()
            except processes.Terminated as error:
                raised.append((interval, str(error)))
    assert raised == [(1000, "SIGTERM"), (0, "SIGTERM")]


def test_cleared_signal_is_forgotten():
    with processes.handle_signals():
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                terminate()
            assert processes.signal_received()
            processes.clear_signal()
            assert not processes.signal_received()


def test_deferred_signal_is_raised_at_the_end_of_the_outer_context():
    steps = []
    with processes.handle_signals():
        try:
            with processes.defer_signals():
                with processes.defer_signals():
                    terminate()
                    steps.append("inner")
                steps.append("outer")
            steps.append("never")
        except processes.Terminated:
            steps.append("raised")
            with processes.defer_signals():
                steps.append("not again")
    assert steps == ["inner", "outer", "raised", "not again"]


def test_other_threads_do_not_defer_signals():
    def work():
        with processes.defer_signals():
            deferrals.append(processes._State.deferrals)

    deferrals = []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert deferrals == [0]


class Odd:
    """An object that calls a function when it is deleted."""

    def __init__(self, function):
        self.function = function

    def __del__(self):
        self.function()


def test_signal_in_a_destructor_is_sent_again():
    def work():
        Odd(terminate)
        while time.monotonic() < deadline:
            time.sleep(0.01)

    deadline = time.monotonic() + 60
    assert exit_code(work) == 143
    assert time.monotonic() < deadline


def test_other_errors_in_a_destructor_are_reported(monkeypatch):
    reported = []
    monkeypatch.setattr(sys, "__unraisablehook__", reported.append)

    def fail():
        raise ValueError("lost")

    with processes.handle_signals():
        Odd(fail)
    assert [str(each.exc_value) for each in reported] == ["lost"]


EXIT = """
import atexit, os, sys
from animopt.core import processes
from animopt.core.processes import exit_process, handle_signals
with handle_signals():
    pass
"""


def test_exit_runs_exit_handlers_and_flushes():
    done = run(f"""{EXIT}
atexit.register(print, "cleaned up")
print("rendered")
print("warning", file=sys.stderr, end="")
exit_process(3)
""")
    assert (done.returncode, done.stdout, done.stderr) == (3, "rendered\ncleaned up\n", "warning")


@pytest.mark.parametrize(("end", "stdout"), [("exit_process(0)", ""), ("sys.exit(0)", "deleted")])
def test_exit_deletes_no_modules(end, stdout):
    done = run(f"""{EXIT}
class Late:
    def __del__(self, write=os.write):
        write(1, b"deleted")
late = Late()
{end}
""")
    assert (done.returncode, done.stdout) == (0, stdout)


def test_exit_survives_closed_streams():
    done = run(f"{EXIT}sys.stdout.close(); exit_process(3)")
    assert (done.returncode, done.stderr) == (3, "")


@posix
def test_exit_code_of_ctrl_c_without_a_signal_is_no_signal():
    assert run(f"{EXIT}exit_process(130)").returncode == 130


def test_exit_code_on_windows_replaces_death_by_signal():
    done = run(f"""{EXIT}
processes.WINDOWS = True
processes._State.number = signal.SIGTERM
exit_process(processes.signal_exit_code())
""")
    assert done.returncode == 143


@posix
@pytest.mark.parametrize("moment", ["before the exit", "in an exit handler"])
def test_signal_while_the_process_ends_kills_it_after_exit_handlers(moment):
    stop = "[os.kill(os.getpid(), number) for number in (signal.SIGTERM, signal.SIGINT)]"
    done = run(f"""{EXIT}
atexit.register(print, "cleaned up")
atexit.register(lambda: {stop if "handler" in moment else None})
{stop if "before" in moment else ""}
exit_process(0)
""")
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGTERM, "cleaned up\n", MESSAGE)


@posix
def test_further_signal_kills_a_process_that_hangs_at_its_end():
    done = run(f"""{EXIT}
processes.REPEAT_INTERVAL = 0
@atexit.register
def hang():
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGINT)
    print("never")
exit_process(0)
""")
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", MESSAGE)


def test_entry_point_registers_the_last_exit_handler_first():
    """Exit handlers run in reverse order: one that is registered earlier than _end_process would not run."""
    done = run("""
import atexit
register, names = atexit.register, []
atexit.register = lambda function, *rest, **named: names.append(function.__qualname__) or register(function)
import animopt.__main__
print(names)
""")
    assert done.stdout.startswith("['_end_process'"), done.stderr
