"""Helpers of the tests that run whole commands: files of a folder, and messages of one line."""

import re

import pytest

from animopt.core.errors import CONTROLS

MAX_MESSAGE_LENGTH = 420
"""Maximum number of characters in a message: long values and long lists are shortened."""


@pytest.fixture(scope="session")
def write_files():
    """A function that writes files into a folder, from a dict of their paths and contents."""

    def write(folder, contents):
        for name, content in contents.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return write


@pytest.fixture(scope="session")
def read_files():
    """A function that returns the paths below a folder, hidden ones too, with the bytes of each file."""

    def read(folder):
        return {
            path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
            for path in sorted(folder.rglob("*"))
        }

    return read


@pytest.fixture(scope="session")
def assert_message():
    """A function that checks that a message is short, is one line, and is the expected one.

    Three dots in the expected message match any text.
    """

    def check(message, expected):
        assert message == message.strip()
        assert not CONTROLS.search(message), message
        assert "Traceback" not in message
        assert len(message) <= MAX_MESSAGE_LENGTH, len(message)
        assert re.match(
            ".*".join(map(re.escape, expected.split("..."))) + ("" if expected.endswith("...") else "$"), message
        ), message

    return check


@pytest.fixture(scope="session")
def assert_refused(assert_message):
    """A function that checks the exit code of a command, that it printed nothing, and its error of one line."""

    def check(done, code, expected):
        assert (done.returncode, done.stdout) == (code, ""), done.stderr
        (line,) = done.stderr.splitlines()
        assert line.startswith("animopt: ")
        assert_message(line.removeprefix("animopt: "), expected)

    return check


@pytest.fixture
def assert_refused_here(animopt_here, assert_refused, read_files, tmp_path):
    """A function that runs a command, and checks that it is refused as by `assert_refused` and changes no file."""

    def check(arguments, code, expected):
        before = read_files(tmp_path)
        assert_refused(animopt_here(*arguments), code, expected)
        assert read_files(tmp_path) == before

    return check
