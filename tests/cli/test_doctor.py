"""`animopt doctor`: checks of the installation."""

import pytest
import torch


def findings(done):
    """The state and the details of each check, by its name."""
    found = {}
    for line in done.stdout.splitlines():
        state, name, detail = line[:8].strip(), line[8:26].strip(), line[26:]
        if state:
            found[last := name] = (state, detail)
        else:
            found[last] = (*found[last], detail)
    return found


@pytest.fixture
def install(tmp_path, monkeypatch):
    """A function that installs metadata of animopt with other requirements."""

    def write_metadata(*requirements, extras=()):
        folder = tmp_path / "site" / "animopt-9.9.dist-info"
        folder.mkdir(parents=True)
        lines = ["Metadata-Version: 2.1", "Name: animopt", "Version: 9.9"]
        lines += [f"Provides-Extra: {extra}" for extra in extras]
        lines += [f"Requires-Dist: {requirement}" for requirement in requirements]
        (folder / "METADATA").write_text("\n".join(lines) + "\n\n")
        monkeypatch.syspath_prepend(tmp_path / "site")

    return write_metadata


@pytest.mark.long
def test_complete_installation_passes(animopt_here, tmp_path, install):
    requirements = "torch", "click", 'optuna; extra == "tuning"', 'no-such-thing; extra == "odd"'
    install(*requirements, extras=["tuning", "odd", "test"])
    done = animopt_here("doctor")
    assert (done.returncode, done.stderr) == (0, "")
    found = findings(done)
    assert found["animopt"] == ("ok", "9.9")
    assert found["torch"] == ("ok", torch.__version__)
    assert found["extra tuning"][0] == "ok"
    assert "extra test" not in found
    assert found["extra odd"] == ("-", "no-such-thing not installed", 'pip install "animopt[odd]"')
    assert "libx264" in found["ffmpeg"][1]
    assert found["this folder"] == ("ok", f"{tmp_path.resolve()}, writable")
    assert found["test clip"][1].startswith("3 frames as GIF and MP4, written and read back in ")
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.long
def test_each_failure_has_a_remedy(animopt_here, install, monkeypatch):
    install("click", "no-such-thing", "packaging<1", 'no-such-marker; python_version < "3"')
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", "no-such-program")
    done = animopt_here("doctor")
    assert done.returncode == 1
    assert done.stderr.startswith("animopt: no-such-thing, packaging, ffmpeg, test clip: missing or not usable; ")
    found = findings(done)
    assert found["no-such-thing"] == ("fails", "not installed", 'pip install --upgrade "no-such-thing"')
    assert found["packaging"][0] == "fails"
    assert found["packaging"][1].endswith(" is too old or too new: animopt needs <1")
    assert found["packaging"][2] == 'pip install --upgrade "packaging<1"'
    assert found["ffmpeg"][0] == "fails"
    assert found["ffmpeg"][2] == "reinstall imageio-ffmpeg, and unset IMAGEIO_FFMPEG_EXE if it is set"
    assert "no-such-program" in found["test clip"][1]
    assert "no-such-marker" not in found
