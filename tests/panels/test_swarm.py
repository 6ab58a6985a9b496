"""The panel has an area for each basin, and the overlay a dot for each run in the color of its basin."""

import numpy as np
import pytest

from animopt import Racer, Scene
from animopt.drawing.artists import PixelArea
from animopt.drawing.mpl import to_rgb
from animopt.drawing.theme import LIGHT
from animopt.functions import himmelblau
from animopt.scene.races import recordings, staging_of, timeline_of
from animopt.video.film import Film

SIZE = (1280, 720)


@pytest.fixture(scope="module")
def scene():
    return Scene(
        function=himmelblau,
        racers=[Racer("SGD", lr=0.01)],
        start=(0, 0),
        steps=40,
        noise=60,
        view="domain",
        swarm=60,
        panels=["contour", "swarm"],
        overlays=["swarm"],
    )


@pytest.fixture(scope="module")
def canvas(scene):
    return Film(recordings(scene), timeline_of(scene), SIZE, 25, staging_of(scene)).canvas()


def drawn(canvas, scene, step):
    """The axes of the panel, and its texts, at a step."""
    moment = next(each for each in timeline_of(scene).samples if each.step >= step)
    canvas.draw(moment)
    axes = next(each for each in canvas.figure.axes if each.get_label() == "swarm")
    return axes, [text.get_text() for text in axes.texts if "±" in text.get_text()], int(moment.step)


@pytest.mark.parametrize("step", [5, 25, 40])
def test_areas_are_the_shares_of_the_runs(canvas, scene, step):
    axes, texts, step = drawn(canvas, scene, step)
    swarm = recordings(scene)[0].swarm
    box = axes.get_window_extent()
    areas = [artist for artist in axes.get_children() if isinstance(artist, PixelArea)]
    top = 0.0
    for minimum, (area, text) in enumerate(zip(areas, texts, strict=True)):
        inside = swarm.basin[:, step] == minimum
        share = inside.mean()
        error = inside.std() / np.sqrt(len(inside))
        assert text == f"{'ABCD'[minimum]}  {100 * share:.0f} % ± {100 * error:.0f} %"
        heights = (area.get_path().vertices[:, 1] - box.y0) / box.height
        outline = np.split(heights[:-1], 2)
        # The last two points are between two steps.
        assert outline[0][step] == pytest.approx(top, abs=1e-9)
        assert outline[1][::-1][step] == pytest.approx(top + share, abs=1e-9)
        top += share


@pytest.mark.long
def test_dots_have_the_colors_of_their_basins(scene):
    staging = staging_of(scene)
    frames = [
        Film(recordings(scene), timeline_of(scene), SIZE, 25, staging_of(scene.replace(overlays=overlays))).at(9.9)
        for overlays in ([], ["swarm"])
    ]
    assert staging.overlays == ("swarm",)
    changed = frames[1][(frames[0] != frames[1]).any(axis=-1)] / 255
    basin = recordings(scene)[0].swarm.basin[:, -1]
    for minimum in range(4):
        close = np.abs(changed - to_rgb(LIGHT.hue(1 + minimum))).max(axis=1) < 0.02
        assert (close.sum() > 20) == (basin == minimum).any(), minimum


@pytest.mark.parametrize(
    ("lang", "heading"), [("en", "share of 60 runs in each basin"), ("ko", "실행 60번의 골짜기별 비율")]
)
@pytest.mark.long
def test_heading_has_the_number_of_runs(scene, lang, heading):
    localized = scene.replace(lang=lang)
    film = Film(recordings(localized), timeline_of(localized), SIZE, 25, staging_of(localized))
    axes = next(each for each in film.canvas().figure.axes if each.get_label() == "swarm")
    assert heading in [text.get_text() for text in axes.texts]
