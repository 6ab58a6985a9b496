"""The anatomy of a step: the arrows that lead from the point before it to the point after it."""

from dataclasses import dataclass, replace

import numpy as np

from animopt.core.arrays import Array
from animopt.core.language import translatable
from animopt.recording.recording import Recording
from animopt.recording.update_rules import setting_columns, torch_class

VELOCITY, GRADIENT, ASCENT, STEP = (
    translatable("velocity"),
    translatable("gradient"),
    translatable("ascent"),
    translatable("step"),
)
"""Names of arrows. The gradient is an arrow downhill, as long as the learning rate makes it."""

LOOK_AHEAD = translatable("look-ahead point")
"""Name of the point to which the velocity leads before the gradient is computed."""

TOLERANCE = 1e-9
"""Maximum distance between a recorded point and the end of the arrows to it, as a fraction of the coordinates."""


@dataclass(frozen=True, eq=False)
class StepArrow:
    """An arrow in each step of a racer.

    Attributes:
        name: VELOCITY, GRADIENT, ASCENT or STEP.
        start: Where the arrow of the step that leads to each point starts, (steps + 1, 2).
        vector: Displacement from there, (steps + 1, 2). NaN if the point is not reached by a step.
        is_earlier: Whether the arrow ends where the step starts.
    """

    name: str
    start: Array
    vector: Array
    is_earlier: bool = False


@dataclass(frozen=True, eq=False)
class StepAnatomy:
    """The arrows of a racer's steps.

    Attributes:
        arrows: The arrows in the order in which they are drawn. STEP, which is there if there are others, is the sum of
            GRADIENT and VELOCITY.
        looks_ahead: Whether the points between the steps are look-ahead points.
    """

    arrows: tuple[StepArrow, ...]
    looks_ahead: bool = False

    @property
    def sum(self) -> Array:
        """The sum of the arrows of a step that add up to it, (steps + 1, 2)."""
        parts = [each.vector for each in self.arrows if each.name in (VELOCITY, GRADIENT) and not each.is_earlier]
        return np.sum(parts, axis=0)


@np.errstate(all="ignore")
def step_anatomy(recording: Recording, racer: int) -> StepAnatomy | None:
    """Take the steps of a racer apart.

    - SGD of torch with momentum β adds −lr·g, with the gradient g at the point before the step, and β times the last
      step (Polyak 1964).
    - With Nesterov's momentum, torch adds −lr·g and then −lr·β·v, with the new velocity v = β·v_old + g. The point
      before the step is the look-ahead point of Nesterov 1983 and Sutskever et al. 2013, section 2: the velocity of
      the last step leads to it. In their form, a step starts with this velocity and ends with −lr·g.
    - An optimizer whose state has the vectors "perturbation" e and "perturbed_gradient" g, as sharpness-aware
      minimization has (Foret et al. 2021), goes up by e, and its step is −lr·g, with the gradient there.

    Args:
        recording: A race.
        racer: Index of the racer.

    Returns:
        The arrows of each step, or None if these arrows do not add up to the recorded steps, as with other optimizers.
    """
    found = _ascent(recording, racer) or _momentum(recording, racer)
    if not found:
        return None
    xy, last = recording.xy[racer], int(recording.steps[racer])
    distances = np.abs(_earlier(xy) + found.sum - xy)[1 : last + 1]
    known = np.isfinite(xy[1 : last + 1]).all(axis=1) & np.isfinite(recording.z[racer, 1 : last + 1])
    return found if (distances[known] <= TOLERANCE * np.nanmax(np.abs(xy), initial=1.0)).all() else None


def _momentum(recording: Recording, racer: int) -> StepAnatomy | None:
    """Return the arrows of torch's SGD, or None for another optimizer."""
    if torch_class(recording, racer) != "SGD":
        return None
    settings, state = setting_columns(recording.hyperparameters[racer]), recording.states[racer]
    start = _earlier(recording.xy[racer])
    gradient = -settings["lr"] * _earlier(recording.gradients[racer])
    if "momentum_buffer" not in state:
        return _shown(recording, racer, StepArrow(GRADIENT, start, gradient))
    # Before the first step there is no velocity.
    after = state["momentum_buffer"]
    before = np.nan_to_num(_earlier(after))
    nesterov = bool(settings["nesterov"].all())
    velocity = -settings["lr"] * settings["momentum"] * (after if nesterov else before)
    arrows = [StepArrow(GRADIENT, start, gradient), StepArrow(VELOCITY, start + gradient, velocity)]
    if nesterov:
        last = np.nan_to_num(_earlier(velocity))
        arrows.insert(0, StepArrow(VELOCITY, start - last, last, is_earlier=True))
    return _shown(recording, racer, *arrows, looks_ahead=nesterov)


def _ascent(recording: Recording, racer: int) -> StepAnatomy | None:
    """Return the arrows of an optimizer that goes up before it computes its gradient, or None for another one."""
    settings, state = setting_columns(recording.hyperparameters[racer]), recording.states[racer]
    vectors = [state.get(name, np.empty(0)) for name in ("perturbation", "perturbed_gradient")]
    if "lr" not in settings or any(each.ndim != 2 for each in vectors):
        return None
    (ascent, gradient), start = vectors, _earlier(recording.xy[racer])
    return _shown(
        recording,
        racer,
        StepArrow(ASCENT, start, ascent),
        StepArrow(GRADIENT, start + ascent, -settings["lr"] * gradient),
    )


def _shown(recording: Recording, racer: int, *arrows: StepArrow, looks_ahead: bool = False) -> StepAnatomy:
    """Return arrows, and the step if it is not one of them. They are NaN where no step leads to a finite point."""
    last, start = int(recording.steps[racer]), _earlier(recording.xy[racer])

    def shown(arrow: StepArrow) -> StepArrow:
        vector = np.array(np.broadcast_to(arrow.vector, start.shape))
        vector[0] = vector[last + 1 :] = np.nan
        return replace(arrow, vector=vector)

    step = [StepArrow(STEP, start, recording.xy[racer] - start)] if len(arrows) > 1 else []
    return StepAnatomy(tuple(map(shown, [*step, *arrows])), looks_ahead)


def _earlier(rows: Array) -> Array:
    """Return the row before each row (steps + 1, 2). There is none before the first one, which becomes NaN."""
    return np.concatenate([np.full((1, 2), np.nan), rows[:-1]])
