"""The panel draws the sharpness of each racer, and the limits of stability as dashed lines."""

import numpy as np
import pytest

from animopt import Racer, Scene, Sweep, UsageError
from animopt.drawing.mpl import to_hex
from animopt.drawing.theme import LIGHT
from animopt.functions import quartic, ravine, rosenbrock
from animopt.scene.races import staging_of, timeline_of
from animopt.video.film import Film, Staging

SIZE = (640, 360)


def plot(scene, race=0):
    """The axes of the panel, and the values and colors of its dashed lines."""
    recordings = [scene.replace(function=function).record() for function in scene.functions]
    film = Film(recordings, timeline_of(scene), SIZE, 25, staging_of(scene))
    axes = next(each for each in film.canvas(race).figure.axes if each.get_label() == "sharpness")
    dashed = [line for line in axes.lines if line.is_dashed()]
    return axes, {round(float(line.get_ydata()[0]), 6): to_hex(line.get_color()) for line in dashed}


def heading(axes):
    return next(text.get_text() for text in axes.texts if "sharpness" in text.get_text() or "첨예도" in text.get_text())


def scene(*single, function=ravine, start=(-7, 2), racers=(), **fields):
    return Scene(function=function, racers=racers or [*single], start=start, panels=["contour", "sharpness"], **fields)


@pytest.mark.long
def test_limit_of_one_racer_is_a_line_on_the_axis_and_in_the_heading():
    axes, lines = plot(scene(Racer("SGD", lr=0.8)))
    assert lines == {2.5: LIGHT.ink}
    assert heading(axes) == "sharpness, – – 2/lr = 2.5"
    low, high = axes.get_ylim()
    assert low < 2 < 2.5 < high


@pytest.mark.long
def test_limits_of_a_sweep_have_the_colors_of_the_racers():
    axes, lines = plot(scene(racers=Sweep(Racer("SGD"), lr=[0.1, 0.5, 0.95]), ordered=False))
    # The limit 20 would press the curves to the edge of the axis.
    assert lines == {4: LIGHT.hue(1), round(2 / 0.95, 6): LIGHT.hue(2)}
    assert heading(axes) == "sharpness, – – 2/lr"


@pytest.mark.long
def test_several_kinds_of_limits_are_named_in_the_language():
    racers = [Racer("SGD", lr=0.001), Racer("SGD", lr=0.001, momentum=0.9), Racer("Adam", lr=0.05)]
    axes, lines = plot(scene(*racers, function=rosenbrock, start=None, lang="ko"))
    assert list(lines) == [2000, 3800]
    assert heading(axes) == "첨예도, – – 안정 한계"


def test_racer_without_a_limit_has_a_curve_alone():
    axes, lines = plot(scene(Racer("Adam", lr=0.5)))
    assert not lines
    assert heading(axes) == "sharpness"
    ticks = [tick for tick in axes.get_yticks() if axes.get_ylim()[0] <= tick <= axes.get_ylim()[1]]
    assert len(ticks) > 1


@pytest.mark.long
def test_functions_of_a_clip_share_the_axis():
    both = scene(Racer("SGD", lr=0.01), function=[ravine, quartic], steps=9)
    limits = [plot(both, race)[0].get_ylim() for race in (0, 1)]
    assert limits[0] == limits[1]
    assert limits[0][1] > 100


@pytest.mark.long
def test_curves_of_many_powers_of_ten_have_a_logarithmic_axis():
    bowl = scene(Racer("SGD", lr=0.3), function=lambda x: (x**4).sum() / 100 + (x**2).sum() / 100, steps=400)
    assert plot(bowl)[0].get_yscale() == "log"


def test_race_that_was_recorded_without_the_sharpness_is_refused(ravine_race):
    with pytest.raises(UsageError, match=r"^panel 'sharpness': the race was recorded without its sharpness; give it"):
        Film(ravine_race, timeline_of(scene(Racer("SGD"))), SIZE, 25, Staging(panels=("sharpness",)))


@pytest.mark.long
def test_racer_that_diverges_has_an_arrow_and_its_step():
    diverging = scene(Racer("SGD", lr=0.1), function=quartic, steps=12)
    film = Film(diverging.record(), timeline_of(diverging), SIZE, 25, staging_of(diverging))
    artists = film.canvas().moving_artists(film.timeline.moment(diverging.seconds))
    words = [each.get_text() for each in artists if each.axes.get_label() == "sharpness" and hasattr(each, "get_text")]
    since = int(np.isnan(diverging.record().z[0]).argmax())
    assert words == [f"diverged at step {since}"]
