"""Static pictures of a function, without a race."""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from animopt.core.errors import UsageError, short_repr
from animopt.core.language import ENGLISH, language
from animopt.drawing.artists import TRAIL_WIDTH
from animopt.drawing.canvas import Stage, drawing_settings
from animopt.drawing.layout import Box
from animopt.drawing.mpl import Figure, FigureCanvasAgg
from animopt.drawing.theme import LIGHT
from animopt.drawing.viewpoint import CameraSweep
from animopt.engine.function import Function
from animopt.engine.record import record
from animopt.panels.contour import Contour
from animopt.panels.wireframe import Wireframe
from animopt.publish.notebook import Bundle, encode_base64, image_tag, in_terminal
from animopt.recording.timeline import Moment, Timeline
from animopt.video.film import Staging, draw_page
from animopt.video.output import check_size, check_still
from animopt.video.save import encode_small_png, save_still

WIDTH, HEIGHT = 1080, 480
"""Size of a plot in pixels."""


class FunctionPlot(Figure):
    """A figure that a notebook displays without pyplot. `alt` is its alt text."""

    alt = ""

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        with drawing_settings():
            self.savefig(file, format="png")
        return file.getvalue()

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        if in_terminal():
            return {"text/plain": repr(self)}, {}
        import imageio.v3 as imageio

        pixels = imageio.imread(self._repr_png_(), mode="RGB")
        picture = encode_small_png(pixels)
        page = image_tag("image/png", picture, self.alt, (pixels.shape[1], pixels.shape[0]))
        return {"text/html": page, "image/png": encode_base64(picture), "text/plain": repr(self)}, {}


def plot(
    function: Function | Callable[[Any], Any], points: Sequence[Sequence[float]] | None = None, lang: str = ENGLISH
) -> Figure:
    """Plot a function as a wireframe and as contour lines.

    Args:
        function: A `Function`, or any callable that takes a tensor (2,) and returns a scalar tensor.
        points: Points (2, any) on the contour lines, as [xs, ys], which are joined by lines. Default: none.
        lang: Language of the words in the plot and of its alt text, as "en" or "ko". Default: "en".

    Returns:
        A matplotlib figure, which a notebook displays.

    Raises:
        UsageError: `points` are not two sequences of numbers of the same length, or the language is unknown.

    Examples:
        >>> figure = plot(lambda x: x[0] ** 2 + x[1] ** 2, points=[[3, 1, 0], [2, 1, 0]])
        >>> len(figure.axes)
        2
    """
    function = function if isinstance(function, Function) else Function(function)
    try:
        xy = np.array([[], []] if points is None else points, dtype=np.float64)
    except Exception:
        # NumPy calls methods of the points, which can raise anything.
        xy = np.empty(0)
    if xy.ndim != 2 or len(xy) != 2:
        raise UsageError(f"points {short_repr(points)}: give two equally long sequences, as [[0, 1, 2], [0, -1, 3]]")
    words = language(lang)
    recording = record(function, [], (0.0, 0.0), 0, code=lang)
    height = HEIGHT - 60
    width = min(recording.surface.aspect * height, WIDTH / 2)
    stage = Stage(
        recording,
        panels={"wireframe": Wireframe(sweep=CameraSweep(elevation=30)), "contour": Contour(levels=30)},
        boxes={
            "wireframe": Box(10, 20, WIDTH - width - 100, HEIGHT - 40),
            "contour": Box(WIDTH - width - 24, 20, width, height),
        },
        theme=LIGHT,
    )
    with drawing_settings():
        figure = FunctionPlot(figsize=(WIDTH / 72, HEIGHT / 72), dpi=72, facecolor=LIGHT.background)
        FigureCanvasAgg(figure)
        for move in stage.paint(figure):
            for artist in move(Moment(step=0)):
                artist.set_animated(False)
        figure.axes[1].plot(*xy, color=LIGHT.hue(0), linewidth=LIGHT.trail(TRAIL_WIDTH), marker="o", markersize=8)
    surface = (
        words.gettext("The surface of {function} as a wireframe, and its contour lines", function=recording.function)
        if recording.function
        else words.gettext("The surface as a wireframe, and its contour lines")
    )
    joined = words.ngettext(
        "with {count} point on the contour lines", "with {count} points joined on the contour lines", xy.shape[1]
    )
    figure.alt = f"{', '.join([surface, joined] if xy.shape[1] else [surface])}."
    return figure


def save_picture(function: Function, path: Path, size: tuple[int, int], theme: str, lang: str = ENGLISH) -> None:
    """Write a function's wireframe and contour lines as PNG, SVG or PDF, `size` (width, height) pixels large.

    Raises Error if the file cannot be written.
    """
    recording = record(function, [], (0.0, 0.0), 0, code=lang)
    name = recording.function
    recording = replace(recording, title=name[:1].upper() + name[1:])
    picture = draw_page(
        recording,
        Timeline(steps=1, seconds=1),
        [0.0],
        check_size(size),
        Staging(theme, panels=("wireframe", "contour"), caption=function.source),
        check_still(path),
    )
    save_still(path, picture)
