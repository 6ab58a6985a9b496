"""A maximum file size: what is reduced to meet it, the least visible first."""

import re

import attrs

from animopt.core.errors import Error, UsageError
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

MAX_ATTEMPTS = 8
"""Maximum number of attempts before the smallest file is made."""

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


class Job:
    """An output to make, in several attempts until its file is small enough."""

    def __init__(self, output: Output) -> None:
        self._attempts = reductions(output)
        self._index = 0
        self._sizes: list[int] = []

    @property
    def attempt(self) -> Attempt:
        """Current attempt."""
        return self._attempts[self._index]

    def reduce(self, size: int) -> None:
        """Go on to the first attempt that is estimated to be small enough, after one with a file of `size` bytes.

        It is the last attempt if no other is, or after many attempts. Raises Error if the last attempt failed.
        """
        self._sizes.append(size)
        output, last = self.attempt.output, len(self._attempts) - 1
        assert output.max_bytes is not None
        if self._index == last:
            raise Error(
                f"{output.path}: cannot be made smaller than {format_bytes(min(self._sizes))}, and may have "
                f"{format_bytes(output.max_bytes)}; allow more, or make the clip shorter"
            )
        max_cost = self.attempt.cost * output.max_bytes / size if len(self._sizes) < MAX_ATTEMPTS else 0
        self._index += 1
        while self._index < last and self.attempt.cost > max_cost:
            self._index += 1

    def description(self) -> str:
        """Return a sentence that says what was reduced to meet the maximum size, or "" if nothing was."""
        requested, output = self._attempts[0].output, self.attempt.output
        changes = []
        if step := self.attempt.quality_step:
            text, qualities = output.format.quality_text, output.format.qualities
            changes.append(f"{text.format(qualities[step])} instead of {qualities[0]}")
        if output.fps != requested.fps:
            changes.append(f"{output.fps:.3g} frames a second instead of {requested.fps:.3g}")
        if output.size != requested.size:
            changes.append("{}x{} pixels instead of {}x{}".format(*output.size, *requested.size))
        limit = format_bytes(output.max_bytes or 0)
        return f"{output.path}: to stay within {limit} it has {', '.join(changes)}" if changes else ""
