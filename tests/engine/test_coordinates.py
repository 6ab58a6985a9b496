"""The race in the coordinates of a preconditioner is the same race at other points."""

import numpy as np
import pytest
import torch

from animopt import Error, Function, Racer, Scene, UsageError
from animopt.functions import himmelblau, ravine
from animopt.regression import line

MATRIX = ((2.0, 0.5), (0.5, 1.0))


def race_of(function=himmelblau, preconditioner=MATRIX, **fields):
    racers = [Racer("SGD", lr=0.01), Racer("Adam", lr=0.1)]
    scene = Scene(function=function, racers=racers, start=(0.5, -0.5), steps=8, preconditioner=preconditioner, **fields)
    return scene.record()


def test_points_are_multiplied_by_the_root():
    race = race_of()
    other = race.preconditioned.race
    # The square of the root is the matrix: distances from the origin are those of the preconditioner.
    lengths = np.einsum("rsi,ij,rsj->rs", race.xy, np.array(MATRIX), race.xy)
    np.testing.assert_allclose((other.xy**2).sum(axis=-1), lengths, rtol=1e-12)
    np.testing.assert_array_equal(other.z, race.z)
    for path, moved in zip(race.paths, other.paths, strict=True):
        np.testing.assert_array_equal(path.step, moved.step)
        np.testing.assert_array_equal(path.xyz[:, 2], moved.xyz[:, 2])
        np.testing.assert_allclose(moved.xyz[-1, :2], other.xy[0 if path is race.paths[0] else 1, -1], rtol=1e-12)


def test_gradients_are_those_of_the_changed_function():
    """The change of the loss in a small step is the same in both coordinates."""
    race = race_of()
    other = race.preconditioned.race
    step = np.diff(race.xy, axis=1)
    np.testing.assert_allclose(
        (np.diff(other.xy, axis=1) * other.gradients[:, :-1]).sum(axis=-1),
        (step * race.gradients[:, :-1]).sum(axis=-1),
        rtol=1e-10,
    )


def test_surface_has_the_heights_of_the_function_at_the_same_points():
    other = race_of().preconditioned.race
    values, vectors = np.linalg.eigh(MATRIX)
    inverse = (vectors / np.sqrt(values)) @ vectors.T
    surface = other.surface
    x, y = np.moveaxis(np.stack(np.meshgrid(surface.x, surface.y), axis=-1) @ inverse, -1, 0)
    np.testing.assert_allclose(surface.z, (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, rtol=1e-9, atol=1e-9)


def test_condition_numbers_of_a_quadratic():
    assert race_of(ravine, ((1, 0), (0, 1))).preconditioned.conditions == pytest.approx((20, 20))
    assert race_of(ravine, ((0.1, 0), (0, 2))).preconditioned.conditions == pytest.approx((20, 1))
    assert race_of(ravine, ((0.1, 0), (0, 1))).preconditioned.conditions == pytest.approx((20, 2))


def test_function_with_data_has_both_views():
    function = line(np.arange(5.0), 2 * np.arange(5.0))
    race = race_of(function, ((1, 0), (0, 4)), batch=2)
    np.testing.assert_allclose(race.preconditioned.race.xy, race.xy * [1, 2])


@pytest.mark.parametrize(
    ("matrix", "shown"),
    [
        (((1, 2), (2, 1)), "((1, 2), (2, 1))"),
        (((1, 0.5), (0.2, 1)), "((1, 0.5), (0.2, 1))"),
        (((0, 0), (0, 1)), "((0, 0), (0, 1))"),
        ([(1, 0)], "[(1, 0)]"),
        ("P", "'P'"),
    ],
)
def test_matrix_that_is_no_preconditioner_is_refused(matrix, shown):
    with pytest.raises(UsageError) as caught:
        race_of(preconditioner=matrix)
    assert str(caught.value) == (
        f"preconditioner {shown}: give a symmetric and positive definite matrix, as preconditioner=((0.1, 0), (0, 2))"
    )


def test_function_without_minima_is_refused():
    with pytest.raises(UsageError, match=r"^preconditioner: function f has no known minima; give it some, as minima="):
        race_of(Function(lambda x: x[0] ** 2 + x[1] ** 2, name="f"))


@pytest.mark.parametrize(
    ("loss", "reason"),
    [
        (lambda x: x[0] ** 4 + x[1] ** 4, "its Hessian at the minimum (0, 0) is singular and has no condition number"),
        (lambda x: x[0] ** 4 + x[1] ** 2, "its Hessian at the minimum (0, 0) is singular and has no condition number"),
        (lambda x: torch.linalg.norm(x), "has no second derivatives at the minimum (0, 0)"),
    ],
)
def test_minimum_without_condition_number_is_refused(loss, reason):
    with pytest.raises(Error) as caught:
        race_of(Function(loss, name="f", minima=[(0, 0)]))
    assert str(caught.value).startswith(f"function f: {reason}; ")
    assert str(caught.value).endswith(", or leave out the preconditioner")


def test_panel_without_preconditioner_is_refused():
    with pytest.raises(UsageError, match=r"^panel 'coordinates': the scene has no preconditioner; give it one, as "):
        race_of(preconditioner=None, panels=["coordinates"])
