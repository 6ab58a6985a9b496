"""The command that renders several scenes in one picture."""

import json

import pytest
from PIL import Image

from animopt.cli.rendering import RenderOptions
from animopt.video.output import VIDEO_SIZE


@pytest.fixture
def two_scenes(tmp_path, write_scene):
    """Two scene files in the current folder."""
    for name, start in (("one", (-7, 2)), ("my_other", (5, 1))):
        write_scene(tmp_path / f"{name}.py", start=start)
    return ["one.py", "my_other.py"]


@pytest.mark.long
def test_still_has_a_name_of_both_scenes(animopt_here, two_scenes):
    done = animopt_here("compare", *two_scenes, "--still", "1", "--size", "640x360", "--lang", "ko")
    path = "renders/one-and-my-other-still.png"
    assert (done.returncode, done.stdout) == (0, f"{path}\n")
    with Image.open(path) as picture:
        assert picture.size == (640, 360)


@pytest.mark.long
def test_json_has_the_events_of_each_scene(animopt_here, two_scenes, tmp_path):
    clip = ["-o", "both.gif", "--size", "320x180", "--seconds", "1", "--fps", "4", "--workers", "0"]
    done = animopt_here("compare", *two_scenes, *clip, "--sidecars", "alt,captions", "--json", "--clock", "evaluations")
    report = json.loads(done.stdout)
    assert [scene["name"] for scene in report["scenes"]] == ["one", "my-other"]
    for scene in report["scenes"]:
        assert [event["second"] for event in scene["events"]] == sorted(event["second"] for event in scene["events"])
        assert scene["events"][-1]["second"] <= 0.75
    assert [(file["path"], file.get("frames")) for file in report["files"]] == [
        ("both.gif", 4),
        ("both.vtt", None),
        ("both.txt", None),
    ]
    alt, captions = ((tmp_path / f"both.{suffix}").read_text(encoding="utf-8") for suffix in ("txt", "vtt"))
    assert alt.startswith("Races in one picture, after the same number of gradients. 골짜기.")
    assert "골짜기: " in captions


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "scenes 0: a comparison shows 2 or 4 scenes; give 2 or 4"),
        (["one.py"] * 3, "scenes 3: a comparison shows 2 or 4 scenes; give 2 or 4"),
        (["one.py", "none.py"], "none.py: there is no such scene file"),
        (["one.py", "one.py", "-o", "one.py"], "one.py: suffix '.py'; a clip ends in"),
        (["one.py", "one.py", "--still", "11"], "still 11: give a second of the clip, 0 to 10"),
        (["one.py", "one.py", "--still", "1", "--fps", "5"], "fps 5.0: a still has no frame rate; leave out --fps"),
        (["one.py", "one.py", "--clock", "gradients"], "'--clock': 'gradients' is not one of 'step', 'evaluations'"),
    ],
)
def test_wrong_use_is_refused_and_writes_nothing(animopt_here, two_scenes, tmp_path, words, message):
    done = animopt_here("compare", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "__pycache__") == ["my_other.py", "one.py"]


def test_default_size_gives_way_to_a_preset_and_an_option():
    def size(**values):
        given = dict.fromkeys(("size", "fps", "seconds", "theme", "workers", "cluster"))
        options = given | {"draft": False, "limits": (), "quiet": True, "json": False} | values
        return RenderOptions(**options, default_size=VIDEO_SIZE).output("both.gif").size

    assert size() == VIDEO_SIZE
    assert size(preset="github") == (800, 450)
    assert size(size=(640, 360)) == (640, 360)
