"""Bounds on what one clip may ask for, checked before anything is drawn, and what it would take."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from animopt.core.errors import UsageError
from animopt.core.validation import check_integer

STEP, CELL, FRAME, RACER, PIXEL = 4e-4, 2e-7, 1e-2, 1e-3, 3e-8
"""Seconds: a step of a racer, one of a map's race, a frame, more for each racer in it and each of its pixels."""

BASE, STEP_BYTES, CELL_BYTES, PIXEL_BYTES = 6e8, 2500, 200, 80
"""Bytes: what any clip needs, what a step of a racer is kept in, a map's cell, and a pixel of frames under way."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """What one clip asks for: steps of all racers together, racers, a map's cells and steps, pixels and frames.

    `tried` are the steps in which their settings are picked, of which none is kept.
    """

    steps: int
    racers: int
    tried: int = 0
    cells: int = 0
    cell_steps: int = 0
    clips: Sequence[tuple[int, int]] = ()

    @property
    def amounts(self) -> dict[str, int]:
        """How much of each thing that is limited."""
        pixels = max((pixels for pixels, _ in self.clips), default=0)
        frames = max((frames for _, frames in self.clips), default=0)
        return {
            "pixels": pixels,
            "frames": frames,
            "steps": self.steps + self.tried,
            "racers": self.racers,
            "cells": self.cells,
        }

    @property
    def seconds(self) -> float:
        """About how long it takes, on a machine of today, with one process."""
        drawing = sum(frames * (FRAME + RACER * self.racers + PIXEL * pixels) for pixels, frames in self.clips)
        return (self.steps + self.tried) * STEP + self.cells * self.cell_steps * CELL + drawing

    @property
    def bytes(self) -> float:
        """About how much memory it takes."""
        return BASE + self.steps * STEP_BYTES + self.cells * CELL_BYTES + self.amounts["pixels"] * PIXEL_BYTES


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The most that one clip may ask for: pixels of a frame, frames, steps of all racers together, racers, map cells.

    Raises UsageError for what is not a whole number of at least 1.
    """

    pixels: int = 7680 * 4320
    frames: int = 20_000
    steps: int = 500_000
    racers: int = 50
    cells: int = 1_000_000

    def __post_init__(self) -> None:
        for each in fields(self):
            object.__setattr__(self, each.name, check_integer(f"limit {each.name}", getattr(self, each.name)))

    @classmethod
    def given(cls, words: Iterable[str]) -> "Limits":
        """Those that words like "frames=50000" raise or lower. Raises UsageError for what is none of them."""
        changed = {}
        for word in words:
            name, _, number = word.partition("=")
            if name not in {each.name for each in fields(cls)} or not number.isdecimal():
                raise UsageError(f"limit {word!r}: is none; give one of these with another number: {cls()}")
            changed[name] = int(number)
        return cls(**changed)

    def __str__(self) -> str:
        return ", ".join(f"{each.name}={getattr(self, each.name)}" for each in fields(self))

    def check(self, work: Work) -> None:
        """Raise UsageError, with what it would take, for work that asks for more."""
        # NumPy comes with it, which the command line can do without until then.
        from animopt.core.number_format import format_bytes

        for name, amount in work.amounts.items():
            most = getattr(self, name)
            if amount > most:
                takes = f"about {_duration(work.seconds)} and {format_bytes(int(work.bytes))} of memory"
                raise UsageError(
                    f"{name} {amount}: more than {most}, it would take {takes}; ask for less, or allow it with "
                    f"--limit {name}={amount}, in Python limits=Limits({name}={amount})"
                )


def _duration(seconds: float) -> str:
    for unit, length in (("years", 3.15e7), ("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.2g} {unit}" if seconds < 100 * length else f"{seconds / length:.0f} {unit}"
    return f"{max(1, round(seconds))} seconds"
