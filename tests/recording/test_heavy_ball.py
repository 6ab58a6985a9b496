"""The continuous limit solves its differential equation, and small steps tend to it."""

import numpy as np
import pytest

from animopt.recording.heavy_ball import HeavyBall


def steps_of(ball, curvature, count, start=3.0):
    """The positions of torch's SGD on a parabola, (count + 1,)."""
    x, velocity, path = start, 0.0, [start]
    for _ in range(count):
        velocity = ball.momentum * velocity + curvature * x
        pull = curvature * x + ball.momentum * velocity if ball.nesterov else velocity
        x -= ball.lr * pull
        path.append(x)
    return np.array(path)


@pytest.mark.parametrize(
    ("momentum", "curvature"), [(0.9, 2), (0.9, 0.001), (0.64, 0.1), (0.2, 0.1), (0.5, 0.4), (0.99, 1)]
)
def test_limit_solves_the_equation_of_a_ball_with_friction(momentum, curvature):
    ball, width = HeavyBall(0.4, momentum), 1e-3
    times = np.linspace(1, 30, 30)
    before, here, after = (ball.continuous_limit(curvature, 3.0, times + shift) for shift in (-width, 0, width))
    acceleration, velocity = (after - 2 * here + before) / width**2, (after - before) / (2 * width)
    forces = (1 + momentum) / 2 * acceleration + (1 - momentum) * velocity + 0.4 * curvature * here
    np.testing.assert_allclose(forces, 0, atol=2e-6)
    assert ball.continuous_limit(curvature, 3.0, np.zeros(1)) == pytest.approx(3)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("friction", [0.2, 1.9, 6])
def test_small_steps_tend_to_the_limit_with_the_square_of_their_length(friction, nesterov):
    """Polyak's ball has one friction and one curvature, in the time √lr of a step."""
    errors = []
    for lr in (0.01, 0.0025):
        ball = HeavyBall(lr, 1 - friction * np.sqrt(lr), nesterov)
        count = round(8 / np.sqrt(lr))
        path = steps_of(ball, 1.0, count)
        errors.append(np.abs(ball.continuous_limit(1.0, 3.0, np.arange(count + 1)) - path).max())
    assert errors[1] < 0.45 * errors[0] < 0.03
    gamma, root = friction / 2, np.emath.sqrt((friction / 2) ** 2 - 1)
    times = np.sqrt(lr) * np.arange(count + 1)
    polyak = 3 * np.exp(-gamma * times) * (np.cosh(root * times) + gamma / root * np.sinh(root * times))
    np.testing.assert_allclose(path, polyak.real, atol=0.3)


def test_critical_damping_is_the_limit_of_its_neighbors():
    times = np.linspace(0, 40, 41)
    momentum = 0.64
    critical = (1 - momentum) ** 2 / (2 * (1 + momentum)) / 0.4
    exact, near = (HeavyBall(0.4, momentum).continuous_limit(each, 3.0, times) for each in (critical, critical * 1.001))
    np.testing.assert_allclose(exact, near, atol=3e-3)
    assert (exact > 0).all()


def test_limit_without_momentum_is_gradient_flow():
    times = np.arange(5.0)
    np.testing.assert_allclose(HeavyBall(0.1, 0).continuous_limit(2, 3, times), 3 * np.exp(-0.2 * times))


def test_nesterov_has_no_limit_for_steps_that_are_far_too_long():
    assert np.isnan(HeavyBall(3.0, 0.9, nesterov=True).continuous_limit(1, 3, np.arange(3.0))).all()
