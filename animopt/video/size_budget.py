"""A file within so many bytes: what is given up for it, the least visible first."""

import re
from dataclasses import replace

from animopt.core.errors import UsageError
from animopt.core.number_format import format_bytes
from animopt.video.output import Output

RATES = (25.0, 20.0, 12.5, 10.0, 100 / 12)
"""The rates to go down to: their delays are whole centiseconds, and none is under 8."""

NARROWEST = 320
"""The fewest pixels that a picture is wide."""

SHRINK = 0.85
"""Each smaller picture has this many times the width of the one before."""

NOTCH = 0.75
"""About how many times as large a file is with one notch less of quality."""

UNITS = {"": 1, "k": 10**3, "ki": 2**10, "m": 10**6, "mi": 2**20, "g": 10**9, "gi": 2**30}


def parse_bytes(words: str) -> int:
    """A size such as 10MB, 2.5 MiB or 900k in bytes; raises UsageError for what is none."""
    found = re.fullmatch(r"(\d{1,18}(?:\.\d{1,18})?)\s*([kmg]i?)?b?", words.strip().lower())
    if not found:
        raise UsageError(f"max bytes {words!r}: give a size in bytes, as 10MB or 900kB")
    return round(float(found[1]) * UNITS[found[2] or ""])


def ladder(asked: Output) -> list[Output]:
    """The output, then the same with ever more given up: quality, then the rate, then the size."""
    rungs = [replace(asked, notch=notch) for notch in range(asked.notch, len(asked.writer.notches))]
    rungs += [replace(rungs[-1], fps=rate) for rate in RATES if rate < asked.fps]
    width = float(asked.size[0])
    while width > NARROWEST:
        width = max(NARROWEST, width * SHRINK)
        # Even, for all formats.
        sides = [2 * round(side * width / asked.size[0] / 2) for side in asked.size]
        rungs.append(replace(rungs[-1], size=(sides[0], sides[1])))
    return rungs


def next_reduction(asked: Output, tried: Output, size: int, *, last: bool = False) -> Output | None:
    """The first rung under the one that was tried, and came to `size` bytes, that may be small enough.

    The lowest one where none is likely to be, or it is to be the last; None where that has been tried.
    """
    assert tried.max_bytes is not None
    rungs = ladder(asked)
    under = rungs[rungs.index(tried) + 1 :]
    if last:
        return under[-1] if under else None
    enough = (rung for rung in under if size * _cost(rung) / _cost(tried) <= tried.max_bytes)
    return next(enough, under[-1] if under else None)


def describe_reduction(asked: Output, made: Output) -> str:
    """What an output gave up to be small enough, as a sentence."""
    assert asked.max_bytes is not None
    changes = []
    if made.notch != asked.notch:
        before, after = (made.writer.notches[output.notch] for output in (asked, made))
        changes.append(f"{made.writer.measure.format(after)} instead of {before}")
    if made.fps != asked.fps:
        changes.append(f"{made.fps:.3g} frames a second instead of {asked.fps:.3g}")
    if made.size != asked.size:
        changes.append("{}x{} pixels instead of {}x{}".format(*made.size, *asked.size))
    return f"{asked.path}: to stay within {format_bytes(asked.max_bytes)} it has {', '.join(changes)}"


def _cost(output: Output) -> float:
    """About how large a file is, in units of any kind."""
    width, height = output.size
    return float(NOTCH**output.notch * output.fps * (width * height) ** 0.75)
