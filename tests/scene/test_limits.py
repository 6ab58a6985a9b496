"""Limits on a clip, checked before anything is drawn."""

import re
from pathlib import Path

import numpy as np
import pytest

from animopt import Function, Limits, Output, Racer, Scene, SettingsMap, StartsMap, UsageError, tuned
from animopt.deck import save_deck
from animopt.scene.races import Work
from animopt.scene.scene_values import recipe_text
from animopt.video.film import Film

SMALL = (320, 180)


def bowl(x):
    return x[0] ** 2 + x[1] ** 2


def scene(**changes):
    fields = {"function": bowl, "racers": [Racer("SGD", lr=0.1)], "start": (-7, 6), "steps": 5, "seconds": 1}
    return Scene(**fields | changes)


@pytest.fixture
def idle(monkeypatch):
    """Fail if anything is recorded or drawn."""

    def never(*arguments, **named):
        raise AssertionError("work was begun")

    monkeypatch.setattr("animopt.scene.races.record", never)
    monkeypatch.setattr(Film, "at", never)
    for kind in (StartsMap, SettingsMap):
        monkeypatch.setattr(kind, "record", never)


CASES = {
    "pixels": ({}, {"size": (7682, 4320)}, 7682 * 4320),
    "frames": ({"seconds": 20_001 / 50}, {"fps": 50}, 20_001),
    "steps": ({"steps": 250_001, "racers": [Racer("SGD", lr=0.1), Racer("SGD", lr=0.2)]}, {}, 500_002),
    "racers": ({"racers": [Racer("SGD", lr=0.01 * (number + 1)) for number in range(51)]}, {}, 51),
    "cells": ({"function": Function(bowl, minima=[(0, 0)]), "map": StartsMap(1001, 1000)}, {}, 1_001_000),
}


@pytest.mark.parametrize("name", CASES)
def test_work_over_a_limit_is_refused_with_its_time_and_memory(idle, tmp_path, name):
    fields, output, amount = CASES[name]
    with pytest.raises(UsageError) as caught:
        scene(**fields).save(Output(tmp_path / "a.mp4", **{"size": SMALL} | output), workers=0)
    said = str(caught.value)
    assert re.match(rf"{name} {amount}: more than \d+, it would take about [\d.]+ \w+ and [\d.]+ [MGT]B of mem", said)
    assert f"--limit {name}={amount}" in said
    assert f"Limits({name}={amount})" in said
    assert "\n" not in said
    assert not list(tmp_path.iterdir())


def test_steps_of_tuning_count(idle):
    pytest.importorskip("optuna")
    searched = tuned([Racer("SGD"), Racer("Adam")], trials=30, starts=[(-7, 2), (1, 1)])
    asked = scene(function=Function(bowl, minima=[(0, 0)]), racers=searched, limits=Limits(steps=609))
    # Two racers take five steps, sixty times for tuning and once for the clip.
    with pytest.raises(UsageError, match="steps 610: more than 609"):
        asked.record()


def test_page_states_the_default_limits():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "clips.md").read_text(encoding="utf-8")
    usual = Limits()
    words = f"{usual.frames:,} frames, {usual.steps:,} steps, {usual.racers} racers, a million cells of a map"
    assert f"{words} or {usual.pixels // 10**6} million pixels" in " ".join(page.split())
    assert usual.cells == 10**6


def test_maps_of_settings_and_several_functions_count(idle):
    lr, momentum = np.linspace(0.1, 1, 20), np.linspace(0, 0.9, 20)
    mapped = scene(map=SettingsMap(lr=lr, momentum=momentum), limits=Limits(cells=399))
    with pytest.raises(UsageError, match="cells 400: more than 399"):
        mapped.record()
    several = scene(function=[Function(bowl), Function(bowl, x=(-9, 9))], limits=Limits(steps=9))
    with pytest.raises(UsageError, match="steps 10: more than 9"):
        several.record()


@pytest.mark.parametrize(
    "ask",
    [
        lambda scene, folder: scene.still(folder / "a.png", 0.5, SMALL),
        lambda scene, folder: scene.storyboard(folder / "a.png", SMALL),
        lambda scene, folder: scene.clip(size=SMALL),
        lambda scene, folder: save_deck(folder / "a.html", [scene], SMALL),
    ],
    ids=["still", "storyboard", "clip", "deck"],
)
def test_stills_storyboards_notebook_clips_and_decks_are_limited(tmp_path, monkeypatch, ask):
    monkeypatch.setattr(Film, "at", None)
    with pytest.raises(UsageError, match="pixels 57600: more than 1000"):
        ask(scene(limits=Limits(pixels=1000)), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.long
def test_limits_argument_allows_more(tmp_path):
    with pytest.raises(UsageError, match="frames 4: more than 3"):
        scene(limits=Limits(frames=3)).save(Output(tmp_path / "a.gif", SMALL, 4))
    scene(limits=Limits(frames=4)).save(Output(tmp_path / "a.gif", SMALL, 4))
    assert [path.name for path in tmp_path.iterdir()] == ["a.gif"]


COMMANDS = {
    "scene": ["{scene}", "-o", "a.mp4"],
    "all": ["all", "{scene}", "-o", "out", "--format", "mp4"],
    "gallery": ["gallery", "{scene}", "-o", "out"],
    "deck": ["deck", "a.html", "{scene}"],
    "race": ["race", "--function", "ravine", "--racer", "adam:lr=.1", "-o", "a.mp4"],
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.sampled(1)
def test_limit_option_allows_more(animopt_here, scenes, tmp_path, command):
    words = [word.format(scene=scenes["ravine_sgd"]) for word in COMMANDS[command]]
    words += ["--seconds", "1", "--fps", "4", "--size", "320x180"]
    done = animopt_here(*words, "--limit", "frames=3")
    assert done.returncode == (1 if command in ("all", "gallery") else 2)
    assert "frames 4: more than 3, it would take about" in done.stderr
    assert not list(tmp_path.iterdir())
    assert animopt_here(*words, "--limit", "frames=4", "--limit", "racers=5").returncode == 0
    assert list(tmp_path.iterdir())


@pytest.mark.parametrize("word", ["frames", "frames=", "frames=-1", "frames=1e5", "=5", "length=5", "pixels=1.5", ""])
def test_unknown_limit_is_refused(animopt_here, scenes, word):
    done = animopt_here(str(scenes["ravine_sgd"]), "-o", "a.gif", "--limit", word)
    assert done.returncode == 2
    assert f"limit {word!r}: unknown; give one of these" in done.stderr
    assert "frames=20000" in done.stderr


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "5", None, float("inf")])
def test_limit_that_is_not_a_whole_number_is_refused(value):
    with pytest.raises(UsageError, match="limit frames "):
        Limits(frames=value)


def test_estimates_grow_with_the_work():
    little = Work(steps=100, racers=2, cells=100, cell_steps=10, clips=[(57_600, 100)])
    for more in (
        Work(steps=10**6, racers=2, cells=100, cell_steps=10, clips=[(57_600, 100)]),
        Work(steps=100, racers=2, cells=10**8, cell_steps=10, clips=[(57_600, 100)]),
        Work(steps=100, racers=2, cells=100, cell_steps=10, clips=[(10**8, 100)]),
    ):
        assert more.seconds > 10 * little.seconds
        assert more.bytes > 1.5 * little.bytes
    assert Work(steps=100, racers=2, clips=[(57_600, 10**5)]).seconds > 100 * little.seconds


def test_recipe_does_not_contain_limits(tmp_path):
    usual = scene()
    loose = usual.replace(limits=Limits(frames=10**6))
    assert loose == usual
    assert "limits" not in recipe_text(loose, loose.record())
