"""Second-order steps with torch's interface: Newton's method, a trust region, and line searches.

Source: Nocedal and Wright 2006, Numerical Optimization, second edition, chapters 3 and 4.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from animopt.core.errors import first_line, short_repr
from animopt.engine.step_length import SEARCHES, Ray

Closure = Callable[[], Any]
"""Sets the gradients and returns the loss."""

SINGULAR = 1e-14
"""Minimum ratio of the smallest to the largest eigenvalue of a Hessian that is not singular, as absolute values."""

SECULAR_STEPS = 100
"""Maximum number of steps of Newton's method for the multiplier of a trust region. It needs about five."""

BOUNDARY = 1e-6
"""Maximum relative distance from the edge of a trust region of a step that ends on it."""


class _FlatOptimizer(torch.optim.Optimizer):
    """An optimizer of one group of parameters, which it treats as one vector."""

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueError(f"{len(self.param_groups)} groups of parameters: give one group")
        self._params: list[torch.Tensor] = self.param_groups[0]["params"]

    def _evaluate(self, closure: Closure) -> tuple[float, torch.Tensor]:
        """Return the loss, and the gradient (n,), which may have a graph."""
        if not callable(closure):
            raise TypeError("step needs a closure that computes the loss and its gradient; give step(closure)")
        with torch.enable_grad():
            loss = float(torch.as_tensor(closure()).detach())
        gradients = [torch.zeros_like(each) if each.grad is None else each.grad for each in self._params]
        for each in self._params:
            # A gradient with a graph and its parameter would keep each other in memory.
            each.grad = None if each.grad is None else each.grad.detach()
        return loss, torch.cat([each.reshape(-1) for each in gradients])

    def _hessian(self, gradient: torch.Tensor) -> torch.Tensor:
        """Return the Hessian (n, n) from a gradient (n,) with a graph. The graph is freed."""
        if not gradient.requires_grad:
            raise RuntimeError(
                "autograd has no second derivatives; give a function that bends, "
                "and a closure with loss.backward(create_graph=True)"
            )
        try:
            rows = [
                torch.autograd.grad(each, self._params, retain_graph=True, allow_unused=True, materialize_grads=True)
                for each in gradient
            ]
        except RuntimeError as error:
            raise RuntimeError(
                f"{first_line(error).rstrip('.')}; write the function in operations that torch can differentiate "
                "twice, or use another optimizer"
            ) from error
        hessian = torch.stack([torch.cat([each.reshape(-1) for each in row]) for row in rows])
        return (hessian + hessian.T) / 2

    @torch.no_grad()
    def _point(self) -> torch.Tensor:
        return torch.cat([each.reshape(-1) for each in self._params])

    @torch.no_grad()
    def _set_point(self, point: torch.Tensor) -> None:
        sizes = [each.numel() for each in self._params]
        for parameter, values in zip(self._params, point.split(sizes), strict=True):
            parameter.copy_(values.reshape(parameter.shape))


class Newton(_FlatOptimizer):
    """Newton's method: a step to the stationary point of the quadratic model, x ← x − lr H⁻¹g.

    The Hessian H comes from autograd, so that the closure calls `loss.backward(create_graph=True)`; a race does that
    by itself. Where H is not positive definite, the step can lead uphill, to a saddle or a maximum. Source: Nocedal and
    Wright 2006, section 2.2.

    Args:
        params: Parameters, or one group of them.
        lr: Factor of the step.

    Raises:
        ValueError: A setting is out of range.
    """

    def __init__(self, params: Any, lr: float = 1.0) -> None:
        _check("lr", lr, lr > 0, "greater than 0")
        super().__init__(params, {"lr": lr})

    def step(self, closure: Closure) -> Any:  # type: ignore[override]
        """Take one step.

        Args:
            closure: Clears the gradients, computes the loss, calls its `backward(create_graph=True)`, and returns it.

        Returns:
            The loss before the step.

        Raises:
            RuntimeError: Autograd has no second derivatives, or the Hessian is singular.
        """
        loss, gradient = self._evaluate(closure)
        hessian = self._hessian(gradient)
        self._set_point(self._point() + self.param_groups[0]["lr"] * _newton_step(hessian, gradient.detach()))
        return loss


class TrustRegion(_FlatOptimizer):
    """A trust region: a step to the minimum of the quadratic model within a radius around the point.

    The minimum is computed from the eigenvectors of the Hessian, also if the Hessian is not positive definite. The
    ratio ρ of the loss's decrease to the model's decides: below 1/4 the radius becomes a quarter, and above 3/4 it is
    doubled if the step ends on the edge. The step is made if ρ is more than `eta`. The state has the `radius` of the
    next step and the `ratio` of the last one. The closure calls `loss.backward(create_graph=True)`; a race does that by
    itself. Source: Nocedal and Wright 2006, algorithm 4.1 and section 4.3.

    Args:
        params: Parameters, or one group of them.
        radius: Radius of the first step.
        max_radius: Maximum radius.
        eta: Ratio up to which a step is refused, from 0 to less than 1/4.

    Raises:
        ValueError: A setting is out of range.
    """

    def __init__(self, params: Any, radius: float = 1.0, max_radius: float = 100.0, eta: float = 0.1) -> None:
        _check("max_radius", max_radius, max_radius > 0, "greater than 0")
        _check("radius", radius, 0 < radius <= max_radius, f"greater than 0 and at most max_radius={max_radius:g}")
        _check("eta", eta, 0 <= eta < 0.25, "of at least 0 and less than 0.25")
        super().__init__(params, {"radius": radius, "max_radius": max_radius, "eta": eta})
        self.state[self._params[0]]["radius"] = float(radius)

    def step(self, closure: Closure) -> Any:  # type: ignore[override]
        """Take one step, or refuse it and make the radius smaller.

        Args:
            closure: Clears the gradients, computes the loss, calls its `backward(create_graph=True)`, and returns it.

        Returns:
            The loss before the step.

        Raises:
            RuntimeError: Autograd has no second derivatives.
        """
        settings, state = self.param_groups[0], self.state[self._params[0]]
        radius = state["radius"]
        loss, gradient = self._evaluate(closure)
        hessian = self._hessian(gradient)
        gradient, point = gradient.detach(), self._point()
        step = _step_within(hessian, gradient, radius)
        expected = -float(gradient @ step + step @ hessian @ step / 2)
        if not expected > 0:
            # The point is a minimum of the model, or rounding hides the decrease.
            return loss
        self._set_point(point + step)
        later, _ = self._evaluate(closure)
        state["ratio"] = ratio = (loss - later) / expected
        # A comparison with NaN is False.
        if not ratio >= 0.25:
            state["radius"] = radius / 4
        elif ratio > 0.75 and float(step.norm()) >= radius * (1 - BOUNDARY):
            state["radius"] = min(2 * radius, settings["max_radius"])
        if not ratio > settings["eta"]:
            self._set_point(point)
        return loss


class LineSearch(_FlatOptimizer):
    """A line search: a step x ← x + αd, whose length α the search finds on the ray of a direction d.

    The direction is −g, or Newton's −B⁻¹g, where B is the Hessian with the absolute values of its eigenvalues, so that
    the ray always leads downhill (sections 3.2 and 3.4). The searches, with the loss φ(α) along the ray:

    - "armijo": from the first step on, α shrinks until the loss decreases enough, φ(α) ≤ φ(0) + c1 α φ′(0)
      (algorithm 3.1).
    - "wolfe": an α with this decrease and |φ′(α)| ≤ c2 |φ′(0)|, the strong Wolfe conditions (algorithms 3.5 and 3.6).
    - "exact": a minimum of φ below φ(0), usually the first.

    If rounding hides the decrease, the parameters remain. The state has the `direction` and the `step_length` of the
    last step. With Newton's direction the closure calls `loss.backward(create_graph=True)`; a race does that by itself.
    Source: Nocedal and Wright 2006, chapter 3.

    Args:
        params: Parameters, or one group of them.
        direction: "gradient" or "newton".
        search: "armijo", "wolfe" or "exact".
        first_step: Step length that is tried first.
        c1: Part of the slope at the point that the loss must decrease, between 0 and 1.
        c2: Part of the slope at the point that may remain, between c1 and 1.
        shrink: Factor of the step length in each trial of "armijo".

    Raises:
        ValueError: A setting is out of range.
    """

    def __init__(
        self,
        params: Any,
        direction: str = "gradient",
        search: str = "armijo",
        first_step: float = 1.0,
        c1: float = 1e-4,
        c2: float = 0.9,
        shrink: float = 0.5,
    ) -> None:
        _check_choice("direction", direction, ("gradient", "newton"))
        _check_choice("search", search, tuple(SEARCHES))
        _check("first_step", first_step, first_step > 0, "greater than 0")
        _check("c1", c1, 0 < c1 < 1, "between 0 and 1")
        _check("c2", c2, c1 < c2 < 1, f"between c1={c1:g} and 1")
        _check("shrink", shrink, 0 < shrink < 1, "between 0 and 1")
        super().__init__(
            params,
            {
                "direction": direction,
                "search": search,
                "first_step": first_step,
                "c1": c1,
                "c2": c2,
                "shrink": shrink,
            },
        )

    def step(self, closure: Closure) -> Any:  # type: ignore[override]
        """Take one step.

        Args:
            closure: Clears the gradients, computes the loss, calls its `backward()`, and returns it.

        Returns:
            The loss before the step.

        Raises:
            RuntimeError: Autograd has no second derivatives, which Newton's direction needs.
        """
        settings, state = self.param_groups[0], self.state[self._params[0]]
        loss, gradient = self._evaluate(closure)
        hessian = self._hessian(gradient) if settings["direction"] == "newton" else None
        gradient, point = gradient.detach(), self._point()
        direction = -gradient if hessian is None else _descent(hessian, gradient)

        def along(length: float) -> tuple[float, float]:
            self._set_point(point + length * direction)
            value, slope = self._evaluate(closure)
            return value, float(slope.detach() @ direction)

        ray = Ray(along, loss, float(gradient @ direction), settings["c1"], settings["c2"])
        length = SEARCHES[settings["search"]](ray, settings["first_step"], settings["shrink"]) if ray.slope < 0 else 0.0
        state["step_length"], state["direction"] = length, direction.clone()
        self._set_point(point + length * direction)
        return loss


def _newton_step(hessian: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """Return −H⁻¹g (n,)."""
    if not bool(hessian.isfinite().all()):
        return torch.full_like(gradient, torch.nan)
    values = torch.linalg.eigvalsh(hessian)
    if not float(values.abs().min()) > SINGULAR * float(values.abs().max()):
        raise RuntimeError("the Hessian is singular, so that Newton's step is not defined; use TrustRegion")
    return torch.linalg.solve(hessian, -gradient)


def _descent(hessian: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """Return −B⁻¹g (n,), where B is the Hessian with the absolute values of its eigenvalues."""
    if not bool(hessian.isfinite().all()):
        return torch.full_like(gradient, torch.nan)
    values, vectors = torch.linalg.eigh(hessian)
    sizes = values.abs()
    if not float(sizes.max()) > 0:
        return -gradient
    return -vectors @ ((vectors.T @ gradient) / sizes.clamp(min=SINGULAR * float(sizes.max())))


def _step_within(hessian: torch.Tensor, gradient: torch.Tensor, radius: float) -> torch.Tensor:
    """Return the minimum p (n,) of gᵀp + ½ pᵀHp within a radius.

    p solves (H + μI) p = −g, where μ ≥ 0 is 0 or so large that ‖p‖ is the radius, and H + μI has no eigenvalue below 0.
    """
    if not bool(hessian.isfinite().all() and gradient.isfinite().all()):
        return torch.full_like(gradient, torch.nan)
    values, vectors = torch.linalg.eigh(hessian)
    parts = vectors.T @ gradient
    lowest = float(values[0])
    if lowest > 0 and float((parts / values).norm()) <= radius:
        return -vectors @ (parts / values)
    # From here on, the step ends on the edge. At this multiplier ‖p‖ is at least the radius.
    multiplier = max(0.0, float((parts.abs() / radius - values).max()))
    floor = SINGULAR * max(1.0, float(values.abs().max()))
    if multiplier + lowest <= floor:
        # The gradient has no part along the lowest eigenvector, which completes the step.
        others = values - lowest > floor
        step = torch.where(others, -parts / torch.where(others, values - lowest, 1.0), 0.0)
        rest = radius**2 - float(step.square().sum())
        if rest >= 0:
            step[0] = rest**0.5
            return vectors @ step
        multiplier = floor - lowest
    for _ in range(SECULAR_STEPS):
        # Newton's method for 1/‖p‖ = 1/radius, which is concave in the multiplier and so approaches it from below.
        shifted = values + multiplier
        length = float((parts / shifted).norm())
        more = length**2 / float((parts.square() / shifted**3).sum()) * (length - radius) / radius
        if not more > SINGULAR * max(abs(multiplier), floor):
            break
        multiplier += more
    step = -parts / (values + multiplier)
    return vectors @ (step * radius / float(step.norm()))


def _check(name: str, value: Any, valid: Any, remedy: str) -> None:
    """Raise ValueError for a setting that is not valid."""
    if not valid:
        raise ValueError(f"{name}={short_repr(value)}: give a number {remedy}")


def _check_choice(name: str, value: Any, choices: Sequence[str]) -> None:
    """Raise ValueError for a setting that is none of the choices."""
    if value not in choices:
        raise ValueError(f"{name}={short_repr(value)}: give {' or '.join(map(repr, choices))}")
