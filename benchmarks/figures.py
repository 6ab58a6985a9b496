"""Measured figures: animopt compared with a reference, and the target of each."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

ABSENT = "not measured"
"""Text of a figure without measurements."""


@dataclass(frozen=True)
class Target:
    """A kind of target: how to compute the ratio, to write it, and to decide whether it is met."""

    ratio: Callable[[float, float], float]
    words: str
    met: Callable[[float, float], bool]


TARGETS = {
    "faster": Target(lambda ours, other: other / ours, "{:g} × faster", lambda ratio, limit: ratio >= limit),
    "times": Target(lambda ours, other: ours / other, "at most {:g} ×", lambda ratio, limit: ratio <= limit),
    "no less": Target(lambda ours, other: ours / other, "no less", lambda ratio, limit: ratio >= limit),
    "at most": Target(lambda ours, _: ours, "at most {:g}", lambda value, limit: value <= limit),
}


@dataclass(frozen=True)
class Figure:
    """A line of the table, with the measurements of animopt (`ours`) and of a reference.

    `target` is a key of TARGETS, `limit` its number, and `against` the name of the reference. If `ours` is empty,
    nothing has been measured. If `reference` is empty, there is nothing to compare with.
    """

    name: str
    unit: str
    target: str
    limit: float
    ours: Sequence[float] = ()
    reference: Sequence[float] = ()
    against: str = field(default="", kw_only=True)

    @property
    def ratio(self) -> float | None:
        """The ratio of the medians, or None without measurements."""
        if not self.ours:
            return None
        other = statistics.median(self.reference) if self.reference else 1.0
        return TARGETS[self.target].ratio(statistics.median(self.ours), other)

    @property
    def met(self) -> bool | None:
        """Whether the target is met, or None without measurements."""
        return None if self.ratio is None else TARGETS[self.target].met(self.ratio, self.limit)

    def line(self) -> str:
        """The figure as a line of the table."""
        target = TARGETS[self.target].words.format(self.limit)
        return _line(
            self.name,
            _median(self.ours, self.unit) or ABSENT,
            f"{_median(self.reference, self.unit)} ({self.against})" if self.reference else "",
            f"{self.ratio:.2f}" if self.reference and self.ratio is not None else "",
            f"{target} {self.unit}" if self.target == "at most" else target,
            {True: "yes", False: "**no**", None: ""}[self.met],
        )


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


HEADING = [_line("figure", "ours", "reference", "ratio", "target", "met"), _line(*["---"] * 6)]


def table(figures: Iterable[Figure]) -> str:
    """The table in Markdown."""
    return "\n".join([*HEADING, *(figure.line() for figure in figures)])


def _median(values: Sequence[float], unit: str) -> str:
    """The median with three significant digits and its unit."""
    if not values:
        return ""
    median = statistics.median(values)
    return f"{median:,.0f} {unit}" if median >= 100 else f"{median:.3g} {unit}"
