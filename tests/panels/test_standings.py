"""The standings: every racer has its own result, and there is room for the longest text."""

import numpy as np
import pytest
from matplotlib.text import Text

from animopt import Racer, Scene
from animopt.functions import bounded_saddle, ravine
from animopt.recording.results import Results
from animopt.recording.timeline import Timeline
from animopt.video.film import Film, Staging


def shown(recording, second):
    film = Film(
        recording, Timeline(recording.last_step, 10), (1280, 720), 10, Staging(panels=("wireframe", "standings"))
    )
    moved = film.canvas().moving_artists(film.timeline.moment(second))
    return [each for each in moved if isinstance(each, Text) and each.axes.get_label() == "standings"]


@pytest.mark.long
def test_result_of_each_racer_is_in_its_row_if_their_steps_differ():
    racers = [Racer("SGD", lr=0.95, name=f"for {steps}", steps=steps) for steps in (30, 10, 20)]
    recording = Scene(function=ravine, racers=racers, start=(-7, 2)).record()
    distances = np.hypot(*recording.xy[:, -1].T)
    assert distances[0] < distances[2] < distances[1]
    assert [text.get_text() for text in shown(recording, 10)][-3:] == [
        f"{distance:.2f} from the minimum, {steps} gradients"
        for distance, steps in zip(distances, (30, 10, 20), strict=True)
    ]


@pytest.mark.long
def test_winner_is_bold_at_the_end_and_settings_remain(ravine_race):
    for second, bold in ((5, []), (10, ["SGD"])):
        texts = shown(ravine_race, second)
        assert [text.get_text() for text in texts if text.get_fontweight() == "bold"] == bold
        assert set(ravine_race.settings) <= {text.get_text() for text in texts}


@pytest.mark.parametrize("brief", [False, True])
@pytest.mark.parametrize(
    "scene",
    [
        # Losses that cross zero, that cross a million, and that leave the picture.
        Scene(function=bounded_saddle, racers=[Racer("SGD", lr=0.05)], start=(-1.5, 0.001), steps=90),
        Scene(function=lambda x: 1e8 * (x[0] ** 2 + x[1] ** 2), racers=[Racer("SGD", lr=1e-9)], start=(1, 1), steps=60),
        Scene(function=ravine, racers=[Racer("SGD", lr=1.2)], start=(-7, 2), steps=60),
        Scene(function=ravine, racers=[Racer("SGD", lr=0.3)], start=(-7, 2), steps=3),
    ],
)
def test_longest_text_is_that_of_all_steps(scene, brief):
    recording = scene.record()
    results = Results(recording)
    texts = [results.loss(0, step, brief=brief) for step in range(recording.last_step + 1)]
    longest = [*results.numbers(0, brief=brief), results.reason(0, brief=brief)]
    assert max(map(len, longest)) == max(map(len, texts))
