"""Names of matplotlib that animopt uses. No other module imports matplotlib."""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any

__all__ = [
    "Affine2D",
    "Artist",
    "Axes",
    "Bbox",
    "BoxStyle",
    "ContourSet",
    "Ellipse",
    "FancyArrowPatch",
    "FancyBboxPatch",
    "Figure",
    "FigureCanvasAgg",
    "FixedFormatter",
    "FixedLocator",
    "FontProperties",
    "GraphicsContextBase",
    "IdentityTransform",
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
    "TextPath",
    "findSystemFonts",
    "fontManager",
    "get_font",
    "matplotlib",
    "open_pdf",
    "to_hex",
    "to_rgb",
]

# matplotlib reads a `matplotlibrc` of the current folder before the user's own, and has no setting against this. The
# folder may be a download of unknown origin. Everything else exists as before, in other threads too.
_exists = os.path.exists
os.path.exists = lambda path: path != "matplotlibrc" and _exists(path)
# With an unknown backend in the environment, matplotlib cannot be imported, and animopt shows no window.
_backend = None if "matplotlib" in sys.modules else os.environ.pop("MPLBACKEND", None)
try:
    import matplotlib
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import GraphicsContextBase, RendererBase
    from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
    from matplotlib.colors import to_hex, to_rgb
    from matplotlib.contour import ContourSet
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties, findSystemFonts, fontManager, get_font
    from matplotlib.markers import MarkerStyle
    from matplotlib.mathtext import MathTextParser
    from matplotlib.patches import BoxStyle, Ellipse, FancyArrowPatch, FancyBboxPatch, PathPatch, Rectangle
    from matplotlib.path import Path
    from matplotlib.text import Text
    from matplotlib.textpath import TextPath
    from matplotlib.ticker import FixedFormatter, FixedLocator, LogLocator, MaxNLocator, StrMethodFormatter
    from matplotlib.transforms import Affine2D, Bbox, IdentityTransform
finally:
    os.path.exists = _exists
    if _backend is not None:
        os.environ["MPLBACKEND"] = _backend
if _backend:
    with suppress(ValueError):
        matplotlib.rcParams["backend"] = _backend


def open_pdf(file: IO[bytes], metadata: Mapping[str, Any]) -> Any:
    """Return a context to whose `savefig` each page of a PDF is given."""
    # Only handouts have several pages, and the import takes a noticeable time.
    from matplotlib.backends.backend_pdf import PdfPages

    return PdfPages(file, metadata=dict(metadata))
