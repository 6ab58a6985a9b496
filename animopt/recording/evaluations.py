"""A race by the number of computed gradients instead of the number of steps."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from animopt.core.arrays import Array
from animopt.recording.recording import Recording, SurfacePath


def counts_steps_as_gradients(recording: Recording) -> bool:
    """Return whether each step of each racer computes one gradient, so that both numbers are the same."""
    steps = np.arange(recording.last_step + 1)
    return bool((recording.evaluations == np.minimum(steps, recording.steps[:, None])).all())


def by_evaluations(recording: Recording) -> Recording:
    """Return a race whose steps are computed gradients: all racers have computed as many of them at a step.

    After each gradient, a racer has the values of its last whole step, and its path is between this step and the next
    one. The recording has no data of a model, because the racers are at different batches, and no swarm, whose runs are
    recorded step by step.
    """
    if counts_steps_as_gradients(recording):
        return replace(recording, clock="evaluations")
    counts = [count[: steps + 1] for count, steps in zip(recording.evaluations, recording.steps, strict=True)]
    totals = np.array([count[-1] for count in counts], dtype=np.int64)
    gradients = np.arange(max(1, totals.max(initial=0)) + 1)
    # The last step that each racer has made after each number of gradients, (racers, gradients + 1).
    rows = np.array([count.searchsorted(gradients, side="right") - 1 for count in counts])

    def at_gradients(values: Array) -> Array:
        """Return values (racers, steps + 1, ...) after each gradient."""
        return np.array([each[row] for each, row in zip(values, rows, strict=True)])

    return replace(
        recording,
        clock="evaluations",
        hyperparameters=tuple(map(_over_time, recording.hyperparameters, rows)),
        xy=at_gradients(recording.xy),
        z=at_gradients(recording.z),
        gradients=at_gradients(recording.gradients),
        states=tuple(map(_over_time, recording.states, rows)),
        steps=totals,
        evaluations=np.minimum(gradients, totals[:, None]),
        paths=tuple(map(_path, recording.paths, counts)),
        training=tuple(
            path and _path(path, count)
            for path, count in zip(recording.training, counts, strict=bool(recording.training))
        ),
        sample=None,
        classes=None,
        swarm=None,
        preconditioned=recording.preconditioned
        and replace(recording.preconditioned, race=by_evaluations(recording.preconditioned.race)),
        quantities={name: at_gradients(values) for name, values in recording.quantities.items()},
    )


def _over_time(values: Mapping[str, Any], rows: NDArray[np.int64]) -> dict[str, Any]:
    return {name: value[rows] if isinstance(value, np.ndarray) else value for name, value in values.items()}


def _path(path: SurfacePath, counts: NDArray[np.int64]) -> SurfacePath:
    return replace(path, step=np.interp(path.step, np.arange(len(counts)), counts))
