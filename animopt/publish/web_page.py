"""The page of a race: its template, filled with the payload and the script."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import partial
from math import sqrt
from typing import Any

from animopt.core.language import language
from animopt.core.number_format import format_number
from animopt.drawing.fonts import web_fonts
from animopt.publish.notebook import data_url
from animopt.publish.slides import plain_text, render_page
from animopt.publish.web_script import web_script
from animopt.recording.starts import LOSS_QUANTA, LOSS_STEP, QUANTA
from animopt.video.metadata import PAGE_RECIPE


def race_page(payload: Mapping[str, Any], blob: str, poster: bytes, recipe: str = "") -> str:
    """Return the HTML page that shows a race.

    Args:
        payload: Values for JSON. Its arrays are references to the blob.
        blob: The deflated arrays in base64.
        poster: Picture of the race as a PNG, for printing and for browsers without JavaScript.
        recipe: How the page was made. Default: not in the page.
    """
    code = payload["lang"]
    data = {**payload, "words": page_words(code, counts_steps=payload["clock"] == language(code).gettext("step"))}
    script = web_script()
    write = partial(
        render_page,
        "race",
        code,
        title=plain_text(payload["title"]),
        alt=payload["alt"],
        notes=[*_accuracy(payload["starts"], code), *payload["notes"]],
        poster=data_url("image/png", poster),
        colors=payload["themes"][payload["theme"]],
        payload=embedded_json(data),
        blob=blob,
        recipe_name=PAGE_RECIPE,
        recipe=recipe,
        script=script,
        script_hash=content_hash(script),
    )
    # The fonts have the characters of the page, and the printable ones of ASCII, in which its data is.
    characters = {*map(chr, range(0x20, 0x7F)), *filter(str.isprintable, "".join(write(fonts=[], blob="", poster="")))}
    fonts = [
        {"family": font.family, "weight": font.weight, "url": data_url("font/woff", font.data)}
        for font in web_fonts(characters)
    ]
    return "".join(write(fonts=fonts))


def _accuracy(starts: Mapping[str, Any] | None, code: str) -> Iterator[str]:
    """Yield the sentences about how accurate the races of a page are."""
    words = language(code)
    yield words.gettext("torch has run every race on this page, which has no optimizer of its own.")
    if not starts or not starts["racers"]:
        return
    place = f"{format_number(50 / QUANTA, 1, code)}\u00a0%"
    if starts["losses"]["logarithmic"]:
        yield words.gettext(
            "After a dropped start, positions are accurate to {place} of the sides of the plot, losses to {loss}.",
            place=place,
            loss=f"{format_number(100 * (sqrt(LOSS_STEP) - 1), 1, code)}\u00a0%",
        )
    else:
        yield words.gettext(
            "After a dropped start, positions are accurate to {place} of the sides of the plot, losses to {loss} of "
            "their axis.",
            place=place,
            loss=f"{format_number(50 / LOSS_QUANTA, 3, code)}\u00a0%",
        )


def content_hash(text: str) -> str:
    """Return the hash of a script or a style sheet for a Content-Security-Policy."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"


def embedded_json(value: object) -> str:
    """Return JSON that can be in an element of a page: no text in it ends the element."""
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def page_words(code: str, *, counts_steps: bool = True) -> dict[str, str]:
    """Return the texts that the script of a page writes, in a language. It fills the names in braces."""
    words = language(code)
    if counts_steps:
        counted = {
            "clock": words.gettext("step"),
            "position": words.gettext("step {step} of {steps}"),
            "divergedAt": words.gettext("diverged at step {step}"),
            "leftAt": words.gettext("left view at step {step}"),
        }
    else:
        counted = {
            "clock": words.gettext("gradient"),
            "position": words.gettext("gradient {count} of {total}")
            .replace("{count}", "{step}")
            .replace("{total}", "{steps}"),
            "divergedAt": words.gettext("diverged at gradient {count}").replace("{count}", "{step}"),
            "leftAt": words.gettext("left view at gradient {count}").replace("{count}", "{step}"),
        }
    return {
        **counted,
        "start": words.gettext("start"),
        "heights": words.gettext("heights on a log scale"),
        "diverged": words.gettext("diverged"),
        "left": words.gettext("left view"),
        "play": words.gettext("Play"),
        "pause": words.gettext("Pause"),
        "replay": words.gettext("Play again"),
        "dark": words.gettext("Dark"),
        "light": words.gettext("Light"),
        "copied": words.gettext("Copied"),
        "linkCopied": words.gettext("The link is copied."),
        "linkFailed": words.gettext("Copy this link:"),
        "imageSaved": words.gettext("The picture is saved."),
        "shown": words.gettext("{name} is shown."),
        "hidden": words.gettext("{name} is hidden."),
        "reading": words.gettext("{name}, {position}: ({x}, {y}), {quantity} {loss}"),
        "readingLost": words.gettext("{name}, {position}: {reason}"),
        "turned": words.gettext("Azimuth {azimuth}°, elevation {elevation}°"),
        "viewReset": words.gettext("The view is reset."),
        "howToDrop": words.gettext("Click on the contour plot to drop a start. The racers then run from there."),
        "dropped": words.gettext("Start at {point}, the nearest start from which torch has run the racers."),
        "ownStart": words.gettext("This is the scene's own start."),
        "sensitive": words.gettext("From here, small differences change the race of {names}."),
        "absent": words.gettext("no race from dropped starts"),
        "ignored": words.gettext("Ignored in the address, as the value is wrong: {names}."),
    }
