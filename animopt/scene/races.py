"""Runs the races of a scene."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace

import numpy as np

from animopt.engine.function import Function
from animopt.engine.racer import Racer
from animopt.engine.racer_lists import Tuned
from animopt.engine.record import record
from animopt.recording.recording import Recording
from animopt.scene.checks import check_limits
from animopt.scene.scene_fields import SceneFields
from animopt.scene.staging import focused_racer, title_of


def record_race(scene: SceneFields, function: Function) -> Recording:
    """Run the race on one of the scene's functions."""
    # A function may import a module beside its file when it is called.
    with scene.origin.folder.open() if scene.origin else nullcontext():
        # Without a common start, every racer has its own.
        start = scene.start or function.start or (0.0, 0.0)
        racers: Sequence[Racer] = scene.racers
        caption = ""
        if isinstance(scene.racers, Tuned):
            racers, caption = scene.racers.resolve(function, start, scene.steps)
        recording = record(
            function,
            racers,
            start,
            scene.steps,
            title_of(scene),
            noise=scene.noise,
            batch=scene.batch,
            seed=scene.seed,
        )
        if scene.map:
            results = scene.map.record(function, racers[focused_racer(scene)], start, scene.steps)
            recording = replace(recording, map=results)
        return replace(recording, caption=caption)


def recordings(scene: SceneFields) -> list[Recording]:
    """Return the recorded race on each of the scene's functions. The races are run only once."""
    cache = scene._recordings
    if not cache:
        check_limits(scene)
        races = [record_race(scene, function) for function in scene.functions]
        if len(races) > 1:
            scale = np.concatenate([race.surface.z.ravel() for race in races])
            races = [replace(race, surface=replace(race.surface, scale=scale)) for race in races]
        cache.extend(races)
    return cache
