"""Fitting a line: its loss, its minimum, the panel that shows it, and the scenes with random gradients."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import animopt
from animopt.core.errors import UsageError
from animopt.drawing.theme import LIGHT
from animopt.engine.function import Function
from animopt.engine.racer import Racer
from animopt.engine.record import record
from animopt.panels.fit import Fit
from animopt.recording.timeline import Moment
from animopt.regression import line

INPUTS = [-1.0, 0, 0.5, 1, 2, 3, 4, 5, 6, 8]
TARGETS = [2.0, 1, 3, 0, 5, 4, 7, 5, 9, 8]


@pytest.mark.parametrize("scale", [(1, 1), (1e-3, 1e4), (50, 0.1)], ids=str)
def test_minimum_is_the_least_squares_line(scale):
    inputs, targets = np.multiply(INPUTS, scale[0]), np.multiply(TARGETS, scale[1])
    function = line(inputs, targets)
    slope, intercept = np.polyfit(inputs, targets, 1)
    (minimum,) = function.minima
    np.testing.assert_allclose(minimum, (intercept, slope), rtol=1e-9)
    residual = targets - intercept - slope * inputs
    assert function.values(np.array(minimum)) == pytest.approx((residual**2).mean())
    # A line without slope is inside the domain.
    assert function.y[0] < 0 < function.y[1]


def test_given_domain_is_used():
    function = line(INPUTS, TARGETS, x=(-9, 9))
    assert function.x == (-9, 9)
    assert np.mean(function.y) == pytest.approx(function.minima[0][1])


def test_constant_targets_have_a_domain():
    function = line([1, 2, 3], [5, 5, 5])
    np.testing.assert_allclose(function.minima, [(5, 0)], atol=1e-12)


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        ([2, 2, 2], [1, 2, 3], "^inputs: are all 2; give at least two different ones$"),
        ([2], [1], "^inputs: are all 2; give at least two"),
        ([1, 2], [1], "^function data: has 2, 1 rows; give columns of the same length$"),
        ([[1, 2], [3, 4]], [1, 2], "^inputs: have 2 dimensions; give one number for each row$"),
        ([[1, 2], [3, 4]], [1, -1], "^inputs: have 2 dimensions; give one number for each row$"),
    ],
    ids=str,
)
def test_data_that_determine_no_line_are_refused(inputs, targets, message):
    with pytest.raises(UsageError, match=message):
        line(inputs, targets)


class Stage:
    """The panel on a figure."""

    def __init__(self, recording):
        self.figure = Figure(figsize=(5, 3), dpi=72)
        self.canvas = FigureCanvasAgg(self.figure)
        self.axes = self.figure.add_axes((0.1, 0.1, 0.8, 0.8))
        self.move = Fit().draw(self.axes, recording, LIGHT)

    def at(self, step):
        """The points of the batch, each line, and the position of each head, in data coordinates."""
        count = (len(self.move(Moment(step, 0))) - 1) // 2
        batch, *rest = self.move(Moment(step, 0))
        lines = [self.axes.transData.inverted().transform(each.get_path().vertices) for each in rest[:count]]
        return self._places(batch), lines, [self._places(head) for head in rest[count:]]

    def _places(self, markers):
        shape = np.array(markers.shape.vertices)
        middles = (np.array(markers.get_path().vertices).reshape(-1, *shape.shape) - shape).mean(axis=1)
        return self.axes.transData.inverted().transform(middles)


RACERS = [Racer("SGD", lr=0.01), Racer("Adam", lr=0.05, steps=6)]


@pytest.mark.parametrize("step", [0, 0.25, 3, 7.5, 9])
def test_lines_are_the_predictions_of_the_moment(step):
    recording = record(line(INPUTS, TARGETS), RACERS, (1, 0.5), 9, batch=3)
    batch, lines, heads = Stage(recording).at(step)
    rows = recording.sample.batches[min(int(step), 8)]
    np.testing.assert_allclose(batch, np.column_stack([INPUTS, TARGETS])[rows], atol=1e-9)
    for racer in range(2):
        before = int(step)
        point = recording.xy[racer, before] + (step - before) * (
            recording.xy[racer, min(before + 1, 9)] - recording.xy[racer, before]
        )
        np.testing.assert_allclose(lines[racer][:, 1], point[0] + point[1] * lines[racer][:, 0], atol=1e-12)
        np.testing.assert_allclose(heads[racer], [(8, point[0] + 8 * point[1])], atol=1e-9)


def test_moments_are_equal_in_any_order():
    recording = record(line(INPUTS, TARGETS), RACERS, (1, 0.5), 9, batch=3)
    one, other = Stage(recording), Stage(recording)
    expected = {step: one.at(step) for step in (0, 2.5, 9)}
    for step in (9, 0, 2.5):
        for shown, wanted in zip(other.at(step), expected[step], strict=True):
            for here, there in zip(shown, wanted, strict=True):
                np.testing.assert_array_equal(here, there)


def test_no_row_is_marked_without_batches():
    batch, *_ = Stage(record(line(INPUTS, TARGETS), RACERS, (1, 0.5), 9)).at(2)
    assert len(batch) == 0


@pytest.mark.filterwarnings("ignore:racer .* never moves")
def test_head_is_drawn_at_the_end_of_its_line():
    stage = Stage(record(line(INPUTS, TARGETS), [Racer("SGD", lr=0.0, start=(0, y)) for y in (40, -40)], (0, 0), 1))
    _, _, heads = stage.at(0)
    low, high = stage.axes.get_ylim()
    for ((x, y),), slope in zip(heads, (40, -40), strict=True):
        assert y == pytest.approx(slope * x)
        assert low < y < high


def test_diverged_line_is_not_drawn():
    recording = record(line(INPUTS, TARGETS), [Racer("SGD", lr=1e200), RACERS[0]], (1, 0.5), 5)
    assert np.isnan(recording.z[0, -1])
    _, (lost, kept), (head, other) = Stage(recording).at(5)
    assert np.isnan(lost[:, 1]).all()
    assert len(head) == 0
    assert np.isfinite(kept).all()
    assert len(other) == 1


def test_any_model_of_data_is_drawn():
    function = Function(
        lambda x, inputs, targets: ((x[0] * (x[1] * inputs).sin() - targets) ** 2).mean(),
        data=(INPUTS, TARGETS),
        predict=lambda x, inputs: x[0] * (x[1] * inputs).sin(),
    )
    _, (curve,), _ = Stage(record(function, RACERS[:1], (3, 0.5), 5)).at(0)
    np.testing.assert_allclose(curve[:, 1], 3 * np.sin(0.5 * curve[:, 0]), atol=1e-12)


@pytest.mark.long
def test_racers_on_batches_do_not_come_to_rest(scenes):
    scene = animopt.load_scene(scenes["regression_minibatch"])
    batches, full = scene.record(), scene.replace(batch=None).record()
    # In the last thirty steps every racer on all rows is at the minimum, and no racer on batches is.
    assert (np.median(batches.gap[:, -30:], axis=1) > 10 * np.median(full.gap[:, -30:], axis=1)).all()
    assert (np.ptp(batches.xy[:, -30:], axis=1) > 5 * np.ptp(full.xy[:, -30:], axis=1)).all()
    assert batches.in_view.all()


def test_only_a_decreasing_rate_comes_to_rest(scenes):
    recording = animopt.load_scene(scenes["ravine_noise"]).record()
    strides = np.hypot(*np.diff(recording.xy, axis=1).T).T
    first, last = strides[:, :10].mean(axis=1), strides[:, -10:].mean(axis=1)
    assert last[0] > 0.5 * first[0]
    assert last[1] < 0.05 * first[1]
