"""A swarm: many runs of one racer, each with noise and batches of its own."""

import numpy as np

from animopt.core.arrays import Array
from animopt.core.progress import tracked
from animopt.engine.function import Function
from animopt.engine.maps import Cell, follow_races, run_starts
from animopt.engine.racer import Racer
from animopt.engine.record import SHUFFLED, batches_of, run
from animopt.engine.user_code import race_environment


@race_environment()
def run_swarm(
    function: Function,
    racer: Racer,
    start: tuple[float, float],
    steps: int,
    runs: int,
    *,
    noise: float = 0.0,
    batch: int | None = None,
    batch_order: str = SHUFFLED,
    seed: int = 0,
) -> Array:
    """Run a racer several times, and return the points of each run, (runs, steps + 1, 2).

    Arguments are those of `animopt.engine.record.record`. The first run has the seed `seed`, the next one `seed` + 1,
    and so on. A racer's own start and number of steps replace `start` and `steps`. Runs without batches are run
    together, if runs that are also run alone agree.

    Raises:
        Error: The optimizer or the function fails.
    """
    start, steps = racer.start or start, racer.steps or steps
    seeds = range(seed, seed + runs)
    if batch is None:
        cells = [Cell(racer, np.array(start, dtype=np.float64), noise, each) for each in seeds]
        parts = follow_races("swarm", function, cells, steps, runs, run_starts, list)
        return np.moveaxis(np.concatenate(parts, axis=-1), -1, 0)
    name, found = racer.optimizer.__name__, []
    with tracked(f"{function.called}: the swarm", runs, remedy="; a swarm with fewer races takes less") as advance:
        for each in seeds:
            batches = batches_of(function, batch, steps, batch_order, each)
            found.append(run(function, racer, name, start, steps, noise, batches, each).points)
            advance(1)
    return np.array(found)
