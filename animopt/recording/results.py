"""The loss of each racer during the race, and its result at the end, as the picture shows them."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from animopt.core.arrays import Array
from animopt.core.language import language
from animopt.core.number_format import NumberColumn, format_number, format_point, number_column, significant_decimals
from animopt.recording.events import Event, Kind, events
from animopt.recording.recording import Recording

SAME_HEIGHT = 1e-9
"""Maximum difference of two minima that are equally low, as a fraction of the surface's height."""

NOTICEABLE_DISTANCE = 1e-3
"""Order of magnitude of the smallest distance from a minimum that is shown, as a fraction of the domain's diagonal."""


class Results:
    """The results of a race, as one quantity: each racer's gap to the lowest minimum, or its loss.

    `races` are all recordings of the clip, which show the same quantity. The default is only the one that is shown.
    """

    def __init__(self, recording: Recording, races: Sequence[Recording] = ()) -> None:
        self.recording = recording
        self.races = [recording, *(race for race in races if race is not recording)]
        self._words = language(recording.language)

    @property
    def gaps(self) -> bool:
        """Whether the quantity is the gap to the lowest minimum. It is not if the minima of a race are not known."""
        return all(race.gap is not None for race in self.races)

    @property
    def heading(self) -> str:
        """The quantity."""
        return self._words.gettext("loss above the minimum") if self.gaps else self._words.gettext("loss")

    @property
    def last_step(self) -> int:
        """Number of steps of the longest race of the clip."""
        return max(race.last_step for race in self.races)

    @cached_property
    def values(self) -> Array:
        """The quantity of each racer after each step, (racers, steps + 1)."""
        return self._quantity(self.recording)

    @cached_property
    def in_view(self) -> list[Array]:
        """The finite values of each racer of all races while it is in view, without those of racers that never are."""
        return [row for race in self.races for row in self._rows(race)]

    def _quantity(self, race: Recording) -> Array:
        return race.gap if self.gaps and race.gap is not None else race.z

    def _rows(self, race: Recording) -> list[Array]:
        values = self._quantity(race)
        rows = (row[inside & np.isfinite(row)] for row, inside in zip(values, race.in_view, strict=True))
        return [row for row in rows if row.size]

    @cached_property
    def column(self) -> NumberColumn:
        """The most precise form that a race of the clip needs for the numbers at its end."""
        columns = [number_column([float(row[-1]) for row in self._rows(race)], gaps=self.gaps) for race in self.races]
        return max(columns, key=lambda column: (column.decimals is None, column.decimals or 0, column.digits))

    @property
    def clock(self) -> str:
        """The unit of the recording's steps: a step or a computed gradient."""
        return self._words.gettext("step") if self._counts_steps else self._words.gettext("gradient")

    @property
    def _counts_steps(self) -> bool:
        return self.recording.clock == "step"

    def loss(self, racer: int, step: int, *, brief: bool = False) -> str:
        """Return a racer's loss after a step, or why it is out of view.

        If `brief`, a power of ten has no factor, and the step at which the racer went out of view is left out.
        """
        match self.recording.lost(racer, step):
            case None:
                return self._number(float(self.values[racer, step]), brief=brief)
            case ("diverged", since):
                if brief:
                    return self._words.gettext("diverged")
                if self._counts_steps:
                    return self._words.gettext("diverged at step {step}", step=since)
                return self._words.gettext("diverged at gradient {count}", count=since)
            case (_, since):
                if brief:
                    return self._words.gettext("left view")
                if self._counts_steps:
                    return self._words.gettext("left view at step {step}", step=since)
                return self._words.gettext("left view at gradient {count}", count=since)

    @property
    def least(self) -> str:
        """The text of a number that is nearly 0."""
        return self._number(1e-12)

    def _number(self, value: float, *, brief: bool = False) -> str:
        decimals = self.column.decimals
        if self.gaps and decimals is not None and 0 < value < 0.5 * 10.0**-decimals:
            return "< " + self.column.text(10.0**-decimals, self._words.code)
        return self.column.text(value, self._words.code, brief=brief)

    def numbers(self, racer: int, *, brief: bool = False) -> list[str]:
        """Return texts that include the longest number of a racer."""
        values = self.values[racer][self.recording.in_view[racer] & np.isfinite(self.values[racer])]
        # Numbers with one sign and one power of ten have texts of nearly one length.
        powers = np.floor(np.log10(np.where(values == 0, 1, np.abs(values))))
        first = np.unique(np.sign(values) * (1000 + powers), return_index=True)[1]
        return [self._number(float(value), brief=brief) for value in values[first]]

    def reason(self, racer: int, *, brief: bool = False) -> str:
        """Return the last reason why a racer is out of view, or "" if it is always in view."""
        outside = np.flatnonzero(~self.recording.in_view[racer] | ~np.isfinite(self.recording.z[racer]))
        return self.loss(racer, int(outside[-1]), brief=brief) if outside.size else ""

    @property
    def equal_gradients(self) -> str:
        """The number of gradients, if it is the same for all racers, or ""."""
        counts = set(self.recording.evaluations[:, -1].tolist())
        if len(counts) > 1:
            return ""
        (count,) = counts
        if len(self.recording.names) == 1:
            return self._gradients(0)
        return self._words.ngettext("{count} gradient each", "{count} gradients each", count)

    @property
    def outcomes(self) -> list[list[str]]:
        """Wordings of each racer's end, longest first: its place, and the number of its gradients if they differ.

        The place is the distance from the nearest minimum, with equal precision for all, or without known minima the
        point.
        """
        # Events are in the order of their steps, and racers can have steps of their own.
        ends = sorted((each for each in events(self.recording) if each.kind == Kind.ENDS), key=lambda each: each.racer)
        distances = self._distances([event.distance for event in ends])
        places = [self._place(event, distance) for event, distance in zip(ends, distances, strict=True)]
        if self.equal_gradients:
            return [places]
        gradients = [self._gradients(racer) for racer in range(len(places))]
        return [[", ".join(filter(None, pair)) for pair in zip(places, gradients, strict=True)], gradients]

    def _gradients(self, racer: int) -> str:
        count = int(self.recording.evaluations[racer, -1])
        return self._words.ngettext("{count} gradient", "{count} gradients", count)

    def _distances(self, distances: Sequence[float]) -> list[str]:
        """Write distances with equal decimals, and those that are too small to notice as an upper bound."""
        low, high = self.recording.surface.low, self.recording.surface.high
        power = int(np.floor(np.log10(float(np.hypot(*(high - low))) * NOTICEABLE_DISTANCE)))
        least = 10.0**power
        shown = [distance for distance in distances if least <= distance < np.inf]
        decimals = max(0, min(-power, significant_decimals(min(shown, default=least))))
        least = max(least, 10.0**-decimals)
        return [
            "< " * (distance < least) + format_number(max(distance, least), decimals, self._words.code)
            for distance in distances
        ]

    def _place(self, event: Event, distance: str) -> str:
        if self.recording.lost(event.racer, self.recording.last_step):
            return ""
        if event.minimum is None:
            return self._words.gettext("ends at {point}", point=format_point(event.point, self._words.code))
        heights = self.recording.minima[:, 2]
        if heights[event.minimum] in self.higher_minima:
            return self._words.gettext("{distance} from a higher minimum", distance=distance)
        return self._words.gettext("{distance} from the minimum", distance=distance)

    @property
    def higher_levels(self) -> Array:
        """The quantity at the minima that are noticeably higher than the lowest one, ascending, (any,)."""
        return np.array(self.higher_minima) - (self.lowest_minimum if self.gaps and self.higher_minima else 0)

    @property
    def lowest_minimum(self) -> float:
        """The loss of the lowest known minimum."""
        heights = self.recording.minima[:, 2]
        return float(heights[np.isfinite(heights)].min())

    @property
    def higher_minima(self) -> list[float]:
        """The losses of the minima that are noticeably higher than the lowest one."""
        heights = self.recording.minima[np.isfinite(self.recording.minima[:, 2]), 2]
        if not heights.size:
            return []
        z = self.recording.surface.z
        extent = float(z[np.isfinite(z)].max(initial=heights.max())) - heights.min()
        return np.unique(heights[heights - heights.min() > SAME_HEIGHT * extent]).tolist()
