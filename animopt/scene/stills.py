"""Pages with one frame of a scene, or with several."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from animopt.core.errors import UsageError
from animopt.core.validation import check_number
from animopt.scene.checks import check_limits
from animopt.scene.races import recordings
from animopt.scene.scene_fields import SceneFields
from animopt.scene.scene_values import recipe_text
from animopt.scene.staging import staging_of, timeline_of
from animopt.video.film import draw_page
from animopt.video.output import check_is_path, check_path, check_size, check_still
from animopt.video.save import save_still

STORYBOARD_FRAMES = 6
"""Number of frames on a storyboard."""


def _check_second(scene: SceneFields, second: float) -> None:
    """Raise UsageError for a second that the clip does not have."""
    remedy = f"give a second of the clip, 0 to {scene.seconds:g}"
    if check_number("still", second, remedy, minimum=0) > scene.seconds:
        raise UsageError(f"still {second:g}: {remedy}")


def write_still(scene: SceneFields, path: str | os.PathLike[str], second: float, **look: Any) -> None:
    """Write the frame at a second of the clip, as `Scene.still` does."""
    _check_second(scene, second)
    _write_page(scene, path, [second], **look, still=second)


def write_storyboard(scene: SceneFields, path: str | os.PathLike[str], **look: Any) -> None:
    """Write six frames of the race on one page, as `Scene.storyboard` does."""
    _write_page(scene, path, timeline_of(scene).overview(STORYBOARD_FRAMES), **look, storyboard=True)


def _write_page(
    scene: SceneFields,
    path: str | os.PathLike[str],
    seconds: Sequence[float],
    *,
    size: tuple[int, int],
    theme: str | None,
    transparent: bool,
    recipe: bool,
    **output: Any,
) -> None:
    file = Path(check_is_path(path))
    suffix = check_still(file)
    check_path(file)
    size = check_size(size)
    look = staging_of(scene, theme, transparent=transparent)
    check_limits(scene, [(size, len(seconds))])
    races = recordings(scene)
    text = recipe_text(scene, races[0], theme, transparent, size=list(size), **output) if recipe else ""
    save_still(file, draw_page(races, timeline_of(scene), seconds, size, look, suffix, text), text)
