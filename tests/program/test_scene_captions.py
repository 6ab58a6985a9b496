"""The captions of the scenes are true: each statement is checked in the recording."""

import ast
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize

import animopt
from animopt import Scene
from animopt.scene import catalog
from animopt.scene.races import recordings

# The ridge between the quartic's valleys: the middle root of its slope in y, 4y³ - 80y + 80.
RIDGE = np.sort(np.roots([4, 0, -80, 80]).real)[1]
# Where the quartic's shelf is flattest: the real part of the pair of complex roots of its slope in x.
SHELF = 1.63

FINDINGS = {}


def finding(check):
    """Register the check of the scene that has the name of the function."""
    FINDINGS[check.__name__] = check
    return check


def values(recording):
    """The values of the sweep, read from the racers' names: the last number of each name."""
    return [float(name.replace("−", "-").strip("()").replace(",", "").split()[-1]) for name in recording.names]


def distances(recording, step=-1):
    """The distance of each racer to the nearest minimum."""
    return np.linalg.norm(recording.xy[:, step, None] - recording.minima[:, :2], axis=-1).min(axis=1)


def sides(recording, step=-1):
    """The side of the quartic's ridge on which each racer is, as -1 or 1."""
    return np.sign(recording.xy[:, step, 1] - RIDGE)


def stays_below_start(recording):
    """Whether each racer's loss never exceeds its loss at the start."""
    return (recording.z.max(axis=1) <= recording.z[:, 0]).tolist()


def step_lengths(recording):
    """The length of each step in each coordinate, shape (racers, steps, 2)."""
    return np.abs(np.diff(recording.xy, axis=1))


def decreases(numbers):
    return bool((np.diff(numbers) < 0).all())


@finding
def ravine_sgd_lr(recording):
    assert [value > 1 for value in values(recording)] == [False] * 4 + [True]
    assert (np.diff(np.abs(recording.xy[-1, :, 1])) > 0).all()
    assert stays_below_start(recording)[:-1] == [True] * 4
    assert decreases(distances(recording)[:-1])


@finding
def ravine_momentum_lr(recording):
    assert values(recording)[-2:] == [1, 2]
    # A wave that dies away is lower in the second half of the race.
    first, second = (np.abs(half).max(axis=1) for half in np.split(recording.xy[:, 1:, 1], 2, axis=1))
    assert (second < first).tolist() == [True] * 4 + [False]
    # The recurrence y' = (1 + b - 2 lr) y - b y_before shrinks where both roots lie in the unit circle.
    for rate, bounded in ((1.899, True), (1.901, False)):
        assert (np.abs(np.roots([1, -(1 + 0.9 - 2 * rate), 0.9])).max() < 1) is np.bool_(bounded)


@finding
def ravine_adagrad_lr(recording):
    assert values(recording)[-1] == 5
    assert decreases(distances(recording))
    assert distances(recording)[-1] < 1e-6


@finding
def ravine_rmsprop_lr(recording):
    np.testing.assert_allclose(
        step_lengths(recording)[:, 0], np.outer(values(recording), [1, 1]) / np.sqrt(0.1), rtol=1e-6
    )
    ends = dict(zip(values(recording), distances(recording), strict=True))
    assert ends[0.9] < 0.1
    assert ends[0.1] == pytest.approx(0.75 * distances(recording, 0)[0], rel=0.02)
    assert recording.in_view.all()


@finding
def ravine_adam_lr(recording):
    assert recording.steps.tolist() == [10] * 6
    x = dict(zip(values(recording), recording.xy[:, -1, 0], strict=True))
    assert values(recording)[int(distances(recording).argmin())] == 0.7
    assert all((end > 0) == (rate > 0.7) for rate, end in x.items())


@finding
def ravine_sgd_starts(recording):
    remaining = recording.xy[:, -1] / recording.xy[:, 0]
    np.testing.assert_allclose(remaining, np.tile([0.905**20, 0.9**20], (5, 1)), rtol=1e-9)
    assert remaining[0].round(2).tolist() == [0.14, 0.12]


@finding
def ravine_momentum_starts(recording):
    y = recording.xy[..., 1]
    assert (np.diff(np.abs(y).max(axis=1)) > 0).all()
    assert (np.sign(y) == np.sign(y[0])).all()
    assert len(set(np.sign(y[0]))) == 2


@finding
def ravine_adagrad_starts(recording):
    np.testing.assert_allclose(step_lengths(recording)[:, 0], 0.9, rtol=1e-6)
    assert decreases(np.abs(recording.xy[:, 0, 0]))
    assert decreases(distances(recording))


@finding
def ravine_rmsprop_starts(recording):
    np.testing.assert_allclose(step_lengths(recording)[:, 0], 2.846, atol=0.001)
    crossed = recording.xy[:, 1] * recording.xy[:, 0] < 0
    assert crossed.all(axis=1).tolist() == [False] * 4 + [True]
    assert recording.xy[-1, 0, 0] == -1


@finding
def ravine_adam_starts(recording):
    assert recording.xy[0, 0, 0] == -9
    assert (recording.xy[..., 0].max(axis=1) > 0).tolist() == [False] + [True] * 4


@finding
def ravine_momentum_coefficient(recording):
    x = recording.xy[:, -1, 0]
    assert (np.diff(x) > 0).all()
    assert [value > 0.9 for value in values(recording)] == (x > 0).tolist()
    assert all(stays_below_start(recording))


@finding
def ravine_rmsprop_gamma(recording):
    short = [value <= 0.5 for value in values(recording)]
    assert sum(short) == 2
    np.testing.assert_allclose(step_lengths(recording)[short, -10:], 0.9, atol=0.01)
    assert (distances(recording) > 0.2).all()


@finding
def ravine_adam_betas(recording):
    x = recording.xy[:, -1, 0]
    assert (np.diff(values(recording)) > 0).all()
    assert decreases(x)
    assert (x > 0).all()


@finding
def quartic_sgd_lr(recording):
    steps = np.linalg.norm(step_lengths(recording), axis=-1)[:, -1]
    by_rate = dict(zip(values(recording), range(5), strict=True))
    assert steps[by_rate[0.005]] < 0.01
    assert steps[by_rate[0.01]] > 1
    assert recording.lost(by_rate[0.01], 20) is None
    assert np.isnan(recording.z[by_rate[0.02], -1])
    # No learning rate above 2 / curvature, with the curvature 12x² + 30x - 80, converges to the minimum.
    x = recording.minima[0, 0]
    assert 0.005 < 2 / (12 * x**2 + 30 * x - 80) < 0.01


@finding
def quartic_momentum_lr(recording):
    assert values(recording)[0] == 0.0003
    assert recording.xy[0, -1, 0] > 0
    assert (recording.xy[1:-1, :, 0].min(axis=1) < recording.minima[0, 0] - 0.5).all()
    assert values(recording)[-1] == 0.01
    assert np.isnan(recording.z[-1, -1])


@finding
def quartic_adagrad_lr(recording):
    assert values(recording)[-1] == 5
    assert decreases(distances(recording))
    assert recording.in_view.all()


@finding
def quartic_rmsprop_lr(recording):
    x = dict(zip(values(recording), recording.xy[:, -1, 0], strict=True))
    assert all((end < 0) == (rate >= 1.5) for rate, end in x.items())
    assert sides(recording).tolist() == [-1, -1, -1, -1, 1]
    assert sides(recording, 0).tolist() == [-1] * 5


@finding
def quartic_adam_lr(recording):
    longest = step_lengths(recording).max(axis=(1, 2))
    np.testing.assert_allclose(longest, values(recording), rtol=1e-9)


@finding
def quartic_sgd_starts(recording):
    crosses = sides(recording, 0) != sides(recording, 1)
    assert values(recording)[0] == -7.5
    assert values(recording)[-1] == 7.5
    assert crosses.tolist() == [True, False, False, False, False, True]
    assert (sides(recording, 1) == sides(recording)).all()


def only_the_last_crosses(recording):
    assert values(recording)[-1] == 7.5
    assert (sides(recording, 0) == sides(recording)).tolist() == [True] * 5 + [False]


@finding
def quartic_momentum_starts(recording):
    only_the_last_crosses(recording)
    # The racer crosses the ridge in more than one step.
    assert sides(recording, 1)[-1] == sides(recording, 0)[-1]


@finding
def quartic_adagrad_starts(recording):
    assert (sides(recording, 0) == sides(recording)).all()
    assert (distances(recording) < 0.7).all()


@finding
def quartic_rmsprop_starts(recording):
    assert (sides(recording, 0) == sides(recording)).all()
    assert (np.linalg.norm(step_lengths(recording)[:, -1], axis=-1) > 0.7).all()


@finding
def quartic_adam_starts(recording):
    only_the_last_crosses(recording)
    assert step_lengths(recording).max() < 0.9 + 1e-9


@finding
def quartic_momentum_coefficient(recording):
    nearest = recording.xy[..., 0].min(axis=1)
    assert [value >= 0.7 for value in values(recording)] == (nearest < 0).tolist()
    assert (nearest[:2] > SHELF).all()


@finding
def quartic_rmsprop_gamma(recording):
    first = np.diff(recording.xy, axis=1)[:, 0, 0]
    passed_shelf = dict(zip(values(recording), recording.xy[:, -1, 0] < 0, strict=True))
    assert passed_shelf == {0.1: True, 0.3: True, 0.7: False, 0.9: False, 0.95: True}
    assert (recording.xy[:, 0, 0] + first < SHELF).tolist() == [False] * 4 + [True]


@finding
def ravine_rmsprop_large_gamma(recording):
    assert values(recording)[2:] == [1, 1.2]
    ends = []
    for gamma in values(recording):
        point, average = np.array([-7.0, 2.0]), np.zeros(2)
        gradient = point * [0.1, 2]
        average = gamma * average + (1 - gamma) * gradient**2
        with np.errstate(invalid="ignore"):
            ends.append(point - 0.9 * gradient / (np.sqrt(average) + 1e-8))
    np.testing.assert_allclose(recording.xy[:, 1], ends, rtol=1e-9)
    assert np.abs(ends[2]).max() == pytest.approx(3.6e8, rel=1e-6)
    assert np.isnan(ends[3]).all()


def decayed_adam(steps, *, decoupled):
    """The points of Adam (steps + 1, 2) with both weight decays, as in the paper's algorithm 2."""
    point, mean, square = np.array([-7.0, 2.0]), np.zeros(2), np.zeros(2)
    points = [point]
    for step in range(1, steps + 1):
        gradient = np.array([(point[0] - 6) / 10, 2 * (point[1] - 3)])
        if decoupled:
            point = point * (1 - 0.1 * 0.1)
        else:
            gradient = gradient + 0.1 * point
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        point = point - 0.1 * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        points.append(point)
    return np.array(points)


@finding
def adamw_and_l2(recording):
    assert recording.names == ("Adam with L2", "AdamW")
    with_l2, decoupled = (decayed_adam(4000, decoupled=each) for each in (False, True))
    np.testing.assert_allclose(recording.xy, [points[: recording.last_step + 1] for points in (with_l2, decoupled)])
    assert recording.xy[:, -1].round(3).tolist() == [[3, 2.857], [4.791, 2.981]]
    assert with_l2[-1].round(3).tolist() == [3, 2.857]
    assert decoupled[-1].round(3).tolist() == [5.595, 2.996]
    # The gradient of f + 0.05 (x² + y²) is 0 at the end of Adam with L2.
    np.testing.assert_allclose([(3 - 6) / 10 + 0.1 * 3, 2 * (20 / 7 - 3) + 0.1 * 20 / 7], 0, atol=1e-15)
    np.testing.assert_allclose(with_l2[-1], [3, 20 / 7], atol=1e-9)


def online_adam(steps, *, amsgrad):
    """The positions of Adam (steps + 1,) on the problem of Reddi et al. 2018 with C = 3, without momentum."""
    x, square, largest, beta = 0.0, 0.0, 0.0, 0.1
    positions = [x]
    for step in range(1, steps + 1):
        slope = 3 if step % 3 == 1 else -1
        square = beta * square + (1 - beta) * slope**2
        largest = max(largest, square)
        divisor = np.sqrt((largest if amsgrad else square) / (1 - beta**step)) + 1e-8
        x = float(np.clip(x - 0.5 / np.sqrt(step) * slope / divisor, -1, 1))
        positions.append(x)
    return np.array(positions)


@finding
def adam_fails(recording):
    assert recording.names == ("Adam", "AMSGrad")
    expected = np.array([online_adam(3000, amsgrad=each) for each in (False, True)])
    np.testing.assert_allclose(recording.xy[..., 0], expected[:, : recording.last_step + 1], rtol=1e-9, atol=1e-12)
    assert (recording.xy[..., 1] == 0).all()
    assert recording.xy[:, -1, 0].round(3).tolist() == [1, -0.963]
    assert expected[:, -1].round(3).tolist() == [1, -0.994]


@pytest.mark.long
def test_adam_fails_after_the_number_of_steps_that_its_docstring_names():
    recording = animopt.load_scene(BY_STEM["adam_fails"]).replace(steps=3000, claims=[]).record()
    assert recording.xy[:, -1].round(3).tolist() == [[1, 0], [-0.994, 0]]


@finding
def quartic_adam_betas(recording):
    first = [float(name.split("(")[1].split(",")[0]) for name in recording.names]
    assert [beta >= 0.9 for beta in first] == (recording.xy[:, -1, 0] < recording.minima[0, 0]).tolist()
    assert (recording.xy[:2, :, 0] > 0).all()


@finding
def saddle(recording):
    escaped = dict(zip(recording.names, (np.abs(recording.xy[:, :, 1]) > 0.5).argmax(axis=1), strict=True))
    assert escaped["SGD"] > escaped["Momentum"] > max(escaped[name] for name in ("Adagrad", "RMSprop", "Adam"))
    assert min(escaped.values()) > 0


@finding
def edge_of_stability(recording):
    points = [np.array([2.21, 0.461])]
    losses, sharpness = [], []
    for _ in range(301):
        x, y = points[-1]
        rest = 1 - x**2 * y**2
        hessian = np.array(
            [
                [2 * x**2 * y**4 - rest * y**2, 2 * x**3 * y**3 - 2 * rest * x * y],
                [2 * x**3 * y**3 - 2 * rest * x * y, 2 * x**4 * y**2 - rest * x**2],
            ]
        )
        losses.append(rest**2 / 4)
        sharpness.append(np.linalg.eigvalsh(hessian)[-1])
        points.append(points[-1] + 0.2 * rest * x * y * np.array([y, x]))
    sharpness = np.array(sharpness)
    np.testing.assert_allclose(recording.xy[0], points[:-1], rtol=1e-10)
    np.testing.assert_allclose(recording.quantities["sharpness"][0], sharpness, rtol=1e-10)
    assert sharpness[[0, 299, 300]] == pytest.approx([10.789, 9.856, 10.015], abs=1e-3)
    assert sharpness[[40, 41]] == pytest.approx([11.42, 8.69], abs=0.005)
    assert 9.93 < sharpness[-50:].mean() < 9.94
    assert (np.diff(losses) > 0).sum() == 116
    assert losses[0] / losses[-1] == pytest.approx(60, abs=1)


def lowest_on_edge(gradient, hessian, radius):
    """The minimum of gᵀp + ½ pᵀHp on a circle: one of the angles at which its slope, a polynomial in e^(iθ), is 0."""
    (a, b), h = gradient, hessian
    second, first = radius * (h[0, 1] / 2 + (h[0, 0] - h[1, 1]) * 1j / 4), (b + a * 1j) / 2
    angles = np.angle(np.roots([second, first, 0, np.conj(first), np.conj(second)]))
    points = radius * np.column_stack([np.cos(angles), np.sin(angles)])
    return min(points, key=lambda each: gradient @ each + each @ hessian @ each / 2)


def banana(point):
    """Loss, gradient and Hessian of 10 (y − x²)² + (1 − x)²."""
    x, y = point
    rest = y - x**2
    return (
        10 * rest**2 + (1 - x) ** 2,
        np.array([-40 * x * rest - 2 * (1 - x), 20 * rest]),
        np.array([[120 * x**2 - 40 * y + 2, -40 * x], [-40 * x, 20]]),
    )


@finding
def newton_and_trust_region(recording):
    newton, searching, descending = (np.full((15, 2), (-1.2, 1.0)) for _ in range(3))
    for step in range(14):
        _, gradient, hessian = banana(newton[step])
        newton[step + 1] = newton[step] - np.linalg.solve(hessian, gradient)
        loss, gradient, hessian = banana(searching[step])
        # The Hessian is positive definite along the way.
        direction, length = -np.linalg.solve(hessian, gradient), 1.0
        while banana(searching[step] + length * direction)[0] > loss + 1e-4 * length * gradient @ direction:
            length /= 2
            if length < 1e-15:
                break
        searching[step + 1] = searching[step] + length * direction
        descending[step + 1] = descending[step] - 0.01 * banana(descending[step])[1]
    trusting, radii = [np.array([-1.2, 1.0])], [0.5]
    for _ in range(12):
        loss, gradient, hessian = banana(trusting[-1])
        move = -np.linalg.solve(hessian, gradient)
        if np.linalg.norm(move) > radii[-1]:
            move = lowest_on_edge(gradient, hessian, radii[-1])
        ratio = (loss - banana(trusting[-1] + move)[0]) / -(gradient @ move + move @ hessian @ move / 2)
        on_edge = np.linalg.norm(move) > 0.999999 * radii[-1]
        radii.append(radii[-1] * (0.25 if ratio < 0.25 else 2 if ratio > 0.75 and on_edge else 1))
        trusting.append(trusting[-1] + (ratio > 0.1) * move)
    np.testing.assert_allclose(recording.xy[0, :13], trusting, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(recording.xy[1, :15], newton, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(recording.xy[2, :13], searching[:13], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(recording.xy[3, :15], descending, rtol=1e-10)
    assert recording.states[0]["radius"][:13].tolist() == radii
    assert radii == [0.5, 0.5, 1, 1, 1, 0.25, *[0.5] * 7]
    losses = np.array([banana(point)[0] for point in newton])
    assert (np.flatnonzero(np.diff(losses) > 0)[:2] + 1).tolist() == [2, 4]
    assert losses[1:5].round(1).tolist() == [3.9, 10.4, 0.9, 6.6]
    assert [np.linalg.norm(newton[step] - 1) < 1e-8 for step in (7, 8)] == [False, True]
    assert [np.linalg.norm(searching[step] - 1) < 1e-8 for step in (11, 12)] == [False, True]
    assert descending[14, 0].round(2) == -0.88


@finding
def line_search(recording):
    """Armijo's steps by NumPy, the others by SciPy."""
    paths, lengths = np.full((3, 13, 2), (-1.2, 1.0)), np.zeros((3, 12))

    def loss(point):
        return banana(point)[0]

    def gradient(point):
        return banana(point)[1]

    def exact(point, down):
        """The first root of the slope, a cubic in the length."""
        grid = np.linspace(0, 1, 9)
        cubic = np.polynomial.Polynomial.fit(grid, [gradient(point + each * down) @ down for each in grid], 3)
        first = min(each.real for each in cubic.roots() if abs(each.imag) < 1e-9 and each.real > 0)
        return optimize.brentq(lambda each: gradient(point + each * down) @ down, 0.9 * first, 1.1 * first, xtol=1e-16)

    for step in range(12):
        points, downs = paths[:, step], [-gradient(each) for each in paths[:, step]]
        lengths[0, step] = optimize.line_search(loss, gradient, points[0], downs[0], c1=0.02, c2=0.4)[0]
        lengths[1, step] = 1
        while loss(points[1] + lengths[1, step] * downs[1]) > (
            loss(points[1]) - 0.02 * lengths[1, step] * downs[1] @ downs[1]
        ):
            lengths[1, step] /= 2
        lengths[2, step] = exact(points[2], downs[2])
        paths[:, step + 1] = points + lengths[:, step, None] * downs
    np.testing.assert_allclose(recording.xy, paths, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose([state["step_length"][1:] for state in recording.states], lengths, rtol=1e-6)
    assert lengths[:, 0] == pytest.approx([0.1010, 0.0156, 0.0081], abs=5e-5)
    assert [loss(each) for each in paths[:, -1]] == pytest.approx([0.128, 0.00039, 0.112], rel=0.02)


def schedules_of_the_scene():
    """The learning rates of the scene's schedules, (5, 200)."""
    step = np.arange(200)
    cycle = step % 80 / 80
    factors = [
        np.ones(200),
        0.5 ** (step // 70),
        (1 + np.cos(np.pi * step / 200)) / 2,
        (1 + np.cos(np.pi * cycle)) / 2,
        np.minimum(1, np.minimum((step + 1) / 10, (200 - step) / 10)),
    ]
    return 0.8 * np.array(factors)


def noisy_descent(seed):
    """The path of each schedule on the ravine, (5, 201, 2)."""
    noise = 0.5 * np.random.default_rng([seed, 0]).standard_normal((200, 2))
    path = [np.tile([-7.0, 2.0], (5, 1))]
    for rates, each in zip(schedules_of_the_scene().T, noise, strict=True):
        path.append(path[-1] - rates[:, None] * (np.array([0.1, 2]) * path[-1] + each))
    return np.stack(path, axis=1)


@finding
def schedules(recording):
    drawn = [np.broadcast_to(settings["lr"], 201)[1:] for settings in recording.hyperparameters]
    np.testing.assert_allclose(drawn, schedules_of_the_scene(), rtol=1e-9)
    np.testing.assert_allclose(recording.xy, noisy_descent(11), rtol=1e-7, atol=1e-9)
    assert recording.z[:, -1].argsort().tolist() == [2, 1, 4, 3, 0]
    last = schedules_of_the_scene()[:, -1]
    assert last[[1, 4]] == pytest.approx([0.2, 0.08])
    # The means over all noise, from the mean and the variance of the normal distribution of the points.
    means = []
    for rates in schedules_of_the_scene():
        mean, variance = np.array([-7.0, 2.0]), np.zeros(2)
        for rate in rates:
            shrink = 1 - rate * np.array([0.1, 2])
            mean, variance = shrink * mean, shrink**2 * variance + (0.5 * rate) ** 2
        means.append([0.05, 1] @ (mean**2 + variance))
    assert np.round(means, 3).tolist() == [0.302, 0.029, 0.013, 0.079, 0.054]


@pytest.mark.long
def test_schedules_end_in_the_order_of_the_caption_over_sixty_seeds():
    ends = np.array([noisy_descent(seed)[:, -1] for seed in range(60)])
    losses = ends[..., 0] ** 2 / 20 + ends[..., 1] ** 2
    assert losses.mean(axis=0).round(3).tolist() == [0.251, 0.028, 0.015, 0.076, 0.052]
    more = np.diff(losses[:, [2, 1, 4, 3, 0]], axis=1)
    standard_errors = more.std(axis=0, ddof=1) / np.sqrt(len(more))
    assert (more.mean(axis=0) > 2.5 * standard_errors).all()
    in_order = (more > 0).all(axis=1)
    assert in_order.sum() == 12
    assert in_order[11]


def wells_slope(points):
    """The gradient of the two wells in a bowl at points (..., 2)."""
    slope = points / 5
    for center, variance, depth in ((-1.5, 0.09, 1.15), (1, 0.81, 1)):
        away = points - [center, 0]
        slope = slope + depth * away / variance * np.exp(-(away**2).sum(axis=-1, keepdims=True) / (2 * variance))
    return slope


@finding
def noise_and_flat_minima(recording):
    noise = np.array([np.random.default_rng([seed, 0]).standard_normal((200, 2)) for seed in range(200)])
    path = [np.tile([-1.471336, 0], (200, 1))]
    for step in range(200):
        path.append(path[-1] - 0.1 * (wells_slope(path[-1]) + 2.2 * noise[:, step]))
    np.testing.assert_allclose(recording.swarm.xy, np.stack(path, axis=1), rtol=1e-9, atol=1e-9)
    assert [(abs(path[step]) > [3, 2.25]).any(axis=1).sum() for step in (50, 200)] == [3, 1]
    ends = path[-1]
    # Short steps without noise lead to the minimum in whose basin a run ends.
    for _ in range(2000):
        ends = ends - 0.05 * wells_slope(ends)
    flat = (ends[:, 0] > 0).mean()
    assert abs(flat - 0.87) <= 0.01
    assert np.sqrt(flat * (1 - flat) / 200) == pytest.approx(0.02, abs=0.005)
    for (x, y), sharpness in zip(recording.minima[:, :2], (12.9, 1.4), strict=True):
        np.testing.assert_allclose(wells_slope(np.array([x, y])), 0, atol=1e-5)
        shifted = np.array([[x + 1e-6, y], [x, y + 1e-6]])
        assert np.linalg.eigvalsh((wells_slope(shifted) - wells_slope(np.array([x, y]))) / 1e-6).max() == pytest.approx(
            sharpness, rel=0.02
        )


@finding
def preconditioning(recording):
    hessian, root = np.diag([0.1, 2]), np.diag(np.sqrt([0.1, 2]))
    assert np.linalg.cond(hessian) == pytest.approx(20)
    assert np.linalg.cond(np.linalg.inv(root) @ hessian @ np.linalg.inv(root)) == pytest.approx(1)
    assert recording.preconditioned.conditions == pytest.approx((20, 1))
    plain, preconditioned = [np.array([-7.0, 2.0])], [root @ [-7.0, 2.0]]
    for _ in range(20):
        plain.append(plain[-1] - 0.9 * hessian @ plain[-1])
        # At √P (x, y) the loss is half the square of the distance, and its gradient the point itself.
        preconditioned.append(preconditioned[-1] - 0.3 * preconditioned[-1])
    np.testing.assert_allclose(recording.xy[0], plain, rtol=1e-12)
    np.testing.assert_allclose(recording.preconditioned.race.xy, [plain @ root, preconditioned], rtol=1e-9)
    assert abs(0.7**20 - 0.0008) < 5e-5


@finding
def nesterov_look_ahead(recording):
    """The classical form of both, with the gradient of x²/4 + y² written out."""
    lowest = []
    for racer, looks_ahead in enumerate((False, True)):
        point, velocity, path = np.array([-3.5, 2.0]), np.zeros(2), []
        for _ in range(15):
            # torch's point is the one at which the gradient is computed.
            measured = point + 0.8 * velocity if looks_ahead else point
            path.append(measured)
            gradient = -0.2 * measured * [0.5, 2]
            velocity = 0.8 * velocity + gradient
            point = point + velocity
        path = np.array(path)
        np.testing.assert_allclose(recording.xy[racer], path, rtol=0, atol=1e-14)
        lowest.append(path[:, 1].min())
    assert lowest == pytest.approx([-1.25, -0.65], abs=0.005)


def slope_of_the_bowl_with_a_well(x, y):
    depth = 1.7 * np.exp(-((x + 1) ** 2 + (y - 0.2) ** 2) / 0.32) / 0.16
    return np.array([0.8 * (x - 1) + depth * (x + 1), 0.8 * y + depth * (y - 0.2)])


@finding
def sharpness_aware(recording):
    in_flat = []
    for racer, radius in enumerate((0, 1)):
        # Sharpness-aware minimization computes two gradients in each step, each with noise of its own.
        calls = 2 if radius else 1
        noise = np.array([0.6 * np.random.default_rng([run, 0]).standard_normal((40, calls, 2)) for run in range(200)])
        path = [np.tile([[-2.2], [1.4]], 200)]
        for step in range(40):
            at = path[-1]
            if radius:
                uphill = slope_of_the_bowl_with_a_well(*at) + noise[:, step, 0].T
                at = at + radius * uphill / np.hypot(*uphill)
            path.append(path[-1] - 0.13 * (slope_of_the_bowl_with_a_well(*at) + noise[:, step, -1].T))
        np.testing.assert_allclose(recording.xy[racer], np.array(path)[:, :, 0], rtol=0, atol=1e-9)
        ends = path[-1]
        # Short steps without noise lead to the minimum in whose basin a run ends.
        for _ in range(1000):
            ends = ends - 0.03 * slope_of_the_bowl_with_a_well(*ends)
        in_flat.append((np.hypot(ends[0] - 1, ends[1]) < 0.01).sum())
    assert in_flat == [1, 200]
    for (x, y), sharpness in zip(recording.minima[:, :2], (10.7, 0.8), strict=True):
        here = slope_of_the_bowl_with_a_well(x, y)
        np.testing.assert_allclose(here, 0, atol=1e-5)
        columns = [slope_of_the_bowl_with_a_well(x + dx, y + dy) - here for dx, dy in ((1e-6, 0), (0, 1e-6))]
        assert np.linalg.eigvalsh(np.array(columns) / 1e-6).max() == pytest.approx(sharpness, rel=0.01)


@finding
def critical_damping(recording):
    curvatures = np.array([0.1, 2])
    for racer, momentum in enumerate((0.9, 0.64, 0.2)):
        path = [np.array([-7.0, 2.0])] * 2
        for _ in range(60):
            path.append((1 + momentum - 0.4 * curvatures) * path[-1] - momentum * path[-2])
        np.testing.assert_allclose(recording.xy[racer], path[1:], rtol=1e-9, atol=1e-12)
    rates = [
        [np.abs(np.roots([1, -(1 + momentum - 0.4 * curvature), momentum])).max() for curvature in curvatures]
        for momentum in (0.9, 0.64, 0.2)
    ]
    assert (1 - np.sqrt(0.4 * 0.1)) ** 2 == pytest.approx(0.64)
    np.testing.assert_allclose(rates[1], np.sqrt(0.64), atol=1e-6)
    assert np.round([*rates[0], rates[2][0]], 2).tolist() == [0.95] * 3
    # Any other momentum is slower along the valley.
    for momentum in (0.6, 0.68):
        assert np.abs(np.roots([1, -(1 + momentum - 0.04), momentum])).max() > 0.82
    assert recording.z[:, -1].argmin() == 1


def descend(products, steps, lr, momentum=0.0):
    """The weights of gradient descent on the logistic loss of points times labels, (steps + 1, 2)."""
    weights, velocity, path = np.zeros(2), np.zeros(2), [np.zeros(2)]
    for _ in range(steps):
        slope = -(1 / (1 + np.exp(products @ weights))) @ products / len(products)
        velocity = momentum * velocity + slope
        weights = weights - lr * velocity
        path.append(weights)
    return np.array(path)


def degrees_between(points, direction):
    """The angle of each of points (..., 2) to a direction (2,), from their cosine."""
    return np.degrees(np.arccos(points @ direction / np.linalg.norm(points, axis=-1) / np.linalg.norm(direction)))


@finding
def implicit_bias(recording):
    positive = [(0.33, 0.69), (2.4, 0.6), (2, 1.2), (1.2, 2), (2.2, 0.2)]
    negative = [(-1.65, 0.3), (-2.8, 0.2), (-3, -0.9), (-1.6, -1.4), (-2.6, -1.8)]
    products = np.array([*positive, *(-np.array(negative))])
    # The hard margin: the shortest weights whose product with each point is at least 1.
    solved = optimize.minimize(
        lambda weights: weights @ weights / 2,
        [1.0, 1.0],
        jac=lambda weights: weights,
        constraints={"type": "ineq", "fun": lambda weights: products @ weights - 1, "jac": lambda _: products},
        method="SLSQP",
        options={"ftol": 1e-14},
    )
    assert solved.success
    np.testing.assert_allclose(recording.direction, solved.x / np.linalg.norm(solved.x), atol=1e-7)
    np.testing.assert_allclose(recording.direction, [0.6, 0.8], atol=1e-12)
    assert 1 / np.linalg.norm(solved.x) == pytest.approx(0.75)
    descent, momentum = descend(products, 3000, 1.0), descend(products, 3000, 0.05, 0.9)
    np.testing.assert_allclose(recording.xy, [descent, momentum], rtol=1e-9, atol=1e-12)
    angles = degrees_between(descent[[10, 100, 1000, 3000]], solved.x)
    assert angles == pytest.approx([27.7, 20.9, 13.1, 10.7], abs=0.05)
    assert degrees_between(momentum[-1], solved.x) == pytest.approx(12.9, abs=0.05)
    np.testing.assert_allclose(recording.angles[0, [10, 100, 1000, 3000]], angles, atol=1e-5)
    assert np.log1p(np.exp(-products @ descent[-1])).mean() == pytest.approx(0.0006, abs=5e-5)


@pytest.mark.long
def test_direction_of_implicit_bias_turns_with_the_logarithm_of_the_step():
    """The weights tend to ŵ log t plus a constant vector, with ŵ as in the hard margin (Soudry et al., theorem 3).

    With two points on the margin, whose weights in ŵ are 10/11 and 1/11, the constant is log(10)/1.65 across ŵ.
    """
    near = [(0.33, 0.69), (1.65, -0.3)]
    far = [(2.4, 0.6), (2, 1.2), (1.2, 2), (2.2, 0.2), (2.8, -0.2), (3, 0.9), (1.6, 1.4), (2.6, 1.8)]
    products = np.array([*near, *far])
    weights = descend(products, 100_000, 1.0)[[1_000, 10_000, 100_000]]
    along, across = weights @ [0.6, 0.8], weights @ [0.8, -0.6]
    assert np.diff(along) / np.log(10) == pytest.approx(1 / 0.75, rel=0.02)
    assert across[-1] == pytest.approx(np.log(10) / 1.65, rel=0.005)
    # The reciprocal of the angle grows by the same with each tenfold number of steps.
    slopes = np.diff(1 / np.tan(np.radians(degrees_between(weights, np.array([3, 4])))))
    assert slopes[-1] == pytest.approx(1.65 / 0.75, rel=0.02)


@finding
def wrong_momentum(recording):
    printed, correct = recording.z
    assert (np.diff(printed) > 0).all()
    assert correct[-1] < correct[0] / 10
    # Across the ravine a step multiplies by the larger root of m² - (1 + 0.9 + 0.2) m + 0.9.
    assert np.roots([1, -2.1, 0.9]).max() == pytest.approx(1.5)
    assert recording.xy[0, 20, 1] / recording.xy[0, 19, 1] == pytest.approx(1.5, rel=1e-3)


def basins(recording):
    """Three maps of the starts: reaches the nearest minimum, distance to it, neighbor reaches another minimum."""
    result = recording.map
    assert (result.minimum >= 0).all()
    starts = np.stack(np.meshgrid(result.x, result.y), axis=-1)
    distance = np.linalg.norm(starts[:, :, None] - result.minima[:, :2], axis=-1)
    border = np.diff(result.minimum, axis=1, append=result.minimum[:, -1:]) != 0
    return distance.argmin(axis=-1) == result.minimum, distance.min(axis=-1), border


@finding
def himmelblau_adam_basins(recording):
    nearest, distance, _ = basins(recording)
    assert nearest[distance < 1].all()
    assert 0.5 < nearest.mean() < 1


@finding
def himmelblau_momentum_basins(recording):
    nearest, distance, border = basins(recording)
    assert nearest[distance < 1].all()
    assert not border[distance < 1].any()
    # Straight borders between four basins would contain one cell in a hundred.
    assert border[distance > 2.5].mean() > 0.03


@finding
def ravine_lr_momentum_map(recording):
    (lr, momentum), loss = np.meshgrid(*recording.map.values), recording.map.loss[-1]
    unstable = lr > 1 + momentum
    assert not (loss[unstable] < recording.z[0, 0]).any()
    assert np.isnan(loss[lr > 1.3 * (1 + momentum)]).all()
    assert (loss[lr < 0.85 * (1 + momentum)] < recording.z[0, 0]).all()
    assert unstable.any()


@pytest.mark.parametrize("stem", ["beale_fair_race", "rosenbrock_fair_race"])
@pytest.mark.long
def test_fair_race_states_its_budget_and_its_settings(stem, record, scenes):
    recording = record(scenes[stem])
    assert recording.caption == "Each with the best of 20 learning rates, tried from 2 starts"
    for name, settings in zip(recording.names, recording.settings, strict=True):
        assert f"{name} {settings.partition(',')[0]} (" in recording.notes


@pytest.mark.long
def test_gradient_descent_does_not_depend_on_rotation(scenes):
    races = recordings(animopt.load_scene(scenes["rotating_ravine"]))
    assert len(races) == 46
    sgd, adam = np.array([race.gap[:, -1] for race in races]).T
    np.testing.assert_allclose(sgd, sgd[0], rtol=1e-9)
    assert (np.diff(adam) > 0).all()
    angle = np.radians(45)
    rotated = races[0].xy[0] @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    np.testing.assert_allclose(races[-1].xy[0], rotated, atol=1e-9)


SCENES = [
    path for path in sorted((Path(__file__).parents[2] / "scenes").glob("[!_]*.py")) if not catalog.is_lecture(path)
]
BY_STEM = {path.stem: path for path in SCENES}
SWEEPS = {path.stem: path for path in SCENES if "Sweep(" in path.read_text(encoding="utf-8")}


def test_caption_of_every_sweep_is_checked():
    assert set(SWEEPS) <= set(FINDINGS)


def test_each_optimizer_has_sweeps_of_rate_and_start_on_both_functions():
    assert {
        f"{function}_{optimizer}_{setting}"
        for function in ("ravine", "quartic")
        for optimizer in ("sgd", "momentum", "adagrad", "rmsprop", "adam")
        for setting in ("lr", "starts")
    } <= set(SWEEPS)


def test_no_two_scenes_have_the_same_title():
    calls = (
        node for path in SCENES for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)
    )
    keywords = (each for call in calls if getattr(call.func, "id", "") == "Scene" for each in call.keywords)
    titles = [ast.literal_eval(each.value) for each in keywords if each.arg == "title"]
    assert len(titles) == len(SCENES)
    for language in ("en", "ko"):
        assert len({title[language] for title in titles}) == len(SCENES)


# The map of learning rates and momentum takes seconds.
@pytest.mark.parametrize(
    "stem",
    [pytest.param(stem, marks=pytest.mark.long if stem == "ravine_lr_momentum_map" else ()) for stem in FINDINGS],
)
@pytest.mark.sampled(5)
def test_caption_is_true(stem, record):
    FINDINGS[stem](record(BY_STEM[stem]))


@pytest.mark.sampled(6)
@pytest.mark.parametrize("stem", SWEEPS)
def test_captions_are_short_and_in_both_languages(stem):
    scene = animopt.load_scene(SWEEPS[stem])
    assert isinstance(scene, Scene)
    assert scene.ordered
    for text in (scene.title, scene.caption):
        assert set(text) == {"en", "ko"}
        assert all(text.values())
    assert len(scene.caption["en"]) <= 72
