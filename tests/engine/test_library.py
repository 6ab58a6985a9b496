"""The test functions against their publications."""

import ast
import itertools
import math
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.mathtext import MathTextParser

from animopt.core.errors import UsageError
from animopt.engine import library
from animopt.engine.function import Function
from animopt.engine.library import all_functions, function_by_name, ravine, rotated

LIBRARY = {name: value for name, value in vars(library).items() if isinstance(value, Function)}
EACH = pytest.mark.parametrize("name", LIBRARY)
PI = math.pi

# Points without second derivatives, or without those of autograd.
KINKS = [("ackley", (0, 0)), ("drop_wave", (0, 0))]


def sin2(angle):
    return np.sin(angle) ** 2


# Each formula as published, and published minima and other points: x, y, value.
PUBLISHED = {
    "sphere": (lambda x, y: x**2 + y**2, [(0, 0, 0)]),
    "ravine": (lambda x, y: x**2 / 20 + y**2, [(0, 0, 0)]),
    "rotated_ravine": (
        lambda x, y: (x * 3**0.5 / 2 + y / 2) ** 2 / 20 + (y * 3**0.5 / 2 - x / 2) ** 2,
        [(0, 0, 0)],
    ),
    "quartic": (
        lambda x, y: x**4 + y**4 + 5 * x**3 - 40 * (x - 1) ** 2 - 40 * (y - 1) ** 2,
        [(-7.01004, -4.90673, -2689.94), (-7.01004, 3.84727, -1979.21)],
    ),
    "booth": (lambda x, y: (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2, [(1, 3, 0)]),
    "matyas": (lambda x, y: 0.26 * (x**2 + y**2) - 0.48 * x * y, [(0, 0, 0)]),
    "zakharov": (lambda x, y: x**2 + y**2 + (0.5 * x + y) ** 2 + (0.5 * x + y) ** 4, [(0, 0, 0), (1, 1, 9.3125)]),
    "rosenbrock": (lambda x, y: 100 * (y - x**2) ** 2 + (x - 1) ** 2, [(1, 1, 0), (-1.2, 1, 24.2)]),
    "beale": (
        lambda x, y: (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2,
        [(3, 0.5, 0), (0, 1, 14.203125)],
    ),
    "himmelblau": (
        lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2,
        [
            (3, 2, 0),
            (-2.805118, 3.131312, 0),
            (-3.779310, -3.283186, 0),
            (3.584428, -1.848126, 0),
            (-0.270845, -0.923039, 181.617),
        ],
    ),
    "goldstein_price": (
        lambda x, y: (
            (1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2))
            * (30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2))
        ),
        [(0, -1, 3), (-0.6, -0.4, 30), (1.8, 0.2, 84), (1.2, 0.8, 840)],
    ),
    "three_hump_camel": (
        lambda x, y: 2 * x**2 - 1.05 * x**4 + x**6 / 6 + x * y + y**2,
        [(0, 0, 0), (1.74755, -0.87378, 0.298638), (-1.74755, 0.87378, 0.298638)],
    ),
    "six_hump_camel": (
        lambda x, y: (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (-4 + 4 * y**2) * y**2,
        [
            (0.0898, -0.7126, -1.0316),
            (-0.0898, 0.7126, -1.0316),
            (1.7036, -0.7961, -0.2155),
            (-1.7036, 0.7961, -0.2155),
            (1.6071, 0.5687, 2.1043),
            (-1.6071, -0.5687, 2.1043),
        ],
    ),
    "mccormick": (
        lambda x, y: np.sin(x + y) + (x - y) ** 2 - 1.5 * x + 2.5 * y + 1,
        [(-0.54719, -1.54719, -1.9133), (2.59440, 1.59440, 1.2283)],
    ),
    "styblinski_tang": (
        lambda x, y: 0.5 * (x**4 - 16 * x**2 + 5 * x) + 0.5 * (y**4 - 16 * y**2 + 5 * y),
        [(-2.903534, -2.903534, -39.16599 * 2), (2.7468, -2.9035, -64.1956), (2.7468, 2.7468, -50.0589)],
    ),
    "rastrigin": (
        lambda x, y: 10 * 2 + (x**2 - 10 * np.cos(2 * PI * x)) + (y**2 - 10 * np.cos(2 * PI * y)),
        [(0, 0, 0), (0.99496, 0, 0.99496), (0.99496, 0.99496, 1.98992)],
    ),
    "ackley": (
        lambda x, y: (
            -20 * np.exp(-0.2 * np.sqrt(0.5 * (x**2 + y**2)))
            - np.exp(0.5 * (np.cos(2 * PI * x) + np.cos(2 * PI * y)))
            + 20
            + np.e
        ),
        [(0, 0, 0), (0.95217, 0, 2.57993)],
    ),
    "griewank": (
        lambda x, y: x**2 / 4000 + y**2 / 4000 - np.cos(x) * np.cos(y / np.sqrt(2)) + 1,
        [(0, 0, 0), (3.1400, 4.4384, 0.0074), (-3.1400, 4.4384, 0.0074)],
    ),
    "easom": (
        lambda x, y: -np.cos(x) * np.cos(y) * np.exp(-((x - PI) ** 2) - (y - PI) ** 2),
        [(PI, PI, -1), (1.30500, 1.30500, -8.11e-5)],
    ),
    "levy_13": (
        lambda x, y: sin2(3 * PI * x) + (x - 1) ** 2 * (1 + sin2(3 * PI * y)) + (y - 1) ** 2 * (1 + sin2(2 * PI * y)),
        [(1, 1, 0)],
    ),
    "branin": (
        lambda x, y: (y - 5.1 / (4 * PI**2) * x**2 + 5 / PI * x - 6) ** 2 + 10 * (1 - 1 / (8 * PI)) * np.cos(x) + 10,
        [(-PI, 12.275, 0.397887), (PI, 2.275, 0.397887), (9.42478, 2.475, 0.397887)],
    ),
    "michalewicz": (
        lambda x, y: -np.sin(x) * np.sin(1 * x**2 / PI) ** 20 - np.sin(y) * np.sin(2 * y**2 / PI) ** 20,
        [(2.20290552, 1.57079633, -1.8013)],
    ),
    "bohachevsky": (
        lambda x, y: x**2 + 2 * y**2 - 0.3 * np.cos(3 * PI * x) - 0.4 * np.cos(4 * PI * y) + 0.7,
        [(0, 0, 0)],
    ),
    "schwefel": (
        lambda x, y: 418.9828872724338 * 2 - x * np.sin(np.sqrt(abs(x))) - y * np.sin(np.sqrt(abs(y))),
        [(420.9687, 420.9687, 0), (-302.5249, 420.9687, 118.438)],
    ),
    "drop_wave": (
        lambda x, y: -(1 + np.cos(12 * np.sqrt(x**2 + y**2))) / (0.5 * (x**2 + y**2) + 2),
        [(0, 0, -1)],
    ),
    "peaks": (
        lambda x, y: (
            3 * (1 - x) ** 2 * np.exp(-(x**2) - (y + 1) ** 2)
            - 10 * (x / 5 - x**3 - y**5) * np.exp(-(x**2) - y**2)
            - 1 / 3 * np.exp(-((x + 1) ** 2) - y**2)
        ),
        [(0.2283, -1.6255, -6.5511), (-1.3474, 0.2045, -3.0498), (-0.0093, 1.5814, 8.1062)],
    ),
    "saddle": (lambda x, y: x**2 - y**2, [(0, 0, 0)]),
    "bounded_saddle": (lambda x, y: x**2 - y**2 + y**4 / 4, [(0, 2**0.5, -1), (0, -(2**0.5), -1), (0, 0, 0)]),
}


def extent(function):
    return np.ptp([function.x, function.y], axis=1)


def seeded(function, count):
    return np.random.default_rng(0).uniform(*np.transpose([function.x, function.y]), (count, 2)).T


def derivatives(function, points):
    """Autograd's gradients (2, n) and Hessians (n, 2, 2) at points (2, n)."""
    x = torch.tensor(points, requires_grad=True)
    (gradient,) = torch.autograd.grad(function(x).sum(), x, create_graph=True)
    rows = [torch.autograd.grad(each.sum(), x, retain_graph=True)[0] for each in gradient]
    return gradient.detach().numpy(), torch.stack(rows).permute(2, 0, 1).numpy()


def newton(function, points, rounds=40):
    """The points to which Newton's method converges from points (2, n), and the Hessians there."""
    longest = extent(function)[:, None] / 100
    for _ in range(rounds):
        gradient, hessian = derivatives(function, points)
        (a, b), (_, d) = hessian.transpose(1, 2, 0)
        with np.errstate(all="ignore"):
            step = np.stack([d * gradient[0] - b * gradient[1], a * gradient[1] - b * gradient[0]]) / (a * d - b**2)
        step = np.clip(np.nan_to_num(step), -longest, longest)
        points = points - step
    still = (abs(step) < 1e-10 * extent(function)[:, None]).all(axis=0)
    return points[:, still], derivatives(function, points[:, still])[1]


def test_published_table_names_every_library_function():
    assert set(PUBLISHED) == set(LIBRARY)


@EACH
def test_values_equal_the_published_formula(name):
    formula, known = PUBLISHED[name]
    points = seeded(LIBRARY[name], 1000)
    np.testing.assert_allclose(LIBRARY[name](points), formula(*points), rtol=1e-10, atol=1e-12)
    for *point, value in known:
        # Points and values are published with few digits.
        assert LIBRARY[name](point) == pytest.approx(value, rel=2e-5, abs=1e-4)


@EACH
def test_published_minima_are_listed(name):
    for x, y, value in PUBLISHED[name][1]:
        here = PUBLISHED[name][0](x + 0.02 * np.cos(np.arange(8)), y + 0.02 * np.sin(np.arange(8)))
        if here.min() > value:
            near = np.hypot(*np.subtract(LIBRARY[name].minima, (x, y)).T).min()
            assert near < 0.005


@pytest.mark.sampled(6)
@EACH
def test_listed_minimum_has_zero_gradient_and_is_lowest_nearby(name):
    function = LIBRARY[name]
    assert function.minima or name == "saddle"
    ring = np.array([np.cos(np.arange(0, 2 * PI, 0.1)), np.sin(np.arange(0, 2 * PI, 0.1))])
    for minimum in function.minima:
        place = np.array(minimum)[:, None]
        gradient, hessian = derivatives(function, place)
        assert np.isfinite(gradient).all()
        if np.isfinite(hessian).all() and np.linalg.eigvalsh(hessian).min() > 0:
            step = np.linalg.solve(hessian[0], gradient[:, 0])
            assert abs(step / extent(function)).max() < 2e-15
        else:
            assert (name, minimum) in KINKS
            assert not gradient.any()
        for radius in (1e-4, 1e-3, 4e-3):
            around = function(place + radius * extent(function)[:, None] * ring)
            assert around.min() > function(minimum)


@EACH
def test_listed_saddle_has_zero_gradient_and_both_curvatures(name):
    for saddle in LIBRARY[name].saddles:
        gradient, hessian = derivatives(LIBRARY[name], np.array(saddle)[:, None])
        low, high = np.linalg.eigvalsh(hessian[0])
        assert low < 0 < high
        assert abs(np.linalg.solve(hessian[0], gradient[:, 0]) / extent(LIBRARY[name])).max() < 2e-15


@EACH
@pytest.mark.sampled(2)
def test_search_finds_no_unlisted_minimum(name):
    function = LIBRARY[name]
    x, y = (np.linspace(*ends, 401) for ends in (function.x, function.y))
    points = np.stack(np.meshgrid(x, y))
    heights = function(points)
    inner = heights[1:-1, 1:-1]
    lowest = np.ones_like(inner, dtype=bool)
    for right in (-1, 0, 1):
        for up in (-1, 0, 1):
            lowest &= inner <= np.roll(heights, (right, up), axis=(0, 1))[1:-1, 1:-1]
    starts = np.hstack([points[:, 1:-1, 1:-1][:, lowest], points[:, 3::10, 3::10].reshape(2, -1)])
    found, hessian = newton(function, starts)
    low, high = np.linalg.eigvalsh(hessian).T
    # The floor of a ring is flat along the ring, so none of its points is an isolated minimum.
    isolated = low > 1e-6 * abs(high)
    (left, right), (bottom, top) = function.x, function.y
    inside = (found[0] > left) & (found[0] < right) & (found[1] > bottom) & (found[1] < top)
    found = found[:, isolated & inside].T
    if function.minima:
        listed = np.array(function.minima)
        assert len(found) >= len(listed) - any(name == kink for kink, _ in KINKS)
        far = np.linalg.norm((found[:, None] - listed) / extent(function), axis=-1)
        assert far.min(axis=1, initial=1).max(initial=0) < 1e-8
        assert heights.min() >= min(map(function, function.minima)) - 1e-12 * abs(heights).max()
        apart = np.linalg.norm((listed[:, None] - listed) / extent(function), axis=-1) + np.eye(len(listed))
        assert apart.min() > 1e-3
    else:
        assert not len(found)


@pytest.mark.sampled(6)
@EACH
def test_autograd_agrees_with_finite_differences(name):
    function = LIBRARY[name]
    points = seeded(function, 100)
    gradient = derivatives(function, points)[0]
    for axis, step in enumerate(np.diag(extent(function) * 1e-6)):
        up, down = points + step[:, None], points - step[:, None]
        difference = (function(up) - function(down)) / (up - down)[axis]
        scale = abs(gradient).max(axis=0) + 1e-8 * abs(function(points)) / step[axis]
        np.testing.assert_allclose((gradient[axis] - difference) / np.maximum(scale, 1e-9), 0, atol=1e-6)


@EACH
def test_gradient_is_finite_everywhere(name):
    function = LIBRARY[name]
    x, y = (
        np.clip([*np.linspace(*ends, 61), 0, 5e-324, -5e-324, 1e-300, 1e-17, 1, -1], *ends)
        for ends in (function.x, function.y)
    )
    points = np.hstack([np.stack(np.meshgrid(x, y)).reshape(2, -1), *(np.array([p]).T for p in function.minima)])
    gradient = derivatives(function, points)[0]
    assert np.isfinite(function(points)).all()
    assert np.isfinite(gradient).all()


@EACH
def test_batch_numbers_and_tensors_agree(name):
    function = LIBRARY[name]
    points = seeded(function, 24)
    heights = function(points.reshape(2, 4, 6))
    assert heights.shape == (4, 6)
    alone = [function(tuple(point)) for point in points.T]
    single = [function(torch.tensor(point)).item() for point in points.T]
    tolerance = {"rtol": 1e-13, "atol": 1e-12}
    np.testing.assert_allclose(heights.ravel(), alone, **tolerance)
    np.testing.assert_array_equal(alone, single)
    np.testing.assert_allclose(function.values(points.T), alone, **tolerance)


@EACH
def test_function_has_formula_name_source_and_start(name):
    function = LIBRARY[name]
    assert function.formula
    assert function.name
    assert function.source
    gradient = derivatives(function, np.array(function.start)[:, None])[0]
    # An optimizer would not leave a plain or an axis of symmetry, so no start is on one.
    assert abs(gradient).min() > 1e-6


def values_of(formula, x, y):
    """The values of a formula in mathtext."""
    tokens = re.findall(r"\\[a-z]+|\\,|\d+\.?\d*|\S", formula.replace("{", "(").replace("}", ")"))
    constants = {"x": x, "y": y, "e": np.e, r"\pi": PI}
    waves = {r"\sin": np.sin, r"\cos": np.cos}

    def total(end):
        value, sign = 0, 1
        while tokens and tokens[0] != end:
            if tokens[0] in "+-":
                sign = -1 if tokens.pop(0) == "-" else 1
            value, sign = value + sign * term(end), 1
        if end:
            tokens.pop(0)
        return value

    def term(end, stop=()):
        value = 1
        while tokens and tokens[0] not in ("+", "-", end, *stop):
            if tokens[0] == "/":
                tokens.pop(0)
                value = value / power()
            elif tokens[0] == r"\,":
                tokens.pop(0)
            else:
                value = value * power()
        return value

    def power():
        value = atom()
        if tokens and tokens[0] == "^":
            tokens.pop(0)
            value = value ** atom()
        return value

    def atom():
        token = tokens.pop(0)
        if token in "([":
            return total(")" if token == "(" else "]")
        if token == "|":
            return abs(total("|"))
        if token == r"\sqrt":
            return np.sqrt(atom())
        if token == r"\frac":
            return atom() / atom()
        if token in waves:
            exponent = tokens.pop(0) == "^" and atom() if tokens[0] == "^" else 1
            argument = atom() if tokens[0] == "(" else term(")", (r"\sin", r"\cos", r"\,"))
            return waves[token](argument) ** exponent
        return constants[token] if token in constants else float(token)

    return total("")


@EACH
def test_formula_is_typeset_and_equals_the_values(name):
    formula = LIBRARY[name].formula
    MathTextParser("path").parse(f"${formula}$")
    if name != "rotated_ravine":
        points = seeded(LIBRARY[name], 50)
        np.testing.assert_allclose(values_of(formula, *points), LIBRARY[name](points), rtol=1e-6, atol=1e-3)


@pytest.mark.parametrize("degrees", [0, 30, 45.0, 90, -17.5, 360])
@pytest.mark.parametrize("name", ["ravine", "himmelblau", "ackley", "goldstein_price"])
def test_rotated_function_equals_the_function_at_rotated_points(name, degrees):
    plain, turned = LIBRARY[name], rotated(LIBRARY[name], degrees)
    points = seeded(plain, 50)
    angle = np.radians(degrees)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    np.testing.assert_allclose(turned(matrix @ points), plain(points), rtol=1e-9, atol=1e-12)
    assert (turned.x, turned.y) == (plain.x, plain.y)
    for field in ("minima", "saddles"):
        images = [matrix @ point for point in getattr(plain, field)]
        kept = np.array([image for image in images if turned.contains(image)]).reshape(-1, 2)
        np.testing.assert_allclose(np.reshape(getattr(turned, field), (-1, 2)), kept, atol=1e-12)
    if turned.start is not None:
        np.testing.assert_allclose(turned.start, matrix @ plain.start, atol=1e-12)
    MathTextParser("path").parse(f"${turned.formula}$")


def test_rotation_drops_points_that_leave_the_domain():
    narrow = Function(lambda x: x[0] ** 2 + x[1] ** 2, x=(-9, 9), y=(-2, 2), minima=[(0, 0), (7, 0)], start=(-7, 1))
    turned = rotated(narrow, 90)
    assert turned.minima == ((0, 0),)
    assert turned.start is None


@EACH
def test_space_is_before_a_function_that_is_a_factor(name):
    assert not re.search(r"[\w)}\]]\s*(\\(?:sin|cos|exp)|e\^)", LIBRARY[name].formula)


def test_rotated_function_names_its_angle():
    assert rotated(ravine, 30).name == "a ravine, turned by 30°"
    assert rotated(ravine, -30).name == "a ravine, turned by −30°"
    assert rotated(ravine, 30).formula == r"u^2/20 + v^2,\quad (u, v) = R_{-30°}(x, y)"
    assert rotated(ravine, 0).formula == r"u^2/20 + v^2,\quad (u, v) = R_{0°}(x, y)"
    words = Function(lambda x: x[0].exp() + x[1], formula=r"\exp x + \mathrm{xy} + \xi y")
    assert rotated(words, 1).formula.startswith(r"\exp u + \mathrm{xy} + \xi v,")
    assert rotated(Function(lambda x: x[0]), 5).formula == rotated(Function(lambda x: x[0]), 5).name == ""


@pytest.mark.parametrize("degrees", ["30", None, math.nan, math.inf, True, 1j], ids=str)
def test_wrong_angle_is_refused(degrees):
    with pytest.raises(UsageError, match=f"degrees {re.escape(repr(degrees))}: give an angle"):
        rotated(ravine, degrees)


def test_gradient_on_the_saddles_axis_points_along_it():
    for name in ("saddle", "bounded_saddle"):
        gradient = derivatives(LIBRARY[name], np.array([[1.5], [0.0]]))[0]
        assert gradient[1] == 0
        assert derivatives(LIBRARY[name], np.array([[-1.5], [0.01]]))[0][1] < 0


def test_all_functions_lists_the_module_in_order():
    assert all_functions() == LIBRARY
    assert list(all_functions())[:2] == ["sphere", "ravine"]


@pytest.mark.parametrize("spelled", ["six_hump_camel", "six-hump-camel", "Six-Hump_Camel"])
def test_function_is_found_by_any_spelling_of_its_name(spelled):
    assert function_by_name(spelled) is LIBRARY["six_hump_camel"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rosenbrok", "function 'rosenbrok': no such function; did you mean 'rosenbrock'?"),
        ("six-humps-camel", "function 'six-humps-camel': no such function; did you mean 'six_hump_camel'?"),
        ("qqq", "function 'qqq': no such function; there are sphere, ravine, "),
        ("", "function '': no such function; there are sphere, ravine, "),
        ("rotated", "function 'rotated': no such function; did you mean 'rotated_ravine'?"),
    ],
)
def test_unknown_name_suggests_the_nearest(name, words):
    with pytest.raises(UsageError, match=re.escape(words)) as caught:
        function_by_name(name)
    assert "\n" not in str(caught.value)


def test_each_function_has_a_docstring():
    body = ast.parse(Path(library.__file__).read_bytes()).body
    documented = {node.name for node in body if isinstance(node, ast.FunctionDef) and ast.get_docstring(node)}
    for node, following in itertools.pairwise(body):
        if isinstance(node, ast.Assign) and isinstance(following, ast.Expr):
            assert isinstance(following.value.value, str)
            documented.add(ast.unparse(node.targets[0]))
    assert documented >= set(LIBRARY)


@EACH
def test_function_can_be_pickled(name):
    points = seeded(LIBRARY[name], 9)
    copy = pickle.loads(pickle.dumps(LIBRARY[name]))
    np.testing.assert_array_equal(copy(points), LIBRARY[name](points))
    assert copy.minima == LIBRARY[name].minima
