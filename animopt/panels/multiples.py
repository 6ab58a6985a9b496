"""A small contour for each racer."""

from collections.abc import Sequence
from dataclasses import replace
from typing import final

from animopt.drawing.artists import draw_racer_marker, use_pixel_units
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.layout import Box, arrange_tiles, heading_height
from animopt.drawing.mpl import Text
from animopt.drawing.text import fit_text, max_width, shorten_names, text_width, write
from animopt.panels.contour import Contour
from animopt.recording.results import Results


@final
class Multiples:
    """A contour for each racer, all at one moment, with its marker, its name and, if there is room, its loss."""

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the contours and their headings. The racers and the losses move."""
        width, height = use_pixel_units(axes)
        boxes = arrange_tiles((width, height), theme, recording.surface.aspect, len(recording.names))
        results = Results(recording)
        losses, brief = _draw_headings(axes, results, theme, boxes)
        moves = []
        for racer, box in enumerate(boxes):
            tile = axes.inset_axes(box.as_fractions(width, height), label="multiple")
            own_theme = replace(theme, hues=(theme.hue(racer),), markers=(theme.marker(racer),))
            moves.append(Contour().draw(tile, recording.single(racer), own_theme))
            below = [other for other in boxes if other.top > box.top and abs(other.left - box.left) < box.width]
            tile.tick_params(labelleft=box.top not in [other.top for other in boxes[:racer]], labelbottom=not below)
            if box.top in [other.top for other in boxes[racer + 1 :]]:
                # The last label would touch the first label of the next map.
                tile.locator_params(axis="x", prune="upper")

        def move(moment: Moment) -> Artists:
            for racer, loss in enumerate(losses):
                loss.set_text(results.loss(racer, int(moment.step), brief=brief))
            return [*(artist for each in moves for artist in each(moment)), *losses]

        return move


def _draw_headings(axes: Axes, results: Results, theme: Theme, boxes: Sequence[Box]) -> tuple[Sequence[Text], bool]:
    """Draw each racer's marker and name above its box. If losses fit, return their texts and whether they are brief."""
    names_of_racers = results.recording.names
    size, line = theme.text(15), heading_height(theme)
    room = boxes[0].width - 1.3 * size
    for racer, box in enumerate(boxes):
        draw_racer_marker(axes, theme, racer, box.left + 0.5 * size, box.top - 0.5 * line)
    losses = [
        write(
            axes,
            box.left + box.width,
            box.top - 0.55 * line,
            "",
            size,
            theme.muted,
            ha="right",
            va="center_baseline",
            animated=True,
        )
        for box in boxes
    ]
    names = [
        write(axes, box.left + 1.3 * size, box.top - 0.55 * line, name, size, theme.ink, va="center_baseline")
        for name, box in zip(names_of_racers, boxes, strict=True)
    ]
    shorten_names(names, names_of_racers, room)
    for text in names:
        fit_text(text, room, theme.min_text)
    racers = range(len(names))
    for brief in (False, True):
        numbers = [number for racer in racers for number in results.numbers(racer, brief=brief)]
        widest = max_width(axes, [*numbers, *(results.reason(racer, brief=brief) for racer in racers)], size)
        if max(map(text_width, names)) + size + widest <= room:
            return losses, brief
    for text in losses:
        text.remove()
    return (), False
