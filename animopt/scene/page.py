"""An interactive page of a scene: its race, and its racers' races from every start that a viewer can drop."""

import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from animopt.core.errors import Error
from animopt.core.files import write_atomically
from animopt.core.language import language
from animopt.core.number_format import format_bytes
from animopt.engine.dropped_starts import run_dropped_starts
from animopt.publish.sidecars import Rendition
from animopt.publish.web_data import Blob, fitted
from animopt.publish.web_page import race_page
from animopt.publish.web_scene import PANELS, page_staging, race_values
from animopt.recording.sentences import alt_text
from animopt.recording.starts import GRID, LossScale, Note, Starts
from animopt.scene.races import recordings, staging_of, timeline_of
from animopt.scene.scene_fields import SceneFields, user_context
from animopt.video.film import MAP_PANELS, RACE_PANELS
from animopt.video.frame_sequence import FrameSequence
from animopt.video.output import Output
from animopt.video.save import encode_small_png

ROUNDING = 1e-12
"""Part of the range of the surface below which a loss of a dropped start is the result of rounding."""

MAX_BYTES = 3 * 10**6
"""Maximum number of bytes of a page, if no other one is given."""

USUAL_BYTES = 10**6
"""Number of bytes that a page has at most if neither its grid nor its size is given, and if `LEAST_GRID` allows it."""

LEAST_GRID = 32
"""Number of starts along each side of the grid to which that size reduces it."""


def write_page(scene: SceneFields, output: Output, rendition: Rendition) -> None:
    """Write the interactive page of a scene. Its poster and recipe are those of the rendition.

    Raises:
        UsageError: The races from the grid of starts would be too many.
        Error: The smallest page is larger than the maximum number of bytes, or cannot be written.
    """
    page = page_of(scene, output, page_poster(rendition.film_of(output)), rendition.recipe_of(output))
    write_atomically(output.path, page.encode())


def page_poster(film: FrameSequence) -> bytes:
    """Return the frame at which a race is over as a small PNG file."""
    return encode_small_png(film.result_frame())


def page_of(scene: SceneFields, output: Output, poster: bytes, recipe: str = "", *, titled: bool = True) -> str:
    """Return the interactive page of a scene, in the theme and with the grid of an output, as HTML.

    `poster` is a PNG file. Without `titled`, its picture has no title.
    """
    races, staging = recordings(scene), page_staging(staging_of(scene, output.theme, titled=titled))
    values = race_values(races, timeline_of(scene), staging, alt_text(races[:1], PANELS))
    left_out = [*_left_out(scene)]
    blob = Blob()
    payload = blob.referenced(values) | {"starts": None, "notes": [note.sentence for note in left_out]}
    most = output.max_bytes or MAX_BYTES
    room = most - len(race_page(payload, blob.text, poster, recipe).encode())
    run, is_free = partial(_starts, scene, values), output.grid is None and output.max_bytes is None
    if is_free:
        starts, packed = fitted(run, GRID, room + USUAL_BYTES - most, scene.lang, LEAST_GRID)
    if not is_free or packed.size > room:
        starts, packed = fitted(run, output.grid or GRID, room, scene.lang)
    # Without a given grid, one with which the page is small is what is expected.
    reduced = starts.notes if output.grid else ()
    for note in (*left_out, *(each.reason for each in starts.absent), *reduced):
        warnings.warn(f"{output.path}: {note}", stacklevel=2)
    payload |= {"starts": packed.into(blob), "notes": [note.sentence for note in (*left_out, *starts.notes)]}
    page = race_page(payload, blob.text, poster, recipe)
    if (size := len(page.encode())) > most:
        raise Error(
            f"{output.path}: cannot be made smaller than {format_bytes(size)}, and may have {format_bytes(most)}; "
            "allow more, with --max-bytes or Output(max_bytes=...)"
        )
    return page


def _starts(scene: SceneFields, values: dict[str, Any], grid: int) -> Starts:
    """Run the racers from a grid of starts over all that the contour plots of a page show."""
    axis, surface, function = values["axis"], values["surface"], scene.functions[0]
    if values["gaps"]:
        scale = LossScale.of_gaps(ROUNDING * (surface["high"] - surface["low"]))
    else:
        scale = LossScale.of_losses(axis["low"], axis["high"])
    corners = np.array([layout["window"] for layout in values["layouts"]])
    low, high = corners[:, 0].min(axis=0), corners[:, 1].max(axis=0)
    with user_context(scene):
        return run_dropped_starts(
            function,
            scene._resolved,
            ((low[0], high[0]), (low[1], high[1])),
            scene.steps,
            scale,
            columns=grid,
            rows=grid,
            code=scene.lang,
            noise=scene.noise,
            batch=scene.batch,
            batch_order=scene.batch_order,
            seed=scene.seed,
        )


def _left_out(scene: SceneFields) -> Iterator[Note]:
    """Yield a note for each part of the scene that a page leaves out."""
    words, functions = language(scene.lang), len(scene.functions)
    if scene.map:
        yield Note(words.gettext("This page shows the race without its map."))
    if functions > 1:
        yield Note(
            words.ngettext(
                "This page shows the race on the first of {count} function.",
                "This page shows the race on the first of {count} functions.",
                functions,
            ),
            "write a page of each, as Scene(function=...)",
        )
    if not {*scene.panels, *scene.overlays} <= {*RACE_PANELS, *MAP_PANELS}:
        yield Note(words.gettext("This page shows the surface, the contour lines and the losses, and no other panels."))
