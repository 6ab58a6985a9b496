"""The races of a scene: how they are shown, the limits on their work, and running them once."""

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace

import attrs
import numpy as np

from animopt.core.errors import UsageError, check_integer, short_repr
from animopt.core.number_format import format_bytes
from animopt.engine.function import Function
from animopt.engine.racer import names_and_settings
from animopt.engine.racer_lists import Tuned
from animopt.engine.record import record
from animopt.recording.recording import Recording
from animopt.recording.timeline import Timeline
from animopt.scene.scene_fields import SceneFields, Text
from animopt.video.film import Staging, check_mathtexts, check_panels
from animopt.video.output import Output

STEP_SECONDS, CELL_SECONDS, FRAME_SECONDS, RACER_SECONDS, PIXEL_SECONDS = 4e-4, 2e-7, 1e-2, 1e-3, 3e-8
"""Seconds for a step of a racer, a step of a map's cell, a frame, each racer in a frame, and each pixel of a frame."""

BASE_BYTES, STEP_BYTES, CELL_BYTES, PIXEL_BYTES = 6e8, 2500, 200, 80
"""Bytes for any clip, each recorded step of a racer, each cell of a map, and each pixel of the frames being drawn."""


def timeline_of(scene: SceneFields) -> Timeline:
    """Return the timeline of the clip. Raises UsageError if no time is left for the race."""
    return Timeline(
        steps=max(racer.steps or scene.steps for racer in scene.racers),
        seconds=scene.seconds,
        loop=scene.loop,
        card=scene.card,
        question=scene.question,
        slow=scene.slow,
        races=len(scene.functions),
    )


def staging_of(
    scene: SceneFields, theme: str | None = None, *, transparent: bool = False, titled: bool = True
) -> Staging:
    """Return the texts and names that a film needs. Raises UsageError for an unknown name."""
    return Staging(
        theme=theme or scene.theme,
        transparent=transparent,
        titled=titled,
        layout=scene.layout,
        panels=scene.panels,
        caption=_localized(scene, scene.caption),
        question=_localized(scene, scene.question.text) if scene.question else "",
        ordered=scene.ordered,
        focus=_focused_racer(scene),
    )


def _focused_racer(scene: SceneFields) -> int:
    """Return the index of the racer in focus. Raises UsageError if no racer has the name."""
    if not scene.focus:
        return 0
    names, _ = names_and_settings(scene.racers)
    if scene.focus not in names:
        raise UsageError(f"focus {short_repr(scene.focus)}: no racer has that name; use {', '.join(names)}")
    return names.index(scene.focus)


def title_of(scene: SceneFields) -> str:
    """Return the title in the scene's language. By default, it names the optimizers and the function."""
    if scene.title:
        return _localized(scene, scene.title)
    function = scene.functions[0].name
    optimizers = ", ".join(dict.fromkeys(racer.optimizer.__name__ for racer in scene.racers))
    return f"{optimizers} on {function}" if function else optimizers


def _localized(scene: SceneFields, text: Text) -> str:
    """Return a text in the scene's language, or in the first language that the text has."""
    return text if isinstance(text, str) else (text.get(scene.lang) or next(iter(text.values()), ""))


def check_scene(scene: SceneFields) -> None:
    """Raise UsageError if fields cannot be used together."""
    staging_of(scene)
    timeline_of(scene)
    for function in scene.functions:
        if scene.batch is not None:
            if not function.data:
                raise UsageError(f"batch {short_repr(scene.batch)}: {function.called} has no data; leave out the batch")
            check_integer("batch", scene.batch, maximum=len(function.data[0]))
        if scene.map is not None:
            if scene.noise or scene.batch:
                raise UsageError("map: its races are run together, without noise or batches; leave out noise and batch")
            scene.map.check(function, scene.racers[_focused_racer(scene)])
    has = {"map": scene.map is not None, "sample": all(function.predict for function in scene.functions)}
    check_panels(scene.panels, has.__getitem__)
    texts = [scene.title or title_of(scene), scene.caption, scene.question.text if scene.question else ""]
    lines = [line for text in texts for line in ([text] if isinstance(text, str) else text.values())]
    lines += [racer.name for racer in scene.racers]
    check_mathtexts(lines, [function.formula for function in scene.functions])


@dataclass(frozen=True, kw_only=True)
class Work:
    """The work for one clip.

    `steps` are those of all racers together, `tuning_steps` those in which their settings are picked, which are not
    recorded. A map has `cells`, each with `cell_steps`. Each of `clips` is a number of pixels and a number of frames.
    """

    steps: int
    racers: int
    tuning_steps: int = 0
    cells: int = 0
    cell_steps: int = 0
    clips: Sequence[tuple[int, int]] = ()

    @property
    def amounts(self) -> dict[str, int]:
        """The amount of each quantity that is limited."""
        return {
            "pixels": max((pixels for pixels, _ in self.clips), default=0),
            "frames": max((frames for _, frames in self.clips), default=0),
            "steps": self.steps + self.tuning_steps,
            "racers": self.racers,
            "cells": self.cells,
        }

    @property
    def seconds(self) -> float:
        """Estimated time in seconds in one process."""
        racing = (self.steps + self.tuning_steps) * STEP_SECONDS + self.cells * self.cell_steps * CELL_SECONDS
        return racing + sum(
            frames * (FRAME_SECONDS + RACER_SECONDS * self.racers + PIXEL_SECONDS * pixels)
            for pixels, frames in self.clips
        )

    @property
    def bytes(self) -> float:
        """Estimated memory in bytes."""
        return BASE_BYTES + self.steps * STEP_BYTES + self.cells * CELL_BYTES + self.amounts["pixels"] * PIXEL_BYTES


def check_limits(scene: SceneFields, clips: Iterable[tuple[tuple[int, int], int]] = ()) -> None:
    """Raise UsageError, with the estimated time and memory, if the work exceeds a limit of the scene.

    The work is that of the races, and of clips with a size and a number of frames.
    """
    steps = [racer.steps or scene.steps for racer in scene.racers]
    total = sum(steps) * len(scene.functions)
    work = Work(
        steps=total,
        racers=len(steps),
        tuning_steps=total * scene.racers.runs if isinstance(scene.racers, Tuned) else 0,
        cells=scene.map.cells if scene.map else 0,
        cell_steps=steps[_focused_racer(scene)],
        clips=[(width * height, frames) for (width, height), frames in clips],
    )
    limits = attrs.asdict(scene.limits)
    for name, amount in work.amounts.items():
        if amount > limits[name]:
            raise UsageError(
                f"{name} {amount}: more than {limits[name]}, it would take about {_duration(work.seconds)} and "
                f"{format_bytes(int(work.bytes))} of memory; ask for less, or allow it with "
                f"--limit {name}={amount}, in Python limits=Limits({name}={amount})"
            )


def _duration(seconds: float) -> str:
    for unit, length in (("years", 3.15e7), ("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.2g} {unit}" if seconds < 100 * length else f"{seconds / length:.0f} {unit}"
    return f"{max(1, round(seconds))} seconds"


def check_output_limits(scene: SceneFields, *outputs: Output) -> None:
    """Raise UsageError if the outputs exceed the scene's limits. Outputs with equal frames count once."""
    check_limits(
        scene, [(size, round(scene.seconds * fps)) for size, fps, *_ in {output.appearance for output in outputs}]
    )


def record_race(scene: SceneFields, function: Function) -> Recording:
    """Run the race on one of the scene's functions. Raises UsageError if the work exceeds the scene's limits."""
    check_limits(scene)
    # A function may import a module beside its file when it is called.
    with scene.origin.folder.open() if scene.origin else nullcontext():
        # Without a common start, every racer has its own.
        start = scene.start or function.start or (0.0, 0.0)
        racers, caption = (
            scene.racers.resolve(function, start, scene.steps)
            if isinstance(scene.racers, Tuned)
            else (scene.racers, "")
        )
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
        return replace(
            recording,
            caption=caption,
            map=scene.map.record(function, racers[_focused_racer(scene)], start, scene.steps) if scene.map else None,
        )


def recordings(scene: SceneFields) -> list[Recording]:
    """Return the recorded race on each of the scene's functions. The races are run only once."""
    if not scene._recordings:
        races = [record_race(scene, function) for function in scene.functions]
        if len(races) > 1:
            scale = np.concatenate([race.surface.z.ravel() for race in races])
            races = [replace(race, surface=replace(race.surface, scale=scale)) for race in races]
        scene._recordings.extend(races)
    return scene._recordings
