"""Update rules agree with torch, and their numbers with the recording."""

import re

import numpy as np
import pytest
import torch
from torch.optim.lr_scheduler import OneCycleLR, StepLR

from animopt.engine.racer import Racer
from animopt.engine.record import record
from animopt.functions import quartic, ravine
from animopt.recording.update_rules import format_mathtext, step_sizes, update_rule, velocity

STEPS = 12
RACERS = {
    "SGD": Racer("SGD", lr=0.001),
    "Momentum": Racer("SGD", lr=0.001, momentum=0.9),
    "Nesterov": Racer("SGD", lr=0.001, momentum=0.8, nesterov=True),
    "Adagrad": Racer("Adagrad", lr=0.8, initial_accumulator_value=0.25),
    "RMSprop": Racer("RMSprop", lr=0.9, alpha=0.9, eps=1e-3),
    "centered": Racer("RMSprop", lr=0.5, alpha=0.75, centered=True),
    "Adam": Racer("Adam", lr=0.9, betas=(0.9, 0.95)),
    "AdamW": Racer("AdamW", lr=0.9, betas=(0.8, 0.99), weight_decay=0.1),
    "NAdam": Racer("NAdam", lr=0.9, betas=(0.9, 0.95), momentum_decay=0.5),
}


@pytest.fixture(params=RACERS)
def name(request):
    return request.param


@pytest.fixture(params=[(quartic, (5, -2.5)), (ravine, (-7, 2))], ids=["quartic", "ravine"])
def recording(request, name):
    function, start = request.param
    return record(function, [RACERS[name]], start, STEPS)


def momentum_of(settings, t):
    return settings["betas"][0] * (1 - 0.96 ** (t * settings["momentum_decay"]) / 2)


def by_formula(name, x, g, old, settings):
    """Return the next point and state by the formulas of the papers, with lr and eps where torch has them."""
    lr = settings["lr"]
    match name:
        case "SGD":
            return x - lr * g, {}
        case "Momentum":
            v = settings["momentum"] * old["momentum_buffer"] + g
            return x - lr * v, {"momentum_buffer": v}
        case "Nesterov":
            v = settings["momentum"] * old["momentum_buffer"] + g
            return x - lr * (g + settings["momentum"] * v), {"momentum_buffer": v}
        case "Adagrad":
            s = old["sum"] + g**2
            return x - lr * g / (np.sqrt(s) + settings["eps"]), {"sum": s}
        case "RMSprop":
            s = settings["alpha"] * old["square_avg"] + (1 - settings["alpha"]) * g**2
            return x - lr * g / (np.sqrt(s) + settings["eps"]), {"square_avg": s}
        case "centered":
            s = settings["alpha"] * old["square_avg"] + (1 - settings["alpha"]) * g**2
            m = settings["alpha"] * old["grad_avg"] + (1 - settings["alpha"]) * g
            return x - lr * g / (np.sqrt(s - m**2) + settings["eps"]), {"square_avg": s, "grad_avg": m}
    beta1, beta2 = settings["betas"]
    t = old["step"] + 1
    m = beta1 * old["exp_avg"] + (1 - beta1) * g
    v = beta2 * old["exp_avg_sq"] + (1 - beta2) * g**2
    new = {"exp_avg": m, "exp_avg_sq": v, "step": t}
    mean = m / (1 - beta1**t)
    if name == "NAdam":
        mu, following = momentum_of(settings, t), momentum_of(settings, t + 1)
        new["mu_product"] = product = old["mu_product"] * mu
        mean = following * m / (1 - product * following) + (1 - mu) * g / (1 - product)
    kept = 1 - lr * settings["weight_decay"] if name == "AdamW" else 1
    return kept * x - lr * mean / (np.sqrt(v / (1 - beta2**t)) + settings["eps"]), new


def state_before(recording, step):
    """Return the state before a step, or torch's initial values if there is none yet."""
    return {
        key: np.where(np.isnan(values[step]), float(key == "mu_product"), values[step])
        for key, values in recording.states[0].items()
    }


def test_formulas_lead_from_each_point_to_the_next(recording, name):
    for step in range(STEPS):
        point, state = by_formula(
            name,
            recording.xy[0, step],
            recording.gradients[0, step],
            state_before(recording, step),
            recording.hyperparameters[0],
        )
        np.testing.assert_allclose(recording.xy[0, step + 1], point, rtol=1e-6, atol=1e-9)
        for key, value in state.items():
            # torch stores the product of NAdam's momenta in float32.
            np.testing.assert_allclose(recording.states[0][key][step + 1], value, rtol=1e-6, atol=1e-12)


def scheduled(name, scheduler):
    return Racer(RACERS[name].optimizer, scheduler=scheduler, **RACERS[name].settings)


def cycle(optimizer):
    return OneCycleLR(optimizer, 0.001, total_steps=STEPS + 1)


def halve(optimizer):
    return StepLR(optimizer, 3, 0.5)


# The first cycle a momentum or a beta too. Only the learning rate of the others changes.
SCHEDULED = [(name, cycle) for name in ("Momentum", "Nesterov", "Adam", "AdamW", "NAdam")]
SCHEDULED += [(name, halve) for name in ("SGD", "Adagrad", "RMSprop", "centered")]


@pytest.mark.parametrize(("name", "scheduler"), SCHEDULED)
def test_scheduled_step_uses_the_settings_of_that_step(name, scheduler):
    recording = record(quartic, [scheduled(name, scheduler)], (5, -2.5), STEPS)
    x = torch.tensor((5, -2.5), dtype=torch.float64, requires_grad=True)
    optimizer = RACERS[name].build(x)
    schedule = scheduler(optimizer)
    rates = []
    for step in range(STEPS):
        group = dict(optimizer.param_groups[0])
        rates.append(group["lr"])
        point, state = by_formula(
            name, recording.xy[0, step], recording.gradients[0, step], state_before(recording, step), group
        )
        np.testing.assert_allclose(recording.xy[0, step + 1], point, rtol=1e-6, atol=1e-9)
        for key, value in state.items():
            np.testing.assert_allclose(recording.states[0][key][step + 1], value, rtol=1e-6, atol=1e-12)
        optimizer.zero_grad()
        quartic(x).backward()
        optimizer.step()
        schedule.step()
    np.testing.assert_array_equal(recording.hyperparameters[0]["lr"], [rates[0], *rates])
    assert len(set(rates)) > 3


@pytest.mark.parametrize("step", [0, 1, 5.5, STEPS])
@pytest.mark.parametrize(("name", "scheduler"), SCHEDULED)
def test_printed_equations_of_a_scheduled_step_hold(name, scheduler, step):
    recording = record(quartic, [scheduled(name, scheduler)], (5, -2.5), STEPS)
    filled = update_rule(recording, 0, step).filled
    assert len(filled) == len(PRINTED[name])
    assert_true(filled, name)


def test_printed_learning_rate_is_that_of_the_step():
    recording = record(ravine, [scheduled("SGD", halve)], (-7, 2), STEPS)
    printed = [
        update_rule(recording, 0, step).filled[0].partition(" - ")[2].partition(r"\,")[0] for step in range(STEPS)
    ]
    rates = ["0.001"] * 3 + ["0.0005"] * 3 + ["0.00025"] * 3 + ["0.000125"] * 3
    assert printed == rates


@pytest.mark.parametrize(
    "racer",
    [
        Racer("SGD", lr=0.001, momentum=0.9, scheduler=cycle),
        Racer("Adam", lr=0.9, scheduler=cycle),
        Racer("AdamW", lr=0.9, weight_decay=0, scheduler=cycle),
        Racer("Adamax", lr=0.9, scheduler=halve),
    ],
    ids=repr,
)
def test_scheduled_velocity_is_the_whole_step(racer):
    recording = record(quartic, [racer], (5, -2.5), STEPS)
    np.testing.assert_allclose(velocity(recording, 0)[1:], np.diff(recording.xy[0], axis=0), rtol=1e-9, atol=1e-12)


def test_scheduled_step_sizes_times_gradients_are_the_steps():
    racers = [scheduled(name, halve) for name in ("Adagrad", "RMSprop", "centered")]
    recording = record(quartic, [*racers, Racer("Adagrad", lr_decay=0.1, scheduler=halve, steps=7)], (5, -2.5), STEPS)
    for racer, taken in enumerate(recording.steps):
        steps = -step_sizes(recording, racer)[1:] * recording.gradients[racer, :-1]
        expected = np.diff(recording.xy[racer], axis=0)
        np.testing.assert_allclose(steps[:taken], expected[:taken], rtol=1e-9, atol=1e-12)


NUMBER = r"-?[\d.]+(?:e-?\d+)?"
PAIR = rf"\(({NUMBER}), ({NUMBER})\)"


def arithmetic(line):
    """Return the two sides of a filled line as Python expressions with V(a, b) for pairs."""
    line = re.sub(r"\{\\times\}10\^\{(-?\d+)\}", r"e\1", line)
    line = re.sub(r"\b10\^\{(-?\d+)\}", r"1e\1", line)
    line = re.sub(rf"(?<!\^)\{{({NUMBER})\}}", r"\1", line)
    line = re.sub(PAIR, r"V(\1, \2)", line)
    line = re.sub(r"\\sqrt\{([^{}]*)\}", r"sqrt(\1)", line)
    line = re.sub(r"\^\{([^{}]*)\}", r"**(\1)", line).replace("^", "**")
    return line.replace(r"\,", "*").replace(r"\cdot", "*").split(" = ")


def value(expression):
    return eval(expression, {"sqrt": np.sqrt, "V": lambda *pair: np.array(pair)})


def rounding(number):
    """Return half a unit of a number's last digit."""
    mantissa, _, power = number.partition("e")
    return 0.5 * 10.0 ** (int(power or 0) - len(mantissa.partition(".")[2]))


def slack(expression, numbers):
    """Return the error of an expression that rounded numbers can cause."""
    total = np.zeros(2)
    for found in re.finditer(NUMBER, expression):
        if found[0] in numbers:
            other = repr(float(found[0]) + rounding(found[0]))
            total = total + np.abs(
                value(expression[: found.start()] + other + expression[found.end() :]) - value(expression)
            )
    return total


def assert_true(filled, name):
    """Assert that each line is an equation within the rounding of its numbers."""
    for line in filled:
        left, right = arithmetic(line)
        rounded = {number for pair in re.findall(PAIR, right) for number in pair}
        if name == "NAdam":
            rounded |= {number for number in re.findall(NUMBER, right) if len(number.strip("-0.")) == 3}
        allowed = 1.1 * slack(right, rounded) + max(map(rounding, re.findall(NUMBER, left)))
        assert (np.abs(value(left) - value(right)) <= allowed).all(), line


@pytest.mark.parametrize("step", [0, 1, 5.5, STEPS])
def test_printed_equations_hold(recording, name, step):
    assert_true(update_rule(recording, 0, step).filled, name)


VELOCITY = ["momentum_buffer'", "momentum_buffer", "g"]
SQUARE = ["square_avg'", "square_avg", "g"]
MOMENTS = [["exp_avg'", "exp_avg", "g"], ["exp_avg_sq'", "exp_avg_sq", "g"]]
HATS = [["", "exp_avg'"], ["", "exp_avg_sq'"]]
PRINTED = {
    "SGD": [["x'", "x", "g"]],
    "Momentum": [VELOCITY, ["x'", "x", "momentum_buffer'"]],
    "Nesterov": [VELOCITY, ["x'", "x", "g", "momentum_buffer'"]],
    "Adagrad": [["sum'", "sum", "g"], ["x'", "x", "g", "sum'"]],
    "RMSprop": [SQUARE, ["x'", "x", "g", "square_avg'"]],
    "centered": [SQUARE, ["grad_avg'", "grad_avg", "g"], ["x'", "x", "g", "square_avg'", "grad_avg'"]],
    "Adam": [*MOMENTS, *HATS, ["x'", "x", "", ""]],
    "AdamW": [*MOMENTS, *HATS, ["x'", "x", "", ""]],
    "NAdam": [[], [], *MOMENTS, ["", "exp_avg'", "g"], HATS[1], ["x'", "x", "", ""]],
}


@pytest.mark.parametrize("step", [0, 1, 5.5, STEPS])
def test_printed_numbers_are_those_of_the_recording(recording, name, step):
    before = min(int(step), STEPS - 1)
    known = {"x": recording.xy[0, before], "x'": recording.xy[0, before + 1], "g": recording.gradients[0, before]}
    known |= state_before(recording, before)
    known |= {f"{key}'": values[before + 1] for key, values in recording.states[0].items()}
    filled = update_rule(recording, 0, step).filled
    assert len(filled) == len(PRINTED[name])
    for line, keys in zip(filled, PRINTED[name], strict=True):
        pairs = re.findall(PAIR, " = ".join(arithmetic(line)))
        assert len(pairs) == len(keys), line
        for pair, key in zip(pairs, keys, strict=True):
            for number, exact in zip(pair, known.get(key, ()), strict=False):
                assert abs(float(number) - exact) <= 1.0001 * rounding(number), (line, key)
                assert len(re.sub(r"^-?0?\.?0*|e.*|\.", "", number)) == 3 or exact == 0, number


def test_lines_are_equal_at_all_steps(recording):
    assert len({update_rule(recording, 0, step).lines for step in range(STEPS + 1)}) == 1


def test_rule_of_momentum():
    recording = record(ravine, [RACERS["Momentum"]], (-7, 2), 2)
    assert update_rule(recording, 0, 0).lines == (r"v \leftarrow \mu\,v + g", r"x \leftarrow x - \eta\,v")
    assert update_rule(recording, 0, 0).filled == (
        r"({-0.700}, 4.00) = 0.9\,(0, 0) + ({-0.700}, 4.00)",
        r"({-7.00}, 2.00) = ({-7.00}, 2.00) - 0.001\,({-0.700}, 4.00)",
    )


def test_numbers_of_the_last_step_remain_after_it():
    recording = record(quartic, [Racer("SGD", lr=0.001, steps=3), Racer("SGD", lr=0.001)], (5, -2.5), 9)
    assert (
        update_rule(recording, 0, 2)
        == update_rule(recording, 0, 3)
        == update_rule(recording, 0, 9)
        == update_rule(recording, 1, 2)
    )
    assert update_rule(recording, 1, 2) != update_rule(recording, 1, 3)


class Adam:
    """A class that is not torch's."""

    def __init__(self, parameters, **settings):
        self.param_groups = [{"params": list(parameters), **settings}]

    def step(self, closure):
        closure()


@pytest.mark.parametrize(
    "racer",
    [
        Racer("LBFGS"),
        Racer("Rprop"),
        Racer("RAdam"),
        Racer(Adam, lr=0.1, betas=(0.9, 0.9)),
        Racer("SGD", lr=0.1, weight_decay=0.1),
        Racer("SGD", lr=0.1, maximize=True),
        Racer("SGD", lr=0.1, momentum=0.9, dampening=0.5),
        Racer("Adagrad", lr_decay=0.1),
        Racer("RMSprop", momentum=0.5),
        Racer("Adam", amsgrad=True),
        Racer("Adam", weight_decay=0.1),
        Racer("NAdam", weight_decay=0.1, decoupled_weight_decay=True),
    ],
    ids=repr,
)
def test_unknown_variant_has_no_rule(racer):
    shown = update_rule(record(ravine, [racer], (-7, 2), 2), 0, 1)
    assert shown.lines == shown.filled == ()


def test_adamw_without_decay_has_the_rule_of_adam():
    recording = record(ravine, [Racer("Adam", lr=0.1), Racer("AdamW", lr=0.1, weight_decay=0)], (-7, 2), 2)
    assert update_rule(recording, 0, 1) == update_rule(recording, 1, 1)


def test_diverged_racer_has_a_rule_without_numbers():
    recording = record(quartic, [Racer("SGD", lr=1.0)], (5, -2.5), 20)
    assert update_rule(recording, 0, 0).filled
    assert update_rule(recording, 0, 19).lines == update_rule(recording, 0, 0).lines
    assert update_rule(recording, 0, 19).filled == ()


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "0"),
        (1, "1.00"),
        (-0.0123456, "{-0.0123}"),
        (999.4, "999"),
        (999.6, r"1.00{\times}10^{3}"),
        (0.009996, "0.0100"),
        (-1.2345e-7, r"{-1.23{\times}10^{-7}}"),
        ((2.5, -30), "(2.50, {-30.0})"),
        (np.inf, r"{\infty}"),
        (np.nan, r"\mathrm{nan}"),
    ],
)
def test_mathtext_has_three_significant_digits(number, expected):
    assert format_mathtext(number) == expected


def test_step_sizes_times_gradients_are_the_steps():
    racers = [RACERS["Adagrad"], RACERS["RMSprop"], RACERS["centered"], Racer("Adagrad", lr=0.5, lr_decay=0.1)]
    recording = record(quartic, racers, (5, -2.5), STEPS)
    for racer in range(len(racers)):
        steps = -step_sizes(recording, racer)[1:] * recording.gradients[racer, :-1]
        np.testing.assert_allclose(steps, np.diff(recording.xy[racer], axis=0), rtol=1e-9, atol=1e-12)
        assert velocity(recording, racer) is None


@pytest.mark.parametrize(
    "racer",
    [
        Racer("SGD", lr=0.001, momentum=0.9),
        Racer("RMSprop", lr=0.1, momentum=0.5),
        Racer("Adam", lr=0.9),
        Racer("Adam", lr=0.9, amsgrad=True),
        Racer("AdamW", lr=0.9, weight_decay=0),
        Racer("Adamax", lr=0.9),
    ],
    ids=repr,
)
def test_velocity_is_the_whole_step(racer):
    recording = record(quartic, [racer], (5, -2.5), STEPS)
    np.testing.assert_allclose(velocity(recording, 0)[1:], np.diff(recording.xy[0], axis=0), rtol=1e-9, atol=1e-12)


def test_velocity_and_gradient_of_nadam_add_up_to_the_step():
    recording = record(quartic, [RACERS["NAdam"]], (5, -2.5), STEPS)
    state, settings = recording.states[0], recording.hyperparameters[0]
    share = (1 - momentum_of(settings, np.arange(1, STEPS + 1))) / (1 - state["mu_product"][1:])
    rest = -step_sizes(recording, 0)[1:] * share[:, None] * recording.gradients[0, :-1]
    steps = np.diff(recording.xy[0], axis=0)
    np.testing.assert_allclose(velocity(recording, 0)[1:] + rest, steps, rtol=1e-9, atol=1e-9)


def test_step_sizes_of_rprop_are_its_steps():
    recording = record(ravine, [Racer("Rprop", lr=0.1)], (-7, 2), STEPS)
    steps = np.abs(np.diff(recording.xy[0], axis=0))
    sizes = step_sizes(recording, 0)[1:]
    # Rprop pauses for a step when the gradient changes its sign.
    np.testing.assert_allclose(steps[steps > 0], sizes[steps > 0], rtol=1e-9)
