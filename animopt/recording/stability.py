"""The sharpness above which gradient descent is not stable on a quadratic."""

from dataclasses import dataclass

from animopt.recording.heavy_ball import heavy_ball
from animopt.recording.recording import Recording


@dataclass(frozen=True)
class StabilityLimit:
    """A sharpness, and its formula as text."""

    value: float
    formula: str


def stability_limit(recording: Recording, racer: int) -> StabilityLimit | None:
    """Return the limit of a racer whose steps are those of gradient descent with one learning rate, or None.

    The limit is 2/lr, with momentum (2 + 2 momentum)/lr, and with Nesterov's momentum this divided by 1 + 2 momentum.

    Source: Cohen et al. 2021, Gradient descent on neural networks typically occurs at the edge of stability, section 2
    and appendix B.
    """
    ball = heavy_ball(recording, racer)
    if not ball:
        return None
    lr, momentum = ball.lr, ball.momentum
    if not momentum:
        return StabilityLimit(2 / lr, "2/lr")
    if ball.nesterov:
        return StabilityLimit((2 + 2 * momentum) / (1 + 2 * momentum) / lr, "(2 + 2β)/(1 + 2β)/lr")
    return StabilityLimit((2 + 2 * momentum) / lr, "(2 + 2β)/lr")
