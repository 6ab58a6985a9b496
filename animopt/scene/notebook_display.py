"""The clip of a scene in a notebook."""

from concurrent.futures import Executor

import attrs

from animopt.core.atomic_files import temporary_folder
from animopt.core.errors import UsageError, short_repr
from animopt.publish.notebook import Clip, RenderedClip
from animopt.recording.events import alt_text
from animopt.scene.checks import check_output_limits
from animopt.scene.races import recordings
from animopt.scene.render import save_with_poster
from animopt.scene.scene_fields import SceneFields
from animopt.scene.staging import title_of
from animopt.video.output import Output
from animopt.video.save import Progress, encode_png
from animopt.video.worker_pool import drawing_executor

NOTEBOOK_SIZE = (640, 360)
"""Size (width, height) in pixels of a clip in a notebook, which holds all its bytes."""

NOTEBOOK_FPS = {"gif": 10, "mp4": 25}
"""Frames per second of a clip in a notebook, by its format."""


def notebook_clip(
    scene: SceneFields,
    suffix: str,
    size: tuple[int, int],
    fps: float | None,
    theme: str | None,
    workers: int | Executor | None,
) -> Clip:
    """Return a clip that is rendered when it is shown, as `Scene.clip` does."""
    suffix = suffix.lower().removeprefix(".") if isinstance(suffix, str) else suffix
    if suffix not in NOTEBOOK_FPS:
        raise UsageError(f"clip {short_repr(suffix)}: a notebook shows {' or '.join(NOTEBOOK_FPS)}; use one of them")
    output = Output(f"clip.{suffix}", size, NOTEBOOK_FPS[suffix] if fps is None else fps, theme)
    check_output_limits(scene, output)

    def render(progress: Progress) -> RenderedClip:
        with temporary_folder() as folder, drawing_executor(workers, scene.seconds * output.fps) as executor:
            file = folder / output.path
            poster = save_with_poster(scene, attrs.evolve(output, path=file), executor, progress)
            # 8 bits per pixel, as a GIF has: a notebook holds the poster twice.
            png = encode_png(poster, bits=8, optimize=True)
            return RenderedClip(file.read_bytes(), png, alt_text(recordings(scene)[0]))

    return Clip(title_of(scene), f".{suffix}", output.size, output.fps, render)
