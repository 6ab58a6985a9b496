"""The update rules of torch's optimizers: formulas, the numbers of a step, step sizes, velocities and trust radii."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from string import Template
from typing import Any

import numpy as np

from animopt.core.arrays import Array
from animopt.core.language import translatable
from animopt.recording.recording import Recording

_VELOCITY = r"$velocity_new $gets $mu\,$velocity + $g"
_SQUARE = r"$s_new $gets $alpha\,$s + (1 - $alpha)\,$g^2"
_MOMENTS = (
    r"$m_new $gets $beta1\,$m + (1 - $beta1)\,$g",
    r"$v_new $gets $beta2\,$v + (1 - $beta2)\,$g^2",
)
_M_HAT = r"$m_hat = $m_new/(1 - $beta1^{$t})"
_V_HAT = r"$v_hat = $v_new/(1 - $beta2^{$t})"
_SCALED_MEAN = r"$x_new $gets $x - $lr\,$m_hat/(\sqrt{$v_hat} + $eps)"

_RULES: Mapping[tuple[str, frozenset[str]], tuple[str, ...]] = {
    ("SGD", frozenset()): (r"$x_new $gets $x - $lr\,$g",),
    # Polyak 1964. In torch the learning rate is not part of the velocity.
    ("SGD", frozenset({"momentum"})): (_VELOCITY, r"$x_new $gets $x - $lr\,$velocity_new"),
    # Bengio, Boulanger-Lewandowski and Pascanu 2013, section 3.5.
    ("SGD", frozenset({"momentum", "nesterov"})): (_VELOCITY, r"$x_new $gets $x - $lr\,($g + $mu\,$velocity_new)"),
    # Duchi et al. 2011.
    ("Adagrad", frozenset()): (r"$sum_new $gets $sum + $g^2", r"$x_new $gets $x - $lr\,$g/(\sqrt{$sum_new} + $eps)"),
    # Tieleman and Hinton 2012; centered: Graves 2013.
    ("RMSprop", frozenset()): (_SQUARE, r"$x_new $gets $x - $lr\,$g/(\sqrt{$s_new} + $eps)"),
    ("RMSprop", frozenset({"centered"})): (
        _SQUARE,
        r"$m_new $gets $alpha\,$m + (1 - $alpha)\,$g",
        r"$variance = $s_new - $m_new^2",
        r"$x_new $gets $x - $lr\,$g/(\sqrt{$variance} + $eps)",
    ),
    # Kingma and Ba 2015.
    ("Adam", frozenset()): (*_MOMENTS, _M_HAT, _V_HAT, _SCALED_MEAN),
    # Reddi, Kale and Kumar 2018. In torch the largest mean is one without the correction.
    ("Adam", frozenset({"amsgrad"})): (
        *_MOMENTS,
        r"$u_new $gets \max($u, $v_new)",
        _M_HAT,
        r"$u_hat = $u_new/(1 - $beta2^{$t})",
        r"$x_new $gets $x - $lr\,$m_hat/(\sqrt{$u_hat} + $eps)",
    ),
    # Dozat 2016, with torch's momentum schedule.
    ("NAdam", frozenset()): (
        r"$mu_t = $beta1\,(1 - 0.96^{$psi \cdot $t}/2),\quad $p_new $gets $mu_t \cdot $p",
        _MOMENTS[0],
        _MOMENTS[1],
        _V_HAT,
        r"$n_hat = $mu_next\,$m_new/(1 - $mu_next \cdot $p_new)",
        r"$n_hat_new $gets $n_hat + (1 - $mu_t)\,$g/(1 - $p_new)",
        r"$x_new $gets $x - $lr\,$n_hat_new/(\sqrt{$v_hat} + $eps)",
    ),
}
"""The lines of each rule, by the class and by those settings that change the rule and are neither 0 nor False."""

VELOCITY, STEP_SIZES = translatable("→ velocity, as a step"), translatable("○ step sizes")
"""Names of what is drawn at a racer's head, each with its shape."""

_DECAYS = {"weight_decay", "decoupled_weight_decay", "maximize"}
"""Settings that change every rule in the same way."""

IMPLEMENTATION_SETTINGS = frozenset({"foreach", "fused", "capturable", "differentiable"})
"""Settings that change how torch computes a step, but not the step."""

_COMMON_SETTINGS = IMPLEMENTATION_SETTINGS | {
    *("lr", "betas", "alpha", "eps", "momentum_decay", "initial_accumulator_value", *_DECAYS),
}
"""Settings that do not change the lines of `_RULES`."""

_LEGEND: tuple[tuple[Mapping[str, str], str], ...] = (
    ({"x": r"\mathbf{x}"}, translatable("point (x, y)")),
    ({"g": r"\mathbf{g}"}, translatable("gradient")),
    ({"velocity": r"\mathbf{v}"}, translatable("velocity")),
    ({"sum": r"\mathbf{s}"}, translatable("sum of squared gradients")),
    ({"m": r"\mathbf{m}"}, translatable("mean gradient")),
    ({"s": r"\mathbf{s}", "v": r"\mathbf{v}"}, translatable("mean squared gradient")),
    ({"variance": r"\mathbf{c}"}, translatable("variance of the gradient")),
    ({"u": r"\mathbf{u}"}, translatable("largest mean squared gradient so far")),
    ({"n_hat": r"\hat{\mathbf{m}}"}, translatable("mean gradient, looking ahead")),
    (
        {"m_hat": r"\hat{\mathbf{m}}", "v_hat": r"\hat{\mathbf{v}}", "u_hat": r"\hat{\mathbf{u}}"},
        translatable("corrected for the start at 0"),
    ),
    ({"lr": r"\eta"}, translatable("learning rate")),
    ({"mu": r"\mu"}, translatable("momentum")),
    ({"mu_t": r"\mu_t"}, translatable("momentum of this step")),
    ({"mu_next": r"\mu_{t+1}"}, translatable("momentum of the next step")),
    ({"p": "p"}, translatable("product of the momenta so far")),
    ({"alpha": r"\alpha", "beta1": r"\beta_1", "beta2": r"\beta_2"}, translatable("exponential decay")),
    ({"psi": r"\psi"}, translatable("momentum decay")),
    ({"decay": r"\lambda"}, translatable("weight decay")),
    ({"eps": r"\epsilon"}, translatable("prevents division by 0")),
    ({"t": "t"}, translatable("number of the step")),
    ({"projection": r"\Pi"}, translatable("nearest point in the box")),
)
"""Slots of the templates with their symbols in mathtext, and what they mean. Vectors are bold."""

_SYMBOLS = {slot: symbol for slots, _ in _LEGEND for slot, symbol in slots.items()}

_SETTINGS = {name: name for name in ("lr", "eps", "alpha")} | {
    "momentum": "mu",
    "weight_decay": "decay",
    "momentum_decay": "psi",
}
_STATE = {
    "x": "x",
    "momentum_buffer": "velocity",
    "sum": "sum",
    "square_avg": "s",
    "grad_avg": "m",
    "exp_avg": "m",
    "exp_avg_sq": "v",
    "max_exp_avg_sq": "u",
    "mu_product": "p",
}


@dataclass(frozen=True, eq=False)
class UpdateRule:
    """A racer's update rule.

    A slot of its templates whose name ends in "_new" has the value after the step.
    """

    recording: Recording
    racer: int

    @property
    def lines(self) -> tuple[str, ...]:
        """The rule in symbols, one entry per line, in mathtext without dollar signs. Empty if the rule is unknown."""
        symbols = {**_SYMBOLS, **{f"{slot}_new": symbol for slot, symbol in _SYMBOLS.items()}}
        return tuple(each.substitute(symbols, gets=r"\leftarrow", raw=_SYMBOLS["g"]) for each in self._templates)

    def legend(self, line: int | None = None) -> tuple[tuple[tuple[str, ...], str], ...]:
        """Return the symbols in a line, or in all lines, in mathtext without dollar signs, and what they mean."""
        templates = self._templates if line is None else [self._templates[line]]
        used = {slot.removesuffix("_new") for template in templates for slot in template.get_identifiers()}
        entries = ((tuple(slots[slot] for slot in slots if slot in used), meaning) for slots, meaning in _LEGEND)
        return tuple((symbols, meaning) for symbols, meaning in entries if symbols)

    @np.errstate(all="ignore")
    def filled(self, step: int) -> tuple[str, ...]:
        """Return the lines with the numbers of the step that follows `step`. Empty if they are not finite."""
        if not (self._templates and np.isfinite(self.recording.xy[self.racer, step : step + 2]).all()):
            return ()
        slots = _numbers(self.recording, self.racer, step)
        return tuple(template.substitute(slots) for template in self._templates)

    @cached_property
    def _templates(self) -> tuple[Template, ...]:
        settings = self.recording.hyperparameters[self.racer]
        active = {name for name, value in settings.items() if np.any(value)}
        name = torch_class(self.recording, self.racer)
        if name == "AdamW":
            name = "Adam"
        lines = list(_RULES.get((name, frozenset(active - _COMMON_SETTINGS)), ()))
        if lines and "weight_decay" in active and _decoupled(self.recording, self.racer):
            # Loshchilov and Hutter 2019.
            lines[-1] = lines[-1].replace("$gets $x", r"$gets (1 - $lr \cdot $decay)\,$x")
            active.remove("weight_decay")
        if lines and active & {"weight_decay", "maximize"}:
            sign, decay = "-" if "maximize" in active else "", r" + $decay\,$x" if "weight_decay" in active else ""
            lines.insert(0, f"$g $gets {sign}$raw{decay}")
        if lines and self.recording.box:
            point, step = lines[-1].split(" $gets ")
            lines[-1] = rf"{point} $gets $projection({step})"
        return tuple(map(Template, lines))


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
    settings, state = setting_columns(recording.hyperparameters[racer]), setting_columns(recording.states[racer])
    match torch_class(recording, racer):
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


def trust_radii(recording: Recording, racer: int) -> Array | None:
    """Return the radius within which a racer trusts its model in the next step, (steps + 1,), or None without one.

    It is the number `radius` in the state of the optimizer.
    """
    radii = recording.states[racer].get("radius")
    return radii if radii is not None and radii.ndim == 1 else None


def motion(recording: Recording, racer: int) -> dict[str, Array]:
    """Return a racer's velocity and step sizes, if it has them, by their names in English.

    Each is (steps + 1, 2), NaN before the first step and after the racer diverged.
    """
    found = {}
    for name, rows in ((VELOCITY, velocity(recording, racer)), (STEP_SIZES, step_sizes(recording, racer))):
        if rows is not None:
            found[name] = np.broadcast_to(rows, recording.xy[racer].shape).copy()
            found[name][~(np.isfinite(rows).all(axis=1) & np.isfinite(recording.z[racer]))] = np.nan
            found[name][0] = np.nan
    return found


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
    settings, state = setting_columns(recording.hyperparameters[racer]), setting_columns(recording.states[racer])
    if "momentum_buffer" in state and "lr" in settings:
        return -settings["lr"] * state["momentum_buffer"]
    sizes = step_sizes(recording, racer)
    if sizes is None or "exp_avg" not in state:
        return None
    beta1 = settings["betas"][:, :1]
    share: Array = 1 / (1 - beta1 ** state["step"])
    if torch_class(recording, racer) == "NAdam":
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
    elif -3 <= exponent <= 2:
        digits = f"{abs(value):.{2 - exponent}f}"
    else:
        digits = rf"{mantissa}{{\times}}10^{{{exponent}}}"
    # In braces, mathtext spaces a minus as a sign and not as an operator.
    return f"{{-{digits}}}" if value < 0 else digits


def format_setting(value: Any) -> str:
    """Write a setting, a number or several, with all its digits, in mathtext without dollar signs."""
    if isinstance(value, tuple):
        return f"({', '.join(map(format_setting, value))})"
    mantissa, exponential, power = f"{value:.6g}".partition("e")
    if not exponential:
        return mantissa
    factor = "" if mantissa == "1" else rf"{mantissa}{{\times}}"
    return rf"{factor}10^{{{int(power)}}}"


def torch_class(recording: Recording, racer: int) -> str:
    """Return the name of a racer's class, or "" if the class is not torch's and so lacks the setting foreach."""
    return recording.optimizers[racer] if "foreach" in recording.hyperparameters[racer] else ""


def _decoupled(recording: Recording, racer: int) -> bool:
    """Return whether a racer's weight decay shrinks the point and is not part of the gradient."""
    name, settings = recording.optimizers[racer], recording.hyperparameters[racer]
    return name == "AdamW" or bool(settings.get("decoupled_weight_decay"))


def setting_columns(numbers: Mapping[str, Any]) -> dict[str, Array]:
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
    gradient = recording.gradients[racer, before]
    decay = 0.0 if _decoupled(recording, racer) else settings["weight_decay"]
    numbers: dict[str, Any] = {
        "raw": gradient,
        "g": (-gradient if settings["maximize"] else gradient) + decay * state["x"][before],
    }
    for name, slot in _STATE.items():
        if name in state:
            old, new = state[name][before : before + 2]
            # Before the first step torch has no state. It starts with 0, or with 1 for a product.
            numbers |= {slot: np.where(np.isnan(old) & (before == 0), name == "mu_product", old), f"{slot}_new": new}
    if {"s", "m"} <= numbers.keys():
        numbers["variance"] = numbers["s_new"] - numbers["m_new"] ** 2
    slots = {slot: format_setting(settings[name]) for name, slot in _SETTINGS.items() if name in settings}
    if "betas" in settings:
        beta1, beta2 = settings["betas"]
        t = int(state["step"][before + 1])
        slots |= {"beta1": format_setting(beta1), "beta2": format_setting(beta2), "t": str(t)}
        numbers["m_hat"] = numbers["m_new"] / (1 - beta1**t)
        numbers |= {f"{slot}_hat": numbers[f"{slot}_new"] / (1 - beta2**t) for slot in ("v", "u") if slot in numbers}
        if "p" in numbers:
            mu, mu_next = (_mu(beta1, settings["momentum_decay"], step) for step in (t, t + 1))
            product = numbers["p_new"]
            mean = mu_next * numbers["m_new"] / (1 - mu_next * product)
            numbers |= {"n_hat": mean, "n_hat_new": mean + (1 - mu) * numbers["g"] / (1 - product)}
            numbers |= {"mu_t": mu, "mu_next": mu_next}
    return {
        "gets": "=",
        "projection": _SYMBOLS["projection"],
        **slots,
        **{slot: format_mathtext(value) for slot, value in numbers.items()},
    }
