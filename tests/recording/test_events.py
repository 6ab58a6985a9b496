"""Events agree with plain loops over the positions and losses, and do not depend on the length of the race."""

from dataclasses import replace
from math import dist, isfinite

import pytest

from animopt import Function, Racer, Scene
from animopt.functions import himmelblau, ravine
from animopt.recording.events import Kind, events

OPTIMIZERS = [
    Racer("SGD", lr=0.95),
    Racer("SGD", lr=0.1, momentum=0.9, name="Momentum"),
    Racer("RMSprop", lr=0.9, alpha=0.9),
    Racer("Adam", lr=0.9, betas=(0.9, 0.9), steps=30),
]


def race(*racers, function=ravine, start=(-7, 2), steps=40, **more):
    return Scene(function=function, racers=racers, start=start, steps=steps, title="A race", **more).record()


@pytest.fixture(scope="module")
def ravine_race():
    return race(*OPTIMIZERS)


def steps_of(recording, kind, racer=0):
    return [event.step for event in events(recording) if event.kind == kind and event.racer == racer]


def near(recording, racer):
    """Return whether a racer is near the only minimum after each of its steps, by a plain loop."""
    minimum, count = recording.minima[0, :2], int(recording.steps[racer]) + 1
    return [dist(point, minimum) <= recording.radius for point in recording.xy[racer, :count].tolist()]


def test_arrival_follows_the_formula():
    # x is multiplied by 0.9 in each step: |-7| 0.9ⁿ is within a hundredth of the diagonal, √500 / 100, from n = 33 on.
    function = Function(lambda x: x[0] ** 2 / 20 + x[1] ** 2 / 4, x=(-10, 10), y=(-5, 5), minima=[(0, 0)])
    recording = race(Racer("SGD", lr=1.0), function=function)
    assert steps_of(recording, Kind.ARRIVES) == [33]
    assert steps_of(recording, Kind.SETTLES) == [33]
    assert steps_of(recording, Kind.LEAVES) == []


def test_arriving_leaving_and_settling_agree_with_a_loop(ravine_race):
    seen = set()
    for racer in range(4):
        inside = near(ravine_race, racer)
        arrival = inside.index(True) if True in inside else None
        exits = [step for step in range(1, len(inside)) if inside[step - 1] and not inside[step]]
        stay = len(inside) - inside[::-1].index(False)
        settles = inside[-1] and len(inside) - 1 - stay >= max(5, (len(inside) - 1) / 10)
        assert steps_of(ravine_race, Kind.ARRIVES, racer) == ([] if arrival is None else [arrival])
        assert steps_of(ravine_race, Kind.LEAVES, racer) == exits[:1]
        assert steps_of(ravine_race, Kind.SETTLES, racer) == ([stay] if settles else [])
        seen |= {bool(exits), bool(settles) + 2}
    assert seen == {False, True, 2, 3}


def test_nearest_and_end_agree_with_a_loop(ravine_race):
    for event in events(ravine_race):
        path = ravine_race.xy[event.racer].tolist()[: int(ravine_race.steps[event.racer]) + 1]
        distances = [dist(point, ravine_race.minima[0, :2]) for point in path]
        assert event.distance == pytest.approx(distances[min(event.step, len(path) - 1)])
        assert event.loss == ravine_race.z[event.racer, event.step]
        if event.kind == Kind.NEAREST:
            assert event.step == distances.index(min(distances))
        if event.kind == Kind.ENDS:
            assert (event.step, list(event.point)) == (len(path) - 1, path[-1])


def test_overtaking_is_the_first_lead_after_being_behind(ravine_race):
    found = {(event.racer, event.other): event.step for event in events(ravine_race) if event.kind == Kind.OVERTAKES}
    expected = {}
    for racer in range(4):
        for other in range(4):
            own, others = ravine_race.z[racer].tolist(), ravine_race.z[other].tolist()
            behind = [step for step in range(41) if own[step] > others[step]]
            ahead = [step for step in range(41) if behind and step > behind[0] and own[step] < others[step]]
            if ahead:
                expected[racer, other] = ahead[0]
    assert found == expected
    assert expected


@pytest.mark.parametrize("steps", [10, 20, 39])
def test_a_shorter_race_has_the_same_first_events(ravine_race, steps):
    racers = [racer.replace(steps=None) for racer in OPTIMIZERS]
    lasting = (Kind.ARRIVES, Kind.LEAVES, Kind.OVERTAKES)
    whole, part = (
        {
            (each.kind, each.racer, each.step, each.other)
            for each in events(race(*racers, steps=count))
            if each.kind in lasting
        }
        for count in (40, steps)
    )
    assert part == {each for each in whole if each[2] <= steps}
    assert part


def test_radius_belongs_to_the_function_and_not_to_the_view():
    with pytest.warns(UserWarning, match="the view is widened"):
        wide = race(Racer("SGD", lr=0.95), start=(-30, 2))
    assert wide.radius == race(Racer("SGD", lr=0.95)).radius == pytest.approx(0.01 * dist((-10, -5), (10, 5)))


def test_close_minima_halve_the_radius():
    function = Function(lambda x: (x[0] ** 2 - 0.01) ** 2 + x[1] ** 2, minima=[(-0.1, 0), (0.1, 0)])
    assert function.radius == pytest.approx(0.1)
    recording = race(Racer("SGD", lr=0.4), function=function, start=(0.4, 1), steps=200)
    assert [each.minimum for each in events(recording) if each.kind == Kind.ARRIVES] == [1]


def test_several_minima_have_indices():
    recording = race(Racer("Adam", lr=0.1), function=himmelblau, start=(-0.5, -0.5), steps=200)
    (settles,) = (each for each in events(recording) if each.kind == Kind.SETTLES)
    assert settles.minimum is not None
    assert recording.minima[settles.minimum, :2] == pytest.approx([-2.805, 3.131], abs=1e-3)


def test_a_short_stay_at_the_end_does_not_settle():
    function = Function(lambda x: x[0] ** 2 / 20 + x[1] ** 2 / 4, x=(-10, 10), y=(-5, 5), minima=[(0, 0)])
    racer = Racer("SGD", lr=1.0)
    assert steps_of(race(racer, function=function, steps=37), Kind.SETTLES) == []
    assert steps_of(race(racer, function=function, steps=38), Kind.SETTLES) == [33]


@pytest.mark.long
def test_lost_racers_leave_the_picture_and_diverge():
    recording = race(Racer("SGD", lr=1.5), function=ravine, steps=3000)
    assert steps_of(recording, Kind.LEAVES_PICTURE) == [2]
    (diverged,) = steps_of(recording, Kind.DIVERGES)
    assert isfinite(recording.z[0, diverged - 1])
    assert not isfinite(recording.z[0, diverged])


def test_a_racer_that_comes_back_leaves_the_picture_again():
    recording = race(Racer("SGD", lr=0.95))
    xy = recording.xy.copy()
    xy[0, [5, 6, 9]] = 50
    assert steps_of(replace(recording, xy=xy), Kind.LEAVES_PICTURE) == [5, 9]


@pytest.mark.parametrize(("rate", "zigzags"), [(0.95, [0]), (0.3, [])])
def test_racer_that_goes_back_and_forth_zigzags(rate, zigzags):
    assert steps_of(race(Racer("SGD", lr=rate)), Kind.ZIGZAGS) == zigzags


def test_without_minima_only_positions_and_losses_are_known():
    recording = race(Racer("SGD", lr=0.1), function=Function(lambda x: x[0] + x[1]), start=(1, 1), steps=3)
    assert {event.kind for event in events(recording)} == {Kind.START, Kind.ENDS}
    assert all(event.minimum is None for event in events(recording))
