"""Slides as one HTML page that contains all that it needs."""

from collections.abc import Sequence
from pathlib import Path

from animopt.publish.page_templates import render_page
from animopt.publish.slides import Slide


def save_slides(path: Path, heading: str, slides: Sequence[Slide]) -> None:
    """Write an HTML page with the title, the clip, the alt text and the notes of each slide."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(render_page("deck", heading=heading, slides=slides))
