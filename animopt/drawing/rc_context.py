"""matplotlib's settings while animopt draws."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

from animopt.drawing.fonts import FAMILY, font_family
from animopt.drawing.mpl import matplotlib

_SETTINGS: dict[Any, Any] = {
    **{key: value for key, value in matplotlib.rcParamsDefault.items() if not key.startswith(("backend", "toolbar"))},
    "text.hinting": "no_hinting",
    "mathtext.fontset": "custom",
    "mathtext.fallback": "stixsans",
    **{f"mathtext.{style}": FAMILY for style in ("rm", "it", "sf", "tt", "cal")},
    **{f"mathtext.{style}": f"{FAMILY}:bold" for style in ("bf", "bfit")},
    "svg.hashsalt": "animopt",
    "pdf.fonttype": 42,
}


DRAWING_LOCK = RLock()
"""A lock that lets threads draw one at a time, because the settings belong to the whole process."""


@contextmanager
def drawing_settings() -> Iterator[None]:
    """Draw with matplotlib's defaults and the typeface of animopt, regardless of the user's matplotlibrc and style."""
    # matplotlib documents `_get` and `_set` as stable API. `rc_context` copies and validates all settings, which takes
    # 0.3 ms a frame. One context cannot span several frames: the caller's code runs between them.
    rc = matplotlib.rcParams
    settings = {**_SETTINGS, "font.family": font_family()}
    with DRAWING_LOCK:
        user_values = {key: value for key, own in settings.items() if (value := rc._get(key)) != own}
        for key in user_values:
            rc._set(key, settings[key])
        try:
            yield
        finally:
            for key, value in user_values.items():
                rc._set(key, value)
