"""Limits on one clip, checked before anything is drawn, and an estimate of its time and memory."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import attrs

from animopt.core.errors import UsageError
from animopt.core.validation import check_integer

STEP_SECONDS, CELL_SECONDS, FRAME_SECONDS, RACER_SECONDS, PIXEL_SECONDS = 4e-4, 2e-7, 1e-2, 1e-3, 3e-8
"""Seconds for a step of a racer, a step of a map's cell, a frame, each racer in a frame, and each pixel of a frame."""

BASE_BYTES, STEP_BYTES, CELL_BYTES, PIXEL_BYTES = 6e8, 2500, 200, 80
"""Bytes for any clip, each recorded step of a racer, each cell of a map, and each pixel of the frames being drawn."""


def _limit(default: int) -> Any:
    def convert(value: int, field: "attrs.Attribute[int]") -> int:
        return check_integer(f"limit {field.name}", value)

    return attrs.field(default=default, converter=attrs.Converter(convert, takes_field=True))


@attrs.frozen(kw_only=True)
class Limits:
    """Maximum work for one clip.

    Args:
        pixels: Maximum number of pixels of a frame. Default: 7680 × 4320.
        frames: Maximum number of frames. Default: 20,000.
        steps: Maximum number of steps of all racers together. Default: 500,000.
        racers: Maximum number of racers. Default: 50.
        cells: Maximum number of cells of a map. Default: 1,000,000.

    Raises:
        UsageError: A limit is not a whole number of at least 1.

    Examples:
        >>> Limits(frames=50_000).frames
        50000
    """

    pixels: int = _limit(7680 * 4320)
    frames: int = _limit(20_000)
    steps: int = _limit(500_000)
    racers: int = _limit(50)
    cells: int = _limit(1_000_000)

    def __str__(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in attrs.asdict(self).items())


def parse_limits(texts: Iterable[str]) -> Limits:
    """Return the limits that texts like "frames=50000" describe. Raises UsageError for another text."""
    changes = {}
    for text in texts:
        name, _, number = text.partition("=")
        if name not in attrs.asdict(Limits()) or not number.isdecimal():
            raise UsageError(f"limit {text!r}: unknown; give one of these with another number: {Limits()}")
        changes[name] = int(number)
    return Limits(**changes)


@dataclass(frozen=True, kw_only=True)
class Work:
    """The work for one clip.

    `steps` are those of all racers together, `tuning_steps` those in which their settings are picked, which are not
    recorded. A map has `cells`, each with `cell_steps`. Each of `clips` is a number of pixels and a number of frames.
    """

    steps: int
    racers: int
    tuning_steps: int = 0
    cells: int = 0
    cell_steps: int = 0
    clips: Sequence[tuple[int, int]] = ()

    @property
    def amounts(self) -> dict[str, int]:
        """The amount of each quantity that is limited."""
        return {
            "pixels": max((pixels for pixels, _ in self.clips), default=0),
            "frames": max((frames for _, frames in self.clips), default=0),
            "steps": self.steps + self.tuning_steps,
            "racers": self.racers,
            "cells": self.cells,
        }

    @property
    def seconds(self) -> float:
        """Estimated time in seconds in one process."""
        drawing = sum(
            frames * (FRAME_SECONDS + RACER_SECONDS * self.racers + PIXEL_SECONDS * pixels)
            for pixels, frames in self.clips
        )
        racing = (self.steps + self.tuning_steps) * STEP_SECONDS
        return racing + self.cells * self.cell_steps * CELL_SECONDS + drawing

    @property
    def bytes(self) -> float:
        """Estimated memory in bytes."""
        pixels = self.amounts["pixels"]
        return BASE_BYTES + self.steps * STEP_BYTES + self.cells * CELL_BYTES + pixels * PIXEL_BYTES

    def check(self, limits: Limits) -> None:
        """Raise UsageError, with the estimated time and memory, if the work exceeds a limit."""
        # Imported here because it needs NumPy, and the command line lists the limits without NumPy.
        from animopt.core.number_format import format_bytes

        for name, amount in self.amounts.items():
            limit = getattr(limits, name)
            if amount > limit:
                takes = f"about {_duration(self.seconds)} and {format_bytes(int(self.bytes))} of memory"
                raise UsageError(
                    f"{name} {amount}: more than {limit}, it would take {takes}; ask for less, or allow it with "
                    f"--limit {name}={amount}, in Python limits=Limits({name}={amount})"
                )


def _duration(seconds: float) -> str:
    for unit, length in (("years", 3.15e7), ("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.2g} {unit}" if seconds < 100 * length else f"{seconds / length:.0f} {unit}"
    return f"{max(1, round(seconds))} seconds"
