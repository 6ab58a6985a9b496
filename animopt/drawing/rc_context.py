"""matplotlib's settings while animopt draws."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from animopt.drawing.fonts import FAMILY, font_family
from animopt.drawing.mpl import matplotlib

_OWN: dict[Any, Any] = {
    key: value for key, value in matplotlib.rcParamsDefault.items() if not key.startswith(("backend", "toolbar"))
}


_OWN |= {
    "text.hinting": "no_hinting",
    "mathtext.fontset": "custom",
    "mathtext.fallback": "stixsans",
    **{f"mathtext.{style}": FAMILY for style in ("rm", "it", "sf", "tt", "cal")},
    **{f"mathtext.{style}": f"{FAMILY}:bold" for style in ("bf", "bfit")},
    "svg.hashsalt": "animopt",
    "pdf.fonttype": 42,
}


@contextmanager
def drawing_settings() -> Iterator[None]:
    """Draw as matplotlib ships but with our typeface, whatever the user's matplotlibrc or style says."""
    own = {**_OWN, "font.family": font_family()}
    # Setting all three hundred takes milliseconds, and mostly few of them differ; all are known to be valid.
    users = {key: dict.__getitem__(matplotlib.rcParams, key) for key in own}
    changed = [key for key, value in own.items() if users[key] != value]
    dict.update(matplotlib.rcParams, {key: own[key] for key in changed})
    try:
        yield
    finally:
        dict.update(matplotlib.rcParams, {key: users[key] for key in changed})
