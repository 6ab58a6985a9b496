"""Runs a lecture file, and finds the scenes and the voices that it names."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import attrs

from animopt.core.errors import Error, UsageError, short_repr
from animopt.core.language import ENGLISH
from animopt.core.working_folder import absolute, kept_folder
from animopt.lecture.marks import split_marks
from animopt.lecture.parts import Card, Compare, Lecture, Part
from animopt.scene import catalog
from animopt.scene.folder_defaults import defaults_of, files_read
from animopt.scene.limits import Limits
from animopt.scene.scene import Scene, check_scene_path, load_scene
from animopt.scene.scene_file import SceneFolder, imported_from, run_file


@attrs.frozen(eq=False)
class LectureFile:
    """A lecture and its file.

    Attributes:
        lecture: The lecture.
        path: Path of its file, as it was given.
        limits: Limits of its scenes in place of their own, or None.
    """

    lecture: Lecture
    path: Path
    limits: Limits | None = None
    _scenes: dict[Path, Scene] = attrs.field(init=False, factory=dict)

    @property
    def name(self) -> str:
        """Name of the lecture, from its file."""
        return catalog.name(self.path)

    @property
    def language(self) -> str:
        """The language, unless another one is chosen: that of `animopt.toml`, or English."""
        return defaults_of(self.path.parent).language or ENGLISH

    @property
    def theme(self) -> str | None:
        """The theme of all parts, unless another one is chosen: the lecture's own, or that of `animopt.toml`."""
        return self.lecture.theme or defaults_of(self.path.parent).theme

    def part_name(self, number: int) -> str:
        """Return what messages call a part, whose number begins at 1."""
        part = self.lecture.parts[number - 1]
        match part:
            case Card():
                return f"part {number}"
            case Part():
                return f"part {number} {part.scene!r}"
            case Compare():
                return f"part {number} {' and '.join(map(repr, part.scenes))}"

    def scene_path(self, wanted: str) -> Path:
        """Return the file of a scene: at a path from the lecture file, beside it, or in the catalog.

        Raises UsageError if there is none.
        """
        folder = self.path.parent
        if wanted.endswith(".py") or "/" in wanted or "\\" in wanted:
            return catalog.find(str(folder / wanted))
        beside = folder / f"{wanted.replace('-', '_')}.py"
        return beside if absolute(beside).is_file() else catalog.find(wanted)

    def scene(self, wanted: str) -> Scene:
        """Return a scene by its name or path. Each file is run once. Raises Error if it does not run."""
        path = self.scene_path(wanted)
        if path not in self._scenes:
            scene = load_scene(path)
            self._scenes[path] = scene.replace(limits=self.limits) if self.limits else scene
        return self._scenes[path]

    def audio(self, part: Card | Part | Compare, lang: str) -> tuple[Path, ...]:
        """Return the paths of the voice of a part in a language: of one file, of one for each sentence, or of none."""
        given = part.audio.get(lang) if isinstance(part.audio, Mapping) else part.audio
        if given is None:
            return ()
        files = [given] if isinstance(given, str) else given
        return tuple(self.path.parent / each.replace("{lang}", lang) for each in files)

    def text(self, number: int, lang: str) -> str:
        """Return the spoken text of a part in a language without its marks, or "" if it lacks the language."""
        say = self.lecture.parts[number - 1].say
        return split_marks(say if isinstance(say, str) else say.get(lang, ""))[0]

    def languages(self) -> tuple[str, ...]:
        """Return the languages of the spoken texts, English first. Texts without a language are in English."""
        found = dict.fromkeys(
            lang
            for part in self.lecture.parts
            for lang in (part.say if isinstance(part.say, Mapping) else [ENGLISH] if part.say else [])
        )
        return tuple(sorted(found, key=lambda lang: (lang != ENGLISH, lang)))

    def files_read(self) -> list[Path]:
        """Return the files that are read for the lecture: its own, the scenes, their defaults, and the voices."""
        scenes = set()
        for part in self.lecture.parts:
            for wanted in [part.scene] if isinstance(part, Part) else getattr(part, "scenes", ()):
                # The error for a scene that does not exist names its part.
                with suppress(UsageError):
                    scenes.add(self.scene_path(wanted))
        voices = {path for part in self.lecture.parts for lang in self.languages() for path in self.audio(part, lang)}
        modules = {module for folder in {path.parent for path in scenes} for module in imported_from(folder)}
        read = [file for scene in sorted(scenes) for file in files_read(scene)]
        return list(dict.fromkeys([self.path, *read, *sorted(voices), *sorted(modules)]))


@kept_folder()
def load_lecture(path: str | os.PathLike[str], limits: Limits | None = None) -> LectureFile:
    """Run a Python file, and return its variable `lecture` with the file.

    Args:
        path: Path of the lecture file. Its scenes and voices are found from its folder.
        limits: Limits of its scenes. Default: each scene's limits.

    Returns:
        The lecture and its file.

    Raises:
        UsageError: `path` is not a path, or the file has a scene and no lecture.
        Error: The file does not run, or has no lecture. The message names the file and the line.
    """
    file = check_scene_path(path)
    variables = run_file(file, SceneFolder(file.parent))
    lecture = variables.get("lecture")
    if not isinstance(lecture, Lecture):
        if isinstance(variables.get("scene"), Scene):
            raise UsageError(f"{file}: has a scene, and no lecture; render it with animopt {file}")
        found = "" if lecture is None else f", but {short_repr(lecture)}"
        raise Error(f"{file}: has no lecture{found}; end it with lecture = Lecture(parts=[...])")
    return LectureFile(lecture, file, limits)
