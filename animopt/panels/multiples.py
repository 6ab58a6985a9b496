"""A small contour for each racer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

from animopt.drawing.artists import draw_racer_marker, use_pixel_units
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Overlay, Recording, Theme
from animopt.drawing.layout import PANELS, Box, arrange_tiles, heading_height, heading_lines
from animopt.drawing.mpl import FixedLocator, Text
from animopt.drawing.text import fit_text, max_width, shorten_names, text_width, write
from animopt.drawing.theme import TICK_TEXT
from animopt.drawing.window import Window, race_window
from animopt.panels.contour import Contour
from animopt.recording.results import Results


@final
@dataclass(frozen=True)
class Multiples:
    """A contour for each racer, all of one part of the domain at one moment.

    Above each are the racer's marker, name and loss, and in large pictures its settings, which at the end give way to
    its outcome. The `window` is the part of the domain that is shown, by default the whole domain. The `overlays` are
    drawn for each racer.
    """

    window: Window | None = None
    overlays: Sequence[Overlay] = ()

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the contours and their headings. The racers, the losses and the outcomes move."""
        width, height = use_pixel_units(axes)
        window = self.window or race_window([recording], 0, "domain")
        boxes, _ = arrange_tiles((width, height), theme, window.aspects, len(recording.names))
        results = Results(recording)
        losses, brief = _draw_names(axes, results, theme, boxes)
        settings, ends = _second_lines(axes, results, theme, boxes) if heading_lines(theme) == 2 else ([], [])
        moves = []
        for racer, box in enumerate(boxes):
            tile = axes.inset_axes(box.as_fractions(width, height), label="multiple")
            own_theme = replace(theme, hues=(theme.hue(racer),), markers=(theme.marker(racer),))
            contour = Contour(window=window, located=racer == 0, overlays=self.overlays)
            moves.append(contour.draw(tile, recording.single(racer), own_theme))
            is_first = box.top not in [other.top for other in boxes[:racer]]
            has_ticks = PANELS["contour"].has_ticks(theme)
            tile.tick_params(labelleft=has_ticks and is_first, labelbottom=has_ticks and box.top == boxes[-1].top)
            if box.top in [other.top for other in boxes[racer + 1 :]]:
                _keep_labels_apart(tile, theme.text(TICK_TEXT))

        def move(moment: Moment) -> Artists:
            for racer, loss in enumerate(losses):
                loss.set_text(results.loss(racer, int(moment.step), brief=brief))
            second = ends if moment.hold_progress > 0 else settings
            return [*(artist for each in moves for artist in each(moment)), *losses, *second]

        return move


def _keep_labels_apart(tile: Axes, size: float) -> None:
    """Remove the last tick of a map if its label would touch the first label of the map to the right."""
    left, right = tile.get_xlim()
    ticks = [tick for tick in tile.get_xticks() if left <= tick <= right]
    label = tile.xaxis.get_major_formatter().format_ticks(ticks)[-1:]
    if ticks and (right - ticks[-1]) / (right - left) * tile.get_window_extent().width < max_width(tile, label, size):
        tile.xaxis.set_major_locator(FixedLocator(ticks[:-1]))


def _heading_text(axes: Axes, theme: Theme, box: Box, words: str, color: str, line: int, *, right: bool) -> Text:
    """Write a moving text above a box, in the first or second line."""
    size = theme.text(15) if line == 0 else theme.text(13)
    y = box.top - heading_height(theme) + (0.72 * theme.text(15) if line == 0 else 1.6 * theme.text(15) + 0.4 * size)
    x, align = (box.left + box.width, "right") if right else (box.left + 1.3 * theme.text(15), "left")
    return write(axes, x, y, words, size, color, ha=align, va="center_baseline", animated=True)


def _draw_names(axes: Axes, results: Results, theme: Theme, boxes: Sequence[Box]) -> tuple[Sequence[Text], bool]:
    """Draw each racer's marker and name above its box. If losses fit, return their texts and whether they are brief."""
    size, given_names = theme.text(15), results.recording.names
    room = boxes[0].width - 1.3 * size
    for racer, box in enumerate(boxes):
        draw_racer_marker(
            axes, theme, racer, box.left + 0.5 * size, box.top - heading_height(theme) + 0.82 * theme.text(15)
        )
    losses = [_heading_text(axes, theme, box, "", theme.muted, 0, right=True) for box in boxes]
    names = [
        _heading_text(axes, theme, box, name, theme.ink, 0, right=False)
        for name, box in zip(given_names, boxes, strict=True)
    ]
    shorten_names(names, given_names, room)
    for text in names:
        fit_text(text, room, theme.min_text).set_animated(False)
    racers = range(len(names))
    for brief in (False, True):
        numbers = [number for racer in racers for number in results.numbers(racer, brief=brief)]
        widest = max_width(axes, [*numbers, *(results.reason(racer, brief=brief) for racer in racers)], size)
        if max(map(text_width, names)) + size + widest <= room:
            return losses, brief
    for text in losses:
        text.remove()
    return (), False


def _second_lines(
    axes: Axes, results: Results, theme: Theme, boxes: Sequence[Box]
) -> tuple[Sequence[Text], Sequence[Text]]:
    """Return texts with the settings, and texts with the outcomes, in the longest wording that fits."""
    room = boxes[0].width - 1.3 * theme.text(15)

    def write_all(words: Sequence[str]) -> list[Text]:
        return [
            _heading_text(axes, theme, box, word, theme.muted, 1, right=False)
            for box, word in zip(boxes, words, strict=True)
        ]

    settings = write_all(results.recording.settings)
    for text in settings:
        fit_text(text, room, theme.min_text)
    for wording in results.outcomes:
        texts = write_all(wording)
        if max(map(text_width, texts)) <= room:
            return settings, texts
        for text in texts:
            text.remove()
    return settings, settings
