"""The velocity and the step sizes at a head have the right direction, shape and scale, and say the scale."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from animopt.drawing.canvas import drawing_settings
from animopt.drawing.motion import ARROW, Motion, choose_factors
from animopt.drawing.theme import LIGHT
from animopt.engine.racer import Racer
from animopt.engine.record import record
from animopt.functions import quartic, ravine
from animopt.recording.timeline import Moment, Timeline
from animopt.recording.update_rules import step_sizes, velocity

STEPS = 40
RACERS = [
    Racer("SGD", lr=0.1, momentum=0.9),
    Racer("Adam", lr=0.5),
    Racer("Adagrad", lr=1.5),
    Racer("SGD", lr=0.9),
    Racer("Rprop", lr=0.1),
]
HEAD = np.array([300.0, 150.0])


@pytest.fixture(scope="module")
def race():
    return record(ravine, RACERS, (-7, 2), STEPS)


class Drawn:
    """The motion of a racer on a contour of 600 × 300 pixels, 30 pixels for each unit of the ravine's domain."""

    def __init__(self, recording, racer):
        with drawing_settings():
            figure = Figure(figsize=(600 / 72, 300 / 72), dpi=72)
            self.renderer = FigureCanvasAgg(figure).get_renderer()
            axes = figure.add_axes((0, 0, 1, 1), xlim=(-10, 10), ylim=(-5, 5))
            samples = Timeline(recording.last_step, 10).samples
            self.motion = Motion(axes, LIGHT, recording, racer, samples)
            self.move = self.motion.move

    def at(self, step):
        """The ellipse's half axes and the arrow's vector, at true scale, both in units of the domain, and the words."""
        motion = self.motion
        with drawing_settings():
            below, above = self.move(Moment(step), HEAD)
            for artist in [*below, *above]:
                artist.draw(self.renderer)
        found, words = [], []
        for shape, label in ((motion._ellipse, motion._ellipse_label), (motion._arrow, motion._arrow_label)):
            words.append(label._text.get_text() if label._text in above else "")
            shown = shape in below or shape in above
            outline = shape.get_path().vertices - HEAD if shown else np.full((1, 2), np.nan)
            found.append(outline / 30 / float(words[-1][1:] or 1))
        half_axes, arrow = found
        tip = arrow[np.hypot(*arrow.T).argmax()]
        return half_axes.max(axis=0), tip, words


def test_arrow_is_the_velocity_and_ellipse_the_step_sizes(race):
    for racer in (0, 1, 2):
        drawn = Drawn(race, racer)
        arrows, sizes = velocity(race, racer), step_sizes(race, racer)
        for step in (1, 2, 7, 20, STEPS):
            half_axes, tip, _ = drawn.at(step)
            if arrows is not None:
                np.testing.assert_allclose(tip, arrows[step], rtol=1e-9, atol=1e-12)
            if sizes is not None:
                np.testing.assert_allclose(half_axes, sizes[step], rtol=1e-3, atol=1e-12)


def test_racer_without_a_velocity_has_no_arrow(race):
    assert np.isnan(Drawn(race, 2).at(5)[1]).all()
    for step in (0, 3.5, STEPS):
        assert np.isnan(Drawn(race, 3).at(step)[1]).all()
    assert np.isfinite(Drawn(race, 4).at(5)[0]).all()


def test_motion_grows_from_nothing_and_is_continuous(race):
    drawn = Drawn(race, 0)
    assert np.isnan(drawn.at(0)[1]).all()
    with drawing_settings():
        tips = []
        for step in np.arange(1, 12, 0.05):
            drawn.move(Moment(step), HEAD)
            tips.append(drawn.motion._arrow.shape.vertices[[3, 4]].mean(axis=0))
    assert np.hypot(*np.diff(tips, axis=0).T).max() < 30


def test_small_velocity_is_scaled_and_says_so(race):
    words = [Drawn(race, 1).at(step)[2] for step in (1, 10, STEPS)]
    assert words[0][1] in ("", "×2", "×5")
    assert words[-1][1] not in ("", words[0][1])
    lengths = [np.hypot(*(velocity(race, 1)[step] * 30)) * float(words[-1][1][1:]) for step in (STEPS - 1, STEPS)]
    assert ARROW[0] / 3 < max(lengths) < ARROW[1] * 300


def test_factor_is_1_while_lengths_are_readable():
    np.testing.assert_array_equal(choose_factors(np.array([50.0, 90, 60, 40]), 30, 100, 0), 1)


def test_factors_are_few_and_keep_the_largest_lengths_readable():
    lengths = 200 * 0.95 ** np.arange(300) * np.abs(np.cos(np.arange(300)))
    factors = choose_factors(lengths, 30, 150, 5)
    shown = lengths * factors
    assert np.count_nonzero(np.diff(factors)) <= 12
    windows = np.lib.stride_tricks.sliding_window_view(shown, 11).max(axis=1)
    assert windows.min() > 12
    assert shown.max() <= 400
    mantissas = factors / 10.0 ** np.floor(np.log10(factors) + 1e-9)
    assert {round(each) for each in mantissas} <= {1, 2, 5}


def test_lengths_that_are_zero_or_lost_keep_the_factor():
    factors = choose_factors(np.array([np.nan, 10, 0, 0, np.inf, np.nan]), 30, 150, 0)
    np.testing.assert_array_equal(factors, [1, 10, 10, 10, 10, 10])


def test_diverging_racer_is_drawn_to_its_end():
    recording = record(quartic, [Racer("SGD", lr=1e60, momentum=0.5), Racer("Adam", lr=1e70)], (5, -2.5), 20)
    for racer in range(2):
        drawn = Drawn(recording, racer)
        for step in np.arange(0, 20.1, 0.5):
            drawn.at(step)


def test_motion_of_a_head_out_of_view_is_hidden(race):
    with drawing_settings():
        assert Drawn(race, 1).move(Moment(5), np.full(2, np.nan)) == ([], [])


def test_marks_are_where_the_arrow_and_the_labels_are(race):
    for racer in range(len(RACERS)):
        drawn = Drawn(race, racer)
        motion = drawn.motion
        for step in (0, 1, 10.5, STEPS):
            _, above = drawn.move(Moment(step), HEAD)
            _, tip, *places = motion.marks(Moment(step), HEAD)
            assert np.isfinite(tip).all() == (motion._arrow in above)
            if motion._arrow in above:
                assert np.hypot(*(motion._arrow.get_path().vertices - tip).T).min() < 1e-9
            for place, label in zip(places, (motion._arrow_label, motion._ellipse_label), strict=True):
                assert np.isfinite(place).all() == (label._text in above)
                if label._text in above:
                    np.testing.assert_allclose(label._text.get_position(), place, atol=0.2)
