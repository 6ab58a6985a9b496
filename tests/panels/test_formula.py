"""The update rule is shown line by line, calmly, with numbers and a legend that can be read."""

from itertools import combinations, groupby, pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from animopt.drawing.canvas import drawing_settings
from animopt.drawing.theme import LIGHT
from animopt.engine.racer import Racer
from animopt.engine.record import record
from animopt.functions import quartic, ravine
from animopt.panels.formula import Formula
from animopt.recording.timeline import Moment, Question, SlowMotion, Timeline
from animopt.recording.update_rules import UpdateRule
from animopt.recording.walk import LIT_SECONDS, plan_walk
from animopt.video.film import Film, Staging

STEPS = 40
RACERS = [
    Racer("SGD", lr=0.95),
    Racer("SGD", lr=0.1, momentum=0.9),
    Racer("SGD", lr=0.1, momentum=0.9, nesterov=True),
    Racer("Adagrad", lr=1.5),
    Racer("RMSprop", lr=0.3),
    Racer("RMSprop", lr=0.2, alpha=0.75, centered=True),
    Racer("Adam", lr=0.5),
    Racer("Adam", lr=0.5, amsgrad=True),
    Racer("AdamW", lr=0.5, weight_decay=0.1),
    Racer("NAdam", lr=0.5),
]
ADAM, NADAM = 6, 9
TIMELINE = Timeline(STEPS, 10)
UNKNOWN = [Racer("Adadelta", lr=9.0), Racer("SGD", lr=0.1, momentum=0.9, dampening=0.5), Racer("LBFGS", lr=0.1)]


@pytest.fixture(scope="module")
def race():
    return record(ravine, [*RACERS, *UNKNOWN], (-7, 2), STEPS)


class Drawn:
    """A formula panel of a size in a picture of 1280 × 720 pixels."""

    def __init__(self, recording, racer, size, timeline=TIMELINE):
        with drawing_settings():
            figure = Figure(figsize=(size[0] / 72, size[1] / 72), dpi=72)
            self.renderer = FigureCanvasAgg(figure).get_renderer()
            self.axes = figure.add_axes((0, 0, 1, 1))
            self.move = Formula(racer, timeline.samples).draw(self.axes, recording, LIGHT.scaled(1, (1280, 720)))
        self.animated = [text for text in self.axes.texts if text.get_animated()]

    def still(self):
        return [text for text in self.axes.texts if not text.get_animated() and text.get_visible() and text.get_text()]

    def moving(self, step):
        with drawing_settings():
            return [each for each in self.move(Moment(step)) if each in self.animated]

    def boxes(self, texts):
        with drawing_settings():
            return [text.get_window_extent(self.renderer) for text in texts]


def words(texts):
    return [text.get_text() for text in texts]


def lit_runs(timeline, lines, steps=STEPS):
    """The lit lines of a clip at 25 frames per second, each with the step and the number of seconds."""
    walk = plan_walk(timeline.samples, steps, lines)
    shown = [walk.at(timeline.moment(frame / 25)) for frame in range(round(25 * timeline.seconds))]
    return [(*each, len(list(frames)) / 25) for each, frames in groupby(shown)]


def test_lines_are_lit_one_after_the_other_in_each_step_of_a_slow_clip():
    runs = lit_runs(Timeline(4, 14), lines=3, steps=4)
    assert [(step, line) for step, line, _ in runs] == [(step, line) for step in range(4) for line in range(3)]
    assert min(seconds for *_, seconds in runs) > 2 * LIT_SECONDS


@pytest.mark.parametrize(
    "timeline",
    [
        Timeline(STEPS, 10),
        Timeline(STEPS, 3),
        Timeline(STEPS, 60),
        Timeline(STEPS, 20, slow=[SlowMotion(3, 6, times=20)]),
        Timeline(STEPS, 10, question=Question("Which?", step=7.5), card=1),
        Timeline(STEPS, 10, loop="seamless"),
    ],
    ids=str,
)
@pytest.mark.parametrize("lines", [1, 2, 5])
def test_no_line_flickers(timeline, lines):
    runs = lit_runs(timeline, lines)
    if len({step for step, *_ in runs}) > 1:
        assert min(seconds for *_, seconds in runs) >= LIT_SECONDS - 0.08
    assert {line for _, line, _ in runs} == set(range(lines))
    for (step, line, _), (following, next_line, _) in pairwise(run for run in runs if run[0] != STEPS - 1):
        assert (next_line - line) % lines == (1 % lines)
        assert (following == step) == (next_line > line)


def test_slow_motion_shows_each_of_its_steps():
    steps = {step for step, *_ in lit_runs(Timeline(STEPS, 20, slow=[SlowMotion(3, 6, times=20)]), lines=2)}
    assert {4, 5} <= steps
    assert len(steps) < STEPS


def test_rewinding_race_shows_the_first_line():
    timeline = Timeline(STEPS, 10, loop="seamless")
    walk = plan_walk(timeline.samples, STEPS, 2)
    assert walk.at(timeline.moment(9.9)) == walk.at(timeline.moment(0)) == (0, 0)
    assert walk.at(timeline.moment(8.5)) == (STEPS - 1, 1)


@pytest.mark.parametrize("step", [0, 3.3, 3.6, STEPS])
def test_lit_line_has_full_contrast_and_the_others_are_muted(race, step):
    drawn = Drawn(race, ADAM, (700, 250))
    lines = [rf"${line}$" for line in UpdateRule(race, ADAM).lines]
    shown = [text for text in drawn.moving(step) if text.get_text() in lines]
    lit = [text for text in shown if text.get_color() == LIGHT.ink]
    shown_step, expected = plan_walk(TIMELINE.samples, STEPS, len(lines)).at(Moment(step))
    assert words(lit) == [lines[expected]]
    assert f"step {shown_step} → {shown_step + 1}" in words(drawn.moving(step))
    assert [text.get_color() for text in shown if text not in lit] == [LIGHT.muted] * (len(lines) - 1)


@pytest.mark.parametrize("racer", range(len(RACERS)), ids=list(map(repr, RACERS)))
@pytest.mark.parametrize("size", [(700, 265), (595, 290), (1190, 600)], ids=str)
@pytest.mark.sampled(1, 10)
def test_rule_and_numbers_are_large_and_do_not_overlap(race, racer, size):
    drawn = Drawn(race, racer, size)
    rule = UpdateRule(race, racer)
    for step in (0, 0.9, 17.5, STEPS):
        moving = drawn.moving(step)
        lines = [rf"${line}$" for line in rule.lines]
        assert any("=" in text.get_text() and text.get_text() not in lines for text in moving)
        texts = drawn.still() + moving
        assert set(lines) <= set(words(texts))
        boxes = drawn.boxes(texts)
        for text, box in zip(texts, boxes, strict=True):
            assert text.get_fontsize() >= 18 or text in moving, text
            assert min(box.x0, box.y0, size[0] - box.x1, size[1] - box.y1) >= -1, text
        for (one, box), (other, second) in combinations(zip(texts, boxes, strict=True), 2):
            overlap = min(box.x1, second.x1) - max(box.x0, second.x0)
            # Line spacing is part of a text's box.
            if overlap > 1 and min(box.y1, second.y1) - max(box.y0, second.y0) > 0.3 * one.get_fontsize():
                raise AssertionError((one.get_text(), other.get_text()))


@pytest.mark.parametrize("racer", range(len(RACERS)), ids=list(map(repr, RACERS)))
@pytest.mark.sampled(3)
def test_legend_defines_every_symbol(race, racer):
    legend = " ".join(words(Drawn(race, racer, (1190, 400)).still()))
    for symbols, meaning in UpdateRule(race, racer).legend():
        assert f"${', '.join(symbols)}$: {meaning}" in legend


def test_panel_with_little_room_defines_the_symbols_of_the_lit_line(race):
    rule = UpdateRule(race, 9)
    drawn = Drawn(race, 9, (700, 285))
    walk = plan_walk(TIMELINE.samples, STEPS, len(rule.lines))
    for line, step in enumerate(walk.lit_from[: len(rule.lines)]):
        shown = words(drawn.moving(step + 1e-6))
        meanings = {meaning for _, meaning in rule.legend(line)}
        assert {text.partition(": ")[2] for text in shown if ": " in text} == meanings


@pytest.mark.parametrize("racer", range(len(RACERS), len(RACERS) + len(UNKNOWN)), ids=list(map(repr, UNKNOWN)))
def test_unknown_rule_leaves_the_name_and_the_settings(race, racer):
    drawn = Drawn(race, racer, (600, 300))
    assert not drawn.moving(1.5)
    name, *settings = words(drawn.still())
    assert name == race.names[racer]
    assert set(filter(None, race.settings[racer].split(", "))) <= set(settings)
    assert any(each.startswith("lr ") for each in settings)


def test_numbers_of_a_diverged_racer_are_not_shown():
    recording = record(quartic, [Racer("SGD", lr=1.0)], (5, -2.5), 20)
    drawn = Drawn(recording, 0, (600, 300), Timeline(20, 200))
    assert len(drawn.moving(0.5)) == 3
    assert words(drawn.moving(19.5)) == ["step 19 → 20", f"${UpdateRule(recording, 0).lines[0]}$"]


def test_meanings_are_in_the_language_of_the_clip():
    drawn = Drawn(record(ravine, [Racer("SGD", lr=0.1)], (-7, 2), 4, code="ko"), 0, (600, 300), Timeline(4, 10))
    assert r"$\eta$: 학습률" in words(drawn.still())
    assert "걸음 2 → 3" in words(drawn.moving(2.5))


@pytest.mark.parametrize("racer", RACERS, ids=repr)
@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (1024, 768), (1080, 1080)], ids=str)
@pytest.mark.sampled(0, 10)
def test_lit_line_is_large_complete_and_explained_beside_a_scoreboard(racer, size):
    recording = record(ravine, [racer, Racer("SGD", lr=0.2, name="other")], (-7, 2), 20)
    film = Film(
        recording, Timeline(20, 10), size, 25, Staging(panels=("wireframe", "contour", "formula", "scoreboard"))
    )
    (axes,) = (each for each in film.canvas().figure.axes if each.get_label() == "formula")
    rule = UpdateRule(recording, 0)
    still = [text for text in axes.texts if not text.get_animated()]
    for second in np.arange(0, 10, 0.25):
        moved = list(film.canvas().moving_artists(film.timeline.moment(second)))
        texts = [*still, *(each for each in axes.texts if each in moved)]
        assert min(text.get_fontsize() for text in texts if "$" in text.get_text()) >= 18 * min(size) / 720 - 1e-9
        defined = {symbol for each in words(texts) if ": " in each for symbol in each.split("$")[1].split(", ")}
        lit = "".join(text.get_text() for text in texts if text.get_color() == LIGHT.ink).replace("$", "")
        (line,) = (index for index, each in enumerate(rule.lines) if each in lit)
        for symbols, _ in rule.legend(line):
            assert set(symbols) <= defined, (second, line, symbols)
        step = next(int(each.split()[1]) for each in words(texts) if each.startswith("step "))
        assert rule.filled(step)[line].replace(r",\quad ", "") in lit.replace("{}", "").replace(r",\quad ", "")


def test_window_of_lines_moves_with_the_lit_line(race):
    rule, drawn = UpdateRule(race, NADAM), Drawn(race, NADAM, (700, 200))
    walk = plan_walk(TIMELINE.samples, STEPS, len(rule.lines))
    windows = []
    for line, step in enumerate(walk.lit_from[: len(rule.lines)]):
        shown = words(drawn.moving(step + 1e-6))
        windows.append([index for index, each in enumerate(rule.lines) if f"${each}$" in shown])
        assert line in windows[-1]
    assert 1 < len(windows[0]) < len(rule.lines)
    assert [index for window in windows for index in window] == [
        index for window in windows for index in range(window[0], window[0] + len(windows[0]))
    ]
    assert sorted(windows) == windows
