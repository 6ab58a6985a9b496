"""The step of gradient descent with momentum, and the motion of a heavy ball to which it tends for small steps."""

from dataclasses import dataclass

import numpy as np

from animopt.core.arrays import Array
from animopt.recording.recording import Recording

TOLERANCE = 1e-9
"""Maximum difference of a recorded step from its formula, relative to the step."""

ROUNDING = 4 * np.finfo(np.float64).eps
"""Maximum rounding error of a position, relative to it."""


@dataclass(frozen=True)
class HeavyBall:
    """Gradient descent with one learning rate and momentum β, which is 0 for gradient descent without momentum.

    Along an eigenvector of the Hessian with the eigenvalue λ, a step is

        x[k + 1] = a x[k] − b x[k − 1],  a = 1 + β − lr λ,  b = β,

    and with Nesterov's momentum a = (1 + β) (1 − lr λ), b = β (1 − lr λ).
    """

    lr: float
    momentum: float
    nesterov: bool = False

    def continuous_limit(self, curvature: float, start: float, times: Array) -> Array:
        """Return the positions of the ball at times (any,), counted in steps, along an eigenvector.

        The central differences of m x″ + c x′ + lr λ x = 0 with m = (1 + b)/2 and c = 1 − b are exactly the step above.
        In the time t = k √lr, with c = γ √lr, it tends to Polyak's x″ + γ x′ + λ x = 0 for small learning rates. The
        velocity at the start is that of the first step, which has no velocity before it. Without momentum, the limit is
        gradient flow, x′ = −lr λ x. The values are NaN if the ball would have no mass.

        Source: Polyak 1964, Some methods of speeding up the convergence of iteration methods. Goh 2017, Why momentum
        really works, Distill.
        """
        pull = self.lr * curvature
        if not self.momentum:
            flow: Array = start * np.exp(-pull * times)
            return flow
        lag = self.momentum * (1 - pull if self.nesterov else 1)
        mass, friction = (1 + lag) / 2, 1 - lag
        if mass <= 0:
            return np.full(times.shape, np.nan)
        velocity = -pull * (2 + self.momentum if self.nesterov else 1) / 2
        decay = friction / (2 * mass)
        root = np.sqrt(complex(decay**2 - pull / mass))
        slow, fast = (np.exp((sign * root - decay) * times) for sign in (1, -1))
        # At critical damping both are the same, and their difference divided by the root is a derivative.
        drift = (slow - fast) / (2 * root) if abs(root) > 1e-6 else times * np.exp(-decay * times)
        positions: Array = start * ((slow + fast) / 2 + (velocity + decay) * drift).real
        return positions


@np.errstate(all="ignore")
def heavy_ball(recording: Recording, racer: int) -> HeavyBall | None:
    """Return the learning rate and the momentum of a racer whose steps are those of gradient descent, or None.

    The recorded steps decide, not the class: weight decay, a schedule or step sizes of its own change them.
    """
    settings, last = recording.hyperparameters[racer], int(recording.steps[racer])
    lr, momentum = settings.get("lr"), settings.get("momentum", 0)
    if not isinstance(lr, (int, float)) or not isinstance(momentum, (int, float)) or lr <= 0:
        return None
    nesterov = bool(settings.get("nesterov"))
    steps = np.diff(recording.xy[racer, : last + 1], axis=0)
    gradients = recording.gradients[racer, :last]
    before = np.vstack([np.zeros((1, 2)), steps[:-1]])
    pulls = gradients
    if nesterov:
        # A step is -lr (g + momentum · velocity), with the velocity after its gradient was added.
        pulls = gradients + momentum * np.diff(gradients, axis=0, prepend=np.zeros((1, 2)))
    expected = momentum * before - lr * pulls
    known = np.isfinite(expected).all(axis=1) & np.isfinite(steps).all(axis=1)
    allowed = TOLERANCE * abs(steps) + ROUNDING * abs(recording.xy[racer, :last])
    if not known.any() or (abs(steps - expected) > allowed)[known].any():
        return None
    return HeavyBall(lr, momentum, nesterov)
