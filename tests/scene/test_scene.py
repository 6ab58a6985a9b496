"""Scenes in Python: their races, their files, their errors, and loading them."""

import re

import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence

import animopt
from animopt import Error, Function, Output, Racer, Recording, Scene, StartsMap, UsageError
from animopt.regression import line
from animopt.scene.render import save_outputs
from animopt.video.film import MAP_PANELS, RACE_PANELS

SMALL = (320, 180)


def ravine(x):
    return x[0] ** 2 / 20 + x[1] ** 2


DATA = line([0, 1, 2], [1, 2, 4])


def make(**changes):
    fields = {
        "function": Function(ravine, x=(-10, 10), y=(-5, 5), minima=[(0, 0)]),
        "racers": [Racer(torch.optim.SGD, lr=0.95), Racer("Adam", lr=0.9, betas=(0.9, 0.9), name="Adam, both 0.9")],
        "start": (-7, 2),
        "seconds": 1,
    }
    return Scene(**fields | changes)


def test_scene_records_its_race():
    recording = make(title="Two optimizers").record()
    assert isinstance(recording, Recording)
    assert recording.title == "Two optimizers"
    assert recording.names == ("SGD", "Adam, both 0.9")
    assert recording.xy.shape == (2, 21, 2)
    assert recording.z.shape == (2, 21)
    # Gradient descent on a quadratic is a geometric series in each coordinate.
    steps = np.arange(21)
    assert recording.xy[0] == pytest.approx(np.column_stack([-7 * 0.905**steps, 2 * (-0.9) ** steps]))
    assert recording.z == pytest.approx(recording.xy[..., 0] ** 2 / 20 + recording.xy[..., 1] ** 2)
    assert recording.minima.tolist() == [[0, 0, 0]]


def test_record_runs_the_race_each_time():
    scene = make()
    assert np.array_equal(scene.record().xy, scene.record().xy)


def test_scene_of_a_callable_and_racers_with_starts():
    scene = Scene(function=ravine, racers=[Racer("SGD", lr=0.1, start=(1, 9), steps=3), Racer("Adam", start=(-9, 1))])
    recording = scene.record()
    assert recording.title == "SGD, Adam on ravine"
    assert recording.surface.x[[0, -1]].tolist() == recording.surface.y[[0, -1]].tolist() == [-10, 10]
    assert recording.xy[:, 0].tolist() == [[1, 9], [-9, 1]]
    assert recording.steps.tolist() == [3, 20]


def test_start_of_the_function_is_the_default_start():
    function = Function(ravine, start=(-6, 1))
    scene = Scene(function=function, racers=[Racer("SGD", lr=0.1), Racer("Adam", start=(2, 3))])
    assert scene.record().xy[:, 0].tolist() == [[-6, 1], [2, 3]]
    elsewhere = Scene(function=function, racers=[Racer("SGD", lr=0.1)], start=(4, 4))
    assert elsewhere.record().xy[:, 0].tolist() == [[4, 4]]


@pytest.mark.parametrize(("map_", "panels"), [(None, RACE_PANELS), (StartsMap(4, 4), MAP_PANELS)])
def test_panels_none_are_the_default_panels(map_, panels):
    assert make(map=map_, panels=None).panels == make(map=map_).panels == panels


@pytest.mark.long
def test_save_writes_every_output(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scene = make(seconds=0.1)
    scene.save("race.gif", "race.mp4", Output("other.gif", size=(180, 320), fps=50), tmp_path / "path.gif")
    scene.still("race.png", at=0.05)
    assert {path.name for path in tmp_path.iterdir()} == {"race.gif", "race.mp4", "other.gif", "path.gif", "race.png"}
    for name, size, count in [("race.gif", (800, 450), 2), ("other.gif", (180, 320), 5), ("race.png", (1280, 720), 1)]:
        with Image.open(name) as image:
            assert image.size == size
            assert len(list(ImageSequence.Iterator(image))) == count


@pytest.mark.long
def test_saving_reports_progress(tmp_path):
    calls = []
    outputs = [Output(tmp_path / "a.gif", SMALL, 10), Output(tmp_path / "b.gif", SMALL, 5)]
    saved = list(save_outputs(make(), *outputs, progress=lambda done, total: calls.append((done, total))))
    assert saved == [tmp_path / "a.gif", tmp_path / "b.gif"]
    assert calls == [(done, 15) for done in range(1, 16)]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"racers": []}, r"racers \[\]: give at least one"),
        ({"racers": ["Adam"]}, r"racers \['Adam'\]: "),
        ({"start": None}, r"start: Racer\('SGD', lr=0.95\) has none"),
        ({"start": (1, 2, 3)}, r"start \(1, 2, 3\): give two numbers"),
        ({"start": "ab"}, "start 'ab': give two numbers"),
        ({"start": (float("nan"), 0)}, r"start \(nan, 0\): give two finite numbers"),
        ({"seconds": 0}, "seconds 0: "),
        ({"seconds": -1}, "seconds -1: "),
        ({"seconds": float("inf")}, "seconds inf: "),
        ({"seconds": float("nan")}, "seconds nan: "),
        ({"seconds": "10"}, "seconds '10': "),
        ({"steps": 0}, "steps 0: .* at least 1"),
        ({"steps": -3}, "steps -3: "),
        ({"steps": 2.5}, "steps 2.5: give a whole number"),
        ({"steps": True}, "steps True: "),
        ({"steps": 1e9}, "steps 1000000000.0: give a whole number of at least 1 and at most 1000000000$"),
        ({"noise": -1}, "noise -1: give a standard deviation of at least 0, as noise=0.5"),
        ({"noise": float("nan")}, "noise nan: "),
        ({"noise": float("inf")}, "noise inf: "),
        ({"noise": True}, "noise True: "),
        ({"noise": "1"}, "noise '1': "),
        ({"seed": -1}, "seed -1: give a whole number of at least 0 and at most 18446744073709551615$"),
        ({"seed": 0.5}, "seed 0.5: "),
        ({"batch": 4}, "batch 4: function ravine has no data; leave out the batch"),
        ({"function": DATA, "start": (0, 1), "batch": 0}, "batch 0: give a whole number of at least 1 and at most 3$"),
        ({"function": DATA, "start": (0, 1), "batch": 4}, "batch 4: .* at most 3$"),
        ({"function": DATA, "start": (0, 1), "batch": 1.5}, "batch 1.5: "),
        ({"function": 3}, "function 3: "),
    ],
    ids=lambda value: value if isinstance(value, str) else ", ".join(value),
)
def test_bad_field_is_refused(changes, said):
    with pytest.raises(UsageError, match=said) as caught:
        make(**changes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "said", "x", "y"),
    [
        (
            {"start": (-70, 2)},
            "start (-70.0, 2.0): outside x=(-10, 10), y=(-5, 5); the view is widened to x=(-74, 10), y=(-5, 5)",
            (-74, 10),
            (-5, 5),
        ),
        (
            {"racers": [Racer("Adam", start=(0, 15)), Racer("SGD", start=(30, 2)), Racer("SGD", start=(1, 1))]},
            "start (0.0, 15.0), (30.0, 2.0): outside x=(-10, 10), y=(-5, 5); "
            "the view is widened to x=(-10, 32), y=(-5, 16)",
            (-10, 32),
            (-5, 16),
        ),
    ],
    ids=["one", "two"],
)
def test_start_outside_the_domain_widens_the_view(changes, said, x, y):
    with pytest.warns(UserWarning, match=f"^{re.escape(said)}$") as caught:
        scene = make(**changes)
    assert caught[0].filename == __file__
    recording = scene.record()
    assert recording.surface.x[[0, -1]].tolist() == pytest.approx(x)
    assert recording.surface.y[[0, -1]].tolist() == pytest.approx(y)
    assert recording.in_view[:, 0].all()
    # A scene made from this one has the wider domain, so there is no second warning.
    scene.replace(seconds=2)


def test_start_on_the_edge_does_not_widen_the_view():
    function = make(start=(-10, 5)).functions[0]
    assert (function.x, function.y) == ((-10, 10), (-5, 5))


def test_fit_panel_needs_data():
    with pytest.raises(UsageError, match=r"^panel 'fit': the function has no data and model of them; use") as caught:
        make(panels=["contour", "fit"]).still("never.png", at=0)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["a.gif", "a.gif"], "a.gif: is named twice"),
        (["a.gif", "./a.gif"], "a.gif: is named twice"),
        (["folder/a.gif", "folder/"], "folder.a.gif: is in the folder folder, which is for frames"),
        (["folder/", "link/frames/"], "link.frames: is in the folder folder, which is for frames"),
        (["a.avi"], "a.avi: suffix '.avi'; a clip ends in .*.gif, .mov, .mp4"),
        (["a"], "a: no suffix"),
        (["a.png"], "a.png: .*a still"),
        (["missing/a.gif"], "missing.a.gif: there is no folder 'missing'; make it first"),
        (["folder.gif"], "folder.gif: is a folder"),
    ],
    ids=str,
)
def test_output_that_cannot_be_written_is_refused(names, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("folder", "folder.gif"):
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to("folder", target_is_directory=True)
    with pytest.raises(UsageError, match=said):
        make().save(*names)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["folder", "folder.gif", "link"]


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("a.png", {"at": 1.1}, "still 1.1: .* 0 to 1"),
        ("a.png", {"at": -0.5}, "still -0.5: "),
        ("a.png", {"at": float("nan")}, "still nan: "),
        ("a.gif", {"at": 0}, "a.gif: a still ends in .png"),
        ("a.png", {"at": 0, "size": (8, 8)}, "size 8x8: "),
        ("missing/a.png", {"at": 0}, "there is no folder 'missing'"),
        ("folder.png", {"at": 0}, "folder.png: is a folder"),
    ],
)
def test_bad_still_is_refused(name, options, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(UsageError, match=said):
        make().still(name, **options)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.png"]


@pytest.mark.parametrize("at", [0, 0.999, 1])
@pytest.mark.sampled(1)
def test_still_of_any_second_of_the_clip(at, tmp_path):
    make().still(tmp_path / "a.PNG", at, (321, 181))
    with Image.open(tmp_path / "a.PNG") as image:
        assert image.size == (321, 181)


@pytest.mark.sampled(12, 20)
def test_load_scene_returns_the_scene_of_a_file(scene_file):
    scene = animopt.load_scene(scene_file)
    assert isinstance(scene, Scene)
    assert scene.title


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("", "my scene.py: has no scene; end it with scene = Scene"),
        ("scene = 3", "my scene.py: has no scene"),
        ("import animopt\nscene = (", r"my scene.py, line 2, column 9: '\(' was never closed: scene = \("),
        ("\n\nscene = Scen()", "my scene.py, line 3: NameError: name 'Scen' is not defined"),
        ("def deeper():\n    return 1 / 0\n\nx = deeper()", "my scene.py, line 2: ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit(3)", "my scene.py, line 2: SystemExit: 3"),
        ("import no_such_module", "my scene.py, line 1: ModuleNotFoundError: No module named 'no_such_module'"),
        ("from animopt import Racer\n\nRacer('Adem')", "my scene.py, line 3: racer 'Adem': .* 'Adam'"),
        ("from animopt import Racer\nRacer('Adam', momentum=1)", "my scene.py, line 2: racer Adam: .*momentum"),
        ("raise ValueError('two\\nlines')", "my scene.py, line 1: ValueError: two"),
    ],
    ids=lambda text: text[-20:],
)
def test_file_without_a_scene_is_refused(program, said, tmp_path):
    path = tmp_path / "my scene.py"
    path.write_text(program, encoding="utf-8")
    with pytest.raises(Error, match=said) as caught:
        animopt.load_scene(path)
    assert not isinstance(caught.value, UsageError)
    assert "\n" not in str(caught.value)


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(Error, match=r"nowhere\.py"):
        animopt.load_scene(tmp_path / "nowhere.py")


@pytest.mark.parametrize("content", [b"x = 1\0", b"x = '\xff'"], ids=["null", "not UTF-8"])
def test_file_that_is_not_text_is_refused(content, tmp_path):
    path = tmp_path / "binary.py"
    path.write_bytes(content)
    with pytest.raises(Error, match=r"binary\.py") as caught:
        animopt.load_scene(path)
    assert "\n" not in str(caught.value)
