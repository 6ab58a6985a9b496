"""The scoreboard: entries in the order of the curves' ends, and the result of each racer."""

import re
from itertools import combinations, pairwise

import numpy as np
import pytest
from matplotlib.colors import same_color, to_rgba
from matplotlib.text import Text

from animopt import Function, Racer, Scene
from animopt.drawing.artists import Markers, PixelLine
from animopt.drawing.curves import ValueAxis, cut_path
from animopt.drawing.loss_curves import fit_axis
from animopt.drawing.text import without_common_prefix
from animopt.drawing.theme import DARK
from animopt.functions import quartic, ravine
from animopt.recording.results import Results
from animopt.recording.timeline import Timeline
from animopt.video.film import Film, Staging

SECONDS = 10
RACES = ["ravine_race", "quartic_race", "saddle", "quartic_sgd_lr"]
REST = 0.75
"""Seconds before and after a moment for which the order of the racers holds, so that no entry moves."""


def film_of(recording, size=(1280, 720), panels=("scoreboard",)):
    return Film(recording, Timeline(recording.last_step, SECONDS), size, 25, Staging("dark", panels=panels))


def moved(film, second, kind, panel="scoreboard"):
    """The moving artists of a kind on the axes of a panel."""
    artists = film.canvas().moving_artists(film.timeline.moment(second))
    return [each for each in artists if isinstance(each, kind) and each.axes.get_label() == panel]


def words(film, second, panel="scoreboard"):
    return [text.get_text() for text in moved(film, second, Text, panel) if text.get_text()]


def names(film, recording, second):
    """The names of the racers as drawn, in the order of the racers."""
    found = {text.get_text(): text for text in moved(film, second, Text) if text.get_text() in recording.names}
    return [found[name] for name in recording.names]


def resting(recording, timeline):
    """Yield moments around which the order of the racers does not change, with the racers from lowest to highest."""
    losses = np.nan_to_num(recording.z, nan=np.inf)
    for second in np.arange(0, SECONDS + 0.01, 0.25):
        span = [timeline.moment(np.clip(second + shift, 0, SECONDS)).step for shift in (-REST, REST)]
        steps = range(int(span[0]), int(np.ceil(span[1])) + 1)
        orders = {tuple(np.argsort(losses[:, step], kind="stable").tolist()) for step in steps}
        distinct = all(len(set(losses[:, step])) == len(losses) for step in steps)
        if len(orders) == 1 and distinct:
            yield second, orders.pop()


@pytest.mark.parametrize("stem", RACES)
@pytest.mark.sampled(2)
def test_entries_at_rest_have_the_order_of_the_losses(stem, scenes, record):
    recording = record(scenes[stem])
    film = film_of(recording)
    seconds = list(resting(recording, film.timeline))
    assert SECONDS in [second for second, _ in seconds]
    for second, order in seconds:
        heights = [-text.get_position()[1] for text in names(film, recording, second)]
        assert np.argsort(heights).tolist() == list(order), second


def crosses(one, other):
    """Whether two lines (points, 2) cross."""

    def side(a, b, c):
        return np.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))

    return any(
        side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0
        for a, b in pairwise(one)
        for c, d in pairwise(other)
    )


@pytest.mark.parametrize("stem", RACES)
@pytest.mark.sampled(2)
def test_lines_to_entries_at_rest_do_not_cross(stem, scenes, record):
    recording = record(scenes[stem])
    film = film_of(recording)
    for second, _ in resting(recording, film.timeline):
        lines = [line.get_path().vertices for line in moved(film, second, PixelLine)]
        assert len(lines) == len(recording.names)
        for one, other in combinations(lines, 2):
            assert not crosses(one, other), second


def test_crossing_lines_are_detected():
    assert crosses(np.array([(0, 0), (2, 2)]), np.array([(0, 2), (1, 1.5), (2, 0)]))
    assert not crosses(np.array([(0, 0), (2, 2)]), np.array([(0, 1), (2, 3)]))


@pytest.mark.parametrize("stem", [*RACES, "regression_minibatch", "ravine_adagrad_starts"])
@pytest.mark.sampled(1)
def test_numbers_are_those_of_the_recording(stem, scenes, record):
    recording = record(scenes[stem])
    film = film_of(recording)
    values = Results(recording).values
    for second in (0, 3, 6, SECONDS):
        step = int(film.timeline.moment(second).step)
        shown = {
            text.get_position()[1]: text.get_text() for text in moved(film, second, Text) if text.get_ha() == "right"
        }
        for racer, name in enumerate(names(film, recording, second)):
            text = shown[name.get_position()[1]].replace(",", "")
            if recording.lost(racer, step):
                assert text == "{} at step {}".format(*recording.lost(racer, step))
                continue
            mantissa, _, power = text.partition(" × 10")
            number = float(mantissa.lstrip("< ")) * 10.0 ** int(
                power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) or 0
            )
            precision = 10.0 ** -len(mantissa.partition(".")[2])
            assert number == pytest.approx(values[racer, step], rel=0.05, abs=precision), (second, racer)


@pytest.mark.parametrize("stem", ["ravine_race", "saddle"])
def test_racers_that_differ_have_different_numbers(stem, scenes, record):
    recording = record(scenes[stem])
    results = Results(recording)
    losses = [results.loss(racer, recording.last_step) for racer in range(len(recording.names))]
    assert len(set(losses)) == len(losses)


def test_winner_is_emphasized_at_the_end(ravine_race):
    film = film_of(ravine_race)
    during, ended = (names(film, ravine_race, second) for second in (5, SECONDS))
    assert {text.get_fontweight() for text in during} != {"bold"}
    winner = ravine_race.winner
    for racer, text in enumerate(ended):
        assert (text.get_fontweight() == "bold") == (racer == winner)
        assert same_color(text.get_color(), DARK.ink if racer == winner else DARK.muted)
        assert racer == winner or text.get_fontsize() < ended[winner].get_fontsize()
    widths = [line.get_linewidth() for line in moved(film, SECONDS, PixelLine, "curves")]
    assert np.argmax(widths) == winner
    assert len(set(widths)) == 2
    # After the end was drawn, a frame during the race has no emphasis.
    assert len({line.get_linewidth() for line in moved(film, 5, PixelLine, "curves")}) == 1
    assert {text.get_fontweight() for text in names(film, ravine_race, 5)} == {"normal"}


def test_settings_remain_at_the_end(ravine_race):
    film = film_of(ravine_race)
    for second in (0, 5, SECONDS):
        assert set(ravine_race.settings) <= set(words(film, second))


def test_equal_gradients_are_named_once(ravine_race):
    film = film_of(ravine_race)
    ended = words(film, SECONDS)
    assert [text for text in ended if "gradient" in text] == ["40 gradients each"]
    distances = [text.partition(" ")[0] for text in ended if text.endswith("from the minimum")]
    assert sorted(map(float, distances)) == pytest.approx(sorted(np.hypot(*ravine_race.xy[:, -1].T)), abs=0.005)
    assert {len(each) for each in distances} == {4}
    assert not any("from" in text or "gradient" in text for text in words(film, 5))


def test_different_gradients_are_named_in_each_entry():
    racers = [Racer("SGD", lr=0.95, name=f"for {steps}", steps=steps) for steps in (30, 10, 20)]
    recording = Scene(function=ravine, racers=racers, start=(-7, 2)).record()
    ended = words(film_of(recording), SECONDS)
    found = [re.search(r"^([\d.]+) from the minimum, (\d+) gradients$", text) for text in ended]
    assert {(float(each[1]), int(each[2])) for each in found if each} == {
        (round(float(np.hypot(*recording.xy[racer, -1])), 2), steps) for racer, steps in enumerate((30, 10, 20))
    }


def test_diverged_racer_is_at_the_top_and_its_curve_ends_in_an_arrow(scenes, record):
    recording = record(scenes["quartic_sgd_lr"])
    film = film_of(recording)
    racer = [bool(recording.lost(each, recording.last_step)) for each in range(5)].index(True)
    texts = names(film, recording, SECONDS)
    assert min(texts, key=lambda text: text.get_position()[1]) is texts[racer]
    assert f"diverged at step {recording.lost(racer, recording.last_step)[1]}" in words(film, SECONDS)
    assert arrows(film, SECONDS) == [racer]


def arrows(film, second, panel="curves"):
    """The racers whose curves end in an arrow: their heads are not drawn."""
    markers = moved(film, second, Markers, panel)
    half = len(markers) // 2
    shown = [len(marker.get_path()) > 0 for marker in markers]
    assert all(arrow != head for arrow, head in zip(shown[:half], shown[half:], strict=True))
    return np.flatnonzero(shown[:half]).tolist()


@pytest.mark.parametrize("panel", ["loss", "scoreboard"])
def test_value_below_the_axis_ends_in_an_arrow_and_not_in_a_line(panel, scenes, record):
    recording = record(scenes["ravine_adagrad_lr"])
    film = film_of(recording, panels=(panel,))
    curves = "curves" if panel == "scoreboard" else panel
    assert arrows(film, SECONDS, curves) == [4]
    assert arrows(film, 0, curves) == []
    assert "1.0 × 10⁻¹⁸" in words(film, SECONDS, panel)
    points = moved(film, SECONDS, PixelLine, curves)[4].get_path().vertices
    floor = film.canvas().figure.axes[1].get_window_extent().y0
    points = points[np.isfinite(points[:, 0])]
    assert (np.abs(points[:, 1] - floor) < 1e-6).sum() == 1
    assert points[:, 1].min() >= floor - 1e-6


@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (1080, 1080)], ids=str)
@pytest.mark.parametrize("count", [9, 12, 20])
@pytest.mark.sampled(1, 5)
def test_more_racers_have_a_list(count, size):
    racers = [Racer("Adam", lr=0.1 * (1 + racer), name=f"Adam {racer}") for racer in range(count)]
    recording = Scene(function=ravine, racers=racers, start=(-7, 2), steps=12).record()
    film = film_of(recording, size, ("contour", "scoreboard"))
    for second in (0, 5, SECONDS):
        shown = set(words(film, second, "standings"))
        assert shown >= set(recording.names) or shown >= set(without_common_prefix(recording.names))


def test_single_racer_has_its_outcome_and_no_emphasis(scenes, record):
    recording = record(scenes["ravine_sgd"])
    film = film_of(recording)
    assert "SGD" in words(film, 0)
    assert names(film, recording, SECONDS)[0].get_fontweight() == "normal"
    assert re.search(r"[\d.]+ from the minimum", " ".join(words(film, SECONDS)))


def test_frames_do_not_depend_on_their_order(ravine_race):
    film = film_of(ravine_race, (480, 270))
    seconds = (0, 2.9, 3.3, 7.4, SECONDS)
    in_order = [film.at(second) for second in seconds]
    for second, frame in reversed(list(zip(seconds, in_order, strict=True))):
        assert np.array_equal(film.at(second), frame), second


def test_loss_without_a_known_minimum_is_shown_as_it_is():
    racers = [Racer("SGD", lr=0.01), Racer("SGD", lr=0.0101)]
    scene = Scene(function=lambda x: x[0] ** 2 + x[1] ** 2 - 1000, racers=racers, start=(1, 1), steps=20)
    recording = scene.record()
    results = Results(recording)
    assert results.heading == "loss"
    first, second = (float(results.loss(racer, 20).replace("−", "-").replace(",", "")) for racer in (0, 1))
    assert second < first < -998
    assert first == pytest.approx(recording.z[0, -1], abs=0.01)


@pytest.mark.long
def test_axis_shows_what_is_in_view(scenes, record):
    for stem in ("ravine_race", "quartic_sgd_starts", "wrong_momentum", "ravine_rmsprop_gamma"):
        results = Results(record(scenes[stem]))
        axis = fit_axis(results)
        fractions = axis.fractions(np.concatenate(results.in_view))
        assert fractions.min() == pytest.approx(0.04, abs=0.03)
        assert fractions.max() == pytest.approx(0.96, abs=0.03)


def test_one_racer_far_below_does_not_flatten_the_others(scenes, record):
    axis = fit_axis(Results(record(scenes["ravine_adagrad_lr"])))
    assert 1e-8 < axis.low < 1e-5


def test_curve_that_leaves_the_axis_is_cut_at_its_edge():
    path = cut_path(np.array([0.5, -0.5, -0.5, 0.5, 1.5]))
    inside = path.xyz[path.xyz[:, 2] == 0]
    np.testing.assert_allclose(inside[:, 0], [0, 0.5, 2.5, 3, 3.5])
    np.testing.assert_allclose(inside[:, 1], [0.5, 0, 0, 0.5, 1])
    for step, (where, height, side) in {
        0.25: (0.25, 0.25, 0),
        1: (0.5, 0, -1),
        1.7: (0.5, 0, -1),
        2.4: (0.5, 0, -1),
        2.75: (2.75, 0.25, 0),
        4: (3.5, 1, 1),
    }.items():
        head = path.head(step)
        np.testing.assert_allclose(head[:2], (where, height), atol=1e-12, err_msg=str(step))
        assert np.sign(head[2]) == side, step


def test_fractions_of_an_axis():
    axis = ValueAxis(0.01, 1.0, True)
    np.testing.assert_allclose(axis.fractions(np.array([0.01, 0.1, 1.0])), [0, 0.5, 1])
    assert axis.fractions(np.array([0.0]))[0] < -1
    assert axis.fractions(np.array([np.inf, np.nan])).min() > 1
    np.testing.assert_allclose(ValueAxis(-1, 1, False).fractions(np.array([-1.0, 0.0])), [0, 0.5])


def test_level_of_a_higher_minimum_is_named(scenes, record):
    assert Results(record(scenes["quartic_race"])).higher_minima == [pytest.approx(-1979.2, abs=0.1)]
    assert Results(record(scenes["saddle"])).higher_minima == []
    film = film_of(record(scenes["quartic_race"]))
    assert words(film, 0, "curves") == ["higher minimum"]


def test_opacity_of_receding_curves_is_at_least_a_half(ravine_race):
    film = film_of(ravine_race)
    for line in moved(film, SECONDS, PixelLine, "curves"):
        assert to_rgba(line.get_edgecolor())[3] >= 0.5


def test_racers_on_a_quartic_end_near_a_minimum_that_is_named():
    scene = Scene(function=quartic, racers=[Racer("Adam", lr=0.5), Racer("Adam", lr=0.6)], start=(0.5, 3), steps=60)
    recording = scene.record()
    (places,) = Results(recording).outcomes
    assert all(re.fullmatch(r"[\d.]+ from a higher minimum", place) for place in places)


def test_smallest_distance_is_written_with_the_decimals_of_the_others():
    bowl = Function(lambda x: x[0] ** 2 + x[1] ** 2, x=(-2, 2), y=(-2, 2), minima=[(0, 0)])
    racers = [Racer("SGD", lr=0.5), Racer("SGD", lr=0.001)]
    (places,) = Results(Scene(function=bowl, racers=racers, start=(1, 1), steps=9).record()).outcomes
    assert places == ["< 0.01 from the minimum", "1.39 from the minimum"]
