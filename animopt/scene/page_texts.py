"""The texts of a scene that a deck or a gallery shows, each with its language."""

import re
import warnings
from pathlib import Path

from animopt.core.language import ENGLISH, Text, language
from animopt.publish.slides import LocalText, plain_text
from animopt.scene.catalog import summary
from animopt.scene.races import speaker_notes, title_of
from animopt.scene.scene_fields import SceneFields


def shown_title(scene: SceneFields) -> LocalText:
    """Return the title in one line."""
    return LocalText(plain_text(title_of(scene)), _language_of(scene.title, scene.lang))


def shown_notes(scene: SceneFields, file: Path | None) -> LocalText:
    """Return the speaker's notes: the scene's own, otherwise the docstring of its file. Warn if they are in English."""
    text = speaker_notes(scene, file)
    lang = scene.lang if _has_own_notes(scene) or not _is_latin(text) else ENGLISH
    if text and lang != scene.lang:
        missing = language(scene.lang).english_name
        warnings.warn(f"notes: not in {missing}, shown in English; add {scene.lang!r}", stacklevel=3)
    return LocalText(text, lang)


def shown_summary(scene: SceneFields) -> LocalText:
    """Return the first sentence of the speaker's notes, or the first line of the docstring. Warn as `shown_notes`."""
    file = scene.origin.folder.folder / scene.origin.file if scene.origin else None
    text, lang = shown_notes(scene, file)
    if file and not _has_own_notes(scene):
        return LocalText(plain_text(summary(file)), lang)
    return LocalText(plain_text(re.split(r"(?<=[.?!])\s|\n", text.strip(), maxsplit=1)[0]), lang)


def _has_own_notes(scene: SceneFields) -> bool:
    """Return whether the scene itself has notes in its language."""
    return bool(scene.notes if isinstance(scene.notes, str) else scene.notes.get(scene.lang))


def _language_of(text: Text, code: str) -> str:
    """Return the language in which `localized` returns a text. A single text is in the language with the code."""
    if isinstance(text, str) or text.get(code):
        return code
    return ENGLISH if text.get(ENGLISH) else next(iter(text), code)


def _is_latin(text: str) -> bool:
    """Return whether most letters of a text are Latin, as in English."""
    letters = [letter for letter in text if letter.isalpha()]
    return 2 * sum(letter.isascii() for letter in letters) >= len(letters)
