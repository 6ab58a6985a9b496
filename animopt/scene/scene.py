"""A scene, and loading one from a file."""

import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from animopt.core.atomic_files import temporary_folder
from animopt.core.errors import Error, Failures, UsageError, short_repr
from animopt.core.validation import (
    MAX_COUNT,
    check_bool,
    check_integer,
    check_list,
    check_number,
    check_pair,
    check_text,
    check_texts,
)
from animopt.engine.function import Function
from animopt.engine.maps import SettingsMap, StartsMap
from animopt.engine.racer import Racer
from animopt.engine.racer_names import names_and_settings
from animopt.engine.record import record
from animopt.engine.sweep import Sweep
from animopt.engine.tuning import Tuned
from animopt.publish.notebook import Bundle, Clip, Rendered, Types, progress_bar
from animopt.publish.sidecars import check_sidecars, write_sidecars
from animopt.recording.events import alt_text
from animopt.recording.recording import Recording
from animopt.recording.timeline import Question, SlowMotion, Timeline
from animopt.scene.limits import Limits, Work
from animopt.scene.origin import Origin, changes, settings
from animopt.scene.recipe import Recipe
from animopt.scene.scene_file import SceneFolder, run_file, source
from animopt.video.film import MAP_PANELS, RACE_PANELS, Film, Staging, check_mathtexts, check_panels, draw_page
from animopt.video.formats import Mp4
from animopt.video.output import Output, check_is_path, check_path, check_size, check_still
from animopt.video.save import Progress, encode_png, save_clips, save_still
from animopt.video.worker_pool import drawing_executor

Words = str | Mapping[str, str]
"""A text, or a text by language."""

EMBEDDED = (640, 360)
"""The size of a clip in a notebook, which holds all its bytes."""

MOST_SEED = 2**64 - 1
"""The greatest seed that torch takes."""

EMBEDDED_FPS = {"gif": 10, "mp4": 25}
"""Its frames a second."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Optimizers that race on a function, and the clip that shows it.

    `function` is a Function or a bare callable, or several, on each of which the race is run anew: the clip shows the
    first one, then how it would have ended on the others. `racers` are Racers, a Sweep of one, or Tuned ones;
    those that are `ordered`, as those of a Sweep are, have the colours of a scale. `start` (x, y), else the
    function's, and `steps` hold for every racer that has none of its own; where a start lies outside the function's
    domain, the domain is widened, with a warning. `map` is a StartsMap or a SettingsMap, run with the racer in focus.
    `noise` is the standard deviation of the Gaussian noise in each component of every gradient, `batch` how many rows
    of the function's data each step sees, None for all; both follow from `seed`, the same for every racer.
    `seconds` is the length of the whole clip. `theme`, `layout` and `panels` are names; "auto" takes the layout that
    suits the picture's shape, "multiples" gives each racer a contour of its own. `focus` names the racer whose formula
    and state are shown, else it is the first. `loop` is "plain", or "seamless" for a clip whose end is its beginning;
    `card` is for how many seconds a title card stands before the race, `question` and `slow` are a Question and Slows.
    `title`, `caption` and the question's text are strings, or strings by language, as {"en": ..., "ko": ...}; `lang` is
    the one to use. `limits` are the bounds on what may be asked for. `origin` is the file that `load` has the scene
    from. A notebook shows a scene as its clip.
    Raises UsageError for a field that cannot be used.
    """

    function: Function | Callable[[Any], Any] | Sequence[Function]
    racers: Sequence[Racer]
    ordered: bool = False
    start: tuple[float, float] | None = None
    steps: int = 20
    map: StartsMap | SettingsMap | None = None
    noise: float = 0.0
    batch: int | None = None
    seed: int = 0
    title: Words = ""
    caption: Words = ""
    seconds: float = 10.0
    theme: str = "light"
    layout: str = "auto"
    panels: Sequence[str] | None = None
    focus: str = ""
    loop: str = "plain"
    card: float = 0.0
    question: Question | None = None
    slow: Sequence[SlowMotion] = ()
    lang: str = "en"
    limits: Limits = field(default=Limits(), repr=False, compare=False)
    origin: Origin | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        several = isinstance(self.function, Sequence) and not isinstance(self.function, str)
        given: Sequence[Any] = self.function if several else [self.function]  # type: ignore[assignment]
        functions = tuple(each if isinstance(each, Function) else Function(each) for each in given)
        if not functions:
            raise UsageError("function (): give at least one, as function=Function(lambda x: x[0] ** 2 + x[1] ** 2)")
        object.__setattr__(self, "function", functions if several else functions[0])
        object.__setattr__(self, "ordered", check_bool("ordered", self.ordered) or isinstance(self.racers, Sweep))
        if not isinstance(self.racers, Tuned):
            racers = tuple(check_list("racers ", self.racers, "give a list, as racers=[Racer('Adam', lr=0.1)]"))
            object.__setattr__(self, "racers", racers)
        if not self.racers or not all(isinstance(racer, Racer) for racer in self.racers):
            raise UsageError(
                f"racers {short_repr([*self.racers])}: give at least one, as racers=[Racer('Adam', lr=0.1)]"
            )
        if self.start is not None:
            object.__setattr__(self, "start", check_pair("start", self.start))
        object.__setattr__(self, "steps", check_integer("steps", self.steps, maximum=MAX_COUNT))
        if not isinstance(self.limits, Limits):
            raise UsageError(f"limits {short_repr(self.limits)}: give Limits, as limits=Limits(frames=50_000)")
        self._check_chance()
        self._check_words()
        seconds = check_number(
            "seconds", self.seconds, "give the length of the clip, as seconds=10", above=0, below=MAX_COUNT
        )
        object.__setattr__(self, "seconds", seconds)
        panels = (MAP_PANELS if self.map else RACE_PANELS) if self.panels is None else self.panels
        object.__setattr__(
            self, "panels", tuple(check_list("panels ", panels, "give a list, as panels=['contour', 'loss']"))
        )
        object.__setattr__(
            self, "slow", tuple(check_list("slow ", self.slow, "give a list, as slow=[SlowMotion(3, 6)]"))
        )
        for slow in self.slow:
            if not isinstance(slow, SlowMotion):
                raise UsageError(f"slow {short_repr(slow)}: give a list of Slow, as slow=[SlowMotion(3, 6)]")
        if self.question is not None and not isinstance(self.question, Question):
            raise UsageError(
                f"question {short_repr(self.question)}: give a Question, as Question('Which one wins?', step=3)"
            )
        if self.origin is not None and not isinstance(self.origin, Origin):
            raise UsageError(f"origin {short_repr(self.origin)}: leave it out; animopt.load_scene sets it")
        _ = self._staging(None), self._clock()
        self._hold_starts()
        self._check_map()
        if not self.title:
            names = dict.fromkeys(racer.optimizer.__name__ for racer in self.racers)
            where = f" on {self._functions[0].name}" if self._functions[0].name else ""
            object.__setattr__(self, "title", f"{', '.join(names)}{where}")
        self._check_shown()

    def _check_shown(self) -> None:
        """Raise UsageError for panels of what the scene has not, and for maths that cannot be typeset."""
        has = {"map": self.map is not None, "sample": all(function.predict for function in self._functions)}
        check_panels(tuple(self.panels or ()), has)
        given = [self.title, self.caption, self.question.text if self.question else ""]
        texts = [text for each in given for text in ([each] if isinstance(each, str) else each.values())]
        names = [racer.name for racer in self.racers]
        check_mathtexts([*texts, *names], [function.formula for function in self._functions])

    def _check_chance(self) -> None:
        """Raise UsageError for noise, a batch or a seed that cannot be used."""
        noise = check_number("noise", self.noise, "give a standard deviation of at least 0, as noise=0.5", minimum=0)
        object.__setattr__(self, "noise", noise)
        object.__setattr__(self, "seed", check_integer("seed", self.seed, minimum=0, maximum=MOST_SEED))
        if self.batch is not None:
            for function in self._functions:
                if not function.data:
                    raise UsageError(
                        f"batch {short_repr(self.batch)}: {function.called} has no data; leave out the batch"
                    )
                object.__setattr__(self, "batch", check_integer("batch", self.batch, maximum=len(function.data[0])))

    def _check_words(self) -> None:
        """Raise UsageError for what is no text, or one with control characters."""
        check_texts("title", self.title, "title='A race'")
        check_texts("caption", self.caption, "caption='In a ravine'")
        check_text("focus", self.focus, "focus='Adam', a racer's name")
        check_text("lang", self.lang, "lang='en'")

    def _check_map(self) -> None:
        """Raise UsageError for a map that cannot be made."""
        if self.map is None:
            return
        if not isinstance(self.map, (StartsMap, SettingsMap)):
            raise UsageError(
                f"map {short_repr(self.map)}: give StartsMap() or SettingsMap(lr=[0.01, 0.1], momentum=[0, 0.9])"
            )
        if self.noise or self.batch:
            raise UsageError("map: its races are run together, without noise or batches; leave out noise and batch")
        for function in self._functions:
            self.map.check(function, self.racers[self._focus()])

    def _hold_starts(self) -> None:
        """Widen the functions' domains to hold every start; raise UsageError where a racer has none."""
        held = []
        for function in self._functions:
            starts = [racer.start or self.start or function.start for racer in self.racers]
            outside = []
            for racer, start in zip(self.racers, starts, strict=True):
                if start is None:
                    raise UsageError(f"start: {short_repr(racer)} has none; give the scene one, as start=(-7, 2)")
                if not function.contains(start):
                    outside.append(start)
            if outside:
                ends = "x=({:g}, {:g}), y=({:g}, {:g})".format
                widened = function.widened(outside)
                warnings.warn(
                    f"start {', '.join(map(str, dict.fromkeys(outside)))}: outside {ends(*function.x, *function.y)}; "
                    f"the view is widened to {ends(*widened.x, *widened.y)}",
                    stacklevel=4,
                )
                function = widened
            held.append(function)
        object.__setattr__(self, "function", tuple(held) if isinstance(self.function, tuple) else held[0])

    @property
    def _functions(self) -> tuple[Function, ...]:
        functions = self.function if isinstance(self.function, tuple) else (self.function,)
        return tuple(function for function in functions if isinstance(function, Function))

    def _check_limits(self, *outputs: Output, pages: int = 0, size: tuple[int, int] = (0, 0)) -> None:
        """Raise UsageError where outputs, or a number of pages, ask for more than the limits."""
        passes = {(output.size, output.fps, output.theme, output.transparent) for output in outputs}
        clips = [(size[0] * size[1], pages)] if pages else []
        clips += [(width * height, round(self.seconds * fps)) for (width, height), fps, *_ in passes]
        steps = [racer.steps or self.steps for racer in self.racers]
        asked = {"steps": sum(steps) * len(self._functions), "racers": len(self.racers)}
        if isinstance(self.racers, Tuned):
            asked["tried"] = asked["steps"] * self.racers.runs
        if self.map:
            asked |= {"cells": self.map.cells, "cell_steps": steps[self._focus()]}
        self.limits.check(Work(**asked, clips=clips))

    def record(self) -> Recording:
        """Run the race, on the first function where there are several.

        Raises Error where an optimizer or the function cannot do the work, UsageError for more of it than the limits.
        """
        self._check_limits()
        return self._record(self._functions[0])

    def _record(self, function: Function) -> Recording:
        # A function may import what lies beside its file only when it is called.
        with self.origin.place.open() if self.origin and self.origin.place else nullcontext():
            return self._run(function)

    def _run(self, function: Function) -> Recording:
        # Where there is no common start, every racer has its own.
        start = self.start or function.start or (0.0, 0.0)
        racers, caption = self.racers, ""
        if isinstance(self.racers, Tuned):
            racers, caption = self.racers.resolve(function, start, self.steps)
        chance: dict[str, Any] = {"noise": self.noise, "batch": self.batch, "seed": self.seed}
        recording = record(function, racers, start, self.steps, self._say(self.title), **chance)
        if self.map:
            outcomes = self.map.record(function, racers[self._focus()], start, self.steps)
            recording = replace(recording, map=outcomes)
        return replace(recording, caption=caption)

    def save(
        self,
        *outputs: str | os.PathLike[str] | Output,
        workers: int | Executor | None = None,
        sidecars: Sequence[str] = (),
        recipe: bool = True,
    ) -> None:
        """Render the clip into every output: a path, or an Output with a size and a rate of its own.

        `workers` is how many processes draw it, 0 for none but this one, or any executor that does; None takes what
        suits the machine and the clip. Files are the same for any number. `sidecars` names what is written beside each
        clip: any of "poster", "captions", "alt", "markdown", "html". Each file holds the `recipe` of its clip, with the
        text of the scene file, unless it is not to. Raises Error where a file cannot be written, once all
        the others are.
        """
        with progress_bar(self._say(self.title)) as progress:
            for _ in self.saving(*outputs, workers=workers, progress=progress, sidecars=sidecars, recipe=recipe):
                pass

    def saving(
        self,
        *outputs: str | os.PathLike[str] | Output,
        workers: int | Executor | None = None,
        progress: Progress = lambda done, total: None,
        sidecars: Sequence[str] = (),
        recipe: bool = True,
        made: Callable[[Output], object] = lambda output: None,
    ) -> Iterator[Path]:
        """Render as `save` does, and yield each path once its file is in place.

        `progress` is told how many frames are drawn, and of how many; `made` is told of each clip as it was made, which
        has less than was asked for where it may have only so many bytes.
        """
        if not outputs:
            raise UsageError("outputs: are none; give at least one, as save('race.gif')")
        all_outputs = [each if isinstance(each, Output) else Output(each) for each in outputs]
        for output in all_outputs:
            check_path(output.path, folder=output.format.folder)
        paths = [output.path.resolve() for output in all_outputs]
        for output, path in zip(all_outputs, paths, strict=True):
            if paths.count(path) > 1:
                raise UsageError(f"{output.path}: is named twice; give each output a path of its own")
        sidecars = check_list("sidecars ", sidecars, "give a list, as sidecars=['poster']")
        check_sidecars(sidecars, all_outputs)
        self._check_limits(*all_outputs)
        frames = self.seconds * max((output.fps for output in all_outputs), default=0)
        # The workers import what they need while the race is run.
        with drawing_executor(workers, frames) as executor:
            races, film_of = self.filming()

            def recipe_of(output: Output, **still: float) -> str:
                asked = {"size": list(output.size), **(still or {"fps": output.fps})}
                return self._recipe(races[0], output.theme, output.transparent, **asked) if recipe else ""

            def poster_recipe_of(output: Output) -> str:
                return recipe_of(output, still=round(self._clock().result_second, 3))

            clips = []
            failures = Failures()
            with failures.collect():
                for output in save_clips(all_outputs, film_of, progress, executor, recipe_of):
                    clips.append(output)
                    made(output)
                    yield output.path
            with failures.collect():
                yield from write_sidecars(sidecars, clips, races, self._clock(), film_of, poster_recipe_of)
            failures.raise_if_any()

    def filming(self, *, titled: bool = True) -> tuple[list[Recording], Callable[[Output], Film]]:
        """Run the race; its recordings, one for each function, and what makes the film of them for an output.

        A film that is not `titled` is for a page that says the title itself. Raises Error where an optimizer or the
        function cannot do the work.
        """
        self._check_limits()
        races = self._races()

        def film_of(output: Output) -> Film:
            self._check_limits(output)
            staging = replace(self._staging(output.theme, output.transparent), titled=titled)
            return Film(races, self._clock(), output.size, output.fps, staging)

        return races, film_of

    def clip(
        self,
        suffix: str = "gif",
        size: tuple[int, int] = EMBEDDED,
        fps: float | None = None,
        theme: str | None = None,
        workers: int | Executor | None = None,
    ) -> Clip:
        """The clip as a notebook shows it, "gif" or "mp4", rendered once it is shown or asked for.

        `size` is (width, height) in pixels; `fps` is 10 for a GIF and 25 for an MP4 unless another is given; `workers`
        are those of `save`. Raises UsageError for what no clip can have.
        """
        suffix = suffix.lower().removeprefix(".") if isinstance(suffix, str) else suffix
        if suffix not in EMBEDDED_FPS:
            raise UsageError(
                f"clip {short_repr(suffix)}: a notebook shows {' or '.join(EMBEDDED_FPS)}; use one of them"
            )
        output = Output(f"clip.{suffix}", size, EMBEDDED_FPS[suffix] if fps is None else fps, theme)
        self._check_limits(output)
        _ = self._staging(theme)

        def make(progress: Progress) -> Rendered:
            return self._rendered(output, workers, progress)

        return Clip(self._say(self.title), f".{suffix}", output.size, output.fps, make)

    def _rendered(self, output: Output, workers: int | Executor | None, progress: Progress) -> Rendered:
        with (
            temporary_folder() as folder,
            drawing_executor(workers, self.seconds * output.fps) as executor,
        ):
            races, film_of = self.filming()
            film = film_of(output)
            there = attrs.evolve(output, path=folder / output.path)
            for each in save_clips([there], lambda _: film, progress, executor):
                data = each.path.read_bytes()
            # As many colours as the GIF has: the poster is in the notebook twice.
            poster = encode_png(film.at(film.timeline.result_second), bits=8, optimize=True)
            return Rendered(data, poster, alt_text(races[0]))

    @cached_property
    def _shown(self) -> Clip:
        return self.clip()

    def _repr_mimebundle_(self, include: Types = None, exclude: Types = None) -> Bundle:
        return self._shown.bundle(repr(self), include, exclude)

    def _ipython_display_(self) -> None:
        self._shown.show(repr(self))

    def check_second(self, at: float) -> None:
        """Raise UsageError for a second that the clip does not have."""
        remedy = f"give a second of the clip, 0 to {self.seconds:g}"
        if check_number("still", at, remedy, minimum=0) > self.seconds:
            raise UsageError(f"still {at:g}: {remedy}")

    def still(
        self,
        path: str | os.PathLike[str],
        at: float,
        size: tuple[int, int] = Mp4.size,
        theme: str | None = None,
        *,
        transparent: bool = False,
        recipe: bool = True,
    ) -> None:
        """Write one frame, at a second of the clip, of `size` (width, height) pixels, as PNG, SVG or PDF.

        Raises UsageError for a second that the clip does not have, Error where the file cannot be written.
        """
        self.check_second(at)
        self._page(path, [at], size, self._staging(theme, transparent), recipe, still=at)

    def storyboard(
        self,
        path: str | os.PathLike[str],
        size: tuple[int, int] = Mp4.size,
        theme: str | None = None,
        *,
        transparent: bool = False,
        recipe: bool = True,
    ) -> None:
        """Write six moments of the race on one page, each of `size` (width, height) pixels, as PNG, SVG or PDF.

        Raises Error where the file cannot be written.
        """
        seconds = self._clock().overview(6)
        self._page(path, seconds, size, self._staging(theme, transparent), recipe, storyboard=True)

    def _page(
        self,
        place: str | os.PathLike[str],
        seconds: Sequence[float],
        size: tuple[int, int],
        staging: Staging,
        recipe: bool,
        **asked: Any,
    ) -> None:
        path = Path(check_is_path(place))
        suffix = check_still(path)
        check_path(path)
        size = check_size(size)
        self._check_limits(pages=len(seconds), size=size)
        races = self._races()
        told = self._recipe(races[0], staging.theme, staging.transparent, size=list(size), **asked) if recipe else ""
        save_still(path, draw_page(races, self._clock(), seconds, size, staging, suffix, told), told)

    def _recipe(self, race: Recording, theme: str | None, transparent: bool, **output: Any) -> str:
        """The recipe of a clip, or of a still, of this scene."""
        theme = theme or self.theme
        output |= {"theme": theme} | ({"transparent": True} if transparent else {})
        found = Recipe(output, settings(self, race.caption))
        if self.origin is None or not self.origin.text:
            return replace(found, lacking="the scene was not loaded from a file").text
        found = replace(found, file=self.origin.file)
        changed = changes(replace(self, theme=theme), self.origin)
        if changed is None:
            return replace(found, lacking="the scene was changed after it was loaded").text
        return replace(found, source=self.origin.text, changes=changed).text

    def told(self) -> tuple[Recording, Timeline]:
        """The race as the clip shows it, the first where there are several, and the clock that says when."""
        return self._races()[0], self._clock()

    def _races(self) -> list[Recording]:
        return self._raced

    @cached_property
    def _raced(self) -> list[Recording]:
        races = [self._record(function) for function in self._functions]
        if len(races) == 1:
            return races
        scale = np.concatenate([race.surface.z.ravel() for race in races])
        return [replace(race, surface=replace(race.surface, scale=scale)) for race in races]

    def _clock(self) -> Timeline:
        steps = max(racer.steps or self.steps for racer in self.racers)
        return Timeline(steps, self.seconds, self.loop, self.card, self.question, self.slow, len(self._functions))

    def _staging(self, theme: str | None, transparent: bool = False) -> Staging:
        return Staging(
            theme=theme or self.theme,
            transparent=transparent,
            layout=self.layout,
            panels=tuple(self.panels or ()),
            caption=self._say(self.caption),
            question=self._say(self.question.text) if self.question else "",
            ordered=self.ordered,
            focus=self._focus(),
        )

    def _focus(self) -> int:
        """The number of the racer in focus; raises UsageError where none has its name."""
        if not self.focus:
            return 0
        called = names_and_settings(self.racers)[0]
        if self.focus not in called:
            raise UsageError(f"focus {short_repr(self.focus)}: no racer has that name; use {', '.join(called)}")
        return called.index(self.focus)

    def _say(self, words: Words) -> str:
        """The words in the scene's language, or in the first one that they have."""
        if isinstance(words, str):
            return words
        return words.get(self.lang) or next(iter(words.values()), "")


def load_scene(path: str | os.PathLike[str]) -> Scene:
    """The scene in a Python file, which is run: its name `scene`.

    Modules beside the file can be imported, but for those named like one of Python's own or an installed one.
    Raises Error, naming the file and the line, where the file does not run or has no scene.
    """
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path) or "\0" in os.fspath(path):
        raise UsageError(f"scene file {short_repr(path)}: give a path, as 'my_scene.py'")
    place = SceneFolder(Path(path).parent)
    found = run_file(path, place).get("scene")
    if not isinstance(found, Scene):
        what = "" if found is None else f", but {short_repr(found)}"
        raise Error(f"{path}: has no scene{what}; end it with scene = Scene(...)")
    return found if found.origin else replace(found, origin=Origin(Path(path).name, source(path), found, place))
