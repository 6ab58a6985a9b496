"""`Scene`, and loading one from its file."""

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import attrs

from animopt.core.errors import Error, UsageError, short_repr
from animopt.core.working_folder import kept_folder
from animopt.publish.notebook import Bundle, Clip, MediaTypes, progress_bar
from animopt.recording.recording import Recording
from animopt.scene import catalog
from animopt.scene.folder_defaults import FolderDefaults, Unset, defaults_of
from animopt.scene.races import check_scene, record_race, title_of
from animopt.scene.render import (
    NOTEBOOK_SIZE,
    check_second,
    notebook_clip,
    notebook_page,
    render_page,
    save_outputs,
)
from animopt.scene.scene_fields import Origin, SceneFields, field_values, user_context
from animopt.scene.scene_file import SceneFolder, run_file, source
from animopt.video.output import VIDEO_SIZE, Output


@attrs.frozen(kw_only=True)
class Scene(SceneFields):
    """Optimizers that race on a function, and the clip that shows the race.

    A notebook displays a scene as its clip.

    Args:
        function: A `Function`, or any callable that takes a tensor (2,) and returns a scalar tensor. With several
            functions, the race is run on each: the clip shows the first race, then how the race ends on the others.
        racers: The optimizers: a list of `Racer`, a `Sweep`, or the result of `tuned`.
        ordered: Whether the racers get the colors of a scale. Default: True for a `Sweep`, False otherwise.
        start: Start (x, y) of the racers that have none of their own. Default: the function's start. If a start is
            outside the function's domain, the domain is widened, with a warning.
        steps: Number of steps of the racers that have no number of their own. Default: 20.
        map: A `StartsMap` or a `SettingsMap`, made with the racer in focus. Default: none.
        swarm: Number of runs of the racer in focus, each with noise and batches of its own, for the overlay and the
            panel "swarm". Default: 0.
        preconditioner: A symmetric and positive definite matrix P, as ((0.1, 0), (0, 2)), for the panel "coordinates",
            which shows the race also at the points √P (x, y). Default: none.
        noise: Standard deviation of Gaussian noise in each component of each gradient. Default: 0.
        batch: Number of rows of the function's data in each step. Default: all rows.
        batch_order: "shuffled" for a new random order in each pass over the rows, or "cyclic" for the rows in their
            order, and after the last row the first one again. Default: "shuffled".
        seed: Seed of the noise and the batches, which are the same for every racer. Default: 0.
        title: A text, or a mapping of texts by language, as {"en": ..., "ko": ...}. Default: the names of the
            optimizers and of the function.
        caption: A text below the title, or a mapping of texts by language. Default: none.
        notes: What the speaker says, a text or a mapping of texts by language, for the notes of a deck and for a
            gallery. Default, also for a language that the mapping lacks: the docstring of the scene file.
        seconds: Length of the clip in seconds. Default: 10.
        theme: "light", "dark" or "print". Default: "light".
        layout: Name of a layout. "multiples" gives each racer a contour plot of its own. Default: "auto", which picks
            a layout by the shape of the picture.
        panels: Names of the panels. Default: those of a race or, with a `map`, those of a map.
        overlays: Names of what is drawn on the contour lines for the racer in focus, and in the layout "multiples" for
            each racer: "anatomy" for the parts of its current step, "direction" for the direction of the function,
            "model" for the quadratic model of the function at the racer, "swarm" for the runs of a `swarm`. Default:
            none.
        focus: Name of the racer whose formula, state and overlays are shown. Default: the first racer.
        azimuth: Azimuth of the camera at the start of the clip in degrees, as in matplotlib. Default: chosen so that
            the surface hides as little of the race as possible, with more weight towards the end.
        elevation: Elevation of the camera in degrees, 10 to 80. Default: chosen in the same way, from 25 to 60.
        turn: Angle in degrees by which the camera turns in the clip, counterclockwise if positive. Default: about 9
            degrees a second, in the direction that hides less; once around in a seamless loop.
        surface: "shaded", or "mesh" for the surface as lines without faces. Default: "shaded".
        view: What the contour shows: "race" for where the racers go, "domain" for the whole domain, or the limits of x
            and y, as ((-2, 2), (-1, 3)). Default: "race".
        loop: "plain", or "seamless" for a clip whose end continues with its beginning. Default: "plain".
        card: Number of seconds for which a title card is shown before the race. Default: 0.
        question: A `Question` that stops the race. Default: none.
        slow: A list of `SlowMotion`. Default: none.
        lang: Language of all words in the clip, as "en" or "ko". A text without this language is shown in English, with
            a warning. Default: "en".
        claims: What the texts say about the race, as `[Arrives("Adam", first=True)]` with the names of
            `animopt.claims`. A claim that the race refutes is a warning. Default: none.
        limits: The `Limits` of one clip. Default: `Limits()`.
        origin: Set by `load_scene`: the file of the scene.

    Raises:
        UsageError: A field cannot be used.

    Examples:
        >>> from animopt import Racer, Scene
        >>> scene = Scene(
        ...     function=lambda x: x[0] ** 2 + x[1] ** 2, racers=[Racer("SGD", lr=0.1)], start=(2, 1), steps=3
        ... )
        >>> scene.record().z.round(3)
        array([[5.   , 3.2  , 2.048, 1.311]])
    """

    def __attrs_post_init__(self) -> None:
        check_scene(self)

    def replace(self, **changes: Any) -> Self:
        """Return the scene with other values of some fields.

        Args:
            **changes: The fields to change, by the names of the constructor's arguments.

        Raises:
            UsageError: A value cannot be used.

        Examples:
            >>> from animopt import Racer, Scene
            >>> scene = Scene(function=lambda x: x[0] ** 2 + x[1] ** 2, racers=[Racer("SGD", lr=0.1)], start=(2, 1))
            >>> scene.replace(seconds=5).seconds
            5
        """
        # The checks of a racer run the user's code.
        with user_context(self):
            return attrs.evolve(self, **changes)

    def record(self) -> Recording:
        """Run the race on the first function.

        Returns:
            The recorded race.

        Raises:
            UsageError: The race exceeds the scene's limits.
            Error: An optimizer or the function fails.
        """
        return record_race(self, self.functions[0])

    def save(
        self,
        *outputs: str | os.PathLike[str] | Output,
        workers: int | Executor | None = None,
        sidecars: Sequence[str] = (),
        recipe: bool = True,
    ) -> None:
        """Render the clip into files.

        Args:
            *outputs: Paths, or `Output`s with a size and a rate.
            workers: Number of processes that draw, 0 for this process alone, or an executor. Default: chosen
                for the machine and the clip. The files are the same for any number.
            sidecars: Files to write beside each clip: any of "poster", "captions", "alt", "markdown", "html" and
                "iframe". Default: none.
            recipe: Whether each file contains the text of the scene file and the settings of its clip. Default: True.

        Raises:
            UsageError: An argument cannot be used, or the clip exceeds the scene's limits.
            Error: A file cannot be written. The other files are written first.
        """
        with kept_folder(), progress_bar(title_of(self), self.lang) as progress:
            list(save_outputs(self, *outputs, workers=workers, progress=progress, sidecars=sidecars, recipe=recipe))

    def still(
        self,
        path: str | os.PathLike[str],
        at: float,
        size: tuple[int, int] = VIDEO_SIZE,
        theme: str | None = None,
        *,
        transparent: bool = False,
        recipe: bool = True,
    ) -> None:
        """Write one frame as PNG, SVG or PDF.

        Args:
            path: Path of the file; its suffix is the format.
            at: Second of the clip.
            size: Size (width, height) in pixels. Default: (1280, 720).
            theme: Name of a theme. Default: the scene's theme.
            transparent: Whether the background is left out. Default: False.
            recipe: Whether the file contains the scene file's text and the settings. Default: True.

        Raises:
            UsageError: An argument cannot be used, or the clip does not have that second.
            Error: The file cannot be written.
        """
        check_second(at, self.seconds)
        render_page(self, path, at, size, theme, transparent=transparent, recipe=recipe)

    def storyboard(
        self,
        path: str | os.PathLike[str],
        size: tuple[int, int] = VIDEO_SIZE,
        theme: str | None = None,
        *,
        transparent: bool = False,
        recipe: bool = True,
    ) -> None:
        """Write six frames of the race on one page, as PNG, SVG or PDF.

        Args:
            path: Path of the file; its suffix is the format.
            size: Size (width, height) of each frame in pixels. Default: (1280, 720).
            theme: Name of a theme. Default: the scene's theme.
            transparent: Whether the background is left out. Default: False.
            recipe: Whether the file contains the scene file's text and the settings. Default: True.

        Raises:
            UsageError: An argument cannot be used.
            Error: The file cannot be written.
        """
        render_page(self, path, None, size, theme, transparent=transparent, recipe=recipe)

    def clip(
        self,
        suffix: str = "gif",
        size: tuple[int, int] = NOTEBOOK_SIZE,
        fps: float | None = None,
        theme: str | None = None,
        workers: int | Executor | None = None,
    ) -> Clip:
        """Return the clip for a notebook, which is rendered when it is first displayed.

        Args:
            suffix: "gif" or "mp4". Default: "gif".
            size: Size (width, height) in pixels. Default: (640, 360).
            fps: Frames per second. Default: 10 for a GIF, 25 for an MP4.
            theme: Name of a theme. Default: the scene's theme.
            workers: As for `save`.

        Returns:
            The clip, which a notebook displays.

        Raises:
            UsageError: An argument cannot be used, or the clip exceeds the scene's limits.
        """
        return notebook_clip(self, suffix, size, fps, theme, workers)

    def live(
        self,
        size: tuple[int, int] = NOTEBOOK_SIZE,
        theme: str | None = None,
        grid: int | None = None,
        max_bytes: int | None = None,
    ) -> Clip:
        """Return the interactive page for a notebook, which is made when it is first displayed.

        Args:
            size: Shape (width, height) of its picture, which is as wide as the notebook. Default: (640, 360).
            theme: Name of a theme. Default: the scene's theme.
            grid: Number of starts along each side of the grid on which a viewer can drop a start. Default: 64, or fewer
                if the page is large.
            max_bytes: Maximum number of bytes of the page. Default: 3 MB.

        Returns:
            The page, which a notebook displays.

        Raises:
            UsageError: An argument cannot be used, or the race exceeds the scene's limits.
        """
        return notebook_page(self, Output("page.html", size, theme=theme, grid=grid, max_bytes=max_bytes))

    @cached_property
    def _shown(self) -> Clip:
        return self.clip()

    def _repr_mimebundle_(self, include: MediaTypes = None, exclude: MediaTypes = None) -> Bundle:
        return self._shown.bundle(repr(self), include)

    def _ipython_display_(self) -> None:
        self._shown.show(repr(self))


@kept_folder()
def load_scene(path: str | os.PathLike[str]) -> Scene:
    """Run a Python file, and return its variable `scene`.

    The file can import the modules beside it, but not those that have the name of an installed module. A file
    `animopt.toml` beside it, in the folder `scenes`, or in the current folder, has defaults for fields that the scene
    does not set.

    Args:
        path: Path of the scene file.

    Returns:
        The scene.

    Raises:
        UsageError: `path` is not a path, or `animopt.toml` has a wrong value.
        Error: The file does not run, or has no scene. The message names the file and the line.
    """
    check_scene_path(path)
    return load_with_defaults(path, defaults_of(Path(path).parent))


def check_scene_path(path: object) -> Path:
    """Return the path of a scene file. Raise UsageError for a value that is not a path."""
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path) or "\0" in os.fspath(path):
        raise UsageError(f"scene file {short_repr(path)}: give a path, as 'my_scene.py'")
    return Path(path)


@kept_folder()
def load_with_defaults(path: str | os.PathLike[str], defaults: FolderDefaults) -> Scene:
    """Run a scene file, and return its scene with defaults for fields that it does not set. Raises as `load_scene`."""
    folder = SceneFolder(Path(path).parent)
    # The file may be saved while it runs.
    text = source(path)
    scene = run_file(path, folder).get("scene")
    if not isinstance(scene, Scene):
        if catalog.is_lecture(Path(path)):
            raise UsageError(f"{path}: is a lecture; render it with animopt lecture {path}")
        found = "" if scene is None else f", but {short_repr(scene)}"
        raise Error(f"{path}: has no scene{found}; end it with scene = Scene(...)")
    if not scene.origin:
        scene = scene.replace(origin=Origin(Path(path).name, text, field_values(scene), folder))
    return apply_defaults(scene, defaults)


def apply_defaults(scene: Scene, defaults: FolderDefaults) -> Scene:
    """Return a scene with the defaults of a folder for the fields that it does not set."""
    unset = {name: each for name, each in defaults.scene_fields.items() if isinstance(getattr(scene, name), Unset)}
    return scene.replace(**unset) if unset else scene
