"""Recordings: ranks, lost racers, and the path over the surface at any fraction of a step."""

import numpy as np
import pytest
import torch

from animopt.engine.function import Function
from animopt.engine.racer import Racer
from animopt.engine.record import record


class Guided:
    """An optimizer that goes to given points."""

    def __init__(self, parameters, points):
        (self.parameter,) = parameters
        self.points = iter(points)

    def step(self, closure):
        closure()
        with torch.no_grad():
            self.parameter.copy_(torch.tensor(next(self.points), dtype=torch.float64))


def hills(x):
    return x[0] ** 4 - 12 * x[0] ** 2 + x[1] ** 3 + x[0] * x[1]


def guided(*paths, definition=hills, **fields):
    """Record racers that go through the points of given paths, on the domain ±4."""
    racers = [
        Racer(
            Guided,
            name=str(number),
            start=path[0],
            steps=len(path) - 1,
            points=[tuple(map(float, point)) for point in path[1:]],
        )
        for number, path in enumerate(paths)
    ]
    return record(Function(definition, x=(-4, 4), y=(-4, 4), **fields), racers, (0, 0), 1)


INSIDE = [(-3, 2), (3, -1), (2, -1), (2.01, -1), (2.01, -1), (-4, 4), (4, 4), (-3.5, 3.7), (0.1, 0.1)]
OUT_AND_BACK = [(0, 0), (6, 3), (7, -9), (-2, -1), (-6, -1), (6, -1), (1, 1), (1, 5), (9, 5)]
AT_THE_EDGE = [(4, 0), (5, 0), (4, 1), (4, 2), (4.5, 2), (3, 2), (4, 3), (5, 9)]
INTO_A_HOLE = [(3, 3), (1, 1), (-1, 1), (2, 1)]
PATHS = {
    "inside": INSIDE,
    "out and back": OUT_AND_BACK,
    "at the edge": AT_THE_EDGE,
    "lost at once": [(1, 1), (np.nan, 1), (0, 0)],
    "lost later": [(1, 1), (2, 2), (np.inf, 1), (0, 0)],
    "out for good": [(1, 1), (9, 9), (20, 9)],
}


@pytest.fixture(params=PATHS)
def path(request):
    return np.array(PATHS[request.param], dtype=np.float64)


def in_domain(points):
    return (np.abs(points) <= 4).all(axis=-1)


def at(path, step):
    """The position at a fraction of a step."""
    before = min(int(step), len(path) - 2)
    return path[before] + (step - before) * (path[before + 1] - path[before])


def test_head_at_each_step_is_the_recorded_point(path):
    recording = guided(path)
    (trail,) = recording.paths
    lost = np.logical_or.accumulate(~np.isfinite(path).all(axis=1))
    for step in range(len(path)):
        if in_domain(path[step]) and not lost[step]:
            np.testing.assert_array_equal(trail.head(step), [*path[step], hills(path[step])])
            np.testing.assert_array_equal(trail.head(step)[:2], recording.xy[0, step])
        else:
            assert np.isnan(trail.head(step)).all()


@pytest.mark.parametrize("name", ["inside", "out and back"])
def test_head_between_steps_is_on_the_segment_and_on_the_surface(name):
    path = np.array(PATHS[name], dtype=np.float64)
    (trail,) = guided(path).paths
    for step in np.linspace(0, len(path) - 1, 991):
        head, place = trail.head(step), at(path, step)
        if in_domain(place):
            np.testing.assert_allclose(head[:2], place, atol=1e-9)
            assert head[2] == pytest.approx(hills(place), abs=0.3)
        else:
            assert np.isnan(head).all()


def test_head_between_steps_is_not_on_the_chord():
    start, end = np.array(INSIDE[:2], dtype=np.float64)
    (trail,) = guided(INSIDE).paths
    middle = trail.head(0.5)
    chord = (hills(start) + hills(end)) / 2
    assert middle[2] == pytest.approx(hills((start + end) / 2), abs=0.3)
    assert abs(middle[2] - chord) > 20


def test_path_is_on_the_surface_and_in_the_domain(path):
    (trail,) = guided(path).paths
    seen = trail.xyz[np.isfinite(trail.xyz).all(axis=1)]
    np.testing.assert_allclose(seen[:, 2], hills(seen[:, :2].T), rtol=1e-9, atol=1e-9)
    assert (np.abs(seen[:, :2]) <= 4 + 1e-12).all()
    assert (np.diff(trail.step) >= 0).all()


@pytest.mark.parametrize("name", ["inside", "out and back", "at the edge"])
def test_path_follows_straight_steps(name):
    path = np.array(PATHS[name], dtype=np.float64)
    (trail,) = guided(path).paths
    seen = np.isfinite(trail.xyz).all(axis=1)
    places = [at(path, step) for step in trail.step[seen]]
    np.testing.assert_allclose(trail.xyz[seen, :2], places, atol=1e-12)


def test_path_is_cut_at_the_edge_of_the_domain():
    (trail,) = guided(OUT_AND_BACK).paths
    seen = np.isfinite(trail.xyz).all(axis=1)
    leaving = np.flatnonzero(seen[:-1] & ~seen[1:])
    entering = np.flatnonzero(~seen[:-1] & seen[1:] & (trail.step[1:] > 0)) + 1
    np.testing.assert_allclose(trail.step[leaving], [2 / 3, 3.5, 4 + 10 / 12, 6.75], rtol=1e-14)
    np.testing.assert_allclose(trail.xyz[leaving, :2], [(4, 2), (-4, -1), (4, -1), (1, 4)], rtol=1e-14)
    np.testing.assert_allclose(trail.step[entering], [2.625, 4 + 2 / 12, 5.4], rtol=1e-14)
    np.testing.assert_allclose(trail.xyz[entering, :2], [(1.375, -4), (-4, -1), (4, -0.2)], rtol=1e-14)


def test_passed_points_and_head_depend_only_on_the_step(path):
    (trail,) = guided(path).paths
    steps = np.linspace(0, len(path) - 1, 23)
    forwards = [(trail.passed(step), trail.head(step)) for step in steps]
    backwards = [(trail.passed(step), trail.head(step)) for step in steps[::-1]][::-1]
    for step, (passed, head), (other, other_head) in zip(steps, forwards, backwards, strict=True):
        np.testing.assert_array_equal(passed, other)
        np.testing.assert_array_equal(head, other_head)
        np.testing.assert_array_equal(passed, trail.xyz[: len(passed)])
        assert (trail.step[: len(passed)] <= step).all()


def test_finished_racer_remains_at_its_last_point():
    recording = guided(INSIDE, [(1, 1), (2, 2)])
    trail = recording.paths[1]
    for step in (1, 1.5, 7):
        np.testing.assert_array_equal(trail.head(step), [2, 2, hills((2, 2))])


def test_path_ends_at_a_hole_of_the_surface():
    def half(x):
        return x[0].sqrt() + x[1]

    recording = guided(INTO_A_HOLE, definition=half)
    assert recording.lost(0, 1) is None
    assert recording.lost(0, 3) == ("diverged", 2)
    np.testing.assert_array_equal(recording.paths[0].head(1), [1, 1, 2])
    assert np.isnan(recording.paths[0].head(2)).all()
    assert np.isnan(recording.paths[0].head(3)).all()


def test_lost_racer_left_view_for_the_last_time():
    recording = guided(OUT_AND_BACK)
    since = [None, 1, 1, None, 4, 4, None, 7, 7]
    assert [recording.lost(0, step) for step in range(9)] == [step and ("left view", step) for step in since]
    assert recording.in_view[0].tolist() == in_domain(np.array(OUT_AND_BACK)).tolist()


def test_diverged_racer_is_not_reported_as_out_of_view():
    recording = guided([(0, 0), (9, 9), (np.nan, 0), (0, 0)])
    expected = [None, ("left view", 1), ("diverged", 2), ("diverged", 2)]
    assert [recording.lost(0, step) for step in range(4)] == expected


@pytest.mark.parametrize("place", [(np.nan, 1), (1, -np.inf), (1e100, 1)], ids=str)
def test_diverged_racer_remains_nan(place):
    # At the last place only the loss is not finite.
    recording = guided([(1, 1), place, (0, 0)])
    assert np.isnan(recording.xy[0]).tolist() == [[False] * 2, [True] * 2, [True] * 2]
    assert np.isnan(recording.z[0]).tolist() == [False, True, True]


def test_equal_losses_share_a_rank_and_nan_is_last():
    recording = guided(
        [(0, 0), (1, 1)], [(0, 0), (2, 0)], [(0, 0), (np.nan, 0)], [(0, 0), (1, 1)], [(0, 0), (0, np.inf)]
    )
    assert recording.ranks(0).tolist() == [1] * 5
    # The heights are -9, -32, nan, -9 and nan.
    assert recording.ranks(1).tolist() == [2, 1, 4, 2, 4]


@pytest.mark.long
def test_winner_has_the_lowest_loss_at_the_end_among_the_racers_in_view():
    # The heights at the ends are -32, -9, nan and, out of view, -720.
    paths = [[(0, 0), (2, 0)], [(0, 0), (1, 1)], [(0, 0), (np.nan, 0)], [(0, 0), (1, -9)]]
    assert guided(*paths).winner == 0
    assert guided(*paths[::-1]).winner == 3
    assert guided(*paths[1:]).winner == 0
    assert guided(*paths[:1]).winner is None
    assert guided(paths[0], paths[0], paths[1]).winner is None
    assert guided(*paths[2:]).winner is None


def test_gap_is_measured_from_the_lowest_minimum():
    recording = guided([(1, 0), (0, 0), (3, 0)], definition=lambda x: x[0] ** 2 + x[1] ** 2, minima=[(0, 2), (0, 1)])
    # Losses below the given minimum, which is wrong, have no negative gap.
    np.testing.assert_array_equal(recording.gap, [[0, 0, 8]])
    assert guided(INSIDE).gap is None


@pytest.mark.parametrize(
    ("x", "y", "aspect"), [((-10, 10), (-5, 5), 2), ((0, 1), (0, 2), 0.5), ((0, 9), (0, 1), 1), ((0, 1), (0, 9), 1)]
)
def test_domain_has_equal_units_unless_it_is_long(x, y, aspect):
    assert record(Function(hills, x=x, y=y), [], (0, 0), 1).surface.aspect == aspect
