"""The parameter sets that `sampled` chooses."""

import importlib.util
from collections import Counter
from itertools import product
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def conftest():
    """The file beside this one, which pytest gives no name by which it can be imported."""
    spec = importlib.util.spec_from_file_location("conftest_of_all", Path(__file__).with_name("conftest.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("total", "count", "expected"),
    [(9, 3, {0, 4, 8}), (9, 1, {0}), (9, 0, set()), (1, 3, {0}), (2, 5, {0, 1})],
)
def test_fast_sets_are_evenly_spaced(conftest, total, count, expected):
    assert conftest.evenly_spaced(total, count) == expected


@pytest.mark.parametrize(("sizes", "count"), [(4, 60), (5, 60), (4, 61), (3, 20)])
def test_long_sets_have_each_scene_and_each_size_equally_often(conftest, sizes, count):
    sets = [[("scene", scene), ("size", size)] for scene, size in product(range(60), range(sizes))]
    chosen = conftest.balanced(sets, count, {0})
    assert 0 in chosen
    assert len(chosen) == count
    for parameter, total in ((0, 60), (1, sizes)):
        counts = Counter(sets[index][parameter] for index in chosen)
        assert len(counts) == min(total, count)
        assert max(counts.values()) - min(counts.values()) <= 1
    assert conftest.balanced(sets, count, {0}) == chosen


def test_number_of_long_sets_is_that_of_all_at_most(conftest):
    sets = [[("scene", scene)] for scene in range(5)]
    assert conftest.balanced(sets, 9, {0, 4}) == set(range(5))
