"""Several scenes in one picture, with one clock."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self

import attrs
import numpy as np

from animopt.core.arrays import Pixels
from animopt.core.errors import UsageError, check_choice, short_repr
from animopt.core.language import language
from animopt.core.working_folder import kept_folder
from animopt.publish.notebook import progress_bar
from animopt.publish.sidecars import Rendition, place_cues
from animopt.recording.evaluations import by_evaluations, counts_steps_as_gradients
from animopt.recording.pace import pace_of
from animopt.recording.recording import Recording
from animopt.recording.sentences import Remark, alt_text, remarks
from animopt.recording.timeline import Question, SlowMotion, Timeline, frame_count
from animopt.scene import catalog
from animopt.scene.races import check_limits, recordings, staging_of, timeline_of, title_of
from animopt.scene.render import check_second, checked_files, checked_page, race_report, save_rendition
from animopt.scene.scene import Scene
from animopt.video.comparison import Comparison, check_count, part_boxes
from animopt.video.film import shown_panels
from animopt.video.output import VIDEO_SIZE, Output, check_size
from animopt.video.save import Progress, save_clips, save_still
from animopt.video.worker_pool import drawing_executor

Clock = Literal["step", "evaluations"]
"""The quantity that is the same for all races at a moment: steps, or evaluations of the gradient."""

CLOCKS = ("step", "evaluations")
"""Values of `clock`."""

STEP_PANELS = ("fit", "separator", "formula", "state", "swarm", "anatomy")
"""Panels and overlays that show one step after another."""


@attrs.frozen(eq=False, kw_only=True)
class SceneComparison:
    """Two or four scenes in one picture. `compare` makes one.

    Args:
        scenes: The scenes. The first one has the length of the clip, the card, the question and the slow motion.
        clock: The quantity that is the same for all races at a moment: "step" or "evaluations".
    """

    scenes: tuple[Scene, ...]
    clock: str = "step"

    def __attrs_post_init__(self) -> None:
        _check_scenes(self.scenes, self.clock)

    def replace(self, **changes: Any) -> Self:
        """Return the comparison with other values of some fields of all scenes.

        Args:
            **changes: The fields to change, by the names of the arguments of `Scene`.

        Raises:
            UsageError: A value cannot be used.
        """
        return attrs.evolve(self, scenes=tuple(scene.replace(**changes) for scene in self.scenes))

    @property
    def seconds(self) -> float:
        """Length of the clip in seconds."""
        return self.scenes[0].seconds

    def save(
        self,
        *outputs: str | os.PathLike[str] | Output,
        workers: int | Executor | None = None,
        sidecars: Sequence[str] = (),
    ) -> None:
        """Render the clip into files.

        Args:
            *outputs: Paths of clips of 1280 × 720 pixels, or `Output`s with a size and a rate.
            workers: Number of processes that draw, 0 for this process alone, or an executor. Default: chosen for the
                machine and the clip.
            sidecars: Files to write beside each clip: any of "poster", "captions", "alt", "markdown" and "html".
                Default: none.

        Raises:
            UsageError: An argument cannot be used, or the clip exceeds the limits of a scene.
            Error: A file cannot be written. The other files are written first.
        """
        title, code = title_of(self.scenes[0]), self.scenes[0].lang
        with kept_folder(), progress_bar(title, code) as progress:
            list(save_comparison(self, *outputs, workers=workers, progress=progress, sidecars=sidecars))

    @kept_folder()
    def still(
        self,
        path: str | os.PathLike[str],
        at: float,
        size: tuple[int, int] = VIDEO_SIZE,
        theme: str | None = None,
        *,
        transparent: bool = False,
    ) -> None:
        """Write one frame as PNG, SVG or PDF.

        Args:
            path: Path of the file; its suffix is the format.
            at: Second of the clip.
            size: Size (width, height) in pixels. Default: (1280, 720).
            theme: Name of a theme. Default: the theme of the first scene.
            transparent: Whether the background is left out. Default: False.

        Raises:
            UsageError: An argument cannot be used, or the clip does not have that second.
            Error: The file cannot be written.
        """
        check_second(at, self.seconds)
        file, suffix = checked_page(path, *self.scenes)
        size = check_size(size)
        self._check_limits([(size, 1)])
        film = _comparison(self.scenes, size, 1.0, theme, self.clock, transparent=transparent)
        save_still(file, film.still(at, suffix))

    def _check_limits(self, clips: Sequence[tuple[tuple[int, int], int]]) -> None:
        for scene in self.scenes:
            check_limits(scene, clips)


def compare(*scenes: Scene, clock: Clock = "step") -> SceneComparison:
    """Show two or four scenes in one picture, beside or below each other, each with its own title.

    All races are at the same step at a moment, or have computed the same number of gradients. A race with fewer of them
    waits at its end. Racers with the same optimizer have the same color and marker in all parts.

    Args:
        *scenes: Two or four scenes in one language, each with one function. The first one determines the length of the
            clip, the theme, the loop, the card, the question and the slow motion.
        clock: "step", or "evaluations" for the number of computed gradients, of which some optimizers need several for
            a step. Default: "step".

    Returns:
        The comparison, with the methods `save` and `still` of a scene.

    Raises:
        UsageError: The scenes cannot be compared.

    Examples:
        >>> import animopt
        >>> ravine = dict(function=lambda x: x[0] ** 2 / 20 + x[1] ** 2, start=(-7, 2))
        >>> sgd, adam = (animopt.Scene(racers=[animopt.Racer(name, lr=0.9)], **ravine) for name in ("SGD", "Adam"))
        >>> animopt.compare(sgd, adam).seconds
        10.0
    """
    return SceneComparison(scenes=scenes, clock=clock)


def compared_races(scenes: Sequence[Scene], clock: str = "step") -> tuple[list[Recording], Timeline]:
    """Return the races as a comparison shows them, and its timeline. Run the races if necessary."""
    _check_scenes(scenes, clock)
    return _races(scenes, clock)


def comparison_of(scenes: Sequence[Scene], output: Output, clock: str = "step") -> Comparison:
    """Return the film of scenes for an output, and run the races if necessary."""
    _check_scenes(scenes, clock)
    return _comparison(scenes, output.size, output.fps, output.theme, clock, transparent=output.transparent)


def save_comparison(
    comparison: SceneComparison,
    *outputs: str | os.PathLike[str] | Output,
    workers: int | Executor | None = None,
    progress: Progress = lambda done, total: None,
    sidecars: Sequence[str] = (),
    saved: Callable[[Output], object] = lambda output: None,
) -> Iterator[Path]:
    """Render as `SceneComparison.save` does, and yield each path once its file is in place.

    `progress` receives the number of drawn frames and their total, `saved` each clip as it was made.
    """
    scenes, clock, seconds = comparison.scenes, comparison.clock, comparison.seconds
    clips, kinds = checked_files(outputs, sidecars, *scenes, size=VIDEO_SIZE)
    if pages := [clip.path for clip in clips if clip.is_page]:
        raise UsageError(f"{pages[0]}: an interactive page shows one scene; give a comparison another suffix, as .mp4")
    comparison._check_limits(
        [(size, frame_count(seconds, fps)) for size, fps, *_ in {output.appearance for output in clips}]
    )
    # The workers import their modules while the races are run.
    with drawing_executor(workers, seconds * max(clip.fps for clip in clips)) as executor:
        rendition = Rendition(
            film_of=partial(comparison_of, scenes, clock=clock),
            alt_of=partial(alt_text_of, scenes, clock),
            captions=place_cues(
                ((second, f"{race.title}: {remark.text}") for race, remark, second in remarks_of(scenes, clock)),
                seconds,
            ),
            code=scenes[0].lang,
        )
        yield from save_rendition(rendition, clips, kinds, progress, executor, saved)


def save_comparison_with_poster(
    comparison: SceneComparison, output: Output, executor: Executor | None, progress: Progress
) -> Pixels:
    """Render a clip, and return the frame at which the races are over, as its poster."""
    comparison._check_limits([(output.size, frame_count(comparison.seconds, output.fps))])
    film = comparison_of(comparison.scenes, output, comparison.clock)
    list(save_clips([output], lambda _: film, progress, executor))
    return film.result_frame()


def race_reports(comparison: SceneComparison) -> list[dict[str, object]]:
    """Return the name of each scene, and the title and the events of its race, each with its second of the clip."""
    said = remarks_of(comparison.scenes, comparison.clock)
    return [
        {"name": _name(scene)}
        | race_report(race, ((remark, second) for other, remark, second in said if other is race))
        for scene in comparison.scenes
        for race in recordings(scene)[:1]
    ]


def remarks_of(scenes: Sequence[Scene], clock: str) -> list[tuple[Recording, Remark, float]]:
    """Return the sentences about each race, with their second of the comparison."""
    _, timeline = _races(scenes, clock)

    def reached(race: Recording, remark: Remark) -> float:
        """Return what the clock shows when something has happened."""
        if clock == "step":
            return remark.step
        counts = race.evaluations[:, remark.step]
        return float(counts.max() if remark.racer is None else counts[remark.racer])

    races = dict.fromkeys(recordings(scene)[0] for scene in scenes)
    return [(race, each, timeline.second_of(reached(race, each))) for race in races for each in remarks(race)]


def alt_text_of(scenes: Sequence[Scene], clock: str, output: Output) -> str:
    """Return one paragraph that describes the comparison in an output."""
    words = language(scenes[0].lang)
    at_once = words.gettext("Races in one picture, at the same step")
    by_gradients = words.gettext("Races in one picture, after the same number of gradients")
    sizes = [(round(box.width), round(box.height)) for box in part_boxes(output.size, len(scenes))]
    parts = (
        alt_text([recordings(scene)[0]], shown_panels([recordings(scene)[0]], size, staging_of(scene)))
        for scene, size in zip(scenes, sizes, strict=True)
    )
    return " ".join([f"{at_once if clock == 'step' else by_gradients}.", *parts])


def _comparison(
    scenes: Sequence[Scene],
    size: tuple[int, int],
    fps: float,
    theme: str | None,
    clock: str,
    *,
    transparent: bool,
) -> Comparison:
    stagings = [staging_of(scene, theme or scenes[0].theme, transparent=transparent) for scene in scenes]
    races, timeline = _races(scenes, clock)
    return Comparison(races, timeline, size, fps, stagings)


def _races(scenes: Sequence[Scene], clock: str) -> tuple[list[Recording], Timeline]:
    """Return the races as a comparison shows them, and its timeline. Run the races if necessary."""
    races = [recordings(scene)[0] for scene in scenes]
    timeline = timeline_of(scenes[0])
    if clock == "evaluations":
        for number, (scene, race) in enumerate(zip(scenes, races, strict=True), 1):
            _check_counts_gradients(scene, race, number)
        timeline = _at_gradients(timeline, races[0])
        races = [by_evaluations(race) for race in races]
    pace = np.zeros(max(race.last_step for race in races))
    for own in map(pace_of, races):
        pace[: len(own)] = np.maximum(pace[: len(own)], own)
    return races, replace(timeline, steps=len(pace), pace=tuple(pace.tolist()))


def _at_gradients(timeline: Timeline, race: Recording) -> Timeline:
    """Return a timeline with the question and the slow motion at numbers of gradients instead of a race's steps.

    A step is made as soon as the first racer has made it.
    """
    counts = race.evaluations.min(axis=0)

    def gradients(step: float) -> float:
        return float(np.interp(step, np.arange(len(counts)), counts)) if step <= race.last_step else step + counts[-1]

    question = timeline.question
    return replace(
        timeline,
        question=question and Question(question.text, gradients(question.step), question.seconds),
        slow=[
            SlowMotion(first, last, slow.times)
            for slow in timeline.slow
            if (first := gradients(slow.first)) < (last := gradients(slow.last))
        ],
    )


def _check_scenes(scenes: Sequence[Scene], clock: str) -> None:
    """Raise UsageError for scenes that cannot be shown in one picture with a clock, and for an unknown clock."""
    check_choice("clock", clock, CLOCKS)
    example = "compare(load_scene('one.py'), load_scene('other.py'))"
    for scene in scenes:
        if not isinstance(scene, Scene):
            raise UsageError(f"scene {short_repr(scene)}: is no scene; give scenes, as {example}")
    check_count(len(scenes))
    for number, scene in enumerate(scenes, 1):
        if len(scene.functions) > 1:
            raise UsageError(
                f"{_called(scene, number)}: has {len(scene.functions)} functions, and a comparison shows one race of "
                "each scene; give a scene with one function"
            )
        if scene.map is not None and clock == "evaluations":
            raise UsageError(f"{_called(scene, number)}: its map counts steps; use the clock 'step'")
        if scene.lang != scenes[0].lang:
            raise UsageError(
                f"{_called(scene, number)}: is in {language(scene.lang).english_name}, and the first one in "
                f"{language(scenes[0].lang).english_name}; give all scenes one language, as lang={scenes[0].lang!r}"
            )


def _check_counts_gradients(scene: Scene, race: Recording, number: int) -> None:
    """Raise UsageError for a scene with panels that only show steps, if its steps and gradients are not the same."""
    panels = [panel for panel in STEP_PANELS if panel in (*scene.panels, *scene.overlays)]
    if panels and not counts_steps_as_gradients(race):
        raise UsageError(
            f"{_called(scene, number)}: {panels[0]!r} shows one step after another, and a racer computes "
            f"several gradients for a step; use the clock 'step', or leave out {panels[0]!r}"
        )


def _called(scene: Scene, number: int) -> str:
    return f"scene {number} {short_repr(_name(scene))}"


def _name(scene: Scene) -> str:
    return catalog.name(scene.origin.path) if scene.origin else title_of(scene)
