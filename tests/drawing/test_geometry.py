"""A scale of heights, projection of points, hidden points, and thinned paths."""

import numpy as np
import pytest

from animopt.drawing.geometry import DISTANCE, Camera, HeightField, first_in_cell, height_scale, thin_path
from animopt.recording.recording import SurfacePath


def sampled(height, x, y):
    return height(*np.meshgrid(np.linspace(*x, 121), np.linspace(*y, 121)))


def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def goldstein_price(x, y):
    first = 1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)
    return first * (30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2))


SURFACES = {
    "ravine": sampled(lambda x, y: x**2 / 20 + y**2, (-10, 10), (-5, 5)),
    "rosenbrock": sampled(rosenbrock, (-2, 2), (-1, 3)),
    "goldstein-price": sampled(goldstein_price, (-2, 2), (-2, 2)),
    "plane": sampled(lambda x, y: x + y, (-1, 1), (-1, 1)),
    "plateau": sampled(lambda x, y: np.maximum(0, x**2 + y**2 - 80), (-10, 10), (-10, 10)),
    "dome": sampled(lambda x, y: -(x**2) - y**2, (-1, 1), (-1, 1)),
    "forty decades": sampled(lambda x, y: np.exp(x**2), (-10, 10), (-10, 10)),
    "three hundred decades": sampled(lambda x, y: np.exp(70 * x), (-10, 10), (-10, 10)),
    "steep walls": sampled(lambda x, y: x**300 + y**2, (-10, 10), (-10, 10)),
    "far from zero": sampled(lambda x, y: 1e6 + x**2 + y**2, (-1, 1), (-1, 1)),
}


@pytest.mark.parametrize("count", [2, 18, 31])
@pytest.mark.parametrize("surface", SURFACES)
def test_heights_ascend_from_the_lowest_to_the_highest_point(surface, count):
    z = SURFACES[surface]
    heights = height_scale(z, 0.4).heights(count)
    assert heights.shape == (count,)
    assert (np.diff(heights) > 0).all()
    np.testing.assert_allclose(heights[[0, -1]], [z.min(), z.max()], rtol=1e-12)


@pytest.mark.parametrize("surface", ["ravine", "rosenbrock", "goldstein-price"])
def test_lower_half_of_the_scale_covers_the_given_fraction_of_the_area(surface):
    z = SURFACES[surface]
    middle = height_scale(z, 0.4).heights(3)[1]
    assert np.mean(z <= middle) == pytest.approx(0.4, abs=0.01)


@pytest.mark.parametrize("surface", ["ravine", "rosenbrock", "goldstein-price"])
def test_lower_half_of_the_area_has_a_third_of_the_levels(surface):
    z = SURFACES[surface]
    assert np.sum(height_scale(z, 0.4).heights(18) < np.median(z)) >= 18 / 3


def test_dome_has_a_linear_scale():
    np.testing.assert_allclose(np.diff(height_scale(SURFACES["dome"], 0.4).heights(9)), 0.25)


@pytest.mark.parametrize(
    "holes", [[np.nan], [np.inf], [-np.inf], [np.nan, np.inf, -np.inf]], ids=["nan", "inf", "minus inf", "all"]
)
def test_values_that_are_not_finite_are_ignored(holes):
    z = SURFACES["rosenbrock"]
    np.testing.assert_array_equal(
        height_scale(np.append(z, holes), 0.4).heights(18), height_scale(z.ravel(), 0.4).heights(18)
    )


@pytest.mark.parametrize("z", [[[3.0, 3.0]], [[0.0, 0.0]], [[np.nan, np.inf]], [[-1e20, -1e20]]], ids=str)
def test_flat_surface_has_ascending_levels(z):
    heights = height_scale(np.array(z), 0.4).heights(18)
    assert np.isfinite(heights).all()
    assert (np.diff(heights) > 0).all()


VIEWS = [(0, 0), (0, 30), (200, 30), (200, 38), (290, 38), (-45, 80), (123, 5)]


def eye(azimuth, elevation):
    """The direction to the camera."""
    azimuth, elevation = np.radians([azimuth, elevation])
    return np.array(
        [np.cos(azimuth) * np.cos(elevation), np.sin(azimuth) * np.cos(elevation), np.sin(elevation)],
    )


def rotated(azimuth, elevation):
    """A rotation about z and one about y that bring the camera to +x, with x as the last row."""
    azimuth, elevation = np.radians([azimuth, elevation])
    about_z = [[np.cos(azimuth), np.sin(azimuth), 0], [-np.sin(azimuth), np.cos(azimuth), 0], [0, 0, 1]]
    about_y = [[np.cos(elevation), 0, np.sin(elevation)], [0, 1, 0], [-np.sin(elevation), 0, np.cos(elevation)]]
    return np.roll(np.array(about_y) @ about_z, -1, axis=0)


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_basis_is_a_rotation(view):
    basis = Camera(*view).basis
    np.testing.assert_allclose(basis, rotated(*view), atol=1e-15)
    np.testing.assert_allclose(basis @ basis.T, np.eye(3), atol=1e-15)
    assert np.linalg.det(basis) == pytest.approx(1)
    np.testing.assert_allclose(basis[2], eye(*view), atol=1e-15)


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_point_is_projected_along_its_ray_to_the_camera(view):
    points = np.random.default_rng(1).uniform(-1, 1, (4, 25, 3))
    camera = DISTANCE * eye(*view)
    near = points @ eye(*view)
    # The picture is the plane through the origin that faces the camera.
    met = camera + (points - camera) * (DISTANCE / (DISTANCE - near))[..., None]
    right, up, towards = np.moveaxis(met @ rotated(*view).T, -1, 0)
    flat, nearer = Camera(*view).project(points)
    np.testing.assert_allclose(flat, np.stack([right, up], axis=-1), atol=1e-12)
    np.testing.assert_allclose(nearer, near, atol=1e-12)
    np.testing.assert_allclose(towards, 0, atol=1e-12)


def test_nearer_points_are_farther_from_the_center():
    (far, _), (middle, _), (close, _) = Camera(0, 0).project(np.array([[-1.0, 0.5, 0], [0, 0.5, 0], [1, 0.5, 0]]))[0]
    assert far < middle < close
    assert middle == 0.5


def test_z_points_up_in_the_picture():
    flat, _ = Camera(200, 38).project(np.array([0, 0, 1.0]))
    assert flat[0] == pytest.approx(0)
    assert flat[1] > 0


def bump(x, y):
    return 0.75 * np.exp(-4 * (x**2 + y**2)) - 0.4


def waves(x, y):
    return 0.35 * np.sin(5 * x) * np.cos(4 * y)


def field(height, half=(1.0, 1.0)):
    x, y = (np.linspace(-side, side, 241) for side in half)
    return HeightField(np.array(half), height(*np.meshgrid(x, y)))


def depths(height, half, points, view):
    """The greatest depth of each point's ray to the camera below the surface, from four thousand samples."""
    part = np.linspace(0, 1, 4001)[1:]
    deepest = []
    for point in points:
        x, y, z = (point + part[:, None] * (DISTANCE * eye(*view) - point)).T
        over = (np.abs(x) <= half[0]) & (np.abs(y) <= half[1])
        deepest.append((height(x, y) - z)[over].max(initial=0))
    return np.array(deepest)


@pytest.mark.parametrize("view", [(200, 38), (200, 30), (0, 20), (75, 15), (290, 25)], ids=str)
@pytest.mark.parametrize(
    ("height", "half"), [(bump, (1.0, 1.0)), (waves, (1.0, 1.0)), (waves, (1.0, 0.5))], ids=["bump", "waves", "narrow"]
)
def test_hidden_agrees_with_a_densely_sampled_ray(height, half, view):
    x, y = (np.random.default_rng(2).uniform(-1, 1, (600, 2)) * half).T
    points = np.column_stack([x, y, height(x, y)])
    depth = depths(height, half, points, view)
    hidden = field(height, half).hidden(points, Camera(*view))
    # A point whose ray only touches the surface may count as hidden or not.
    clear, covered = depth < 0.001, depth > 0.02
    assert min(clear.sum(), covered.sum()) > 10
    assert np.mean(hidden[clear]) <= 0.03
    assert np.mean(hidden[covered]) >= 0.97


@pytest.mark.parametrize("azimuth", [0, 90, 180, 270, 360])
def test_bump_hides_the_point_behind_it(azimuth):
    behind = np.round(-0.7 * eye(azimuth, 0), 12)
    points = np.array([behind, -behind])
    points[:, 2] = bump(*points[:, :2].T)
    assert field(bump).hidden(points, Camera(azimuth, 20)).tolist() == [True, False]


@pytest.mark.parametrize("view", [(0, 10), (200, 30), (200, 38), (45, 89)], ids=str)
def test_flat_surface_hides_nothing(view):
    x, y = np.random.default_rng(3).uniform(-1, 1, (2, 400))
    assert not field(lambda x, y: np.zeros_like(x)).hidden(np.column_stack([x, y, np.zeros(400)]), Camera(*view)).any()


def test_hole_in_the_surface_hides_nothing_and_is_never_hidden():
    z = np.zeros((241, 241))
    z[100:140, 100:140] = np.nan
    points = np.array([[-0.7, 0.1, 0], [np.nan] * 3])
    assert not HeightField(np.ones(2), z).hidden(points, Camera(200, 20)).any()


def walk(seed, points, spread):
    """A path that crosses a square of ±`spread` many times."""
    angles = np.random.default_rng(seed).uniform(0, 2 * np.pi, (2, 4, 1))
    time = np.linspace(0, 60, points)
    xy = np.sin(np.array([[0.7], [1.1], [1.9], [3.1]]) * time + angles).mean(axis=1) * spread
    return SurfacePath(np.arange(points, dtype=float), np.column_stack([*xy, np.zeros(points)]))


def cells(path, step, cell):
    """The cells that a path crosses up to a step."""
    places = path.xyz[path.step <= step, :2] / cell
    parts = np.linspace(0, 1, 50)[:, None, None]
    between = places[:-1] + parts * (places[1:] - places[:-1])
    between = between.reshape(-1, 2)
    return {tuple(place) for place in np.floor(between[np.isfinite(between).all(axis=1)]).astype(int)}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.sampled(1)
def test_thinned_path_crosses_the_same_cells(seed):
    path = walk(seed, 6000, 20)
    short = thin_path(path, 0.5)
    # Rows of NaN replace removed points, and the order stays.
    assert np.isfinite(short.xyz[:, 0]).sum() < 0.9 * len(path.step)
    assert (np.diff(short.step) > 0).all()
    for step in (0, 100, 2500, 5999):
        whole, drawn = cells(path, step, 0.5), cells(short, step, 0.5)
        assert len(drawn - whole) <= 0.01 * len(whole) + 2
        assert len(whole - drawn) <= 0.02 * len(whole) + 2


def test_path_that_never_returns_keeps_all_points():
    line = SurfacePath(np.arange(50.0), np.column_stack([np.arange(50.0), np.arange(50.0) * 2, np.zeros(50)]))
    short = thin_path(line, 0.5)
    np.testing.assert_array_equal(short.xyz, line.xyz)
    np.testing.assert_array_equal(short.step, line.step)


def test_path_that_does_not_move_becomes_a_point():
    short = thin_path(SurfacePath(np.arange(9.0), np.ones((9, 3))), 0.5)
    assert np.isfinite(short.xyz[:, 0]).sum() == 1


def test_gap_outside_the_domain_remains():
    path = walk(1, 400, 300)
    path.xyz[100:120] = np.nan
    short = thin_path(path, 0.5)
    after = np.searchsorted(short.step, 119, side="right")
    assert np.isnan(short.xyz[(short.step >= 100) & (short.step < 120), 0]).all()
    assert np.isnan(short.xyz[:after, 0]).any()
    assert np.isfinite(short.xyz[after, 0])


def test_first_position_in_each_cell_is_marked():
    places = np.array([[0.1, 0.2], [0.9, 0.9], [1.1, 0.5], [np.nan, 1], [-0.1, 0.5], [0.5, 0.5], [1.9, 0.1]])
    assert first_in_cell(places).tolist() == [True, False, True, False, True, False, False]
    assert first_in_cell(np.zeros((0, 2))).tolist() == []


def test_ray_that_is_almost_parallel_to_a_side_is_computed_without_a_warning():
    points = np.array([[-0.5, 1e-98, 0], [-0.5, 1e-40, 0], [-0.5, 0, 0]])
    assert not field(lambda x, y: np.zeros_like(x)).hidden(points, Camera(0, 25)).any()
