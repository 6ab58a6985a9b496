"""A race as the values from which an interactive page draws it.

They are those from which matplotlib draws the clip's frame: boxes, limits, ticks and contour lines are read from its
axes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

import animopt.drawing.theme as theme_module
from animopt.core.arrays import Array
from animopt.core.language import language
from animopt.core.number_format import LARGEST, SMALLEST, format_power
from animopt.drawing import artists, curves, entries, geometry, labels, mesh
from animopt.drawing.canvas import Axes, drawing_settings
from animopt.drawing.colors import blend, contour_ground, legible
from animopt.drawing.entries import Form, choose_form, extra_width
from animopt.drawing.fonts import font_family
from animopt.drawing.loss_curves import fit_axis
from animopt.drawing.mpl import ContourSet, Figure, FontProperties, Path, TextPath
from animopt.drawing.text import formula_mathtext, max_width, without_common_prefix
from animopt.drawing.theme import THEMES, Theme
from animopt.drawing.viewpoint import HEIGHT, MAX_HEIGHT, ScaledSurface
from animopt.panels import contour, scoreboard, wireframe
from animopt.panels.contour import Contour
from animopt.publish.slides import plain_text
from animopt.recording.recording import PIECES, Recording, Surface, SurfacePath
from animopt.recording.results import Results
from animopt.recording.sentences import remarks
from animopt.recording.timeline import Timeline, frame_count
from animopt.video.film import Staging, make_stage, prepare, racers_theme

PANELS = ("wireframe", "contour", "scoreboard")
"""Panels of a page."""

SIZES = (1280, 720), (768, 880), (360, 590), (640, 320)
"""Sizes (width, height) in pixels of the pictures of which a page shows the one that fits the window best."""

PAGE_THEMES = ("light", "dark")
"""Themes of every page. A page also has the theme of its scene."""

FPS = 25
"""Moments per second of the clip that a page has. Between them it interpolates."""

MAX_FACES = 2400
"""Maximum number of faces of the surface, which a browser draws in less than the time of a frame."""

MAX_SAMPLES = 121
"""Maximum number of samples of the surface along each side."""

HEIGHT_STEPS = 65_534
"""Number of steps in which the heights of the surface are stored. The next number is for no height."""

LARGEST_POSITION = 1e38
"""Absolute value of a coordinate from which on a point is not stored. It is out of view."""

POSITION_PART = 1e-5
"""Maximum error of a position, as a fraction of the side of the domain."""

VALUE_PART = 1e-6
"""Maximum relative error of a loss, and of the distance of a point that is not in the domain."""

SUBPIXELS = 16
"""Number of steps in a pixel in which the points of contour lines are stored."""

SEPARATOR = 32_767
"""Coordinates between two contour lines."""

OUTLINE_SIZE = 100.0
"""Size in pixels at which outlines are made, before they are scaled to one pixel."""


def page_staging(staging: Staging) -> Staging:
    """Return how the race looks on a page, from how it looks in the scene's clip."""
    return attrs.evolve(staging, layout="auto", panels=PANELS, overlays=(), question="", transparent=False)


def race_values(
    recording: Recording | Sequence[Recording], timeline: Timeline, staging: Staging, alt: str
) -> dict[str, Any]:
    """Return the values of a page that shows the first race of a clip, by name, with arrays for long ones.

    Args:
        recording: A recording, or several, of which the page shows the first one.
        timeline: The clip's.
        staging: How the clip looks, with the panels of `page_staging`.
        alt: The alt text of the page.
    """
    races, staging = prepare(recording, staging, timeline)
    race, results = races[0], Results(races[0], races)
    racers, words = len(race.names), language(race.language)
    scaled = ScaledSurface(race.surface)
    themes = {
        name: racers_theme(THEMES[name], staging, racers) for name in dict.fromkeys([staging.theme, *PAGE_THEMES])
    }
    timeline = page_timeline(timeline)
    moments = [timeline.moment(frame / FPS) for frame in range(frame_count(timeline.seconds, FPS) + 1)]
    return {
        "lang": race.language,
        "title": plain_text(race.title),
        "formulaOutline": _formula_outline(race.formula),
        "alt": plain_text(alt),
        "theme": staging.theme,
        "racers": [
            {
                "name": plain_text(race.names[racer]),
                "settings": plain_text(race.settings[racer]),
                "steps": int(race.steps[racer]),
                "shape": _marker_shape(themes[staging.theme].marker(racer)),
            }
            for racer in range(racers)
        ],
        "domain": [race.surface.low.tolist(), race.surface.high.tolist()],
        "minima": [point for point in race.minima.tolist() if np.isfinite(point).all()],
        "winner": race.winner,
        "heading": results.heading,
        "clock": results.clock,
        "gaps": results.gaps,
        "last": race.last_step,
        "axis": {**vars(fit_axis(results)), "levels": results.higher_levels.tolist()},
        "column": vars(results.column),
        "numbers": {"separators": words.digits("-,."), "smallest": SMALLEST, "largest": LARGEST},
        "clip": {
            "fps": FPS,
            "step": _single([moment.step for moment in moments]),
            "turned": _single([moment.turned for moment in moments]),
            "hold": _single([moment.hold_progress for moment in moments]),
        },
        "sweep": {"azimuth": staging.azimuth, "turn": staging.turn, "elevation": staging.elevation},
        "surface": _surface_values(scaled, race),
        "shading": {
            "light": mesh.LIGHT.tolist(),
            "highlight": mesh.HIGHLIGHT.tolist(),
            "squarings": mesh.HIGHLIGHT_SQUARINGS,
            "glass": mesh.GLASS,
            "depths": mesh.DEPTHS,
            "lineOpacities": mesh.LINE_OPACITIES,
        },
        "sizes": _sizes(),
        "themes": {name: _theme_values(theme, racers) for name, theme in themes.items()},
        "layouts": [_layout_values(races, size, staging) for size in SIZES],
        "paths": [_path_values(path, race.surface) for path in race.paths],
        "training": [None if path is None else _path_values(path, race.surface) for path in race.training],
        "box": None if race.box is None else _points(race.box.xyz, race.surface),
        "xy": _points(np.where(np.abs(race.xy) < LARGEST_POSITION, race.xy, np.nan), race.surface),
        "values": _compact(results.values, VALUE_PART * np.abs(results.values)),
        "lost": _lost(race),
        "events": [[each.step, f"{each.text}."] for each in remarks(race)],
    }


def page_timeline(timeline: Timeline) -> Timeline:
    """Return the timeline of a clip that shows only its first race, without card and question."""
    pause = timeline.question.seconds if timeline.question else 0.0
    seconds = timeline.seconds - timeline.card - pause
    return replace(timeline, seconds=seconds, loop="plain", card=0.0, question=None, races=1)


def _path_values(path: SurfacePath, surface: Surface) -> dict[str, Any]:
    return {"step": _single(path.step), "xyz": _points(path.xyz, surface)}


def _points(points: Array, surface: Surface) -> NDArray[np.floating]:
    """Return points (..., 2), or with losses (..., 3), as they are stored."""
    apart = np.abs(points[..., :2] - (surface.low + surface.high) / 2)
    flat = np.maximum(POSITION_PART * (surface.high - surface.low), VALUE_PART * apart)
    height = VALUE_PART * (np.abs(points[..., 2:]) + np.ptp(surface.z[np.isfinite(surface.z)]))
    return _compact(points, np.concatenate([flat, height], axis=-1))


def _compact(values: Array, tolerance: Array) -> NDArray[np.floating]:
    """Return numbers in single precision, or all in double precision if one would have a larger error."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        single = _single(values)
        return values if (np.abs(single - values) > tolerance).any() else single


def _single(values: ArrayLike) -> NDArray[np.float32]:
    return np.asarray(values, dtype=np.float32)


def _lost(race: Recording) -> NDArray[np.uint8]:
    """Return why each racer is out of view after each step, (racers, steps + 1): 0 not, 1 it left, 2 it diverged."""
    diverged = np.maximum.accumulate(~np.isfinite(race.z), axis=1)
    return np.where(diverged, 2, np.where(race.in_view, 0, 1)).astype(np.uint8)


def _marker_shape(marker: str) -> Array:
    """Return the outline of a marker for a size of one pixel, (points, 2). The second coordinate points up."""
    (outline,) = artists.head_shape(marker, OUTLINE_SIZE).to_polygons()
    return _single(np.asarray(outline) / OUTLINE_SIZE)


def _surface_values(scaled: ScaledSurface, race: Recording) -> dict[str, Any]:
    field = scaled.field
    stride = -(-(max(field.z.shape) - 1) // (MAX_SAMPLES - 1))
    coarse = geometry.HeightField(field.half, field.z[::stride, ::stride])
    faces = mesh.face_grid(coarse, mesh.MAX_ERROR, MAX_FACES)
    heights = scaled.heights
    steps = np.rint((coarse.z / HEIGHT + 0.5) * HEIGHT_STEPS)
    return {
        "half": field.half.tolist(),
        "middle": scaled.middle.tolist(),
        "scale": scaled.scale.tolist(),
        "low": heights.low,
        "high": heights.high,
        "knee": None if np.isinf(heights.knee) else heights.knee,
        "nonlinear": heights.is_nonlinear,
        "height": HEIGHT,
        "maxHeight": MAX_HEIGHT,
        "steps": HEIGHT_STEPS,
        "field": np.where(np.isfinite(steps), steps, HEIGHT_STEPS + 1).astype(np.uint16),
        "faceRows": faces.rows.tolist(),
        "faceColumns": faces.columns.tolist(),
        "normals": np.rint(127 * faces.normals).astype(np.int8),
        "lineRows": faces.strides[0],
        "lineColumns": faces.strides[1],
        "floor": _single(wireframe.floor_lines(race.surface, scaled)),
        "distance": geometry.DISTANCE,
        "raySamples": geometry.RAY_SAMPLES,
        "clearance": geometry.CLEARANCE,
        "minDepth": geometry.MIN_DEPTH,
        "pieces": PIECES,
    }


def _sizes() -> dict[str, float]:
    """Return the lengths, in pixels of a picture of 1280 × 720, the minima in pixels, and fractions, by name."""
    return {
        "minTrail": theme_module.MIN_TRAIL_WIDTH,
        "noteText": theme_module.NOTE_TEXT,
        "tickText": theme_module.TICK_TEXT,
        "labelText": theme_module.LABEL_TEXT,
        "headingText": theme_module.HEADING_TEXT,
        "head": artists.HEAD_SIZE,
        "minHead": artists.MIN_HEAD,
        "plotHead": artists.PLOT_HEAD,
        "entryHead": artists.ENTRY_HEAD,
        "headEdge": artists.HEAD_EDGE,
        "minHeadEdge": artists.MIN_HEAD_EDGE,
        "trail": artists.TRAIL_WIDTH,
        "trailCell": artists.TRAIL_CELL,
        "plotTrail": artists.PLOT_TRAIL,
        "step": artists.STEP_SIZE,
        "casing": artists.CASING,
        "box": artists.BOX_WIDTH,
        "oldWidth": artists.OLD_WIDTH,
        "oldOpacity": artists.OLD_OPACITY,
        "minOpacity": artists.MIN_OPACITY,
        "faintWidth": artists.FAINT_WIDTH,
        "faintOpacity": artists.FAINT_OPACITY,
        "emphasisPart": artists.EMPHASIS_PART,
        "contourLine": artists.LEVEL_WIDTH,
        "minContourLine": artists.MIN_LEVEL_WIDTH,
        "rule": artists.RULE,
        "minRule": artists.MIN_RULE,
        "tickGap": artists.TICK_GAP,
        "headingGap": artists.HEADING_GAP,
        "minimum": contour.MINIMUM_SIZE,
        "start": contour.START_SIZE,
        "mark": contour.MARK_WIDTH,
        "recentPart": geometry.RECENT_PART,
        "minRecentSteps": geometry.MIN_RECENT_STEPS,
        "meshLine": mesh.LINE_WIDTH,
        "minMeshLine": mesh.MIN_LINE_WIDTH,
        "outline": mesh.OUTLINE_WIDTH,
        "minOutline": mesh.MIN_OUTLINE_WIDTH,
        "floorLine": wireframe.FLOOR_WIDTH,
        "minFloorLine": wireframe.MIN_FLOOR_WIDTH,
        "hiddenWidth": wireframe.HIDDEN_WIDTH,
        "labelGap": labels.GAP,
        "labelPadding": labels.PADDING,
        "labelOpacity": labels.BACKING_OPACITY,
        "arrowLength": curves.ARROW_LENGTH,
        "arrowWidth": curves.ARROW_WIDTH,
        "minArrowLength": curves.MIN_ARROW_LENGTH,
        "minArrowWidth": curves.MIN_ARROW_WIDTH,
        "emphasis": curves.EMPHASIS,
        "receding": curves.RECEDING_OPACITY,
        "leader": scoreboard.LEADER_WIDTH,
        "minLeader": scoreboard.MIN_LEADER_WIDTH,
        "leaderOpacity": scoreboard.LEADER_OPACITY,
        "winnerSize": entries.WINNER_SIZE,
        "entryLine": entries.LINE,
        "entryIndent": entries.INDENT,
        "entryGap": entries.GAP,
    }


def _theme_values(theme: Theme, racers: int) -> dict[str, Any]:
    """Return the colors of a theme, and those of each racer."""
    hues = [theme.hue(racer) for racer in range(racers)]
    return {
        "background": theme.background,
        "ink": theme.ink,
        "muted": theme.muted,
        "rule": theme.rule,
        "mesh": theme.mesh,
        "valley": theme.valley,
        "peak": theme.peak,
        "ambient": theme.ambient,
        "diffuse": theme.diffuse,
        "gloss": theme.gloss,
        "floor": blend(theme.background, theme.level, wireframe.FLOOR_OPACITY),
        "outline": blend(theme.background, theme.mesh, mesh.OUTLINE_OPACITY),
        "labelGround": contour_ground(theme),
        "hues": hues,
        "texts": [legible(theme, hue) for hue in hues],
        "hidden": [blend(theme.background, hue, wireframe.HIDDEN_TRAIL) for hue in hues],
        "tints": artists.contour_tints(theme, Contour.levels),
        "levels": artists.contour_hues(theme, Contour.levels),
    }


def _layout_values(races: Sequence[Recording], size: tuple[int, int], staging: Staging) -> dict[str, Any]:
    """Return the boxes, limits, ticks, texts and contour lines of a picture, as matplotlib places them."""
    race = races[0]
    # Without moments, no names beside the heads are planned: the page places them itself.
    stage = make_stage(races, 0, (), size, staging)
    figure = Figure(figsize=(size[0] / 72, size[1] / 72), dpi=72)
    with drawing_settings():
        stage.paint(figure)
        found: dict[str, Any] = {}
        for axes in figure.axes:
            found[str(axes.get_label())] = axes
            found |= {str(inset.get_label()): inset for inset in axes.child_axes}
        for axes in found.values():
            axes.apply_aspect()
        theme, plan, board = stage.theme, found["contour"], found["scoreboard"]
        fills, lines = (each for each in plan.get_children() if isinstance(each, ContourSet))
        plot, names = found.get("curves"), race.names
        room = board.get_window_extent()
        results = Results(race, races)
        form = choose_form(board, theme, results, (room.width, room.height))
        label = theme.text(theme_module.LABEL_TEXT)
        if max_width(board, names, label) > labels.MAX_WIDTH * label:
            names = tuple(without_common_prefix(names))
        boxes = {
            name: _box(axes, size) for name, axes in found.items() if name in ("header", *PANELS, "curves", "standings")
        }
        if form:
            # After a dropped start, a racer can come nearer to the minimum than any one of the clip.
            extra = extra_width(board, results, form, results.least)
            form = replace(form, column=form.column + extra)
            boxes["curves"][2] -= extra
        return {
            "size": size,
            "unit": theme.unit,
            "minText": theme.min_text,
            "boxes": boxes,
            "view": {"x": found["wireframe"].get_xlim(), "y": found["wireframe"].get_ylim()},
            "window": [each.tolist() for each in artists.corners_of(plan)],
            "ticks": _ticks(plan),
            "offsets": _offsets(plan),
            "lossTicks": _ticks(plot) if plot else {"x": [], "y": []},
            "lossOffset": _offsets(plot)["y"] if plot else "",
            "header": _header_values(found["header"], race, size),
            "labels": [plain_text(name) for name in names],
            "entries": None if form is None else _entry_values(form),
            "fills": _contour_points(plan, fills, size),
            "lines": _contour_points(plan, lines, size),
        }


def _entry_values(form: Form) -> dict[str, Any]:
    """Return the form of the entries of the scoreboard."""
    return {
        "size": form.size,
        "small": form.small,
        "names": [plain_text(name) for name in form.names],
        "settings": [plain_text(settings) for settings in form.settings],
        "beside": form.beside,
        "brief": form.brief,
        "column": form.column,
        "aside": form.aside,
    }


def _header_values(axes: Axes, race: Recording, size: tuple[int, int]) -> dict[str, Any]:
    """Return the words, the left end of the baseline and the type size of the title, the formula and the caption.

    The step has the right end of its baseline.
    """
    left, top, *_ = _box(axes, size)
    step, *texts = axes.texts
    formula = formula_mathtext(race.formula) if race.formula else ""
    found: dict[str, Any] = {"title": None, "formula": None, "caption": None}
    for text in [step, *texts]:
        x, y = text.get_position()
        name = "title" if text.get_fontweight() == "bold" else "formula" if text.get_text() == formula else "caption"
        words = text.get_text().split("\n")
        if text.get_visible() and any(words):
            found["step" if text is step else name] = {
                "lines": [plain_text(each) for each in words],
                "x": left + x,
                "y": top + y,
                "size": float(text.get_fontsize()),
            }
    return found


def _formula_outline(formula: str) -> str:
    """Return the outline of a formula as the data of an SVG path for a type size of one pixel, or "" for none."""
    if not formula:
        return ""
    with drawing_settings():
        # With a size of one, the distances within the formula would be rounded.
        path = TextPath((0, 0), formula_mathtext(formula), size=OUTLINE_SIZE, prop=FontProperties(family=font_family()))
    commands = {1: "M", 2: "L", 3: "Q", 4: "C"}
    parts = []
    for points, code in path.iter_segments(simplify=False, curves=True):
        if code == Path.CLOSEPOLY:
            parts.append("Z")
        else:
            scaled = np.asarray(points).reshape(-1, 2) * [1, -1] / OUTLINE_SIZE
            parts.append(commands[int(code)] + " ".join(f"{each:.3f}" for each in scaled.ravel()))
    return "".join(parts)


def _box(axes: Axes, size: tuple[int, int]) -> list[float]:
    """Return the left, the top, the width and the height of an axes in pixels from the picture's upper left."""
    box = axes.get_window_extent()
    return [float(each) for each in (box.x0, size[1] - box.y1, box.width, box.height)]


def _ticks(axes: Axes) -> Mapping[str, Sequence[tuple[float, str]]]:
    """Return the value and the label of each tick that an axes shows, along x and y."""
    found = {}
    for name, axis, shown, limits in (
        ("x", axes.xaxis, "labelbottom", axes.get_xlim()),
        ("y", axes.yaxis, "labelleft", axes.get_ylim()),
    ):
        places = [float(each) for each in axis.get_majorticklocs()]
        texts = axis.get_major_formatter().format_ticks(places)
        labeled = axis.get_tick_params().get(shown, True)
        low, high = sorted(limits)
        found[name] = [
            (place, _tick_text(place, text) if labeled else "")
            for place, text in zip(places, texts, strict=True)
            if low <= place <= high
        ]
    return found


def _offsets(axes: Axes) -> dict[str, str]:
    """Return what is to be added to or multiplied with the tick labels along x and y, "" for nothing.

    The formatters know it after they have written the labels.
    """
    return {name: getattr(axes, f"{name}axis").get_major_formatter().get_offset() for name in ("x", "y")}


def _tick_text(place: float, text: str) -> str:
    """Return the label of a tick. A power of ten has no mathtext."""
    return format_power(round(np.log10(place))) if "$" in text else text


def _contour_points(axes: Axes, contours: Any, size: tuple[int, int]) -> list[NDArray[np.int16]]:
    """Return the points (points, 2) of each level of contours, in steps of a pixel from the picture's upper left."""
    found = []
    for path in contours.get_paths():
        parts = [np.full((0, 2), SEPARATOR, dtype=np.int16)]
        # In pixels, because points are left out that are nearer than a ninth of a unit to the line between others.
        for part in path.to_polygons(axes.transData, closed_only=False):
            pixels = np.asarray(part)
            pixels[:, 1] = size[1] - pixels[:, 1]
            steps = np.rint(pixels * SUBPIXELS).astype(np.int16)
            moved = np.append(True, (np.diff(steps, axis=0) != 0).any(axis=1))
            parts += [steps[moved], np.full((1, 2), SEPARATOR, dtype=np.int16)]
        found.append(np.concatenate(parts))
    return found
