"""A fair race: every racer's settings, picked by the same budget on the same objective from the same starts."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from animopt.core.errors import Error, UsageError, short_repr, suggestion
from animopt.core.validation import MAX_COUNT, check_integer, check_list, check_pair
from animopt.engine.function import Function
from animopt.engine.racer import Racer
from animopt.engine.racer_names import names_and_settings
from animopt.engine.record import run

RANGES: Mapping[str, tuple[float, float]] = {"lr": (1e-4, 10)}
"""What is searched for where nothing else is asked for."""

MOST_SEED = 2**32 - 1
"""The greatest seed that optuna takes."""

FLOOR = 1e-12
"""Added to each gap, so that one of 0 has a logarithm."""

LOST = 400.0
"""The score of a race that ends nowhere; above the logarithm of any number."""


@dataclass(frozen=True)
class Tuned(Sequence[Racer]):
    """A sequence of racers whose settings are still to be picked; `tuned` makes one.

    `ranges` are pairs by the settings' names, `starts` (x, y) pairs, or None for the scene's start.
    """

    racers: tuple[Racer, ...]
    trials: int
    seed: int
    starts: tuple[tuple[float, float], ...] | None
    ranges: Mapping[str, tuple[float, float]]

    def __len__(self) -> int:
        return len(self.racers)

    def __getitem__(self, index: Any) -> Any:
        return self.racers[index]

    @property
    def runs(self) -> int:
        """How often the race is run for each racer before it is run to be shown."""
        return self.trials * len(self.starts or (None,))

    def resolve(self, function: Function, start: tuple[float, float] | None, steps: int) -> tuple[list[Racer], str]:
        """The racers with the settings that were picked for a race of `steps` steps, and a caption that says how.

        A score is the mean over the starts of log₁₀(final loss − lowest known minimum + 1e-12); the lowest wins.
        Raises UsageError for a start outside the domain or a function without a known minimum, Error without optuna.
        """
        starts = self.starts or tuple(each for each in (start or function.start,) if each)
        if not starts:
            raise UsageError("tuned starts: the scene has none; give some, as starts=[(-7, 2)]")
        for each in starts:
            if not function.contains(each):
                raise UsageError(f"tuned starts {each}: lies outside x={function.x}, y={function.y}; widen the domain")
        if not function.minima:
            raise UsageError(
                f"tuned: {function.called} has no minima to measure from; give it some, as minima=[(0, 0)]"
            )
        lowest = function.values(np.array(function.minima)).min()

        def score(racer: Racer) -> float:
            ends = np.array([run(function, racer, racer.optimizer.__name__, each, steps).points[-1] for each in starts])
            with np.errstate(all="ignore"):
                gaps = np.maximum(function.values(ends) - lowest, 0)
                return float(np.where(np.isfinite(gaps), np.log10(gaps + FLOOR), LOST).mean())

        names = names_and_settings(self.racers)[0]
        picked, told = [], []
        for racer, name in zip(self.racers, names, strict=True):
            best, reached = self._search(racer, score)
            picked.append(racer.varied(best))
            told.append(f"{name} {' '.join(f'{key} {value:g}' for key, value in best.items())} ({reached:.1f})")
        where = f" from {len(starts)} starts" if len(starts) > 1 else ""
        return picked, f"Tuned in {self.trials} trials each{where} (mean log10 gap): {', '.join(told)}"

    def _search(self, racer: Racer, score: Any) -> tuple[dict[str, float], float]:
        """The settings of the best trial, and its score."""
        optuna = _optuna()
        ranges = {key: ends for key, ends in self.ranges.items() if key in _open(racer)}

        def settings(trial: Any) -> dict[str, float]:
            return {key: _suggested(trial, key, *ends) for key, ends in ranges.items()}

        def objective(trial: Any) -> float:
            found = settings(trial)
            try:
                return float(score(racer.varied(found)))
            except UsageError:
                # Settings that do not go together, as nesterov and a momentum of 0, are a trial that failed.
                return LOST

        verbosity = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        try:
            study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=self.seed))
            study.optimize(objective, n_trials=self.trials)
        finally:
            optuna.logging.set_verbosity(verbosity)
        return settings(study.best_trial), study.best_value


def tuned(
    racers: Sequence[Racer],
    trials: int = 40,
    seed: int = 0,
    starts: Sequence[tuple[float, float]] | None = None,
    **ranges: tuple[float, float],
) -> Tuned:
    """Racers that race with the best settings that a search finds for each, with `trials` runs of the race for each.

    A range, as `momentum=(0, 0.99)`, holds for every racer whose class takes that keyword and that has not fixed it;
    lr=(1e-4, 10) need not be said. It is searched in logarithms where both ends are positive and a hundredfold apart.
    What is picked has three significant digits. The search is optuna's TPE (Bergstra et al. 2011, Algorithms for
    hyper-parameter optimization), and repeats with its seed.
    Raises UsageError for a range that cannot be searched, or a racer that it leaves nothing to search for.
    """
    racers = tuple(check_list("tuned racers ", racers, "give a list, as tuned([Racer('Adam')])"))
    if not racers or not all(isinstance(racer, Racer) for racer in racers):
        raise UsageError(f"tuned racers {short_repr([*racers])}: give at least one, as tuned([Racer('Adam')])")
    for racer in racers:
        for field in ("start", "steps"):
            if getattr(racer, field) is not None:
                told = f"tuned: {short_repr(racer)} has {field} of its own"
                raise UsageError(f"{told}; leave it out, for all must have the same")
    found = {key: _range(key, ends) for key, ends in {**RANGES, **ranges}.items()}
    known = dict.fromkeys(key for racer in racers for key in _open(racer))
    for key in ranges:
        if key not in known:
            hint = suggestion(key, known, f"they take {', '.join(known)}")
            raise UsageError(f"tuned {key}: no racer takes it, or all have fixed it; {hint}")
    for racer in racers:
        if not found.keys() & _open(racer):
            raise UsageError(
                f"tuned: {short_repr(racer)} has nothing left to search for; leave out its lr, or give a range"
            )
    for racer in racers:
        for key in found.keys() & _open(racer):
            for end in found[key]:
                racer.varied({key: end}).check_settings()
    given = [] if starts is None else check_list("tuned starts ", starts, "give a list, as starts=[(-7, 2)]")
    if starts is not None and not given:
        raise UsageError("tuned starts []: give at least one, as starts=[(-7, 2)]")
    places = tuple(check_pair("tuned starts", start) for start in given) or None
    return Tuned(
        racers,
        check_integer("tuned trials", trials, maximum=MAX_COUNT),
        check_integer("tuned seed", seed, 0, MOST_SEED),
        places,
        found,
    )


def _open(racer: Racer) -> dict[str, None]:
    """The keywords that a racer's class takes, and that the racer has not fixed."""
    keywords = list(inspect.signature(racer.optimizer).parameters)[1:]
    return {key: None for key in keywords if key not in racer.settings}


def _range(key: str, ends: Any) -> tuple[float, float]:
    low, high = check_pair(f"tuned {key}", ends)
    if not low < high:
        raise UsageError(f"tuned {key} {short_repr(ends)}: give the lower end first, as {key}=(0.001, 1)")
    return low, high


def _suggested(trial: Any, key: str, low: float, high: float) -> float:
    value = trial.suggest_float(key, low, high, log=low > 0 and high / low >= 100)
    # What the film says is what was scored.
    return min(max(float(f"{value:.3g}"), low), high)


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise Error('tuned: needs optuna; install it with pip install -c constraints.txt ".[tuning]"') from error
    return optuna
