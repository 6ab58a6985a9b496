"""Labels beside moving heads touch nothing, glide, and never blink."""

import numpy as np
import pytest

from animopt.drawing.labels import GAP, place_labels

BOX = (590.0, 295.0)
SIZE = (60.0, 16.0)
RADIUS = 7.0
WINDOW = 12
NO_OBSTACLES = np.empty((0, 4))


def place(heads, sizes=SIZE, box=BOX, radius=RADIUS, window=WINDOW):
    """Place labels, and check the rules that hold for all labels."""
    heads = np.asarray(heads, dtype=float)
    sizes = np.broadcast_to(np.asarray(sizes, dtype=float), (len(heads), 2))
    offsets, shown = place_labels(heads, sizes, box, radius, window, NO_OBSTACLES)
    check(heads, sizes, box, radius, window, offsets, shown)
    return offsets, shown


def check(heads, sizes, box, radius, window, offsets, shown):
    racers, samples = heads.shape[:2]
    assert offsets.shape == (racers, samples, 2)
    assert shown.shape == (racers, samples)
    assert shown.dtype == bool
    assert np.isfinite(offsets).all()
    assert not shown[np.isnan(heads).any(axis=-1)].any()

    labels = heads + offsets
    low, high = labels - sizes[:, None] / 2, labels + sizes[:, None] / 2
    assert (low[shown] >= 1).all()
    assert (high[shown] <= np.array(box) - 1).all()
    for racer in range(racers):
        for other in range(racers):
            apart = (heads[other] - radius >= high[racer]) | (heads[other] + radius <= low[racer])
            assert (apart.any(axis=1) | ~shown[racer] | np.isnan(heads[other, :, 0])).all(), "a label covers a head"
            apart = (low[other] >= high[racer]) | (high[other] <= low[racer])
            assert (apart.any(axis=1) | ~shown[racer] | ~shown[other] | (racer == other)).all(), "labels overlap"

    opposite = sizes + 2 * (radius + GAP)
    glides = np.abs(np.diff(offsets, axis=1)) * (shown[:, 1:] & shown[:, :-1])[..., None]
    assert (glides <= 2 * opposite[:, None] / window).all()
    for visible in shown:
        changes = np.flatnonzero(np.diff(visible))
        assert (np.diff(changes) >= window).all(), "a label blinks"


def smooth(seed, racers, samples, turns, box=BOX):
    """Heads that swing through the whole box, (racers, samples, 2)."""
    generator = np.random.default_rng(seed)
    rate, phase = generator.uniform(0.2, 1, (2, racers, 3, 2)) * 2 * np.pi
    time = np.linspace(0, turns, samples)[:, None, None]
    return (np.sin(rate[:, None] * time + phase[:, None]).mean(axis=2) + 1) / 2 * np.array(box)


def still(*points, samples=100):
    return np.repeat(np.array(points, dtype=float)[:, None], samples, axis=1)


@pytest.mark.parametrize("turns", [1, 4, 16])
@pytest.mark.parametrize("racers", [1, 2, 5, 9])
@pytest.mark.sampled(2)
def test_labels_touch_nothing_and_never_blink(racers, turns):
    for seed in range(4):
        sizes = np.random.default_rng(seed).uniform((20, 10), (90, 20), (racers, 2))
        place(smooth(seed, racers, 400, turns), sizes)


@pytest.mark.parametrize("window", [1, 2, 5, 30, 500])
def test_any_window_works(window):
    place(smooth(1, 5, 300, 4), window=window)


@pytest.mark.parametrize("samples", [1, 2, 11, 12, 13, 24, 25])
def test_any_number_of_samples_works(samples):
    place(smooth(2, 5, samples, 1))


def test_most_labels_are_shown_if_there_is_room():
    shown = [place(smooth(seed, 4, 400, 2))[1].mean() for seed in range(6)]
    assert np.mean(shown) > 0.75


@pytest.mark.parametrize("window", [8, 12, 20])
@pytest.mark.parametrize("square", [False, True])
def test_labels_of_a_real_race(ravine_race, window, square):
    surface = ravine_race.surface
    box = np.array([295.0, 295.0] if square else BOX)
    steps = np.append(np.linspace(0, 40, 40 * 8 + 1), np.full(3 * window, 40))
    xy = np.array([[way.head(step)[:2] for step in steps] for way in ravine_race.paths])
    heads = (xy - surface.low) / (surface.high - surface.low) * box
    _, shown = place(heads, box=tuple(box), window=window)
    assert shown[:, 0].sum() <= 1
    assert shown.any(axis=1).sum() >= 4
    assert shown[:, -1].sum() >= 3


def test_only_the_top_one_of_stacked_heads_is_labeled():
    _, shown = place(still(*[(200, 100)] * 5))
    np.testing.assert_array_equal(shown, np.repeat([[0], [0], [0], [0], [1]], 100, axis=1))


def test_labels_unfold_when_heads_separate():
    away = np.linspace(0, 1, 300)[:, None]
    heads = np.array([200, 150]) + away * np.array([[[150, 100]], [[150, -100]], [[-150, 0]]])
    _, shown = place(heads)
    assert shown[:, 0].sum() == 1
    assert shown[:, -1].all()
    assert (np.diff(shown.astype(int)) >= 0).all()


@pytest.mark.parametrize("x", [0, 3, 295, 587, 590])
@pytest.mark.parametrize("y", [0, 3, 147, 292, 295])
def test_label_of_a_head_at_the_edge_is_inside(x, y):
    _, shown = place(still((x, y)))
    assert shown.all()


def test_label_that_fits_nowhere_folds():
    assert not place(still((10, 10)), sizes=(40, 40), box=(30, 30))[1].any()
    assert not place(still((-50, 10)))[1].any()
    assert not place(still((700, 10)))[1].any()


def test_label_vanishes_with_its_head():
    heads = smooth(3, 4, 400, 2)
    heads[0, 100:160] = np.nan
    heads[1, :50] = np.nan
    heads[2, 300:] = np.nan
    heads[3, 200] = np.nan
    place(heads)


def test_hidden_head_does_not_displace_labels():
    heads = smooth(4, 3, 300, 2)
    unseen = np.insert(heads, 1, np.nan, axis=0)
    offsets, shown = place(unseen)
    assert not shown[1].any()
    np.testing.assert_array_equal(np.delete(offsets, 1, axis=0), place(heads)[0])


def test_single_racer_is_always_labeled():
    for seed in range(8):
        assert place(smooth(seed, 1, 800, 4))[1].all()


def test_label_stays_on_the_right_if_nothing_is_in_its_way():
    resting = np.full((1, 800, 2), 200.0)
    rightwards = resting + np.stack([np.linspace(-100, 100, 800), np.zeros(800)], axis=-1)
    for heads in (resting, rightwards):
        offsets, shown = place(heads)
        assert shown.all()
        np.testing.assert_array_equal(offsets[0], np.tile([30 + RADIUS + GAP, 0], (800, 1)))


def test_label_avoids_its_trail():
    leftwards = 200 + np.stack([np.linspace(120, -120, 160), np.zeros(160)], axis=-1)[None]
    offsets, shown = place(leftwards)
    assert shown.all()
    covered = np.abs(leftwards[0, 40] - leftwards[0, 80] - offsets[0, 80]) < (30, 8)
    assert not covered.all()


@pytest.mark.parametrize(
    ("neighbors", "side"),
    [
        ([], (1, 0)),
        ([(20, 0)], (-1, 0)),
        ([(20, 0), (-20, 0)], (0, 1)),
        ([(20, 0), (-20, 0), (0, 18)], (0, -1)),
        ([(20, 0), (-20, 0), (0, 18), (0, -18)], (1, 1)),
    ],
)
def test_order_in_which_places_are_preferred(neighbors, side):
    heads = still(*np.add((300, 150), [(0, 0), *neighbors]))
    offsets, shown = place(heads)
    assert shown[0].all()
    assert (np.sign(offsets[0]) == side).all()


def test_label_glides_away_from_a_circling_head():
    angle = np.linspace(0, 2 * np.pi, 800)
    heads = still((300, 150), (300, 150), samples=800)
    heads[1] += np.stack([60 * np.cos(angle), 25 * np.sin(angle)], axis=1)
    offsets, shown = place(heads)
    assert shown[0].all()
    assert np.ptp(offsets[0], axis=0).any()


def test_first_label_does_not_depend_on_the_others():
    heads = smooth(6, 5, 400, 4)
    wide = np.array([SIZE, *[(120, 30)] * 4])
    np.testing.assert_array_equal(place(heads)[0][0], place(heads, wide)[0][0])


def test_placement_is_deterministic_and_does_not_change_its_arguments():
    heads, sizes = smooth(7, 5, 400, 4), np.tile(SIZE, (5, 1))
    heads[2, 100:140] = np.nan
    kept = heads.copy(), sizes.copy()
    first, second = (place_labels(heads, sizes, BOX, RADIUS, WINDOW, NO_OBSTACLES) for _ in range(2))
    for one, other in ((first[0], second[0]), (first[1], second[1]), (heads, kept[0]), (sizes, kept[1])):
        np.testing.assert_array_equal(one, other)


def test_no_racers_have_no_labels():
    offsets, shown = place(np.zeros((0, 50, 2)), sizes=np.zeros((0, 2)))
    assert offsets.shape == (0, 50, 2)
    assert shown.shape == (0, 50)


def test_first_in_the_order_has_the_first_choice():
    heads = still((300, 150), (330, 150))
    kept = [
        place_labels(heads, np.tile((60, 16), (2, 1)), BOX, RADIUS, WINDOW, NO_OBSTACLES, order)[0]
        for order in ([0, 1], [1, 0])
    ]
    # There is room for one label on the far side of both heads.
    assert kept[0][0, 0, 0] < 0 < kept[0][1, 0, 0]
    np.testing.assert_array_equal(kept[1][1, 0], kept[0][1, 0])


def test_name_keeps_clear_of_moving_marks():
    samples = 200
    heads = np.full((1, samples, 2), 100.0)
    sizes = np.array([[40.0, 14.0]])
    # A mark circles around the head.
    angles = np.linspace(0, 2 * np.pi, samples)
    marks = heads + 35 * np.column_stack([np.cos(angles), np.sin(angles)])
    offsets, shown = place_labels(heads, sizes, (200, 200), RADIUS, WINDOW, NO_OBSTACLES, marks=marks, mark_size=12)
    distance = np.abs(heads + offsets - marks)[0] - (sizes[0] + 12) / 2
    visible = shown[0]
    assert visible.mean() > 0.5
    assert (distance.max(axis=1) > -1e-9)[visible].all()
    alone, _ = place_labels(heads, sizes, (200, 200), RADIUS, WINDOW, NO_OBSTACLES)
    assert (np.abs(heads + alone - marks)[0] < (sizes[0] + 12) / 2).all(axis=1).any()
