"""Function: every definition that a user may write, and how it is evaluated."""

import re

import numpy as np
import pytest
import torch

from animopt.core.errors import Error, UsageError
from animopt.engine import function as function_module
from animopt.engine.function import Function
from animopt.engine.racer import Racer
from animopt.engine.record import record
from animopt.functions import himmelblau, ravine

GRID = np.stack(np.meshgrid(np.linspace(-3, 3, 41), np.linspace(-2, 2, 31)), axis=-1)

MATRIX = torch.tensor([[2.0, 1.0], [0.0, 3.0]], dtype=torch.float64)

AWKWARD = {
    "sum": (lambda x: (x**2).sum(), lambda x, y: x**2 + y**2),
    "mean": (lambda x: ((x - 1) ** 2).mean(), lambda x, y: ((x - 1) ** 2 + (y - 1) ** 2) / 2),
    "matrix": (lambda x: x @ MATRIX @ x, lambda x, y: 2 * x**2 + x * y + 3 * y**2),
    "norm": (lambda x: x.norm(), np.hypot),
    "largest": (lambda x: x.abs().max(), lambda x, y: np.maximum(abs(x), abs(y))),
    "direction": (lambda x: x[0] / (1 + x.norm()), lambda x, y: x / (1 + np.hypot(x, y))),
    "if": (lambda x: x[0] if x[0] > 0 else x[1] ** 2, lambda x, y: np.where(x > 0, x, y**2)),
    "island": (
        lambda x: x[0] if x.norm() > 0.5 else x[0] + 5,
        lambda x, y: np.where(np.hypot(x, y) > 0.5, x, x + 5),
    ),
    "shape (1,)": (lambda x: x[:1] * x[1:], lambda x, y: x * y),
    "single precision": (lambda x: x.float()[0] + 0.5 * x.float()[1], lambda x, y: x + 0.5 * y),
    "constant": (lambda x: torch.tensor(3.0), lambda x, y: np.full_like(x, 3)),
    "holes": (lambda x: (x[0] + 1).log() + x[1], lambda x, y: np.log(np.where(x < -1, np.nan, x + 1)) + y),
}


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize("points", [GRID, GRID[0], GRID[:1, :2], GRID[3, 4], GRID[:0]], ids=lambda p: str(p.shape))
@pytest.mark.parametrize("name", AWKWARD)
def test_values_at_many_points_equal_values_at_each_point(name, points):
    definition, formula = AWKWARD[name]
    values = Function(definition).values(points)
    assert values.shape == points.shape[:-1]
    assert values.dtype == np.float64
    np.testing.assert_allclose(values, formula(points[..., 0], points[..., 1]), rtol=1e-6, atol=1e-6)


def lopsided(x):
    return x[0] ** 2 + 3 * x[1]


def test_definition_alone_is_enough_to_race():
    recording = record(Function(lopsided), [Racer("SGD", lr=0.1)], (1, 1), 3)
    assert recording.minima.shape == (0, 3)
    assert recording.gap is None


def gives_a_float(x):
    return x[0].item()


def gives_an_array(x):
    return x.detach().numpy().sum(keepdims=True)


def gives_two_numbers(x):
    return x**2


def gives_nothing(x):
    pass


def gives_a_whole_number(x):
    return x.sum().long()


def gives_a_complex_number(x):
    return x[0] + 1j * x[1]


def fails(x):
    raise ValueError("not here\nnor there")


@pytest.mark.parametrize("ask", ["values", "race"])
@pytest.mark.parametrize(
    ("definition", "words"),
    [
        (gives_a_float, "function gives a float: returned float; write it in torch"),
        (gives_an_array, "function gives an array: returned ndarray; write it in torch"),
        (gives_two_numbers, r"function gives two numbers: returned shape \(2,\) at one point; return one number"),
        (gives_nothing, "function gives nothing: returned None; end it with return"),
        (gives_a_whole_number, "function gives a whole number: returned torch.int64; return a floating-point number"),
        (gives_a_complex_number, "function gives a complex number: returned a complex number; return a real one"),
        (fails, r"function fails, line \d+ of test_function.py: ValueError: not here"),
    ],
)
def test_wrong_return_value_is_an_error_in_one_line(definition, words, ask):
    function = Function(definition)
    with pytest.raises(Error, match=words) as caught:
        _ = function.values(GRID) if ask == "values" else record(function, [Racer("SGD", lr=0.1)], (1, 1), 3)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("definition", [lambda x: torch.tensor(3.0), lambda x: x.detach().sum()])
def test_function_without_gradient_is_an_error(definition):
    with pytest.raises(Error, match="function flat: autograd cannot follow it"):
        record(Function(definition, name="flat"), [Racer("SGD", lr=0.1)], (1, 1), 3)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"definition": 3}, "function 3: give something that can be called"),
        ({"x": (5, -5)}, "function x=(5.0, -5.0): give the lower end first"),
        ({"y": (1, 1)}, "function y=(1.0, 1.0): give the lower end first"),
        ({"x": (0, 1, 2)}, "function x (0, 1, 2): give two numbers"),
        ({"x": 4}, "function x 4: give two numbers"),
        ({"y": ("a", 1)}, "function y ('a', 1): give two numbers"),
        ({"x": (0, np.inf)}, "function x (0, inf): give two finite numbers"),
        ({"minima": [(0, np.nan)]}, "function minima (0, nan): give two finite numbers"),
        ({"minima": (0, 0)}, "function minima 0: give two numbers"),
        ({"minima": [(11, 0)]}, "function minima (11.0, 0.0): lies outside x=(-10.0, 10.0)"),
        ({"saddles": [(0, -11)]}, "function saddles (0.0, -11.0): lies outside x=(-10.0, 10.0)"),
        ({"saddles": "ab"}, "function saddles 'ab': give a list of pairs"),
        ({"start": (11, 0)}, "function start (11.0, 0.0): lies outside x=(-10.0, 10.0)"),
        ({"start": (1, 2, 3)}, "function start (1, 2, 3): give two numbers"),
    ],
    ids=str,
)
def test_wrong_field_is_refused(fields, words):
    with pytest.raises(UsageError, match=re.escape(words)):
        Function(**{"definition": lopsided} | fields)


def test_name_defaults_to_the_definitions_name():
    assert Function(gives_two_numbers).name == "gives two numbers"
    assert Function(lopsided, name="a slope").name == "a slope"
    assert Function(lambda x: x[0]).name == ""


@pytest.mark.parametrize(
    ("point", "inside"), [((-1, 5), True), ((2, 7), True), ((0, 6), True), ((-1.01, 6), False), ((0, 7.01), False)]
)
def test_domain_contains_its_edges(point, inside):
    assert Function(lopsided, x=(-1, 2), y=(5, 7)).contains(point) is inside


def himmelblau_by_hand(x, y):
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


@pytest.mark.parametrize(
    "function", [himmelblau, Function(lambda x: (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2)]
)
def test_call_takes_numbers_arrays_and_tensors(function):
    assert function((3, 2)) == 0
    assert type(function([1, 1])) is float
    assert function([1, 1]) == himmelblau_by_hand(1, 1)
    points = np.moveaxis(GRID, -1, 0)
    heights = function(points)
    assert type(heights) is np.ndarray
    np.testing.assert_allclose(heights, himmelblau_by_hand(*points), rtol=1e-13)
    np.testing.assert_allclose(function(tuple(points)), heights, rtol=0)
    tensor = function(torch.from_numpy(points))
    assert type(tensor) is torch.Tensor
    np.testing.assert_allclose(tensor, heights, rtol=0)


def test_call_does_not_change_its_argument():
    def careless(x):
        x *= 2
        return x.sum()

    point = np.array([1.0, 2.0])
    assert Function(careless)(point) == 6
    assert point.tolist() == [1, 2]


@pytest.mark.parametrize("point", [3, (1, 2, 3), "ab", None, ((1, 2), 3), {}], ids=str)
def test_call_refuses_an_argument_that_is_not_a_point(point):
    with pytest.raises(UsageError, match=r"function lopsided at .*: give x and y, as") as caught:
        Function(lopsided)(point)
    assert "\n" not in str(caught.value)


def weighted(x, inputs, targets):
    return ((torch.exp(x[0] * inputs) + x[1] - targets) ** 2).mean()


def test_function_of_data_uses_all_rows(monkeypatch):
    inputs, targets = np.linspace(-1, 1, 7), np.arange(7)
    function = Function(weighted, data=(inputs, targets))
    expected = (np.exp(GRID[..., :1] * inputs) + GRID[..., 1:] - targets) ** 2
    np.testing.assert_allclose(function.values(GRID), expected.mean(axis=-1), rtol=1e-12)
    # The values do not depend on the size of the batches.
    monkeypatch.setattr(function_module, "MAX_BATCH_NUMBERS", 100)
    np.testing.assert_allclose(function.values(GRID), expected.mean(axis=-1), rtol=1e-12)
    rows = function.on([1, 4])
    np.testing.assert_allclose(rows.values(GRID), expected[..., [1, 4]].mean(axis=-1), rtol=1e-12)


def test_data_are_copied():
    inputs = np.arange(3.0)
    function = Function(lambda x, inputs: (x[0] + x[1]) * inputs.sum(), data=[inputs])
    inputs += 100
    assert function.values(np.array([1.0, 1.0])) == 6


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"data": 3}, "function data 3: give arrays, as data=(inputs, targets)"),
        ({"data": (["a"], [1])}, "function data: is not all numbers"),
        ({"data": ([1, 2], [1])}, "function data: has 2, 1 rows; give columns of the same length"),
        ({"data": ([], [])}, "function data: has no rows"),
        ({"data": (1, 2)}, "function data: has no rows"),
        ({"data": ([1, np.nan], [1, 2])}, "function data: has numbers that are not finite; leave those rows out"),
        ({"predict": weighted}, "function predict: needs data; give data=(inputs, targets)"),
        ({"predict": weighted, "data": [[1, 2]]}, "function predict: needs data"),
        ({"predict": weighted, "data": [[[1, 2, 3]], [1]]}, "function predict: needs data"),
    ],
    ids=lambda value: re.sub(" at 0x[0-9a-f]+", "", str(value)),
)
def test_unusable_data_are_refused(fields, message):
    with pytest.raises(UsageError, match=re.escape(message)) as caught:
        Function(weighted, **fields)
    assert "\n" not in str(caught.value)


def test_wrong_prediction_is_an_error():
    function = Function(weighted, data=([1, 2, 3], [1, 2, 3]), predict=lambda x, inputs: x)
    with pytest.raises(Error, match="function weighted: predict: RuntimeError: ") as caught:
        record(function, [Racer("SGD", lr=0.1)], (0, 0), 1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("points", "x", "y"),
    [
        ([(0, 0), (-10, 5)], (-10, 10), (-5, 5)),
        ([(-30, 0)], (-32, 10), (-5, 5)),
        ([(-30, 15), (90, 2)], (-36, 96), (-5, 16)),
    ],
    ids=str,
)
def test_domain_is_widened_to_contain_points(points, x, y):
    widened = ravine.widened(points)
    assert widened.x == pytest.approx(x)
    assert widened.y == pytest.approx(y)
    assert all(widened.contains(point) for point in points)
    assert (widened.definition, widened.minima) == (ravine.definition, ravine.minima)
