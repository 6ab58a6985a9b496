"""The direction of a function on contour lines."""

from typing import ClassVar, final

import numpy as np

from animopt.drawing.canvas import Axes, Move, Recording, Theme

WIDTH = 1.8
"""Width of the ray, in pixels of a 1280 × 720 picture."""


@final
class Direction:
    """A dashed ray from the origin in the function's direction."""

    needs: ClassVar = "direction", "the function has none; give it one, as direction=(1, 0)"
    """Field of the recording that the overlay needs, and the problem if it is None."""

    above: ClassVar = False
    """Whether the moving artists are drawn above the trails."""

    def draw(self, axes: Axes, recording: Recording, theme: Theme, racer: int) -> Move:
        """Draw the ray. Nothing moves."""
        assert recording.direction is not None
        far = 2 * np.abs([axes.get_xlim(), axes.get_ylim()]).max() * recording.direction
        axes.plot([0, far[0]], [0, far[1]], color=theme.ink, linewidth=max(1.2, theme.px(WIDTH)), linestyle=(0, (5, 3)))
        return lambda moment: ()
