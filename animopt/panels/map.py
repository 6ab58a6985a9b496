"""A map: where each start leads, or how low the loss is for each pair of settings."""

from collections.abc import Sequence
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from animopt.core.number_format import format_power, format_setting
from animopt.drawing.artists import Markers, PixelImage, add_heading, draw_contours, style_ticks, tick_counts
from animopt.drawing.badges import minimum_badges
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.colors import (
    BASIN_OPACITY,
    LOSS_COLORS,
    STRIPE_TINTS,
    band_tints,
    blend,
    color_bytes,
    contour_ground,
    loss_colors,
    loss_scale,
    step_bands,
    stripes,
)
from animopt.drawing.mpl import Affine2D, MaxNLocator, Path
from animopt.drawing.text import text_width
from animopt.drawing.window import race_window
from animopt.recording.recording import DIVERGED, UNDECIDED, Basins, Losses

SAMPLES = 3
"""Number of samples of a basin's color along each side of a pixel, so that edges are smooth."""


@final
class Map:
    """The recording's map, which fills in with the steps."""

    needs: ClassVar = "map", "the scene has none; give it one, as map=StartsMap()"
    """Field of the recording that the panel needs, and the problem if it is None."""

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the contour lines or the axes of the settings. The map itself moves."""
        match recording.map:
            case Basins() as basins:
                draw_contours(axes, recording.surface, race_window([recording], 0, "domain"), theme, levels=18)
                return _draw_basins(axes, basins, theme)
            case Losses() as losses:
                return _draw_losses(axes, losses, theme)
        axes.set_axis_off()
        return lambda moment: ()


def _draw_basins(axes: Axes, basins: Basins, theme: Theme) -> Move:
    image = PixelImage(axes, animated=True)
    pixels, since = _final_pixels(basins, theme, image.shape)
    opacity = pixels[..., 3].copy()
    badges = minimum_badges(axes, theme, basins.minima[:, :2], [theme.hue(each) for each in range(len(basins.minima))])

    def move(moment: Moment) -> Artists:
        pixels[..., 3] = np.where(since <= moment.step, opacity, 0)
        return [image.set_pixels(pixels), *badges]

    return move


def _final_pixels(basins: Basins, theme: Theme, shape: tuple[int, int]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the map after the last step (height, width, 4), and the step at which each pixel appears."""
    edges = step_bands(basins)
    count = len(edges) + 1
    tints = [
        *(band_tints(theme, theme.hue(minimum), count) for minimum in range(len(basins.minima))),
        # The outcomes without a minimum are negative numbers, and index from the end.
        [blend(theme.background, theme.ink, sum(STRIPE_TINTS) / 2)] * count,
        [contour_ground(theme)] * count,
    ]
    palette = np.array([[color_bytes(color) for color in bands] for bands in tints])
    cells = palette[basins.minimum, np.searchsorted(edges, basins.step, side="left")].astype(np.uint16)
    colors = np.zeros((*shape, 3), dtype=np.uint16)
    for vertical, horizontal in np.ndindex(SAMPLES, SAMPLES):
        colors += cells[_sampled_cells(shape, cells.shape[:2], vertical, horizontal)]
    center = _sampled_cells(shape, cells.shape[:2])
    outcome = basins.minimum[center][..., None]
    colors = np.where(outcome == DIVERGED, stripes(theme, shape), colors // SAMPLES**2)
    opacity = np.where(outcome == UNDECIDED, 0, round(255 * BASIN_OPACITY))
    return np.concatenate([colors, opacity], axis=-1).astype(np.uint8), basins.step[center]


def _sampled_cells(
    shape: tuple[int, int], cells: tuple[int, ...], vertical: int = SAMPLES // 2, horizontal: int = SAMPLES // 2
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows and columns of the cells in which a sample of each pixel lies. The default is its center."""
    rows, columns = (
        ((np.arange(pixels) * SAMPLES + sample) * count) // (pixels * SAMPLES)
        for pixels, count, sample in zip(shape, cells, (vertical, horizontal), strict=True)
    )
    return rows[::-1, None], columns


def _draw_losses(axes: Axes, losses: Losses, theme: Theme) -> Move:
    _draw_settings(axes, losses, theme)
    ground, image = PixelImage(axes, animated=False), PixelImage(axes, animated=True)
    ground.set_pixels(np.insert(stripes(theme, image.shape), 3, 255, axis=-1))
    cells = _sampled_cells(image.shape, losses.loss.shape[1:])
    scale = loss_scale(losses)
    # Each color as one number. The last one is transparent, for racers that diverged.
    colors = [*([*color_bytes(color), 255] for color in loss_colors(theme)), [0] * 4]
    packed = np.array(colors, dtype=np.uint8).view(np.uint32)[:, 0]
    scaling = Affine2D().scale(max(theme.px(9), 0.6 * theme.min_text))
    circle = Path.unit_regular_polygon(48).transformed(scaling)
    rings = [
        Markers(axes, circle, fill=False, edgecolor=color, linewidth=theme.trail(width), animated=True)
        for color, width in ((theme.background, 5), (theme.ink, 2.2))
    ]

    def move(moment: Moment) -> Artists:
        loss = losses.at(moment.step)
        levels = np.rint(scale.fractions(np.nan_to_num(loss)) * (LOSS_COLORS - 1))
        pixels = packed[np.where(np.isnan(loss), LOSS_COLORS, levels).astype(np.intp)][cells]
        best = losses.best(moment.step) if moment.step >= 1 else None
        center = np.array([[best[1] + 0.5, best[0] + 0.5]] if best else np.empty((0, 2)))
        return [
            image.set_pixels(pixels.view(np.uint8).reshape(*image.shape, 4)),
            *(ring.set_positions(center) for ring in rings),
        ]

    return move


def _draw_settings(axes: Axes, losses: Losses, theme: Theme) -> None:
    """Draw the names of the settings and some of their values. A cell is one unit wide and one unit high."""
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
    add_heading(axes, theme, losses.names[1], theme.ink)
    across, up = tick_counts(axes, theme)
    box = axes.get_window_extent()
    for axis, values, most, low, high in (
        # The name of the setting is in the place of the last label of x.
        (
            axes.xaxis,
            losses.values[0],
            across + 2,
            0,
            width * (1 - (text_width(name) + 3 * theme.text(13)) / box.width),
        ),
        # The lowest label of y would touch the first label of x.
        (axes.yaxis, losses.values[1], up + 2, height * theme.text(13) / box.height, height),
    ):
        ticks = {position: label for position, label in _ticks(values, most).items() if low <= position <= high}
        axis.set_ticks(list(ticks), list(ticks.values()))


def _ticks(values: Sequence[Any], most: int) -> dict[float, str]:
    """Return at most `most` labels for values of a setting, or for numbers between them, by position in cells."""
    centers = np.arange(len(values)) + 0.5
    numeric = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
    if not numeric or len(values) <= most or (np.diff(values) <= 0).any():
        each = -(-len(values) // most)
        positions, labels = centers[::each], [format_setting(value) for value in values[::each]]
    elif values[0] > 0 and values[-1] / values[0] >= 50:
        decades = np.arange(np.ceil(np.log10(values[0]) - 1e-9), np.floor(np.log10(values[-1]) + 1e-9) + 1)
        decades = decades[:: -(-len(decades) // most)]
        positions = np.interp(decades, np.log10(values), centers)
        labels = [format_power(int(decade)) for decade in decades]
    else:
        ticks = MaxNLocator(most - 1, steps=[1, 2, 2.5, 5, 10]).tick_values(values[0], values[-1])
        ticks = ticks[(values[0] <= ticks) & (ticks <= values[-1])]
        positions, labels = np.interp(ticks, values, centers), [format_setting(tick) for tick in ticks.tolist()]
    return dict(zip(positions.tolist(), labels, strict=True))
