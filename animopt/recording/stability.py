"""The sharpness above which gradient descent is not stable on a quadratic."""

from dataclasses import dataclass

import numpy as np

from animopt.recording.recording import Recording

TOLERANCE = 1e-9
"""Maximum difference of a recorded step from its formula, relative to the step."""

ROUNDING = 4 * np.finfo(np.float64).eps
"""Maximum rounding error of a position, relative to it."""


@dataclass(frozen=True)
class StabilityLimit:
    """A sharpness, and its formula as text."""

    value: float
    formula: str


@np.errstate(all="ignore")
def stability_limit(recording: Recording, racer: int) -> StabilityLimit | None:
    """Return the limit of a racer whose steps are those of gradient descent with one learning rate, or None.

    The limit is 2/lr, with momentum (2 + 2 momentum)/lr, and with Nesterov's momentum this divided by 1 + 2 momentum.
    The recorded steps decide, not the class: weight decay, a schedule or step sizes of its own change them.

    Source: Cohen et al. 2021, Gradient descent on neural networks typically occurs at the edge of stability, section 2
    and appendix B.
    """
    settings, last = recording.hyperparameters[racer], int(recording.steps[racer])
    lr, momentum = settings.get("lr"), settings.get("momentum", 0)
    if not isinstance(lr, (int, float)) or not isinstance(momentum, (int, float)) or lr <= 0:
        return None
    steps = np.diff(recording.xy[racer, : last + 1], axis=0)
    gradients = recording.gradients[racer, :last]
    before = np.vstack([np.zeros((1, 2)), steps[:-1]])
    pulls = gradients
    if settings.get("nesterov"):
        # A step is -lr (g + momentum · velocity), with the velocity after its gradient was added.
        pulls = gradients + momentum * np.diff(gradients, axis=0, prepend=np.zeros((1, 2)))
    expected = momentum * before - lr * pulls
    known = np.isfinite(expected).all(axis=1) & np.isfinite(steps).all(axis=1)
    allowed = TOLERANCE * abs(steps) + ROUNDING * abs(recording.xy[racer, :last])
    if not known.any() or (abs(steps - expected) > allowed)[known].any():
        return None
    if not momentum:
        return StabilityLimit(2 / lr, "2/lr")
    if settings.get("nesterov"):
        return StabilityLimit((2 + 2 * momentum) / (1 + 2 * momentum) / lr, "(2 + 2β)/(1 + 2β)/lr")
    return StabilityLimit((2 + 2 * momentum) / lr, "(2 + 2β)/lr")
