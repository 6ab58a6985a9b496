"""What is written beside a clip on request: a poster, captions, a text for those who cannot see it, snippets."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from animopt.core.atomic_files import write_atomically
from animopt.core.errors import Failures, UsageError
from animopt.core.validation import check_choice
from animopt.publish import captions, snippets
from animopt.recording.events import ALT_TEXT_START, alt_text
from animopt.recording.recording import Recording
from animopt.recording.timeline import Timeline
from animopt.video.film import Film
from animopt.video.output import Output, check_path
from animopt.video.save import save_still

KINDS = {"poster": ".png", "captions": ".vtt", "alt": ".txt", "markdown": ".md", "html": ".html"}
"""What there is, with the suffix that its file has in place of the clip's."""

MARKS = {"captions": captions.MARK, "alt": ALT_TEXT_START, "markdown": snippets.MARK, "html": snippets.MARK}
"""What stands at the beginning of a text that animopt wrote."""


def check_sidecars(kinds: Sequence[str], outputs: Sequence[Output]) -> None:
    """Raise UsageError for a kind that there is not, and for a file that another thing would be lost with."""
    for kind in kinds:
        check_choice("sidecars", kind, KINDS)
    taken = {output.path.resolve() for output in outputs}
    for clips in _clips(outputs):
        for kind in kinds:
            path = _path(clips, kind)
            if path.resolve() in taken:
                raise UsageError(f"{path}: would be the clip and its {kind}; give the clip another name")
            with suppress(OSError):
                if path.is_dir():
                    raise UsageError(f"{path}: is a folder, and the place of the clip's {kind}; rename one of them")
            check_path(path)
            if kind in MARKS and path.exists() and not _is_ours(path, MARKS[kind]):
                raise UsageError(f"{path}: is there already and was not written by animopt; rename it, or the clip")


def write_sidecars(
    kinds: Sequence[str],
    outputs: Sequence[Output],
    races: Sequence[Recording],
    timeline: Timeline,
    film_of: Callable[[Output], Film],
    recipe_of: Callable[[Output], str],
) -> Iterator[Path]:
    """Write what is asked for beside each clip, and yield its path once it is in place.

    Raises Error where one cannot be written, once all the others are. Outputs that differ in their suffix alone are one
    clip. `film_of` and `recipe_of` make the film and the recipe of its largest.
    """
    asked = [kind for kind in KINDS if kind in kinds]
    failures = Failures()
    for clips in _clips(outputs):
        poster, track = (_path(clips, kind).name if kind in asked else "" for kind in ("poster", "captions"))
        alt = alt_text(races[0])
        sizes = {clip.path.name: clip.size for clip in clips}
        texts = {
            "captions": captions.webvtt(captions.cues(races, timeline)),
            "alt": f"{alt}\n",
            "markdown": snippets.markdown(sizes, alt, poster),
            "html": snippets.html(sizes, alt, poster, track),
        }
        for kind in asked:
            path = _path(clips, kind)
            with failures.collect():
                if kind in texts:
                    write_atomically(path, texts[kind].encode())
                else:
                    largest = max(clips, key=lambda clip: clip.size[0] * clip.size[1])
                    save_still(path, film_of(largest).at(timeline.result_second), recipe_of(largest))
                yield path
    failures.raise_if_any()


def _clips(outputs: Sequence[Output]) -> list[list[Output]]:
    found: dict[Path, list[Output]] = {}
    for output in outputs:
        found.setdefault(output.path.resolve().with_suffix(""), []).append(output)
    return list(found.values())


def _path(clips: Sequence[Output], kind: str) -> Path:
    return clips[0].path.with_suffix(KINDS[kind])


def _is_ours(path: Path, mark: str) -> bool:
    try:
        with path.open("rb") as file:
            return mark.encode() in file.read(4096)
    except OSError:
        return False
