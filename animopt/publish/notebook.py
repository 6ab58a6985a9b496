"""What a notebook shows: pictures in its pages, and a bar while a clip is rendered."""

import html
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
def progress_bar(label: str) -> Iterator[Bar]:
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
    return f"data:{kind};base64,{encode_base64(data)}"


def encode_base64(data: bytes) -> str:
    """Bytes in letters, as notebooks hold them."""
    return b64encode(data).decode("ascii")


def _shell() -> Any:
    """The running IPython, None where there is none; it is not imported to find that out."""
    get = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return get() if get else None


Types = Collection[str] | None


@dataclass(frozen=True)
class Rendered:
    """A clip as the bytes of its file, `poster` as those of a PNG file, and `alt`, what both show, in words."""

    data: bytes
    poster: bytes
    alt: str


class Clip:
    """A clip that is rendered once, when it is first shown or asked for; `Scene.clip` makes one.

    `suffix` is .gif or .mp4, `size` (width, height) in pixels; `make` renders, and is given a function that it tells
    how many frames are drawn, and of how many.
    """

    def __init__(
        self,
        title: str,
        suffix: str,
        size: tuple[int, int],
        fps: float,
        make: Callable[[Callable[[int, int], None]], Rendered],
    ) -> None:
        self.title = title
        self.suffix = suffix
        self.size = size
        self.fps = fps
        self._make = make
        self._rendered: Rendered | None = None

    def __repr__(self) -> str:
        width, height = self.size
        return f"Clip({self.title!r}, {self.suffix}, {width}x{height}, {self.fps:g} fps)"

    def render(self) -> Rendered:
        """The clip's bytes, its poster and what it shows in words. Raises Error where the scene does not run."""
        if self._rendered is None:
            with progress_bar(self.title) as progress:
                self._rendered = self._make(progress)
        return self._rendered

    def bundle(self, text: str, include: Types = None, exclude: Types = None) -> Bundle:
        """The clip by its media types, those to include but for those to exclude; `text` says in words what it is.

        Nothing is rendered where only the text is asked for, or would be shown.
        """
        if in_terminal() or (include and not {"text/html", "image/png"} & set(include)):
            return {"text/plain": text}, {}
        data, metadata = self._pictures(self.render())
        data |= {"text/plain": text}
        kinds = [kind for kind in data if (not include or kind in include) and kind not in (exclude or ())]
        return {kind: data[kind] for kind in kinds}, {kind: metadata[kind] for kind in kinds if kind in metadata}

    def show(self, text: str) -> None:
        """Show a bar in a notebook, then the clip in its place; `text` says in words what it is.

        Raises NotImplementedError elsewhere, at which IPython asks for the bundle.
        """
        if not in_notebook():
            raise NotImplementedError
        shown = Bar(self.title)
        try:
            if self._rendered is None:
                shown(0, 0)
                self._rendered = self._make(shown)
        except Exception:
            shown.remove()
            # IPython would show it too, and then ask for the bundle, at which it would be raised once more.
            show_error()
            return
        except BaseException:
            shown.remove()
            raise
        data, metadata = self._pictures(self._rendered)
        shown.replace(({**data, "text/plain": text}, metadata))

    def _repr_mimebundle_(self, include: Types = None, exclude: Types = None) -> Bundle:
        return self.bundle(repr(self), include, exclude)

    def _ipython_display_(self) -> None:
        self.show(repr(self))

    def _pictures(self, rendered: Rendered) -> Bundle:
        # A notebook that is converted to what has no moving pictures has the poster, and its text.
        pictures = {"text/html": self._page(rendered), "image/png": encode_base64(rendered.poster)}
        return pictures, {"image/png": {"alt": rendered.alt}}

    def _page(self, rendered: Rendered) -> str:
        poster = url("image/png", rendered.poster)
        if self.suffix == ".gif":
            # It stands still for those who ask their system for less motion.
            still = f'<source media="(prefers-reduced-motion: reduce)" srcset="{poster}">'
            return f"<picture>{still}{image('image/gif', rendered.data, rendered.alt, self.size)}</picture>"
        alt = html.escape(rendered.alt)
        # Where videos are blocked, as on GitHub, the words are left.
        return (
            f'<video src="{url("video/mp4", rendered.data)}" poster="{poster}" aria-label="{alt}" {sides(self.size)} '
            f"controls autoplay loop muted playsinline>{alt}</video>"
        )
