"""The protocol of a panel, and the types in its signature."""

from collections.abc import Callable, Sequence
from typing import Protocol

from animopt.drawing.mpl import Artist, Axes
from animopt.drawing.theme import Theme
from animopt.recording.recording import Recording
from animopt.recording.timeline import Moment

__all__ = ["Artists", "Axes", "Moment", "Move", "Panel", "Recording", "Theme"]

Artists = Sequence[Artist]

Move = Callable[[Moment], Artists]
"""A function that places the moving artists for a moment, and returns them in the order in which they are drawn.

It sets every property that it touches, so that a frame depends only on its moment.
"""


class Panel(Protocol):
    """Something that draws one aspect of a race."""

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Draw the static parts on the axes, and return the function that moves the rest."""
        ...
