"""A map: where each start leads, or how low each pair of settings comes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from animopt.core.number_format import format_power, format_setting
from animopt.drawing.artists import Sheet, Stamp, chip
from animopt.drawing.colors import blend
from animopt.drawing.contour_map import paint_ground, style_ticks, tick_room
from animopt.drawing.map_colors import (
    LEVELS,
    STRIPES,
    VEIL,
    bands,
    bytes_of,
    letter,
    loss_colours,
    loss_scale,
    shades,
    stripes,
)
from animopt.drawing.mpl import Affine2D, Artist, Axes, FixedFormatter, FixedLocator, MaxNLocator, Path
from animopt.drawing.panel import Move
from animopt.drawing.text import text_width
from animopt.drawing.theme import Theme
from animopt.recording.map_results import DIVERGED, UNDECIDED, Basins, Losses
from animopt.recording.recording import Recording
from animopt.recording.timeline import Moment

SAMPLES = 3
"""Samples of a basin's colour along each side of a pixel, so that edges are smooth."""

CHIP, CHIP_LEAST = 10.5, 0.8
"""The radius of the disc behind a minimum's letter, in pixels of a 1280 × 720 picture and at least in type sizes."""

BEST = 9.0
"""The radius of the ring around the best settings."""


@final
@dataclass(frozen=True)
class Map:
    """The recording's map, which fills in as the steps go by."""

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Paint the ground and the axes; the map itself moves."""
        match recording.map:
            case Basins() as basins:
                paint_ground(axes, recording.surface, theme, levels=18)
                return _basins(axes, basins, theme)
            case Losses() as losses:
                return _losses(axes, losses, theme)
        axes.set_axis_off()
        return lambda moment: ()


def _basins(axes: Axes, basins: Basins, theme: Theme) -> Move:
    sheet = Sheet(axes, animated=True)
    pixels, since = _picture(basins, theme, sheet.shape)
    opaque = pixels[..., 3].copy()
    chips = _chips(axes, basins, theme)

    def move(moment: Moment) -> Sequence[Artist]:
        pixels[..., 3] = np.where(since <= moment.step, opaque, 0)
        return [sheet.lay(pixels), *chips]

    return move


def _picture(basins: Basins, theme: Theme, shape: tuple[int, int]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The map after the last step (height, width, 4), and from which step on each pixel of it is seen."""
    edges = bands(basins)
    ends = [shades(theme, theme.hue(minimum), len(edges) + 1) for minimum in range(len(basins.minima))]
    # What has no minimum counts from the end.
    ends += [[blend(theme.background, theme.ink, sum(STRIPES) / 2)] * (len(edges) + 1)]
    ends += [[blend(theme.low, theme.high, 0.5)] * (len(edges) + 1)]
    colours_of = np.array([[bytes_of(colour) for colour in each] for each in ends])
    cells = colours_of[basins.minimum, np.searchsorted(edges, basins.step, side="left")].astype(np.uint16)
    colours = np.zeros((*shape, 3), dtype=np.uint16)
    for vertical in range(SAMPLES):
        rows = _cells(shape[0], len(cells), vertical)[::-1, None]
        for horizontal in range(SAMPLES):
            colours += cells[rows, _cells(shape[1], cells.shape[1], horizontal)]
    centre = (_cells(shape[0], len(cells), SAMPLES // 2)[::-1, None], _cells(shape[1], cells.shape[1], SAMPLES // 2))
    outcome = basins.minimum[centre]
    pixels = np.empty((*shape, 4), dtype=np.uint8)
    pixels[..., :3] = np.where((outcome == DIVERGED)[..., None], stripes(theme, shape), colours // SAMPLES**2)
    pixels[..., 3] = np.where(outcome == UNDECIDED, 0, round(255 * VEIL))
    return pixels, basins.step[centre]


def _cells(pixels: int, cells: int, sample: int) -> NDArray[np.int64]:
    """In which cell a sample of each pixel lies, along one side."""
    return ((np.arange(pixels) * SAMPLES + sample) * cells) // (pixels * SAMPLES)


def _chips(axes: Axes, basins: Basins, theme: Theme) -> list[Artist]:
    """The minima's letters on discs, as many as do not touch."""
    radius = max(theme.px(CHIP), CHIP_LEAST * theme.smallest)
    places = axes.transData.transform(basins.minima[:, :2])
    shown: list[int] = []
    for minimum, place in enumerate(places):
        if all(np.hypot(*(place - places[other])) > 2 * radius for other in shown):
            shown.append(minimum)
    return [
        artist
        for minimum in shown
        for artist in chip(axes, theme, basins.minima[minimum, :2], letter(minimum), theme.hue(minimum), radius)
    ]


def _losses(axes: Axes, losses: Losses, theme: Theme) -> Move:
    _axes_of_settings(axes, losses, theme)
    under, sheet = Sheet(axes, animated=False), Sheet(axes, animated=True)
    opaque = np.full((*sheet.shape, 1), 255, dtype=np.uint8)
    under.lay(np.concatenate([stripes(theme, sheet.shape), opaque], axis=-1))
    height, width = losses.loss.shape[1:]
    cells = _cells(sheet.shape[0], height, SAMPLES // 2)[::-1, None], _cells(sheet.shape[1], width, SAMPLES // 2)
    scale = loss_scale(losses)
    # One number a colour, and nothing at all for what has diverged.
    colours = np.array([[*bytes_of(colour), 255] for colour in loss_colours(theme)] + [[0] * 4], dtype=np.uint8)
    packed = colours.view(np.uint32)[:, 0]
    radius = max(theme.px(BEST), 0.6 * theme.smallest)
    ring = Path.unit_regular_polygon(48).transformed(Affine2D().scale(radius))
    rings = [
        Stamp(axes, ring, fill=False, edgecolor=colour, linewidth=theme.trail(width), animated=True)
        for colour, width in ((theme.background, 5), (theme.ink, 2.2))
    ]

    def move(moment: Moment) -> Sequence[Artist]:
        loss = losses.loss[int(moment.step)]
        levels = np.where(np.isnan(loss), LEVELS, np.rint(scale.parts(np.nan_to_num(loss)) * (LEVELS - 1)))
        pixels = packed[levels.astype(np.intp)][cells]
        sheet.lay(pixels.view(np.uint8).reshape(*sheet.shape, 4))
        best = losses.best(moment.step) if moment.step >= 1 else None
        place = np.array([[best[1] + 0.5, best[0] + 0.5]] if best else np.empty((0, 2)))
        return [sheet, *(ring.place(place) for ring in rings)]

    return move


def _axes_of_settings(axes: Axes, losses: Losses, theme: Theme) -> None:
    """Name the settings and a few of their values beside the cells, which are one wide and one high."""
    height, width = losses.loss.shape[1:]
    axes.set(xlim=(0, width), ylim=(0, height), autoscale_on=False)
    style_ticks(axes, theme)
    name = axes.annotate(
        losses.names[0],
        (1, 0),
        xycoords="axes fraction",
        xytext=(0, -theme.px(6)),
        textcoords="offset pixels",
        fontsize=theme.text(14),
        color=theme.ink,
        ha="right",
        va="top",
    )
    axes.annotate(
        losses.names[1],
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, theme.px(7)),
        textcoords="offset pixels",
        fontsize=theme.text(14),
        color=theme.ink,
    )
    across, up = tick_room(axes, theme)
    # The setting's own name takes the place of the last value.
    free = width * (1 - (text_width(name) + 3 * theme.text(13)) / axes.get_window_extent().width)
    # The lowest value would stand on the toes of the other axis's first.
    least = height * theme.text(13) / axes.get_window_extent().height
    for axis, values, most, first, last in (
        (axes.xaxis, losses.values[0], across + 2, 0, free),
        (axes.yaxis, losses.values[1], up + 2, least, height),
    ):
        marks = {place: word for place, word in _ticks(values, most).items() if first <= place <= last}
        axis.set_major_locator(FixedLocator(list(marks)))
        axis.set_major_formatter(FixedFormatter(list(marks.values())))


def _ticks(values: Sequence[Any], most: int) -> dict[float, str]:
    """Labels for at most so many of a setting's values or of those between them, by their places in cells."""
    centres = np.arange(len(values)) + 0.5
    numeric = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
    if not numeric or len(values) <= most or (np.diff(values) <= 0).any():
        each = -(-len(values) // most)
        return {
            float(centre): format_setting(value) for centre, value in list(zip(centres, values, strict=True))[::each]
        }
    if values[0] > 0 and values[-1] / values[0] >= 50:
        decades = np.arange(np.ceil(np.log10(values[0]) - 1e-9), np.floor(np.log10(values[-1]) + 1e-9) + 1)
        decades = decades[:: -(-len(decades) // most)]
        places = np.interp(decades, np.log10(values), centres)
        return {float(place): format_power(int(decade)) for place, decade in zip(places, decades, strict=True)}
    ticks = MaxNLocator(most - 1, steps=[1, 2, 2.5, 5, 10]).tick_values(values[0], values[-1])
    ticks = ticks[(values[0] <= ticks) & (ticks <= values[-1])]
    return {
        float(place): format_setting(tick)
        for place, tick in zip(np.interp(ticks, values, centres), ticks.tolist(), strict=True)
    }
