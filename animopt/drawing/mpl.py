"""Names of matplotlib that animopt uses. No other module imports matplotlib."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = [
    "Affine2D",
    "Artist",
    "Axes",
    "Bbox",
    "BoxStyle",
    "Ellipse",
    "FancyArrowPatch",
    "FancyBboxPatch",
    "Figure",
    "FigureCanvasAgg",
    "FixedFormatter",
    "FixedLocator",
    "FontProperties",
    "IdentityTransform",
    "Line2D",
    "LogLocator",
    "MarkerStyle",
    "MathTextParser",
    "MaxNLocator",
    "Path",
    "PathPatch",
    "Rectangle",
    "RendererAgg",
    "RendererBase",
    "StrMethodFormatter",
    "Text",
    "TransformedPath",
    "fontManager",
    "get_font",
    "matplotlib",
    "to_hex",
    "to_rgb",
]


@contextmanager
def _hidden_matplotlibrc() -> Iterator[None]:
    """Hide a `matplotlibrc` of the current folder, which matplotlib reads before the user's own.

    The folder may be a download of unknown origin, and matplotlib has no setting for this. Everything else exists as
    before, in other threads too.
    """
    exists = os.path.exists
    os.path.exists = lambda path: path != "matplotlibrc" and exists(path)
    try:
        yield
    finally:
        os.path.exists = exists


with _hidden_matplotlibrc():
    import matplotlib
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase
    from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
    from matplotlib.colors import to_hex, to_rgb
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties, fontManager, get_font
    from matplotlib.lines import Line2D
    from matplotlib.markers import MarkerStyle
    from matplotlib.mathtext import MathTextParser
    from matplotlib.patches import BoxStyle, Ellipse, FancyArrowPatch, FancyBboxPatch, PathPatch, Rectangle
    from matplotlib.path import Path
    from matplotlib.text import Text
    from matplotlib.ticker import FixedFormatter, FixedLocator, LogLocator, MaxNLocator, StrMethodFormatter
    from matplotlib.transforms import Affine2D, Bbox, IdentityTransform, TransformedPath
