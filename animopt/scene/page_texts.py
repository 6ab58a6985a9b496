"""The texts of a scene that a deck or a gallery shows, each with its language."""

import re
import warnings
from pathlib import Path

from animopt.core.language import ENGLISH, language, language_of, localized
from animopt.publish.slides import LocalText, plain_text
from animopt.scene.catalog import description, summary
from animopt.scene.races import title_of
from animopt.scene.scene_fields import SceneFields


def shown_title(scene: SceneFields) -> LocalText:
    """Return the title in one line."""
    return LocalText(plain_text(title_of(scene)), language_of(scene.title, scene.lang))


def shown_notes(scene: SceneFields, file: Path | None) -> LocalText:
    """Return the speaker's notes: the scene's own, otherwise the docstring of its file. Warn if they are in English."""
    if own := _own_notes(scene):
        return LocalText(own, scene.lang)
    text = description(file) if file else localized(scene.notes, ENGLISH)
    lang = ENGLISH if _is_latin(text) else scene.lang
    if text and lang != scene.lang:
        missing = language(scene.lang).english_name
        warnings.warn(f"notes: not in {missing}, shown in English; add {scene.lang!r}", stacklevel=3)
    return LocalText(text, lang)


def shown_summary(scene: SceneFields) -> LocalText:
    """Return the first sentence of the speaker's notes, or the first line of the docstring. Warn as `shown_notes`."""
    file = scene.origin.path if scene.origin else None
    text, lang = shown_notes(scene, file)
    if file and not _own_notes(scene):
        return LocalText(plain_text(summary(file)), lang)
    return LocalText(plain_text(re.split(r"(?<=[.?!])\s|\n", text.strip(), maxsplit=1)[0]), lang)


def _own_notes(scene: SceneFields) -> str:
    """Return the notes that the scene itself has in its language."""
    return scene.notes if isinstance(scene.notes, str) else scene.notes.get(scene.lang, "")


def _is_latin(text: str) -> bool:
    """Return whether most letters of a text are Latin, as in English."""
    letters = [letter for letter in text if letter.isalpha()]
    return 2 * sum(letter.isascii() for letter in letters) >= len(letters)
