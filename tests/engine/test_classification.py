"""The logistic loss of a linear classifier, and the direction with the largest margin."""

import numpy as np
import pytest
from scipy.optimize import linprog, minimize

from animopt import Function, Racer, Scene, UsageError
from animopt.classification import logistic
from animopt.engine.classification import largest_margin
from animopt.regression import line

POINTS, LABELS = [(1.0, 0.5), (0.2, 2.0), (-1.0, -0.3)], [1, 1, -1]


def solved(points):
    """The direction of the shortest weights whose product with each point is at least 1, by SciPy, or None."""
    feasible = linprog(np.zeros(2), A_ub=-points, b_ub=-np.ones(len(points)), bounds=(None, None))
    if not feasible.success:
        return None
    found = minimize(
        lambda weights: weights @ weights / 2,
        feasible.x,
        jac=lambda weights: weights,
        constraints={"type": "ineq", "fun": lambda weights: points @ weights - 1, "jac": lambda _: points},
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 500},
    )
    return found.x / np.linalg.norm(found.x)


def test_largest_margin_is_that_of_scipy():
    source, separable = np.random.default_rng(1), 0
    for _ in range(60):
        points = source.normal(size=(int(source.integers(1, 30)), 2)) + 1.5 * source.normal(size=2)
        expected, found = solved(points), largest_margin(points)
        assert (expected is None) == (found is None)
        if found is not None:
            separable += 1
            direction, margin = found
            np.testing.assert_allclose(direction, expected, atol=1e-5)
            assert np.linalg.norm(direction) == pytest.approx(1)
            assert (points @ direction).min() == pytest.approx(margin, abs=1e-10)
    assert 10 < separable < 55


@pytest.mark.parametrize(
    ("points", "direction", "margin"),
    [
        ([(3, 4)], [0.6, 0.8], 5),
        ([(1, 1), (1, -1)], [1, 0], 1),
        ([(1, 1), (1, 1), (1, -1), (1, -1)], [1, 0], 1),
        ([(1, 0), (3, 4), (3, -4)], [1, 0], 1),
        ([(1e-9, 1e-9), (3e-9, 1e-9)], [0.5**0.5, 0.5**0.5], 2**0.5 * 1e-9),
    ],
)
def test_largest_margin_of_few_points(points, direction, margin):
    found, smallest = largest_margin(np.array(points, dtype=float))
    np.testing.assert_allclose(found, direction, atol=1e-12)
    assert smallest == pytest.approx(margin)


@pytest.mark.parametrize(
    "points", [[(1, 0), (-1, 0)], [(1, 0), (-1, 1), (-1, -1)], [(0, 0)], [(0, 0), (1, 1)]], ids=str
)
def test_points_around_the_origin_have_no_margin(points):
    assert largest_margin(np.array(points, dtype=float)) is None


def test_loss_is_the_mean_over_the_points():
    function, weights = logistic(POINTS, LABELS), np.array([0.7, -0.2])
    products = np.array(LABELS) * (np.array(POINTS) @ weights)
    assert function(weights.tolist()) == pytest.approx(np.log1p(np.exp(-products)).mean())
    # Where the exponential is too large for a number, the loss is not.
    assert function((-1e4, 0)) == pytest.approx(1e4 * 2 / 3, rel=0.2)
    assert function.direction == pytest.approx(solved(np.array(LABELS)[:, None] * POINTS), abs=1e-5)
    assert function.x[1] > 0 > function.x[0]


def test_domain_can_be_given():
    function = logistic(POINTS, LABELS, x=(-1, 3))
    assert function.x == (-1, 3)
    assert function.y[1] > 0


def test_separators_are_those_of_the_weights():
    racers = [Racer("SGD", lr=1.0), Racer("SGD", lr=1e300, name="Far")]
    race = Scene(function=logistic(POINTS, LABELS), racers=racers, start=(0, 0), steps=5).record()
    assert race.classes.labels.tolist() == LABELS
    np.testing.assert_array_equal(race.classes.points, POINTS)
    np.testing.assert_allclose(race.classes.separators[0, :, 1:], race.xy[0])
    assert (race.classes.separators[0, :, 0] == 0).all()
    assert race.sample is None
    assert race.classes.margin(race.direction) == pytest.approx((np.array(LABELS) * (POINTS @ race.direction)).min())
    assert race.single(1).classes is race.classes


def test_batches_keep_the_direction():
    function = logistic(POINTS, LABELS)
    assert function.on([0]).direction == function.direction
    race = Scene(function=function, racers=[Racer("SGD", lr=1.0)], start=(0, 0), steps=4, batch=1).record()
    assert np.isfinite(race.xy).all()


def test_angle_of_the_origin_is_that_of_the_next_point():
    bowl = Function(lambda p: -p[0], direction=(0, 2))
    race = Scene(function=bowl, racers=[Racer("SGD", lr=0.1)], start=(0, 0), steps=3).record()
    np.testing.assert_allclose(race.direction, [0, 1])
    np.testing.assert_allclose(race.angles, 90)
    turned = Scene(function=Function(lambda p: p[1], direction=(0, 1)), racers=[Racer("SGD", lr=1.0)], start=(0, 3))
    angles = turned.replace(steps=5).record().angles[0]
    np.testing.assert_allclose(angles, [0, 0, 0, 180, 180, 180])
    assert np.isnan(
        Scene(function=line([0, 1], [0, 1]), racers=[Racer("SGD", lr=0.1)], start=(0, 0)).record().angles
    ).all()


@pytest.mark.parametrize(
    ("points", "labels", "message"),
    [
        ([(1, 0), (2, 0)], [1, -1], "labels: no line through the origin separates them; move points, or change labels"),
        ([(1, 0), (2, 0)], [1, 0], "function data: has labels that are neither -1 nor 1; give each point one of them"),
        ([(1, 0, 0)], [1], "points: give pairs of numbers, and one label for each, as [(1, 0), (0, -1)] and [1, -1]"),
        ([1, 2], [1, 1], "points: give pairs of numbers, and one label for each, as [(1, 0), (0, -1)] and [1, -1]"),
        ([(1, 0)], [1, 1], "function data: has 1, 2 rows; give columns of the same length"),
    ],
)
def test_data_that_are_no_labeled_points_are_refused(points, labels, message):
    with pytest.raises(UsageError) as caught:
        logistic(points, labels)
    assert str(caught.value) == message


def test_direction_without_a_length_is_refused():
    with pytest.raises(UsageError, match=r"^function direction \(0.0, 0.0\): its length must be above 0; give it as"):
        Function(lambda p: p[0], direction=(0, 0))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"panels": ["contour", "angle"]},
            "panel 'angle': the function has none; give it one, as direction=(1, 0), or",
        ),
        (
            {"overlays": ["direction"]},
            "overlay 'direction': the function has none; give it one, as direction=(1, 0), or",
        ),
        (
            {"panels": ["contour", "separator"]},
            "panel 'separator': the function has no labeled points and model of them",
        ),
    ],
)
def test_panels_without_their_data_are_refused(fields, message):
    with pytest.raises(UsageError) as caught:
        Scene(function=line([0, 1, 2], [1, 3, 5]), racers=[Racer("SGD", lr=0.1)], start=(0, 0), **fields)
    assert str(caught.value).startswith(message)
    with pytest.raises(UsageError, match=r"^panel 'fit': the function has no data and model of them"):
        Scene(function=logistic(POINTS, LABELS), racers=[Racer("SGD", lr=1)], start=(0, 0), panels=["fit"])
