"""Defaults for the scenes of a folder, from a file `animopt.toml` beside them."""

import tomllib
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from animopt.core.errors import UsageError, check_choice, check_number, check_size, check_text, short_repr, suggestion
from animopt.core.language import check_language
from animopt.core.working_folder import absolute
from animopt.drawing.layout import LAYOUTS
from animopt.drawing.theme import THEMES
from animopt.video.output import check_size as check_sides
from animopt.video.presets import PRESETS

FILE = "animopt.toml"
"""Name of the file."""


MAX_LENGTH = 100_000
"""Maximum number of bytes of the file."""


class Unset(str):
    """The value of a scene's field that the scene does not set, so that a folder's default replaces it."""

    __slots__ = ()


def _checked(check: Callable[[Any], Any]) -> Any:
    return attrs.field(default=None, converter=attrs.converters.optional(check))


@attrs.frozen
class FolderDefaults:
    """Defaults of a folder. `path` is their file, None without one, and a default that it does not set is None.

    Raises UsageError for a value that cannot be used.
    """

    path: Path | None = None
    theme: str | None = _checked(partial(check_choice, "theme", choices=THEMES))
    layout: str | None = _checked(partial(check_choice, "layout", choices=("auto", *LAYOUTS)))
    language: str | None = _checked(partial(check_language, "language"))
    size: tuple[int, int] | None = _checked(lambda value: check_sides(check_size("size", value)))
    fps: float | None = _checked(
        partial(check_number, "fps", remedy="give 1 to 120 frames a second", minimum=1, maximum=120)
    )
    output: str | None = _checked(partial(check_text, "output", example="'clips'"))
    preset: str | None = _checked(partial(check_choice, "for", choices=PRESETS))

    @property
    def scene_fields(self) -> dict[str, str]:
        """The defaults of a scene's fields, by their names."""
        fields = {"theme": self.theme, "layout": self.layout, "lang": self.language}
        return {name: value for name, value in fields.items() if value is not None}


KEYS = {"for" if each.name == "preset" else each.name: each.name for each in attrs.fields(FolderDefaults)[1:]}
"""Fields by the keys in the file."""


OTHER_FOLDERS = Path("scenes"), Path()
"""Folders whose defaults are those of a folder without a file."""


def defaults_of(folder: Path = Path("scenes")) -> FolderDefaults:
    """Return the defaults for the scenes of a folder: its own, those of `scenes`, or those of the current folder."""
    return read_defaults(folder, *OTHER_FOLDERS)


def files_read(scene_file: Path) -> list[Path]:
    """Return the files that are read for a scene: its own, and the one with the defaults of its folder."""
    defaults = _file_of(scene_file.parent, *OTHER_FOLDERS)
    return [scene_file, defaults] if defaults else [scene_file]


def _file_of(*folders: Path) -> Path | None:
    # If the working folder was removed, only absolute paths lead anywhere.
    with suppress(FileNotFoundError):
        return next((folder / FILE for folder in folders if absolute(folder / FILE).is_file()), None)
    return None


def read_defaults(*folders: Path) -> FolderDefaults:
    """Return the defaults of the first of these folders that has a file with defaults.

    Raises UsageError if the file is not TOML, or has an unknown key or a value that cannot be used.
    """
    path = _file_of(*folders)
    if path is None:
        return FolderDefaults()
    try:
        with absolute(path).open("rb") as file:
            text = file.read(MAX_LENGTH + 1)
        if len(text) > MAX_LENGTH:
            raise UsageError(f"{path}: is larger than {MAX_LENGTH // 1000} kB; its keys are {', '.join(KEYS)}")
        # Some editors begin a file with a mark.
        content = tomllib.loads(text.decode("utf-8-sig"))
    except UsageError:
        raise
    except RecursionError as error:
        raise UsageError(f"{path}: is nested too deeply; its keys are {', '.join(KEYS)}") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    for key in content:
        if key not in KEYS:
            hint = suggestion(key, KEYS, f"its keys are {', '.join(KEYS)}")
            raise UsageError(f"{path}: unknown key {short_repr(key)}; {hint}")
    try:
        return FolderDefaults(path, **{KEYS[key]: value for key, value in content.items()})
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None
