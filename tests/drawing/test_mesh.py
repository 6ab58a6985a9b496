"""The shaded surface: faces that follow it, from back to front, and walls of glass in front of the race."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from animopt import Function, Racer, Scene
from animopt.drawing.geometry import DISTANCE, Camera, HeightField
from animopt.drawing.mesh import CELLS, GLASS, MAX_FACES, Faces, ShadedMesh, face_grid
from animopt.drawing.mpl import Figure
from animopt.drawing.theme import THEMES
from animopt.drawing.viewpoint import HEIGHT, ScaledSurface
from animopt.engine.record import record
from animopt.functions import drop_wave, rastrigin, ravine, rosenbrock, saddle
from animopt.recording.timeline import Timeline
from animopt.video.film import Film, Staging

VIEWS = [(azimuth, elevation) for azimuth in (0, 12, 45, 100, 200, 290) for elevation in (10, 38, 80)]


def mesh_of(field, theme="light"):
    return ShadedMesh(Figure().add_axes((0, 0, 1, 1)), THEMES[theme], field, HEIGHT)


def field_of(height, half=(1, 1)):
    x, y = np.meshgrid(np.linspace(-half[0], half[0], 241), np.linspace(-half[1], half[1], 241))
    return HeightField(np.array(half), height(x, y))


def placed(mesh, field, view):
    """The artists of a mesh that a camera sees."""
    camera = Camera(*view)
    projected, depth = camera.project(mesh.vertices)
    return mesh.place(camera, 300 * projected + 400, depth, field.visibility(mesh.vertices, camera))


@pytest.fixture
def drawn(monkeypatch):
    """A function that returns the corners, the colors and the blocks of the faces that a camera sees."""
    found = []
    monkeypatch.setattr(Faces, "set_faces", lambda self, *values: found.append(values))

    def faces(field, view):
        placed(mesh_of(field), field, view)
        return found[-1]

    return faces


@pytest.mark.parametrize("view", VIEWS, ids=str)
@pytest.mark.parametrize("half", [(1, 1), (1, 0.4)], ids=str)
def test_each_face_is_drawn_once_and_after_those_behind_it(drawn, view, half):
    corners, _, blocks = drawn(field_of(lambda x, y: 0.1 * x - 0.2 * y, half), view)
    rows, columns = np.array(corners.shape[:2]) - 1
    order = np.full((rows, columns), -1)
    count = 0
    for row, column in blocks:
        for first in np.minimum(row[:-1], row[1:]):
            for second in np.minimum(column[:-1], column[1:]):
                assert order[first, second] == -1
                order[first, second] = count
                count += 1
    assert count == rows * columns
    foot = Camera(*view).basis[2, :2] * DISTANCE
    x, y = (np.linspace(-side, side, size + 1) for side, size in zip(half, (columns, rows), strict=True))
    # A ray to the camera leaves a face through a side beyond which the camera is.
    for edge, cell in enumerate(x[1:-1]):
        if foot[0] == pytest.approx(cell):
            continue
        later, earlier = (order[:, edge + 1], order[:, edge])[:: 1 if foot[0] > cell else -1]
        assert (later > earlier).all()
    for edge, cell in enumerate(y[1:-1]):
        if foot[1] == pytest.approx(cell):
            continue
        later, earlier = (order[edge + 1], order[edge])[:: 1 if foot[1] > cell else -1]
        assert (later > earlier).all()


@pytest.mark.parametrize("theme", THEMES)
def test_valleys_and_peaks_have_the_colors_of_the_theme(theme):
    colors = []
    for z in (-HEIGHT / 2, HEIGHT / 2):
        mesh = mesh_of(HeightField(np.ones(2), np.full((241, 241), z)), theme)
        colors.append(mesh._tints)
    for tints, color in zip(colors, (THEMES[theme].valley, THEMES[theme].peak), strict=True):
        np.testing.assert_allclose(tints, np.broadcast_to(to_rgb(color), tints.shape))


def faces_of(function):
    field = ScaledSurface(record(function, [], (0.0, 0.0), 0).surface).field
    return np.array(mesh_of(field)._grid.shape[:2]) - 1


@pytest.mark.parametrize(
    "unknown", [(0, 0), (-1, 0), (0, slice(3)), (slice(240), -1), (slice(1, None), slice(1, None))]
)
def test_faces_beside_unknown_heights_have_normals(unknown):
    field = field_of(lambda x, y: 0.3 * x + 0.2 * y)
    field.z[unknown] = np.nan
    for max_faces in (800, 2400, None):
        normals = face_grid(field, 1e-3, max_faces).normals
        np.testing.assert_allclose(np.linalg.norm(normals, axis=-1), 1)


def test_detail_of_the_function_decides_on_the_number_of_faces():
    assert faces_of(saddle).tolist() == [CELLS] * 2
    # The gutter is curved across, and straight along.
    gutter = Function(lambda x: x[0] / 10 + x[1] ** 4, x=(-1, 1), y=(-1, 1))
    assert faces_of(gutter).tolist() == [2 * CELLS, CELLS]
    assert min(faces_of(rastrigin)) >= 80
    assert faces_of(drop_wave).tolist() == [MAX_FACES] * 2
    assert faces_of(rosenbrock)[1] > faces_of(ravine)[1]


def valley(x, y):
    return 0.7 * y**2 - 0.35


def test_near_wall_of_a_valley_is_of_glass(drawn):
    # The camera is low, and looks at the outer side of the wall at y = -1.
    _, colors, _ = drawn(field_of(valley), (-90, 25))
    opacity = colors[..., 3]
    middle = opacity.shape[1] // 2
    assert opacity[0, middle] == GLASS
    assert opacity[-1, middle] == 1
    _, colors, _ = drawn(field_of(valley), (-90, 75))
    assert (colors[..., 3] == 1).all()


def test_far_side_of_a_hill_is_opaque(drawn):
    _, colors, _ = drawn(field_of(lambda x, y: 0.7 * np.exp(-8 * (x**2 + y**2)) - 0.35), (20, 25))
    assert (colors[..., 3] == 1).all()


def test_light_comes_from_the_left_of_the_camera(drawn):
    roof = field_of(lambda x, y: 0.3 - 0.5 * np.abs(y))
    for azimuth in (0, 180):
        _, colors, _ = drawn(roof, (azimuth, 60))
        sides = colors[: len(colors) // 2, ..., :3].mean(), colors[len(colors) // 2 :, ..., :3].mean()
        # Seen from azimuth 0, y increases to the right.
        left, right = sides if azimuth == 0 else sides[::-1]
        assert left > right + 0.05


def test_faces_without_heights_are_not_drawn(drawn):
    def disc(x, y):
        return np.where(x**2 + y**2 < 0.5, x * y, np.nan)

    _, colors, _ = drawn(field_of(disc), (30, 40))
    assert np.isfinite(colors).all()
    middle = colors.shape[0] // 2
    assert colors[middle, middle, 3] == 1
    assert colors[0, 0, 3] == 0
    # Faces of which only some corners have a height have no color.
    assert colors[colors[..., 3] > 0][:, :3].min() > 0.2


@pytest.mark.long
def test_mesh_without_faces_is_drawn_on_request():
    scene = Scene(function=ravine, racers=[Racer("SGD", lr=0.1)], start=(-7, 2), steps=3, seconds=1)
    drawn = {}
    for surface in ("shaded", "mesh"):
        film = Film(scene.record(), Timeline(3, 1), (320, 180), 10, Staging(surface=surface, panels=("wireframe",)))
        drawn[surface] = film.at(1)
        assert bool(film.canvas().figure.findobj(Faces)) == (surface == "shaded")
    assert not np.array_equal(*drawn.values())


def test_plane_is_lit_evenly_to_its_edges(drawn):
    _, colors, _ = drawn(field_of(lambda x, y: 0.3 * x - 0.2 * y), (200, 40))
    light = colors[..., :3] / mesh_of(field_of(lambda x, y: 0.3 * x - 0.2 * y))._tints
    np.testing.assert_allclose(light, np.broadcast_to(light[10, 10], light.shape), atol=0.02)


def test_large_picture_has_more_faces():
    field = ScaledSurface(record(rosenbrock, [], (0.0, 0.0), 0).surface).field
    axes = Figure().add_axes((0, 0, 1, 1))
    counts = [
        len(ShadedMesh(axes, THEMES["light"].scaled(unit, (1280 * unit, 720 * unit)), field, HEIGHT).vertices)
        for unit in (1, 3)
    ]
    assert counts[0] < counts[1]
