"""Slides as one page for a browser, which has all that it needs in itself."""

from base64 import b64encode
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from animopt.slides import Slide


def save_slides(path: Path, heading: str, slides: Sequence[Slide]) -> None:
    """Write an HTML file with a slide each: title, clip, alt text and notes; `heading` is the page's title."""
    # It takes a part of a second, which `animopt` need not wait for.
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["data_url"] = _data_url
    template = environment.from_string(files("animopt").joinpath("deck.html").read_text(encoding="utf-8"))
    with path.open("w", encoding="utf-8", newline="\n") as page:
        page.writelines(template.generate(heading=heading, slides=slides))


def _data_url(path: Path, kind: str) -> str:
    return f"data:{kind};base64,{b64encode(path.read_bytes()).decode()}"
