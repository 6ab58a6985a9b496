"""A recording and a timeline as a sequence of frames."""

import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from inspect import signature
from typing import Any

import attrs

from animopt.core.arrays import Pixels
from animopt.core.errors import UsageError, check_choice
from animopt.core.language import ENGLISH, language
from animopt.drawing.canvas import DRAWING_LOCK, Canvas, Overlay, Panel, Stage, drawing_settings
from animopt.drawing.colors import ordered_theme
from animopt.drawing.fonts import font_remedy, missing_letters, replace_missing
from animopt.drawing.layout import LAYOUTS, PANELS, Box, arrange_panels, choose_layout, panel_names, pixel_unit
from animopt.drawing.mesh import MESHES
from animopt.drawing.text import formula_mathtext, text_source
from animopt.drawing.theme import THEMES, Theme
from animopt.drawing.viewpoint import CameraSweep, choose_sweep
from animopt.drawing.window import View, Window, race_window
from animopt.recording.recording import Recording
from animopt.recording.timeline import Moment, Timeline
from animopt.recording.update_rules import UpdateRule
from animopt.video.frame_sequence import FrameSequence

RACE_PANELS = ("wireframe", "contour", "scoreboard", "multiples")
"""Default panels of a race."""

MAP_PANELS = ("wireframe", "map", "tally")
"""Default panels of a map."""

PANEL_CLASSES: Mapping[str, Any] = {
    name: getattr(import_module(f"animopt.panels.{name}"), name.capitalize()) for name in ("header", *PANELS, "card")
}
"""Panels by name. Each is the class of its own module in `animopt.panels`.

If a panel cannot be drawn without a field of the recording, its `needs` has the field and the problem. If it draws a
quantity of the function that is recorded only for it, its `quantity` has the name. Its `check`
raises UsageError for races that it cannot show.
"""

OVERLAY_CLASSES: Mapping[str, type[Overlay]] = {
    name: getattr(import_module(f"animopt.panels.overlays.{name}"), name.capitalize())
    for name in ("anatomy", "direction", "model", "swarm")
}
"""Overlays by name. Each is the class of its own module in `animopt.panels.overlays`, and may have the same attributes
as a panel."""

OVERLAID_PANELS = "contour", "multiples", "coordinates"
"""Panels on which overlays are drawn."""


@attrs.frozen
class Staging:
    """How a film looks, and the texts in it.

    Args:
        theme: Name of a theme.
        layout: Name of a layout. "auto" selects one by the shape of the picture.
        panels: Names of the panels.
        overlays: Names of the overlays.
        caption: A text below the title.
        question: A text that is shown during the pause of a question.
        focus: Index of the racer whose formula and state are shown.
        azimuth: Azimuth of the camera at the start in degrees, or None for one that hides little of the race.
        elevation: Elevation of the camera in degrees, or None.
        turn: Angle in degrees by which the camera turns in the clip, or None.
        surface: "shaded" or "mesh".
        view: What a contour plot shows: "race", "domain", or the limits of x and of y.
        ordered: Whether the racers have an order, which their colors show.
        colors: Index of each racer's color and marker in the theme. Default: the index of the racer.
        titled: Whether the header contains the title.
        transparent: Whether the background is left out.

    Raises:
        UsageError: A name is unknown.
    """

    theme: str = "light"
    layout: str = "auto"
    panels: tuple[str, ...] = RACE_PANELS
    overlays: tuple[str, ...] = ()
    caption: str = ""
    question: str = ""
    focus: int = 0
    azimuth: float | None = None
    elevation: float | None = None
    turn: float | None = None
    surface: str = "shaded"
    view: View = "race"
    ordered: bool = False
    colors: tuple[int, ...] = ()
    titled: bool = True
    transparent: bool = False

    def __attrs_post_init__(self) -> None:
        check_choice("theme", self.theme, THEMES)
        check_choice("layout", self.layout, ("auto", *LAYOUTS))
        check_choice("surface", self.surface, MESHES)
        for panel in self.panels:
            check_choice("panel", panel, PANELS)
        for overlay in self.overlays:
            check_choice("overlay", overlay, OVERLAY_CLASSES)
        if self.overlays and not set(OVERLAID_PANELS) & set(self.panels):
            raise UsageError(
                f"overlays {list(self.overlays)}: are drawn on contour lines; give panels {OVERLAID_PANELS[0]!r}"
            )
        available = panel_names(self.layout) if self.layout in LAYOUTS else PANELS
        if not self.panels:
            raise UsageError(f"panels (): name at least one of {', '.join(PANELS)}")
        if not set(available) & set(self.panels):
            raise UsageError(
                f"panels {list(self.panels)}: the layout {self.layout!r} has none; use {', '.join(available)}"
            )


class Film(FrameSequence):
    """One or several races as frames. Each frame depends only on its moment.

    Args:
        recording: A recording, or several, which are shown one after the other.
        timeline: Assigns a moment to each second.
        size: Width and height in pixels.
        fps: Frames per second.
        staging: How the film looks.
    """

    def __init__(
        self,
        recording: Recording | Sequence[Recording],
        timeline: Timeline,
        size: tuple[int, int],
        fps: float,
        staging: Staging = Staging(),
    ) -> None:
        super().__init__(timeline, size, fps)
        self._races, self._staging = prepare(recording, staging, timeline)
        self._canvases: dict[int, Canvas] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return Film, (self._races, self.timeline, self.size, self.fps, self._staging)

    @property
    def channels(self) -> int:
        """Number of values of a pixel: 3, or 4 with the opacity of a transparent film."""
        return 4 if self._staging.transparent else 3

    def at(self, second: float, out: Pixels | None = None) -> Pixels:
        """Return the frame at a second of the clip, in the array `out` or a new one."""
        moment = self.timeline.moment(second)
        with DRAWING_LOCK:
            return self.canvas(moment.race).draw(moment, out=out)

    def canvas(self, race: int = 0) -> Canvas:
        """Return the canvas of a race."""
        if race not in self._canvases:
            # A canvas holds many pixels. Only those of the first and the current race are kept.
            self._canvases = {kept: canvas for kept, canvas in self._canvases.items() if kept == 0}
            moments = race_moments(self.timeline, race)
            stage = make_stage(self._races, race, moments, self.size, self._staging)
            self._canvases[race] = Canvas([stage], self.size, transparent=self._staging.transparent)
        return self._canvases[race]


def draw_page(
    recording: Recording | Sequence[Recording],
    timeline: Timeline,
    seconds: Sequence[float],
    size: tuple[int, int],
    staging: Staging,
    suffix: str,
    recipe: str = "",
) -> Pixels | bytes:
    """Return several seconds of a clip as one picture with up to two columns. Each second has `size` pixels.

    Returns pixels (height, width, channels) for the suffix .png, and the bytes of a vector file that contains the
    recipe for .svg and .pdf.
    """
    races, staging = prepare(recording, staging, timeline)
    columns = _columns(len(seconds))
    moments = [timeline.moment(second) for second in seconds]
    stages = [
        make_stage(
            races,
            moment.race,
            race_moments(timeline, moment.race),
            size,
            staging,
            corner=(index % columns * size[0], index // columns * size[1]),
        )
        for index, moment in enumerate(moments)
    ]
    canvas = Canvas(stages, picture_size(size, len(seconds)), transparent=staging.transparent)
    return canvas.draw(*moments) if suffix == ".png" else canvas.vectors(suffix, *moments, recipe=recipe)


def picture_size(size: tuple[int, int], frames: int) -> tuple[int, int]:
    """Return the width and height of a picture with several frames of `size` pixels."""
    columns = _columns(frames)
    return columns * size[0], -(-frames // columns) * size[1]


def _columns(frames: int) -> int:
    return min(2, frames)


def shown_panels(races: Sequence[Recording], size: tuple[int, int], staging: Staging) -> Collection[str]:
    """Return the names of the panels and overlays that a picture of `size` (width, height) shows."""
    _, _, boxes = _arrangement(races, 0, size, staging)
    return {*boxes, *(staging.overlays if set(OVERLAID_PANELS) & boxes.keys() else ())}


def _drawn(staging: Staging) -> dict[str, Any]:
    """Return the classes of panels and overlays by what messages call them."""
    return {f"panel {name!r}": PANEL_CLASSES[name] for name in staging.panels} | {
        f"overlay {name!r}": OVERLAY_CLASSES[name] for name in staging.overlays
    }


def check_panels(staging: Staging, has: Callable[[str], bool]) -> None:
    """Raise UsageError for a panel that needs a field of the recording for which `has` returns False."""
    for name, drawn in _drawn(staging).items():
        field, problem = getattr(drawn, "needs", ("", ""))
        if field and not has(field):
            raise UsageError(f"{name}: {problem}, or leave out {name.partition(' ')[2]}")


def quantities_of(staging: Staging) -> dict[str, str]:
    """Return the names of the quantities that panels and overlays draw, and what messages call one that draws each."""
    return {drawn.quantity: name for name, drawn in _drawn(staging).items() if hasattr(drawn, "quantity")}


def check_mathtexts(texts: Sequence[str], formulas: Sequence[str]) -> None:
    """Raise UsageError for texts, and for formulas of functions, with mathtext that matplotlib cannot draw."""
    with drawing_settings():
        for text in texts:
            text_source(replace_missing(text, ""))
        for formula in filter(None, formulas):
            formula_mathtext(formula)


def prepare(
    recording: Recording | Sequence[Recording], staging: Staging, timeline: Timeline
) -> tuple[list[Recording], Staging]:
    """Return the races, and the staging with the camera's sweep.

    Letters that no font has are replaced by a box, with a warning.

    Raises UsageError for panels that the races do not support.
    """
    races = [recording] if isinstance(recording, Recording) else list(recording)
    check_panels(staging, lambda field: all(getattr(race, field) is not None for race in races))
    for quantity, name in quantities_of(staging).items():
        if any(quantity not in race.quantities for race in races):
            raise UsageError(f"{name}: the race was recorded without its {quantity}; give it to the scene of the race")
    for drawn in _drawn(staging).values():
        if hasattr(drawn, "check"):
            drawn.check(races)
    if "wireframe" in staging.panels:
        turns = (timeline.turn, -timeline.turn) if staging.turn is None else (staging.turn,)
        sweep = choose_sweep(races, timeline.samples, turns, staging.azimuth, staging.elevation)
        staging = attrs.evolve(staging, azimuth=sweep.azimuth, elevation=sweep.elevation, turn=sweep.turn)
    texts = [
        *(staging.caption, staging.question),
        *(text for race in races for text in (race.title, race.caption, race.difference, *race.names, *race.settings)),
    ]
    own_name = language(races[0].language).name
    missing = missing_letters("".join(dict.fromkeys([*texts, own_name])))
    if missing:
        warnings.warn(font_remedy(missing), stacklevel=3)
    # Letters that no font needs to have, as invisible ones, are replaced, too.
    shown = {text: replace_missing(text, missing) for text in texts}
    # If no font can write the name of the language, the words in the picture are English.
    code = ENGLISH if set(own_name) & set(missing) else races[0].language
    if code == races[0].language and all(text == replaced for text, replaced in shown.items()):
        return races, staging
    races = [
        replace(
            race,
            language=code,
            title=shown[race.title],
            caption=shown[race.caption],
            difference=shown[race.difference],
            names=tuple(shown[name] for name in race.names),
            settings=tuple(shown[text] for text in race.settings),
        )
        for race in races
    ]
    return races, attrs.evolve(staging, caption=shown[staging.caption], question=shown[staging.question])


def race_moments(timeline: Timeline, race: int) -> list[Moment]:
    """Return evenly spaced moments of a clip at which it shows a race."""
    return [moment for moment in timeline.samples if moment.race == race]


def make_stage(
    races: Sequence[Recording],
    race: int,
    moments: Sequence[Moment],
    size: tuple[int, int],
    staging: Staging,
    *,
    corner: tuple[int, int] = (0, 0),
    whole: tuple[int, int] | None = None,
) -> Stage:
    """Return one of the races with the panels that show it in a rectangle of a picture.

    Args:
        races: All races that share their axes.
        race: Index of the race.
        moments: Evenly spaced moments of the clip.
        size: Width and height of the rectangle in pixels.
        staging: How the race looks.
        corner: Distances of the rectangle from the left and the upper edge of the picture in pixels.
        whole: Width and height of the picture, for which texts are large enough. Default: those of the rectangle.
    """
    recording = races[race]
    theme, window, boxes = _arrangement(races, race, size, staging, whole)
    theme = replace(racers_theme(theme, staging, len(recording.names)), right=corner[0] + size[0])
    boxes["card"] = Box(0, 0, *size)
    # A panel's constructor names the values that it needs.
    values = {
        "caption": staging.caption,
        "question": staging.question,
        "titled": staging.titled,
        "racer": staging.focus,
        "motion": bool({"formula", "state"} & boxes.keys()) and bool(recording.names),
        "explain_motion": "contour" in boxes and "state" not in boxes,
        "sweep": CameraSweep(staging.azimuth or 0.0, staging.turn or 0.0, staging.elevation or 0.0),
        "surface": staging.surface,
        "moments": moments,
        "races": races,
        "side": min(size),
        "window": window,
        "overlays": tuple(OVERLAY_CLASSES[name]() for name in staging.overlays),
    }
    panels: dict[str, Panel] = {}
    for name in boxes:
        panel = PANEL_CLASSES[name]
        panels[name] = panel(**{each: values[each] for each in values.keys() & signature(panel).parameters})
    boxes = {name: replace(box, left=box.left + corner[0], top=box.top + corner[1]) for name, box in boxes.items()}
    return Stage(recording, panels, boxes, theme)


def racers_theme(theme: Theme, staging: Staging, racers: int) -> Theme:
    """Return a theme with the colors and the markers of a number of racers."""
    if staging.ordered:
        return ordered_theme(theme, racers)
    return theme.with_colors(staging.colors) if staging.colors else theme


def _arrangement(
    races: Sequence[Recording],
    race: int,
    size: tuple[int, int],
    staging: Staging,
    whole: tuple[int, int] | None = None,
) -> tuple[Theme, Window, dict[str, Box]]:
    """Return the theme of a picture of a race, the window of its contour plots, and the box of each panel."""
    recording = races[race]
    theme = THEMES[staging.theme].scaled(pixel_unit(*size), whole or size)
    window = race_window(races, race, staging.view)
    boxes = arrange_panels(
        size,
        theme,
        choose_layout(staging.layout, size, staging.panels),
        staging.panels,
        recording.surface.aspect,
        len(recording.names),
        staging.titled,
        window.aspects,
        len(UpdateRule(recording, staging.focus).lines) if "formula" in staging.panels else 0,
    )
    return theme, window, boxes
