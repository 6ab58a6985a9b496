"""The race taken apart: a small contour for each racer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from animopt.drawing.artists import head_mark, in_pixels
from animopt.drawing.layout import Box, heading, tiles
from animopt.drawing.mpl import Artist, Axes, MaxNLocator, Text
from animopt.drawing.panel import Move
from animopt.drawing.text import fit, set_text, text_arguments, text_width, without_common_prefix
from animopt.drawing.theme import Theme
from animopt.panels.contour import Contour
from animopt.panels.standings import common_decimals, standing
from animopt.recording.recording import Recording
from animopt.recording.timeline import Moment


@final
@dataclass(frozen=True)
class Multiples:
    """A contour for each racer, all at one moment, under its marker, its name and, where there is room, its loss."""

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Paint the contours and their headings; the racers and the losses move."""
        width, height = in_pixels(axes)
        racers = range(len(recording.names))
        boxes = tiles((width, height), theme, recording.surface.aspect, len(racers))
        decimals = common_decimals(recording)
        losses, wording = _headings(axes, recording, theme, boxes, decimals)
        moves = []
        for racer, box in enumerate(boxes):
            place = (box.left / width, 1 - (box.top + box.height) / height, box.width / width, box.height / height)
            tile = axes.inset_axes(place, label="multiple")
            alone = replace(theme, hues=(theme.hue(racer),), markers=(theme.marker(racer),))
            moves.append(Contour().draw(tile, recording.single(racer), alone))
            first = not any(other.top == box.top for other in boxes[:racer])
            last = not any(other.top > box.top and abs(other.left - box.left) < box.width for other in boxes)
            tile.tick_params(labelleft=first, labelbottom=last)
            if racer + 1 < len(boxes) and boxes[racer + 1].top == box.top:
                # It would touch the first one of the next map.
                across = tile.xaxis.get_major_locator()
                assert isinstance(across, MaxNLocator)
                across.set_params(prune="upper")

        def move(moment: Moment) -> Sequence[Artist]:
            for racer, loss in enumerate(losses):
                loss.set_text(wording(standing(recording, racer, int(moment.step), decimals)))
            return [*(artist for each in moves for artist in each(moment)), *losses]

        return move


def _headings(
    axes: Axes, recording: Recording, theme: Theme, boxes: Sequence[Box], decimals: int | None
) -> tuple[Sequence[Text], Callable[[str], str]]:
    """Write each racer's marker and name above its box; the texts for the losses, if they fit, and their wording."""
    width, size, line = boxes[0].width, theme.text(15), heading(theme)
    losses = [
        axes.text(
            box.left + box.width,
            box.top - 0.55 * line,
            "",
            fontsize=size,
            color=theme.muted,
            ha="right",
            va="center_baseline",
            animated=True,
        )
        for box in boxes
    ]
    names = [
        axes.text(
            box.left + 1.3 * size,
            box.top - 0.55 * line,
            **text_arguments(name),
            fontsize=size,
            color=theme.ink,
            va="center_baseline",
        )
        for name, box in zip(recording.names, boxes, strict=True)
    ]
    room = width - 1.3 * size
    if max(map(text_width, names)) > room:
        for text, short in zip(names, without_common_prefix(recording.names), strict=True):
            set_text(text, short)
    for text in names:
        fit(text, room, least=theme.smallest)
    for racer, box in enumerate(boxes):
        mark = head_mark(axes, theme, racer, size=11)
        mark.place(np.array([[box.left + 0.5 * size, box.top - 0.5 * line]])).set_animated(False)
    for wording in (str, _brief):
        for racer, text in enumerate(losses):
            shown = (wording(standing(recording, racer, step, decimals)) for step in range(recording.last_step + 1))
            text.set_text(max(shown, key=len))
        if max(map(text_width, names)) + size + max(map(text_width, losses)) <= room:
            return losses, wording
    for text in losses:
        text.remove()
    return (), str


def _brief(standing: str) -> str:
    """What keeps a racer out of the picture, without since when."""
    return standing.partition(" at step ")[0]
