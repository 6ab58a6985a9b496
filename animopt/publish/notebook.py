"""Display in notebooks: clips, pictures, and a progress bar."""

import html
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import attrs

from animopt.core.language import language
from animopt.core.progress import WARNS, listening

CONTROLS_PART = 0.25
"""Height of the controls of an interactive page as a fraction of that of its picture."""

BAR_INTERVAL = 0.2
"""Minimum number of seconds between two updates of the progress bar."""

Bundle = tuple[dict[str, object], dict[str, object]]
"""The data and the metadata of an output, each by media type."""

MediaTypes = Collection[str] | None


class ProgressBar:
    """The progress of rendering a title, in a language, shown only in a notebook.

    Each state replaces the one before among the outputs of the cell, and another output can replace the bar.
    """

    def __init__(self, title: str, code: str) -> None:
        self._words = language(code)
        self._label = (
            self._words.gettext("Rendering {title}", title=title) if title else self._words.gettext("Rendering")
        )
        self._place: Any = None
        self._updated = 0.0

    def __call__(self, done: int, total: int, work: str = "") -> None:
        """Show the number of drawn frames and their total, which is 0 while it is unknown, or parts of other work."""
        if time.monotonic() - self._updated < BAR_INTERVAL or not in_notebook():
            return
        self._updated = time.monotonic()
        frames = ""
        if total and not work:
            frames = self._words.ngettext("{done} of {count} frame", "{done} of {count} frames", total, done=done)
        value = f' value="{done}" max="{total}"' if total else ""
        page = f"<label>{html.escape(self._label)} <progress{value}></progress> {frames}</label>"
        self.replace(({"text/html": page, "text/plain": f"{self._label} {frames}".rstrip()}, {}))

    def replace(self, bundle: Bundle) -> None:
        """Show an output in place of the bar, or in a new place if the bar is not shown."""
        from IPython.display import display

        data, metadata = bundle
        if self._place:
            self._place.update(data, metadata=metadata, raw=True)
        else:
            self._place = display(data, metadata=metadata, raw=True, display_id=True)

    def remove(self) -> None:
        """Show nothing in place of the bar."""
        if self._place:
            # An output can be emptied but not removed, and nbconvert warns of an output without a type.
            self.replace(({"text/html": "", "text/plain": ""}, {}))


@contextmanager
def progress_bar(title: str, code: str) -> Iterator[ProgressBar]:
    """Show a progress bar in the context."""
    bar = ProgressBar(title, code)
    try:
        bar(0, 0)
        with listening(replace(WARNS, show=bar)):
            yield bar
    finally:
        bar.remove()


def in_notebook() -> bool:
    """Return whether this process is the kernel of a notebook."""
    return getattr(_shell(), "kernel", None) is not None and not in_terminal()


def in_terminal() -> bool:
    """Return whether IPython runs in a terminal, which shows only text."""
    shell = _shell()
    return shell is not None and "text/html" not in shell.display_formatter.active_types


def _shell() -> Any:
    """Return the running IPython shell, or None. IPython is not imported."""
    get = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return get() if get else None


def image_tag(media_type: str, data: bytes, alt: str, size: tuple[int, int]) -> str:
    """Return an HTML image that contains its data."""
    return f'<img src="{data_url(media_type, data)}" alt="{html.escape(alt)}" {_size_attributes(size)}>'


def _size_attributes(size: tuple[int, int]) -> str:
    """Return the attributes of an element with a size (width, height) in pixels, which shrinks in a narrow page."""
    return f'width="{size[0]}" height="{size[1]}" style="max-width: 100%; height: auto"'


def frame_style(size: tuple[int, int]) -> str:
    """Return the style attribute of a frame with an interactive page, whose picture has a size (width, height).

    Below the picture it has room for the controls. On a phone it is high enough for the upright picture.
    """
    width, height = size
    shape = f"aspect-ratio: {width} / {round(height * (1 + CONTROLS_PART))}; min-height: min(40rem, 90vh)"
    return f'style="width: 100%; {shape}; border: 0"'


def data_url(media_type: str, data: bytes) -> str:
    """Return a URL that contains the data."""
    return f"data:{media_type};base64,{encode_base64(data)}"


def encode_base64(data: bytes) -> str:
    """Return data in base64, as notebooks store it."""
    return b64encode(data).decode("ascii")


@attrs.frozen
class RenderedClip:
    """The bytes of a clip's file and of its poster, a PNG file, and the alt text of both."""

    data: bytes
    poster: bytes
    alt: str


@attrs.define(eq=False, repr=False)
class Clip:
    """A clip that is rendered when it is first displayed. `Scene.clip` returns one.

    `suffix` is ".gif", ".mp4", or ".html" for an interactive page. `size` is (width, height) in pixels, and `lang` the
    language of the clip. `make`
    renders the clip, and calls its argument with the number of drawn frames and their total.
    """

    title: str
    suffix: str
    size: tuple[int, int]
    fps: float
    lang: str
    _make: Callable[[Callable[[int, int], None]], RenderedClip]
    _rendered: RenderedClip | None = attrs.field(default=None, init=False)

    def __repr__(self) -> str:
        width, height = self.size
        return f"Clip({self.title!r}, {self.suffix}, {width}x{height}, {self.fps:g} fps)"

    def render(self) -> RenderedClip:
        """Render the clip if it is not rendered yet. Raises Error if the scene fails."""
        if self._rendered is None:
            with progress_bar(self.title, self.lang) as progress:
                self._rendered = self._make(progress)
        return self._rendered

    def bundle(self, text: str, include: MediaTypes = None) -> Bundle:
        """Return the clip by media type, with `text` as plain text, for IPython's display protocol.

        The clip is not rendered if only plain text is requested or can be shown. IPython removes the types that are
        not requested.
        """
        if in_terminal() or (include and not {"text/html", "image/png"} & set(include)):
            return {"text/plain": text}, {}
        return self._bundle(self.render(), text)

    def show(self, text: str) -> None:
        """Show a progress bar in a notebook, and replace it by the clip.

        Raises NotImplementedError elsewhere. IPython then asks for the bundle.
        """
        if not in_notebook():
            raise NotImplementedError
        bar = ProgressBar(self.title, self.lang)
        try:
            if self._rendered is None:
                bar(0, 0)
                self._rendered = self._make(bar)
        except BaseException as error:
            bar.remove()
            if not isinstance(error, Exception):
                raise
            # After an exception, IPython would ask for the bundle, which would raise it again.
            _shell().showtraceback()
        else:
            bar.replace(self._bundle(self._rendered, text))

    def _repr_mimebundle_(self, include: MediaTypes = None, exclude: MediaTypes = None) -> Bundle:
        return self.bundle(repr(self), include)

    def _ipython_display_(self) -> None:
        self.show(repr(self))

    def _bundle(self, rendered: RenderedClip, text: str) -> Bundle:
        # A format without moving pictures, such as PDF, shows the poster.
        return (
            {"text/html": self._page(rendered), "image/png": encode_base64(rendered.poster), "text/plain": text},
            {"image/png": {"alt": rendered.alt}},
        )

    def _page(self, rendered: RenderedClip) -> str:
        poster = data_url("image/png", rendered.poster)
        if self.suffix == ".gif":
            # Browsers show the poster to users who prefer less motion.
            still = f'<source media="(prefers-reduced-motion: reduce)" srcset="{poster}">'
            picture = image_tag("image/gif", rendered.data, rendered.alt, self.size)
            return f'<picture lang="{self.lang}">{still}{picture}</picture>'
        alt = html.escape(rendered.alt)
        if self.suffix == ".html":
            page = html.escape(rendered.data.decode())
            frame = f'<iframe srcdoc="{page}" title="{alt}" lang="{self.lang}" allowfullscreen'
            return f"{frame} {frame_style(self.size)}></iframe>"
        # A page that blocks videos, such as GitHub's, shows the alt text.
        return (
            f'<video src="{data_url("video/mp4", rendered.data)}" poster="{poster}" lang="{self.lang}" '
            f'aria-label="{alt}" {_size_attributes(self.size)} controls autoplay loop muted playsinline>{alt}</video>'
        )
