"""The races of a scene: how they are shown, the limits on their work, and running them once."""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

import attrs
import numpy as np

from animopt.core.errors import UsageError, check_integer, short_repr
from animopt.core.language import ENGLISH, Text, language, language_of, localized
from animopt.core.number_format import format_bytes
from animopt.core.progress import duration
from animopt.engine.coordinates import preconditioned
from animopt.engine.function import Function, differences, function_name
from animopt.engine.racer import Racer, names_and_settings
from animopt.engine.racer_lists import Tuned
from animopt.engine.record import BATCH_ORDERS, CYCLIC, record
from animopt.engine.swarm import run_swarm
from animopt.engine.user_code import race_environment
from animopt.recording.claims import refutations
from animopt.recording.pace import pace_of
from animopt.recording.recording import Recording, Swarm
from animopt.recording.timeline import Question, SlowMotion, Timeline
from animopt.recording.watershed import basins_at
from animopt.scene.scene_fields import SceneFields, user_context
from animopt.video.film import Staging, check_mathtexts, check_panels, quantities_of
from animopt.video.output import Output

STEP_SECONDS, CELL_SECONDS, FRAME_SECONDS, RACER_SECONDS, PIXEL_SECONDS = 4e-4, 2e-7, 1e-2, 1e-3, 3e-8
"""Seconds for a step of a racer, a step of a map's cell, a frame, each racer in a frame, and each pixel of a frame."""

Kind = TypeVar("Kind", Question, SlowMotion)

MAX_ZOOM, MAX_VIEW = 1e5, 100.0
"""Maximum magnification of a domain by the limits of a view, and maximum size of a view in domains. A function is
interpolated between the points of a grid, and has no contour lines outside its domain."""

BASE_BYTES, STEP_BYTES, CELL_BYTES, PIXEL_BYTES = 6e8, 2500, 200, 80
"""Bytes for any clip, each recorded step of a racer, each cell of a map, and each pixel of the frames being drawn."""


def timeline_of(scene: SceneFields) -> Timeline:
    """Return the timeline of the clip, with the pace of its first race, and run the races if necessary."""
    return replace(_even_timeline(scene), pace=pace_of(recordings(scene)[0]))


def _even_timeline(scene: SceneFields) -> Timeline:
    """Return a timeline without the race's pace. Raises UsageError if no time is left for the race."""
    return Timeline(
        steps=max(racer.steps or scene.steps for racer in scene.racers),
        seconds=scene.seconds,
        loop=scene.loop,
        card=scene.card,
        # Workers do not know the classes of a scene file.
        question=scene.question and _as(Question, scene.question),
        slow=tuple(_as(SlowMotion, each) for each in scene.slow),
        races=len(scene.functions),
    )


def _as(kind: type[Kind], value: Kind) -> Kind:
    """Return a value of a class, given one of it or of a subclass."""
    return value if type(value) is kind else kind(**{name: getattr(value, name) for name in attrs.fields_dict(kind)})


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
        overlays=scene.overlays,
        caption=localized(scene.caption, scene.lang),
        question=localized(scene.question.text, scene.lang) if scene.question else "",
        azimuth=scene.azimuth,
        elevation=scene.elevation,
        turn=scene.turn,
        surface=scene.surface,
        view=scene.view,
        ordered=scene.ordered,
        focus=_focused_racer(scene),
    )


def _focused_racer(scene: SceneFields) -> int:
    """Return the index of the racer in focus. Raises UsageError if no racer has the name."""
    if not scene.focus:
        return 0
    names, _ = names_and_settings(scene.racers)
    local_names, _ = names_and_settings(scene.racers, scene.lang)
    for each in (names, local_names):
        if scene.focus in each:
            return each.index(scene.focus)
    raise UsageError(f"focus {short_repr(scene.focus)}: no racer has that name; use {', '.join(names)}")


def title_of(scene: SceneFields) -> str:
    """Return the title in the scene's language. By default, it names the optimizers and the function."""
    if scene.title:
        return localized(scene.title, scene.lang)
    function = function_name(scene.functions[0], scene.lang)
    optimizers = ", ".join(dict.fromkeys(racer.optimizer.__name__ for racer in scene.racers))
    if not function:
        return optimizers
    return language(scene.lang).gettext("{optimizers} on {function}", optimizers=optimizers, function=function)


def _texts(scene: SceneFields) -> dict[str, Text]:
    """Return the texts of a scene that may be in several languages, by what they are called in messages."""
    texts = {"title": scene.title or title_of(scene), "caption": scene.caption}
    if scene.question:
        texts["question"] = scene.question.text
    return texts | {f"name of racer {number}": racer.name for number, racer in enumerate(scene.racers, 1)}


def _warn_of_missing_texts(scene: SceneFields) -> None:
    """Warn of the texts that are shown in another language because they lack the scene's."""
    shown = {name: language_of(text, scene.lang) for name, text in _texts(scene).items()}
    if lacking := {name: lang for name, lang in shown.items() if lang != scene.lang}:
        missing = language(scene.lang).english_name
        other = "English" if {*lacking.values()} == {ENGLISH} else "another language"
        warnings.warn(f"{', '.join(lacking)}: not in {missing}, shown in {other}; add {scene.lang!r}", stacklevel=3)


def _warn_of_wrong_claims(scene: SceneFields, races: Sequence[Recording]) -> None:
    names, _ = names_and_settings(scene.racers)
    for refutation in refutations(scene.claims, races, names):
        warnings.warn(refutation, stacklevel=3)


def check_scene(scene: SceneFields) -> None:
    """Raise UsageError if fields cannot be used together."""
    staging = staging_of(scene)
    _even_timeline(scene)
    if scene.loop == "seamless" and scene.turn is not None and scene.turn % 360:
        raise UsageError(f"turn {scene.turn:g}: a seamless loop turns around once; give 360, -360 or 0")
    if scene.batch_order not in BATCH_ORDERS:
        raise UsageError(f"batch_order {short_repr(scene.batch_order)}: unknown; use {', '.join(BATCH_ORDERS)}")
    for function in scene.functions:
        _check_view(scene, function)
        _check_box(scene, function)
        if scene.batch_order == CYCLIC and not function.data:
            raise UsageError(
                f"batch_order 'cyclic': {function.called} has no data; give it some, as data=[(3, -1, -1)]"
            )
        if scene.batch_order == CYCLIC and scene.batch is None:
            raise UsageError("batch_order 'cyclic': each step uses all rows; give the scene a batch, as batch=1")
        if scene.batch is not None:
            if not function.data:
                raise UsageError(f"batch {short_repr(scene.batch)}: {function.called} has no data; leave out the batch")
            check_integer("batch", scene.batch, maximum=len(function.data[0]))
        if scene.map is not None:
            if scene.noise or scene.batch:
                raise UsageError("map: its races are run together, without noise or batches; leave out noise and batch")
            scene.map.check(function, scene.racers[_focused_racer(scene)])
    if scene.swarm:
        _check_swarm(scene)
    has = {
        "map": scene.map is not None,
        "swarm": scene.swarm > 0,
        "preconditioned": scene.preconditioner is not None,
        "sample": all(function.predict and not function.classifies for function in scene.functions),
        "classes": all(function.classifies for function in scene.functions),
        "direction": all(function.direction for function in scene.functions),
    }
    check_panels(staging, has.__getitem__)
    lines = [line for text in _texts(scene).values() for line in ([text] if isinstance(text, str) else text.values())]
    check_mathtexts(lines, [function.formula for function in scene.functions])


def _check_swarm(scene: SceneFields) -> None:
    """Raise UsageError for a swarm whose runs would be the same, or on a function without known minima."""
    if not (scene.noise or scene.batch):
        raise UsageError(
            f"swarm {scene.swarm}: all runs would be the same; give the scene noise, as noise=0.5, or a batch"
        )
    for function in scene.functions:
        if not function.minima:
            raise UsageError(
                f"swarm {scene.swarm}: {function.called} has no known minima; give it some, as minima=[(0, 0)]"
            )


def _check_box(scene: SceneFields, function: Function) -> None:
    """Raise UsageError for a racer that a box cannot hold: it shows another point than the one that it trains."""
    for racer in scene.racers if function.box else ():
        if racer.loop.modes:
            raise UsageError(
                f"racer {racer.optimizer.__name__}: shows another point than the one that it trains, and a box "
                f"can hold only one of them; leave out the box of {function.called}"
            )


def _check_view(scene: SceneFields, function: Function) -> None:
    if isinstance(scene.view, str):
        return
    for name, (low, high), (start, end) in zip("xy", scene.view, (function.x, function.y), strict=True):
        if high <= start or low >= end:
            raise UsageError(
                f"view {scene.view}: shows nothing of {function.called}, whose {name} is from {start:g} to {end:g}; "
                "give limits in this range"
            )
        part = (high - low) / (end - start)
        if not 1 / MAX_ZOOM <= part <= MAX_VIEW:
            raise UsageError(
                f"view {scene.view}: its {name} is {part:.2g} times that of {function.called}, from {start:g} to "
                f"{end:g}; give {1 / MAX_ZOOM:g} to {MAX_VIEW:g} times"
            )


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
        steps=total + scene.swarm * steps[_focused_racer(scene)] * len(scene.functions),
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
                f"{name} {amount}: more than {limits[name]}, it would take about {duration(work.seconds)} and "
                f"{format_bytes(int(work.bytes))} of memory; ask for less, or allow it with "
                f"--limit {name}={amount}, in Python limits=Limits({name}={amount})"
            )


def check_output_limits(scene: SceneFields, *outputs: Output) -> None:
    """Raise UsageError if the outputs exceed the scene's limits. Outputs with equal frames count once."""
    check_limits(
        scene, [(size, round(scene.seconds * fps)) for size, fps, *_ in {output.appearance for output in outputs}]
    )


@contextmanager
def _racing(scene: SceneFields) -> Iterator[None]:
    """Run the user's code in this context, in one thread at a time."""
    # A function may import a module beside its file when it is called.
    with user_context(scene), race_environment():
        yield


def record_race(scene: SceneFields, function: Function) -> Recording:
    """Run the race on one of the scene's functions. Raises UsageError if the work exceeds the scene's limits."""
    check_limits(scene)
    with _racing(scene):
        # Without a common start, every racer has its own.
        start = scene.start or function.start or (0.0, 0.0)
        racers, caption, notes = (
            scene.racers.resolve(function, start, scene.steps, scene.lang)
            if isinstance(scene.racers, Tuned)
            else (scene.racers, "", "")
        )
        if function is scene.functions[0]:
            scene._resolved[:] = racers
        recording = record(
            function,
            racers,
            start,
            scene.steps,
            title_of(scene),
            code=scene.lang,
            noise=scene.noise,
            batch=scene.batch,
            batch_order=scene.batch_order,
            seed=scene.seed,
            quantities=quantities_of(staging_of(scene)),
        )
        focus = _focused_racer(scene)
        matrix = scene.preconditioner
        return replace(
            recording,
            preconditioned=preconditioned(recording, function, np.array(matrix)) if matrix else None,
            caption=caption,
            notes=notes,
            map=scene.map.record(function, racers[focus], start, scene.steps) if scene.map else None,
            swarm=_record_swarm(scene, function, focus, racers[focus], start, recording) if scene.swarm else None,
        )


def _record_swarm(
    scene: SceneFields,
    function: Function,
    focus: int,
    racer: Racer,
    start: tuple[float, float],
    recording: Recording,
) -> Swarm:
    xy = run_swarm(
        function,
        racer,
        start,
        scene.steps,
        scene.swarm,
        noise=scene.noise,
        batch=scene.batch,
        batch_order=scene.batch_order,
        seed=scene.seed,
    )
    return Swarm(focus, xy, basins_at(recording.surface, recording.minima[:, :2], xy))


def recordings(scene: SceneFields) -> list[Recording]:
    """Return the recorded race on each of the scene's functions. The races are run only once."""
    with _racing(scene):
        if not scene._recordings:
            races = [record_race(scene, function) for function in scene.functions]
            if len(races) > 1:
                scale = np.concatenate([race.surface.z.ravel() for race in races])
                races = [
                    replace(race, surface=replace(race.surface, scale=scale), difference=difference)
                    for race, difference in zip(races, differences(scene.functions, scene.lang), strict=True)
                ]
            _warn_of_missing_texts(scene)
            _warn_of_wrong_claims(scene, races)
            scene._recordings.extend(races)
        return scene._recordings
