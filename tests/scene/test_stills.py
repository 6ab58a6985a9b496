"""Stills and storyboards, whose lines and letters are vectors in SVG and PDF."""

import re
import shutil
import subprocess
import zlib
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from animopt import Racer, Scene, UsageError
from animopt.cli.main import main
from animopt.drawing.layout import PANELS
from animopt.recording.timeline import Timeline
from animopt.regression import line
from animopt.scene.races import timeline_of
from animopt.video.film import PANEL_CLASSES, Film, Staging
from animopt.video.output import STILL_SUFFIXES

SIZE = (480, 270)
DATA_PANELS = tuple(
    panel for panel in PANELS if getattr(PANEL_CLASSES[panel], "needs", ("sample",))[0] == "sample" and panel != "modes"
)
SVG = "{http://www.w3.org/2000/svg}"
RSVG = shutil.which("rsvg-convert")


@pytest.fixture(scope="module")
def scene():
    """Return a scene with two racers and every panel."""
    racers = [Racer("Adam", lr=0.3), Racer("SGD", lr=0.03, momentum=0.5)]
    function = line([0, 1, 2, 3, 4, 5], [1, 2, 2, 3, 5, 4])
    return Scene(function=function, racers=racers, start=(2, -0.5), steps=12, batch=2, seconds=4, panels=DATA_PANELS)


@pytest.fixture(scope="module")
def film(scene):
    """Return the scene's film."""
    return Film(scene.record(), timeline_of(scene), SIZE, 25, Staging(panels=DATA_PANELS))


@pytest.fixture(scope="module", params=["still", pytest.param("storyboard", marks=pytest.mark.exhaustive)])
def write(request, scene):
    """Return a function that writes a still, or a storyboard."""
    if request.param == "still":
        return lambda path: scene.still(path, 1.7, size=SIZE)
    return lambda path: scene.storyboard(path, size=SIZE)


@pytest.fixture(scope="module")
def written(write, tmp_path_factory):
    """Return a folder with a picture of each format."""
    folder = tmp_path_factory.mktemp("written")
    for suffix in STILL_SUFFIXES:
        write(folder / f"a{suffix}")
    return folder


def streams(pdf):
    """Yield the decompressed streams of a PDF file."""
    for packed in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            yield zlib.decompress(packed)
        except zlib.error:
            yield packed


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.long
def test_svg_contains_only_vectors(written):
    root = ElementTree.parse(written / "a.svg").getroot()
    tags = [element.tag for element in root.iter()]
    assert root.tag == f"{SVG}svg"
    assert tags.count(f"{SVG}path") > 100
    assert f"{SVG}image" not in tags


def test_pdf_contains_only_vectors(written):
    pdf = (written / "a.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    everything = [pdf, *streams(pdf)]
    assert len(everything) > 2
    for part in everything:
        assert not re.search(rb"/Subtype\s*/Image", part)
    strokes = sum(len(re.findall(rb"\b[lc]\b", part)) for part in everything[1:])
    assert strokes > 1000


@pytest.mark.parametrize("suffix", STILL_SUFFIXES)
@pytest.mark.sampled(1)
def test_picture_written_twice_has_the_same_bytes(write, written, suffix, tmp_path):
    again = tmp_path / f"again{suffix}"
    write(again)
    assert again.read_bytes() == (written / f"a{suffix}").read_bytes()


@pytest.mark.long
def test_still_is_a_frame_of_the_film(scene, film, tmp_path):
    scene.still(tmp_path / "a.png", 1.7, size=SIZE)
    assert np.array_equal(pixels(tmp_path / "a.png"), film.at(1.7))


@pytest.mark.long
def test_storyboard_shows_six_moments_of_the_race(scene, film, tmp_path):
    scene.storyboard(tmp_path / "a.png", size=SIZE)
    board = pixels(tmp_path / "a.png")
    width, height = SIZE
    assert board.shape == (3 * height, 2 * width, 3)
    for index in range(6):
        shown = board[index // 2 * height :, index % 2 * width :][:height, :width]
        expected = film.at(film.timeline.overview(6)[index])
        # A line's antialiasing depends on its place on the page.
        assert np.abs(shown.astype(int) - expected).mean() < 1, index


@pytest.mark.parametrize("suffix", [".svg", ".pdf"])
@pytest.mark.sampled(0, 1)
def test_writing_vectors_does_not_change_frames(ravine_race, suffix):
    film = Film(ravine_race, Timeline(40, 4), SIZE, 25)
    moments = [film.timeline.moment(second) for second in (0, 1.3, 2.9, 4)]
    before = [film.canvas().draw(moment) for moment in moments]
    first = film.canvas().vectors(suffix, moments[2])
    for moment, frame in zip(reversed(moments), reversed(before), strict=True):
        assert np.array_equal(film.canvas().draw(moment), frame)
    film.canvas().vectors(suffix, moments[0])
    assert film.canvas().vectors(suffix, moments[2]) == first
    for moment, frame in zip(moments, before, strict=True):
        film.canvas().vectors(suffix, moment)
        assert np.array_equal(film.canvas().draw(moment), frame)


@pytest.mark.skipif(RSVG is None, reason="rsvg-convert is not installed")
@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_svg_and_png_show_the_same_picture(scene, theme, tmp_path):
    for suffix in (".png", ".svg"):
        scene.still(tmp_path / f"a{suffix}", 1.7, size=SIZE, theme=theme)
    width, height = map(str, SIZE)
    command = [RSVG, "-w", width, "-h", height, "-o", tmp_path / "b.png", tmp_path / "a.svg"]
    subprocess.run(command, check=True, capture_output=True)
    shown, expected = (pixels(tmp_path / name).astype(int) for name in ("b.png", "a.png"))
    assert shown.shape == expected.shape
    apart = np.abs(shown - expected).max(axis=2)
    assert apart.mean() < 6
    # Only the antialiasing differs: the means of eight by eight pixels agree.
    blocks = np.abs((shown - expected)[:264].reshape(33, 8, 60, 8, 3).mean(axis=(1, 3)))
    assert blocks.max() < 40


@pytest.mark.parametrize("name", ["a.gif", "a.jpg", "a", "a.svgz"])
def test_unknown_suffix_is_refused_with_the_known_ones(write, name, tmp_path):
    with pytest.raises(UsageError, match=r"\.png, \.svg, \.pdf"):
        write(tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "outputs", "size"),
    [(["--still", "1"], ["a.png", "a.svg", "a.pdf"], (320, 180)), (["--storyboard"], ["a.svg", "a.png"], (640, 540))],
    ids=["still", "storyboard"],
)
@pytest.mark.long
def test_command_writes_pictures(options, outputs, size, scenes, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    named = [word for output in outputs for word in ("-o", output)]
    with pytest.raises(SystemExit) as caught:
        main([str(scenes["ravine_adam"]), *options, *named, "--size", "320x180"])
    assert not caught.value.code
    assert capsys.readouterr().out.split() == outputs
    assert {path.name for path in tmp_path.iterdir()} == set(outputs)
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == size


@pytest.mark.parametrize("options", [["--still", "1"], ["--storyboard"]], ids=lambda options: options[0])
def test_command_refuses_unknown_suffix(options, scenes, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as caught:
        main([str(scenes["ravine_adam"]), *options, "-o", "a.gif"])
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert ".png, .svg, .pdf" in said
    assert not list(tmp_path.iterdir())
