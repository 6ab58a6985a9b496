"""The panels of a picture: one final class a file.

A panel's `draw` paints everything that stays still on its axes and returns `move`, which places what moves for a
moment and returns it in the order in which it is drawn. `move` sets every property that it touches, so that a frame
depends on nothing but its moment.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from animopt.clock import Moment
from animopt.look import Look
from animopt.plotting import Artist, Axes
from animopt.recording import Recording

Move = Callable[[Moment], Sequence[Artist]]


class Panel(Protocol):
    """Something that draws one aspect of a race."""

    def draw(self, axes: Axes, recording: Recording, look: Look) -> Move:
        """Paint what stays still; return what moves."""
        ...
