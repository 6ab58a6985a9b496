"""Output of a command: quiet, JSON, and errors."""

import json

import imageio_ffmpeg
import pytest
from PIL import Image

from animopt import load_scene
from animopt.scene.races import timeline_of

QUICK = ["--size", "320x180", "--fps", "10", "--seconds", "1"]


@pytest.mark.long
@pytest.mark.filterwarnings("default")
def test_quiet_prints_only_errors(animopt_here, tmp_path, write_scene):
    write_scene(tmp_path / "mine.py", start=(-12, 2))
    loud = animopt_here("mine.py", "-o", "a.gif", *QUICK)
    assert "from the scene\nanimopt: warning: start (-12" in loud.stderr
    assert loud.stdout == "a.gif\n"
    done = animopt_here("mine.py", "-o", "b.gif", *QUICK, "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "b.gif").read_bytes() == (tmp_path / "a.gif").read_bytes()
    failed = animopt_here(
        "mine.py", "-o", "b.gif", *QUICK, "--quiet", "--lang", "ko", "--layout", "tall", "--fps", "60"
    )
    assert (failed.returncode, failed.stdout) == (2, "")
    assert failed.stderr.startswith("animopt: fps 60: a GIF shows at most 50")


@pytest.mark.long
def test_quiet_batch_prints_only_errors(animopt_here, tmp_path, write_scene):
    write_scene(tmp_path / "mine.py", start=(-12, 2))
    (tmp_path / "broken.py").write_text("scene = 1 / 0")
    done = animopt_here("all", "mine.py", "broken.py", "--quiet", "--format", "gif", *QUICK)
    assert (done.returncode, done.stdout) == (1, "")
    # A worker forwards what its scene prints.
    assert done.stderr.splitlines()[-1] == "animopt: 1 of 2 scenes failed: broken"
    assert "warning" not in done.stderr


@pytest.mark.long
def test_json_reports_files_and_race(animopt_here, tmp_path, write_scene):
    write_scene(tmp_path / "mine.py")
    done = animopt_here("mine.py", "-o", "a.gif", "-o", "b.mp4", "--size", "320x180", "--fps", "5", "--json")
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "from the scene\n", 1)
    report = json.loads(done.stdout)
    assert (report["scene"]["name"], report["scene"]["title"]) == ("mine", "골짜기")
    assert [file["path"] for file in report["files"]] == ["a.gif", "b.mp4"]
    with Image.open(tmp_path / "a.gif") as gif:
        assert report["files"][0] == {
            "path": "a.gif",
            "format": gif.format.lower(),
            "bytes": (tmp_path / "a.gif").stat().st_size,
            "width": gif.width,
            "height": gif.height,
            "fps": 5,
            "frames": gif.n_frames,
            "seconds": 10,
        }
    frames, seconds = imageio_ffmpeg.count_frames_and_secs(str(tmp_path / "b.mp4"))
    assert (report["files"][1]["frames"], report["files"][1]["seconds"]) == (frames, pytest.approx(seconds, abs=0.02))
    events = report["scene"]["events"]
    assert {event["racer"] for event in events} <= {"SGD", "Adam", None}
    assert len(events) >= 2
    timeline = timeline_of(load_scene("mine.py"))
    for event in events:
        assert event["second"] == pytest.approx(timeline.second_of(event["step"]), abs=1e-3)


@pytest.mark.long
def test_json_reports_still_and_saved_scene(animopt_here, tmp_path):
    arguments = ["--function", "sphere", "--racer", "adam", "--still", "1", "--save-scene", "mine.py", "-o", "a.png"]
    done = animopt_here("race", *arguments, "--json", "--size", "320x180")
    files = json.loads(done.stdout)["files"]
    assert [(file["path"], file["format"]) for file in files] == [("mine.py", "py"), ("a.png", "png")]
    assert files[1]["bytes"] == (tmp_path / "a.png").stat().st_size
    assert (files[0].keys(), files[1]["width"], files[1]["height"]) == ({"path", "format", "bytes"}, 320, 180)


@pytest.mark.long
def test_json_reports_the_size_of_every_picture(animopt_here, tmp_path, write_scene):
    write_scene(tmp_path / "mine.py")
    small = ["--json", "--size", "300x200", "--layout", "contour-only"]

    def sizes(*arguments):
        done = animopt_here("mine.py", *arguments, *small)
        return {file["path"]: (file.get("width"), file.get("height")) for file in json.loads(done.stdout)["files"]}

    storyboard = sizes("--storyboard", "-o", "a.png", "-o", "a.svg")
    assert storyboard == dict.fromkeys(("a.png", "a.svg"), (600, 600))
    assert b'width="600pt" height="600pt"' in (tmp_path / "a.svg").read_bytes()
    clip = sizes("-o", "b.gif", "--sidecars", "poster,alt", "--seconds", "0.4", "--workers", "0", "--fps", "5")
    assert clip == {"b.gif": (300, 200), "b.png": (300, 200), "b.txt": (None, None)}
    for name, size in (("a.png", (600, 600)), ("b.png", (300, 200))):
        with Image.open(tmp_path / name) as picture:
            assert picture.size == size


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["mine.py", "--fps", "60"], 2, "fps 60"),
        (["mine.py", "--nonsense"], 2, "--nonsense"),
        (["broken.py"], 1, "broken.py, line 1: ZeroDivisionError"),
    ],
)
def test_json_reports_errors(animopt_here, tmp_path, write_scene, arguments, code, message):
    write_scene(tmp_path / "mine.py")
    (tmp_path / "broken.py").write_text("scene = 1 / 0")
    done = animopt_here(*arguments, "--json")
    assert (done.returncode, done.stdout) == (code, "")
    report = json.loads(done.stderr)
    assert report["exit_code"] == code
    assert message in report["error"]


@pytest.mark.long
def test_json_has_one_line_per_scene(animopt_here, tmp_path, write_scene):
    write_scene(tmp_path / "mine.py")
    (tmp_path / "broken.py").write_text("scene = 1 / 0")
    done = animopt_here("all", "mine.py", "broken.py", "--json", "--quiet", "--format", "gif", *QUICK)
    assert done.returncode == 1
    reports = {each["scene"]["name"]: each for each in map(json.loads, done.stdout.splitlines())}
    assert set(reports) == {"mine", "broken"}
    assert [file["frames"] for file in reports["mine"]["files"]] == [10]
    assert reports["mine"]["scene"]["events"]
    assert reports["broken"]["files"] == []
    assert "ZeroDivisionError" in reports["broken"]["error"]
