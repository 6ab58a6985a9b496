"""Texts that a viewer reads: a minus sign, not a hyphen, is before a number."""

import ast
import re

import pytest
from matplotlib.text import Text

from animopt import Racer, Scene, SettingsMap
from animopt.functions import bounded_saddle, ravine
from animopt.scene.races import recordings, staging_of, timeline_of
from animopt.video.film import Film

HYPHEN = re.compile(r"-(?=\.?\d)")
"""A hyphen in the place of a minus sign."""

SMALL = {"lr": 1e-5, "momentum": 2.5e-6}

SCENES = {
    "settings and coordinates": Scene(
        function=bounded_saddle,
        racers=[Racer("SGD", **SMALL), Racer("SGD", lr=0.05, start=(-0.5, -1)), Racer("Adam", lr=0.3, eps=1e-9)],
        start=(-1.5, 0.001),
        panels=["wireframe", "contour", "loss", "standings", "formula", "state"],
        focus="Adam",
    ),
    "multiples": Scene(
        function=bounded_saddle,
        racers=[Racer("SGD", lr=rate) for rate in (1e-5, 0.05)],
        start=(-1.5, 0.001),
        layout="multiples",
    ),
    "map": Scene(
        function=ravine,
        racers=[Racer("SGD", lr=0.1, momentum=0.5)],
        start=(-7, 2),
        map=SettingsMap(lr=[1e-5, 1e-3, 0.1], momentum=[2.5e-6, 0, 0.5]),
    ),
}


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("name", SCENES)
@pytest.mark.long
def test_drawn_numbers_have_minus_signs(name, lang):
    scene = SCENES[name].replace(steps=6, lang=lang)
    film = Film(recordings(scene), timeline_of(scene), (960, 540), 10, staging_of(scene))
    texts = set()
    for second in (0, 4, 10):
        film.at(second)
        texts |= {text.get_text() for text in film.canvas().figure.findobj(Text)}
    # Mathtext draws a hyphen as a minus sign.
    words = {re.sub(r"(?<!\\)\$.*?(?<!\\)\$", "", text) for text in texts}
    assert [text for text in words if HYPHEN.search(text)] == []
    assert any("−" in text or "⁻" in text for text in words)


def test_texts_of_a_scene_have_minus_signs(scenes):
    trees = [ast.parse(path.read_text("utf-8")) for path in scenes.values()]
    keywords = (each for tree in trees for each in ast.walk(tree) if isinstance(each, ast.keyword))
    values = (each.value for each in keywords if each.arg in ("title", "caption", "notes", "name"))
    parts = [part.value for value in values for part in ast.walk(value) if isinstance(part, ast.Constant)]
    texts = [ast.get_docstring(tree) for tree in trees] + [part for part in parts if isinstance(part, str)]
    assert len(texts) > 4 * len(scenes)
    assert [text for text in texts if HYPHEN.search(text)] == []
