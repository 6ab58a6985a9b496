"""A maximum file size: what is reduced to meet it, the least visible first."""

import re

import attrs

from animopt.core.errors import UsageError
from animopt.core.number_format import format_bytes
from animopt.video.output import Output

REDUCED_FPS = (25.0, 20.0, 12.5, 10.0, 100 / 12)
"""Rates to which a clip is reduced. Their delays are whole centiseconds, and at least 8 frames are shown per second."""

MIN_WIDTH = 320
"""Minimum width in pixels to which a clip is reduced."""

WIDTH_FACTOR = 0.85
"""Width of a clip in relation to that of the next larger one."""

QUALITY_FACTOR = 0.75
"""Estimated size of a file in relation to that at the next better quality."""

UNITS = {"": 1, "k": 10**3, "ki": 2**10, "m": 10**6, "mi": 2**20, "g": 10**9, "gi": 2**30}


@attrs.frozen
class Attempt:
    """An output with the quality at which it is made, as an index into the qualities of its format. 0 is the best."""

    output: Output
    quality_step: int = 0

    @property
    def cost(self) -> float:
        """Estimated size of the file, in arbitrary units."""
        width, height = self.output.size
        return float(QUALITY_FACTOR**self.quality_step * self.output.fps * (width * height) ** 0.75)


def parse_bytes(text: str) -> int:
    """Return a size such as 10MB, 2.5 MiB or 900k in bytes. Raise UsageError for any other text."""
    found = re.fullmatch(r"(\d{1,18}(?:\.\d{1,18})?)\s*([kmg]i?)?b?", text.strip().lower())
    if not found:
        raise UsageError(f"max bytes {text!r}: give a size in bytes, as 10MB or 900kB")
    return round(float(found[1]) * UNITS[found[2] or ""])


def reductions(requested: Output) -> list[Attempt]:
    """Return the output, and then with more and more reduced: first its quality, then its rate, then its size."""
    attempts = [Attempt(requested, step) for step in range(len(requested.format.qualities))]
    smaller = [attrs.evolve(requested, fps=fps) for fps in REDUCED_FPS if fps < requested.fps]
    last = smaller[-1] if smaller else requested
    width = float(requested.size[0])
    while width > MIN_WIDTH:
        width = max(MIN_WIDTH, width * WIDTH_FACTOR)
        # Every format supports even sides.
        sides = [2 * round(side * width / requested.size[0] / 2) for side in requested.size]
        smaller.append(attrs.evolve(last, size=(sides[0], sides[1])))
    return attempts + [Attempt(output, attempts[-1].quality_step) for output in smaller]


def next_attempt(requested: Output, failed: Attempt, size: int, *, last: bool = False) -> Attempt | None:
    """Return the first reduction after a failed attempt of `size` bytes that is estimated to be small enough.

    Returns the last reduction if none is, or if this is the `last` attempt, and None if that one failed.
    """
    assert requested.max_bytes is not None
    attempts = reductions(requested)
    smaller = attempts[attempts.index(failed) + 1 :]
    limit = 0 if last else requested.max_bytes
    fitting = (attempt for attempt in smaller if size * attempt.cost / failed.cost <= limit)
    return next(fitting, smaller[-1] if smaller else None)


def describe_reduction(requested: Output, made: Attempt) -> str:
    """Return a sentence that says what was reduced to meet the maximum size."""
    assert requested.max_bytes is not None
    output, changes = made.output, []
    if made.quality_step:
        qualities = output.format.qualities
        changes.append(f"{output.format.quality_text.format(qualities[made.quality_step])} instead of {qualities[0]}")
    if output.fps != requested.fps:
        changes.append(f"{output.fps:.3g} frames a second instead of {requested.fps:.3g}")
    if output.size != requested.size:
        changes.append("{}x{} pixels instead of {}x{}".format(*output.size, *requested.size))
    return f"{output.path}: to stay within {format_bytes(requested.max_bytes)} it has {', '.join(changes)}"
