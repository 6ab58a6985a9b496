"""The HTML pages that animopt writes, from the templates beside this file."""

from base64 import b64encode
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any


def render_page(name: str, **values: Any) -> Iterator[str]:
    """The pieces of a page: the template of this name, filled with values, all of them escaped."""
    # The import takes a fraction of a second, which a command without a page need not wait for.
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["data_url"] = _data_url
    template = files("animopt.publish").joinpath("templates", f"{name}.html")
    return environment.from_string(template.read_text(encoding="utf-8")).generate(values)


def _data_url(path: Path, kind: str) -> str:
    return f"data:{kind};base64,{b64encode(path.read_bytes()).decode()}"
