"""A function that loses its gradient is reported before the race; any other function passes."""

import math
import re
import warnings
from math import sin
from pathlib import Path

import numpy as np
import pytest
import torch

from animopt import Racer, Scene, plot
from animopt.core.errors import Error
from animopt.engine.function import Function
from animopt.engine.gradient_check import check_gradient
from animopt.engine.record import record
from animopt.functions import all_functions, rotated

STARTS = [(0, 0), (1, 2), (-3.5, 0)]
HERE = np.array([[2.0, 1.0], [1.0, 3.0]])


def python_sine(x):
    return math.sin(x[0]) + x[1] ** 2


def bare_sine(x):
    return sin(x[0]) * x[1]


def wave(t):
    return math.cos(t)


def sine_in_a_helper(x):
    return x[1] ** 2 + wave(x[0])


def absolute(x):
    return math.fabs(x[0]) + x[1]


def numpy_sine(x):
    return np.sin(x[0]) + x[1]


def numpy_sine_without_gradient(x):
    return np.sin(x[0].detach()) + x[1]


def item(x):
    return x[0].item() * x[1]


def detached(x):
    return (x[0] - x[1].detach()) ** 2


def detached_whole(x):
    return x.detach().pow(2).sum()


def data(x):
    return x[0] + x.data[1] ** 2


def floated(x):
    return x[0] ** 2 + float(x[1])


def listed(x):
    a, b = x.tolist()
    return a * x[1] + b * x[0]


def numpy_matrix(x):
    return torch.from_numpy(HERE @ x.detach().numpy()) @ x


def no_grad(x):
    with torch.no_grad():
        bowl = x[0] ** 2
    return bowl + x[1] ** 2


def tensor(x):
    return torch.tensor([x[0] ** 2, x[1] ** 2]).sum()


def rounded(x):
    return torch.round(x[0]) + x[1] ** 2


def rounded_by_method(x):
    return x[0] ** 2 + x[1].floor()


def whole(x):
    return x[0] ** 2 + int(x[1])


def whole_result(x):
    return x.sum().long()


def float_result(x):
    return x.sum().item()


def in_a_branch(x):
    if x[0] > 0:
        return x[0] + math.exp(x[1] / 9)
    return x.sum()


def over_lines(x):
    return x[1] + math.atan(
        x[0],
    )


CUT = [
    (python_sine, "autograd loses part of its gradient, (0, 0) for (1, 0) at (0, 0); ", "write torch.sin for math.sin"),
    (bare_sine, "autograd loses part of its gradient, ", "write torch.sin for sin"),
    (sine_in_a_helper, "autograd loses part of its gradient, ", "write torch.cos for math.cos"),
    (
        absolute,
        "autograd loses part of its gradient, (0, 1) for (1, 1) at (1, 2); ",
        "write torch arithmetic for math.fabs",
    ),
    (numpy_sine, "autograd cannot follow it; ", "write torch.sin for np.sin"),
    (numpy_sine_without_gradient, "autograd loses part of its gradient, ", "write torch.sin for np.sin"),
    (item, "autograd loses part of its gradient, (0, 1) for (2, 1) at (1, 2); ", "leave out .item()"),
    (detached, "autograd loses part of its gradient, (-2, 0) for (-2, 2) at (1, 2); ", "leave out .detach()"),
    (detached_whole, "autograd cannot follow it; ", "leave out .detach()"),
    (data, "autograd loses part of its gradient, (1, 0) for (1, 4) at (1, 2); ", "leave out .data"),
    (floated, "autograd loses part of its gradient, (0, 0) for (0, 1) at (0, 0); ", "leave out float"),
    (listed, "autograd loses part of its gradient, (2, 1) for (4, 2) at (1, 2); ", "leave out .tolist()"),
    (numpy_matrix, "autograd loses part of its gradient, (4, 7) for (8, 14) at (1, 2); ", "leave out .detach()"),
    (no_grad, "autograd loses part of its gradient, (0, 4) for (2, 4) at (1, 2); ", "leave out torch.no_grad()"),
    (tensor, "autograd cannot follow it; ", "write torch.stack for torch.tensor"),
    (rounded, "its slope along x is 0, though its values differ; ", "leave out torch.round"),
    (rounded_by_method, "its slope along y is 0, though its values differ; ", "leave out .floor()"),
    (whole, "its slope along y is 0, though its values differ; ", "leave out int"),
    (whole_result, "returned torch.int64; return a floating-point number", "leave out .long()"),
    (float_result, "returned float; write it in torch arithmetic; ", "leave out .item()"),
    (in_a_branch, "autograd loses part of its gradient, ", "write torch.exp for math.exp"),
    (over_lines, "autograd loses part of its gradient, ", "write torch.atan for math.atan"),
    (lambda x: x[0] ** 2 + math.tan(x[1] / 9), "autograd loses part of its gradient, ", "write torch.tan for math.tan"),
]


def line_of(definition, advice):
    """The line of the test's function to which the advice applies."""
    wanted = re.sub(r"^leave out |^write \S+( arithmetic)? for ", "", advice)
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    code = (wave if definition is sine_in_a_helper else definition).__code__
    first = code.co_firstlineno + (code.co_name != "<lambda>")
    return next(number for number in range(first, len(lines) + 1) if wanted.rstrip(")") in lines[number - 1])


@pytest.mark.parametrize(("definition", "problem", "advice"), CUT, ids=lambda value: getattr(value, "__name__", ""))
def test_lost_gradient_is_reported_with_line_and_replacement(definition, problem, advice):
    function = Function(definition, name="f")
    with pytest.raises(Error) as caught:
        check_gradient(function, STARTS)
    message = str(caught.value)
    assert message.startswith(f"function f: {problem}")
    assert f"line {line_of(definition, advice)} of test_gradient_check.py: {advice}" in message
    assert "\n" not in message


@pytest.mark.long
def test_race_reports_a_lost_gradient_and_plot_does_not():
    asked = []

    class Waits(torch.optim.SGD):
        def step(self, closure=None):
            asked.append(closure)
            return super().step(closure)

    scene = Scene(function=python_sine, racers=[Racer(Waits, lr=0.1)], start=(1, 1))
    asked.clear()
    with pytest.raises(Error, match=r"function python sine: autograd loses .*write torch.sin for math.sin"):
        scene.record()
    assert not asked
    plot(python_sine)


def test_lost_gradient_without_source_is_reported():
    space = {"math": math}
    exec("def typed(x):\n    return x[0] + math.sin(x[1])", space)
    with pytest.raises(Error, match=r"function typed: autograd loses .* line 2: leave out __float__"):
        check_gradient(Function(space["typed"]), STARTS)


class Wrong(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        return (x**2).sum()

    @staticmethod
    def backward(context, gradient):
        return gradient * torch.ones(2)


class Fails(Wrong):
    @staticmethod
    def backward(context, gradient):
        raise RuntimeError("not\nhere")


def test_wrong_custom_gradient_is_reported():
    with pytest.raises(Error, match=r"the function: autograd loses part of its gradient, \(1, 1\) for .*in torch, as"):
        check_gradient(Function(lambda x: Wrong.apply(x)), STARTS)
    with pytest.raises(Error, match=r"^the function: autograd cannot follow it: not$"):
        check_gradient(Function(lambda x: Fails.apply(x)), STARTS)


@pytest.mark.sampled(8)
@pytest.mark.parametrize("name", all_functions())
def test_library_functions_pass(name):
    function = all_functions()[name]
    here = [point for point in [(0, 0), *function.minima[:4], *function.saddles[:4]] if function.contains(point)]
    check_gradient(function, [function.start, *here])
    check_gradient(rotated(function, 17), [function.start])


def branches(x):
    return x[0] ** 2 if x[0] > 0 else x[1] ** 2


def branches_by_item(x):
    return 2 * x[0] if x[0].item() + float(x[1]) > 0 else x[1] ** 3


def flat_on_one_side(x):
    return (x**2).sum() if x[0] > 0 else torch.tensor(3.0, dtype=torch.float64)


SOUND = {
    "kinks": lambda x: x[0].abs() + torch.relu(x[1]) + torch.maximum(x[0], 3 * x[0]),
    "largest": lambda x: x.abs().max(),
    "root": lambda x: x.abs().sqrt().sum(),
    "norm": lambda x: x.norm(),
    "NaN at a kink": lambda x: torch.sqrt(x[0] ** 2 + x[1] ** 2),
    "branches": branches,
    "branches by item": branches_by_item,
    "flat on one side": flat_on_one_side,
    "jumps": lambda x: torch.floor(x[0]) + x[0] + x[1],
    "a plateau": lambda x: torch.clamp(x[0] ** 2 + x[1] ** 2, max=30),
    "holes": lambda x: x[0].log() + x[1] ** 2,
    "pole": lambda x: 1 / (x[0] ** 2 + x[1] ** 2),
    "overflow": lambda x: torch.exp(x[0] ** 4) + x[1],
    "huge": lambda x: 1e300 * x[0] ** 2 + x[1],
    "tiny": lambda x: 1e-300 * (x[0] ** 2 + x[1]),
    "rounding": lambda x: (1e10 + x[0] - 1e10) + x[1] ** 2,
    "single precision as double": lambda x: (x.float() ** 4).sum().double(),
    "fine waves": lambda x: torch.sin(1e5 * x[0]) + x[1],
    "waves": lambda x: torch.sin(50 * x[0]) * torch.cos(30 * x[1]),
    "steep": lambda x: x[0] ** 10 + torch.exp(x[1]),
    "one variable": lambda x: x[0] ** 2,
    "numbers": lambda x: (x[0] - np.float64(3)) ** 2 * math.sin(2) + x[1] * np.pi,
    "an array": lambda x: x @ torch.from_numpy(HERE) @ x,
}


@pytest.mark.parametrize("name", SOUND)
def test_correct_function_passes(name):
    function = Function(SOUND[name])
    check_gradient(function, STARTS)
    check_gradient(Function(SOUND[name], x=(-1e-3, 1e-3), y=(0, 1e4)), [(0, 0)])


@pytest.mark.parametrize("x", [(1e6, 1e6 + 1), (-1e9, 1e9), (1e-9, 2e-9)], ids=str)
def test_check_works_on_any_domain(x):
    check_gradient(Function(lambda p: (p[0] - x[0]) ** 2 + p[1], x=x), [(x[0], 0)])
    with pytest.raises(Error, match=r"leave out \.item"):
        check_gradient(Function(lambda p: (p[0] - x[0]).item() ** 2 + p[1], x=x), [(x[0], 0)])


def test_less_precision_is_a_warning_with_its_line():
    function = Function(lambda x: (x.float() ** 2).sum() * 1e3, name="rough")
    with pytest.warns(
        UserWarning,
        match=r"^function rough, line \d+ of test_gradient_check.py: computes in float32 in place of float64; "
        "write dtype=torch.float64 or call .double\\(\\)$",
    ):
        check_gradient(function, STARTS)


def test_constant_function_is_a_warning():
    flat = Function(lambda x: 0 * (x[0] + x[1]) + 3, name="flat")
    with pytest.warns(
        UserWarning, match="^function flat: is 3 at every sampled point, so that no racer moves; use"
    ) as caught:
        recording = record(flat, [Racer("SGD", lr=1.0)], (1, 1), 3)
    assert len(caught) == 1
    assert (recording.xy == 1).all()


@pytest.mark.parametrize("definition", [python_sine, branches_by_item])
def test_torchs_own_warnings_are_suppressed(definition):
    torch.set_warn_always(True)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                check_gradient(Function(definition), STARTS)
            except Error:
                assert definition is python_sine
    finally:
        torch.set_warn_always(False)
    assert caught == []
