"""Frames and static pictures depend only on the race and the moment."""

import io
import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image

import animopt
from animopt import Function, Racer, Scene, UsageError
from animopt.drawing.canvas import without_alpha
from animopt.functions import quartic, ravine

SIZES = [(320, 180), (270, 480)]

# Settings that a notebook or a matplotlibrc may have changed.
SETTINGS = {
    "lines.linewidth": 20,
    "lines.markersize": 40,
    "font.size": 40,
    "font.family": "monospace",
    "axes.facecolor": "red",
    "axes.grid": True,
    "axes.titlesize": 60,
    "figure.dpi": 300,
    "figure.facecolor": "black",
    "image.cmap": "hot",
    "text.color": "red",
    "text.usetex": True,
    "text.antialiased": False,
    "path.simplify_threshold": 1.0,
    "xtick.labelsize": 40,
}


def panel(film, name):
    """The axes of a panel."""
    (axes,) = (axes for axes in film.canvas().figure.axes if axes.get_label() == name)
    return axes


def inside(film, frame, name):
    """The part of a frame that a panel takes."""
    box = panel(film, name).get_window_extent()
    height = frame.shape[0]
    return frame[round(height - box.y1) : round(height - box.y0), round(box.x0) : round(box.x1)]


@pytest.mark.sampled(2, 15)
def test_every_scene_is_drawn(scene_file, scenes, record, make_film):
    # Each scene is drawn in only one of the two shapes, to save time.
    size = SIZES[list(scenes).index(scene_file.stem) % 2]
    recording = record(scene_file)
    film = make_film(recording, size=size)
    first, last = film.frame(0), film.frame(len(film) - 1)
    for frame in (first, last):
        assert frame.shape == (size[1], size[0], 3)
        assert frame.dtype == np.uint8
        for name in ("header", "wireframe", "contour", "scoreboard"):
            assert inside(film, frame, name).std() > 3, name
    for name in ("header", "wireframe", "contour", "scoreboard"):
        # The smallest scoreboards, such as those beside a map, have only names.
        if name == "scoreboard" and inside(film, first, name).shape[1] < 90:
            continue
        assert (inside(film, first, name) != inside(film, last, name)).any(), name


@pytest.mark.parametrize("stem", ["ravine_race", "quartic_adam", "quartic_momentum"])
@pytest.mark.long
def test_frames_do_not_depend_on_their_order(scenes, record, make_film, stem):
    recording = record(scenes[stem])
    film = make_film(recording)
    in_order = [each.copy() for each in film.frames()]
    order = np.random.default_rng(1).permutation(len(film))
    for index in order:
        assert np.array_equal(film.frame(index), in_order[index]), index
    fresh = make_film(recording)
    for index in order[:4]:
        assert np.array_equal(fresh.frame(index), in_order[index]), index


def test_later_frame_does_not_overwrite_an_earlier_one(ravine_race, make_film):
    film = make_film(ravine_race)
    first = film.frame(0)
    kept = first.copy()
    film.frame(5)
    assert np.array_equal(first, kept)


@pytest.mark.long
def test_diverging_race_is_drawn_to_its_end(make_film):
    scene = Scene(
        function=quartic, racers=[Racer("SGD", lr=0.05), Racer("Adam", lr=0.5)], start=(5, -2.5), steps=30, seconds=2
    )
    film = make_film(scene.record(), seconds=2)
    contour = panel(film, "contour")
    for frame in film.frames():
        assert inside(film, frame, "contour").std() > 3
        for low, high in (contour.get_xlim(), contour.get_ylim()):
            assert -10 <= low < high <= 10


def test_race_whose_only_racer_diverges_at_once_is_drawn(make_film):
    film = make_film(Scene(function=quartic, racers=[Racer("SGD", lr=1e6)], start=(5, -2.5)).record())
    assert len(list(film.frames())) == len(film)


def half(x):
    return torch.log(x[0]) + x[1] ** 2


def disc(x):
    return torch.sqrt(16 - x[0] ** 2 - x[1] ** 2)


def pole(x):
    return 1 / (x[0] ** 2 + x[1] ** 2)


def flat(x):
    return 0 * (x[0] + x[1]) + 3


def sparse(x):
    return torch.where(x[0] > 9, x[0] * x[1], torch.nan)


@pytest.mark.filterwarnings("ignore:function flat")
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(
    ("function", "start"),
    [(half, (2, 3)), (disc, (1, 2)), (pole, (2, 1)), (flat, (1, 1)), (sparse, (9.5, 1))],
    ids=lambda value: getattr(value, "__name__", ""),
)
@pytest.mark.sampled(2)
def test_functions_with_undefined_values_are_drawn(function, start, make_film, size):
    film = make_film(Scene(function=function, racers=[Racer("SGD", lr=0.1)], start=start).record(), size=size, fps=4)
    for frame in film.frames():
        assert inside(film, frame, "wireframe").std() > 3
        assert inside(film, frame, "contour").std() > 3


@pytest.mark.parametrize("x", [(0, 1000), (-0.001, 0.001), (0, 5)], ids=str)
@pytest.mark.sampled(1)
def test_domains_of_any_extent_are_drawn(x, make_film):
    function = Function(lambda point: (point[0] / x[1]) ** 2 + point[1] ** 2, x=x, y=(-1, 1))
    film = make_film(Scene(function=function, racers=[Racer("Adam", lr=0.1)], start=(0, 0.5)).record(), fps=4)
    assert len(list(film.frames())) == 4


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (5, 3), (640, 360), (1081, 1921)])
def test_picture_without_alpha_has_the_other_channels(shape):
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 4), dtype=np.uint8)
    assert np.array_equal(without_alpha(picture), picture[..., :3])
    # Nothing is written around a given array.
    height, width = shape
    room = np.zeros(3 * height * width + 2, dtype=np.uint8)
    without_alpha(picture, room[1:-1].reshape(height, width, 3))
    assert np.array_equal(room[1:-1], picture[..., :3].reshape(-1))
    assert room[0] == room[-1] == 0


def test_settings_of_the_user_do_not_change_a_frame(ravine_race, make_film):
    expected = make_film(ravine_race).frame(7)
    film = make_film(ravine_race)
    with matplotlib.rc_context(SETTINGS):
        assert np.array_equal(film.frame(7), expected)
        assert np.array_equal(make_film(ravine_race).frame(7), expected)


def test_settings_of_the_user_do_not_change_a_plot():
    expected = animopt.plot(ravine)._repr_png_()
    with matplotlib.rc_context(SETTINGS):
        shown = animopt.plot(ravine)._repr_png_()
    assert np.array_equal(*(np.asarray(Image.open(io.BytesIO(png))) for png in (expected, shown)))


@pytest.mark.parametrize("settings", [{}, SETTINGS], ids=["shipped", "own"])
@pytest.mark.sampled(1)
def test_drawing_restores_the_settings(ravine_race, make_film, settings):
    with matplotlib.rc_context(settings):
        # As a plain dictionary, because reading the backend's setting would choose a backend.
        before = dict.copy(matplotlib.rcParams)
        make_film(ravine_race).frame(3)
        animopt.plot(ravine, [[0, 1], [0, 1]])
        assert dict.copy(matplotlib.rcParams) == before


@pytest.mark.parametrize("size", [*SIZES, (180, 180), (800, 450)], ids=str)
@pytest.mark.parametrize(
    "title", ["A race " * 40, "W" * 200, "Short", "$x^2$ and a lone $"], ids=lambda title: title[:9]
)
@pytest.mark.sampled(1, 8)
def test_title_does_not_touch_the_step(title, size, make_film):
    scene = Scene(function=ravine, racers=[Racer("SGD", lr=0.1)], start=(-7, 2), steps=1000, title=title)
    film = make_film(scene.record(), size=size)
    film.frame(len(film) - 1)
    renderer = film.canvas().figure.canvas.get_renderer()
    boxes = {text.get_text(): text.get_window_extent(renderer) for text in panel(film, "header").texts}
    (shown,) = (text for text in boxes if text.rstrip("…") and title.startswith(text.rstrip("…")))
    assert boxes[shown].x1 < boxes["step 1,000 of 1,000"].x0
    assert boxes[shown].x0 >= 0
    assert boxes["step 1,000 of 1,000"].x1 <= size[0]


def test_plot_shows_a_function():
    figure = animopt.plot(ravine)
    assert isinstance(figure, Figure)
    assert len(figure.axes) == 2
    with Image.open(io.BytesIO(figure._repr_png_())) as image:
        assert image.format == "PNG"
        assert np.asarray(image).std() > 3


@pytest.mark.parametrize(
    "points", [[[0, 1, 2], [0, -1, 3]], np.zeros((2, 5)), ((1,), (1,))], ids=["list", "array", "one"]
)
@pytest.mark.sampled(1)
def test_plot_joins_points(points):
    figure = animopt.plot(lambda x: x[0] ** 2 / 20 + x[1] ** 2, points)
    with_points = np.asarray(Image.open(io.BytesIO(figure._repr_png_())))
    without = np.asarray(Image.open(io.BytesIO(animopt.plot(lambda x: x[0] ** 2 / 20 + x[1] ** 2)._repr_png_())))
    assert len(figure.axes) == 2
    changed = np.argwhere((with_points != without).any(axis=2))
    contour = next(axes for axes in figure.axes if axes.get_label() == "contour").get_window_extent()
    assert contour.x0 - 10 < changed[:, 1].min()
    assert changed[:, 1].max() < contour.x1 + 10


@pytest.mark.parametrize(
    "points", [[1, 2, 3], [[1, 2], [3]], [[1, 2], [3, 4], [5, 6]], "ab", [["a"], ["b"]], 7, [[[1]], [[2]]]], ids=str
)
def test_plot_refuses_invalid_points(points):
    with pytest.raises(UsageError, match="points"):
        animopt.plot(ravine, points)


@pytest.mark.long
def test_pyplot_is_not_imported(tmp_path):
    program = (
        "import sys, animopt; from animopt.functions import ravine; figure = animopt.plot(ravine, [[0, 1], [0, 1]]);"
        "figure.savefig('points.png'); figure._repr_png_();"
        "animopt.Scene(function=ravine, racers=[animopt.Racer('SGD', lr=0.1)], start=(1, 1))"
        ".still('still.png', at=1, size=(320, 180));"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in Path(tmp_path).iterdir()} == {"points.png", "still.png"}
