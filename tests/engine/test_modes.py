"""The modes are the coordinates along the eigenvectors of the Hessian at the minimum where a racer ends."""

import numpy as np
import pytest
import torch

from animopt import Error, Function, Racer, Scene
from animopt.functions import himmelblau, ravine, rotated

SGD = Racer("SGD", lr=0.01)


def recorded(function, racers=(SGD,), start=(1, 1), **fields):
    scene = Scene(function=function, racers=racers, start=start, steps=30, panels=["contour", "modes"], **fields)
    race = scene.record()
    return race, race.quantities["modes"]


def test_modes_of_a_ravine_along_the_axes_are_its_coordinates():
    race, modes = recorded(ravine, start=(-7, 2))
    np.testing.assert_allclose(modes[..., 0], race.xy[..., ::-1], atol=1e-12)
    np.testing.assert_allclose(modes[0, :, :, 1], np.tile([2, 0.1], (31, 1)))


@pytest.mark.parametrize("degrees", [30, 45, 135, 250])
def test_modes_of_a_turned_ravine_are_those_of_the_ravine_up_to_a_sign(degrees):
    turned = rotated(ravine, degrees)
    angle = np.radians(degrees)
    start = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ [-3, 1]
    _, modes = recorded(turned, start=tuple(start.tolist()))
    _, expected = recorded(ravine, start=(-3, 1))
    np.testing.assert_allclose(np.abs(modes), np.abs(expected), atol=1e-9)


def test_minimum_is_the_one_at_which_each_racer_ends():
    racers = [Racer("SGD", lr=0.01, start=start, name=str(start)) for start in ((3.5, 2.5), (-3, 3))]
    race, modes = recorded(himmelblau, racers)
    assert np.abs(modes[:, -1, :, 0]).max() < 1e-2
    x, y = race.minima[0, :2]
    hessian = [[12 * x**2 + 4 * y - 42, 4 * (x + y)], [4 * (x + y), 12 * y**2 + 4 * x - 26]]
    np.testing.assert_allclose(modes[0, 0, :, 1], np.linalg.eigvalsh(hessian)[::-1], rtol=1e-5)
    np.testing.assert_allclose(
        np.hypot(*modes[1, :, :, 0].T), np.linalg.norm(race.xy[1] - race.minima[1, :2], axis=1), atol=1e-9
    )
    assert modes[0, 0, 0, 1] != modes[1, 0, 0, 1]


def test_modes_end_where_a_racer_diverges():
    race, modes = recorded(himmelblau, [Racer("SGD", lr=1.0)])
    lost = np.isnan(race.z[0])
    assert lost.any()
    assert (np.isnan(modes[0, :, 0, 0]) == lost).all()


@pytest.mark.parametrize(
    ("definition", "minima", "message"),
    [
        (lambda x: (x**2).sum(), [], "has no known minima; give it some, as minima=[(0, 0)]"),
        (lambda x: x[0] ** 2 + x[1] ** 4, [(0, 0)], "its Hessian at the minimum (0, 0) has the eigenvalues 2.00 and 0"),
        (lambda x: (x**4).sum(), [(0, 0)], "its Hessian at the minimum (0, 0) has the eigenvalues 0 and 0"),
        (lambda x: x[0] ** 2 - x[1] ** 2, [(0, 0)], "its Hessian at the minimum (0, 0) has the eigenvalues 2.00 and"),
        (lambda x: x.norm(), [(0, 0)], "has no second derivatives at the minimum (0, 0); give another minimum"),
        (
            lambda x: torch.cdist(x[None], torch.zeros(1, 2, dtype=torch.float64), p=3.0).sum(),
            [(0, 0)],
            "autograd has no second derivatives of it: ",
        ),
    ],
)
def test_function_without_modes_is_refused(definition, minima, message):
    with pytest.raises(Error) as caught:
        recorded(Function(definition, minima=minima, name="f"))
    text = str(caught.value)
    assert text.startswith(f"function f: {message}")
    assert text.endswith(", or leave out the panel 'modes'")
    assert "\n" not in text
