"""A function that changes its argument or its value is refused, with the line that does it."""

import functools
import inspect
import random
import sys

import pytest
import torch

from animopt import Racer, plot
from animopt.core.errors import Error
from animopt.engine.function import Function
from animopt.engine.gradient_check import check_gradient
from animopt.engine.record import record
from animopt.engine.repeat_check import check_values

CHANGES = r"changes x in place; leave x as it is, and work on x.clone\(\)"


def shifted(x):
    x.data.add_(1)


def in_a_helper(x):
    y = 2 * x
    shifted(x)  # here
    return y.sum()


def beyond_a_bound(x):
    if x[0] > 5:
        x.detach().numpy()[0] = 5  # here
    return (x**2).sum()


class Counter:
    calls = 0

    def __call__(self, x):
        self.calls += 1
        return x.sum() + self.calls  # here


class Drops(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.dropout = torch.nn.Dropout()

    def forward(self, x):
        y = self.dropout(x)  # here
        return y.sum()


def scaled(factor, x):
    y = x * factor
    noise = random.random()  # here
    return y.sum() + noise


def in_a_branch(x):
    if random.random() > 0.5:  # here
        return x[0]
    return x[1]


CASES = {
    "a helper": (in_a_helper, f"{CHANGES}$", shifted),
    "a bound": (beyond_a_bound, f"{CHANGES}$", beyond_a_bound),
    "an object": (Counter(), "gives two values for one point, ", Counter),
    "a module": (Drops(), r"gives two values for one point, .*; call \.eval\(\) on the model", Drops),
    "partial": (functools.partial(scaled, 2.0), "gives two values for one point, ", scaled),
    "a branch": (in_a_branch, "gives two values for one point, ", in_a_branch),
}


def line_of(code):
    """The line of the test's function or class that is marked, or the first line of the body."""
    lines, first = inspect.getsourcelines(code)
    return first + next((number for number, line in enumerate(lines) if "# here" in line), 1)


@pytest.mark.parametrize("ask", ["race", "plot"])
@pytest.mark.parametrize("case", CASES)
def test_line_that_changes_something_is_named(case, ask):
    definition, words, code = CASES[case]
    function = Function(definition, x=(4, 10), y=(-10, 10))
    random.seed(1)
    torch.manual_seed(0)
    with pytest.raises(Error, match=rf"^\S+ .*line {line_of(code)} of test_repeat_check\.py: {words}") as caught:
        record(function, [Racer("SGD", lr=0.1)] if ask == "race" else [], (8, 1), 3)
    assert "\n" not in str(caught.value)


def test_tracing_of_a_debugger_is_restored():
    def trace(frame, event, argument):
        return None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        with pytest.raises(Error, match="gives two values"):
            plot(Counter())
        assert sys.gettrace() is trace
    finally:
        sys.settrace(before)


def seeded(x):
    return x.sum() + torch.randn((), generator=torch.Generator().manual_seed(3))


SMOOTHING = torch.randn(2, dtype=torch.float64)


EVALUATIONS = []


def counted(x):
    EVALUATIONS.append(1)
    return (x**2).sum()


@pytest.mark.parametrize(
    "definition",
    [seeded, lambda x: (x + SMOOTHING).pow(2).sum(), counted, lambda x: torch.log(x[0]) + x.clone().mul_(2).sum()],
    ids=["seeded", "drawn once", "counted", "a clone"],
)
def test_function_that_repeats_itself_is_accepted(definition):
    check_gradient(Function(definition), [(1, 1)])
    check_values(Function(definition))


def test_function_with_another_value_without_a_gradient_is_refused():
    function = Function(lambda x: (x**2).sum() + (0 if x.requires_grad else 5), name="two faces")
    with pytest.raises(
        Error, match=r"two faces: gives two values for one point, 13 with a gradient and 18 without one"
    ):
        check_gradient(function, [(3.0, 2.0)])


def test_function_that_keeps_its_values_is_refused():
    kept = {}

    def cached(x):
        return kept.setdefault(tuple(x.tolist()), (x**2).sum())

    with pytest.raises(Error, match="function cached: autograd cannot follow it"):
        check_gradient(Function(cached), [(3.0, 2.0)])
