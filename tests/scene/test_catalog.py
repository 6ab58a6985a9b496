"""The list of the scenes, in a folder with broken and hostile files."""

import os
import sys

import pytest

from animopt.scene import catalog

FILES = {
    "deep_minus": ("x = " + "-" * 100_000 + "1", "(is nested too deeply)"),
    "deep_sum": ("x = " + "+".join(["1"] * 100_000), "(is nested too deeply)"),
    "deep_attribute": ("x = a" + ".b" * 100_000, "(is nested too deeply)"),
    "many_elif": ("if 1: pass\n" + "elif 1: pass\n" * 20_000, "(is nested too deeply)"),
    "many_parentheses": ("x = " + "(" * 1000 + ")" * 1000, "(line 2: too many nested parentheses)"),
    "large": ("x = 1\n" * 2_000_000, "(is larger than 500 kB)"),
    "long_docstring": ('"""' + "x" * 400_000 + '"""', "x" * 197 + "..."),
    "null": ("x = '\0'", "null bytes"),
    "large_number": (f"x = {'1' * 5000}", "(line 2: Exceeds the limit"),
    "encoding": ("# coding: nothing\n", "(unknown encoding: nothing)"),
}
"""The text of each file after a docstring or an empty line, and a part of the description that is listed."""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with a good scene file in `scenes` among the others."""
    (tmp_path / "scenes").mkdir()
    (tmp_path / "scenes" / "good.py").write_text('"""A good scene."""\n')
    for name, (text, _) in FILES.items():
        first = "" if name in ("long_docstring", "encoding") else '"""A broken scene."""\n'
        (tmp_path / "scenes" / f"{name}.py").write_bytes((first + text).encode())
    monkeypatch.chdir(tmp_path)
    return tmp_path / "scenes"


@pytest.mark.parametrize("name", FILES)
def test_broken_file_is_listed_with_its_fault(folder, name):
    _, fault = FILES[name]
    assert fault in catalog.summary(folder / f"{name}.py")
    assert len(catalog.summary(folder / f"{name}.py")) <= 200


@pytest.mark.long
def test_broken_files_do_not_break_the_list_or_completion(folder, animopt_here, monkeypatch):
    (folder / "folder.py").mkdir()
    if sys.platform != "win32":
        os.mkfifo(folder / "pipe.py")
        (folder / "loop.py").symlink_to("loop.py")
        # No file can have such a name.
        (folder / "nowhere.py").symlink_to("n" * 300)
    done = animopt_here()
    assert (done.returncode, done.stderr) == (0, "")
    assert "A good scene." in done.stdout
    assert "(is nested too deeply)" in done.stdout
    for name, value in {"_ANIMOPT_COMPLETE": "bash_complete", "COMP_WORDS": "animopt ", "COMP_CWORD": "1"}.items():
        monkeypatch.setenv(name, value)
    words = animopt_here().stdout.split()
    assert {"plain,good", "plain,large", "plain,deep-minus"} <= set(words)
    assert not {"plain,pipe", "plain,loop", "plain,folder", "plain,nowhere"} & set(words)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a = " + b"[" * 50_000, "animopt.toml: is nested too deeply; its keys are theme"),
        (b"# " + b"x" * 200_000, "animopt.toml: is larger than 100 kB; its keys are theme"),
    ],
    ids=["deep", "large"],
)
def test_hostile_defaults_are_refused_in_one_line(tmp_path, animopt_here, text, message):
    (tmp_path / "animopt.toml").write_bytes(text)
    done = animopt_here("ravine-race")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"animopt: {message}")


def test_defaults_can_begin_with_a_byte_order_mark(tmp_path, animopt_here):
    (tmp_path / "animopt.toml").write_text('theme = "darkness"', encoding="utf-8-sig")
    assert "theme 'darkness': unknown" in animopt_here("ravine-race").stderr
