"""Places of entries: they follow the order of their values, ignore short changes, and are never too close."""

import numpy as np
import pytest

from animopt.drawing.ranking import GLIDE, WINDOW, plan_ranks, spread

SAMPLES = 300


def crossing(sample):
    """The heights of two entries, of which the second is the lower one from a sample on."""
    return np.array([np.ones(SAMPLES), np.where(np.arange(SAMPLES) < sample, 2.0, 0.0)])


def test_lowest_value_has_rank_zero_at_both_ends():
    ranks = plan_ranks(crossing(150))
    assert ranks[:, 0].tolist() == [0, 1]
    assert ranks[:, -1].tolist() == [1, 0]


def test_entries_glide_around_the_crossing():
    ranks = plan_ranks(crossing(150))
    gliding = np.flatnonzero((ranks[0] > 0) & (ranks[0] < 1))
    assert 149 - GLIDE / 2 <= gliding.min() <= 150 <= gliding.max() <= 150 + GLIDE / 2
    assert (np.diff(ranks[0]) >= -1e-9).all()
    np.testing.assert_allclose(ranks.sum(axis=0), 1)


def test_short_change_of_order_moves_nothing():
    heights = crossing(SAMPLES)
    heights[1, 100 : 100 + WINDOW // 3] = 0
    assert set(plan_ranks(heights)[0]) == {0}


def test_frantic_race_does_not_shuffle():
    heights = crossing(SAMPLES)
    heights[1, 1::3] = 0
    assert set(plan_ranks(heights)[0]) == {0}


def test_equal_values_have_the_order_that_comes_next():
    heights = np.zeros((3, SAMPLES))
    heights[:, 100:] = [[2], [0], [1]]
    np.testing.assert_array_equal(plan_ranks(heights), np.tile([[2], [0], [1]], SAMPLES))


def test_entries_that_are_always_equal_have_their_own_order():
    ranks = plan_ranks(np.full((3, SAMPLES), np.inf))
    np.testing.assert_array_equal(ranks, np.tile([[0], [1], [2]], SAMPLES))


def test_order_of_one_moment():
    assert plan_ranks(np.array([[3.0], [1.0], [2.0]])).ravel().tolist() == [2, 0, 1]


@pytest.mark.parametrize("seed", range(5))
def test_places_keep_their_distance_at_every_moment(seed):
    rng = np.random.default_rng(seed)
    ranks = plan_ranks(np.cumsum(rng.normal(size=(8, SAMPLES)), axis=1))
    slots = np.arange(8) * 25.0
    for row in np.vstack([ranks.T, (ranks.T[1:] + ranks.T[:-1]) / 2]):
        places = spread(np.interp(row, np.arange(8), slots), 20, 0, 175)
        order = np.argsort(places)
        assert np.diff(places[order]).min() >= 20 - 1e-9
        assert places.min() >= 0
        assert places.max() <= 175 + 1e-9
        assert (np.diff(row[order]) >= -1e-9).all()


def test_places_with_room_are_the_targets():
    targets = np.array([50.0, 5.0, 90.0])
    np.testing.assert_allclose(spread(targets, 20, 0, 100), targets)


def test_crowded_places_are_the_nearest():
    np.testing.assert_allclose(spread(np.array([50.0, 52.0, 0.0]), 10, 0, 100), [46, 56, 0])
    np.testing.assert_allclose(spread(np.array([0.0, 1.0, 2.0]), 10, 0, 100), [0, 10, 20])
    np.testing.assert_allclose(spread(np.array([99.0, 100.0]), 10, 0, 100), [90, 100])
