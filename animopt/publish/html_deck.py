"""Slides as one page for a browser, which has all that it needs in itself."""

from collections.abc import Sequence
from pathlib import Path

from animopt.publish.page_templates import render_page
from animopt.publish.slides import Slide


def save_slides(path: Path, heading: str, slides: Sequence[Slide]) -> None:
    """Write an HTML file with a slide each: title, clip, alt text and notes; `heading` is the page's title."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(render_page("deck", heading=heading, slides=slides))
