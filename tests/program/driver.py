"""Runs commands and scripts in forks of one process that has imported torch, with faults at chosen moments.

Requests and answers are lines of JSON on two file descriptors. A fault is {"at": "module:name", "action": [name,
argument]}: the action runs before the function is called, or with "after" when it has returned. "time" is the number of
the call, from 0. "match" is a text that the attributes of the first argument must contain. With "stopped", a program
that the function starts does not run before the action, so that it cannot end before it.
"""

import contextlib
import hashlib
import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from importlib import import_module
from pathlib import Path

import psutil

import animopt.video.watchdog

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGPIPE") if hasattr(signal, name)]


def children(word):
    """The child processes that have a word in their command lines."""
    return [each for each in psutil.Process().children() if word in " ".join(each.cmdline())]


def signal_children(word, number):
    """Send a signal to child processes, and wait for its effect."""
    expected = {signal.SIGKILL: psutil.STATUS_ZOMBIE, signal.SIGSTOP: psutil.STATUS_STOPPED}[number]
    found = children(word)
    assert found, f"there is no {word}"
    for each in found:
        each.send_signal(number)
        with contextlib.suppress(psutil.NoSuchProcess):
            while each.status() not in (expected, psutil.STATUS_DEAD, psutil.STATUS_ZOMBIE):
                time.sleep(0.01)


def fill(folder):
    """Fill a disk."""
    with open(os.path.join(folder, "filler"), "ab", buffering=0) as file, contextlib.suppress(OSError):  # noqa: PTH118, PTH123
        while True:
            file.write(bytes(4096))


def create_file(path):
    """Create a file, and its folder if it is missing."""
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_text("notes")


def wait_for(path):
    """Create a file with the suffix .waiting, then wait until a file exists."""
    Path(f"{path}.waiting").touch()
    while not Path(path).exists():
        time.sleep(0.01)


def stop(word):
    """Stop the child processes that have a word in their command lines, and shorten the timeout for them."""
    signal_children(word, signal.SIGSTOP)
    animopt.video.watchdog.MAX_STALLED_CHECKS, animopt.video.watchdog.CHECK_INTERVAL = 10, 0.1


def compute(number):
    """Send a signal while a C extension computes."""
    sender = threading.Thread(target=os.kill, args=(os.getpid(), number))
    sender.start()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10**6)
    sender.join()


ACTIONS = {
    "kill encoders": lambda _: signal_children("ffmpeg", signal.SIGKILL),
    "stop encoders": lambda _: stop("ffmpeg"),
    "stop workers": lambda _: stop("animopt.video.worker_pool"),
    "kill workers": lambda _: signal_children("animopt.video.worker_pool", signal.SIGKILL),
    "signal": lambda number: os.kill(os.getpid(), number),
    "signals": lambda numbers: [os.kill(os.getpid(), number) for number in numbers],
    "signal group": lambda number: os.killpg(0, number),
    "compute": compute,
    "create folder": os.mkdir,
    "create file": create_file,
    "remove": shutil.rmtree,
    "fill": fill,
    "wait for": wait_for,
}


def hook(at, action, time=0, after=False, match="", stopped=False):
    """Run an action when a function is called, or when it has returned."""
    module, _, names = at.partition(":")
    owner = import_module(module)
    *outer, name = names.split(".")
    for each in outer:
        owner = getattr(owner, each)
    function = getattr(owner, name)
    calls = 0

    def hooked(*arguments, **named):
        nonlocal calls
        matches = match in (repr(vars(arguments[0])) if match else "")
        calls += matches
        due = matches and calls == time + 1
        name, argument = action
        if due and not after:
            ACTIONS[name](argument)
        resume = name != "stop encoders"
        with started_stopped(resume=resume) if due and stopped else contextlib.nullcontext():
            try:
                return function(*arguments, **named)
            finally:
                if due and after:
                    ACTIONS[name](argument)

    setattr(owner, name, hooked)


@contextlib.contextmanager
def started_stopped(*, resume):
    """Let each program that is started stop itself before it runs."""
    start, started = subprocess.Popen, []

    def stopped(command, **options):
        started.append(start(["sh", "-c", 'kill -STOP $$; exec "$@"', "sh", *command], **options))
        while psutil.Process(started[-1].pid).status() != psutil.STATUS_STOPPED:
            time.sleep(0.001)
        return started[-1]

    subprocess.Popen = stopped
    try:
        yield
    finally:
        subprocess.Popen = start
        for each in started if resume else ():
            each.send_signal(signal.SIGCONT)


def become_command(request):
    """Set up this fork as a request asks: its folder, standard streams, signals and faults."""
    os.setsid()
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    for number in request.get("ignored", ()):
        signal.signal(number, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    for number, path in ((1, request["stdout"]), (2, request["stderr"])):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    if "terminal" in request:
        # The first terminal that a session opens becomes its controlling terminal.
        terminal = os.open(request["terminal"], os.O_RDWR)
        os.dup2(terminal, 0)
        os.dup2(terminal, 2)
        os.close(terminal)
    # Open new streams, because Python chose the buffering of the old ones for other files.
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = open(number, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    os.environ.update(request["environment"])
    tempfile.tempdir = None
    os.chdir(request["folder"])
    for name, value in request.get("set", {}).items():
        module, _, name = name.partition(":")
        setattr(import_module(module), name, value)
    for fault in request.get("faults", ()):
        hook(**fault)
    sys.argv = [request.get("script", "animopt"), *request["arguments"]]


def wait_for_exit(number, timeout):
    """Return the exit code of a process, or kill it after a timeout in seconds and return -1000."""
    deadline = time.monotonic() + timeout
    while True:
        found, status = os.waitpid(number, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.killpg(number, signal.SIGKILL)
            os.waitpid(number, 0)
            return -1000
        time.sleep(0.01)


def serve(incoming, answers):
    """Answer requests. Return False at the end of the requests, and True in the fork that runs a command."""
    with os.fdopen(incoming) as requests:
        for line in requests:
            request = json.loads(line)
            if "wait_for" in request:
                answer = wait_for_exit(request["wait_for"], request["timeout"])
            else:
                number = os.fork()
                if not number:
                    os.close(answers)
                    become_command(request)
                    return True
                answer = number
            os.write(answers, f"{json.dumps(answer)}\n".encode())
    return False


if __name__ == "__main__":
    import imageio_ffmpeg
    import torch

    import animopt.__main__
    import animopt.cli.main
    import animopt.cli.rendering
    import animopt.cli.watch
    import animopt.engine.racer
    import animopt.engine.record
    import animopt.lecture.deck
    import animopt.publish.sidecars
    import animopt.scene.batch
    import animopt.scene.gallery
    import animopt.scene.races
    import animopt.scene.render
    import animopt.scene.scene
    import animopt.video.output

    imageio_ffmpeg.get_ffmpeg_exe()
    # A fork has no other threads.
    torch.set_num_threads(1)
    # Fill the caches of fonts and texts before the forks.
    scene = animopt.Scene(function=lambda x: (x**2).sum(), racers=[animopt.Racer("SGD", lr=0.1)], start=(1, 1), steps=2)
    animopt.scene.render.film_of(scene, animopt.Output("a.gif", (160, 160))).frame(0)
    if serve(*map(int, sys.argv[1:3])):
        if sys.argv[0] == "animopt":
            animopt.__main__.main()
        else:
            sys.path[0] = os.getcwd()  # noqa: PTH109
            runpy.run_path(sys.argv[0], run_name="__main__")
