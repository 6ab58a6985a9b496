"""A clip in memory, which shows itself in a notebook."""

import html
from collections.abc import Callable, Collection
from dataclasses import dataclass

from animopt.notebook import Bar, Bundle, bar, base64, image, in_notebook, in_terminal, show_error, sides, url

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
            with bar(self.title) as progress:
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
        pictures = {"text/html": self._page(rendered), "image/png": base64(rendered.poster)}
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
