"""Projection of points to the picture, and points that the surface hides."""

import numpy as np
import pytest

from animopt.drawing.camera import DISTANCE, Camera, HeightField

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
