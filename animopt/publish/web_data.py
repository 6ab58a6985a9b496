"""Arrays of a page as one text, and the races from a grid of starts as bytes that compress well.

All arrays are in one sequence of bytes, which is compressed with zlib ("deflate" in a browser) and encoded in base64. A
reference to an array says its type, its shape and its first byte. Numbers are little-endian.

The integers of dropped starts are in streams, three for each racer: x, y and loss. A stream has one 16-bit integer for
each step from 0 to `steps` and each cell, in the order that `order` names:

    "steps"   all cells of step 0, then all cells of step 1: index = step * cells + cell
    "runs"    all steps of cell 0, then all steps of cell 1: index = cell * (steps + 1) + step

where cell = row * columns + column. These are the low bytes of all integers of a stream, then the high bytes. The
values follow from the integers in three steps, in arithmetic that wraps at 16 bits:

    1. value = (integer >> 1) ^ -(integer & 1)
    2. if `left`: in each row of each step, from the second column on, add the value of the column before
    3. as often as `differences` says: from step 1 on, add to each value that of the same cell in the step before

so that one step of one cell needs the other steps of that cell, and with `left` also the cells to the left of it.
"""

import base64
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from animopt.core.language import language
from animopt.recording.starts import GRID, SMALLEST_GRID, Note, Starts

ALIGNMENT = 8
"""Number of bytes of which each array's first byte is a multiple."""

TYPES = "f8", "f4", "u2", "i2", "u1", "i1"
"""Types of arrays in a blob: floating-point numbers and integers, with their numbers of bytes."""

LEVEL = 9
"""zlib's level of compression."""

MEASURED_LEVEL = 1
"""Level with which the codings of a stream are compared, because it is fast."""

STEPS, RUNS = "steps", "runs"
"""Orders of the integers of a stream."""

GRIDS = GRID, 56, 48, 40, 32, 24, 16, 12, SMALLEST_GRID
"""Numbers of columns and rows of the grids to which a larger one is reduced."""

SMALLER_GRID_FACTOR = 1.05
"""Factor by which a start of a smaller grid is expected to need more bytes, because its neighbours are farther away."""


@dataclass(frozen=True)
class Coding:
    """A way to predict the values of a stream."""

    order: str
    differences: int
    left: bool


CODINGS = [Coding(*each) for each in product((STEPS, RUNS), (1, 2), (False, True))]
"""The codings of which each stream has the one that needs the fewest bytes."""


class Blob:
    """Arrays in one sequence of bytes."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def add(self, array: NDArray[Any]) -> dict[str, Any]:
        """Append an array, and return its reference. bool becomes one byte."""
        if array.dtype.kind == "b":
            array = array.astype(np.uint8)
        kind = f"{array.dtype.kind}{array.dtype.itemsize}"
        if kind not in TYPES:
            raise ValueError(f"array of {array.dtype}: give one of {', '.join(TYPES)}")
        reference = {"type": kind, "shape": list(array.shape), "offset": self._length}
        data = array.astype(array.dtype.newbyteorder("<")).tobytes()
        data += bytes(-len(data) % ALIGNMENT)
        self._parts.append(data)
        self._length += len(data)
        return reference

    def referenced(self, value: Any) -> Any:
        """Append the arrays in a value, and return it with their references in their places.

        Integers are stored as differences along the first axis, wrapped around in their own type, where that needs
        fewer bytes.
        """
        if isinstance(value, dict):
            return {name: self.referenced(each) for name, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.referenced(each) for each in value]
        if not isinstance(value, np.ndarray):
            return value
        if value.dtype.kind in "iu" and len(value):
            differences = np.concatenate([value[:1], value[1:] - value[:-1]])
            if _measured(differences) < _measured(value):
                return {**self.add(differences), "delta": True}
        return self.add(value)

    @property
    def text(self) -> str:
        """The compressed bytes in base64."""
        return base64.b64encode(zlib.compress(b"".join(self._parts), LEVEL)).decode("ascii")


@dataclass(frozen=True)
class PackedStarts:
    """Races from a grid of starts as fields of JSON and arrays."""

    fields: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]

    def into(self, blob: Blob) -> dict[str, Any]:
        """Append the arrays to a blob, and return the fields with their references."""
        return {**self.fields, **{name: blob.add(array) for name, array in self.arrays.items()}}

    @cached_property
    def size(self) -> int:
        """Number of characters of a blob with these arrays."""
        blob = Blob()
        self.into(blob)
        return len(blob.text)


def packed(starts: Starts) -> PackedStarts:
    """Return the races from a grid of starts as fields and arrays."""
    codings, streams = [], []
    for positions, losses in zip(starts.positions, starts.losses, strict=True):
        for values in (*positions, losses):
            coding = min(CODINGS, key=lambda each: _measured(encoded(values, each)))
            codings.append(vars(coding))
            streams.append(encoded(values, coding))
    steps, rows, columns = starts.losses.shape[1:]
    scale = starts.scale
    return PackedStarts(
        {
            "columns": columns,
            "rows": rows,
            "steps": steps - 1,
            "x": [float(starts.x[0]), float(starts.x[-1])],
            "y": [float(starts.y[0]), float(starts.y[-1])],
            "origin": starts.origin.tolist(),
            "quantum": starts.quantum.tolist(),
            "racers": list(starts.racers),
            "absent": [{"racer": each.racer, "reason": each.reason.sentence} for each in starts.absent],
            "losses": vars(scale),
            "streams": codings,
        },
        {
            "known": starts.known.astype(np.float32),
            "sensitive": starts.sensitive,
            "data": np.array(streams, dtype=np.uint8).reshape(len(streams), 2, steps * rows * columns),
        },
    )


def encoded(values: NDArray[np.int16], coding: Coding) -> NDArray[np.uint8]:
    """Return the low bytes and the high bytes (2, integers) of values (steps + 1, rows, columns)."""
    rest = values.astype(np.int16)
    for _ in range(coding.differences):
        rest = np.concatenate([rest[:1], rest[1:] - rest[:-1]])
    if coding.left:
        rest = np.concatenate([rest[..., :1], rest[..., 1:] - rest[..., :-1]], axis=-1)
    if coding.order == RUNS:
        rest = np.moveaxis(rest, 0, -1)
    # Numbers near 0 of either sign become small.
    integers = ((rest << 1) ^ (rest >> 15)).astype(np.uint16).ravel()
    return np.stack([integers & 255, integers >> 8]).astype(np.uint8)


def _measured(data: NDArray[np.uint8]) -> int:
    return len(zlib.compress(data.tobytes(), MEASURED_LEVEL))


def fitted(
    run: Callable[[int], Starts], grid: int, max_size: int, code: str, least: int = GRIDS[-1]
) -> tuple[Starts, PackedStarts]:
    """Return the races from the largest grid whose packed size is at most `max_size`, also packed.

    `run` returns the races from a grid with a number of columns and rows. It is called with `grid`, then with the
    grids of `GRIDS`, down to `least`, that are expected to fit. That one is returned even if it does not fit. A note
    says that the grid was reduced, in the language with a code.
    """
    starts = run(grid)
    result = packed(starts)
    columns, size = starts.losses.shape[-1], result.size
    for other in GRIDS:
        if result.size <= max_size or other < least:
            break
        expected = SMALLER_GRID_FACTOR * size * (other / columns) ** 2
        if other >= columns or (expected > max_size and other > least):
            continue
        starts = run(other)
        sentence = language(code).gettext(
            "Starts snap to a grid of {grid}, because the page would be too large with {asked} starts.",
            grid=f"{other} × {other}",
            asked=f"{grid} × {grid}",
        )
        starts = replace(
            starts, notes=(*starts.notes, Note(sentence, "allow more, with --max-bytes or Output(max_bytes=...)"))
        )
        result = packed(starts)
    return starts, result
