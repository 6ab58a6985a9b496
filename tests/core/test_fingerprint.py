"""Hashes of values."""

import subprocess
import sys
from dataclasses import dataclass

import attrs
import numpy as np
import pytest

from animopt.core.fingerprint import fingerprint


@dataclass
class Point:
    x: float
    y: float


@attrs.frozen
class Named:
    name: str


DIFFERENT = [
    None,
    0,
    False,
    0.0,
    -0.0,
    np.float64(0),
    "",
    b"",
    [],
    [[]],
    ["ab", "c"],
    ["a", "bc"],
    {"a": 1},
    ["mapping", "a", 2],
    np.zeros(2),
    np.zeros((2, 1)),
    np.zeros(2, dtype=np.float32),
    Point(1, 2),
    Point(2, 1),
    Named("a"),
    Named("b"),
]


def test_different_values_have_different_hashes():
    assert len({fingerprint(value) for value in DIFFERENT}) == len(DIFFERENT)
    assert fingerprint("a", "b") != fingerprint("b", "a")


def test_equal_values_have_one_hash_in_any_process():
    program = "from animopt.core.fingerprint import fingerprint; print(fingerprint({'a': 1.5, 'b': ('x', None)}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == fingerprint({"a": 1.5, "b": ("x", None)})


def test_part_of_an_array_counts_by_its_values():
    values = np.arange(12.0).reshape(3, 4)
    assert fingerprint(values[:, ::2]) == fingerprint(values[:, ::2].copy())


@pytest.mark.parametrize("value", [object(), {1, 2}, fingerprint])
def test_value_without_an_order_is_refused(value):
    with pytest.raises(TypeError, match="has no fingerprint"):
        fingerprint(value)
