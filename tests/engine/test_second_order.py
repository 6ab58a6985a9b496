"""Newton's steps, trust regions and line searches are those of NumPy and SciPy."""

import numpy as np
import pytest
import torch
from scipy.optimize import brentq, line_search

from animopt import Error, Function, Racer, Scene, UsageError
from animopt.functions import himmelblau, rosenbrock, saddle
from animopt.second_order import LineSearch, Newton, TrustRegion


def valley(p):
    return 100 * (p[1] - p[0] ** 2) ** 2 + (1 - p[0]) ** 2


def valley_gradient(p):
    return np.array([-400 * p[0] * (p[1] - p[0] ** 2) - 2 * (1 - p[0]), 200 * (p[1] - p[0] ** 2)])


def valley_hessian(p):
    return np.array([[1200 * p[0] ** 2 - 400 * p[1] + 2, -400 * p[0]], [-400 * p[0], 200]])


def hills(p):
    return (p[0] ** 2 + p[1] - 11) ** 2 + (p[0] + p[1] ** 2 - 7) ** 2


def hills_gradient(p):
    one, other = p[0] ** 2 + p[1] - 11, p[0] + p[1] ** 2 - 7
    return np.array([4 * p[0] * one + 2 * other, 2 * one + 4 * p[1] * other])


def hills_hessian(p):
    return np.array(
        [
            [12 * p[0] ** 2 + 4 * p[1] - 42, 4 * (p[0] + p[1])],
            [4 * (p[0] + p[1]), 12 * p[1] ** 2 + 4 * p[0] - 26],
        ]
    )


FUNCTIONS = {
    "valley": (rosenbrock, valley, valley_gradient, valley_hessian),
    "hills": (himmelblau, hills, hills_gradient, hills_hessian),
}
STARTS = {"valley": [(-1.2, 1), (0.5, 2.5), (1.2, 1.2)], "hills": [(-0.5, -0.5), (0.1, 4), (-4, -1)]}
CASES = [(name, start) for name, starts in STARTS.items() for start in starts]


def race(function, racer, start, steps):
    return Scene(function=function, racers=[racer], start=start, steps=steps).record()


@pytest.mark.parametrize(("name", "start"), CASES)
def test_newtons_steps_are_those_of_numpy(name, start):
    function, _, gradient, hessian = FUNCTIONS[name]
    recording = race(function, Racer(Newton, lr=0.9), start, 8)
    point = np.array(start, dtype=float)
    for step in range(1, 9):
        point = point - 0.9 * np.linalg.solve(hessian(point), gradient(point))
        np.testing.assert_allclose(recording.xy[0, step], point, rtol=1e-10, atol=1e-10)
    assert recording.evaluations[0].tolist() == list(range(9))


def step_within(gradient, hessian, radius):
    """The minimum of the model within a radius, by the multiplier that SciPy finds."""
    values = np.linalg.eigvalsh(hessian)

    def step(multiplier):
        return np.linalg.solve(hessian + multiplier * np.eye(2), -gradient)

    if values[0] > 0 and np.linalg.norm(step(0)) <= radius:
        return step(0)
    low = max(0.0, -values[0]) + 1e-12
    high = np.linalg.norm(gradient) / radius + abs(values).max() + 1
    return step(brentq(lambda each: 1 / np.linalg.norm(step(each)) - 1 / radius, low, high, xtol=1e-300, rtol=1e-15))


@pytest.mark.parametrize("radius", [0.1, 0.5, 2.0])
@pytest.mark.parametrize(("name", "start"), CASES)
def test_trust_region_follows_algorithm_4_1(name, start, radius):
    function, loss, gradient, hessian = FUNCTIONS[name]
    recording = race(function, Racer(TrustRegion, radius=radius, max_radius=2.0, eta=0.2), start, 12)
    point, refused = np.array(start, dtype=float), 0
    for step in range(1, 13):
        g, h = gradient(point), hessian(point)
        move = step_within(g, h, radius)
        expected = -(g @ move + move @ h @ move / 2)
        if expected < 1e-12:
            # Rounding decides.
            break
        ratio = (loss(point) - loss(point + move)) / expected
        if ratio < 0.25:
            radius /= 4
        elif ratio > 0.75 and np.linalg.norm(move) > radius * 0.999999:
            radius = min(2 * radius, 2.0)
        if ratio > 0.2:
            point = point + move
        else:
            refused += 1
        np.testing.assert_allclose(recording.xy[0, step], point, rtol=1e-8, atol=1e-8)
        assert recording.states[0]["ratio"][step] == pytest.approx(ratio, rel=1e-5)
        assert recording.states[0]["radius"][step] == radius
    assert step > 5
    assert (np.diff(recording.z[0]) <= 0).all()


def test_trust_region_leaves_a_saddle_line():
    """The gradient has no part along the eigenvector of the lowest eigenvalue, the hard case of section 4.3."""
    recording = race(saddle, Racer(TrustRegion, radius=1.0), (0.5, 0), 1)
    # H + 2I is singular. The step has x = -g/(2 + 2) = -0.25, and the radius gives the rest.
    step = recording.xy[0, 1] - (0.5, 0)
    assert step[0] == pytest.approx(-0.25)
    assert abs(step[1]) == pytest.approx(np.sqrt(1 - 0.25**2))


def test_trust_region_at_a_minimum_stays():
    recording = race(rosenbrock, Racer(TrustRegion), (1, 1), 2)
    assert (recording.xy == 1).all()
    assert recording.states[0]["radius"].tolist() == [1, 1, 1]


@pytest.mark.parametrize("c2", [0.1, 0.9])
@pytest.mark.parametrize(("name", "start"), CASES)
def test_wolfe_search_meets_both_conditions(name, start, c2):
    function, loss, gradient, _ = FUNCTIONS[name]
    recording = race(function, Racer(LineSearch, search="wolfe", c2=c2), start, 6)
    lengths, directions = (recording.states[0][each] for each in ("step_length", "direction"))
    for step in range(1, 7):
        point = recording.xy[0, step - 1]
        slope = gradient(point)
        np.testing.assert_allclose(directions[step], -slope, rtol=1e-10, atol=1e-10)
        after = point - lengths[step] * slope
        assert loss(after) <= loss(point) - 1e-4 * lengths[step] * slope @ slope
        assert abs(gradient(after) @ slope) <= c2 * slope @ slope
        np.testing.assert_allclose(recording.xy[0, step], point - lengths[step] * slope, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("start", STARTS["valley"])
def test_wolfe_search_is_that_of_scipy(start):
    """Where SciPy leaves the interval of its trials, the lengths differ, but not here."""
    recording = race(rosenbrock, Racer(LineSearch, search="wolfe"), start, 6)
    for point, length in zip(recording.xy[0, :-1], recording.states[0]["step_length"][1:], strict=True):
        expected = line_search(valley, valley_gradient, point, -valley_gradient(point))[0]
        assert length == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("name", "start"), CASES)
def test_armijo_search_halves_the_step_until_the_loss_decreases_enough(name, start):
    function, loss, gradient, _ = FUNCTIONS[name]
    recording = race(function, Racer(LineSearch, c1=0.3, first_step=2.0, shrink=0.7), start, 6)
    point, evaluations = np.array(start, dtype=float), 0
    for step in range(1, 7):
        slope, length = gradient(point), 2.0
        evaluations += 2
        while loss(point - length * slope) > loss(point) - 0.3 * length * slope @ slope:
            length *= 0.7
            evaluations += 1
        point = point - length * slope
        np.testing.assert_allclose(recording.xy[0, step], point, rtol=1e-8, atol=1e-8)
        assert recording.states[0]["step_length"][step] == pytest.approx(length, rel=1e-12)
        assert recording.evaluations[0, step] == evaluations


@pytest.mark.parametrize(("name", "start"), CASES)
def test_exact_search_ends_at_the_first_minimum_of_the_ray(name, start):
    function, _, gradient, _ = FUNCTIONS[name]
    recording = race(function, Racer(LineSearch, search="exact", first_step=1e-3), start, 6)
    for step in range(1, 7):
        point = recording.xy[0, step - 1]
        slope = gradient(point)

        def along(length, point=point, slope=slope):
            return gradient(point - length * slope) @ -slope

        high = 1e-3
        while along(high) < 0:
            high *= 2
        expected = brentq(along, 0, high, xtol=1e-300, rtol=1e-14)
        assert recording.states[0]["step_length"][step] == pytest.approx(expected, rel=1e-9)


@pytest.mark.long
def test_exact_search_ends_at_a_minimum_that_is_not_above_the_start():
    """The loss along a ray of 10 (y - x²)² + (1 - x)² is a polynomial of fourth degree, with up to two minima."""
    starts = np.array([(0.166, -0.64), *np.random.default_rng(0).uniform((-2, -1), (2, 2.2), (400, 2))])
    first, several = 0, 0
    for x, y in starts:
        slope = np.array([-40 * x * (y - x**2) - 2 * (1 - x), 20 * (y - x**2)])
        along_x, along_y = (np.polynomial.Polynomial([at, -by]) for at, by in zip((x, y), slope, strict=True))
        losses = 10 * (along_y - along_x**2) ** 2 + (1 - along_x) ** 2
        roots = losses.deriv().roots()
        roots = np.sort(roots.real[(abs(roots.imag) < 1e-9) & (roots.real > 0)])
        parameter = torch.tensor([x, y], dtype=torch.float64, requires_grad=True)
        optimizer = LineSearch([parameter], search="exact")

        def closure(parameter=parameter, optimizer=optimizer):
            optimizer.zero_grad()
            loss = 10 * (parameter[1] - parameter[0] ** 2) ** 2 + (1 - parameter[0]) ** 2
            loss.backward()
            return loss

        optimizer.step(closure)
        length = optimizer.state[parameter]["step_length"]
        assert losses(length) < losses(0)
        nearest = roots[abs(roots - length).argmin()]
        assert length == pytest.approx(nearest, rel=1e-5)
        assert losses.deriv(2)(nearest) > 0
        several += len(roots) == 3
        first += nearest == roots[0]
    assert several > 100
    assert first > 0.99 * len(starts)


def test_newtons_direction_leads_downhill_where_the_hessian_is_not_positive_definite():
    start = np.array([-0.5, -0.5])
    values, vectors = np.linalg.eigh(hills_hessian(start))
    assert values[0] < 0
    expected = -vectors @ (vectors.T @ hills_gradient(start) / abs(values))
    recording = race(himmelblau, Racer(LineSearch, direction="newton"), start, 1)
    np.testing.assert_allclose(recording.states[0]["direction"][1], expected, rtol=1e-10)
    assert expected @ hills_gradient(start) < 0


@pytest.mark.parametrize("search", ["armijo", "wolfe", "exact"])
def test_search_without_an_end_takes_a_finite_step(search):
    slope = Function(lambda p: -p[0] + 0 * p[1] ** 2)
    recording = race(slope, Racer(LineSearch, search=search), (0, 0), 1)
    assert np.isfinite(recording.xy).all()
    assert recording.xy[0, 1, 0] > 0


@pytest.mark.parametrize(
    "racer", [Racer(Newton), Racer(TrustRegion), Racer(LineSearch), Racer(LineSearch, direction="newton")]
)
def test_minimum_of_several_parameters_is_found_in_a_loop_by_hand(racer):
    torch.manual_seed(0)
    matrix, vector = (torch.randn(size, dtype=torch.float64, requires_grad=True) for size in ((2, 2), (3,)))
    optimizer = racer.optimizer([matrix, vector], **racer.settings)

    def closure():
        optimizer.zero_grad()
        loss = torch.cosh(matrix - 1).sum() + (vector**2 * torch.arange(1, 4)).sum() + matrix[0, 0] * vector[0]
        matrix.grad, vector.grad = torch.autograd.grad(loss, [matrix, vector], create_graph=True)
        return loss

    for _ in range(60):
        optimizer.step(closure)
    closure()
    assert max(float(each.grad.detach().abs().max()) for each in (matrix, vector)) < 1e-6


@pytest.mark.parametrize(
    ("optimizer", "settings", "message"),
    [
        (Newton, {"lr": 0.0}, "racer Newton: lr=0.0: give a number greater than 0; the default is lr=1.0"),
        (TrustRegion, {"radius": -1.0}, "radius=-1.0: give a number greater than 0 and at most max_radius=100"),
        (TrustRegion, {"radius": 3.0, "max_radius": 2.0}, "radius=3.0: give a number greater than 0 and at most max_r"),
        (TrustRegion, {"max_radius": 0.0}, "max_radius=0.0: give a number greater than 0"),
        (TrustRegion, {"eta": 0.25}, "eta=0.25: give a number of at least 0 and less than 0.25"),
        (TrustRegion, {"radius": "wide"}, "racer TrustRegion: radius='wide': give a number, as radius=1.0"),
        (LineSearch, {"search": "brent"}, "search='brent': give 'armijo' or 'wolfe' or 'exact'"),
        (LineSearch, {"direction": "down"}, "direction='down': give 'gradient' or 'newton'"),
        (LineSearch, {"c1": 0.0}, "c1=0.0: give a number between 0 and 1"),
        (LineSearch, {"c1": 0.5, "c2": 0.4}, "c2=0.4: give a number between c1=0.5 and 1; the default is c2=0.9"),
        (LineSearch, {"shrink": 1.0}, "shrink=1.0: give a number between 0 and 1"),
        (LineSearch, {"first_step": 0.0}, "first_step=0.0: give a number greater than 0"),
    ],
)
def test_setting_out_of_range_is_refused(optimizer, settings, message):
    with pytest.raises(UsageError) as refused:
        Racer(optimizer, **settings)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("racer", [Racer(Newton), Racer(TrustRegion), Racer(LineSearch, direction="newton")])
def test_function_without_second_derivatives_is_refused(racer):
    with pytest.raises(Error, match=f"racer {racer.optimizer.__name__}: step 1 failed: ") as refused:
        race(Function(lambda p: p[0] + p[1]), racer, (1, 1), 3)
    assert "autograd has no second derivatives; give a function that bends" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("racer", [Racer(Newton), Racer(TrustRegion), Racer(LineSearch, direction="newton")])
def test_operation_without_second_derivatives_is_refused(racer):
    origin = torch.zeros(1, 2, dtype=torch.float64)
    with pytest.raises(
        Error, match="step 1 failed: the derivative for '_cdist_backward' is not implemented; "
    ) as refused:
        race(Function(lambda p: torch.cdist(p[None], origin, p=3.0)[0, 0]), racer, (1, 1), 3)
    assert str(refused.value).endswith(
        "; write the function in operations that torch can differentiate twice, or use another optimizer"
    )


def test_singular_hessian_is_refused():
    with pytest.raises(Error, match=r"step 1 failed: the Hessian is singular, .*; use TrustRegion"):
        race(Function(lambda p: p[0] ** 2 + p[1]), Racer(Newton), (1, 1), 3)


@pytest.mark.parametrize("optimizer", [Newton, TrustRegion, LineSearch])
def test_step_without_a_closure_is_refused(optimizer):
    parameter = torch.ones(2, requires_grad=True)
    with pytest.raises(TypeError, match="step needs a closure"):
        optimizer([parameter]).step(None)


def test_gradient_without_a_graph_is_refused():
    parameter = torch.ones(2, requires_grad=True)

    def closure():
        loss = (parameter**2).sum()
        loss.backward()
        return loss

    with pytest.raises(RuntimeError, match=r"loss\.backward\(create_graph=True\)"):
        Newton([parameter]).step(closure)


def test_several_groups_are_refused():
    groups = [{"params": [torch.ones(1, requires_grad=True)]} for _ in range(2)]
    with pytest.raises(ValueError, match="2 groups of parameters: give one group"):
        TrustRegion(groups)
