"""Limits on the work for one clip."""

import re
from collections.abc import Iterable

import attrs

from animopt.core.errors import UsageError, check_integer, short_repr


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

    pixels: int = 7680 * 4320
    frames: int = 20_000
    steps: int = 500_000
    racers: int = 50
    cells: int = 1_000_000

    def __attrs_post_init__(self) -> None:
        for name, value in attrs.asdict(self).items():
            check_integer(f"limit {name}", value)

    def __str__(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in attrs.asdict(self).items())


def parse_limits(texts: Iterable[str]) -> Limits:
    """Return the limits that texts like "frames=50000" describe. Raises UsageError for another text."""
    changes = {}
    for text in texts:
        name, _, number = text.partition("=")
        if name not in attrs.asdict(Limits()) or not re.fullmatch(r"\d{1,18}", number):
            raise UsageError(f"limit {short_repr(text)}: unknown; give one of these with another number: {Limits()}")
        changes[name] = int(number)
    return Limits(**changes)
