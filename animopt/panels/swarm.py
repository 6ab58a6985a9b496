"""The share of a swarm in the basin of each minimum."""

from typing import ClassVar, final

import numpy as np

from animopt.core.language import Language, language
from animopt.core.number_format import format_number
from animopt.drawing.artists import PixelArea, PixelLine, style_plot
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.colors import basin_hues, blend, minimum_letter
from animopt.drawing.curves import label_steps
from animopt.drawing.mpl import FixedFormatter, FixedLocator, IdentityTransform, MaxNLocator
from animopt.drawing.ranking import spread
from animopt.drawing.text import max_width, write

TICKS = 0.25, 0.5, 0.75, 1.0
"""Shares with a label on the axis. A label at 0 would touch the first label of the steps."""

OPACITY = 0.55
"""Opacity of the areas."""


@final
class Swarm:
    """An area for the basin of each minimum, as high as the share of the runs in it, up to the present step.

    The areas are on top of each other. Beside them are the shares with their standard errors, √(p (1 − p)/n). What is
    left at the top is the share of the runs outside the domain.
    """

    needs: ClassVar = "swarm", "the scene has none; give it a number of runs, as swarm=200"
    """Field of the recording that the panel needs, and the problem if it is None."""

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the axes. The areas and the shares move."""
        swarm, words = recording.swarm, language(recording.language)
        assert swarm is not None
        runs, points = swarm.xy.shape[:2]
        shares = swarm.shares(len(recording.minima))
        edges = np.vstack([np.zeros(points), np.cumsum(shares, axis=0)])
        axes.set(xlim=(0, recording.last_step), ylim=(0, 1), autoscale_on=False)
        heading = words.ngettext("share of {count} run in each basin", "share of {count} runs in each basin", runs)
        style_plot(axes, theme, heading)
        label_steps(axes, theme, words.gettext("step"))
        box, size = axes.get_window_extent(), theme.text(14)
        axes.xaxis.set_major_locator(
            MaxNLocator(int(np.clip(box.width / (4 * size), 1, 8)), integer=True, steps=[1, 2, 5, 10])
        )
        shown = TICKS if box.height >= 8 * size else TICKS[1::2]
        axes.yaxis.set_major_locator(FixedLocator(shown))
        axes.yaxis.set_major_formatter(FixedFormatter([_percent(tick, words) for tick in shown]))
        hues = basin_hues(theme, recording)
        areas = [PixelArea(axes, blend(theme.background, hue, OPACITY)) for hue in hues]
        lines = [PixelLine(axes, hue, theme.trail(2)) for hue in hues]
        texts = [
            write(axes, 0, 0, "", size, theme.ink, va="center_baseline", transform=IdentityTransform(), animated=True)
            for _ in hues
        ]
        errors = swarm.error(shares)

        def word(minimum: int, step: int) -> str:
            share, error = shares[minimum, step], errors[minimum, step]
            return f"{minimum_letter(minimum)}  {_percent(share, words)} ± {_percent(error, words)}"

        widest = max_width(
            axes, [word(minimum, step) for minimum in range(len(hues)) for step in (0, points - 1)], size
        )
        gap, line = 0.6 * size, 1.25 * size

        def move(moment: Moment) -> Artists:
            step = min(moment.step, points - 1)
            steps = np.append(np.arange(int(step) + 1), step)
            heights = np.array([np.interp(steps, np.arange(points), row) for row in edges])
            x = box.x0 + box.width * steps / recording.last_step
            y = box.y0 + box.height * heights
            for minimum, (area, edge) in enumerate(zip(areas, lines, strict=True)):
                below, above = (np.column_stack([x, y[minimum + each]]) for each in (0, 1))
                area.set_pixels(np.vstack([below, above[::-1], below[:1]]))
                edge.set_pixels(above)
            to_right = x[-1] + gap + widest <= box.x1
            # In a small panel, there may be no room on either side of the end.
            place = x[-1] + gap if to_right else max(x[-1] - gap, box.x0 + widest)
            # The tick labels are directly below the plot.
            middles = spread((y[:-1, -1] + y[1:, -1]) / 2, line, box.y0 + 0.3 * size + line / 2, box.y1 - line / 2)
            for minimum, (text, middle) in enumerate(zip(texts, middles, strict=True)):
                text.set(
                    text=word(minimum, int(step)),
                    position=(place, middle - 0.3 * size),
                    ha="left" if to_right else "right",
                )
            return [*areas, *lines, *texts]

        return move


def _percent(share: float, words: Language) -> str:
    return f"{format_number(100 * share, 0, words.code)} %"
