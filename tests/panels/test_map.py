"""Maps: colors follow from the numbers at each step, and texts are legible."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from animopt import Function, Output, Racer, Scene, SettingsMap, StartsMap, logspace
from animopt.drawing.canvas import Canvas, Stage, drawing_settings
from animopt.drawing.colors import (
    BASIN_OPACITY,
    band_tints,
    blend,
    loss_colors,
    loss_scale,
    minimum_letter,
    step_bands,
    uniform_ramp,
)
from animopt.drawing.layout import Box, pixel_unit
from animopt.drawing.theme import THEMES
from animopt.engine.record import record
from animopt.functions import ravine
from animopt.panels.map import Map
from animopt.panels.tally import Tally
from animopt.recording.recording import DIVERGED, UNDECIDED, Losses
from animopt.recording.timeline import Moment
from animopt.scene.render import film_of

SIZES = [(1280, 720), (480, 270), (1080, 1080)]
# Himmelblau 1972, "Applied Nonlinear Programming", p. 428.
MINIMA = [(3, 2), (-2.805118, 3.131312), (-3.779310, -3.283186), (3.584428, -1.848126)]


def himmelblau(x):
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


VALLEYS = Function(himmelblau, x=(-6, 6), y=(-6, 6), minima=MINIMA)


@pytest.fixture(scope="module")
def basins():
    """Momentum on Himmelblau's function. Some starts diverge, and some are undecided at the end."""
    found = StartsMap(48, 40).record(VALLEYS, Racer("SGD", lr=0.01, momentum=0.9), (0, 0), 60)
    assert set(np.unique(found.minimum)) == {DIVERGED, UNDECIDED, 0, 1, 2, 3}
    return replace(record(VALLEYS, [], (0, 0), 0), map=found)


@pytest.fixture(scope="module")
def losses():
    """A map of the learning rate and the momentum on the ravine."""
    settings = SettingsMap(lr=logspace(0.001, 3, 20), momentum=np.linspace(0, 0.95, 16).tolist())
    return replace(record(ravine, [], (0, 0), 0), map=settings.record(ravine, Racer("SGD"), (-7, 2), 30))


@pytest.fixture(params=["basins", "losses"])
def recording(request):
    return request.getfixturevalue(request.param)


def make(recording, size=(1280, 720), theme="light"):
    """A canvas with the map and the tally, side by side or one below the other."""
    width, height = size
    theme = THEMES[theme].scaled(pixel_unit(*size), size)
    left, above = 3 * theme.text(13), 2 * theme.text(14)
    if width > height:
        side = height - above - 2.6 * theme.text(13)
        x = left + side + theme.px(60)
        boxes = {"map": Box(left, above, side, side), "tally": Box(x, above, width - x - theme.px(40), 0.6 * side)}
    else:
        side = 0.65 * height
        y = above + side + 3 * theme.text(13)
        boxes = {"map": Box((width - side) / 2, above, side, side), "tally": Box(left, y, width - 2 * left, height - y)}
    return Canvas([Stage(recording, {"map": Map(), "tally": Tally()}, boxes, theme)], size), theme


def at(step):
    return Moment(step=step)


def panel(canvas, name):
    (axes,) = (axes for axes in canvas.figure.axes if axes.get_label() == name)
    return axes


def pixel(canvas, frame, x, y):
    """The color of a frame at a point in the map's units."""
    across, up = panel(canvas, "map").transData.transform((x, y))
    return frame[int(frame.shape[0] - up), int(across)].astype(int)


def bytes_of(color):
    return np.rint(255 * np.array(to_rgb(color))).astype(int)


@pytest.mark.long
def test_frames_do_not_depend_on_their_order(recording):
    canvas, _ = make(recording, (480, 270))
    steps = [0, 3, 7.5, 12, 30]
    in_order = [canvas.draw(at(step)) for step in steps]
    fresh, _ = make(recording, (480, 270))
    for index in (3, 0, 4, 1, 2):
        assert np.array_equal(canvas.draw(at(steps[index])), in_order[index])
        assert np.array_equal(fresh.draw(at(steps[index])), in_order[index])
    assert all(not np.array_equal(one, other) for one, other in combinations(in_order, 2))


@pytest.mark.long
@pytest.mark.parametrize("name", THEMES)
def test_cell_shows_its_minimum_from_its_step_on(basins, name):
    canvas, theme = make(basins, theme=name)
    found = basins.map
    edges = step_bands(found)
    undecided = replace(found, minimum=np.full_like(found.minimum, UNDECIDED))
    bare = make(replace(basins, map=undecided), theme=name)[0].draw(at(0))
    looked = 0
    for step in (0, 12, 25, 60):
        frame = canvas.draw(at(step))
        for row in range(1, 39):
            for column in range(1, 47):
                around = found.minimum[row - 1 : row + 2, column - 1 : column + 2]
                steps = found.step[row - 1 : row + 2, column - 1 : column + 2]
                x, y = found.x[column], found.y[row]
                same_band = len(np.unique(np.searchsorted(edges, steps))) == 1
                near_letter = np.abs(found.minima[:, :2] - (x, y)).max(axis=1).min() < 0.6
                if (around != around[0, 0]).any() or near_letter or not same_band:
                    continue
                outcome, since = found.minimum[row, column], found.step[row, column]
                shown, before = pixel(canvas, frame, x, y), pixel(canvas, bare, x, y)
                looked += 1
                if since > step or outcome == UNDECIDED:
                    assert np.abs(shown - before).max() <= 1
                elif outcome >= 0:
                    shade = band_tints(theme, theme.hue(outcome), len(edges) + 1)[int(np.searchsorted(edges, since))]
                    assert np.abs(shown - (BASIN_OPACITY * bytes_of(shade) + (1 - BASIN_OPACITY) * before)).max() <= 3
                else:
                    stripes = [bytes_of(blend(theme.background, theme.ink, part)) for part in (0.16, 0.42)]
                    veiled = [BASIN_OPACITY * stripe + (1 - BASIN_OPACITY) * before for stripe in stripes]
                    assert min(np.abs(shown - stripe).max() for stripe in veiled) <= 3
    assert looked > 1000


@pytest.mark.parametrize("theme", THEMES)
def test_cell_shows_its_loss_after_each_step(losses, theme):
    canvas, theme = make(losses, theme=theme)
    found = losses.map
    scale, colors = loss_scale(found), loss_colors(theme)
    for step in (0, 4, 30):
        frame = canvas.draw(at(step))
        best = found.best(step)
        for row, column in np.ndindex(16, 20):
            if step and max(abs(row - best[0]), abs(column - best[1])) < 2:
                continue
            shown, loss = pixel(canvas, frame, column + 0.5, row + 0.5), found.loss[step, row, column]
            if np.isnan(loss):
                stripes = [bytes_of(blend(theme.background, theme.ink, part)) for part in (0.16, 0.42)]
                assert min(np.abs(shown - stripe).max() for stripe in stripes) <= 1
            else:
                # The position on the logarithmic scale, computed here.
                part = np.clip(np.log10(max(loss, scale.low) / scale.low) / np.log10(scale.high / scale.low), 0, 1)
                assert np.abs(shown - bytes_of(colors[int(np.rint(part * 254))])).max() <= 1


def test_scale_of_losses_ends_at_powers_of_ten(losses):
    scale = loss_scale(losses.map)
    # The loss at the start is 7²/20 + 2² = 6.45.
    assert scale.high == 10
    assert scale.logarithmic
    assert np.log10(scale.low) == round(np.log10(scale.low))


@pytest.mark.parametrize("theme", THEMES)
def test_lightness_of_the_scale_is_monotonic_and_even(theme):
    colors = np.array([to_rgb(color) for color in loss_colors(THEMES[theme])])
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    # CIE 1976 lightness of the luminance by IEC 61966-2-1.
    lightness = 116 * np.cbrt(linear @ (0.2126, 0.7152, 0.0722)) - 16
    moves = np.diff(lightness[::16])
    assert (np.sign(moves) == np.sign(moves[0])).all()
    assert np.abs(moves).max() < 2.2 * np.abs(moves).min()


def test_ramp_of_grays_is_gray_and_ends_at_its_stops():
    colors = uniform_ramp(["#000000", "#808080", "#ffffff"], 11)
    assert colors[0] == "#000000"
    assert colors[-1] == "#ffffff"
    assert all(color[1:3] == color[3:5] == color[5:7] for color in colors)


def test_letters_of_minima():
    assert [minimum_letter(number) for number in (0, 1, 25, 26, 27, 51, 52)] == ["A", "B", "Z", "AA", "AB", "AZ", "BA"]


def shown_texts(canvas, step):
    """All texts that are drawn at a step, with their boxes."""
    drawn = []
    with pytest.MonkeyPatch.context() as patch, drawing_settings():
        patch.setattr(Text, "draw", lambda text, renderer: drawn.append(text))
        canvas.figure.canvas.draw()
        drawn += [artist for artist in canvas.moving_artists(at(step)) if isinstance(artist, Text)]
        renderer = canvas.figure.canvas.get_renderer()
        shown = [text for text in drawn if text.get_visible() and text.get_text().strip()]
        return [(text, text.get_window_extent(renderer)) for text in shown]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.sampled(1)
def test_every_text_is_legible(recording, size, theme):
    canvas, theme = make(recording, size, theme)
    for step in (0, 10, 30):
        texts = shown_texts(canvas, step)
        assert len(texts) > 8
        for text, box in texts:
            assert text.get_fontsize() >= theme.min_text - 1e-6, text
            assert box.x0 >= -1, text
            assert box.y0 >= -1, text
            assert box.x1 <= size[0] + 1, text
            assert box.y1 <= size[1] + 1, text
        for (one, box), (other, another) in combinations(texts, 2):
            shared = Bbox.intersection(box, another)
            assert shared is None or min(shared.width, shared.height) <= 1.5, (one, other)


def luminance(pixels):
    """The relative luminance of bytes (..., 3), by WCAG 2.1."""
    rgb = pixels / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722)


@pytest.mark.parametrize("theme", THEMES)
def test_letters_contrast_with_their_background(basins, theme):
    canvas, _ = make(basins, theme=theme)
    frame = canvas.draw(at(60))
    letters = [(text, box) for text, box in shown_texts(canvas, 60) if text.get_text() in "ABCD"]
    assert sorted(text.get_text() for text, _ in letters) == ["A", "A", "B", "B", "C", "C", "D", "D"]
    for text, box in letters:
        part = luminance(frame[int(720 - box.y1) : int(720 - box.y0), int(box.x0) : int(box.x1) + 1])
        low, high = np.quantile(part, [0.02, 0.98])
        assert (high + 0.05) / (low + 0.05) >= 4.5, text


def test_tally_shows_the_shares_at_each_step(basins):
    canvas, _ = make(basins)
    for step in (0, 20, 60):
        words = {text.get_text() for text, _ in shown_texts(canvas, step)}
        counts = [((basins.map.minimum == each) & (basins.map.step <= step)).sum() for each in range(4)]
        for count in counts:
            assert f"{100 * count / 1920:.1f} %" in words


def test_tally_shows_the_best_settings(losses):
    canvas, _ = make(losses)
    found = losses.map
    row, column = np.unravel_index(np.nanargmin(found.loss[30]), found.loss[30].shape)
    words = {text.get_text() for text, _ in shown_texts(canvas, 30)}
    assert f"lr {found.values[0][column]:.3g}, momentum {found.values[1][row]:.3g}" in words
    assert f"diverged {100 * np.isnan(found.loss[30]).mean():.1f} %" in words


@pytest.mark.parametrize("gap", [True, False])
def test_small_maps_are_drawn(gap):
    bare = record(ravine, [], (0, 0), 0)
    for loss in (
        np.full((2, 2, 2), np.nan),
        np.zeros((2, 2, 2)),
        np.array([[[1.0] * 2] * 2, [[np.inf, 2], [np.nan, 1]]]),
    ):
        lost = np.where(np.isfinite(loss), loss, np.nan)
        found = Losses(("nesterov", "betas"), ((True, False), ((0.9, 0.999), (0.5, 0.9))), lost, gap)
        canvas, _ = make(replace(bare, map=found), (480, 270))
        assert canvas.draw(at(0)).std() > 3
        assert canvas.draw(at(1)).std() > 3


@pytest.mark.long
def test_minima_without_a_row_are_counted_together():
    function = Function(
        lambda x: -(np.pi * x[0]).cos() - (np.pi * x[1]).cos(),
        x=(-7, 7),
        y=(-7, 7),
        minima=[(2 * i, 2 * j) for i in range(-3, 4) for j in range(-3, 4)],
    )
    found = StartsMap(20, 20).record(function, Racer("SGD", lr=0.05), (0, 0), 30)
    for size in SIZES:
        canvas, _ = make(replace(record(function, [], (0, 0), 0), map=found), size)
        words = [text.get_text() for text, _ in shown_texts(canvas, 30) if text.axes is panel(canvas, "tally")]
        (more,) = (int(word.removesuffix(" more")) for word in words if word.endswith(" more"))
        assert sum(word.startswith("(") for word in words) + more == 49
        shares = [float(word.removesuffix(" %")) for word in words if word.endswith(" %")]
        assert sum(shares) == pytest.approx(100, abs=0.05 * len(shares))


def test_vector_graphics_contain_the_map(recording):
    canvas, _ = make(recording, (480, 270))
    assert b"<image" in canvas.vectors(".svg", at(20))


def test_recording_without_a_map_draws_nothing():
    canvas, theme = make(record(ravine, [], (0, 0), 0), (480, 270))
    assert (canvas.draw(at(0)) == bytes_of(theme.background)).all()


@pytest.mark.long
def test_map_with_fewer_steps_than_the_race_keeps_its_end(losses):
    result = losses.map
    np.testing.assert_array_equal(result.at(1000), result.loss[-1])
    assert result.best(1000) == result.best(30)
    assert result.diverged(1000) == result.diverged(30)
    scene = Scene(
        function=ravine,
        racers=[Racer("SGD", lr=0.1, steps=5), Racer("SGD", lr=0.2, steps=9)],
        map=SettingsMap(lr=[0.1, 0.5], momentum=[0.0, 0.5]),
    )
    film = film_of(scene, Output("a.gif", (320, 180), 1))
    assert film.at(scene.seconds).std() > 3
