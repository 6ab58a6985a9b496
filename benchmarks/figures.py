"""A figure that was measured: ours beside a reference's, and how far it was to reach."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

ABSENT = "not there"


@dataclass(frozen=True)
class Reach:
    """How a ratio is made of ours and the reference's, and told, and whether it is enough."""

    ratio: Callable[[float, float], float]
    words: str
    met: Callable[[float, float], bool]


REACHES = {
    "faster": Reach(lambda ours, other: other / ours, "{:g} × faster", lambda ratio, limit: ratio >= limit),
    "times": Reach(lambda ours, other: ours / other, "at most {:g} ×", lambda ratio, limit: ratio <= limit),
    "no less": Reach(lambda ours, other: ours / other, "no less", lambda ratio, limit: ratio >= limit),
    "at most": Reach(lambda ours, _: ours, "at most {:g}", lambda value, limit: value <= limit),
}


@dataclass(frozen=True)
class Figure:
    """A line of the table: what was measured, in which unit, as often as it was, of ours and of a reference.

    `reach` is a key of REACHES, `limit` its number, `against` what the reference is. Where ours is empty there is
    nothing to measure yet, and where the reference is, the figure stands by itself.
    """

    name: str
    unit: str
    reach: str
    limit: float
    ours: Sequence[float] = ()
    reference: Sequence[float] = ()
    against: str = field(default="", kw_only=True)

    @property
    def ratio(self) -> float | None:
        """Of the medians; None where there is nothing to compare."""
        if not self.ours:
            return None
        other = statistics.median(self.reference) if self.reference else 1.0
        return REACHES[self.reach].ratio(statistics.median(self.ours), other)

    @property
    def met(self) -> bool | None:
        """Whether the reach is met; None where there is nothing to measure yet."""
        return None if self.ratio is None else REACHES[self.reach].met(self.ratio, self.limit)

    def line(self) -> str:
        """The line of the table."""
        reach = REACHES[self.reach].words.format(self.limit)
        return _line(
            self.name,
            _told(self.ours, self.unit) or ABSENT,
            f"{_told(self.reference, self.unit)} ({self.against})" if self.reference else "",
            f"{self.ratio:.2f}" if self.reference and self.ratio is not None else "",
            f"{reach} {self.unit}" if self.reach == "at most" else reach,
            {True: "yes", False: "**no**", None: ""}[self.met],
        )


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


HEADING = [_line("figure", "ours", "reference", "ratio", "reach", "met"), _line(*["---"] * 6)]


def table(figures: Iterable[Figure]) -> str:
    """The whole table, as a README has it."""
    return "\n".join([*HEADING, *(figure.line() for figure in figures)])


def _told(values: Sequence[float], unit: str) -> str:
    """The median as it is written, to three figures."""
    if not values:
        return ""
    median = statistics.median(values)
    return f"{median:,.0f} {unit}" if median >= 100 else f"{median:.3g} {unit}"
