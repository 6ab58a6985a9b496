"""The optimizers' states are recorded as torch has them, and drawn beside their update rules."""

import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from animopt.drawing.canvas import drawing_settings
from animopt.drawing.theme import LIGHT
from animopt.engine.racer import Racer
from animopt.engine.record import record
from animopt.functions import quartic, ravine
from animopt.panels.formula import Formula
from animopt.panels.state import State
from animopt.recording.timeline import Moment


class Walker:
    """An optimizer that exposes neither state nor settings."""

    def __init__(self, parameters, lr, **attributes):
        (self.parameter,) = parameters
        self.lr = lr
        vars(self).update(attributes)

    def step(self, closure):
        closure()
        with torch.no_grad():
            self.parameter -= self.lr * self.parameter.grad


RACERS = [
    Racer("SGD", lr=0.001),
    Racer("SGD", lr=0.001, momentum=0.9),
    Racer("SGD", lr=0.001, momentum=0.9, nesterov=True),
    Racer("Adagrad", lr=0.8, initial_accumulator_value=2),
    Racer("RMSprop", lr=0.9, alpha=0.9),
    Racer("RMSprop", lr=0.9, centered=True, momentum=0.3),
    Racer("Adam", lr=0.9),
    Racer("Adam", lr=0.9, amsgrad=True),
    Racer("AdamW", lr=0.9),
    Racer("NAdam", lr=0.9),
    Racer("RAdam", lr=0.01),
    Racer("Adamax", lr=0.9),
    Racer("Adadelta", lr=9.0),
    Racer("ASGD", lr=0.001),
    Racer("Rprop", lr=0.5),
    Racer("LBFGS", lr=0.1),
]
STEPS = 7


@pytest.fixture(scope="module")
def race():
    return record(quartic, [*RACERS, Racer(Walker, lr=0.001)], (5, -2.5), STEPS)


@pytest.mark.parametrize("index", range(len(RACERS)), ids=[repr(racer) for racer in RACERS])
def test_states_and_gradients_match_a_plain_loop(race, index):
    parameter = torch.tensor((5.0, -2.5), dtype=torch.float64, requires_grad=True)
    optimizer = RACERS[index].build(parameter)
    seen = []
    for step in range(STEPS + 1):
        for name, carried in optimizer.state[parameter].items() if parameter in optimizer.state else ():
            if isinstance(carried, (int, float)) or (torch.is_tensor(carried) and carried.numel() <= 2):
                recorded = race.states[index][name]
                assert recorded.shape == (STEPS + 1, 2) if np.size(carried) == 2 else (STEPS + 1,)
                np.testing.assert_array_equal(recorded[step], np.asarray(carried).reshape(recorded[step].shape))
                seen.append(name)
        if step == 0:
            for name in set(race.states[index]) - set(seen):
                assert np.isnan(race.states[index][name][0]).all()
        if step < STEPS:
            gradients = []

            def closure(gradients=gradients):
                parameter.grad = None
                loss = quartic.loss(parameter)
                loss.backward()
                gradients.append(parameter.grad.tolist())
                return loss

            optimizer.step(closure)
            np.testing.assert_array_equal(race.gradients[index, step], gradients[0])
            np.testing.assert_array_equal(race.xy[index, step + 1], parameter.detach().numpy())
    assert set(seen) == set(race.states[index])
    assert np.isnan(race.gradients[index, STEPS]).all()


def test_hyperparameters_are_those_of_the_optimizer():
    recording = record(ravine, [Racer("Adam", lr=torch.tensor(0.5)), Racer("SGD"), Racer(Walker, lr=0.1)], (-7, 2), 1)
    assert recording.optimizers == ("Adam", "SGD", "Walker")
    adam, sgd, walker = recording.hyperparameters
    assert (adam["lr"], adam["betas"], adam["amsgrad"], "params" in adam) == (0.5, (0.9, 0.999), False, False)
    assert type(adam["lr"]) is float
    assert (sgd["lr"], sgd["momentum"], sgd["nesterov"]) == (0.001, 0, False)
    assert walker == {}


@pytest.mark.parametrize(
    "attributes",
    [{}, {"state": None}, {"state": {"a": 1}}, {"state": torch.zeros(2)}, {"param_groups": []}, {"param_groups": 3}],
    ids=str,
)
def test_class_without_the_state_of_torch_has_no_state(attributes):
    recording = record(ravine, [Racer(Walker, name="Walker", lr=0.1, **attributes)], (-7, 2), 2)
    assert recording.states == ({},)
    assert recording.hyperparameters == ({},)


def test_racer_with_fewer_steps_keeps_its_last_state():
    recording = record(quartic, [Racer("Adam", lr=0.5, steps=3), Racer("Adam", lr=0.5)], (5, -2.5), 8)
    for name, values in recording.states[0].items():
        assert len(values) == 9
        np.testing.assert_array_equal(values[:4], recording.states[1][name][:4])
        assert (values[3:] == values[3]).all()
    assert np.isfinite(recording.gradients[0, :3]).all()
    assert np.isnan(recording.gradients[0, 3:]).all()


def test_diverged_racer_has_no_gradients():
    recording = record(quartic, [Racer("SGD", lr=1.0)], (5, -2.5), 20)
    lost = np.isnan(recording.z[0])
    assert 0 < lost.argmax() < 20
    assert np.isnan(recording.gradients[0])[lost].all()
    assert np.isfinite(recording.gradients[0][~lost]).all()


SIZES = [(300, 200), (600, 400), (580, 150), (180, 320)]


class Stage:
    """A panel on a figure, drawn as in a film."""

    def __init__(self, panel, recording, size):
        self.figure = Figure(figsize=(size[0] / 72, size[1] / 72), dpi=72, facecolor=LIGHT.background)
        self.canvas = FigureCanvasAgg(self.figure)
        self.axes = self.figure.add_axes((0.1, 0.1, 0.8, 0.8))
        with drawing_settings():
            self.move = panel.draw(self.axes, recording, LIGHT.scaled(size[1] / 720, size))
            self.canvas.draw()
        self.still = np.array(self.canvas.buffer_rgba())

    def frame(self, step):
        renderer = self.canvas.get_renderer()
        np.copyto(np.asarray(renderer.buffer_rgba()), self.still)
        with drawing_settings():
            for artist in self.move(Moment(step, 0)):
                artist.draw(renderer)
        return np.array(renderer.buffer_rgba())

    def overflow(self):
        """The number of pixels by which texts leave the axes."""
        renderer = self.canvas.get_renderer()
        box = self.axes.get_window_extent()
        with drawing_settings():
            boxes = [
                text.get_window_extent(renderer) for text in self.axes.texts if text.get_visible() and text.get_text()
            ]
        return max(max(box.x0 - each.x0, each.x1 - box.x1, box.y0 - each.y0, each.y1 - box.y1) for each in boxes)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("panel", [Formula, State])
@pytest.mark.sampled(0, 4)
def test_every_racer_is_drawn_inside_its_box(race, panel, size):
    for racer in range(len(race.names)):
        stage = Stage(panel(racer), race, size)
        for step in (0, 0.5, 3, STEPS):
            assert stage.frame(step).std() > 3
            assert stage.overflow() <= 1, (race.names[racer], step)


@pytest.mark.parametrize("panel", [Formula, State])
@pytest.mark.parametrize("racer", [1, 6], ids=["Momentum", "Adam"])
@pytest.mark.long
def test_frames_do_not_depend_on_their_order(race, panel, racer):
    stage, other = Stage(panel(racer), race, (600, 400)), Stage(panel(racer), race, (600, 400))
    steps = [0, 0.5, 1, 3.25, 6.9, STEPS]
    frames = {step: stage.frame(step) for step in steps}
    for step in [3.25, 0, STEPS, 0.5, 6.9, 1]:
        np.testing.assert_array_equal(other.frame(step), frames[step])
    assert (frames[0] != frames[1]).any()


@pytest.mark.parametrize("size", [(180, 320), (220, 150)], ids=str)
@pytest.mark.parametrize("panel", [Formula, State])
@pytest.mark.sampled(0, 2)
def test_numbers_that_do_not_fit_stay_hidden(race, panel, size):
    stage = Stage(panel(6), race, size)
    for step in range(STEPS + 1):
        np.testing.assert_array_equal(stage.frame(step), Stage(panel(6), race, size).frame(step))


@pytest.mark.parametrize("panel", [Formula, State])
@pytest.mark.parametrize(
    "racer",
    [
        Racer("SGD", lr=1.0),
        Racer("SGD", lr=0.05, momentum=0.9),
        Racer("SGD", lr=1e60, momentum=0.5),
        Racer("Adam", lr=1e70),
        Racer("NAdam", lr=1e150),
    ],
    ids=repr,
)
@pytest.mark.sampled(2)
def test_diverging_racer_is_drawn_to_its_end(panel, racer):
    stage = Stage(panel(), record(quartic, [racer], (5, -2.5), 20), (600, 400))
    for step in range(21):
        stage.frame(step)
        assert stage.overflow() <= 1


@pytest.mark.parametrize("panel", [Formula, State])
@pytest.mark.parametrize("name", ["SGD", "Adagrad", "RMSprop", "Adam", "NAdam", "Adamax", "Rprop", "LBFGS"])
@pytest.mark.sampled(4)
def test_racer_at_a_minimum_is_drawn(panel, name):
    settings = {"momentum": 0.9} if name in ("SGD", "RMSprop") else {}
    stage = Stage(panel(), record(ravine, [Racer(name, **settings)], (0, 0), 3), (600, 400))
    for step in range(4):
        stage.frame(step)
        assert stage.overflow() <= 1


def test_long_names_stay_inside_the_box():
    recording = record(ravine, [Racer("SGD", lr=0.1, momentum=0.5, name="W" * 90)], (5, 5), 3)
    for panel in (Formula(), State()):
        stage = Stage(panel, recording, (300, 200))
        stage.frame(1)
        assert stage.overflow() <= 1


def words(stage):
    return [text.get_text() for text in stage.axes.texts if text.get_text()]


def test_words_name_the_state(race):
    said = {race.optimizers[racer]: words(Stage(State(racer), race, (600, 400))) for racer in range(len(race.names))}
    assert "→ velocity, as a step" in said["Adam"]
    assert "○ step sizes" in said["Adam"]
    assert "○ step sizes" in said["Rprop"]
    assert "→ velocity, as a step" not in said["Rprop"]
    assert said["LBFGS"][1:3] == ["its state:", "func_evals"]
    assert said["Walker"][1:] == ["its state is unknown"]
    assert words(Stage(State(0), race, (600, 400)))[1:] == ["no state"]
