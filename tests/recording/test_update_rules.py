"""Update rules agree with torch, and their numbers with the recording."""

import re

import numpy as np
import pytest
from torch.optim.lr_scheduler import OneCycleLR, StepLR

from animopt.engine.racer import Racer
from animopt.engine.record import record
from animopt.functions import quartic, ravine
from animopt.recording.update_rules import UpdateRule, format_mathtext, step_sizes, velocity

STEPS = 12


def cycle(optimizer):
    """Change the learning rate and, where there is one, the momentum or the betas."""
    return OneCycleLR(optimizer, optimizer.param_groups[0]["lr"], total_steps=STEPS + 1)


def halve(optimizer):
    return StepLR(optimizer, 3, 0.5)


RACERS = {
    "SGD": Racer("SGD", lr=0.001),
    "SGD, decay": Racer("SGD", lr=0.001, weight_decay=0.1, foreach=True),
    "SGD, upwards": Racer("SGD", lr=1e-5, maximize=True, weight_decay=0.1),
    "SGD, schedule": Racer("SGD", lr=0.001, scheduler=halve),
    "momentum": Racer("SGD", lr=0.001, momentum=0.9),
    "momentum, decay": Racer("SGD", lr=0.001, momentum=0.9, weight_decay=0.2, fused=True),
    "momentum, schedule": Racer("SGD", lr=0.001, momentum=0.9, scheduler=cycle),
    "Nesterov": Racer("SGD", lr=0.001, momentum=0.8, nesterov=True),
    "Nesterov, upwards": Racer("SGD", lr=1e-5, momentum=0.8, nesterov=True, maximize=True),
    "Nesterov, decay, schedule": Racer("SGD", lr=0.001, momentum=0.8, nesterov=True, weight_decay=0.3, scheduler=cycle),
    "Adagrad": Racer("Adagrad", lr=0.8),
    "Adagrad, decay": Racer("Adagrad", lr=0.8, initial_accumulator_value=0.25, eps=1e-3, weight_decay=0.1),
    "Adagrad, upwards, schedule": Racer("Adagrad", lr=0.01, maximize=True, foreach=True, scheduler=halve),
    "RMSprop": Racer("RMSprop", lr=0.9, alpha=0.9, eps=1e-3),
    "RMSprop, decay, schedule": Racer("RMSprop", lr=0.9, weight_decay=0.1, foreach=True, scheduler=halve),
    "RMSprop, upwards": Racer("RMSprop", lr=0.01, maximize=True),
    "centered": Racer("RMSprop", lr=0.5, alpha=0.75, centered=True),
    "centered, decay": Racer("RMSprop", lr=0.5, alpha=0.9, centered=True, weight_decay=0.1, scheduler=halve),
    "Adam": Racer("Adam", lr=0.9, betas=(0.9, 0.95)),
    "Adam, decay": Racer("Adam", lr=0.9, eps=1e-2, weight_decay=0.1, foreach=True),
    "Adam, decoupled": Racer("Adam", lr=0.9, weight_decay=0.1, decoupled_weight_decay=True),
    "Adam, upwards, schedule": Racer("Adam", lr=0.01, maximize=True, scheduler=cycle),
    "AMSGrad": Racer("Adam", lr=0.9, amsgrad=True, betas=(0.9, 0.5)),
    "AMSGrad, decay": Racer("AdamW", lr=0.9, amsgrad=True, betas=(0.9, 0.5), weight_decay=0.05, scheduler=cycle),
    "AdamW": Racer("AdamW", lr=0.9, betas=(0.8, 0.99), weight_decay=0.1),
    "AdamW, upwards": Racer("AdamW", lr=0.01, maximize=True, weight_decay=0.1, fused=True),
    "AdamW, no decay": Racer("AdamW", lr=0.9, weight_decay=0, scheduler=cycle),
    "NAdam": Racer("NAdam", lr=0.9, betas=(0.9, 0.95), momentum_decay=0.5),
    "NAdam, decay, schedule": Racer("NAdam", lr=0.9, weight_decay=0.1, scheduler=cycle),
    "NAdam, decoupled, upwards": Racer(
        "NAdam", lr=0.01, weight_decay=0.1, decoupled_weight_decay=True, maximize=True, foreach=True
    ),
}

SYMBOLS = {
    r"\hat{\mathbf{m}}": "m_hat",
    r"\hat{\mathbf{v}}": "v_hat",
    r"\hat{\mathbf{u}}": "u_hat",
    **{rf"\mathbf{{{letter}}}": letter for letter in "xgvmsuc"},
    r"\mu_{t+1}": "mu_next",
    r"\mu_t": "mu_t",
    r"\mu": "momentum",
    r"\beta_1": "beta1",
    r"\beta_2": "beta2",
    r"\eta": "lr",
    r"\epsilon": "eps",
    r"\alpha": "alpha",
    r"\lambda": "weight_decay",
    r"\psi": "momentum_decay",
}
"""Names of the symbols, the longer symbols first."""

STATES = {
    "SGD": {"v": "momentum_buffer"},
    "Adagrad": {"s": "sum"},
    "RMSprop": {"s": "square_avg", "m": "grad_avg"},
    "Adam": {"m": "exp_avg", "v": "exp_avg_sq", "u": "max_exp_avg_sq"},
    "AdamW": {"m": "exp_avg", "v": "exp_avg_sq", "u": "max_exp_avg_sq"},
    "NAdam": {"m": "exp_avg", "v": "exp_avg_sq", "p": "mu_product"},
}
"""Name in torch of the symbols that are states of each class."""


@pytest.fixture(scope="module")
def recordings():
    return {
        function: record(function, list(RACERS.values()), start, STEPS)
        for function, start in ((quartic, (5, -2.5)), (ravine, (-7, 2)))
    }


@pytest.fixture(params=[quartic, ravine], ids=["quartic", "ravine"])
def recording(request, recordings):
    return recordings[request.param]


@pytest.fixture(params=range(len(RACERS)), ids=list(RACERS))
def racer(request):
    return request.param


def python(mathtext):
    """A line of a rule, or a filled one, as two Python expressions."""
    for symbol, name in SYMBOLS.items():
        mathtext = mathtext.replace(symbol, name)
    mathtext = re.sub(r"\\sqrt\{([^{}]*)\}", r"sqrt(\1)", mathtext)
    mathtext = re.sub(r"\^\{([^{}]*)\}", r"**(\1)", mathtext).replace("^", "**").replace(r"\max", "maximum")
    return re.split(r" = | \\leftarrow ", mathtext.replace(r"\,", "*").replace(r"\cdot", "*"))


def settings_of(recording, racer, step):
    """The settings of a step."""
    settings = {
        name: each[step + 1] if isinstance(each, np.ndarray) else each
        for name, each in recording.hyperparameters[racer].items()
    }
    beta1, beta2 = settings.get("betas", (0, 0))
    return {**settings, "beta1": beta1, "beta2": beta2}


def state_before(recording, racer, step):
    """The state before a step, or torch's initial values if there is none yet."""
    return {
        key: np.where(np.isnan(values[step]), float(key == "mu_product"), values[step])
        for key, values in recording.states[racer].items()
    }


def equations(lines):
    return [equation for line in lines for equation in line.split(r",\quad ")]


def evaluated(recording, racer, step):
    """Each equation of the rule with the values of its symbols, computed in their order from the recorded state."""
    names = STATES[recording.optimizers[racer]]
    before, after = state_before(recording, racer, step), recording.states[racer]
    values = {**settings_of(recording, racer, step), "t": step + 1, "x": recording.xy[racer, step]}
    values |= {symbol: before[name] for symbol, name in names.items() if name in before}
    values |= {"g": recording.gradients[racer, step], "sqrt": np.sqrt, "maximum": np.maximum}
    for line in equations(UpdateRule(recording, racer).lines):
        target, expression = python(line)
        used = dict(values)
        values[target] = eval(expression, {}, values)
        if target == "mu_t":
            # The momentum of the next step is defined as that of this one.
            values["mu_next"] = eval(expression, {}, {**values, "t": step + 2})
        if target in names:
            recorded = after[names[target]][step + 1]
            # torch stores the product of NAdam's momenta in float32.
            np.testing.assert_allclose(values[target], recorded, rtol=1e-6 if target == "p" else 1e-12, atol=1e-15)
            values[target] = recorded
        yield line, used, values[target]


def test_drawn_lines_lead_from_each_point_to_the_next(recording, racer):
    for step in range(STEPS):
        *_, (_, _, point) = evaluated(recording, racer, step)
        np.testing.assert_allclose(point, recording.xy[racer, step + 1], rtol=1e-12, atol=1e-12)


SYMBOL = "|".join([*map(re.escape, SYMBOLS), r"(?<![\\a-z])[pt](?![a-z])"])


def numbers(mathtext):
    """The numbers in a part of a filled line."""
    mathtext = re.sub(r"\{\\times\}10\^\{(-?\d+)\}", r"e\1", mathtext)
    mathtext = re.sub(r"^10\^\{(-?\d+)\}", r"1e\1", mathtext)
    return [float(each) for each in re.findall(r"-?[\d.]+(?:e-?\d+)?", mathtext)]


@pytest.mark.parametrize("step", [0, 1, STEPS - 1])
def test_filled_lines_have_the_numbers_in_place_of_the_symbols(recording, racer, step):
    filled = equations(UpdateRule(recording, racer).filled(step))
    for (line, values, result), shown in zip(evaluated(recording, racer, step), filled, strict=True):
        symbols = re.findall(SYMBOL, line)
        pattern = re.escape(re.sub(SYMBOL, "#", line).replace(r"\leftarrow", "=")).replace(r"\#", "#")
        for symbol in symbols:
            pattern = pattern.replace("#", r"(\([^()]*\))" if "mathbf" in symbol else "([^()]+?)", 1)
        places = re.fullmatch(pattern, shown)
        assert places, (line, shown)
        for index, (symbol, place) in enumerate(zip(symbols, places.groups(), strict=True)):
            value = result if index == 0 else values[SYMBOLS.get(symbol, symbol)]
            np.testing.assert_allclose(numbers(place), np.atleast_1d(value), rtol=6e-3, err_msg=shown)


def test_legend_defines_each_symbol_of_the_rule_and_no_other(recordings, racer):
    rule = UpdateRule(recordings[ravine], racer)
    defined = [symbol for symbols, _ in rule.legend() for symbol in symbols]
    lines = " ".join(rule.lines)
    assert sorted(defined) == sorted(set(re.findall(SYMBOL, lines)))
    assert not re.findall(r"[a-z]", re.sub(SYMBOL + r"|\\(leftarrow|sqrt|max|cdot|quad)", "", lines))


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


def test_rule_of_momentum():
    rule = UpdateRule(record(ravine, [Racer("SGD", lr=0.001, momentum=0.9)], (-7, 2), 2), 0)
    assert rule.lines == (
        r"\mathbf{v} \leftarrow \mu\,\mathbf{v} + \mathbf{g}",
        r"\mathbf{x} \leftarrow \mathbf{x} - \eta\,\mathbf{v}",
    )
    assert rule.filled(0) == (
        r"({-0.700}, 4.00) = 0.9\,(0, 0) + ({-0.700}, 4.00)",
        r"({-7.00}, 2.00) = ({-7.00}, 2.00) - 0.001\,({-0.700}, 4.00)",
    )
    assert [meaning for _, meaning in rule.legend()] == [
        "point (x, y)",
        "gradient",
        "velocity",
        "learning rate",
        "momentum",
    ]


def test_decay_is_part_of_the_gradient_or_of_the_point():
    racers = [Racer("Adam", weight_decay=0.1, maximize=True), Racer("AdamW", weight_decay=0.1)]
    recording = record(ravine, racers, (-7, 2), 2)
    coupled, decoupled = UpdateRule(recording, 0), UpdateRule(recording, 1)
    assert coupled.lines[0] == r"\mathbf{g} \leftarrow -\mathbf{g} + \lambda\,\mathbf{x}"
    assert coupled.filled(0)[0] == r"(0, {-3.80}) = -({-0.700}, 4.00) + 0.1\,({-7.00}, 2.00)"
    assert decoupled.lines[-1].startswith(r"\mathbf{x} \leftarrow (1 - \eta \cdot \lambda)\,\mathbf{x} - ")
    assert coupled.lines[1:-1] == decoupled.lines[:-1]


class Adam:
    """A class that is not torch's."""

    def __init__(self, parameters, **settings):
        self.param_groups = [{"params": list(parameters), **settings}]

    def step(self, closure):
        closure()
        for parameter in self.param_groups[0]["params"]:
            parameter.data -= self.param_groups[0]["lr"] * parameter.grad


@pytest.mark.parametrize(
    "racer",
    [
        Racer("LBFGS"),
        Racer("Rprop"),
        Racer("RAdam"),
        Racer(Adam, lr=0.1, betas=(0.9, 0.9)),
        Racer("SGD", lr=0.1, momentum=0.9, dampening=0.5),
        Racer("Adagrad", lr_decay=0.1),
        Racer("RMSprop", momentum=0.5),
        Racer("RMSprop", centered=True, momentum=0.5, weight_decay=0.1),
    ],
    ids=repr,
)
def test_unknown_variant_has_no_rule(racer):
    rule = UpdateRule(record(ravine, [racer], (-7, 2), 2), 0)
    assert rule.lines == rule.legend() == rule.filled(1) == ()


def test_adamw_without_decay_has_the_rule_of_adam():
    recording = record(ravine, [Racer("Adam", lr=0.1), Racer("AdamW", lr=0.1, weight_decay=0)], (-7, 2), 2)
    assert UpdateRule(recording, 0).lines == UpdateRule(recording, 1).lines
    assert UpdateRule(recording, 0).filled(1) == UpdateRule(recording, 1).filled(1)


def test_diverged_racer_has_a_rule_without_numbers():
    rule = UpdateRule(record(quartic, [Racer("SGD", lr=1.0)], (5, -2.5), 20), 0)
    assert rule.lines
    assert rule.filled(0)
    assert rule.filled(19) == ()


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "0"),
        (1, "1.00"),
        (-0.0123456, "{-0.0123}"),
        (999.4, "999"),
        (999.6, r"1.00{\times}10^{3}"),
        (0.009996, "0.0100"),
        (0.00123456, "0.00123"),
        (-1.2345e-7, r"{-1.23{\times}10^{-7}}"),
        ((2.5, -30), "(2.50, {-30.0})"),
        (np.inf, r"{\infty}"),
        (np.nan, r"\mathrm{nan}"),
    ],
)
def test_mathtext_has_three_significant_digits(number, expected):
    assert format_mathtext(number) == expected


@pytest.mark.parametrize("scheduler", [None, halve])
def test_step_sizes_times_gradients_are_the_steps(scheduler):
    racers = [
        Racer("Adagrad", lr=0.8, initial_accumulator_value=0.25, scheduler=scheduler),
        Racer("Adagrad", lr=0.5, lr_decay=0.1, scheduler=scheduler),
        Racer("RMSprop", lr=0.9, alpha=0.9, eps=1e-3, scheduler=scheduler),
        Racer("RMSprop", lr=0.5, alpha=0.75, centered=True, scheduler=scheduler),
    ]
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
    recording = record(quartic, [Racer("NAdam", lr=0.9, betas=(0.9, 0.95), momentum_decay=0.5)], (5, -2.5), STEPS)
    state, settings = recording.states[0], recording.hyperparameters[0]
    momentum = settings["betas"][0] * (1 - 0.96 ** (np.arange(1, STEPS + 1) * settings["momentum_decay"]) / 2)
    share = (1 - momentum) / (1 - state["mu_product"][1:])
    rest = -step_sizes(recording, 0)[1:] * share[:, None] * recording.gradients[0, :-1]
    steps = np.diff(recording.xy[0], axis=0)
    np.testing.assert_allclose(velocity(recording, 0)[1:] + rest, steps, rtol=1e-9, atol=1e-9)


def test_step_sizes_of_rprop_are_its_steps():
    recording = record(ravine, [Racer("Rprop", lr=0.1)], (-7, 2), STEPS)
    steps = np.abs(np.diff(recording.xy[0], axis=0))
    sizes = step_sizes(recording, 0)[1:]
    # Rprop pauses for a step when the gradient changes its sign.
    np.testing.assert_allclose(steps[steps > 0], sizes[steps > 0], rtol=1e-9)
