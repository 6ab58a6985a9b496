"""The update rules of torch's optimizers: formulas, the numbers of a step, step sizes and velocities."""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Template
from typing import Any

import numpy as np

from animopt.core.arrays import Array
from animopt.recording.recording import Recording

_VELOCITY = r"$v_new $gets $mu\,$v + $g"
_SQUARE = r"$s_new $gets $alpha\,$s + (1 - $alpha)\,$g^2"
_MOMENTS = (
    r"$m_new $gets $beta1\,$m + (1 - $beta1)\,$g",
    r"$v_new $gets $beta2\,$v + (1 - $beta2)\,$g^2",
)
_M_HAT = r"$m_hat = $m_new/(1 - $beta1^{$t})"
_V_HAT = r"$v_hat = $v_new/(1 - $beta2^{$t})"
_SCALED = r"$x_new $gets $x - $lr\,$g/(\sqrt{$s_new} + $eps)"
_SCALED_MEAN = r"$x_new $gets $x - $lr\,$m_hat/(\sqrt{$v_hat} + $eps)"

_RULES: Mapping[tuple[str, frozenset[str]], tuple[str, ...]] = {
    ("SGD", frozenset()): (r"$x_new $gets $x - $lr\,$g",),
    # Polyak 1964. In torch the learning rate is not part of the velocity.
    ("SGD", frozenset({"momentum"})): (_VELOCITY, r"$x_new $gets $x - $lr\,$v_new"),
    # Sutskever et al. 2013.
    ("SGD", frozenset({"momentum", "nesterov"})): (_VELOCITY, r"$x_new $gets $x - $lr\,($g + $mu\,$v_new)"),
    # Duchi et al. 2011.
    ("Adagrad", frozenset()): (r"$s_new $gets $s + $g^2", _SCALED),
    # Tieleman and Hinton 2012; centered: Graves 2013.
    ("RMSprop", frozenset()): (_SQUARE, _SCALED),
    ("RMSprop", frozenset({"centered"})): (
        _SQUARE,
        r"$m_new $gets $alpha\,$m + (1 - $alpha)\,$g",
        r"$x_new $gets $x - $lr\,$g/(\sqrt{$s_new - $m_new^2} + $eps)",
    ),
    # Kingma and Ba 2015; with decay: Loshchilov and Hutter 2019.
    ("Adam", frozenset()): (*_MOMENTS, _M_HAT, _V_HAT, _SCALED_MEAN),
    ("AdamW", frozenset()): (*_MOMENTS, _M_HAT, _V_HAT, _SCALED_MEAN),
    ("AdamW", frozenset({"weight_decay"})): (
        *(*_MOMENTS, _M_HAT, _V_HAT),
        r"$x_new $gets (1 - $lr \cdot $decay)\,$x - $lr\,$m_hat/(\sqrt{$v_hat} + $eps)",
    ),
    # Dozat 2016, with torch's momentum schedule.
    ("NAdam", frozenset()): (
        r"$mu_t = $beta1\,(1 - 0.96^{$psi \cdot $t}/2)",
        r"$p_new $gets $mu_t \cdot $p",
        *_MOMENTS,
        r"$m_hat = $mu_next\,$m_new/(1 - $mu_next \cdot $p_new) + (1 - $mu_t)\,$g/(1 - $p_new)",
        _V_HAT,
        _SCALED_MEAN,
    ),
}
"""The lines of each rule, by the class and by those settings that change the rule and are neither 0 nor False."""

IMPLEMENTATION_SETTINGS = frozenset({"foreach", "fused", "capturable", "differentiable"})
"""Settings that change how torch computes a step, but not the step."""

_COMMON_SETTINGS = IMPLEMENTATION_SETTINGS | {
    *("lr", "betas", "alpha", "eps", "momentum_decay", "initial_accumulator_value", "decoupled_weight_decay"),
}
"""Settings that do not change the lines of a rule."""

# A slot whose name ends in _new has the value after the step.
_SYMBOLS = {f"{letter}{suffix}": letter for letter in "xgtsmvp" for suffix in ("", "_new")} | {
    "gets": r"\leftarrow",
    "lr": r"\eta",
    "eps": r"\epsilon",
    "mu": r"\mu",
    "alpha": r"\alpha",
    "decay": r"\lambda",
    "psi": r"\psi",
    "beta1": r"\beta_1",
    "beta2": r"\beta_2",
    "m_hat": r"\hat{m}",
    "v_hat": r"\hat{v}",
    "mu_t": r"\mu_t",
    "mu_next": r"\mu_{t+1}",
}
_SETTINGS = {name: name for name in ("lr", "eps", "alpha")} | {
    "momentum": "mu",
    "weight_decay": "decay",
    "momentum_decay": "psi",
}
_STATE = {
    "x": "x",
    "momentum_buffer": "v",
    "sum": "s",
    "square_avg": "s",
    "grad_avg": "m",
    "exp_avg": "m",
    "exp_avg_sq": "v",
    "mu_product": "p",
}


@dataclass(frozen=True)
class UpdateRule:
    """An update rule in mathtext without dollar signs.

    Attributes:
        lines: The rule in symbols, one entry per line. Empty if the rule is unknown.
        filled: The same lines with the numbers of one step. Empty if the numbers are not finite.
    """

    lines: tuple[str, ...]
    filled: tuple[str, ...]


@np.errstate(all="ignore")
def update_rule(recording: Recording, racer: int, step: float) -> UpdateRule:
    """Return a racer's rule with the numbers of the step that follows `step`, or of its last step."""
    before = min(int(step), int(recording.steps[racer]) - 1)
    active = frozenset(name for name, value in recording.hyperparameters[racer].items() if np.any(value))
    templates = list(map(Template, _RULES.get((_torch_class(recording, racer), active - _COMMON_SETTINGS), ())))
    lines = tuple(template.substitute(_SYMBOLS) for template in templates)
    if not templates or not np.isfinite(recording.xy[racer, before : before + 2]).all():
        return UpdateRule(lines, ())
    numbers = _numbers(recording, racer, before)
    return UpdateRule(lines, tuple(template.substitute(numbers) for template in templates))


@np.errstate(all="ignore")
def step_sizes(recording: Recording, racer: int) -> Array | None:
    """Return how far each coordinate moves for a gradient of 1 with the state after each step.

    Args:
        recording: A race.
        racer: Index of the racer.

    Returns:
        Step sizes in the units of the domain per unit of the gradient, (steps + 1, 2) or (steps + 1, 1). NaN before
        the optimizer has a state. None for an optimizer without step sizes of its own.
    """
    settings, state = _columns(recording.hyperparameters[racer]), _columns(recording.states[racer])
    match _torch_class(recording, racer):
        case "Adagrad":
            lr = settings["lr"] / (1 + (state["step"] - 1) * settings["lr_decay"])
            return lr / (np.sqrt(state["sum"]) + settings["eps"])
        case "RMSprop":
            return settings["lr"] / (np.sqrt(state["square_avg"] - state.get("grad_avg", 0.0) ** 2) + settings["eps"])
        case "Adam" | "AdamW" | "NAdam":
            spread = state.get("max_exp_avg_sq", state["exp_avg_sq"]) / (1 - settings["betas"][:, 1:] ** state["step"])
            return settings["lr"] / (np.sqrt(spread) + settings["eps"])
        case "Adamax":
            return settings["lr"] / state["exp_inf"]
        case "Rprop":
            # Riedmiller and Braun 1993: the factor of the gradient's sign.
            return state["step_size"]
    return None


@np.errstate(all="ignore")
def velocity(recording: Recording, racer: int) -> Array | None:
    """Return the part of each step that comes from averaged gradients.

    Args:
        recording: A race.
        racer: Index of the racer.

    Returns:
        Displacements in the units of the domain, (steps + 1, 2): each row is the part of the step that leads to the
        point. NaN before the optimizer has a state. None for an optimizer without a velocity.
    """
    settings, state = _columns(recording.hyperparameters[racer]), _columns(recording.states[racer])
    if "momentum_buffer" in state and "lr" in settings:
        return -settings["lr"] * state["momentum_buffer"]
    sizes = step_sizes(recording, racer)
    if sizes is None or "exp_avg" not in state:
        return None
    beta1 = settings["betas"][:, :1]
    share: Array = 1 / (1 - beta1 ** state["step"])
    if _torch_class(recording, racer) == "NAdam":
        momentum = _mu(beta1, settings["momentum_decay"], state["step"] + 1)
        share = momentum / (1 - momentum * state["mu_product"])
    return -sizes * share * state["exp_avg"]


def format_mathtext(value: Any) -> str:
    """Write a number or a pair of numbers with three significant digits, in mathtext without dollar signs."""
    if np.ndim(value):
        return f"({', '.join(map(format_mathtext, value))})"
    if not np.isfinite(value):
        return r"\mathrm{nan}" if np.isnan(value) else rf"{{{'-' if value < 0 else ''}\infty}}"
    mantissa, _, power = f"{abs(value):.2e}".partition("e")
    exponent = int(power)
    if value == 0:
        digits = "0"
    elif -2 <= exponent <= 2:
        digits = f"{abs(value):.{2 - exponent}f}"
    else:
        digits = rf"{mantissa}{{\times}}10^{{{exponent}}}"
    # In braces, mathtext spaces a minus as a sign and not as an operator.
    return f"{{-{digits}}}" if value < 0 else digits


def _setting(value: float) -> str:
    """Write a setting with all its digits, in mathtext."""
    mantissa, exponential, power = f"{value:.6g}".partition("e")
    if not exponential:
        return mantissa
    factor = "" if mantissa == "1" else rf"{mantissa}{{\times}}"
    return rf"{factor}10^{{{int(power)}}}"


def _torch_class(recording: Recording, racer: int) -> str:
    """Return the name of a racer's class, or "" if the class is not torch's and so lacks the setting foreach."""
    return recording.optimizers[racer] if "foreach" in recording.hyperparameters[racer] else ""


def _columns(numbers: Mapping[str, Any]) -> dict[str, Array]:
    """Return each setting or state as an array, (steps + 1, 1 or 2), or (1, 1 or 2) if it never changes."""
    columns = {}
    for name, value in numbers.items():
        match value:
            case np.ndarray():
                columns[name] = value.reshape(len(value), -1)
            case float() | int() | (float() | int(), float() | int()):
                columns[name] = np.array(value, dtype=np.float64, ndmin=2)
    return columns


def _mu(beta1: Array | float, decay: Array | float, step: Array | float) -> Array | float:
    """Return NAdam's momentum in a step, counted from 1 (Dozat 2016)."""
    return beta1 * (1 - 0.5 * 0.96 ** (step * decay))


def _numbers(recording: Recording, racer: int, before: int) -> dict[str, str]:
    """Return the text in each slot of the templates for the step from the point `before`."""
    settings = {
        name: value[before + 1] if isinstance(value, np.ndarray) else value
        for name, value in recording.hyperparameters[racer].items()
    }
    state = {**recording.states[racer], "x": recording.xy[racer]}
    numbers: dict[str, Any] = {"g": recording.gradients[racer, before]}
    for name, slot in _STATE.items():
        if name in state:
            old, new = state[name][before : before + 2]
            # Before the first step torch has no state. It starts with 0, or with 1 for a product.
            numbers |= {slot: np.where(np.isnan(old) & (before == 0), name == "mu_product", old), f"{slot}_new": new}
    slots = {slot: _setting(settings[name]) for name, slot in _SETTINGS.items() if name in settings}
    if "betas" in settings:
        beta1, beta2 = settings["betas"]
        t = int(state["step"][before + 1])
        slots |= {"beta1": _setting(beta1), "beta2": _setting(beta2), "t": str(t)}
        numbers |= {"m_hat": numbers["m_new"] / (1 - beta1**t), "v_hat": numbers["v_new"] / (1 - beta2**t)}
        if "p" in numbers:
            mu, mu_next = (_mu(beta1, settings["momentum_decay"], step) for step in (t, t + 1))
            product = numbers["p_new"]
            mean = mu_next * numbers["m_new"] / (1 - mu_next * product) + (1 - mu) * numbers["g"] / (1 - product)
            numbers |= {"m_hat": mean, "mu_t": mu, "mu_next": mu_next}
    return {"gets": "=", **slots, **{slot: format_mathtext(value) for slot, value in numbers.items()}}
