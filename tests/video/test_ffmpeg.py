"""The ffmpeg program that imageio-ffmpeg names."""

from pathlib import Path

import pytest

from animopt.core.errors import Error
from animopt.video import ffmpeg


@pytest.fixture
def named(monkeypatch):
    """A function that makes imageio-ffmpeg name a program."""

    def name(program):
        monkeypatch.setattr("animopt.video.ffmpeg.imageio_ffmpeg.get_ffmpeg_exe", lambda: program)

    return name


def test_ffmpeg_is_started_by_its_absolute_path(named, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Path(ffmpeg.program()).is_absolute()
    named(str(Path("bin", "ffmpeg")))
    assert ffmpeg.program() == str(tmp_path / "bin" / "ffmpeg")
    elsewhere = tmp_path / "elsewhere" / "ffmpeg"
    named("ffmpeg")
    monkeypatch.setattr("shutil.which", lambda name: str(elsewhere))
    assert ffmpeg.program() == str(elsewhere)


@pytest.mark.parametrize("found", [None, "ffmpeg.exe", "here"])
def test_ffmpeg_in_the_current_folder_is_not_used(named, tmp_path, monkeypatch, found):
    monkeypatch.chdir(tmp_path)
    named("ffmpeg")
    monkeypatch.setattr("shutil.which", lambda name: str(tmp_path / "ffmpeg") if found == "here" else found)
    with pytest.raises(Error, match="there is no ffmpeg on the PATH; reinstall imageio-ffmpeg"):
        ffmpeg.program()


def test_missing_ffmpeg_is_reported(monkeypatch):
    def none():
        raise RuntimeError("No ffmpeg exe could be found. Install ffmpeg on your system")

    monkeypatch.setattr("animopt.video.ffmpeg.imageio_ffmpeg.get_ffmpeg_exe", none)
    with pytest.raises(Error, match="there is no ffmpeg; reinstall imageio-ffmpeg"):
        ffmpeg.program()
