"""How large and how visible the race is in every built-in scene."""

import numpy as np
import pytest

from animopt.drawing.layout import arrange_panels, arrange_tiles, heading_height, layout_for_shape, pixel_unit
from animopt.drawing.theme import LIGHT
from animopt.drawing.window import race_window

SIZES = [(640, 360), (1280, 720), (1024, 768), (1080, 1080), (1080, 1350), (1080, 1920), (2560, 1080), (3840, 2160)]
MIN_SHARE = 0.6
"""Minimum share of the race, surface and contour, in the picture below the header."""


def share_of_the_race(size, panels, aspects, racers):
    theme = LIGHT.scaled(pixel_unit(*size), size)
    boxes = arrange_panels(size, theme, layout_for_shape(*size), panels, 2, racers, aspects=aspects, rule_lines=7)
    below = size[0] * (size[1] - boxes["header"].top - boxes["header"].height)
    return sum(boxes[name].width * boxes[name].height for name in ("wireframe", "contour")) / below


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("aspects", [(1.3, 2), (0.9, 1.1), (1, 1), (0.5, 0.7)], ids=str)
def test_race_takes_most_of_the_picture(size, aspects):
    shares = {
        racers: share_of_the_race(size, ("wireframe", "contour", "scoreboard"), aspects, racers)
        for racers in (1, 2, 5, 8, 20)
    }
    worst = min(shares, key=shares.get)
    print(f"{shares[worst]:.3f} with {worst} racers")
    assert shares[worst] >= MIN_SHARE


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("others", [("formula",), ("state",), ("formula", "state")], ids=str)
def test_race_takes_half_of_a_picture_with_more_panels(size, others):
    share = share_of_the_race(size, ("wireframe", "contour", "scoreboard", *others), (1.3, 2), 2)
    print(f"{share:.3f}")
    assert share >= 0.5


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("aspects", [(1.3, 2), (0.9, 1.1), (1, 1)], ids=str)
@pytest.mark.parametrize("count", [2, 3, 4, 5, 6, 8])
def test_small_contours_take_most_of_the_height(size, aspects, count):
    theme = LIGHT.scaled(pixel_unit(*size), size)
    boxes = arrange_panels(size, theme, "multiples", ("multiples", "scoreboard"), 2, count, aspects=aspects)
    room = boxes["multiples"]
    tiles, _ = arrange_tiles((room.width, room.height), theme, aspects, count)
    rows = len({tile.top for tile in tiles})
    below = size[1] - boxes["header"].top - boxes["header"].height
    # Contours that fill the width cannot be higher.
    left = tiles[0].left
    full = sum(tile.width for tile in tiles if tile.top == tiles[0].top) > 0.85 * (room.width - left)
    assert rows * (tiles[0].height + heading_height(theme)) >= 0.6 * below or full


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.sampled(0, 3)
def test_trails_fill_the_contour_of_every_scene(scenes, record, size):
    theme = LIGHT.scaled(pixel_unit(*size), size)
    shares = {}
    for stem, path in scenes.items():
        recording = record(path)
        if recording.map is not None:
            continue
        window = race_window([recording], 0, "race")
        racers = len(recording.names)
        panels, layout = ("wireframe", "contour", "scoreboard"), layout_for_shape(*size)
        boxes = arrange_panels(size, theme, layout, panels, 2, racers, aspects=window.aspects)
        low, high = window.corners(boxes["contour"].width / boxes["contour"].height)
        trails = np.vstack([path.xyz[:, :2] for path in recording.paths])
        shares[stem] = (np.nanmax(trails, axis=0) - np.nanmin(trails, axis=0)) / (high - low)
    worst = min(shares, key=lambda stem: shares[stem].max())
    print(f"{shares[worst].max():.3f} in {worst}")
    assert shares[worst].max() >= 0.7
