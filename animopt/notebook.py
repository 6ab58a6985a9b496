"""What a notebook shows: pictures in its pages, and a bar while a clip is rendered."""

import html
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

EVERY = 0.2
"""Seconds from one state of the bar to the next."""

Bundle = tuple[dict[str, Any], dict[str, Any]]
"""What is shown by its media type, and what else is to be said of it, by the same."""


class Bar:
    """How far the rendering of something is; it is seen only in a notebook.

    All its states, and what replaces it, have one place among the outputs of the cell, so that nothing flickers.
    """

    def __init__(self, label: str) -> None:
        self._label = f"Rendering {label}" if label else "Rendering"
        self._place: Any = None
        self._shown = 0.0

    def __call__(self, done: int, total: int) -> None:
        """Show that so many frames are drawn, and of how many."""
        if time.monotonic() - self._shown < EVERY or not in_notebook():
            return
        self._shown = time.monotonic()
        frames = f"{done} of {total} frames" if total else ""
        part = f' value="{done}" max="{total}"' if total else ""
        page = f"<label>{html.escape(self._label)} <progress{part}></progress> {frames}</label>"
        self.replace(({"text/html": page, "text/plain": f"{self._label} {frames}".rstrip()}, {}))

    def replace(self, bundle: Bundle) -> None:
        """Show something in the bar's place, or in one of its own where no bar was seen."""
        from IPython.display import display

        data, metadata = bundle
        if self._place:
            self._place.update(data, metadata=metadata, raw=True)
        else:
            self._place = display(data, metadata=metadata, raw=True, display_id=True)

    def remove(self) -> None:
        """Show nothing in the bar's place."""
        if self._place:
            # An output can be emptied, not taken back; without any type, nbconvert would warn of it.
            self.replace(({"text/html": "", "text/plain": ""}, {}))


@contextmanager
def bar(label: str) -> Iterator[Bar]:
    """A bar that is gone at the end of the context."""
    shown = Bar(label)
    try:
        shown(0, 0)
        yield shown
    finally:
        shown.remove()


def in_notebook() -> bool:
    """Whether a notebook's kernel runs this process."""
    return getattr(_shell(), "kernel", None) is not None and not in_terminal()


def in_terminal() -> bool:
    """Whether IPython runs where no more than text is shown."""
    shell = _shell()
    return shell is not None and "text/html" not in shell.display_formatter.active_types


def show_error() -> None:
    """Show the exception that is being handled as the notebook does those of a cell."""
    _shell().showtraceback()


def image(kind: str, data: bytes, alt: str, size: tuple[int, int]) -> str:
    """An image of a media type as HTML that holds all its bytes, `size` (width, height) pixels where there is room."""
    return f'<img src="{url(kind, data)}" alt="{html.escape(alt)}" {sides(size)}>'


def sides(size: tuple[int, int]) -> str:
    """The attributes of something in HTML that is so many pixels wide and high, or as wide as there is room."""
    return f'width="{size[0]}" height="{size[1]}" style="max-width: 100%; height: auto"'


def url(kind: str, data: bytes) -> str:
    """A URL that holds the bytes themselves."""
    return f"data:{kind};base64,{base64(data)}"


def base64(data: bytes) -> str:
    """Bytes in letters, as notebooks hold them."""
    return b64encode(data).decode("ascii")


def _shell() -> Any:
    """The running IPython, None where there is none; it is not imported to find that out."""
    get = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return get() if get else None
