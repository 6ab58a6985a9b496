"""HTML pages from the templates in `templates/`."""

from collections.abc import Iterator
from importlib.resources import files

from animopt.publish.notebook import data_url


def render_page(name: str, **values: object) -> Iterator[str]:
    """Yield the parts of a page: a template, filled with values that are all escaped."""
    # Only some commands write pages, and the import takes a noticeable time.
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["data_url"] = lambda path, media_type: data_url(media_type, path.read_bytes())
    template = files("animopt.publish").joinpath("templates", f"{name}.html")
    return environment.from_string(template.read_text(encoding="utf-8")).generate(values)
