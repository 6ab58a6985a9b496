"""Shell completion of options and arguments."""

import os
import shutil
import subprocess
import sys

import pytest

from animopt.cli import options
from animopt.core.processes import is_plain_word
from animopt.engine import library, racer

# Completion must not import slow modules.
COMPLETE = """
import sys
from animopt.cli.main import main
try:
    main()
finally:
    assert not {"torch", "numpy", "matplotlib", "rich", "attr", "imageio_ffmpeg"} & set(sys.modules)
"""


@pytest.fixture
def complete(tmp_path, write_scene):
    """A function that returns the completions of a line, in a folder with one scene."""
    (tmp_path / "scenes").mkdir()
    write_scene(tmp_path / "scenes" / "ravine_of_mine.py")

    def run(line, shell="bash"):
        words = line.split(" ")
        environment = {"_ANIMOPT_COMPLETE": f"{shell}_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
        if shell == "fish":
            environment["COMP_CWORD"] = words[-1]
        done = subprocess.run(
            [sys.executable, "-c", COMPLETE],
            cwd=tmp_path,
            env=os.environ | environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.stderr == ""
        return done.stdout.split("\n")[:-1]

    return run


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("line", "completions"),
    [
        ("animopt ravine-of", ["plain,ravine-of-mine"]),
        ("animopt doc", ["plain,doctor"]),
        ("animopt fold", ["file,fold"]),
        ("animopt ravine-of-mine --th", ["plain,--theme"]),
        ("animopt ravine-of-mine --theme ", ["plain,light", "plain,dark", "plain,print"]),
        ("animopt scenes/ravine_of_mine.py --wat", ["plain,--watch"]),
        ("animopt ravine-of-mine --layout contour", ["plain,contour-only"]),
        ("animopt ravine-of-mine --for git", ["plain,github"]),
        ("animopt ravine-of-mine -o ", ["file,"]),
        ("animopt race --function ros", ["plain,rosenbrock"]),
        ("animopt race --function ./own", ["file,./own"]),
        ("animopt race --racer ada", ["plain,adadelta", "plain,adafactor", "plain,adagrad", "plain,adam"]),
        ("animopt race --racer Adag", ["plain,Adagrad"]),
        ("animopt functions six", ["plain,six-hump-camel"]),
        ("animopt all ravine-of", ["plain,ravine-of-mine"]),
        ("animopt nothing-of-the-kind --th", ["file,--th"]),
    ],
)
def test_bash_completes(complete, line, completions):
    found = complete(line)
    assert found[: len(completions)] == completions
    if "ada" not in line:
        assert len(found) == len(completions)


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_complete(complete, shell):
    assert any("ravine-of-mine" in line for line in complete("animopt ravine-of", shell))


HOSTILE = ["zz;touch ran;.py", "yy$(touch ran).py", "xx`touch ran`.py", "--quiet.py", "ww*.py", "vv_;.py", "vv-;.py"]

SHELLS = {
    "bash": (
        ["bash", "--noprofile", "--rcfile", "start", "-i"],
        """
        eval "$(_ANIMOPT_COMPLETE=bash_source animopt)"
        animopt() { printf '<%s>' "$@"; }
    """,
    ),
    "zsh": (
        ["zsh", "-i"],
        """
        autoload -U compinit; compinit -u -D
        eval "$(_ANIMOPT_COMPLETE=zsh_source animopt)"
        animopt() { printf '<%s>' "$@"; }
    """,
    ),
    "fish": (
        ["fish", "--no-config", "-C", "source start"],
        """
        _ANIMOPT_COMPLETE=fish_source animopt | source
        function animopt; printf '<%s>' $argv; end
    """,
    ),
}
"""The command that starts each shell, and its start-up file, in which the completed command prints its words."""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal of POSIX")
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.long
def test_completion_in_a_shell_runs_no_part_of_a_file_name(tmp_path, write_scene, monkeypatch, shell):
    command, start = SHELLS[shell]
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    if shell == "bash" and subprocess.run(["bash", "-c", "((BASH_VERSINFO[0] < 5))"], check=False).returncode == 0:
        pytest.skip("click does not complete in old versions of bash")
    import pty

    (tmp_path / "scenes").mkdir()
    for name in [*HOSTILE, "plain_scene.py"]:
        write_scene(tmp_path / "scenes" / name)
    for name in ("start", ".zshrc"):
        (tmp_path / name).write_text(start)
    program = tmp_path / "bin" / "animopt"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m animopt "$@"\n')
    program.chmod(0o755)
    for name in ("HOME", "ZDOTDIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setenv("TERM", "dumb")
    ours, theirs = pty.openpty()
    # The keys wait in the terminal until the shell reads them.
    typed = ["animopt zz\t", "animopt all yy\t", "animopt gallery xx\t", "animopt all --qui\t", "animopt vv\t"]
    os.write(ours, "".join(f"{line}\n" for line in [*typed, "animopt ww\t", "animopt plain\t", "exit"]).encode())
    with subprocess.Popen(command, cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True):
        os.close(theirs)
        printed = read_terminal(ours)
    assert b"<plain-scene>" in printed
    assert not (tmp_path / "ran").exists()
    assert {path.name for path in (tmp_path / "scenes").iterdir()} == {*HOSTILE, "plain_scene.py"}


def read_terminal(terminal):
    """Return the bytes that are written to a terminal until it is closed."""
    printed = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            part = b""
        if not part:
            os.close(terminal)
            return printed
        printed += part


@pytest.mark.parametrize("line", ["animopt ", "animopt all ", "animopt scenes/"])
def test_completed_words_need_no_quotes(complete, tmp_path, write_scene, line):
    for name in HOSTILE:
        write_scene(tmp_path / "scenes" / name)
    words = [found.partition(",")[2] for found in complete(line)]
    assert all(is_plain_word(word) for word in words)
    assert ("ravine-of-mine" in words) == (line != "animopt scenes/")


def test_completed_names_are_those_of_the_library_and_torch():
    assert options.function_names() == [name.replace("_", "-") for name in library.all_functions()]
    assert options.optimizer_names() == racer.optimizer_names()
