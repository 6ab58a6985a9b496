"""A small contour for each racer."""

from collections.abc import Sequence
from dataclasses import replace
from typing import final

from animopt.drawing.artists import draw_racer_marker
from animopt.drawing.axes_style import use_pixel_units
from animopt.drawing.layout import Box, arrange_tiles, heading_height
from animopt.drawing.mpl import MaxNLocator, Text
from animopt.drawing.panel import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.text import fit_text, shorten_names, text_width, write
from animopt.panels.contour import Contour
from animopt.panels.standings import common_decimals, format_standing


@final
class Multiples:
    """A contour for each racer, all at one moment, with its marker, its name and, if there is room, its loss."""

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the contours and their headings. The racers and the losses move."""
        width, height = use_pixel_units(axes)
        boxes = arrange_tiles((width, height), theme, recording.surface.aspect, len(recording.names))
        decimals = common_decimals(recording)
        losses, brief = _draw_headings(axes, recording, theme, boxes, decimals)
        moves = []
        for racer, box in enumerate(boxes):
            tile = axes.inset_axes(box.as_fractions(width, height), label="multiple")
            own_theme = replace(theme, hues=(theme.hue(racer),), markers=(theme.marker(racer),))
            moves.append(Contour().draw(tile, recording.single(racer), own_theme))
            first = not any(other.top == box.top for other in boxes[:racer])
            last = not any(other.top > box.top and abs(other.left - box.left) < box.width for other in boxes)
            tile.tick_params(labelleft=first, labelbottom=last)
            if racer + 1 < len(boxes) and boxes[racer + 1].top == box.top:
                # The last label would touch the first label of the next map.
                across = tile.xaxis.get_major_locator()
                assert isinstance(across, MaxNLocator)
                across.set_params(prune="upper")

        def move(moment: Moment) -> Artists:
            for racer, loss in enumerate(losses):
                loss.set_text(format_standing(recording, racer, int(moment.step), decimals, brief=brief))
            return [*(artist for each in moves for artist in each(moment)), *losses]

        return move


def _draw_headings(
    axes: Axes, recording: Recording, theme: Theme, boxes: Sequence[Box], decimals: int | None
) -> tuple[Sequence[Text], bool]:
    """Draw each racer's marker and name above its box. If losses fit, return their texts and whether they are brief."""
    size, line = theme.text(15), heading_height(theme)
    room = boxes[0].width - 1.3 * size
    losses, names = [], []
    for racer, (name, box) in enumerate(zip(recording.names, boxes, strict=True)):
        y = box.top - 0.55 * line
        losses.append(
            write(axes, box.left + box.width, y, "", size, theme.muted, ha="right", va="center_baseline", animated=True)
        )
        names.append(write(axes, box.left + 1.3 * size, y, name, size, theme.ink, va="center_baseline"))
        draw_racer_marker(axes, theme, racer, box.left + 0.5 * size, box.top - 0.5 * line)
    shorten_names(names, recording.names, room)
    for text in names:
        fit_text(text, room, theme.min_text)
    steps = range(recording.last_step + 1)
    for brief in (False, True):
        for racer, text in enumerate(losses):
            shown = (format_standing(recording, racer, step, decimals, brief=brief) for step in steps)
            text.set_text(max(shown, key=len))
        if max(map(text_width, names)) + size + max(map(text_width, losses)) <= room:
            return losses, brief
    for text in losses:
        text.remove()
    return (), False
