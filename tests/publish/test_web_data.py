"""Packed arrays and races are read again as a browser reads them."""

import base64
import json
import zlib

import numpy as np
import pytest

from animopt.publish import web_data
from animopt.publish.web_data import CODINGS, Blob, encoded, fitted, packed
from animopt.recording.starts import AbsentRacer, LossScale, Note, Starts

TYPES = {"f8": "<f8", "f4": "<f4", "u2": "<u2", "i2": "<i2", "u1": "u1", "i1": "i1"}


def unpacked(text, reference):
    data = zlib.decompress(base64.b64decode(text))
    assert reference["offset"] % 8 == 0
    count = int(np.prod(reference["shape"]))
    return np.frombuffer(data, TYPES[reference["type"]], count, reference["offset"]).reshape(reference["shape"])


def signed(number):
    return (number + 2**15) % 2**16 - 2**15


def decoded(low, high, coding, steps, rows, columns):
    """The values (steps + 1, rows, columns) of a stream, one integer at a time."""
    cells = rows * columns

    def index(step, cell):
        return cell * (steps + 1) + step if coding["order"] == "runs" else step * cells + cell

    values = []
    for each in range((steps + 1) * cells):
        integer = int(low[each]) | int(high[each]) << 8
        values.append((integer >> 1) ^ -(integer & 1))
    if coding["left"]:
        for step in range(steps + 1):
            for cell in range(cells):
                if cell % columns:
                    values[index(step, cell)] = signed(values[index(step, cell)] + values[index(step, cell - 1)])
    for _ in range(coding["differences"]):
        for step in range(1, steps + 1):
            for cell in range(cells):
                values[index(step, cell)] = signed(values[index(step, cell)] + values[index(step - 1, cell)])
    return np.array([[values[index(step, cell)] for cell in range(cells)] for step in range(steps + 1)]).reshape(
        steps + 1, rows, columns
    )


def races(columns=5, rows=4, steps=6, racers=2, *, rough=True):
    source = np.random.default_rng(columns)
    positions = source.integers(-30_000, 30_001, (racers, 2, steps + 1, rows, columns)) * rough
    losses = source.integers(-14_159, 14_159, (racers, steps + 1, rows, columns)) * rough
    return Starts(
        x=np.linspace(0, 1, columns),
        y=np.linspace(2, 3, rows),
        racers=tuple(range(1, racers + 1)),
        absent=(AbsentRacer(0, Note("why")),),
        notes=(),
        origin=np.array([0.5, 2.5]),
        quantum=np.array([1 / 512, 1 / 512]),
        positions=positions.astype(np.int16),
        scale=LossScale.of_gaps(),
        losses=losses.astype(np.int16),
        known=source.integers(0, steps + 2, (racers, rows, columns)),
        sensitive=source.integers(0, 2, (racers, rows, columns)).astype(bool),
    )


@pytest.mark.parametrize("coding", CODINGS, ids=str)
def test_each_coding_is_read_again(coding):
    values = races().positions[0, 0]
    low, high = encoded(values, coding)
    np.testing.assert_array_equal(decoded(low, high, vars(coding), 6, 4, 5), values)


@pytest.mark.parametrize("changes", [{"differences": 2}, {"left": True}, {"order": "runs"}], ids=str)
def test_wrong_decoder_reads_other_values(changes):
    values = races().positions[0, 0]
    low, high = encoded(values, CODINGS[0])
    assert (decoded(low, high, {**vars(CODINGS[0]), **changes}, 6, 4, 5) != values).any()


def test_packed_starts_are_read_again():
    starts, blob = races(), Blob()
    blob.add(np.arange(3, dtype=np.uint8))
    fields = json.loads(json.dumps(packed(starts).into(blob)))
    assert (fields["columns"], fields["rows"], fields["steps"], fields["racers"]) == (5, 4, 6, [1, 2])
    assert (fields["x"], fields["y"]) == ([0, 1], [2, 3])
    assert fields["absent"] == [{"racer": 0, "reason": "why"}]
    assert fields["losses"] == vars(starts.scale)
    data = unpacked(blob.text, fields["data"])
    assert data.shape == (6, 2, 7 * 20)
    for racer in range(2):
        for component, values in enumerate([*starts.positions[racer], starts.losses[racer]]):
            number = 3 * racer + component
            found = decoded(*data[number], fields["streams"][number], 6, 4, 5)
            np.testing.assert_array_equal(found, values)
    np.testing.assert_array_equal(unpacked(blob.text, fields["known"]), starts.known)
    np.testing.assert_array_equal(unpacked(blob.text, fields["sensitive"]), starts.sensitive)


def test_races_of_no_racer_are_packed():
    blob = Blob()
    fields = packed(races(racers=0)).into(blob)
    assert fields["streams"] == []
    assert unpacked(blob.text, fields["data"]).shape == (0, 2, 140)


@pytest.mark.parametrize("kind", ["<f8", "<f4", "<u2", "<i2", "u1", "i1"])
def test_array_of_each_type_is_read_again(kind):
    blob = Blob()
    arrays = [np.arange(count).reshape(-1, 1).astype(kind) for count in (3, 0, 5)]
    references = [blob.add(array) for array in arrays]
    for reference, array in zip(references, arrays, strict=True):
        found = unpacked(blob.text, reference)
        assert found.dtype == array.dtype
        np.testing.assert_array_equal(found, array)


def test_bool_has_a_smaller_type():
    blob = Blob()
    flags = blob.add(np.array([True, False]))
    assert unpacked(blob.text, flags).tolist() == [1, 0]


def test_blob_does_not_depend_on_the_byte_order_of_an_array():
    one, other = Blob(), Blob()
    assert one.add(np.arange(4, dtype="<u2")) == other.add(np.arange(4, dtype=">u2"))
    assert one.text == other.text


def test_size_is_that_of_a_blob():
    result, blob = packed(races()), Blob()
    result.into(blob)
    assert result.size == len(blob.text)


def test_largest_grid_that_fits_is_chosen():
    tried = []

    def run(grid):
        tried.append(grid)
        return races(grid, grid)

    starts, result = fitted(run, 20, 10**9, "en")
    assert (tried, starts.notes) == ([20], ())
    limit = round(1.1 * packed(races(12, 12)).size)
    tried.clear()
    starts, result = fitted(run, 20, limit, "en")
    assert result.size <= limit
    assert starts.losses.shape[-2:] == (12, 12)
    assert tried == [20, 12]
    (note,) = starts.notes
    assert str(note) == (
        "Starts snap to a grid of 12 × 12, because the page would be too large with 20 × 20 starts; allow more, with "
        "--max-bytes or Output(max_bytes=...)"
    )


def test_smallest_grid_is_returned_even_if_it_does_not_fit():
    starts, result = fitted(lambda grid: races(grid, grid), 64, 10, "ko")
    assert starts.losses.shape[-2:] == (8, 8)
    assert result.size > 10
    assert len(starts.notes) == 1
    assert web_data.GRIDS[-1] == 8


def test_array_of_another_type_is_refused():
    with pytest.raises(ValueError, match="int64"):
        Blob().add(np.arange(3, dtype=np.int64))
