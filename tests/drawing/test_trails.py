"""Trails age, the winner is emphasized at the end, and lost racers recede."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_hex

from animopt import Racer, Scene
from animopt.drawing.artists import (
    AGES,
    FAINT_OPACITY,
    OLD_OPACITY,
    OLD_WIDTH,
    STEP_SIZE,
    TRAIL_WIDTH,
    Trails,
    TrainingTrails,
    prominence,
)
from animopt.drawing.colors import blend
from animopt.drawing.geometry import MIN_RECENT_STEPS, RECENT_PART, RacerPath
from animopt.drawing.mpl import Figure
from animopt.drawing.theme import THEMES
from animopt.functions import quartic
from animopt.recording.timeline import Moment

END = {"progress": 1.0, "hold_progress": 1.0}


def path_of(recording, racer=0, cell=1e-4):
    return RacerPath(recording, racer, lambda points: points[:, :2], cell)


@pytest.mark.parametrize("step", [0, 1.5, 12, 25.25, 40])
def test_parts_of_a_trail_join_and_end_at_the_head(ravine_race, step):
    path = path_of(ravine_race)
    parts = path.parts(step)
    recent = max(MIN_RECENT_STEPS, RECENT_PART * 40)
    np.testing.assert_array_equal(parts.recent[-1], ravine_race.paths[0].head(step)[:2])
    if step > recent:
        np.testing.assert_array_equal(parts.old[-1], parts.recent[0])
        np.testing.assert_array_equal(parts.old[-1], ravine_race.paths[0].head(step - recent)[:2])
    else:
        assert len(parts.old) == 0
    steps = np.concatenate([parts.old_steps, parts.recent_steps])
    np.testing.assert_array_equal(steps, ravine_race.xy[0, : int(step) + 1])


def test_recent_part_is_drawn_where_the_trail_has_been_before(ravine_race):
    # All steps are in one cell, and the older part is drawn only once.
    parts = path_of(ravine_race, cell=1.0).parts(40)
    assert len(parts.old_steps) < 34
    assert len(parts.recent_steps) > 0


def trails_of(recording, theme, moment):
    """The lines of a racer's trail, older and recent, for each racer."""
    trails = Trails(Figure().add_axes((0, 0, 1, 1)), theme, recording)
    paths = [path_of(recording, racer) for racer in range(len(recording.names))]
    trails.place([path.parts(moment.step) for path in paths], np.zeros((len(paths), 2)), moment)
    return list(zip(*trails._lines, strict=True))


def test_recent_steps_are_bright_and_wide(ravine_race):
    theme = THEMES["dark"]
    for racer, (old, recent) in enumerate(trails_of(ravine_race, theme, Moment(20))):
        assert to_hex(recent.get_edgecolor()) == theme.hue(racer)
        assert to_hex(old.get_edgecolor()) == blend(theme.background, theme.hue(racer), OLD_OPACITY)
        assert recent.get_linewidth() == TRAIL_WIDTH > old.get_linewidth()


def test_winner_is_emphasized_at_the_end(ravine_race):
    winner = ravine_race.winner
    assert ravine_race.names[winner] == "SGD"
    for racer, (old, recent) in enumerate(trails_of(ravine_race, THEMES["light"], Moment(40, **END))):
        assert (old.get_linewidth() == recent.get_linewidth() == TRAIL_WIDTH) == (racer == winner)
        assert (to_hex(recent.get_edgecolor()) == THEMES["light"].hue(racer)) == (racer == winner)
    assert prominence(ravine_race, winner, Moment(40)) == 0
    assert [prominence(ravine_race, racer, Moment(40, **END)) for racer in range(5)] == [1, -0.5, -0.5, -0.5, -0.5]


def test_lost_racers_recede_and_never_win():
    racers = [Racer("SGD", lr=0.05), Racer("Adam", lr=0.5), Racer("Adam", lr=0.3)]
    recording = Scene(function=quartic, racers=racers, start=(5, -2.5), steps=30).record()
    assert recording.lost(0, 1) == ("left view", 1)
    assert prominence(recording, 0, Moment(0)) == 0
    assert prominence(recording, 0, Moment(1)) == prominence(recording, 0, Moment(30, **END)) == -1
    lost, *others = trails_of(recording, THEMES["dark"], Moment(30, **END))
    for line in lost:
        # At least half of the hue remains, and it is the palest and the thinnest of all.
        assert to_hex(line.get_edgecolor()) == blend(THEMES["dark"].background, THEMES["dark"].hue(0), 0.5)
        assert all(line.get_linewidth() <= other.get_linewidth() for pair in others for other in pair)


def test_dots_are_wider_than_their_lines():
    assert STEP_SIZE > TRAIL_WIDTH
    assert len(AGES) == 2


@pytest.mark.parametrize("theme", THEMES)
def test_points_of_gradients_are_a_faint_thin_line(ravine_race, theme):
    recording = replace(ravine_race, training=(None, ravine_race.paths[3], None, None, None))
    axes, own = Figure().add_axes((0, 0, 1, 1)), THEMES[theme]
    lines = TrainingTrails(axes, own, recording, lambda points: points[:, :2], 1e-4)
    (points,) = lines.points(20.5)
    np.testing.assert_array_equal(points[-1], ravine_race.paths[3].head(20.5)[:2])
    (line,) = lines.place([points])
    assert to_hex(line.get_edgecolor()) == blend(own.background, own.hue(1), FAINT_OPACITY)
    assert line.get_linewidth() < OLD_WIDTH * TRAIL_WIDTH
    assert len(line.get_path()) == len(points)
    assert len(axes.patches) == 1


def test_points_of_gradients_are_not_drawn_if_they_are_the_positions(ravine_race):
    axes = Figure().add_axes((0, 0, 1, 1))
    for training in ((), (None,) * 5):
        TrainingTrails(axes, THEMES["dark"], replace(ravine_race, training=training), lambda points: points, 1e-4)
    assert len(axes.patches) == 0


@pytest.mark.long
def test_surface_and_contour_show_the_points_of_gradients(make_film, ravine_race):
    plain = make_film(ravine_race, size=(320, 180)).at(1.0)
    curved = replace(ravine_race.paths[0], xyz=ravine_race.paths[0].xyz * [1, -1, 1] + [0, 0.4, 0])
    shown = make_film(replace(ravine_race, training=(curved, *[None] * 4)), size=(320, 180)).at(1.0)
    changed = (shown != plain).any(axis=-1)
    # The surface is on the left, and the contour on the right.
    assert changed[:, :160].sum() > 30
    assert changed[:, 160:].sum() > 30
    assert changed.mean() < 0.02
