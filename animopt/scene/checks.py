"""Checks that involve several fields of a scene, and the limits of its work."""

from collections.abc import Iterable

from animopt.core.errors import UsageError, short_repr
from animopt.core.validation import check_integer
from animopt.engine.function import Function
from animopt.engine.racer_lists import Tuned
from animopt.scene.limits import Work
from animopt.scene.scene_fields import SceneFields
from animopt.scene.staging import focused_racer, staging_of, timeline_of, title_of
from animopt.video.film import check_mathtexts, check_panels
from animopt.video.output import Output


def check_scene(scene: SceneFields) -> None:
    """Raise UsageError if fields cannot be used together."""
    staging_of(scene)
    timeline_of(scene)
    for function in scene.functions:
        _check_function(scene, function)
    has_data = all(function.predict for function in scene.functions)
    check_panels(scene.panels, {"map": scene.map is not None, "sample": has_data}.__getitem__)
    texts = [scene.title or title_of(scene), scene.caption, scene.question.text if scene.question else ""]
    lines = [line for text in texts for line in ([text] if isinstance(text, str) else text.values())]
    names = [racer.name for racer in scene.racers]
    check_mathtexts([*lines, *names], [function.formula for function in scene.functions])


def _check_function(scene: SceneFields, function: Function) -> None:
    """Raise UsageError if the batch or the map does not fit a function."""
    if scene.batch is not None:
        if not function.data:
            raise UsageError(f"batch {short_repr(scene.batch)}: {function.called} has no data; leave out the batch")
        check_integer("batch", scene.batch, maximum=len(function.data[0]))
    if scene.map is not None:
        if scene.noise or scene.batch:
            raise UsageError("map: its races are run together, without noise or batches; leave out noise and batch")
        scene.map.check(function, scene.racers[focused_racer(scene)])


def check_limits(scene: SceneFields, clips: Iterable[tuple[tuple[int, int], int]] = ()) -> None:
    """Raise UsageError if the races, or clips with a size and a number of frames, exceed the scene's limits."""
    steps = [racer.steps or scene.steps for racer in scene.racers]
    total = sum(steps) * len(scene.functions)
    work = Work(
        steps=total,
        racers=len(steps),
        tuning_steps=total * scene.racers.runs if isinstance(scene.racers, Tuned) else 0,
        cells=scene.map.cells if scene.map else 0,
        cell_steps=steps[focused_racer(scene)],
        clips=[(width * height, frames) for (width, height), frames in clips],
    )
    work.check(scene.limits)


def check_output_limits(scene: SceneFields, *outputs: Output) -> None:
    """Raise UsageError if the outputs exceed the scene's limits. Outputs with equal frames count once."""
    passes = {output.appearance for output in outputs}
    check_limits(scene, [(size, round(scene.seconds * fps)) for size, fps, *_ in passes])
