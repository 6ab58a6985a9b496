"""The protocol of a panel.

A panel's `draw` paints everything that stays still on its axes and returns `move`, which places what moves for a
moment and returns it in the order in which it is drawn. `move` sets every property that it touches, so that a frame
depends on nothing but its moment.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from animopt.drawing.mpl import Artist, Axes
from animopt.drawing.theme import Theme
from animopt.recording.recording import Recording
from animopt.recording.timeline import Moment

Move = Callable[[Moment], Sequence[Artist]]


class Panel(Protocol):
    """Something that draws one aspect of a race."""

    def draw(self, axes: Axes, recording: Recording, theme: Theme) -> Move:
        """Paint what stays still; return what moves."""
        ...
