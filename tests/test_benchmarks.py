"""The benchmarks measure what their descriptions state. These tests measure no times."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import animopt
from animopt.scene.render import film_of

ROOT = Path(__file__).parent.parent
REFERENCES = sorted((ROOT / "benchmarks" / "references").glob("*.py"))


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)


def test_every_row_is_described_on_the_page():
    from benchmarks.rows import ROWS

    readme = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    names = "command-300 command-1500 encoder frame encoder-4k gif gif-size late racers memory listing draft mp4-size"
    assert list(ROWS) == [*names.split(), "basins", "all-scenes", "lecture", "page"]
    for name in ROWS:
        assert f"`{name}`" in readme


@pytest.mark.parametrize(
    ("target", "limit", "ours", "reference", "ratio", "met"),
    [
        ("faster", 6, [1, 2, 90], [12, 13, 11], 6, True),
        ("faster", 6, [2], [11], 5.5, False),
        ("times", 1.5, [3], [2], 1.5, True),
        ("times", 1.5, [4], [2], 2, False),
        ("no less", 1, [40], [40], 1, True),
        ("no less", 1, [30], [40], 0.75, False),
        ("at most", 8, [8, 7, 9], [], 8, True),
        ("at most", 8, [9], [], 9, False),
        ("times", 2, [], [], None, None),
    ],
)
def test_ratio_is_of_medians(target, limit, ours, reference, ratio, met):
    from benchmarks.figures import Figure

    figure = Figure("", "s", target, limit, ours, reference)
    assert figure.ratio == ratio
    assert figure.met is met


def test_table_is_printed_from_a_file(tmp_path):
    from benchmarks.__main__ import benchmarks, written
    from benchmarks.figures import Figure

    figures = [
        Figure("a clip", "s", "faster", 6, (2.0, 3.0, 4.0), (24.0,), against="another"),
        Figure("a preview", "s", "times", 2, against="another"),
    ]
    path = tmp_path / "results.json"
    path.write_text(written(figures), encoding="utf-8")
    done = CliRunner().invoke(benchmarks, ["--markdown", str(path)])
    assert "| a clip | 3 s | 24 s (another) | 8.00 | 6 × faster | yes |" in done.output
    assert "| a preview | not measured |" in done.output
    assert json.loads(path.read_text(encoding="utf-8"))["figures"][0]["ours"] == [2, 3, 4]


@pytest.mark.parametrize("path", REFERENCES, ids=lambda path: path.stem)
def test_reference_does_not_import_animopt(path):
    imported = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module)
    assert imported
    assert not any(name.startswith(("animopt", "benchmarks")) for name in imported)


@pytest.mark.long
def test_reference_encoder_writes_the_same_file(scenes, tmp_path):
    from benchmarks.measure import pictures

    scene = animopt.load_scene(scenes["ravine_race"]).replace(seconds=0.3)
    scene.save(animopt.Output(tmp_path / "ours.mp4", (320, 180), 50))
    drawn = film_of(scene, animopt.Output("clip.mp4", (320, 180), 50))
    pixels = tmp_path / "drawn.rgb"
    pixels.write_bytes(b"".join(drawn.frame(index).tobytes() for index in range(len(drawn))))
    script = ROOT / "benchmarks" / "references" / "h264.py"
    subprocess.run([sys.executable, script, pixels, tmp_path / "alone.mp4", "320x180", "50"], check=True)
    alone = pictures(tmp_path / "alone.mp4")
    assert alone == pictures(tmp_path / "ours.mp4")
    assert sum(not line.startswith("#") for line in alone.splitlines()) == len(drawn)
    # Without its recipe, the file of animopt is the same, byte for byte.
    scene.save(animopt.Output(tmp_path / "ours.mp4", (320, 180), 50), recipe=False)
    assert (tmp_path / "alone.mp4").read_bytes() == (tmp_path / "ours.mp4").read_bytes()


def test_psnr_follows_the_formula_for_a_gif_with_equal_frames(tmp_path):
    from benchmarks.measure import psnr

    shades = [40, 40, 90, 140]
    frames = [np.full((8, 8, 3), shade, dtype=np.uint8) for shade in shades]
    first, *others = map(Image.fromarray, frames)
    first.save(tmp_path / "clip.gif", save_all=True, append_images=others, duration=40, loop=0)
    with Image.open(tmp_path / "clip.gif") as clip:
        assert clip.n_frames == 3
    (tmp_path / "drawn.rgb").write_bytes((np.stack(frames) + np.uint8(5)).tobytes())
    assert psnr(tmp_path / "clip.gif", tmp_path / "drawn.rgb") == pytest.approx(10 * np.log10(255**2 / 5**2))
