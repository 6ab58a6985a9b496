"""File names that the operating system accepts."""

import os
from pathlib import Path, PureWindowsPath

import pytest

from animopt.core import file_names
from animopt.core.errors import UsageError
from animopt.core.terminal_text import escape_controls
from animopt.video.output import check_path

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
def test_windows_refuses_names(simulate, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    simulate("Windows")
    assert file_names.invalid_name_reason(name) == REFUSED[name]
    with pytest.raises(UsageError) as caught:
        check_path(Path(name))
    assert str(caught.value) == escape_controls(f"{name}: {REFUSED[name]}; give it another name")
    simulate("Linux")
    assert file_names.invalid_name_reason(name) == ""


@pytest.mark.parametrize("name", ["console.gif", "com.gif", "com10.gif", "my con.gif", ".gif", "a b.gif", "ä.gif"])
def test_windows_accepts_names(simulate, name):
    simulate("Windows")
    assert file_names.invalid_name_reason(name) == ""
    assert not PureWindowsPath(name).is_reserved()


@pytest.mark.parametrize("name", ["Windows", "macOS", "Linux"])
def test_zero_byte_is_refused_on_any_system(simulate, name):
    simulate(name)
    assert file_names.invalid_name_reason("a\0.gif") == "holds a zero byte"


def test_path_that_ends_in_a_separator_names_a_folder(monkeypatch):
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
