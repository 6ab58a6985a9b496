"""Interactive pages of scenes: the files, and what they leave out."""

import json
import re
import zlib
from base64 import b64decode

import numpy as np
import pytest

from animopt import Error, Function, Output, Racer, Scene, StartsMap
from animopt.core.errors import UsageError
from animopt.functions import himmelblau, ravine, rotated
from animopt.scene.compare import compare
from animopt.video.metadata import embedded_text

SMALL = {"size": (320, 180), "grid": 8}


def race(**fields):
    fields = {"function": ravine, "racers": [Racer("SGD", lr=0.9), Racer("Adam", lr=0.9)], "start": (-7, 2)} | fields
    return Scene(**{"steps": 12, "seconds": 1} | fields)


def payload(path):
    page = path.read_text(encoding="utf-8")
    found = json.loads(re.search(r'id="payload">(.*?)</script>', page, re.DOTALL)[1])
    blob = zlib.decompress(b64decode(re.search(r'id="blob">(.*?)</script>', page, re.DOTALL)[1]))
    return found, blob


def array(reference, blob):
    count = int(np.prod(reference["shape"]))
    values = np.frombuffer(blob, reference["type"], count, reference["offset"]).reshape(reference["shape"])
    return np.cumsum(values, axis=0, dtype=values.dtype) if reference.get("delta") else values


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "race.html"
    race().save(Output(path, **SMALL), workers=0)
    return payload(path)


def test_page_has_the_recording(saved):
    values, blob = saved
    recording = race().record()
    np.testing.assert_array_equal(array(values["xy"], blob), recording.xy.astype(np.float32))
    np.testing.assert_array_equal(array(values["values"], blob), recording.gap.astype(np.float32))


def test_starts_cover_what_each_contour_shows(saved):
    starts = saved[0]["starts"]
    for layout in saved[0]["layouts"]:
        (left, bottom), (right, top) = layout["window"]
        cell = [(ends[1] - ends[0]) / 7 for ends in (starts["x"], starts["y"])]
        assert starts["x"][0] - cell[0] / 2 <= left + 1e-9
        assert right - 1e-9 <= starts["x"][1] + cell[0] / 2
        assert starts["y"][0] - cell[1] / 2 <= bottom + 1e-9
        assert top - 1e-9 <= starts["y"][1] + cell[1] / 2


def test_integers_are_stored_without_loss(saved):
    values, blob = saved
    field = array(values["surface"]["field"], blob)
    assert field.min() == 0
    assert field.max() == values["surface"]["steps"]
    assert (np.abs(np.diff(field.astype(int), axis=0)) < 20_000).all()


@pytest.mark.long
def test_page_beside_a_clip_has_the_same_recipe(tmp_path, scenes, animopt_here):
    command = [str(scenes["ravine_sgd"]), "-o", "a.html", "-o", "a.gif", "--draft", "--seconds", "1", "--workers", "0"]
    result = animopt_here(*command, "--json")
    assert result.returncode == 0, result.stderr
    page, clip = (json.loads(embedded_text(tmp_path / name)) for name in ("a.html", "a.gif"))
    assert page["source"] == clip["source"]
    files = {each["format"]: each for each in json.loads(result.stdout)["files"]}
    assert "frames" not in files["html"]
    assert files["gif"]["frames"] == 10


@pytest.mark.long
def test_page_without_recipe(tmp_path):
    race().save(Output(tmp_path / "a.html", **SMALL), workers=0, recipe=False)
    assert embedded_text(tmp_path / "a.html") == ""


@pytest.mark.long
def test_default_name_is_that_of_the_scene(tmp_path, scenes, animopt_here):
    command = [str(scenes["ravine_sgd"]), "--seconds", "1", "--grid", "8"]
    assert animopt_here(*command, "--format", "html").returncode == 0
    assert animopt_here(*command, "--for", "web").returncode == 0
    assert sorted(path.name for path in (tmp_path / "renders").iterdir()) == ["ravine-sgd-web.html", "ravine-sgd.html"]


@pytest.mark.long
def test_smaller_grid_meets_the_maximum_size(tmp_path):
    path = tmp_path / "a.html"
    race().save(Output(path, (320, 180), grid=32), workers=0)
    whole = path.stat().st_size
    with pytest.warns(UserWarning, match="too large with 32 × 32 starts; allow more, with --max-bytes"):
        race().save(Output(path, (320, 180), grid=32, max_bytes=whole - 4000), workers=0)
    values, _ = payload(path)
    assert values["starts"]["columns"] < 32
    assert path.stat().st_size <= whole - 4000
    assert any("grid" in note for note in values["notes"])


@pytest.mark.long
def test_page_that_cannot_be_small_enough_is_not_written(tmp_path):
    with pytest.raises(Error, match=r"a\.html: cannot be made smaller than .* allow more, with --max-bytes"):
        race().save(Output(tmp_path / "a.html", max_bytes=20_000, **SMALL), workers=0)
    assert not (tmp_path / "a.html").exists()


def test_draft_has_few_starts():
    assert Output("a.html").draft().grid == 16
    assert Output("a.html", grid=8).draft().grid == 8


@pytest.mark.long
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"function": himmelblau, "start": (1, 1), "map": StartsMap(4, 4)}, "without its map"),
        ({"function": [ravine, rotated(ravine, 30)]}, "the first of 2 functions"),
        ({"panels": ["contour", "formula"]}, "no other panels"),
    ],
)
def test_page_says_what_it_leaves_out(tmp_path, fields, said):
    with pytest.warns(UserWarning, match=f"a.html: .*{said}"):
        race(**fields).save(Output(tmp_path / "a.html", **SMALL), workers=0)
    assert any(said in note for note in payload(tmp_path / "a.html")[0]["notes"])


@pytest.mark.long
def test_racer_that_is_too_slow_alone_is_absent(tmp_path):
    scene = race(racers=[Racer("SGD", lr=0.1), Racer("LBFGS", lr=0.5)], steps=40)
    with pytest.warns(UserWarning, match="LBFGS cannot be run from dropped starts"):
        scene.save(Output(tmp_path / "a.html", (320, 180), grid=128), workers=0)
    values, _ = payload(tmp_path / "a.html")
    assert values["starts"]["racers"] == [0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"path": "a.gif", "grid": 8}, "grid 8: only an .html has starts to drop; leave it out, or write an .html"),
        ({"path": "a.html", "grid": 7}, "grid 7: give the number of starts along each side, 8 to 128"),
        ({"path": "a.html", "grid": 1000}, "grid 1000: give the number of starts"),
        ({"path": "a.html", "grid": "many"}, "grid 'many'"),
        ({"path": "a.html", "transparent": True}, "transparent: an .html"),
    ],
)
def test_bad_outputs_are_refused(arguments, said):
    with pytest.raises(UsageError, match=said):
        Output(**arguments)


@pytest.mark.parametrize(
    ("command", "remedy"),
    [
        (["ravine-sgd", "-o", "a.gif"], "write an .html"),
        (["all", "ravine-sgd"], "write an .html"),
        (["gallery", "ravine-sgd"], "add --pages"),
    ],
)
def test_grid_without_a_page_is_refused(animopt_here, command, remedy):
    result = animopt_here(*command, "--grid", "16")
    assert result.returncode == 2
    assert f"grid 16: only an .html has starts to drop; leave out --grid, or {remedy}" in result.stderr


def test_comparison_has_no_page(tmp_path):
    with pytest.raises(UsageError, match="shows one scene; give a comparison another suffix"):
        compare(race(), race()).save(tmp_path / "both.html", workers=0)


@pytest.mark.long
def test_frame_for_a_page_is_written(tmp_path):
    race().save(Output(tmp_path / "a.html", **SMALL), workers=0, sidecars=["iframe", "alt", "markdown"])
    snippet = (tmp_path / "a.embed.html").read_text()
    assert '<iframe src="a.html"' in snippet
    assert "aspect-ratio: 320 / 225" in snippet
    assert "(a.html)" in (tmp_path / "a.md").read_text()


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("a.html", "html", "would be the clip and its html"),
        ("a.gif", "iframe", "sidecars 'iframe': embeds an interactive page; write one as well, as .*a.html"),
    ],
)
def test_sidecars_that_do_not_fit_are_refused(tmp_path, name, kind, said):
    with pytest.raises(UsageError, match=said):
        race().save(tmp_path / name, sidecars=[kind], workers=0)


@pytest.mark.long
def test_notebook_shows_the_page(tmp_path):
    clip = race().live(size=(320, 180), grid=8)
    data, _ = clip._repr_mimebundle_()
    assert data["text/html"].startswith("<iframe srcdoc=")
    assert "</script" not in data["text/html"]
    assert data["image/png"]


@pytest.mark.long
def test_scene_without_minima_and_with_a_racer_that_diverges(tmp_path):
    tilt = Function(lambda x: x[0] + 2 * x[1], x=(-2, 2), y=(-1, 1))
    scene = race(function=tilt, racers=[Racer("SGD", lr=1e200), Racer("Adam", lr=0.1)], start=(0, 0), steps=5)
    scene.save(Output(tmp_path / "a.html", **SMALL), workers=0)
    values, blob = payload(tmp_path / "a.html")
    assert not values["gaps"]
    assert array(values["lost"], blob)[0, -1] > 0
