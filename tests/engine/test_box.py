"""A function with a box: racers are projected onto it after each step, and the box is drawn."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from animopt import Function, Racer, Scene, SettingsMap, StartsMap, UsageError, tuned
from animopt.engine import maps
from animopt.engine.record import record
from animopt.functions import rotated
from animopt.recording.sentences import alt_text
from animopt.recording.update_rules import UpdateRule
from animopt.scene.races import staging_of, timeline_of
from animopt.video.film import Film

BOX = (-1, 2), (-2, 0.5)


def bowl(x):
    """A bowl whose minimum (3, 1) lies outside the box."""
    return (x[0] - 3) ** 2 / 2 + 2 * (x[1] - 1) ** 2


BOXED = Function(bowl, x=(-4, 4), y=(-3, 3), minima=[(3, 1)], box=BOX)
FULL = Function(bowl, x=BOX[0], y=BOX[1], minima=[(2, 0.5)], box=BOX, radius=0.1)


def projected_momentum(start, steps, lr, momentum):
    """The points of projected gradient descent with momentum, (steps + 1, 2)."""
    point, velocity = np.array(start, dtype=float), np.zeros(2)
    points = [point]
    for _ in range(steps):
        velocity = momentum * velocity + (point - [3, 1]) * [1, 4]
        point = np.clip(point - lr * velocity, *np.transpose(BOX))
        points.append(point)
    return np.array(points)


class Averaged(torch.optim.SGD):
    """Shows another point than the one that it trains, as schedule-free optimizers do."""

    def train(self):
        """Go back to the point that is trained."""

    def eval(self):
        """Go to the point that is shown."""

    def step(self, closure):
        """Take the step of SGD."""
        return super().step(closure)


def test_each_step_ends_in_the_box():
    racers = [Racer("SGD", lr=0.2, momentum=0.9), Racer("SGD", lr=0.1, start=(-1, -2))]
    recording = record(BOXED, racers, (0, 0), 20)
    expected = [projected_momentum((0, 0), 20, 0.2, 0.9), projected_momentum((-1, -2), 20, 0.1, 0)]
    np.testing.assert_allclose(recording.xy, expected, rtol=1e-12)
    assert (recording.xy[:, -1] == [2, 0.5]).all()
    free = record(BOXED.replace(box=None), racers, (0, 0), 20)
    assert (free.xy[:, :, 0] > 2).any()


def test_recording_has_the_edge_of_the_box_and_says_that_racers_are_projected():
    recording = record(BOXED, [Racer("SGD", lr=0.1), Racer("Adam")], (0, 0), 3)
    assert recording.settings == ("lr 0.1, projected", "lr 0.001, projected")
    assert record(BOXED, [Racer("SGD", lr=0.1)], (0, 0), 3, code="ko").settings == ("lr 0.1, 상자로 투영",)
    edge = recording.box.xyz
    assert edge[:, :2].min(axis=0).tolist() == [-1, -2]
    assert edge[:, :2].max(axis=0).tolist() == [2, 0.5]
    np.testing.assert_allclose(edge[:, 2], bowl(edge.T))
    assert (edge[0] == edge[-1]).all()
    assert recording.single(1).box is recording.box
    free = record(BOXED.replace(box=None), [Racer("SGD", lr=0.1)], (0, 0), 3)
    assert (free.settings, free.box) == (("lr 0.1",), None)


def test_alt_text_has_the_box():
    recording = record(BOXED, [Racer("SGD", lr=0.1)], (0, 0), 3)
    assert "Each step ends in the box from (−1, −2) to (2, 0.5). SGD starts at (0, 0)." in alt_text([recording], [])
    korean = replace(recording, language="ko")
    assert "모든 걸음은 (−1, −2)에서 (2, 0.5)까지의 상자 안에서 끝난다." in alt_text([korean], [])
    assert "box" not in alt_text([replace(recording, box=None)], [])


def test_rule_and_its_numbers_have_the_projection():
    rule = UpdateRule(record(BOXED, [Racer("SGD", lr=0.5)], (1, 0), 2), 0)
    assert rule.lines == (r"\mathbf{x} \leftarrow \Pi(\mathbf{x} - \eta\,\mathbf{g})",)
    assert rule.filled(0) == (r"(2.00, 0.500) = \Pi((1.00, 0) - 0.5\,({-2.00}, {-4.00}))",)
    assert ((r"\Pi",), "nearest point in the box") in rule.legend()


@pytest.mark.parametrize("panel", ["contour", "wireframe"])
@pytest.mark.sampled(1)
def test_edge_of_the_box_is_drawn(panel):
    scene = Scene(function=BOXED, racers=[Racer("SGD", lr=0.1)], start=(0, 0), steps=2, panels=[panel], view="domain")
    recording = scene.record()
    with_box, without = (
        Film(each, timeline_of(scene), (320, 180), 5, staging_of(scene)).at(0)[..., :3].astype(int)
        for each in (recording, replace(recording, box=None))
    )
    changed = np.abs(with_box - without).max(axis=-1) > 40
    rows, columns = changed.nonzero()
    assert 50 < changed.sum() < 3000
    assert np.ptp(rows) > 30
    assert np.ptp(columns) > 30


@pytest.mark.parametrize("momentum", [0, 0.9])
def test_races_of_a_map_are_projected(momentum, monkeypatch):
    monkeypatch.setattr(maps, "_alone", lambda *_: pytest.fail("the races were run alone"))
    found = StartsMap(3, 4).record(FULL, Racer("SGD", lr=0.1, momentum=momentum), (0, 0), 30)
    for row, y in enumerate(found.y):
        for column, x in enumerate(found.x):
            ways = projected_momentum((x, y), 30, 0.1, momentum) - [2, 0.5]
            inside = np.linalg.norm(ways, axis=1) <= 0.1
            assert inside[-1]
            assert found.minimum[row, column] == 0
            assert found.step[row, column] == len(inside) - int(np.append(~inside[::-1], True).argmax())
    losses = SettingsMap(lr=[0.01, 0.1, 0.4], momentum=[0, 0.9]).record(BOXED, Racer("SGD"), (0, 0), 9).loss[-1]
    ends = [[projected_momentum((0, 0), 9, lr, beta)[-1] for lr in (0.01, 0.1, 0.4)] for beta in (0, 0.9)]
    np.testing.assert_allclose(losses, bowl(np.moveaxis(ends, -1, 0)), rtol=1e-9)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Function(bowl, box=1), "function box 1: give the ends along x and along y, as box=((-1, 1), (-1, 1))"),
        (
            lambda: Function(bowl, box=[(0, 1)]),
            "function box [(0, 1)]: give the ends along x and along y, as box=((-1, 1), (-1, 1))",
        ),
        (
            lambda: Function(bowl, box=((1, 0), (0, 1))),
            "function box ((1.0, 0.0), (0.0, 1.0)): give the lower end first, as box=((-1, 1), (-1, 1))",
        ),
        (
            lambda: Function(bowl, x=(0, 2), box=((-1, 1), (0, 1))),
            "function box ((-1.0, 1.0), (0.0, 1.0)): is not inside x=(0.0, 2.0), y=(-10.0, 10.0); widen the domain",
        ),
        (
            lambda: BOXED.replace(start=(3, 1)),
            "function start (3.0, 1.0): lies outside the box ((-1.0, 2.0), (-2.0, 0.5)) of function bowl; "
            "start inside it",
        ),
        (
            lambda: Scene(function=BOXED, racers=[Racer("SGD", start=(0, 9))]),
            "start (0.0, 9.0): lies outside the box ((-1.0, 2.0), (-2.0, 0.5)) of function bowl; start inside it",
        ),
        (
            lambda: Scene(function=BOXED, racers=[Racer("SGD")], start=(0, 0), map=StartsMap(2, 2)),
            "map: function bowl has starts outside its box; give it the domain x=(-1.0, 2.0), y=(-2.0, 0.5)",
        ),
        (
            lambda: Scene(function=BOXED, racers=[Racer(Averaged, lr=0.1)], start=(0, 0)),
            "racer Averaged: shows another point than the one that it trains, and a box can hold only one of them; "
            "leave out the box of function bowl",
        ),
        (
            lambda: rotated(BOXED, 30),
            "function bowl: its box cannot be rotated; leave it out, as function.replace(box=None)",
        ),
    ],
)
def test_box_that_cannot_be_used_is_refused(make, message):
    with pytest.raises(UsageError) as refused:
        make()
    assert str(refused.value) == message


def test_start_of_a_search_lies_in_the_box():
    racers = tuned([Racer("SGD")], trials=1, starts=[(3, 0)])
    with pytest.raises(UsageError, match=r"^tuned starts \(3\.0, 0\.0\): lies outside the box"):
        racers.resolve(BOXED, (0, 0), 2)
