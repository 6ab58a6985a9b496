"""The runs of a swarm on contour lines."""

from typing import ClassVar, final

import numpy as np

from animopt.drawing.artists import dots
from animopt.drawing.badges import minimum_badges
from animopt.drawing.canvas import Artists, Axes, Moment, Move, Recording, Theme
from animopt.drawing.colors import basin_hues

DIAMETER = 6.5
"""Diameter of the dot of a run, in pixels of a 1280 × 720 picture."""


@final
class Swarm:
    """A dot for each run of a swarm, in the color of the minimum in whose basin it is, and the letters of the minima.

    A run outside the domain has no dot.
    """

    needs: ClassVar = "swarm", "the scene has none; give it a number of runs, as swarm=200"
    """Field of the recording that the overlay needs, and the problem if it is None."""

    above = True

    def draw(self, axes: Axes, recording: Recording, theme: Theme, racer: int) -> Move:
        """Draw nothing that does not move. The dots move."""
        swarm = recording.swarm
        if swarm is None or swarm.racer != racer:
            return lambda moment: ()
        hues = basin_hues(theme, recording)
        groups = [dots(axes, hue, theme.trail(DIAMETER)) for hue in hues]
        badges = minimum_badges(axes, theme, recording.minima[:, :2], hues)
        last = swarm.xy.shape[1] - 1

        def move(moment: Moment) -> Artists:
            before = min(int(moment.step), last)
            after, part = min(before + 1, last), moment.step - int(moment.step)
            places = swarm.xy[:, before] + part * (swarm.xy[:, after] - swarm.xy[:, before])
            basin = swarm.basin[:, after if part >= 0.5 else before]
            for minimum, group in enumerate(groups):
                group.set_positions(np.where((basin == minimum)[:, None], places, np.nan))
            return [*groups, *badges]

        return move
