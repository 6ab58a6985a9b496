"""Lists of racers: one for each value of a setting, or with settings that a search finds for each racer.

The search of a fair race has the same budget, objective and starts for every racer.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, overload

import attrs
import numpy as np

from animopt.core.contexts import quiet_logger
from animopt.core.errors import (
    MAX_COUNT,
    UsageError,
    check_integer,
    check_list,
    check_number,
    check_pair,
    required_extra,
    short_repr,
    suggestion,
)
from animopt.core.language import ENGLISH, Text, language, languages
from animopt.core.number_format import format_number
from animopt.core.progress import tracked
from animopt.engine.function import Function
from animopt.engine.gradient_check import check_gradient
from animopt.engine.racer import Racer, names_and_settings, setting_text
from animopt.engine.record import run

DEFAULT_RANGES: Mapping[str, tuple[float, float]] = {"lr": (1e-4, 10)}
"""Ranges that are searched by default."""

MAX_SEED = 2**32 - 1
"""Largest seed that optuna accepts."""

SMALLEST_GAP = 1e-12
"""Number added to each gap, so that a gap of 0 has a logarithm."""

DIVERGED_SCORE = 400.0
"""Score of a race without a finite loss at its end. It is larger than the logarithm of any number."""

MAX_VALUES = 10_000
"""Maximum number of values that `logspace` returns; each of them is a race."""


@attrs.frozen(slots=False)
class Racers(Sequence[Racer]):
    """A sequence of racers."""

    racers: tuple[Racer, ...]

    def __len__(self) -> int:
        return len(self.racers)

    @overload
    def __getitem__(self, index: int) -> Racer: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Racer, ...]: ...
    def __getitem__(self, index: int | slice) -> Racer | tuple[Racer, ...]:
        """Return one racer, or a tuple of several."""
        return self.racers[index]


@attrs.frozen(init=False, slots=False)
class Sweep(Racers):
    """The same racer once for each value of one setting, in the order of the values.

    A sweep is a sequence of racers, which are named by their values. A scene draws them in an ordered color scale.

    Args:
        racer: The racer that is repeated.
        **values: One keyword: a setting of the racer's optimizer, "start" or "steps", with a list of values.

    Raises:
        UsageError: More or fewer than one keyword, no values, a repeated value, or a value that the racer refuses.

    Examples:
        >>> from animopt import Racer, Sweep
        >>> sweep = Sweep(Racer("SGD", momentum=0.9), lr=[0.001, 0.01, 0.1])
        >>> [racer.name for racer in sweep]
        ['lr 0.001', 'lr 0.01', 'lr 0.1']
        >>> sweep[0]
        Racer('SGD', momentum=0.9, lr=0.001, name='lr 0.001')
    """

    setting: str

    def __init__(self, racer: Racer, /, **values: Iterable[Any]) -> None:
        if not isinstance(racer, Racer):
            raise UsageError(f"sweep {short_repr(racer)}: give a racer, as Sweep(Racer('SGD'), lr=[0.1, 0.9])")
        if len(values) != 1 or {"name", "scheduler"} & values.keys():
            raise UsageError(
                f"sweep of {', '.join(values) or 'nothing'}: give one setting and its values, as lr=[0.001, 0.01, 0.1]"
            )
        ((setting, given_values),) = values.items()
        remedy = "give a list of values, as lr=[0.001, 0.01, 0.1]"
        listed = check_list(f"sweep {setting}=", given_values, remedy)
        if not listed:
            raise UsageError(f"sweep {setting}=[]: {remedy}")
        racers = [racer.replace(**{setting: value}) for value in listed]
        names = [setting_text(setting, value) for value in listed]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise UsageError(f"sweep {setting}={short_repr(listed)}: {name!r} is there twice; give each value once")
        labels: list[Text] = list(names)
        if setting in ("start", "steps"):
            # Only these have words.
            labels = [{code: setting_text(setting, value, code) for code in languages()} for value in listed]
        self.__attrs_init__(
            tuple(racer.replace(name=label) for racer, label in zip(racers, labels, strict=True)), setting
        )


def logspace(low: float, high: float, count: int) -> tuple[float, ...]:
    """Return numbers that are evenly spaced in their logarithm, rounded to six significant digits.

    Args:
        low: The first number, greater than 0.
        high: The last number, greater than `low`.
        count: How many numbers, 2 to 10,000.

    Returns:
        The numbers, (count,).

    Raises:
        UsageError: The ends are not positive and in order, or the count is out of range.

    Examples:
        >>> from animopt import logspace
        >>> logspace(0.001, 0.1, 3)
        (0.001, 0.01, 0.1)
    """
    try:
        low = check_number("low", low, "", above=0)
        high = check_number("high", high, "", above=low)
        count = check_integer("count", count, 2, MAX_VALUES)
    except UsageError:
        raise UsageError(
            f"logspace({short_repr(low)}, {short_repr(high)}, {short_repr(count)}): give two positive numbers in order "
            f"and a count of at most {MAX_VALUES}, as logspace(0.001, 0.1, 3)"
        ) from None
    parts = (step / (count - 1) for step in range(count))
    return tuple(float(f"{low ** (1 - part) * high**part:.6g}") for part in parts)


@attrs.frozen(slots=False)
class Tuned(Racers):
    """A sequence of racers whose settings will be searched; `tuned` makes one.

    `ranges` are pairs by the names of the settings, `starts` (x, y) pairs, or None for the scene's start.
    """

    trials: int
    seed: int
    starts: tuple[tuple[float, float], ...] | None
    ranges: Mapping[str, tuple[float, float]]

    @property
    def runs(self) -> int:
        """Number of races of each racer before the race that is shown."""
        return self.trials * len(self.starts or (None,))

    def resolve(
        self, function: Function, start: tuple[float, float], steps: int, code: str = ENGLISH
    ) -> tuple[list[Racer], str, str]:
        """Return the racers with the best settings for a race of `steps` steps, a caption, and notes with the settings.

        The caption and the notes are in the language with a code.

        The score is the mean over the starts of log₁₀(final loss − lowest known minimum + 1e-12); the lowest is best.

        Raises:
            UsageError: A start lies outside the domain, or the function has no known minimum.
            Error: optuna is not installed, or the function fails.
        """
        starts = self.starts or (start,)
        for each in starts:
            if not function.contains(each):
                raise UsageError(f"tuned starts {each}: lies outside x={function.x}, y={function.y}; widen the domain")
            function.check_box("tuned starts", each)
        if not function.minima:
            raise UsageError(f"tuned: {function.called} has no known minima; give it some, as minima=[(0, 0)]")
        check_gradient(function, starts)
        lowest = function.values(np.array(function.minima)).min()

        def score(racer: Racer) -> float:
            ends = np.array([run(function, racer, racer.optimizer.__name__, each, steps).points[-1] for each in starts])
            with np.errstate(all="ignore"):
                gaps = np.maximum(function.values(ends) - lowest, 0)
                return float(np.where(np.isfinite(gaps), np.log10(gaps + SMALLEST_GAP), DIVERGED_SCORE).mean())

        names, _ = names_and_settings(self.racers, code)
        with tracked("tuned: the search", self.trials * len(self.racers)) as advance:
            found = [self._search(racer, score, advance) for racer in self.racers]
        words = language(code)
        texts = [
            f"{name} {' '.join(setting_text(*each, code) for each in best.items())} "
            f"({words.gettext('diverged') if reached >= DIVERGED_SCORE else format_number(reached, 1, code)})"
            for name, (best, reached) in zip(names, found, strict=True)
        ]
        if all({"lr"} == best.keys() for best, _ in found):
            budget = words.ngettext(
                "the best of {count} learning rate", "the best of {count} learning rates", self.trials
            )
        else:
            budget = words.ngettext("the best of {count} setting", "the best of {count} settings", self.trials)
        return (
            [racer.varied(best) for racer, (best, _) in zip(self.racers, found, strict=True)],
            words.ngettext(
                "Each with {budget}", "Each with {budget}, tried from {count} starts", len(starts), budget=budget
            ),
            words.gettext("Found, with the mean of log₁₀ of the gap: {settings}", settings="; ".join(texts)),
        )

    def _search(
        self, racer: Racer, score: Callable[[Racer], float], advance: Callable[[int], None]
    ) -> tuple[dict[str, float], float]:
        """Return the settings of the best trial, and its score. `advance` receives the number of finished trials."""
        with required_extra("tuning", "tuned", "optuna"):
            import optuna

        def settings(trial: optuna.trial.BaseTrial) -> dict[str, float]:
            return {
                name: _suggested(trial, name, *ends)
                for name, ends in self.ranges.items()
                if name in _open_settings(racer)
            }

        def objective(trial: optuna.Trial) -> float:
            try:
                return score(racer.varied(settings(trial)))
            except UsageError:
                # Settings that exclude each other, as nesterov and a momentum of 0, are a failed trial.
                return DIVERGED_SCORE

        with quiet_logger("optuna"):
            study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=self.seed))
            study.optimize(objective, n_trials=self.trials, callbacks=[lambda study, trial: advance(1)])
        return settings(study.best_trial), study.best_value


def tuned(
    racers: Sequence[Racer],
    trials: int = 40,
    seed: int = 0,
    starts: Sequence[tuple[float, float]] | None = None,
    **ranges: tuple[float, float],
) -> Tuned:
    """Return racers whose settings are found by a search with the same budget for each.

    The search is optuna's TPE (Bergstra et al. 2011, Algorithms for hyper-parameter optimization, NeurIPS 24) and
    follows from its seed. It needs the extra `tuning`. A range is searched logarithmically if both ends are positive
    and differ by a factor of at least 100. The settings found are rounded to three significant digits.

    Args:
        racers: The racers, none of them with a start or a number of steps of its own.
        trials: Number of trials for each racer. Default: 40.
        seed: Seed of the search, 0 to 4,294,967,295. Default: 0.
        starts: Starts (x, y) over which the score of a trial is averaged. Default: the scene's start.
        **ranges: The two ends of the range of a setting, as `momentum=(0, 0.99)`. A range applies to every racer
            whose class takes that setting and that does not fix it. Default: lr=(1e-4, 10).

    Returns:
        A sequence of racers for `Scene(racers=...)`, which searches the settings when it is recorded.

    Raises:
        UsageError: A range that cannot be searched, or a racer without a setting to search.

    Examples:
        >>> from animopt import Racer, tuned
        >>> racers = tuned([Racer("SGD"), Racer("Adam")], trials=20, momentum=(0, 0.99))
        >>> racers.ranges
        {'lr': (0.0001, 10.0), 'momentum': (0.0, 0.99)}
    """
    racers = tuple(check_list("tuned racers ", racers, "give a list, as tuned([Racer('Adam')])"))
    if not racers or not all(isinstance(racer, Racer) for racer in racers):
        raise UsageError(f"tuned racers {short_repr([*racers])}: give at least one, as tuned([Racer('Adam')])")
    for racer in racers:
        for field in ("start", "steps"):
            if getattr(racer, field) is not None:
                raise UsageError(
                    f"tuned: {short_repr(racer)} has {field} of its own; leave it out, because all racers must have "
                    "the same"
                )
    found = {name: _interval(name, ends) for name, ends in {**DEFAULT_RANGES, **ranges}.items()}
    known = dict.fromkeys(name for racer in racers for name in _open_settings(racer))
    for name in ranges:
        if name not in known:
            raise UsageError(
                f"tuned {name}: no racer takes it, or all have fixed it; "
                + suggestion(name, known, f"they take {', '.join(known)}")
            )
    for racer in racers:
        searched = found.keys() & _open_settings(racer)
        if not searched:
            raise UsageError(f"tuned: {short_repr(racer)} has no setting to search; leave out its lr, or give a range")
        for name in searched:
            for end in found[name]:
                racer.varied({name: end}).check_settings()
    given = [] if starts is None else check_list("tuned starts ", starts, "give a list, as starts=[(-7, 2)]")
    if starts is not None and not given:
        raise UsageError("tuned starts []: give at least one, as starts=[(-7, 2)]")
    return Tuned(
        racers,
        check_integer("tuned trials", trials, maximum=MAX_COUNT),
        check_integer("tuned seed", seed, 0, MAX_SEED),
        tuple(check_pair("tuned starts", start) for start in given) or None,
        found,
    )


def _open_settings(racer: Racer) -> list[str]:
    """Return the settings that a racer's class takes and that the racer does not fix."""
    return [name for name in racer.known_settings()[0] if name not in racer.settings]


def _interval(name: str, ends: Any) -> tuple[float, float]:
    low, high = check_pair(f"tuned {name}", ends)
    if not low < high:
        raise UsageError(f"tuned {name} {short_repr(ends)}: give the lower end first, as {name}=(0.001, 1)")
    return low, high


def _suggested(trial: Any, name: str, low: float, high: float) -> float:
    value = trial.suggest_float(name, low, high, log=low > 0 and high / low >= 100)
    # The race uses the number that the caption shows.
    return min(max(float(f"{value:.3g}"), low), high)
