"""A scene file for the tests of the command line."""

import pytest

SCENE = """
from animopt import Racer, Scene
from animopt.functions import ravine

print("from the scene")
scene = Scene(title="골짜기", function=ravine, racers=[Racer("SGD", lr=0.5), Racer("Adam", lr=0.5)], start=START)
"""


@pytest.fixture(scope="session")
def scene_source():
    """A function that returns the text of a scene file that prints a line."""
    return lambda start=(-7, 2): SCENE.replace("START", repr(start))


@pytest.fixture(scope="session")
def write_scene(scene_source):
    """A function that writes this scene file."""
    return lambda path, **named: path.write_text(scene_source(**named), encoding="utf-8")
