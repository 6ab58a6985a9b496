"""Does what the command does in forks of one process that has torch already, with faults at chosen moments.

It reads requests as lines of JSON and answers in such lines, on the two file descriptors that it is given. A fault is
{"at": "module:name", "do": [what, argument]}: what is done before the function there is called, or once it has
returned with "after"; "time" says at which of its calls, "match" what its first argument is to have somewhere.
"""

import contextlib
import hashlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from importlib import import_module
from multiprocessing import shared_memory
from pathlib import Path

import psutil

import animopt.video.ffmpeg

ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGPIPE") if hasattr(signal, name)]


def children(what):
    """The processes of ours that have a word in their command lines."""
    return [each for each in psutil.Process().children() if what in " ".join(each.cmdline())]


def tell(what, number):
    """Send a signal to some of our processes, and see that it has come."""
    expected = {signal.SIGKILL: psutil.STATUS_ZOMBIE, signal.SIGSTOP: psutil.STATUS_STOPPED}[number]
    found = children(what)
    assert found, f"there is no {what}"
    for each in found:
        each.send_signal(number)
        with contextlib.suppress(psutil.NoSuchProcess):
            while each.status() not in (expected, psutil.STATUS_DEAD, psutil.STATUS_ZOMBIE):
                time.sleep(0.01)


def fill(folder):
    """Leave no room on a disk."""
    with open(os.path.join(folder, "filler"), "ab", buffering=0) as file, contextlib.suppress(OSError):  # noqa: PTH118, PTH123
        while True:
            file.write(bytes(4096))


def wait_for(path):
    """Wait until there is a file, having said so with another one."""
    Path(f"{path}.waiting").touch()
    while not Path(path).exists():
        time.sleep(0.01)


def stop():
    """Stop the encoders, and let the watch over them be short."""
    tell("ffmpeg", signal.SIGSTOP)
    animopt.video.ffmpeg.STILL, animopt.video.ffmpeg.EVERY = 10, 0.1


def compute(number):
    """Have a signal come while a C extension computes."""
    sender = threading.Thread(target=os.kill, args=(os.getpid(), number))
    sender.start()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10**6)
    sender.join()


DEEDS = {
    "kill encoders": lambda _: tell("ffmpeg", signal.SIGKILL),
    "stop encoders": lambda _: stop(),
    "kill workers": lambda _: tell("animopt.video.worker_pool", signal.SIGKILL),
    "signal": lambda number: os.kill(os.getpid(), number),
    "signals": lambda numbers: [os.kill(os.getpid(), number) for number in numbers],
    "signal group": lambda number: os.killpg(0, number),
    "compute": compute,
    "make a folder": os.mkdir,
    "mount read-only": lambda folder: subprocess.run(["mount", "-o", "remount,ro", folder], check=True),
    "remove": shutil.rmtree,
    "fill": fill,
    "wait for": wait_for,
    "fail": lambda said: (_ for _ in ()).throw(OSError(*said)),
}


def hook(at, do, time=0, after=False, match="", every=False):
    """Have something done when a function is called, or has returned."""
    module, _, names = at.partition(":")
    owner = import_module(module)
    *outer, name = names.split(".")
    for each in outer:
        owner = getattr(owner, each)
    function = getattr(owner, name)
    calls = 0

    def hooked(*arguments, **named):
        nonlocal calls
        first = repr(vars(arguments[0])) if match else ""
        due = match in first
        calls += due
        due = due and (every or calls == time + 1)
        what, given = do
        if due and not after:
            DEEDS[what](given)
        try:
            return function(*arguments, **named)
        finally:
            if due and after:
                DEEDS[what](given)

    setattr(owner, name, hooked)


def prepare(asked):
    """Be the process that was asked for: its folder, its standard streams, its signals, and its faults."""
    os.setsid()
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    for number in asked.get("ignored", ()):
        signal.signal(number, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    for number, path in ((1, asked["stdout"]), (2, asked["stderr"])):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    if "terminal" in asked:
        # The first terminal that a new session opens is its own.
        terminal = os.open(asked["terminal"], os.O_RDWR)
        os.dup2(terminal, 0)
        os.dup2(terminal, 2)
        os.close(terminal)
    # Python asked of the ones before whether they are files.
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = open(number, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    os.environ.update(asked.get("environment", {}))
    tempfile.tempdir = None
    number, counter = os.getpid(), itertools.count()
    # So that it is known whose they are.
    shared_memory._make_filename = lambda: f"/psm_{number}_{next(counter)}"
    os.chdir(asked["folder"])
    for name, value in asked.get("set", {}).items():
        module, _, name = name.partition(":")
        setattr(import_module(module), name, value)
    for fault in asked.get("faults", ()):
        hook(**fault)
    sys.argv = ["animopt", *asked["words"]]


def ended(number, patience):
    """The exit code of a process, or -1000 where it does not end."""
    deadline = time.monotonic() + patience
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
    """Answer requests until there are no more, or this is the process of one."""
    with os.fdopen(incoming) as requests:
        for line in requests:
            asked = json.loads(line)
            if "ended" in asked:
                answer = ended(asked["ended"], asked["patience"])
            else:
                number = os.fork()
                if not number:
                    os.close(answers)
                    prepare(asked)
                    return True
                answer = number
            os.write(answers, f"{json.dumps(answer)}\n".encode())
    return False


if __name__ == "__main__":
    import imageio_ffmpeg
    import torch

    import animopt.__main__
    import animopt.cli.main
    import animopt.cli.watch
    import animopt.engine.racer
    import animopt.engine.record
    import animopt.publish.sidecars
    import animopt.scene.batch
    import animopt.scene.deck
    import animopt.scene.gallery
    import animopt.scene.render
    import animopt.scene.scene
    import animopt.video.output

    imageio_ffmpeg.get_ffmpeg_exe()
    # Threads of its own would not be there in a fork.
    torch.set_num_threads(1)
    # What is read and made once for all pictures is there in each fork.
    scene = animopt.Scene(function=lambda x: (x**2).sum(), racers=[animopt.Racer("SGD", lr=0.1)], start=(1, 1), steps=2)
    animopt.scene.render.film_of(scene, animopt.Output("a.gif", (160, 160))).frame(0)
    if serve(*map(int, sys.argv[1:3])):
        animopt.__main__.main()
