"""Legibility of the themes: contrast, colors for the color-blind, type sizes and line widths."""

from dataclasses import fields, replace
from itertools import combinations, pairwise

import numpy as np
import pytest
from matplotlib.colors import same_color, to_rgb
from matplotlib.patches import Patch
from matplotlib.text import Text

from animopt import Output, Racer, Scene, UsageError
from animopt.cli.main import main
from animopt.drawing.artists import PixelLine
from animopt.drawing.colors import blend, ordered_theme
from animopt.drawing.layout import LAYOUTS, PANELS
from animopt.drawing.theme import THEMES, Theme
from animopt.functions import ravine
from animopt.panels.wireframe import HIDDEN_TRAIL
from animopt.recording.timeline import Timeline
from animopt.video.film import PANEL_CLASSES, RACE_PANELS, Film, Staging

FULL_HD = (1920, 1080)
# All panels of a race without data.
EVERY_RACE_PANEL = tuple(panel for panel in PANELS if panel != "ray" and not hasattr(PANEL_CLASSES[panel], "needs"))
SIZES = [(480, 270), (1280, 720), (1080, 1080), (1080, 1920), (3840, 2160)]

# Machado, Oliveira and Fernandes 2009, "A physiologically-based model for simulation of color vision deficiency",
# table 1, severity 1.0. The matrices are for linear RGB.
BLINDNESS = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}

# Sharma, Wu and Dalal 2005, "The CIEDE2000 color-difference formula: implementation notes", table 1.
PUBLISHED = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
    ((50, 2.49, -0.001), (50, -2.49, 0.0012), 7.2195),
    ((50, -0.001, 2.49), (50, 0.0009, -2.49), 4.8045),
    ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((50, 2.5, 0), (61, -5, 29), 22.8977),
    ((50, 2.5, 0), (56, -27, -3), 31.9030),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((63.0109, -31.0961, -5.8663), (62.8187, -29.7946, -4.0864), 1.2630),
    ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.fixture(params=THEMES)
def theme(request):
    return THEMES[request.param]


def linear(color):
    """The linear RGB of a color, by IEC 61966-2-1."""
    rgb = np.array(to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """The contrast ratio of two colors, by WCAG 2.1."""
    darker, lighter = sorted(float(linear(color) @ (0.2126, 0.7152, 0.0722)) for color in (one, other))
    return (lighter + 0.05) / (darker + 0.05)


def lab(rgb):
    """CIELAB of linear RGB, for the illuminant D65."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ np.clip(rgb, 0, 1) / to_xyz.sum(axis=1)
    x, y, z = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def difference(one, other):
    """The CIEDE2000 difference of two colors in CIELAB, by Sharma, Wu and Dalal 2005."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1 + 0.5 * (1 - np.sqrt(mean**7 / (mean**7 + 25**7)))
    c1, c2 = np.hypot(stretch * a1, b1), np.hypot(stretch * a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, stretch * a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0
    hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    middle = h1 + turn / 2 if c1 * c2 else h1 + h2
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    waves = ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.20, 4, -63))
    part = 1 + sum(height * np.cos(np.radians(times * middle + shift)) for height, times, shift in waves)
    by_lightness = (l2 - l1) / (1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2))
    by_chroma = (c2 - c1) / (1 + 0.045 * chroma)
    by_hue = hue / (1 + 0.015 * chroma * part)
    angle = 60 * np.exp(-((((middle - 275 + 180) % 360 - 180) / 25) ** 2))
    turned = -2 * np.sqrt(chroma**7 / (chroma**7 + 25**7)) * np.sin(np.radians(angle))
    return np.sqrt(by_lightness**2 + by_chroma**2 + by_hue**2 + turned * by_chroma * by_hue)


@pytest.mark.parametrize(("one", "other", "published"), PUBLISHED)
def test_color_difference_matches_published_values(one, other, published):
    assert difference(one, other) == pytest.approx(published, abs=5e-5)
    assert difference(other, one) == pytest.approx(published, abs=5e-5)


def test_contrast_matches_published_values():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("matrix", BLINDNESS.values(), ids=BLINDNESS)
def test_simulated_color_blindness_keeps_grays(matrix):
    np.testing.assert_allclose(np.sum(matrix, axis=1), 1, atol=2e-6)


def test_names_of_themes():
    assert set(THEMES) == {"light", "dark", "print"}


def test_every_color_is_valid(theme):
    colors = [value for value in vars(theme).values() if isinstance(value, str)]
    assert len(colors) == sum(field.type is str for field in fields(Theme))
    for color in [*colors, *theme.hues, *theme.ramp]:
        assert len(to_rgb(color)) == 3


def test_names_contrast_with_any_background(theme):
    for behind in (theme.background, *(blend(theme.low, theme.high, part) for part in np.linspace(0, 1, 9))):
        assert contrast(theme.ink, behind) >= 4.5, behind


def test_names_contrast_with_trails_behind_them(theme):
    backing = blend(theme.low, theme.high, 0.5)
    for hue in theme.hues:
        assert contrast(theme.ink, blend(hue, backing, 0.7)) >= 4.5, hue


def test_muted_text_contrasts_with_the_background(theme):
    assert contrast(theme.muted, theme.background) >= 4.5


def test_trails_differ_from_backgrounds(theme):
    for hue in theme.hues:
        for behind in (theme.background, theme.low, theme.high):
            assert difference(lab(linear(hue)), lab(linear(behind))) >= 15, (hue, behind)


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_eight_racers_differ_for_the_color_blind(theme, blindness):
    seen = [lab(np.array(BLINDNESS[blindness]) @ linear(theme.hue(racer))) for racer in range(8)]
    for one, other in combinations(range(8), 2):
        differ = difference(seen[one], seen[other]) >= 10 or theme.marker(one) != theme.marker(other)
        assert differ, (one, other)


@pytest.mark.parametrize("count", range(2, 13))
def test_ordered_racers_have_hues_of_ascending_lightness(theme, count):
    scale = ordered_theme(theme, count)
    hues = [scale.hue(racer) for racer in range(count)]
    lightness = [lab(linear(hue))[0] for hue in hues]
    assert len(hues) == len(scale.hues)
    # The lightness covers two fifths of the range from black to white. The smallest step is half the mean step.
    assert lightness[-1] - lightness[0] > 40
    assert min(np.diff(lightness)) > 0.5 * 40 / count
    for hue in hues:
        assert contrast(hue, theme.background) >= 3, hue
        for behind in (theme.low, theme.high):
            assert difference(lab(linear(hue)), lab(linear(behind))) >= 15, (hue, behind)
        assert contrast(theme.ink, blend(hue, blend(theme.low, theme.high, 0.5), 0.7)) >= 4.5, hue


@pytest.mark.parametrize(("count", "least"), [(3, 30), (4, 22), (5, 17), (6, 14)])
def test_few_ordered_racers_differ_clearly(theme, count, least):
    scale = ordered_theme(theme, count)
    seen = [lab(linear(scale.hue(racer))) for racer in range(count)]
    assert min(difference(one, other) for one, other in combinations(seen, 2)) >= least


@pytest.mark.parametrize("blindness", BLINDNESS)
@pytest.mark.parametrize("count", [2, 5, 8, 12])
def test_order_is_visible_for_the_color_blind(theme, blindness, count):
    scale = ordered_theme(theme, count)
    seen = [lab(np.array(BLINDNESS[blindness]) @ linear(scale.hue(racer))) for racer in range(count)]
    assert all(one[0] < other[0] for one, other in pairwise(seen))
    for racer, (one, other) in enumerate(pairwise(seen)):
        assert difference(one, other) >= 10 or scale.marker(racer) != scale.marker(racer + 1)


def test_ramp_for_one_racer_is_its_first_color(theme):
    assert ordered_theme(theme, 1).hues == theme.ramp[:1]
    assert ordered_theme(theme, 0).hues == theme.ramp[:1]


def test_eight_racers_differ_in_color_and_in_marker(theme):
    assert len({theme.hue(racer) for racer in range(8)}) == 8
    assert len({theme.marker(racer) for racer in range(8)}) == 8


def test_twenty_racers_differ_in_color_or_marker(theme):
    assert len({(theme.hue(racer), theme.marker(racer)) for racer in range(20)}) == 20


@pytest.mark.parametrize(
    ("size", "theme", "panels"),
    [
        *((FULL_HD, theme, EVERY_RACE_PANEL) for theme in THEMES),
        *((size, "light", EVERY_RACE_PANEL) for size in SIZES),
        *((size, "light", RACE_PANELS) for size in ((160, 160), (320, 180), (7680, 320))),
    ],
    ids=str,
)
@pytest.mark.sampled(0, 6)
def test_type_and_colored_lines_are_never_too_small(ravine_race, size, theme, panels):
    race = replace(
        ravine_race,
        quantities={"sharpness": np.full(ravine_race.z.shape, 2.0), "modes": np.ones((*ravine_race.z.shape, 2, 2))},
    )
    film = Film(race, Timeline(race.last_step, 10), size, 25, Staging(theme, panels=panels))
    film.at(4)
    least = max(10, 0.016 * size[1])
    for text in film.canvas().figure.findobj(Text):
        if text.get_text():
            assert text.get_fontsize() >= least - 1e-9, text.get_text()
    thinnest = 2 if size == FULL_HD else 1.5
    hues = THEMES[theme].hues
    colored = {*hues, *(blend(THEMES[theme].background, hue, HIDDEN_TRAIL) for hue in hues)}
    patches = film.canvas().figure.findobj(Patch)
    lines = [
        patch
        for patch in patches
        if patch.get_linewidth() and any(same_color(patch.get_edgecolor(), color) for color in colored)
    ]
    assert sum(isinstance(line, PixelLine) for line in lines) >= 2 * len(ravine_race.names)
    for line in lines:
        assert line.get_linewidth() >= thinnest


def test_lengths_grow_with_the_picture(theme):
    for small, large in pairwise(theme.scaled(unit, (1280 * unit, 720 * unit)) for unit in (0.25, 0.5, 1, 2, 4)):
        assert small.px(3) < large.px(3)
        assert small.text(14) < large.text(14) or large.text(14) == large.min_text
        assert small.trail(3) <= large.trail(3)


def make(**changes):
    return Scene(**{"function": ravine, "racers": [Racer("SGD", lr=0.1)], "start": (-7, 2), "seconds": 1} | changes)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("theme", "drak", r"theme 'drak'.*light, dark, print"),
        ("layout", "round", rf"layout 'round'.*auto, {', '.join(LAYOUTS)}"),
        ("panels", ("contour", "losses"), r"panel 'losses'.*wireframe, contour, loss, standings, scoreboard"),
        ("panels", ("header",), r"panel 'header'.*contour"),
        ("surface", "glass", r"surface 'glass'.*shaded, mesh"),
        ("loop", "endless", r"loop 'endless'.*plain, seamless"),
    ],
)
def test_unknown_name_is_refused_with_the_known_ones(field, value, said):
    with pytest.raises(UsageError, match=said) as caught:
        make(**{field: value})
    assert "\n" not in str(caught.value)


def test_unknown_theme_of_an_output_is_refused(tmp_path):
    said = r"theme 'drak'.*light, dark, print"
    with pytest.raises(UsageError, match=said):
        make().save(Output(tmp_path / "a.gif", size=(320, 180), theme="drak"))
    for write in (
        lambda path: make().still(path, 0.5, theme="drak"),
        lambda path: make().storyboard(path, theme="drak"),
    ):
        with pytest.raises(UsageError, match=said):
            write(tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("option", "known"), [("--theme", THEMES), ("--layout", ["auto", "square", "contour-only"])])
def test_command_refuses_unknown_names(option, known, scenes, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as caught:
        main([str(scenes["ravine_race"]), option, "drak", "-o", "a.gif"])
    assert caught.value.code == 2
    said = capsys.readouterr()
    assert not said.out
    assert said.err.count("\n") == 1
    assert "drak" in said.err
    assert all(name in said.err for name in known)
    assert not list(tmp_path.iterdir())
