"""Files beside a clip: a poster, captions, an alt text, and snippets for a page."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from animopt.core.errors import Failures, UsageError, check_choice
from animopt.core.files import write_atomically
from animopt.publish import captions, snippets
from animopt.recording.events import ALT_TEXT_START, alt_text
from animopt.recording.recording import Recording
from animopt.recording.timeline import Timeline
from animopt.video.film import Film
from animopt.video.output import Output, check_path
from animopt.video.save import save_still

SUFFIXES = {"poster": ".png", "captions": ".vtt", "alt": ".txt", "markdown": ".md", "html": ".html"}
"""Suffix of each kind of sidecar."""

MARKS = {"captions": captions.MARK, "alt": ALT_TEXT_START, "markdown": snippets.MARK, "html": snippets.MARK}
"""Text near the beginning of a sidecar that animopt wrote."""


def check_sidecars(kinds: Sequence[str], outputs: Sequence[Output]) -> None:
    """Raise UsageError for an unknown kind, or for a path at which another file would be lost."""
    for kind in kinds:
        check_choice("sidecars", kind, SUFFIXES)
    taken = {output.path.resolve() for output in outputs}
    for clip in _clips(outputs):
        for kind in kinds:
            path = _path(clip, kind)
            if path.resolve() in taken:
                raise UsageError(f"{path}: would be the clip and its {kind}; give the clip another name")
            with suppress(OSError):
                if path.is_dir():
                    raise UsageError(f"{path}: is a folder with the name of the clip's {kind}; rename one of them")
            check_path(path)
            if kind in MARKS and path.exists() and not _was_written_by_animopt(path, MARKS[kind]):
                raise UsageError(f"{path}: exists already and was not written by animopt; rename it, or the clip")


def write_sidecars(
    kinds: Sequence[str],
    outputs: Sequence[Output],
    races: Sequence[Recording],
    timeline: Timeline,
    film_of: Callable[[Output], Film],
    recipe_of: Callable[[Output], str],
) -> Iterator[Path]:
    """Write the sidecars of each clip, and yield the path of each once it is in place.

    Outputs that differ only in their suffix are one clip. `film_of` and `recipe_of` return the film and the recipe of
    an output. Raises Error at the end if a file cannot be written.
    """
    kinds = [kind for kind in SUFFIXES if kind in kinds]
    failures = Failures()
    for clip in _clips(outputs):
        poster, track = (_path(clip, kind).name if kind in kinds else "" for kind in ("poster", "captions"))
        alt = alt_text(races[0])
        sizes = {output.path.name: output.size for output in clip}
        texts = {
            "captions": captions.webvtt(captions.cues(races, timeline)),
            "alt": f"{alt}\n",
            "markdown": snippets.markdown(sizes, alt, poster),
            "html": snippets.html(sizes, alt, poster, track),
        }
        for kind in kinds:
            path = _path(clip, kind)
            with failures.collect():
                if kind in texts:
                    write_atomically(path, texts[kind].encode())
                else:
                    largest = max(clip, key=lambda output: output.size[0] * output.size[1])
                    save_still(path, film_of(largest).at(timeline.result_second), recipe_of(largest))
                yield path
    failures.raise_if_any()


def _clips(outputs: Sequence[Output]) -> list[list[Output]]:
    """Group the outputs whose paths differ only in the suffix. Each group is one clip."""
    clips: dict[Path, list[Output]] = {}
    for output in outputs:
        clips.setdefault(output.path.resolve().with_suffix(""), []).append(output)
    return list(clips.values())


def _path(clip: Sequence[Output], kind: str) -> Path:
    return clip[0].path.with_suffix(SUFFIXES[kind])


def _was_written_by_animopt(path: Path, mark: str) -> bool:
    try:
        with path.open("rb") as file:
            return mark.encode() in file.read(4096)
    except OSError:
        return False
