"""The values of an interactive page, compared with what the clip draws."""

from dataclasses import replace

import numpy as np
import pytest

import animopt
from animopt.drawing.geometry import Camera
from animopt.drawing.viewpoint import ScaledSurface
from animopt.publish.web_scene import SEPARATOR, SUBPIXELS, page_staging, page_timeline, race_values
from animopt.recording.timeline import Question, Timeline
from animopt.scene.races import recordings, staging_of, timeline_of
from animopt.video.film import Film, Staging

SIZE = (1280, 720)


@pytest.fixture(scope="module")
def values(ravine_race):
    timeline = Timeline(ravine_race.last_step, 2.0)
    return race_values(ravine_race, timeline, page_staging(Staging()), "A race.")


def layout_of(values, size):
    return next(layout for layout in values["layouts"] if layout["size"] == size)


@pytest.fixture(scope="module")
def clip_heads(ravine_race, drawn_heads):
    """The heads on the surface and on the contour that a clip draws at its start and at its end, in pixels."""
    with drawn_heads(SIZE[1]) as heads:
        film = Film(ravine_race, Timeline(ravine_race.last_step, 2.0), SIZE, 10, page_staging(Staging()))
        film.at(0.0)
        film.at(2.0)
    return heads


@pytest.mark.parametrize(("moment", "index"), [(0, 0), (-1, 2)])
def test_heads_on_the_surface_are_where_the_clip_draws_them(values, ravine_race, clip_heads, moment, index):
    layout, sweep = layout_of(values, SIZE), values["sweep"]
    camera = Camera(sweep["azimuth"] + sweep["turn"] * values["clip"]["turned"][moment], sweep["elevation"])
    step = int(values["clip"]["step"][moment])
    points = np.column_stack([ravine_race.xy[:, step], ravine_race.z[:, step]])
    projected, _ = camera.project(ScaledSurface(ravine_race.surface).to_camera(points))
    left, top, width, height = layout["boxes"]["wireframe"]
    (x0, x1), (y0, y1) = layout["view"]["x"], layout["view"]["y"]
    found = np.column_stack(
        [left + width * (projected[:, 0] - x0) / (x1 - x0), top + height * (y1 - projected[:, 1]) / (y1 - y0)]
    )
    np.testing.assert_allclose(found, clip_heads[index], atol=0.01)


@pytest.mark.parametrize(("moment", "index"), [(0, 1), (-1, 3)])
def test_heads_on_the_contour_are_where_the_clip_draws_them(values, ravine_race, clip_heads, moment, index):
    layout = layout_of(values, SIZE)
    left, top, width, height = layout["boxes"]["contour"]
    low, high = np.array(layout["window"])
    place = (values["xy"][:, int(values["clip"]["step"][moment])] - low) / (high - low)
    found = np.column_stack([left + width * place[:, 0], top + height * (1 - place[:, 1])])
    np.testing.assert_allclose(found, clip_heads[index], atol=0.01)


def test_contour_lines_have_the_height_of_their_level(values, ravine_race):
    layout = layout_of(values, SIZE)
    left, top, width, height = layout["boxes"]["contour"]
    low, high = np.array(layout["window"])
    for line in layout["lines"]:
        pixels = line[line[:, 0] != SEPARATOR] / SUBPIXELS
        x, y = (
            low + (high - low) * np.column_stack([(pixels[:, 0] - left) / width, 1 - (pixels[:, 1] - top) / height])
        ).T
        z = x**2 / 20 + y**2
        # A sixteenth of a pixel, where the valley is steepest.
        assert np.ptp(z) < 0.06


def test_fills_cover_the_contour(values):
    layout = layout_of(values, SIZE)
    *_, width, height = layout["boxes"]["contour"]
    area = 0.0
    for fill in layout["fills"]:
        gaps = np.flatnonzero(fill[:, 0] == SEPARATOR)
        for first, last in zip([0, *(gaps[:-1] + 1)], gaps, strict=True):
            x, y = fill[first:last].T / SUBPIXELS
            # Holes run the other way around, by the formula of a polygon's area.
            area += float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)) / 2)
    # The last cell on each side is partly outside.
    assert width * height < abs(area) < 1.1 * width * height


def test_formula_has_an_outline(values):
    assert values["formulaOutline"].startswith("M")


def test_ticks_of_losses_have_no_mathtext(values):
    labels = [label for _, label in layout_of(values, SIZE)["lossTicks"]["y"]]
    assert "10⁻²" in labels
    assert not any("$" in label for label in labels)


def test_timeline_has_no_card_and_no_question():
    timeline = Timeline(10, 9.0, card=1.0, question=Question("Which?", seconds=2), loop="seamless")
    values = page_timeline(timeline)
    assert (values.seconds, values.moment(values.seconds).step, values.moment(0).card_opacity) == (6.0, 10, 0)


@pytest.mark.long
def test_racer_that_diverges_is_marked(ravine_race):
    z = ravine_race.z.copy()
    z[0, 3:] = np.nan
    values = race_values(replace(ravine_race, z=z), Timeline(ravine_race.last_step, 2.0), page_staging(Staging()), "")
    assert values["lost"][0].tolist() == [0] * 3 + [2] * (ravine_race.last_step - 2)


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.long
def test_values_of_a_scene_are_in_its_language(scenes, lang):
    scene = animopt.load_scene(scenes["saddle"]).replace(lang=lang)
    values = race_values(recordings(scene), timeline_of(scene), page_staging(staging_of(scene, "dark")), "")
    assert values["lang"] == lang
    assert values["theme"] == "dark"
    assert set(values["themes"]) == {"dark", "light"}


@pytest.mark.long
def test_ticks_of_a_narrow_domain_have_an_offset():
    sides = {"x": (1 - 1e-9, 1 + 1e-9), "y": (1 - 1e-9, 1 + 1e-9)}
    bowl = animopt.Function(lambda x: ((x[0] - 1) * 1e9) ** 2 + ((x[1] - 1) * 1e9) ** 2, **sides)
    scene = animopt.Scene(function=bowl, racers=[animopt.Racer("SGD", lr=1e-19)], start=(1 + 5e-10, 1 + 5e-10), steps=4)
    values = race_values(recordings(scene), timeline_of(scene), page_staging(staging_of(scene)), "A race.")
    assert all(each.endswith("+1") for each in layout_of(values, SIZE)["offsets"].values())
    # Single precision has no other number so near to 1.
    assert values["xy"].dtype == np.float64
    np.testing.assert_array_equal(values["xy"], recordings(scene)[0].xy)


@pytest.mark.long
def test_losses_that_single_precision_does_not_hold_have_double_precision(values):
    scene = animopt.Scene(
        function=lambda x: 1e300 * (x[0] ** 2 + x[1] ** 2),
        racers=[animopt.Racer("SGD", lr=1e-301)],
        start=(1, 1),
        steps=4,
    )
    found = race_values(recordings(scene), timeline_of(scene), page_staging(staging_of(scene)), "A race.")
    np.testing.assert_array_equal(found["values"], recordings(scene)[0].z)
    assert layout_of(found, SIZE)["lossOffset"].startswith("1e")
    assert values["values"].dtype == np.float32
