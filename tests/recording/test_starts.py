"""Scales of losses, and races read from 16-bit integers."""

import numpy as np
import pytest

from animopt.recording.starts import AbsentRacer, LossScale, Starts


def test_losses_on_a_logarithmic_scale_are_accurate_to_two_and_a_half_percent():
    losses = np.random.default_rng(0).uniform(-690, 690, 2000)
    scale = LossScale.of_gaps()
    read = scale.losses(scale.quantised(np.exp(losses)))
    assert np.abs(np.log(read) - losses).max() <= np.log(1.05) / 2 * (1 + 1e-9)
    assert np.abs(read / np.exp(losses) - 1).max() < 0.025


@pytest.mark.parametrize("low", [1e-300, 1e-12])
def test_gaps_below_the_scale_are_its_lowest_integer(low):
    scale = LossScale.of_gaps(low)
    assert scale.quantised(np.array([0.0, low / 1.1])).tolist() == [scale.lowest] * 2
    assert scale.quantised(np.array([low * 1.1]))[0] > scale.lowest
    assert scale.losses(np.array([scale.lowest], dtype=np.int16))[0] == pytest.approx(low, rel=0.025)
    assert scale.quantised(np.array([1e305]))[0] == scale.highest


def test_losses_on_a_linear_scale_are_accurate_to_a_part_of_the_axis():
    scale = LossScale.of_losses(-3.0, 5.0)
    losses = np.linspace(-20, 40, 999)
    assert np.abs(scale.losses(scale.quantised(losses)) - losses).max() <= 8 / 2000 / 2 * (1 + 1e-9)
    assert scale.quantised(np.array([-1e300, np.inf])).tolist() == [scale.lowest, scale.highest]


def test_race_is_not_known_after_its_last_known_point():
    positions = np.array([[[0, 4, 4], [1, 2, 2]]], dtype=np.int16).reshape(1, 2, 3, 1, 1)
    losses = np.array([[0, 14, 14]], dtype=np.int16).reshape(1, 3, 1, 1)
    starts = Starts(
        x=np.array([0.5]),
        y=np.array([1.0]),
        racers=(2,),
        absent=(AbsentRacer(0, "why"),),
        notes=(),
        origin=np.array([1.0, 2.0]),
        quantum=np.array([0.5, 0.25]),
        positions=positions,
        scale=LossScale.of_gaps(),
        losses=losses,
        known=np.array([[[2]]]),
        sensitive=np.zeros((1, 1, 1), dtype=np.bool_),
    )
    assert starts.steps == 2
    points, found = starts.race(0, 0, 0)
    np.testing.assert_array_equal(points, [(1, 2.25), (3, 2.5), (np.nan, np.nan)])
    np.testing.assert_allclose(found, [1, 1.05**14, np.nan])


def test_point_snaps_to_the_nearest_start():
    grid = np.zeros((0, 2, 1, 2, 3), dtype=np.int16)
    starts = Starts(
        x=np.array([1.0, 3.0, 5.0]),
        y=np.array([-1.0, 1.0]),
        racers=(),
        absent=(),
        notes=(),
        origin=np.zeros(2),
        quantum=np.ones(2),
        positions=grid,
        scale=LossScale.of_gaps(),
        losses=grid[:, 0],
        known=np.zeros((0, 2, 3), dtype=np.int64),
        sensitive=np.zeros((0, 2, 3), dtype=np.bool_),
    )
    assert starts.nearest(np.array([3.9, 0.1])) == (1, 1)
    assert starts.nearest(np.array([99.0, -99.0])) == (0, 2)
